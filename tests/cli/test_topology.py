"""`trust topology` and the network part of `trust status`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.cli.people import BOB, CAROL, DAN, now
from trustcli.cli import network as shown
from trustcli.ledger import Ledger
from trustcli.ledger.network import NodeSeen
from trustcli.mesh.liveness import ACTIVE, BANNED, HEARTBEAT, INACTIVE, MISSED, status
from trustcli.node.naming import Subject
from trustcli.node.network import Network, Standing
from trustcli.pictures import network as pictures
from trustcli.pictures.network_map import Map, Spot

if TYPE_CHECKING:
    from tests.conftest import Program

EVIL = '"]\x1b[31m<script>\u202e'


def observe(trust: Program, *seen: NodeSeen) -> None:
    """Write what a daemon would have observed."""
    ledger = Ledger.open(str(trust.home / "ledger.db"))
    ledger.network_notes.save_nodes(seen)
    ledger.close()


def announce(trust: Program, person: Any, *endpoints: str, **more: Any) -> None:
    """Let somebody announce a node."""
    line = person.says("announce", endpoints=list(endpoints), roles=["full"], **more)
    assert trust("import", "-", "-q", stdin=line + b"\n").exit == 0


@pytest.fixture
def three(knows_bob: Program) -> Program:
    """A network of three: bob is linked and 99.8 % there, carol was heard yesterday, dan is banned."""
    at = now()
    announce(knows_bob, BOB, "https://bob.example", owner="Bob")
    announce(knows_bob, CAROL, "https://carol.example")
    observe(
        knows_bob,
        NodeSeen(BOB.did, at - 9_000_000, at - 1_000, 1000, 998, linked=at - 60_000, direction="out"),
        NodeSeen(CAROL.did, at - 90_000_000, at - 86_500_000, 200, 50),
        NodeSeen(DAN.did, at, at, banned_until=at + 600_000, bans=1, because="bad_signature"),
    )
    assert knows_bob("rate", "bob", "4.2", "-q").exit == 0
    return knows_bob


def test_a_status_is_by_our_own_observation() -> None:
    """ACTIVE within three heartbeats, then INACTIVE; BANNED by a ban or a block, whatever was heard."""
    at = 10**12
    limit = at - MISSED * HEARTBEAT
    assert [status(heard, 0, at) for heard in (at, limit, limit - 1, 0)] == [
        ACTIVE,
        ACTIVE,
        INACTIVE,
        INACTIVE,
    ]
    assert [status(at, until, at) for until in (at + 1, at, 0)] == [BANNED, ACTIVE, ACTIVE]
    assert status(at, 0, at, blocked=True) == BANNED


def standing(**facts: Any) -> Standing:
    empty = dict.fromkeys(Standing._fields)
    empty |= {"subject": Subject(BOB.did, "bob", "bob"), "status": ACTIVE, "raters": 0, "owner": ""}
    return Standing(**{**empty, "endpoints": (), "roles": (), **facts})


def test_reputation_is_trustnets() -> None:
    """4.2 stars and 99.8 % observed give 85; unobserved, the rating part alone; unrated, nothing."""
    assert round(standing(stars=4.2, uptime=99.8).reputation or 0) == 85
    assert standing(stars=4.2).reputation == pytest.approx(80.0)
    assert standing(uptime=99.8).reputation is None


def test_the_table_says_who_is_there(three: Program) -> None:
    """One line a node, the active first: name, status, reputation, uptime, last heard, link."""
    ran = three("topology")
    assert ran.exit == 0
    lines = [line.split("\t") for line in ran.out.splitlines()]
    assert sorted(line[1] for line in lines) == [ACTIVE, BANNED, INACTIVE]
    assert lines[0][:4] == ["bob", ACTIVE, "85/100", "99.8 %"]
    assert lines[0][5] == "to it"
    by_status = {line[1]: line for line in lines}
    assert by_status[INACTIVE][2:5] == ["-", "25.0 %", "1 d ago"]
    assert by_status[BANNED][3] == "-"


def test_json_has_every_fact(three: Program) -> None:
    """What was announced and what was observed, by did."""
    nodes = {one["did"]: one for one in three("topology", "--json").data["nodes"]}
    bob = nodes[BOB.did]
    assert (bob["name"], bob["status"], bob["stars"], bob["uptime"]) == ("bob", ACTIVE, 4.2, 99.8)
    assert (bob["endpoints"], bob["owner"], bob["direction"]) == (["https://bob.example"], "Bob", "out")
    assert nodes[DAN.did]["because"] == "bad_signature"
    assert set(nodes) == {BOB.did, CAROL.did, DAN.did}


def test_a_block_is_a_ban(three: Program) -> None:
    """Who is blocked as a peer is BANNED as a node."""
    three("peer", "block", "bob", "-q")
    nodes = {one["did"]: one for one in three("topology", "--json").data["nodes"]}
    assert nodes[BOB.did]["status"] == BANNED
    assert nodes[BOB.did]["linked"] is None


def test_an_expired_announcement_is_none(knows_bob: Program) -> None:
    """Nor is our own node one of the others."""
    announce(knows_bob, CAROL, "https://carol.example", expires=now() - 1)
    assert knows_bob("topology", "--json").data["nodes"] == []


def test_without_a_network_there_is_a_next_step(me: Program) -> None:
    """An empty answer, exit 0."""
    ran = me("topology")
    assert (ran.exit, ran.out) == (0, "")
    assert "trust sync" in ran.err


def test_a_terminal_gets_a_tree(three: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links first, then the others by status."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = three("topology").out
    assert out.index("linked (1)") < out.index("INACTIVE (1)") < out.index("BANNED (1)")
    assert "→ it" in out


@pytest.mark.parametrize("name", pictures.FORMATS)
def test_every_format_shows_every_node(three: Program, name: str) -> None:
    """Labels and statuses are in each; XML parses, JSON is JSON."""
    text = three("topology", "--format", name).out
    assert all(status in text for status in (ACTIVE, INACTIVE, BANNED))
    assert "bob" in text
    if name == "svg":
        assert ET.fromstring(text).tag.endswith("svg")
    if name == "json":
        whole = json.loads(text)
        assert len(whole["nodes"]) == 4
        assert whole["links"] == [{"from": whole["nodes"][0]["id"], "to": BOB.did}]


def test_a_picture_is_written_to_a_file(three: Program) -> None:
    """Its ending names the format; what is there is never overwritten."""
    path = three.home / "network.svg"
    assert three("topology", "-o", str(path)).exit == 0
    assert ET.parse(path).getroot().tag.endswith("svg")
    assert three("topology", "-o", str(path)).exit == 73


def hostile(text: str) -> Map:
    spots = [
        Spot(f"did:{text}{n}", f"{text}{n}", ACTIVE, text, link) for n, link in enumerate(("in", "out", ""))
    ]
    return Map(text, text, Spot("me", text, "ME", text), spots)


@pytest.mark.parametrize("name", pictures.FORMATS)
def test_no_text_of_others_gets_out_of_its_place(name: str) -> None:
    """Neither control characters nor markup; the structure is that of plain text."""
    text = pictures.draw(name, hostile(EVIL))
    assert not set(text) & set("\x1b\u202e")
    if name in ("html", "mermaid", "svg"):
        assert "<script" not in text
    if name == "svg":
        plain = [each.tag for each in ET.fromstring(pictures.draw(name, hostile("plain"))).iter()]
        assert [each.tag for each in ET.fromstring(text).iter()] == plain


def test_arrows_lead_from_who_dialled() -> None:
    """An inbound link points at us, an outbound one away."""
    text = pictures.draw("dot", hostile("x"))
    assert [line.strip() for line in text.splitlines() if "->" in line] == ["n1 -> n0;", "n0 -> n2;"]


def test_no_words_overlap_in_the_picture() -> None:
    """A hundred nodes with long names: no two names at the same place."""
    others = [
        Spot(f"n{n}", f"a rather long name {n}", ACTIVE, "reputation 85/100", "out" if n < 8 else "")
        for n in range(100)
    ]
    middle = Spot("me", "me", "ME", "")
    root = ET.fromstring(pictures.draw("svg", Map("t", "s", middle, others)))
    texts = [each for each in root.iter() if each.tag.endswith("text") and "rather" in (each.text or "")]
    places = [(float(each.get("x", "0")), float(each.get("y", "0"))) for each in texts]
    assert len(places) == 100
    assert all(
        abs(a[0] - b[0]) > 100 or abs(a[1] - b[1]) > 24
        for n, a in enumerate(places) for b in places[:n]
    )  # fmt: skip


def test_status_rows_tell_the_network() -> None:
    """One row for all, one a node; at most twenty, and it says so."""
    nodes = [standing(stars=4.2, uptime=99.8, heard=9_000_000 - 12_000)] * 25
    network = Network(BOB.did, 9_000_000, 7, "ab" * 32, 9_000_000 - 300_000, nodes)
    rows = shown.rows(network)
    assert len(rows) == 1 + shown.SHOWN
    assert rows[0][0] == "network"
    assert "25 other nodes, 25 active" in rows[0][1]
    assert "last record 5 min ago" in rows[0][1]
    assert rows[1] == ("node", "bob", ACTIVE, "85/100", "99.8 %", "12 s ago", "-")
    assert shown.rows(None) == []
    assert (shown.ago(None, 5), shown.ago(5, 5), shown.ago(9, 5)) == ("never", "now", "now")
