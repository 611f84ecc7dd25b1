"""Kind `key`: what an author says of its own key. Rotation takes two records, one by each key.

`rotate` (old key: "my successor is …") has no effect until `accept` (new key: "I follow …") exists,
so nobody can be made the successor of a key against their will, nor take one over alone.
"""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json

ROTATE, ACCEPT, RETIRE, COMPROMISED = "rotate", "accept", "retire", "compromised"

_ACTIONS: dict[str, dict[str, fields.Field]] = {
    ROTATE: {"successor": fields.key},
    ACCEPT: {"predecessor": fields.key},
    RETIRE: {},
    COMPROMISED: {"since": fields.time},  # records dated from then on are not the owner's
}
_OPTIONAL = {"reason": fields.text(fields.MAX_REASON)}


def check(author: str, body: Mapping[str, Json]) -> None:
    """Check the body of a key statement.

    Raises:
        RecordRefused: `unknown_field`, `bad_body`, `bad_key`.
    """
    action = body.get("action")
    if type(action) is not str or action not in _ACTIONS:
        raise RecordRefused("bad_body", "action is rotate, accept, retire or compromised")
    fields.check_body(body, {"action": lambda _: None, **_ACTIONS[action]}, _OPTIONAL)
    if author in (body.get("successor"), body.get("predecessor")):
        raise RecordRefused("bad_body", "a key does not succeed itself")
