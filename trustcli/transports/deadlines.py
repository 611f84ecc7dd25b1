"""Timers of one connection."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any


class Deadlines:
    """Named timers of one connection, each of which ends it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def arm(self, name: str, seconds: float, end: Any) -> None:
        """Start a timer, unless it runs."""
        if name not in self._timers:
            self._timers[name] = self._loop.call_later(seconds, end)

    def disarm(self, *names: str) -> None:
        """Stop timers; without names, all."""
        for name in names or [*self._timers]:
            timer = self._timers.pop(name, None)
            if timer is not None:
                timer.cancel()
