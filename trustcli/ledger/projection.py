"""From records to the integer tables that folds read: one function per kind, one line to register it."""

from __future__ import annotations

import struct
import sys
from array import array
from itertools import count
from operator import itemgetter
from sys import intern

from trustcli.ledger import connection
from trustcli.ledger.filling import fill
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

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
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from trustcli.records.canonical import Json
    from trustcli.records.envelope import Record

_PAIR = struct.Struct(">QQ")
OFFSET = 2**63  # SQLite's integers are signed: subtracted, so that their order is the ids' order
_SIGN = bytes(byte ^ 0x80 for byte in range(256))  # what subtracting OFFSET does to the first byte
PERSON, GUIDED, MACHINE = 0, 1, 2  # who made a rating: `machine` of a row
_BEFORE_BODY = len('{"author":"') + len('","body":')
_PLAIN_FIELDS = 3  # of a rating that has only what every rating has
_LOOKUP = 500  # names in one query
MAX_NAMES = 100_000  # names remembered between batches: about 20 MB


def id_pair(digest: bytes) -> tuple[int, int]:
    """Return the first 128 bits of an id as two signed integers in the ids' order."""
    high, low = _PAIR.unpack_from(digest)
    return high - OFFSET, low - OFFSET


def id_pairs(digests: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return `id_pair` of many ids at once."""
    return [*zip(*id_columns(b"".join(digests)), strict=True)]


def id_columns(digests: bytes) -> tuple[array[int], array[int]]:
    """Return the first and the second half of `id_pair` of many ids in one piece."""
    data = bytearray(digests)
    for half in (0, 8):
        data[half::32] = data[half::32].translate(_SIGN)
    numbers = array("q", bytes(data))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers[::4], numbers[1::4]


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
        self._find = f"SELECT {column}, id FROM {table} WHERE {column}"  # noqa: S608
        self._last = f"SELECT coalesce(max(id), 0) FROM {table}"  # noqa: S608
        self._into = f"{table} (id, {column})"
        self._new: list[str] = []

    def __missing__(self, text: str) -> int:
        row = self._db.execute(self._select, (text,)).fetchone()
        found = int(row[0] if row else self._db.execute(self._insert, (text,)).lastrowid or 0)
        self[text] = found
        self._new.append(text)
        return found

    def learn(self, texts: Iterable[str]) -> None:
        """Look many up together; give those a row, in their order, that have none."""
        missing = sorted([text for text in texts if text not in self])
        for start in range(0, len(missing), _LOOKUP):
            part = missing[start : start + _LOOKUP]
            marks = ",".join("?" * len(part))
            self.update(self._db.execute(f"{self._find} IN ({marks})", part))
        new = [text for text in missing if text not in self]
        (last,) = self._db.execute(self._last).fetchone()
        self.update(zip(new, count(last + 1), strict=False))
        fill(self._db, self._into, "?,?", len(new), [(self[text], text) for text in new])
        self._new += missing

    def keep(self) -> None:
        """The transaction committed: its ids stand."""
        self._new.clear()
        if len(self) > MAX_NAMES:
            self.clear()

    def forget(self) -> None:
        """The transaction was rolled back."""
        for text in self._new:
            del self[text]
        self._new.clear()


class Texts(dict[int, str]):
    """The texts of numbers in one table; where the file has lost or damaged one, a text that no record fits.

    The query gives bytes: sqlite3 cannot hand out damaged text at all.
    """

    def __init__(self, db: sqlite3.Connection, query: str) -> None:
        super().__init__()
        self._db = db
        self._query = query

    def __missing__(self, number: int) -> str:
        if len(self) > MAX_NAMES:
            self.clear()
        with connection.Guard("the ledger"):
            row = self._db.execute(self._query, (number,)).fetchone()
        self[number] = row[0].decode("utf-8", "replace") if row else ""
        return self[number]


def _rating_fields(body: Mapping[str, Json]) -> tuple[object, ...]:
    if len(body) == _PLAIN_FIELDS:
        return (intern(body["subject"]), intern(body["category"]), body["value"])  # type: ignore[arg-type]
    outside, expires = body.get("rater"), body.get("expires")
    return (body["subject"], body["category"], body["value"], outside, expires, machine_of(body))


def _rating_row(numbers: Numbers, seq: int, author: int, created: int, fields: Any) -> tuple[object, ...]:
    """(subject, category, rater, created, seq, value, expires, author or None, machine)."""
    subject, category = numbers.nodes[fields[0]], numbers.words[fields[1]]
    if len(fields) == _PLAIN_FIELDS:
        return (subject, category, author, created, seq, fields[2], None, None, PERSON)
    _, _, value, outside, expires, machine = fields
    if outside is None:
        return (subject, category, author, created, seq, value, expires, None, machine)
    return (subject, category, numbers.nodes[outside], created, seq, value, expires, author, machine)


by_rater = itemgetter(2, 1, 0, 3, 4, 5, 6, 7, 8)  # of a row of `ratings`, its row of `ratings_by_rater`


def _revocation_fields(body: Mapping[str, Json]) -> tuple[object, ...]:
    return id_pair(bytes.fromhex(str(body["record"])))


def _revocation_row(_: Numbers, seq: int, author: int, created: int, fields: Any) -> tuple[object, ...]:
    return (author, *fields, seq, created)


def _key_fields(body: Mapping[str, Json]) -> tuple[object, ...]:
    return (body["action"], body.get("successor") or body.get("predecessor"), body.get("since"))


def _key_row(numbers: Numbers, seq: int, author: int, created: int, fields: Any) -> tuple[object, ...]:
    action, other, since = fields
    number = numbers.nodes[other] if other else None
    return (author, seq, action, number, created if since is None else since, created)


def _announce_fields(_: Mapping[str, Json]) -> tuple[object, ...]:
    return ()


def _announce_row(_: Numbers, seq: int, author: int, _created: int, _fields: Any) -> tuple[object, ...]:
    return (author, seq)


class Projection(NamedTuple):
    """How one kind is projected: what to keep of a body, and the row this makes once there are numbers."""

    table: str
    fields: Callable[[Mapping[str, Json]], tuple[object, ...]]
    row: Callable[[Numbers, int, int, int, Any], tuple[object, ...]]


PROJECTIONS = {
    "rating": Projection("ratings", _rating_fields, _rating_row),
    "revocation": Projection("revocations", _revocation_fields, _revocation_row),
    "key": Projection("keys", _key_fields, _key_row),
    "announce": Projection("announces", _announce_fields, _announce_row),
}


class Staged(NamedTuple):
    """A verified record reduced to what its rows need: half the memory of the record."""

    digest: bytes
    author: str
    kind: str
    created: int
    body: bytes
    sig: bytes
    fields: tuple[object, ...] | None


def stage(record: Record) -> Staged:
    """Return a record as it will be stored, names still in words.

    The bytes of the body end where `created` follows, unquoted, for the last time.
    """
    data, kind, author = record.data, intern(record.kind), intern(record.author)
    projection = PROJECTIONS.get(kind)
    return Staged._make(
        (
            record.digest,
            author,
            kind,
            record.created,
            data[len(author) + _BEFORE_BODY : data.rindex(b',"created":')],
            record.sig,
            projection.fields(record.body) if projection else None,
        )
    )
