"""Key files on the disk: modes checked, read, written whole or not at all, replaced under a lock."""

from __future__ import annotations

import errno
import fcntl
import os
import stat

from trustcli.errors import Busy, DiskError, KeyProblem, NotFound, WouldOverwrite
from trustcli.key_forms import MAX_TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_OTHERS = 0o077
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ELOOP)
_LINK = (errno.ELOOP, errno.EMLINK)  # what O_NOFOLLOW says: Linux and macOS, FreeBSD


def read(path: str, check: Callable[[str, os.stat_result], None]) -> bytes:
    """Return the bytes of a file that is what `check` wants. No link is followed, no pipe waited for.

    At most one byte more than a key file may have, so that a longer one shows.

    Raises:
        NotFound, KeyProblem: there is none, or it cannot be opened. DiskError. What `check` raises.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"no key at {path}", hint="trust keygen") from None
    except OSError as problem:
        raise _unreadable(path, problem) from None
    try:
        check(path, os.fstat(file))
        return os.read(file, MAX_TEXT + 1)
    except OSError as problem:
        raise DiskError(f"{path}: {problem.strerror}") from None
    finally:
        os.close(file)


def _unreadable(path: str, problem: OSError) -> KeyProblem:
    if problem.errno in _LINK:
        return KeyProblem(f"{path} is a symbolic link", hint="put the key file itself there")
    return KeyProblem(f"{path}: {problem.strerror}", hint=f"ls -l {_quoted(path)}")


def check_regular(path: str, status: os.stat_result) -> None:
    """Raise KeyProblem unless it is a regular file: enough to read whose key it is."""
    if not stat.S_ISREG(status.st_mode):
        raise KeyProblem(f"{path} is not a regular file")


def check_private(path: str, status: os.stat_result) -> None:
    """Raise KeyProblem unless it is a regular file, ours, and open to nobody else."""
    check_regular(path, status)
    if status.st_uid != os.geteuid():
        raise KeyProblem(f"{path} belongs to another user", hint=f"ls -l {_quoted(path)}")
    if status.st_mode & _OTHERS:
        raise KeyProblem(f"others may open {path}", hint=f"chmod 600 {_quoted(path)}")


def wrong_status(status: os.stat_result, mode: str) -> list[str]:
    """Say what is wrong with what lstat sees; `mode` is the one it should have."""
    if stat.S_ISLNK(status.st_mode):
        return ["a symbolic link"]
    wrong = []
    if status.st_uid != os.geteuid():
        wrong.append("belongs to another user")
    if status.st_mode & _OTHERS:
        wrong.append(f"others may open it: mode {stat.S_IMODE(status.st_mode):03o}, not {mode}")
    return wrong


def _quoted(path: str) -> str:
    import shlex  # noqa: PLC0415  only to word a hint

    return shlex.quote(path)


class Writing:
    """Turns what the operating system refuses within the block into our errors."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        if not isinstance(problem, OSError):
            return
        if isinstance(problem, FileExistsError):
            raise WouldOverwrite(f"{problem.filename} is there already") from None
        message = f"cannot write {self.path}: {problem.strerror}"
        if problem.errno in _NOT_OURS:
            raise KeyProblem(message, hint=f"ls -ld {_quoted(os.path.dirname(self.path))}") from None
        raise DiskError(message) from None


def locked(path: str) -> int:
    """Return a descriptor of the directory that holds its lock until closed, by us or by the kernel.

    Raises:
        Busy: another process holds it.
    """
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(directory)
        raise Busy(f"another process changes a passphrase in {path}", hint="run it again") from None
    except BaseException:
        os.close(directory)
        raise
    return directory
