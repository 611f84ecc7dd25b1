"""Whole files: written all of it or not at all, on the disk when the call returns, in sight of nobody else.

Everything here raises OSError as the operating system does; the caller knows whose file it is and what to
say about it.
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PRIVATE = 0o600
_BLOCK = 1 << 20  # bytes gathered before they are written


def make_directories(path: str) -> None:
    """Make `path` and what is missing above it, each 0700, whatever the umask allows."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    if parent:
        make_directories(parent)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):  # else another process was faster
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
    _sync_directory(parent)


def write_new(path: str, pieces: Iterable[bytes], mode: int = PRIVATE) -> int:
    """Write a file that did not exist; return its size. `mode` holds from its first byte.

    Raises:
        FileExistsError: something is there. OSError: nothing is left of the attempt.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        try:
            gathered = bytearray()
            for piece in pieces:
                gathered += piece
                if len(gathered) >= _BLOCK:
                    write_all(file, gathered)
                    gathered.clear()
            write_all(file, gathered)
            os.fsync(file)
            size = os.fstat(file).st_size
        finally:
            os.close(file)
        _sync_directory(os.path.dirname(path))
    except BaseException:
        remove(path)
        raise
    return size


def replace(path: str, unfinished: str, data: bytes) -> None:
    """Put a new file in the place of `path`: a crash leaves the old or the new one.

    Args:
        unfinished: a name beside `path` that is nobody else's; a left-over there is removed.
    """
    remove(unfinished)
    write_new(unfinished, [data])
    try:
        os.rename(unfinished, path)
    except OSError:
        remove(unfinished)
        raise
    _sync_directory(os.path.dirname(path))


def write_all(file: int, data: bytes | bytearray) -> None:
    """Write all of `data`, however little the system takes at a time."""
    rest = bytes(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def remove(path: str) -> None:
    """Remove a file if it is there."""
    try:
        os.unlink(path)
    except OSError:  # nothing there, or the next step says why it cannot be
        pass


def _sync_directory(path: str) -> None:
    directory = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
