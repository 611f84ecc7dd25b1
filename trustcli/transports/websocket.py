"""Dialling the mesh: a WebSocket to a checked address, frames both ways, everything bounded.

RFC 6455 by `websockets`, without compression (a bomb), proxies, redirects, origin and its own pings: the mesh
has PING frames that carry a head.
"""

from __future__ import annotations

import asyncio
import ssl

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.protocol import State

from trustcli import __version__
from trustcli.errors import PeerFault, TrustError, Unreachable
from trustcli.transports import addresses, pinned
from trustcli.transports.places import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    from trustcli.transports.addresses import Resolve
    from trustcli.transports.places import Place

ROUTE = "/mesh"
MAX_FRAME = 512 << 10  # bytes: eight of the largest records
OPEN_SECONDS = 10.0  # for TCP, TLS and HTTP together
SEND_SECONDS = 30.0  # a peer that takes no frame for so long reads too slowly to be kept
CLOSE_SECONDS = 2.0  # for the other end to say goodbye
UNREAD = 4  # frames that wait for `receive`; then the socket is left alone, and the sender waits
UNSENT = 256 << 10  # bytes in our buffer from which `send` waits
MAX_UNSENT = UNSENT + 2 * MAX_FRAME  # beyond it are only pongs to somebody who asks and does not listen
UNSUPPORTED = 1003  # close code for what is not text, RFC 6455 §7.4.1
_IN_MESH = {"https": "wss", "http": "ws"}


class Channel:
    """A link of the mesh that we dialled: frames in order, both ways, until one end closes it."""

    def __init__(self, connection: Connection, address: str) -> None:
        self._connection = connection
        self._address = address
        self._sending = asyncio.Lock()  # frames wait here, not in the buffer of the socket

    @property
    def address(self) -> str:
        """The address of the other end, or "unix"."""
        return self._address

    async def send(self, frame: bytes) -> None:
        """Send a frame as text.

        Raises:
            Unreachable: the link has ended, or the peer took nothing for 30 s; it is cut then.
        """
        try:
            async with asyncio.timeout(SEND_SECONDS), self._sending:
                await self._connection.send(frame, text=True)
        except TimeoutError:
            self._connection.cut()
            raise Unreachable("it reads too slowly and was cut off") from None
        except ConnectionClosed:
            raise Unreachable("the link has ended") from None

    async def receive(self) -> bytes | None:
        """Return the next frame, of at most 512 KiB; None when the link has ended, however it did.

        A binary frame ends it: the mesh speaks text.
        """
        try:
            frame = await self._connection.recv()
        except ConnectionClosed:
            return None
        if isinstance(frame, str):
            return frame.encode()
        await self.close(UNSUPPORTED)
        return None

    async def close(self, code: int = 1000) -> None:
        """End the link, at the latest after two seconds."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._connection.close(code)
                await self._connection.wait_closed()
        except TimeoutError:
            self._connection.cut()


class Connection(ClientConnection):
    """A connection that ends when it should, also if the other end would rather hold it open.

    `websockets` waits for the other end to hang up: after an answer that is no WebSocket, after a broken
    frame, after a close. And it answers pings whether or not anybody reads the pongs.
    """

    _ending: asyncio.TimerHandle | None = None
    _late = 0  # bytes that came after our goodbye

    def data_received(self, data: bytes) -> None:
        """Take bytes from the socket, and answer pings; after our goodbye only what was on its way."""
        if self.protocol.state is State.CLOSING:
            self._late += len(data)
        super().data_received(data)
        if self.transport.get_write_buffer_size() > MAX_UNSENT or self._late > MAX_FRAME:
            self.cut()
        elif self.protocol.close_expected() and self._ending is None:
            self._ending = self.loop.call_later(CLOSE_SECONDS, self.cut)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        if self._ending is not None:
            self._ending.cancel()
        super().connection_lost(exc)

    def cut(self) -> None:
        """End the connection at once."""
        self.transport.abort()


async def dial(
    url: str,
    *,
    trusted: bool,
    allow_private: bool,
    resolve: Resolve | None = None,
    tls: ssl.SSLContext | None = None,
) -> Channel:
    """Return a link to the mesh of the node behind a URL, within ten seconds.

    Args:
        url: Of the peer, without `/mesh`; https and wss are the same, and so are http and ws.
        trusted: The user wrote this URL, see `addresses.target`.
        tls: Another set of roots than the system's.

    Raises:
        Unreachable: not dialled, no connection, busy, or too slow.
        PeerFault: what answers is no mesh.
    """
    place = parse(url)
    place = place._replace(scheme=_IN_MESH.get(place.scheme, place.scheme))
    loop = asyncio.get_running_loop()
    ends = loop.time() + OPEN_SECONDS
    target = await asyncio.to_thread(
        addresses.target, place.url, trusted=trusted, allow_private=allow_private, resolve=resolve
    )
    try:
        connected = await asyncio.to_thread(pinned.connect, target)
        context = (tls or await asyncio.to_thread(pinned.tls_context)) if place.secure else None
        async with asyncio.timeout(max(0.0, ends - loop.time())):
            connection = await _open(place, connected, context)
    except TrustError as problem:
        raise pinned.named(place.url, problem) from None
    except (OSError, WebSocketException, EOFError, ValueError) as problem:
        raise pinned.named(place.url, _fault(problem)) from None
    return Channel(connection, _other_end(place, connection))


async def _open(place: Place, connected: socket.socket, tls: ssl.SSLContext | None) -> Connection:
    base = place.url if place.host else "ws://localhost"
    connection = await connect(
        base + ROUTE,
        sock=connected,  # so a redirect cannot lead anywhere: `websockets` refuses it
        ssl=tls,
        server_hostname=place.host if tls else None,
        origin=None,
        compression=None,
        proxy=None,
        user_agent_header=f"trustcli/{__version__}",
        open_timeout=None,  # the caller has the deadline
        ping_interval=None,
        close_timeout=CLOSE_SECONDS,
        max_size=MAX_FRAME,
        max_queue=UNREAD,
        write_limit=UNSENT,
        create_connection=Connection,
    )
    assert isinstance(connection, Connection)
    return connection


def _other_end(place: Place, connection: Connection) -> str:
    return "unix" if place.scheme == "unix" else str(connection.remote_address[0])


def _fault(problem: Exception) -> TrustError:
    if isinstance(problem, TimeoutError):
        return Unreachable(f"no mesh within {OPEN_SECONDS:g} s", hint="try later")
    if isinstance(problem, ssl.SSLError):
        return pinned.tls_problem(problem)
    if isinstance(problem, InvalidStatus):
        status = problem.response.status_code
        if status == 429 or status >= 500:
            return Unreachable(f"it is in trouble ({status})", code="busy", hint="try later")
        return PeerFault(f"it opens no mesh ({status})", hint=_NO_MESH)
    if isinstance(problem, (OSError, EOFError)):
        return Unreachable("it hung up before the mesh was open", hint="try again")
    return PeerFault("it opens no mesh", hint=_NO_MESH)


_NO_MESH = "is this the address of a node? redirects are never followed"
