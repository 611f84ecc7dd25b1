"""The only door to key files: `<dir>/NAME.key`, 0600 from the first byte, in a 0700 directory.

    # created: 2026-11-20T12:00:00Z
    # id: did:key:z6Mk…
    trust-secret-1:z3u2…
or  trust-encrypted-1:argon2id:<passes>:<memory in bytes>:<salt>:<box>     (base64url, no padding)

The id can be read without opening the secret. The box is XSalsa20-Poly1305 (NaCl secretbox) over the
32-byte seed, under a key derived from the passphrase by Argon2id (RFC 9106). Nothing is overwritten
except by a change of passphrase, which replaces the file in one step. A file that others may read, or
that is a symbolic link, or somebody else's, is not opened.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time

from trustcli import key_forms
from trustcli.errors import BadInput, Busy, DiskError, KeyProblem, NotFound, UsageError, WouldOverwrite
from trustcli.safe import safe
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Passphrase = Callable[[], bytes]

SUFFIX = ".key"
UNFINISHED = ".key.new"  # what an interrupted change of passphrase leaves; the next one clears it
COST = (3, 256 * 2**20)  # passes and bytes of Argon2id: libsodium's MODERATE, under a second
MAX_PASSES = 10  # a file that asks for more would only keep the machine busy
MAX_MEMORY = 2**30  # bytes
_MIN_MEMORY = 8192  # bytes; libsodium's least
_SALT_BYTES = 16
_BOX_BYTES = 24 + 16 + key_forms.SEED_BYTES  # nonce, authenticator, seed
_LAST_MS = 253_402_300_800_000  # the year 10000 begins: RFC 3339 ends
_FIRST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_NAME = _FIRST | frozenset("._-")
_MAX_NAME = 64
_OTHERS = 0o077
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ELOOP)
_LINK = (errno.ELOOP, errno.EMLINK)  # what O_NOFOLLOW says: Linux and macOS, FreeBSD


class KeyRing(NamedTuple):
    """The key files in the directory `dir`.

    Every method that takes a name raises UsageError unless it is 1 to 64 of a-z, 0-9 and `._-`
    that begin with a letter or digit: nothing else ever becomes part of a path. Those that read a
    key raise NotFound when there is none, and KeyProblem when it cannot be used; code `damaged`
    when the bytes are not a key file.
    """

    dir: str

    def path(self, name: str) -> str:
        """Return where the key `name` is or would be."""
        return os.path.join(self.dir, _checked_name(name) + SUFFIX)

    def names(self) -> list[str]:
        """Return the names of all keys, sorted; none when there is no directory yet.

        Raises:
            KeyProblem: the directory cannot be read.
        """
        try:
            entries = os.listdir(self.dir)
        except FileNotFoundError:
            return []
        except OSError as problem:
            raise KeyProblem(f"{self.dir}: {problem.strerror}") from None
        found = (entry.removesuffix(SUFFIX) for entry in entries if entry.endswith(SUFFIX))
        return sorted(name for name in found if _is_name(name))

    def did(self, name: str) -> str:
        """Return the did:key of a key. The secret stays closed, so its damage does not show here."""
        return self._read(name).did

    def encrypted(self, name: str) -> bool:
        """Say whether a passphrase protects the key."""
        return self._read(name).encrypted

    def created(self, name: str) -> str:
        """Return when the key was made: `2026-11-20T12:00:00Z`."""
        return self._read(name).created

    def create(
        self,
        name: str,
        seed: bytes,
        created_ms: int,
        passphrase: bytes | None,
        cost: tuple[int, int] = COST,
    ) -> str:
        """Write a new key file and return its did:key. It is on the disk when this returns.

        Args:
            created_ms: Unix milliseconds, shown to people only.
            passphrase: encrypts the seed; None leaves it in clear.
            cost: passes and bytes of Argon2id.

        Raises:
            WouldOverwrite: the name is taken.
            DiskError: it could not be written; nothing of it is left.
            KeyProblem: the directory is not ours to write in, or the passphrase is empty.
            BadInput: the seed is not 32 bytes, or the time not within the years 1970 to 9999.
        """
        path = self.path(name)
        file = key_forms.KeyFile(
            _time_text(created_ms), key_forms.did_of_seed(seed), _secret(seed, passphrase, cost)
        )
        with _Writing(path):
            _make_directories(self.dir)
            _write_new(path, key_forms.file_text(file))
        return file.did

    def seed(self, name: str, passphrase: Passphrase | None) -> bytes:
        """Return the 32-byte secret seed.

        Args:
            passphrase: called only if the key is encrypted.

        Raises:
            KeyProblem: also when others may read the file, when it is not ours, when a passphrase
                is needed, and with code `wrong_passphrase`.
        """
        path = self.path(name)
        file = _parsed(path, _read(path, _check_private))
        phrase = _asked(path, passphrase) if file.encrypted else b""
        try:
            if file.encrypted:
                return key_forms.checked_seed(file, _unseal(path, file.secret, phrase))
            return key_forms.clear_seed(file)
        except BadInput as problem:
            raise _damaged(path, problem) from None

    def signer(self, name: str, passphrase: Passphrase | None) -> Callable[[bytes], bytes]:
        """Open the key once and return what signs with it; raises what `seed` raises."""
        from trustcli.records import crypto  # noqa: PLC0415  loads nacl

        seed = self.seed(name, passphrase)
        return lambda message: crypto.sign(seed, message)

    def change_passphrase(
        self, name: str, old: Passphrase | None, new: bytes | None, cost: tuple[int, int] = COST
    ) -> None:
        """Encrypt the key under another passphrase, or with None under none.

        The file is replaced in one step: after a crash it is the old or the new one. What a crash
        leaves besides, `NAME.key.new`, is removed by the next change, and shown by `problems`.

        Raises:
            Busy: another process changes a passphrase in this directory.
            DiskError: it could not be written; the file is the old or the new one, as after a crash.
        """
        path = self.path(name)
        seed = self.seed(name, old)
        secret = _secret(seed, new, cost)
        with _Writing(path):
            lock = _locked(self.dir)
            try:
                file = _parsed(path, _read(path, _check_private))
                if file.did != key_forms.did_of_seed(seed):  # the deriving took a second
                    raise Busy(f"{path} was replaced meanwhile")
                text = key_forms.file_text(file._replace(secret=secret))
                _replace(path, os.path.join(self.dir, name + UNFINISHED), text)
            finally:
                os.close(lock)

    def problems(self) -> list[tuple[str, str]]:
        """Return (path, what is wrong) of the directory and of every entry that is not as it should be."""
        try:
            status, entries = os.lstat(self.dir), sorted(os.listdir(self.dir))
        except FileNotFoundError:
            return []
        except OSError as problem:
            return [(self.dir, str(problem.strerror))]
        found = [(self.dir, wrong) for wrong in _wrong_status(status, "700")]
        for entry in entries:
            path = os.path.join(self.dir, entry)
            found += [(path, wrong) for wrong in self._wrong_entry(entry, path)]
        return found

    def _wrong_entry(self, entry: str, path: str) -> list[str]:
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return []  # gone since it was listed
        except OSError as problem:
            return [str(problem.strerror)]
        wrong = _wrong_status(status, "600")
        if entry.endswith(UNFINISHED):
            return [*wrong, "left by an interrupted change of passphrase; holds the secret: delete it"]
        if not entry.endswith(SUFFIX):
            return wrong
        name = entry.removesuffix(SUFFIX)
        if not _is_name(name):
            return [*wrong, "not the name of a key, never used"]
        return wrong if stat.S_ISLNK(status.st_mode) else wrong + self._wrong_content(name)

    def _wrong_content(self, name: str) -> list[str]:
        try:
            self._read(name)
        except (KeyProblem, NotFound) as problem:
            return [str(problem).removeprefix(f"{self.path(name)}: ")]
        return []

    def _read(self, name: str) -> key_forms.KeyFile:
        path = self.path(name)
        return _parsed(path, _read(path, _check_regular))


def generate_seed() -> bytes:
    """Return 32 random bytes from the operating system."""
    return os.urandom(key_forms.SEED_BYTES)


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= _MAX_NAME and name[0] in _FIRST and _NAME.issuperset(name)


def _checked_name(name: str) -> str:
    if _is_name(name):
        return name
    raise UsageError(
        f"{safe(name[:_MAX_NAME])!r} is not a name of a key",
        hint="1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit",
    )


def _time_text(created_ms: int) -> str:
    if not 0 <= created_ms < _LAST_MS:
        raise BadInput("a key is made between the years 1970 and 9999")
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created_ms // 1000))


def _parsed(path: str, data: bytes) -> key_forms.KeyFile:
    try:
        return key_forms.parse_file(data)
    except BadInput as problem:
        raise _damaged(path, problem) from None


def _damaged(path: str, problem: BadInput) -> KeyProblem:
    return KeyProblem(f"{path}: {problem}", hint="restore it from a backup", code="damaged")


# --- reading


def _read(path: str, check: Callable[[str, os.stat_result], None]) -> bytes:
    """Return the bytes of a file that is what `check` wants. No link is followed, no pipe waited for."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"no key at {path}", hint="trust keygen") from None
    except OSError as problem:
        raise _unreadable(path, problem) from None
    try:
        check(path, os.fstat(file))
        return os.read(file, key_forms.MAX_TEXT + 1)
    except OSError as problem:
        raise DiskError(f"{path}: {problem.strerror}") from None
    finally:
        os.close(file)


def _unreadable(path: str, problem: OSError) -> KeyProblem:
    if problem.errno in _LINK:
        return KeyProblem(f"{path} is a symbolic link", hint="put the key file itself there")
    return KeyProblem(f"{path}: {problem.strerror}", hint=f"ls -l {_quoted(path)}")


def _check_regular(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyProblem(f"{path} is not a regular file")


def _check_private(path: str, status: os.stat_result) -> None:
    _check_regular(path, status)
    if status.st_uid != os.geteuid():
        raise KeyProblem(f"{path} belongs to another user", hint=f"ls -l {_quoted(path)}")
    if status.st_mode & _OTHERS:
        raise KeyProblem(f"others may open {path}", hint=f"chmod 600 {_quoted(path)}")


def _wrong_status(status: os.stat_result, mode: str) -> list[str]:
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


# --- writing


class _Writing:
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


def _make_directories(path: str) -> None:
    """Make `path` and what is missing above it, each 0700, whatever the umask allows."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    if parent:
        _make_directories(parent)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):  # else another process was faster
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
    _sync_directory(parent)


def _write_new(path: str, data: bytes) -> None:
    """Write a file that did not exist, readable to nobody else at any moment; all of it or nothing."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            _write_all(file, data)
            os.fsync(file)
        finally:
            os.close(file)
        _sync_directory(os.path.dirname(path))
    except BaseException:
        _remove(path)
        raise


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _replace(path: str, unfinished: str, data: bytes) -> None:
    """Put a new file in the place of `path`. The caller holds the lock: `unfinished` is nobody's now."""
    _remove(unfinished)
    _write_new(unfinished, data)
    try:
        os.rename(unfinished, path)
    except OSError:
        _remove(unfinished)
        raise
    _sync_directory(os.path.dirname(path))


def _remove(path: str) -> None:
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


def _locked(path: str) -> int:
    """Return a descriptor of the directory that holds its lock until closed, by us or by the kernel."""
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


# --- the passphrase


def _secret(seed: bytes, passphrase: bytes | None, cost: tuple[int, int]) -> str:
    """Return the line of the secret, in clear if `passphrase` is None."""
    if passphrase is None:
        return key_forms.clear_secret(seed)
    if not passphrase:
        raise KeyProblem("the passphrase is empty", hint="--no-passphrase keeps the key in clear")
    from nacl.secret import SecretBox  # noqa: PLC0415  only where a key is made

    salt = os.urandom(_SALT_BYTES)
    box = SecretBox(_derive(passphrase, salt, _checked_cost(cost))).encrypt(seed)
    parts = ("argon2id", *map(str, cost), key_forms.base64url(salt), key_forms.base64url(box))
    return key_forms.SEALED + ":".join(parts)


def _unseal(path: str, secret: str, passphrase: bytes) -> bytes:
    """Return the seed in an encrypted line.

    Raises:
        BadInput: the line is damaged or asks for too much work.
        KeyProblem: `wrong_passphrase`.
    """
    from nacl.exceptions import CryptoError  # noqa: PLC0415  only where a key is opened
    from nacl.secret import SecretBox  # noqa: PLC0415

    cost, salt, box = _sealed_parts(secret)
    key = _derive(passphrase, salt, cost)
    try:
        return SecretBox(key).decrypt(box)
    except CryptoError:
        raise KeyProblem(f"wrong passphrase for {path}", hint="try again", code="wrong_passphrase") from None


def _sealed_parts(secret: str) -> tuple[tuple[int, int], bytes, bytes]:
    """Return (passes and memory, salt, box) of an encrypted line, with lengths and limits checked."""
    parts = secret.removeprefix(key_forms.SEALED).split(":")
    if len(parts) != 5 or parts[0] != "argon2id":
        raise BadInput("the encrypted line is not argon2id:PASSES:MEMORY:SALT:BOX")
    cost = _checked_cost((_number(parts[1]), _number(parts[2])))
    salt, box = key_forms.from_base64url(parts[3]), key_forms.from_base64url(parts[4])
    if (len(salt), len(box)) != (_SALT_BYTES, _BOX_BYTES):
        raise BadInput("the encrypted line is cut short or too long")
    return cost, salt, box


def _number(text: str) -> int:
    if text.isdigit() and text[0] != "0" and len(text) <= len(str(MAX_MEMORY)):
        return int(text)
    raise BadInput("the encrypted line has a number that is none")


def _checked_cost(cost: tuple[int, int]) -> tuple[int, int]:
    passes, memory = cost
    if 1 <= passes <= MAX_PASSES and _MIN_MEMORY <= memory <= MAX_MEMORY:
        return cost
    raise BadInput(
        f"Argon2id takes 1 to {MAX_PASSES} passes over 8 KiB to 1 GiB here, not {passes} over {memory}"
    )


def _derive(passphrase: bytes, salt: bytes, cost: tuple[int, int]) -> bytes:
    from nacl.exceptions import CryptoError  # noqa: PLC0415  only with a passphrase
    from nacl.pwhash import argon2id  # noqa: PLC0415

    passes, memory = cost
    try:
        return argon2id.kdf(32, passphrase, salt, opslimit=passes, memlimit=memory)
    except CryptoError:  # the lengths are right: what is left is memory
        raise KeyProblem(
            f"Argon2id did not get its {memory >> 20} MiB of memory", hint="free memory, then try again"
        ) from None


def _asked(path: str, passphrase: Passphrase | None) -> bytes:
    if passphrase is None:
        raise KeyProblem(
            f"{path} is protected by a passphrase",
            hint="--passphrase-file F, --passphrase-fd N or --passphrase-command C",
        )
    return passphrase()
