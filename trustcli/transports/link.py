"""A mesh link that another node dialled, as the node sees it."""

from __future__ import annotations

from trustcli.errors import Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.transports.app import Receive, Send

NORMAL, UNSUPPORTED, FLOODED, FAULT = 1000, 1003, 1008, 1011  # RFC 6455 §7.4.1
_ENDED = "the link has ended"


class Link:
    """A mesh link that another node dialled; see `desk.Channel`."""

    def __init__(self, address: str, receive: Receive, send: Send) -> None:
        self.address = address
        self._receive = receive
        self._send = send
        self._open = True

    async def send(self, frame: bytes) -> None:
        """Send a text frame. See `desk.Channel.send`."""
        if not self._open:
            raise Unreachable(_ENDED)
        try:
            await self._send({"type": "websocket.send", "text": frame.decode()})
        except (OSError, RuntimeError):  # the server's ways to say that the link is gone
            self._open = False
            raise Unreachable(_ENDED) from None

    async def receive(self) -> bytes | None:
        """Return the next text frame, or None. See `desk.Channel.receive`."""
        if not self._open:
            return None
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self._open = False
            return None
        text = message.get("text")
        if text is None:
            await self.close(UNSUPPORTED)
            return None
        return str(text).encode()

    async def close(self, code: int = NORMAL) -> None:
        """Close the link. See `desk.Channel.close`."""
        if not self._open:
            return
        self._open = False
        try:
            await self._send({"type": "websocket.close", "code": code})
        except (OSError, RuntimeError):
            pass
