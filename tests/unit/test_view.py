"""Folds: which ratings are live, whose they are, and that the order of arrival never matters."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.network_of_raters import (
    DAY,
    ME,
    NOW,
    World,
    about,
    did_of,
    rating,
    revocation,
    rotation,
    sealed,
    seed_of,
)
from trustcli.cli import shown
from trustcli.errors import RecordRefused
from trustcli.ledger import Ledger
from trustcli.models import MODELS
from trustcli.view import SKEW, View

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Program
    from trustcli.records.envelope import Record

MINUTE = 60_000


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty world."""
    return World(tmp_path)


# One live rating


def test_the_latest_rating_counts(world: World) -> None:
    """Of two ratings by one rater of one subject in one category the later one counts."""
    world.rate("ann", "bob", 2, at=NOW - DAY)
    world.rate("ann", "bob", 5, at=NOW)
    assert world.mean("bob") == 5.0
    assert world.ignored("bob", model="stars") == ["superseded"]


def test_the_latest_is_by_its_date_and_not_by_arrival(world: World) -> None:
    """A rating that arrives later but is dated earlier does not replace the newer one."""
    world.rate("ann", "bob", 5, at=NOW)
    world.rate("ann", "bob", 2, at=NOW - DAY)
    assert world.mean("bob") == 5.0


@pytest.mark.parametrize("higher_first", [True, False])
def test_of_equal_dates_the_higher_id_counts(world: World, higher_first: bool) -> None:
    """Of two ratings dated the same millisecond the one with the higher id counts, whichever came first."""
    pair = sorted([rating("ann", "bob", 2), rating("ann", "bob", 5)], key=lambda record: record.id)
    world.hear(*(reversed(pair) if higher_first else pair))
    assert world.mean("bob") == int(str(pair[1].body["value"])) / 10


def test_ids_are_compared_as_unsigned_numbers(world: World) -> None:
    """An id that begins with f is higher than one that begins with 0: SQLite's signs do not show."""
    seen = {}
    for reason in range(64):
        record = rating("ann", "bob", 1 + reason % 40 / 10, reason=f"number {reason}")
        seen[record.digest[0] >> 7] = record
    assert set(seen) == {0, 1}
    world.hear(seen[1], seen[0])
    assert world.mean("bob") == int(str(seen[1].body["value"])) / 10


def test_categories_live_beside_one_another(world: World) -> None:
    """Each category has its own live rating, and all of a rater's are one voice: their mean."""
    world.rate("ann", "bob", 5, "honesty")
    world.rate("ann", "bob", 2, "performance")
    score = world.score("bob", model="stars")
    assert (score.value, score.raters) == (3.5, 1)
    assert world.mean("bob", category="honesty") == 5.0
    assert world.mean("bob", category="performance") == 2.0
    assert world.mean("bob", category="never-used") is None


# Taken back, ended, too early


def test_revoked(world: World) -> None:
    """A rating that its author took back does not count, and the reason says so."""
    record = world.rate("ann", "bob", 5)
    world.hear(revocation("ann", record))
    assert world.mean("bob") is None
    assert world.ignored("bob", model="stars") == ["revoked"]


def test_a_foreign_revocation_has_no_effect(world: World) -> None:
    """Nobody takes back what another wrote."""
    record = world.rate("ann", "bob", 5)
    world.hear(revocation("eve", record), revocation("bob", record), revocation(ME, record))
    assert world.mean("bob") == 5.0


def test_a_revocation_may_come_before_its_rating(world: World) -> None:
    """A revocation that arrives first takes effect when the rating arrives."""
    record = rating("ann", "bob", 5)
    world.hear(revocation("ann", record))
    world.hear(record)
    assert world.mean("bob") is None


def test_after_a_revocation_the_earlier_rating_counts_again(world: World) -> None:
    """Taking back the newest rating leaves the one before it live."""
    world.rate("ann", "bob", 2, at=NOW - DAY)
    newer = world.rate("ann", "bob", 5)
    world.hear(revocation("ann", newer))
    assert world.mean("bob") == 2.0
    assert world.ignored("bob", model="stars") == ["revoked"]


def test_a_revocation_waits_for_its_date_too(world: World) -> None:
    """A revocation dated more than 300 s ahead takes effect when its time comes."""
    record = world.rate("ann", "bob", 5)
    world.hear(revocation("ann", record, NOW + SKEW + 1))
    assert world.mean("bob") == 5.0
    world.now += 1
    assert world.mean("bob") is None


def test_expiry_is_exact_to_the_millisecond(world: World) -> None:
    """A rating counts until the millisecond before its `expires` and not at it."""
    world.rate("ann", "bob", 5, expires=NOW + DAY)
    world.now = NOW + DAY - 1
    assert world.mean("bob") == 5.0
    world.now = NOW + DAY
    assert world.mean("bob") is None
    assert world.ignored("bob", model="stars") == ["expired"]


def test_an_expired_rating_uncovers_the_earlier_one(world: World) -> None:
    """When the newest rating expires the one before it counts again."""
    world.rate("ann", "bob", 2, at=NOW - DAY)
    world.rate("ann", "bob", 5, expires=NOW + DAY)
    assert world.mean("bob") == 5.0
    world.now = NOW + DAY
    assert world.mean("bob") == 2.0


def test_the_future_waits(world: World) -> None:
    """A rating dated up to 300 s ahead counts; one dated further ahead counts when its time comes."""
    assert SKEW == 5 * MINUTE
    world.rate("ann", "bob", 5, at=NOW + SKEW)
    world.rate("cat", "bob", 1, at=NOW + SKEW + 1)
    assert world.mean("bob") == 5.0
    assert world.ignored("bob", model="stars") == ["future"]
    world.now += 1
    assert world.mean("bob") == 3.0


# Whom not to hear


def test_a_blocked_rater_is_not_heard(world: World) -> None:
    """A block takes the voice of the blocked rater, and of nobody else."""
    world.rate("ann", "bob", 5)
    world.rate("cat", "bob", 1)
    world.peer("cat", blocked=True)
    assert world.mean("bob") == 5.0
    assert world.ignored("bob", model="stars") == ["blocked"]


def test_a_block_follows_the_key(world: World) -> None:
    """A blocked rater that rotates its key stays blocked: both keys are one rater."""
    world.peer("cat", blocked=True)
    world.hear(*rotation("cat", "cat-2"))
    world.rate("cat-2", "bob", 1, at=NOW + 1)
    assert world.mean("bob") is None
    assert world.ignored("bob", model="stars") == ["blocked"]


def test_people_only(world: World) -> None:
    """`people_only` leaves out what a machine rated unguided, not what a person steered."""
    world.rate("ann", "bob", 5)
    world.rate("robot", "bob", 1, machine=True)
    world.rate("cyborg", "bob", 3, machine=False)
    assert world.score("bob", model="stars").raters == 3
    assert world.mean("bob", people_only=True) == 4.0
    assert world.ignored("bob", model="stars", people_only=True) == ["machine"]


def test_people_only_uncovers_what_a_person_said(world: World) -> None:
    """Where a rater's machine replaced what the rater said, `people_only` hears the rater."""
    world.rate("ann", "bob", 5, at=NOW - DAY)
    world.rate("ann", "bob", 1, machine=True)
    assert world.mean("bob") == 1.0
    assert world.mean("bob", people_only=True) == 5.0


# Keys that follow one another


@pytest.mark.parametrize("half", [0, 1])
def test_half_a_rotation_is_none(world: World, half: int) -> None:
    """Neither `rotate` nor `accept` alone makes one rater of two keys."""
    world.hear(rotation("ann", "ann-2")[half])
    world.rate("ann", "bob", 5)
    world.rate("ann-2", "bob", 1)
    assert world.score("bob", model="stars").raters == 2
    world.rate("ann", "ann-2", 5)
    assert world.mean("ann-2") == 5.0


@pytest.mark.parametrize("circle", [("ann", "ben"), ("ann", "ben", "cid")])
def test_keys_that_succeed_each_other_in_a_circle_stand_for_themselves(
    world: World, circle: tuple[str, ...]
) -> None:
    """A circle says nothing about who came last: each key keeps its own voice."""
    for old, new in zip(circle, (*circle[1:], circle[0]), strict=True):
        world.hear(*rotation(old, new))
    for stars, name in enumerate(circle, 1):
        world.rate(name, "bob", stars)
    world.rate("zoe", circle[0], 5)
    assert world.score("bob", model="stars").raters == len(circle)
    assert [world.mean(name) for name in circle] == [5.0] + [None] * (len(circle) - 1)


def test_a_confirmed_rotation_makes_one_rater(world: World) -> None:
    """After both halves the two keys have one voice: the later rating of either."""
    world.rate("ann", "bob", 2)
    world.hear(*rotation("ann", "ann-2"))
    world.rate("ann-2", "bob", 5, at=NOW + 1)
    score = world.score("bob", model="stars")
    assert (score.value, score.raters) == (5.0, 1)


def test_a_confirmed_rotation_makes_one_subject(world: World) -> None:
    """What was said of either key is said of both."""
    world.rate("ann", "bob", 2)
    world.hear(*rotation("bob", "bob-2"))
    world.rate("cat", "bob-2", 4)
    assert world.mean("bob") == world.mean("bob-2") == 3.0


def test_a_rotation_keeps_the_trust_in_a_rater(world: World) -> None:
    """My trust in the old key is trust in the new one, and the other way about."""
    world.rate(ME, "ann", 5)
    world.hear(*rotation("ann", "ann-2"), *rotation("ann-2", "ann-3"))
    world.rate("ann-3", "bob", 4, at=NOW + 1)
    assert world.value("bob") == 4.0


def test_my_own_rotation_keeps_what_i_said(world: World) -> None:
    """Seen by my new key, my old key's ratings are mine."""
    world.rate(ME, "bob", 4)
    world.hear(*rotation(ME, "me-2"))
    assert world.value("bob", "me-2") == world.value("bob", ME) == 4.0


def test_a_rater_does_not_rate_its_own_earlier_key(world: World) -> None:
    """A rating from one key of a line of succession to another is a self-rating and ignored."""
    world.rate("ann-2", "ann", 5)
    assert world.mean("ann") == 5.0
    world.hear(*rotation("ann", "ann-2"))
    assert world.mean("ann") is None
    assert world.ignored("ann", model="stars") == ["self"]


def test_two_confirmed_successors_are_none(world: World) -> None:
    """A key with two confirmed successors contradicts itself: neither is followed."""
    world.hear(*rotation("ann", "ann-2"), *rotation("ann", "ann-x"))
    for rater, stars in (("ann", 1), ("ann-2", 3), ("ann-x", 5)):
        world.rate(rater, "bob", stars)
    assert world.score("bob", model="stars").raters == 3


def test_an_unconfirmed_second_successor_changes_nothing(world: World) -> None:
    """Naming a second successor breaks no confirmed line until that key accepts."""
    world.hear(*rotation("ann", "ann-2"), rotation("ann", "ann-x")[0])
    world.rate("ann", "bob", 1)
    world.rate("ann-2", "bob", 5, at=NOW + 1)
    assert world.score("bob", model="stars").raters == 1


def test_a_ring_of_successors_ends(world: World) -> None:
    """Keys that succeed one another in a ring do not hang a fold, and nobody else is touched."""
    world.hear(*rotation("a", "b"), *rotation("b", "c"), *rotation("c", "a"))
    world.rate("a", "bob", 5)
    world.rate("zoe", "bob", 3)
    assert world.mean("bob") in (3.0, 4.0)


def test_two_keys_may_have_one_successor(world: World) -> None:
    """Two old keys that one new key confirms are one rater."""
    world.hear(*rotation("ann", "new"), *rotation("cat", "new"))
    for at, rater in enumerate(("ann", "cat", "new")):
        world.rate(rater, "bob", 3 + at, at=NOW + at)
    score = world.score("bob", model="stars")
    assert (score.value, score.raters) == (5.0, 1)


@pytest.mark.parametrize("half", [0, 1])
def test_a_rotation_waits_for_the_date_of_both_halves(world: World, half: int) -> None:
    """A half that is dated more than 300 s ahead does not confirm yet."""
    halves = rotation("ann", "ann-2")
    halves[half] = rotation("ann", "ann-2", NOW + SKEW + 1)[half]
    world.hear(*halves)
    world.rate("ann", "bob", 2)
    world.rate("ann-2", "bob", 5)
    assert world.score("bob", model="stars").raters == 2
    world.now += 1
    assert world.score("bob", model="stars").raters == 1


def test_a_retired_key_says_nothing_more(world: World) -> None:
    """Ratings dated before the retirement count, those at or after it do not."""
    world.hear(sealed("ann", "key", {"action": "retire"}, NOW))
    world.rate("ann", "bob", 5, at=NOW - 1)
    world.rate("ann", "cat", 5, at=NOW)
    assert world.mean("bob") == 5.0
    assert world.mean("cat") is None
    assert world.ignored("cat", model="stars") == ["retired"]


def test_a_compromised_key_is_cut_off_from_when_it_was_taken(world: World) -> None:
    """Ratings dated from `since` on do not count, however early the owner's statement is dated."""
    world.hear(sealed("ann", "key", {"action": "compromised", "since": NOW - DAY}, NOW))
    world.rate("ann", "bob", 5, at=NOW - DAY - 1)
    world.rate("ann", "cat", 5, at=NOW - DAY)
    assert world.mean("bob") == 5.0
    assert world.mean("cat") is None
    assert world.ignored("cat", model="stars") == ["compromised"]


def test_the_earliest_end_of_a_key_counts(world: World) -> None:
    """A key that was retired and then found compromised earlier ends at the earlier time."""
    world.hear(
        sealed("ann", "key", {"action": "retire"}, NOW),
        sealed("ann", "key", {"action": "compromised", "since": NOW - DAY}, NOW),
    )
    world.rate("ann", "bob", 5, at=NOW - DAY)
    assert world.ignored("bob", model="stars") == ["compromised"]


def test_nobody_ends_the_key_of_another(world: World) -> None:
    """A retirement or a report of compromise binds only the key that signed it."""
    world.hear(sealed("eve", "key", {"action": "retire"}, NOW - DAY), *rotation("eve", "ann")[:1])
    world.rate("ann", "bob", 5)
    assert world.mean("bob") == 5.0


def test_the_end_of_an_old_key_does_not_end_its_successor(world: World) -> None:
    """A retired key's successor goes on; the voice is that of one rater."""
    world.rate("ann", "bob", 2, at=NOW - DAY)
    world.hear(*rotation("ann", "ann-2", NOW - MINUTE), sealed("ann", "key", {"action": "retire"}, NOW - 1))
    world.rate("ann-2", "bob", 4, at=NOW)
    score = world.score("bob", model="stars")
    assert (score.value, score.raters) == (4.0, 1)


def test_a_thief_cannot_pass_on_a_compromised_key(world: World) -> None:
    """A rotation dated after the key was taken is not the owner's and is not followed."""
    world.rate(ME, "ann", 5)
    world.hear(sealed("ann", "key", {"action": "compromised", "since": NOW - DAY}, NOW))
    world.hear(*rotation("ann", "thief", NOW - DAY + 1))
    world.rate("thief", "bob", 1)
    assert world.value("bob") is None


def test_a_thief_cannot_break_the_line_of_a_compromised_key(world: World) -> None:
    """A second successor named after the key was taken does not contradict the owner's own."""
    world.rate("ann", "bob", 2, at=NOW - 3 * DAY)
    world.hear(*rotation("ann", "ann-2", NOW - 2 * DAY))
    world.hear(sealed("ann", "key", {"action": "compromised", "since": NOW - DAY}, NOW))
    world.hear(*rotation("ann", "thief", NOW - DAY + 1))
    world.rate("ann-2", "bob", 4)
    score = world.score("bob", model="stars")
    assert (score.value, score.raters) == (4.0, 1)


def test_a_thief_cannot_take_back_what_the_owner_said(world: World) -> None:
    """A revocation dated after the key was taken is not the owner's and takes nothing back."""
    record = world.rate("ann", "bob", 5, at=NOW - 2 * DAY)
    world.hear(sealed("ann", "key", {"action": "compromised", "since": NOW - DAY}, NOW))
    world.hear(revocation("ann", record, NOW - DAY + 1))
    assert world.mean("bob") == 5.0


def test_a_report_of_compromise_waits_for_its_date(world: World) -> None:
    """A statement dated more than 300 s ahead is held, also one about the past."""
    world.rate("ann", "bob", 5, at=NOW - 1)
    world.hear(sealed("ann", "key", {"action": "compromised", "since": NOW - DAY}, NOW + SKEW + 1))
    assert world.mean("bob") == 5.0
    world.now += 1
    assert world.mean("bob") is None


# Private ratings


def test_a_private_rating_counts_for_its_owner_only(world: World) -> None:
    """My private rating counts when I look, and not when I look through another's eyes."""
    world.rate_privately("bob", 2)
    world.rate("ann", ME, 5)
    world.rate("ann", "bob", 4)
    assert world.value("bob") == 2.0
    assert world.value("bob", "ann") == 4.0
    assert world.score("bob", "ann", model="stars").raters == 1


def test_a_private_rating_is_trust_in_a_rater(world: World) -> None:
    """What I think privately of a rater decides how much I listen, and nobody else sees it."""
    world.rate_privately("ann", 5)
    world.rate("ann", "bob", 4)
    assert world.value("bob") == 4.0
    assert world.value("bob", "stranger") is None


def test_a_private_rating_and_a_public_one_are_one_voice(world: World) -> None:
    """Of a public and a private rating in one category the later one counts."""
    world.rate(ME, "bob", 5)
    world.now += 1
    world.rate_privately("bob", 2)
    score = world.score("bob")
    assert (score.value, score.raters) == (2.0, 1)


def test_a_private_rating_survives_my_rotation(world: World) -> None:
    """After I rotate my key, what my old key rated privately still counts for me."""
    world.rate_privately("bob", 2)
    world.hear(*rotation(ME, "me-2"))
    world.node.keys.create("me-2", seed_of("me-2"), NOW, None)
    world.node.identity = "me-2"
    assert world.value("bob", "me-2") == 2.0


# As of then


def test_as_of_is_what_had_arrived(world: World) -> None:
    """As of T means what this node had received by T, not what was dated by T."""
    world.rate("ann", "bob", 2)
    world.now += DAY
    world.rate("cat", "bob", 4, at=NOW - DAY)
    assert world.mean("bob", as_of=NOW + DAY - 1) == 2.0
    assert world.mean("bob", as_of=NOW + DAY) == 3.0


def test_as_of_undoes_later_statements(world: World) -> None:
    """Revocations, rotations and ends of keys that arrived later do not change an old answer."""
    record = world.rate("ann", "bob", 2)
    world.rate("ann-2", "bob", 4)
    world.now += DAY
    world.hear(
        revocation("ann", record),
        *rotation("ann", "ann-2"),
        sealed("ann-2", "key", {"action": "retire"}, NOW),
    )
    assert world.mean("bob", as_of=NOW + DAY - 1) == 3.0
    assert world.mean("bob") is None


def test_as_of_a_private_rating(world: World) -> None:
    """A private rating that was withdrawn still counts as of a time before that, and not from then on."""
    world.rate("ann", "zoe", 3)
    world.rate_privately("bob", 2)
    world.ledger.private.end(1, NOW + 10)
    world.now += DAY
    assert world.value("bob", as_of=NOW) == 2.0
    assert world.value("bob", as_of=NOW + 9) == 2.0
    assert world.value("bob", as_of=NOW + 10) is None
    assert world.value("bob") is None


def test_before_the_ledger_began_the_records_own_dates_decide(world: World) -> None:
    """An as-of time before the first arrival asks for history, by the dates in the records."""
    world.rate("ann", "bob", 2, at=NOW - 10 * DAY)
    world.rate("ann", "bob", 5, at=NOW - 5 * DAY)
    assert world.mean("bob", as_of=NOW - 7 * DAY) == 2.0
    assert world.mean("bob", as_of=NOW - 5 * DAY) == 5.0
    assert world.mean("bob", as_of=NOW - 11 * DAY) is None
    assert world.inquiry(as_of=NOW - 7 * DAY).asked.history is True
    assert world.inquiry(as_of=NOW).asked.history is False


def test_an_old_answer_is_reproduced_byte_for_byte(trust: Program, tmp_path: Path) -> None:
    """What `score --json` said once it says again with its own `as_of`, whatever has arrived since."""
    trust("keygen")
    for name in ("bob", "cat", "dan"):
        trust("rate", f"agent:{name}", "4")
        trust("rate", f"agent:{name}", "2.5", "--category", "honesty")
    questions: list[tuple[str, ...]] = [
        ("score", "--json", *who, "--model", model) for who in ((), ("agent:bob",)) for model in MODELS
    ]
    before = {question: trust(*question) for question in questions}
    trust("rate", "agent:bob", "1")
    trust("revoke", "agent:cat")
    trust("rate", "agent:dan", "1", "--private")
    trust("rate", "agent:eve", "5")
    for question, answer in before.items():
        again = trust(*question, "--as-of", answer.data["as_of"])
        assert again.out == answer.out
    assert trust(*questions[-1]).out != before[questions[-1]].out


# Bridges


def test_an_untrusted_bridge_is_ignored(world: World) -> None:
    """A rating passed on by a bridge that the viewpoint has no trust in does not count."""
    world.rate("bridge", "otc:7", 5, source="otc:1")
    assert world.mean("otc:7") is None
    assert world.ignored("otc:7", model="stars") == ["untrusted_bridge"]


def test_the_outside_rater_speaks_and_not_the_bridge(world: World) -> None:
    """Ratings of two outside raters by one bridge are two voices, named after the outside raters."""
    world.rate(ME, "bridge", 5)
    world.rate("bridge", "otc:7", 5, source="otc:1")
    world.rate("bridge", "otc:7", 2, source="otc:2")
    assert world.weights("otc:7", model="stars") == {"otc:1": 1.0, "otc:2": 1.0}


def test_a_bridge_weighs_what_the_viewpoint_trusts_it(world: World) -> None:
    """A rating passed on weighs (stars of the bridge − 1) / 4, or the weight stated for it."""
    world.rate(ME, "half", 3)
    world.peer("quarter", weight=0.25)
    world.rate("half", "otc:7", 5, source="otc:1")
    world.rate("quarter", "otc:7", 2, source="otc:2")
    assert world.weights("otc:7", model="stars") == {"otc:1": 0.5, "otc:2": 0.25}
    assert world.mean("otc:7") == pytest.approx((0.5 * 5 + 0.25 * 2) / 0.75, abs=1e-12)


def test_my_own_keys_are_trusted_bridges(world: World) -> None:
    """What I pass on myself I trust entirely; others do not unless they trust me."""
    world.rate(ME, "otc:7", 5, source="otc:1")
    assert world.mean("otc:7") == 5.0
    assert world.value("otc:7", "ann", model="stars") is None
    world.rate("ann", ME, 3)
    assert world.weights("otc:7", "ann", model="stars") == {"otc:1": 0.5}


def test_two_bridges_of_one_rating_count_once(world: World) -> None:
    """The same outside rating through two bridges is one voice, as heavy as the better trusted bridge."""
    world.rate(ME, "good", 4)
    world.rate(ME, "fair", 2)
    world.rate("good", "otc:7", 5, source="otc:1", at=NOW - DAY)
    world.rate("fair", "otc:7", 1, source="otc:1", at=NOW)
    assert world.weights("otc:7", model="stars") == {"otc:1": 0.75}
    assert world.mean("otc:7") == 5.0
    assert world.ignored("otc:7", model="stars") == ["superseded"]


def test_of_two_equally_trusted_bridges_the_later_counts(world: World) -> None:
    """Among bridges of equal trust the latest rating by (created, id) counts."""
    for bridge in ("one", "two"):
        world.rate(ME, bridge, 5)
    world.rate("two", "otc:7", 2, source="otc:1", at=NOW)
    world.rate("one", "otc:7", 5, source="otc:1", at=NOW - 1)
    assert world.mean("otc:7") == 2.0


@pytest.mark.parametrize("spoken_for", ["ann", "silent", ME])
def test_a_bridge_cannot_speak_for_a_key(world: World, spoken_for: str) -> None:
    """Who has a key signs for itself: a passed-on rating that names a key as its rater has no effect."""
    world.rate(ME, "bridge", 5)
    world.rate("ann", "bob", 4, at=NOW - DAY)
    world.rate(ME, "bob", 4, at=NOW - DAY)
    with contextlib.suppress(RecordRefused):
        world.rate("bridge", "bob", 1, source=did_of(spoken_for), at=NOW)
    assert world.mean("bob") == 4.0


def test_a_blocked_bridge_or_source_is_not_heard(world: World) -> None:
    """A block works on the bridge and on the outside rater alike."""
    world.rate(ME, "bridge", 5)
    world.rate("bridge", "otc:7", 5, source="otc:1")
    world.rate("bridge", "otc:8", 5, source="otc:2")
    world.peer("otc:1", blocked=True)
    assert world.ignored("otc:7", model="stars") == ["blocked"]
    assert world.mean("otc:8") == 5.0
    world.peer("bridge", blocked=True)
    assert world.ignored("otc:8", model="stars") == ["blocked"]


def test_only_the_bridge_takes_back_what_it_passed_on(world: World) -> None:
    """A revocation by the author of the record works, though the rater is another."""
    record = world.rate(ME, "otc:7", 5, source="otc:1")
    world.hear(revocation("ann", record))
    assert world.mean("otc:7") == 5.0
    world.hear(revocation(ME, record))
    assert world.mean("otc:7") is None


def test_bridges_are_asked_for_once_and_only_when_needed(world: World) -> None:
    """A view without passed-on ratings never asks how far bridges are trusted; one with them asks once."""
    asked = []

    def bridges() -> dict[int, float]:
        asked.append(1)
        return {}

    world.rate("ann", "bob", 5)
    reader = world.ledger.reader()
    View(reader, NOW, bridges=bridges).voices_of(reader.number(did_of("bob")), None)
    assert asked == []
    for source in range(3):
        world.rate("bridge", "otc:7", 5, source=f"otc:{source}")
    list(View(world.ledger.reader(), NOW, bridges=bridges).all_voices(None))
    assert asked == [1]


# The order of arrival


def everything() -> list[Record]:
    """Return some sixty records of all kinds that contradict, replace and revoke one another."""
    dice = random.Random(22)
    people = ["me", "ann", "bob", "cat", "dan", "eve", "fay", "gus"]
    records = []
    for rater in people:
        for subject in dice.sample([name for name in [*people, "agent:x", "otc:7"] if name != rater], 5):
            category = dice.choice(["overall", "honesty", "performance"])
            at = NOW - dice.choice([0, 1, 5, 40, 400]) * DAY
            records.append(rating(rater, subject, dice.randint(10, 50) / 10, category, at))
    records += [rating("ann", "bob", stars, at=NOW - DAY) for stars in (2, 3, 4.5)]
    # sums of these depend on their order: 0.05 + 0.25 + 0.55 + … is not the same from the other end
    records += [rating(rater, f"agent:{n}", 3.1 + n * 0.2) for rater in ("me", "dan") for n in range(9)]
    records += [rating("robot", "bob", 3.3, machine=True), rating("cat", "gus", 1, expires=NOW - 1)]
    records += [rating("gus", "cat", 5, at=NOW + SKEW + 1), rating("gus", "dan", 5, at=NOW + SKEW)]
    records += [rating(bridge, "otc:7", stars, source=f"otc:{source}", at=NOW - source * DAY)
                for bridge in ("ann", "me") for source, stars in ((1, 5), (2, 1.5))]  # fmt: skip
    records += [revocation(record_author(record), record) for record in records[3:40:9]]
    records += [revocation("eve", records[1]), revocation("fay", records[2])]
    records += rotation("bob", "bob-2", NOW - 2 * DAY) + rotation("cat", "cat-2") + rotation("cat", "cat-3")
    records += [rating("bob-2", "dan", 2.2), rating("cat-2", "dan", 4.4), rating("dan", "bob-2", 3.7)]
    records += [sealed("fay", "key", {"action": "retire"}, NOW - 3 * DAY)]
    records += [sealed("gus", "key", {"action": "compromised", "since": NOW - DAY}, NOW)]
    records += [sealed("ann", "announce", {"endpoints": ["https://ann.example"], "roles": ["full"]})]
    return records


_NAMES = {did_of(name): name for name in ("me", "ann", "bob", "cat", "dan", "eve", "fay", "gus")}


def record_author(record: Record) -> str:
    """Return the person who signed a record."""
    return _NAMES[record.author]


SUBJECTS = ("ann", "bob", "bob-2", "cat", "dan", "eve", "agent:x", "otc:7", "nobody")
VIEWS = ((ME, None), (ME, "honesty"), ("bob-2", None), ("otc:1", None))


def all_answers(world: World) -> bytes:
    """Return every score, and how it comes about, as JSON: of all models, as seen by several."""
    found: list[Any] = []
    for model in MODELS:
        for viewpoint, category in VIEWS:
            inquiry = world.inquiry(viewpoint, model=model, category=category, hops=4)
            everybody = inquiry.everybody()
            asked_for = SUBJECTS if model != "eigentrust" else SUBJECTS[:2]  # it reads all for each
            one_by_one = [about(inquiry, name) for name in asked_for]
            for scored in (*everybody, *one_by_one):
                found.append(shown.score_data(scored, inquiry.asked, inquiry.model.unit))
                found.append(repr(scored.score[1:]))  # to the last bit
    return json.dumps(found).encode()


def all_reasons(world: World) -> bytes:
    """Return the voices that count and what is left out, by name and id, sorted."""
    return json.dumps([[sorted(terms), sorted(ignored)] for terms, ignored in _reasons(world)]).encode()


def reasons_in_order(world: World) -> bytes:
    """Return the voices that count, in the order in which `why` tells them."""
    return json.dumps([terms for terms, _ in _reasons(world)]).encode()


def _reasons(world: World) -> list[Any]:
    found: list[Any] = []
    for model in MODELS:
        inquiry = world.inquiry(model=model)
        name = inquiry.reader.name
        ids = {entry.seq: entry.id for entry in world.ledger.entries()}
        for subject in SUBJECTS:
            answer = about(inquiry, subject).answer
            assert answer is not None
            terms = []
            for term in answer.terms:
                records = sorted(ids.get(seq, "private") for seq in term.seqs)
                terms.append([name(term.rater), list(map(name, term.path)), repr(term.weight), records])
            ignored = [[name(one.rater), one.because, ids.get(one.seq, "private")] for one in answer.ignored]
            found.append([terms, ignored])
    return found


def shuffled_worlds(tmp_path: Path, orders: int, ask: Any) -> list[bytes]:
    """Append everything in many random orders, each into a fresh ledger; return the answers that differ."""
    world = World(tmp_path)
    world.peer("fay", weight=0.3)
    world.peer("eve", blocked=True)
    world.rate_privately("dan", 4.5)
    template = world.ledger.path
    world.node.close()
    answers: list[bytes] = []
    records = everything()
    for order in range(orders):
        dice = random.Random(order)
        dice.shuffle(records)
        path = str(tmp_path / f"{order}.db")
        shutil.copy(template, path)
        with closing(Ledger.open(path)) as opened:
            world.node._ledger = opened
            cuts = sorted(dice.sample(range(len(records)), 3))
            for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
                world.ledger.append(records[start:end], NOW - 1 + (end == len(records)))
            answer = ask(world)
        if answer not in answers:
            answers.append(answer)
    return answers


def test_everything_is_a_fair_test(tmp_path: Path) -> None:
    """The records of the next tests are many, and every reason why one does not count occurs in them."""
    world = World(tmp_path)
    records = everything()
    assert len(records) >= 60
    assert all(world.hear(*records))
    world.peer("eve", blocked=True)
    reasons = set()
    for subject in (*SUBJECTS, "gus", "fay", "me"):
        reasons.update(world.ignored(subject, people_only=True))
    assert reasons >= {
        "revoked",
        "expired",
        "superseded",
        "blocked",
        "future",
        "retired",
        "compromised",
        "machine",
    }


def test_the_order_of_arrival_changes_no_score(tmp_path: Path, slow: bool) -> None:
    """The same records in any order give byte-identical scores, of every model and for every viewpoint."""
    answers = shuffled_worlds(tmp_path, 1_000 if slow else 40, all_answers)
    assert len(answers) == 1
    assert answers[0].count(b'"state": "known"') > 100


def test_the_order_of_arrival_changes_no_reason(tmp_path: Path, slow: bool) -> None:
    """Nor does it change which voices count, by which path and weight, and why the others do not."""
    assert len(shuffled_worlds(tmp_path, 200 if slow else 20, all_reasons)) == 1


def test_the_order_of_arrival_changes_no_order(tmp_path: Path, slow: bool) -> None:
    """Nor the order in which voices are told: it decides what `why --limit` shows."""
    assert len(shuffled_worlds(tmp_path, 200 if slow else 10, reasons_in_order)) == 1
