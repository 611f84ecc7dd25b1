"""The index of ids: it says what the records say, whoever made it, and whatever happened to it."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.network_of_raters import DAY, NOW, did_of, rating, revocation
from trustcli.errors import Busy, DiskError
from trustcli.ledger import Ledger
from trustcli.ledger.ids import BLOCK, HURRIED_STEP, STEP, IdIndex
from trustcli.ledger.projection import Staged
from trustcli.records import crypto
from trustcli.sync.negentropy import Initiator, Vector, respond

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AUTHOR = did_of("ann")
PAGE = 5_000  # records of the smallest batch


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where the ledger of a test is."""
    return str(tmp_path / "ledger.db")


@pytest.fixture
def ledger(path: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with closing(Ledger.create(path)) as made:
        yield made


def fill(ledger: Ledger, count: int, first: int = 0, span: int = DAY, at: int = NOW) -> None:
    """Append unsigned ratings, dated within a span (ms) from `at` on: here nobody looks at signatures."""
    dice = random.Random(first)
    records = []
    for number in range(first, first + count):
        created = at + dice.randrange(span)
        body = b'{"category":"overall","subject":"agent:%d","value":30}' % number
        digest = crypto.record_id(ledger.rebuild(AUTHOR, "rating", created, body))
        fields = (f"agent:{number}", "overall", 30)
        records.append(Staged(digest, AUTHOR, "rating", created, body, bytes(64), fields))
    assert all(ledger.append_staged(records, NOW))


def plain(ledger: Ledger) -> Vector:
    """Return what the index should hold, straight from the records."""
    return Vector((entry.created // 1000, bytes.fromhex(entry.id)) for entry in ledger.entries())


def assert_same(index: IdIndex, expected: Vector, rounds: int = 100) -> None:
    """Every answer of the index is the one of the sorted list."""
    assert len(index) == len(expected)
    assert index.ids(0, len(index)) == expected.ids(0, len(expected))
    dice = random.Random(rounds)
    for _ in range(rounds):
        lower, upper = sorted((dice.randrange(len(expected) + 1), dice.randrange(len(expected) + 1)))
        assert index.total(lower, upper) == expected.total(lower, upper)
        near = min(lower + 20, upper)
        assert index.ids(lower, near) == expected.ids(lower, near)
        if lower < len(expected):
            second, id_ = expected.at(lower)
            assert index.at(lower) == (second, id_)
            for prefix in (b"", id_[:1], id_, b"\xff"):
                assert index.rank(second, prefix) == expected.rank(second, prefix)


def sizes(path: str) -> list[int]:
    """Return how many ids each block has, and see that the blocks are what they say."""
    with closing(sqlite3.connect(path)) as db:
        blocks = db.execute("SELECT second, id, n, sum FROM id_blocks ORDER BY second, id").fetchall()
        ids = db.execute("SELECT second, id FROM ids ORDER BY second, id").fetchall()
    keys = [(second, id_) for second, id_, _, _ in blocks] + [(2**62, b"")]
    for (_, _, count, total), lower, upper in zip(blocks, keys, keys[1:], strict=False):
        inside = [id_ for second, id_ in ids if lower <= (second, id_) < upper]
        assert len(inside) == count
        assert sum(int.from_bytes(id_, "little") for id_ in inside) % 2**256 == int.from_bytes(
            total, "little"
        )
    return [count for _, _, count, _ in blocks]


# What it says


def test_an_empty_ledger_has_an_empty_index(ledger: Ledger) -> None:
    """No item, and no answer but nothing."""
    index = IdIndex(ledger)
    assert index.catch_up() == 0
    assert (len(index), index.rank(5, b"x"), index.total(0, 0), index.ids(0, 0)) == (0, 0, 0, [])
    with pytest.raises(IndexError):
        index.at(0)


def test_items_are_whole_ids_by_second(ledger: Ledger) -> None:
    """All 32 bytes of the ids of records of any kind, sorted by `created` in seconds, then by id."""
    old = rating("ann", "bob", 4, at=NOW - 5_001)
    new = [rating("ann", "bob", 3, at=NOW + 999), revocation("ann", old, at=NOW)]
    ledger.append([*new, old], NOW)
    index = IdIndex(ledger)
    assert index.catch_up() == 3
    later = sorted(record.digest for record in new)
    assert [index.at(place) for place in range(3)] == [
        (NOW // 1000 - 6, old.digest), (NOW // 1000, later[0]), (NOW // 1000, later[1])
    ]  # fmt: skip


@pytest.mark.parametrize("span", [1, 60_000, 400 * DAY])
def test_it_answers_as_the_plain_list_does(ledger: Ledger, span: int) -> None:
    """Sums, ranks, items and ids, for records of one second, of a minute, of a year."""
    fill(ledger, 3_000, span=span)
    index = IdIndex(ledger)
    assert index.catch_up() == 3_000
    assert_same(index, plain(ledger))


def test_a_full_disk_takes_no_answer_away(ledger: Ledger, path: str) -> None:
    """Without room for the index its tables are in memory, and in the file again once there is some."""
    fill(ledger, 1_000)
    index = IdIndex(ledger)
    index.catch_up()
    fill(ledger, 2_000, first=1_000)
    db = ledger._db
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
    assert index.catch_up() == 2_000
    assert index.catch_up() == 0
    assert_same(index, plain(ledger))
    assert sum(sizes(path)) == 1_000
    db.execute("PRAGMA max_page_count = 1000000")
    fill(ledger, 1_000, first=3_000)
    index.catch_up()
    assert_same(index, plain(ledger))
    assert sum(sizes(path)) == 4_000


def test_bounds_beyond_all_records(ledger: Ledger) -> None:
    """A peer may ask for any 64-bit second; SQLite's integers are shorter."""
    fill(ledger, 1_000)
    index = IdIndex(ledger)
    index.catch_up()
    assert index.rank(0, b"") == 0
    assert [index.rank(second, b"\xff" * 32) for second in (2**62, 2**63, 2**64 - 2)] == [1_000] * 3


def test_it_follows_the_ledger(ledger: Ledger, path: str) -> None:
    """Small and large additions, in any order of time; blocks stay below their size."""
    index, total = IdIndex(ledger), 0
    for step, count in enumerate((1, 511, 1, 700, 3, 2_000, 400, 40)):
        fill(ledger, count, first=total, span=DAY if step % 2 else 2_000)
        assert index.catch_up() == count
        total += count
        assert_same(index, plain(ledger), rounds=20)
        assert max(sizes(path)) <= BLOCK
    assert sum(sizes(path)) == total


def test_records_in_order_of_time_fill_their_blocks(ledger: Ledger, path: str) -> None:
    """The common case: what comes later is dated later. Blocks are not left nearly empty."""
    index = IdIndex(ledger)
    for start in range(0, 4_000, 250):
        fill(ledger, 250, first=start, span=2_500, at=NOW + start * 10)
        index.catch_up()
    assert min(sizes(path)[:-1]) >= BLOCK // 8


def test_what_is_there_is_not_made_again(ledger: Ledger, path: str) -> None:
    """The next process finds the index as it was left, and adds only what is new."""
    fill(ledger, 1_500)
    IdIndex(ledger).catch_up()
    with closing(Ledger.open(path)) as again:
        index = IdIndex(again)
        assert len(index) == 1_500
        fill(again, 2, first=1_500)
        assert index.catch_up() == 2
        assert index.catch_up() == 0
        assert_same(index, plain(again), rounds=20)


def test_progress_is_told(ledger: Ledger) -> None:
    """After each transaction: how many are in, and how many there are."""
    fill(ledger, 2 * PAGE + 10)
    told: list[tuple[int, int | None]] = []
    assert IdIndex(ledger, batch=PAGE).catch_up(lambda done, of: told.append((done, of))) == 2 * PAGE + 10
    assert told == [(count, 2 * PAGE + 10) for count in (PAGE, 2 * PAGE, 2 * PAGE + 10)]


def lengths(index: IdIndex, *, is_hurried: bool) -> list[int]:
    """Let an index follow step by step; return its length after each."""
    found = list[int]()
    while not index.advance(is_hurried=is_hurried):
        found.append(len(index))
    return [*found, len(index)]


def test_it_follows_in_small_steps(ledger: Ledger) -> None:
    """Who must do other things meanwhile is held up for a thousand records, not for all that are missing."""
    fill(ledger, 3 * STEP + 7)
    index = IdIndex(ledger)
    assert lengths(index, is_hurried=False) == [STEP, 2 * STEP, 3 * STEP, 3 * STEP + 7]
    assert lengths(index, is_hurried=False) == [3 * STEP + 7]
    assert_same(index, plain(ledger), rounds=20)


def test_steps_are_ahead_of_records_that_come(ledger: Ledger) -> None:
    """While a node takes in 2,000 records a turn, one step a turn gets there."""
    fill(ledger, 3 * HURRIED_STEP)
    index, turns = IdIndex(ledger), 0
    while not index.advance(is_hurried=True):
        turns += 1
        fill(ledger, 2_000, first=ledger.head().records)
    assert turns <= 6
    assert len(index) == ledger.head().records


def test_a_step_mends_what_is_damaged(ledger: Ledger, path: str) -> None:
    """An index that says it has followed, and has not, is made again."""
    fill(ledger, 3 * STEP)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT OR REPLACE INTO id_mark VALUES (1, ?)", (3 * STEP,))
    index = IdIndex(ledger)
    assert index.advance(is_hurried=False)
    assert_same(index, plain(ledger), rounds=20)


def test_two_ledgers_find_their_differences(ledger: Ledger, tmp_path: Path) -> None:
    """Negentropy over two indexes on disk: exact, in few round trips."""
    fill(ledger, 2_500, first=5)
    with closing(Ledger.create(str(tmp_path / "other.db"))) as other:
        fill(other, 2_500, first=5)
        fill(ledger, 7, first=3_000)
        fill(other, 20, first=4_000)
        mine, theirs = IdIndex(ledger), IdIndex(other)
        mine.catch_up()
        theirs.catch_up()
        initiator = Initiator(lambda: mine)
        have, need, message, trips = list[bytes](), list[bytes](), initiator.open(), 0
        while message:
            step = initiator.take(respond(theirs, message))
            have, need, message, trips = have + step.have, need + step.need, step.message, trips + 1
        newest = [*ledger.entries(after=2_500)]
        assert sorted(have) == sorted(bytes.fromhex(entry.id) for entry in newest)
        assert len(need) == 20
        assert other.known(need) == set(need)
        assert trips <= 3


# Several at once


def test_many_may_catch_up_at_once(path: str) -> None:
    """Three, each with a connection of its own: every id is in once."""
    with closing(Ledger.create(path)) as ledger:
        fill(ledger, 2 * PAGE)
    wrong: list[BaseException] = []

    def work() -> None:
        try:
            with closing(Ledger.open(path, lock_wait=30)) as own:
                index = IdIndex(own, batch=PAGE)
                index.catch_up()
                assert len(index) == 2 * PAGE
        except BaseException as problem:  # noqa: BLE001  whatever it is, the test shows it
            wrong.append(problem)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    with closing(Ledger.open(path)) as ledger:
        assert_same(IdIndex(ledger), plain(ledger), rounds=20)


def test_an_index_that_others_changed_says_so(ledger: Ledger, path: str) -> None:
    """Half an old answer and half a new one would be neither: Busy, until the next catch-up."""
    fill(ledger, 2_000)
    index = IdIndex(ledger)
    index.catch_up()
    with closing(Ledger.open(path)) as other:
        fill(other, 500, first=2_000)
        IdIndex(other).catch_up()
    with pytest.raises(Busy, match="changed meanwhile"):
        index.ids(0, 2_000)
    assert index.catch_up() == 0  # the other did the work
    assert_same(index, plain(ledger), rounds=20)


KILLED = """
import os, signal, sys
from trustcli.ledger import Ledger
from trustcli.ledger.ids import IdIndex

ledger = Ledger.open(sys.argv[1])
index = IdIndex(ledger, batch=5000)
left = int(sys.argv[2])

def step():
    global left
    left -= 1
    if left < 0 and ledger._db.in_transaction:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0

ledger._db.set_progress_handler(step, 1000)
index.catch_up()
"""


@pytest.mark.parametrize("steps", [10, 170])
def test_a_killed_process_leaves_it_whole(path: str, steps: int) -> None:
    """Kill -9 inside a transaction, early and late: what is there is consistent, and the rest follows."""
    with closing(Ledger.create(path)) as ledger:
        fill(ledger, 2 * PAGE)
    words = [sys.executable, "-c", KILLED, path, str(steps)]
    assert subprocess.run(words, check=False, timeout=60).returncode == -signal.SIGKILL
    with closing(Ledger.open(path)) as ledger:
        found = IdIndex(ledger)
        assert len(found) % PAGE == 0
        assert len(found) < 2 * PAGE
        assert sum(sizes(path)) == len(found)
        assert len(found) + found.catch_up() == 2 * PAGE
        assert_same(found, plain(ledger), rounds=20)


# Damage

DAMAGE = {
    "an id is gone": "DELETE FROM ids WHERE id = (SELECT id FROM ids LIMIT 1 OFFSET 700)",
    "an id too many": "INSERT INTO ids VALUES (5, zeroblob(32))",
    "another id": "UPDATE ids SET id = zeroblob(32) WHERE id = (SELECT id FROM ids LIMIT 1 OFFSET 700)",
    "all ids are gone": "DELETE FROM ids",
    "a block is gone": "DELETE FROM id_blocks WHERE id = (SELECT id FROM id_blocks LIMIT 1 OFFSET 1)",
    "all blocks are gone": "DELETE FROM id_blocks",
    "a wrong count": "UPDATE id_blocks SET n = n + 1 WHERE id <> x''",
    "a wrong sum": "UPDATE id_blocks SET sum = zeroblob(32) WHERE id <> x''",
    "an early mark": "UPDATE id_mark SET seq = 100",
    "a mark ahead of the records": "UPDATE id_mark SET seq = 5000",
    "no mark": "DELETE FROM id_mark",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_noticed_and_mended(ledger: Ledger, path: str, name: str) -> None:
    """It may cost an answer, never a wrong one for long: reading fails, and the next catch-up mends."""
    fill(ledger, 2_000)
    IdIndex(ledger).catch_up()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(DAMAGE[name])
    index = IdIndex(ledger)
    for _ in range(2):
        index.catch_up()
        try:
            index.ids(0, len(index))
            break
        except Busy:
            pass
    assert_same(index, plain(ledger), rounds=20)
    assert sum(sizes(path)) == 2_000


def test_it_can_be_made_anew(ledger: Ledger, path: str) -> None:
    """From the records alone, while another holds the old one."""
    fill(ledger, 2_000)
    index, other = IdIndex(ledger), IdIndex(ledger)
    index.catch_up()
    other.catch_up()
    index.rebuild()
    assert_same(index, plain(ledger), rounds=20)
    assert_same(other, plain(ledger), rounds=20)
    assert sum(sizes(path)) == 2_000


def spoil_record(db: sqlite3.Connection) -> None:
    """Change a stored body behind the ledger's back."""
    db.execute("DROP TRIGGER records_no_update")
    db.execute(
        "UPDATE records SET body = CAST(replace(body, 'agent:7\"', 'agent:8\"') AS BLOB) WHERE seq = 8"
    )


def spoil_head(db: sqlite3.Connection) -> None:
    """Make the head count a record that is not there."""
    db.execute("UPDATE head SET records = records + 1")


@pytest.mark.parametrize(("spoil", "told"), [(spoil_record, "record 8 is damaged"), (spoil_head, r"\(ids\)")])
def test_a_damaged_ledger_is_an_error(
    ledger: Ledger, path: str, spoil: Callable[[sqlite3.Connection], None], told: str
) -> None:
    """No index hides what the records no longer say; nothing loops."""
    fill(ledger, 50)
    with closing(sqlite3.connect(path)) as db, db:
        spoil(db)
    with pytest.raises(DiskError, match=told):
        IdIndex(ledger).catch_up()
