"""Addresses that must wait before they may come again, each time twice as long."""

from __future__ import annotations

from collections import OrderedDict

from trustcli.transports import guards

FIRST_WAIT = 1.0  # seconds; each time twice as long
LONGEST_WAIT = 64.0
ADDRESSES = 4_096  # that wait


class Waits:
    """Addresses that did what nobody need do: keys are free, so the address has to wait.

    It waits a second at first, and a quiet minute clears it.
    """

    def __init__(self) -> None:
        self._waits: OrderedDict[str, tuple[float, float]] = OrderedDict()  # until when, and how long

    def cut(self, address: str, now: float) -> None:
        """Let an address wait, longer than the last time."""
        group = guards.group_of(address)
        until, last = self._waits.pop(group, (now, 0.0))
        wait = min(2 * last, LONGEST_WAIT) if last and now < until + LONGEST_WAIT else FIRST_WAIT
        self._waits[group] = now + wait, wait
        if len(self._waits) > ADDRESSES:
            self._waits.popitem(last=False)

    def may_enter(self, address: str, now: float) -> bool:
        """Say whether an address need not wait."""
        until, _ = self._waits.get(guards.group_of(address), (now, 0.0))
        return now >= until
