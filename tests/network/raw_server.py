"""Servers made of one socket and a function, for answers no honest library would send; and a socket spy."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, Self

from trustcli.records import crypto, did
from trustcli.sync.exchange import Head
from trustcli.transports import wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    Handler = Callable[[socket.socket, bytes], None]
    """Gets a connection and the bytes of one request; what it raises from a closed socket is ignored."""

SEED = bytes(range(32))
DID = did.did_of(crypto.public_key(SEED))
HEAD = Head("9f" * 16, 3, 5, "ab" * 32)
NOW = 1_800_000_000_000


class RawServer:
    """Listens on loopback (or a Unix socket) and gives every request to a function."""

    def __init__(
        self, handle: Handler, *, tls: ssl.SSLContext | None = None, path: str | None = None
    ) -> None:
        self.requests: list[bytes] = []
        self.accepted = 0
        self._handle = handle
        self._tls = tls
        self._open: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self._listener.bind(path or ("127.0.0.1", 0))
        self._listener.listen(16)
        self.port = 0 if path else self._listener.getsockname()[1]
        self.url = f"unix://{path}" if path else f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the other end went away, or the test is over
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            while request := read_request(connection):
                self.requests.append(request)
                self._handle(connection, request)


def read_request(connection: socket.socket) -> bytes:
    """Return one request with its body; b"" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    length = int(header(data, "content-length") or 0)
    while len(data) < data.index(b"\r\n\r\n") + 4 + length:
        data += connection.recv(65536)
    return data


def header(request: bytes, name: str) -> str | None:
    """Return a header of a request."""
    for line in request.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]:
        if line.lower().startswith(name + ":"):
            return line.partition(":")[2].strip()
    return None


def response(body: bytes, kind: str = wire.JSON, status: str = "200 OK", **headers: str) -> bytes:
    """Return a response with a right Content-Length; underscores in header names are dashes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def facts(**changed: Any) -> wire.NodeFacts:
    """What the node of these tests says of itself."""
    said = wire.NodeFacts(DID, wire.node_id(DID), ("full",), "0.1.0", "1.0", "main", HEAD, NOW)
    return said._replace(**changed)


def node_response(request: bytes, said: wire.NodeFacts | None = None, seed: bytes = SEED) -> bytes:
    """Answer GET /v1/node: the facts, with the proof that the request asks for."""
    import json

    document: dict[str, Any] = wire.node_object(said or facts())
    document["proof"] = wire.node_proof(document, header(request, wire.CHALLENGE) or "", crypto.signer(seed))
    return response(json.dumps(document).encode())


_dialled: list[tuple[str, Any]] = []
_spying: list[bool] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _spying and event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"):
        _dialled.append((event, args[1:] if event != "socket.getaddrinfo" else args))


@contextlib.contextmanager
def socket_spy() -> Iterator[list[tuple[str, Any]]]:
    """List what the process looks up, connects to and sends datagrams to, whoever does it."""
    if not _spying and not getattr(sys, "_trust_spy", False):
        sys.addaudithook(_hook)  # cannot be removed again
        sys._trust_spy = True  # type: ignore[attr-defined]
    _dialled.clear()
    _spying.append(True)
    try:
        yield _dialled
    finally:
        _spying.clear()
