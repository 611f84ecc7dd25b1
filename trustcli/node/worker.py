"""A thread that owns what may be used in one thread only: a ledger connection and what works on it.

Jobs are done in the order they come. What they answer, or raise, reaches the event loop that asked.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time

from trustcli.errors import Busy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

_MAX_JOBS = 12_000  # waiting at once; links and requests have limits of their own before
_COURTESY = 16  # times as long as a job took, its thread rests while others have work: they get nearly all
_LONGEST_REST = 0.5  # seconds
_RUN = 0.05  # seconds of jobs without a break; `rest` must not starve while others keep the queue full


class Worker:
    """One thread, one queue.

    Args:
        rest: called after each run of jobs, when none waits or 50 ms have passed; returns after how many
            seconds (above 0) it wants to be called again at the latest, None for when there is a next job.
        failed: called when `rest` raises; the thread then ends.
        busy: says whether others have work that is to go before; see `is_busy`.
    """

    def __init__(
        self,
        name: str,
        rest: Callable[[], float | None],
        failed: Callable[[BaseException], None],
        *,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._rest = rest
        self._failed = failed
        self._others_are_busy = busy
        self._working = False
        self._last: Callable[[], None]
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_busy(self) -> bool:
        """Whether it works, or something waits. From any thread."""
        return self._working or not self._jobs.empty()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, last: Callable[[], None]) -> None:
        """Do what waits, then `last`, and end: nothing of this thread runs after it."""
        self._last = last
        self._jobs.put(None)
        self._thread.join()

    def post(self, job: Callable[[], None], *, whatever: bool = False) -> bool:
        """Have a job done, without an answer; say whether there was room for it.

        Args:
            whatever: however many wait.
        """
        if not whatever and self._jobs.qsize() >= _MAX_JOBS:
            return False
        self._jobs.put(job)
        return True

    async def ask(self, job: Callable[[], T]) -> T:
        """Have a job done and return its answer.

        Raises:
            Busy: too many jobs wait. What the job raises.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def done(result: T | None, problem: BaseException | None) -> None:
            if answer.cancelled():
                return
            if problem is not None:
                answer.set_exception(problem)
            else:
                answer.set_result(result)  # type: ignore[arg-type]  # None only if T allows it

        def run() -> None:
            try:
                result = job()
            except BaseException as problem:  # noqa: BLE001  whoever asked gets it
                loop.call_soon_threadsafe(done, None, problem)
            else:
                loop.call_soon_threadsafe(done, result, None)

        if not self.post(run):
            raise Busy("too many questions at once")
        return await answer

    def _run(self) -> None:
        wait: float | None = None  # the first job sets everything up
        break_at = float("inf")
        try:
            while True:
                try:
                    job = self._next(wait, break_at)
                except queue.Empty:
                    wait, break_at = self._rest(), float("inf")
                    self._working = False
                    continue
                if job is None:
                    self._last()
                    return
                if wait != 0:
                    wait, break_at = 0, time.monotonic() + _RUN
                self._do(job)
        except BaseException as problem:  # noqa: BLE001  without this thread there is no node
            self._failed(problem)

    def _do(self, job: Callable[[], None]) -> None:
        begun = time.monotonic()
        self._working = True
        job()
        if self._others_are_busy():
            time.sleep(min(_COURTESY * (time.monotonic() - begun), _LONGEST_REST))

    def _next(self, wait: float | None, break_at: float) -> Callable[[], None] | None:
        """Return the next job, None for the end.

        Raises:
            queue.Empty: none came within so many seconds, or a break is due.
        """
        if wait == 0 and time.monotonic() >= break_at:
            raise queue.Empty
        return self._jobs.get_nowait() if wait == 0 else self._jobs.get(timeout=wait)
