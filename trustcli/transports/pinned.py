"""Sockets that go to a checked address and nowhere else, with a deadline and a byte limit on all they read.

httpx and httpcore have time limits for a single read only, and none for bytes: a peer that sends one
byte a second, or headers without end, would hold them for ever. Here the whole exchange has one
deadline, whatever layer waits.
"""

from __future__ import annotations

import select
import socket
import ssl
from time import monotonic

import httpcore

from trustcli.errors import PeerFault, TrustError, Unreachable
from trustcli.safe import safe
from trustcli.transports import addresses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from trustcli.transports.addresses import Resolve, Target
    from trustcli.transports.places import Place

CONNECT_SECONDS = 5.0  # of TCP to all addresses of a name, and again of TLS
SLOWEST = 64 << 10  # bytes a second: at least so fast, a large page may take longer than the deadline
_CHUNK = 64 << 10  # bytes of one read
_TRIED = 4  # addresses of one name that are dialled: two of each version


class Meter:
    """What one exchange may still cost, and what all exchanges cost so far (bytes of HTTP, before TLS)."""

    def __init__(self) -> None:
        self.up = self.down = self.connections = 0
        self._ends = 0.0
        self._seconds = 0.0
        self._room = 0

    def start(self, seconds: float, room: int) -> None:
        """Begin an exchange: so long to wait in all, so many bytes to read before `extend`."""
        self._seconds = seconds
        self._ends = monotonic() + seconds
        self._room = room

    def extend(self, room: int) -> None:
        """Allow so many bytes more."""
        self._room += room

    def left(self, most: float | None = None) -> float:
        """Return the seconds that are left, at most `most`.

        Raises:
            Unreachable: none are.
        """
        left = self._ends - monotonic()
        if left <= 0:
            raise Unreachable(
                f"no complete answer within {self._seconds:g} s", hint="try later, or --timeout 60s"
            )
        return left if most is None else min(left, most)

    def take(self, wanted: int) -> int:
        """Return how many bytes may be read at once.

        Raises:
            PeerFault: no more.
        """
        if self._room <= 0:
            raise PeerFault("its answer is larger than any answer may be", code="too_big")
        return min(wanted, self._room, _CHUNK)

    def read(self, count: int, seconds: float) -> None:
        """Count bytes that came, and how long they took: at a decent speed, that time is given back."""
        self.down += count
        self._room -= count
        self._ends += min(seconds, count / SLOWEST)

    def wrote(self, count: int, seconds: float) -> None:
        """Count bytes that went, likewise."""
        self.up += count
        self._ends += min(seconds, count / SLOWEST)


class PinnedStream(httpcore.NetworkStream):
    """A connected socket under a meter. Fails with Unreachable or PeerFault, never as a socket does."""

    def __init__(self, connected: socket.socket, meter: Meter) -> None:
        self._socket = connected
        self._meter = meter

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what came, b"" at the end."""
        wanted = self._meter.take(max_bytes)
        self._socket.settimeout(self._meter.left(timeout))
        began = monotonic()
        try:
            data = self._socket.recv(wanted)
        except TimeoutError:
            self._meter.left()  # says that the time is over
            raise Unreachable("no answer in time") from None
        except OSError as problem:
            raise Unreachable(f"the connection broke: {reason(problem)}") from None
        self._meter.read(len(data), monotonic() - began)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it. A peer that stops listening may still have answered: httpcore reads on then."""
        unsent = memoryview(buffer)
        while unsent:
            self._socket.settimeout(self._meter.left(timeout))
            began = monotonic()
            try:
                sent = self._socket.send(unsent[:_CHUNK])
            except TimeoutError:
                raise Unreachable("it does not take the request in time") from None
            except OSError as problem:
                raise httpcore.WriteError(reason(problem)) from None
            self._meter.wrote(sent, monotonic() - began)
            unsent = unsent[sent:]

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> PinnedStream:
        """Return the same connection under TLS, the certificate checked for the name that was asked for."""
        self._socket.settimeout(self._meter.left(timeout))
        try:
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except (OSError, ValueError) as problem:
            self.close()
            raise tls_problem(problem) from None
        return PinnedStream(secured, self._meter)

    def get_extra_info(self, info: str) -> Any:
        """Answer what httpcore asks: whether an idle connection was closed by the other end."""
        if info == "is_readable":
            waiting = select.poll()
            waiting.register(self._socket, select.POLLIN)
            return bool(waiting.poll(0))
        return self._socket if info == "socket" else None


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to one target only. Its name is looked up once, at the first connection, and never again."""

    def __init__(
        self, place: Place, meter: Meter, *, trusted: bool, allow_private: bool, resolve: Resolve | None
    ) -> None:
        self.place = place
        self._meter = meter
        self._trusted = trusted
        self._allow_private = allow_private
        self._resolve = resolve
        self._target: Target | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  ours is shorter
        local_address: str | None = None,  # noqa: ARG002  the system chooses
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  none are set
    ) -> PinnedStream:
        """Connect to an address that was checked, if this is the host and port it was checked for."""
        if (host, port) != (self.place.host, self.place.port):
            raise PeerFault(f"it leads elsewhere, to {safe(host)}:{port}")
        self._meter.connections += 1
        return PinnedStream(connect(self.target(), self._meter.left(CONNECT_SECONDS)), self._meter)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> PinnedStream:
        """Connect to the socket of the target."""
        if path != self.place.path:
            raise PeerFault(f"it leads elsewhere, to {safe(path)}")
        self._meter.connections += 1
        return PinnedStream(connect(self.target(), self._meter.left(CONNECT_SECONDS)), self._meter)

    def target(self) -> Target:
        """Return where the connections go, looked up at the first call.

        Raises:
            Unreachable: it may not be dialled, or does not resolve.
        """
        if self._target is None:
            self._target = addresses.target(
                self.place.url,
                trusted=self._trusted,
                allow_private=self._allow_private,
                resolve=self._resolve,
            )
        return self._target


def connect(target: Target, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """Return a socket connected to one of the checked addresses, in the resolver's order.

    Raises:
        Unreachable: none answers.
    """
    if target.place.scheme == "unix":
        return _connect(socket.AF_UNIX, target.place.path, seconds)
    problem = Unreachable("no address")
    ends = monotonic() + seconds
    chosen = target.addresses[:_TRIED]
    for index, address in enumerate(chosen):
        share = max(0.1, ends - monotonic()) / (len(chosen) - index)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            return _connect(family, (address, target.place.port), share)
        except Unreachable as unreachable:
            problem = unreachable
    raise problem


def _connect(family: int, to: Any, seconds: float) -> socket.socket:
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.settimeout(seconds)
        connecting.connect(to)
        if family != socket.AF_UNIX:
            connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as problem:
        connecting.close()
        raise Unreachable(f"no connection: {reason(problem)}") from None
    return connecting


def tls_context() -> ssl.SSLContext:
    """Return the one way TLS is done: 1.2 or newer, certificate and name checked, roots of the system."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def tls_problem(problem: Exception) -> Unreachable:
    """Return the error for a handshake that failed."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return Unreachable(
            f"its certificate is not good: {safe(problem.verify_message)}",
            hint="certificates are always checked; a root of your own is named by SSL_CERT_FILE",
        )
    return Unreachable(f"no TLS: {reason(problem)}", hint="does it speak https there?")


def named(url: str, problem: TrustError) -> TrustError:
    """Return the same error, saying which peer it is about."""
    code = "" if problem.code == "bad_request" else problem.code  # of its answer, not of our request
    return type(problem)(f"{safe(url)}: {problem}", hint=problem.hint, code=code)


def reason(problem: Exception) -> str:
    """Return what the system says of a failed call, as one harmless line."""
    if isinstance(problem, TimeoutError):
        return "timed out"
    if isinstance(problem, ssl.SSLError) and problem.reason:
        return safe(problem.reason.replace("_", " ").lower())
    text = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return safe(text[:200]) or type(problem).__name__
