"""A network on one machine: real node processes on loopback, each with a home of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from trustcli import config
from trustcli.errors import TrustError, Unreachable
from trustcli.node import Node, announcing, identities, naming, rating
from trustcli.node.rating import Draft
from trustcli.transports.loopback import free_ports
from trustcli.transports.http import HttpPeer
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from trustcli.node import Clock

START_TIME = 20.0  # seconds for all nodes to answer
STOP_TIME = 10.0  # seconds for a node to end before it is killed
STARS = ("4.5", "4", "5", "3.5")  # what the nodes say of one another, in turn
CATEGORY = "reliability"


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


class Devnet:
    """Some nodes that know one another. As a context it stops their processes; the homes stay."""

    def __init__(self, folder: str, count: int, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        ports = free_ports(count)
        names = [f"node-{number}" for number in range(1, count + 1)]
        self.nodes = [self._make(name, port) for name, port in zip(names, ports, strict=True)]
        for node in self.nodes:
            self._introduce(node)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def open(self, node: DevNode) -> Node:
        """Return a node of the network for use in this process; close it afterwards."""
        places = config.places({}, node.home)
        return Node(places, config.load(places)[0], clock=self._clock)

    def start(self, names: Sequence[str] = ()) -> None:
        """Start the processes of these nodes, all by default, and wait until each answers.

        Raises:
            Unreachable: one does not answer in time; its log says why.
        """
        wanted = [node for node in self.nodes if not names or node.name in names]
        for node in wanted:
            with open(os.path.join(node.home, "serve.log"), "ab") as log:
                self._processes[node.name] = subprocess.Popen(  # noqa: S603  ourselves
                    [sys.executable, "-m", "trustcli", "--home", node.home, "--no-input", "serve"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
        until = time.monotonic() + START_TIME
        while waiting := [node for node in wanted if self.state(node).head is None]:
            if time.monotonic() > until or self._processes[waiting[0].name].poll() is not None:
                raise Unreachable(
                    f"{waiting[0].name} does not answer", hint=f"see {waiting[0].home}/serve.log"
                )
            time.sleep(0.05)

    def state(self, node: DevNode) -> NodeState:
        """Ask one node how it is."""
        process = self._processes.get(node.name)
        pid = process.pid if process and process.poll() is None else 0
        state = NodeState(node.name, node.did, node.url, pid, None, None)
        if not pid:
            return state
        try:
            with HttpPeer(node.url, expect=node.did, network="main", timeout=2.0, clock=self._clock) as peer:
                head = peer.facts().head
        except TrustError:
            return state
        return state._replace(records=head.records, head=head.fingerprint)

    def states(self) -> list[NodeState]:
        """Ask all nodes how they are."""
        return [self.state(node) for node in self.nodes]

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
        ):
            config.change(places, key, value)
        node = Node(places, config.load(places)[0], clock=self._clock)
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
                naming.add_peer(node, other.name, other.did)
        node.close()


def agree(states: Sequence[NodeState]) -> bool:
    """Say whether all nodes answer, and hold the same records."""
    return len({state.head for state in states}) == 1 and states[0].head is not None
