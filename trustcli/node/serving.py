"""`trust serve`: routes and mesh over one ledger, until somebody ends it.

Three threads: the event loop talks to the network and touches no ledger; one thread owns the mesh and
writes; one reads for those who ask.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal

from trustcli.errors import UsageError
from trustcli.node import announcing
from trustcli.node.acquaintances import acquainted
from trustcli.node.links import Links
from trustcli.node.meshing import Meshing, twin
from trustcli.node.reading import Reading
from trustcli.node.running import Hold, Running
from trustcli.node.worker import Worker
from trustcli.sync.exchange import Offer
from trustcli.transports import asking, loopback
from trustcli.transports.app import App
from trustcli.transports.binding import Listen, read_listen
from trustcli.transports.limits import LIMITS
from trustcli.transports.server import Server
from trustcli.transports.troubles import Troubles
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from trustcli.node import Node
    from trustcli.node.meshing import Turn
    from trustcli.sync.exchange import Answer, Request
    from trustcli.transports.asking import Answered
    from trustcli.transports.desk import Channel, KnownNode
    from trustcli.transports.wire import NodeFacts

    T = TypeVar("T")

GRACE = 5.0  # seconds for open answers and last words when a node is stopped


class Options(NamedTuple):
    """How to serve.

    Attributes:
        listen: `HOST:PORT` and the like, see `transports.binding.read_listen`; none to only dial out.
        public: the user knows that others can reach it.
        tls: paths of a certificate chain and its key.
        notify: where the service manager listens (NOTIFY_SOCKET), or empty.
    """

    listen: tuple[str, ...] = ()
    public: bool = False
    tls: tuple[str, str] | None = None
    read_only: bool = False
    notify: str = ""


class Daemon:
    """One serving node: the desk of the routes, and the keeper of the links."""

    def __init__(self, node: Node, options: Options, say: Callable[[str], None] = lambda _: None) -> None:
        self.did = node.me
        self.sign = node.signer(node.me)
        self.network = node.make_ledger().network
        self._node = node
        self._options = options
        self._places = [_place(text, public=options.public) for text in options.listen]
        self._hosts = {_host(url) for url in node.settings.endpoints} | set(node.settings.hosts)
        self._trusted = frozenset(url for url, _ in acquainted(node))
        lan = node.settings.allow_private  # many nodes behind one address, a devnet's on loopback among them
        self._troubles = Troubles(say)
        self._meshing = Meshing(node, self.sign, self._turn, self._broke, self._troubles)
        self._reader = Worker("read", lambda: None, self._broke, busy=lambda: self._meshing.is_busy)
        self._reading: Reading
        self._links = Links(self._meshing, allow_private=node.settings.allow_private, trusted=self._trusted)
        self._limits = LIMITS._replace(per_address=LIMITS.connections // 2) if lan else LIMITS
        self._problem: BaseException | None = None

    async def run(self, hold: Hold, started: Callable[[list[str]], None]) -> None:
        """Serve until SIGTERM or SIGINT.

        Args:
            started: told where it listens, once it does.

        Raises:
            TrustError: an address is taken or not allowed; the ledger cannot be opened, or failed.
        """
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._ended.set)
        self._reader.start()
        await self._read(self._open_reading)
        await self._meshing.start()
        app = App(
            self, clock=self._node.clock, secret=os.urandom(32), read_only=self._options.read_only,
            troubles=self._troubles,
        )  # fmt: skip
        server = Server(app, self._places, limits=self._limits, tls=self._options.tls)
        try:
            await server.start()
            announcing.announce(self._node)  # a record that stays: only of a node that is up
            listen = server.addresses
            hold.note(Running(os.getpid(), listen[0] if listen else None, self._node.clock()))
            loopback.notify("READY=1", self._options.notify)
            started(listen)
            await self._ended.wait()
            loopback.notify("STOPPING=1", self._options.notify)
        finally:
            await self._stop(server)
        if self._problem is not None:
            raise self._problem

    async def ask(self, target: str) -> Answered:
        """Answer one GET, without socket, mesh or network."""
        announcing.announce(self._node)
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._reader.start()
        await self._read(self._open_reading)
        app = App(self, clock=self._node.clock, secret=os.urandom(32), read_only=True)
        try:
            return await asking.ask(app, "GET", target)
        finally:
            await asyncio.to_thread(self._reader.stop, self._close_reading)

    async def _stop(self, server: Server) -> None:
        await asyncio.to_thread(self._meshing.stop)  # its last words are on their way out
        await asyncio.sleep(0)
        await self._links.stop(GRACE)
        await server.stop(GRACE)
        await asyncio.to_thread(self._reader.stop, self._close_reading)

    def _open_reading(self) -> None:
        self._reading = Reading(twin(self._node))

    def _close_reading(self) -> None:
        self._reading.close()

    async def _read(self, job: Callable[[], T]) -> T:
        return await self._reader.ask(job)

    def _broke(self, problem: BaseException) -> None:
        """A thread ended by an error: there is no node without it."""
        self._problem = problem
        self._loop.call_soon_threadsafe(self._ended.set)

    def _turn(self, turn: Turn) -> None:
        self._loop.call_soon_threadsafe(self._links.act, turn)

    # the desk, see transports.desk.Desk

    async def facts(self) -> NodeFacts:
        """Say who this node is and what it holds."""
        return await self._read(self._facts)

    def _facts(self) -> NodeFacts:
        return self._reading.facts()

    async def answer(self, request: Request, key: str | None) -> Answer:
        """Answer a question of a sync; what is offered goes to the thread that writes."""
        if isinstance(request, Offer):
            return await self._meshing.take(request, key or "")
        is_hurried = self._meshing.is_busy
        return await self._read(lambda: self._reading.answer(request, is_hurried=is_hurried))

    async def record(self, digest: bytes) -> bytes | None:
        """Return the line of one record."""
        return await self._read(lambda: self._reading.record(digest))

    async def peers(self, near: bytes | None, limit: int) -> list[bytes]:
        """Return lines of announce records, the nearest nodes first."""
        return await self._read(lambda: self._reading.peers(near, limit))

    async def nodes(self, limit: int) -> list[KnownNode]:
        """Return what nodes announced of themselves."""
        return await self._read(lambda: self._reading.nodes(limit))

    async def node(self, did: str) -> KnownNode | None:
        """Return what one node announced of itself."""
        return await self._read(lambda: self._reading.node(did))

    async def meet(self, channel: Channel) -> None:
        """Run a mesh link that somebody dialled."""
        await self._links.run(channel)

    def hosts(self) -> set[str]:
        """Return the names this node is called by."""
        return self._hosts

    def is_waiting(self, address: str) -> bool:
        """Say whether an address must wait before it may have a mesh link."""
        return self._links.is_waiting(address)

    def is_busy(self) -> bool:
        """Say whether the thread that writes has work."""
        return self._meshing.is_busy

    def refuses(self, key: str) -> bool:
        """Say whether a key is banned or blocked here."""
        return self._meshing.refuses(key)

    def metrics(self) -> str:
        """Return the node's own lines of Prometheus text."""
        return self._meshing.metrics()


def serve(
    node: Node, options: Options, started: Callable[[list[str]], None], say: Callable[[str], None]
) -> None:
    """Be a node until SIGTERM or Ctrl-C.

    Args:
        started: told where it listens, once it does.
        say: told, in a line each, what does not work and when it does again.

    Raises:
        NotFound: there is no key. Busy: another daemon holds this home, or the address is taken.
        UsageError: an address that others can reach, and nobody said so. KeyProblem, DiskError.
    """
    with Hold(node.places) as hold:
        daemon = Daemon(node, options, say)
        asyncio.run(daemon.run(hold, started))


def once(node: Node, target: str) -> Answered:
    """Answer one GET as `serve` would, without a socket, and return the answer."""
    daemon = Daemon(node, Options())
    return asyncio.run(daemon.ask(target))


def _place(text: str, *, public: bool) -> Listen:
    place = read_listen(text)
    if place.host and not public and not is_here(place.host):
        raise UsageError(
            f"{text} can be reached by others", hint="say --public if that is what you want, with TLS"
        )
    return place


def is_here(host: str) -> bool:
    """Say whether only this machine reaches a host: an address that says so, or the one name that does."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host(url: str) -> str:
    """Return the name in a URL, without its port, as a Host header has it."""
    host = url.split("/")[2].lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
