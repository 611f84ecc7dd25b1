"""A hostile peer at full speed against real nodes: it is cut off, and the honest ones notice little.

Two honest nodes and the program in `attacker.py`, each a process of its own. Every attack must have been
made (its messages are counted), the victim must end it within two seconds of the first offence, records must
pass between the honest nodes meanwhile, and afterwards the victim is as it was: the same process, memory
below 256 MiB, no file more, nothing in its log, a sound ledger.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest

from tests.network.attacker import ATTACKS, HALVES, PER_ADDRESS, Siege
from trustcli.ledger import Ledger
from trustcli.node import rating
from trustcli.node.devnet import Devnet
from trustcli.node.rating import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.network.attacker import Tally

CUT = 2.0  # seconds from the first offence to the end of the connection
MEMORY = 256  # MiB
ATTEMPTS = 4  # at an attack: the time that a busy machine lets the attacker wait is no fault of the victim
PATIENCE = 60.0
HONEST = "a connection with 127.0.0.1"  # the other node, and for moments ourselves
ROUNDS = 64  # questions of one sync that gets nowhere
OWN_TESTS = frozenset(("sound-records", "equivocation", "lying-heads", "slow-reader", "slowloris"))
"""Attacks without an offence to be cut off for at once, and the control."""


class Town:
    """Two honest nodes, the first of which is the victim."""

    def __init__(self, net: Devnet) -> None:
        self.net = net
        self.said = 0
        self.urls = [node.url for node in net.nodes]
        self.pid = net.state(net.nodes[0]).pid
        assert soon(lambda: self.open_files()[HONEST] == 1)  # the nodes are linked
        assert self.talk()
        self.files = self.open_files()
        del self.files[HONEST]

    def open_files(self) -> Counter[str]:
        """Count what the victim has open: connections by who is there, all else by what it is."""
        found, guests = list[str](), self._connected()
        for number in os.listdir(f"/proc/{self.pid}/fd"):
            with suppress(FileNotFoundError):  # closed meanwhile
                found.append(os.readlink(f"/proc/{self.pid}/fd/{number}"))
        return Counter(guests.get(one, one.partition("[")[0]) for one in found)

    def _connected(self) -> dict[str, str]:
        """Return the address at the other end of each connection on this machine."""
        with open(f"/proc/{self.pid}/net/tcp") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        ends = {f"socket:[{row[9]}]": bytes.fromhex(row[2].partition(":")[0])[::-1] for row in rows}
        return {name: f"a connection with {IPv4Address(end)}" for name, end in ends.items() if any(end)}

    def left_open(self) -> Counter[str]:
        """Count what the victim has open beyond what it had at first and its link with the other node."""
        return self.open_files() - self.files - Counter({HONEST: 1})

    def delays(self) -> dict[str, float]:
        """Return for each thread of ours and of the victim how long it stood in line for a core, seconds."""
        found = {}
        for task in [f"/proc/{pid}/task/{one}" for pid in (self.pid, "self") for one in tasks(pid)]:
            with suppress(OSError), open(f"{task}/schedstat") as file:
                found[task] = int(file.read().split()[1]) / 1e9
        return found

    def peak(self) -> int:
        """Return the most memory that the victim has held so far, MiB."""
        with open(f"/proc/{self.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) >> 10

    def talk(self) -> bool:
        """Let each honest node rate something; say whether the other gets to know."""
        self.said += 1
        ids = [self._rate(which, f"agent:said-{self.said}-{which}") for which in (0, 1)]
        return soon(lambda: self.holds(1, ids[0]) and self.holds(0, ids[1]))

    def _rate(self, which: int, subject: str) -> str:
        node = self.net.open(self.net.nodes[which])
        try:
            done = rating.rate(node, Draft(subject, "4"))
        finally:
            node.close()
        assert done.record is not None
        return done.record

    def holds(self, which: int, id_: str) -> bool:
        """Say whether a node's ledger has a record."""
        ledger = Ledger.open(os.path.join(self.net.nodes[which].home, "ledger.db"))
        try:
            return bool(ledger.known([bytes.fromhex(id_)]))
        finally:
            ledger.close()

    def records(self) -> int:
        """Say how many records both nodes hold, once they are equal."""
        assert soon(lambda: len({state.head for state in self.net.states()}) == 1)
        return self.net.state(self.net.nodes[1]).records or 0

    def troubles(self) -> list[str]:
        """Return what is wrong with the victim: it died, grew, or said more than that it serves."""
        answers = soon(lambda: self.net.state(self.net.nodes[0]).head is not None)
        with open(os.path.join(self.net.nodes[0].home, "serve.log")) as log:
            found = [line for line in log.read().splitlines() if not line.startswith("serving ")]
        if not answers or self.net.state(self.net.nodes[0]).pid != self.pid:
            found.append("it does not answer")
        if self.peak() >= MEMORY:
            found.append(f"{self.peak()} MiB")
        return found


def tasks(pid: int | str) -> list[str]:
    """Return the numbers of the threads of a process."""
    return os.listdir(f"/proc/{pid}/task")


def worst(before: dict[str, float], after: dict[str, float]) -> float:
    """Return how long a thread at one end, and one at the other, stood in line at most, together."""
    waits = [(task.startswith("/proc/self"), wait - before.get(task, 0.0)) for task, wait in after.items()]
    return sum(max((wait for end, wait in waits if end is which), default=0.0) for which in (True, False))


def soon(is_so: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Two linked nodes; all attacks here are made on the same ones."""
    with Devnet(str(tmp_path_factory.mktemp("town") / "net"), 2, lambda: time.time_ns() // 1_000_000) as net:
        net.start()
        yield Town(net)


@pytest.fixture(scope="module", autouse=True)
def halves(town: Town) -> Iterator[Siege]:
    """Slowloris: it takes ten seconds, in which the other attacks are made."""
    with Siege("slowloris", town.urls, "127.99.0.1") as siege:
        yield siege


def source(name: str, attempt: int = 0) -> str:
    """Return an address for an attacker that no other has."""
    return f"127.{100 + sorted(ATTACKS).index(name)}.{attempt}.1"


@pytest.mark.parametrize("name", sorted(ATTACKS.keys() - OWN_TESTS))
def test_who_attacks_is_cut_off_and_the_others_go_on(town: Town, name: str, slow: bool) -> None:
    """Within two seconds of the first offence, while records pass; the victim stays as it was."""
    late = (attacked(town, name, attempt, slow) for attempt in range(ATTEMPTS))
    assert any(seconds <= CUT for seconds in late)
    assert town.troubles() == []


def attacked(town: Town, name: str, attempt: int, slow: bool) -> float:
    """Attack while the honest nodes talk; return the longest time to a cut, but for lines for a core."""
    where, threads, rest = source(name, attempt), 8 if slow else 2, 0.5 if slow else 2.0
    before = town.delays()
    with Siege(name, town.urls, where, threads, rest) as siege:
        assert soon(lambda: siege.tally().sent > 0)
        assert town.talk()
        assert soon(lambda: bool(siege.tally().cuts))
        after = town.delays()
        if slow:
            assert soon(lambda: len(siege.tally().cuts) > 8)
            assert town.talk()
            after = town.delays()
    tally = siege.stop()
    assert not tally.codes["deflate taken"]
    assert not [code for code in tally.codes if code.startswith("5")]
    return max(tally.cuts) - worst(before, after)


def test_the_same_traffic_with_good_records_is_welcome(town: Town) -> None:
    """The control: records that somebody signed, at a pace that is allowed, are taken and passed on."""
    before = town.records()
    with Siege("sound-records", town.urls, source("sound-records"), rest=PATIENCE) as siege:
        assert soon(lambda: siege.tally().sent == 60)
        assert soon(lambda: town.records() >= before + 300)
    tally = siege.stop()
    assert tally.cuts == []
    assert tally.sent == 60


def test_two_stories_become_one(town: Town) -> None:
    """Who announces one thing to one node and another to the other is heard out; both hear both."""
    with Siege("equivocation", town.urls, source("equivocation"), rest=PATIENCE) as siege:
        assert soon(lambda: siege.tally().links == 2)
        assert town.talk()
        assert soon(lambda: siege.tally().sent >= 40)
    town.records()
    assert town.troubles() == []


def test_a_peer_that_always_has_more_is_asked_little(town: Town) -> None:
    """A head that differs each time, pages without records and without end: few questions, then a pause."""
    with Siege("lying-heads", town.urls, source("lying-heads"), rest=PATIENCE) as siege:
        assert soon(lambda: siege.tally().codes["asked"] > 0)
        assert town.talk()
    assert siege.stop().codes["asked"] <= ROUNDS
    assert town.troubles() == []


def test_the_program_says_what_it_did(town: Town) -> None:
    """The attacker as a program: it tells when it has begun, ends with its input, and counts."""
    words = [sys.executable, "-m", "tests.network.attacker", town.urls[0], "--attack", "http-bombs"]
    with subprocess.Popen(
        [*words, "--for", "60s", "--source", "127.98.0.1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"attacking\n"
        out, _ = process.communicate(b"", PATIENCE)
    tally = json.loads(out)
    assert tally["attack"] == "http-bombs"
    assert 0 < tally["cuts"] <= tally["sent"]


def test_who_takes_everything_and_reads_nothing(town: Town, slow: bool) -> None:
    """Pages that are not read are let go of after half a minute, and cost little memory meanwhile."""
    if not slow:
        pytest.skip("takes half a minute: --slow")
    with Siege("slow-reader", town.urls, source("slow-reader"), rest=PATIENCE) as siege:
        assert soon(lambda: siege.tally().sent > 0)
        assert town.talk()
        assert soon(lambda: not town.left_open(), 40.0), town.left_open()
    assert town.troubles() == []


def test_who_was_never_seen_before_gets_in_while_others_flood(town: Town, tmp_path: Path) -> None:
    """The control of all guards: a new node with a new key fetches everything and brings its own."""
    before, home = town.records(), str(tmp_path / "new")
    floods = [Siege(name, town.urls, source(name, ATTEMPTS)) for name in ("sync-requests", "http-flood")]
    with floods[0], floods[1]:
        assert soon(lambda: all(flood.tally().sent > 0 for flood in floods))
        words = [sys.executable, "-m", "trustcli", "--home", home]
        init = [*words, "init", "--owner", "newcomer", "--no-passphrase", "--peer", town.urls[0]]
        for command in (init, [*words, "rate", "agent:new", "4"], [*words, "sync"]):
            done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
            assert done.returncode == 0, done.stderr
    ledger = Ledger.open(os.path.join(home, "ledger.db"))
    assert ledger.head().records >= before + 2  # its announcement and its rating
    ledger.close()
    assert town.records() >= before + 2
    assert town.troubles() == []


def endings(town: Town, halves: Siege) -> Iterator[Tally]:
    """Yield how the half requests ended; when that took long, others are made."""
    yield ended(halves)
    for attempt in range(1, ATTEMPTS):
        with Siege("slowloris", town.urls, f"127.99.{attempt}.1") as again:
            yield ended(again)


def ended(halves: Siege) -> Tally:
    """Wait until half requests and handshakes have ended, some of them at the deadline."""
    assert soon(lambda: sum(halves.tally().codes.values()) >= 3 * HALVES)
    tally = halves.tally()
    assert tally.sent == 3 * HALVES
    assert tally.codes["too slow"] > PER_ADDRESS
    assert tally.codes["never closed"] == 0
    return tally


def test_afterwards_everything_is_as_before(town: Town, halves: Siege) -> None:
    """Half requests and handshakes end at their deadline; no file stays open, and the ledger is sound."""
    assert any(max(tally.cuts) <= CUT for tally in endings(town, halves))
    assert town.talk()
    assert soon(lambda: not town.left_open()), town.left_open()
    words = [sys.executable, "-m", "trustcli", "--home", town.net.nodes[0].home, "verify"]
    verified = subprocess.run(words, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert verified.returncode == 0, verified.stderr
    assert town.troubles() == []
