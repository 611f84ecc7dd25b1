"""Kind `evidence`: two signed statements of one key that exclude each other, whole.

It needs nothing else to be believed: both signatures are checked here. Who sends it does not matter, and
what follows from it each node decides by its own rule.
"""

from __future__ import annotations

import json

from trustcli.errors import RecordRefused
from trustcli.records import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from trustcli.records.canonical import Json
    from trustcli.records.envelope import Record

KIND = "evidence"
DOUBLE_PROPOSAL, DOUBLE_SCORE, DOUBLE_WINNER = "double-proposal", "double-score", "double-winner"
OFFENCES = {
    DOUBLE_PROPOSAL: ("proposal", ("round",)),
    DOUBLE_SCORE: ("score", ("round", "proposal", "step")),
    DOUBLE_WINNER: ("winner", ("round", "turn")),
}
"""Offence → kind of both records, and the fields in which they agree."""


def check(_author: str, body: Mapping[str, Json]) -> None:
    """Check that the two records prove the offence.

    Raises:
        RecordRefused: `unknown_field`, `bad_body`, `bad_signature` and whatever is wrong with a
            record inside.
    """
    fields.check_body(body, {"offence": fields.choice(*OFFENCES), "first": _whole, "second": _whole}, {})
    records(body)


def records(body: Mapping[str, Json]) -> tuple[Record, Record]:
    """Return the two records of evidence, verified, if they prove its offence.

    Raises:
        RecordRefused.
    """
    first, second = _record(body["first"]), _record(body["second"])
    if offence_of(first, second) != body["offence"]:
        raise RecordRefused("bad_body", "the two records do not exclude each other in that way")
    if first.digest > second.digest:
        raise RecordRefused("bad_body", "the record with the lower id comes first")
    return first, second


def network(body: Mapping[str, Json]) -> Json:
    """Return the network of the two records in a checked body: one, since they prove an offence."""
    first: Any = body["first"]
    found: Json = first["record"]["net"]
    return found


def offence_of(one: Record, other: Record) -> str | None:
    """Return how two records exclude each other, None if they do not."""
    if one.digest == other.digest or (one.author, one.net, one.kind) != (other.author, other.net, other.kind):
        return None
    for offence, (kind, agree) in OFFENCES.items():
        if one.kind == kind and all(one.body[name] == other.body[name] for name in agree):
            return offence if _differ(one, other) else None
    return None


def _differ(one: Record, other: Record) -> bool:
    """Two scores of one step may differ in their time alone, as may two winners: that is no offence."""
    said = {"score": "value", "winner": "proposal"}.get(one.kind)
    return said is None or one.body[said] != other.body[said]


def _whole(value: Json) -> None:
    if type(value) is not dict or set(value) != {"record", "sig"}:
        raise RecordRefused("bad_body", 'a record inside is {"record":{…},"sig":"…"}')


def _record(value: Json) -> Record:
    from trustcli.records.envelope import Record  # noqa: PLC0415  an envelope knows its kinds, this one too

    assert isinstance(value, dict)
    inside = value["record"]
    net = inside.get("net") if isinstance(inside, dict) else None
    line = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    if not isinstance(inside, dict) or inside.get("kind") == KIND or not isinstance(net, str):
        raise RecordRefused("bad_body", "evidence rests on statements of a round")
    return Record.parse(line, net=net)
