"""The memory of the mesh over the private tables: read once, held here, written together.

What the mesh notes between two writes can be lost in a crash: it was observed, not acknowledged. Marks
that are lost cost a page that comes again.
"""

from __future__ import annotations

import os

from trustcli.ledger.network import Address, NodeSeen, Pending
from trustcli.ledger.network import Commit as KeptCommit
from trustcli.ledger.network import Mark as KeptMark
from trustcli.mesh.memory import Commit, Seen
from trustcli.mesh.tables import Entry
from trustcli.sync.talk import Mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from trustcli.ledger.network import NetworkNotes
    from trustcli.node import Node

_SECRET = "address-book"
_PENDING = 500  # keys that came on their own and are listed; the oldest make room
_STRANGERS = 1_000  # nodes that nobody here named and that are remembered
_COMMITS = 4_096  # open updates that are looked at again after a restart

Link = tuple[int, str]
"""Since when (Unix ms), and `in` or `out`."""


class LedgerMemory:
    """What the mesh must know after a restart. Belongs to the thread that opened its node's ledger."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._notes: NetworkNotes = node.make_ledger().network_notes
        self._seen = {key: _seen(row) for key, row in self._notes.nodes().items()}
        self._knocks = {one.key: one for one in self._notes.pending()}
        self._marks = self._notes.marks()
        self._addresses: list[Entry] | None = None
        self._new_seen: dict[str, Seen] = {}
        self._new_marks: dict[str, KeptMark] = {}
        self._new_commits: dict[str, KeptCommit] = {}
        self._new_knocks = False
        self._linked: Mapping[str, Link] = {}
        self._blocked: set[str] = set()
        self.blocked()

    def secret(self) -> bytes:
        """See mesh.memory.Memory."""
        kept = self._notes.fact(_SECRET)
        if kept is None:
            kept = os.urandom(32)
            self._notes.save_fact(_SECRET, kept)
        return kept

    def addresses(self) -> list[Entry]:
        """See mesh.memory.Memory."""
        return [
            Entry(one.url, one.key, one.source, one.heard, one.attempted, one.worked, one.failures,
                  one.tried, one.anchor)
            for one in self._notes.addresses()
        ]  # fmt: skip

    def save_addresses(self, entries: Iterable[Entry]) -> None:
        """See mesh.memory.Memory."""
        self._addresses = list(entries)

    def everybody(self) -> Mapping[str, Seen]:
        """Return what was observed of all nodes, by key."""
        return self._seen

    def seen(self, key: str) -> Seen | None:
        """See mesh.memory.Memory."""
        return self._seen.get(key)

    def save_seen(self, seen: Iterable[Seen]) -> None:
        """See mesh.memory.Memory."""
        for one in seen:
            self._seen[one.key] = self._new_seen[one.key] = one

    def blocked(self) -> Collection[str]:
        """See mesh.memory.Memory."""
        peers = self._node.ledger.private.peers()
        self._blocked = {peer.subject for peer in peers if peer.blocked and peer.subject}
        return self._blocked

    def refuses(self, key: str, now: int) -> bool:
        """Say whether a key is banned or blocked; may be asked from any thread."""
        seen = self._seen.get(key)
        return key in self._blocked or (seen is not None and seen.banned_until > now)

    def pending_commits(self) -> list[Commit]:
        """See mesh.memory.Memory."""
        kept = sorted(self._notes.commits().values(), key=lambda one: (one.pushed, one.id))
        waiting = [one for one in kept if one.committed is None][:_COMMITS]
        return [Commit(bytes.fromhex(one.id), one.accepted, one.asked, one.pushed, 0) for one in waiting]

    def save_commits(self, commits: Iterable[Commit]) -> None:
        """See mesh.memory.Memory."""
        for one in commits:
            id_ = one.id.hex()
            self._new_commits[id_] = KeptCommit(id_, one.accepted, one.of, one.pushed, one.committed or None)

    def knocked(self, key: str, address: str, now: int) -> None:
        """See mesh.memory.Memory."""
        known = self._knocks.pop(key, Pending(key, address, now, now, 0))
        self._knocks[key] = known._replace(address=address, last=now, times=known.times + 1)
        if len(self._knocks) > _PENDING:
            del self._knocks[next(iter(self._knocks))]
        self._new_knocks = True

    def mark(self, key: str) -> Mark:
        """See mesh.memory.Memory."""
        kept = self._marks.get(key)
        return Mark(kept.ledger, kept.pulled, kept.pushed, kept.checked) if kept else Mark()

    def save_mark(self, key: str, mark: Mark) -> None:
        """See mesh.memory.Memory."""
        known = self._marks.get(key, KeptMark(key))
        self._marks[key] = self._new_marks[key] = known._replace(**mark._asdict())

    def linked(self, links: Mapping[str, Link]) -> bool:
        """Note to whom we are connected now, by key; say whether that changed."""
        if links == self._linked:
            return False
        for key in {*links, *self._linked}:
            self._new_seen[key] = self._seen.get(key, Seen(key))
        self._linked = dict(links)
        return True

    def write(self) -> None:
        """Make everything noted so far durable.

        Raises:
            DiskError, Busy: it is kept for the next time.
        """
        notes = self._notes
        self._forget_strangers()
        if self._addresses is not None:
            notes.save_addresses(
                Address(one.url, one.key, one.source, one.tried, one.anchor, one.heard, one.dialled,
                        one.worked, one.failed)
                for one in self._addresses
            )  # fmt: skip
            self._addresses = None
        notes.save_nodes(self._row(one) for one in self._new_seen.values())
        self._new_seen.clear()
        for mark in self._new_marks.values():
            notes.mark(mark)
        self._new_marks.clear()
        notes.save_commits(self._new_commits.values())
        self._new_commits.clear()
        if self._new_knocks:
            notes.save_pending(self._knocks.values())
            self._new_knocks = False

    def _forget_strangers(self) -> None:
        """Forget some of the nodes that nobody named, when there are many: a new key costs nothing.

        First those that were never banned, the longest unheard of first; then those whose ban ended first.
        """
        if len(self._seen) <= _STRANGERS * 11 // 10:
            return
        named = {peer.subject for peer in self._node.ledger.private.peers()} | self._linked.keys()
        strangers = [one for one in self._seen.values() if one.key not in named]
        strangers.sort(key=lambda one: (one.banned_until, one.heard))
        gone = [one.key for one in strangers[: max(0, len(strangers) - _STRANGERS)]]
        for key in gone:
            del self._seen[key]
            self._new_seen.pop(key, None)
            self._marks.pop(key, None)
            self._new_marks.pop(key, None)
        self._notes.forget(gone)
        self._node.ledger.rounds.forget(gone)

    def _row(self, one: Seen) -> NodeSeen:
        linked, direction = self._linked.get(one.key, (None, None))
        return NodeSeen(
            one.key, one.met, one.heard, one.expected, one.answered, one.banned_until, one.bans,
            one.because or None, linked, direction,
        )  # fmt: skip


def _seen(row: NodeSeen) -> Seen:
    return Seen(
        row.key, row.met, row.heard, row.expected, row.answered, row.banned_until, row.bans, row.because or ""
    )
