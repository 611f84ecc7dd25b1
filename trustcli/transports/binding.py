"""Sockets to listen on: of a host and port, a unix socket, or one that was inherited."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat

from trustcli.errors import Busy, DiskError, TrustError, UsageError, WouldOverwrite
from trustcli.value import NamedTuple

HOST = "127.0.0.1"
_HINT = "name another place with --listen; port 0 is any free one"
_PROBE_SECONDS = 1.0  # for somebody behind an old unix socket to take the call


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection


class Listen(NamedTuple):
    """Where to listen: a host and port (0: any free one), a unix socket's path, or an open socket."""

    host: str = ""
    port: int = 0
    unix: str = ""
    fd: int = -1


def read_listen(text: str) -> Listen:
    """Return what `HOST:PORT`, `[IPV6]:PORT`, `PORT`, `unix:PATH` or `fd:NUMBER` says.

    Raises:
        UsageError: it is none of these.
    """
    if text.startswith("unix:") and len(text) > 5:
        return Listen(unix=text[5:])
    if text.startswith("fd:") and text[3:].isdecimal():
        return Listen(fd=int(text[3:]))
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if port.isascii() and port.isdigit() and int(port) < 65_536 and (bracketed or ":" not in host):
        return Listen(host=host.strip("[]") or ("" if colon else HOST) or HOST, port=int(port))
    raise UsageError(f"cannot listen on {text!r}", hint="say HOST:PORT, [IPV6]:PORT, unix:PATH or fd:NUMBER")


async def bind_tcp(place: Listen, *, besides: Collection[tuple[str, int]] = ()) -> list[socket.socket]:
    """Bind every address of a name, all on one port.

    Args:
        besides: addresses that are bound already, by us.

    Raises:
        Busy: somebody listens there.
        UsageError: the name or the address is not of this machine, or not allowed.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError:
        raise UsageError(f"no address is known for {place.host!r}", hint=_HINT) from None
    bound: list[socket.socket] = []
    port = place.port
    for family, kind, protocol, _, address in dict.fromkeys(found):
        if address[:2] in besides:
            continue
        one = socket.socket(family, kind, protocol)
        bound.append(one)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((address[0], port, *address[2:]))
        except OSError as problem:
            for other in bound:
                other.close()
            raise _unbound(problem, f"{place.host}:{place.port}") from None
        port = one.getsockname()[1]
    return bound


def bind_unix(path: str) -> socket.socket:
    """Bind a unix socket of mode 0600; an old one is replaced if nobody answers there.

    Nobody can connect before it listens, so the mode is never late.

    Raises:
        Busy: somebody answers.
        WouldOverwrite: there is something else than a socket.
        DiskError: the file system refuses.
    """
    _clear(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(path)
        os.chmod(path, 0o600)
    except OSError as problem:
        bound.close()
        raise _unbound(problem, f"unix:{path}") from None
    return bound


def _clear(path: str) -> None:
    """Take away a socket that nobody answers."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise WouldOverwrite(f"{path} is no socket", hint="choose another path")
    except FileNotFoundError:
        return
    except OSError as problem:
        raise _unbound(problem, f"unix:{path}") from None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except FileNotFoundError:
            return
        except OSError:
            pass  # it is there, however busy
    raise Busy(f"somebody listens on unix:{path} already", hint=_HINT)


def listen(bound: socket.socket, backlog: int) -> None:
    """Let others connect.

    Raises:
        Busy: somebody listens on all addresses, or on one of these.
        TrustError: it cannot be listened on.
    """
    bound.setblocking(False)
    try:
        bound.listen(backlog)
    except OSError as problem:
        raise _unbound(problem, name_of(bound)) from None


def take_over(number: int) -> socket.socket:
    """Take a socket that the starter of this process bound.

    Raises:
        UsageError: there is none.
    """
    try:
        given = socket.socket(fileno=number)
    except OSError:
        raise UsageError(f"file {number} is no open socket", hint=_HINT) from None
    if given.type != socket.SOCK_STREAM:
        given.detach()
        raise UsageError(f"file {number} is no stream socket", hint=_HINT)
    return given


def _unbound(problem: OSError, where: str) -> TrustError:
    reason = os.strerror(problem.errno or 0).lower()
    if problem.errno == errno.EADDRINUSE:
        return Busy(f"cannot listen on {where}: somebody does already", hint=_HINT)
    if where.startswith("unix:"):
        return DiskError(f"cannot listen on {where}: {reason}", hint="look at the directory")
    return UsageError(f"cannot listen on {where}: {reason}", hint=_HINT)


def name_of(listening: socket.socket) -> str:
    """Return where a socket listens: `host:port`, `[ipv6]:port` or `unix:path`."""
    name = listening.getsockname()
    if not isinstance(name, tuple):
        return f"unix:{name}"
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
