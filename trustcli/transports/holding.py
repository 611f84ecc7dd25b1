"""What is held in memory for others at one time: pages on their way out, bodies on their way in.

Somebody who reads or sends slowly makes us hold it. Beyond the room there is, whoever holds most lets go
of what he has held longest; so a flood costs its own, and a quick reader always gets in.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Holding:
    """Bytes held for each other side, and how to let go of them."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._held: dict[object, tuple[str, int, Callable[[], object]]] = {}
        self.size = 0

    def hold(self, owner: object, group: str, size: int, drop: Callable[[], object]) -> None:
        """Hold bytes for a request; others may have to let go.

        Args:
            owner: The request; it holds once.
            group: The other side, see `guards.group_of`.
            drop: Ends a request; `release` is called for it by then or later.
        """
        self._held[owner] = group, size, drop
        self.size += size
        while self.size > self._room and len(self._held) > 1:
            victim = self._victim()
            end = self._held[victim][2]
            self.release(victim)
            end()

    def release(self, owner: object) -> None:
        """Let go of what a request holds, if it does."""
        _, size, _ = self._held.pop(owner, ("", 0, None))
        self.size -= size

    def _victim(self) -> object:
        totals: dict[str, int] = {}
        for group, size, _ in self._held.values():
            totals[group] = totals.get(group, 0) + size
        most = max(totals, key=lambda group: totals[group])
        return next(owner for owner, (group, _, _) in self._held.items() if group == most)
