"""The first sync of an empty ledger, against the rate at which all cores together can verify signatures.

The peer answers from prepared pages, so that what is measured is the receiving side: ids, signatures,
parsing, storing, and the comparison of heads at the end. Each figure comes from a process of its own. The
ceiling is measured before and after in the same run: as many processes as there are cores, which do
nothing but verify.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from array import array
from bisect import bisect_right
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from ingest import yardstick
from measure import bundle, median, report

from trustcli import config
from trustcli.node import Node
from trustcli.node.lines import Contact
from trustcli.node.syncing import Plan, sync
from trustcli.records import crypto
from trustcli.records.did import did_of
from trustcli.records.envelope import BEGIN, END
from trustcli.sync.exchange import PAGE, PAGE_BYTES, Feed, Head, Page
from trustcli.transports.wire import NodeFacts, node_id

if TYPE_CHECKING:
    from trustcli.sync.exchange import Answer, Request


class Prepared:
    """A peer whose ledger is a file of lines."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._starts = array("q", [0])  # where each line begins in the file, and the last one ends
        total = 0
        with open(path, "rb") as file:
            for line in file:
                self._starts.append(self._starts[-1] + len(line))
                total += int.from_bytes(crypto.record_id(line[BEGIN : END - 1]), "big")
        count = len(self._starts) - 1
        self.head = Head("prepared", count, count, f"{total % 2**256:064x}")

    def facts(self) -> NodeFacts:
        """Say what is there."""
        did = did_of(crypto.public_key(hashlib.sha256(b"prepared").digest()))
        return NodeFacts(did, node_id(did), ("full",), "0", "1.0", "main", self.head, 0)

    def ask(self, request: Request) -> Answer:
        """Return the next page."""
        assert isinstance(request, Feed)
        begin = self._starts[request.after]
        end = min(
            request.after + min(request.limit, PAGE), bisect_right(self._starts, begin + PAGE_BYTES) - 1
        )
        with open(self._path, "rb") as file:
            file.seek(begin)
            lines = file.read(self._starts[end] - begin).splitlines()
        return Page(self.head, tuple(lines), end, end < self.head.last)

    def close(self) -> None:
        """There is nothing to close."""


def ceiling(path: str) -> float:
    """Return verifications a second of all cores together."""
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores) as pool:
        return sum(pool.map(yardstick, [path] * cores))


def run(path: str, peers: int) -> None:
    """Sync once and print the figures as JSON: the work of one measured process."""
    home = tempfile.mkdtemp()
    node = Node(config.places({}, home), config.Settings(), clock=lambda: time.time_ns() // 1_000_000)
    prepared = Prepared(path)
    before = ceiling(path)
    start = time.perf_counter()
    contacts = [Contact(f"peer {number}", f"https://p{number}.example") for number in range(peers)]
    found = sync(node, contacts, Plan(), connect=lambda _: prepared)
    rate = prepared.head.records / (time.perf_counter() - start)
    assert all(peer.problem is None and peer.outcome.equal for peer in found.peers), found
    floor = (before + ceiling(path)) / 2
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    node.close()
    shutil.rmtree(home)
    print(json.dumps({"share": rate / floor, "rate": rate, "ceiling": floor, "megabytes": memory}))


def measured(path: str, peers: int) -> dict[str, float]:
    """Run one measured process."""
    words = [sys.executable, __file__, "--run", path, "--peers", str(peers)]
    found: dict[str, float] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return found


def main() -> None:
    """Measure a first sync from one peer and from two, and the memory of a small and a large one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run")
    parser.add_argument("--peers", type=int, default=1)
    given = parser.parse_args()
    if given.run:
        run(given.run, given.peers)
        return
    path = bundle(given.records)
    one = [measured(path, 1) for _ in range(given.rounds)]
    two = [measured(path, 2) for _ in range(given.rounds)]
    small = measured(bundle(20_000), 1)["megabytes"]

    def of(runs: list[dict[str, float]], name: str) -> float:
        values = iter(runs)
        return median(lambda: next(values)[name], len(runs))

    print(
        f"{given.records} records; all cores verify {of(one, 'ceiling'):.0f} a second,"
        f" a first sync takes {of(one, 'rate'):.0f} a second"
    )
    share, shared, memory = of(one, "share"), of(two, "share"), of(one, "megabytes")
    report(
        [
            ("first sync from one peer / verify on all cores", share, ">= 0.8", share >= 0.8),
            ("first sync from two peers / verify on all cores", shared, ">= 0.8", shared >= 0.8),
            ("memory, MB", memory, "<= 200", memory <= 200),
            ("memory, two peers, MB", of(two, "megabytes"), "<= 200", of(two, "megabytes") <= 200),
            ("memory at 20,000 records, MB", small, "flat", small <= 200),
        ]
    )


if __name__ == "__main__":
    main()
