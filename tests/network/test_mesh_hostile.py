"""Hostile peers in the virtual network: cut off in two seconds, while honest records arrive as ever."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.network.puppet import Puppet
from tests.network.shelves import MemoryShelf
from tests.network.virtual import Host, Network, equal
from tests.network_of_raters import did_of, rating, sealed
from trustcli.mesh import payloads
from trustcli.mesh.actions import Send
from trustcli.mesh.answering import COMPARISONS, PATIENCE
from trustcli.mesh.handshake import head_of
from trustcli.mesh.messages import base64, from_base64, raws
from trustcli.mesh.payloads import Beat, FeedOf, HeadOf, Revocation, SyncRequest, SyncResponse, TrustUpdate
from trustcli.sync.exchange import Head
from trustcli.sync.negentropy import Initiator, Vector, respond

if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.mesh.payloads import Payload
    from trustcli.sync.exchange import Items

TURN = 400  # ms of a test that calls a machine by hand, longer than it gathers records
TOGETHER = 1_000  # ms in which an honest record is everywhere, attack or not


class Stormer(Puppet):
    """Attacks at full speed from the moment it is linked: twenty messages every ten milliseconds."""

    attack: Callable[[Stormer, int], None]
    began = 0
    count = 0

    def tick(self, now: int) -> int:
        if self.is_linked and now >= self.host.net.start_of_attack:
            self.began = self.began or now
            for _ in range(20):
                if self.links:
                    self.count += 1
                    type(self).attack(self, self.count)
        return now + 10


def _open_link(self: Stormer) -> int:
    return next(number for number, link in self.links.items() if link.is_open)


def say(stormer: Stormer, type_: str, payload: Payload) -> None:
    """Send a sound frame over the first open link."""
    stormer.say(type_, payload, _open_link(stormer))


def garbage(stormer: Stormer, count: int) -> None:
    """Bytes that mean nothing."""
    stormer.throw(_open_link(stormer), random.Random(count).randbytes(500))


def oversize(stormer: Stormer, _count: int) -> None:
    """Frames longer than a frame may be."""
    stormer.throw(_open_link(stormer), b'{"message":' + b" " * 524_288)


def unsigned(stormer: Stormer, _count: int) -> None:
    """Sound frames with somebody else's signature."""
    link = _open_link(stormer)
    ping = Beat(head_of(stormer.host.shelf.head()))
    frame = stormer.links[link].frame(payloads.PING, ping, stormer.host.net.now)
    stormer.throw(link, frame[:-88] + b"A" * 86 + b'"}')


def forged_records(stormer: Stormer, count: int) -> None:
    """Pages full of records that nobody signed."""
    line = rating("victim", "y", 4).line
    values = range(10 + count % 10, 40)
    forged = [line.replace(b'"value":40', b'"value":%d' % value) for value in values]
    say(stormer, payloads.TRUST_UPDATE, TrustUpdate(raws(forged)))


def alarms(stormer: Stormer, count: int) -> None:
    """CRITICAL revocations, each sound, one a message, ten thousand of them."""
    line = sealed("wolf", "revocation", {"record": f"{count:064x}", "priority": "critical"}).line
    say(stormer, payloads.REVOCATION, Revocation("CRITICAL", raws([line])))


def replay(stormer: Stormer, _count: int) -> None:
    """Its own last frame, again and again."""
    if stormer.count == 1:
        say(stormer, payloads.PING, Beat(head_of(stormer.host.shelf.head())))
    stormer.throw(_open_link(stormer), stormer.sent[-1])


def questions(stormer: Stormer, count: int) -> None:
    """Requests for everything."""
    say(stormer, payloads.SYNC_REQUEST, SyncRequest(id=count, feed=FeedOf(0, 10_000)))


def nested(stormer: Stormer, _count: int) -> None:
    """JSON as deep as a frame is long."""
    link = _open_link(stormer)
    deep = b"[" * 100_000 + b"]" * 100_000
    frame = stormer.links[link].frame(payloads.TRUST_UPDATE, TrustUpdate(raws([deep])), stormer.host.net.now)
    stormer.throw(link, frame)


def broken_sync(stormer: Stormer, count: int) -> None:
    """Comparison messages that are none."""
    say(stormer, payloads.SYNC_REQUEST, SyncRequest(id=count, reconcile=base64(b"\x61\xff\xff\xff")))


def greetings(stormer: Stormer, _count: int) -> None:
    """Steps of a handshake on an open link."""
    say(stormer, payloads.HANDSHAKE, payloads.Done(3))


def announcements(stormer: Stormer, count: int) -> None:
    """Full announcements of records that do not exist, each time others."""
    ids = random.Random(count).randbytes(32 * payloads.HAVE)
    say(stormer, payloads.RELAY, payloads.Relay(base64(ids), True))


ATTACKS = (
    garbage, oversize, unsigned, forged_records, alarms, replay, questions, nested, broken_sync, greetings,
    announcements,
)  # fmt: skip


def town(build: Any = None) -> tuple[Network, list[Host], Host | None]:
    """Return four honest nodes, all linked with each other, and an attacker linked with two of them."""
    net = Network(1)
    net.start_of_attack = net.now + 2_000
    honest = [Host(net, f"n{number}") for number in range(4)]
    attacker = Host(net, "attacker", build=build) if build else None
    net.start()
    for index, one in enumerate(honest):
        for other in honest[:index]:
            net.connect(one, other)
    if attacker:
        for one in honest[:2]:
            net.connect(attacker, one)
    net.run(1_990)
    return net, honest, attacker


def life(net: Network, honest: list[Host], ms: int) -> int:
    """Let all honest nodes rate for a while; return the longest time a record took to be everywhere."""
    waiting: dict[bytes, int] = {}
    longest, number, end = 0, 0, net.now + ms
    while net.now < end or (waiting and net.now < end + 5_000):
        if net.now < end and number < 10 * (net.now - end + ms) / 1_000:
            record = rating(f"honest-{number}", "somebody", 3)
            honest[number % len(honest)].add(record)
            waiting[record.digest] = net.now
            number += 1
        net.run(20)
        for id_ in [id_ for id_ in waiting if all(id_ in held(host) for host in honest)]:
            longest = max(longest, net.now - waiting.pop(id_))
    assert not waiting
    return longest


def held(host: Host) -> dict[bytes, Any]:
    """Return what a host holds."""
    assert isinstance(host.shelf, MemoryShelf)
    return host.shelf.records


def test_without_an_attacker() -> None:
    """Control: how long honest records take in this town."""
    net, honest, _ = town()
    assert life(net, honest, 2_000) <= TOGETHER


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attacker_at_full_speed_is_cut_off(attack: Any) -> None:
    """Within two seconds it has no link and is banned on both; honest records take no longer than ever."""
    kind = type("Attacker", (Stormer,), {"attack": attack})
    net, honest, attacker = town(kind)
    assert attacker
    assert len(attacker.machine.links) == 2
    longest = life(net, honest, 2_000)
    assert attacker.machine.began
    assert attacker.machine.links == {}
    assert max(attacker.machine.ends) - attacker.machine.began <= 2_000
    assert longest <= TOGETHER
    for one in honest[:2]:
        seen = one.memory.seen(attacker.did)
        assert seen is not None
        assert seen.banned_until > net.now or attack is greetings
        assert {link.did for link in one.machine.links()} == {
            other.did for other in honest if other is not one
        }
    assert equal(honest)


def test_forgeries_cost_few_signature_checks() -> None:
    """Of thousands of forged records in one frame, only a first share is looked at."""
    net, honest, attacker = town(Puppet)
    assert attacker
    line = rating("victim", "y", 4).line
    lines = [line.replace(b'"created":1', b'"created":%d' % (2 + number)) for number in range(900)]
    attacker.machine.say(payloads.TRUST_UPDATE, TrustUpdate(raws(lines)), next(iter(attacker.machine.links)))
    net.run(500)
    counts = honest[0].machine.counts()
    assert counts["closed cut"] == 1
    assert 10 <= counts["records refused"] <= 50


def test_a_flooded_link_is_cut_and_its_key_banned() -> None:
    """The driver counts what comes; the machine ends the link as for too many messages."""
    net, honest, attacker = town(Puppet)
    assert attacker
    host = honest[0]
    link = next(link for link in host.machine.links() if link.did == attacker.me.did)
    host.machine.flooded(link.number, net.now)
    host.machine.flooded(link.number, net.now)  # once is enough
    assert host.machine.counts()["closed cut"] == 1
    assert host.machine.counts()["flooded"] == 1
    seen = host.memory.seen(attacker.me.did)
    assert seen
    assert (seen.bans, seen.because) == (1, "rate_limited")


def test_what_is_no_record_ends_a_link_as_forgeries_do() -> None:
    """Records in another form than the one, or of no form at all: nobody who verifies could hold them."""
    for bad in (
        b"{}",
        rating("v", "y", 4).line.replace(b":", b": ", 1),
        b'{"record":7,"sig":"' + b"A" * 86 + b'"}',
    ):
        net, honest, attacker = town(Puppet)
        assert attacker
        link = next(iter(attacker.machine.links))
        bodies = [bad.replace(b'"value"', b'"ext":{"n":%d},"value"' % number) for number in range(20)]
        attacker.machine.say(payloads.TRUST_UPDATE, TrustUpdate(raws(bodies)), link)
        net.run(500)
        assert {**honest[0].machine.counts()}.get("closed cut") == 1, bad


def test_refusals_of_another_version_do_not() -> None:
    """A node that knows more kinds of fields than we do is not cut off for it."""
    net, honest, attacker = town(Puppet)
    assert attacker
    link = next(iter(attacker.machine.links))
    for number in range(30):
        line = sealed("new", "mood", {"of": number}).line.replace(b'"kind":"mood"', b'"kind":"rating"')
        attacker.machine.say(payloads.TRUST_UPDATE, TrustUpdate(raws([line])), link)
        net.run(700)
    assert honest[0].machine.counts()["fault refused_record"] == 30
    assert honest[0].machine.counts().get("closed cut", 0) == 0


def test_slow_forgeries_end_too() -> None:
    """One forged record every ten seconds never fills the minute, and the fiftieth is the last."""
    net, honest, attacker = town(Puppet)
    assert attacker
    link = next(iter(attacker.machine.links))
    sent = 0
    while link in attacker.machine.links and sent < 100:
        line = rating("victim", "y", 4).line
        forged = line.replace(b'"created":1', b'"created":%d' % (2 + sent))
        attacker.machine.say(payloads.TRUST_UPDATE, TrustUpdate(raws([forged])), link)
        sent += 1
        net.run(10_000)
    assert sent == 50
    assert honest[0].machine.counts()["closed cut"] == 1


def test_ten_thousand_sound_alarms_delay_nobody() -> None:
    """Within its rate a peer may bring valid CRITICAL records; ours still travel as fast, and all arrive."""
    net, honest, attacker = town(Puppet)
    assert attacker
    link = next(iter(attacker.machine.links))
    for part in range(20):
        lines = [
            sealed(f"wolf-{number}", "revocation", {"record": f"{part:064x}", "priority": "critical"}).line
            for number in range(100)
        ]
        attacker.machine.say(payloads.REVOCATION, Revocation("CRITICAL", raws(lines)), link)
    assert life(net, honest, 2_000) <= TOGETHER
    net.run_until(lambda: equal(honest), 60_000)
    assert equal(honest)
    assert len(held(honest[3])) > 2_000


def test_two_stories_become_one() -> None:
    """An author that tells two nodes different things is found out: both hold both."""
    net, honest, attacker = town(Puppet)
    assert attacker
    one, other = rating("attacker", "y", 1), rating("attacker", "y", 5)
    first, second = attacker.machine.links
    attacker.machine.say(payloads.TRUST_UPDATE, TrustUpdate(raws([one.line])), first)
    attacker.machine.say(payloads.TRUST_UPDATE, TrustUpdate(raws([other.line])), second)
    net.run(TOGETHER)
    assert [held(host).keys() >= {one.digest, other.digest} for host in honest] == [True] * 4


class Liar(Puppet):
    """Tells another head in each message, and compares with a set that is never the same."""

    draw = random.Random(5)

    def lie(self) -> HeadOf:
        return head_of(Head("liar", 1_000, 1_000 + len(self.heard), self.draw.randbytes(32).hex()))

    def received(self, link: int, frame: bytes, now: int) -> None:
        before = len(self.heard)
        super().received(link, frame, now)
        for _, type_, _ in self.heard[before:]:
            if type_ == payloads.PING:
                self.say(payloads.PONG, Beat(self.lie()), link)

    def hear(self, link: int, type_: str, payload: Payload) -> None:
        if not isinstance(payload, SyncRequest):
            return
        if payload.reconcile:
            items = Vector((number, self.draw.randbytes(32)) for number in range(300))
            answer = respond(items, from_base64(str(payload.reconcile)))
            response = SyncResponse(head=self.lie(), id=payload.id, reconcile=base64(answer))
        else:
            response = SyncResponse(head=self.lie(), id=payload.id, more=True, next=1, records=[])
        self.say(payloads.SYNC_RESPONSE, response, link)


def test_a_peer_that_never_agrees_wastes_little() -> None:
    """Endless sync: a few questions, then longer and longer pauses; honest records are not held up."""
    net, honest, liar = town(Liar)
    assert liar
    honest[0].add(rating("a", "b", 3))
    for one in honest:
        net.connect(one, liar)
    assert life(net, honest, 3_000) <= TOGETHER
    net.run(300_000)
    asked = [payload for _, type_, payload in liar.machine.heard if type_ == payloads.SYNC_REQUEST]
    assert 0 < len(asked) < 60
    assert life(net, honest, 1_000) <= TOGETHER
    assert equal(honest)


def test_what_one_peer_hides_another_brings() -> None:
    """A peer that has all records but those of one author cannot keep them from us."""
    net, honest, _ = town()
    hidden = rating("hidden", "y", 1)

    def keeps(record: Any) -> bool:
        return bool(record.author != did_of("hidden"))

    censor = Host(net, "censor", shelf=MemoryShelf("censor", keeps=keeps))
    late = Host(net, "late")
    net.start()
    for one in honest:
        net.connect(one, censor)
    honest[0].add(hidden, rating("x", "y", 2))
    net.run(5_000)
    assert hidden.digest not in held(censor)
    net.connect(late, censor)
    net.run(20_000)
    assert len(held(late)) == 1
    net.connect(late, honest[3])
    net.run(20_000)
    assert hidden.digest in held(late)


LINE = rating("x", "y", 4).line
FORGED = LINE[:-40] + b"A" * 30 + LINE[-10:]
NO_RECORD = b'{"record":{},"sig":"' + b"A" * 86 + b'"}'
json_lines = st.sampled_from([LINE, FORGED, LINE.replace(b"4", b"5"), b"{}", b"7", NO_RECORD])
lines_of_any_kind = st.one_of(
    st.lists(json_lines, min_size=1, max_size=60),
    st.tuples(json_lines, st.integers(5, 60)).map(lambda both: [both[0]] * both[1]),
    st.tuples(json_lines, st.integers(5, 60)).map(lambda both: [both[0]] * both[1]),
    st.lists(st.binary(max_size=40), max_size=2),
)
HEAD_OF_NOTHING = head_of(Head("x", 0, 0, "0" * 64))
numbers = st.integers(-1, 2**53)
ids = st.lists(st.just("ab" * 32), max_size=3)
payloads_of_any_kind = st.one_of(
    st.builds(Beat, st.builds(HeadOf, st.just("cd" * 32), numbers, st.just("x"), numbers)),
    st.builds(TrustUpdate, lines_of_any_kind.map(raws)),
    st.builds(Revocation, st.sampled_from(["CRITICAL", "LOW"]), lines_of_any_kind.map(raws)),
    st.builds(payloads.PeerAnnounce, lines_of_any_kind.map(raws)),
    st.builds(payloads.PeerRequest, st.integers(0, 21), st.sampled_from(["", "ab" * 32, "a"])),
    st.builds(payloads.TrustResult, ids, st.just([payloads.RefusedRecord("x", "")])),
    st.builds(SyncRequest, id=numbers, offer=lines_of_any_kind.map(raws)),
    st.builds(SyncRequest, id=numbers, wanted=ids),
    st.builds(SyncRequest, id=numbers, reconcile=st.binary(max_size=60).map(base64)),
    st.builds(SyncRequest, id=numbers, feed=st.builds(FeedOf, numbers, numbers)),
    st.builds(
        SyncRequest, id=numbers, about=st.builds(payloads.AboutOf, numbers, numbers, st.text(max_size=9))
    ),
    st.builds(
        SyncResponse, head=st.just(HEAD_OF_NOTHING), id=st.integers(1, 3), reconcile=st.text(max_size=4)
    ),
    st.builds(payloads.Farewell, st.sampled_from(["bye", "x", "X"])),
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_bytes_raise_anything(data: st.DataObject) -> None:
    """Whatever arrives, before or after the handshake: no exception, and honest peers stay."""
    net = Network(2)
    honest, friend, other = Host(net, "honest"), Host(net, "friend"), Host(net, "other", build=Puppet)
    net.start()
    net.connect(friend, honest)
    dials = data.draw(st.booleans())
    net.connect(*((other, honest) if dials else (honest, other)))
    number = 4 if dials else 3
    net.run(data.draw(st.sampled_from([100, 100, 100, 6, 0])))
    puppet: Puppet = other.machine
    for _ in range(data.draw(st.integers(1, 4))):
        link = puppet.links[puppet.only]
        if data.draw(st.sampled_from([True, True, False])):
            payload = data.draw(payloads_of_any_kind)
            fitting = [name for name, kind in payloads.TYPES.items() if isinstance(payload, kind)]
            frame = link.frame(
                data.draw(st.sampled_from([*fitting * 4, "HANDSHAKE", "PANG"])), payload, net.now
            )
        else:
            frame = data.draw(st.sampled_from([*puppet.sent, b"", b'{"message":{},"sig":""}']))
            at = data.draw(st.integers(0, len(frame)))
            frame = frame[:at] + data.draw(st.binary(max_size=8)) + frame[at + data.draw(st.integers(0, 8)) :]
        honest.machine.received(number, frame, net.now)
        honest.act()
    honest.machine.settle(net.now)
    honest.act()
    net.run(200)
    assert [link.did for link in honest.machine.links() if link.did == friend.did] == [friend.did]


def test_questions_do_not_pile_up_answers() -> None:
    """Who asks for pages without waiting gets them one at a time; what waits here is bounded."""
    net, honest, attacker = town(Puppet)
    assert attacker
    honest[0].shelf.take([rating(f"r{number % 50}", f"s{number}", 3).line for number in range(1_500)])
    link = next(iter(attacker.machine.links))
    for number in range(90):
        say_to(attacker, link, SyncRequest(id=number + 1, feed=FeedOf(0, 10_000)))
    net.run(40)
    answers = attacker.machine.said(payloads.SYNC_RESPONSE)
    assert 1 <= len(answers) <= 9
    assert max(len(frame) for frame in attacker.machine.frames) <= 512 << 10


def say_to(host: Host, link: int, request: SyncRequest) -> None:
    """Ask over one link."""
    host.machine.say(payloads.SYNC_REQUEST, request, link)


def answered(records: int) -> tuple[int, int]:
    """Let two peers ask while one of them brings records; return the answers of one turn, and of one more."""
    net = Network(1)
    honest = Host(net, "honest")
    askers = [Host(net, f"asker-{number}", build=Puppet) for number in range(2)]
    net.start()
    for asker in askers:
        net.connect(asker, honest)
    net.run(3_000)
    machine, counts = honest.machine, list[int]()
    lines = [rating(f"a{one}", "somebody", 3).line for one in range(records)]
    for facts, asker in zip(machine.links(), askers, strict=True):
        (link,) = asker.machine.links.values()
        beat = link.frame(payloads.PONG, Beat(head_of(asker.shelf.head())), net.now)
        machine.received(facts.number, beat, net.now)
        assert not machine.has_work(facts.number), "a heartbeat waits for nothing"
        question = SyncRequest(id=1, feed=FeedOf(0, 10))
        machine.received(facts.number, link.frame(payloads.SYNC_REQUEST, question, net.now), net.now)
        assert machine.has_work(facts.number)
        if records and asker is askers[0]:
            update = link.frame(payloads.TRUST_UPDATE, TrustUpdate(raws(lines)), net.now)
            machine.received(facts.number, update, net.now)
    before = machine.counts().get("sent SYNC_RESPONSE", 0)
    for later in (0, 1_000):
        machine.settle(net.now + later)
        machine.tick(net.now + later)
        counts.append(machine.counts().get("sent SYNC_RESPONSE", 0) - before)
    return counts[0], counts[1]


def test_while_records_come_one_question_is_answered_a_turn() -> None:
    """The other one when that is over; without records both at once."""
    assert answered(0) == (2, 2)
    assert answered(50) == (1, 2)


class Unprepared(MemoryShelf):
    """A shelf that must be prepared in two steps for what came since, as an index of ids must."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.steps = list[bool]()
        self._missing = 2

    def prepare(self, *, is_hurried: bool) -> bool:
        """Count the steps."""
        self.steps.append(is_hurried)
        self._missing -= self._missing > 0
        return not self._missing

    def items(self) -> Items:
        """Assert that the work was done before, in steps."""
        assert not self._missing
        return super().items()


def comparisons(records: int, shelf: MemoryShelf, *, peers: int = 1, turns: int = 1) -> list[tuple[int, int]]:
    """Let peers ask for comparisons, in each of so many turns, and one of them bring records in all turns.

    Returns:
        When (in ms) which of them was answered.
    """
    net = Network(1)
    honest = Host(net, "honest", shelf=shelf)
    askers = [Host(net, f"asker-{number}", build=Puppet) for number in range(peers)]
    net.start()
    for asker in askers:
        net.connect(asker, honest)
    net.run(3_000)
    machine, begun, answered = honest.machine, net.now, list[tuple[int, int]]()
    places = {facts.did: (place, facts.number) for place, facts in enumerate(machine.links())}
    links = [(asker.machine.links[asker.machine.only], *places[asker.did]) for asker in askers]
    question = base64(Initiator(lambda: Vector(())).open())
    for now in range(begun, begun + 3 * PATIENCE, TURN):
        for link, place, number in links:
            if now < begun + turns * TURN:
                request = SyncRequest(id=now, reconcile=question)
                machine.received(number, link.frame(payloads.SYNC_REQUEST, request, now), now)
            if records and not place:
                lines = [rating(f"a{one}", f"at {now}", 3).line for one in range(records)]
                update = link.frame(payloads.TRUST_UPDATE, TrustUpdate(raws(lines)), now)
                machine.received(number, update, now)
        machine.settle(now)
        machine.tick(now)
        sent = [one for one in machine.drain() if isinstance(one, Send)]
        said = {one.link for one in sent if b'"type":"SYNC_RESPONSE"' in one.frame}
        answered += [(now - begun, place) for _, place, number in links if number in said]
    return answered


def test_a_comparison_at_rest_is_prepared_and_answered() -> None:
    """One step a turn, at once."""
    shelf = Unprepared("honest")
    assert comparisons(0, shelf) == [(TURN, 0)]
    assert shelf.steps == [False, False]


def test_while_records_come_a_comparison_waits_before_anything_is_done_for_it() -> None:
    """A flooder is cut off before it costs an index of all that came; who waits two seconds is answered."""
    shelf = Unprepared("honest")
    assert comparisons(50, shelf) == [(PATIENCE + TURN, 0)]
    assert shelf.steps == [True, True]


def test_comparisons_have_their_turns() -> None:
    """At rest one a turn; while records come one a second. Nobody is answered twice before the others."""
    many = 2 * PATIENCE // TURN
    assert comparisons(0, MemoryShelf("honest"), peers=3, turns=many)[:6] == [
        (turn * TURN, turn % 3) for turn in range(6)
    ]
    hurried = comparisons(50, MemoryShelf("honest"), peers=3, turns=many)
    assert [place for _, place in hurried[:3]] == [0, 1, 2]
    assert all(later - sooner >= COMPARISONS for (sooner, _), (later, _) in pairwise(hurried))
    assert len(hurried) >= PATIENCE // COMPARISONS
