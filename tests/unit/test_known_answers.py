"""Models against numbers that others published, or that a few lines on paper give."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trustcli.models import advogato, antcascade, assemblies, eigentrust_plus, fire, meritrank, sybilrank
from trustcli.models.antcolony import pheromone
from trustcli.models.appleseed import ENERGY, SPREAD, appleseed
from trustcli.models.arrays import ArrayModel, Ratings, ratings
from trustcli.models.eigentrust import eigentrust
from trustcli.models.graperank import ARRAY as GRAPERANK
from trustcli.models.meritrank import ARRAY as MERITRANK
from trustcli.models.personal import alone, praise
from trustcli.models.random_neural import LOST, charged
from trustcli.models.subjective import (
    ARRAY as SUBJECTIVE,
)
from trustcli.models.subjective import (
    NOTHING,
    Opinion,
    discounted,
    fused,
    fused_all,
    opinion,
    stated,
)
from trustcli.models.tidaltrust import ARRAY as TIDALTRUST
from trustcli.timing import DAY

NOW = 1_790_000_000_000  # ms: a day in 2026


def of(*rows: tuple[int, int, float], nodes: int = 0) -> Ratings:
    """Return ratings from (rater, subject, value) rows, all of one time."""
    rater, subject, value = zip(*rows, strict=True)
    return ratings(rater, subject, value, None, nodes or max(*rater, *subject) + 1)


def seen(model: ArrayModel, known: Ratings, rater: int) -> list[float]:
    """Return what one rater sees in each node."""
    everybody = np.arange(known.nodes)
    found: list[float] = model.fit(known).predict(np.full(known.nodes, rater), everybody).tolist()
    return found


# EigenTrust and its distrust


def test_pagerank_of_langville_and_meyer() -> None:
    """EigenTrust with p uniform is PageRank: the graph of their survey, with a node that links to nobody."""
    edges = [(1, 2), (1, 3), (3, 1), (3, 2), (3, 5), (4, 5), (4, 6), (5, 4), (5, 6), (6, 4)]
    rater, subject = np.array(edges).T - 1
    found = eigentrust(rater, subject, np.ones(len(edges)), np.full(6, 1 / 6), restart=0.1)
    expected = [0.03721197, 0.05395735, 0.04150565, 0.37508082, 0.20599833, 0.28624589]
    assert found == pytest.approx(expected, abs=3e-8)


def test_distrust_of_go_eigentrust() -> None:
    """Its only test of the distrust step: two who are trusted blame, one who is not does too."""
    trust = np.array([0.25, 0, 0.5, 0.25, 0])
    rows = [(1, 2, 0.5), (1, 3, 0.5), (2, 0, 0.25), (2, 4, 0.75), (3, 2, 0.5), (3, 4, 0.5)]
    rater, subject, blame = np.array(rows).T
    found = eigentrust_plus.distrusted(trust, rater.astype(int), subject.astype(int), blame)
    assert found.tolist() == [0.125, 0.0, 0.375, 0.25, -0.5]


def test_two_who_rate_alike() -> None:
    """Agreement is 1, opposites are 0, a quarter of the scale apart on one of two is 1 − √(1/32)."""
    assert eigentrust_plus.similarity({5: 1.0, 6: -1.0}, {5: 1.0, 6: -1.0, 7: 0.0}) == 1
    assert eigentrust_plus.similarity({5: 1.0}, {5: -1.0}) == 0
    assert eigentrust_plus.similarity({5: 1.0, 6: 0.5}, {5: 1.0, 6: 0.0}) == pytest.approx(
        1 - math.sqrt(1 / 32)
    )
    assert eigentrust_plus.similarity({5: 1.0}, {6: 1.0}) == eigentrust_plus.STRANGE


def test_who_rates_as_i_do_is_believed_more() -> None:
    """Of two I praise alike, one rated a third as I did, the other the opposite: all flows to the first."""
    known = of((0, 1, 1.0), (0, 2, 1.0), (0, 3, -1.0), (1, 3, -1.0), (2, 3, 1.0))
    fitted = eigentrust_plus.ARRAY.fit(known)
    found = fitted.predict(np.zeros(4, dtype=int), np.arange(4))
    assert found[2] == 0
    share = 0.85 / 1.85  # 0 ⇄ 1: who praises nobody returns to the start
    assert found == pytest.approx([1 - share, share, 0, -1], abs=1e-8)


# Subjective logic


def test_fusion_is_adding_evidence() -> None:
    """Eight good and two bad, with one good and three bad, are nine and five."""
    expected = opinion(9, 5)
    assert fused(opinion(8, 2), opinion(1, 3)) == pytest.approx(expected, abs=1e-15)
    assert fused_all([(8, 2), (1, 3)]) == expected
    assert fused(NOTHING, opinion(8, 2)) == pytest.approx(opinion(8, 2), abs=1e-15)


def test_the_first_opinion() -> None:
    """8 good and 2 bad of Beta(1, 1): b = 2/3, d = u = 1/6, E = 3/4 = 9/12."""
    found = opinion(8, 2)
    assert found == pytest.approx((2 / 3, 1 / 6, 1 / 6), abs=1e-15)
    assert found.expected == pytest.approx(9 / 12, abs=1e-15)


def test_discounting() -> None:
    """Half believed, (0.6, 0.2, 0.2) is (0.3, 0.1, 0.6); wholly believed it stays; unknown it is nothing."""
    said = Opinion(0.6, 0.2, 0.2)
    assert discounted(Opinion(0.5, 0.3, 0.2), said) == pytest.approx((0.3, 0.1, 0.6), abs=1e-15)
    assert discounted(Opinion(1, 0, 0), said) == said
    assert discounted(NOTHING, said) == NOTHING


def test_two_certain_opinions_average() -> None:
    """With no uncertainty on either side fusion is the mean."""
    assert fused(Opinion(1, 0, 0), Opinion(0, 1, 0)) == Opinion(0.5, 0.5, 0)


def test_an_edge_is_used_once() -> None:
    """0 → 1 → {2, 3} → 4: what 2 and 3 say is fused at 1 and then discounted once by 0 → 1."""
    known = of((0, 1, 1.0), (1, 2, 1.0), (1, 3, 1.0), (2, 4, 1.0), (3, 4, -0.5))
    trust = stated(1.0)
    at_one = fused(discounted(trust, stated(1.0)), discounted(trust, stated(-0.5)))
    found = discounted(trust, at_one)
    assert trust.belief == 0.8
    assert seen(SUBJECTIVE, known, 0)[4] == pytest.approx(found.belief - found.disbelief, abs=1e-12)


def test_two_equally_good_ways_share_the_evidence() -> None:
    """0 → {1, 2} → 3 → 4: the evidence of 3 is halved, discounted on either way, and added."""
    known = of((0, 1, 1.0), (0, 2, 1.0), (1, 3, 1.0), (2, 3, 1.0), (3, 4, 1.0))
    trust = stated(1.0)
    way = discounted(trust, discounted(trust, opinion(4, 0)))
    both = fused(way, way)
    assert seen(SUBJECTIVE, known, 0)[4] == pytest.approx(both.belief - both.disbelief, abs=1e-12)


def test_four_hops_and_no_more() -> None:
    """Along a chain the fourth hop is 0.8⁴ believed, the fifth unknown."""
    found = seen(SUBJECTIVE, of(*[(node, node + 1, 1.0) for node in range(5)]), 0)
    assert found[1:5] == pytest.approx([0.8, 0.8**2, 0.8**3, 0.8**4], abs=1e-12)
    assert math.isnan(found[5])


def test_the_deviation_is_that_of_the_beta() -> None:
    """8 good experiences are Beta(9, 1): variance 9 / (100 · 11); ours is for the scale −1..1."""
    known = of((0, 1, 1.0))
    assert SUBJECTIVE.fit(known).deviation(0, 1) == pytest.approx(2 * math.sqrt(9 / 1100), abs=1e-15)


# GrapeRank: values of vitorpamplona/graperank's tests

BOB, DAVID, THIRD = 0.25516126843864884, 0.004499885043810381, 7.953344413746954e-05


def test_graperanks_simple_graph() -> None:
    """Alice follows Bob, who follows Charlie and David; David mutes and Alice reports Charlie."""
    alice, bob, charlie, david = range(4)
    known = of(
        (alice, bob, 1), (bob, david, 1), (bob, charlie, 1), (david, charlie, -1), (alice, charlie, -1)
    )
    assert seen(GRAPERANK, known, alice) == pytest.approx([1, BOB, 0, DAVID], abs=1e-15)


def test_graperanks_chain() -> None:
    """Three hops have a score; the fourth is below what says anything; who follows me has none."""
    known = of(*[(node, node + 1, 1.0) for node in range(8)])
    expected = [0, 0, 0, 0, 1, BOB, DAVID, THIRD, 0]
    assert seen(GRAPERANK, known, 4) == pytest.approx(expected, abs=1e-15)
    assert seen(GRAPERANK, known, 0) == pytest.approx([1, BOB, DAVID, THIRD, 0, 0, 0, 0, 0], abs=1e-15)
    assert seen(GRAPERANK, known, 8) == [0] * 8 + [1]


def test_graperanks_circle() -> None:
    """In a circle of three the observer stays 1."""
    known = of((0, 1, 1.0), (1, 2, 1.0), (2, 0, 1.0))
    assert seen(GRAPERANK, known, 0) == pytest.approx([1, BOB, DAVID], abs=1e-15)


def test_graperanks_blame_by_hand() -> None:
    """Followed by the observer (.425) and blamed by Bob with .5 · BOB · .85, r = −.1."""
    known = of((0, 1, 1.0), (0, 2, 1.0), (1, 2, -1.0))
    follow, blame = 0.425, 0.425 * BOB
    total = follow + blame
    expected = (1 - 2**-total) * (follow - 0.1 * blame) / total
    assert seen(GRAPERANK, known, 0)[2] == pytest.approx(expected, abs=1e-12)


# MeritRank


def test_meritranks_three_nodes() -> None:
    """0 → {1, 2}, 1 → 2: shares .452233, .192199, .355568; its own test says .453, .193, .35 within 10 %."""
    step = meritrank.walks(praise(of((0, 1, 1.0), (0, 2, 1.0), (1, 2, 1.0))))
    visits = meritrank.visits(step, alone(0, 3))
    shares = visits / visits.sum()
    assert shares == pytest.approx([0.452233, 0.192199, 0.355568], abs=5e-7)
    assert shares == pytest.approx([0.453, 0.193, 0.35], rel=0.1)
    assert visits == pytest.approx([1, 0.425, 0.425 + 0.425 * 0.85], abs=1e-12)


def test_meritranks_shares_without_the_ego() -> None:
    """Of the others' visits 1 has .35088 and 2 .64912: .354 and .645 within 10 % in its test of ranks."""
    found = seen(MERITRANK, of((0, 1, 1.0), (0, 2, 1.0), (1, 2, 1.0)), 0)
    assert found[1:] == pytest.approx([0.425 / 1.21125, 0.78625 / 1.21125], abs=1e-12)
    assert found[1:] == pytest.approx([0.354, 0.645], rel=0.1)


@pytest.mark.parametrize(
    ("blamed", "expected"),
    [
        ({4: 1.0}, {1: 1, 2: 1, 3: 1, 4: 1, 5: 0}),
        ({3: 1.0, 4: 1.0}, {1: 2, 2: 2, 3: 2, 4: 1, 5: 0}),
        ({}, dict.fromkeys(range(1, 6), 0)),
    ],
)
def test_meritranks_penalties_along_a_walk(blamed: dict[int, float], expected: dict[int, int]) -> None:
    """Its cases: on the walk 1 2 3 4 5 each blamed node weighs on itself and on all that come before it."""
    step = meritrank.walks(praise(of(*[(node, node + 1, 1.0) for node in range(1, 5)]))) / meritrank.GO_ON
    seen_ = meritrank.visits(step, alone(1, 6))
    nodes, worth = np.array(list(blamed), dtype=int), np.array(list(blamed.values()))
    found = meritrank.penalties(step, seen_, nodes, worth)
    assert {node: found[node] for node in expected} == pytest.approx(expected, abs=1e-12)


def test_a_node_met_twice_is_penalised_once() -> None:
    """Its case 1 2 3 2 4 with 4 blamed: nodes that lead to it for sure lose 1 each, 2 not twice."""
    step = meritrank.walks(praise(of((1, 2, 1.0), (2, 3, 1.0), (3, 2, 1.0), (2, 4, 1.0)))) / meritrank.GO_ON
    seen_ = meritrank.visits(step, alone(1, 5))
    after = meritrank.penalties(step, seen_, np.array([4]), np.array([1.0]))
    hit = meritrank.hit_once(step, seen_, np.arange(1, 5))
    assert seen_[2] == pytest.approx(2, abs=1e-6)
    assert (after * hit)[1:] == pytest.approx([1, 1, 0.5, 1], abs=1e-4)


def test_meritrank_with_a_blamed_node() -> None:
    """Its graph with 0 → 3 blamed and 2 → 3: who leads to 3 loses what 3 brings, and 3 all it has."""
    found = seen(MERITRANK, of((0, 1, 1.0), (0, 2, 1.0), (0, 3, -1.0), (2, 3, 1.0)), 0)
    total = 0.425 + 0.425 + 0.425 * 0.85
    halved = total / (0.85 + 0.36125 / 2)  # 3 is behind the door 2; what it loses goes to all
    assert found[1] == pytest.approx(0.425 * halved / total, abs=1e-9)
    assert found[1] > found[2] > found[3]
    assert found[2] == pytest.approx((0.425 * halved - 0.36125) / total, abs=1e-6)


CIRCLES = [
    (0, 1, 1.0),
    (0, 2, 0.5),
    (1, 3, 1.0),
    (3, 1, 0.5),
    (3, 4, 1.0),
    (4, 3, 1.0),
    (2, 4, 0.5),
    (4, 0, 1.0),
]


def dense(known: Ratings, gone: tuple[int, ...] = ()) -> np.ndarray:
    """Return the steps of walks from 0 as a table, without those to nodes that are gone and back to 0."""
    step: np.ndarray = np.array(praise(known).toarray())
    step *= meritrank.GO_ON / step.sum(axis=1, keepdims=True)
    step[:, [0, *gone]] = 0
    return step


def test_walks_end_where_they_began() -> None:
    """0 → 1 → 0 is one visit of 1 with probability .85, and no second one."""
    step = meritrank.without_return(meritrank.walks(praise(of((0, 1, 1.0), (1, 0, 1.0)))), 0)
    assert meritrank.visits(step, alone(0, 2)) == pytest.approx([1, 0.85], abs=1e-12)
    halved = 0.85 * 0.425 / 2  # 2 is behind the door 1
    found = seen(MERITRANK, of((0, 1, 1.0), (1, 0, 1.0), (1, 2, 1.0)), 0)
    assert found[2] == pytest.approx(halved / (0.85 + halved), abs=1e-9)


def test_doors_and_penalties_among_circles() -> None:
    """Against dense algebra: visits less those with the door shut; P(come to x) P(from x to y)."""
    known = of(*CIRCLES)
    step = meritrank.without_return(meritrank.walks(praise(known)), 0)
    visits = meritrank.visits(step, alone(0, 5))
    all_of_them = np.linalg.solve(np.eye(5) - dense(known).T, alone(0, 5))
    assert visits == pytest.approx(all_of_them, abs=1e-10)
    behind = np.zeros(5)
    for door in range(1, 5):
        shut = np.linalg.solve(np.eye(5) - dense(known, (door,)).T, alone(0, 5))
        share = 1 - shut / all_of_them
        share[door] = 0
        behind = np.maximum(behind, share)
    assert meritrank.narrowest(step, 0, visits) == pytest.approx(behind, abs=1e-5)
    back = np.linalg.inv(np.eye(5) - dense(known))
    comes = back / np.diag(back)
    found = meritrank.penalties(step, visits, np.array([4, 3]), np.array([1.0, 0.5]))
    assert found == pytest.approx(comes[:, 4] + 0.5 * comes[:, 3], abs=1e-9)
    hit = meritrank.hit_once(step, visits, np.arange(1, 5))
    assert hit[1:] == pytest.approx(comes[0, 1:], abs=1e-5)


def test_a_door() -> None:
    """Everything behind 1 comes through it; what 0 reaches itself does not."""
    known = of((0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (0, 4, 1.0))
    step = meritrank.walks(praise(known))
    visits = meritrank.visits(step, alone(0, 5))
    assert meritrank.narrowest(step, 0, visits) == pytest.approx([0, 0, 1, 1, 0], abs=1e-9)
    found = seen(MERITRANK, known, 0)
    assert found[2] / found[1] == pytest.approx(0.85 * 0.5, abs=1e-9)
    assert sum(found[1:]) == pytest.approx(1, abs=1e-9)


# Appleseed


def test_appleseed_of_two() -> None:
    """Of s → a, a → s: energies add up to 200 / (1 − d²) and d times that; a keeps 200 d / (1 + d)."""
    rest = appleseed(praise(of((0, 1, 1.0))), alone(0, 2))
    assert rest == pytest.approx([ENERGY / (1 + SPREAD), ENERGY * SPREAD / (1 + SPREAD)], abs=1e-6)


def test_appleseed_solves_its_equations() -> None:
    """Energy is 200 at the source + d · what others pass on, with the edge back; 0.15 of in rests."""
    known = of((0, 1, 1.0), (0, 2, 0.5), (1, 2, 1.0), (2, 3, 0.5), (3, 1, 1.0), (2, 0, 1.0))
    weights = praise(known).toarray()
    weights[:, 0] = [0, 1, 1, 1]
    onward = weights / weights.sum(axis=1, keepdims=True)
    energy = np.linalg.solve(np.eye(4) - SPREAD * onward.T, ENERGY * alone(0, 4))
    found = appleseed(praise(known), alone(0, 4))
    assert found == pytest.approx((1 - SPREAD) * energy, abs=1e-6)
    assert found.sum() == pytest.approx(ENERGY, abs=1e-6)


# TidalTrust


def test_tidaltrust_by_hand() -> None:
    """Of 1 (weight 1) and 2 (weight 0.75) only the stronger chain is heard; alike, they are weighed."""
    strong = of((0, 1, 1.0), (0, 2, 0.5), (1, 3, 0.8), (2, 3, -0.6))
    assert seen(TIDALTRUST, strong, 0)[3] == pytest.approx(0.8, abs=1e-12)
    alike = of((0, 1, 0.5), (0, 2, 0.5), (1, 3, 0.8), (2, 3, -0.6))
    assert seen(TIDALTRUST, alike, 0)[3] == pytest.approx(0.1, abs=1e-12)


def test_tidaltrust_asks_the_nearest() -> None:
    """My own word first; a voice two hops away is heard, one three hops away is not."""
    known = of((0, 1, 0.5), (1, 2, 0.5), (1, 5, 0.2), (2, 5, -1.0), (0, 6, 1.0), (6, 7, 1.0), (7, 5, -1.0))
    assert seen(TIDALTRUST, known, 0)[5] == pytest.approx(0.2, abs=1e-12)
    assert seen(TIDALTRUST, known, 1)[5] == 0.2
    assert math.isnan(seen(TIDALTRUST, known, 5)[0])


def test_tidaltrust_weighs_along_chains() -> None:
    """0 → {1: 1, 2: .75}; max = .75 over two hops: (1 · t(1, s) + .75 · t(2, s)) / 1.75."""
    known = of((0, 1, 1.0), (0, 2, 0.5), (1, 3, 0.5), (2, 4, 1.0), (3, 5, 1.0), (4, 5, -1.0))
    assert seen(TIDALTRUST, known, 0)[5] == pytest.approx((1 - 0.75) / 1.75, abs=1e-12)
    weights = dict(TIDALTRUST.fit(known).explain(0, 5))
    assert weights == pytest.approx({3: 1 / 1.75, 4: 0.75 / 1.75}, abs=1e-12)


# Advogato


def test_advogato_takes_in_what_the_capacities_allow() -> None:
    """Behind a chain of 6 hops (capacity 1) nobody; behind 5 (capacity 2) one of three, none for sure."""
    chain = [(node, node + 1) for node in range(6)]
    rater, subject = np.array([*chain, (6, 7), (5, 8), (5, 9)]).T
    found = advogato.accepted(rater, subject, 0, 10)
    assert found[:6].tolist() == [1] * 6
    assert found[6:].tolist() == [0.5, 0, 0.5, 0.5]


def test_advogatos_bound() -> None:
    """A node certified by one of the seed's friends takes in 50, itself among them, of 500 it certifies."""
    rows = [(0, 1), (1, 2), *[(2, node) for node in range(3, 503)]]
    rater, subject = np.array(rows).T
    found = advogato.accepted(rater, subject, 0, 503)
    assert found[:3].tolist() == [1, 1, 1]
    assert (found[3:] == 0.5).all()
    assert advogato.accepted(rater[:51], subject[:51], 0, 503)[3:52].tolist() == [1] * 49


def test_advogatos_levels() -> None:
    """Three stars certify nothing, more a third, 4 two thirds, 5 all."""
    known = of((0, 1, 0.0), (0, 2, 0.1), (0, 3, 0.5), (0, 4, 1.0), (0, 5, -1.0))
    assert seen(advogato.ARRAY, known, 0) == pytest.approx([1, 0, 1 / 3, 2 / 3, 1, 0], abs=1e-12)


# SybilRank


def test_sybilrank_of_three() -> None:
    """A line a – b – c from a, two steps: all at b, then half at a and c; on average ¼ a degree."""
    known = of((0, 1, 1.0), (1, 0, 1.0), (1, 2, 1.0), (2, 1, 1.0))
    assert sybilrank.steps(3) == 2
    assert seen(sybilrank.ARRAY, known, 0) == [0.25, 0.25, 0.25]


def test_praising_somebody_nearer_makes_no_neighbour() -> None:
    """Neighbours are those who praise each other, and those praised by the one nearer to the seed."""
    known = of((0, 1, 1.0), (2, 0, 1.0), (0, 3, 1.0), (3, 1, 1.0), (1, 4, 0.5), (4, 0, 1.0))
    model = sybilrank.ARRAY.fit(known)
    assert isinstance(model, sybilrank._Fitted)
    near = model.neighbours(0).toarray()
    assert near[0].tolist() == [0, 1, 0, 1, 0]
    assert near[1].tolist() == [1, 0, 0, 0, 1]


# FIRE


def test_fire_of_one_rating() -> None:
    """One rating of now: T = v, ρ = 1 − ½; two that contradict: T = 0, ρ = ¾ · ½."""
    assert fire.part([(0.8, 1.0)]) == pytest.approx((0.8, 0.5, 1.0), abs=1e-15)
    assert fire.part([(1.0, 1.0), (-1.0, 1.0)]) == pytest.approx((0, 0.75 * 0.5, 2.0), abs=1e-15)
    assert fire.part([]) == (0, 0, 0)


def test_fires_recency_and_kinds() -> None:
    """My word of 90 days ago weighs half; a witness who is a reference too counts in both kinds."""
    known = ratings([0, 0, 1], [2, 1, 2], [1.0, 0.5, -1.0], [NOW - 90 * DAY, NOW, NOW], 3)
    own = 2 * (1 - math.exp(math.log(0.5) * 0.5))
    others = (1 + 0.5) * 0.5
    found = seen(fire.ARRAY, known, 0)[2]
    assert found == pytest.approx((own - others) / (own + others), abs=1e-12)


def test_fires_witnesses() -> None:
    """Each asks the two it rated best and their equals; who knows the subject, and it itself, asks nobody."""
    rows = [
        (0, 1, 1.0),
        (0, 2, 1.0),
        (0, 3, 0.5),
        (0, 4, 1.0),
        (1, 5, 1.0),
        (3, 9, 1.0),
        (2, 6, 1.0),
        (6, 7, 1.0),
    ]
    known = of(*rows, (5, 9, 1.0), (7, 9, -1.0), (4, 9, 0.5), (4, 8, 1.0), (8, 9, 1.0), nodes=10)
    model = fire.FittedFire(known)
    assert sorted(model.witnesses(0, 9)) == [4, 5, 7]
    assert sorted(model.references(0, 9)) == [3, 4, 5, 7, 8]
    around = fire.FittedFire(of((0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (3, 2, 1.0)))
    assert around.witnesses(0, 2) == [1]
    assert fire.FittedFire(of((1, 2, 1.0), (0, 1, 1.0), (2, 3, 1.0), (3, 2, 1.0))).witnesses(1, 2) == []


# Random neural network


def test_votes_along_a_chain() -> None:
    """Charges are 1, .85, .85²: each hop loses d; blame as strong as praise takes 1 / (1 + L⁻)."""
    own = 1e9 * alone(0, 3)
    assert charged(of((0, 1, 1.0), (1, 2, 1.0)), own) == pytest.approx(
        [1, 1 - LOST, (1 - LOST) ** 2], abs=1e-9
    )
    known = of((0, 1, 1.0), (0, 2, 1.0), (1, 2, -1.0))
    half = (1 - LOST) / 2
    assert charged(known, own) == pytest.approx([1, half, half / (1 + half * (1 - LOST))], abs=1e-9)


# Cascade, colony, assemblies


def test_the_cascade_by_hand() -> None:
    """Own before friends before their friends; 5 stars are 9/10, 1 star is 1/10."""
    known = of((0, 1, 1.0), (1, 2, -1.0), (1, 3, 1.0), (3, 4, 1.0), (4, 5, -1.0), (3, 6, 1.0), (6, 5, -1.0))
    found = seen(antcascade.ARRAY, known, 0)
    assert found[1:5] == pytest.approx([0.8, -0.8, 0.8, 0.8], abs=1e-12)
    assert antcascade.current([-1.0, -1.0]) == 1 / 18
    assert found[5] == pytest.approx(2 / 18 - 1, abs=1e-12)


def test_pheromone_of_a_link() -> None:
    """5 stars: .8 · .5 + .2 · 1.5 · .5 = .55; 1 star closes a link; 3 stars: (.5 − .1) / 2."""
    assert pheromone(np.array([1.0, -1.0, 0.0])) == pytest.approx([0.55, 0, 0.2], abs=1e-12)


def test_assemblies_learn() -> None:
    """From one half, a success is 0.55 and a failure 0.45, after which nobody tries; 1 is never unlearned."""
    weight = np.array([0.5, 0.5, 0.5, 1.0])
    tried = assemblies.attempts(weight, np.array([True, True, False, True]))
    after = assemblies.learned(weight, tried, np.array([True, False, False, False]))
    assert after.tolist() == pytest.approx([0.55, 0.45, 0.5, 1.0], abs=1e-12)
    assert assemblies.attempts(after, np.ones(4, dtype=bool)).tolist() == [True, False, True, True]
