"""Records that one link brought and that are not verified yet, and who wants to know what becomes of them."""

from __future__ import annotations

from collections import deque

from trustcli.sync.exchange import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.mesh.link import Link

    Told = Callable[[Result], None]

QUEUED = 8 << 20  # bytes of records that wait for one link: a few frames
QUEUED_LINES = 10_000


class Waiting:
    """One line in a queue: who brought it, and who wants to know what became of it."""

    __slots__ = ("_told", "id", "line", "link")

    def __init__(self, link: Link, line: bytes, id_: bytes, told: Told | None) -> None:
        self.link, self.line, self.id, self._told = link, line, id_, told

    def tell(self, code: str) -> None:
        """Say what became of it."""
        if self._told:
            self._told(Result(self.id, code))


class Queue:
    """What one link brought, alarms apart."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.alarms: deque[Waiting] = deque()
        self.others: deque[Waiting] = deque()
        self.size = 0

    def __len__(self) -> int:
        return len(self.alarms) + len(self.others)

    def has_room(self, line: bytes) -> bool:
        """Say whether one more line may wait."""
        return self.size + len(line) <= QUEUED and len(self) < QUEUED_LINES
