"""What it takes two large ledgers to find out how they differ: bytes, round trips, CPU time, the index.

Both sides are ledger files with their indexes; CPU time is that of both sides together, in multiples of
what no index costs: reading all ids once and adding them up. The records by which they differ are unsigned
(nothing here looks at signatures). The file of ids is made from the records first, and measured as well.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from lookup import home_of
from measure import report

from trustcli.ledger import Ledger
from trustcli.ledger.ids import IdIndex
from trustcli.ledger.projection import Staged
from trustcli.records import crypto, did
from trustcli.sync.negentropy import Initiator, respond

if TYPE_CHECKING:
    from collections.abc import Callable

_AUTHOR = did.did_of(crypto.public_key(bytes(32)))
_ROUNDS = 3


class Cost(NamedTuple):
    """Of one reconciliation; CPU in seconds, of both sides."""

    sent: int
    received: int
    trips: int
    cpu: float
    found: int

    @property
    def kilobytes(self) -> float:
        """Both ways."""
        return (self.sent + self.received) / 1000


def reconcile(mine: Ledger, theirs: Ledger) -> Cost:
    """Compare two ledgers, the blocks of their indexes not in memory yet."""
    ours, others = IdIndex(mine), IdIndex(theirs)
    ours.catch_up()
    others.catch_up()
    start = time.process_time()
    initiator = Initiator(lambda: ours)
    message, sent, received, trips, found = initiator.open(), 0, 0, 0, 0
    while message:
        answer = respond(others, message)
        sent, received, trips = sent + len(message), received + len(answer), trips + 1
        step = initiator.take(answer)
        message, found = step.message, found + len(step.have) + len(step.need)
    return Cost(sent, received, trips, time.process_time() - start, found)


def differ(ledgers: list[Ledger], dates: list[int]) -> None:
    """Append one record to each of the ledgers for each date (Unix ms)."""
    for ledger in ledgers:
        records = []
        for created in dates:
            body = b'{"category":"reliability","subject":"agent:%d","value":30}' % created
            digest = crypto.record_id(ledger.rebuild(_AUTHOR, "rating", created, body))
            fields = (f"agent:{created}", "reliability", 30)
            records.append(Staged(digest, _AUTHOR, "rating", created, body, bytes(64), fields))
        assert all(ledger.append_staged(records, 0))


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a function."""
    start = time.process_time()
    work()
    return time.process_time() - start


def used(ledger: Ledger) -> int:
    """Return the bytes of a ledger's file that hold something."""
    pages, free, size = (
        ledger._db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def add_up(ledger: Ledger) -> int:
    """Read all ids in order and add them up."""
    return sum(
        int.from_bytes(id_, "little")
        for (id_,) in ledger._db.execute("SELECT id FROM ids ORDER BY second, id")
    )


def hash_all(ledger: Ledger) -> None:
    """Read all records and make their ids, what any index of ids begins with."""
    for record in ledger.signed():
        crypto.record_id(record.data)


def indexed(ledger: Ledger) -> tuple[float, float, float]:
    """Make the index anew; return CPU seconds, wall seconds and bytes a record."""
    with ledger._db as db:
        db.executescript("DELETE FROM ids; DELETE FROM id_blocks; UPDATE id_mark SET seq = 0")
    before, start = used(ledger), time.perf_counter()
    index = IdIndex(ledger)
    cpu = seconds(index.catch_up)
    return cpu, time.perf_counter() - start, (used(ledger) - before) / len(index)


def compare(mine: Ledger, theirs: Ledger) -> dict[str, Cost]:
    """Measure equal ledgers, 100 new records, and 10 differences anywhere; the median by CPU of each."""
    dice = random.Random(1)
    newest = max(entry.created for entry in theirs.entries()) + 60_000

    def cost() -> Cost:
        return sorted((reconcile(mine, theirs) for _ in range(_ROUNDS)), key=lambda run: run.cpu)[
            _ROUNDS // 2
        ]

    found = {"equal": cost()}
    dates = [newest + 5_000 * number for number in range(100)]
    differ([theirs], dates)
    found["100 new"] = cost()
    differ([mine], dates)
    for ledger in (mine, theirs):
        near = [next(ledger.entries(dice.randrange(ledger.last() - 100), 1)).created for _ in range(5)]
        differ([ledger], [created + 1 for created in near])
    found["10 random"] = cost()
    assert [run.found for run in found.values()] == [0, 100, 10]
    return found


def main() -> None:
    """Copy the ledger of the benchmarks twice, index both, and compare them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    given = parser.parse_args()
    folder = tempfile.mkdtemp()
    paths = [os.path.join(folder, name) for name in ("mine.db", "theirs.db")]
    for path in paths:
        shutil.copyfile(os.path.join(home_of(given.records), "ledger.db"), path)
    mine, theirs = [Ledger.open(path) for path in paths]
    cpu, wall, size = indexed(mine)
    indexed(theirs)
    hashing, adding = seconds(lambda: hash_all(mine)), seconds(lambda: add_up(mine))
    runs = compare(mine, theirs)
    mine.close()
    theirs.close()
    shutil.rmtree(folder)
    print(f"{given.records} records; index in {wall:.1f} s; reading and adding up all ids {adding:.2f} s CPU")
    for name, run in runs.items():
        print(f"{name}: {run.sent} up, {run.received} down, {run.trips} trips, {run.cpu * 1000:.1f} ms CPU")
    equal, new, scattered = runs.values()
    report(
        [
            ("equal: kB", equal.kilobytes, "<= 0.4", equal.kilobytes <= 0.4),
            ("equal: round trips", equal.trips, "1", equal.trips == 1),
            ("equal: CPU / adding up", equal.cpu / adding, "<= 0.05", equal.cpu <= 0.05 * adding),
            ("100 new records: kB", new.kilobytes, "<= 10", new.kilobytes <= 10),
            ("100 new records: round trips", new.trips, "<= 4", new.trips <= 4),
            ("100 new records: CPU / adding up", new.cpu / adding, "<= 0.2", new.cpu <= 0.2 * adding),
            ("10 differences anywhere: kB", scattered.kilobytes, "<= 25", scattered.kilobytes <= 25),
            ("10 differences anywhere: round trips", scattered.trips, "<= 4", scattered.trips <= 4),
            (
                "10 differences: CPU / adding up",
                scattered.cpu / adding,
                "<= 0.5",
                scattered.cpu <= 0.5 * adding,
            ),
            ("index: CPU / reading and hashing records", cpu / hashing, "<= 3.5", cpu <= 3.5 * hashing),
            ("index: bytes a record", size, "<= 64", size <= 64),
        ]
    )


if __name__ == "__main__":
    main()
