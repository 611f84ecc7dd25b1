"""A table of addresses in which each has one spot only, and chance.

Drawing takes a bucket first and then one address of it, so an address does not become likelier by having
many neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from struct import unpack
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)
Entropy = Callable[[int], bytes]
"""Returns so many random bytes."""
Spot = tuple[int, int]
"""Bucket and slot."""

_POOL = 32  # numbers of 8 bytes taken at once


class Dice:
    """Random numbers out of an entropy function."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._pool: list[int] = []

    def below(self, count: int) -> int:
        """Return 0 … count − 1, all as likely to within 2⁻⁴⁰ for the counts there are here."""
        if not self._pool:
            self._pool = list(unpack(f">{_POOL}Q", self._entropy(8 * _POOL)))
        return self._pool.pop() % count

    def shuffled(self, things: Iterable[T]) -> list[T]:
        """Return the things in random order (Fisher and Yates)."""
        mixed = list(things)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed


class Buckets(Generic[T]):
    """Spots and who has them."""

    def __init__(self) -> None:
        self._buckets: dict[int, dict[int, T]] = {}
        self._spots: dict[T, Spot] = {}

    def __contains__(self, thing: T) -> bool:
        return thing in self._spots

    def __len__(self) -> int:
        return len(self._spots)

    def at(self, spot: Spot) -> T | None:
        """Return who has the spot."""
        return self._buckets.get(spot[0], {}).get(spot[1])

    def put(self, thing: T, spot: Spot) -> None:
        """Give a free spot to somebody who has none."""
        self._buckets.setdefault(spot[0], {})[spot[1]] = thing
        self._spots[thing] = spot

    def remove(self, thing: T) -> None:
        """Free the spot of somebody; nothing happens to who has none."""
        spot = self._spots.pop(thing, None)
        if spot is None:
            return
        bucket = self._buckets[spot[0]]
        del bucket[spot[1]]
        if not bucket:
            del self._buckets[spot[0]]

    def draw(self, dice: Dice) -> T | None:
        """Return anybody, each bucket that is not empty as likely as another; None of an empty table."""
        if not self._buckets:
            return None
        bucket = self._buckets[list(self._buckets)[dice.below(len(self._buckets))]]
        return bucket[list(bucket)[dice.below(len(bucket))]]
