"""`trust check`."""

from __future__ import annotations

from trustcli import config
from trustcli.cli import shown
from trustcli.cli.declare import Reply, argument, check_category, flag, option
from trustcli.cli.score import (
    AS_OF,
    CATEGORY,
    FROM,
    HOPS,
    HUMAN,
    MODEL,
    SURE,
    again,
    inquire,
    sure_of,
    thin,
)
from trustcli.errors import NO, OK, UNKNOWN, UsageError
from trustcli.models.answer import STARS
from trustcli.node import asking
from trustcli.policy import ON_UNKNOWN, Policy, parse
from trustcli.safe import word
from trustcli.timing import DAY, duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.node.asking import Inquiry, Scored
    from trustcli.policy import Verdict


def check(
    session: Session,
    *,
    subjects: list[str] = argument(
        "SUBJECT...", "whom; - reads one a line from stdin", many=True, complete="names"
    ),
    min_: float | None = option(
        "--min",
        help="at least S stars; default 3.5; with a model that gives shares: at least that share",
        kind=float,
        metavar="S",
    ),
    category: str | None = CATEGORY,
    raters: int | None = option("--raters", help="at least N raters within reach", kind=int, metavar="N"),
    max_age: str | None = option("--max-age", help="the newest rating is not older: 90d", metavar="AGE"),
    max_spread: float | None = option(
        "--max-spread", help="highest and lowest stars are no further apart", kind=float, metavar="S"
    ),
    min_confidence: float | None = SURE,
    human_only: bool = HUMAN,
    policy: str | None = option(
        "--policy", help="rules from a named policy or a TOML file; options win over it", metavar="NAME|FILE"
    ),
    unknown: str | None = option(
        "--unknown",
        help="what too little evidence means: review (exit 3), deny (1) or allow (0)",
        choices=ON_UNKNOWN,
    ),
    from_: str | None = FROM,
    model: str | None = MODEL,
    as_of: str | None = AS_OF,
    hops: int | None = HOPS,
    explain: bool = flag("--explain", help="show the rules that failed"),
) -> Reply:
    """Decide whether somebody is trusted enough: exit 0 yes, 1 no, 3 not enough evidence.

    For scripts: `trust check bob --min 4 && deploy` is safe, because everything but yes is not 0.
    With several subjects the exit code is the worst: 1 before 3 before 0.

    Examples:
      trust check bob --min 4 --category reliability
      trust check agent:cursor-agent --policy delegate --human-only
      cut -f1 agents.tsv | trust check - --min 4 --json
    """
    check_category(category)
    words = _words(session, subjects)
    base = config.load_policy(session.places, policy) if policy is not None else Policy()
    rules = _policy(base, {
        "min": min_,
        "category": category,
        "raters": raters,
        "max_age_days": None if max_age is None else duration(max_age) / DAY,
        "max_spread": max_spread,
        "human_only": human_only or None,
        "model": model,
        "unknown": unknown,
        "min_confidence": min_confidence,
    })  # fmt: skip
    inquiry = inquire(session, from_, rules.category, rules.model, as_of, hops, human_only=rules.human_only)
    if min_ is None and (base.min == Policy().min or model not in (None, base.model)):
        _refuse_stars(inquiry, words)  # no minimum was given, or by a policy that is for another model
    results = []
    for subject in asking.subjects(inquiry, words):
        verdict, scored = asking.check(inquiry, rules, subject)
        results.append(
            (
                _data(inquiry, rules, verdict, scored),
                _cells(inquiry, verdict, scored, explain),
                verdict.exit,
                subject,
            )
        )
    codes = {code for _, _, code, _ in results}
    exit_ = next((code for code in (NO, UNKNOWN) if code in codes), OK)
    if len(words) > 1 or subjects == ["-"]:
        stream = ((data, row) for data, row, *_ in results)
        return Reply("check", stream=stream, exit=exit_, outcome=lambda: exit_)
    data, row, _, about = results[0]
    options = again(session, from_, rules.model, rules.category, as_of, hops, human_only=rules.human_only)
    next_ = f"trust why {word(about.word)}{options}" if exit_ else ""
    unsure = thin([scored], rules.min_confidence, inquiry.model.name)
    notes = (*shown.asked_notes(inquiry.asked, [about]), *unsure)
    return Reply("check", data=data, rows=[row], exit=exit_, notes=notes, next=next_)


def _words(session: Session, subjects: list[str]) -> list[str]:
    if subjects != ["-"]:
        if not subjects:
            raise UsageError("about whom?", hint="trust check bob --min 4")
        return subjects
    text = session.text("-") or ""
    words = [line.strip() for line in text.splitlines() if line.strip()]
    if not words:
        raise UsageError("no subjects on standard input", hint="one name, key or URI a line")
    return words


def _refuse_stars(inquiry: Inquiry, words: list[str]) -> None:
    """Refuse a minimum in stars, meant for another model, where the model gives shares: none would pass.

    Raises:
        UsageError.
    """
    name, unit = inquiry.model.name, inquiry.model.unit
    if unit != STARS:
        raise UsageError(
            f"{name} gives shares, not stars: how much is enough?",
            hint=f"pass --min S; trust score {word(words[0])} --model {name} shows what shares there are",
            code="no_stars",
        )


def _policy(base: Policy, options: dict[str, object]) -> Policy:
    given = {key: value for key, value in options.items() if value is not None}
    try:
        return parse({**{k: v for k, v in base._asdict().items() if v is not None}, **given}, "policy")
    except Exception as problem:
        raise UsageError(str(problem).removeprefix("policy: "), hint="trust check --help") from problem


def _data(inquiry: Inquiry, rules: Policy, verdict: Verdict, scored: Scored) -> dict[str, Any]:
    score, asked = scored.score, inquiry.asked
    newest = None if score.newest is None else round((asked.as_of - score.newest) / DAY, 3)
    spread = None if score.low is None or score.high is None else round(score.high - score.low, 3)
    return {
        "subject": scored.subject.id if scored.subject.bound else None,
        "name": scored.subject.name,
        "verdict": verdict.answer,
        "exit": verdict.exit,
        **shown.asked_data(asked, inquiry.book),
        "policy": rules._asdict(),
        "observed": {
            "score": shown.exact(score.value),
            "raters": score.raters,
            "newest_days": newest,
            "spread": spread,
            "confidence": shown.exact(sure_of(score, rules.min_confidence)),
        },
        "failed": [failure._asdict() for failure in verdict.failed],
    }


def _cells(inquiry: Inquiry, verdict: Verdict, scored: Scored, explain: bool) -> tuple[str, ...]:
    score = scored.score
    row: tuple[str, ...] = (
        verdict.answer,
        scored.subject.label,
        shown.number(score.value, inquiry.model.unit),
        shown.raters(score.raters),
    )
    if explain:
        row += tuple(
            f"{rule}: want {want:g}, got {'nothing' if got is None else f'{got:g}'}"
            for rule, want, got in verdict.failed
        )
    return row
