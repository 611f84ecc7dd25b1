"""Recompute a round from what is stored, and name the first thing that does not fit."""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records.envelope import Record
from trustcli.rounds import evidence
from trustcli.rounds.decision import decide
from trustcli.rounds.values import pick_of, proposal_of, score_of
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trustcli.rounds.rules import Rules


class Line(NamedTuple):
    """A stored record: its bytes, its signature, and the id it is kept under."""

    data: bytes
    sig: bytes
    id: str


class Stored(NamedTuple):
    """What a node stored of its own decision in a round. The table is private, and never leaves.

    `scored` is the winner of its scoring, `winner` that of the final synchronisation, announced by `support`
    of the known weight, which made it `final` or not; `records` and
    `digest` are the evidence it announced, `used` and `heard` the ids of the proposals and scores, and of
    the announcements, that it had taken in.
    """

    number: int
    me: str
    before: str
    table: Mapping[str, int]
    used: Sequence[str]
    heard: Sequence[str]
    scored: str
    winner: str
    records: int
    digest: str
    support: int
    final: bool


class Finding(NamedTuple):
    """The first thing that does not fit: what it is of (a record id or `decision`), the field or byte."""

    where: str
    what: str
    stored: str
    computed: str


def audit(stored: Stored, lines: Iterable[Line], network: str, rules: Rules) -> Finding | None:
    """Verify and recompute a round; return the first thing that does not fit, None if all does."""
    records: dict[str, Record] = {}
    for line in sorted(lines, key=lambda line: line.id):
        found = _verified(line, network)
        if isinstance(found, Finding):
            return found
        records[line.id] = found
    missing = sorted({*stored.used, *stored.heard} - set(records))
    if missing:
        return Finding(missing[0], "record", "cited", "missing")
    return _evidence(stored) or _decision(stored, records, rules)


def first_difference(one: bytes, other: bytes) -> int:
    """Return the index of the first byte in which two byte strings differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _verified(line: Line, network: str) -> Record | Finding:
    try:
        record = Record.parse_parts(line.data, line.sig, net=network)
    except RecordRefused as problem:
        return Finding(line.id, "signature" if problem.code == "bad_signature" else problem.code, line.id, "")
    if record.id != line.id:
        at = first_difference(line.id.encode(), record.id.encode())
        return Finding(line.id, f"id, digit {at}", line.id, record.id)
    return record


def _evidence(stored: Stored) -> Finding | None:
    records, digest = evidence.digest(stored.used)
    if records != stored.records:
        return Finding("decision", "evidence.records", str(stored.records), str(records))
    if digest != stored.digest:
        at = first_difference(stored.digest.encode(), digest.encode())
        return Finding("decision", f"evidence.digest, digit {at}", stored.digest, digest)
    return None


def _decision(stored: Stored, records: Mapping[str, Record], rules: Rules) -> Finding | None:
    used = [records[id_] for id_ in sorted(stored.used)]
    proposals = [
        proposal_of(record.id, record.author, record.body) for record in used if record.kind == "proposal"
    ]
    scores = [score_of(record.author, record.body) for record in used if record.kind == "score"]
    picks = [pick_of(records[id_].author, records[id_].body) for id_ in sorted(stored.heard)]
    found = decide(stored.number, stored.me, stored.table, stored.before, proposals, scores, picks, rules)
    for name, kept, computed in (
        ("scored", stored.scored, found.scored or ""),
        ("winner", stored.winner, found.winner or ""),
        ("support", stored.support, found.support),
        ("final", stored.final, found.final),
    ):
        if kept != computed:
            return Finding("decision", name, str(kept), str(computed))
    return None
