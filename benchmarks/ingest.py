"""Import, re-import and verification, against the rate at which the same library verifies signatures.

Every figure comes from a process of its own, pinned to one core or to two, and is CPU-bound; the
yardstick runs inside the same process, just before and just after each, and the mean of the two counts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from measure import bundle, median, report
from nacl import bindings

from trustcli import config
from trustcli.node import Node, moving, verifying
from trustcli.records import canonical, crypto, did
from trustcli.records.envelope import split_line

if TYPE_CHECKING:
    from collections.abc import Callable

_SAMPLE = 3_000  # signatures of one reading of the yardstick


def yardstick(path: str) -> float:
    """Return verifications a second of nacl.bindings.crypto_sign_open, one thread."""
    with open(path, "rb") as file:
        lines = [file.readline().rstrip(b"\n") for _ in range(_SAMPLE)]
    work = []
    for line in lines:
        data, sig = split_line(line)
        statement = canonical.decode(data)
        assert isinstance(statement, dict)
        work.append((sig + crypto.DOMAIN + data, did.key_of(str(statement["author"]))))
    start = time.perf_counter()
    for message, key in work:
        bindings.crypto_sign_open(message, key)
    return len(work) / (time.perf_counter() - start)


def run(path: str, cores: int) -> None:
    """Import twice, verify, and print the figures as JSON: the work of one measured process."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])
    home = tempfile.mkdtemp()
    node = Node(config.places({}, home), config.Settings(), clock=lambda: time.time_ns() // 1_000_000)
    node.make_ledger()  # once in the life of a home: no part of what a record costs
    floors, found = [yardstick(path)], {}

    def measure(name: str, work: Callable[[], int]) -> int:
        start = time.perf_counter()
        count = work()
        rate = count / (time.perf_counter() - start)
        floors.append(yardstick(path))
        found[name] = 2 * rate / (floors[-2] + floors[-1])
        return count

    with open(path, "rb") as file:
        first = measure("import", lambda: moving.take(node, file).added)
    with open(path, "rb") as file:
        again = measure("known", lambda: moving.take(node, file).known)
    verified = measure("verify", lambda: verifying.verify_ledger(node).records)
    assert first == again == verified
    found["size"] = os.stat(node.places.ledger).st_size / os.stat(path).st_size
    found["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found["verifications"] = statistics.mean(floors)
    node.close()
    shutil.rmtree(home)
    print(json.dumps(found))


def measured(path: str, cores: int) -> dict[str, float]:
    """Run one measured process."""
    words = [sys.executable, __file__, "--run", path, "--cores", str(cores)]
    found: dict[str, float] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return found


def main() -> None:
    """Measure on one core and on two; compare memory on a small and a large bundle."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--run")
    parser.add_argument("--cores", type=int, default=1)
    given = parser.parse_args()
    if given.run:
        run(given.run, given.cores)
        return
    path = bundle(given.records)
    one = [measured(path, 1) for _ in range(given.rounds)]
    two = [measured(path, 2) for _ in range(given.rounds)]
    small = measured(bundle(10_000), 1)["megabytes"]

    def of(runs: list[dict[str, float]], name: str) -> float:
        values = iter(runs)
        return median(lambda: next(values)[name], len(runs))

    print(f"{given.records} records, yardstick {of(one, 'verifications'):.0f} verifications/s on one core")
    report(
        [
            ("import, one core", of(one, "import"), ">= 0.85 x verify", of(one, "import") >= 0.85),
            ("import, two cores", of(two, "import"), ">= 1.5 x verify", of(two, "import") >= 1.5),
            ("records already known, one core", of(one, "known"), ">= 15 x verify", of(one, "known") >= 15),
            (
                "verify the whole ledger, one core",
                of(one, "verify"),
                ">= 0.85 x verify",
                of(one, "verify") >= 0.85,
            ),
            ("ledger file / its NDJSON", of(one, "size"), "<= 1.1", of(one, "size") <= 1.1),
            ("memory, MB", of(one, "megabytes"), "<= 150", of(one, "megabytes") <= 150),
            ("memory, two cores, MB", of(two, "megabytes"), "<= 150", of(two, "megabytes") <= 150),
            ("memory at 10,000 records, MB", small, "flat", small <= 150),
        ]
    )


if __name__ == "__main__":
    main()
