"""TLS is always checked, for questions and for the mesh."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.network.raw_server import NOW, RawServer, facts, header, node_response, response
from trustcli.errors import PeerFault, Unreachable
from trustcli.sync.exchange import Feed
from trustcli.transports import pinned, wire
from trustcli.transports.http import HttpPeer
from trustcli.transports.websocket import dial

if TYPE_CHECKING:
    import socket
    from pathlib import Path
    from typing import Any

    from tests.network.raw_server import Handler


def peer_at(server: RawServer | str, **options: Any) -> HttpPeer:
    url = server if isinstance(server, str) else server.url
    return HttpPeer(url, **{"network": "main", "clock": lambda: NOW, "timeout": 10.0, **options})


def answer(connection: socket.socket, request: bytes) -> None:
    asked = header(request, wire.CHALLENGE) is not None
    connection.sendall(node_response(request) if asked else response(b"no", status="404 Not Found"))


def drip(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(response(b"x" * 1000, wire.NDJSON)[:-1000])
    while True:
        connection.sendall(b"x")
        time.sleep(0.3)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root, and certificates of it: for 127.0.0.1, for another name, and one that has expired."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl program to make certificates with")
    folder = tmp_path_factory.mktemp("tls")

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    root = ("-addext", "keyUsage=critical,keyCertSign", "-subj", "/CN=root", "-days", "9")
    run("req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", *root)
    names = {"good": "IP:127.0.0.1,DNS:node.test", "other": "DNS:other.test", "old": "IP:127.0.0.1"}
    for name, san in names.items():
        days = "-1" if name == "old" else "9"
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (folder / "ext").write_text(f"subjectAltName={san}\nauthorityKeyIdentifier=keyid\n")
        made = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-extfile", "ext", "-days", days)
        run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *made)
    return folder


def tls_server(folder: Path, name: str, handle: Handler | None = None) -> RawServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return RawServer(handle or answer, tls=context)


@pytest.fixture
def roots(certificates: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificates / "root.pem"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    return context


def test_good_certificate(certificates: Path, roots: ssl.SSLContext) -> None:
    """With a certificate for the address or the name, all is well; the name is what TLS asks for."""
    with tls_server(certificates, "good") as server:
        with peer_at(server, tls=roots) as peer:
            assert peer.facts() == facts()
        url = f"https://node.test:{server.port}"
        with peer_at(url, tls=roots, resolve=lambda *_: ["127.0.0.1"]) as peer:
            assert peer.facts() == facts()
            assert header(server.requests[-1], "host") == f"node.test:{server.port}"


@pytest.mark.parametrize(
    ("name", "why"),
    [("other", "IP address mismatch"), ("old", "certificate has expired")],
)
def test_wrong_certificate(certificates: Path, roots: ssl.SSLContext, name: str, why: str) -> None:
    """A certificate for another host, or an old one, ends it before a byte of HTTP is sent."""
    with tls_server(certificates, name) as server, peer_at(server, tls=roots) as peer:
        with pytest.raises(Unreachable, match=f"its certificate is not good: .*{why}"):
            peer.facts()
        assert server.requests == []


def test_unknown_root(certificates: Path) -> None:
    """A certificate nobody vouches for is refused: there is no way around it."""
    with tls_server(certificates, "good") as server, peer_at(server) as peer:
        with pytest.raises(Unreachable, match="its certificate is not good"):
            peer.facts()
        assert server.requests == []


def test_plain_http_where_tls_is_expected(certificates: Path, roots: ssl.SSLContext) -> None:
    """A server without TLS where https is asked for is Unreachable."""
    with (
        RawServer(answer) as plain,
        peer_at(f"https://127.0.0.1:{plain.port}", tls=roots, timeout=0.6) as peer,
        pytest.raises(Unreachable, match="no TLS"),
    ):
        peer.facts()


def test_drip_over_tls(certificates: Path, roots: ssl.SSLContext) -> None:
    """The deadline holds under TLS."""
    began = time.monotonic()
    with (
        tls_server(certificates, "good", drip) as server,
        peer_at(server, tls=roots, timeout=0.6) as peer,
        pytest.raises(Unreachable, match=r"no complete answer within 0\.6 s"),
    ):
        peer.ask(Feed(0))
    assert time.monotonic() - began < 9


def test_mesh_over_tls(certificates: Path, roots: ssl.SSLContext) -> None:
    """The mesh is dialled under the same rules: the right name gets as far as HTTP, others send nothing."""

    async def mesh(url: str, tls: ssl.SSLContext | None) -> None:
        await dial(url, trusted=True, allow_private=False, tls=tls, resolve=lambda *_: ["127.0.0.1"])

    with tls_server(certificates, "good") as server:
        with pytest.raises(PeerFault, match="it opens no mesh"):
            asyncio.run(mesh(f"wss://node.test:{server.port}", roots))
        assert len(server.requests) == 1
        for url, tls in ((f"wss://elsewhere.test:{server.port}", roots), (server.url, None)):
            with pytest.raises(Unreachable, match="its certificate is not good"):
                asyncio.run(mesh(url, tls))
        assert len(server.requests) == 1


def test_tls_is_checked() -> None:
    """There is one way TLS is done: 1.2 or newer, chain and name checked."""
    context = pinned.tls_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
