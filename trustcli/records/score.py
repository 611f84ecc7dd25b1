"""Kind `score`: what an author gives a proposal in a round, 0 to 10,000.

`step` is the scoring in which it was signed: a later score replaces a lower one, two different ones of
one step are evidence against their author.
"""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records import fields, proposal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json

MAX_SCORE = 10_000


def value_(value: Json) -> None:
    """An integer from 0 to 10,000."""
    if type(value) is not int:
        raise RecordRefused("bad_body", "a score is an integer")
    if not 0 <= value <= MAX_SCORE:
        raise RecordRefused("score_range", f"a score is 0 to {MAX_SCORE}")


_REQUIRED = {"round": proposal.number, "proposal": fields.record, "step": proposal.number, "value": value_}


def check(_author: str, body: Mapping[str, Json]) -> None:
    """Check the body of a score. Whose proposal it is, only the fold knows.

    Raises:
        RecordRefused: `unknown_field`, `bad_body`, `score_range`, `too_big`, `too_deep`.
    """
    fields.check_body(body, _REQUIRED, {})
    proposal.limit(body)
