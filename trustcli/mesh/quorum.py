"""The rule of the AgentProof mesh for TRUST_UPDATE: committed when more than half of the peers accept.

Each node counts for itself. The peers are the full nodes it is connected to when it pushes the update; a
peer accepts by saying so (TRUST_RESULT), by sending the record itself, or by a head that equals ours: it
then holds all that we hold. With no peer the update waits until there is one. Nothing else depends on the
state: the record is stored and passed on whatever the count says, and models read records only.
"""

from __future__ import annotations

from trustcli.mesh.memory import Commit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

OPEN = 4_096  # updates counted at once; of older ones the last state stays


def is_committed(accepted: int, of: int) -> bool:
    """Say whether `accepted` of `of` peers are more than half; of none they never are."""
    return 2 * accepted > of > 0


class _Vote:
    """The count of one update."""

    __slots__ = ("accepted", "committed", "peers", "pushed")

    def __init__(self, pushed: int, peers: frozenset[str]) -> None:
        self.pushed = pushed
        self.committed = 0
        self.peers = peers
        self.accepted: set[str] = set()


class Quorum:
    """The counts of the updates that are pending."""

    def __init__(self, pending: Iterable[Commit] = ()) -> None:
        """Go on with what was pending before a restart: it is pushed anew, to the peers of then."""
        self._open = {commit.id: _Vote(commit.pushed, frozenset()) for commit in pending}
        self._waiting = set(self._open)  # no peer to ask so far
        self._changed: dict[bytes, Commit] = {}

    def __len__(self) -> int:
        return len(self._open)

    def push(self, id_: bytes, peers: Collection[str], now: int) -> None:
        """Begin to count an update that is pushed now to these full peers."""
        if id_ in self._open:
            return
        if len(self._open) >= OPEN:
            oldest = next(iter(self._open))
            del self._open[oldest]
            self._waiting.discard(oldest)
        vote = self._open[id_] = _Vote(now, frozenset(peers))
        if not peers:
            self._waiting.add(id_)
        self._note(id_, vote)

    def met(self, peers: Collection[str], now: int) -> None:
        """Let what had no peer to ask be asked of these: the first full ones since."""
        if not peers:
            return
        for id_ in self._waiting:
            vote = self._open[id_]
            vote.peers, vote.pushed = frozenset(peers), now
            self._note(id_, vote)
        self._waiting.clear()

    def accept(self, id_: bytes, peer: str, now: int) -> None:
        """Count that a peer accepts an update; peers that were not asked do not count."""
        vote = self._open.get(id_)
        if vote is None or peer not in vote.peers or peer in vote.accepted:
            return
        vote.accepted.add(peer)
        if is_committed(len(vote.accepted), len(vote.peers)):
            vote.committed = now
            del self._open[id_]
        self._note(id_, vote)

    def holds_all(self, peer: str, now: int) -> None:
        """Count that a peer holds all that we hold."""
        for id_ in list(self._open):
            self.accept(id_, peer, now)

    def changes(self) -> list[Commit]:
        """Return the states that changed since the last call."""
        changed, self._changed = list(self._changed.values()), {}
        return changed

    def _note(self, id_: bytes, vote: _Vote) -> None:
        self._changed[id_] = Commit(id_, len(vote.accepted), len(vote.peers), vote.pushed, vote.committed)
