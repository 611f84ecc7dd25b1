"""The listening side: sockets, who may come in, and the end of it.

uvicorn's own server is not used, only its protocols: it installs signal handlers, ends the process when
an address is taken, gives a unix socket its mode after the fact, and lets everybody in before it counts.

TLS: with a certificate and its key, here (TLS 1.2 and newer); otherwise by a proxy in front. A proxy
makes all the world one address, to which the limits per address apply, so the node's own TLS is better.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl

from uvicorn.server import ServerState

from trustcli.errors import ConfigError, TrustError
from trustcli.transports.binding import bind_tcp, bind_unix, listen, name_of, take_over
from trustcli.transports.connection import Connection, Settings
from trustcli.transports.gate import Gate
from trustcli.transports.guards import UNIX
from trustcli.transports.limits import LIMITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from trustcli.transports.app import App
    from trustcli.transports.binding import Listen
    from trustcli.transports.gate import Seat
    from trustcli.transports.limits import Limits

_TURN = (
    0.02  # seconds until the door opens again after one was turned away: all who wait then are seen at once
)
_BREATH = 0.5  # seconds to wait before accepting again when the process is out of files


class Server:
    """Listens for an application, in the running event loop. No signal handler is installed.

    Args:
        listen: One or more places, see `binding.read_listen`.
        tls: Paths of a PEM certificate chain and of its key; for all places but unix sockets.
    """

    def __init__(
        self,
        app: App,
        listen: Sequence[Listen],
        *,
        limits: Limits = LIMITS,
        tls: tuple[str, str] | None = None,
    ) -> None:
        self._listen = listen
        self._limits = limits
        self._tls = None if tls is None else _tls(*tls)
        self._settings = Settings(app, limits, app.metrics)
        self._state = ServerState()
        self._gate = Gate(limits, app.metrics, app.patience)
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._coming: set[asyncio.Task[None]] = set()
        self._unix: dict[str, tuple[int, int]] = {}

    @property
    def addresses(self) -> list[str]:
        """Where it listens: `host:port`, or `unix:path`."""
        return [name_of(one) for one in self._sockets]

    @property
    def address(self) -> str:
        """The first of `addresses`."""
        return self.addresses[0]

    @property
    def port(self) -> int:
        """The port of the first address; 0 for a unix socket."""
        name = self._sockets[0].getsockname()
        return int(name[1]) if isinstance(name, tuple) else 0

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return self._gate.open

    async def start(self) -> None:
        """Bind and listen; returns when connections are accepted.

        Raises:
            Busy: an address is taken.
            UsageError: an address is not of this machine, not allowed, or not a socket.
            WouldOverwrite: there is something else than a socket at a unix socket's path.
            DiskError: the unix socket cannot be made.
        """
        try:
            for place in dict.fromkeys(self._listen):
                self._sockets += await self._bind(place)
            for one in self._sockets:
                listen(one, self._limits.backlog)
        except TrustError:
            await self.stop(0)
            raise
        self._accepting = [asyncio.ensure_future(self._accept(one)) for one in self._sockets]

    async def stop(self, grace: float = 5.0) -> None:
        """Stop accepting, let answers finish for `grace` seconds, then cut what is left."""
        await _cancelled(self._accepting)
        for one in self._sockets:
            self._forget(one)
        self._sockets = []
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._emptied(grace)
        for connection in list(self._state.connections):
            connection.transport.abort()
        await _cancelled([*self._coming, *self._state.tasks])
        await asyncio.sleep(0)  # for the transports to say that they are gone

    async def _emptied(self, grace: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + grace
        while (self._state.connections or self._state.tasks) and loop.time() < until:
            await asyncio.sleep(0.02)

    async def _bind(self, place: Listen) -> list[socket.socket]:
        if place.fd >= 0:
            return [take_over(place.fd)]
        if place.unix and any(_is_same(place.unix, path) for path in self._unix):
            return []
        if place.unix:
            bound = bind_unix(place.unix)
            status = os.stat(place.unix)
            self._unix[place.unix] = status.st_dev, status.st_ino
            return [bound]
        return await bind_tcp(place, besides={one.getsockname()[:2] for one in self._sockets})

    def _forget(self, listening: socket.socket) -> None:
        """Close a listening socket; take the name of a unix socket away, if it is still ours."""
        name = listening.getsockname()
        listening.close()
        ours = self._unix.pop(name, None) if isinstance(name, str) else None
        if ours is None:
            return
        try:
            status = os.stat(name)
            if (status.st_dev, status.st_ino) == ours:
                os.unlink(name)
        except OSError:
            pass

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                waiting = [await loop.sock_accept(listening)]
            except OSError as problem:
                out_of_files = problem.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
                await asyncio.sleep(_BREATH if out_of_files else 0)
                continue
            waiting += _waiting(listening, self._limits.backlog)
            are_in = [self._let_in(accepted, peer) for accepted, peer in waiting]
            await asyncio.sleep(0 if all(are_in) else _TURN)

    def _let_in(self, accepted: socket.socket, peer: tuple[str, int] | str) -> bool:
        """Give a connection a seat, or close it; say which."""
        seat = self._gate.enter(peer[0] if isinstance(peer, tuple) else UNIX)
        if seat is None:
            accepted.close()
            return False

        def connection() -> Connection:
            return Connection(self._settings, self._state, {"peer": seat.address}, seat=seat)

        local = accepted.family == socket.AF_UNIX
        task = asyncio.ensure_future(self._connect(accepted, connection, seat, secure=not local))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)
        return True

    async def _connect(
        self, accepted: socket.socket, connection: Callable[[], Connection], seat: Seat, *, secure: bool
    ) -> None:
        tls = self._tls if secure else None
        loop = asyncio.get_running_loop()
        try:
            if accepted.family != socket.AF_UNIX:
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.connect_accepted_socket(
                connection,
                accepted,
                ssl=tls,
                ssl_handshake_timeout=self._limits.header_seconds if tls else None,
                ssl_shutdown_timeout=self._limits.close_seconds if tls else None,
            )
        except (OSError, TimeoutError):  # gone, or no TLS
            seat.leave()
            accepted.close()
        except asyncio.CancelledError:
            seat.leave()
            accepted.close()
            raise


def _is_same(path: str, other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def _waiting(listening: socket.socket, most: int) -> Iterator[tuple[socket.socket, Any]]:
    """Yield the connections that are waiting now."""
    for _ in range(most):
        try:
            accepted, peer = listening.accept()
        except OSError:  # there is no other, or no file for it
            return
        accepted.setblocking(False)
        yield accepted, peer


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _tls(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        raise ConfigError(
            f"cannot use {certificate} and {key} for TLS",
            hint="a PEM certificate chain, and its PEM key without a passphrase",
        ) from None
    return context
