"""What a request must be before a route sees it: checks of its head, and the reading of its body.

Any name can be made to point at 127.0.0.1, so the Host is checked; any web page can send requests
there, so an Origin is refused.
"""

from __future__ import annotations

import asyncio
from ipaddress import IPv6Address, ip_address

from trustcli.transports import wire
from trustcli.transports.routes import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from typing import Any

    from trustcli.transports.limits import Limits
    from trustcli.transports.routes import Route

UNIX = "unix"
"""The address of whoever comes through a unix socket: this machine, and no other name for it."""

LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))
_PROXIED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_ONCE = frozenset(
    ("content-encoding", "content-length", "content-type", "host", "origin", "transfer-encoding")
)  # fmt: skip
_MAX_LENGTH = 15  # digits of a Content-Length: a petabyte


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by lower-case name.

    Raises:
        Refused: `bad_request`: one that we read is there twice, or not ASCII.
    """
    headers: dict[str, str] = {}
    for name_bytes, value in raw:
        name = name_bytes.decode("latin-1").lower()
        ours = name in _ONCE or name.startswith("trust-")
        if ours and (name in headers or not value.isascii()):
            raise Refused("bad_request", "a header is there twice, or not ASCII")
        headers[name] = value.decode("latin-1")
    return headers


def group_of(address: str) -> str:
    """Return what is counted as one other side: an IPv4 address, an IPv6 /64, or the unix socket."""
    try:
        number = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(number, IPv6Address):
        if number.ipv4_mapped is None:
            return f"{IPv6Address(int(number) >> 64 << 64)}/64"
        number = number.ipv4_mapped
    return str(number)


def is_loopback(address: str) -> bool:
    """Say whether an address is of this machine."""
    if address == UNIX:
        return True
    try:
        number = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = number.ipv4_mapped if isinstance(number, IPv6Address) else None
    return (inner or number).is_loopback


def is_local(address: str, headers: Mapping[str, str]) -> bool:
    """Say whether a request was made on this machine, and for it.

    A proxy on this machine speaks for others: what it forwards says so, or asks for another name than
    localhost.
    """
    forwarded = any(name in headers for name in _PROXIED)
    return is_loopback(address) and not forwarded and host_of(headers) in LOOPBACK


def host_of(headers: Mapping[str, str]) -> str:
    """Return the name in the Host header without its port, in lower case; "" where there is none."""
    host = headers.get("host", "").lower()
    name, colon, port = host.rpartition(":")
    return name if colon and (port.isdigit() or not port) else host


def check_host(headers: Mapping[str, str], here: str, hosts: set[str]) -> None:
    """Refuse a name that is not ours.

    An address in figures cannot be pointed elsewhere, so the one the connection came to (`here`) is good.

    Raises:
        Refused: `host`.
    """
    host = host_of(headers)
    reached = f"[{here}]" if ":" in here else here
    if not host or (host not in LOOPBACK and host not in hosts and host != reached.lower()):
        raise Refused("host")


def check_head(route: Route, headers: Mapping[str, str]) -> None:
    """Refuse what no route takes, before anything of the body is read.

    Raises:
        Refused: `origin`, `encoding`, `media`, `too_big`, `bad_request`.
    """
    if "origin" in headers and (route.method != "GET" or not route.gives):
        raise Refused("origin")
    if "content-encoding" in headers:
        raise Refused("encoding")
    if route.takes and media_of(headers) != route.takes:
        raise Refused("media", f"expected Content-Type: {route.takes}")
    if length_of(headers) > route.body or (not route.takes and "transfer-encoding" in headers):
        raise Refused("too_big")


def media_of(headers: Mapping[str, str]) -> str:
    """Return the media type of a body, without its parameters, in lower case."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def length_of(headers: Mapping[str, str]) -> int:
    """Return the length that a body claims to have, 0 where it claims none.

    Raises:
        Refused: `bad_request`.
    """
    text = headers.get("content-length", "0")
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_LENGTH:
        raise Refused("bad_request", "malformed Content-Length")
    return int(text)


def has_body(headers: Mapping[str, str]) -> bool:
    """Say whether a body follows the head."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


async def read_body(receive: Callable[[], Awaitable[Any]], most: int, limits: Limits) -> bytes:
    """Return the body of a request, which must come whole, in time and at a minimum rate.

    Args:
        receive: of ASGI.
        most: Bytes; reading stops with the first one too many.

    Raises:
        Refused: `too_slow`, `too_big`.
        ConnectionError: the other side is gone.
    """
    body = bytearray()
    start = asyncio.get_running_loop().time()
    while True:
        allowed = min(limits.body_seconds, limits.body_grace + len(body) / limits.body_rate)
        try:
            async with asyncio.timeout_at(start + allowed):
                message = await receive()
        except TimeoutError:
            raise Refused("too_slow") from None
        if message["type"] != "http.request":
            raise ConnectionResetError
        body += message.get("body", b"")
        if len(body) > most:
            raise Refused("too_big")
        if not message.get("more_body", False):
            return bytes(body)


def ids_of(body: bytes, limit: int) -> tuple[bytes, ...]:
    """Return the ids of a body, of which there must be one at least.

    Raises:
        PeerFault: `bad_request`, `too_big`.
    """
    if not body:
        raise Refused("bad_request", "no ids")
    return wire.read_ids(body, limit)
