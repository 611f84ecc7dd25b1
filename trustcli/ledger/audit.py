"""One pass over a ledger that finds whether file, projections and head say what the records say.

Signatures are checked elsewhere, in bulk; here everything that was derived is derived again. A ledger
that others write to meanwhile is judged as it was when the audit began.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

import msgspec

from trustcli.errors import RecordRefused
from trustcli.ledger import connection, schema
from trustcli.ledger.deriving import rating_rows
from trustcli.ledger.projection import PROJECTIONS, id_columns, machine_of
from trustcli.ledger.store import Ledger
from trustcli.ledger.values import Signed
from trustcli.records.crypto import record_ids
from trustcli.records.envelope import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from typing import Any

    from trustcli.ledger.projection import Projection

    _Row = tuple[Any, ...]

_RATINGS = "subject, category, rater, created, seq, value, expires, author, machine"
_COLUMNS = {
    "record_ids": "id_hi, id_lo, seq",
    "ratings": _RATINGS,
    "ratings_by_rater": _RATINGS,
    "revocations": "author, id_hi, id_lo, seq, created",
    "keys": "author, seq, action, other, at, created",
    "announces": "author, seq",
}
_signed = partial(tuple.__new__, Signed)  # what `Signed._make` does, without a look at the length
_NOBODY = -1  # number of a name that is not there; no row has it


class Audit:
    """The pass: draw `pages` to their end, then `finish`."""

    def __init__(self, ledger: Ledger, db: sqlite3.Connection) -> None:
        self._ledger = ledger
        self._db = db
        self._head = ledger.head()
        self._until = ledger.last()
        self._count = self._total = self._received = 0
        self._sums = dict.fromkeys(_COLUMNS, 0)  # of hashes: rows in any order, each counted
        self._by_author: Counter[int] = Counter()
        self._decode = msgspec.json.Decoder().decode  # these bytes were strictly parsed when they came
        self.nodes = _Known(db, "SELECT id FROM nodes WHERE name = ?")
        self.words = _Known(db, "SELECT id FROM words WHERE text = ?")
        with connection.Guard(ledger.path):
            self._wrong = [row[0] for row in db.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
            self._wrong += [f"foreign object {name}" for name in schema.foreign_objects(db)]
            self._wrong += [f"missing: {name}" for name in schema.missing_objects(db)]
            self._wrong += _private(ledger)
            self._wrong += ledger.rounds.damages()

    def pages(self) -> Iterator[list[Signed]]:
        """Yield what was signed, page by page; ids, order and projections are looked at on the way."""
        names = self._ledger.names
        for page in self._ledger.pages(0, self._until):
            seqs, _, _, authors, _, _, received, _, sigs = zip(*page, strict=True)
            datas = self._ledger.rebuild_all(page)
            digests = record_ids(datas)
            self._count += len(page)
            self._total += sum(map(int.from_bytes, digests))
            self._by_author.update(authors)
            self._compare_arrivals(page, received)
            self._derive(self._sound(page, b"".join(digests)))
            yield [*map(_signed, zip(seqs, [names[author] for author in authors], datas, sigs, strict=True))]

    # A page at a time, and a second look only where it does not fit: this runs for every record there is.

    def _sound(self, page: list[_Row], digests: bytes) -> list[_Row]:
        """Return the rows whose bytes give the id they are kept under: only these can be read."""
        seqs, highs, lows, *_ = zip(*page, strict=True)
        right = id_columns(digests)
        self._sums["record_ids"] += sum(map(hash, zip(*right, seqs, strict=True)))
        if (highs, lows) == (*map(tuple, right),):
            return page
        sound = [row for row, *pair in zip(page, *right, strict=True) if [*row[1:3]] == pair]
        self._wrong += [f"record {row[0]} is not what its id says" for row in page if row not in sound]
        return sound

    def _compare_arrivals(self, page: list[_Row], received: tuple[int, ...]) -> None:
        arrivals = [self._received, *received]
        if arrivals != sorted(arrivals):
            self._wrong += [
                f"record {row[0]} arrived before the one in front of it"
                for row, before in zip(page, arrivals, strict=False)
                if row[6] < before
            ]
        self._received = arrivals[-1]

    def _derive(self, page: list[_Row]) -> None:
        """Make the rows of the projections again, and sum their hashes."""
        for kind in {row[4] for row in page}:
            text, rows = self._ledger.texts[kind], [row for row in page if row[4] == kind]
            if text == "rating":
                self._derive_ratings(rows)
            elif text in PROJECTIONS:
                self._derive_others(rows, PROJECTIONS[text])

    def _derive_ratings(self, rows: list[_Row]) -> None:
        seqs, _, _, authors, _, created, _, bodies, _ = zip(*rows, strict=True)
        try:
            made = rating_rows(self, seqs, authors, created, [*bodies])
        except msgspec.MsgspecError:
            self._wrong.append(f"a rating among the records {seqs[0]} to {seqs[-1]} cannot be read")
            return
        self._sums["ratings"] += sum(map(hash, made))

    def _derive_others(self, rows: list[_Row], projection: Projection) -> None:
        table, fields, make = projection
        self._sums[table] += sum([
            hash(make(self, seq, author, created, fields(self._decode(body))))
            for seq, _, _, author, _, created, _, body, _ in rows
        ])  # fmt: skip

    def finish(self) -> list[str]:
        """Return what is wrong; empty when all is well."""
        self._sums["ratings_by_rater"] = self._sums["ratings"]
        with connection.Guard(self._ledger.path):
            for table, columns in _COLUMNS.items():
                query = f"SELECT {columns} FROM {table} WHERE seq <= ?"  # noqa: S608  our own names
                if sum(map(hash, self._db.execute(query, (self._until,)))) != self._sums[table]:
                    self._wrong.append(f"the table {table} does not follow from the records")
            self._check_head()
        return self._wrong

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
