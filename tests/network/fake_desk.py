"""A node that is nothing but answers, and a server for it on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, NamedTuple

from trustcli.records import crypto, did
from trustcli.sync.exchange import Head, Offer, Page, Reconcile, Reconciled, Result, Taken
from trustcli.transports import wire
from trustcli.transports.app import App
from trustcli.transports.binding import Listen
from trustcli.transports.desk import KnownNode
from trustcli.transports.limits import LIMITS, Limits
from trustcli.transports.server import Server
from trustcli.transports.wire import NodeFacts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from trustcli.sync.exchange import Answer, Request
    from trustcli.transports.desk import Channel

NOW = 1_800_000_000_000
NETWORK = "test"
HEAD = Head("0123456789abcdef", 3, 7, "ab" * 32)
LINE = b'{"record":{},"sig":""}'
KNOWN = bytes.fromhex("11" * 32)
PATIENCE = 9.0  # seconds for what happens at once: less than the deadlines of LIMITS, which end it as well


class Person(NamedTuple):
    """A key pair."""

    seed: bytes

    @property
    def did(self) -> str:
        """The did:key."""
        return did.did_of(crypto.public_key(self.seed))

    def signed(
        self, body: bytes, *, to: str, path: str = "/v1/records", challenge: str = "", now: int = NOW
    ) -> dict[str, str]:
        """Return the headers that sign a POST."""
        return wire.sign_request(
            method="POST", path=path, body=body, to=to, network=NETWORK, me=self.did,
            sign=crypto.signer(self.seed), now=now, challenge=challenge,
        )  # fmt: skip


NODE, ALICE, MALLORY = Person(b"n" * 32), Person(b"a" * 32), Person(b"m" * 32)


class FakeDesk:
    """Answers every question with the same few records; remembers what it was asked."""

    did = NODE.did
    network = NETWORK

    def __init__(self, *, lines: Sequence[bytes] = (LINE, LINE), problem: Exception | None = None) -> None:
        self.lines = tuple(lines)
        self.problem = problem
        self.asked: list[tuple[Request, str | None]] = []
        self.links: list[Channel] = []
        self.frames: list[bytes] = []
        self.names: set[str] = {"node.example"}
        self.waiting: set[str] = set()
        self.busy = False
        self.echo = True

    def sign(self, message: bytes) -> bytes:
        """Sign as the node."""
        return crypto.sign(NODE.seed, message)

    async def facts(self) -> NodeFacts:
        """Say who this is."""
        self._fail()
        return NodeFacts(
            self.did, wire.node_id(self.did), ("full",), "1.0", wire.PROTOCOL, NETWORK, HEAD, NOW
        )

    async def answer(self, request: Request, key: str | None) -> Answer:
        """Answer with `lines`, whatever was asked."""
        self.asked.append((request, key))
        self._fail()
        if isinstance(request, Reconcile):
            return Reconciled(HEAD, b"\x61")
        if isinstance(request, Offer):
            return Taken(HEAD, tuple(Result(KNOWN, "new") for _ in request.lines))
        return Page(HEAD, self.lines, 7, more=False)

    async def record(self, digest: bytes) -> bytes | None:
        """Know one record."""
        self._fail()
        return LINE if digest == KNOWN else None

    async def peers(self, near: bytes | None, limit: int) -> list[bytes]:
        """Know more peers than anybody asks for."""
        self._fail()
        return [LINE] * 50

    async def nodes(self, limit: int) -> list[KnownNode]:
        """Know one node."""
        return [KnownNode(ALICE.did, ("full",), ("https://node.example",), NOW)]

    async def node(self, did: str) -> KnownNode | None:
        """Know one node."""
        return KnownNode(did, ("full",), (), NOW) if did == ALICE.did else None

    async def meet(self, channel: Channel) -> None:
        """Send every frame back."""
        self.links.append(channel)
        self._fail()
        while (frame := await channel.receive()) is not None:
            self.frames.append(frame)
            if self.echo:
                await channel.send(frame)

    def hosts(self) -> set[str]:
        """Have one name."""
        return self.names

    def is_busy(self) -> bool:
        """Have other work, or not."""
        return self.busy

    def is_waiting(self, address: str) -> bool:
        """Let the addresses in `waiting` wait."""
        return address in self.waiting

    def refuses(self, key: str) -> bool:
        """Ban Mallory."""
        return key == MALLORY.did

    def metrics(self) -> str:
        """Add a line."""
        return "trust_records 3\n"

    def _fail(self) -> None:
        if self.problem is not None:
            raise self.problem


def app_of(desk: FakeDesk | None = None, *, limits: Limits = LIMITS, read_only: bool = False) -> App:
    """Return an application whose clock stands still."""
    return App(desk or FakeDesk(), clock=lambda: NOW, secret=b"s" * 32, limits=limits, read_only=read_only)


@contextlib.asynccontextmanager
async def serving(
    desk: FakeDesk | None = None,
    *,
    limits: Limits = LIMITS,
    listen: Listen | None = None,
    tls: tuple[str, str] | None = None,
) -> AsyncIterator[Server]:
    """Serve on a free port of 127.0.0.1."""
    server = Server(app_of(desk, limits=limits), [listen or Listen("127.0.0.1")], limits=limits, tls=tls)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(0)


class Wire:
    """A TCP connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, server: Server, source: str = "127.0.0.1") -> Wire:
        """Connect, from one of the addresses of loopback."""
        return cls(*await asyncio.open_connection("127.0.0.1", server.port, local_addr=(source, 0)))

    async def put(self, data: bytes) -> None:
        """Send bytes; a connection that is gone takes them silently."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def rest(self, seconds: float = PATIENCE) -> bytes:
        """Return what comes until the other side closes.

        Raises:
            TimeoutError: it does not.
        """
        got = b""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(seconds):
                while chunk := await self.reader.read(65_536):
                    got += chunk
        return got

    async def answer(self, seconds: float = PATIENCE) -> tuple[int, bytes]:
        """Return status and body of one response with a Content-Length."""
        async with asyncio.timeout(seconds):
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
            length = next(int(value) for name, _, value in lines if name == b"content-length")
            return int(head[9:12]), await self.reader.readexactly(length)

    async def close(self) -> None:
        """Close, whatever state it is in."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


async def exchange(
    server: Server, data: bytes, source: str = "127.0.0.1", seconds: float = PATIENCE
) -> bytes:
    """Send bytes on a connection of their own; return all that comes until the server closes it."""
    connection = await Wire.to(server, source)
    try:
        await connection.put(data)
        return await connection.rest(seconds)
    finally:
        await connection.close()
