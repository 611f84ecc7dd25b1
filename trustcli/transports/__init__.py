"""The ways to another node, by URL scheme. The only door to httpx, httpcore, uvicorn, websockets and sockets.

A transport is loaded when its scheme is first used: `trust rate` loads none. Adding one is a module
and a line below.
"""

from __future__ import annotations

import importlib

from trustcli.errors import Unreachable
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType
    from typing import Any, Protocol, Self

    from trustcli.records.envelope import Signer
    from trustcli.sync.exchange import Answer, Request
    from trustcli.transports.desk import Channel
    from trustcli.transports.wire import NodeFacts

    class Peer(Protocol):
        """A node that answers questions. Not for several threads at once."""

        @property
        def bytes_up(self) -> int:
            """Bytes sent so far."""

        @property
        def bytes_down(self) -> int:
            """Bytes received so far."""

        @property
        def round_trips(self) -> int:
            """Questions sent so far."""

        def facts(self) -> NodeFacts:
            """Return what the node says of itself, its key proven."""

        def ask(self, request: Request) -> Answer:
            """Ask one question of a sync."""

        def peers(self, near: str = "", limit: int = 20) -> list[bytes]:
            """Return announce records, one line each, unverified."""

        def close(self) -> None:
            """End the connection."""

        def __enter__(self) -> Self: ...

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
            /,
        ) -> None: ...


PEERS = dict.fromkeys(("https", "http", "wss", "ws", "unix"), "trustcli.transports.http:HttpPeer")
"""URL scheme → who asks there; an announced mesh address answers questions too."""

CHANNELS = dict.fromkeys(("wss", "ws", "https", "http", "unix"), "trustcli.transports.websocket:dial")
"""URL scheme → who dials the mesh there."""


def open_peer(
    url: str,
    *,
    network: str,
    clock: Callable[[], int],
    expect: str | None = None,
    me: str | None = None,
    sign: Signer | None = None,
    timeout: float = 20.0,
    trusted: bool = True,
    allow_private: bool = False,
) -> Peer:
    """Return the node behind a URL; nothing is sent yet.

    Args:
        clock: Unix ms.
        expect: The did:key that must answer.
        me, sign: Our key, for offering records.
        timeout: Seconds for one question, see `http.HttpPeer`.
        trusted: The user wrote this URL, see `addresses.target`.

    Raises:
        Unreachable: no such scheme, or a URL that is never dialled.
    """
    peer: Peer = _load(PEERS, url)(
        url, network=network, clock=clock, expect=expect, me=me, sign=sign, timeout=timeout,
        trusted=trusted, allow_private=allow_private,
    )  # fmt: skip
    return peer


def open_channel(url: str, *, trusted: bool, allow_private: bool) -> Awaitable[Channel]:
    """Dial the mesh of the node behind a URL.

    Raises:
        Unreachable, PeerFault: as `websocket.dial`.
    """
    channel: Awaitable[Channel] = _load(CHANNELS, url)(url, trusted=trusted, allow_private=allow_private)
    return channel


def _load(registry: dict[str, str], url: str) -> Callable[..., Any]:
    scheme = url.partition("://")[0].lower()
    if scheme not in registry:
        raise Unreachable(
            f"not dialled: {safe(url[:80])}: no transport for it", hint=f"one of {', '.join(registry)}"
        )
    module, _, name = registry[scheme].partition(":")
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return loaded
