"""The ids of all records in the order of negentropy, with sums of blocks of them, so that any range is cheap.

Derived from the records and brought up to date when it is first needed: nothing on the way of an append
knows of it. Whole ids are kept, 32 bytes each: sums of the 128 bits that `records` is indexed by could be
forged in an instant. A block is a stretch of at most 512 ids; in memory there is only where each begins,
how many ids it has and what they add up to, 3,000 blocks for a million records. Where the disk has no room
for it the tables are kept in memory meanwhile: who only asks what is here is answered.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from itertools import accumulate, pairwise

from trustcli.errors import Busy, DiskError
from trustcli.ledger import connection
from trustcli.ledger.projection import id_pairs
from trustcli.records.crypto import record_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trustcli.ledger.store import Ledger

    Item = tuple[int, bytes]
    """(second, id): `created` // 1000 and the 32-byte id."""
    Progress = Callable[[int, int | None], None]
    """Told how many records are in the index, and how many there are."""

BLOCK = 512  # ids; an answer reads two blocks for a sum, 0.2 ms each
_FILL = 384  # ids of each part of a block that grew too large: later ones find room
BATCH = 100_000  # records: 25 MB of ids; smaller ones would rewrite most of a large file again and again
STEP = 1_000  # records of one step: 15 ms
HURRIED_STEP = 4_000  # while more come: twice what comes in the same time, or it would never end
_PART = 16  # of what is missing a step takes in one such part, so that not every one rewrites a large file
_CACHE = 32  # blocks kept in memory: the ranges of a message ascend, so few are enough
_MODULUS = 2**256
_TABLES = ("ids", "id_blocks", "id_mark")
_BELOW: Item = (0, b"")
_ABOVE: Item = (2**62, b"")
_ROWS = (
    "SELECT second, id FROM ids WHERE (second, id) >= (?, ?) AND (second, id) < (?, ?)"
    " ORDER BY second, id LIMIT ?"
)


class IdIndex:
    """The `Items` of a ledger. It belongs to the thread of its ledger, whose connection it uses.

    What it answers is the set as it was at the last `catch_up`. When another process has caught up since,
    the next read that needs the file raises Busy instead of mixing the two.
    """

    def __init__(self, ledger: Ledger, *, batch: int = BATCH) -> None:
        """Read what there is.

        Args:
            batch: About how many records to take in with one transaction.
        """
        self._batch = batch
        self._ledger = ledger
        self._db = ledger._db  # noqa: SLF001  of the same package, as reader and audit
        self._wait = ledger._wait  # noqa: SLF001
        self._doubtful = False  # a block was not what it should be
        self._in_memory = False  # the tables
        self._load()

    def catch_up(self, progress: Progress | None = None) -> int:
        """Take in all records that are not in the index yet; return how many.

        Any number of processes may do so at once, and any may be killed: each batch is one transaction.
        An index that does not have as many ids as the ledger has records is built anew.

        Raises:
            DiskError: a stored record is not what its id says. Busy.
        """
        self._renew()
        before = len(self)
        try:
            if self._doubtful:
                self._check()
            self._follow(progress)
        except _TornError:
            self.rebuild(progress)
        return len(self) - before

    def advance(self, *, is_hurried: bool) -> bool:
        """Take in a part of what is missing, so that other work has its turn; say whether nothing is left.

        Args:
            is_hurried: records come meanwhile.

        Raises:
            DiskError, Busy: as `catch_up`.
        """
        self._renew()
        missing = self._ledger.head().records - len(self)
        most = HURRIED_STEP if is_hurried else max(STEP, min(missing // _PART, self._batch))
        try:
            if missing > most and not self._doubtful and self._take_in(most):
                return False
        except _TornError:
            self.rebuild()
        self.catch_up()
        return True

    def _renew(self) -> None:
        """Read again what is in memory, where another process was here."""
        if self._in_memory and self._ledger.head().records != len(self):
            self._leave_memory()  # what is new was written: there is room again
        if self._doubtful or self._mark != self._marked():
            self._load()

    def rebuild(self, progress: Progress | None = None) -> None:
        """Throw the index away and make it again from the records.

        Raises:
            DiskError: the head of the ledger does not agree with its records. Busy.
        """
        with connection.Write(self._db, self._ledger.path, self._wait) as db:
            db.execute("DELETE FROM ids")
            db.execute("DELETE FROM id_blocks")
            db.execute("INSERT OR REPLACE INTO id_mark VALUES (1, 0)")
        self._doubtful = False
        self._load()
        try:
            self._follow(progress)
        except _TornError:
            raise DiskError(
                f"{self._ledger.path} is damaged (ids)", hint="trust ledger check; then restore a backup"
            ) from None

    def __len__(self) -> int:
        return self._starts[-1]

    def at(self, index: int) -> Item:
        """Return the item at an index.

        Raises:
            Busy: as all reads. IndexError: there is none.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        block = bisect_right(self._starts, index) - 1
        return self._rows(block)[0][index - self._starts[block]]

    def rank(self, second: int, prefix: bytes) -> int:
        """Return how many items are below (second, prefix)."""
        block = bisect_right(self._keys, (second, prefix)) - 1
        return self._starts[block] + bisect_left(self._rows(block)[0], (second, prefix))

    def total(self, lower: int, upper: int) -> int:
        """Return the sum modulo 2²⁵⁶ of the ids (little-endian) of items lower ≤ index < upper."""
        return (self._up_to(upper) - self._up_to(lower)) % _MODULUS

    def ids(self, lower: int, upper: int) -> list[bytes]:
        """Return the ids of items lower ≤ index < upper."""
        found: list[bytes] = []
        first = bisect_right(self._starts, lower) - 1
        for block in range(first, bisect_left(self._starts, upper)):
            start = self._starts[block]
            rows = self._rows(block)[0][max(lower - start, 0) : upper - start]
            found += [id_ for _, id_ in rows]
        return found

    def _up_to(self, index: int) -> int:
        block = bisect_right(self._starts, index) - 1
        inside = index - self._starts[block]
        return self._sums[block] + (self._rows(block)[1][inside] if inside else 0)

    def _rows(self, block: int) -> tuple[list[Item], list[int]]:
        """Return the items of a block, and the sums of its first 0, 1, 2… ids."""
        found = self._cache.pop(block, None)
        if found is None:
            found = self._read(block)
            if len(self._cache) >= _CACHE:
                del self._cache[next(iter(self._cache))]
        self._cache[block] = found  # the newest last
        return found

    def _read(self, block: int) -> tuple[list[Item], list[int]]:
        if not self:
            return [], [0]
        until = self._keys[block + 1] if block + 1 < len(self._keys) else _ABOVE
        with connection.Guard(self._ledger.path):
            rows: list[Item] = self._db.execute(_ROWS, (*self._keys[block], *until, BLOCK + 1)).fetchall()
        sums = [0, *accumulate([int.from_bytes(id_, "little") for _, id_ in rows])]
        count = self._starts[block + 1] - self._starts[block]
        if len(rows) != count or (self._sums[block] + sums[-1] - self._sums[block + 1]) % _MODULUS:
            self._doubtful = True  # either another process was here, or the file is damaged: see `catch_up`
            raise Busy(f"{self._ledger.path}: the index of ids has changed meanwhile")
        return rows, sums

    def _check(self) -> None:
        """Read every block once."""
        try:
            for block in range(len(self._keys)):
                self._read(block)
        except Busy:
            if self._mark == self._marked():
                raise _TornError from None
            raise
        self._doubtful = False

    def _marked(self) -> int:
        with connection.Guard(self._ledger.path):
            row = self._db.execute("SELECT seq FROM id_mark").fetchone()
        return int(row[0]) if row else 0

    def _load(self) -> None:
        """Read what is kept in memory; the mark in the same statement, so that the two agree."""
        with connection.Guard(self._ledger.path):
            rows = self._db.execute(
                "SELECT m.seq, b.second, b.id, b.n, b.sum FROM id_mark AS m LEFT JOIN id_blocks AS b"
                " ORDER BY b.second, b.id"
            ).fetchall()
        self._mark = rows[0][0] if rows else 0
        blocks = [row[1:] for row in rows if row[1] is not None]
        self._keys: list[Item] = [(second, id_) for second, id_, _, _ in blocks] or [_BELOW]
        self._starts: list[int] = [0, *accumulate(count for _, _, count, _ in blocks)]
        self._sums: list[int] = [0, *accumulate(int.from_bytes(total, "little") for *_, total in blocks)]
        self._cache: dict[int, tuple[list[Item], list[int]]] = {}

    def _follow(self, progress: Progress | None) -> None:
        while self._take_in(self._batch):
            if progress:
                progress(len(self), self._ledger.head().records)
        with connection.Guard(self._ledger.path):
            last, records = self._db.execute(
                "SELECT (SELECT coalesce(max(seq), 0) FROM records), (SELECT records FROM head)"
            ).fetchone()
        if last <= self._mark and records != len(self):
            raise _TornError

    def _take_in(self, most: int) -> bool:
        """Take in about so many records after the mark, in one transaction; say whether there were any."""
        last, items = self._gather(most)
        if items:
            self._store(last, items)
        return bool(items)

    def _gather(self, most: int) -> tuple[int, list[Item]]:
        """Return the items of about so many records after the mark, in order, and the last one's number."""
        items: list[Item] = []
        last = self._mark
        for page in self._ledger.pages(last, most=most):
            items += self._items(page)
            last = page[-1][0]
            if len(items) >= most:
                break
        items.sort()
        return last, items

    def _items(self, page: Sequence[tuple[int, int, int, int, int, int, int, bytes, bytes]]) -> list[Item]:
        digests = record_ids(self._ledger.rebuild_all(page))
        for row, pair in zip(page, id_pairs(digests), strict=True):
            if row[1:3] != pair:
                raise DiskError(
                    f"{self._ledger.path}: record {row[0]} is damaged",
                    hint="trust ledger check; then restore a backup",
                )
        return [(row[5] // 1000, digest) for row, digest in zip(page, digests, strict=True)]

    def _store(self, last: int, items: list[Item]) -> None:
        """Add items and their blocks, in memory if there is no room on the disk."""
        try:
            self._write(last, items)
        except DiskError as problem:
            if problem.code != "disk_full" or self._in_memory:
                raise
            self._enter_memory()
            self._write(last, items)
        self._load()

    def _enter_memory(self) -> None:
        """Copy the tables; of two with one name SQLite takes the temporary one."""
        with connection.Guard(self._ledger.path):
            self._db.execute("PRAGMA temp_store = MEMORY")
            for name in _TABLES:
                (made,) = self._db.execute(
                    "SELECT sql FROM main.sqlite_schema WHERE name = ?", (name,)
                ).fetchone()
                self._db.execute(made.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))
                self._db.execute(f"INSERT INTO temp.{name} SELECT * FROM main.{name}")  # noqa: S608  ours
        self._in_memory = True

    def _leave_memory(self) -> None:
        """Go back to the tables of the file."""
        with connection.Guard(self._ledger.path):
            for name in _TABLES:
                self._db.execute(f"DROP TABLE temp.{name}")
        self._in_memory = False
        self._load()

    def _write(self, last: int, items: list[Item]) -> None:
        """Add items and their blocks in one transaction, unless another process did meanwhile."""
        with connection.Write(self._db, self._ledger.path, self._wait) as db:
            if self._marked() == self._mark:
                changed = self._changed(items)
                try:
                    db.executemany("INSERT INTO ids VALUES (?, ?)", items)
                except sqlite3.IntegrityError:
                    raise _TornError from None
                db.executemany("INSERT OR REPLACE INTO id_blocks VALUES (?, ?, ?, ?)", changed)
                db.execute("INSERT OR REPLACE INTO id_mark VALUES (1, ?)", (last,))

    def _changed(self, items: list[Item]) -> list[tuple[int, bytes, int, bytes]]:
        """Return the rows of the blocks that items fall into, as they are with them."""
        changed = []
        borders = [*(bisect_left(items, key) for key in self._keys), len(items)]
        for block, (lower, upper) in enumerate(pairwise(borders)):
            if lower < upper:
                changed += self._grown(block, items[lower:upper])
        return changed

    def _grown(self, block: int, new: list[Item]) -> list[tuple[int, bytes, int, bytes]]:
        """Return the row of a block with new items, or the rows of the blocks it falls into."""
        count = self._starts[block + 1] - self._starts[block] if self else 0
        key = self._keys[block]
        if count + len(new) <= BLOCK:
            before = self._sums[block + 1] - self._sums[block] if self else 0
            return [_row(key, count + len(new), before + _sum(new))]
        try:
            items = sorted([*self._rows(block)[0], *new])
        except Busy:  # nobody else writes now: the block is not what it should be
            raise _TornError from None
        parts = [items[start : start + _FILL] for start in range(0, len(items), _FILL)]
        keys = [key, *(part[0] for part in parts[1:])]
        return [_row(key, len(part), _sum(part)) for key, part in zip(keys, parts, strict=True)]


class _TornError(Exception):
    """The index contradicts itself or the ledger."""


def _sum(items: Sequence[Item]) -> int:
    return sum([int.from_bytes(id_, "little") for _, id_ in items])


def _row(key: Item, count: int, total: int) -> tuple[int, bytes, int, bytes]:
    return (*key, count, (total % _MODULUS).to_bytes(32, "little"))
