"""The tables, and the migrations that make them.

Records are never changed or deleted: triggers refuse it, against our own bugs (the owner of the file
can of course do as it likes; `trust verify` finds that out).

`records` holds what was signed, without repeating what the envelope always repeats: the canonical bytes
are rebuilt from author, body, created, kind and the ledger's network, exactly, because the canonical
form has one layout. `ratings`, `revocations`, `keys` and `announces` are integer projections for the
folds, so that no fold reads a record; ratings lie there twice, by subject and by rater. `record_ids` finds
records by id. All of these are tables and not indexes, so that each can be written in its own order.
See docs/adr/0003-ledger.md and docs/adr/0021-tables-in-their-own-order.md.
"""

from __future__ import annotations

import sys
from _thread import get_ident  # `threading` would be loaded for nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x74727374  # "trst": `file` and we ourselves can tell the format
VERSION = 4
PAGE_SIZE = 16_384  # bulk inserts run 1.6 times as fast as with 4 KiB

TABLES = (
    """CREATE TABLE meta (
  name TEXT PRIMARY KEY, value TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  records INTEGER NOT NULL, ratings INTEGER NOT NULL, received INTEGER NOT NULL,
  fingerprint BLOB NOT NULL
) STRICT""",
    """CREATE TABLE nodes (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, records INTEGER NOT NULL DEFAULT 0
) STRICT""",
    """CREATE TABLE words (
  id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE
) STRICT""",
    """CREATE TABLE records (
  seq INTEGER PRIMARY KEY,
  id_hi INTEGER NOT NULL, id_lo INTEGER NOT NULL,
  author INTEGER NOT NULL, kind INTEGER NOT NULL,
  created INTEGER NOT NULL, received INTEGER NOT NULL,
  body BLOB NOT NULL, sig BLOB NOT NULL CHECK (length(sig) = 64)
) STRICT""",
    """CREATE TABLE ratings (
  subject INTEGER NOT NULL, category INTEGER NOT NULL, rater INTEGER NOT NULL,
  created INTEGER NOT NULL, seq INTEGER NOT NULL,
  value INTEGER NOT NULL, expires INTEGER, author INTEGER, machine INTEGER NOT NULL,
  PRIMARY KEY (subject, category, rater, created, seq)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE revocations (
  author INTEGER NOT NULL, id_hi INTEGER NOT NULL, id_lo INTEGER NOT NULL, seq INTEGER NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (author, id_hi, id_lo, seq)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE keys (
  author INTEGER NOT NULL, seq INTEGER NOT NULL,
  action TEXT NOT NULL, other INTEGER, at INTEGER NOT NULL, created INTEGER NOT NULL,
  PRIMARY KEY (author, seq)
) STRICT, WITHOUT ROWID""",
    """CREATE INDEX keys_by_other ON keys (other) WHERE other IS NOT NULL""",
    """CREATE TABLE private_peers (
  name TEXT PRIMARY KEY, subject TEXT UNIQUE,
  weight REAL, blocked INTEGER NOT NULL DEFAULT 0, reason TEXT, added INTEGER NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE private_ratings (
  id INTEGER PRIMARY KEY,
  author TEXT NOT NULL, subject TEXT NOT NULL, category TEXT NOT NULL,
  value INTEGER NOT NULL, created INTEGER NOT NULL, received INTEGER NOT NULL, expires INTEGER,
  machine INTEGER NOT NULL, body TEXT NOT NULL, line BLOB, ended INTEGER, became TEXT
) STRICT""",
)
NODE_TABLES = (
    """CREATE TABLE announces (
  author INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (author, seq)
) STRICT, WITHOUT ROWID""",
    # all ids in the order of negentropy, and sums of blocks of them; derived, filled when first needed
    """CREATE TABLE ids (
  second INTEGER NOT NULL, id BLOB NOT NULL,
  PRIMARY KEY (second, id)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE id_blocks (
  second INTEGER NOT NULL, id BLOB NOT NULL, n INTEGER NOT NULL, sum BLOB NOT NULL,
  PRIMARY KEY (second, id)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE id_mark (
  one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL
) STRICT""",
    """CREATE TABLE private_urls (
  url TEXT PRIMARY KEY, name TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE private_sync (
  peer TEXT PRIMARY KEY, ledger TEXT NOT NULL, pulled INTEGER NOT NULL, pushed INTEGER NOT NULL,
  checked INTEGER NOT NULL, tried INTEGER NOT NULL, succeeded INTEGER NOT NULL, failures INTEGER NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE private_addresses (
  url TEXT NOT NULL, key TEXT NOT NULL, source TEXT NOT NULL,
  tried INTEGER NOT NULL, anchor INTEGER NOT NULL,
  heard INTEGER NOT NULL, attempted INTEGER NOT NULL, worked INTEGER NOT NULL, failures INTEGER NOT NULL,
  PRIMARY KEY (url, key)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE private_nodes (
  key TEXT PRIMARY KEY, met INTEGER NOT NULL, heard INTEGER NOT NULL,
  expected INTEGER NOT NULL, answered INTEGER NOT NULL,
  banned_until INTEGER NOT NULL, bans INTEGER NOT NULL, because TEXT,
  linked INTEGER, direction TEXT
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE private_pending (
  key TEXT PRIMARY KEY, address TEXT NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, times INTEGER NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE private_commits (
  id TEXT PRIMARY KEY, accepted INTEGER NOT NULL, asked INTEGER NOT NULL,
  pushed INTEGER NOT NULL, committed INTEGER
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE private_facts (
  name TEXT PRIMARY KEY, value BLOB NOT NULL
) STRICT, WITHOUT ROWID""",
)


def _append_only(*tables: str) -> tuple[str, ...]:
    """Return triggers that refuse to change or delete rows of these tables."""
    return tuple(
        f"""CREATE TRIGGER {table}_no_{action} BEFORE {action.upper()} ON {table}
BEGIN SELECT RAISE(ABORT, 'append-only'); END"""
        for table in tables
        for action in ("update", "delete")
    )


TRIGGERS = _append_only("records", "ratings", "revocations", "keys")
NODE_TRIGGERS = _append_only("announces")
ROUND_TABLES = (
    # which records belong to which round; derived, filled when first needed
    """CREATE TABLE statements (
  number INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (number, seq)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE statement_mark (
  one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL
) STRICT""",
    """CREATE TABLE private_observations (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
  score INTEGER NOT NULL, weight INTEGER NOT NULL, note TEXT
) STRICT""",
    """CREATE TABLE private_rounds (
  number INTEGER PRIMARY KEY, state TEXT NOT NULL
) STRICT""",
)
FORMER_INDEXES = (  # of schema 3 and before: what ORDERED_TABLES took the place of
    """CREATE UNIQUE INDEX records_by_id ON records (id_hi, id_lo)""",
    """CREATE INDEX ratings_by_rater ON ratings
  (rater, category, subject, created, seq, value, expires, author, machine)""",
)
ORDERED_TABLES = (
    """CREATE TABLE record_ids (
  id_hi INTEGER NOT NULL, id_lo INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (id_hi, id_lo)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE ratings_by_rater (
  rater INTEGER NOT NULL, category INTEGER NOT NULL, subject INTEGER NOT NULL,
  created INTEGER NOT NULL, seq INTEGER NOT NULL,
  value INTEGER NOT NULL, expires INTEGER, author INTEGER, machine INTEGER NOT NULL,
  PRIMARY KEY (rater, category, subject, created, seq)
) STRICT, WITHOUT ROWID""",
)
ORDERED_TRIGGERS = _append_only("record_ids", "ratings_by_rater")
STATEMENTS = (
    TABLES + TRIGGERS + NODE_TABLES + NODE_TRIGGERS + ROUND_TABLES + ORDERED_TABLES + ORDERED_TRIGGERS
)
_BY_LIBRARY = frozenset(("_sqlite_migrations", "idx__sqlite_migrations_migration_set_name"))


def create(db: sqlite3.Connection, *, network: str = "", ledger_id: str = "") -> None:
    """Bring an empty or older file to VERSION, inside the caller's transaction.

    Args:
        network, ledger_id: what a new ledger is for and called; an older one keeps what it has.
    """
    with _Without("numpy"):
        from sqlite_utils import Database, Migrations  # noqa: PLC0415  heavy: only when a schema is made

    migrations = Migrations("trustcli")

    @migrations(name="0001_ledger")
    def _ledger(found: Database) -> None:
        for statement in TABLES + TRIGGERS:
            found.execute(statement)
        found.execute("INSERT INTO head VALUES (1, 0, 0, 0, zeroblob(32))")
        found.execute("INSERT INTO meta VALUES ('network', ?), ('ledger', ?)", (network, ledger_id))
        found.execute("PRAGMA user_version = 1")
        found.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    @migrations(name="0002_node")
    def _node(found: Database) -> None:
        for statement in NODE_TABLES + NODE_TRIGGERS:
            found.execute(statement)
        found.execute("INSERT INTO id_mark VALUES (1, 0)")
        found.execute(
            "INSERT INTO announces SELECT author, seq FROM records"
            " WHERE kind = (SELECT id FROM words WHERE text = 'announce')"
        )
        found.execute("PRAGMA user_version = 2")

    @migrations(name="0003_rounds")
    def _rounds(found: Database) -> None:
        for statement in ROUND_TABLES:
            found.execute(statement)
        found.execute("INSERT INTO statement_mark VALUES (1, 0)")
        found.execute("PRAGMA user_version = 3")

    @migrations(name="0004_ordered")
    def _ordered(found: Database) -> None:
        for index in ("records_by_id", "ratings_by_rater"):
            found.execute(f"DROP INDEX IF EXISTS {index}")
        for statement in ORDERED_TABLES + ORDERED_TRIGGERS:
            found.execute(statement)
        found.execute("INSERT INTO record_ids SELECT id_hi, id_lo, seq FROM records ORDER BY id_hi, id_lo")
        found.execute(
            "INSERT INTO ratings_by_rater"
            " SELECT rater, category, subject, created, seq, value, expires, author, machine FROM ratings"
            " ORDER BY rater, category, subject, created, seq"
        )
        found.execute("PRAGMA user_version = 4")

    migrations.apply(Database(db))


class _Without:
    """Does not let this thread load a module, unless it is loaded already; other threads may.

    sqlite-utils loads numpy where it is installed, for types that no ledger has: 0.1 s and 25 MB.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._thread = get_ident()

    def __enter__(self) -> None:
        sys.meta_path.insert(0, self)

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        """Say that there is no such module; for all others, leave the answer to those who find them."""
        if name == self._module and get_ident() == self._thread:
            raise ModuleNotFoundError(name)


def foreign_objects(db: sqlite3.Connection) -> list[str]:
    """Return the names of tables, views or triggers in the file that this program did not make.

    Triggers run with the rights of whoever opens the file, and a view can stand in for a table, so
    a file with either is not a ledger (docs/threat-model.md, B14).
    """
    known = {*STATEMENTS, *FORMER_INDEXES}
    return [
        name
        for name, sql in db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        if sql not in known and name not in _BY_LIBRARY
    ]


def missing_objects(db: sqlite3.Connection) -> list[str]:
    """Return the first lines of our own tables, indexes and triggers that are not in the file."""
    found = {sql for (sql,) in db.execute("SELECT sql FROM sqlite_master")}
    return [statement.splitlines()[0] for statement in STATEMENTS if statement not in found]
