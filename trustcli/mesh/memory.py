"""What a node must still know about the mesh after a restart, and a version of it for tests.

The daemon keeps it in private tables; nothing of it ever leaves the machine.
"""

from __future__ import annotations

from trustcli.mesh.limits import ban_length
from trustcli.sync.talk import Mark
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Protocol

    from trustcli.mesh.tables import Entry


class Seen(NamedTuple):
    """What we observed of a key ourselves. Times are Unix ms, 0 for never.

    Attributes:
        met: when a handshake first succeeded.
        heard: when anything last came.
        expected: heartbeats at which it should have been there: linked, or lost and dialled in vain.
        answered: those at which it was.
        banned_until: 0 when it is not.
        bans: how often it was banned.
        because: the code of the last ban.
    """

    key: str
    met: int = 0
    heard: int = 0
    expected: int = 0
    answered: int = 0
    banned_until: int = 0
    bans: int = 0
    because: str = ""

    @property
    def uptime(self) -> float | None:
        """The share of heartbeats that were answered, None before the first."""
        return self.answered / self.expected if self.expected else None


class Commit(NamedTuple):
    """How far an `update` record is from being committed, as this node counts.

    Attributes:
        id: 32 bytes.
        accepted: full peers that accept it.
        of: full peers that were connected when it was pushed; 0: none, so it waits.
        pushed: Unix ms.
        committed: Unix ms, 0 while it is pending.
    """

    id: bytes
    accepted: int
    of: int
    pushed: int
    committed: int


class Knock(NamedTuple):
    """A key that came to us on its own, from where, when first and last (Unix ms), and how often."""

    key: str
    address: str
    first: int
    last: int
    times: int


if TYPE_CHECKING:

    class Memory(Protocol):
        """The private tables of the mesh. Each call is durable on its own, or soon; none may be slow."""

        def secret(self) -> bytes:
            """Return 32 random bytes, always the same: they place addresses in the book."""

        def addresses(self) -> list[Entry]:
            """Return the address book as last saved."""

        def save_addresses(self, entries: Iterable[Entry]) -> None:
            """Replace the address book."""

        def seen(self, key: str) -> Seen | None:
            """Return what was observed of a key."""

        def save_seen(self, seen: Iterable[Seen]) -> None:
            """Keep observations, one row a key; rows of other keys stay."""

        def blocked(self) -> Collection[str]:
            """Return the keys that the user blocked: as peers they are banned for good."""

        def pending_commits(self) -> list[Commit]:
            """Return updates that are not committed, oldest first, at most 4,096."""

        def save_commits(self, commits: Iterable[Commit]) -> None:
            """Keep the states of updates, one row an id."""

        def knocked(self, key: str, address: str, now: int) -> None:
            """Count that a key came to us: first, last and times of its Knock."""

        def mark(self, key: str) -> Mark:
            """Return how far the sync with a peer has come; an empty Mark for a new one."""

        def save_mark(self, key: str, mark: Mark) -> None:
            """Keep how far the sync with a peer has come."""


def banned(seen: Seen, now: int, because: str) -> Seen:
    """Return what is known of a key after banning it: ten minutes, doubling each time, at most a day."""
    return seen._replace(banned_until=now + ban_length(seen.bans), bans=seen.bans + 1, because=because)


class Remembered:
    """Memory in a few dicts: for tests and simulations, and it survives the machine that used it."""

    def __init__(self, secret: bytes = bytes(32)) -> None:
        self._secret = secret
        self.book: list[Entry] = []
        self.nodes: dict[str, Seen] = {}
        self.blocks: set[str] = set()
        self.commits: dict[bytes, Commit] = {}
        self.knocks: dict[str, Knock] = {}
        self.marks: dict[str, Mark] = {}

    def secret(self) -> bytes:
        """See Memory."""
        return self._secret

    def addresses(self) -> list[Entry]:
        """See Memory."""
        return list(self.book)

    def save_addresses(self, entries: Iterable[Entry]) -> None:
        """See Memory."""
        self.book = list(entries)

    def seen(self, key: str) -> Seen | None:
        """See Memory."""
        return self.nodes.get(key)

    def save_seen(self, seen: Iterable[Seen]) -> None:
        """See Memory."""
        self.nodes.update((one.key, one) for one in seen)

    def blocked(self) -> Collection[str]:
        """See Memory."""
        return self.blocks

    def pending_commits(self) -> list[Commit]:
        """See Memory."""
        return [commit for commit in self.commits.values() if not commit.committed][:4_096]

    def save_commits(self, commits: Iterable[Commit]) -> None:
        """See Memory."""
        self.commits.update((commit.id, commit) for commit in commits)

    def knocked(self, key: str, address: str, now: int) -> None:
        """See Memory."""
        known = self.knocks.get(key, Knock(key, address, now, now, 0))
        self.knocks[key] = known._replace(address=address, last=now, times=known.times + 1)

    def mark(self, key: str) -> Mark:
        """See Memory."""
        return self.marks.get(key, Mark())

    def save_mark(self, key: str, mark: Mark) -> None:
        """See Memory."""
        self.marks[key] = mark
