"""Backup and compaction: what an operator does with the file."""

from __future__ import annotations

import os
import sqlite3

from trustcli.errors import DiskError, WouldOverwrite
from trustcli.ledger import connection
from trustcli.ledger.store import Ledger
from trustcli.ledger.values import Head

_CHUNK = 1_000  # pages copied between two looks at the lock: 16 MiB


def backup(db: sqlite3.Connection, path: str) -> Head:
    """Copy the ledger to `path` (mode 0600), complete as of one moment; return the copy's head."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise WouldOverwrite(f"{path} exists already") from None
    except OSError as problem:
        raise DiskError(f"{path}: {problem.strerror}") from problem
    try:
        with connection.Guard(path):
            copy = sqlite3.connect(path, isolation_level=None)
            try:
                db.backup(copy, pages=_CHUNK)
                copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()
    except BaseException:
        os.unlink(path)
        raise
    found = Ledger.open(path)
    head = found.head()
    found.close()
    return head


def compact(ledger: Ledger, db: sqlite3.Connection) -> tuple[int, int]:
    """Delete ended private ratings, rewrite the file; return its size before and after, in bytes."""
    before = os.stat(ledger.path).st_size
    ledger.private.purge()
    with connection.Guard(ledger.path):
        db.execute("VACUUM")
    return before, os.stat(ledger.path).st_size
