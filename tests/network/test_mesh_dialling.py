"""Whom a node dials, what it remembers of that, and what it tells others."""

from __future__ import annotations

from tests.network.puppet import Puppet
from tests.network.shelves import MemoryShelf
from tests.network.virtual import Host, Network
from tests.network_of_raters import sealed
from trustcli.mesh import payloads
from trustcli.mesh.announced import node_id
from trustcli.mesh.book import FEELER_EVERY
from trustcli.mesh.messages import lines
from trustcli.mesh.payloads import PeerAnnounce, PeerRequest
from trustcli.records.envelope import Record


def announcement(host: Host, *urls: str) -> Record:
    """Return what a host says of itself, or of other addresses."""
    body = {"endpoints": list(urls or host.me.endpoints), "roles": list(host.roles)}
    return sealed(host.name, "announce", body, host.net.now)


def test_an_address_that_worked_is_remembered() -> None:
    """After a minute the book on the disk says that it worked, and that it is an anchor."""
    net = Network()
    a, b = Host(net, "a"), Host(net, "b")
    net.start()
    a.add(announcement(b))
    net.run(62_000)
    (entry,) = a.memory.book
    assert (entry.url, entry.key, entry.tried, entry.anchor, entry.failed) == (b.url, b.did, True, True, 0)
    assert entry.worked > 0


def test_an_address_that_does_not_answer_is_left_alone() -> None:
    """A stranger's address is tried once an hour at most, whoever names it."""
    net = Network()
    a, ghost = Host(net, "a"), Host(net, "ghost", natted=True)
    net.start()
    for number in range(20):
        a.add(sealed(f"liar-{number}", "announce", {"endpoints": [ghost.url], "roles": ["full"]}))
    net.run(900_000)
    assert a.machine.counts()["dialled"] == 1
    assert net.injected["refused dial"] == 1


def test_another_key_at_an_address_is_a_failure() -> None:
    """An announcement that names somebody else's address gives no link, and no trust in the address."""
    net = Network()
    a, b, liar = Host(net, "a"), Host(net, "b"), Host(net, "liar", natted=True)
    net.start()
    a.add(announcement(liar, b.url))
    net.run(62_000)
    assert a.machine.links() == []
    (entry,) = a.memory.book
    assert (entry.key, entry.worked, entry.tried) == (liar.did, 0, False)
    assert entry.dialled > 0


def test_a_node_does_not_dial_itself() -> None:
    """Its own announcement, back from the network, is no address to dial."""
    net = Network()
    a = Host(net, "a")
    net.start()
    a.add(announcement(a))
    net.run(10_000)
    assert a.machine.counts().get("dialled", 0) == 0


def test_feelers_try_addresses_while_no_link_is_wanted() -> None:
    """With all eight outbound links there, one more address is tried every two minutes, and left again."""
    net = Network()
    a = Host(net, "a")
    others = [Host(net, f"n{number}") for number in range(10)]
    net.start()
    for other in others:
        a.add(announcement(other))
    net.run(20_000)
    assert sum(bool(link.url) for link in a.machine.links()) == 8
    net.run(2 * FEELER_EVERY)
    assert sum(bool(link.url) for link in a.machine.links()) == 8
    assert a.machine.counts()["closed bye"] >= 1
    a.machine.stop(net.now)
    assert sum(entry.worked > 0 for entry in a.memory.book) >= 9


def test_the_nearest_nodes_are_named() -> None:
    """PEER_REQUEST with a target gives the announcements nearest by XOR, ten times a minute at most."""
    net = Network()
    a, puppet = Host(net, "a"), Host(net, "puppet", build=Puppet)
    net.start()
    net.connect(puppet, a)
    net.run(100)
    named = [Host(net, f"n{number}", natted=True) for number in range(30)]
    for other in named:
        a.add(announcement(other, f"wss://{other.name}.example"))
    net.run(5_000)
    puppet.machine.heard.clear()
    target = node_id(named[7].did)
    puppet.machine.say(payloads.PEER_REQUEST, PeerRequest(5, f"{target:064x}"))
    net.run(100)
    (answer,) = puppet.machine.said(payloads.PEER_ANNOUNCE)
    assert isinstance(answer, PeerAnnounce)
    authors = [Record.parse(line, net="main").author for line in lines(answer.records)]
    assert authors == sorted((host.did for host in named), key=lambda key: node_id(key) ^ target)[:5]
    for _ in range(30):
        puppet.machine.say(payloads.PEER_REQUEST, PeerRequest(1, ""))
    net.run(2_000)
    assert len(puppet.machine.said(payloads.PEER_ANNOUNCE)) == 10


def test_an_older_announcement_changes_nothing() -> None:
    """Of two announcements by one key the later counts, in any order of arrival."""
    net = Network()
    a = Host(net, "a")
    net.start()
    old, new = (
        sealed("n", "announce", {"endpoints": [f"wss://{name}.example"], "roles": ["full"]}, at)
        for name, at in (("old", 1), ("new", 2))
    )
    a.add(new, old)
    net.run(100)
    assert a.machine.near("", 20) == [new.line]
    again = Host(net, "again", shelf=MemoryShelf("again"))
    again.add(old, new)
    again.start()
    assert again.machine.near("", 20) == [new.line]


def test_keys_that_come_on_their_own_are_listed() -> None:
    """Who dialled us is pending: its key, from where, and how often."""
    net = Network()
    a, b = Host(net, "a"), Host(net, "b", natted=True, seeds=["a"])
    net.start()
    net.run(5_000)
    (knock,) = a.memory.knocks.values()
    assert (knock.key, knock.address, knock.times) == (b.did, b.address, 1)
    assert b.memory.knocks == {}
