"""Many rows at once: a statement that takes thirty costs half of thirty that take one.

SQLite notes down every page a second time when it may have to take back a statement of many rows, and that
costs more than it saves. `OR FAIL` says that it need not: a constraint that is broken here ends the whole
transaction. It does so for a CHECK all the same, which is therefore left to the caller.
"""

from __future__ import annotations

from itertools import chain, islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_TOGETHER = 30  # rows of one statement
_MANY = 1_000  # rows: from here on it is worth making that statement


def fill(
    db: sqlite3.Connection, table: str, row: str, count: int, rows: Iterable[tuple[object, ...]]
) -> None:
    """Insert `count` rows into a table, without asking its CHECKs.

    Args:
        table: its name, and in parentheses its columns where a row does not have them all.
        row: what stands in parentheses for one row, a question mark for each item of it.
    """
    into, rest = f"INSERT OR FAIL INTO {table} VALUES", iter(rows)
    if count >= _MANY:
        items = chain.from_iterable(islice(rest, count - count % _TOGETHER))
        many = ",".join([f"({row})"] * _TOGETHER)
        db.execute("PRAGMA ignore_check_constraints = ON")
        try:
            db.executemany(f"{into} {many}", zip(*[items] * (row.count("?") * _TOGETHER), strict=False))
        finally:
            db.execute("PRAGMA ignore_check_constraints = OFF")
    db.executemany(f"{into} ({row})", rest)
