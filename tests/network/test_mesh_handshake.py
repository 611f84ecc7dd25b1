"""Who gets a link: three steps, both keys proven, and every way around them refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.network.puppet import Puppet
from tests.network.virtual import Faults, Host, Network
from tests.network_of_raters import did_of, seed_of
from trustcli.mesh import payloads
from trustcli.mesh.actions import Send
from trustcli.mesh.limits import FIRST_BAN
from trustcli.mesh.memory import Seen
from trustcli.mesh.messages import Envelope, make
from trustcli.mesh.payloads import Done, Hello
from trustcli.records import crypto

if TYPE_CHECKING:
    from trustcli.mesh.handshake import Me


class Mirror(Puppet):
    """Gives back what it gets."""

    def opened(
        self, link: int, now: int, *, address: str, dialled: str | None = None, expect: str | None = None
    ) -> None:
        pass

    def received(self, link: int, frame: bytes, now: int) -> None:
        self.throw(link, frame)


class Recorder(Puppet):
    """Says nothing unless told to, not even a step; keeps what comes."""

    def opened(
        self, link: int, now: int, *, address: str, dialled: str | None = None, expect: str | None = None
    ) -> None:
        super().opened(link, now, address=address)

    def received(self, link: int, frame: bytes, now: int) -> None:
        self.frames.append(frame)


class Impostor(Puppet):
    """Answers whoever is meant."""

    def received(self, link: int, frame: bytes, now: int) -> None:
        found = self.links[link]
        if not found.did:
            _, payload = found.accept(frame, now)
            assert isinstance(payload, Hello)
            payload.to = ""
            answer = found.greeted(frame, payload, self.host.shelf.head(), now)
            assert answer
            self.throw(link, answer)


def network(**hosts: Any) -> tuple[Network, Host, Host]:
    """Return a network of an honest node and a puppet of some class."""
    net = Network()
    honest = Host(net, "honest")
    other = Host(net, "other", build=hosts.get("build", Puppet))
    net.start()
    return net, honest, other


def closes(host: Host) -> dict[str, int]:
    """Return how often links of a host were closed, by code."""
    return {
        name.removeprefix("closed "): times
        for name, times in host.machine.counts().items()
        if name.startswith("closed ")
    }


def test_both_sides_know_each_other() -> None:
    """After three frames both hold a link with the other's key, roles and head."""
    net = Network()
    a, b = Host(net, "a"), Host(net, "b", roles=("full", "bridge"))
    net.start()
    net.connect(a, b, b.did)
    net.run(100)
    (mine,), (yours,) = a.machine.links(), b.machine.links()
    assert (mine.did, mine.roles, mine.url) == (b.did, ("full", "bridge"), b.url)
    assert (yours.did, yours.roles, yours.url) == (a.did, ("full",), "")
    assert mine.head == b.shelf.head()
    assert a.machine.counts()["sent HANDSHAKE"] + b.machine.counts()["sent HANDSHAKE"] == 3


def test_a_mirror_is_refused_when_dialled() -> None:
    """Our own first step, sent back, ends the link as `self`."""
    net, honest, mirror = network(build=Mirror)
    net.connect(honest, mirror)
    net.run(1_000)
    assert (honest.machine.links(), closes(honest)) == ([], {"self": 1})


def test_a_mirror_is_refused_when_it_dials() -> None:
    """Who dials us and only repeats what we say gets no word out of us, and is closed."""
    net, honest, mirror = network(build=Mirror)
    net.connect(mirror, honest)
    net.run(11_000)
    assert (honest.machine.links(), closes(honest)) == ([], {"too_slow": 1})


def test_a_node_does_not_link_with_itself() -> None:
    """A node that dials its own address notices by its own key."""
    net = Network()
    a = Host(net, "a")
    net.start()
    net.connect(a, a)
    net.run(1_000)
    assert a.machine.links() == []
    assert set(closes(a)) <= {"self", "gone"}
    assert "self" in closes(a)


def test_relayed_messages_of_our_own_are_refused() -> None:
    """In an open session, our own PING sent back to us ends the link."""
    net, honest, other = network()
    net.connect(other, honest)
    net.run(35_000)
    puppet = other.machine
    ping = next(frame for frame in puppet.frames if b'"type":"PING"' in frame)
    puppet.throw(puppet.only, ping)
    net.run(100)
    assert (honest.machine.links(), closes(honest)) == ([], {"self": 1})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"net": "elsewhere"}, "other_network"),
        ({"to": did_of("somebody")}, "wrong_to"),
        ({"session": "0" * 64}, "bad_session"),
        ({"late": 300_001}, "old"),
        ({"late": -300_100}, "ahead"),
        ({"step": 3}, "out_of_turn"),
        ({"roles": ["king"]}, "bad_payload"),
    ],
)
def test_a_first_step_that_does_not_fit(change: dict[str, Any], code: str) -> None:
    """Another network, another addressee, a session from nowhere, a far clock, a wrong step: refused."""
    net, honest, other = network(build=Recorder)
    net.connect(other, honest)
    puppet, head = other.machine, other.machine.links[1].handshake.hello(other.shelf.head())
    step: Any = Hello(head.challenge, [], head.head, change.get("roles", ["full"]), 1, change.get("to", ""))
    if change.get("step") == 3:
        step = Done(3)
    envelope = Envelope(
        other.did, change.get("net", "main"), change.get("session", ""), 1, net.now - change.get("late", 0)
    )
    puppet.throw(1, make(crypto.signer(seed_of("other")), envelope, "HANDSHAKE", step))
    net.run(100)
    assert (honest.machine.links(), closes(honest)) == ([], {code: 1})
    assert puppet.last_word() == code


def test_another_version_is_refused() -> None:
    """The version stands in every signed message and in the transcript: nothing older can be agreed on."""
    net, honest, other = network(build=Recorder)
    net.connect(other, honest)
    hello = other.machine.links[1].greet(other.shelf.head(), net.now)
    other.machine.throw(1, hello.replace(b'"version":"1.0"', b'"version":"0.9"'))
    net.run(100)
    assert closes(honest) == {"other_version": 1}


def test_another_key_than_the_dialled_one() -> None:
    """Who answers in the place of the key we dialled is left at once."""
    net, honest, other = network(build=Impostor)
    net.connect(honest, other, expect=did_of("somebody"))
    net.run(100)
    assert (honest.machine.links(), closes(honest)) == ([], {"unexpected_key": 1})


def test_the_dialler_names_whom_it_wants() -> None:
    """A listener that is not meant does not answer, so it learns nothing that another would believe."""
    net = Network()
    a, b = Host(net, "a"), Host(net, "b")
    net.start()
    net.connect(a, b, did_of("somebody"))
    net.run(100)
    assert (a.machine.links(), b.machine.links()) == ([], [])
    assert closes(b) == {"wrong_to": 1}


def test_a_recorded_handshake_opens_nothing() -> None:
    """All frames of a dialler, played again on a new connection, fail at the fresh challenge."""
    net, honest, other = network()
    net.connect(other, honest)
    net.run(100)
    assert len(honest.machine.links()) == 1
    recorded = list(other.machine.sent)
    assert len(recorded) == 2
    thief = Host(net, "thief", build=Recorder)
    thief.start()
    net.connect(thief, honest)
    for frame in recorded:
        thief.machine.throw(thief.machine.only, frame)
    net.run(100)
    assert closes(honest) == {"bad_session": 1}
    assert [link.address for link in honest.machine.links()] == [other.address]


def test_a_second_first_step_is_out_of_turn() -> None:
    """Nobody starts over on an open link, and no third step comes before the first."""
    net, honest, other = network()
    net.connect(other, honest)
    net.run(100)
    puppet = other.machine
    link = puppet.links[puppet.only]
    again = link.handshake.hello(other.shelf.head())
    puppet.say("HANDSHAKE", Hello("33" * 32, [], again.head, ["full"], 1, ""))
    net.run(100)
    assert closes(honest) == {"out_of_turn": 1}


def test_lost_and_late_steps_are_sent_again() -> None:
    """With half of all frames lost and others doubled, handshakes still come to be in ten seconds."""
    opened = losses = 0
    for seed in range(12):
        net = Network(seed, Faults(0.5, 0.3, (0, 400)))
        a, b = Host(net, "a"), Host(net, "b")
        net.start()
        net.connect(a, b, b.did)
        net.run(9_900)
        opened += len(a.machine.links()) == len(b.machine.links()) == 1
        losses += net.injected["loss"]
    assert opened >= 10
    assert losses > 12


def test_without_sending_again_losses_would_matter() -> None:
    """Control of the test above: one lost step and no second try, and there is no link."""
    net = Network(0, Faults(1.0))
    a, b = Host(net, "a"), Host(net, "b")
    net.start()
    net.connect(a, b, b.did)
    net.run(9_900)
    assert (a.machine.links(), b.machine.links()) == ([], [])
    assert net.injected["loss"] > 5


def test_silence_ends_at_the_deadline() -> None:
    """A connection that does not shake hands is closed after ten seconds, on either side."""
    net, honest, other = network(build=Recorder)
    net.connect(other, honest)
    net.connect(honest, other)
    net.run(9_900)
    assert closes(honest) == {}
    net.run(1_200)
    assert closes(honest) == {"too_slow": 2}


def test_a_banned_key_is_turned_away() -> None:
    """A key that was banned gets `banned` until the ban is over; a blocked one for good."""
    net, honest, other = network()
    honest.memory.save_seen([Seen(other.did, banned_until=net.now + FIRST_BAN)])
    net.connect(other, honest)
    net.run(100)
    assert (honest.machine.links(), other.machine.last_word()) == ([], "banned")
    net.now += FIRST_BAN
    net.connect(other, honest)
    net.run(100)
    assert len(honest.machine.links()) == 1
    honest.memory.blocks.add(other.did)
    other.machine.hang_up()
    net.run(100)
    net.connect(other, honest)
    net.run(100)
    assert honest.machine.links() == []


def test_one_link_for_each_key() -> None:
    """Two nodes that dial each other keep one link, the same on both sides."""
    for names in (("a", "b"), ("b", "a")):
        net = Network(3, Faults(delay=(20, 20)))
        one, other = (Host(net, name) for name in names)
        net.start()
        net.connect(one, other, other.did)
        net.connect(other, one, one.did)
        net.run(1_000)
        (mine,), (yours,) = one.machine.links(), other.machine.links()
        assert (mine.url == "") != (yours.url == "")


def test_a_new_connection_of_the_same_dialler_takes_over() -> None:
    """A node that lost its connection without our noticing comes back at once."""
    net, honest, other = network()
    net.connect(other, honest)
    net.run(100)
    net.connect(other, honest)
    net.run(100)
    (link,) = honest.machine.links()
    assert link.number == 4
    assert closes(honest) == {"duplicate": 1}


def test_the_crowd_makes_room() -> None:
    """A network that holds all places loses one to a newcomer from elsewhere; its own newcomers get none."""
    net = Network()
    honest = Host(net, "honest")
    net.start()
    crowd = []
    for number in range(40):
        one = Host(net, f"crowd-{number}", build=Puppet)
        one.address = f"203.0.113.{number}:1"
        one.start()
        net.connect(one, honest)
        net.run(50)
        crowd.append(one)
    assert len(honest.machine.links()) == 32
    guest = Host(net, "guest", build=Puppet)
    guest.start()
    net.connect(guest, honest)
    net.run(100)
    assert guest.address in [link.address for link in honest.machine.links()]
    assert len(honest.machine.links()) == 32


def test_many_handshakes_from_one_host_are_refused() -> None:
    """Of seventy handshakes from one host within two seconds, about sixty are begun."""
    net, honest, other = network()
    for _ in range(70):
        net.connect(other, honest)
        net.run(20)
    assert 1 <= closes(honest)["rate_limited"] <= 10


def test_what_is_said_before_the_last_step_is_dropped() -> None:
    """A message between the steps does no harm and has no effect."""
    net, honest, other = network(build=Recorder)
    net.connect(other, honest)
    link = other.machine.links[1]
    me: Me = other.me
    frame = make(me.sign, Envelope(me.did, "main", "", 5, net.now), payloads.CLOSE, payloads.Farewell("bye"))
    early = make(
        me.sign, Envelope(me.did, "main", "", 6, net.now), "PEER_REQUEST", payloads.PeerRequest(1, "")
    )
    assert link
    other.machine.throw(1, early)
    net.run(100)
    assert honest.machine.counts()["fault early"] == 1
    assert closes(honest) == {}
    other.machine.throw(1, frame)
    net.run(100)
    assert closes(honest) == {"bye": 1}
    assert not [action for action in honest.machine.drain() if isinstance(action, Send)]


def test_steps_again_and_again_are_over_the_rate() -> None:
    """A first step that is repeated without end is answered a few times, then counts against the rate."""
    net, honest, other = network()
    net.connect(other, honest)
    net.run(100)
    hello = other.machine.sent[0]
    for _ in range(250):
        other.machine.throw(other.machine.only, hello)
    net.run(100)
    assert honest.machine.links() == []
    assert honest.machine.counts()["sent HANDSHAKE"] <= 2


def test_a_key_that_is_blocked_while_linked_goes() -> None:
    """The user blocks a peer: at the next heartbeat its link ends."""
    net, honest, other = network()
    net.connect(other, honest)
    net.run(100)
    honest.memory.blocks.add(other.did)
    net.run(31_000)
    assert (honest.machine.links(), other.machine.last_word()) == ([], "banned")


def test_a_last_word_of_a_peer_fills_no_table() -> None:
    """Codes that a peer invents are not counted by name."""
    net, honest, other = network()
    for number in range(5):
        net.connect(other, honest)
        net.run(100)
        letters = "abcde"[number] * 30
        other.machine.say(payloads.CLOSE, payloads.Farewell(letters))
        net.run(100)
    assert closes(honest) == {"bye": 5}


@pytest.mark.parametrize(("skew", "links"), [(200_000, 1), (-200_000, 1), (301_000, 0)])
def test_clocks_may_differ_by_minutes(skew: int, links: int) -> None:
    """Up to five minutes apart they link and go on; the handshake showed each the other's clock."""
    net = Network()
    a, b = Host(net, "a").mesh(), Host(net, "b").mesh()
    a.opened(1, net.now, address="192.0.2.1:1", dialled="ws://192.0.2.1:1")
    b.opened(1, net.now + skew, address="192.0.2.2:1")
    for ms in (0, 1, 2, 3, 30_010, 30_020, 30_030, 60_100, 60_200, 95_000):
        now = net.now + ms
        for sender, receiver, clock in ((a, b, now + skew), (b, a, now)):
            for action in sender.drain():
                if isinstance(action, Send):
                    receiver.received(1, action.frame, clock)
        for machine, clock in ((a, now), (b, now + skew)):
            machine.settle(clock)
            machine.tick(clock)
    assert (len(a.links()), len(b.links())) == (links, links)
    assert [a.counts().get("received PONG", 0) > 0, b.counts().get("received PONG", 0) > 0] == [links > 0] * 2
    assert not any(
        name in counts
        for counts in (a.counts(), b.counts())
        for name in ("fault old", "fault ahead")
        if links
    )
