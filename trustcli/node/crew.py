"""Records verified by processes of their own: threads share one interpreter, and half of an intake is Python.

Each worker is a Python that runs `examining.work`. It is handed lines, parses and verifies them, and hands
back what will be stored, or why not. Workers begin when much is announced, or with the first large batch, and
end with their input; they are given nothing else of the machine: no ledger, no keys. When a worker dies its
piece is verified here, and so is all that would follow.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from trustcli.ledger.batch import Examined
from trustcli.ledger.projection import Staged
from trustcli.node.examining import examine, receive, send
from trustcli.records.bulk import PlainRatings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trustcli.node.examining import Answer

    Piece = tuple[Sequence[bytes], Examined]

LARGE = 4_000  # lines: fewer are verified sooner here than workers start, which takes a tenth of a second
_PIECE = 1_000  # lines looked at together: as many as a processor keeps near at hand
_PROGRAM = """
import sys
sys.path[:] = sys.argv[2:]
from trustcli.node.examining import work
work(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
"""


class Crew:
    """Verifies lines of one network; `begin` and `close` belong to one thread."""

    def __init__(self, network: str, cores: int | None = None) -> None:
        self._network = network
        self._cores = len(os.sched_getaffinity(0)) if cores is None else cores
        self._pool: ThreadPoolExecutor | None = None
        self._own = threading.local()  # each thread of the pool leads one worker
        self._workers: list[subprocess.Popen[bytes]] = []
        self._free: list[subprocess.Popen[bytes]] = []  # that no thread leads yet

    def close(self) -> None:
        """End the workers, whatever they are doing."""
        for worker in self._workers:
            worker.kill()
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        for worker in self._workers:
            try:
                worker.__exit__(None, None, None)
            except BrokenPipeError:  # what it was not handed any more
                worker.wait()

    def begin(self, lines: Sequence[bytes], ids: Sequence[bytes]) -> Callable[[], list[Piece]]:
        """Begin with lines; what is returned gives their ids and what they hold, some at a time, in order.

        `ids` are those of the lines by their layout.
        """
        self.prepare(len(lines))
        starts = range(0, len(lines), _PIECE)
        pieces = [(lines[start : start + _PIECE], ids[start : start + _PIECE]) for start in starts]
        if self._pool is None:
            return lambda: [(some, _named(examine(part, some, self._network))) for part, some in pieces]
        done = self._pool.map(self._examined, pieces)
        return lambda: [(some, _named(found)) for (_, some), found in zip(pieces, done, strict=True)]

    def prepare(self, lines: int) -> None:
        """Start the workers where so many lines are worth it: they are ready when the first lines come."""
        if self._pool is None and lines >= LARGE and self._cores > 1:
            self._workers = [worker for worker in map(self._hired, range(self._cores)) if worker]
            self._free = [*self._workers]
            self._pool = ThreadPoolExecutor(self._cores, initializer=self._lead)

    def _hired(self, _: int) -> subprocess.Popen[bytes] | None:
        """Start a worker: it finds modules where we do, and no Ctrl-C reaches it."""
        words = [sys.executable, "-P", "-c", _PROGRAM, self._network, *sys.path]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(words, stdin=pipe, stdout=pipe, start_new_session=True)  # noqa: S603
        except OSError:
            return None  # no more processes: then here

    def _lead(self) -> None:
        """Give this thread a worker of its own."""
        self._own.worker = self._free.pop() if self._free else None

    def _examined(self, piece: tuple[Sequence[bytes], Sequence[bytes]]) -> Answer:
        worker: subprocess.Popen[bytes] | None = self._own.worker
        lines, ids = piece
        found: Answer | None = None
        if worker and worker.stdin and worker.stdout:
            try:
                send(worker.stdin, (list(lines), list(ids)))
                found = receive(worker.stdout)
            except OSError:
                self._own.worker = None
        return examine(lines, ids, self._network) if found is None else found


def _named(answer: Answer) -> Examined:
    plain, others, refused = answer
    rows = {place: Staged._make(row) for place, row in others.items()}
    return Examined(PlainRatings._make(plain), rows, refused)
