"""The questions of a sync and their answers, as values. docs/protocol.md says how they travel."""

from __future__ import annotations

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

PAGE = 10_000  # records of one page: a million fit into a hundred
PAGE_BYTES = 4 << 20  # bytes of one page
WANTED = 1_000  # ids of one question
PUSHED = 5_000  # records offered at once


class Head(NamedTuple):
    """What a ledger says of itself: `fingerprint` is the sum of all ids modulo 2²⁵⁶, as 64 hex digits.

    `ledger` names the file (not the set), so that a cursor into another one is never used for it;
    `last` is the highest cursor there is.
    """

    ledger: str
    records: int
    last: int
    fingerprint: str


class Feed(NamedTuple):
    """Give me records in the order you got them, from the first after this cursor."""

    after: int
    limit: int = PAGE


class Reconcile(NamedTuple):
    """One negentropy message."""

    message: bytes


class Wanted(NamedTuple):
    """Give me the records with these 32-byte ids."""

    ids: tuple[bytes, ...]


class About(NamedTuple):
    """Give me what a light node needs to know of a subject.

    The ratings of it, the revocations by their authors, and the key statements by and about these
    authors and the subject. Pages by cursor, as `Feed`.
    """

    subject: str
    after: int = 0
    limit: int = PAGE


class Offer(NamedTuple):
    """Take these records, one NDJSON line each."""

    lines: tuple[bytes, ...]


class Page(NamedTuple):
    """Records as lines; the cursor to go on from, and whether there is more."""

    head: Head
    lines: tuple[bytes, ...]
    next: int
    more: bool


class Reconciled(NamedTuple):
    """The negentropy message that answers one; empty when there is nothing left to say."""

    head: Head
    message: bytes


class Result(NamedTuple):
    """What became of an offered line: `new`, `known`, `not_mine` or the code of a refusal.

    `id` is 32 bytes, or empty where the line has none.
    """

    id: bytes
    code: str


class Taken(NamedTuple):
    """What became of each offered line, in order."""

    head: Head
    results: tuple[Result, ...]


if TYPE_CHECKING:
    Request = Feed | Reconcile | Wanted | About | Offer
    Answer = Page | Reconciled | Taken

    class Items(Protocol):
        """A set of (second, id) pairs in ascending order, as negentropy sees a ledger.

        `second` is the record's `created` // 1000; ids are 32 bytes.
        """

        def __len__(self) -> int: ...

        def at(self, index: int) -> tuple[int, bytes]:
            """Return the item at an index."""

        def rank(self, second: int, prefix: bytes) -> int:
            """Return how many items are below (second, prefix), a prefix comparing as bytes do."""

        def total(self, lower: int, upper: int) -> int:
            """Return the sum modulo 2²⁵⁶ of the ids (little-endian) of items lower ≤ index < upper."""

        def ids(self, lower: int, upper: int) -> list[bytes]:
            """Return the ids of items lower ≤ index < upper."""

    class Shelf(Protocol):
        """What the protocol sees of a ledger: its public records, and nothing else of a machine."""

        network: str

        def head(self) -> Head:
            """Say what is there."""

        def page(self, after: int, limit: int, room: int) -> Page:
            """Return records from the first after a cursor: at most `limit`, about `room` bytes."""

        def about(self, subject: str, after: int, limit: int, room: int) -> Page:
            """Return what concerns a subject, see `About`."""

        def wanted(self, ids: Sequence[bytes]) -> Page:
            """Return the records with these ids; those that are not here are left out."""

        def items(self) -> Items:
            """Return all records as negentropy sees them."""

        def take(self, lines: Sequence[bytes]) -> list[Result]:
            """Verify lines and store what is new, durably; say what became of each."""
