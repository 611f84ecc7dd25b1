"""What one peer may ask of us, and the small parts that hold it to that."""

from __future__ import annotations

import json

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tests.network.puppet import Puppet
from tests.network.virtual import Host, Network
from tests.network_of_raters import NOW
from trustcli.mesh import payloads
from trustcli.mesh.handshake import head_of
from trustcli.mesh.limits import (
    FIRST_BAN,
    LONGEST_BAN,
    MINUTE,
    Buckets,
    Faults,
    Recent,
    TokenBucket,
    ban_length,
)
from trustcli.mesh.liveness import ACTIVE, BANNED, INACTIVE, status
from trustcli.mesh.memory import Commit, Seen
from trustcli.mesh.messages import parse
from trustcli.mesh.quorum import OPEN, Quorum, is_committed
from trustcli.mesh.window import WIDTH, Window


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    """A hundred at once; the next after 600 ms, which is what a hundred a minute means."""
    bucket = TokenBucket(100, 100)
    assert sum(bucket.take(NOW) for _ in range(150)) == 100
    assert bucket.wait(NOW) == 600
    assert (bucket.take(NOW + 599), bucket.take(NOW + 600), bucket.take(NOW + 600)) == (False, True, False)
    assert bucket.wait(NOW + 600, 10) == 6_000


def test_a_bucket_takes_several_or_none() -> None:
    """Ten of nine are not taken in part."""
    bucket = TokenBucket(60, 9)
    assert (bucket.take(NOW, 10), bucket.left(NOW), bucket.take(NOW, 9)) == (False, 9, True)


def test_a_clock_that_steps_back_gives_nothing_and_stops_nothing() -> None:
    """The step adds no token; from there on time counts as ever."""
    bucket = TokenBucket(60, 1)
    assert bucket.take(NOW)
    assert not bucket.take(NOW - 3_600_000)
    assert bucket.wait(NOW - 3_600_000) == 1_000
    assert bucket.take(NOW - 3_599_000)


@given(st.lists(st.integers(0, 5_000), max_size=60))
def test_a_bucket_never_gives_more_than_its_rate(pauses: list[int]) -> None:
    """In any span from the first message on: at most the burst and what the rate adds."""
    bucket, now, taken = TokenBucket(100, 20), NOW, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now)
        assert taken <= 20 + (now - NOW) * 100 / MINUTE


def test_buckets_are_bounded_and_forget_the_longest_unused() -> None:
    """A thousand keys leave ten buckets; who is busy is not forgotten."""
    buckets = Buckets(1, 2, 10)
    assert buckets.take("busy", NOW)
    for number in range(1_000):
        buckets.take(number, NOW)
        buckets.wait("busy", NOW)
    assert len(buckets) == 10
    assert [buckets.take("busy", NOW) for _ in range(2)] == [True, False]


def test_faults_cut_at_a_hundred_and_fade_in_a_minute() -> None:
    """Ten forged frames at once cut; ten in two minutes do not."""
    at_once, spread = Faults(), Faults()
    assert [at_once.add(10, NOW) for _ in range(10)] == [False] * 9 + [True]
    assert not any(spread.add(10, NOW + 12_000 * number) for number in range(10))
    assert (at_once.score(NOW), at_once.score(NOW + MINUTE)) == (100, 0)


def test_bans_double_up_to_a_day() -> None:
    """Ten minutes, twenty, and so on, and never more than 24 hours."""
    assert [ban_length(before) for before in (0, 1, 2, 7, 8, 1_000)] == [
        FIRST_BAN, 2 * FIRST_BAN, 4 * FIRST_BAN, 128 * FIRST_BAN, LONGEST_BAN, LONGEST_BAN
    ]  # fmt: skip


def test_recent_is_a_bounded_set() -> None:
    """It remembers the last ones only."""
    recent = Recent(3)
    assert [recent.add(key) for key in "aabcd"] == [True, False, True, True, True]
    assert [key in recent for key in "abcd"] == [False, True, True, True]
    recent.discard("b")
    assert len(recent) == 2


@given(st.lists(st.integers(-3, 3_000), max_size=300))
def test_each_number_counts_once(numbers: list[int]) -> None:
    """The window agrees with a plain set, and takes nothing older than its width."""
    window, used = Window(), set[int]()
    for n in numbers:
        fresh = n >= 1 and n not in used and n > max(used, default=0) - WIDTH
        assert window.is_fresh(n) == fresh
        assert window.take(n) == fresh
        if fresh:
            used.add(n)


def test_a_number_far_ahead_forgets_all_below() -> None:
    """A jump costs nothing and lets no old number in again."""
    window = Window()
    assert all(window.take(n) for n in (1, 2, 2**53 - 1))
    assert not any(window.take(n) for n in (1, 2, 3, 2**53 - 1))
    assert window.take(2**53 - 2)


def test_the_101st_message_of_a_minute_is_dropped() -> None:
    """It is counted as `rate_limited` and does no more harm than that; 600 ms later one is heard again."""
    net = Network()
    honest, other = Host(net, "honest"), Host(net, "other", build=Puppet)
    net.start()
    net.connect(other, honest)
    net.run(100)
    heard_before = honest.machine.counts()["received HANDSHAKE"]
    for _ in range(120):
        other.machine.say("PING", payloads.Beat(head_of(other.shelf.head())))
    net.run(10)
    counts = honest.machine.counts()
    assert counts["received PING"] == 100 - heard_before
    assert counts["fault rate_limited"] == 120 - counts["received PING"]
    assert len(honest.machine.links()) == 1
    net.run(600)
    other.machine.say("PING", payloads.Beat(head_of(other.shelf.head())))
    net.run(10)
    assert honest.machine.counts()["received PING"] == counts["received PING"] + 1


def test_who_does_not_stop_is_cut_off() -> None:
    """A hundred messages beyond the rate end the link, and the key is banned for ten minutes."""
    net = Network()
    honest, other = Host(net, "honest"), Host(net, "other", build=Puppet)
    net.start()
    net.connect(other, honest)
    net.run(100)
    for _ in range(250):
        other.machine.say("PING", payloads.Beat(head_of(other.shelf.head())))
    net.run(10)
    assert honest.machine.links() == []
    seen = honest.memory.seen(other.did)
    assert seen is not None
    assert (seen.bans, seen.because) == (1, "rate_limited")
    assert seen.banned_until - net.now in range(FIRST_BAN - 100, FIRST_BAN + 1)


def test_what_nodes_send_is_canonical() -> None:
    """Each signed message equals what another implementation of RFC 8785 makes of it."""
    net = Network()
    honest, other = Host(net, "honest"), Host(net, "other", build=Puppet)
    net.start()
    net.connect(other, honest)
    net.run(70_000)
    assert len(other.machine.frames) >= 3
    for frame in other.machine.frames:
        message = parse(frame)
        assert rfc8785.dumps(json.loads(message.data)) == message.data


def test_more_than_half_commits() -> None:
    """2 of 4 is not more than half, 3 of 4 is; of nobody there is no half."""
    assert [is_committed(*case) for case in ((2, 4), (3, 4), (1, 1), (0, 0), (1, 2), (2, 3))] == [
        False, True, True, False, False, True
    ]  # fmt: skip


def test_a_count_is_of_those_asked() -> None:
    """Only peers of the time of the push count, each once; the state changes are told once."""
    quorum = Quorum()
    quorum.push(b"u", ["a", "b", "c", "d"], NOW)
    for peer in ("a", "a", "stranger", "b"):
        quorum.accept(b"u", peer, NOW + 1)
    assert quorum.changes() == [Commit(b"u", 2, 4, NOW, 0)]
    quorum.accept(b"u", "c", NOW + 2)
    assert quorum.changes() == [Commit(b"u", 3, 4, NOW, NOW + 2)]
    assert (len(quorum), quorum.changes()) == (0, [])


def test_without_peers_it_waits() -> None:
    """An update pushed to nobody is pending until there are peers, and is then counted among them."""
    quorum = Quorum()
    quorum.push(b"u", [], NOW)
    assert quorum.changes() == [Commit(b"u", 0, 0, NOW, 0)]
    quorum.met([], NOW + 1)
    quorum.met(["a", "b"], NOW + 2)
    quorum.met(["c"], NOW + 3)
    quorum.holds_all("a", NOW + 4)
    quorum.holds_all("b", NOW + 5)
    assert quorum.changes() == [Commit(b"u", 2, 2, NOW + 2, NOW + 5)]


def test_counts_are_bounded() -> None:
    """Of very many updates the oldest are no longer counted."""
    quorum = Quorum()
    for number in range(OPEN + 10):
        quorum.push(number.to_bytes(4, "big"), [], NOW)
    assert len(quorum) == OPEN
    quorum.met(["a"], NOW)


def test_status_of_a_node() -> None:
    """ACTIVE for three heartbeats, BANNED by evidence or by the user, INACTIVE otherwise."""
    assert status(NOW, 0, NOW + 90_000) == ACTIVE
    assert status(NOW, 0, NOW + 90_001) == INACTIVE
    assert status(NOW, NOW + 1, NOW) == BANNED
    assert status(NOW, NOW, NOW) == ACTIVE
    assert status(NOW, 0, NOW, blocked=True) == BANNED
    assert status(0, 0, NOW) == INACTIVE


def test_uptime_is_the_share_of_heartbeats() -> None:
    """Nothing expected: unknown. Half answered: a half."""
    assert Seen("k").uptime is None
    assert Seen("k", expected=10, answered=5).uptime == 0.5
