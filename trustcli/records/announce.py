"""Kind `announce`: where a node can be reached, and what it does. The latest of an author counts.

The only source of endpoints: nobody can announce for another key. What it says is a claim like any
other; whoever dials checks the address (docs/protocol.md) and the key that answers.
"""

from __future__ import annotations

from trustcli.records import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json

_REQUIRED = {"endpoints": fields.endpoints, "roles": fields.roles}
_OPTIONAL = {"owner": fields.text(64), "expires": fields.time}


def check(_author: str, body: Mapping[str, Json]) -> None:
    """Check the body of an announcement. No endpoints: the node dials out and cannot be dialled.

    Raises:
        RecordRefused: `unknown_field`, `bad_body`, `bad_text`.
    """
    fields.check_body(body, _REQUIRED, _OPTIONAL)
