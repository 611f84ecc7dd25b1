"""While a node has records to take in, everybody else waits for his turn: so many a second of each address.

What one request or frame of a stranger costs is little, and what a hundred links of his cost in one second is
half of what the node can do. When there is nothing else to do, nobody waits.
"""

from __future__ import annotations

import asyncio

from trustcli.mesh.limits import Buckets
from trustcli.transports import guards

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESSES = 4_096  # whose turns are counted
_AGAIN = 0.2  # seconds after which who waits looks again whether there is anything else to do


class Turns:
    """Whose turn it is.

    Args:
        per_minute: turns of one address, see `guards.group_of`.
        at_once: of one address that had none for a while.
        is_busy: says whether there is other work.
        ticks: returns ms that never step back.
    """

    def __init__(
        self, per_minute: int, at_once: int, is_busy: Callable[[], bool], ticks: Callable[[], int]
    ) -> None:
        self._left = Buckets(per_minute, at_once, ADDRESSES)
        self._is_busy = is_busy
        self._ticks = ticks

    async def wait(self, address: str, turns: int = 1) -> None:
        """Return when it is the turn of an address, or there is nothing else to do.

        Args:
            turns: as many as it costs, `at_once` at most.
        """
        group = guards.group_of(address)
        while group != guards.UNIX and self._is_busy() and not self._left.take(group, self._ticks(), turns):
            await asyncio.sleep(min(self._left.wait(group, self._ticks(), turns) / 1000, _AGAIN))
