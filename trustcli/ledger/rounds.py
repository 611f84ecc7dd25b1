"""What rounds need of the ledger: statements by round, and, private, observations and own decisions.

`statements` only says which records belong to which round. It is derived, and brought up to date when it
is asked. No function of the sync protocol or of a server reads the private tables.
"""

from __future__ import annotations

import json

from trustcli import standing
from trustcli.errors import DiskError, RecordRefused
from trustcli.ledger import connection
from trustcli.records import kinds
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator
    from typing import Any

KINDS = ("proposal", "score", "winner", "evidence")
_EVIDENCE = -1  # no round: all evidence is filed under it too, so that it is found without its round
_OPEN = {
    "opened": int, "me": str, "before": str, "table": dict, "done": int, "given": dict, "seen": list,
    "turn": int,
}  # fmt: skip
_CLOSED = {
    "closed": int, "final": bool, "support": int, "whole": int, "used": list, "heard": list, "records": int,
    "digest": str, "votes": list,
}  # fmt: skip
_PAGE = 5_000  # records read between two chances for another writer


class Noted(NamedTuple):
    """One own observation as stored: `at` Unix ms, `note` for oneself."""

    subject: str
    kind: str
    at: int
    score: int
    weight: int
    note: str | None


class Rounds:
    """The tables of rounds in one ledger."""

    def __init__(self, db: sqlite3.Connection, path: str, lock_wait: float) -> None:
        self._db = db
        self._path = path
        self._wait = lock_wait

    def statements(self, number: int) -> list[int]:
        """Return the `seq`s of all records of a round, in order of arrival."""
        self._catch_up()
        with connection.Guard(self._path):
            rows = self._db.execute("SELECT seq FROM statements WHERE number = ? ORDER BY seq", (number,))
            return [row[0] for row in rows]

    def evidence(self) -> list[int]:
        """Return the `seq`s of all `evidence` records, in order of arrival."""
        self._catch_up()
        with connection.Guard(self._path):
            rows = self._db.execute("SELECT seq FROM statements WHERE number = ? ORDER BY seq", (_EVIDENCE,))
            return [row[0] for row in rows]

    def observe(self, seen: Iterable[Noted]) -> None:
        """Store own observations."""
        with connection.Write(self._db, self._path, self._wait) as db:
            db.executemany(
                "INSERT INTO private_observations (subject, kind, at, score, weight, note)"
                " VALUES (?,?,?,?,?,?)",
                list(seen),
            )

    def forget(self, subjects: Collection[str]) -> None:
        """Forget what was observed of subjects by itself; what was noted by hand stays."""
        with connection.Write(self._db, self._path, self._wait) as db:
            db.execute(
                "DELETE FROM private_observations WHERE subject IN (SELECT value FROM json_each(?))"
                " AND kind NOT IN (SELECT value FROM json_each(?))",
                (json.dumps(list(subjects)), json.dumps(standing.BY_HAND)),
            )

    def observations(self) -> list[Noted]:
        """Return all own observations, in the order in which they were noted."""
        with connection.Guard(self._path):
            rows = self._db.execute(
                "SELECT subject, kind, at, score, weight, note FROM private_observations ORDER BY id"
            ).fetchall()
        return [Noted._make(row) for row in rows]

    def save(self, number: int, state: dict[str, Any]) -> None:
        """Store where this node is in a round, replacing what was stored."""
        with connection.Write(self._db, self._path, self._wait) as db:
            db.execute(
                "INSERT INTO private_rounds VALUES (?, ?)"
                " ON CONFLICT (number) DO UPDATE SET state = excluded.state",
                (number, json.dumps(state, sort_keys=True)),
            )

    def get(self, number: int) -> dict[str, Any] | None:
        """Return where this node is in a round, None where it has no part in it.

        Raises:
            DiskError: what is stored of it is damaged.
        """
        with connection.Guard(self._path):
            row = self._db.execute("SELECT state FROM private_rounds WHERE number = ?", (number,)).fetchone()
        return self._state(number, row[0]) if row else None

    def newest(self, limit: int) -> dict[int, dict[str, Any]]:
        """Return the last rounds this node has taken part in, by number, the highest first.

        Raises:
            DiskError: what is stored of one of them is damaged.
        """
        with connection.Guard(self._path):
            rows = self._db.execute(
                "SELECT number, state FROM private_rounds ORDER BY number DESC LIMIT ?", (limit,)
            ).fetchall()
        return {number: self._state(number, state) for number, state in rows}

    def all(self) -> dict[int, dict[str, Any]]:
        """Return all rounds this node has taken part in, by number.

        Raises:
            DiskError: what is stored of one of them is damaged.
        """
        return {number: self._state(number, state) for number, state in self._all()}

    def damages(self) -> list[str]:
        """Return what is wrong with what is stored of rounds, one text a round."""
        found = []
        for number, state in self._all():
            try:
                self._state(number, state)
            except DiskError as problem:
                found.append(str(problem))
        return found

    def _all(self) -> list[tuple[int, str]]:
        with connection.Guard(self._path):
            return self._db.execute("SELECT number, state FROM private_rounds ORDER BY number").fetchall()

    def _state(self, number: int, text: str) -> dict[str, Any]:
        try:
            state = json.loads(text)
        except ValueError:
            state = None
        if not _is_whole(state):
            raise DiskError(
                f"{self._path}: what is stored of round {number} is damaged",
                hint="restore a backup: trust ledger path",
            )
        found: dict[str, Any] = state
        return found

    def _catch_up(self) -> None:
        """Enter the records that came since the last time."""
        while self._has_more():
            with connection.Write(self._db, self._path, self._wait) as db:
                mark = db.execute("SELECT seq FROM statement_mark").fetchone()[0]
                last = db.execute("SELECT min(max(seq), ? + ?) FROM records", (mark, _PAGE)).fetchone()[0]
                rows = db.execute(
                    "SELECT w.text, r.seq, r.body FROM records r JOIN words w ON w.id = r.kind"
                    " WHERE r.seq > ? AND r.seq <= ? AND w.text IN (?,?,?,?)",
                    (mark, last, *KINDS),
                ).fetchall()
                db.executemany("INSERT INTO statements VALUES (?, ?)", filed(rows))
                db.execute("UPDATE statement_mark SET seq = ?", (last,))

    def _has_more(self) -> bool:
        with connection.Guard(self._path):
            row = self._db.execute(
                "SELECT (SELECT coalesce(max(seq), 0) FROM records) > seq FROM statement_mark"
            ).fetchone()
        return bool(row and row[0])


def _is_whole(state: Any) -> bool:
    """Say whether all is there, and of its kind, that a round in this state has."""
    if not isinstance(state, dict):
        return False
    fields = _OPEN | _CLOSED if "winner" in state else _OPEN
    if not all(isinstance(state.get(name), kind) for name, kind in fields.items()):
        return False
    names = [state.get("scored") or "", state.get("winner") or ""]
    lists = ("seen", "used", "heard", "votes")
    names += [name for field in lists for name in state.get(field, ())]
    numbers = [value for value in (*state.values(), *state["table"].values()) if isinstance(value, int)]
    return (
        all(isinstance(name, str) for name in names)
        and all(type(weight) is int for weight in state["table"].values())
        and all(abs(number) < 1 << 63 for number in numbers)
    )


def filed(rows: Iterable[tuple[str, int, bytes]]) -> Iterator[tuple[int, int]]:
    """Yield (round, seq) of (kind, seq, body) rows.

    What a version took in that did not know the kind yet may not be well formed; it belongs to no round.
    """
    for kind, seq, data in rows:
        body = json.loads(data)
        try:
            kinds.KINDS[kind]("", body)
        except RecordRefused:
            continue
        if kind == "evidence":
            yield _EVIDENCE, seq
        yield number_of(body), seq


def number_of(body: dict[str, Any]) -> int:
    """Return the round that a statement, or what it is evidence about, belongs to."""
    inside = body["first"]["record"]["body"] if "first" in body else body
    number: int = inside["round"]
    return number
