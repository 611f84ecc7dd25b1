"""Which daemon holds this home: a lock that the kernel frees when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import time

from trustcli import durable
from trustcli.errors import Busy, DiskError
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from trustcli.config import Places

_TRIES, _PAUSE = 20, 0.01  # to take the lock; seconds in between
_MAX = 4_096  # bytes of the note


class Running(NamedTuple):
    """The daemon of a home: its process, where it listens (None: nowhere), since when (Unix ms)."""

    pid: int
    listen: str | None
    since: int


class Hold:
    """Holds a home for one daemon, and says in the lock file which that is."""

    def __init__(self, places: Places) -> None:
        self._path = _path(places)
        self._file = -1

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            Busy: another daemon has it. DiskError.
        """
        try:
            durable.make_directories(os.path.dirname(self._path))
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as problem:
            raise DiskError(f"{self._path}: {problem.strerror}") from problem
        for left in range(_TRIES, -1, -1):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if left:
                    time.sleep(_PAUSE)  # somebody may only look who holds it
                    continue
                os.close(self._file)
                raise Busy(
                    "another `trust serve` runs in this home", hint="trust status", code="already_running"
                ) from None
        return self

    def note(self, running: Running) -> None:
        """Write down who we are, for `trust status`."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(running._asdict()).encode(), 0)

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is None:  # else the note stays, and tells that nobody ended it
            os.ftruncate(self._file, 0)
        os.close(self._file)


def running(places: Places) -> Running | None:
    """Return the daemon that holds a home now, None where nobody does."""
    held, note = _look(places)
    return note if held else None


def restarts(places: Places) -> tuple[str, ...]:
    """Return what to say to who changed what a daemon reads when it starts; nothing where none runs."""
    return ("the running `trust serve` heeds this from its next start on",) if running(places) else ()


def ended_early(places: Places) -> Running | None:
    """Return the daemon that held a home last, if it was killed or failed: else there is no note."""
    held, note = _look(places)
    return note if not held and note and note.pid else None


def _look(places: Places) -> tuple[bool, Running | None]:
    """Say whether a daemon holds the home, and what the note in its lock file says."""
    try:
        file = os.open(_path(places), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False, None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        held = False
    except BlockingIOError:
        held = True
    try:
        return held, _read(os.pread(file, _MAX, 0))
    finally:
        os.close(file)


def _read(text: bytes) -> Running | None:
    try:
        return Running(**json.loads(text))
    except (ValueError, TypeError):
        return Running(0, None, 0)  # it has the lock and has not written yet


def _path(places: Places) -> str:
    return os.path.join(places.state, "serve.lock")
