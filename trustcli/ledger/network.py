"""What this machine knows of the network: addresses, nodes as we observed them, cursors, commits.

Private like names and weights: nothing here is sent to anybody.
"""

from __future__ import annotations

import json

from trustcli.ledger import connection
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable


class Mark(NamedTuple):
    """How far a sync with one peer has come.

    `peer` is its URL; `ledger` the peer's ledger id that `pulled` (its cursor) belongs to; `pushed` is our
    own cursor up to which it was offered everything; the other times are Unix ms, 0 for never.
    """

    peer: str
    ledger: str = ""
    pulled: int = 0
    pushed: int = 0
    checked: int = 0
    tried: int = 0
    succeeded: int = 0
    failures: int = 0


class Address(NamedTuple):
    """A URL, the key said to be there ("" for unknown), and who said so. Times are Unix ms, 0 for never."""

    url: str
    key: str
    source: str
    tried: bool
    anchor: bool
    heard: int
    attempted: int
    worked: int
    failures: int


class NodeSeen(NamedTuple):
    """What we observed of one node. `answered` of `expected` heartbeats came; times are Unix ms.

    `linked` is since when we are connected, None when we are not; `direction` is `in` or `out`.
    """

    key: str
    met: int
    heard: int
    expected: int = 0
    answered: int = 0
    banned_until: int = 0
    bans: int = 0
    because: str | None = None
    linked: int | None = None
    direction: str | None = None


class Pending(NamedTuple):
    """A key that connected and has no name here."""

    key: str
    address: str
    first: int
    last: int
    times: int


class Commit(NamedTuple):
    """The state of an update we pushed: `accepted` of `asked` full peers; `committed` Unix ms or None."""

    id: str
    accepted: int
    asked: int
    pushed: int
    committed: int | None


class NetworkNotes:
    """The private tables about the network."""

    def __init__(self, db: sqlite3.Connection, path: str, lock_wait: float) -> None:
        self._db = db
        self._path = path
        self._wait = lock_wait

    def marks(self) -> dict[str, Mark]:
        """Return the marks by peer URL."""
        return {mark.peer: mark for mark in map(Mark._make, self._rows("SELECT * FROM private_sync"))}

    def mark(self, mark: Mark) -> None:
        """Insert or replace a mark."""
        self._put("private_sync", [mark])

    def urls(self) -> dict[str, str]:
        """Return the URLs given by hand: url → the petname it belongs to, in order of names."""
        return dict(self._rows("SELECT url, name FROM private_urls ORDER BY name, url"))

    def add_url(self, url: str, name: str) -> None:
        """Note where a named peer is reached."""
        self._put("private_urls", [(url, name)])

    def drop_urls(self, name: str) -> int:
        """Forget where a named peer is reached; return how many URLs there were."""
        with connection.Write(self._db, self._path, self._wait) as db:
            return db.execute("DELETE FROM private_urls WHERE name = ?", (name,)).rowcount

    def addresses(self) -> list[Address]:
        """Return the address book by URL."""
        rows = self._rows("SELECT * FROM private_addresses ORDER BY url, key")
        return [Address._make((*row[:3], bool(row[3]), bool(row[4]), *row[5:])) for row in rows]

    def save_addresses(self, addresses: Iterable[Address]) -> None:
        """Replace the whole address book."""
        self._put("private_addresses", addresses, clear=True)

    def nodes(self) -> dict[str, NodeSeen]:
        """Return what we observed, by key."""
        rows = self._rows("SELECT * FROM private_nodes ORDER BY key")
        return {row[0]: NodeSeen._make(row) for row in rows}

    def save_nodes(self, nodes: Iterable[NodeSeen]) -> None:
        """Insert or replace what we observed of nodes."""
        self._put("private_nodes", nodes)

    def forget(self, keys: Collection[str]) -> None:
        """Forget what we observed of nodes, and how far syncs with them have come."""
        wanted = json.dumps(list(keys))
        with connection.Write(self._db, self._path, self._wait) as db:
            db.execute("DELETE FROM private_nodes WHERE key IN (SELECT value FROM json_each(?))", (wanted,))
            db.execute("DELETE FROM private_sync WHERE peer IN (SELECT value FROM json_each(?))", (wanted,))

    def pending(self) -> list[Pending]:
        """Return the keys that connected, the latest first."""
        return [Pending._make(row) for row in self._rows("SELECT * FROM private_pending ORDER BY last DESC")]

    def save_pending(self, pending: Iterable[Pending]) -> None:
        """Replace the list of keys that connected."""
        self._put("private_pending", pending, clear=True)

    def commits(self) -> dict[str, Commit]:
        """Return the states of updates, by record id."""
        return {row[0]: Commit._make(row) for row in self._rows("SELECT * FROM private_commits")}

    def add_commit(self, commit: Commit) -> None:
        """Note an update that a running daemon may have noted already: then its count stands."""
        with connection.Write(self._db, self._path, self._wait) as db:
            db.execute("INSERT OR IGNORE INTO private_commits VALUES (?,?,?,?,?)", commit)

    def save_commits(self, commits: Iterable[Commit]) -> None:
        """Insert or replace states of updates."""
        self._put("private_commits", commits)

    def fact(self, name: str) -> bytes | None:
        """Return a value kept under a name."""
        rows = self._rows("SELECT value FROM private_facts WHERE name = ?", name)
        return rows[0][0] if rows else None

    def save_fact(self, name: str, value: bytes) -> None:
        """Keep a value under a name."""
        self._put("private_facts", [(name, value)])

    def _rows(self, query: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]  # rows of any table
        with connection.Guard(self._path):
            return self._db.execute(query, values).fetchall()

    def _put(self, table: str, rows: Iterable[tuple], *, clear: bool = False) -> None:  # type: ignore[type-arg]
        found = [tuple(row) for row in rows]
        if not found and not clear:
            return
        with connection.Write(self._db, self._path, self._wait) as db:
            if clear:
                db.execute(f"DELETE FROM {table}")  # noqa: S608  the names are in this file
            if found:
                marks = ",".join("?" * len(found[0]))
                db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", found)  # noqa: S608
