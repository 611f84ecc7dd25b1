"""Kind `winner`: what a round came to, as its author sees it, and what that rests on.

`turn` counts the author's announcements in the round from 0; the highest counts. `evidence` is the
number of records the author rests it on and the digest of their ids in ascending order (rounds/evidence.py).
All records of the round are in it, not only those the author gives weight: a list of these would say
whom it knows.
"""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records import fields, proposal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json


def _evidence(value: Json) -> None:
    if type(value) is not dict or set(value) != {"records", "digest"}:
        raise RecordRefused("bad_body", 'evidence is {"records":n,"digest":"…"}')
    proposal.number(value["records"])
    fields.record(value["digest"])


_REQUIRED = {
    "round": proposal.number,
    "proposal": fields.record,
    "turn": proposal.number,
    "evidence": _evidence,
}


def check(_author: str, body: Mapping[str, Json]) -> None:
    """Check the body of a winner.

    Raises:
        RecordRefused: `unknown_field`, `bad_body`, `too_big`, `too_deep`.
    """
    fields.check_body(body, _REQUIRED, {})
    proposal.limit(body)
