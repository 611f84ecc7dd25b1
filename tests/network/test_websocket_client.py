"""Dialling the mesh: frames both ways, and what a hostile listener can do to us."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.server import serve, unix_serve

from tests.network.raw_server import RawServer, header, response, socket_spy
from trustcli.errors import PeerFault, TrustError, Unreachable
from trustcli.transports import open_channel, websocket
from trustcli.transports.websocket import MAX_FRAME, dial

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from websockets.asyncio.server import ServerConnection

    from tests.network.raw_server import Handler
    from trustcli.transports.websocket import Channel

TEXT, BINARY, PING = 0x81, 0x82, 0x89


@pytest.fixture(autouse=True)
def _quick_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bare sockets do not say goodbye; nobody needs to wait two seconds for that."""
    monkeypatch.setattr(websocket, "CLOSE_SECONDS", 0.2)


async def echo(connection: ServerConnection) -> None:
    async for frame in connection:
        await connection.send(frame)


def with_listener(test: Callable[[str], Awaitable[None]], **options: Any) -> None:
    """Run a test against an honest listener on loopback."""

    async def run() -> None:
        async with serve(echo, "127.0.0.1", 0, max_size=None, **options) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            await test(f"http://127.0.0.1:{port}")

    asyncio.run(run())


async def channel_to(url: str, **options: Any) -> Channel:
    return await dial(url, **{"trusted": True, "allow_private": False, **options})


def upgraded(then: Handler, **headers: str) -> Handler:
    """Accept the WebSocket of a request, then go on with the bare connection."""

    def handle(connection: socket.socket, request: bytes) -> None:
        key = (header(request, "sec-websocket-key") or "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        lines = [
            "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept}",
        ]  # fmt: skip
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        then(connection, request)

    return handle


def frame(kind: int, data: bytes) -> bytes:
    """One frame of a server: never masked."""
    if len(data) < 126:
        return struct.pack("!BB", kind, len(data)) + data
    return struct.pack("!BBQ", kind, 127, len(data)) + data


def idle(connection: socket.socket, _request: bytes) -> None:
    while connection.recv(65536):
        pass


def test_frames_travel() -> None:
    """Frames go and come in order, up to the largest, as text; the end is None."""

    async def scenario(url: str) -> None:
        channel = await channel_to(url)
        frames = [b"{}", "é★".encode(), b"x" * MAX_FRAME]
        for each in frames:
            await channel.send(each)
        assert [await channel.receive() for _ in frames] == frames
        assert channel.address == "127.0.0.1"
        await channel.close()
        await channel.close()
        assert await channel.receive() is None
        with pytest.raises(Unreachable, match="the link has ended"):
            await channel.send(b"{}")

    with_listener(scenario)


def test_what_is_sent() -> None:
    """The request names no origin, no compression and no subprotocol, and is for /mesh below the URL."""
    seen: list[bytes] = []

    def keep(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        idle(connection, request)

    async def scenario(url: str) -> None:
        channel = await channel_to(url)
        await channel.close()

    with RawServer(upgraded(keep)) as server:
        asyncio.run(scenario(server.url + "/trust"))
    lines = seen[0].decode().split("\r\n")
    assert lines[0] == "GET /trust/mesh HTTP/1.1"
    names = {line.partition(":")[0].lower() for line in lines[1:] if line}
    assert names == {
        "host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "user-agent"
    }  # fmt: skip


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_schemes(scheme: str) -> None:
    """The mesh of a peer's URL and an announced mesh address are the same place."""

    async def scenario(url: str) -> None:
        channel = await open_channel(url.replace("http", scheme), trusted=True, allow_private=False)
        await channel.send(b"a")
        assert await channel.receive() == b"a"
        await channel.close()

    with_listener(scenario)


def test_unix_socket(tmp_path: Path) -> None:
    """The mesh of a node of this machine can be dialled by its socket."""
    path = str(tmp_path / "s")

    async def scenario() -> None:
        async with unix_serve(echo, path):
            channel = await channel_to(f"unix://{path}")
            await channel.send(b"a")
            assert (await channel.receive(), channel.address) == (b"a", "unix")
            await channel.close()

    asyncio.run(scenario())


def test_rebinding() -> None:
    """The name is looked up once, and its Host is kept."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    seen: list[bytes] = []

    def keep(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        idle(connection, request)

    async def scenario(port: int) -> None:
        channel = await channel_to(f"http://rebind.test:{port}", resolve=lambda *_: answers.pop(0))
        await channel.close()

    with RawServer(upgraded(keep)) as server, socket_spy() as sent:
        asyncio.run(scenario(server.port))
        connected = {to for event, (to,) in sent if event == "socket.connect"}
        assert ("127.0.0.1", server.port) in connected
        assert not any(event == "socket.getaddrinfo" for event, _ in sent)
        assert len(answers) == 1
        assert header(seen[0], "host") == f"rebind.test:{server.port}"


def test_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies of the environment are for browsers."""

    async def scenario(url: str) -> None:
        channel = await channel_to(url)
        await channel.close()

    with RawServer(idle) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with_listener(scenario)
        assert proxy.accepted == 0


def send(data: bytes) -> Handler:
    def handle(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(data)

    return handle


def hang_up(connection: socket.socket, _request: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def endless(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n")
    while True:
        connection.sendall(b"A: b\r\n" * 100)


REFUSED: dict[str, tuple[Handler, type[TrustError]]] = {
    "redirect": (send(response(b"", status="302 Found", Location="ws://127.0.0.1:1/mesh")), PeerFault),
    "redirect without a place": (send(response(b"", status="302 Found")), PeerFault),
    "no mesh": (send(response(b"no", status="404 Not Found")), PeerFault),
    "plain answer": (send(response(b"{}")), PeerFault),
    "HTML": (send(response(b"<html>", "text/html")), PeerFault),
    "busy": (send(response(b"", status="503 Busy")), Unreachable),
    "wait": (send(response(b"", status="429 Wait")), Unreachable),
    "not HTTP": (send(b"SSH-2.0-OpenSSH_9.2p1\r\n"), PeerFault),
    "headers without end": (endless, PeerFault),
    "hangs up": (hang_up, TrustError),
    "wrong accept": (
        send(b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Accept: x\r\n\r\n"),
        PeerFault,
    ),
    "compression nobody offered": (
        upgraded(idle, Sec_WebSocket_Extensions="permessage-deflate"), PeerFault
    ),
    "a subprotocol nobody offered": (upgraded(idle, Sec_WebSocket_Protocol="x"), PeerFault),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused_handshake(what: str) -> None:
    """What answers and is no mesh is an error in words, at once, and nothing else is dialled."""
    handle, expected = REFUSED[what]

    async def scenario(url: str) -> None:
        await channel_to(url)

    with RawServer(handle) as server, socket_spy() as sent:
        began = time.monotonic()
        with pytest.raises(expected) as caught:
            asyncio.run(scenario(server.url))
        assert time.monotonic() - began < 9
        assert str(caught.value).startswith(server.url.replace("http", "ws"))
        assert str(caught.value).isprintable()
        assert ("socket.connect", (("127.0.0.1", 1),)) not in sent


def test_silent_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says nothing is given up on after the time for opening."""
    monkeypatch.setattr(websocket, "OPEN_SECONDS", 0.4)

    async def scenario(url: str) -> None:
        await channel_to(url)

    with RawServer(idle) as server, pytest.raises(Unreachable, match=r"no mesh within 0\.4 s"):
        asyncio.run(scenario(server.url))


def test_dialling_can_be_cancelled() -> None:
    """A dial that is cancelled ends as cancelled, not as an error of the peer."""

    async def scenario(url: str) -> None:
        dialling = asyncio.create_task(channel_to(url))
        await asyncio.sleep(0.2)
        dialling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dialling

    with RawServer(idle) as server:
        asyncio.run(scenario(server.url))


ENDS: dict[str, bytes] = {
    "frame of more than 512 KiB": frame(TEXT, b"x" * (MAX_FRAME + 1)),
    "claims 2^62 bytes": struct.pack("!BBQ", TEXT, 127, 1 << 62),
    "binary frame": frame(BINARY, b"x"),
    "text that is not UTF-8": frame(TEXT, b"\xff"),
    "masked frame": b"\x81\x81\0\0\0\0x",
    "compressed frame": frame(0xC1, b"x"),
    "unknown opcode": frame(0x83, b"x"),
    "continuation of nothing": frame(0x80, b"x"),
    "control frame in fragments": frame(0x09, b"x"),
    "fragments beyond 512 KiB": frame(0x01, b"x" * MAX_FRAME) + frame(0x80, b"x"),
    "close with a wrong code": frame(0x88, b"\x00\x01"),
    "close": frame(0x88, b"\x03\xe8"),
}


@pytest.mark.parametrize("what", ENDS)
def test_broken_frames_end_the_link(what: str) -> None:
    """A frame that breaks RFC 6455 or our limits ends the link, though the other end holds on to it."""

    async def scenario(url: str) -> None:
        channel = await channel_to(url)
        assert await channel.receive() == b"first"
        async with asyncio.timeout(9):
            assert await channel.receive() is None
        await channel.close()

    def handle(connection: socket.socket, request: bytes) -> None:
        connection.sendall(frame(TEXT, b"first") + ENDS[what])
        idle(connection, request)

    with RawServer(upgraded(handle)) as server:
        asyncio.run(scenario(server.url))


def test_slow_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that takes no frame in time is cut off, and what waits for it stays bounded."""
    monkeypatch.setattr(websocket, "SEND_SECONDS", 0.4)

    def deaf(connection: socket.socket, _request: bytes) -> None:
        time.sleep(5)

    taken: list[int] = []

    async def fill(channel: Channel) -> None:
        while True:
            await channel.send(b"x" * MAX_FRAME)
            taken.append(MAX_FRAME)

    async def scenario(url: str) -> None:
        channel = await channel_to(url)
        with pytest.raises(Unreachable, match="reads too slowly"):
            await fill(channel)
        assert len(taken) * MAX_FRAME < 32 << 20
        assert await channel.receive() is None
        with pytest.raises(Unreachable, match="the link has ended"):
            await channel.send(b"x")

    with RawServer(upgraded(deaf)) as server:
        asyncio.run(scenario(server.url))


def test_unread_frames_are_left_with_the_sender() -> None:
    """A peer that sends faster than we read fills no memory of ours: it has to wait."""
    sent: list[int] = []

    def flood(connection: socket.socket, _request: bytes) -> None:
        connection.settimeout(0.5)
        data = frame(TEXT, b"x" * 100_000)
        with contextlib.suppress(TimeoutError):
            while len(sent) < 1000:
                connection.sendall(data)
                sent.append(len(data))

    async def scenario(url: str) -> None:
        channel = await channel_to(url)
        await asyncio.sleep(0.8)
        assert sum(sent) < 32 << 20
        assert await channel.receive() == b"x" * 100_000
        await channel.close()

    with RawServer(upgraded(flood)) as server:
        asyncio.run(scenario(server.url))


def test_pings_without_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that pings and never reads our pongs is cut off before they fill the memory."""
    monkeypatch.setattr(websocket, "MAX_UNSENT", 64 << 10)
    cut: list[float] = []

    def flood(connection: socket.socket, _request: bytes) -> None:
        data = frame(PING, b"x" * 125) * 500
        try:
            while len(cut) == 0:
                connection.sendall(data)
        except OSError:
            cut.append(time.monotonic())
            raise

    async def scenario(url: str) -> None:
        async with asyncio.timeout(30):
            channel = await channel_to(url)
            assert await channel.receive() is None

    with RawServer(upgraded(flood)) as server:
        asyncio.run(scenario(server.url))


def test_no_packet_to_a_private_address() -> None:
    """An announced address of this machine is not dialled."""

    async def scenario(url: str) -> None:
        with pytest.raises(Unreachable):
            await dial(url, trusted=False, allow_private=False)

    with RawServer(idle) as server:
        asyncio.run(scenario(f"wss://127.0.0.1:{server.port}"))
        asyncio.run(scenario(server.url))
        assert server.accepted == 0
