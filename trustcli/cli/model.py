"""`trust model`."""

from __future__ import annotations

from importlib import import_module

from trustcli.cli import shown
from trustcli.cli.declare import Reply, argument, option
from trustcli.cli.score import AS_OF, CATEGORY, FROM, HOPS, HUMAN, inquire
from trustcli.errors import OK, UNKNOWN, UsageError
from trustcli.models import DEFAULT, MODELS, load, outside
from trustcli.node import asking
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.node.asking import Inquiry

_SHORT = ("beta", "hybrid", "stars")


def ls(session: Session) -> Reply:
    """List the trust models: which score the ledger, which can be evaluated on data."""
    found = [
        {"name": name, "title": title, "score": scores, "evaluate": evaluates, "default": name == DEFAULT}
        for name, (title, scores, evaluates) in _known().items()
    ]
    return Reply(
        "model-ls",
        data={"models": found},
        head=("MODEL", "FOR", "WHAT"),
        rows=[(str(one["name"]), _uses(one), str(one["title"])) for one in found],
        next="trust model show NAME",
    )


def show(session: Session, *, name: str = argument("MODEL", "which (trust model ls)")) -> Reply:
    """Explain a model: its equation, its source, what it assumes and when it fails."""
    from trustcli.models import arrays  # noqa: PLC0415  numpy is for those who ask

    modules = [f"trustcli.models.{name.replace('-', '_')}"] if name in MODELS else []
    modules += [f"trustcli.models.{arrays.ARRAYS[name][0]}"] if name in arrays.ARRAYS else []
    if not modules and name in outside():
        modules = [outside()[name]]
    if not modules:
        raise UsageError(f"no model {name!r}", hint=f"one of: {', '.join(_known())}", code="unknown_model")
    texts = [import_module(module).__doc__ or "" for module in dict.fromkeys(modules)]
    text = "\n".join(safe(line) for part in texts for line in (*part.strip().splitlines(), ""))
    return Reply("model-show", data={"name": name, "text": text} if session.json else {}, text=[text])


def compare(
    session: Session,
    *,
    subjects: list[str] = argument(
        "[SUBJECT...]",
        "whom; default: everybody within reach of one of the models",
        many=True,
        complete="names",
    ),
    model: list[str] = option(
        "--model", help=f"models: a,b,c; default {','.join(_SHORT)}", many=True, metavar="M"
    ),
    category: str | None = CATEGORY,
    from_: str | None = FROM,
    as_of: str | None = AS_OF,
    hops: int | None = HOPS,
    human_only: bool = HUMAN,
) -> Reply:
    """Show what several models say of the same subjects, side by side.

    Examples:
      trust model compare bob --model beta,hybrid
      trust model compare --from otc:35
    """
    names = [name for text in model for name in text.split(",") if name] or list(_SHORT)
    for name in names:
        load(name)
    inquiries = {
        name: inquire(session, from_, category, name, as_of, hops, human_only=human_only)
        for name in dict.fromkeys(names)
    }
    found = _side_by_side(inquiries, subjects)
    some = next(iter(inquiries.values()))
    unknown = any(score is None for _, scores in found for score in scores.values())
    return Reply(
        "model-compare",
        data={
            **shown.asked_data(some.asked, some.book),
            "model": list(inquiries),
            "rows": [
                {"name": label, "scores": {name: shown.exact(score) for name, score in scores.items()}}
                for label, scores in found
            ],
        },
        head=("SUBJECT", *(name.upper() for name in inquiries)),
        rows=[
            (label, *(shown.number(score, inquiries[name].model.unit) for name, score in scores.items()))
            for label, scores in found
        ],
        exit=UNKNOWN if subjects and unknown else OK,
        notes=shown.asked_notes(some.asked),
    )


def _side_by_side(
    inquiries: dict[str, Inquiry], subjects: list[str]
) -> list[tuple[str, dict[str, float | None]]]:
    """Return (subject, score by model) for the subjects, or for all that any model scores."""
    table: dict[str, dict[str, float | None]] = {}
    for name, inquiry in inquiries.items():
        if subjects:
            scored = [inquiry.about(subject) for subject in asking.subjects(inquiry, subjects)]
        else:
            scored = inquiry.everybody()
        for one in scored:
            table.setdefault(one.subject.label, dict.fromkeys(inquiries))[name] = one.score.value
    return list(table.items())


def _known() -> dict[str, tuple[str, bool, bool]]:
    """Return name → (title, whether it scores the ledger, whether it can be evaluated)."""
    from trustcli.models.arrays import ARRAYS  # noqa: PLC0415

    names = dict.fromkeys((*MODELS, *ARRAYS))
    found = {name: (MODELS.get(name) or ARRAYS[name][1], name in MODELS, name in ARRAYS) for name in names}
    for name, module in outside().items():
        found.setdefault(name, (f"from {safe(module)}", True, True))
    return found


def _uses(one: dict[str, Any]) -> str:
    return ", ".join(use for use in ("score", "evaluate") if one[use])
