"""Patience with those who were told to wait and come on: first an answer, then a closed door."""

from __future__ import annotations

from trustcli.mesh.limits import Buckets
from trustcli.transports import guards
from trustcli.transports.limits import ADDRESSES
from trustcli.transports.waits import Waits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.transports.limits import Limits
    from trustcli.transports.routes import Refused


class Patience:
    """How much of it each address has left, see `guards.group_of`.

    Args:
        ticks: Returns ms that never step back.
    """

    def __init__(self, limits: Limits, ticks: Callable[[], int]) -> None:
        self._left = Buckets(limits.patience, limits.patience, ADDRESSES)
        self._ticks = ticks
        self._hasty = Waits()

    def strain(self, group: str, refused: Refused, cost: int = 1) -> None:
        """Refuse once more; when there is no patience left, hang up and let it in no more for a while."""
        now = self._ticks()
        if group != guards.UNIX and not self._left.take(group, now, cost):
            refused.headers["connection"] = "close"
            self.end(group)

    def end(self, group: str) -> None:
        """Let an address in no more for a while: nobody need do what was done there."""
        if group != guards.UNIX:
            self._hasty.cut(group, self._ticks() / 1000)

    def is_at_an_end(self, group: str) -> bool:
        """Say whether an address is to be turned away when it comes."""
        return not self._hasty.may_enter(group, self._ticks() / 1000)
