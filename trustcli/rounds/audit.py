"""Recompute a round from what is stored, and name the first byte that does not fit.

Where one byte of a record was changed, its id tells which; where more were, only the record can be named.
"""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records.crypto import record_id
from trustcli.records.envelope import Record
from trustcli.rounds import evidence
from trustcli.rounds.decision import decide
from trustcli.rounds.values import pick_of, proposal_of, score_of
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trustcli.rounds.rules import Rules

SEARCHED = 2_048  # bytes of a record up to which a changed one is searched for: half a million hashes


class Line(NamedTuple):
    """A stored record: its bytes, its signature, and the id it is kept under."""

    data: bytes
    sig: bytes
    id: str


class Stored(NamedTuple):
    """What a node stored of its own decision in a round. The table is private, and never leaves.

    `scored` is the winner of its scoring, `winner` that of the final synchronisation, announced by `support`
    of the `whole` known weight, which made it `final` or not; `records` and `digest` are the evidence it
    announced, `used` and `heard` the ids of the proposals and scores, and of the announcements, that it had
    taken in; `votes` are the keys that announced the winner, known or not, ascending.
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
    whole: int
    final: bool
    votes: Sequence[str]


class Finding(NamedTuple):
    """The first thing that does not fit: what it is of (a record id or `decision`), field and byte."""

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
    return _kinds(stored, records) or _evidence(stored) or _decision(stored, records, rules)


def first_difference(one: bytes, other: bytes) -> int:
    """Return the index of the first byte in which two byte strings differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _verified(line: Line, network: str) -> Record | Finding:
    try:
        record = Record.parse_parts(line.data, line.sig, net=network)
    except RecordRefused as problem:
        return _changed(line) or Finding(
            line.id, "signature" if problem.code == "bad_signature" else problem.code, line.id, ""
        )
    return _difference(line.id, "id", line.id, record.id) or record


def _kinds(stored: Stored, records: Mapping[str, Record]) -> Finding | None:
    """Find a record that is cited as what it is not."""
    wanted = [(id_, evidence.KINDS) for id_ in stored.used] + [(id_, ("winner",)) for id_ in stored.heard]
    for id_, kinds in sorted(wanted):
        if records[id_].kind not in kinds:
            return Finding(id_, "kind", " or ".join(kinds), records[id_].kind)
    return None


def _evidence(stored: Stored) -> Finding | None:
    records, digest = evidence.digest(stored.used)
    return _difference("decision", "evidence.records", stored.records, records) or _difference(
        "decision", "evidence.digest", stored.digest, digest
    )


def _changed(line: Line) -> Finding | None:
    """Find the one byte by which a record differs from what its id was made of, by trying them all."""
    if len(line.data) > SEARCHED:
        return None
    for at, byte in enumerate(line.data):
        head, tail = line.data[:at], line.data[at + 1 :]
        for other in range(256):
            if record_id(head + bytes((other,)) + tail).hex() == line.id and other != byte:
                return Finding(line.id, f"record, byte {at}", f"{byte:02x}", f"{other:02x}")
    return None


def _difference(where: str, what: str, stored: object, computed: object) -> Finding | None:
    """Return where the texts of a value as stored and as computed part, by the byte; None if nowhere."""
    if stored == computed:
        return None
    at = first_difference(str(stored).encode(), str(computed).encode())
    return Finding(where, f"{what}, byte {at}", str(stored), str(computed))


def _decision(stored: Stored, records: Mapping[str, Record], rules: Rules) -> Finding | None:
    used = [records[id_] for id_ in sorted(stored.used)]
    proposals = [
        proposal_of(record.id, record.author, record.body) for record in used if record.kind == "proposal"
    ]
    scores = [score_of(record.author, record.body) for record in used if record.kind == "score"]
    picks = [pick_of(records[id_].author, records[id_].body) for id_ in sorted(stored.heard)]
    votes = sorted({pick.signer for pick in picks if pick.proposal == stored.winner})
    found = decide(stored.number, stored.me, stored.table, stored.before, proposals, scores, picks, rules)
    return (
        _difference("decision", "scored", stored.scored, found.scored or "")
        or _difference("decision", "winner", stored.winner, found.winner or "")
        or _difference("decision", "support", stored.support, found.support)
        or _difference("decision", "whole", stored.whole, found.whole)
        or _difference("decision", "final", stored.final, found.final)
        or _difference("decision", "votes", list(stored.votes), votes)
    )
