"""What never leaves this machine: petnames with weights and blocks, drafts, and private ratings.

No function of the sync protocol or of a server imports this module or names its tables.
"""

from __future__ import annotations

import json

from trustcli.errors import NotFound, WouldOverwrite
from trustcli.ledger import connection
from trustcli.ledger.projection import machine_of
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from trustcli.records.canonical import Json

PETNAME = "petname:"
"""Scheme of the subject of a draft: a petname that no key or URI is bound to yet."""


class Peer(NamedTuple):
    """A name we gave: to a key or URI, or (`subject` None) to somebody whose key we do not know."""

    name: str
    subject: str | None
    weight: float | None
    blocked: bool
    reason: str | None
    added: int


class PrivateRating(NamedTuple):
    """A rating that is not in `records`: a draft (`line` None) or a signed private one."""

    id: int
    author: str
    subject: str
    category: str
    value: int
    created: int
    received: int
    expires: int | None
    machine: int
    body: dict[str, Json]
    line: bytes | None
    ended: int | None
    became: str | None


class Private:
    """The private tables of one ledger."""

    def __init__(self, db: sqlite3.Connection, path: str, lock_wait: float) -> None:
        self._db = db
        self._path = path
        self._wait = lock_wait

    def peers(self) -> list[Peer]:
        """Return all peers by name."""
        with connection.Guard(self._path):
            rows = self._db.execute("SELECT * FROM private_peers ORDER BY name").fetchall()
        return [Peer(name, subject, weight, bool(blocked), reason, added)
                for name, subject, weight, blocked, reason, added in rows]  # fmt: skip

    def save(self, peer: Peer) -> None:
        """Insert or update a peer by name.

        Raises:
            WouldOverwrite: another name is bound to the same key or URI.
        """
        with connection.Write(self._db, self._path, self._wait) as db:
            row = db.execute(
                "SELECT name FROM private_peers WHERE subject = ? AND name <> ?", (peer.subject, peer.name)
            ).fetchone()
            if row:
                raise WouldOverwrite(
                    f"{peer.subject} already has the name {row[0]!r}",
                    hint=f"trust peer rename {row[0]} NAME",
                )
            db.execute(
                "INSERT INTO private_peers VALUES (?,?,?,?,?,?) ON CONFLICT (name) DO UPDATE SET subject ="
                " excluded.subject, weight = excluded.weight, blocked = excluded.blocked,"
                " reason = excluded.reason",
                (peer.name, peer.subject, peer.weight, int(peer.blocked), peer.reason, peer.added),
            )

    def rename(self, old: str, new: str) -> None:
        """Give a peer another name; its drafts follow.

        Raises:
            WouldOverwrite: the new name is taken. NotFound: there is no such peer.
        """
        with connection.Write(self._db, self._path, self._wait) as db:
            if db.execute("SELECT 1 FROM private_peers WHERE name = ?", (new,)).fetchone():
                raise WouldOverwrite(f"the name {new!r} is taken", hint=f"trust peer show {new}")
            changed = db.execute("UPDATE private_peers SET name = ? WHERE name = ?", (new, old)).rowcount
            if not changed:
                raise NotFound(f"no peer named {old!r}", hint="trust peer ls")
            db.execute(
                "UPDATE private_ratings SET subject = ? WHERE subject = ?", (PETNAME + new, PETNAME + old)
            )
            db.execute("UPDATE private_urls SET name = ? WHERE name = ?", (new, old))

    def remove(self, name: str) -> None:
        """Forget a name. Ratings, signed or private, stay.

        Raises:
            NotFound: there is no such peer.
        """
        with connection.Write(self._db, self._path, self._wait) as db:
            if not db.execute("DELETE FROM private_peers WHERE name = ?", (name,)).rowcount:
                raise NotFound(f"no peer named {name!r}", hint="trust peer ls")
            db.execute("DELETE FROM private_urls WHERE name = ?", (name,))

    def add_rating(
        self, author: str, created: int, received: int, body: Mapping[str, Json], line: bytes | None
    ) -> int:
        """Store a draft or a private rating; return its number."""
        with connection.Write(self._db, self._path, self._wait) as db:
            cursor = db.execute(
                "INSERT INTO private_ratings (author, subject, category, value, created, received, expires,"
                " machine, body, line) VALUES (?,?,?,?,?,?,?,?,?,?)",
                (author, body["subject"], body["category"], body["value"], created, received,
                 body.get("expires"), machine_of(body), json.dumps(body), line),
            )  # fmt: skip
        number = cursor.lastrowid
        assert number is not None
        return number

    def end(self, number: int, at: int, became: str | None = None) -> None:
        """Let a draft or private rating count no longer from `at` (Unix ms) on."""
        with connection.Write(self._db, self._path, self._wait) as db:
            db.execute(
                "UPDATE private_ratings SET ended = ?, became = ? WHERE id = ? AND ended IS NULL",
                (at, became, number),
            )

    def ratings(self, *, with_ended: bool = False) -> list[PrivateRating]:
        """Return drafts and private ratings, oldest first."""
        with connection.Guard(self._path):
            rows = self._db.execute(
                "SELECT id, author, subject, category, value, created, received, expires, machine, body,"
                " line, ended, became FROM private_ratings WHERE ended IS NULL OR ? ORDER BY id",
                (with_ended,),
            ).fetchall()
        return [PrivateRating._make((*row[:9], json.loads(row[9]), *row[10:])) for row in rows]

    def rows(self, author: str) -> list[tuple[object, ...]]:
        """Return what a reader needs of this author's private ratings, ended ones included."""
        with connection.Guard(self._path):
            return self._db.execute(
                "SELECT subject, category, author, created, -id, value, expires, NULL, machine, received,"
                " ended FROM private_ratings WHERE author = ?",
                (author,),
            ).fetchall()

    def waiting(self) -> int:
        """Return how many drafts wait for a key or URI."""
        with connection.Guard(self._path):
            row = self._db.execute(
                "SELECT count(*) FROM private_ratings WHERE line IS NULL AND ended IS NULL"
            ).fetchone()
        count: int = row[0]
        return count

    def purge(self) -> int:
        """Delete ended drafts and private ratings for good; return how many there were."""
        with connection.Write(self._db, self._path, self._wait) as db:
            return db.execute("DELETE FROM private_ratings WHERE ended IS NOT NULL").rowcount
