"""What the network may read of a ledger: records, by cursor, by id, by subject.

A connection of its own, on which SQLite itself refuses to read any private table: whatever a request
asks, and whatever bug is in our code, names, weights, drafts and private ratings are out of its reach.
"""

from __future__ import annotations

import json
import sqlite3

from trustcli.ledger import connection
from trustcli.ledger.projection import id_pairs
from trustcli.ledger.store import Ledger
from trustcli.records.envelope import join_line
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_CONCERNING = """
WITH of(seq, author, rater) AS (
  SELECT seq, author, rater FROM ratings WHERE subject = (SELECT id FROM nodes WHERE name = :subject)
), who(id) AS (
  SELECT rater FROM of UNION SELECT author FROM of WHERE author IS NOT NULL
  UNION SELECT id FROM nodes WHERE name = :subject
), line(id) AS (
  SELECT id FROM who
  UNION SELECT other FROM keys JOIN line ON keys.author = line.id WHERE other IS NOT NULL
  UNION SELECT keys.author FROM keys JOIN line ON keys.other = line.id
)
SELECT seq FROM (
  SELECT seq FROM of
  UNION SELECT seq FROM revocations WHERE author IN (SELECT id FROM who)
  UNION SELECT seq FROM keys WHERE author IN (SELECT id FROM line) OR other IN (SELECT id FROM line)
) WHERE seq > :after
"""
_ROWS = "SELECT r.seq, r.author, r.kind, r.created, r.body, r.sig FROM records AS r"


class Lines(NamedTuple):
    """Record lines, the cursor after the last of them, and whether there is more."""

    lines: list[bytes]
    next: int
    more: bool


class SharedLedger(Ledger):
    """A ledger as the network sees it. It can be appended to; what is private cannot be read."""

    def __init__(self, db: sqlite3.Connection, path: str, lock_wait: float) -> None:
        super().__init__(db, path, lock_wait)
        db.set_authorizer(_no_private)
        self._version = -1

    def has_changed(self) -> bool:
        """Say whether another connection wrote to the file since this was last asked."""
        with connection.Guard(self.path):
            (version,) = self._db.execute("PRAGMA data_version").fetchone()
        changed: bool = version != self._version
        self._version = version
        return changed

    def lines(self, after: int, limit: int, room: int) -> Lines:
        """Return record lines in order of arrival: at most `limit`, about `room` bytes."""
        return self._cut("r.seq > ? ORDER BY r.seq", (after,), after, limit, room)

    def concerning(self, subject: str, after: int, limit: int, room: int) -> Lines:
        """Return, as `lines` does, what one must have to judge a subject.

        The ratings of it, the revocations by their authors, and the key statements that touch any of
        these. One name a question: who asks about an earlier key of a subject asks again.
        """
        values = {"subject": subject, "after": after}
        with connection.Guard(self.path):
            seqs = json.dumps([seq for (seq,) in self._db.execute(_CONCERNING, values)])
        return self._cut(
            "r.seq IN (SELECT value FROM json_each(?)) ORDER BY r.seq", (seqs,), after, limit, room
        )

    def by_ids(self, ids: Sequence[bytes], room: int) -> Lines:
        """Return the lines of those of these 32-byte ids that are here."""
        pairs = json.dumps([*id_pairs(list(ids))])
        condition = (
            "r.seq IN (SELECT o.seq FROM json_each(?) AS j CROSS JOIN record_ids AS o"
            " ON o.id_hi = json_extract(j.value, '$[0]') AND o.id_lo = json_extract(j.value, '$[1]'))"
            " ORDER BY r.seq"
        )
        return self._cut(condition, (pairs,), 0, len(ids), room)

    def announced(self) -> list[bytes]:
        """Return the lines of all announce records, in order of arrival."""
        condition = "r.seq IN (SELECT seq FROM announces) ORDER BY r.seq"
        return self._cut(condition, (), 0, 100_000, 1 << 26).lines

    def _cut(self, condition: str, values: tuple[object, ...], after: int, limit: int, room: int) -> Lines:
        query = f"{_ROWS} WHERE {condition} LIMIT {limit + 1}"
        found: list[bytes] = []
        with connection.Guard(self.path):
            for seq, author, kind, created, body, sig in self._db.execute(query, values):
                line = join_line(self.rebuild(self.names[author], self.texts[kind], created, body), sig)
                room -= len(line) + 1
                if len(found) == limit or (found and room < 0):
                    return Lines(found, after, more=True)
                found.append(line)
                after = seq
        return Lines(found, after, more=False)


def _no_private(_action: int, first: str | None, *_: object) -> int:
    """SQLite's authorizer: asked when a statement is prepared, before anything is read."""
    return sqlite3.SQLITE_DENY if first is not None and first.startswith("private_") else sqlite3.SQLITE_OK
