"""From records to the integer tables that folds read: one function per kind, one line to register it."""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Numbers(Protocol):
        """What gives texts their numbers: a writer, or an audit that only looks."""

        @property
        def nodes(self) -> Mapping[str, int]:
            """By did:key or URI."""
            ...

        @property
        def words(self) -> Mapping[str, int]:
            """By category or kind."""
            ...

    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from trustcli.records.canonical import Json
    from trustcli.records.envelope import Record

_PAIR = struct.Struct(">QQ")
OFFSET = 2**63  # SQLite's integers are signed: subtracted, so that their order is the ids' order
PERSON, GUIDED, MACHINE = 0, 1, 2  # who made a rating: `machine` of a row
_PLAIN_FIELDS = 3  # of a rating that has only what every rating has
_MAX_NAMES = 50_000  # names remembered between batches: about 10 MB


def id_pair(digest: bytes) -> tuple[int, int]:
    """Return the first 128 bits of an id as two signed integers in the ids' order."""
    high, low = _PAIR.unpack_from(digest)
    return high - OFFSET, low - OFFSET


def id_pairs(digests: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return `id_pair` of many ids at once."""
    numbers = struct.unpack(f">{4 * len(digests)}Q", b"".join(digests))
    return [(high - OFFSET, low - OFFSET) for high, low in zip(numbers[::4], numbers[1::4], strict=True)]


def machine_of(body: Mapping[str, Json]) -> int:
    """Return PERSON, GUIDED or MACHINE for the body of a rating."""
    via = body.get("via")
    if not isinstance(via, dict):
        return PERSON
    return GUIDED if via["guided"] else MACHINE


class Names(dict[str, int]):
    """The integer ids of texts in one table; one that is not there yet is looked up or gets a row.

    Ids given out inside a transaction are forgotten when it is rolled back: they never were.
    """

    def __init__(self, db: sqlite3.Connection, table: str, column: str) -> None:
        super().__init__()
        self._db = db
        self._select = f"SELECT id FROM {table} WHERE {column} = ?"  # noqa: S608  ours
        self._insert = f"INSERT INTO {table} ({column}) VALUES (?)"  # noqa: S608
        self._new: list[str] = []

    def __missing__(self, text: str) -> int:
        row = self._db.execute(self._select, (text,)).fetchone()
        found = int(row[0] if row else self._db.execute(self._insert, (text,)).lastrowid or 0)
        self[text] = found
        self._new.append(text)
        return found

    def keep(self) -> None:
        """The transaction committed: its ids stand."""
        self._new.clear()
        if len(self) > _MAX_NAMES:
            self.clear()

    def forget(self) -> None:
        """The transaction was rolled back."""
        for text in self._new:
            del self[text]
        self._new.clear()


class Projector:
    """Collects the projections of one batch and writes them in the order of their tables."""

    def __init__(self, db: sqlite3.Connection, nodes: Names, words: Names) -> None:
        self._db = db
        self.nodes = nodes
        self.words = words
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in _INSERT}

    def add(self, seq: int, author: int, record: Record) -> None:
        """Project one record; kinds without a projection leave no row."""
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
        return len(self._rows["ratings"])


def rating_row(
    names: Numbers, seq: int, author: int, created: int, body: Mapping[str, Json]
) -> tuple[object, ...]:
    """(subject, category, rater, created, seq, value, expires, author or None, machine)."""
    subject = names.nodes[body["subject"]]  # type: ignore[index]  # text, the kind saw to it
    category = names.words[body["category"]]  # type: ignore[index]
    value = body["value"]
    if len(body) == _PLAIN_FIELDS:
        return (subject, category, author, created, seq, value, None, None, PERSON)
    outside = body.get("rater")
    rater = names.nodes[str(outside)] if outside else author
    bridge = author if outside else None
    return (subject, category, rater, created, seq, value, body.get("expires"), bridge, machine_of(body))


def _revocation(
    _names: Numbers, seq: int, author: int, created: int, body: Mapping[str, Json]
) -> tuple[object, ...]:
    return (author, *id_pair(bytes.fromhex(str(body["record"]))), seq, created)


def _key(names: Numbers, seq: int, author: int, created: int, body: Mapping[str, Json]) -> tuple[object, ...]:
    other = body.get("successor") or body.get("predecessor")
    return (
        author,
        seq,
        body["action"],
        names.nodes[str(other)] if other else None,
        body.get("since", created),
        created,
    )


if TYPE_CHECKING:
    Make = Callable[[Numbers, int, int, int, Mapping[str, Json]], tuple[object, ...]]

PROJECTIONS: dict[str, tuple[str, Make]] = {
    "rating": ("ratings", rating_row),
    "revocation": ("revocations", _revocation),
    "key": ("keys", _key),
}
_INSERT = {
    "ratings": "INSERT INTO ratings VALUES (?,?,?,?,?,?,?,?,?)",
    "revocations": "INSERT INTO revocations VALUES (?,?,?,?,?)",
    "keys": "INSERT INTO keys VALUES (?,?,?,?,?,?)",
}
