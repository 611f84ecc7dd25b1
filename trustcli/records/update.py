"""Kind `update`: a trust event of the AgentProof mesh, on its scale of 0 to 1000.

An update says what its author saw happen to an agent. Peers accept or refuse it; it is committed, for
the node that counts, when more than half of its connected full peers accept (docs/protocol.md). No
model reads it: it is a statement of its author like any rating, shown with its state.
"""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json

EVENTS = (
    "verification-success",
    "verification-failure",
    "registration",
    "revocation",
    "reinstatement",
    "score-update",
)
_REQUIRED = {"subject": fields.subject, "event": fields.choice(*EVENTS), "score": fields.points}
_OPTIONAL = {
    "previous": fields.points,
    "principal": fields.subject,
    "reason": fields.text(fields.MAX_REASON),
    "evidence": fields.evidence,
    "priority": fields.priority,
}


def check(author: str, body: Mapping[str, Json]) -> None:
    """Check the body of an update.

    Raises:
        RecordRefused: `unknown_field`, `bad_body`, `bad_text`, `score_range`, `self_rating`.
    """
    fields.check_body(body, _REQUIRED, _OPTIONAL)
    if body["subject"] == author:
        raise RecordRefused("self_rating")
