"""uvicorn's connections with what they lack: deadlines, caps on what may be held, no leniency.

uvicorn as it comes waits for ever for the end of a request's head, and for a reader that does not read;
its parser takes what RFC 9112 calls obsolete. See limits.py for each figure.
"""

from __future__ import annotations

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from trustcli.mesh.limits import TokenBucket
from trustcli.transports import heads
from trustcli.transports.deadlines import Deadlines
from trustcli.transports.limits import CHUNK
from trustcli.transports.link import FLOODED
from trustcli.transports.refusal import whole
from trustcli.transports.routes import MESH

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any

    from uvicorn.protocols.http.h11_impl import RequestResponseCycle
    from websockets.frames import Frame

    from trustcli.transports.app import App
    from trustcli.transports.gate import Seat
    from trustcli.transports.limits import Limits
    from trustcli.transports.metrics import Metrics

_KEY_CHARS = 24  # of a Sec-WebSocket-Key: base64 of 16 bytes (RFC 6455 §4.1)


class Settings(Config):
    """uvicorn's settings: everything off that is not asked for, and the limits beside them."""

    def __init__(self, app: App, limits: Limits, metrics: Metrics) -> None:
        super().__init__(
            app, http=Connection, ws=WebSocket, lifespan="off", interface="asgi3", workers=1,
            log_config=None, log_level="critical", access_log=False, use_colors=False,
            proxy_headers=False, server_header=False, date_header=False,
            timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]  # a float does as well
            h11_max_incomplete_event_size=limits.header_bytes,
            ws_max_size=limits.frame, ws_per_message_deflate=False, ws_ping_interval=None,
        )  # fmt: skip
        self.limits = limits
        self.metrics = metrics
        self.load()


class Connection(H11Protocol):
    """One HTTP connection."""

    config: Settings

    def __init__(self, *args: Any, seat: Seat, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._seat = seat
        self._limits = self.config.limits
        self._sizes = heads.Sizes(self._limits.header_bytes, self._limits.headers)
        self._deadlines = Deadlines(self.loop)
        self._over = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first head."""
        super().connection_made(transport)
        self._deadlines.arm("head", self._limits.header_seconds, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the seat back, and leave no timer behind."""
        self._over = True
        self._deadlines.disarm()
        self._unset_keepalive_if_required()
        self._seat.leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless the end is decided."""
        if not self._over:
            super().data_received(data)

    def handle_events(self) -> None:
        """Let the parser see a head when it is whole and beyond doubt."""
        if self.conn.their_state is h11.IDLE and not self._admit():
            return
        super().handle_events()

    def _admit(self) -> bool:
        held = self.conn.trailing_data[0]
        verdict = heads.judge(held, self._sizes)
        if verdict == heads.GOOD:
            self._deadlines.disarm("head")
            self._deadlines.arm("exchange", self._limits.exchange_seconds, self._cut)
            return True
        if verdict != heads.WAIT:
            self._refuse(verdict)
        elif held:
            self._deadlines.arm("head", self._limits.header_seconds, self._head_is_late)
        return False

    def on_response_complete(self) -> None:
        """Wait for the next request, or end it if this one was answered before it was read."""
        self._deadlines.disarm("exchange")
        if self.conn.their_state not in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED):
            self.transport.close()
        super().on_response_complete()
        self._part()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked: end it."""
        super().timeout_keep_alive_handler()
        self._part()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  what the parser said is not for others
        """Answer what is no HTTP, and end it."""
        self._refuse(heads.BAD)

    def pause_writing(self) -> None:
        """Start the clock for a reader that does not keep up."""
        super().pause_writing()
        self._deadlines.arm("reader", self._limits.reader_seconds, self._cut)

    def resume_writing(self) -> None:
        """The reader caught up."""
        super().resume_writing()
        self._deadlines.disarm("reader")

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over, seat and all."""
        self._deadlines.disarm()
        super().handle_websocket_upgrade(event)
        self._over = True
        link = self.transport.get_protocol()
        assert isinstance(link, WebSocket)
        link.seat = self._seat

    def _should_upgrade(self) -> bool:
        """Say whether this is a WebSocket handshake (RFC 6455 §4.2.1) for the mesh, and a proper one.

        Anything else goes the usual way: the route tells that it is a WebSocket.
        """
        headers = dict(self.headers)
        key = headers.get(b"sec-websocket-key", b"")
        return (
            self.scope["raw_path"] == MESH.encode()
            and self.scope["method"] == "GET"
            and self._get_upgrade() == b"websocket"
            and headers.get(b"sec-websocket-version") == b"13"
            and len(key) == _KEY_CHARS
            and key.isascii()
            and b"content-length" not in headers
            and b"transfer-encoding" not in headers
        )

    def _head_is_late(self) -> None:
        if self.conn.trailing_data[0]:
            self._refuse("too_slow")
        else:
            self._end()

    def _refuse(self, code: str) -> None:
        """Answer with an error, if nothing was answered yet, and end it."""
        self.config.metrics.add("trust_refused_total", reason=code)
        if not (self._is_answering() and self.cycle.response_started):
            self.transport.write(whole(code))
        self._end()

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's annotation hides that there may be none
        return cycle is not None and not cycle.response_complete

    def _end(self) -> None:
        self._over = True
        if self._is_answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._deadlines.disarm("head", "exchange")
        self.transport.close()
        self._part()

    def _part(self) -> None:
        """Give what is still to be sent on a closing connection the time of a slow reader."""
        if self.transport.is_closing():
            self._deadlines.arm("reader", self._limits.reader_seconds, self.transport.abort)

    def _cut(self) -> None:
        """End it now, without waiting for what is not read."""
        self.config.metrics.add("trust_refused_total", reason="cut")
        self.transport.abort()


class WebSocket(WebSocketsSansIOProtocol):
    """One mesh link that somebody dialled."""

    config: Settings
    seat: Seat

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = self.config.limits
        self._deadlines = Deadlines(self.loop)
        self._lost = False
        self._late = 0  # bytes that came after our goodbye
        self._pings = TokenBucket(self._limits.pings, self._limits.pings)
        self.conn.max_message_size = self._limits.handshake_frame
        self.close_timeout = self._limits.close_seconds

    def connection_made(self, transport: Any) -> None:
        """Take little at once: all frames of a piece are parsed before anybody can say that it is enough."""
        super().connection_made(transport)
        transport.max_size = CHUNK

    async def send(self, message: Any) -> None:
        """Send; once the node has answered, the other side may send full frames."""
        if message["type"] == "websocket.send":
            if self.transport.is_closing():
                raise ConnectionResetError
            self.conn.max_message_size = self._limits.frame
        if message["type"] == "websocket.close" and (
            message.get("code") == FLOODED or not self.writable.is_set()
        ):
            self.transport.abort()  # a goodbye would wait behind what is not read, by them or by us
            return
        await super().send(message)

    def data_received(self, data: bytes) -> None:
        """Take frames; after our goodbye only those that were on their way already."""
        if self.conn.state in (State.CLOSING, State.CLOSED):
            self._late += len(data)
            if self._late > self._limits.late:
                self.transport.abort()
                return
        super().data_received(data)
        self._part()

    def handle_parser_exception(self) -> None:
        """End what is no WebSocket as nodes speak it; who sent it has to wait, or would be back at once."""
        self.seat.offend()
        super().handle_parser_exception()

    async def run_asgi(self) -> None:
        """Run the application on this link."""
        try:
            await super().run_asgi()
        finally:
            self._part(self.close_timeout)

    def _part(self, seconds: float = 0.0) -> None:
        """Give what is still to be sent on a closing link little time: a link may end in the middle."""
        if not self._lost and (seconds or self.transport.is_closing()):
            self._deadlines.arm("parting", seconds + self._limits.close_seconds, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the seat back, and leave no timer behind."""
        self._lost = True
        self._deadlines.disarm()
        self.seat.leave()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the clock for a reader that does not keep up."""
        super().pause_writing()
        self._deadlines.arm("reader", self._limits.reader_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The reader caught up."""
        super().resume_writing()
        self._deadlines.disarm("reader")

    def handle_cont(self, event: Frame) -> None:
        """Hold a bounded number of fragments: empty ones cost nothing on the wire."""
        if len(self.frames) >= self._limits.fragments:
            self.transport.abort()
            return
        super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer a bounded number of pings, and none while answers are not read."""
        if not self._pings.take(int(self.loop.time() * 1000)):
            self.transport.abort()
        elif self.writable.is_set():
            super().handle_ping()
