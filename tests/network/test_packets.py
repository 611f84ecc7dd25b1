"""Nothing private is on any wire: two real nodes, a proxy between them that keeps every byte, and markers.

What a user keeps to himself is filled with words that exist nowhere else. Then everything that talks is made
to talk: the mesh from both sides, `sync`, `compare`, `peer find`, every GET route. Frames of the mesh are
unmasked first. No marker may occur, in plain or as JSON, percent, base64 or hex would spell it; the reason
of a public rating must.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.network.attacker import split_frame
from trustcli import config
from trustcli.ledger import Ledger
from trustcli.node import Node, announcing
from trustcli.node.devnet import Devnet
from trustcli.node.serving import Daemon, Options
from trustcli.rounds.rules import DEFAULT
from trustcli.sync import negentropy
from trustcli.transports import asking, wire
from trustcli.transports.app import App
from trustcli.transports.routes import ANYONE, KEY, ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

PATIENCE = 20.0
ROUND = 10.0  # seconds
SPOKEN = "ocelot-1010 žltý"  # the control: the reason of a public rating
STRANGER = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
FOLDER = "pangolin-0054"  # the homes are in it
MARKERS = {
    "petname": "zebra-7431-ž",
    "weight": "0.13371",
    "address of a peer": "quagga-5512",
    "blocked name": "mallory-2290",
    "reason of a block": "okapi-8812-ž",
    "subject of a private rating": "agent:tamarin-1177",
    "reason of a private rating": "numbat-3309-ž",
    "name in a draft": "kinkajou-4420",
    "reason of a draft": "dugong-9921-ž",
    "observed": "agent:binturong-6155",
    "note": "fossa-7008-ž",
    "further name of this host": "axolotl-2231.example",
    "name of another key": "wombat-3141",
    "passphrase": "narwhal-6640-ž",
    "policy": "caracal-9090",
    "folder": FOLDER,
}
NOT_KEPT = frozenset(("passphrase", "folder"))  # in no file of a home


class Wire:
    """What was sent over one connection, either way."""

    def __init__(self) -> None:
        self.up = bytearray()
        self.down = bytearray()

    @property
    def is_mesh(self) -> bool:
        """Whether it became a mesh link."""
        return self.down.startswith(b"HTTP/1.1 101 ")

    def texts(self) -> Iterator[bytes]:
        """Yield all bytes of each direction, of a mesh link with its frames unmasked."""
        for way in (bytes(self.up), bytes(self.down)):
            yield way
            if self.is_mesh:
                yield b"\n".join(_frames(way.partition(b"\r\n\r\n")[2]))


def _frames(data: bytes) -> Iterator[bytes]:
    while (found := split_frame(data)) is not None:
        _, payload, data = found
        yield payload


class Proxy:
    """Passes TCP on to a port of this machine, and keeps what passes."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.wires: list[Wire] = []
        self._sockets: list[socket.socket] = [self._listening]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        for one in self._sockets:
            one.close()

    def _start(self, work: Callable[..., None], *words: object) -> None:
        thread = threading.Thread(target=work, args=words, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._sockets.append(near)
                self._start(self._connect, near)

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:  # the node is not up yet
            near.close()
            return
        self._sockets.append(far)
        passing = Wire()
        self.wires.append(passing)
        self._start(self._pump, near, far, passing.up)
        self._start(self._pump, far, near, passing.down)

    def _pump(self, source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                kept += data
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class Person:
    """Somebody at the keyboard of a node."""

    def __init__(self, home: str) -> None:
        self.home = home

    def trust(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a command; return what it said."""
        command = [sys.executable, "-m", "trustcli", "--home", self.home, "--no-input", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode in codes, (words, done.stderr)
        return done.stdout + done.stderr

    def fill(self, folder: str) -> None:
        """Put every marker where a user would."""
        m = MARKERS
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write(m["passphrase"])
        self.trust("keygen", m["name of another key"], "--passphrase-file", secret)
        url = f"http://127.0.0.1:9/{m['address of a peer']}"
        self.trust("peer", "add", m["petname"], STRANGER, "--weight", m["weight"], "--url", url)
        self.trust("peer", "add", m["blocked name"], "agent:somebody")
        self.trust("peer", "block", m["blocked name"], "--reason", m["reason of a block"])
        private = m["subject of a private rating"], "2", "-m", m["reason of a private rating"]
        self.trust("rate", *private, "--private")
        self.trust("rate", m["name in a draft"], "3", "-m", m["reason of a draft"], "--new")
        self.trust("observe", m["observed"], "fail", "--note", m["note"])
        self.trust("config", "set", "hosts", m["further name of this host"])
        policies = os.path.join(self.home, "policies")
        os.makedirs(policies, exist_ok=True)
        with open(os.path.join(policies, f"{m['policy']}.toml"), "w", encoding="utf-8") as file:
            file.write(f"min = 4.0  # {m['policy']}\n")

    def knows(self, marker: str) -> bool:
        """Say whether a marker is in the home."""
        needles = spellings(marker).values()
        for folder, _, names in os.walk(self.home):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    data = name.encode() + b"\n" + file.read()
                if any(needle in data for needle in needles):
                    return True
        return False


def spellings(marker: str) -> dict[str, bytes]:
    """Return what a marker looks like in the usual encodings."""
    data = marker.encode()
    found = {
        "plain": data,
        "JSON": json.dumps(marker)[1:-1].encode(),
        "percent": quote(marker, safe="").encode(),
        "hex": data.hex().encode(),
        "HEX": data.hex().upper().encode(),
    }
    with contextlib.suppress(ValueError):
        found["double"] = struct.pack(">d", float(marker))
        found["double, reversed"] = struct.pack("<d", float(marker))
    for shift in range(3):  # where it stands within three bytes decides how base64 spells it
        whole = base64.b64encode(b"\0" * shift + data)
        middle = whole[-(-8 * shift // 6) : (len(data) + shift) // 3 * 4]
        found[f"base64 {shift}"] = middle
        found[f"base64url {shift}"] = middle.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def leaks(marker: str, wires: list[Wire]) -> list[str]:
    """Return how a marker occurs on the wires."""
    return [
        name
        for name, needle in spellings(marker).items()
        if any(needle in text for one in wires for text in one.texts())
    ]


@pytest.fixture(scope="module")
def wires(tmp_path_factory: pytest.TempPathFactory) -> list[Wire]:
    """All that two nodes with much to hide said to each other, one entry a connection."""
    folder = str(tmp_path_factory.mktemp("wires") / FOLDER)
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(Devnet(folder, 2, lambda: time.time_ns() // 1_000_000, round_every=ROUND))
        people = [Person(node.home) for node in net.nodes]
        proxies = [stack.enter_context(Proxy(int(node.url.rpartition(":")[2]))) for node in net.nodes]
        for person, own, other in zip(people, proxies, reversed(proxies), strict=True):
            person.fill(os.path.dirname(person.home))
            place = config.places({}, person.home)
            config.change(place, "endpoints", own.url)
            config.change(place, "seeds", other.url)
            person.trust("rate", "agent:spoken-of", "4", "-m", SPOKEN)
            assert {what for what in MARKERS if not person.knows(MARKERS[what])} == NOT_KEPT
        net.start()
        _until_equal(net)
        _until_decided(net)
        _talk(people, proxies, [node.did for node in net.nodes])
        net.stop()
    return [one for proxy in proxies for one in proxy.wires]


def _until_equal(net: Devnet) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        states = net.states()
        if len({state.head for state in states}) == 1 and (states[0].records or 0) >= 4:
            return
        time.sleep(0.1)
    raise TimeoutError("the nodes do not agree")


def _until_decided(net: Devnet) -> None:
    until = time.monotonic() + 4 * ROUND
    while time.monotonic() < until:
        if all(any(net.decided(node).values()) for node in net.nodes):
            return
        time.sleep(0.2)
    raise TimeoutError("no round was decided")


def _talk(people: list[Person], proxies: list[Proxy], dids: list[str]) -> None:
    """Say everything that can be said over the proxies."""
    for person, other, did in zip(people, reversed(proxies), reversed(dids), strict=True):
        person.trust("rate", "agent:spoken-of-later", "3", "-m", SPOKEN)
        person.trust("sync", "--full", other.url)
        person.trust("compare", "--ids", other.url, codes=(0, 1))
        person.trust("peer", "find", did, "--refresh")
        person.trust("peer", "find", MARKERS["petname"], "--refresh", codes=(0, 3))
        assert [_get(other.url, target) for target in _targets(did)] == [200] * len(_targets(did))


def _targets(did: str) -> list[str]:
    """Return a request for each GET route that gives something."""
    known = {"{did}": did, "{id}": "", "subject": "agent:spoken-of"}
    found = []
    for route in ROUTES:
        if route.method == "GET" and route.gives and "{id}" not in route.path:
            needed = [one.name for one in route.parameters if one.where == "query" and one.default is None]
            query = "&".join(f"{name}={quote(known[name], safe='')}" for name in needed)
            found.append(route.path.replace("{did}", did) + (f"?{query}" if query else ""))
    return found


def _get(url: str, target: str) -> int:
    with urllib.request.urlopen(url + target, timeout=PATIENCE) as answer:
        answer.read()
        return int(answer.status)


def test_the_proxy_sees_what_is_said(wires: list[Wire]) -> None:
    """The control: the mesh and HTTP both passed it, and a public reason is found in each."""
    mesh = [one for one in wires if one.is_mesh]
    http = [one for one in wires if one.up and not one.is_mesh]
    assert mesh
    assert len(http) > len(_targets(STRANGER))
    assert "plain" in leaks(SPOKEN, mesh)
    assert "plain" in leaks(SPOKEN, http)
    said = b"".join(bytes(one.up) for one in http)
    for route in (b"/v1/node", b"/v1/records", b"/v1/peers", b"/metrics", b"/openapi.json"):
        assert b"GET " + route in said
    assert b"POST /v1/reconcile" in said


def test_scores_on_the_wire_are_levels_and_nothing_of_the_table(wires: list[Wire]) -> None:
    """With rounds running: each score is one of the public levels; the standings behind them differ."""
    said = b"".join(text for one in wires for text in one.texts())
    values = {
        json.loads(match)["value"]
        for match in re.findall(rb'"body":(\{[^{}]*"step":\d+[^{}]*\}),"created":\d+,"kind":"score"', said)
    }
    assert values, "the control: there were scores"
    assert values <= {0, *DEFAULT.levels}
    assert b'"kind":"winner"' in said


def test_spellings_are_found() -> None:
    """The control of the control: each spelling of a marker is recognised in what it would be part of."""
    marker = MARKERS["petname"]
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            one = Wire()
            one.up += encode(b"x" * shift + marker.encode() + b"yz")
            assert leaks(marker, [one])
    for text in (json.dumps({"name": marker}), quote(marker), marker.encode().hex()):
        one = Wire()
        one.down += text.encode()
        assert leaks(marker, [one])


@pytest.mark.parametrize("what", MARKERS)
def test_what_is_private_stays(wires: list[Wire], what: str) -> None:
    """Not one byte sequence of any connection spells it."""
    assert leaks(MARKERS[what], wires) == []


# --- what the routes read -------------------------------------------------------------------------


class Traced(Daemon):
    """A node whose answering connection notes the tables it prepares to read, and forbids nothing."""

    tables: set[str]

    def _open_reading(self) -> None:
        super()._open_reading()
        self.tables = set()

        def note(_action: int, first: str | None, *_: object) -> int:
            self.tables.add(first or "")
            return sqlite3.SQLITE_OK

        self._reading._shelf._ledger._db.set_authorizer(note)

    def metrics(self) -> str:
        """Say nothing of the machine: it does not run."""
        return ""

    async def all(self, requests: list[tuple[str, str, bytes, dict[str, str]]]) -> list[int]:
        """Answer requests as a served node would; return their statuses."""
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._reader.start()
        await self._read(self._open_reading)
        app = App(self, clock=self._node.clock, secret=bytes(32), read_only=True)
        try:
            return [
                (await asking.ask(app, method, target, body=body, headers=headers)).status
                for method, target, body, headers in requests
            ]
        finally:
            await asyncio.to_thread(self._reader.stop, self._close_reading)


def test_no_route_prepares_a_statement_on_a_private_table(tmp_path: object) -> None:
    """Every route anybody may ask, with SQLite telling which tables its statements name."""
    home = os.path.join(str(tmp_path), "home")
    person = Person(home)
    person.trust("keygen", "--no-passphrase")
    person.fill(str(tmp_path))
    person.trust("rate", "agent:spoken-of", "4")
    places = config.places({}, home)
    node = Node(places, config.load(places)[0], clock=lambda: time.time_ns() // 1_000_000)
    announcing.announce(node)
    daemon = Traced(node, Options())
    ledger = Ledger.open(places.ledger)
    (id_, *_) = [entry.id for entry in ledger.entries()]
    ledger.close()
    octets = {"content-type": wire.BYTES}
    empty = negentropy.Initiator(lambda: negentropy.Vector([])).open()
    bodies = {"fetch": bytes.fromhex(id_), "reconcile": empty}
    requests: list[tuple[str, str, bytes, dict[str, str]]]
    requests = [("GET", target, b"", {}) for target in _targets(node.me)]
    requests.append(("GET", f"/v1/records/{id_}", b"", {}))
    requests += [
        (route.method, route.path, bodies[route.name], octets) for route in ROUTES if route.name in bodies
    ]
    asked = {re.sub(r"[?].*", "", target) for _, target, _, _ in requests}
    assert len(asked) == len([one for one in ROUTES if one.gives and one.who != KEY])
    assert asyncio.run(daemon.all(requests)) == [200] * len(requests)
    node.close()
    assert {"records", "announces", "ids"} <= daemon.tables
    assert [name for name in daemon.tables if name.startswith("private_")] == []


def test_all_that_is_not_asked_with_a_key_is_listed_here() -> None:
    """A new route must be added to the test above, or be the one that takes records."""
    named = {route.name for route in ROUTES if route.who == KEY}
    assert named == {"offer"}
    assert {route.name for route in ROUTES if route.who == ANYONE and not route.gives} == {"mesh"}
