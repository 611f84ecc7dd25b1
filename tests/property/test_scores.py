"""Properties of scores: what must hold for any ratings at all."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustcli.models.answer import Question, Term, worth
from trustcli.models.beta import FADED, Beta, decay, posterior
from trustcli.models.eigentrust import eigentrust
from trustcli.models.reach import HOP, Trust
from trustcli.models.stars import Stars, reputation
from trustcli.policy import Policy, judge
from trustcli.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trustcli.succession import KeyEvent
    from trustcli.view import Row

NOW = 1_790_000_000_000
tenths = st.integers(10, 50)
weights = st.floats(1e-9, 1.0)
term_lists = st.lists(
    st.builds(lambda stars, weight: (stars / 10, weight), tenths, weights), min_size=1, max_size=30
)


def terms_of(pairs: Iterable[tuple[float, float]]) -> list[Term]:
    """Return one term for each (stars, weight)."""
    return [Term(rater, (0, rater), stars, weight, NOW, ()) for rater, (stars, weight) in enumerate(pairs, 1)]


# The posterior


@given(term_lists, st.randoms(use_true_random=False))
def test_the_order_of_terms_changes_no_bit(pairs: list[tuple[float, float]], dice: random.Random) -> None:
    """The posterior of shuffled terms is equal to the last bit."""
    terms = terms_of(pairs)
    before = posterior(7, terms)
    dice.shuffle(terms)
    assert posterior(7, terms) == before


@given(term_lists)
def test_the_posterior_is_that_of_exact_arithmetic(pairs: list[tuple[float, float]]) -> None:
    """Mode, mean and variance are those of Beta(r + 1, s + 1), computed in fractions."""
    r = sum((Fraction(weight) * (Fraction(stars) - 1) / 4 for stars, weight in pairs), Fraction(0))
    total = sum((Fraction(weight) for _, weight in pairs), Fraction(0))
    a, b = r + 1, total - r + 1
    score = posterior(7, terms_of(pairs))
    assert score.value == pytest.approx(float(1 + 4 * r / total), abs=1e-9)
    assert score.expected == pytest.approx(float(1 + 4 * a / (a + b)), abs=1e-9)
    assert score.deviation == pytest.approx(4 * math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1))), abs=1e-9)


@given(term_lists)
def test_a_score_lies_between_its_voices(pairs: list[tuple[float, float]]) -> None:
    """No score is outside the range of what was said; the mean is drawn to the middle, never past it."""
    score = posterior(7, terms_of(pairs))
    assert score.value is not None
    assert score.low is not None
    assert score.high is not None
    assert score.expected is not None
    assert 1 - 1e-9 <= score.low - 1e-9 <= score.value <= score.high + 1e-9 <= 5 + 2e-9
    assert min(score.value, 3) - 1e-9 <= score.expected <= max(score.value, 3) + 1e-9


@given(term_lists, weights)
def test_more_praise_never_lowers(pairs: list[tuple[float, float]], weight: float) -> None:
    """A further voice of five stars raises mode and mean or leaves them; one of one star lowers them."""
    before = posterior(7, terms_of(pairs))
    praised = posterior(7, terms_of([*pairs, (5.0, weight)]))
    blamed = posterior(7, terms_of([*pairs, (1.0, weight)]))
    for old, up, down in (
        (before.value, praised.value, blamed.value),
        (before.expected, praised.expected, blamed.expected),
    ):
        assert old is not None
        assert up is not None
        assert down is not None
        assert down - 1e-12 <= old <= up + 1e-12


@given(term_lists, st.integers(0, 29), tenths)
def test_a_kinder_voice_never_lowers(pairs: list[tuple[float, float]], which: int, stars: int) -> None:
    """When one voice says more stars than before, the score does not fall."""
    index = which % len(pairs)
    old_stars, weight = pairs[index]
    kinder = [*pairs[:index], (max(old_stars, stars / 10), weight), *pairs[index + 1 :]]
    before, after = posterior(7, terms_of(pairs)), posterior(7, terms_of(kinder))
    assert before.value is not None
    assert after.value is not None
    assert before.expected is not None
    assert after.expected is not None
    assert after.value >= before.value - 1e-12
    assert after.expected >= before.expected - 1e-12


@given(term_lists, tenths, weights, st.integers(2, 20))
def test_a_voice_split_in_many_says_the_same(
    pairs: list[tuple[float, float]], stars: int, weight: float, count: int
) -> None:
    """One voice of weight w and k voices of weight w/k that say the same give the same posterior."""
    whole = posterior(7, terms_of([*pairs, (stars / 10, weight)]))
    split = posterior(7, terms_of([*pairs, *[(stars / 10, weight / count)] * count]))
    for field in ("value", "expected", "deviation", "weight"):
        assert getattr(split, field) == pytest.approx(getattr(whole, field), abs=1e-9)


@given(term_lists)
def test_more_of_the_same_is_more_certain(pairs: list[tuple[float, float]]) -> None:
    """The same evidence twice: the same mode, a mean nearer to it, no wider than Beta(1, 1)."""
    once, twice = posterior(7, terms_of(pairs)), posterior(7, terms_of([*pairs, *pairs]))
    assert once.value is not None
    assert once.expected is not None
    assert twice.expected is not None
    assert once.deviation is not None
    assert twice.value == pytest.approx(once.value, abs=1e-9)
    assert abs(twice.expected - once.value) <= abs(once.expected - once.value) + 1e-9
    assert 0 < once.deviation <= 4 * math.sqrt(1 / 12) + 1e-9


def test_no_terms_are_unknown() -> None:
    """Without terms there is no number."""
    assert posterior(7, [])[1:] == (None, None, None, 0, 0, 0, 0, 0.0, None, None, None)


@given(st.integers(-(10**12), 10**14), st.floats(0.01, 36_500))
def test_decay(age: int, half_life: float) -> None:
    """A weight between FADED and 1 that falls with age and halves with each half-life until it is FADED."""
    weight = decay(age, half_life)
    assert 0 < FADED <= weight <= 1
    assert decay(age + 86_400_000, half_life) <= weight
    if age >= 0:
        later = decay(age + round(half_life * 86_400_000), half_life)
        assert later == pytest.approx(max(weight / 2, FADED), rel=1e-6)


@given(st.floats(1, 5), st.none() | st.floats(0, 100))
def test_reputation_is_within_its_scale(stars: float, uptime: float | None) -> None:
    """0 to 100 for any stars and any uptime, and more of either is never less."""
    assert 0 <= reputation(stars, uptime) <= 100
    assert reputation(min(stars + 0.1, 5), uptime) >= reputation(stars, uptime)


@given(tenths, tenths)
def test_worth_is_monotonic(one: int, other: int) -> None:
    """More stars, more trust; from 0 to 1."""
    assert 0 <= worth(one / 10) <= 1
    assert (worth(one / 10) < worth(other / 10)) == (one < other)


# Whole networks, in memory


class Village:
    """A `view.Source` over lists: node n rates node m with so many tenths, in category 0."""

    has_keys = False
    has_revocations = False

    def __init__(self, edges: Iterable[tuple[int, int, int]]) -> None:
        last = {(rater, subject): value for rater, subject, value in edges if rater != subject}
        self.rows: list[Row] = [
            (subject, 0, rater, NOW, seq, value, None, None, 0)
            for seq, ((rater, subject), value) in enumerate(last.items(), 1)
        ]

    def given(self, rater: int) -> int:
        return len(self.ratings_by(rater, None))

    def received(self, subject: int) -> int:
        return len(self.ratings_of(subject, None))

    def ratings_of(self, subject: int, category: int | None) -> list[Row]:
        return [row for row in self.rows if row[0] == subject]

    def ratings_by(self, rater: int, category: int | None) -> list[Row]:
        return [row for row in self.rows if row[2] == rater]

    def all_ratings(self) -> Iterable[Row]:
        return list(self.rows)

    def revocations(self, author: int) -> list[tuple[int, int, int]]:
        return []

    def record_id(self, seq: int) -> tuple[int, int]:
        return (0, seq)

    def key_events(self, node: int) -> list[KeyEvent]:
        return []

    def name(self, node: int) -> str:
        return f"node:{node:04d}"

    def category_name(self, category: int) -> str:
        return f"category-{category}"


NODES = 9
edge_lists = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1), tenths), max_size=40)
hop_counts = st.integers(1, 6)


def reach(edges: Iterable[tuple[int, int, int]], hops: int) -> dict[int, float]:
    """Return the weight of all raters as node 0 sees them."""
    trust = Trust(View(Village(edges), NOW), Question(0, hops=hops))
    return {rater: found.weight for rater, found in trust.in_raters(range(NODES)).items()}


@given(edge_lists, hop_counts)
def test_weights_are_bounded(edges: list[tuple[int, int, int]], hops: int) -> None:
    """I weigh 1; whom I rated weighs what I said; all others at most HOP."""
    mine = {subject: value for rater, subject, value in edges if rater == 0 and subject != 0}
    for rater, weight in reach(edges, hops).items():
        if rater == 0:
            assert weight == 1
        elif rater in mine:
            assert weight == worth(mine[rater] / 10)
        else:
            assert 0 <= weight <= HOP


@given(edge_lists, hop_counts)
def test_one_hop_more_never_takes_anybody_away(edges: list[tuple[int, int, int]], hops: int) -> None:
    """Looking further finds the same raters and maybe more."""
    near, far = reach(edges, hops), reach(edges, hops + 1)
    assert near.keys() <= far.keys()


@given(edge_lists, hop_counts, st.randoms(use_true_random=False))
def test_the_order_of_ratings_changes_no_weight(
    edges: list[tuple[int, int, int]], hops: int, dice: random.Random
) -> None:
    """The reach of shuffled ratings is equal to the last bit."""
    single = list({(rater, subject): (rater, subject, value) for rater, subject, value in edges}.values())
    before = reach(single, hops)
    dice.shuffle(single)
    assert reach(single, hops) == before


@given(edge_lists, hop_counts, st.integers(1, NODES - 1), tenths)
def test_nobody_is_removed_by_what_others_say_of_me(
    edges: list[tuple[int, int, int]], hops: int, slanderer: int, value: int
) -> None:
    """Ratings of the viewpoint by anybody change no weight."""
    assert reach([*edges, (slanderer, 0, value)], hops) == reach(edges, hops)


@given(edge_lists, st.integers(2, 6), st.integers(1, 12), tenths)
@settings(max_examples=60)
def test_what_a_farm_adds_is_bounded_by_its_edge(
    edges: list[tuple[int, int, int]], hops: int, count: int, edge: int
) -> None:
    """Sybils behind one edge weigh at most that edge's owner × (HOP + HOP² + …), a power each hop."""
    owner = 1
    farm = range(NODES, NODES + count)
    records = [*edges, (owner, farm[0], edge)]
    records += [(one, other, 50) for one in farm for other in farm if one != other]
    trust = Trust(View(Village(records), NOW), Question(0, hops=hops)).in_raters([*range(NODES), *farm])
    total = math.fsum(trust[sybil].weight for sybil in farm if sybil in trust)
    owned = trust[owner].weight if owner in trust else 0.0
    assert total <= owned * sum(HOP**power for power in range(1, hops)) + 1e-9


@given(edge_lists, hop_counts, st.integers(1, 30))
def test_keys_that_nobody_rates_change_nothing(
    edges: list[tuple[int, int, int]], hops: int, count: int
) -> None:
    """Any number of unknown keys that rate everybody leave every Beta score what it was, to the last bit."""
    noise = [(NODES + number, subject, 10) for number in range(count) for subject in range(NODES)]
    question = Question(0, hops=hops)
    before = View(Village(edges), NOW)
    after = View(Village([*noise, *edges]), NOW)
    for subject in range(1, NODES):
        old, new = Beta().score(before, question, subject), Beta().score(after, question, subject)
        assert new.score == old.score


@given(edge_lists, hop_counts)
def test_one_by_one_and_all_at_once_agree(edges: list[tuple[int, int, int]], hops: int) -> None:
    """`score_all` and `score` of each subject say the same, in Beta and in Stars."""
    question = Question(0, hops=hops)
    for model in (Beta(), Stars()):
        view = View(Village(edges), NOW)
        for score in model.score_all(view, question):
            assert model.score(view, question, score.subject).score == score


# EigenTrust


@given(edge_lists, st.integers(0, NODES - 1), st.sampled_from([0.05, 0.15, 0.5, 1.0]))
def test_eigentrust_is_a_distribution(edges: list[tuple[int, int, int]], seed: int, restart: float) -> None:
    """Shares are never negative, sum to 1, and the seed keeps at least what restarts at it."""
    raters, subjects, values = (
        np.array(column, dtype=np.int64) for column in zip(*edges, (0, 1, 30), strict=True)
    )
    p = np.eye(NODES)[seed]
    found = eigentrust(raters, subjects, np.maximum(values - 30, 0) / 20.0, p, restart=restart)
    assert found.sum() == pytest.approx(1, abs=1e-9)
    assert found.min() >= 0
    assert found[seed] >= restart - 1e-9


# The gate


@given(term_lists, st.floats(0, 5), st.integers(0, 30), st.sampled_from(["review", "deny", "allow"]))
def test_a_stricter_gate_lets_nobody_more_pass(
    pairs: list[tuple[float, float]], minimum: float, raters: int, unknown: str
) -> None:
    """A higher minimum never turns a no into a yes, and only a yes has no failed rules."""
    score = posterior(7, terms_of(pairs))
    policy = Policy(min=minimum, raters=raters, unknown=unknown)
    answer = judge(policy, score, NOW).answer
    higher = judge(policy._replace(min=min(minimum + 0.5, 5)), score, NOW).answer
    assert answer == higher or (answer, higher) == ("pass", "fail")
    assert (judge(policy, score, NOW).failed == []) <= (answer == "pass")
