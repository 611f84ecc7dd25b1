"""`trust score`."""

from __future__ import annotations

from trustcli.cli import shown
from trustcli.cli.declare import Reply, argument, at_least, check_category, flag, option
from trustcli.errors import OK, UNKNOWN, UsageError
from trustcli.models import COUNTING, MODELS, STEADY
from trustcli.node import asking
from trustcli.node.asking import Inquiry
from trustcli.safe import word
from trustcli.timing import past

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.models.answer import Score
    from trustcli.node.asking import Scored

CATEGORY = option("--category", "-c", help="only ratings in this category", metavar="C")
FROM = option(
    "--from",
    help="as seen by NAME, a key, or an outside identity such as otc:35; default: you",
    metavar="NAME",
    complete="names",
)
MODEL = option("--model", help=f"{', '.join(MODELS)}; default: setting `model`", metavar="M")
AS_OF = option("--as-of", help="what was known then: 2026-11-20, 90d, now-1h", metavar="TIME")
HOPS = option(
    "--hops",
    help="longest chain of ratings from the viewpoint to the subject",
    kind=int,
    metavar="N",
    choices=(),
)
SURE = option(
    "--min-confidence",
    help="be sure of the score to half a star: 0.8 is 80 percent; less is too thin (exit 3)",
    kind=float,
    metavar="P",
)
_THIN = "evidence is too thin"
HUMAN = flag("--human-only", help="leave out what machines rated unguided")


def score(
    session: Session,
    *,
    subjects: list[str] = argument(
        "[SUBJECT...]", "whom; default: everybody within reach", many=True, complete="names"
    ),
    category: str | None = CATEGORY,
    from_: str | None = FROM,
    model: str | None = MODEL,
    as_of: str | None = AS_OF,
    hops: int | None = HOPS,
    human_only: bool = HUMAN,
    min_confidence: float | None = SURE,
    top: int | None = option("--top", help="only the N best; 0 for all", kind=int, metavar="N"),
    bottom: int | None = option("--bottom", help="only the N worst; 0 for all", kind=int, metavar="N"),
) -> Reply:
    """Show how good somebody is, as seen by you: stars, their range, raters for and against.

    Unknown stays unknown: when nobody within reach has rated a subject there is no number, and the
    exit code is 3.

    Examples:
      trust score bob
      trust score --top 10 --category reliability
      trust score otc:1 --from otc:35 --as-of 2013-01-01
    """
    at_least(0, top=top, bottom=bottom)
    if min_confidence is not None and not 0 <= min_confidence <= 1:
        raise UsageError(f"--min-confidence is 0 to 1, not {min_confidence}", hint="0.8 is 80 percent")
    inquiry = inquire(session, from_, category, model, as_of, hops, human_only=human_only)
    if subjects:
        found = [inquiry.about(subject) for subject in asking.subjects(inquiry, subjects)]
    else:
        found = inquiry.everybody()
    if top or bottom:
        found = (found[:top] if top else []) + (found[max(len(found) - bottom, top or 0) :] if bottom else [])
    unknown = [scored for scored in found if scored.score.value is None]
    unsure = thin(found, min_confidence, inquiry.model.name)
    if unsure and not subjects:
        what = f"the interval of {inquiry.model.name} is too wide" if inquiry.model.name in STEADY else _THIN
        unsure = (f"{what} for {len(unsure)} of {len(found)}, asked {min_confidence:.0%}",)
    unit = inquiry.model.unit
    asked = inquiry.asked
    return Reply(
        "score",
        data={
            **shown.asked_data(asked, inquiry.book),
            "rows": [
                {
                    **shown.score_data(scored, asked, unit),
                    "confidence": shown.exact(sure_of(scored.score, min_confidence)),
                }
                for scored in found
            ],
        },
        head=("SUBJECT", "SCORE", "LOW", "HIGH", "RATERS", "FOR", "AGAINST"),
        rows=[cells(scored, unit) for scored in found],
        exit=UNKNOWN if subjects and (unknown or unsure) else OK,
        notes=(
            *shown.asked_notes(asked, [scored.subject for scored in found]),
            *unsure,
            *(() if session.draws else _seen_by(inquiry)),
        ),
        next=_hint(inquiry, unknown, found, bool(subjects))
        or _reasons(
            inquiry, found, again(session, from_, model, category, as_of, hops, human_only=human_only)
        ),
        draw=lambda console: _draw(console, inquiry, found),
    )


def inquire(
    session: Session,
    from_: str | None,
    category: str | None,
    model: str | None,
    as_of: str | None,
    hops: int | None,
    *,
    human_only: bool,
) -> Inquiry:
    """Return the question that the options of `score`, `check` and `why` describe."""
    if hops is not None and not 1 <= hops <= 6:
        raise UsageError("--hops is 1 to 6")
    check_category(category)
    node = session.node
    moment = None if as_of is None else past(as_of, node.clock())
    return Inquiry(
        node, viewpoint=from_, category=category, model=model, as_of=moment, hops=hops, people_only=human_only
    )


def cells(scored: Scored, unit: str) -> tuple[str, ...]:
    """Return one score as a row."""
    score = scored.score
    return (
        scored.subject.label,
        shown.number(score.value, unit),
        shown.number(score.low),
        shown.number(score.high),
        str(score.raters),
        str(score.praise),
        str(score.blame),
    )


def sure_of(score: Score, asked: float | None) -> float | None:
    """Return how sure a score is to half a star, None where that was not asked or there is no telling."""
    if asked is None:
        return None
    from trustcli.models import enough  # noqa: PLC0415  few ask

    return enough.of_score(score)


def thin(found: list[Scored], asked: float | None, model: str) -> tuple[str, ...]:
    """Return a sentence about each known score that is less sure than asked."""
    if asked is None:
        return ()
    notes = []
    for scored in found:
        sure = sure_of(scored.score, asked)
        if scored.score.value is None or (sure is not None and sure >= asked):
            continue
        label = scored.subject.label
        if sure is None:
            notes.append(f"{label}: this model does not say how sure it is, asked {asked:.0%}: --model beta")
        else:
            known = f"{sure:.0%} sure to half a star, asked {asked:.0%}"
            notes.append(f"{label}: {'' if model in STEADY else f'{_THIN}, '}{known}{_more(asked, model)}")
    return tuple(notes)


def _more(asked: float, model: str) -> str:
    """Return what more voices would do: a number only where it is derived for the model."""
    if model in STEADY:
        return f"; more voices do not narrow the interval of {model}: --model beta counts them"
    if model not in COUNTING:
        return f"; no number of voices is known to be enough for {model}: --model beta has one"
    if not 0 < asked < 1:
        return ""
    from trustcli.models import enough  # noqa: PLC0415  few ask

    count = enough.interactions_needed(enough.HALF_A_STAR / 4, asked)
    voices = f"{count} voices of full weight suffice" if count > 1 else "one voice of full weight suffices"
    return f"; {voices}, whatever they say"


def _seen_by(inquiry: Inquiry) -> tuple[str, ...]:
    return (f"as seen by {inquiry.book.label(inquiry.asked.viewpoint)}, model {inquiry.asked.model}",)


def _hint(inquiry: Inquiry, unknown: list[Scored], found: list[Scored], asked: bool) -> str:
    if unknown or (not found and not asked):
        other = "" if inquiry.asked.model == "stars" else ", or --model stars for everybody's mean"
        return f"nobody within reach knows: --from somebody who does{other}"
    return ""


def _reasons(inquiry: Inquiry, found: list[Scored], options: str) -> str:
    others = [scored for scored in found if scored.subject.id != inquiry.asked.viewpoint]
    return f"trust why {word(others[0].subject.word)}{options}" if others else ""


def again(
    session: Session,
    from_: str | None,
    model: str | None,
    category: str | None,
    as_of: str | None,
    hops: int | None,
    *,
    human_only: bool,
) -> str:
    """Return the options that put a question once more as it was put, each after a space."""
    other = None if model == session.node.settings.model else model
    given = {"--from": from_, "--model": other, "-c": category, "--as-of": as_of, "--hops": hops}
    words = [f" {name} {word(str(value))}" for name, value in given.items() if value is not None]
    return "".join(words) + (" --human-only" if human_only else "")


def _draw(console: Any, inquiry: Inquiry, found: list[Scored]) -> None:
    from trustcli.cli import bars  # noqa: PLC0415  rich is for terminals

    bars.scores(console, inquiry, found)
