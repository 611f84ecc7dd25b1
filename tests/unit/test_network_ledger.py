"""What the network may read of a ledger, and what this machine notes about the network."""

from __future__ import annotations

import sqlite3
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from tests.network_of_raters import NOW, World, did_of, rating, sealed
from trustcli.errors import DiskError
from trustcli.ledger import Ledger, schema
from trustcli.ledger.network import Address, Commit, Mark, NodeSeen, Pending
from trustcli.ledger.shared import SharedLedger

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = [
    statement.split()[2] for statement in schema.STATEMENTS if statement.startswith("CREATE TABLE private_")
]
ROOM = 1 << 20


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def shared_of(world: World) -> SharedLedger:
    ledger = SharedLedger.open(world.ledger.path)
    assert isinstance(ledger, SharedLedger)
    return ledger


@pytest.mark.parametrize("table", PRIVATE)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM {}",
        "SELECT count(*) FROM {}",
        "DELETE FROM {}",
        "WITH x AS (SELECT 1 FROM {}) SELECT * FROM x",
    ],
)
def test_no_private_table_can_be_read_through_the_network_connection(
    world: World, table: str, query: str
) -> None:
    """SQLite refuses, whatever the statement; the node's own connection reads the same table."""
    ledger = shared_of(world)
    with pytest.raises(sqlite3.DatabaseError, match=r"prohibited|not authorized"):
        ledger._db.execute(query.format(table))
    world.ledger._db.execute(query.format(table))
    ledger.close()


def test_private_methods_fail_through_the_network_connection(world: World) -> None:
    """Not even our own functions get at names or notes there."""
    ledger = shared_of(world)
    with pytest.raises(DiskError, match="prohibited"):
        ledger.private.peers()
    with pytest.raises(DiskError, match="prohibited"):
        ledger.network_notes.nodes()
    ledger.close()


def test_pages_go_on_where_they_stopped(world: World) -> None:
    """By count or by bytes, each line comes once, in order, and the last page says so."""
    records = [rating("ann", f"agent:{number}", 4) for number in range(10)]
    world.hear(*records)
    ledger = shared_of(world)
    wanted = [record.line for record in records]
    for limit, room in ((3, ROOM), (100, 2 * len(wanted[0]) + 10), (1, ROOM), (100, 0)):
        found: list[bytes] = []
        after, more = 0, True
        while more:
            lines, after, more = ledger.lines(after, limit, room)
            found += lines
        assert found == wanted
    assert ledger.lines(after, 5, ROOM) == ([], after, False)
    ledger.close()


def test_records_are_found_by_their_ids(world: World) -> None:
    """Those that are here, whole and in order of arrival; unknown ids are left out."""
    records = [rating("ann", f"agent:{number}", 4) for number in range(5)]
    world.hear(*records)
    ledger = shared_of(world)
    ids = [records[3].digest, b"\1" * 32, records[1].digest]
    assert ledger.by_ids(ids, ROOM).lines == [records[1].line, records[3].line]
    assert ledger.by_ids([], ROOM).lines == []
    ledger.close()


def test_what_concerns_a_subject(world: World) -> None:
    """Its ratings, its raters' revocations, and the key statements that touch any of them; nothing else."""
    first = rating("ann", "bob", 4, at=NOW)
    second = rating("ben", "bob", 2, at=NOW + 1)
    taken = sealed("ben", "revocation", {"record": second.id}, at=NOW + 2)
    moved = sealed("ann", "key", {"action": "rotate", "successor": did_of("anna")}, at=NOW + 3)
    follows = sealed("anna", "key", {"action": "accept", "predecessor": did_of("ann")}, at=NOW + 4)
    others = [
        rating("cat", "dan", 5),
        sealed("cat", "revocation", {"record": first.id}),
        sealed("dan", "key", {"action": "retire"}),
    ]
    world.hear(others[0], first, second, others[1], taken, moved, others[2], follows)
    ledger = shared_of(world)
    wanted = [record.line for record in (first, second, taken, moved, follows)]
    assert ledger.concerning(did_of("bob"), 0, 100, ROOM).lines == wanted
    page = ledger.concerning(did_of("bob"), 0, 2, ROOM)
    assert (page.lines, page.more) == (wanted[:2], True)
    assert ledger.concerning(did_of("bob"), page.next, 100, ROOM).lines == wanted[2:]
    assert ledger.concerning("agent:nobody", 0, 100, ROOM) == ([], 0, False)
    ledger.close()


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_ledger_is_brought_up_to_date_when_it_is_opened(tmp_path: Path, version: int) -> None:
    """A file of an earlier schema opens with all its records, and has the tables of later schemas."""
    path = str(tmp_path / "old.db")
    record = sealed("ann", "announce", {"endpoints": [], "roles": ["full"]})
    ratings = [rating(rater, "bob", 4) for rater in ("cat", "ann", "dan")]
    ledger = Ledger.create(path)
    ledger.append([record, *ratings], NOW)
    ledger.close()
    later = [(), schema.NODE_TABLES, schema.ROUND_TABLES, schema.ORDERED_TABLES]
    with sqlite3.connect(path) as db:
        for statement in chain(*later[version:]):  # their triggers go with them
            db.execute(f"DROP TABLE {statement.split()[2]}")
        for index in schema.FORMER_INDEXES:
            db.execute(index)
        db.execute("DELETE FROM _sqlite_migrations WHERE name >= ?", (f"{version + 1:04}",))
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    again = Ledger.open(path)
    assert again.schema_version() == schema.VERSION
    assert [entry.id for entry in again.entries()] == [record.id, *(one.id for one in ratings)]
    assert [entry.id for entry in again.announcements(record.author)] == [record.id]
    assert [again.find(one.id).seq for one in ratings] == [2, 3, 4]
    assert len(again.reader().ratings_by(again.reader().number(did_of("ann")), None)) == 1
    again.network_notes.mark(Mark("https://x"))
    assert again.integrity() == []
    with sqlite3.connect(path) as db:
        indexes = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert indexes.isdisjoint({"records_by_id", "ratings_by_rater"})
    db.close()
    again.close()


def test_notes_about_the_network_are_kept(world: World) -> None:
    """What is written comes back, and an address book or a list of strangers is replaced as a whole."""
    notes = world.ledger.network_notes
    notes.mark(Mark("https://a", "l1", 3, 4, 5, 6, 7, 0))
    notes.mark(Mark("https://a", "l1", 9, 4, 5, 6, 7, 0))
    assert notes.marks() == {"https://a": Mark("https://a", "l1", 9, 4, 5, 6, 7, 0)}
    notes.add_url("https://b", "bob")
    assert notes.urls() == {"https://b": "bob"}
    assert (notes.drop_urls("bob"), notes.urls()) == (1, {})
    one = Address(
        "https://a", "", "seed", tried=True, anchor=False, heard=1, attempted=2, worked=3, failures=0
    )
    notes.save_addresses([one, one._replace(url="https://b")])
    notes.save_addresses([one])
    assert notes.addresses() == [one]
    seen = NodeSeen("did:key:x", 1, 2, 10, 9, because="too fast", linked=5, direction="out")
    notes.save_nodes([seen])
    assert notes.nodes() == {"did:key:x": seen}
    notes.save_pending([Pending("k", "1.2.3.4", 1, 2, 3)])
    assert notes.pending() == [Pending("k", "1.2.3.4", 1, 2, 3)]
    notes.save_pending([])
    assert notes.pending() == []
    notes.save_commits([Commit("00", 2, 3, 1, 5)])
    assert notes.commits() == {"00": Commit("00", 2, 3, 1, 5)}
    notes.save_fact("secret", b"s")
    assert (notes.fact("secret"), notes.fact("other")) == (b"s", None)
