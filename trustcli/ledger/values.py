"""What a ledger answers with: its head, entries to show, and what was signed."""

from __future__ import annotations

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.records.canonical import Json


class Head(NamedTuple):
    """How much there is: `fingerprint` is the sum of all ids modulo 2²⁵⁶, equal for equal sets."""

    records: int
    ratings: int
    received: int
    fingerprint: str


class Entry(NamedTuple):
    """A stored record as text to show: verified when it entered, not again since."""

    seq: int
    id: str
    kind: str
    author: str
    created: int
    received: int
    body: dict[str, Json]
    data: bytes
    sig: bytes


class Signed(NamedTuple):
    """What `verify` and `export` need of a stored record: who signed which bytes."""

    seq: int
    author: str
    data: bytes
    sig: bytes
