"""What does not work just now, said once: when it begins, when its reason changes, when it works again."""

from __future__ import annotations

import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

QUIET = 60.0  # seconds at least between two lines on one matter, whatever comes and goes


class Troubles:
    """Says what fails, a line each, and never one a retry. From any thread.

    Args:
        say: takes one line.
        ticks: returns seconds that never step back.
    """

    def __init__(self, say: Callable[[str], None], ticks: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._ticks = ticks
        self._lock = threading.Lock()
        self._said: dict[str, tuple[str, float]] = {}  # by matter: the reason, empty once it worked; and when

    def fails(self, matter: str, why: str) -> None:
        """Note that something fails; a matter is one of few, never chosen by others."""
        with self._lock:
            known, when = self._said.get(matter, ("", -QUIET))
            if why == known or self._ticks() - when < QUIET:
                return
            self._said[matter] = why, self._ticks()
        self._say(why if matter in why else f"{matter}: {why}")

    def works(self, matter: str) -> None:
        """Note that something works."""
        if not self._said.get(matter, ("", 0.0))[0]:
            return
        with self._lock:
            self._said[matter] = "", self._said[matter][1]
        self._say(f"{matter}: works again")
