"""Each number once: what makes a replayed or duplicated message harmless."""

from __future__ import annotations

WIDTH = 1_024  # numbers below the highest that may still come, late


class Window:
    """Remembers which of the last `WIDTH` numbers of one direction were used."""

    __slots__ = ("_bits", "_highest")

    def __init__(self) -> None:
        self._highest = 0
        self._bits = 0  # bit k: the number `highest - k` was used

    def is_fresh(self, n: int) -> bool:
        """Say whether n (from 1 on) was not used, and is not so old that nobody knows."""
        behind = self._highest - n
        if behind < 0:
            return True
        return n >= 1 and behind < WIDTH and not self._bits >> behind & 1

    def take(self, n: int) -> bool:
        """Use n; say whether it was fresh. Only for messages whose signature was checked."""
        if not self.is_fresh(n):
            return False
        ahead = n - self._highest
        if ahead > 0:
            self._bits = (self._bits << ahead | 1) & (1 << WIDTH) - 1 if ahead < WIDTH else 1
            self._highest = n
        else:
            self._bits |= 1 << -ahead
        return True
