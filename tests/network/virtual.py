"""A network of mesh machines in virtual milliseconds: seeded, repeatable, without sleeping or sockets.

Each frame gets its own delay, so faulty networks also reorder. What is injected is counted, and a test of a
fault asserts that it was.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.network.shelves import MemoryShelf
from tests.network_of_raters import NOW, did_of, seed_of
from trustcli.mesh.actions import Close, Dial, Send
from trustcli.mesh.handshake import Me
from trustcli.mesh.machine import Mesh
from trustcli.mesh.memory import Remembered
from trustcli.records import crypto

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from trustcli.mesh.actions import Action
    from trustcli.mesh.desk import AnnouncedShelf
    from trustcli.records.envelope import Record

DIAL_DELAY = 20  # ms for a connection to be there, or refused
OUTAGE = 3_000  # ms after which a dial into nowhere is given up


class Faults(NamedTuple):
    """What the network does to frames: shares of 1, delays in ms, and bytes with which none gets through."""

    loss: float = 0.0
    duplication: float = 0.0
    delay: tuple[int, int] = (5, 5)
    deaf: bytes = b""


class End(NamedTuple):
    """One end of a connection."""

    host: Host
    link: int


class Host:
    """A place in the network with a machine on it, or without one after a crash.

    `shelf` and `memory` are the disk: they stay. `machine` is anything with the methods of Mesh.
    """

    def __init__(
        self,
        net: Network,
        name: str,
        *,
        shelf: AnnouncedShelf | None = None,
        seeds: Iterable[str] = (),
        natted: bool = False,
        roles: tuple[str, ...] = ("full",),
        subjects: tuple[str, ...] = (),
        build: Callable[[Host], Any] | None = None,
    ) -> None:
        self.net = net
        self.name = name
        self.did = did_of(name)
        self.shelf = shelf or MemoryShelf(name)
        self.memory = Remembered(seed_of(name))
        self.natted = natted
        self.roles = roles
        self.subjects = subjects
        number = len(net.hosts) + 1
        self.address = f"10.{number}.{number}.1:4000"
        self.url = f"ws://{self.address}"
        self.seeds = tuple(seeds)
        self.machine: Any = None
        self._build = build or Host.mesh
        self._draw = random.Random(f"{net.seed} {name}")
        self._tick_at: int | None = None
        self._settling = False
        net.hosts[name] = self

    @property
    def me(self) -> Me:
        """The identity on this host."""
        seeds = tuple((self.net.hosts[name].url, self.net.hosts[name].did) for name in self.seeds)
        endpoints = () if self.natted else (self.url,)
        sign = crypto.signer(seed_of(self.name))
        return Me(self.did, sign, "main", self.roles, endpoints, self.subjects, 3, seeds)

    def mesh(self) -> Mesh:
        """Return a new machine on this disk."""
        entropy = self._draw.randbytes
        return Mesh(self.me, self.shelf, now=self.net.now, entropy=entropy, memory=self.memory)

    def start(self) -> None:
        """Start the machine, anew after a crash."""
        self.machine = self._build(self)
        self._tick_at, self._settling = None, False
        self.net.at(self.net.now, self.tick)

    def crash(self) -> None:
        """Stop at once and say nothing; the other ends notice that the connections are gone."""
        self.machine = None
        self.net.injected["crash"] += 1
        self.net.cut(self)

    def add(self, *records: Record) -> None:
        """Let another process on this host add records to the ledger."""
        self.shelf.take([record.line for record in records])
        if self.machine:
            self.machine.woke(self.net.now)
            self.act()

    def tick(self) -> None:
        """Let the machine do what is due, and come back when it says so."""
        self._tick_at = None
        if self.machine:
            self._again(self.machine.tick(self.net.now))
            self.act()
            self.settle_soon()

    def settle_soon(self) -> None:
        """Let the machine settle once all that arrives in this millisecond is there."""
        if not self._settling:
            self._settling = True
            self.net.at(self.net.now, self._settle)

    def _settle(self) -> None:
        self._settling = False
        if self.machine:
            self.machine.settle(self.net.now)
            self._again(self.machine.tick(self.net.now))
            self.act()

    def _again(self, when: int) -> None:
        when = max(when, self.net.now + 1)
        if self._tick_at is None or when < self._tick_at:
            self._tick_at = when
            self.net.at(when, lambda: self.tick() if self._tick_at == when else None)

    def act(self) -> None:
        """Carry out what the machine wants."""
        for action in self.machine.drain():
            self.net.carry_out(self, action)


class Network:
    """The hosts, the connections between them, and the time."""

    def __init__(self, seed: int = 0, faults: Faults = Faults()) -> None:  # noqa: B008
        self.seed = seed
        self.now = NOW
        self.faults = faults
        self.hosts: dict[str, Host] = {}
        self.injected: Counter[str] = Counter()
        self.traffic: Counter[str] = Counter()
        self.sides: dict[str, int] = {}  # of a partition: hosts on different sides do not hear each other
        self.start_of_attack = 0  # for attackers that wait for each other
        self.tamper = 0  # how many of the next frames get a wrong byte
        self._random = random.Random(seed)
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._far: dict[tuple[str, int], End] = {}  # the other end of each end
        self._links = 0
        self._latest: dict[tuple[str, int], int] = {}

    def at(self, when: int, what: Callable[[], None]) -> None:
        """Let something happen at a time, after what was planned for it before."""
        self._count += 1
        heapq.heappush(self._events, (when, self._count, what))

    def start(self) -> None:
        """Start all hosts that are not running."""
        for host in self.hosts.values():
            if host.machine is None:
                host.start()

    def run(self, ms: int) -> None:
        """Let time pass."""
        self.run_until(lambda: False, ms)

    def run_until(self, is_done: Callable[[], bool], most: int, step: int = 50) -> int:
        """Let time pass until something is so, looked at every `step` ms; return the ms it took.

        Where it is not so after `most` ms, the time that passed is returned all the same.
        """
        begin, end, look = self.now, self.now + most, self.now
        while self.now < end:
            if self.now >= look:
                if is_done():
                    break
                look = self.now + step
            if self._events and self._events[0][0] <= min(end, look):
                self.now, _, what = heapq.heappop(self._events)
                what()
            else:
                self.now = min(end, look)
        return self.now - begin

    def partition(self, *sides: Collection[str]) -> None:
        """Split the network; hosts that are not named stay with the first side."""
        self.sides = {name: index for index, side in enumerate(sides) for name in side}

    def heal(self) -> None:
        """Join the sides again."""
        self.sides = {}

    def connect(self, dialler: Host, listener: Host, expect: str | None = None) -> None:
        """Open a connection now, whatever the address books say."""
        url = listener.url
        self._links += 2
        near, far = End(dialler, self._links - 1), End(listener, self._links)
        self._far[(dialler.name, near.link)] = far
        self._far[(listener.name, far.link)] = near
        dialler.machine.opened(near.link, self.now, address=listener.address, dialled=url, expect=expect)
        listener.machine.opened(far.link, self.now, address=dialler.address)
        for host in (dialler, listener):
            host.act()
            host.settle_soon()

    def carry_out(self, host: Host, action: Action) -> None:
        """Do what a machine wants."""
        if isinstance(action, Send):
            self._send(host, action)
        elif isinstance(action, Close):
            self._close(host, action.link)
        else:
            self.at(self.now + DIAL_DELAY, lambda: self._dial(host, action))

    def cut(self, host: Host) -> None:
        """End all connections of a host, from outside."""
        for _, link in [end for end in self._far if end[0] == host.name]:
            self._close(host, link)

    def _send(self, host: Host, action: Send) -> None:
        end = self._far.get((host.name, action.link))
        self.traffic["frames"] += 1
        self.traffic["bytes"] += len(action.frame)
        if end is None:
            return
        if not self._reaches(host, end.host):
            self.injected["partition"] += 1
        elif self.faults.deaf and self.faults.deaf in action.frame:
            self.injected["deaf"] += 1
        elif self._random.random() < self.faults.loss:
            self.injected["loss"] += 1
        else:
            action = self._tampered(action)
            self._deliver(host, end, action)
            if self._random.random() < self.faults.duplication:
                self.injected["duplication"] += 1
                self._deliver(host, end, action)

    def _tampered(self, action: Send) -> Send:
        if not self.tamper:
            return action
        self.tamper -= 1
        self.injected["tampering"] += 1
        at = self._random.randrange(len(action.frame))
        wrong = bytes([action.frame[at] ^ 1 << self._random.randrange(7)])
        return action._replace(frame=action.frame[:at] + wrong + action.frame[at + 1 :])

    def _deliver(self, host: Host, end: End, action: Send) -> None:
        when = self.now + self._random.randint(*self.faults.delay)
        way = (host.name, action.link)
        if when < self._latest.get(way, 0):
            self.injected["reordering"] += 1
        self._latest[way] = max(when, self._latest.get(way, 0))
        machine = end.host.machine

        def arrive() -> None:
            if end.host.machine is machine and machine is not None:
                machine.received(end.link, action.frame, self.now)
                end.host.act()
                end.host.settle_soon()

        self.at(when, arrive)

    def _close(self, host: Host, link: int) -> None:
        end = self._far.pop((host.name, link), None)
        if end is None:
            return
        when = max(self._latest.pop((host.name, link), 0), self.now + self.faults.delay[1])
        machine = end.host.machine

        def arrive() -> None:
            self._far.pop((end.host.name, end.link), None)
            if end.host.machine is machine and machine is not None:
                machine.closed(end.link, self.now)
                end.host.act()

        self.at(when, arrive)

    def _dial(self, host: Host, action: Dial) -> None:
        if host.machine is None:
            return
        target = next((other for other in self.hosts.values() if other.url == action.url), None)
        if target is None or target.natted or target.machine is None:
            self.injected["refused dial"] += 1
            host.machine.failed(action.url, self.now)
            host.act()
        elif not self._reaches(host, target):
            self.injected["lost dial"] += 1
            self.at(self.now + OUTAGE, lambda: self._give_up(host, action.url))
        else:
            self.connect(host, target, action.did or None)

    def _give_up(self, host: Host, url: str) -> None:
        if host.machine is not None:
            host.machine.failed(url, self.now)
            host.act()

    def _reaches(self, one: Host, other: Host) -> bool:
        return self.sides.get(one.name, 0) == self.sides.get(other.name, 0)


def equal(hosts: Iterable[Host]) -> bool:
    """Say whether the ledgers of all hosts hold the same set."""
    return len({host.shelf.head()[1::2] for host in hosts}) == 1
