"""Whatever happens, in whatever order: once the network is whole again, all honest ledgers are equal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.network.puppet import Puppet
from tests.network.shelves import MemoryShelf
from tests.network.virtual import Faults, Host, Network, equal
from tests.network_of_raters import did_of, rating, sealed
from trustcli.mesh import payloads
from trustcli.mesh.messages import raws
from trustcli.mesh.payloads import TrustUpdate

if TYPE_CHECKING:
    from trustcli.records.envelope import Record

NODES = 4
PATIENCE = 1_800_000  # ms: a ban that tampering caused must have time to end
node = st.integers(0, NODES - 1)
injected: Counter[str] = Counter()


class Meshed(RuleBasedStateMachine):
    """Four nodes in a ring and a peer that lies, in a network that loses, doubles, reorders and splits."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Network()
        self.honest: list[Host] = []
        self.liar: Host | None = None
        self.added: list[Record] = []

    @initialize(seed=st.integers(0, 1_000), lossy=st.booleans())
    def begin(self, seed: int, lossy: bool) -> None:
        """Start the nodes."""
        faults = Faults(0.3, 0.1, (0, 200)) if lossy else Faults(0.05, 0.05, (0, 50))
        self.net = Network(seed, faults)
        for number in range(NODES):
            Host(self.net, f"n{number}", seeds=[f"n{number - 1}"] if number else [])
        self.honest = list(self.net.hosts.values())
        self.honest[0].seeds = (f"n{NODES - 1}",)
        self.liar = Host(self.net, "liar", build=Puppet)
        self.net.start()

    @rule(at=node, stars=st.integers(1, 5))
    def rate(self, at: int, stars: int) -> None:
        """A node rates."""
        self._add(at, rating(f"rater-{at}", f"subject-{len(self.added) % 3}", stars, at=self.net.now))

    @precondition(lambda self: self.added)
    @rule(at=node, which=st.integers(0, 1_000), priority=st.sampled_from(["normal", "high", "critical"]))
    def revoke(self, at: int, which: int, priority: str) -> None:
        """A node takes something back."""
        body = {"record": self.added[which % len(self.added)].id, "priority": priority}
        self._add(at, sealed(f"rater-{at}", "revocation", body, self.net.now))

    @rule(at=node, score=st.integers(0, 1_000))
    def update(self, at: int, score: int) -> None:
        """A node sees a trust event."""
        body = {"subject": did_of("agent"), "event": "score-update", "score": score}
        self._add(at, sealed(f"rater-{at}", "update", body, self.net.now))

    @rule(ms=st.sampled_from([1, 40, 300, 2_000, 12_000, 100_000]))
    def wait(self, ms: int) -> None:
        """Time passes: handshakes, heartbeats, syncs."""
        self.net.run(ms)

    @rule(at=node)
    def crash(self, at: int) -> None:
        """A node stops without a word."""
        if self.honest[at].machine:
            self.honest[at].crash()

    @rule(at=node)
    def restart(self, at: int) -> None:
        """A node comes back, on the same disk."""
        if not self.honest[at].machine:
            self.honest[at].start()

    @rule(cut=st.integers(1, NODES - 1))
    def split(self, cut: int) -> None:
        """The network falls apart."""
        names = [host.name for host in self.honest]
        self.net.partition(names[:cut], names[cut:])

    @rule()
    def heal(self) -> None:
        """The network is whole again."""
        self.net.heal()

    @rule(frames=st.integers(1, 3))
    def tamper(self, frames: int) -> None:
        """Somebody on the way changes a byte."""
        self.net.tamper += frames

    @rule(at=node, kind=st.sampled_from(["forged", "cut short", "nothing", "other net"]))
    def lie(self, at: int, kind: str) -> None:
        """A peer brings what is no record."""
        assert self.liar
        puppet: Any = self.liar.machine
        if self.honest[at].machine and not puppet.links:
            self.net.connect(self.liar, self.honest[at])
            self.net.run(300)
        line = rating("victim", "subject-0", 1).line
        lies = {
            "forged": line.replace(b'"value":10', b'"value":50'),
            "cut short": line[:-50] + b'"}',
            "nothing": b"{}",
            "other net": rating("victim", "subject-0", 1, at=1).line.replace(b'"main"', b'"away"'),
        }
        if puppet.is_linked:
            injected["lie"] += 1
            puppet.say(payloads.TRUST_UPDATE, TrustUpdate(raws([lies[kind]])), next(iter(puppet.links)))

    def _add(self, at: int, record: Record) -> None:
        if record not in self.added:
            self.added.append(record)
            self.honest[at].add(record)

    def teardown(self) -> None:
        """Heal everything, and look."""
        if not self.honest:
            return
        self.net.heal()
        self.net.tamper = 0
        self.net.faults = Faults(delay=(0, 50))
        for host in self.honest:
            if not host.machine:
                host.start()
        self.net.run_until(lambda: equal(self.honest), PATIENCE, step=1_000)
        injected.update(self.net.injected)
        expected = {record.digest for record in self.added}
        for host in self.honest:
            assert isinstance(host.shelf, MemoryShelf)
            assert host.shelf.records.keys() == expected


def test_ledgers_are_equal_after_whatever_happened(slow: bool) -> None:
    """Rating, revoking, crashes, partitions, tampering, lies: no record is lost, none is made up."""
    injected.clear()
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    config = settings(
        max_examples=600 if slow else 60,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=checks,
        derandomize=not slow,
    )
    run_state_machine_as_test(Meshed, settings=config)
    assert all(
        injected[kind] > 10 for kind in ("loss", "duplication", "partition", "crash", "tampering", "lie")
    ), injected
