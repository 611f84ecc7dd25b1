"""One bounded HTTP exchange after another with one checked address: what goes out, what may come back.

No redirects, proxies, cookies, compression, netrc or environment. Every answer is bounded in bytes and
in time, and read whole. There is no way to switch certificates off.
"""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from trustcli import __version__
from trustcli.errors import PeerFault, TrustError, Unreachable
from trustcli.transports import answers, wire
from trustcli.transports.pinned import Meter, PinnedBackend, named, tls_context
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from trustcli.transports.addresses import Resolve
    from trustcli.transports.places import Place

SMALL = 64 << 10  # bytes of a node's facts, of an error, of a negentropy message
KEEP = 20.0  # seconds an idle connection is used again; servers drop it after 30
_SPACING = 4  # a chunked answer may come in small chunks: so many times its bytes are read at most


class Reply(NamedTuple):
    """An answer, whole and within its bounds: header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Carrier:
    """Carries requests to one place, and answers back. Its errors name the peer."""

    def __init__(
        self,
        place: Place,
        timeout: float,
        *,
        trusted: bool,
        allow_private: bool,
        resolve: Resolve | None,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.meter = Meter()
        self.round_trips = 0
        self._timeout = timeout
        self._named = Named(place.url)
        self._backend = PinnedBackend(
            place, self.meter, trusted=trusted, allow_private=allow_private, resolve=resolve
        )
        self._base = place.url if place.host else "http://localhost"
        self._tls = tls
        self._client: httpx.Client | None = None  # made when the target is known to be allowed

    def exchange(self, method: str, path: str, body: bytes, room: int, headers: Mapping[str, str]) -> Reply:
        """Ask, and read an answer of at most `room` bytes.

        Every question may be asked twice: so a kept connection that turns out to be closed is replaced,
        once, within the same deadline.

        Raises:
            Unreachable: not dialled, no connection, or no complete answer in time.
            PeerFault: not HTTP as nodes speak it, or more than was asked for.
        """
        self._backend.target()
        if self._client is None:
            secure = self._backend.place.secure
            self._client = _client(self._backend, (self._tls or tls_context()) if secure else None)
        with self._named:
            self.meter.start(self._timeout, wire.MAX_HEADER_BYTES)
            before = self.meter.connections, self.meter.down
            try:
                return self._once(self._client, method, path, body, room, headers)
            except (Unreachable, httpcore.RemoteProtocolError):
                if not before[0] or before != (self.meter.connections, self.meter.down):
                    raise
            return self._once(self._client, method, path, body, room, headers)

    def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            self._client.close()

    def _once(
        self, client: httpx.Client, method: str, path: str, body: bytes, room: int, headers: Mapping[str, str]
    ) -> Reply:
        self.round_trips += 1
        request = client.build_request(method, self._base + path, content=body or None, headers=headers)
        response = client.send(request, stream=True, follow_redirects=False)
        try:
            room = room if response.status_code == 200 else SMALL
            self.meter.extend(_SPACING * room)
            return Reply(response.status_code, response.headers, _body(response, room))
        finally:
            response.close()


class Transport(httpx.BaseTransport):
    """httpx over our own sockets. Errors come as they are: nothing else would name them better."""

    def __init__(self, backend: PinnedBackend, tls: ssl.SSLContext | None) -> None:
        place = backend.place
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=1,
            max_keepalive_connections=1,
            keepalive_expiry=KEEP,
            http1=True,
            http2=False,
            uds=place.path if place.scheme == "unix" else None,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the body of the response is read by whoever asked."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method, target, headers=request.headers.raw, content=request.stream, extensions={}
            )
        )
        try:
            answers.check_headers(answer.status, answer.headers)
        except PeerFault:
            answer.close()
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(answer))

    def close(self) -> None:
        """End the connection."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class Named:
    """Turns whatever goes wrong within into one of our errors, with the name of the peer."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, TrustError):
            raise named(self._url, error) from None
        if isinstance(error, httpcore.RemoteProtocolError):
            raise named(self._url, _http_problem(str(error))) from None
        if isinstance(error, (httpcore.NetworkError, httpcore.TimeoutException)):
            raise named(self._url, Unreachable("the connection broke")) from None


def _http_problem(text: str) -> TrustError:
    if "without sending" in text or "closed connection" in text:
        return Unreachable("it hung up before the answer was complete", hint="try again")
    return PeerFault("it does not speak HTTP", hint="is this the address of a node?")


def _client(backend: PinnedBackend, tls: ssl.SSLContext | None) -> httpx.Client:
    return httpx.Client(
        transport=Transport(backend, tls),
        trust_env=False,
        follow_redirects=False,
        timeout=None,  # the meter has the one deadline  # noqa: S113
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        headers={"accept": "*/*", "accept-encoding": "identity", "user-agent": f"trustcli/{__version__}"},
    )


def _body(response: httpx.Response, room: int) -> bytes:
    declared = response.headers.get("content-length")
    if declared is not None and wire.read_number(declared) > room:
        raise PeerFault("its answer is larger than any answer may be", code="too_big")
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > room:
            raise PeerFault("its answer is larger than any answer may be", code="too_big")
    return bytes(body)
