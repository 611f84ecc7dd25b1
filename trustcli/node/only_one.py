"""One at a time: a lock between processes that the kernel frees when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time

from trustcli import durable
from trustcli.errors import Busy, DiskError

_KNOCK = 0.05  # seconds between two tries


class OnlyOne:
    """Holds a lock file while entered.

    Args:
        path: the file, made when it is not there; it stays, and is never read.
        what: what its holder does, for the message.
        wait: seconds to wait for another holder.

    Raises (when entered):
        Busy: another process holds it. DiskError: the file cannot be made.
    """

    def __init__(self, path: str, what: str, wait: float = 0.0) -> None:
        self._path = path
        self._what = what
        self._wait = wait
        self._file = -1

    def __enter__(self) -> None:
        try:
            durable.make_directories(os.path.dirname(self._path))
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as problem:
            raise DiskError(f"{self._path}: {problem.strerror}") from problem
        try:
            self._lock()
        except BaseException:
            os.close(self._file)
            raise

    def _lock(self) -> None:
        deadline = time.monotonic() + self._wait
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy(f"another {self._what} is under way") from None
            except OSError as problem:
                raise DiskError(f"{self._path}: {problem.strerror}") from problem
            time.sleep(_KNOCK)

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
