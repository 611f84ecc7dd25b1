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
from functools import cache

from trustcli.errors import RecordRefused
from trustcli.ledger.batch import Examined
from trustcli.ledger.projection import Staged, stage
from trustcli.node.verifying import CODEC
from trustcli.records.bulk import PlainRatings, Shape
from trustcli.records.envelope import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import IO, Any

    Answer = tuple[tuple[Any, ...], dict[int, tuple[Any, ...]], dict[int, str]]
    Message = tuple[list[bytes], list[bytes]] | Answer
    Piece = tuple[Sequence[bytes], Examined]

LARGE = 4_000  # lines: fewer are verified sooner here than workers start, which takes a fifth of a second
_PIECE = 1_000  # lines looked at together: as many as a processor keeps near at hand
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

    def begin(self, lines: Sequence[bytes], ids: Sequence[bytes]) -> Callable[[], list[Piece]]:
        """Begin with lines; what is returned gives their ids and what they hold, some at a time, in order.

        `ids` are those of the lines by their layout.
        """
        starts = range(0, len(lines), _PIECE)
        pieces = [(lines[start : start + _PIECE], ids[start : start + _PIECE]) for start in starts]
        if self._pool is None:
            if len(lines) < LARGE or self._cores < 2:
                return lambda: [(some, _named(examine(part, some, self._network))) for part, some in pieces]
            self._pool = ThreadPoolExecutor(self._cores, initializer=self._hire)
        done = self._pool.map(self._examined, pieces)
        return lambda: [(some, _named(found)) for (_, some), found in zip(pieces, done, strict=True)]

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


_shape = cache(Shape)


def examine(lines: Sequence[bytes], ids: Sequence[bytes], network: str) -> Answer:
    """Return what `Examined` is made of, as plain values: columns, other records, codes of refusals."""
    plain = _shape(network).read(lines)
    others: dict[int, tuple[Any, ...]] = {}
    refused: dict[int, str] = {}
    if len(plain.places) < len(lines):
        for place in sorted({*range(len(lines))}.difference(plain.places)):
            try:
                record = Record.parse_quickly(lines[place], ids[place], net=network, codec=CODEC)
                others[place] = tuple(stage(record))
            except RecordRefused as problem:
                refused[place] = problem.code
    return (list(plain.places), *plain[1:]), others, refused


def _named(answer: Answer) -> Examined:
    plain, others, refused = answer
    rows = {place: Staged._make(row) for place, row in others.items()}
    return Examined(PlainRatings._make(plain), rows, refused)


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
    while (given := receive(incoming)) is not None:
        lines, ids = given
        send(outgoing, examine(lines, ids, network))
