"""One record by its id, and whether it still stands."""

from __future__ import annotations

from trustcli.errors import NotFound
from trustcli.ledger.store import PREFIX_DIGITS
from trustcli.ledger.values import Entry
from trustcli.node.ending import has_ended
from trustcli.records import crypto
from trustcli.records.envelope import split_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trustcli.node import Node


def find(node: Node, prefix: str) -> Entry:
    """Return a record by the beginning of its id; a private rating has a `seq` below 0.

    Raises:
        NotFound, RecordRefused: `ambiguous`.
    """
    try:
        return node.ledger.find(prefix)
    except NotFound:
        digits = prefix.removeprefix("sha256:").lower()
        found = [entry for entry in _private(node) if entry.id.startswith(digits)]
        if len(digits) < PREFIX_DIGITS or len(found) != 1:
            raise
        return found[0]


def is_private(entry: Entry) -> bool:
    """Say whether a record never leaves this machine."""
    return entry.seq < 0


def _private(node: Node) -> Iterator[Entry]:
    """Yield the signed private ratings that are not withdrawn."""
    for kept in node.ledger.private.ratings():
        if kept.line is not None:
            data, sig = split_line(kept.line)
            yield Entry(
                -kept.id, crypto.record_id(data).hex(), "rating", kept.author, kept.created, kept.received,
                kept.body, data, sig,
            )  # fmt: skip


def taken_back(node: Node, entry: Entry) -> int | None:
    """Return when (Unix ms) the author took a record back, None while it stands."""
    reader = node.ledger.reader()
    author = reader.node(entry.author)
    if author is None or is_private(entry):
        return None
    id_ = reader.record_id(entry.seq)
    times = [created for high, low, created in reader.revocations(author) if (high, low) == id_]
    return min((at for at in times if not has_ended(node, entry.author, at)), default=None)
