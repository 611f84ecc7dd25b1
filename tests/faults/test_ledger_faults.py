"""The ledger loses nothing that it acknowledged, whatever happens to the process, the power or the disk.

The gate takes about 24 points a test, spread over all I/O calls of the program; `--slow` takes hundreds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import cycle
from pathlib import Path

import pytest
from harness import INGEST, KILLED, Fault, Run, compile_shim, environment, has_compiler, run, spread

from trustcli.errors import DiskError
from trustcli.ledger import Ledger

BATCHES, PER_BATCH = 6, 5
GATE = 24
WORKERS = os.cpu_count() or 1

Outcome = tuple[Fault, Run, list[str]]
"""A fault, how the program fared, and what was wrong with the ledger afterwards."""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled fault library."""
    if not has_compiler():
        pytest.skip("needs Linux and a C compiler named cc")
    return compile_shim(tmp_path_factory.mktemp("shim"))


def ingest(shim: Path, directory: Path, fault: Fault, *more: str) -> Run:
    """Run the subject program with its ledger in `directory`."""
    directory.mkdir(exist_ok=True)
    arguments = (INGEST, ledger_in(directory), "1", str(BATCHES), str(PER_BATCH), *more)
    return run(shim, directory, fault, arguments)


def ledger_in(directory: Path) -> str:
    """Return the path of the ledger in `directory`."""
    return str(directory / "ledger.db")


def calls_of(shim: Path, tmp_path: Path, *more: str) -> int:
    """Return how many I/O calls the undisturbed program makes, having seen that it works."""
    whole = ingest(shim, tmp_path / "whole", Fault("count"), *more)
    assert (whole.code, whole.stderr, whole.injected) == (0, "", False)
    assert len(whole.acknowledged) == BATCHES * PER_BATCH
    assert faults_found(tmp_path / "whole", whole.acknowledged) == []
    return whole.calls


def faults_found(directory: Path, acknowledged: list[str]) -> list[str]:
    """Open the ledger again, as the next command would, and return what is wrong with it."""
    with closing(Ledger.create(ledger_in(directory))) as ledger:
        known = ledger.known(bytes.fromhex(record) for record in acknowledged)
        lost = len(set(acknowledged)) - len(known)
        count = ledger.head().records
        found = [f"{lost} of {len(acknowledged)} acknowledged records lost"] if lost else []
        if count % PER_BATCH:
            found.append(f"half a batch: {count} records")
        return found + ledger.integrity()


def strike(shim: Path, tmp_path: Path, faults: list[Fault], *more: str) -> Iterator[Outcome]:
    """Run the program once for each fault, in a directory of its own, and look at what it left."""

    def one(fault: Fault) -> Outcome:
        directory = tmp_path / f"{fault.mode}-{fault.at}-{fault.seed}"
        fared = ingest(shim, directory, fault, *more)
        return fault, fared, faults_found(directory, fared.acknowledged)

    with ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(one, faults)


def expect_all_struck(outcomes: Iterator[Outcome], count: int) -> None:
    """Every one of `count` points must have been reached, have ended the program and lost nothing."""
    start = time.monotonic()
    seen = list(outcomes)
    print(f"{len(seen)} points, {len(seen) / (time.monotonic() - start):.1f} a second")
    missed = [fault for fault, fared, _ in seen if not fared.injected or fared.code != KILLED]
    assert missed == []
    assert [(fault, problems) for fault, _, problems in seen if problems] == []
    assert len(seen) == count
    assert {len(fared.acknowledged) for _, fared, _ in seen} > {0, PER_BATCH}


def faults_at(modes: tuple[str, ...], points: list[int]) -> list[Fault]:
    """Pair points with the modes in turn, each with a seed of its own."""
    return [Fault(mode, at, seed) for seed, (at, mode) in enumerate(zip(points, cycle(modes), strict=False))]


def test_kill_loses_nothing(shim: Path, tmp_path: Path, slow: bool) -> None:
    """A process killed before or amid any write leaves every acknowledged record and no half batch."""
    points = spread(calls_of(shim, tmp_path), 300 if slow else GATE)
    expect_all_struck(strike(shim, tmp_path, faults_at(("kill", "kill-torn"), points)), len(points))


def test_kill_during_recovery_loses_nothing(shim: Path, tmp_path: Path, slow: bool) -> None:
    """A process killed while it recovers from the last kill leaves the ledger as good as the first."""
    calls = calls_of(shim, tmp_path)
    struck = 0
    for index, at in enumerate(spread(calls, 80 if slow else 8)):
        directory = tmp_path / f"twice-{at}"
        first = ingest(shim, directory, Fault("kill", at))
        second = ingest(shim, directory, Fault("kill", 1 + index % 8))
        struck += second.injected
        assert faults_found(directory, first.acknowledged + second.acknowledged) == [], (at, index)
    assert struck > 0


def test_power_loss_loses_nothing(shim: Path, tmp_path: Path, slow: bool) -> None:
    """When unsynced sectors, sizes and removals are lost at random, acknowledged records are not."""
    calls = calls_of(shim, tmp_path)
    rounds, each = (4, 100) if slow else (1, GATE)
    points = [at for turn in range(rounds) for at in spread(calls, each, offset=turn * calls // rounds)]
    expect_all_struck(strike(shim, tmp_path, faults_at(("power", "power-dir"), points)), len(points))


@pytest.mark.parametrize(("synchronous", "mode"), [("NORMAL", "power"), ("FULL", "power-dir")])
def test_control_that_syncs_too_rarely_loses(shim: Path, tmp_path: Path, synchronous: str, mode: str) -> None:
    """The same power losses do lose acknowledged records where the ledger syncs less than it does."""
    settings = ("--synchronous", synchronous)
    points = spread(calls_of(shim, tmp_path, *settings), 10 * GATE)
    tried = 0
    for at in sorted(points, key=lambda point: point * 7919 % 1009):  # all over the program, in a fixed order
        tried += 1
        outcomes = strike(shim, tmp_path, [Fault(mode, at, seed=tried)], *settings)
        if any("acknowledged records lost" in problem for _, _, problems in outcomes for problem in problems):
            print(f"lost after {tried} points")
            return
    pytest.fail(f"nothing lost at {tried} points: the harness does not see losses")


@pytest.mark.parametrize("mode", ["enospc", "eio"])
def test_disk_full_and_io_error(shim: Path, tmp_path: Path, slow: bool, mode: str) -> None:
    """A full or failing disk ends in exit code 74 and one line that names the file; nothing is lost."""
    calls = calls_of(shim, tmp_path)
    points = range(1, calls + 1) if slow else spread(calls, GATE // 2)
    struck = 0
    for fault, fared, problems in strike(shim, tmp_path, [Fault(mode, at) for at in points]):
        assert (fault, problems, fared.late) == (fault, [], [])
        struck += fared.injected
        if fared.code == 0:  # nothing was left to write, or only what follows the last acknowledgement
            assert len(fared.acknowledged) == BATCHES * PER_BATCH, fault
            continue
        path = ledger_in(tmp_path / f"{mode}-{fault.at}-{fault.seed}")
        assert (fault, fared.code, fared.stderr.count("\n")) == (fault, DiskError.exit, 1)
        assert path in fared.stderr
    assert struck > 0


def test_four_writers(tmp_path: Path, slow: bool) -> None:
    """Four processes that append at once wait for one another: no error, and every record once."""
    directory = tmp_path / "writers"
    directory.mkdir()
    seconds = "60" if slow else "3"
    start: Callable[[int], subprocess.Popen[str]] = lambda seed: subprocess.Popen(  # noqa: E731
        [sys.executable, INGEST, ledger_in(directory), str(seed), "1000000", "1", "--seconds", seconds],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(lambda process: (*process.communicate(), process.returncode), map(start, range(4))))
    assert [(code, errors) for _, errors, code in outputs] == [(0, "")] * 4
    acknowledged = [record for output, _, _ in outputs for record in output.split()]
    print(f"{len(acknowledged)} records in {seconds} s; by writer {[len(o.split()) for o, _, _ in outputs]}")
    with closing(Ledger.open(ledger_in(directory))) as ledger:
        assert ledger.head().records == len(acknowledged) == len(set(acknowledged))
        assert len(ledger.known(map(bytes.fromhex, acknowledged))) == len(acknowledged)
        assert ledger.integrity() == []
