"""Kind `revocation`: the author takes back one record of its own.

The record it names may arrive later, or never. A revocation of another author's record is valid as a
record and has no effect: only the fold knows who wrote what. `priority` says how fast it should travel:
what is `critical` goes before everything else.
"""

from __future__ import annotations

from trustcli.records import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json

_REQUIRED = {"record": fields.record}
_OPTIONAL = {"reason": fields.text(fields.MAX_REASON), "priority": fields.priority}


def check(_author: str, body: Mapping[str, Json]) -> None:
    """Check the body of a revocation.

    Raises:
        RecordRefused: `unknown_field`, `bad_body`.
    """
    fields.check_body(body, _REQUIRED, _OPTIONAL)
