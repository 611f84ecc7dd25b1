"""`trust why`."""

from __future__ import annotations

import sys
from collections import Counter

from trustcli.cli import shown
from trustcli.cli.declare import Reply, argument, at_least, option
from trustcli.cli.score import AS_OF, CATEGORY, FROM, HOPS, HUMAN, MODEL, inquire
from trustcli.errors import OK, UNKNOWN
from trustcli.node import asking
from trustcli.timing import DAY
from trustcli.view import BECAUSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.models.answer import Term
    from trustcli.node.asking import Inquiry
    from trustcli.view import Ignored


def why(
    session: Session,
    *,
    subject: str = argument("SUBJECT", "whom", complete="names"),
    category: str | None = CATEGORY,
    from_: str | None = FROM,
    model: str | None = MODEL,
    as_of: str | None = AS_OF,
    hops: int | None = HOPS,
    human_only: bool = HUMAN,
    limit: int = option(
        "--limit",
        help="show at most N voices and N left out; default 20, 0 for all",
        kind=int,
        default=20,
        metavar="N",
    ),
) -> Reply:
    """Explain a score: whose ratings count, by which path and weight; which do not, and why not."""
    at_least(0, limit=limit)
    limit = limit or sys.maxsize
    inquiry = inquire(session, from_, category, model, as_of, hops, human_only=human_only)
    scored = inquiry.about(asking.subjects(inquiry, [subject])[0])
    answer = scored.answer
    assert answer is not None
    terms, ignored = answer.terms[:limit], _in_order(inquiry, answer.ignored)
    ids = _ids(inquiry, session, terms, ignored[:limit])
    total = sum(term.weight for term in answer.terms) or 1.0
    data: dict[str, Any] = {
        **shown.score_data(scored, inquiry.asked, inquiry.model.unit),
        **shown.asked_data(inquiry.asked, inquiry.book),
        "terms": [_term(inquiry, term, ids, total) for term in terms],
        "terms_total": len(answer.terms),
        "parts": [{"factor": name, inquiry.model.unit: shown.exact(part)} for name, part in answer.parts],
        "facts": [{"name": name, "value": shown.exact(value)} for name, value in answer.facts],
        "ignored": [_ignored(inquiry, one, ids) for one in ignored[:limit]],
        "ignored_total": len(ignored),
        "ignored_because": dict(sorted(Counter(one.because for one in ignored).items())),
    }
    name, value = scored.subject.label, shown.number(scored.score.value, inquiry.model.unit)
    unknown = scored.score.value is None
    more = [
        f"{count - limit} more {what}: --limit {count}"
        for count, what in ((len(answer.terms), "voices"), (len(ignored), "left out"))
        if count > limit
    ]
    return Reply(
        "why",
        data=data,
        rows=[("score", name, value, shown.raters(scored.score.raters)), *_rows(data)],
        exit=UNKNOWN if unknown else OK,
        notes=(*shown.asked_notes(inquiry.asked, [scored.subject]), *more),
        next="nobody within reach knows: --from somebody who does, or --model stars" if unknown else "",
        draw=lambda console: _draw(console, data, f"{name}  {value}  ({shown.raters(scored.score.raters)})"),
    )


def _in_order(inquiry: Inquiry, ignored: list[Ignored]) -> list[Ignored]:
    """By reason, then by rater, then by record: not by what happened to arrive first."""
    return sorted(
        ignored,
        key=lambda one: (one.because, inquiry.reader.name(one.rater), inquiry.reader.record_id(one.seq)),
    )


def _ids(inquiry: Inquiry, session: Session, terms: list[Term], ignored: list[Ignored]) -> dict[int, str]:
    seqs = [seq for term in terms for seq in term.seqs] + [one.seq for one in ignored]
    entries = session.node.ledger.entries_of(seq for seq in seqs if seq > 0)
    return {seq: f"sha256:{entries[seq].id}" if seq > 0 else "private" for seq in seqs}


def _term(inquiry: Inquiry, term: Term, ids: dict[int, str], total: float) -> dict[str, Any]:
    return {
        "rater": inquiry.reader.name(term.rater),
        "name": inquiry.book.name(inquiry.reader.name(term.rater)),
        "path": [inquiry.label(node) for node in term.path],
        "value": shown.exact(term.stars),
        "weight": shown.exact(term.weight),
        "share": shown.exact(term.weight / total),
        "age_days": round((inquiry.asked.as_of - term.newest) / DAY, 3),
        "record": ids[term.seqs[0]],
        "records": [ids[seq] for seq in term.seqs],
    }


def _ignored(inquiry: Inquiry, one: Ignored, ids: dict[int, str]) -> dict[str, Any]:
    return {
        "record": ids[one.seq],
        "rater": inquiry.reader.name(one.rater),
        "name": inquiry.book.name(inquiry.reader.name(one.rater)),
        "label": inquiry.label(one.rater),
        "because": one.because,
        "meaning": BECAUSE[one.because],
    }


def _rows(data: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            "counts",
            " → ".join(term["path"]),
            f"{term['value']:.1f}",
            f"weight {term['weight']:.3f}",
            f"{term['age_days']:.0f} d",
            _short(term["record"]),
        )
        for term in data["terms"]
    ]
    rows += [("part", one["factor"], shown.part(one, data["unit"])) for one in data["parts"]]
    rows += [("fact", one["name"], f"{one['value']:.4g}") for one in data["facts"]]
    if data["deviation"] is not None:
        rows.append(("interval", f"{data['expected']:.1f}", f"± {data['deviation']:.2f}"))
    rows += [("ignored", one["label"], one["because"], _short(one["record"])) for one in data["ignored"]]
    return rows


def _short(record: str) -> str:
    return record.removeprefix("sha256:")[:8]


def _draw(console: Any, data: dict[str, Any], title: str) -> None:
    from trustcli.cli import bars  # noqa: PLC0415  rich is for terminals

    bars.reasons(console, data, title)
