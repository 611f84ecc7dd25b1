"""`trust peer find` and `trust peer pending`: where a key can be reached, and who knocked."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.people import BOB, CAROL, DAN, EVE, Person, now
from trustcli.config import Settings, places
from trustcli.errors import Unreachable, UsageError
from trustcli.ledger import Ledger
from trustcli.ledger.network import Pending
from trustcli.mesh.announced import node_id
from trustcli.mesh.routing import ASKED, BUCKET, PATHS, id_hex
from trustcli.node import Node, meeting
from trustcli.records.fingerprint import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Program


def at(person: Person, *endpoints: str, **more: Any) -> bytes:
    """Return an announcement by a person."""
    return person.says("announce", endpoints=list(endpoints), roles=["full"], **more)


class FakeNetwork:
    """Nodes as URL → what they answer; remembers who was asked for what."""

    def __init__(self, **answers: list[bytes]) -> None:
        self.answers = {f"https://{name}.example": lines for name, lines in answers.items()}
        self.asked: list[str] = []
        self.trusted: set[str] = set()
        self.near: set[str] = set()

    def __call__(self, url: str, trusted: bool, near: str) -> list[bytes]:
        self.asked.append(url)
        self.near.add(near)
        self.trusted |= {url} if trusted else set()
        if url not in self.answers:
            raise Unreachable(f"{url}: no answer")
        return self.answers[url]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Node]]:
    made: list[Node] = []

    def build(**settings: Any) -> Node:
        node = Node(places({}, str(tmp_path / "node")), Settings(**settings), clock=now)
        node.make_ledger()
        made.append(node)
        return node

    yield build
    for node in made:
        node.close()


def test_the_ledger_is_asked_first(knows_bob: Program) -> None:
    """What bob announced is known already: no network, his latest word, and the command that keeps it."""
    old, new = now() - 5_000, now() - 1_000
    lines = [
        at(BOB, "https://new.example", created=new, owner="Bob"),
        at(BOB, "https://old.example", created=old),
    ]
    assert knows_bob("import", "-", "-q", stdin=b"\n".join(lines) + b"\n").exit == 0
    ran = knows_bob("peer", "find", "bob", "--json")
    assert ran.exit == 0
    assert (ran.data["endpoints"], ran.data["owner"], ran.data["asked"]) == (
        ["https://new.example"],
        "Bob",
        0,
    )
    ran = knows_bob("peer", "find", BOB.did)
    assert "endpoint\thttps://new.example" in ran.out
    assert f"trust peer add bob {BOB.did} --url https://new.example" in ran.err


def test_nobody_to_ask_is_69(me: Program) -> None:
    """Not "not found": nobody was asked."""
    ran = me("peer", "find", CAROL.did)
    assert ran.exit == 69
    assert "nobody to ask" in ran.err


def test_what_has_no_key_cannot_be_reached(me: Program) -> None:
    """A URI is rated, not dialled; an unknown name is unknown."""
    assert me("peer", "find", "https://example.org").exit == 2
    assert me("peer", "find", "nobody").exit == 66
    assert me("peer", "find", BOB.did, "--timeout", "0").exit == 2


def test_the_walk_goes_from_node_to_node(make: Callable[..., Node]) -> None:
    """The seed names carol, carol names dan, dan names eve; what was met on the way is kept."""
    node = make(seeds=("https://seed.example",))
    network = FakeNetwork(
        seed=[at(CAROL, "https://carol.example")],
        carol=[at(DAN, "https://dan.example")],
        dan=[at(EVE, "https://eve.example", "wss://eve.example")],
    )
    found = meeting.find(node, EVE.did, network)
    assert found.found is not None
    assert found.found.endpoints == ("https://eve.example", "wss://eve.example")
    assert (found.asked, found.answered) == (3, 3)
    assert network.near == {id_hex(node_id(EVE.did))}
    assert network.trusted == {"https://seed.example"}, "what is only announced is not trusted"
    kept = {entry.author for entry in node.ledger.announcements()}
    assert kept == {CAROL.did, DAN.did, EVE.did}
    assert meeting.find(node, EVE.did, network).asked == 0


def test_not_found_is_said_with_who_answered(make: Callable[..., Node]) -> None:
    """Everybody was asked, nobody knows."""
    node = make(seeds=("https://seed.example", "https://down.example"))
    network = FakeNetwork(seed=[at(CAROL, "https://carol.example")], carol=[])
    found = meeting.find(node, EVE.did, network)
    assert (found.found, found.asked, found.answered) == (None, 3, 2)
    with pytest.raises(Unreachable, match="no node answered"):
        meeting.find(node, EVE.did, FakeNetwork())


def test_a_lie_is_not_believed(make: Callable[..., Node]) -> None:
    """Forged, foreign, future and expired announcements, other kinds and garbage are passed over."""
    forged = at(EVE, "https://evil.example").replace(b"evil", b"evjl")
    node = make(seeds=("https://seed.example",))
    lies = [
        forged,
        b"garbage",
        EVE.rates(BOB.did, 40),
        at(EVE, "https://evil.example", created=now() + 3_600_000),
        at(EVE, "https://evil.example", expires=now() - 1),
    ]
    found = meeting.find(node, EVE.did, FakeNetwork(seed=lies))
    assert found.found is None
    assert not list(node.ledger.announcements())


def test_a_seed_whose_announcement_is_known_is_asked_once(make: Callable[..., Node]) -> None:
    """And trusted as what the user wrote."""
    node = make(seeds=("https://seed.example",))
    network = FakeNetwork(seed=[at(CAROL, "https://seed.example")])
    for asked in (["https://seed.example"] * 2, ["https://seed.example"] * 3):
        assert meeting.find(node, EVE.did, network).found is None
        assert network.asked == asked
    assert network.trusted == {"https://seed.example"}


def test_an_older_announcement_does_not_win(make: Callable[..., Node]) -> None:
    """With --refresh a peer may know less than we do."""
    node = make(seeds=("https://seed.example",))
    meeting.find(node, EVE.did, FakeNetwork(seed=[at(EVE, "https://new.example", created=now() - 10)]))
    stale = FakeNetwork(seed=[at(EVE, "https://old.example", created=now() - 9_000)])
    found = meeting.find(node, EVE.did, stale, refresh=True)
    assert found.asked == 1
    assert found.found is not None
    assert found.found.endpoints == ("https://new.example",)


def test_liars_without_end_are_left_alone(make: Callable[..., Node]) -> None:
    """A network that names ever new nodes costs a bounded number of questions and little of our disk."""
    crowd = [Person(number) for number in range(20, 90)]
    names = {person.did: f"https://{number}.example" for number, person in enumerate(crowd)}
    lines = [at(person, names[person.did]) for person in crowd]

    def ask(url: str, trusted: bool, near: str) -> list[bytes]:
        return lines * 10

    node = make(seeds=tuple(f"https://seed{number}.test" for number in range(9)))
    found = meeting.find(node, EVE.did, ask)
    assert found.found is None
    assert found.asked <= PATHS * ASKED
    assert len(list(node.ledger.announcements())) <= BUCKET


def test_a_node_that_only_dials_has_no_address(knows_bob: Program) -> None:
    """Found, exit 0, and said so."""
    assert knows_bob("import", "-", "-q", stdin=at(BOB) + b"\n").exit == 0
    ran = knows_bob("peer", "find", "bob")
    assert ran.exit == 0
    assert "cannot be dialled" in ran.err


class Served:
    """A server on loopback that knows announcements, and nothing else of the protocol."""

    def __init__(self, lines: list[bytes]) -> None:
        self.asked: list[dict[str, list[str]]] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(parse_qs(urlsplit(self.path).query))
                body = b"".join(line + b"\n" for line in lines)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-ndjson")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[list[bytes]], Served]]:
    running: list[Served] = []

    def start(lines: list[bytes]) -> Served:
        running.append(Served(lines))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def test_a_node_is_asked_over_http(me: Program, serve: Callable[[list[bytes]], Served]) -> None:
    """The command asks the seed of the settings for what is near the key, and finds it: exit 0."""
    seed = serve([at(CAROL, "https://carol.example")])
    assert me("config", "set", "seeds", seed.url).exit == 0
    ran = me("peer", "find", CAROL.did, "--json")
    assert (ran.exit, ran.data["endpoints"], ran.data["asked"]) == (0, ["https://carol.example"], 1)
    assert seed.asked == [{"near": [id_hex(node_id(CAROL.did))], "limit": [str(BUCKET)]}]


def test_nobody_knows_it_is_3(me: Program, serve: Callable[[list[bytes]], Served]) -> None:
    """The seed answered and does not know: exit 3, and nobody is dialled on a stranger's word."""
    inner = serve([at(EVE, "https://eve.example")])
    seed = serve([at(CAROL, inner.url)])
    assert me("config", "set", "seeds", seed.url).exit == 0
    ran = me("peer", "find", EVE.did)
    assert ran.exit == 3
    assert ran.out == f"not found\t{EVE.did}\n"
    assert "1 of 2 nodes asked answered" in ran.err
    assert inner.asked == [], "an announced address of this machine is not dialled"


def test_who_knocked_is_listed_until_it_has_a_name(knows_bob: Program) -> None:
    """Key, words to compare, from where, when; bob has a name; the next command names carol."""
    ledger = Ledger.open(str(knows_bob.home / "ledger.db"))
    ledger.network_notes.save_pending(
        Pending(person.did, "192.0.2.7", now() - 7_200_000, now() - 61_000, 3) for person in (BOB, CAROL)
    )
    ledger.close()
    ran = knows_bob("peer", "pending")
    assert ran.exit == 0
    assert ran.out == f"{CAROL.did}\t{words(CAROL.did)}\t192.0.2.7\t2 h ago\t1 min ago\t3\n"
    assert f"trust peer add NAME {CAROL.did}" in ran.err
    assert [one["did"] for one in knows_bob("peer", "pending", "--json").data["pending"]] == [CAROL.did]
    assert knows_bob("peer", "add", "carol", CAROL.did, "-q").exit == 0
    assert knows_bob("peer", "pending").out == ""


def test_nobody_knocked(trust: Program) -> None:
    """An empty home: nothing, exit 0, nothing is made."""
    ran = trust("peer", "pending")
    assert (ran.exit, ran.out) == (0, "")
    assert not trust.home.exists()


def test_only_keys_are_looked_for(make: Callable[..., Node]) -> None:
    """The use case itself refuses a URI."""
    with pytest.raises(UsageError):
        meeting.find(make(), "https://example.org", FakeNetwork())
