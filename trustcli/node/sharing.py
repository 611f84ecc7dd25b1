"""The shelf: the public records of this node's ledger, as the sync protocol sees them.

One shelf belongs to one thread, as its connection does.
"""

from __future__ import annotations

from trustcli.bundle import Line
from trustcli.errors import RecordRefused
from trustcli.ledger.ids import IdIndex
from trustcli.ledger.projection import stage
from trustcli.ledger.shared import SharedLedger
from trustcli.node.keeping import keeps
from trustcli.node.verifying import TOO_NEW, Verifier
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END
from trustcli.sync.exchange import PAGE_BYTES, Head, Page, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trustcli.ledger.shared import Lines
    from trustcli.node import Node
    from trustcli.records.envelope import Record
    from trustcli.sync.exchange import Items

NEW, KNOWN, ELSEWHERE = "new", "known", "not_mine"
"""What becomes of a line that is no refusal; `not_mine`: sound, and nothing this light node keeps."""


class LedgerShelf:
    """Public records of a ledger, read and added to; private tables are out of its reach."""

    def __init__(self, node: Node) -> None:
        node.make_ledger()
        self._clock = node.clock
        self._ledger = SharedLedger.open(node.places.ledger)
        self._keeps = keeps(node, self._ledger)
        self._verifier = Verifier(self._ledger.network)
        self._index = IdIndex(self._ledger)
        self.network = self._ledger.network

    def close(self) -> None:
        """Close the connection and the threads that verify."""
        self._verifier.close()
        self._ledger.close()

    def has_changed(self) -> bool:
        """Say whether another connection wrote since this was last asked."""
        return self._ledger.has_changed()

    def head(self) -> Head:
        """Say what is there, in constant time."""
        head = self._ledger.head()
        return Head(self._ledger.ledger_id, head.records, self._ledger.last(), head.fingerprint)

    def page(self, after: int, limit: int, room: int = PAGE_BYTES) -> Page:
        """Return records from the first after a cursor."""
        return self._page(self._ledger.lines(after, limit, room))

    def about(self, subject: str, after: int, limit: int, room: int = PAGE_BYTES) -> Page:
        """Return what concerns a subject."""
        return self._page(self._ledger.concerning(subject, after, limit, room))

    def wanted(self, ids: Sequence[bytes], room: int = PAGE_BYTES) -> Page:
        """Return the records with these ids."""
        return self._page(self._ledger.by_ids(ids, room))

    def announced(self) -> list[bytes]:
        """Return the lines of all announce records, in order of arrival."""
        return self._ledger.announced()

    def items(self) -> Items:
        """Return all records as negentropy sees them, the index brought up to date."""
        self._index.catch_up()
        return self._index

    def prepare(self, *, is_hurried: bool) -> bool:
        """Bring the index that `items` needs a step nearer to what is here; say whether it is up to date."""
        return self._index.advance(is_hurried=is_hurried)

    def take(self, lines: Sequence[bytes]) -> list[Result]:
        """Verify lines and store what is new in one durable transaction; say what became of each.

        What is known is not verified again: equal bytes were when they came.

        Raises:
            DiskError, Busy: nothing of it was stored.
        """
        ids = [crypto.record_id(line[BEGIN:END]) for line in lines]
        known = self._ledger.known(ids)
        # by line, not by id: a copy with a forged signature must not shut out the good one beside it
        fresh = {line: Line(0, line, id_) for id_, line in zip(ids, lines, strict=True) if id_ not in known}
        found = dict(zip(fresh, self._parsed([*fresh.values()]), strict=True))
        added = self._keep([record for record in found.values() if not isinstance(record, RecordRefused)])
        return [
            _result(id_, found[line], added) if line in found else Result(id_, KNOWN)
            for id_, line in zip(ids, lines, strict=True)
        ]

    def _keep(self, records: list[Record]) -> dict[bytes, bool]:
        """Store those that this node keeps; say by id which of them were new."""
        mine = {one.digest: one for one in (self._keeps(records) if self._keeps else records)}
        if not mine:
            return {}
        new = self._ledger.append_staged([stage(record) for record in mine.values()], self._clock())
        return dict(zip(mine, new, strict=True))

    def _parsed(self, lines: list[Line]) -> list[Record | RecordRefused]:
        limit = self._clock() + TOO_NEW
        return [
            RecordRefused("too_new") if not isinstance(one, RecordRefused) and one.created > limit else one
            for one in self._verifier.parse(lines)()
        ]

    def _page(self, found: Lines) -> Page:
        return Page(self.head(), tuple(found.lines), found.next, found.more)


def _result(id_: bytes, one: Record | RecordRefused, added: dict[bytes, bool]) -> Result:
    if isinstance(one, RecordRefused):
        return Result(id_, one.code)
    if id_ not in added:
        return Result(id_, ELSEWHERE)
    return Result(id_, NEW if added[id_] else KNOWN)
