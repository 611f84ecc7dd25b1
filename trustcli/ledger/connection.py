"""Opening the file, transactions, and what goes wrong with disks."""

from __future__ import annotations

import os
import sqlite3
import time

from trustcli.errors import Busy, ConfigError, DiskError, NotFound, TrustError
from trustcli.ledger import schema
from trustcli.safe import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

LOCK_WAIT = 5.0  # seconds; a batch of another process takes well under one
_KNOCK = 0.002  # seconds between two tries for the write lock
_CREATING = 0.1  # seconds from the making of a new file to its first lock, and more
_CACHE_KIB = 20_480  # holds most of the ids of a million records
_SETTINGS = (
    "trusted_schema = OFF",
    "recursive_triggers = ON",  # else REPLACE deletes without asking the triggers
    "cell_size_check = ON",
    "mmap_size = 0",
    f"cache_size = -{_CACHE_KIB}",
    # NORMAL loses acknowledged rows at power loss; EXTRA also makes the deletion of the rollback
    # journal durable, which is the moment of commit in `delete` mode
    "synchronous = EXTRA",
)
_FIXED_WAL = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Say whether this SQLite has the fix of the WAL-reset bug, which can lose committed pages.

    Fixed in 3.51.3 and later, and in the branch releases 3.50.7 and 3.44.6. Cron beside a daemon is
    exactly its trigger: two processes, one of which ends a checkpoint while the other starts one.
    """
    return version >= _FIXED_WAL[0] or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in _FIXED_WAL[1:]
    )


def journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """Return the journal mode a ledger uses with this SQLite: `wal` or `delete`."""
    return "wal" if wal_is_safe(version) else "delete"


def connect(path: str, *, lock_wait: float = LOCK_WAIT) -> sqlite3.Connection:
    """Open an existing ledger file for reading and writing.

    Raises:
        NotFound: there is no file. DiskError: it is damaged or no ledger. ConfigError: it is newer
        than this program. Busy: locked for longer than `lock_wait` seconds.
    """
    if not os.path.exists(path):
        raise NotFound(f"no ledger at {path}", hint="trust keygen", code="no_ledger")
    db = _connect(path, lock_wait)
    try:
        version = _check(db, path) or _created(db, path, lock_wait)
        if version < schema.VERSION:
            _migrate(db, path, lock_wait)
    except BaseException:
        db.close()
        raise
    return db


def _created(db: sqlite3.Connection, path: str, lock_wait: float) -> int:
    """Return the version of a file that was empty, as soon as the process that is creating it is done.

    Raises:
        DiskError: nobody is. It was cut to nothing, or its creation was cut short.
    """
    time.sleep(_CREATING)
    with Write(db, path, lock_wait):
        version: int
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if not version:  # said in here: nothing is written, the file stays as it is
            raise DiskError(
                f"{path} is empty: what it held is gone",
                hint=f"restore a backup; if it never held anything: rm {word(path)}",
                code="empty_ledger",
            )
    return version


def _migrate(db: sqlite3.Connection, path: str, lock_wait: float) -> None:
    """Bring an older ledger up to date: tables are added, nothing that is there is touched."""
    with Write(db, path, lock_wait):
        if db.execute("PRAGMA user_version").fetchone()[0] < schema.VERSION:  # nobody was faster
            schema.create(db)


def _check(db: sqlite3.Connection, path: str) -> int:
    """Return the version; refuse a file that is newer than this program, or not all ours."""
    with Guard(path):
        version: int
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > schema.VERSION:
            raise ConfigError(
                f"the ledger has schema {version}, this program knows {schema.VERSION}",
                hint="upgrade trustcli; the ledger is untouched",
                code="ledger_too_new",
            )
        strangers = schema.foreign_objects(db)
        if strangers:
            raise DiskError(
                f"not a ledger of ours: {path} holds {strangers[0]!r}",
                hint="import takes NDJSON bundles; never open a foreign SQLite file",
                code="foreign_schema",
            )
        return version


def create(path: str, *, network: str, ledger_id: str, lock_wait: float = LOCK_WAIT) -> sqlite3.Connection:
    """Create the ledger file with mode 0600, or complete one whose creation was cut short.

    Raises:
        DiskError: the disk is full, fails or forbids it. Busy: another process is creating it.
    """
    with Guard(path):
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    db = _connect(path, lock_wait)
    try:
        with Guard(path):
            db.execute(f"PRAGMA page_size = {schema.PAGE_SIZE}")
            db.execute(f"PRAGMA journal_mode = {journal_mode()}")
        with Write(db, path, lock_wait):  # of several processes one creates, the others find it done
            if db.execute("PRAGMA user_version").fetchone() == (0,):
                schema.create(db, network=network, ledger_id=ledger_id)
    except BaseException:
        db.close()
        raise
    return db


def _connect(path: str, lock_wait: float) -> sqlite3.Connection:
    with Guard(path):
        db = sqlite3.connect(path, timeout=lock_wait, isolation_level=None, cached_statements=64)
        try:
            for setting in _SETTINGS:
                db.execute(f"PRAGMA {setting}")
        except BaseException:
            db.close()
            raise
        return db


class Guard:
    """Turns what sqlite3 and the operating system raise into our errors, naming the file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(problem, UnicodeDecodeError):  # sqlite3 could not even read SQLite's message
            raise DiskError(
                f"{self._path} is damaged", hint="restore a backup: trust ledger path"
            ) from problem
        if isinstance(problem, (sqlite3.Error, OSError)):
            raise _error(problem, self._path) from problem


def _error(problem: Exception, path: str) -> TrustError:
    if isinstance(problem, OSError):
        return DiskError(f"{path}: {problem.strerror or problem}")
    code = getattr(problem, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy(f"{path} is locked by another process")
    if primary == sqlite3.SQLITE_FULL:
        return DiskError(f"{path}: the disk is full", code="disk_full")
    # our statements are sound: where one does not fit the file (SQLITE_ERROR), a table is missing
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        return DiskError(f"{path} is damaged ({problem})", hint="trust ledger check; then restore a backup")
    return DiskError(f"{path}: {problem}")


class Write:
    """One immediate transaction: all of it, durably, or nothing of it.

    SQLite's own waiting backs off to 100 ms and can starve beside busy writers; here a writer that
    waits knocks every few milliseconds, for up to `lock_wait` seconds.
    """

    def __init__(self, db: sqlite3.Connection, path: str, lock_wait: float = LOCK_WAIT) -> None:
        self._db = db
        self._guard = Guard(path)
        self._wait = lock_wait

    def __enter__(self) -> sqlite3.Connection:
        with self._guard:
            self._db.execute("PRAGMA busy_timeout = 0")
            try:
                self._begin()
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {int(self._wait * 1000)}")
        return self._db

    def _begin(self) -> None:
        deadline = time.monotonic() + self._wait
        while True:
            try:
                self._db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise
                time.sleep(_KNOCK)
            else:
                return

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is None:
            with self._guard:
                try:
                    self._db.execute("COMMIT")
                except sqlite3.Error:
                    self._roll_back()
                    raise
            return
        self._roll_back()
        self._guard.__exit__(kind, problem, trace)

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.Error:
                pass  # the file is rolled back when it is next opened
