"""The keys of one directory, by name."""

from __future__ import annotations

import os
import stat
import time

from trustcli import durable, key_forms
from trustcli.errors import BadInput, Busy, KeyProblem, NotFound, UsageError
from trustcli.keys import disk, sealing
from trustcli.safe import safe
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.keys.sealing import Passphrase

SUFFIX = ".key"
UNFINISHED = ".key.new"  # what an interrupted change of passphrase leaves; the next one clears it
_LAST_MS = 253_402_300_800_000  # the year 10000 begins: RFC 3339 ends
_FIRST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_NAME = _FIRST | frozenset("._-")
_MAX_NAME = 64


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

    def dids(self) -> dict[str, str]:
        """Return the did:key of each key by name; `problems` says what is wrong with those left out.

        Raises:
            KeyProblem: the directory cannot be read.
        """
        found = {}
        for name in self.names():
            try:
                found[name] = self.did(name)
            except (KeyProblem, NotFound):  # one bad file keeps no good key from being used
                pass
        return found

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
        cost: tuple[int, int] = sealing.COST,
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
            _time_text(created_ms), key_forms.did_of_seed(seed), sealing.secret_line(seed, passphrase, cost)
        )
        with disk.Writing(path):
            durable.make_directories(self.dir)
            durable.write_new(path, [key_forms.file_text(file)])
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
        file = _parsed(path, disk.read(path, disk.check_private))
        phrase = sealing.asked(path, passphrase) if file.encrypted else b""
        try:
            if file.encrypted:
                return key_forms.checked_seed(file, sealing.unseal(path, file.secret, phrase))
            return key_forms.clear_seed(file)
        except BadInput as problem:
            raise _damaged(path, problem) from None

    def signer(self, name: str, passphrase: Passphrase | None) -> Callable[[bytes], bytes]:
        """Open the key once and return what signs with it; raises what `seed` raises."""
        from trustcli.records import crypto  # noqa: PLC0415  loads nacl

        return crypto.signer(self.seed(name, passphrase))

    def change_passphrase(
        self, name: str, old: Passphrase | None, new: bytes | None, cost: tuple[int, int] = sealing.COST
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
        secret = sealing.secret_line(seed, new, cost)
        with disk.Writing(path):
            lock = disk.locked(self.dir)
            try:
                file = _parsed(path, disk.read(path, disk.check_private))
                if file.did != key_forms.did_of_seed(seed):  # the deriving took a second
                    raise Busy(f"{path} was replaced meanwhile")
                text = key_forms.file_text(file._replace(secret=secret))
                durable.replace(path, os.path.join(self.dir, name + UNFINISHED), text)
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
        found = [(self.dir, wrong) for wrong in disk.wrong_status(status, "700")]
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
        wrong = disk.wrong_status(status, "600")
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
            return [str(problem).removeprefix(self.path(name)).lstrip(": ")]
        return []

    def _read(self, name: str) -> key_forms.KeyFile:
        path = self.path(name)
        return _parsed(path, disk.read(path, disk.check_regular))


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
