"""From records to the integer tables that folds read: one function per kind, one line to register it."""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from trustcli.records.canonical import Json
    from trustcli.records.envelope import Record

_PAIR = struct.Struct(">QQ")
OFFSET = 2**63  # SQLite's integers are signed: subtracted, so that their order is the ids' order
PERSON, GUIDED, MACHINE = 0, 1, 2  # who made a rating: `machine` of a row
_MAX_NAMES = 200_000  # names remembered between batches: about 30 MB


def id_pair(digest: bytes) -> tuple[int, int]:
    """Return the first 128 bits of an id as two signed integers in the ids' order."""
    high, low = _PAIR.unpack_from(digest)
    return high - OFFSET, low - OFFSET


def machine_of(body: Mapping[str, Json]) -> int:
    """Return PERSON, GUIDED or MACHINE for the body of a rating."""
    via = body.get("via")
    if not isinstance(via, dict):
        return PERSON
    return GUIDED if via["guided"] else MACHINE


class Names:
    """The integer ids of texts in one table, looked up once.

    Ids given out inside a transaction are remembered only when it commits (`keep`).
    """

    def __init__(self, table: str, column: str) -> None:
        self._select = f"SELECT id FROM {table} WHERE {column} = ?"  # noqa: S608  ours
        self._insert = f"INSERT INTO {table} ({column}) VALUES (?)"  # noqa: S608
        self._kept: dict[str, int] = {}
        self._new: dict[str, int] = {}

    def id(self, db: sqlite3.Connection, text: str) -> int:
        """Return the id of `text`, making a row where there is none."""
        known = self._kept.get(text) or self._new.get(text)
        if known:
            return known
        row = db.execute(self._select, (text,)).fetchone()
        found = int(row[0] if row else db.execute(self._insert, (text,)).lastrowid or 0)
        self._new[text] = found
        return found

    def keep(self) -> None:
        """The transaction committed: remember its ids."""
        if len(self._kept) + len(self._new) > _MAX_NAMES:
            self._kept.clear()
        self._kept.update(self._new)
        self._new.clear()

    def forget(self) -> None:
        """The transaction was rolled back: its ids never were."""
        self._new.clear()


class Projector:
    """Collects the projections of one batch and writes them in the order of their tables."""

    def __init__(self, db: sqlite3.Connection, nodes: Names, words: Names) -> None:
        self._db = db
        self._nodes = nodes
        self._words = words
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in _INSERT}
        self._by_author: dict[int, int] = {}

    def node(self, name: str) -> int:
        """Return the id of a key or a subject."""
        return self._nodes.id(self._db, name)

    def word(self, text: str) -> int:
        """Return the id of a kind or a category."""
        return self._words.id(self._db, text)

    def add(self, seq: int, author: int, record: Record) -> None:
        """Project one record; kinds without a projection leave no row."""
        self._by_author[author] = self._by_author.get(author, 0) + 1
        projection = PROJECTIONS.get(record.kind)
        if projection:
            table, make = projection
            self._rows[table].append(make(self, seq, author, record.created, record.body))

    def flush(self) -> int:
        """Write all rows, sorted as their tables are; return the number of ratings."""
        for table, rows in self._rows.items():
            if rows:
                rows.sort()
                self._db.executemany(_INSERT[table], rows)
        self._db.executemany(
            "UPDATE nodes SET records = records + ? WHERE id = ?",
            [(count, author) for author, count in self._by_author.items()],
        )
        return len(self._rows["ratings"])


def rating_row(
    names: Projector, seq: int, author: int, created: int, body: Mapping[str, Json]
) -> tuple[object, ...]:
    """(subject, category, rater, created, seq, value, expires, author or None, machine)."""
    outside = body.get("rater")
    return (
        names.node(str(body["subject"])),
        names.word(str(body["category"])),
        names.node(str(outside)) if outside else author,
        created,
        seq,
        body["value"],
        body.get("expires"),
        author if outside else None,
        machine_of(body),
    )


def _revocation(
    _names: Projector, seq: int, author: int, created: int, body: Mapping[str, Json]
) -> tuple[object, ...]:
    return (author, *id_pair(bytes.fromhex(str(body["record"]))), created, seq)


def _key(
    names: Projector, seq: int, author: int, created: int, body: Mapping[str, Json]
) -> tuple[object, ...]:
    other = body.get("successor") or body.get("predecessor")
    return (
        author,
        seq,
        body["action"],
        names.node(str(other)) if other else None,
        body.get("since", created),
    )


if TYPE_CHECKING:
    Make = Callable[[Projector, int, int, int, Mapping[str, Json]], tuple[object, ...]]

PROJECTIONS: dict[str, tuple[str, Make]] = {
    "rating": ("ratings", rating_row),
    "revocation": ("revocations", _revocation),
    "key": ("keys", _key),
}
_INSERT = {
    "ratings": "INSERT INTO ratings VALUES (?,?,?,?,?,?,?,?,?)",
    "revocations": "INSERT INTO revocations VALUES (?,?,?,?,?)",
    "keys": "INSERT INTO keys VALUES (?,?,?,?,?)",
}
