"""Writes the rows of a batch, each table in its own order: what is near in the file is written together."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import chain, islice
from operator import itemgetter

from trustcli.ledger.filling import fill
from trustcli.ledger.projection import PERSON, PROJECTIONS, by_rater, id_columns, id_pairs
from trustcli.records.envelope import SPREAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from trustcli.ledger.batch import Batch
    from trustcli.ledger.projection import Names

_SIGNATURE = 64  # bytes
_NEAR = 2_000  # rows put in order together: as many as a processor keeps near at hand
_RECORD = "?,?,?,?,?,?,?,?,?"
_IDS = "INSERT OR FAIL INTO record_ids SELECT id_hi, id_lo, seq FROM records WHERE seq >= ? ORDER BY id_hi"
_RATING = f"?,?,?,?,?,?,NULL,NULL,{PERSON}"
_INSERT = {
    "ratings": "INSERT INTO ratings VALUES (?,?,?,?,?,?,?,?,?)",
    "ratings_by_rater": "INSERT INTO ratings_by_rater VALUES (?,?,?,?,?,?,?,?,?)",
    "revocations": "INSERT INTO revocations VALUES (?,?,?,?,?)",
    "keys": "INSERT INTO keys VALUES (?,?,?,?,?,?)",
    "announces": "INSERT INTO announces VALUES (?,?)",
}


class Writer:
    """Writes one batch, numbered from `first` on, inside the caller's transaction."""

    def __init__(
        self, db: sqlite3.Connection, nodes: Names, words: Names, batch: Batch, first: int, received: int
    ) -> None:
        self._db = db
        self.nodes = nodes
        self.words = words
        self._batch = batch
        self._first = first
        self._received = received
        self._others = sorted(batch.others.items())
        nodes.learn(batch.authors)  # they are in more rows: small numbers take less room
        nodes.learn(batch.subjects)
        self._authors = _translated(batch.each("authors"), batch.authors, nodes)
        self._subjects = _translated(batch.each("subjects"), batch.subjects, nodes)
        self._created = array("q", batch.joined("created"))
        self._seqs = array("q", map(first.__add__, batch.each("places")))

    def write(self) -> int:
        """Write everything; return how many of the records are ratings."""
        if self._seqs:
            self._write_plain_records()
            self._write_plain_ratings()
        self._write_other_records()
        self._db.execute(_IDS, (self._first,))
        ratings = self._project_others()
        self._count()
        return len(self._seqs) + ratings

    def _write_plain_records(self) -> None:
        """Write what was signed, unpacked piece by piece.

        As bytearrays: for each object of bytes sqlite3 would ask whether there is an adapter.
        """
        chunks = self._batch.chunks
        bodies = chain.from_iterable(bytearray(chunk.bodies).splitlines() for chunk in chunks)
        signatures = chain.from_iterable(_cut(bytearray(chunk.signatures)) for chunk in chunks)
        highs, lows = id_columns(self._batch.joined("digests"))
        row = f"?,?,?,?,{self.words['rating']},?,{self._received},?,?"
        rows = zip(self._seqs, highs, lows, self._authors, self._created, bodies, signatures, strict=True)
        fill(self._db, "records", row, len(self._seqs), rows)

    def _write_plain_ratings(self) -> None:
        """Write ratings that have only what every rating has, by subject and by rater."""
        categories = _translated(self._batch.each("categories"), self._batch.categories, self.words)
        last = (self._created, self._seqs, self._batch.joined("values"))
        order = sorted(range(len(self._seqs)), key=self._subjects.__getitem__)
        rows = _in_order(order, (self._subjects, categories, self._authors, *last))
        fill(self._db, "ratings", _RATING, len(order), rows)
        order.sort(key=self._authors.__getitem__)
        rows = _in_order(order, (self._authors, categories, self._subjects, *last))
        fill(self._db, "ratings_by_rater", _RATING, len(order), rows)

    def _write_other_records(self) -> None:
        others = [other for _, other in self._others]
        if {len(other.sig) for other in others} - {_SIGNATURE}:
            raise ValueError("a signature has 64 bytes")
        pairs = id_pairs([other.digest for other in others])
        rows = [
            (self._first + place, *pair, self.nodes[other.author], self.words[other.kind], other.created,
             self._received, other.body, other.sig)
            for (place, other), pair in zip(self._others, pairs, strict=True)
        ]  # fmt: skip
        fill(self._db, "records", _RECORD, len(rows), rows)

    def _project_others(self) -> int:
        rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in _INSERT}
        for place, other in self._others:
            projection = PROJECTIONS.get(other.kind)
            if projection:
                seq, author = self._first + place, self.nodes[other.author]
                rows[projection.table].append(projection.row(self, seq, author, other.created, other.fields))
        rows["ratings_by_rater"] = [by_rater(row) for row in rows["ratings"]]
        for table, made in rows.items():
            made.sort()
            self._db.executemany(_INSERT[table], made)
        return len(rows["ratings"])

    def _count(self) -> None:
        others = (self.nodes[other.author] for _, other in self._others)
        counts = Counter(chain(self._authors, others))
        self._db.executemany(
            "UPDATE nodes SET records = records + ? WHERE id = ?",
            [(count, author) for author, count in counts.items()],
        )


def _cut(signatures: bytearray) -> list[bytearray]:
    return [signatures[start : start + _SIGNATURE] for start in range(0, len(signatures), SPREAD)]


def _translated(numbers: Iterable[int], texts: Iterable[str], found: Names) -> list[int]:
    """Return, for numbers of texts in a batch, those of the file; a list, for they are shared."""
    table = [*map(found.__getitem__, texts)]
    return [*map(table.__getitem__, numbers)]


def _in_order(order: Sequence[int], columns: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of some columns in the order of these indexes."""
    for start in range(0, len(order), _NEAR):
        part = order[start : start + _NEAR]
        pick = itemgetter(*part, part[0])  # of one index it would return no tuple
        yield from islice(zip(*map(pick, columns), strict=True), len(part))
