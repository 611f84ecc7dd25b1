"""One pass over a ledger that finds whether file, projections and head say what the records say.

Signatures are checked elsewhere, in bulk; here everything that was derived is derived again. A ledger
that others write to meanwhile is judged as it was when the audit began.
"""

from __future__ import annotations

import msgspec

from trustcli.errors import RecordRefused
from trustcli.ledger import connection, schema
from trustcli.ledger.projection import OFFSET, PROJECTIONS, id_pair, machine_of
from trustcli.ledger.store import Ledger, Signed
from trustcli.records.crypto import record_id
from trustcli.records.envelope import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_COLUMNS = {
    "ratings": "subject, category, rater, created, seq, value, expires, author, machine",
    "revocations": "author, id_hi, id_lo, seq, created",
    "keys": "author, seq, action, other, at, created",
}
_NOBODY = -1  # number of a name that is not there; no row has it


class Audit:
    """The pass: draw `rows` to their end, then `finish`."""

    def __init__(self, ledger: Ledger, db: sqlite3.Connection) -> None:
        self._ledger = ledger
        self._db = db
        self._head = ledger.head()
        self._until = ledger.last()
        self._count = self._total = self._received = 0
        self._sums = dict.fromkeys(_COLUMNS, 0)
        self._by_author: dict[int, int] = {}
        self._decode = msgspec.json.Decoder().decode  # these bytes were strictly parsed when they came
        self.nodes = _Known(db, "SELECT id FROM nodes WHERE name = ?")
        self.words = _Known(db, "SELECT id FROM words WHERE text = ?")
        with connection.Guard(ledger.path):
            self._wrong = [row[0] for row in db.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            self._wrong += [f"foreign object {name}" for name in schema.foreign_objects(db)]
            self._wrong += [f"missing: {name}" for name in schema.missing_objects(db)]
            self._wrong += _private(ledger)

    def rows(self) -> Iterator[Signed]:
        """Yield what was signed; its id, order and projection are looked at on the way."""
        ledger = self._ledger
        for seq, high, low, author, name, kind, created, received, body, sig in ledger.rows(0, self._until):
            data = ledger.rebuild(str(name), kind, created, body)
            digest = record_id(data)
            self._count += 1
            self._total += int.from_bytes(digest, "big")
            self._by_author[author] = self._by_author.get(author, 0) + 1
            if id_pair(digest) != (high, low):
                self._wrong.append(f"record {seq} is not what its id says")
            elif kind in PROJECTIONS:
                self._project(kind, seq, author, created, body)
            if received < self._received:
                self._wrong.append(f"record {seq} arrived before the one in front of it")
            self._received = received
            yield Signed(seq, (high, low), str(name), data, sig)

    def finish(self) -> list[str]:
        """Return what is wrong; empty when all is well."""
        with connection.Guard(self._ledger.path):
            for table, columns in _COLUMNS.items():
                query = f"SELECT {columns} FROM {table} WHERE seq <= ?"  # noqa: S608  our own names
                if sum(map(_mark, self._db.execute(query, (self._until,)))) != self._sums[table]:
                    self._wrong.append(f"the table {table} does not follow from the records")
            self._check_head()
        return self._wrong

    def _project(self, kind: str, seq: int, author: int, created: int, body: bytes) -> None:
        table, make = PROJECTIONS[kind]
        self._sums[table] += _mark(make(self, seq, author, created, self._decode(body)))

    def _check_head(self) -> None:
        (ratings,) = self._db.execute(
            "SELECT count(*) FROM ratings WHERE seq <= ?", (self._until,)
        ).fetchone()
        counted = (self._count, ratings, self._received, f"{self._total % 2**256:064x}")
        if self._head != counted:
            self._wrong.append("the head does not fit the records")
        if self._count != self._until:
            self._wrong.append("records are missing from the middle or the end")
        if self._ledger.last() == self._until:  # else the counts have gone on
            stored = dict(self._db.execute("SELECT id, records FROM nodes WHERE records <> 0"))
            if stored != self._by_author:
                self._wrong.append("the records of an author are miscounted")


class _Known(dict[str, int]):
    """Numbers of names as they are in the file; looking one up makes nothing."""

    def __init__(self, db: sqlite3.Connection, query: str) -> None:
        super().__init__()
        self._db = db
        self._query = query

    def __missing__(self, text: str) -> int:
        row = self._db.execute(self._query, (text,)).fetchone()
        self[text] = row[0] if row else _NOBODY
        return self[text]


def _mark(row: tuple[object, ...]) -> int:
    return hash(row) % OFFSET


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
