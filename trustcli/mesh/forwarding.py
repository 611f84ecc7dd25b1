"""Records that go: each new one once over each link whose peer does not have it, and who accepts updates.

What this node brings into the mesh goes whole over all links, and so does what is urgent or rare. What came
over a link goes on whole where the peer wants it so, and is announced elsewhere (relaying.py).
"""

from __future__ import annotations

from trustcli.mesh.contents import CRITICAL, NORMAL, Alarms, note
from trustcli.mesh.payloads import TRUST_UPDATE
from trustcli.mesh.quorum import Quorum
from trustcli.records.crypto import record_id
from trustcli.records.envelope import BEGIN, END

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.mesh.contents import Note
    from trustcli.mesh.desk import Desk
    from trustcli.mesh.link import Link
    from trustcli.mesh.payloads import TrustResult

LEFT_TO_SYNC = 2_000  # records that came from outside at once: more are not pushed
_PAGE, _PAGE_BYTES = 1_000, 1 << 20


class Forwarding:
    """What is new here goes on.

    Args:
        announced: is called with each new announce record and the address it came from.
    """

    def __init__(self, desk: Desk, announced: Callable[[Note], None]) -> None:
        self._desk = desk
        self._announced = announced
        self._alarms = Alarms()
        self._cursor = desk.head.last
        self._own = 0  # of the records above the cursor, those that came over links
        self.quorum = Quorum(desk.memory.pending_commits())

    def forward(self, found: Note) -> None:
        """Pass on a record that was verified and is new here."""
        self._own += 1
        self._go(found, is_relayed=True)

    def woke(self) -> None:
        """Push what came into the ledger past us: another process wrote it."""
        desk = self._desk
        desk.refresh()
        last = desk.head.last
        if last - self._cursor > self._own + LEFT_TO_SYNC:
            self._leave_to_sync()
        elif last - self._cursor > self._own:
            while self._cursor < last and self._push_page():
                pass
        self._cursor, self._own = last, 0

    def _push_page(self) -> bool:
        """Push what is new of one page after the cursor; say whether there is more."""
        page = self._desk.shelf.page(self._cursor, _PAGE, _PAGE_BYTES)
        for line in page.lines:
            id_ = record_id(line[BEGIN:END])
            if self._desk.holders.add(id_):
                self._go(note(id_, line), is_relayed=False)
        self._cursor = page.next
        return page.more

    def accepted(self, found: Note, link: Link) -> None:
        """Note that a link brought an update that is sound: its peer accepts it, and so do we."""
        link.outbox.accepted(found.id)
        if link.peer.is_full:
            self.quorum.accept(found.id, link.did, self._desk.now)

    def resulted(self, link: Link, result: TrustResult) -> None:
        """Take what a peer says of records we pushed."""
        self._desk.counts["refused by peers"] += len(result.refused)
        if link.peer.is_full:
            for id_ in result.accepted:
                self.quorum.accept(bytes.fromhex(id_), link.did, self._desk.now)

    def compared(self, link: Link) -> None:
        """Note that a peer's head was heard: if it equals ours, the peer holds what we hold."""
        if self._desk.is_same(link):
            link.outbox.is_behind = False
            if link.peer.is_full:
                self.quorum.met(self._desk.full_peers(), self._desk.now)
                self.quorum.holds_all(link.did, self._desk.now)

    def flush(self) -> None:
        """Send what may go now over all links, and keep what became of updates."""
        for link in self._desk.open_links():
            self._desk.flush(link)
        changes = self.quorum.changes()
        if changes:
            self._desk.memory.save_commits(changes)

    def next_time(self) -> int | None:
        """Return when there is something to send, None for never."""
        times = [link.outbox.next_time(self._desk.now) for link in self._desk.open_links()]
        return min((time for time in times if time is not None), default=None)

    def _go(self, found: Note, *, is_relayed: bool) -> None:
        desk = self._desk
        found = self._alarms.judged(found, desk.now)
        if found.kind == "update":
            self.quorum.push(found.id, desk.full_peers(), desk.now)
        if found.kind == "announce":
            self._announced(found)
        held = desk.holders.of(found.id)
        may_wait = is_relayed and found.priority == NORMAL and found.type == TRUST_UPDATE
        for link in desk.open_links():
            if held & link.bit or not (link.peer.is_full or found.priority == CRITICAL):
                continue
            if link.relays or not may_wait:
                link.outbox.push(found)
                desk.counts["forwarded"] += 1
            else:
                link.outbox.announce(found.id)
                desk.counts["announced"] += 1

    def _leave_to_sync(self) -> None:
        """Leave an import to the syncs that it causes."""
        for link in self._desk.open_links():
            link.outbox.is_behind = True
