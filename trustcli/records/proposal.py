"""Kind `proposal`: what an author wants a round to settle on. One per key and round.

Two different ones by one key in one round are evidence against it (kind `evidence`); so that a pair
fits into one record, no statement of a round is longer than MAX_STATEMENT, nor nested too deep for that.
"""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records import canonical, fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json

MAX_STATEMENT = 30_000  # bytes of a body: two of them, with envelopes, fit into one record
DEPTH = 5  # where a body stands in evidence: below record, first, body, and the envelope
MAX_TEXT = 4_000  # characters
MAX_NAME = 128
MAX_TRANSACTIONS = 400  # record ids of one batch: 27 kB
SELF_SCORE = 5_000  # what a proposer gives its own proposal, always
CONTENTS = ("text", "digest", "batch")
_BATCH = {"height", "previous", "transactions"}


def check(_author: str, body: Mapping[str, Json]) -> None:
    """Check the body of a proposal: a round, and exactly one of text, digest or batch.

    Raises:
        RecordRefused: `unknown_field`, `bad_body`, `bad_text`, `score_range`, `too_big`, `too_deep`.
    """
    fields.check_body(body, {"round": number}, _OPTIONAL)
    if len([name for name in CONTENTS if name in body]) != 1:
        raise RecordRefused("bad_body", f"a proposal has one of {', '.join(CONTENTS)}")
    if "name" in body and "digest" not in body:
        raise RecordRefused("bad_body", "only a digest has a name")
    limit(body)


def limit(body: Mapping[str, Json]) -> None:
    """Refuse a statement of a round that would not fit, twice, into a record of kind `evidence`.

    Raises:
        RecordRefused: `too_big`, `too_deep`.
    """
    canonical.check(dict(body), DEPTH)
    if len(canonical.encode(dict(body))) > MAX_STATEMENT:
        raise RecordRefused("too_big", f"a statement of a round has at most {MAX_STATEMENT} bytes")


def number(value: Json) -> None:
    """A round, a height, a step or a count: an integer from 0."""
    if type(value) is not int or not 0 <= value <= canonical.MAX_INTEGER:
        raise RecordRefused("bad_body", "expected an integer from 0")


def _self_score(value: Json) -> None:
    if type(value) is not int:
        raise RecordRefused("bad_body", "a score is an integer")
    if value != SELF_SCORE:
        raise RecordRefused("score_range", f"the score of one's own proposal is {SELF_SCORE}")


def _batch(value: Json) -> None:
    if type(value) is not dict or set(value) != _BATCH:
        raise RecordRefused("bad_body", "a batch has height, previous and transactions")
    number(value["height"])
    fields.record(value["previous"])
    ids = value["transactions"]
    if type(ids) is not list or not 1 <= len(ids) <= MAX_TRANSACTIONS:
        raise RecordRefused("bad_body", f"a batch has 1 to {MAX_TRANSACTIONS} transactions")
    for id_ in ids:
        fields.record(id_)
    names = [str(id_) for id_ in ids]
    if names != sorted(set(names)):
        raise RecordRefused("bad_body", "transactions are in ascending order, each once")


_OPTIONAL = {
    "text": fields.text(MAX_TEXT),
    "digest": fields.record,  # SHA-256 of a file, hex
    "name": fields.text(MAX_NAME),
    "batch": _batch,
    "score": _self_score,  # self-score mode; absent, receivers apply their base score
}
