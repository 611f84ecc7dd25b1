"""A network on one machine: real node processes on loopback, each with a home of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from trustcli import config
from trustcli.errors import TrustError, Unreachable
from trustcli.node import Node, announcing, identities, peers, rating, rounding, standing
from trustcli.node.network import survey
from trustcli.node.rating import Draft
from trustcli.transports.http import HttpPeer
from trustcli.transports.loopback import free_ports
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from trustcli.node import Clock
    from trustcli.node.network import Standing

START_TIME = 20.0  # seconds for all nodes to answer
STOP_TIME = 10.0  # seconds for a node to end before it is killed
OBSERVED = 30  # good interactions that each node begins with of every other, where there are rounds
LOOK = 0.2  # seconds between two looks at all nodes
STARS = ("4.5", "4", "5", "3.5")  # what the nodes say of one another, in turn
CATEGORY = "reliability"
_PROGRAM = """
import os, signal, sys, threading

def watch():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=watch, daemon=True).start()
from trustcli.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""A node that ends with us, however we end: the kernel then closes the pipe that it reads from."""


class NodeState(NamedTuple):
    """What one node says of itself; `records` and `head` are None while it does not answer."""

    name: str
    did: str
    url: str
    pid: int
    records: int | None
    head: str | None


class DevNode(NamedTuple):
    """One node of the network: its name, key, URL and home."""

    name: str
    did: str
    url: str
    home: str


class Outlook(NamedTuple):
    """One node in the eyes of another one: reputation 0..100, last heard (Unix ms); its own links."""

    reputation: float | None
    heard: int | None
    links: tuple[str, ...]


class Devnet:
    """Some nodes that know one another. As a context it stops their processes; the homes stay.

    Args:
        round_every: seconds of a round that all take part in; 0 for none. They then begin with as many
            good observations of one another as make a standing of about half.
    """

    def __init__(self, folder: str, count: int, clock: Clock, *, round_every: float = 0) -> None:
        self._round_every = round_every
        self.folder = folder
        self.clock = clock
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        ports = free_ports(count)
        names = [f"node-{number}" for number in range(1, count + 1)]
        self.nodes = [self._make(name, port) for name, port in zip(names, ports, strict=True)]
        for node in self.nodes:
            self._introduce(node)

    def __enter__(self) -> Self:
        self._watched, self._alive = os.pipe()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        os.close(self._watched)
        os.close(self._alive)

    def open(self, node: DevNode) -> Node:
        """Return a node of the network for use in this process; close it afterwards."""
        places = config.places({}, node.home)
        return Node(places, config.load(places)[0], clock=self.clock)

    def launch(self, names: Sequence[str] = ()) -> None:
        """Start the processes of these nodes, all by default."""
        for node in self._wanted(names):
            with open(os.path.join(node.home, "serve.log"), "ab") as log:
                self._processes[node.name] = subprocess.Popen(  # noqa: S603  ourselves
                    [sys.executable, "-c", _PROGRAM, "--home", node.home, "--no-input", "serve"],
                    stdin=self._watched, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip

    def start(self, names: Sequence[str] = ()) -> None:
        """Launch nodes and wait until each answers.

        Raises:
            Unreachable: one does not answer in time; its log says why.
        """
        self.launch(names)
        until = time.monotonic() + START_TIME
        while waiting := [node for node in self._wanted(names) if self.state(node).head is None]:
            if time.monotonic() > until or self._processes[waiting[0].name].poll() is not None:
                raise Unreachable(
                    f"{waiting[0].name} does not answer", hint=f"see {waiting[0].home}/serve.log"
                )
            time.sleep(0.05)

    def _wanted(self, names: Sequence[str]) -> list[DevNode]:
        return [node for node in self.nodes if not names or node.name in names]

    def state(self, node: DevNode) -> NodeState:
        """Ask one node how it is."""
        process = self._processes.get(node.name)
        pid = process.pid if process and process.poll() is None else 0
        state = NodeState(node.name, node.did, node.url, pid, None, None)
        if not pid:
            return state
        try:
            with HttpPeer(node.url, expect=node.did, network="main", timeout=2.0, clock=self.clock) as peer:
                head = peer.facts().head
        except TrustError:
            return state
        return state._replace(records=head.records, head=head.fingerprint)

    def states(self) -> list[NodeState]:
        """Ask all nodes how they are."""
        return [self.state(node) for node in self.nodes]

    def watch(self, records: int, patience: float, look: Callable[[list[NodeState]], None]) -> float | None:
        """Wait until all nodes hold the same set of at least so many records.

        Args:
            patience: seconds to wait at most.
            look: shown the states about four times a second.

        Returns:
            The seconds it took, or None when the time was up.
        """
        begun = time.monotonic()
        while (elapsed := time.monotonic() - begun) < patience:
            states = self.states()
            look(states)
            if agree(states) and (states[0].records or 0) >= records:
                return elapsed
            time.sleep(LOOK)
        return None

    def rate(self) -> int:
        """Let each node rate every other; return how many ratings that makes.

        They are written beside the running daemons, as `trust rate` in a shell would.
        """
        made = 0
        for index, one in enumerate(self.nodes):
            node = self.open(one)
            for offset, other in enumerate(self.nodes):
                if other is not one:
                    stars = STARS[(index + offset) % len(STARS)]
                    rating.rate(node, Draft(other.name, stars, CATEGORY))
                    made += 1
            node.close()
        return made

    def outlooks(self) -> dict[str, Outlook]:
        """Return each node, by key, as the first one sees it, and the first as the second does."""
        names = {one.did: one.name for one in self.nodes}
        found: dict[str, Standing] = {}
        links: dict[str, tuple[str, ...]] = {}
        for one in self.nodes:
            node = self.open(one)
            if len(found) < len(self.nodes):
                network = survey(node)
                for standing in network.nodes if network else ():
                    found.setdefault(standing.subject.id, standing)
            seen = node.ledger.network_notes.nodes().values()
            links[one.did] = tuple(sorted(names.get(one.key, one.key) for one in seen if one.linked))
            node.close()
        return {
            one.did: Outlook(found[one.did].reputation, found[one.did].heard, links[one.did])
            if one.did in found
            else Outlook(None, None, links[one.did])
            for one in self.nodes
        }

    def decided(self, node: DevNode) -> dict[int, str]:
        """Return the winner of each round that a node has closed, "" where nobody won."""
        own = self.open(node)
        try:
            return {
                number: state["winner"] or ""
                for number, state in own.ledger.rounds.all().items()
                if "winner" in state
            }
        finally:
            own.close()

    def audit(self, node: DevNode) -> list[int]:
        """Return the rounds of a node whose stored decision does not follow from its evidence."""
        own = self.open(node)
        try:
            return [number for number in self.decided(node) if rounding.audit(own, number) is not None]
        finally:
            own.close()

    def rest(
        self,
        seconds: float,
        look: Callable[[list[NodeState]], None],
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        """Let the nodes run for so long, or until it is `enough`, looking at them once a second."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not enough():
            look(self.states())
            time.sleep(min(left, 1.0))

    def signal(self, name: str, number: int) -> None:
        """Send a signal to the process of a node."""
        self._processes[name].send_signal(number)

    def wait(self, name: str) -> int:
        """Wait for the process of a node to end; return its exit code."""
        return self._processes[name].wait(STOP_TIME)

    def stop(self) -> None:
        """End all processes, first kindly."""
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self._processes.values():
            try:
                process.wait(STOP_TIME)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _make(self, name: str, port: int) -> DevNode:
        home = os.path.join(self.folder, name)
        url = f"http://127.0.0.1:{port}"
        places = config.places({}, home)
        for key, value in (
            ("owner", name),
            ("listen", f"127.0.0.1:{port}"),
            ("endpoints", url),
            ("allow_private", "true"),
            ("round_every", str(self._round_every)),
        ):
            config.change(places, key, value)
        node = Node(places, config.load(places)[0], clock=self.clock)
        did = identities.make(node, node.identity).did
        announcing.announce(node)
        node.close()
        return DevNode(name, did, url, home)

    def _introduce(self, one: DevNode) -> None:
        """Give a node names for the others and, but for the first, the first as its seed."""
        if one is not self.nodes[0]:
            config.change(config.places({}, one.home), "seeds", self.nodes[0].url)
        node = self.open(one)
        for other in self.nodes:
            if other is not one:
                peers.add_peer(node, other.name, other.did)
                if self._round_every:
                    standing.observe(node, other.name, "ok", weight=OBSERVED)
        node.close()


def agree(states: Sequence[NodeState]) -> bool:
    """Say whether all nodes answer, and hold the same records."""
    return len({state.head for state in states}) == 1 and states[0].head is not None
