"""Honest throughput while a hostile peer attacks at full speed.

    python benchmarks/hostile.py                    every attack of tests/network/attacker.py
    python benchmarks/hostile.py forged-records     one of them

For each attack a fresh node, a real process. An honest link pushes signed records in full frames, and the
time until all of them are in the ledger is taken, three times without and three times with the attack, in
turn; the figure is the median of the three ratios. Each attack comes from an address that the node never saw,
so each round, of little more than a second, is the worst there is: the first second. The node runs on the
first core; the attacker, with all its threads, and the honest link on the last: what is measured is what the
attack takes of the node, as if it came from another machine, and not what it takes of this one. So the
attacker is nice: the honest link, which needs little, has its core when it wants it. With one core the figure
means little. `cpu` is the same ratio in
processor time of the node for each record: where it is high and `ratio` low, others used the machine.

Bounds: ratio >= 0.80; the most memory the node held < 256 MiB; every offender cut off within 2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from measure import bundle

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tests.network.attacker import ATTACKS, Foe, Gone
from trustcli.errors import PeerFault
from trustcli.ledger.shared import SharedLedger
from trustcli.mesh import payloads
from trustcli.node.devnet import Devnet
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END

if TYPE_CHECKING:
    from collections.abc import Sequence

RATIO, MEMORY, CUT = 0.80, 256, 2.0
CORES = os.sched_getaffinity(0)
ROUNDS = 3
FRAMES, LINES = 9, 1_000  # of one round: what a node lets wait; all together are below the rate of a peer
PATIENCE = 60.0
NOTHING = "nothing"  # the control: no attack, so the ratio says how steady the machine is
NOT_CUT = frozenset(
    ("equivocation", "lying-heads", "slow-reader", "slowloris", "http-flood", "http-reconciling")
)
"""Attacks in which nothing is an offence within a round: it is allowed, or the deadline is longer."""


class Pace(NamedTuple):
    """Records a second, and records for each second of the node's processor time."""

    rate: float
    by_cpu: float


class Round(NamedTuple):
    """The pace without and during the attack, and the attacker's own tally."""

    without: Pace
    during: Pace
    tally: dict[str, Any]


class Row(NamedTuple):
    """What one attack did; `memory` in MiB."""

    attack: str
    rounds: list[Round]
    memory: int

    @property
    def ratio(self) -> float:
        """Honest throughput that is left."""
        return statistics.median(one.during.rate / one.without.rate for one in self.rounds)

    @property
    def by_cpu(self) -> float:
        """The same in processor time of the node."""
        return statistics.median(one.during.by_cpu / one.without.by_cpu for one in self.rounds)

    @property
    def cut(self) -> float:
        """Seconds from the first offence to the end, at most."""
        return max(float(one.tally["slowest_cut"]) for one in self.rounds)

    def count(self, what: str) -> int:
        """Return how many messages were `sent`, or how often the attacker was cut off (`cuts`)."""
        return sum(int(one.tally[what]) for one in self.rounds)

    @property
    def missed(self) -> list[str]:
        """Which bounds were missed, and whether there was no attack at all."""
        bounds = {
            "ratio": self.ratio >= RATIO,
            "memory": self.memory < MEMORY,
            "cut": self.cut <= CUT and (self.count("cuts") > 0 or self.attack in NOT_CUT),
            "sent": self.count("sent") > 0,
        }
        return [name for name, kept in bounds.items() if not kept]


class Honest:
    """An honest peer with records to push."""

    def __init__(self, url: str, ledger: str, lines: Sequence[bytes], pid: int) -> None:
        foe = Foe((url,), "127.0.0.1", threading.Event(), [])
        self._link = foe.call()
        self._lines = iter(lines)
        self._pid = pid
        self._ledger = SharedLedger.open(ledger)  # a long look would hold up the node's commits
        self._sending = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def rate(self) -> Pace:
        """Push one round; return how fast the records were stored."""
        lines = [next(self._lines) for _ in range(FRAMES * LINES)]
        ids = [crypto.record_id(line[BEGIN:END]) for line in lines]
        parts = [lines[start : start + LINES] for start in range(0, len(lines), LINES)]
        with self._sending:
            frames = [self._link.push(part) for part in parts]
            begun, before = time.perf_counter(), _cpu(self._pid)
            for frame in frames:
                self._link.throw(frame)
        while time.perf_counter() < begun + PATIENCE:
            if self._ledger.has_changed() and self._holds(ids[-LINES:]) and self._holds(ids):
                cpu = _cpu(self._pid) - before
                return Pace(len(ids) / (time.perf_counter() - begun), len(ids) / cpu)
            time.sleep(0.005)
        raise TimeoutError("the honest link is dead")

    def _holds(self, ids: Sequence[bytes]) -> bool:
        return len(self._ledger.known(ids)) == len(ids)

    def close(self) -> None:
        """Hang up."""
        self._link.hang_up()
        self._ledger.close()

    def _listen(self) -> None:
        try:
            for type_, _ in self._link.heard():
                if type_ == payloads.PING:
                    with self._sending:
                        self._link.throw(self._link.beat(payloads.PONG))
        except (OSError, Gone, PeerFault):
            pass


def main() -> int:
    """Print a table; 1 when a bound is missed."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("attacks", nargs="*", metavar="ATTACK")
    arguments.add_argument("--tally", action="store_true", help="also print each round")
    given = arguments.parse_args()
    with open(bundle((2 * ROUNDS + 2) * FRAMES * LINES), "rb") as file:
        lines = list(dict.fromkeys(file.read().splitlines()))
    titles = f"{'records/s':>10}{'attacked':>10}{'ratio':>7}{'cpu':>6}{'MiB':>6}{'sent':>9}{'cut s':>7}"
    print(f"{'attack':<20}{titles}")
    missed = False
    for attack in given.attacks or [NOTHING, *sorted(ATTACKS.keys() - {"sound-records"})]:
        row = measured(attack, lines)
        missed |= bool(row.missed)
        without = statistics.median(one.without.rate for one in row.rounds)
        during = statistics.median(one.during.rate for one in row.rounds)
        print(
            f"{attack:<20}{without:>10.0f}{during:>10.0f}{row.ratio:>7.2f}{row.by_cpu:>6.2f}{row.memory:>6}"
            f"{row.count('sent'):>9}{row.cut:>7.2f}  {'MISSED ' * bool(row.missed)}{', '.join(row.missed)}",
            flush=True,
        )
        if given.tally:
            for one in row.rounds:
                print(f"  {one.during.rate / one.without.rate:.2f} {one.tally}")
    return int(missed)


def measured(attack: str, lines: Sequence[bytes]) -> Row:
    """Make one attack on a fresh node."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Devnet(os.path.join(folder, "net"), 1, lambda: time.time_ns() // 1_000_000) as net,
    ):
        os.sched_setaffinity(0, {min(CORES)})
        net.start()  # a process runs where its parent did
        os.sched_setaffinity(0, {max(CORES)})
        node, pid = net.nodes[0], net.state(net.nodes[0]).pid
        honest = Honest(node.url, os.path.join(node.home, "ledger.db"), lines, pid)
        honest.rate()  # strangers get small shares at first
        rounds = [_pair(honest, attack, node.url, f"127.66.{number}.1") for number in range(ROUNDS)]
        honest.close()
        return Row(attack, rounds, _peak(pid))


def _pair(honest: Honest, attack: str, url: str, source: str) -> Round:
    """Measure once without and once with the attack, from an address that was never seen."""
    without = honest.rate()
    if attack == NOTHING:
        return Round(without, honest.rate(), {"sent": 1, "cuts": 1, "slowest_cut": 0.0})
    attacker = _attacker(attack, url, source)
    during = honest.rate()
    out, _ = attacker.communicate("", PATIENCE)
    return Round(without, during, json.loads(out))


def _attacker(attack: str, url: str, source: str) -> subprocess.Popen[str]:
    """Start the attacking program; it inherits our core, after us. Return once it attacks."""
    words = [sys.executable, "-m", "tests.network.attacker", url, "--attack", attack, "--source", source]
    process = subprocess.Popen(
        ["nice", "-n", "10", *words, "--for", "300s"],
        cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    return process


def _cpu(pid: int) -> float:
    """Return the processor time that a process used, seconds."""
    with open(f"/proc/{pid}/stat") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) >> 10


if __name__ == "__main__":
    sys.exit(main())
