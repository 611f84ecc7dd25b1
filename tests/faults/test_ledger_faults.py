"""The ledger loses nothing that it acknowledged, whatever happens to the process, the power or the disk.

Points are spread over all I/O calls of the program: in the gate about 24 a test, split between the two
journals, with `--slow` hundreds for each journal.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import cycle
from pathlib import Path

import pytest

from tests.faults.harness import (
    INGEST,
    KILLED,
    Fault,
    Run,
    compile_shim,
    environment,
    has_compiler,
    run,
    spread,
)
from trustcli.errors import DiskError
from trustcli.ledger import Ledger

BATCHES, PER_BATCH = 6, 5
GATE = 12  # points a test and journal
WORKERS = os.cpu_count() or 1

Outcome = tuple[Fault, Run, list[str]]
"""A fault, how the program fared, and what was wrong with the ledger afterwards."""


both_journals = pytest.mark.parametrize("journal", ["DELETE", "WAL"])
"""A ledger uses the one or the other, as the linked SQLite allows; here both are put to the test."""


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


@both_journals
def test_kill_loses_nothing(shim: Path, tmp_path: Path, slow: bool, journal: str) -> None:
    """A process killed before or amid any write leaves every acknowledged record and no half batch."""
    points = spread(calls_of(shim, tmp_path, "--journal", journal), 300 if slow else GATE)
    faults = faults_at(("kill", "kill-torn"), points)
    expect_all_struck(strike(shim, tmp_path, faults, "--journal", journal), len(points))


@both_journals
def test_kill_during_recovery_loses_nothing(shim: Path, tmp_path: Path, slow: bool, journal: str) -> None:
    """A process killed while it recovers from the last kill leaves the ledger as good as the first."""
    calls = calls_of(shim, tmp_path, "--journal", journal)
    struck = 0
    for index, at in enumerate(spread(calls, 80 if slow else 6)):
        directory = tmp_path / f"twice-{at}"
        first = ingest(shim, directory, Fault("kill", at), "--journal", journal)
        second = ingest(shim, directory, Fault("kill", 1 + index % 8), "--journal", journal)
        struck += second.injected
        assert faults_found(directory, first.acknowledged + second.acknowledged) == [], (at, index)
    assert struck > 0


@both_journals
def test_power_loss_loses_nothing(shim: Path, tmp_path: Path, slow: bool, journal: str) -> None:
    """When unsynced sectors, sizes and removals are lost at random, acknowledged records are not."""
    calls = calls_of(shim, tmp_path, "--journal", journal)
    rounds, each = (4, 100) if slow else (1, GATE)
    points = [at for turn in range(rounds) for at in spread(calls, each, offset=turn * calls // rounds)]
    faults = faults_at(("power", "power-dir"), points)
    expect_all_struck(strike(shim, tmp_path, faults, "--journal", journal), len(points))


@pytest.mark.parametrize(
    ("journal", "synchronous", "mode"), [("WAL", "NORMAL", "power"), ("DELETE", "FULL", "power-dir")]
)
def test_control_that_syncs_too_rarely_loses(
    shim: Path, tmp_path: Path, journal: str, synchronous: str, mode: str
) -> None:
    """The same power losses do lose acknowledged records where the ledger syncs less than it does."""
    settings = ("--journal", journal, "--synchronous", synchronous)
    points = spread(calls_of(shim, tmp_path, *settings), 20 * GATE)
    tried = 0
    for at in sorted(points, key=lambda point: point * 7919 % 1009):  # all over the program, in a fixed order
        tried += 1
        outcomes = strike(shim, tmp_path, [Fault(mode, at, seed=tried)], *settings)
        if any("acknowledged records lost" in problem for _, _, problems in outcomes for problem in problems):
            print(f"lost after {tried} points")
            return
    pytest.fail(f"nothing lost at {tried} points: the harness does not see losses")


@both_journals
@pytest.mark.parametrize("mode", ["enospc", "eio"])
def test_disk_full_and_io_error(shim: Path, tmp_path: Path, slow: bool, mode: str, journal: str) -> None:
    """A full or failing disk ends in exit code 74 and one line that names the file; nothing is lost."""
    settings = ("--journal", journal)
    calls = calls_of(shim, tmp_path, *settings)
    points = range(1, calls + 1) if slow else spread(calls, GATE)
    struck = 0
    for fault, fared, problems in strike(shim, tmp_path, [Fault(mode, at) for at in points], *settings):
        assert (fault, problems, fared.late) == (fault, [], [])
        struck += fared.injected
        if fared.code == 0:  # nothing was left to write, or only what follows the last acknowledgement
            assert len(fared.acknowledged) == BATCHES * PER_BATCH, fault
            continue
        path = ledger_in(tmp_path / f"{mode}-{fault.at}-{fault.seed}")
        assert (fault, fared.code, fared.stderr.count("\n")) == (fault, DiskError.exit, 1)
        assert path in fared.stderr
    assert struck > 0


def race(directory: Path, batches: int, seconds: float) -> list[str]:
    """Let four processes append single records to one ledger at once; return all they acknowledged."""
    path = ledger_in(directory)
    writers = [
        subprocess.Popen(
            [sys.executable, INGEST, path, str(seed), str(batches), "1", "--seconds", str(seconds)],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for seed in range(4)
    ]  # fmt: skip
    with ThreadPoolExecutor(len(writers)) as pool:
        said = list(pool.map(lambda writer: writer.communicate(), writers))
    ends = [(writer.returncode, errors) for writer, (_, errors) in zip(writers, said, strict=True)]
    assert ends == [(0, "")] * len(writers)
    return [record for output, _ in said for record in output.split()]


def expect_exactly(directory: Path, acknowledged: list[str]) -> None:
    """The ledger must hold each acknowledged record once, no other, and be sound."""
    with closing(Ledger.open(ledger_in(directory))) as ledger:
        assert ledger.head().records == len(acknowledged) == len(set(acknowledged))
        assert len(ledger.known(map(bytes.fromhex, acknowledged))) == len(acknowledged)
        assert ledger.integrity() == []


def test_four_writers(tmp_path: Path, slow: bool) -> None:
    """Four processes that append at once wait for one another: no error, and every record once."""
    Ledger.create(ledger_in(tmp_path)).close()
    seconds = 60 if slow else 3
    acknowledged = race(tmp_path, 1_000_000, seconds)
    print(f"{len(acknowledged)} records in {seconds} s")
    expect_exactly(tmp_path, acknowledged)


def test_four_creators(tmp_path: Path, slow: bool) -> None:
    """Four processes that find no ledger and make it at once end up with one, and with every record."""
    for attempt in range(40 if slow else 4):
        directory = tmp_path / str(attempt)
        directory.mkdir()
        expect_exactly(directory, race(directory, 2, 3600))
