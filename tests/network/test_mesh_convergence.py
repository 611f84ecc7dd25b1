"""All honest ledgers become equal: through loss, duplication, reordering, partitions, crashes and NAT."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.network.virtual import Faults, Host, Network, equal
from tests.network_of_raters import World, did_of, rating, revocation, sealed
from trustcli.mesh.liveness import ACTIVE, INACTIVE, status
from trustcli.node.sharing import LedgerShelf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trustcli.records.envelope import Record

LOSSY = Faults(loss=0.3, duplication=0.1, delay=(0, 200))


def graph(seed: int, count: int, faults: Faults = Faults(), linked: int = 3) -> tuple[Network, list[Host]]:  # noqa: B008
    """Return a connected random graph of nodes, each with up to `linked` seeds, linked already."""
    draw = random.Random(seed)
    net = Network(seed, faults)
    for number in range(count):
        names = list(net.hosts)
        Host(net, f"n{number}", seeds=draw.sample(names, min(linked, number)))
    net.start()
    net.run(8_000)
    return net, list(net.hosts.values())


def rate_everywhere(net: Network, hosts: list[Host], each: int, during: int) -> int:
    """Let all hosts rate, at random times within so many ms; return how many records that makes."""
    draw = random.Random(net.seed + 1)
    for index, host in enumerate(hosts):
        for number in range(each):
            record = rating(f"rater-{index}", f"subject-{number}", draw.randint(1, 5))
            net.at(net.now + draw.randint(0, during), lambda host=host, record=record: host.add(record))  # type: ignore[misc]
    net.run(during + 1)
    return len(hosts) * each


@pytest.fixture
def seeds(slow: bool) -> list[int]:
    """The seeds of the random networks."""
    return list(range(30 if slow else 3))


def test_twenty_nodes_on_a_bad_network(seeds: list[int]) -> None:
    """30 % lost, 10 % doubled, 200 ms of jitter: equal ledgers within 60 s of the last rating."""
    times = []
    for seed in seeds:
        net, hosts = graph(seed, 20, LOSSY)
        count = rate_everywhere(net, hosts, 4, 4_000)
        times.append(net.run_until(lambda hosts=hosts: equal(hosts), 60_000))  # type: ignore[misc]
        assert equal(hosts), seed
        assert hosts[0].shelf.head().records == count
        assert net.injected["loss"] > 500
        assert net.injected["duplication"] > 100
        assert net.injected["reordering"] > 100
    assert max(times) < 60_000


def test_without_repair_the_bad_network_wins() -> None:
    """Control: the same network, in which no question of a sync arrives, leaves ledgers that differ."""
    net, hosts = graph(0, 20, LOSSY._replace(deaf=b'"type":"SYNC_REQUEST"'))
    rate_everywhere(net, hosts, 4, 4_000)
    net.run(60_000)
    assert not equal(hosts)
    assert net.injected["deaf"] > 20


def test_a_good_network_needs_no_repair() -> None:
    """Control of the other side: without faults, pushing alone makes the ledgers equal, in two seconds."""
    net, hosts = graph(0, 20, Faults(deaf=b'"type":"SYNC_REQUEST"'))
    rate_everywhere(net, hosts, 4, 4_000)
    took = net.run_until(lambda: equal(hosts), 10_000)
    assert equal(hosts)
    assert took <= 2_000
    assert net.injected["deaf"] == 0


def test_equal_heads_move_the_cursors() -> None:
    """Where two heads are equal, the next sync by cursor has nothing to ask for or to offer."""
    net, hosts = graph(3, 3)
    rate_everywhere(net, hosts, 3, 1_000)
    net.run(20_000)
    one, other = hosts[:2]
    mark = one.memory.mark(other.did)
    assert (mark.ledger, mark.pulled, mark.pushed) == (other.name, 9, 9)


def test_a_partition_heals_within_ten_seconds() -> None:
    """Two halves that rated for 60 s without each other are equal 10 s after they can speak again."""
    net, hosts = graph(5, 12, Faults(delay=(5, 60)))
    left, right = hosts[:6], hosts[6:]
    net.partition([host.name for host in left], [host.name for host in right])
    count = rate_everywhere(net, hosts, 5, 60_000)
    assert not equal(hosts)
    assert net.injected["partition"] > 50
    net.heal()
    net.run_until(lambda: equal(hosts), 10_000)
    assert equal(hosts)
    assert hosts[0].shelf.head().records == count


def test_a_long_partition_heals_too() -> None:
    """After ten minutes the links are dead; the address books bring them back, within two minutes."""
    net, hosts = graph(6, 8, Faults(delay=(5, 60)))
    net.partition([host.name for host in hosts[:4]], [host.name for host in hosts[4:]])
    rate_everywhere(net, hosts, 3, 600_000)
    sides = [{link.did for link in host.machine.links()} for host in hosts[:4]]
    assert not any(host.did in side for host in hosts[4:] for side in sides)
    net.heal()
    net.run_until(lambda: equal(hosts), 120_000)
    assert equal(hosts)


def test_nodes_behind_nat_converge_through_one_that_can_be_dialled() -> None:
    """Five nodes that only dial out have all records of each other; none was dialled."""
    net = Network(1, Faults(delay=(5, 80)))
    hub = Host(net, "hub")
    hidden = [Host(net, f"hidden-{number}", seeds=["hub"], natted=True) for number in range(5)]
    net.start()
    net.run(3_000)
    rate_everywhere(net, hidden, 3, 1_000)
    net.run_until(lambda: equal([hub, *hidden]), 10_000)
    assert equal([hub, *hidden])
    assert hub.shelf.head().records == 15
    assert all(link.url == "" for link in hub.machine.links())


def test_a_node_comes_back_after_a_crash() -> None:
    """What it missed is there seconds after the restart; it dials by its own book, not by seeds."""
    net, hosts = graph(2, 6, Faults(delay=(5, 40)))
    for host in hosts:
        host.add(announcement(host))
    net.run(70_000)
    lost = hosts[3]
    lost.seeds = ()
    lost.crash()
    rate_everywhere(net, [host for host in hosts if host is not lost], 3, 30_000)
    assert not equal(hosts)
    lost.start()
    took = net.run_until(lambda: equal(hosts), 15_000)
    assert equal(hosts)
    assert took < 15_000
    assert any(link.url for link in lost.machine.links())
    assert net.injected["crash"] == 1


def announcement(host: Host) -> Record:
    """Return what a host says of itself."""
    body = {"endpoints": list(host.me.endpoints), "roles": list(host.roles)}
    return sealed(host.name, "announce", body)


def test_peers_find_each_other_through_announcements() -> None:
    """Six nodes that know one seed end with links among all: each heard of the others there."""
    net = Network(4, Faults(delay=(5, 40)))
    hosts = [Host(net, f"n{number}", seeds=["n0"] if number else []) for number in range(6)]
    net.start()
    net.run(3_000)
    for host in hosts:
        host.add(announcement(host))
    net.run(60_000)
    peers = [{link.did for link in host.machine.links()} for host in hosts]
    assert min(len(found) for found in peers) >= 4


def test_uptime_and_status_are_what_we_observed() -> None:
    """A peer that is away for half of the time has about half of its heartbeats, and turns INACTIVE."""
    net = Network(7)
    a, b = Host(net, "a"), Host(net, "b", seeds=["a"])
    net.start()
    net.run(600_000)
    seen = a.memory.seen(b.did)
    assert seen is not None
    assert seen.uptime == 1.0
    assert status(seen.heard, seen.banned_until, net.now) == ACTIVE
    b.crash()
    net.run(600_000)
    seen = a.memory.seen(b.did)
    assert seen is not None
    assert seen.uptime is not None
    assert 0.45 <= seen.uptime <= 0.55
    assert status(seen.heard, seen.banned_until, net.now) == INACTIVE


def test_a_peer_that_falls_silent_is_dropped_after_three_heartbeats() -> None:
    """Half-open connections, where the other side is gone without a word, end as dead."""
    net = Network(8)
    a, b = Host(net, "a"), Host(net, "b")
    net.start()
    net.connect(b, a)
    net.run(1_000)
    net.partition(["a"], ["b"])
    net.run(85_000)
    assert len(a.machine.links()) == 1
    net.run(10_000)
    assert a.machine.links() == []
    assert a.machine.counts()["closed dead"] == 1


def test_a_light_node_has_what_concerns_its_subjects() -> None:
    """It asks full nodes, keeps its part and no more, gives what its own key signs, and takes no pushes."""
    net = Network(9)
    full = Host(net, "full")
    subject = did_of("bob")

    def keeps(record: Record) -> bool:
        return record.body.get("subject") == subject or record.kind in ("revocation", "key")

    from tests.network.shelves import MemoryShelf

    light = Host(
        net, "light", shelf=MemoryShelf("light", keeps=keeps), seeds=["full"], natted=True,
        roles=("light",), subjects=(subject,),
    )  # fmt: skip
    net.start()
    net.run(2_000)
    mine = rating("light", "bob", 2)
    light.add(mine)
    wrong = rating("ann", "bob", 5)
    full.add(*[rating(f"r{number}", "carol", 3) for number in range(50)], wrong, rating("dan", "bob", 4))
    net.run(40_000)
    full.add(revocation("ann", wrong))
    net.run(40_000)
    assert isinstance(light.shelf, MemoryShelf)
    assert isinstance(full.shelf, MemoryShelf)
    kinds = sorted(record.kind for record in light.shelf.records.values())
    assert kinds == ["rating", "rating", "rating", "revocation"]
    assert mine.digest in full.shelf.records
    assert light.machine.counts().get("received TRUST_UPDATE", 0) == 0


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[list[LedgerShelf]]:
    """Twenty real ledgers, without waiting for the disk."""
    shelves = []
    for number in range(20):
        directory = tmp_path / str(number)
        directory.mkdir()
        world = World(directory)
        shelf = LedgerShelf(world.node)
        shelf._ledger._db.execute("PRAGMA synchronous = OFF")
        shelves.append(shelf)
    yield shelves
    for shelf in shelves:
        shelf.close()


def test_real_ledgers_on_a_bad_network(worlds: list[LedgerShelf]) -> None:
    """Twenty SQLite ledgers behind the shelf of the daemon: equal within 60 s, with the same records."""
    net = Network(11, LOSSY)
    draw = random.Random(11)
    for number, shelf in enumerate(worlds):
        names = list(net.hosts)
        Host(net, f"n{number}", shelf=shelf, seeds=draw.sample(names, min(3, number)))
    hosts = list(net.hosts.values())
    net.start()
    net.run(8_000)
    count = rate_everywhere(net, hosts, 2, 3_000)
    net.run_until(lambda: equal(hosts), 60_000, step=500)
    assert equal(hosts)
    assert hosts[0].shelf.head().records == count
    assert net.injected["loss"] > 500
