"""The ASGI application: guards, then the route, then the answer; nothing of a framework.

It speaks ASGI 3 (asgi.readthedocs.io, HTTP and WebSocket 2.3), of which it needs one thing more:
`scope["state"]["peer"]`, the address of the other side (`guards.UNIX` for a unix socket). Where that is
missing, the other side is somebody far away.
"""

from __future__ import annotations

import asyncio
import logging
import time

from trustcli.errors import BadInput, Busy, DiskError, PeerFault, RecordRefused, Unreachable
from trustcli.mesh.limits import Buckets, Recent
from trustcli.records import did
from trustcli.transports import guards, routes, wire
from trustcli.transports.handlers import HANDLERS, Call, Reply
from trustcli.transports.holding import Holding
from trustcli.transports.limits import ADDRESSES, CHUNK, LIMITS, MET, RETRY_SECONDS
from trustcli.transports.link import FAULT, Link
from trustcli.transports.metrics import Metrics
from trustcli.transports.patience import Patience
from trustcli.transports.refusal import error_body
from trustcli.transports.routes import ERRORS, KEY, LOCAL, MESH, Refused
from trustcli.transports.troubles import Troubles
from trustcli.transports.turns import Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
    from typing import Any

    from trustcli.transports.desk import Desk
    from trustcli.transports.limits import Limits
    from trustcli.transports.routes import Route

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_ALWAYS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
}
_log = logging.getLogger(__name__)


class App:
    """What this node answers over HTTP, and the door to its mesh.

    Args:
        desk: The node.
        clock: Returns Unix ms; signed requests are held against it.
        secret: 16 or more random bytes of this process, behind the challenges to new keys.
        read_only: Take no records.
        ticks: Returns ms that never step back; rates are counted in it.
        troubles: Told of answers that the disk does not let us give.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        clock: Callable[[], int],
        secret: bytes,
        read_only: bool = False,
        limits: Limits = LIMITS,
        metrics: Metrics | None = None,
        ticks: Callable[[], int] | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        self.metrics = metrics or Metrics()
        self.limits = limits
        self._desk = desk
        self._clock = clock
        self._secret = secret
        self._read_only = read_only
        self._ticks = ticks or (lambda: time.monotonic_ns() // 1_000_000)
        self._addresses = Buckets(limits.requests, limits.requests, ADDRESSES)
        self.patience = Patience(limits, self._ticks)
        self._turns = Turns(limits.turns, limits.turns_at_once, desk.is_busy, self._ticks)
        self._keys = Buckets(limits.signed, limits.signed, ADDRESSES)
        self._met = Recent(MET)
        self._troubles = troubles or Troubles(_log.error)
        self._links = 0
        self._holding = Holding(limits.held)
        self.metrics.gauge("trust_held_bytes", lambda: self._holding.size)
        self.metrics.gauge("trust_mesh_links", lambda: self._links)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run one WebSocket, as ASGI says."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _Asked(scope, receive)
        try:
            await self._respond(asked, send)
        finally:
            self._holding.release(asked)

    async def _respond(self, asked: _Asked, send: Send) -> None:
        try:
            route, reply = await self._reply(asked)
        except ConnectionError:
            return
        except Exception as problem:  # noqa: BLE001  whatever it was, the other side learns a code of it
            if isinstance(problem, DiskError):
                self._troubles.fails(f"answers to {asked.route}", str(problem))
            await self._refuse(asked, _refusal(problem), send)
            return
        self._troubles.works(f"answers to {asked.route}")
        self._hold(asked, sum(map(len, reply.chunks)))
        await self._answer(asked, 200, {"content-type": route.gives, **reply.headers}, reply.chunks, send)

    def _hold(self, asked: _Asked, size: int) -> None:
        """Count what is held in memory for a request; it may be cut when that is too much."""
        self._holding.release(asked)
        task = asyncio.current_task()
        if size > CHUNK and task is not None:
            self._holding.hold(asked, guards.group_of(asked.peer), size, task.cancel)

    async def _reply(self, asked: _Asked) -> tuple[Route, Reply]:
        route, texts = await self._admit(asked)
        values = routes.read(route, texts, asked.query)
        if route.who == LOCAL and not guards.is_local(asked.peer, asked.headers):
            raise Refused("not_found")
        if route.who == KEY:
            self._check_key(asked.headers)
        guards.check_head(route, asked.headers)
        body = await self._body(route, asked)
        key = self._signed_by(asked, body) if route.who == KEY else None
        reply = await HANDLERS[route.name](self._desk, Call(values, asked.headers, body, key, self.metrics))
        if key and self._desk.refuses(key):  # for what it brought: keys are free, so the address has to wait
            self.patience.end(guards.group_of(asked.peer))
        return route, reply

    async def _admit(self, asked: _Asked) -> tuple[Route, dict[str, str]]:
        """Find the route of a request that may be made at all, when it is its turn."""
        group = guards.group_of(asked.peer)
        self._spend_by(group)
        await self._turn(group)
        asked.headers = guards.read_headers(asked.raw_headers)
        guards.check_host(asked.headers, asked.here, self._desk.hosts())
        route, texts = routes.find(asked.method, asked.target)
        asked.route = route.name
        return route, texts

    async def _turn(self, group: str, turns: int = 1) -> None:
        await self._turns.wait(group, turns)
        if self.patience.is_at_an_end(group):  # it came in before
            raise Refused("rate_limited", retry_after=str(RETRY_SECONDS), connection="close")

    def _spend_by(self, group: str) -> None:
        if group == guards.UNIX:
            return
        try:
            _spend(self._addresses, group, self._ticks())
        except Refused as refused:
            self.patience.strain(group, refused)
            raise

    async def _body(self, route: Route, asked: _Asked) -> bytes:
        if not guards.has_body(asked.headers):
            asked.unread = False
            return b""
        size = guards.length_of(asked.headers) or route.body
        if size > CHUNK:
            await self._turn(guards.group_of(asked.peer), self.limits.turns_at_once)
        self._hold(asked, size)
        body = await guards.read_body(asked.receive, route.body, self.limits)
        asked.unread = False
        self.metrics.add("trust_http_received_bytes_total", len(body))
        return body

    def _check_key(self, headers: Mapping[str, str]) -> None:
        """Refuse by the head of a signed request what would be refused after its body, too."""
        if self._read_only:
            raise Refused("read_only")
        key = headers.get(wire.KEY)
        if key is None or wire.SIGNATURE not in headers or wire.TIME not in headers:
            raise Refused("unsigned")
        try:
            did.key_of(key)
        except RecordRefused:
            raise Refused("bad_signature") from None
        if self._desk.refuses(key):
            raise Refused("refused")
        now = self._clock()
        if key not in self._met and not wire.is_challenge(
            self._secret, key, headers.get(wire.CHALLENGE, ""), now
        ):
            raise Refused("challenge", trust_challenge=wire.new_challenge(self._secret, key, now))

    def _signed_by(self, asked: _Asked, body: bytes) -> str:
        path = f"{asked.target}?{asked.query}" if asked.query else asked.target
        signed = wire.check_request(
            asked.headers, method=asked.method, path=path, body=body, to=self._desk.did,
            network=self._desk.network, now=self._clock(),
        )  # fmt: skip
        _spend(self._keys, signed.key, self._ticks())  # after the check: nobody spends what is another's
        self._met.add(signed.key)
        return signed.key

    async def _refuse(self, asked: _Asked, refused: Refused, send: Send) -> None:
        self.metrics.add("trust_refused_total", reason=refused.code)
        body = error_body(refused.code, str(refused))
        headers = {"content-type": wire.JSON, **refused.headers}
        if asked.unread and guards.has_body(asked.headers):
            headers["connection"] = "close"  # what is left of the body is not read
        await self._answer(asked, ERRORS[refused.code][0], headers, (body,), send)

    async def _answer(
        self, asked: _Asked, status: int, headers: Mapping[str, str], chunks: Sequence[bytes], send: Send
    ) -> None:
        self.metrics.add("trust_http_requests_total", route=asked.route, status=str(status))
        every = {**_ALWAYS, **headers, "content-length": str(sum(map(len, chunks)))}
        start = "websocket.http.response.start" if asked.websocket else "http.response.start"
        await send({"type": start, "status": status, "headers": encoded(every)})
        kind = start.replace(".start", ".body")
        for chunk in chunks:
            await send({"type": kind, "body": chunk, "more_body": True})
            self.metrics.add("trust_http_sent_bytes_total", len(chunk))
        await send({"type": kind, "body": b"", "more_body": False})

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _Asked(scope, receive)
        try:
            route, _ = await self._admit(asked)
            if route.path != MESH:
                raise Refused("not_found")
            guards.check_head(route, asked.headers)
            if self._desk.is_waiting(asked.peer):  # before the upgrade, which costs both sides more
                waiting = Refused("rate_limited", retry_after=str(RETRY_SECONDS))
                self.patience.strain(guards.group_of(asked.peer), waiting, self.limits.knock)
                raise waiting
        except Refused as refused:
            await self._refuse(asked, refused, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        self.metrics.add("trust_http_requests_total", route=asked.route, status="101")
        await self._meet(Link(asked.peer, receive, send))

    async def _meet(self, link: Link) -> None:
        self._links += 1
        try:
            await self._desk.meet(link)
            await link.close()
        except Unreachable:
            await link.close()
        except Exception:  # noqa: BLE001  one link must not end the others
            _log.exception("a mesh link ended by a fault")
            await link.close(FAULT)
        finally:
            self._links -= 1


class _Asked:
    """A request on its way through the guards."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.websocket = scope["type"] == "websocket"
        self.method: str = "GET" if self.websocket else scope["method"]
        self.target: str = scope["raw_path"].decode("latin-1")
        self.query: str = scope["query_string"].decode("latin-1")
        self.peer: str = scope.get("state", {}).get("peer", "")
        self.here: str = (scope.get("server") or ("",))[0]
        self.raw_headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
        self.receive = receive
        self.headers: dict[str, str] = {}
        self.route = "none"
        self.unread = True


def _refusal(problem: Exception) -> Refused:
    """Return what the other side may know of an error: a code, and a text that is ours."""
    if isinstance(problem, Refused):
        return problem
    if isinstance(problem, PeerFault):
        return Refused(problem.code if problem.code in ERRORS else "bad_request")
    if isinstance(problem, RecordRefused | BadInput):
        return Refused("bad_request")
    if isinstance(problem, Busy | DiskError):
        return Refused("busy", retry_after=str(RETRY_SECONDS))
    _log.error("a request ended by a fault", exc_info=problem)
    return Refused("bug")


def _spend(buckets: Buckets, key: str, now: int) -> None:
    """Take one token.

    Raises:
        Refused: `rate_limited`, with the seconds to wait.
    """
    if not buckets.take(key, now):
        raise Refused("rate_limited", retry_after=str(-(-buckets.wait(key, now) // 1000)))


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI has them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
