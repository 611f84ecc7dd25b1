"""Records come whole once or twice, however many peers have them; what is only announced is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.network.puppet import Puppet
from tests.network.shelves import MemoryShelf
from tests.network.virtual import Faults, Host, Network, equal
from tests.network_of_raters import did_of, rating, sealed
from trustcli.mesh import payloads, source
from trustcli.mesh.holders import CLAIMS, Holders
from trustcli.mesh.link import Link
from trustcli.mesh.messages import base64, from_base64, lines, raws
from trustcli.mesh.payloads import Relay, SyncRequest, SyncResponse
from trustcli.mesh.relaying import APART, FIRST_ASK, WAIT
from trustcli.mesh.source import PATIENCE, USEFUL, Source
from trustcli.mesh.taking import GATHER
from trustcli.sync.exchange import WANTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trustcli.records.envelope import Record
    from trustcli.sync.exchange import Result

ANNOUNCED = 1_100  # ms in which an announcement goes out while a link has tokens to spare


def mesh(count: int, faults: Faults = Faults()) -> tuple[Network, list[Host]]:  # noqa: B008
    """Return nodes that are all linked with each other."""
    net = Network(3, faults)
    hosts = [Host(net, f"n{number}", natted=True) for number in range(count)]
    net.start()
    for index, one in enumerate(hosts):
        for other in hosts[:index]:
            net.connect(one, other)
    net.run(500)
    return net, hosts


def rate(net: Network, hosts: list[Host], count: int, first: int) -> None:
    """Let the hosts rate in turns, two hundred ratings a second, and the last ones arrive."""
    for start in range(first, first + count, 20):
        made = [rating(f"r{number % 7}", f"s{number}", 4) for number in range(start, start + 20)]
        hosts[start // 20 % len(hosts)].add(*made)
        net.run(100)
    net.run(3_000)


def busy(net: Network, host: Host, ms: int) -> None:
    """Let time pass in which a host rates, so that heads do not rest and nothing is compared."""
    for _ in range(0, ms, 200):
        host.add(rating("busy", f"s{net.now}", 4))
        net.run(200)


def total(hosts: list[Host], what: str) -> int:
    """Return a count, of all hosts together."""
    return sum(host.machine.counts().get(what, 0) for host in hosts)


def copies(hosts: list[Host], net: Network, first: int) -> float:
    """Return how many whole copies of a record a node that did not make it gets."""
    before = total(hosts, "records in")
    rate(net, hosts, 400, first)
    return (total(hosts, "records in") - before) / 400 / (len(hosts) - 1)


def holds(host: Host, record: Record) -> bool:
    """Say whether a host has a record."""
    assert isinstance(host.shelf, MemoryShelf)
    return record.digest in host.shelf.records


def test_in_a_full_mesh_a_record_comes_once() -> None:
    """Six nodes, all linked: at first each gets each record several times, soon once, and none is lost."""
    net, hosts = mesh(6)
    first = copies(hosts, net, 0)
    rate(net, hosts, 2_000, 400)
    assert first > 2
    assert copies(hosts, net, 2_400) <= 1.1
    assert equal(hosts)
    assert total(hosts, "asked for") == total(hosts, "syncs") == 0


def test_who_never_thins_gets_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: the same mesh of nodes that take whole relays from everybody, for ever."""
    monkeypatch.setattr(source, "PATIENCE", 1 << 30)
    net, hosts = mesh(6)
    rate(net, hosts, 2_000, 400)
    assert copies(hosts, net, 2_400) > 2


def test_where_not_all_are_linked_relays_go_on() -> None:
    """A ring of eight in which each is linked with the next two: all arrive, in few copies."""
    net = Network(3)
    hosts = [Host(net, f"n{number}", natted=True) for number in range(8)]
    net.start()
    for index, one in enumerate(hosts):
        for step in (1, 2):
            net.connect(one, hosts[(index + step) % 8])
    net.run(500)
    rate(net, hosts, 2_000, 0)
    assert copies(hosts, net, 2_000) <= 1 + 4 / USEFUL + 0.5
    assert equal(hosts)


def line_of_three() -> tuple[Network, Host, Host, Host]:
    """Return three nodes, all linked, of which the second and the third relay nothing whole to each other."""
    net, (one, two, three) = mesh(3)
    rate(net, [one], 800, 0)
    assert all(host.machine.counts()["relays thinned"] >= 1 for host in (two, three))
    net.run(10_000)  # to between two heartbeats: what they show is compared
    return net, one, two, three


def cut(net: Network, one: Host, other: Host) -> None:
    """End the link between two hosts; neither can be dialled."""
    (link,) = [link.number for link in one.machine.links() if link.did == other.did]
    net._close(one, link)
    one.machine.closed(link, net.now)
    net.run(50)
    assert other.did not in {link.did for link in one.machine.links()}


def test_what_is_only_announced_is_asked_for() -> None:
    """The whole record's way is gone: it comes on request, and the next ones come whole the other way."""
    net, one, two, three = line_of_three()
    cut(net, one, three)
    record = rating("late", "bob", 4)
    one.add(record)
    busy(net, two, 600)
    assert (holds(two, record), holds(three, record)) == (True, False)
    busy(net, two, ANNOUNCED + WAIT)
    assert holds(three, record)
    counts = three.machine.counts()
    assert (counts["asked for"], counts["relays whole"], counts.get("syncs", 0)) == (1, 1, 0)
    after = rating("later", "bob", 4)
    one.add(after)
    net.run(300)
    assert holds(three, after)


def test_without_asking_it_does_not_come() -> None:
    """Control: the same, and no question arrives."""
    net, one, two, three = line_of_three()
    cut(net, one, three)
    net.faults = Faults(deaf=b'"type":"SYNC_REQUEST"')
    record = rating("late", "bob", 4)
    one.add(record)
    busy(net, two, ANNOUNCED + 5 * WAIT)
    assert (holds(two, record), holds(three, record)) == (True, False)
    assert net.injected["deaf"] > 0


def test_a_lost_frame_is_made_good() -> None:
    """A whole record that is lost on its one link comes from a peer that announced it, without a sync."""
    net, one, two, three = line_of_three()
    record = rating("lost", "bob", 4)
    (link,) = [link.number for link in three.machine.links() if link.did == one.did]
    machine = three.machine
    received = machine.received
    machine.received = lambda number, frame, now: None if number == link else received(number, frame, now)
    one.add(record)
    net.run(100)
    machine.received = received
    assert (holds(two, record), holds(three, record)) == (True, False)
    busy(net, two, ANNOUNCED + WAIT)
    assert holds(three, record)
    assert three.machine.counts()["asked for"] == 1


def test_alarms_and_own_records_are_never_announced() -> None:
    """Over links that want announcements, CRITICAL goes whole at once, and so does what a node makes."""
    net, one, two, three = line_of_three()
    cut(net, one, three)
    alarm = sealed("x", "key", {"action": "compromised", "since": 5})
    own = rating("two", "bob", 4)
    one.add(alarm)
    two.add(own)
    net.run(300)
    assert holds(three, alarm)
    assert holds(three, own)


def test_updates_commit_over_announcements() -> None:
    """A peer that only says that it holds an update accepts it, on both sides."""
    net, hosts = mesh(4)
    rate(net, hosts, 1_600, 0)
    body = {"subject": did_of("agent"), "event": "score-update", "score": 5}
    hosts[0].add(sealed("witness", "update", body))
    net.run(6_000)
    assert total(hosts, "received RELAY") > 0
    for host in hosts:
        (commit,) = host.memory.commits.values()
        assert commit.committed, host.name


def test_who_announces_an_update_accepts_it() -> None:
    """Before it is here or after: the announcement counts as the record itself would, and is answered so."""
    net, middle, (early, giver, late, last) = pair(4)
    body = {"subject": did_of("agent"), "event": "score-update", "score": 5}
    record = sealed("witness", "update", body)
    early.machine.say(payloads.RELAY, Relay(base64(record.digest), True))
    net.run(100)
    giver.machine.push(record.line)
    net.run(100)
    (commit,) = middle.memory.commits.values()
    assert (commit.accepted, commit.of, commit.committed) == (2, 4, 0)
    late.machine.say(payloads.RELAY, Relay(base64(record.digest), True))
    last.machine.push(record.line)
    net.run(3_000)
    (commit,) = middle.memory.commits.values()
    assert (commit.accepted, commit.committed > 0) == (3, True)
    for puppet in (early, giver, late, last):
        assert [one.accepted for one in puppet.machine.said(payloads.TRUST_RESULT)] == [[record.id]]


def test_copies_are_not_sent_to_who_announced_them() -> None:
    """What a peer came to hold while it waited here does not go there, whole or announced."""
    net = Network()
    middle = Host(net, "middle")
    one, two = Host(net, "one", build=Puppet), Host(net, "two", build=Puppet)
    net.start()
    for other in (one, two):
        net.connect(other, middle)
    net.run(100)
    first, second = (rating("r", f"s{number}", 4) for number in range(2))
    one.machine.push(first.line)
    net.run(20)
    one.machine.push(second.line)  # waits for the pace: the first has just gone
    net.run(20)
    two.machine.say(payloads.RELAY, Relay(base64(second.digest), True))
    net.run(2_000)
    (sent,) = two.machine.said(payloads.TRUST_UPDATE)
    assert lines(sent.records) == [first.line]


def asked(host: Host) -> list[SyncRequest]:
    """Return the questions for announced records that came to a puppet."""
    found = host.machine.said(payloads.SYNC_REQUEST)
    return [one for one in found if isinstance(one, SyncRequest) and one.id >= FIRST_ASK]


def pair(count: int = 1) -> tuple[Network, Host, list[Host]]:
    """Return a node and the puppets that are linked with it."""
    net = Network()
    middle = Host(net, "middle")
    others = [Host(net, f"p{number}", build=Puppet) for number in range(count)]
    net.start()
    for other in others:
        net.connect(other, middle)
    net.run(100)
    return net, middle, others


def test_promises_that_are_not_kept_cost_one_question_at_a_time() -> None:
    """A peer that announces thousands of records it has not is asked for a thousand at a time."""
    net, middle, (liar,) = pair()
    for number in range(20):
        ids = b"".join(bytes([number]) + place.to_bytes(31, "big") for place in range(payloads.HAVE))
        liar.machine.say(payloads.RELAY, Relay(base64(ids), True))
    net.run(10_000)
    questions = asked(liar)
    assert 1 <= len(questions) <= 10_000 // WAIT
    assert all(len(question.wanted) <= WANTED for question in questions)  # type: ignore[arg-type]
    assert middle.machine.counts()["announced to us"] == 20 * payloads.HAVE
    (link,) = middle.machine._desk.links.values()
    assert link.claims <= CLAIMS
    net.run(60_000)
    assert link.claims == 0  # each was asked for once, or forgotten


def test_an_honest_peer_is_asked_before_a_liar() -> None:
    """Of two that announce the same record, the one that broke promises is asked last."""
    net, middle, (liar, honest) = pair(2)
    liar.machine.say(payloads.RELAY, Relay(base64(bytes(32)), True))
    net.run(3 * WAIT)
    record = rating("r", "s", 4)
    for puppet in (liar, honest):
        puppet.machine.say(payloads.RELAY, Relay(base64(record.digest), True))
    net.run(WAIT + 500)
    (question,) = asked(honest)
    assert question.wanted == [record.id]
    assert len(asked(liar)) == 1
    answer = SyncResponse(head=liar_head(), id=question.id, more=False, next=0, records=raws([record.line]))
    honest.machine.say(payloads.SYNC_RESPONSE, answer)
    net.run(100)
    assert holds(middle, record)


def test_who_is_asked_in_vain_is_followed_by_another() -> None:
    """A liar that is asked first costs one wait: then the other one is asked."""
    net, _, (liar, honest) = pair(2)
    record = rating("r", "s", 4)
    for puppet in (liar, honest):
        puppet.machine.say(payloads.RELAY, Relay(base64(record.digest), True))
    net.run(3 * WAIT)
    assert [len(asked(puppet)) for puppet in (liar, honest)] == [1, 1]


def liar_head() -> payloads.HeadOf:
    """Return some head."""
    return payloads.HeadOf("0" * 64, 0, "0" * 32, 0)


def test_an_answer_nobody_asked_for_brings_nothing() -> None:
    """Records in a SYNC_RESPONSE to no question are not taken."""
    net, middle, (liar,) = pair()
    record = rating("r", "s", 4)
    for id_ in (FIRST_ASK, FIRST_ASK + 7, 3):
        answer = SyncResponse(head=liar_head(), id=id_, more=False, next=0, records=raws([record.line]))
        liar.machine.say(payloads.SYNC_RESPONSE, answer)
    net.run(1_000)
    assert not holds(middle, record)


@pytest.mark.parametrize("have", [base64(bytes(31)), base64(bytes(33)), "!", base64(bytes(32 * 2_001))])
def test_announcements_of_another_shape_are_refused(have: str) -> None:
    """Whole ids in base64url, and not more than a RELAY may hold."""
    net, middle, (liar,) = pair()
    liar.machine.say(payloads.RELAY, Relay(have, True))
    net.run(100)
    assert middle.machine.counts()["fault bad_payload"] == 1


def test_what_is_announced_can_be_had() -> None:
    """A peer that wants announcements gets ids, and the record when it asks; the rest of its wish is kept."""
    net, middle, (asker, maker) = pair(2)
    asker.machine.say(payloads.RELAY, Relay("", False))
    net.run(100)
    record = rating("r", "s", 4)
    maker.machine.push(record.line)
    net.run(ANNOUNCED)
    (relay,) = [one for one in asker.machine.said(payloads.RELAY) if isinstance(one, Relay)]
    assert (from_base64(relay.have), relay.whole) == (record.digest, True)
    assert asker.machine.said(payloads.TRUST_UPDATE) == []
    asker.machine.say(payloads.SYNC_REQUEST, SyncRequest(id=FIRST_ASK, wanted=[record.id]))
    net.run(100)
    answers = [one for one in asker.machine.said(payloads.SYNC_RESPONSE) if isinstance(one, SyncResponse)]
    assert [lines(one.records) for one in answers] == [[record.line]]  # type: ignore[arg-type]
    assert holds(middle, record)


class Counting(MemoryShelf):
    """Counts what it takes in each transaction."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.batches: list[int] = []

    def take(self, found: Sequence[bytes]) -> list[Result]:
        self.batches.append(len(found))
        return super().take(found)


def test_records_that_come_fast_are_stored_together() -> None:
    """Twenty frames of fifty within 400 ms are few transactions; one rating in peace is stored at once."""
    net = Network()
    shelf = Counting("middle")
    middle, one = Host(net, "middle", shelf=shelf), Host(net, "one", build=Puppet)
    net.start()
    net.connect(one, middle)
    net.run(100)
    for frame in range(20):
        one.machine.push(*[rating(f"r{place}", f"s{frame}", 4).line for place in range(50)])
        net.run(20)
    net.run(GATHER + 10)
    assert sum(shelf.batches) == 1_000
    assert len(shelf.batches) <= 6
    net.run(1_000)
    one.machine.push(rating("x", "y", 4).line)
    net.run(10)
    assert shelf.batches[-1:] == [1]


def test_an_alarm_is_not_gathered() -> None:
    """While records are gathered, a CRITICAL one is verified and stored at once."""
    net, middle, (one,) = pair()
    one.machine.push(*[rating(f"r{place}", "s", 4).line for place in range(50)])
    net.run(20)
    one.machine.push(rating("waits", "s", 4).line)
    net.run(20)
    assert middle.shelf.head().records == 50
    alarm = sealed("x", "key", {"action": "compromised", "since": 5})
    one.machine.say(payloads.REVOCATION, payloads.Revocation("CRITICAL", raws([alarm.line])))
    net.run(10)
    assert holds(middle, alarm)


def test_the_alarm_of_a_stranger_is_gathered() -> None:
    """Who brought nothing yet has no commit of its own for each alarm; it is there with the others."""
    net, middle, (one, stranger) = pair(2)
    one.machine.push(*[rating(f"r{place}", "s", 4).line for place in range(50)])
    net.run(20)
    alarm = sealed("x", "key", {"action": "compromised", "since": 5})
    stranger.machine.say(payloads.REVOCATION, payloads.Revocation("CRITICAL", raws([alarm.line])))
    net.run(20)
    assert not holds(middle, alarm)
    net.run(GATHER)
    assert holds(middle, alarm)


def test_a_source_is_judged_after_a_while_and_given_more_time_when_it_was_missed() -> None:
    """Mostly copies is useless, one new in four is not; each time it is missed its patience doubles."""
    one = Source()
    one.brought(0, PATIENCE - 1)
    assert not one.useless
    one.brought(0, 1)
    assert one.useless == PATIENCE
    missed = Source()
    missed.thicken()
    seen = []
    for _ in range(2):
        missed.brought(0, PATIENCE)
        seen.append(missed.useless)
    assert seen == [0, 2 * PATIENCE]
    other = Source()
    other.brought(PATIENCE // USEFUL, PATIENCE - PATIENCE // USEFUL)
    assert not other.useless


def links(count: int) -> Any:
    """Return stand-ins for links with a bit each."""
    made = []
    for place in range(count):
        link = Link.__new__(Link)
        link.bit, link.claims = 1 << place, 0
        made.append(link)
    return made


def test_holders_are_bounded_and_leave() -> None:
    """The oldest records are forgotten first, and nobody inherits what a link that left held."""
    holders, (one, two) = Holders(size=16), links(2)
    ids = [bytes([number]) * 32 for number in range(40)]
    for id_ in ids:
        assert holders.add(id_, one.bit)
        assert not holders.add(id_, two.bit)
    assert sum(id_ in holders for id_ in ids) <= 16
    assert ids[-1] in holders
    assert holders.of(ids[-1]) == one.bit | two.bit
    holders.leave(one)
    assert holders.of(ids[-1]) == two.bit
    assert holders.lacking(ids[-2:], one.bit) == ids[-2:]
    assert holders.lacking(ids[-2:], two.bit) == []


def test_claims_end_when_the_record_comes() -> None:
    """Who announced a record holds it; the claim is no longer due, and no longer counts."""
    holders, (one, two) = Holders(), links(2)
    holders.claim([b"a" * 32], one, 100)
    holders.claim([b"a" * 32], two, 150)
    assert ([id_ for id_, _ in holders.due(100)], one.claims, two.claims) == ([b"a" * 32], 1, 0)
    assert holders.due(99) == []
    holders.add(b"a" * 32, 0)
    assert (holders.of(b"a" * 32), holders.due(100), one.claims) == (3, [], 0)
    assert APART < WAIT
