"""Records on their way: once over each link, the urgent first, counted, and never on the word of a peer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.network.puppet import Puppet
from tests.network.shelves import MemoryShelf
from tests.network.virtual import Host, Network, equal
from tests.network_of_raters import did_of, rating, revocation, sealed
from trustcli.mesh import payloads
from trustcli.mesh.contents import ALARMS
from trustcli.mesh.messages import lines, raws
from trustcli.mesh.payloads import Revocation, TrustResult, TrustUpdate

if TYPE_CHECKING:
    from trustcli.records.envelope import Record


def star(count: int, build: Any = None, **net: Any) -> tuple[Network, Host, list[Host]]:
    """Return a network of one node in the middle and others that are linked with it only."""
    network = Network(**net)
    middle = Host(network, "middle")
    others = [Host(network, f"other-{number}", build=build) for number in range(count)]
    network.start()
    for other in others:
        network.connect(other, middle)
    network.run(100)
    assert len(middle.machine.links()) == count
    return network, middle, others


def update(number: int = 0, **more: Any) -> Record:
    """Return a signed trust event."""
    body = {"subject": did_of("agent"), "event": "score-update", "score": number, **more}
    return sealed("witness", "update", body)


def pushed(host: Host) -> list[bytes]:
    """Return the record lines that came to a puppet, in order."""
    found = host.machine.said(payloads.TRUST_UPDATE, payloads.REVOCATION, payloads.PEER_ANNOUNCE)
    return [line for payload in found for line in lines(payload.records)]


def held(host: Host) -> set[bytes]:
    """Return the ids of what a host holds."""
    assert isinstance(host.shelf, MemoryShelf)
    return set(host.shelf.records)


def test_a_record_goes_once_over_each_link_and_never_back() -> None:
    """Three peers, one of which brings a record three times: the others get it once, it gets it never."""
    net, middle, (one, two, three) = star(3, Puppet)
    record = rating("x", "y", 4)
    for _ in range(3):
        one.machine.push(record.line)
    two.machine.push(record.line)
    net.run(3_000)
    assert (pushed(one), pushed(three)) == ([], [record.line])
    assert len(pushed(two)) <= 1
    counts = middle.machine.counts()
    assert (counts["records new"], counts["duplicates"] + counts["records new"]) == (1, counts["records in"])


def test_a_record_sent_a_thousand_times_is_one_row_and_one_forward() -> None:
    """Repeating costs the peer its rate, and nobody else anything."""
    net, middle, (one, two) = star(2, Puppet)
    record = rating("x", "y", 4)
    for _ in range(10):
        one.machine.push(*[record.line] * 100)
    net.run(3_000)
    assert (middle.shelf.head().records, pushed(two)) == (1, [record.line])


def test_what_does_not_verify_is_not_forwarded() -> None:
    """A forged record goes no further, and its sender is told."""
    net, middle, (one, two) = star(2, Puppet)
    good = rating("x", "y", 4)
    forged = good.line.replace(b'"value":40', b'"value":50')
    one.machine.push(forged)
    net.run(3_000)
    assert (middle.shelf.head().records, pushed(two)) == (0, [])
    (result,) = one.machine.said(payloads.TRUST_RESULT)
    assert isinstance(result, TrustResult)
    assert [refused.code for refused in result.refused] == ["bad_signature"]


def test_a_forged_copy_does_not_keep_the_good_one_out() -> None:
    """A copy of the same statement with another signature, before or after the good one, changes nothing."""
    net, middle, (one, two) = star(2, Puppet)
    records = [rating("x", "y", 4), rating("x", "z", 4)]
    forged = [record.line[:-20] + b"A" * 10 + record.line[-10:] for record in records]
    one.machine.push(forged[0], forged[1])
    two.machine.push(records[0].line)
    net.run(500)
    two.machine.push(records[1].line)
    net.run(500)
    assert held(middle) == {record.digest for record in records}
    assert len(middle.machine.links()) == 2
    assert middle.machine.counts()["fault bad_record"] == 2


def test_a_record_of_a_banned_author_is_a_record() -> None:
    """Bans are about who speaks to us; sets must stay the same everywhere."""
    net, middle, (one, two) = star(2, Puppet)
    middle.memory.blocks.add(did_of("villain"))
    record = rating("villain", "y", 1)
    one.machine.push(record.line)
    net.run(2_000)
    assert (pushed(two), record.digest in held(middle)) == ([record.line], True)


def test_critical_goes_before_all_that_waits() -> None:
    """With 1,500 ratings in the queue, a compromised key goes out at once and first."""
    net, middle, (one,) = star(1, Puppet)
    middle.add(*[rating(f"r{number}", "y", 4) for number in range(30)])
    net.run(20)
    middle.add(*[rating(f"r{number}", "z", 4) for number in range(1_500)])
    alarm = sealed("x", "key", {"action": "compromised", "since": 5})
    begin = net.now
    middle.add(alarm)
    net.run(30)
    assert alarm.line in pushed(one)
    when = next(at for at, type_, _ in one.machine.heard if type_ == payloads.REVOCATION)
    assert when - begin <= 10
    assert len(pushed(one)) < 1_500
    net.run(5_000)
    assert len(pushed(one)) == 1_531


def test_critical_needs_no_token_of_the_others() -> None:
    """After a minute of full traffic there is still room for an alarm."""
    net, middle, (one,) = star(1, Puppet)
    for number in range(600):
        middle.add(rating(f"r{number}", "y", 4))
        net.run(100)
    alarm = revocation("x", rating("x", "y", 3))
    critical = sealed("x", "revocation", {"record": alarm.id, "priority": "critical"})
    begin = net.now
    middle.add(critical)
    net.run(50)
    (seen,) = [at for at, type_, _ in one.machine.heard if type_ == payloads.REVOCATION]
    assert seen - begin <= 10
    net.run(3_000)
    assert len(pushed(one)) == 601
    assert middle.machine.counts().get("closed dead") is None


def test_who_cries_wolf_is_heard_like_others() -> None:
    """Of 50 CRITICAL revocations by one author, ten go as CRITICAL; those of another author still do."""
    net, _, (one, two) = star(2, Puppet)
    noise = [
        sealed("wolf", "revocation", {"record": f"{number:064x}", "priority": "critical"})
        for number in range(50)
    ]
    true = sealed("calm", "revocation", {"record": "ab" * 32, "priority": "critical"})
    one.machine.say(payloads.REVOCATION, Revocation("CRITICAL", raws([record.line for record in noise])))
    net.run(10)
    one.machine.say(payloads.REVOCATION, Revocation("CRITICAL", raws([true.line])))
    net.run(5_000)
    urgent: list[bytes] = []
    for payload in two.machine.said(payloads.REVOCATION):
        assert isinstance(payload, Revocation)
        urgent += lines(payload.records) if payload.priority == "CRITICAL" else []
    assert len(urgent) == ALARMS + 1
    assert true.line in urgent
    assert len(pushed(two)) == 51


def test_a_thousand_records_a_second_fit() -> None:
    """Three seconds at that speed reach the peer within two seconds each, inside its rate, none lost."""
    net, middle, (other,) = star(1)
    for second in range(3):
        for part in range(20):
            first = 50 * (20 * second + part)
            middle.add(*[rating(f"r{number % 97}", f"s{number}", 4) for number in range(first, first + 50)])
            net.run(50)
        assert other.shelf.head().records >= 1_000 * (second - 1)
    net.run(2_000)
    assert other.shelf.head().records == 3_000
    assert other.machine.counts().get("fault rate_limited", 0) == 0
    assert other.machine.counts()["received TRUST_UPDATE"] < 70


def states(host: Host) -> list[tuple[int, int, bool]]:
    """Return (accepted, of, committed) of the updates a host counted."""
    return [(commit.accepted, commit.of, commit.committed > 0) for commit in host.memory.commits.values()]


def accept(hosts: list[Host], record: Record) -> None:
    """Let puppets say that they accept a record."""
    for host in hosts:
        host.machine.say(payloads.TRUST_RESULT, TrustResult([record.id], []))


def test_two_of_four_do_not_commit_and_three_do() -> None:
    """More than half of the full peers that were connected when it was pushed."""
    net, middle, others = star(4, Puppet)
    record = update()
    middle.add(record)
    net.run(100)
    assert states(middle) == [(0, 4, False)]
    accept(others[:2], record)
    net.run(100)
    assert states(middle) == [(2, 4, False)]
    accept(others[2:3], record)
    net.run(100)
    assert states(middle) == [(3, 4, True)]


def test_a_peer_counts_once() -> None:
    """Saying yes a hundred times is one yes."""
    net, middle, others = star(4, Puppet)
    record = update()
    middle.add(record)
    net.run(100)
    for _ in range(50):
        accept(others[:1], record)
    net.run(100)
    assert states(middle) == [(1, 4, False)]


def test_an_update_without_peers_is_pending_until_they_hold_it() -> None:
    """Made offline, it is stored, waits, and is committed when the first peers have it by sync."""
    net = Network()
    a, b = Host(net, "a"), Host(net, "b")
    net.start()
    a.add(update())
    net.run(1_000)
    assert (states(a), a.machine.pending) == ([(0, 0, False)], 1)
    net.connect(a, b)
    net.run(10_000)
    assert b.shelf.head().records == 1
    assert (states(a), a.machine.pending) == ([(1, 1, True)], 0)


def test_pending_survives_a_restart() -> None:
    """What was not committed before a crash is counted on after it."""
    net = Network()
    a, b = Host(net, "a"), Host(net, "b")
    net.start()
    a.add(update())
    net.run(1_000)
    a.crash()
    net.run(100)
    a.start()
    assert a.machine.pending == 1
    net.connect(a, b)
    net.run(10_000)
    assert states(a) == [(1, 1, True)]


def test_a_light_peer_does_not_count() -> None:
    """The majority is of full nodes: one full and two light ones are one."""
    net = Network()
    middle, full = Host(net, "middle"), Host(net, "full")
    lights = [Host(net, f"light-{number}", roles=("light",), build=Puppet) for number in range(2)]
    net.start()
    for other in (full, *lights):
        net.connect(other, middle)
    net.run(100)
    record = update()
    middle.add(record)
    accept(lights, record)
    net.run(3_000)
    assert states(middle) == [(1, 1, True)]


def test_a_real_mesh_commits() -> None:
    """Nodes that verify answer for themselves: all four accept, on every node the update is committed."""
    net, middle, others = star(4)
    middle.add(update())
    net.run(4_000)
    assert states(middle)[0][2]
    assert all(states(other)[0][2] for other in others)


class FullQueue(MemoryShelf):
    """Stops taking for a while, as a disk does."""

    busy = False

    def take(self, found: Any) -> Any:
        if self.busy:
            raise OSError("busy")
        return super().take(found)


def test_what_the_shelf_could_not_take_is_taken_later() -> None:
    """A shelf that is busy loses nothing that was received."""
    net = Network()
    shelf = FullQueue("middle")
    middle = Host(net, "middle", shelf=shelf)
    one = Host(net, "one", build=Puppet)
    net.start()
    net.connect(one, middle)
    net.run(100)
    mesh = middle.machine
    records = [rating(f"r{number}", "y", 3) for number in range(5)]
    frame = one.machine.links[1].frame("TRUST_UPDATE", TrustUpdate(raws([r.line for r in records])), net.now)
    mesh.received(2, frame, net.now)
    shelf.busy = True
    for _ in range(3):
        try:
            mesh.settle(net.now)
        except OSError:
            pass
    shelf.busy = False
    mesh.settle(net.now)
    assert shelf.head().records == 5


def test_an_import_is_left_to_sync() -> None:
    """Thousands of records that come into the ledger at once are not pushed one by one, and arrive."""
    net, middle, (other,) = star(1)
    middle.shelf.take([rating(f"r{number % 50}", f"s{number}", 4).line for number in range(2_100)])
    middle.machine.woke(net.now)
    middle.act()
    assert middle.machine.counts().get("sent TRUST_UPDATE", 0) == 0
    took = net.run_until(lambda: equal([middle, other]), 60_000)
    assert took < 30_000


def test_announcements_travel_as_such_and_are_given_on_request() -> None:
    """A new announce record goes on as PEER_ANNOUNCE; PEER_REQUEST gives the nearest of them."""
    net, _, (one, two) = star(2, Puppet)
    announced = [
        sealed(f"node-{number}", "announce", {"endpoints": [f"wss://n{number}.example"], "roles": ["full"]})
        for number in range(30)
    ]
    one.machine.push(*[record.line for record in announced])
    net.run(4_000)
    assert {type_ for _, type_, _ in two.machine.heard} >= {payloads.PEER_ANNOUNCE}
    assert len(pushed(two)) == 30
    two.machine.heard.clear()
    two.machine.say(payloads.PEER_REQUEST, payloads.PeerRequest(20, ""))
    net.run(100)
    (answer,) = two.machine.said(payloads.PEER_ANNOUNCE)
    assert isinstance(answer, payloads.PeerAnnounce)
    assert len(answer.records) == 20
    assert {bytes(line) for line in answer.records} <= {record.line for record in announced}
