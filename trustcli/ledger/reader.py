"""`Reader`: the ledger as it was at a time, in integers, for a view to fold over.

As of T means: what this node had received by T. Before the ledger's first record there is no old answer
to reproduce, so an earlier T asks for history instead: then only the records' own times decide.
"""

from __future__ import annotations

from trustcli.errors import DiskError
from trustcli.ledger import connection
from trustcli.view import SKEW

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from trustcli.succession import KeyEvent
    from trustcli.view import Row

_ROW = "subject, category, rater, created, seq, value, expires, author, machine"
_NO_CUT = 2**62
_ENOUGH = 2_000  # ratings counted of one node to tell which way is shorter
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM ratings"


class Reader:
    """Implements `trustcli.view.Source`. One read transaction's worth of queries; nothing is cached."""

    def __init__(self, db: sqlite3.Connection, path: str, as_of: int | None) -> None:
        self._db = db
        self._guard = connection.Guard(path)
        self._local: dict[str, int] = {}
        with self._guard:
            self.born = self._one("SELECT received FROM records ORDER BY seq LIMIT 1")
            self.history = as_of is not None and self.born is not None and as_of < self.born
            self._until = as_of + SKEW if self.history and as_of is not None else _NO_CUT
            self._cut = _NO_CUT if as_of is None or self.history else self._seq_at(as_of)
            self.has_keys = self._one("SELECT 1 FROM keys LIMIT 1") is not None
            self.has_revocations = self._one("SELECT 1 FROM revocations LIMIT 1") is not None
        self._as_of = as_of
        self._private: list[Row] = []

    def include(self, private: list[tuple[object, ...]]) -> None:
        """Let private ratings (rows of `Private.rows`) count too: the viewpoint is their owner."""
        self._private += [
            self._private_row(row) for row in private if self.history or _was_there(row, self._as_of)
        ]

    def node(self, name: str) -> int | None:
        """Return the number of a key or subject, None where no record names it."""
        with self._guard:
            found = self._one("SELECT id FROM nodes WHERE name = ?", name)
        return found if found is not None else self._local.get(name)

    def number(self, name: str) -> int:
        """Return the number of a key or subject, a passing one where no record names it."""
        return self._number(name, self.node(name))

    def name(self, node: int) -> str:
        """Return the did:key or URI of a node."""
        if node < 0:
            return next(name for name, number in self._local.items() if number == node)
        return self._text("SELECT name FROM nodes WHERE id = ?", node)

    def category(self, text: str) -> int | None:
        """Return the number of a category, None where no rating has it."""
        with self._guard:
            found = self._one("SELECT id FROM words WHERE text = ?", text)
        return found if found is not None else self._local.get(text)

    def category_name(self, category: int) -> str:
        """Return the text of a category."""
        if category < 0:
            return next(text for text, number in self._local.items() if number == category)
        return self._text("SELECT text FROM words WHERE id = ?", category)

    def ratings_of(self, subject: int, category: int | None) -> list[Row]:
        """Return the rows about a subject, in one category or in all."""
        return self._rows("subject", subject, category) + [
            row for row in self._private if row[0] == subject and category in (None, row[1])
        ]

    def ratings_by(self, rater: int, category: int | None) -> list[Row]:
        """Return the rows by a rater, in one category or in all."""
        return self._rows("rater", rater, category) + [
            row for row in self._private if row[2] == rater and category in (None, row[1])
        ]

    def given(self, rater: int) -> int:
        """Return how many ratings a rater has made, counted up to _ENOUGH."""
        with self._guard:
            return self._one(f"{_COUNT}_by_rater WHERE rater = ? LIMIT {_ENOUGH})", rater) or 0

    def received(self, subject: int) -> int:
        """Return how many ratings a subject has, counted up to _ENOUGH."""
        with self._guard:
            return self._one(f"{_COUNT} WHERE subject = ? LIMIT {_ENOUGH})", subject) or 0

    def all_ratings(self) -> Iterator[Row]:
        """Yield every row there is."""
        with self._guard:
            query = f"SELECT {_ROW} FROM ratings WHERE seq <= ? AND created <= ?"  # noqa: S608
            yield from self._db.execute(query, (self._cut, self._until))
        yield from self._private

    def revocations(self, author: int) -> list[tuple[int, int, int]]:
        """Return (id high, id low, created) of what an author took back."""
        with self._guard:
            return self._db.execute(
                "SELECT id_hi, id_lo, created FROM revocations WHERE author = ? AND seq <= ?",
                (author, self._cut),
            ).fetchall()

    def record_id(self, seq: int) -> tuple[int, int]:
        """Return the id of a row's record, as two integers in the order of ids."""
        if seq < 0:
            return (0, seq)
        with self._guard:
            row: tuple[int, int] | None = self._db.execute(
                "SELECT id_hi, id_lo FROM records WHERE seq = ?", (seq,)
            ).fetchone()
        return row or (0, 0)

    def key_events(self, node: int) -> list[KeyEvent]:
        """Return (author, action, other, at, created) of key records by or about a node."""
        with self._guard:
            return self._db.execute(
                "SELECT author, action, other, at, created FROM keys"
                " WHERE (author = ? OR other = ?) AND seq <= ?",
                (node, node, self._cut),
            ).fetchall()

    def _rows(self, column: str, node: int, category: int | None) -> list[Row]:
        table = "ratings" if column == "subject" else "ratings_by_rater"
        query = f"SELECT {_ROW} FROM {table} WHERE {column} = ? AND seq <= ? AND created <= ?"  # noqa: S608
        values = [node, self._cut, self._until]
        if category is not None:
            query += " AND category = ?"
            values.append(category)
        with self._guard:
            return self._db.execute(query, values).fetchall()

    def _private_row(self, row: tuple[object, ...]) -> Row:
        subject, category, author = (str(part) for part in row[:3])
        return (
            self._number(subject, self.node(subject)),
            self._number(category, self.category(category)),
            self._number(author, self.node(author)),
            *row[3:9],
        )  # type: ignore[return-value]  # the columns of Private.rows

    def _number(self, text: str, known: int | None) -> int:
        return known if known is not None else self._local.setdefault(text, -1 - len(self._local))

    def _text(self, query: str, number: int) -> str:
        with self._guard:
            row = self._db.execute(query, (number,)).fetchone()
        if row is None:
            raise DiskError(
                "the ledger is damaged: a name is missing", hint="trust ledger check; then restore a backup"
            )
        return str(row[0])

    def _one(self, query: str, *values: object) -> int | None:
        row = self._db.execute(query, values).fetchone()
        return row[0] if row else None

    def _seq_at(self, as_of: int) -> int:
        """Return the last `seq` received by `as_of`: arrival never runs backwards, so bisect."""
        low, high = 0, self._one("SELECT max(seq) FROM records") or 0
        while low < high:
            middle = (low + high + 1) // 2
            received = self._one("SELECT received FROM records WHERE seq = ?", middle)
            if received is not None and received <= as_of:
                low = middle
            else:
                high = middle - 1
        return low


def _was_there(row: tuple[object, ...], as_of: int | None) -> bool:
    received, ended = row[9], row[10]
    if as_of is None:
        return ended is None
    return received <= as_of and (ended is None or ended > as_of)  # type: ignore[operator]  # integers
