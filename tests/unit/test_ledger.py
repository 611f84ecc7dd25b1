"""The ledger: what is appended stays, what is asked is answered, what is damaged is noticed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sqlite3
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.network_of_raters import DAY, ME, NOW, World, did_of, rating, revocation, rotation, sealed
from trustcli.cli import shown
from trustcli.errors import Busy, ConfigError, DiskError, NotFound, RecordRefused, TrustError, WouldOverwrite
from trustcli.ledger import Ledger, connection, schema
from trustcli.ledger.projection import id_pair
from trustcli.node import verifying
from trustcli.records import crypto

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trustcli.records.envelope import Record


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where the ledger of a test is."""
    return str(tmp_path / "ledger.db")


@pytest.fixture
def ledger(path: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with closing(Ledger.create(path)) as made:
        yield made


def some(count: int, rater: str = "ann") -> list[Record]:
    """Return different ratings by one rater."""
    return [
        rating(rater, f"agent:{number}", 1 + number % 40 / 10, at=NOW + number) for number in range(count)
    ]


def seqs(ledger: Ledger) -> list[int]:
    """Return the numbers of all stored records in order."""
    return [entry.seq for entry in ledger.entries()]


# Appending


def test_append_says_what_was_new_in_the_order_of_its_arguments(ledger: Ledger) -> None:
    """Each record is stored once, and the answers stand in the order of the records given."""
    one, two, three = some(3)
    assert ledger.append([two], NOW) == [True]
    assert ledger.append([one, two, three, one], NOW) == [True, False, True, False]
    assert ledger.append([one, two, three], NOW) == [False, False, False]
    assert ledger.append([], NOW) == []
    assert [entry.id for entry in ledger.entries()] == [two.id, one.id, three.id]


def test_what_is_stored_is_what_was_signed(ledger: Ledger) -> None:
    """The canonical bytes, rebuilt from their parts, and the signature come back exactly."""
    records = [
        rating("ann", "bob", 4.5, reason='"quotes" \\ and ünïcode 🙂', evidence=["https://a.example/?q=1"]),
        rating("ann", "bob", 1, "a-b-9", source="otc:1", machine=True, expires=NOW + 1, ext={"x": [1, {}]}),
        sealed("ann", 'a kind of our own "', {"anything": [True, False, -1, {"deep": []}]}),
        revocation("ann", rating("ann", "bob", 4.5)),
        *rotation("ann", "ann-2", 0),
        sealed("ann", "rating", {"subject": "agent:x", "value": 10, "category": "x"}, 2**53 - 1),
    ]
    assert all(ledger.append(records, NOW))
    assert [entry.data for entry in ledger.entries()] == [record.data for record in records]
    assert [entry.sig for entry in ledger.entries()] == [record.sig for record in records]
    assert [entry.id for entry in ledger.entries()] == [record.id for record in records]
    assert ledger.integrity() == []


def test_records_of_a_network_with_a_difficult_name(tmp_path: Path) -> None:
    """The network's name is part of what was signed, whatever characters it has."""
    name = 'tëst "net" \\ 1'
    with closing(Ledger.create(str(tmp_path / "x.db"), network=name)) as ledger:
        record = sealed("ann", "rating", {"subject": "agent:x", "value": 10, "category": "x"}, net=name)
        ledger.append([record], NOW)
        assert [entry.data for entry in ledger.entries()] == [record.data]


def test_the_head_counts_and_sums(ledger: Ledger) -> None:
    """The head has the counts and the sum of all ids modulo 2²⁵⁶, whatever the order."""
    records = [*some(3), sealed("ann", "greeting", {})]
    ledger.append(records[2:], NOW)
    ledger.append(records[:3], NOW + 5)
    total = sum(int(record.id, 16) for record in records) % 2**256
    assert tuple(ledger.head()) == (4, 3, NOW + 5, f"{total:064x}")


def test_known(ledger: Ledger) -> None:
    """Of many ids, `known` returns exactly those stored; also more than one query can hold."""
    records = some(1_200)
    ledger.append(records[::2], NOW)
    assert ledger.known(record.digest for record in records) == {record.digest for record in records[::2]}
    assert ledger.known([]) == set()
    assert ledger.has(records[0].digest) is True
    assert ledger.has(records[1].digest) is False
    near = bytearray(records[0].digest)
    near[15] ^= 1
    assert ledger.has(bytes(near)) is False


def test_received_never_runs_backwards(ledger: Ledger) -> None:
    """When the clock steps back, the last time of arrival stands in for the earlier one."""
    for at, record in zip((NOW, NOW - DAY, NOW - 1, NOW + 1), some(4), strict=True):
        ledger.append([record], at)
    assert [entry.received for entry in ledger.entries()] == [NOW, NOW, NOW, NOW + 1]
    assert ledger.integrity() == []


def test_numbers_have_no_holes(ledger: Ledger) -> None:
    """Known records, repeated ones and failed batches use up no number."""
    records = some(6)
    ledger.append(records[:2], NOW)
    ledger.append(records[:4], NOW)
    with pytest.raises(DiskError), refusing(ledger, "ratings"):
        ledger.append(records[4:], NOW)
    ledger.append(records, NOW)
    assert seqs(ledger) == [1, 2, 3, 4, 5, 6]


class refusing:  # noqa: N801  reads as a statement
    """Within this, the database refuses to insert into a table: the middle of an append fails."""

    def __init__(self, ledger: Ledger, table: str) -> None:
        self._db = ledger._db
        self._table = table

    def __enter__(self) -> None:
        self._db.execute(
            f"CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.{self._table}"
            " BEGIN SELECT RAISE(ABORT, 'told to fail'); END"
        )

    def __exit__(self, *_: object) -> None:
        self._db.execute("DROP TRIGGER temp.refuse")


@pytest.mark.parametrize("table", ["nodes", "words", "records", "ratings"])
def test_a_failed_append_stores_nothing_and_misleads_nobody(ledger: Ledger, table: str) -> None:
    """After a rollback the numbers given out in it are forgotten: later names do not land on others'."""
    before = ledger.head()
    with pytest.raises(DiskError, match="told to fail"), refusing(ledger, table):
        ledger.append([rating("ann", "agent:lost", 5, "lost-category")], NOW)
    assert ledger.head() == before
    assert seqs(ledger) == []
    ledger.append([rating("cat", "agent:other", 2, "other-category")], NOW)
    ledger.append([rating("ann", "agent:lost", 5, "lost-category")], NOW)
    with closing(Ledger.open(ledger.path)) as fresh:
        fresh.append([rating("ann", "agent:third", 3, "third-category")], NOW)
    reader = ledger.reader()
    for subject, rater, category, value in (
        ("agent:other", "cat", "other-category", 20), ("agent:lost", "ann", "lost-category", 50),
        ("agent:third", "ann", "third-category", 30),
    ):  # fmt: skip
        (row,) = reader.ratings_of(reader.number(subject), None)
        assert (reader.name(row[2]), reader.category_name(row[1]), row[5]) == (did_of(rater), category, value)
    assert ledger.integrity() == []


def test_count_by_and_by_author(ledger: Ledger) -> None:
    """Records are counted and listed by their author, the newest arrival first."""
    mine, other = some(3), some(2, "cat")
    ledger.append([*mine, *other], NOW)
    assert ledger.count_by([did_of("ann")]) == 3
    assert ledger.count_by([did_of("ann"), did_of("cat"), did_of("nobody")]) == 5
    assert [entry.id for entry in ledger.by_author(did_of("ann"))] == [record.id for record in reversed(mine)]


def test_pages(ledger: Ledger) -> None:
    """Records are listed forwards after a number and backwards before one, as many as asked for."""
    ledger.append(some(5), NOW)
    assert [entry.seq for entry in ledger.entries(after=2, limit=2)] == [3, 4]
    assert [entry.seq for entry in ledger.latest(limit=2, before=4)] == [3, 2]
    assert [signed.seq for signed in ledger.signed(after=1, until=3)] == [2, 3]
    assert sorted(ledger.entries_of([4, 2, 99])) == [2, 4]
    assert ledger.last() == 5


# Finding


def test_find_by_prefix(ledger: Ledger) -> None:
    """Eight to 64 hex digits of an id, in either case and with or without sha256:, find its record."""
    records = some(20)
    ledger.append(records, NOW)
    for record in records:
        for prefix in (
            record.id[:8],
            record.id[:17],
            record.id.upper()[:12],
            record.id,
            f"sha256:{record.id[:10]}",
        ):
            assert ledger.find(prefix).id == record.id


NO_PREFIX: list[Callable[[str], str]] = [
    lambda id_: id_[:7],
    lambda id_: id_ + "0",
    lambda id_: "",
    lambda id_: "xyzwxyzw",
    lambda id_: id_[:8] + "-",
    lambda id_: id_[:63] + "g",
    lambda id_: " " + id_[:8],
    lambda id_: id_[:4] + "_" + id_[4:9],
]


@pytest.mark.parametrize("change", NO_PREFIX)
def test_what_is_no_prefix_finds_nothing(ledger: Ledger, change: Callable[[str], str]) -> None:
    """Fewer than 8 digits, more than 64 and what is not hex are refused, also where a record would fit."""
    (record,) = some(1)
    ledger.append([record], NOW)
    with pytest.raises(NotFound):
        ledger.find(change(record.id))


def test_an_unknown_id_finds_nothing(ledger: Ledger) -> None:
    """An id that differs only in its last digit is another id."""
    (record,) = some(1)
    ledger.append([record], NOW)
    other = record.id[:-1] + ("0" if record.id[-1] != "0" else "1")
    with pytest.raises(NotFound):
        ledger.find(other)


def test_an_ambiguous_prefix_is_refused(ledger: Ledger) -> None:
    """Where two ids share eight digits, eight are too few and nine decide."""
    one, two = _collision()
    ledger.append([one, two, *some(3)], NOW)
    assert one.id[:8] == two.id[:8]
    with pytest.raises(RecordRefused) as refused:
        ledger.find(one.id[:8])
    assert refused.value.code == "ambiguous"
    assert ledger.find(one.id).id == one.id
    assert ledger.find(two.id[:32]).id == two.id


def _collision() -> tuple[Record, Record]:
    """Find two ratings whose ids share 32 bits: some eighty thousand tries, by the birthday paradox."""
    template = rating("ann", "agent:x", 4, at=NOW).data
    assert template.count(str(NOW).encode()) == 1
    seen: dict[bytes, int] = {}
    at = NOW
    while True:
        data = template.replace(str(NOW).encode(), str(at).encode())
        short = hashlib.sha256(crypto.DOMAIN + data).digest()[:4]
        if short in seen:
            return rating("ann", "agent:x", 4, at=seen[short]), rating("ann", "agent:x", 4, at=at)
        seen[short] = at
        at += 1


# Nothing is changed, nothing is deleted


def filled(ledger: Ledger) -> None:
    """Put something into every table of records."""
    record = rating("ann", "bob", 4)
    ledger.append([record, revocation("ann", record), *rotation("ann", "ann-2"), *some(3)], NOW)


@pytest.mark.parametrize("table", ["records", "ratings", "revocations", "keys"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {0} SET seq = seq + 100", "DELETE FROM {0}", "REPLACE INTO {0} SELECT * FROM {0}",
     "INSERT OR REPLACE INTO {0} SELECT * FROM {0} LIMIT 1", "UPDATE OR REPLACE {0} SET seq = 1",
     "INSERT INTO {0} SELECT * FROM {0} WHERE true ON CONFLICT DO UPDATE SET seq = 77"],
)  # fmt: skip
def test_append_only(ledger: Ledger, table: str, statement: str) -> None:
    """The program's own connection cannot change, delete or replace what was appended."""
    filled(ledger)
    before = ledger._db.execute(f"SELECT * FROM {table}").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|UNIQUE constraint"):
        ledger._db.execute(statement.format(table))
    assert ledger._db.execute(f"SELECT * FROM {table}").fetchall() == before


# Opening


def test_no_ledger(tmp_path: Path) -> None:
    """Opening what is not there says so and makes nothing."""
    with pytest.raises(NotFound) as missing:
        Ledger.open(str(tmp_path / "none.db"))
    assert missing.value.code == "no_ledger"
    assert os.listdir(tmp_path) == []


def test_the_file_is_ours_alone(tmp_path: Path) -> None:
    """The file has mode 0600 and its directory 0700, whatever the umask."""
    old = os.umask(0)
    try:
        where = tmp_path / "deep" / "ledger.db"
        with closing(Ledger.create(str(where))) as ledger:
            ledger.append(some(1), NOW)
            ledger.backup(str(tmp_path / "copy.db"))
    finally:
        os.umask(old)
    assert stat.S_IMODE(where.stat().st_mode) == 0o600
    assert stat.S_IMODE(where.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert {entry.name for entry in where.parent.iterdir()} == {"ledger.db"}


def test_creating_again_keeps_what_is_there(path: str) -> None:
    """`create` on an existing ledger opens it, with its own network and id."""
    with closing(Ledger.create(path, network="one")) as ledger:
        first = ledger.ledger_id
        ledger.append([sealed("ann", "greeting", {}, net="one")], NOW)
    with closing(Ledger.create(path, network="two")) as again:
        assert (again.network, again.ledger_id, again.head().records) == ("one", first, 1)


def tampered(path: str, *statements: str) -> None:
    """Change the file behind the program's back, its triggers out of the way."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        for _, sql in triggers:
            db.execute(sql)


_TOOTHLESS = """DROP TRIGGER records_no_update;
CREATE TRIGGER records_no_update BEFORE UPDATE ON records BEGIN SELECT 1; END"""
_ENDLESS = """DROP TABLE ratings;
CREATE VIEW ratings AS WITH RECURSIVE x(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM x)
SELECT i subject, i category, i rater, i created, i seq, i value, i expires, i author, i machine FROM x"""


_TOOTHLESS = """DROP TRIGGER records_no_update;
CREATE TRIGGER records_no_update BEFORE UPDATE ON records BEGIN SELECT 1; END"""
_ENDLESS = """DROP TABLE ratings;
CREATE VIEW ratings AS WITH RECURSIVE x(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM x)
SELECT i subject, i category, i rater, i created, i seq, i value, i expires, i author, i machine FROM x"""


@pytest.mark.parametrize(
    "statement",
    ["CREATE TRIGGER evil AFTER INSERT ON records BEGIN DELETE FROM private_peers; END",
     "CREATE VIEW evil AS SELECT * FROM records", "CREATE TABLE evil (x)",
     "CREATE INDEX evil ON nodes (records)",
     _TOOTHLESS, _ENDLESS,
     "CREATE VIRTUAL TABLE evil USING fts5(x)"],
)  # fmt: skip
def test_foreign_objects_are_refused(ledger: Ledger, statement: str) -> None:
    """A file with a table, view, index or trigger that is not ours is no ledger and is not read."""
    filled(ledger)
    ledger.close()
    with closing(sqlite3.connect(ledger.path)) as db:
        db.executescript(statement)
    with pytest.raises(DiskError) as refused:
        Ledger.open(ledger.path)
    assert refused.value.code == "foreign_schema"


def test_a_missing_trigger_is_noticed(ledger: Ledger) -> None:
    """A ledger whose guard against changes was dropped is not taken for whole."""
    ledger.close()
    with closing(sqlite3.connect(ledger.path)) as db:
        db.executescript("DROP TRIGGER records_no_delete")
    with pytest.raises(DiskError):
        noticed(ledger.path)


def noticed(path: str) -> None:
    """Open and check a ledger; raise if anything is wrong."""
    with closing(Ledger.open(path)) as ledger:
        wrong = ledger.integrity()
        if wrong:
            raise DiskError(wrong[0])


def test_a_newer_ledger_is_left_alone(ledger: Ledger) -> None:
    """A file with a schema of a later program is refused with its own code, and not changed."""
    ledger.close()
    tampered(ledger.path, f"PRAGMA user_version = {schema.VERSION + 1}", "CREATE TABLE later (x)")
    before = Path(ledger.path).read_bytes()
    for opening in (Ledger.open, Ledger.create):
        with pytest.raises(ConfigError) as refused:
            opening(ledger.path)
        assert (refused.value.code, refused.value.exit) == ("ledger_too_new", 78)
    assert Path(ledger.path).read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to look at" * 100, b"{}\n", b"\0" * 4096]
)
def test_another_file_is_no_ledger(path: str, content: bytes) -> None:
    """What is no SQLite file is refused with exit code 74 and stays as it is."""
    Path(path).write_bytes(content)
    with pytest.raises(DiskError):
        Ledger.open(path)
    assert Path(path).read_bytes() == content


def test_an_empty_file_is_an_unfinished_ledger(path: str) -> None:
    """A creation that was cut short after making the file is completed by the next one."""
    Path(path).touch(0o600)
    with closing(Ledger.create(path)) as ledger:
        assert ledger.append(some(1), NOW) == [True]


def test_an_unfinished_ledger_is_not_opened_with_a_traceback(path: str) -> None:
    """Opening the empty file of a creation that was cut short is an error of ours."""
    Path(path).touch(0o600)
    with pytest.raises(TrustError):
        Ledger.open(path)
    assert Path(path).read_bytes() == b""


def test_an_empty_file_is_waited_for_while_another_process_creates_it(path: str) -> None:
    """Between the making of the file and its schema it is empty to all who look."""
    Path(path).touch(0o600)
    with closing(connection._connect(path, 0)) as other, ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN IMMEDIATE")
        opened = pool.submit(lambda: Ledger.open(path).close())
        time.sleep(3 * connection._CREATING)
        schema.create(other, network="main", ledger_id="00" * 16)
        other.execute("COMMIT")
        opened.result()


def test_a_missing_table_is_damage(ledger: Ledger) -> None:
    """It is not said that nothing was lost."""
    with closing(sqlite3.connect(ledger.path)) as db:
        db.execute("DROP TABLE meta")
        db.commit()
    with pytest.raises(DiskError) as damaged:
        Ledger.open(ledger.path)
    assert "damaged" in str(damaged.value)
    assert "backup" in damaged.value.hint


@pytest.mark.parametrize(
    ("version", "mode"),
    [((3, 51, 3), "wal"), ((3, 51, 4), "wal"), ((3, 52, 0), "wal"), ((4, 0, 0), "wal"), ((3, 50, 7), "wal"),
     ((3, 50, 8), "wal"), ((3, 44, 6), "wal"), ((3, 44, 7), "wal"), ((3, 51, 2), "delete"), ((3, 51, 0),
     "delete"),
     ((3, 50, 6), "delete"), ((3, 45, 0), "delete"), ((3, 49, 9), "delete"), ((3, 44, 5), "delete"),
     ((3, 43, 9), "delete"), ((3, 40, 1), "delete")],
)  # fmt: skip
def test_wal_only_where_its_bug_is_fixed(version: tuple[int, ...], mode: str) -> None:
    """WAL is used from 3.51.3 on and in the repaired branches 3.50.7 and 3.44.6; else a rollback journal."""
    assert connection.journal_mode(version) == mode


def test_the_mode_in_use_is_that_of_the_linked_library(ledger: Ledger) -> None:
    """The file has the journal mode that this SQLite calls for, and syncs each commit fully."""
    assert ledger._db.execute("PRAGMA journal_mode").fetchone() == (connection.journal_mode(),)
    assert ledger._db.execute("PRAGMA synchronous").fetchone()[0] >= 2
    assert ledger._db.execute("PRAGMA trusted_schema").fetchone() == (0,)


def test_a_locked_ledger_is_busy(ledger: Ledger) -> None:
    """A writer that waits longer than its patience says 75, stores nothing, and may try again."""
    with closing(Ledger.open(ledger.path, lock_wait=0.05)) as other:
        ledger._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy) as busy:
            other.append(some(1), NOW)
        ledger._db.execute("ROLLBACK")
        assert (busy.value.exit, busy.value.retryable) == (75, True)
        assert other.append(some(1), NOW) == [True]


# Care


def test_backup_is_whole_beside_a_writer(ledger: Ledger, tmp_path: Path) -> None:
    """A backup taken while another connection writes opens, is sound, and holds a whole number of batches."""
    ledger.append(some(300, "eve"), NOW)
    stop = threading.Event()
    written = []

    def write() -> None:
        with closing(Ledger.open(ledger.path)) as own:
            for number in range(10_000):
                if stop.wait(0.002):  # a steady writer, not one that lets nobody in
                    return
                batch = [rating("ann", f"agent:{number}-{part}", 4) for part in range(3)]
                own.append(batch, NOW)
                written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            before = len(written)
            target = str(tmp_path / f"{number}.db")
            head = ledger.backup(target)
            after = len(written) + 1
            with closing(Ledger.open(target)) as copy:
                assert copy.head() == head
                assert copy.integrity() == []
                assert len(seqs(copy)) == head.records
            assert (head.records - 300) % 3 == 0
            assert before <= (head.records - 300) // 3 <= after
    finally:
        stop.set()
        writer.join()
    assert written


def test_backup_never_overwrites(ledger: Ledger, tmp_path: Path) -> None:
    """A file in the way, or a link, is kept; a directory that is not there is a clear error."""
    there = tmp_path / "there.db"
    there.write_bytes(b"precious")
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere")
    for target in (there, link):
        with pytest.raises(WouldOverwrite):
            ledger.backup(str(target))
    with pytest.raises(DiskError):
        ledger.backup(str(tmp_path / "no" / "such" / "directory.db"))
    assert there.read_bytes() == b"precious"
    assert not (tmp_path / "elsewhere").exists()


def test_compact_keeps_everything_that_counts(ledger: Ledger) -> None:
    """Compaction changes no record and no head; only what was withdrawn in private goes for good."""
    filled(ledger)
    private = ledger.private
    for _ in range(2):
        private.add_rating(
            did_of("ann"), NOW, NOW, {"subject": "agent:x", "category": "x", "value": 40}, None
        )
    private.end(1, NOW)
    before = ledger.head(), [entry.id for entry in ledger.entries()]
    ledger.compact()
    assert (ledger.head(), [entry.id for entry in ledger.entries()]) == before
    assert [one.id for one in private.ratings(with_ended=True)] == [2]
    assert ledger.integrity() == []


TAMPERING = {
    "a record deleted from the end": "DELETE FROM records WHERE seq = (SELECT max(seq) FROM records)",
    "a record deleted from the middle": "DELETE FROM records WHERE seq = 3",
    "the first record deleted": "DELETE FROM records WHERE seq = 1",
    "all records deleted": "DELETE FROM records",
    "a rating deleted": "DELETE FROM ratings WHERE seq = 1",
    "a rating's value changed": "UPDATE ratings SET value = 50 WHERE seq = 1",
    "a rating's rater changed": "UPDATE ratings SET rater = rater + 1 WHERE seq = 1",
    "a rating's date changed": "UPDATE ratings SET created = created + 1 WHERE seq = 1",
    "a rating made to expire": "UPDATE ratings SET expires = 1 WHERE seq = 1",
    "a rating made a machine's": "UPDATE ratings SET machine = 2 WHERE seq = 1",
    "a rating made a bridge's": "UPDATE ratings SET author = 1 WHERE seq = 1",
    "a rating invented": "INSERT INTO ratings VALUES (1, 1, 2, 5, 6, 50, NULL, NULL, 0)",
    "a rating deleted from its rater's": "DELETE FROM ratings_by_rater WHERE seq = 1",
    "a rating's value changed at its rater's": "UPDATE ratings_by_rater SET value = 50 WHERE seq = 1",
    "a record lost from the ids": "DELETE FROM record_ids WHERE seq = 2",
    "an id turned to another record": "UPDATE record_ids SET seq = iif(seq = 1, 2, 1) WHERE seq IN (1, 2)",
    "an id in the ids changed": "UPDATE record_ids SET id_lo = id_lo + 1 WHERE seq = 2",
    "two values swapped": "UPDATE ratings SET value = iif(value = 40, 10, iif(value = 10, 40, value))",
    "a revocation deleted": "DELETE FROM revocations",
    "a revocation turned to another record": "UPDATE revocations SET id_lo = id_lo + 1",
    "a key event changed": "UPDATE keys SET other = NULL WHERE action = 'rotate'",
    "a key event deleted": "DELETE FROM keys WHERE action = 'accept'",
    "a subject renamed": "UPDATE nodes SET name = 'agent:y' WHERE name = 'agent:0'",
    "an author renamed": f"UPDATE nodes SET name = '{did_of('zoe')}' WHERE name = '{did_of('ann')}'",
    "an author's count changed": "UPDATE nodes SET records = records + 1 WHERE id = 1",
    "a category renamed": "UPDATE words SET text = 'underall' WHERE text = 'overall'",
    "a kind renamed": "UPDATE words SET text = 'ratinG' WHERE text = 'rating'",
    "an id changed": "UPDATE records SET id_lo = id_lo + 1 WHERE seq = 2",
    "a body changed": (
        "UPDATE records SET body = CAST(replace(CAST(body AS TEXT), '40', '50') AS BLOB) WHERE seq = 1"
    ),
    "a date changed": "UPDATE records SET created = created - 1 WHERE seq = 2",
    "an arrival before the one in front": "UPDATE records SET received = received - 1 WHERE seq = 4",
    "the head's records": "UPDATE head SET records = records + 1",
    "the head's ratings": "UPDATE head SET ratings = ratings - 1",
    "the head's last arrival": "UPDATE head SET received = received + 1000000",
    "the head's fingerprint": "UPDATE head SET fingerprint = zeroblob(32)",
    "the network": "UPDATE meta SET value = 'other' WHERE name = 'network'",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_noticed(ledger: Ledger, what: str) -> None:
    """The check finds every change of a record, of what is derived from it, and of the head."""
    filled(ledger)
    assert ledger.integrity() == []
    ledger.close()
    tampered(ledger.path, TAMPERING[what])
    with closing(Ledger.open(ledger.path)) as changed:
        assert changed.integrity() != []


@pytest.mark.parametrize("body", [b"{}", b"not JSON", b'{"category":"x","subject":"y","value":"4"}'])
def test_a_rating_that_cannot_be_read_is_noticed(ledger: Ledger, body: bytes) -> None:
    """Even if its id was made to fit."""
    filled(ledger)
    entry = next(entry for entry in ledger.entries() if entry.kind == "rating")
    high, low = id_pair(crypto.record_id(ledger.rebuild(entry.author, entry.kind, entry.created, body)))
    ledger.close()
    changed = f"body = x'{body.hex()}', id_hi = {high}, id_lo = {low}"
    tampered(ledger.path, f"UPDATE records SET {changed} WHERE seq = {entry.seq}")
    with closing(Ledger.open(ledger.path)) as found:
        assert any("cannot be read" in wrong for wrong in found.integrity())


def test_tampering_that_is_none_is_not_noticed(ledger: Ledger) -> None:
    """The way in which the last test changes the file is not itself what the check finds."""
    filled(ledger)
    ledger.close()
    tampered(ledger.path, "UPDATE ratings SET value = value")
    noticed(ledger.path)


def test_a_changed_signature_is_found_by_verify(tmp_path: Path) -> None:
    """Signatures are not the check's work: `verify` finds a wrong one and names the record."""
    world = World(tmp_path)
    filled(world.ledger)
    path = world.ledger.path
    world.node.close()
    tampered(path, "UPDATE records SET sig = zeroblob(64) WHERE seq = 2")
    assert [(one.line, one.code) for one in verifying.verify_ledger(world.node).wrong] == [
        (2, "bad_signature")
    ]


def test_a_changed_private_rating_is_noticed(tmp_path: Path) -> None:
    """A signed private rating whose stars were changed in the file no longer fits its signed line."""
    world = World(tmp_path)
    world.rate("ann", "bob", 4)
    world.rate_privately("bob", 1)
    path = world.ledger.path
    world.node.close()
    tampered(path, "UPDATE private_ratings SET value = 50")
    assert verifying.verify_ledger(world.node).wrong != []


# Damage


def population(world: World) -> None:
    """Let a small village speak."""
    names = ["ann", "bob", "cat", "dan"]
    records = [rating(ME, name, stars) for name, stars in zip(names, (5, 4, 3, 2), strict=True)]
    for turn, rater in enumerate(names):
        for subject in [name for name in (*names, "agent:x", "agent:y") if name != rater]:
            records.append(
                rating(rater, subject, 1 + (7 * turn + len(records)) % 40 / 10, at=NOW - turn * DAY)
            )
    records += [
        revocation("ann", records[5]),
        *rotation("bob", "bob-2"),
        sealed("dan", "key", {"action": "retire"}),
    ]
    world.hear(*records)


def told(world: World) -> str:
    """Return all that the world's scores say."""
    found: list[Any] = []
    for model in ("beta", "stars"):
        inquiry = world.inquiry(model=model)
        found += [
            shown.score_data(scored, inquiry.asked, inquiry.model.unit) for scored in inquiry.everybody()
        ]
        found += [world.ignored(subject, model=model) for subject in ("ann", "bob-2", "agent:x")]
        found += [world.score(subject, model=model)[1:] for subject in ("cat", "agent:x")]
    return json.dumps(found)


def test_a_flipped_byte_is_reported_or_harmless(tmp_path: Path, slow: bool) -> None:
    """A wrong byte anywhere in the file never changes a score unreported, and raises only errors of ours."""
    world = World(tmp_path)
    population(world)
    path = Path(world.ledger.path)
    truth = told(world)
    world.node.close()
    whole = path.read_bytes()
    dice = random.Random(7)
    written = [at for at, byte in enumerate(whole) if byte]
    silent, strange = [], []
    for turn in range(1_000 if slow else 300):
        at = dice.randrange(len(whole)) if turn % 3 == 0 else dice.choice(written)
        damaged = bytearray(whole)
        damaged[at] ^= dice.randrange(1, 256) if turn % 2 else 1 << dice.randrange(8)
        path.write_bytes(damaged)
        try:
            if told(world) != truth and not verifying.verify_ledger(world.node).wrong:
                silent.append(at)
        except TrustError:
            pass
        except Exception as problem:  # noqa: BLE001  that there is none is what is tested
            strange.append((at, whole[at], damaged[at], repr(problem)))
        finally:
            world.node.close()
    assert (silent, strange) == ([], [])


def test_a_flipped_byte_breaks_no_check(tmp_path: Path, slow: bool) -> None:
    """`verify` and the check say what is wrong with any damaged file, or raise an error of ours."""
    world = World(tmp_path)
    population(world)
    path = Path(world.ledger.path)
    world.node.close()
    whole = path.read_bytes()
    dice = random.Random(8)
    written = [at for at, byte in enumerate(whole) if byte]
    strange, found = [], 0
    for _ in range(1_000 if slow else 150):
        at = dice.choice(written)
        damaged = bytearray(whole)
        damaged[at] ^= 1 << dice.randrange(8)
        path.write_bytes(damaged)
        try:
            found += bool(verifying.verify_ledger(world.node).wrong)
        except TrustError:
            found += 1
        except Exception as problem:  # noqa: BLE001  that there is none is what is tested
            strange.append((at, whole[at], damaged[at], repr(problem)))
        finally:
            world.node.close()
    assert strange == []
    assert found > 50


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM meta", "UPDATE meta SET name = 'x' || name", "DELETE FROM head", "DELETE FROM nodes",
     "DELETE FROM words", "DELETE FROM records", "UPDATE ratings SET rater = 999",
     "UPDATE ratings SET rater = -999",
     "UPDATE ratings SET value = 127", "UPDATE ratings SET value = -128",
     "UPDATE ratings SET seq = seq + 1000",
     "UPDATE ratings SET seq = -seq", "UPDATE ratings SET category = 999",
     "UPDATE revocations SET author = 999",
     "UPDATE keys SET other = 999", "UPDATE keys SET action = 'x'", "UPDATE records SET author = 999",
     "UPDATE records SET kind = 999", "UPDATE records SET body = x'ff'", "UPDATE records SET body = x''",
     "UPDATE records SET body = CAST('[1]' AS BLOB)", "UPDATE private_peers SET weight = -7.5"],
)  # fmt: skip
def test_nonsense_in_the_file_is_an_error_of_ours(tmp_path: Path, statement: str) -> None:
    """Rows that no record calls for end in an error of ours or are found by `verify`: never a traceback."""
    world = World(tmp_path)
    population(world)
    world.peer("zoe", weight=0.5)
    world.rate("zoe", "agent:x", 4)
    path = world.ledger.path
    truth = told(world)
    world.node.close()
    tampered(path, statement)
    for ask in (
        told,
        lambda world: verifying.verify_ledger(world.node),
        lambda world: world.rate("ann", "agent:z", 3),
    ):
        try:
            said = ask(world)
        except TrustError:
            continue
        finally:
            world.node.close()
        if ask is told and said != truth and "private" not in statement:
            assert verifying.verify_ledger(world.node).wrong != []
            world.node.close()


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_a_cut_file_is_damaged(tmp_path: Path, keep: float) -> None:
    """A file that lost its end is reported with exit code 74 or by the check."""
    world = World(tmp_path)
    population(world)
    path = Path(world.ledger.path)
    world.node.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(DiskError):
        noticed(str(path))
