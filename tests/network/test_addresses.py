"""Which URLs and addresses are dialled: ours row by row, and the rows of the security research."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.raw_server import NOW, RawServer, node_response, socket_spy
from trustcli.errors import Unreachable
from trustcli.transports import addresses, websocket
from trustcli.transports.http import HttpPeer
from trustcli.transports.places import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = json.loads((Path(__file__).parent.parent / "vectors" / "dialling.json").read_text())


def dials(url: str, *, trusted: bool, allow_private: bool, resolves: Sequence[str] = ()) -> bool:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        return resolves

    try:
        addresses.target(url, trusted=trusted, allow_private=allow_private, resolve=resolve)
    except Unreachable:
        return False
    return True


@pytest.mark.parametrize("row", ROWS["addresses"], ids=lambda row: row["address"] or "empty")
def test_kind_of_address(row: dict[str, str]) -> None:
    """Every address is public, of this machine, private, or never dialled, at the edges of each block too."""
    assert addresses.kind_of(row["address"]) == row["kind"]


@pytest.mark.parametrize("row", ROWS["urls"], ids=lambda row: row["why"])
def test_url(row: dict[str, Any]) -> None:
    """A URL is dialled only in its plain spelling, and only where all its answers may be dialled."""
    assert (
        dials(
            row["url"], trusted=row["trusted"], allow_private=row["allow_private"], resolves=row["resolves"]
        )
        == row["allowed"]
    )


def test_shared_addresses(shared: Path) -> None:
    """The 29 addresses of the research come out as it says, for a name and for the bare address."""
    rows = json.loads((shared / "vectors" / "ssrf_hosts.json").read_text())["addresses"]
    assert len(rows) == 29
    expected = {row["address"]: row["expect"] == "allow" for row in rows}
    named = {
        address: dials("https://node.test", trusted=False, allow_private=False, resolves=[address])
        for address in expected
    }
    bare = {address: dials(url_of(address), trusted=False, allow_private=False) for address in expected}
    assert named == expected
    assert bare == expected


def test_shared_urls(shared: Path) -> None:
    """The 27 URLs of the research come out as it says, whatever their names resolve to."""
    rows = json.loads((shared / "vectors" / "ssrf_hosts.json").read_text())["urls"]
    assert len(rows) == 27
    for answer in ("127.0.0.1", "93.184.216.34"):
        found = {
            row["url"]: dials(row["url"], trusted=False, allow_private=False, resolves=[answer])
            for row in rows
        }
        assert found == {row["url"]: row["expect"] == "allow" for row in rows}


def test_shared_rows_send_nothing(shared: Path) -> None:
    """Asking or dialling any denied row opens no connection and sends no packet: not even a look-up."""
    rows = json.loads((shared / "vectors" / "ssrf_hosts.json").read_text())
    urls = [row["url"] for row in rows["urls"] if row["expect"] == "deny"]
    urls += [url_of(row["address"]) for row in rows["addresses"] if row["expect"] == "deny"]
    refuse_to_go(urls)


def test_own_rows_send_nothing() -> None:
    """The same for our own rows."""
    urls = [row["url"] for row in ROWS["urls"] if not row["allowed"] and not row["trusted"]]
    urls += [url_of(row["address"]) for row in ROWS["addresses"] if row["kind"] != "public"]
    refuse_to_go(urls)


def refuse_to_go(urls: list[str]) -> None:
    def never_good(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]  # for names that are spelled well

    async def dial_all() -> list[str]:
        return [url for url in urls if await dialled(url)]

    async def dialled(url: str) -> bool:
        try:
            await websocket.dial(url, trusted=False, allow_private=False, resolve=never_good)
        except Unreachable:
            return False
        return True

    def asked(url: str) -> bool:
        try:
            HttpPeer(url, network="main", clock=lambda: NOW, trusted=False, resolve=never_good).facts()
        except Unreachable:
            return False
        return True

    with socket_spy() as sent:
        assert [url for url in urls if asked(url)] == []
        assert sent == []
    dial = asyncio.new_event_loop()  # a loop connects to itself, which is not what is looked for
    try:
        with socket_spy() as sent:
            assert dial.run_until_complete(dial_all()) == []
            assert sent == []
    finally:
        dial.run_until_complete(dial.shutdown_default_executor())
        dial.close()


def test_the_spy_sees() -> None:
    """The spy is not blind: an allowed connection is seen, with its address."""
    with RawServer(lambda connection, request: connection.sendall(node_response(request))) as server:
        with socket_spy() as sent, HttpPeer(server.url, network="main", clock=lambda: NOW) as peer:
            peer.facts()
        assert sent == [("socket.connect", (("127.0.0.1", server.port),))]


def test_rebinding() -> None:
    """A name that is public when asked first and loopback later is looked up once, and that one counts."""
    asked: list[str] = []

    def rebind(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    target = addresses.target("https://rebind.test:7717", trusted=False, allow_private=False, resolve=rebind)
    assert target.addresses == ("93.184.216.34",)
    assert asked == ["rebind.test"]


def test_rebinding_while_connected() -> None:
    """Every connection of a peer goes to the address that was checked, wherever its name leads now."""
    answers = [["127.0.0.1"], ["127.0.0.2"], ["10.0.0.5"]]

    def rebind(_host: str, _port: int) -> list[str]:
        return answers.pop(0)

    def hang_up(connection: socket.socket, request: bytes) -> None:
        connection.sendall(node_response(request))
        connection.close()

    with RawServer(hang_up) as server:
        url = f"http://rebind.test:{server.port}"
        with socket_spy() as sent, HttpPeer(url, network="main", clock=lambda: NOW, resolve=rebind) as peer:
            for _ in range(3):
                peer.facts()
        assert {to for event, (to,) in sent if event == "socket.connect"} == {("127.0.0.1", server.port)}
        assert len(answers) == 2
        assert server.requests[0].count(f"Host: rebind.test:{server.port}\r\n".encode()) == 1


def test_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver without an answer costs no more than the deadline of a look-up."""
    over = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        over.wait()
        return []

    monkeypatch.setattr(addresses, "RESOLVE_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"node\.test does not resolve"):
        addresses.target("https://node.test", trusted=True, allow_private=False)
    assert time.monotonic() - began < 4
    over.set()


def test_name_that_does_not_resolve() -> None:
    """No such name is Unreachable, in words."""

    def fail(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Unreachable) as problem:
        addresses.target("https://node.test", trusted=True, allow_private=False, resolve=fail)
    assert str(problem.value) == "node.test does not resolve: Name or service not known"


def test_system_resolver() -> None:
    """The system's resolver gives addresses as text, those of this machine for `localhost`."""
    assert {addresses.kind_of(found) for found in addresses.system_resolver("localhost", 7717)} == {
        "loopback"
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("HTTPS://Node.Test:443/", "https://node.test"),
        ("https://node.test:7717/trust/", "https://node.test:7717/trust"),
        ("ws://[0:0:0:0:0:0:0:1]:7717", "ws://[::1]:7717"),
        ("unix:///run/trust.sock", "unix:///run/trust.sock"),
    ],
)
def test_one_spelling(url: str, shown: str) -> None:
    """A URL has one spelling, which parses to itself."""
    assert parse(url).url == shown
    assert parse(shown).url == shown


def test_a_password_is_not_repeated() -> None:
    """The error about a URL with a password does not show it."""
    with pytest.raises(Unreachable) as problem:
        parse("https://user:secret@node.test")
    assert "secret" not in str(problem.value)


def url_of(address: str) -> str:
    return f"https://[{address}]:7717" if ":" in address else f"https://{address}:7717"
