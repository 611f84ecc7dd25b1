"""Backup, checks and compaction: what an operator does with the file."""

from __future__ import annotations

import os
import sqlite3

from trustcli.errors import DiskError, RecordRefused, WouldOverwrite
from trustcli.ledger import connection, schema
from trustcli.ledger.projection import OFFSET, PROJECTIONS, Names, Projector, id_pair, machine_of
from trustcli.ledger.store import Head, Ledger
from trustcli.records.envelope import Record

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
            with copy:
                db.backup(copy, pages=_CHUNK)
            copy.execute("PRAGMA journal_mode = DELETE")
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


def integrity(ledger: Ledger, db: sqlite3.Connection) -> list[str]:
    """Check the file's structure, recompute every projection and the head; signatures are `verify`'s."""
    with connection.Guard(ledger.path):
        wrong = [row[0] for row in db.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
        wrong += [f"foreign object {name}" for name in schema.foreign_objects(db)]
        wrong += [f"missing: {name}" for name in schema.missing_objects(db)]
        wrong += _private(ledger)
        if not wrong:
            wrong += _projections(ledger, db)
    return wrong


def _private(ledger: Ledger) -> list[str]:
    """Compare signed private ratings with what was signed."""
    wrong = []
    for rating in ledger.private.ratings(with_ended=True):
        if rating.line is None:
            continue
        try:
            record = Record.parse(bytes(rating.line), net=ledger.network)
        except RecordRefused as problem:
            wrong.append(f"private rating {rating.id}: {problem}")
            continue
        body = record.body
        signed = (record.author, body.get("subject"), body.get("category"), body.get("value"), record.created)
        stored = (rating.author, rating.subject, rating.category, rating.value, rating.created)
        details = (body.get("expires"), machine_of(body), body) == (
            rating.expires,
            rating.machine,
            rating.body,
        )
        if signed != stored or not details:
            wrong.append(f"private rating {rating.id} is not what was signed")
    return wrong


def _projections(ledger: Ledger, db: sqlite3.Connection) -> list[str]:
    """Compare sums over the rows that are there with sums over the rows that records call for."""
    expected = dict.fromkeys((table for table, _ in PROJECTIONS.values()), 0)
    count = total = last = 0
    received = 0
    wrong: list[str] = []
    projector = Projector(db, Names(db, "nodes", "name"), Names(db, "words", "text"))
    db.execute("BEGIN")  # one snapshot; rolled back, for looking a name up must not make one
    try:
        for entry in ledger.entries():
            count, total, last = count + 1, total + int(entry.id, 16), entry.seq
            if entry.received < received:
                wrong.append(f"record {entry.seq} arrived before the one in front of it")
            received = entry.received
            pair = id_pair(bytes.fromhex(entry.id))
            if ledger_pair(db, entry.seq) != pair:
                wrong.append(f"record {entry.seq} is not what its id says")
            elif entry.kind in PROJECTIONS:
                table, make = PROJECTIONS[entry.kind]
                row = make(projector, entry.seq, projector.nodes[entry.author], entry.created, entry.body)
                expected[table] += _mark(row)
        for table, sum_ in expected.items():
            rows = db.execute(f"SELECT {_COLUMNS[table]} FROM {table}")  # noqa: S608  our own names
            if sum(map(_mark, rows)) != sum_:
                wrong.append(f"the table {table} does not follow from the records")
    finally:
        db.execute("ROLLBACK")
    return wrong + _head(ledger.head(), db, Head(count, 0, received, f"{total % 2**256:064x}"), last)


def _head(head: Head, db: sqlite3.Connection, counted: Head, last: int) -> list[str]:
    """Compare the head, and the counts by author, with what was counted."""
    ratings = db.execute("SELECT count(*) FROM ratings").fetchone()[0]
    wrong = []
    if head != counted._replace(ratings=ratings):
        wrong.append("the head does not fit the records")
    if db.execute(_MISCOUNTED).fetchone():
        wrong.append("the records of an author are miscounted")
    if last != counted.records:
        wrong.append("records are missing from the middle or the end")
    return wrong


def ledger_pair(db: sqlite3.Connection, seq: int) -> tuple[int, int]:
    """Return the id columns of a record."""
    row: tuple[int, int] = db.execute("SELECT id_hi, id_lo FROM records WHERE seq = ?", (seq,)).fetchone()
    return row


def _mark(row: tuple[object, ...]) -> int:
    return hash(row) % OFFSET


_MISCOUNTED = (
    "SELECT 1 FROM nodes n LEFT JOIN (SELECT author, count(*) AS signed FROM records GROUP BY author) r"
    " ON r.author = n.id WHERE n.records <> coalesce(r.signed, 0) LIMIT 1"
)
_COLUMNS = {
    "ratings": "subject, category, rater, created, seq, value, expires, author, machine",
    "revocations": "author, id_hi, id_lo, seq, created",
    "keys": "author, seq, action, other, at, created",
}
