"""Requests without a socket: `trust serve --get PATH`, and tests."""

from __future__ import annotations

import asyncio

from trustcli.transports import guards
from trustcli.transports.app import encoded
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from typing import Any

    from trustcli.transports.app import App, Scope


class Answered(NamedTuple):
    """What one request got: the status, the headers by lower-case name, the body."""

    status: int
    headers: dict[str, str]
    body: bytes


async def ask(
    app: App,
    method: str,
    target: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    peer: str = guards.UNIX,
) -> Answered:
    """Send one request through the application, without a socket.

    Args:
        target: Path and query, as on a request line.
        peer: The address it comes from.
    """
    path, _, query = target.partition("?")
    sent = {"host": "localhost", **(headers or {})}
    if body:
        sent.setdefault("content-length", str(len(body)))
    scope: Scope = {
        "type": "http",
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": encoded(sent),
        "state": {"peer": peer},
    }
    messages: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start, *parts = messages
    got = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answered(start["status"], got, b"".join(part["body"] for part in parts))


def once(app: App, target: str) -> Answered:
    """GET a path, as somebody on this machine, and return the answer; runs an event loop of its own."""
    return asyncio.run(ask(app, "GET", target))
