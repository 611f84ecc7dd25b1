"""Hybrid: worked by hand, the same from the ledger and from arrays, and what attackers gain: their edge."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.network_of_raters import DAY, ME, NOW, World, rating
from tests.unit.test_array_models import crowd
from trustcli.models import hybrid
from trustcli.models.arrays import load
from trustcli.models.evidence import (
    PUBLIC,
    TRUSTED,
    Evidence,
    Heard,
    credit,
    habit,
    public_factors,
    trusted_factors,
)
from trustcli.models.hybrid import DEFAULT, Blend
from trustcli.models.hybrid_arrays import Book, Online, learned
from trustcli.models.reach import HOP, Trust
from trustcli.models.ridge import Ridge
from trustcli.models.viewed import columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trustcli.records.envelope import Record


# Ridge


def test_ridge_is_the_closed_form() -> None:
    """The weights are those of (XᵀX + penalty · I)⁻¹ Xᵀy."""
    dice = np.random.default_rng(6)
    examples, outcomes = dice.normal(size=(50, 4)), dice.normal(size=50)
    ridge = Ridge(4, 2.0)
    for features, outcome in zip(examples.tolist(), outcomes.tolist(), strict=True):
        ridge.add(features, outcome)
    expected = np.linalg.solve(examples.T @ examples + 2 * np.eye(4), examples.T @ outcomes)
    assert ridge.solve() == pytest.approx(expected.tolist(), abs=1e-12)
    assert ridge.count == 50


def test_ridge_without_examples() -> None:
    """Who has seen nothing weighs nothing."""
    assert Ridge(3, 1.0).solve() == [0.0, 0.0, 0.0]


# Hybrid


def test_factors_by_hand() -> None:
    """Two trusted voices and a stranger, around a mean of 0.1, computed on paper."""
    month = 30 * DAY
    evidence = Evidence(
        [Heard(0.7, 0, 1.0), Heard(-0.3, month, 0.5), Heard(-1.0, 0, 0.0)],
        habit([(0.5, NOW), (0.1, NOW - 3 * DAY)]),
        0.9,
    )
    trusted = dict(zip(TRUSTED, trusted_factors(evidence, 0.1), strict=True))
    assert trusted == pytest.approx(
        {
            "trusted": (0.6 - 0.2) / 2,
            "recent": (0.6 - 0.25 * 0.4) / (1.25 + 0.5),
            "warnings": -0.15 / 2,
            "reach": math.log(2.5),
            "habit": 0.4 / 5,
            "lately": 0.4 / 2.5,
            "courtesy": 0.8 * 1.5 / 2,
        },
        abs=1e-12,
    )
    doubted = trusted_factors(evidence._replace(credit=0.25), 0.1)
    assert doubted == pytest.approx((*list(trusted.values())[:-1], 0.25 * 0.8 * 1.5 / 2), abs=1e-12)
    public = dict(zip(PUBLIC, public_factors(evidence, 0.1), strict=True))
    assert public["said"] == pytest.approx((0.6 - 0.4 - 1.1) / 6, abs=1e-12)
    assert public["said recently"] == pytest.approx((0.6 - 0.2 - 1.1) / 3.5, abs=1e-12)
    assert public["complaints"] == pytest.approx(-1.3 / 4, abs=1e-12)
    assert (public["known"], public["courtesy"], public["returned"]) == (math.log(4), 0.8, 1.0)


def test_voices_in_another_order_change_no_bit() -> None:
    """Factors of the same voices are equal to the last bit, however they arrive."""
    dice = np.random.default_rng(8)
    voices = [Heard(*row) for row in dice.uniform(0, 1, (200, 3)).tolist()]
    mixed = [voices[place] for place in dice.permutation(200)]
    one_way, other = (Evidence(said, habit([]), None) for said in (voices, mixed))
    assert trusted_factors(one_way, 0.1) == trusted_factors(other, 0.1)
    assert public_factors(one_way, 0.1) == public_factors(other, 0.1)


def test_credit_by_hand() -> None:
    """All for the untried and for who errs as others do, or less; a quarter for twice their error."""
    assert credit(0.0, 0) == credit(0.0, 9) == 1.0
    assert credit(8 * 0.1, 8) == 1.0
    assert credit(2 * 10 * 0.1 - 0.2, 8) == pytest.approx(1 / 4, abs=1e-12)
    assert credit(4.0, 1) == pytest.approx((0.3 / 4.2) ** 2, abs=1e-12)
    assert credit(-1e-18, 3) == 1.0


@pytest.mark.parametrize(
    ("weights", "moved"), [([], 0.0), ([1.0], 1 / 5), ([1.0, 1.0], 2 / 6), ([1.0] * 400, 1 / 2)]
)
def test_my_own_word_comes_first(weights: list[float], moved: float) -> None:
    """It weighs as four friends; however many others there are, they move it half of the way."""
    evidence = Evidence([Heard(-0.5, 0, weight) for weight in weights], habit([]), 1.0, 0.5)
    assert DEFAULT.predict(evidence) == pytest.approx(0.5 - moved, abs=1e-12)
    parts = DEFAULT.parts(evidence)
    assert [name for name, _ in parts] == [hybrid.OWN_WORD, hybrid.VOICES]
    assert sum(part for _, part in parts) == pytest.approx(0.5 - moved, abs=1e-12)


def test_the_weights_reward_praise() -> None:
    """No factor that praise raises lowers a score: more praise never hurts, whoever gives it."""
    assert all(weight >= 0 for weight in DEFAULT.trusted[:-1])


def test_of_whom_nobody_knows_it_expects_what_one_says_of_anybody() -> None:
    """Fitted, without a voice: what the factors of the known come to where all others are nothing."""
    known = crowd()
    nobody, rater = known.nodes, int(known.rater[0])
    known = known._replace(nodes=nobody + 1)
    said = load("hybrid").fit(known).predict(np.array([rater]), np.array([nobody]))
    evidence = Book(known).evidence(rater, nobody, int(known.time.max()))
    assert not evidence.reached
    found = *trusted_factors(evidence, DEFAULT.mean), 1.0
    expected = math.fsum(weight * factor for weight, factor in zip(DEFAULT.trusted, found, strict=True))
    assert said[0] == pytest.approx(DEFAULT.mean + expected, abs=1e-12)
    assert expected != 0


def test_what_was_learned_is_what_happened() -> None:
    """Where everybody says how good a subject is, the best is predicted to be praised, the worst blamed."""
    stream = Online()
    dice = np.random.default_rng(9)
    good = dice.uniform(-0.9, 0.9, 30)
    pairs = [(rater, subject) for rater in range(30) for subject in range(30) if rater != subject]
    for place in dice.permutation(len(pairs)).tolist():
        rater, subject = pairs[place]
        stream.learn(rater, subject, float(good[subject]), NOW)
    assert stream.predict(40, int(good.argmax()), NOW) > 0.5
    assert stream.predict(40, int(good.argmin()), NOW) < -0.5


def test_nothing_is_learned_from_a_rating_about_itself() -> None:
    """Where ratings are noise, voices get no weight: the rating to be learned is not among its evidence."""
    known = crowd()
    noise = known._replace(value=np.random.default_rng(10).permutation(known.value))
    blend = learned(noise, Book(noise))
    assert abs(sum(blend.trusted[:2])) < 0.3
    assert abs(sum(blend.public[:2])) < 0.3


def test_hybrid_loads_no_arrays() -> None:
    """`check --model hybrid` pays for no numpy."""
    code = "import sys, trustcli.models as m; m.load('hybrid'); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty world."""
    return World(tmp_path)


def village(world: World, seed: int = 1) -> list[str]:
    """Let twelve people rate one another, I and some of them rating each other; return their names."""
    dice = np.random.default_rng(seed)
    names = [f"person-{number}" for number in range(12)]
    records = []
    for rater in [*names, ME]:
        for subject in dice.choice(names, 6, replace=False).tolist():
            if rater != subject:
                at = NOW - int(dice.integers(1, 200)) * DAY
                records.append(rating(rater, subject, int(dice.integers(10, 51)) / 10, at=at))
    records += [rating(name, ME, int(dice.integers(10, 51)) / 10, at=NOW - DAY) for name in names[:5]]
    world.hear(*records)
    return names


def test_the_ledger_and_the_arrays_feed_the_same_evidence(world: World) -> None:
    """What `trust score` goes by is what `trust evaluate` goes by, number for number."""
    names = village(world)
    inquiry = world.inquiry(model="hybrid")
    view, question = inquiry.view, inquiry._question
    found = columns(view, None, view.current(question.viewpoint))
    book = Book(found.ratings)
    me = found.nodes.index(view.current(question.viewpoint))
    blend = Blend(DEFAULT.mean, DEFAULT.trusted, DEFAULT.public)
    known = 0
    for name in names:
        scored = world.score(name, model="hybrid")
        number = inquiry.reader.number(inquiry.book.get(rating(name, "agent:x", 3).author).id)
        subject = found.nodes.index(view.current(number))
        evidence = book.evidence(me, subject, NOW)
        weights = book.reach(me, book.received.get(subject, {}))
        voices, _ = view.voices_of(found.nodes[subject], None)
        theirs = {found.nodes.index(r): w.weight for r, w in Trust(view, question).in_raters(voices).items()}
        assert {r: w for r, w in weights.items() if w} == pytest.approx(
            {r: w for r, w in theirs.items() if w}
        )
        if scored.value is not None:
            known += 1
            assert scored.value == pytest.approx(3 + 2 * blend.predict(evidence), abs=1e-9)
    assert known >= 8


def test_the_parts_sum_to_the_score(world: World) -> None:
    """What each factor adds, in stars, sums to the distance from three stars."""
    names = village(world, 2)
    inquiry = world.inquiry(model="hybrid")
    for name in names:
        subject = inquiry.book.get(rating(name, "agent:x", 3).author)
        answer = inquiry.about(subject).answer
        assert answer
        parts = answer.parts
        value = world.score(name, model="hybrid").value
        if value is not None and 1 < value < 5:
            assert 3 + math.fsum(part for _, part in parts) == pytest.approx(value, abs=1e-9)
            spoken = any(len(term.path) == 1 for term in answer.terms)
            own_first = [hybrid.OWN_WORD, hybrid.VOICES]
            named = [name for name, _ in parts]
            assert named == (own_first if spoken else ["mean", *TRUSTED, hybrid.ALL])
        assert bool(parts) == (value is not None)


def test_my_own_word_is_worth_four_friends(world: World) -> None:
    """What I say of a subject myself outweighs three trusted friends who say the opposite."""
    for name in ("a", "b", "c"):
        world.rate(ME, name, 5)
        world.rate(name, "bob", 1)
    before = world.score("bob", model="hybrid")
    world.rate(ME, "bob", 5)
    after = world.score("bob", model="hybrid")
    assert (before.weight, after.weight) == (3.0, 7.0)
    assert before.value is not None
    assert after.value is not None
    assert before.value < 2
    assert after.value > 3


@pytest.mark.parametrize("others", [0, 400])
def test_one_who_praised_the_bad_is_hardly_heard(world: World, others: int) -> None:
    """Whichever side is read: a rater's other words, or what is said of those I know."""
    for name in ("a", "b", "c"):
        world.rate(ME, name, 1)
        world.rate("flatterer", name, 5)
    world.rate(ME, "flatterer", 5)
    world.hear(*[rating("flatterer", f"other-{number}", 3) for number in range(others)])
    world.rate("flatterer", "target", 5)
    assert world.score("target", model="hybrid").weight == pytest.approx((0.5 / 12.2) ** 2, abs=1e-12)
    world.rate(ME, "honest", 5)
    world.rate("honest", "a", 1)
    world.rate("honest", "target", 2)
    value = world.value("target", model="hybrid")
    assert value is not None
    assert value < 3


def test_who_is_brought_in_is_tried_too(world: World) -> None:
    """A rater that only a friend knows has its credit by what it says of those whom I rated."""
    world.rate(ME, "friend", 5)
    world.rate(ME, "bad", 1)
    world.rate("friend", "flatterer", 5)
    world.rate("flatterer", "target", 5)
    assert world.score("target", model="hybrid").weight == HOP
    world.rate("flatterer", "bad", 5)
    assert world.score("target", model="hybrid").weight == pytest.approx(HOP * (0.3 / 4.2) ** 2, abs=1e-12)


def test_praise_of_me_by_one_who_erred_is_hardly_courtesy(world: World) -> None:
    """The same words to me and about the subject, but one subject praised somebody whom I found bad."""
    world.rate(ME, "friend", 5)
    world.rate(ME, "bad", 1)
    for name in ("fair", "flatterer"):
        world.rate("friend", name, 4)
        world.rate(name, ME, 5)
    world.rate("flatterer", "bad", 5)
    fair, flatterer = (world.value(name, model="hybrid") for name in ("fair", "flatterer"))
    assert fair is not None
    assert flatterer is not None
    assert fair - flatterer > 0.2


def test_hybrid_is_personal_and_unknown_beyond_reach(world: World) -> None:
    """Each sees through those it trusts; whom only strangers know is unknown, whatever it says of me."""
    world.rate(ME, "ann", 5)
    world.rate("ann", "bob", 5)
    world.rate("zoe", "carl", 5)
    world.rate("carl", ME, 5)
    assert world.value("carl", model="hybrid") is None
    bob = world.score("bob", model="hybrid")
    assert bob.value is not None
    assert 3.5 < bob.value <= 5
    assert (bob.weight, bob.deviation) == (1.0, 2 * hybrid.ERROR)
    world.rate("bob", ME, 5)
    after = world.value("bob", model="hybrid")
    assert after is not None
    assert after > bob.value


# Attacks


def honest(world: World) -> None:
    """A careless friend and two honest ones who know the target."""
    for name, stars in (("careless", 5), ("one", 5), ("two", 4)):
        world.rate(ME, name, stars)
    world.rate("one", "target", 5)
    world.rate("two", "target", 4)


def farm(entry: str, count: int, target: str, stars: float) -> list[Record]:
    """Let one key vouch for `count` Sybils that all rate the target."""
    names = [f"sybil-{number}" for number in range(count)]
    return [rating(entry, name, 5) for name in names] + [rating(name, target, stars) for name in names]


@pytest.mark.parametrize(("target", "stars"), [("target", 1), ("target", 5), ("agent:booty", 5)])
def test_five_hundred_sybils_are_worth_their_edge(tmp_path: Path, target: str, stars: float) -> None:
    """Behind one edge, five hundred keys move a score by exactly what one key does, and weigh HOP."""
    found = {}
    for count in (0, 1, 2, 500):
        (tmp_path / str(count)).mkdir()
        world = World(tmp_path / str(count))
        honest(world)
        world.hear(*farm("careless", count, target, stars))
        found[count] = world.score(target, model="hybrid")
    assert found[1].weight == pytest.approx(found[0].weight + HOP, abs=1e-9)
    for count in (2, 500):
        assert found[count].weight == pytest.approx(found[1].weight, abs=1e-9)
        assert found[count].value == pytest.approx(found[1].value, abs=1e-9)


def test_sybils_praising_one_another_and_me(tmp_path: Path) -> None:
    """A Sybil that five hundred others praise, and that praises me, is no better than it is alone."""
    found = {}
    for count in (1, 500):
        (tmp_path / str(count)).mkdir()
        world = World(tmp_path / str(count))
        honest(world)
        names = [f"sybil-{number}" for number in range(count)]
        world.hear(
            rating("careless", names[0], 5),
            *[rating(name, ME, 5) for name in names],
            *[rating(name, names[0], 5) for name in names[1:]],
            *[rating(names[0], name, 5) for name in names[1:]],
        )
        found[count] = world.score(names[0], model="hybrid")
    assert found[1].value is not None
    assert found[500].value is not None
    assert found[500].value <= found[1].value + 1e-9


def test_a_rater_split_among_keys_changes_no_honest_score(tmp_path: Path) -> None:
    """A rater whose word is said by k keys instead, behind the same edge, leaves every score what it was."""
    found = []
    for keys in (1, 7):
        (tmp_path / str(keys)).mkdir()
        world = World(tmp_path / str(keys))
        honest(world)
        names = [f"key-{number}" for number in range(keys)]
        world.hear(*[rating("careless", name, 5) for name in names])
        world.hear(*[rating(name, target, 2) for name in names for target in ("target", "one", "two")])
        found.append([world.value(name, model="hybrid") for name in ("target", "one", "two", "careless")])
    assert found[1] == pytest.approx(found[0], abs=1e-9)


def test_keys_that_nobody_knows_change_no_bit(tmp_path: Path) -> None:
    """Any number of strangers who rate everybody leave every score as it was."""
    found = []
    for count in (0, 50):
        (tmp_path / str(count)).mkdir()
        world = World(tmp_path / str(count))
        honest(world)
        subjects = ("target", "one", "two", "careless")
        world.hear(*[rating(f"noise-{n}", name, 1) for n in range(count) for name in subjects])
        found.append([world.score(name, model="hybrid")[1:] for name in subjects])
    assert found[0] == found[1]


def signs(values: Sequence[float | None]) -> list[int]:
    """Return −1, 0 or 1 a value."""
    return [0 if value is None else (value > 3) - (value < 3) for value in values]


def test_one_careless_friend_among_many(world: World) -> None:
    """Ten friends praise the target; whom one careless friend brought in cannot turn it to blame."""
    for number in range(10):
        world.rate(ME, f"friend-{number}", 4.5)
        world.rate(f"friend-{number}", "target", 4.5)
    world.rate(ME, "careless", 5)
    world.hear(*farm("careless", 60, "target", 1))
    assert signs([world.value("target", model="hybrid")]) == [1]
