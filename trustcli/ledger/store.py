"""`Ledger`: append records, find them, say what is there."""

from __future__ import annotations

import json
import os

from trustcli.errors import DiskError, NotFound, RecordRefused
from trustcli.ledger import connection
from trustcli.ledger.batch import Batch
from trustcli.ledger.layout import Layout
from trustcli.ledger.network import NetworkNotes
from trustcli.ledger.private import Private
from trustcli.ledger.projection import OFFSET, Names, Staged, Texts, id_columns, stage
from trustcli.ledger.reader import Reader
from trustcli.ledger.rounds import Rounds
from trustcli.ledger.values import Entry, Head, Signed
from trustcli.ledger.writing import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from typing import Any, Self

    from trustcli.ledger.audit import Audit
    from trustcli.records.envelope import Record

_LOOKUP = 500  # ids in one query; more only makes the statement longer
_PAGE = 5_000  # rows read between two chances for a writer
_ROWS = (
    "SELECT seq, id_hi, id_lo, author, kind, created, received, body, sig"
    " FROM records WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
)
_ENTRIES = (
    "SELECT r.seq, w.text, n.name, r.created, r.received, r.body, r.sig FROM records r"
    " JOIN words w ON w.id = r.kind JOIN nodes n ON n.id = r.author"
)
_PREFIXED = "r.seq IN (SELECT seq FROM record_ids WHERE id_hi BETWEEN ? AND ? LIMIT 3) ORDER BY r.id_hi"
_HEX = "0123456789abcdef"
PREFIX_DIGITS = 8  # shortest id prefix accepted; fewer can be ground in seconds


class Ledger:
    """The records of one network in one file.

    Nothing here checks a signature: a `Record` was verified when it was made.
    """

    def __init__(self, db: sqlite3.Connection, path: str, lock_wait: float = connection.LOCK_WAIT) -> None:
        self._db = db
        self._wait = lock_wait
        self.path = path
        with connection.Guard(path):
            meta = dict(db.execute("SELECT name, value FROM meta"))
        self.network: str = meta.get("network", "")
        self.ledger_id: str = meta.get("ledger", "")
        if not self.network or not self.ledger_id:
            raise DiskError(f"{path} is damaged (meta)", hint="trust ledger check; then restore a backup")
        self.private = Private(db, path, lock_wait)
        self.network_notes = NetworkNotes(db, path, lock_wait)
        self.rounds = Rounds(db, path, lock_wait)
        self.names = Texts(db, "SELECT CAST(name AS BLOB) FROM nodes WHERE id = ?")
        self.texts = Texts(db, "SELECT CAST(text AS BLOB) FROM words WHERE id = ?")
        self._nodes = Names(db, "nodes", "name")
        self._words = Names(db, "words", "text")
        self._downwards = False
        layout = Layout(self.network, self.names, self.texts)
        self.rebuild, self.rebuild_all = layout.rebuild, layout.rebuild_all

    @classmethod
    def open(cls, path: str, *, lock_wait: float = connection.LOCK_WAIT) -> Self:
        """Open the ledger at `path`.

        Raises:
            NotFound, DiskError, ConfigError, Busy: as `connection.connect`.
        """
        db = connection.connect(path, lock_wait=lock_wait)
        try:
            return cls(db, path, lock_wait)
        except BaseException:
            db.close()
            raise

    @classmethod
    def create(cls, path: str, *, network: str = "main", lock_wait: float = connection.LOCK_WAIT) -> Self:
        """Open the ledger at `path`, making it first where there is none.

        Raises:
            DiskError, ConfigError, Busy.
        """
        connection.create(path, network=network, ledger_id=os.urandom(16).hex(), lock_wait=lock_wait).close()
        return cls.open(path, lock_wait=lock_wait)

    def close(self) -> None:
        """Close the file. Nothing is pending: every append was durable when it returned."""
        self._db.close()

    def head(self) -> Head:
        """Return the counts and the fingerprint, in constant time."""
        with connection.Guard(self.path):
            row = self._db.execute("SELECT records, ratings, received, fingerprint FROM head").fetchone()
        if row is None or not isinstance(row[3], bytes):
            raise DiskError(f"{self.path} is damaged (head)", hint="restore a backup: trust ledger path")
        return Head(row[0], row[1], row[2], row[3].hex())

    def append(self, records: Sequence[Record], received: int) -> list[bool]:
        """Store the records that are not there yet, all in one durable transaction.

        Args:
            received: Unix ms of this machine's clock. It never runs backwards in the ledger: the
                last one stands in for an earlier, so that `seq` order is the order of arrival.

        Returns:
            For each record, in order, whether it was new.

        Raises:
            DiskError, Busy: nothing of the batch was stored.
        """
        return self.append_staged([stage(record) for record in records], received)

    def append_staged(self, staged: Sequence[Staged], received: int) -> list[bool]:
        """Store staged records as `append` does."""
        return self.append_batch(Batch.of(staged), received)

    def append_batch(self, batch: Batch, received: int, *, new_at: Head | None = None) -> list[bool]:
        """Store a batch as `append` does.

        Args:
            new_at: the head at which none of the batch was `known` and no two were equal; while it is
                still the head they are not looked up again.
        """
        new = batch
        try:
            with connection.Write(self._db, self.path, self._wait) as db:
                if new_at is None or new_at != self.head():
                    new = batch.without(self.known(batch.digests()))
                self._insert(db, new, received)
        except BaseException:
            self._nodes.forget()
            self._words.forget()
            raise
        self._nodes.keep()
        self._words.keep()
        if new.count == batch.count:
            return [True] * new.count
        left = dict.fromkeys(new.digests(), True)
        return [left.pop(digest, False) for digest in batch.digests()]

    def known(self, digests: Iterable[bytes]) -> set[bytes]:
        """Return those of the 32-byte ids that are stored.

        128 bits of an id are compared; two records that agree in them cost their maker 2⁶⁴ hashes.
        """
        ids = list(digests)
        highs, lows = id_columns(b"".join(ids))
        ordered = sorted(highs, reverse=self._downwards)
        self._downwards = not self._downwards  # what was read last is still in the cache: begin with it
        found: list[tuple[int, int]] = []
        with connection.Guard(self.path):
            for start in range(0, len(ordered), _LOOKUP):
                part = ordered[start : start + _LOOKUP]
                marks = ",".join("?" * len(part))
                query = f"SELECT id_hi, id_lo FROM record_ids WHERE id_hi IN ({marks})"  # noqa: S608
                found += self._db.execute(query, part)
        if not found:
            return set()
        wanted = dict(zip(zip(highs, lows, strict=True), ids, strict=True))
        return {id_ for id_ in map(wanted.get, found) if id_}

    def schema_version(self) -> int:
        """Return the version of the file's schema."""
        with connection.Guard(self.path):
            version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        return version

    def count_by(self, authors: Iterable[str]) -> int:
        """Return how many records the authors have signed."""
        with connection.Guard(self.path):
            found = (
                self._db.execute("SELECT records FROM nodes WHERE name = ?", (name,)).fetchone()
                for name in authors
            )
            return sum(row[0] for row in found if row)

    def known_names(self, names: Collection[str]) -> set[str]:
        """Return those of some did:keys and URIs that occur in stored records."""
        query = "SELECT name FROM nodes WHERE name IN (SELECT value FROM json_each(?))"
        with connection.Guard(self.path):
            return {name for (name,) in self._db.execute(query, (json.dumps(sorted(names)),))}

    def last(self) -> int:
        """Return the `seq` of the newest record, 0 where there is none."""
        with connection.Guard(self.path):
            return self._last(self._db)[1]

    def has(self, digest: bytes) -> bool:
        """Say whether the record with this 32-byte id is stored."""
        return bool(self.known((digest,)))

    def find(self, prefix: str) -> Entry:
        """Return the one record whose hex id starts with `prefix` (8 to 64 digits).

        Raises:
            NotFound: there is none, or the prefix is too short. RecordRefused: `ambiguous`.
        """
        digits = prefix.removeprefix("sha256:").lower()
        try:
            low = int(digits[:16].ljust(16, "0"), 16) - OFFSET
            high = int(digits[:16].ljust(16, "f"), 16) - OFFSET
        except ValueError:
            raise NotFound(f"{prefix!r} is no record id", hint="trust log") from None
        if not PREFIX_DIGITS <= len(digits) <= 64:
            raise NotFound(f"a record id has {PREFIX_DIGITS} to 64 hex digits", hint="trust log")
        entries = [entry for entry in self._entries(_PREFIXED, (low, high)) if entry.id.startswith(digits)]
        if not entries:
            raise NotFound(f"no record {prefix}", hint="trust log")
        if len(entries) > 1:
            raise RecordRefused("ambiguous", prefix)
        return entries[0]

    def entries(self, after: int = 0, limit: int = -1) -> Iterator[Entry]:
        """Yield stored records in order of arrival, from the first with a `seq` above `after`."""
        return self._entries("r.seq > ? ORDER BY r.seq LIMIT ?", (after, limit))

    def latest(self, limit: int = -1, before: int = 2**62) -> Iterator[Entry]:
        """Yield stored records from the newest arrival backwards."""
        return self._entries("r.seq < ? ORDER BY r.seq DESC LIMIT ?", (before, limit))

    def by_author(self, author: str, limit: int = -1) -> Iterator[Entry]:
        """Yield the stored records of an author, the newest arrival first."""
        return self._entries(
            "r.author = (SELECT id FROM nodes WHERE name = ?) ORDER BY r.seq DESC LIMIT ?", (author, limit)
        )

    def announcements(self, author: str | None = None) -> Iterator[Entry]:
        """Yield the stored `announce` records, of everybody or of one author, in order of arrival."""
        condition = "" if author is None else " WHERE author = (SELECT id FROM nodes WHERE name = ?)"
        return self._entries(
            f"r.seq IN (SELECT seq FROM announces{condition}) ORDER BY r.seq",  # noqa: S608
            () if author is None else (author,),
        )

    def signed(self, after: int = 0, until: int = 2**62) -> Iterator[Signed]:
        """Yield what was signed, in order of arrival, from `seq` above `after` up to `until`."""
        for page in self.pages(after, until):
            for row, data in zip(page, self.rebuild_all(page), strict=True):
                yield Signed(row[0], self.names[row[3]], data, row[8])

    def pages(self, after: int = 0, until: int = 2**62, most: int = _PAGE) -> Iterator[list[tuple[Any, ...]]]:
        """Yield lists of (seq, id high, id low, author, kind, created, received, body, sig), by numbers.

        `names` and `texts` say what author and kind mean. At most `most` rows at a time, and never more than
        some thousand, so that writers get their turn in between.
        """
        while True:
            with connection.Guard(self.path):
                page = self._db.execute(_ROWS, (after, until, min(most, _PAGE))).fetchall()
            if not page:
                return
            yield page
            after = page[-1][0]

    def entries_of(self, seqs: Iterable[int]) -> dict[int, Entry]:
        """Return the stored records with these `seq`s."""
        return {entry.seq: entry for entry in self.each_of(seqs)}

    def each_of(self, seqs: Iterable[int]) -> Iterator[Entry]:
        """Yield the stored records with these `seq`s one by one: together they may be large."""
        wanted = json.dumps(sorted(set(seqs)))
        return self._entries("r.seq IN (SELECT value FROM json_each(?)) ORDER BY r.seq", (wanted,))

    def kept_as(self, ids: Iterable[str]) -> dict[str, Signed]:
        """Return what is kept under these hex ids, whatever its bytes say by now."""
        wanted = [id_ for id_ in ids if len(id_) == 64 and not id_.strip(_HEX)]
        pairs = zip(*id_columns(b"".join(map(bytes.fromhex, wanted))), strict=True)
        query = "SELECT seq FROM record_ids WHERE id_hi = ? AND id_lo = ?"
        with connection.Guard(self.path):
            places = [self._db.execute(query, pair).fetchone() for pair in pairs]
        found = [(id_, *place) for id_, place in zip(wanted, places, strict=True) if place]
        return {id_: one for id_, seq in found for one in self.signed(seq - 1, seq)}

    def reader(self, as_of: int | None = None) -> Reader:
        """Return what a view folds over: the records received up to `as_of` (Unix ms; None = all)."""
        return Reader(self._db, self.path, as_of)

    def backup(self, path: str) -> Head:
        """Copy the ledger to a new file through SQLite's backup API, safe beside running writers.

        Raises:
            WouldOverwrite, DiskError.
        """
        from trustcli.ledger import care  # noqa: PLC0415

        return care.backup(self._db, path)

    def audit(self) -> Audit:
        """Return a pass over everything stored, which finds what is wrong with file and projections."""
        from trustcli.ledger.audit import Audit  # noqa: PLC0415

        return Audit(self, self._db)

    def integrity(self) -> list[str]:
        """Return what is wrong with the file or its projections; empty when all is well."""
        audit = self.audit()
        for _ in audit.pages():
            pass
        return audit.finish()

    def compact(self) -> tuple[int, int]:
        """Rewrite the file without free space; return its size before and after, in bytes."""
        from trustcli.ledger import care  # noqa: PLC0415

        return care.compact(self, self._db)

    def _entries(self, condition: str, values: tuple[object, ...]) -> Iterator[Entry]:
        from trustcli.records.crypto import record_id  # noqa: PLC0415  not on the way of `check`

        query = f"{_ENTRIES} WHERE {condition}"  # the conditions are in this file
        with connection.Guard(self.path):
            for seq, kind, author, created, received, body, sig in self._db.execute(query, values):
                data = self.rebuild(author, kind, created, body)
                try:
                    fields = json.loads(body)
                except ValueError:
                    raise DiskError(
                        f"{self.path}: record {seq} is damaged",
                        hint="trust ledger check; then restore a backup",
                    ) from None
                yield Entry(seq, record_id(data).hex(), kind, author, created, received, fields, data, sig)

    def _insert(self, db: sqlite3.Connection, batch: Batch, received: int) -> None:
        if not batch.count:
            return
        last, seq, count, ratings, total = self._last(db)
        received = max(received, last)
        ratings += Writer(db, self._nodes, self._words, batch, seq + 1, received).write()
        fingerprint = ((total + batch.total()) % 2**256).to_bytes(32, "big")
        db.execute(
            "UPDATE head SET records = ?, ratings = ?, received = ?, fingerprint = ?",
            (count + batch.count, ratings, received, fingerprint),
        )

    @staticmethod
    def _last(db: sqlite3.Connection) -> tuple[int, int, int, int, int]:
        row = db.execute("SELECT records, ratings, received, fingerprint FROM head").fetchone()
        if row is None:
            raise DiskError("the ledger is damaged (head)", hint="restore a backup: trust ledger path")
        count, ratings, received, fingerprint = row
        (seq,) = db.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()
        return received, seq, count, ratings, int.from_bytes(fingerprint, "big")
