"""Evidence: what a winner rests on, as one digest, and who contradicted itself, as pairs of records."""

from __future__ import annotations

import hashlib

from trustcli.records.evidence import OFFENCES, offence_of
from trustcli.rounds.values import Proposal, Score

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trustcli.records.canonical import Json
    from trustcli.records.envelope import Record
    from trustcli.rounds.values import Pick

_DOMAIN = b"trustcli/evidence/v1\n"
KINDS = ("proposal", "score")


def digest(ids: Iterable[str]) -> tuple[int, str]:
    """Return (how many, SHA-256 hex) of record ids, each once, in ascending order."""
    ordered = sorted(set(ids))
    return len(ordered), hashlib.sha256(_DOMAIN + "\n".join(ordered).encode()).hexdigest()


def occasion(said: Proposal | Score | Pick) -> tuple[str, ...]:
    """Return who says it, on what occasion: statements of one occasion may exclude each other."""
    if isinstance(said, Proposal):
        return said.proposer, "proposal"
    if isinstance(said, Score):
        return said.signer, "score", said.proposal, str(said.step)
    return said.signer, "winner", str(said.turn)


def contradictions(records: Iterable[Record]) -> list[tuple[Record, Record]]:
    """Return pairs of records that exclude each other: one pair an author and occasion, lower ids first."""
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        for kind, agree in OFFENCES.values():
            if record.kind == kind:
                occasion = (record.author, record.net, kind, *(record.body[name] for name in agree))
                groups.setdefault(occasion, []).append(record)
    found = (_pair(sorted(group, key=lambda record: record.digest)) for group in groups.values())
    return sorted((pair for pair in found if pair), key=lambda pair: pair[0].digest)


def body(pair: tuple[Record, Record]) -> dict[str, Json]:
    """Return the body of an `evidence` record for two records that exclude each other."""
    first, second = sorted(pair, key=lambda record: record.digest)
    offence = offence_of(first, second)
    assert offence is not None
    return {"offence": offence, "first": _whole(first), "second": _whole(second)}


def _whole(record: Record) -> Json:
    import json  # noqa: PLC0415

    whole: Json = json.loads(record.line)
    return whole


def _pair(group: Sequence[Record]) -> tuple[Record, Record] | None:
    """The first two that differ in what was said: all records of a group agree in the occasion."""
    first = group[0]
    return next(((first, other) for other in group[1:] if offence_of(first, other)), None)
