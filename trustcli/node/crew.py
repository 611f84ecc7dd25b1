"""Records verified by processes of their own: threads share one interpreter, and half of an intake is Python.

Each worker is a Python that runs `work`. It is handed lines, parses and verifies them, and hands back what
will be stored, or why not. Workers begin with the first large batch and end with their input; they are given
nothing else of the machine: no ledger, no keys. Both ways goes `marshal`, Python's own format: nobody else
writes to these pipes. When a worker dies its piece is verified here, and so is all that would follow.
"""

from __future__ import annotations

import gc
import marshal
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from trustcli.errors import RecordRefused
from trustcli.ledger.projection import Staged, stage
from trustcli.node.verifying import CODEC
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import IO, Any

    Message = list[bytes] | list[tuple[object, ...] | str]

LARGE = 4_000  # lines: fewer are verified sooner here than workers start, which takes a fifth of a second
_PIECE = 500  # lines handed to a worker at a time
_SIZE = 4  # bytes that say how long a message is
_PROGRAM = """
import sys
sys.path[:] = sys.argv[2:]
from trustcli.node.crew import work
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

    def begin(self, lines: Sequence[bytes]) -> Callable[[], list[Staged | str]]:
        """Begin with lines; what is returned gives each as it will be stored, or the code of its refusal."""
        if self._pool is None:
            if len(lines) < LARGE or self._cores < 2:
                return lambda: _named(examine(lines, self._network))
            self._pool = ThreadPoolExecutor(self._cores, initializer=self._hire)
        pieces = [lines[start : start + _PIECE] for start in range(0, len(lines), _PIECE)]
        done = self._pool.map(self._examined, pieces)
        return lambda: [one for piece in done for one in _named(piece)]

    def _hire(self) -> None:
        """Start the worker of this thread: it finds modules where we do, and no Ctrl-C reaches it."""
        words = [sys.executable, "-P", "-c", _PROGRAM, self._network, *sys.path]
        pipe = subprocess.PIPE
        self._own.worker = None
        try:
            self._own.worker = subprocess.Popen(words, stdin=pipe, stdout=pipe, start_new_session=True)  # noqa: S603
        except OSError:
            return  # no more processes: then here
        self._workers.append(self._own.worker)

    def _examined(self, lines: Sequence[bytes]) -> list[tuple[object, ...] | str]:
        worker: subprocess.Popen[bytes] | None = self._own.worker
        found: list[tuple[object, ...] | str] | None = None
        if worker and worker.stdin and worker.stdout:
            try:
                send(worker.stdin, list(lines))
                found = receive(worker.stdout)
            except OSError:
                self._own.worker = None
        return examine(lines, self._network) if found is None else found


def _named(found: Iterable[tuple[object, ...] | str]) -> list[Staged | str]:
    return [one if type(one) is str else Staged._make(one) for one in found]


def examine(lines: Iterable[bytes], network: str) -> list[tuple[object, ...] | str]:
    """Return for each line what `stage` makes of its record, as a plain tuple, or the code of its refusal."""
    found: list[tuple[object, ...] | str] = []
    for line in lines:
        try:
            record = Record.parse_quickly(line, crypto.record_id(line[BEGIN:END]), net=network, codec=CODEC)
            found.append(tuple(stage(record)))
        except RecordRefused as problem:
            found.append(problem.code)
    return found


def send(stream: IO[bytes], message: Message) -> None:
    """Write a message."""
    data = marshal.dumps(message)
    stream.write(len(data).to_bytes(_SIZE, "big") + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read a message; None at the end of the stream, be it in the middle of one."""
    size = stream.read(_SIZE)
    data = stream.read(int.from_bytes(size, "big")) if len(size) == _SIZE else b""
    if not data or len(data) < int.from_bytes(size, "big"):
        return None
    return marshal.loads(data)  # noqa: S302  from our own process


def work(network: str, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Examine what comes until nothing more does."""
    gc.disable()  # records are trees
    while (lines := receive(incoming)) is not None:
        send(outgoing, examine(lines, network))
