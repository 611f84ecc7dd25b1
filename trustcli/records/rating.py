"""Kind `rating`: what one key says of one subject, in one category."""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records import did, fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json

OVERALL = "overall"
"""The category of a rating that names none; it also stands in where a rater has no other."""

REQUIRED = {"subject": fields.subject, "value": fields.stars, "category": fields.category}
_OPTIONAL = {
    "reason": fields.text(fields.MAX_REASON),
    "evidence": fields.evidence,
    "task": fields.text(fields.MAX_TASK),
    "expires": fields.time,
    "via": fields.via,
    "rater": fields.subject,  # an outside rater whose rating the author passes on (a bridge)
}


def check(author: str, body: Mapping[str, Json]) -> None:
    """Check the body of a rating.

    Raises:
        RecordRefused: `self_rating`, `score_range`, `unknown_field`, `bad_body`, `bad_key`.
    """
    fields.check_body(body, REQUIRED, _OPTIONAL)
    subject = body["subject"]
    if subject == author or ("rater" in body and subject == body["rater"]):
        raise RecordRefused("self_rating")
    if "rater" in body and did.is_did(str(body["rater"])):
        raise RecordRefused("bad_body", "a rater with a key signs for itself")
