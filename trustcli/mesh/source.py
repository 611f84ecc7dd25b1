"""What a peer's records are worth to us: how many were new, and how many we had from others already."""

from __future__ import annotations

PATIENCE = 128  # records after which a peer is judged: for fewer, copies are cheaper than anything else
MOST_PATIENCE = 1 << 16
USEFUL = 4  # one new record in so many is enough


class Source:
    """The count for one link since it was last started over.

    A peer that was thinned out and then missed is given twice the time: so a network whose records come now
    by this way and now by that one comes to rest.
    """

    __slots__ = ("_copies", "_new", "_patience", "is_thin")

    def __init__(self) -> None:
        self._new = self._copies = 0
        self._patience = PATIENCE
        self.is_thin = False  # we asked it to announce only

    def brought(self, new: int, copies: int) -> None:
        """Count records that the peer sent."""
        self._new += new
        self._copies += copies

    @property
    def useless(self) -> int:
        """How many copies it brought, 0 while it is worth its relays or that is not known yet."""
        total = self._new + self._copies
        return self._copies if total >= self._patience and USEFUL * self._new < total else 0

    def thicken(self) -> None:
        """Want whole records again: one was missing that this peer had."""
        self.is_thin = False
        self._patience = min(2 * self._patience, MOST_PATIENCE)
        self.start_over()

    def start_over(self) -> None:
        """Count anew: who else relays has changed."""
        self._new = self._copies = 0
