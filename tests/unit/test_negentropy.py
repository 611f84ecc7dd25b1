"""Set reconciliation: both sides end equal, in the known bytes, and no message of a peer does harm."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

import pytest

from trustcli.errors import PeerFault
from trustcli.sync import negentropy, ranges
from trustcli.sync.negentropy import BUCKETS, Initiator, Vector, respond
from trustcli.sync.ranges import END, FINGERPRINT, IDS, SKIP, parse, varint

if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.sync.negentropy import Step

    Item = tuple[int, bytes]

SECOND = 1_700_000_000
V = b"\x61"
TO_END = b"\x00\x00"


def item(number: int, second: int | None = None) -> Item:
    """Return an item with an id made of a number; four share a second unless one is given."""
    return (
        SECOND + number // 4 if second is None else second,
        hashlib.sha256(b"%d" % number).digest(),
    )


def some(count: int, first: int = 0) -> list[Item]:
    """Return different items."""
    return [item(number) for number in range(first, first + count)]


def opening(items: list[Item]) -> bytes:
    """Return the first message about a set."""
    vector = Vector(items)
    return Initiator(lambda: vector).open()


class Run:
    """One whole reconciliation of two sets, and what it cost."""

    def __init__(
        self,
        ours: list[Item],
        theirs: list[Item],
        frame: int = 60_000,
        their_frame: int = 60_000,
        their_work: int = negentropy.WORK,
    ) -> None:
        here, there = Vector(ours), Vector(theirs)
        self.initiator = Initiator(lambda: here, frame=frame)
        self.have: list[bytes] = []
        self.need: list[bytes] = []
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        message = self.initiator.open()
        while message:
            self.sent.append(message)
            self.received.append(respond(there, message, frame=their_frame, work=their_work))
            step = self.initiator.take(self.received[-1])
            self.have += step.have
            self.need += step.need
            message = step.message


def assert_exact(run: Run, ours: list[Item], theirs: list[Item]) -> None:
    """The differences were found, all of them, nothing else, and each once."""
    assert sorted(id_ for _, id_ in set(ours) - set(theirs)) == sorted(run.have)
    assert sorted(id_ for _, id_ in set(theirs) - set(ours)) == sorted(run.need)
    assert run.initiator.complete


# Known answers


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        (0, "00"), (1, "01"), (127, "7f"), (128, "8100"), (300, "822c"), (16_383, "ff7f"),
        (2**31, "8880808000"), (2**64 - 1, "81ffffffffffffffff7f"),
    ],
)  # fmt: skip
def test_numbers_are_written_highest_digit_first(number: int, digits: str) -> None:
    """Base 128, as few digits as possible, the high bit on all but the last."""
    assert digits == varint(number).hex()


def test_a_fingerprint_hashes_the_little_endian_sum_and_the_count() -> None:
    """Worked out by hand: ids 1 and 2⁸ (little-endian) add up to the bytes 01 01 00…; two items."""
    ids = [b"\x01" + bytes(31), b"\x00\x01" + bytes(30)]
    expected = hashlib.sha256(b"\x01\x01" + bytes(30) + b"\x02").digest()[:16]
    assert expected == negentropy.fingerprint(Vector([(0, id_) for id_ in ids]).total(0, 2), 2)


def test_a_sum_wraps_at_2_256() -> None:
    """The highest id and the id 2 add up to 1."""
    assert Vector([(0, b"\xff" * 32), (0, b"\x02" + bytes(31))]).total(0, 2) == 1


def test_the_opening_of_few_items_lists_them() -> None:
    """Nothing and one item: a list up to the end."""
    assert (V + TO_END + b"\x02\x00").hex() == opening([]).hex()
    assert (V + TO_END + b"\x02\x01" + item(0)[1]).hex() == opening([item(0)]).hex()


def test_the_opening_of_many_items_is_the_one_of_nostr_tools() -> None:
    """A hundred items, four a second: the message nostr-tools 2.25.2 opens with."""
    message = opening(some(100))
    assert len(message) == 318
    assert message.hex().startswith("6186aacfe20201ef019ae8879ed7f3e6fa92766fca4ba9807d03018501d174c2")
    digest = "b28e2cccadaad4d39ee10db60969dcbbd47e2c97e53b868ec772d6b00036cf5e"
    assert digest == hashlib.sha256(message).hexdigest()


def test_lists_turn_into_fingerprints_at_32_items() -> None:
    """31 items are listed; 32 make 16 buckets of two."""
    assert [one.mode for one in parse(opening(some(31)))] == [IDS]
    found = parse(opening(some(32)))
    assert [one.mode for one in found] == [FINGERPRINT] * 16
    sums = Vector(some(32))
    assert negentropy.fingerprint(sums.total(2, 4), 2) == found[1].fingerprint


def test_bounds_are_as_short_as_can_be() -> None:
    """A second alone where it separates two items, else the common bytes of the ids and one more."""
    ids = [bytes((7, 7, number)) + bytes(29) for number in range(32)]
    together = parse(opening([(SECOND, id_) for id_ in ids]))
    assert [(SECOND, id_[:3]) for id_ in ids[2::2]] + [END] == [one.end for one in together]
    apart = parse(opening([(SECOND + number, id_) for number, id_ in enumerate(ids)]))
    assert [(SECOND + number, b"") for number in range(2, 32, 2)] + [END] == [one.end for one in apart]


def test_equal_ranges_are_skipped_in_one_stretch() -> None:
    """The answer names where the equal part ends, and lists the bucket that differs."""
    ours = some(160)
    theirs = ours[:-5]
    found = parse(respond(Vector(theirs), opening(ours)))
    assert [one.mode for one in found] == [SKIP, IDS]
    assert item(150)[0] == found[0].end[0]
    assert tuple(id_ for _, id_ in sorted(theirs)[150:]) == found[1].ids


# Whole runs


@pytest.mark.parametrize("count", [0, 1, 31, 32, 5_000])
def test_equal_sets_take_one_round_trip(count: int) -> None:
    """One message up, one down, nothing to do."""
    run = Run(some(count), some(count))
    assert_exact(run, [], [])
    assert len(run.sent) == 1
    if count >= 32:
        assert run.received == [V]


@pytest.mark.parametrize("seed", range(60))
def test_random_sets_end_equal(seed: int) -> None:
    """Whatever two sets are like and however small the frames: the difference is found exactly."""
    dice = random.Random(seed)
    span = dice.choice((1, 10, 10_000))
    everything = [
        (SECOND + dice.randrange(span), dice.randbytes(32)) for _ in range(dice.choice((40, 3_000)))
    ]
    lost, missing = dice.choice(((0.0, 0.01), (0.01, 0.01), (0.5, 0.5), (0.0, 1.0), (1.0, 0.0), (0.1, 0.9)))
    ours = [one for one in everything if dice.random() >= lost]
    theirs = [one for one in everything if dice.random() >= missing and (seed % 3 or one[0] % 5)]
    frame, their_frame = dice.choice((4_096, 8_192, 60_000)), dice.choice((4_096, 60_000))
    run = Run(ours, theirs, frame, their_frame)
    assert_exact(run, ours, theirs)
    assert max(map(len, run.sent)) <= frame
    assert max(map(len, run.received)) <= their_frame
    assert all(parse(message) for message in run.sent)


def test_small_frames_are_filled_and_kept() -> None:
    """A list of 2,000 ids comes in frames of 4 KiB, each nearly full."""
    run = Run([], some(2_000), their_frame=4_096)
    assert_exact(run, [], some(2_000))
    assert len(run.received) > 2_000 * 32 // 4_096
    assert all(3_800 < len(answer) <= 4_096 for answer in run.received[:-2])


def test_a_full_frame_does_not_hide_what_the_other_side_has_none_of() -> None:
    """A range that did not fit, where the peer has nothing, is not declared equal.

    The peer lists nothing up to a second and has, by its fingerprint, nothing after it either. Our ids
    up to there fill the frame; the rest must come back as different.
    """
    border = SECOND + 1_000
    ours = [item(number, SECOND) for number in range(118)] + [
        item(number, border) for number in range(200, 900)
    ]
    message = V + varint(border + 1) + b"\x00\x02\x00" + TO_END + b"\x01" + negentropy.NOTHING
    found = parse(respond(Vector(ours), message, frame=4_096))
    assert [one.mode for one in found] == [IDS, FINGERPRINT]
    assert found[1].fingerprint != negentropy.NOTHING
    vector = Vector(ours)
    assert negentropy.fingerprint(vector.total(118, 818), 700) == found[1].fingerprint


class Ranked(Vector):
    """Counts how often it was asked where something would stand."""

    def __init__(self, items: list[Item]) -> None:
        super().__init__(items)
        self.count = 0

    def rank(self, second: int, prefix: bytes) -> int:
        self.count += 1
        return super().rank(second, prefix)

    def at(self, index: int) -> Item:
        self.count += 1
        return super().at(index)


@pytest.mark.parametrize("mode", [SKIP, FINGERPRINT, IDS])
def test_an_answer_looks_at_few_places_however_many_are_named(mode: int) -> None:
    """A message of thousands of ranges costs its sender nothing; what is left is told as different."""
    theirs = Ranked([item(number, SECOND + number) for number in range(3_000)])
    message = V + varint(SECOND + 1) + b"\x00" + varint(SKIP)
    for _ in range(2_500):
        message += varint(2) + b"\x00" + varint(mode) + {FINGERPRINT: bytes(16), IDS: b"\x00"}.get(mode, b"")
    found = parse(respond(theirs, message + TO_END + varint(SKIP)))
    assert theirs.count <= negentropy.WORK
    assert found[-1].mode == FINGERPRINT
    assert found[-1].end == END


def test_wrong_fingerprints_are_cut_into_few_parts() -> None:
    """Each wrong fingerprint asks for sixteen others."""
    theirs = Ranked(some(20_000))
    respond(theirs, opening(some(20_000, first=1)))
    once = theirs.count
    dice = random.Random(1)
    message = V
    for number in range(100):
        step = 51 if number else SECOND + 1
        message += varint(step) + b"\x00" + varint(FINGERPRINT) + dice.randbytes(16)
    theirs.count = 0
    respond(theirs, message + TO_END + varint(SKIP))
    assert once < theirs.count <= 2 * (negentropy.WORK + 16)


@pytest.mark.parametrize("work", [2 * BUCKETS, 200])
@pytest.mark.parametrize("seed", range(3))
def test_little_work_an_answer_finds_all_differences(work: int, seed: int) -> None:
    """Whatever is left over is asked for again."""
    dice = random.Random(seed)
    ours, theirs = ([one for one in some(3_000) if dice.random() < share] for share in (0.97, 0.97))
    run = Run(ours, theirs, their_work=work)
    assert_exact(run, ours, theirs)
    assert len(run.received) > len(Run(ours, theirs).received)


@pytest.mark.parametrize("start", [2**31 - 10, 2**32 - 10, 1_790_000_000_000, 2**53])
def test_sort_keys_beyond_32_bits(start: int) -> None:
    """We read 64 bits. JavaScript implementations read 32, which is why ledgers are sorted by seconds."""
    ours = [item(number, start + number) for number in range(400)]
    theirs = [one for one in ours if one[0] % 7]
    assert_exact(Run(ours, theirs), ours, theirs)
    assert any(one.end[0] >= 2**31 for one in parse(opening(ours))[:-1])


def test_the_responder_keeps_nothing() -> None:
    """The same message has the same answer, whatever was asked in between."""
    theirs, message = Vector(some(500)), opening(some(700))
    first = respond(theirs, message)
    respond(theirs, opening(some(3)))
    assert first == respond(theirs, message)


def test_sets_may_grow_between_two_messages() -> None:
    """The initiator asks for its items anew each time; what came meanwhile is found or left for later."""
    everything = some(600)
    mine = [Vector(everything[:400]), Vector(everything[:500]), Vector(everything)]
    initiator = Initiator(lambda: mine.pop(0) if len(mine) > 1 else mine[0])
    have, message = set[bytes](), initiator.open()
    while message:
        step = initiator.take(respond(Vector(everything[:300]), message))
        have.update(step.have)
        message = step.message
    assert {id_ for _, id_ in everything[300:400]} <= have <= {id_ for _, id_ in everything[300:]}


def test_it_stops_at_as_many_differences_as_were_asked_for() -> None:
    """More than `most`: it says so instead of listing on."""
    nothing, theirs = Vector([]), Vector(some(5_000))
    initiator = Initiator(lambda: nothing, most=2_000)
    message, need = initiator.open(), list[bytes]()
    while message:
        step = initiator.take(respond(theirs, message))
        need += step.need
        message = step.message
    assert len(need) == 2_000
    assert not initiator.complete


def test_an_empty_answer_means_that_nothing_is_left() -> None:
    """Carriers may leave the one byte of an empty answer away."""
    initiator = Initiator(lambda: Vector(some(50)))
    initiator.open()
    assert initiator.take(b"") == (b"", [], [])
    assert initiator.complete


# Versions


@pytest.mark.parametrize("version", [0x60, 0x62, 0x6F])
def test_another_version_is_answered_with_ours(version: int) -> None:
    """So that the asking side can go down to it."""
    assert respond(Vector(some(50)), bytes((version,)) + b"whatever it means there") == V


@pytest.mark.parametrize("answer", [b"\x60", b"\x62", b"\x62" + bytes(40)])
def test_a_peer_of_another_version_is_refused(answer: bytes) -> None:
    """We speak version 1 only."""
    initiator = Initiator(lambda: Vector(some(50)))
    initiator.open()
    with pytest.raises(PeerFault, match=f"version {answer[0] & 15}, not 1"):
        initiator.take(answer)


# Hostile messages


def take(message: bytes) -> Step:
    """Let an initiator read a message."""
    initiator = Initiator(lambda: Vector(some(100)))
    initiator.open()
    return initiator.take(message)


READERS: dict[str, Callable[[bytes], object]] = {
    "responder": lambda message: respond(Vector(some(100)), message),
    "initiator": take,
}


def is_refused(reader: str, message: bytes) -> bool:
    """Say whether a message is a PeerFault; any other exception is the test's failure."""
    try:
        READERS[reader](message)
    except PeerFault:
        return True
    return False


ONE_ID = b"\x02\x01" + bytes(32)
MALFORMED = {
    "no version of negentropy": ("version", b"\x51" + TO_END + b"\x00"),
    "a letter": ("version", b"{}"),
    "an unknown mode": ("mode 3", V + TO_END + b"\x03"),
    "a huge mode": ("mode", V + TO_END + varint(2**63)),
    "no mode": ("too soon", V + TO_END),
    "no bound": ("too soon", V + b"\x05"),
    "a prefix of 33 bytes": ("33 bytes", V + b"\x05\x21" + bytes(33) + b"\x00"),
    "a prefix that is cut off": ("too soon", V + b"\x05\x20" + bytes(31)),
    "a prefix of 2⁶³ bytes": ("bytes", V + b"\x05" + varint(2**63) + bytes(40)),
    "a short fingerprint": ("too soon", V + TO_END + b"\x01" + bytes(15)),
    "one id too few": ("too soon", V + TO_END + b"\x02\x02" + bytes(63)),
    "2⁶⁴ − 1 ids": ("too soon", V + TO_END + b"\x02" + varint(2**64 - 1) + bytes(64)),
    "no number of ids": ("too soon", V + TO_END + b"\x02"),
    "a number of 11 bytes": ("64 bits", V + b"\x81" + b"\x80" * 9 + b"\x00\x00\x00"),
    "a number above 64 bits": ("64 bits", V + b"\x83" + b"\xff" * 8 + b"\x7f\x00\x00"),
    "an endless number": ("64 bits", V + b"\xff" * 1_000),
    "leading zeros": ("leading zero", V + b"\x80\x05\x00\x00"),
    "a second at infinity": ("ascend", V + varint(2**64 - 1) + b"\x00\x00" + b"\x02\x00\x00"),
    "seconds that add up to infinity": ("ascend", V + (varint(2**63) + b"\x00\x00") * 3),
    "a prefix at infinity": ("ascend", V + b"\x00\x01\x07\x00"),
    "more after the end": ("ascend", V + TO_END + b"\x00" + b"\x01\x00\x00"),
    "a prefix that descends": ("ascend", V + b"\x05\x01\x09\x00" + b"\x01\x01\x08\x00"),
    "a list that ends the message early": ("too soon", V + TO_END + ONE_ID[:-1]),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_message_is_refused(name: str, reader: str) -> None:
    """By both sides, with the one error there is for it."""
    reason, message = MALFORMED[name]
    with pytest.raises(PeerFault, match=f"negentropy: .*{reason}"):
        READERS[reader](message)


def test_an_empty_question_is_refused() -> None:
    """A question has at least a version."""
    with pytest.raises(PeerFault):
        respond(Vector([]), b"")


@pytest.mark.parametrize("reader", READERS)
def test_a_message_that_is_too_long_is_refused(reader: str) -> None:
    """64 KiB, whatever is in it; one byte less is read."""
    ids = (ranges.MAX_MESSAGE - 6) // 32
    longest = V + TO_END + b"\x02" + varint(ids) + bytes(32 * ids)
    READERS[reader](longest)
    with pytest.raises(PeerFault, match="bytes"):
        READERS[reader](longest + bytes(ranges.MAX_MESSAGE - len(longest) + 1))


@pytest.mark.parametrize("reader", READERS)
def test_too_many_ranges_are_refused(reader: str) -> None:
    """Each costs a search: 8,192 and no more, before any of them is looked at."""
    most = V + b"\x02\x00\x00" * ranges.MAX_RANGES
    READERS[reader](most)
    with pytest.raises(PeerFault, match="8192 ranges"):
        READERS[reader](most + b"\x02\x00\x00")


@pytest.mark.parametrize("reader", READERS)
def test_every_way_to_cut_or_change_a_message(reader: str) -> None:
    """Whatever becomes of a real message on its way, it is read or refused; nothing else happens."""
    real = respond(Vector(some(90)), opening(some(100, first=20)))
    dice = random.Random(1)
    changed = [real[:length] for length in range(1, len(real))]
    for _ in range(1_500):
        at = dice.randrange(1, len(real))
        changed.append(real[:at] + dice.randbytes(dice.randrange(3)) + real[at + dice.randrange(3) :])
    refused = sum(is_refused(reader, message) for message in changed)
    assert len(changed) // 4 < refused < len(changed)


@pytest.mark.parametrize("reader", READERS)
def test_noise_is_read_or_refused(reader: str) -> None:
    """Random bytes after the version."""
    dice = random.Random(2)
    for _ in range(1_000):
        noise = bytes(dice.choices((0, 0, 1, 2, 3, 0x80, dice.randrange(256)), k=dice.randrange(200)))
        is_refused(reader, V + noise)


def test_a_peer_that_never_agrees_is_left() -> None:
    """Fingerprints that never match, and never an id: after 64 such answers it is a fault."""
    initiator = Initiator(lambda: Vector(some(100)))
    initiator.open()
    answer = V + TO_END + b"\x01" + bytes(16)
    for _ in range(negentropy.MAX_STALL):
        assert initiator.take(answer).message
    with pytest.raises(PeerFault, match="lead nowhere"):
        initiator.take(answer)


def test_ids_said_twice_are_no_news() -> None:
    """A peer that repeats itself brings nothing new and cannot keep us busy by it."""
    initiator = Initiator(lambda: Vector([]))
    initiator.open()
    answer = V + b"\x05\x00" + ONE_ID + b"\x01\x00" + ONE_ID + TO_END + b"\x01" + bytes(16)
    assert [bytes(32)] == initiator.take(answer).need
    for _ in range(negentropy.MAX_STALL):
        assert initiator.take(answer).need == []
    with pytest.raises(PeerFault, match="lead nowhere"):
        initiator.take(answer)


@pytest.mark.parametrize("frame", [0, 4_095, 65_537])
def test_frames_have_bounds(frame: int) -> None:
    """At least one split fits, and no message is longer than a peer would read."""
    with pytest.raises(ValueError, match="4096 to 65536"):
        respond(Vector([]), opening([]), frame=frame)


# Items in memory


def test_a_vector_answers_as_its_sorted_list_does() -> None:
    """Sums, ranks and ids of random ranges against the plain list."""
    dice = random.Random(3)
    items = sorted((SECOND + dice.randrange(50), dice.randbytes(32)) for _ in range(1_500))
    vector = Vector([*items, *items[:10]])
    assert len(items) == len(vector)
    for _ in range(300):
        lower, upper = sorted((dice.randrange(1_501), dice.randrange(1_501)))
        assert [id_ for _, id_ in items[lower:upper]] == vector.ids(lower, upper)
        expected = sum(int.from_bytes(id_, "little") for _, id_ in items[lower:upper]) % 2**256
        assert expected == vector.total(lower, upper)
        bound = (SECOND + dice.randrange(-1, 52), dice.randbytes(dice.randrange(3)))
        assert sum(one < bound for one in items) == vector.rank(*bound)
        assert items[lower - 1] == vector.at(lower - 1)


@pytest.mark.parametrize("wrong", [(1, b"short"), (-1, bytes(32)), (2**64 - 1, bytes(32))])
def test_a_vector_refuses_what_is_no_item(wrong: Item) -> None:
    """Ids have 32 bytes; the last second is infinity."""
    with pytest.raises(ValueError, match="32 bytes"):
        Vector([wrong])
