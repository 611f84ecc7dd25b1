"""Models: worked by hand, and held against what attackers try."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.network_of_raters import DAY, ME, NOW, World, did_of, rating
from trustcli.cli import shown
from trustcli.errors import UsageError
from trustcli.models import DEFAULT, MODELS, load
from trustcli.models.beta import decay
from trustcli.models.eigentrust import eigentrust
from trustcli.models.reach import HOP
from trustcli.models.stars import reputation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from trustcli.records.envelope import Record


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty world."""
    return World(tmp_path)


def test_the_registry() -> None:
    """Each model goes by its name; another name is a usage error that lists them."""
    assert [load(name).name for name in MODELS] == list(MODELS)
    assert DEFAULT == "beta"
    with pytest.raises(UsageError) as refused:
        load("alchemy")
    assert refused.value.code == "unknown_model"
    assert all(name in refused.value.hint for name in MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_unknown_is_none(world: World, model: str) -> None:
    """Nobody's word is no number: not a default, not a zero, and nobody is counted."""
    world.rate("ann", "bob", 4)
    for stranger in ("nobody", "agent:nothing", ME):
        score = world.score(stranger, model=model)
        assert score[1:] == (None, None, None, 0, 0, 0, 0, 0.0, None, None, None)


@pytest.mark.parametrize("model", ["beta", "eigentrust"])
def test_out_of_reach_is_unknown(world: World, model: str) -> None:
    """What only strangers say is unknown to me, however many they are."""
    for number in range(20):
        world.rate(f"stranger-{number}", "bob", 5)
    assert world.value("bob", model=model) is None


# Stars


def test_trustnets_mean(world: World) -> None:
    """Stars 4, 5, 3 and 4.5 average 4.125, shown as 4.1."""
    for rater, stars in (("a", 4), ("b", 5), ("c", 3), ("d", 4.5)):
        world.rate(rater, "bob", stars)
    score = world.score("bob", model="stars")
    assert (score.value, score.low, score.high, score.raters) == (4.125, 3.0, 5.0, 4)
    assert (score.praise, score.blame) == (3, 0)
    assert shown.number(score.value) == "4.1"


def test_trustnets_reputation() -> None:
    """4.2 stars and 99.8 % uptime are 84.95, TrustNet's 85; without uptime stars alone count."""
    assert reputation(4.2, 99.8) == pytest.approx(0.75 * 80 + 0.25 * 99.8, abs=1e-12)
    assert round(reputation(4.2, 99.8)) == 85
    assert reputation(4.2) == pytest.approx(80, abs=1e-12)
    assert (reputation(1), reputation(5), reputation(1, 0), reputation(5, 100)) == (0, 100, 0, 100)


def test_the_mean_is_everybodys(world: World) -> None:
    """The plain mean is the same through all eyes."""
    world.rate("ann", "bob", 5)
    world.rate("cat", "bob", 2)
    assert {world.value("bob", viewpoint, model="stars") for viewpoint in (ME, "ann", "bob", "nobody")} == {
        3.5
    }


def test_ten_thousand_ratings_by_one_key_are_one_voice(world: World, slow: bool) -> None:
    """However often one key rates, its voice is one, and its latest rating is what it says."""
    count = 10_000 if slow else 1_000
    world.rate("ann", "bob", 5)
    world.hear(*[rating("eve", "bob", 1 + turn % 3 / 10, at=NOW - turn - 1) for turn in range(1, count)])
    world.rate("eve", "bob", 1, at=NOW)
    score = world.score("bob", model="stars")
    assert (score.value, score.raters) == (3.0, 2)
    world.rate(ME, "eve", 5)
    assert world.score("bob").weight == 1.0


# Beta


def test_one_rating_of_mine(world: World) -> None:
    """One fresh rating of 4 by me: r = 3/4, s = 1/4, so Beta(1.75, 1.25)."""
    world.rate(ME, "bob", 4)
    score = world.score("bob")
    assert score.value == pytest.approx(4.0, abs=1e-12)
    assert score.expected == pytest.approx(1 + 4 * 1.75 / 3, abs=1e-12)
    assert score.deviation == pytest.approx(4 * math.sqrt(1.75 * 1.25 / (9 * 4)), abs=1e-12)
    assert (score.low, score.high, score.raters, score.direct, score.weight, score.newest) == (
        4,
        4,
        1,
        1,
        1,
        NOW,
    )
    assert (score.praise, score.blame) == (1, 0)


def test_two_voices(world: World) -> None:
    """Mine of 5 with weight 1 and, with weight 1/2, a 1: r = 1, s = 1/2, so Beta(2, 3/2)."""
    world.rate(ME, "ann", 3)
    world.rate(ME, "bob", 5)
    world.rate("ann", "bob", 1)
    score = world.score("bob")
    assert score.value == pytest.approx(1 + 4 * 1 / 1.5, abs=1e-12)
    assert score.expected == pytest.approx(1 + 4 * 2 / 3.5, abs=1e-12)
    assert score.deviation == pytest.approx(4 * math.sqrt(2 * 1.5 / (3.5**2 * 4.5)), abs=1e-12)
    assert (score.weight, score.praise, score.blame, score.raters) == (1.5, 1, 1, 2)


def test_a_rating_halves_after_exactly_one_half_life(world: World) -> None:
    """After 90 days, the default, a rating weighs half; the half-life is a setting."""
    assert decay(90 * DAY, 90) == pytest.approx(0.5, abs=1e-9)
    assert decay(0, 90) == decay(-DAY, 90) == 1.0
    assert decay(30 * DAY, 10) == pytest.approx(1 / 8, abs=1e-12)
    world.rate(ME, "bob", 4, at=NOW - 90 * DAY)
    assert world.score("bob").weight == pytest.approx(0.5, abs=1e-9)
    world.node.settings = world.node.settings._replace(half_life_days=30.0)
    assert world.score("bob").weight == pytest.approx(1 / 8, abs=1e-9)


def test_newer_ratings_weigh_more(world: World) -> None:
    """Of an old 1 and a fresh 5 by equally trusted raters the fresh one weighs twice after one half-life."""
    for name in ("ann", "cat"):
        world.rate(ME, name, 5)
    world.rate("ann", "bob", 1, at=NOW - 90 * DAY)
    world.rate("cat", "bob", 5)
    assert world.value("bob") == pytest.approx((0.5 * 1 + 1 * 5) / 1.5, abs=1e-9)


def test_the_future_counts_as_now(world: World) -> None:
    """A rating dated a little ahead weighs no more than one dated now."""
    world.rate(ME, "bob", 4, at=NOW + 1000)
    assert world.score("bob").weight == 1.0


# Reach


def test_direct_trust_is_linear_in_stars(world: World) -> None:
    """My rating of a rater maps 1..5 stars to a weight of 0..1."""
    for tenths in (10, 11, 20, 30, 45, 50):
        world.rate(ME, f"ann-{tenths}", tenths / 10)
        world.rate(f"ann-{tenths}", f"agent:{tenths}", 4)
        weight = world.score(f"agent:{tenths}").weight
        assert weight == pytest.approx((tenths / 10 - 1) / 4, abs=1e-12)


def test_a_one_star_rater_weighs_nothing_and_silences_nobody(world: World) -> None:
    """Whom I gave one star is not heard; those it rates, and those who rate it well, are."""
    world.rate(ME, "eve", 1)
    world.rate(ME, "ann", 5)
    world.rate("eve", "bob", 5)
    world.rate("eve", "ann", 1)
    world.rate("ann", "bob", 2)
    world.rate("ann", "eve", 5)
    assert world.value("bob") == 2.0
    assert world.weights("bob") == {did_of("ann"): 1.0}
    assert world.ignored("bob") == ["no_weight"]


def test_my_own_rating_beats_introductions(world: World) -> None:
    """What I say of a rater decides my trust in it; praise and blame by others do not."""
    world.rate(ME, "ann", 2)
    world.rate(ME, "friend", 5)
    world.rate("friend", "ann", 5)
    world.rate("ann", "bob", 4)
    assert world.score("bob").weight == 0.25
    world.rate(ME, "ann", 5, at=NOW + 1)
    world.rate("friend", "ann", 1, at=NOW + 1)
    assert world.score("bob").weight == pytest.approx(1.0, abs=1e-9)


def test_what_others_say_of_me_does_not_remove_me(world: World) -> None:
    """A hundred bad ratings of me change nothing of what I see."""
    world.rate(ME, "ann", 5)
    world.rate("ann", "bob", 4)
    before = world.answer("bob")
    world.hear(*[rating(f"eve-{number}", ME, 1) for number in range(100)], rating("ann", ME, 1))
    assert world.answer("bob") == before


def test_blame_by_one_introducer_takes_nothing_from_the_praise_of_another(world: World) -> None:
    """A low rating of a rater only adds little; it never takes away what others gave."""
    for friend in ("one", "two"):
        world.rate(ME, friend, 5)
    world.rate("one", "ann", 5)
    world.rate("ann", "bob", 4)
    assert world.score("bob").weight == HOP
    world.rate("two", "ann", 1)
    assert world.score("bob").weight == HOP


def test_hops(world: World) -> None:
    """Each hop halves: a chain of n ratings needs n hops and weighs HOP for each introduction in it."""
    chain = [ME, "a", "b", "c", "d"]
    for rater, next_ in pairwise(chain):
        world.rate(rater, next_, 5)
    for length, rater in enumerate(chain, 1):
        world.rate(rater, f"agent:{length}", 4)
    for hops in range(1, 7):
        for length in range(1, 6):
            score = world.score(f"agent:{length}", hops=hops)
            expected = HOP ** max(length - 2, 0) if length <= hops else 0.0
            assert (hops, length, score.weight) == (hops, length, expected)
    term = world.answer("agent:4", hops=4).terms[0]
    reader = world.inquiry().reader
    assert [reader.name(node) for node in term.path] == [did_of(name) for name in chain[:4]]


def test_introductions_multiply(world: World) -> None:
    """Weight = my trust in the introducer × HOP × its trust in the rater."""
    world.rate(ME, "friend", 4)
    world.rate("friend", "ann", 3)
    world.rate("ann", "bob", 5)
    assert world.score("bob").weight == pytest.approx(0.75 * HOP * 0.5, abs=1e-12)


def test_several_introducers_add_up_to_one_hop_at_most(world: World) -> None:
    """Two half-trusted introducers are as good as one trusted; ten trusted ones are no better than HOP."""
    world.rate("ann", "bob", 4)
    for number in range(2):
        world.rate(ME, f"half-{number}", 3)
        world.rate(f"half-{number}", "ann", 5)
    assert world.score("bob").weight == pytest.approx(HOP, abs=1e-12)
    for number in range(10):
        world.rate(ME, f"friend-{number}", 5)
        world.rate(f"friend-{number}", "ann", 5)
    assert world.score("bob").weight == HOP


def test_trust_in_one_category_weighs_nothing_in_another(world: World) -> None:
    """Who is trusted for cooking is not heard on driving, and does not introduce drivers."""
    world.rate(ME, "ann", 5, "cooking")
    world.rate("ann", "bob", 5, "driving")
    world.rate("ann", "carl", 5, "cooking")
    world.rate("carl", "bob", 5, "driving")
    assert world.value("bob", category="driving") is None
    assert world.ignored("bob", category="driving") == ["too_far", "too_far"]
    assert world.value("bob", category="cooking") is None
    assert world.value("carl", category="cooking") == 5.0


def test_overall_trust_stands_in_where_there_is_no_other(world: World) -> None:
    """`overall` counts in every category in which the rater has no rating of its own."""
    world.rate(ME, "ann", 5)
    world.rate("ann", "bob", 4, "driving")
    assert world.value("bob", category="driving") == 4.0
    world.rate(ME, "ann", 1, "driving")
    assert world.value("bob", category="driving") is None
    assert world.ignored("bob", category="driving") == ["no_weight"]


def test_overall_stands_in_for_introducers_too(world: World) -> None:
    """An introducer's `overall` rating introduces in a category, unless it rated there."""
    world.rate(ME, "friend", 5, "driving")
    world.rate("friend", "ann", 5)
    world.rate("ann", "bob", 4, "driving")
    assert world.score("bob", category="driving").weight == HOP
    world.rate("friend", "ann", 1, "driving")
    assert world.value("bob", category="driving") is None


def test_overall_ratings_of_a_subject_do_not_leak_into_a_category(world: World) -> None:
    """`overall` stands in for trust in raters, not for ratings of the subject."""
    world.rate(ME, "bob", 5)
    assert world.value("bob", category="driving") is None


def test_peer_weights(world: World) -> None:
    """A stated weight is trust in a rater that I have not rated, and only in my own eyes."""
    world.peer("ann", weight=0.4)
    world.rate("ann", "bob", 4)
    assert world.score("bob").weight == 0.4
    assert world.value("bob", "carl") is None
    world.rate(ME, "ann", 2)
    assert world.score("bob").weight == 0.25


def test_a_peer_weight_introduces(world: World) -> None:
    """A peer with a stated weight introduces others as a rated one does."""
    world.peer("friend", weight=0.5)
    world.rate("friend", "ann", 5)
    world.rate("ann", "bob", 4)
    assert world.score("bob").weight == 0.5 * HOP


# Attacks


def farm(entry: str, count: int, target: str, stars: float) -> list[Record]:
    """Let one key vouch for `count` Sybils that all rate the target."""
    names = [f"sybil-{number}" for number in range(count)]
    vouched = [rating(entry, name, 5) for name in names]
    return vouched + [rating(name, target, stars) for name in names]


def honest(world: World) -> None:
    """A careless friend and two honest ones who know the target."""
    for name, stars in (("careless", 4), ("one", 5), ("two", 4)):
        world.rate(ME, name, stars)
    world.rate("one", "target", 5)
    world.rate("two", "target", 4)


def test_five_hundred_sybils_weigh_no_more_than_one(tmp_path: Path) -> None:
    """Behind one edge of weight w, k Sybils weigh together HOP·w, as one key would, whatever k.

    So they move the score by at most 4·HOP·w / (W + HOP·w) stars, W the weight of the honest voices.
    """
    found = {}
    for count in (0, 1, 2, 500):
        (tmp_path / str(count)).mkdir()
        world = World(tmp_path / str(count))
        honest(world)
        world.hear(*farm("careless", count, "target", 1))
        found[count] = world.score("target")
    before, edge = found[0], 0.75
    assert before.weight == 1.75
    assert before.value is not None
    for count in (1, 2, 500):
        score = found[count]
        assert score.value is not None
        assert score.weight == pytest.approx(before.weight + HOP * edge, abs=1e-9)
        assert score.value == pytest.approx(
            (1.75 * before.value + HOP * edge * 1) / (1.75 + HOP * edge), abs=1e-9
        )
        assert before.value - score.value <= 4 * HOP * edge / (1.75 + HOP * edge)
    assert found[500].raters == 502


@pytest.mark.parametrize("hops", [2, 3, 4, 5, 6])
def test_a_farm_that_vouches_for_itself(world: World, hops: int) -> None:
    """One Sybil behind an edge of weight w, forty behind it that all vouch for one another.

    Together they weigh at most w·(HOP + HOP² + …), one power a hop: less than w, the edge's owner itself.
    """
    honest(world)
    before = world.score("target", hops=hops).weight
    names = [f"sybil-{number}" for number in range(12)]
    records = [rating("careless", names[0], 5)] + [rating(name, "target", 1) for name in names]
    records += [rating(name, other, 5) for name in names for other in names if name != other]
    world.hear(*records)
    gained = world.score("target", hops=hops).weight - before
    assert gained <= 0.75 * sum(HOP**power for power in range(1, hops - 1)) + 1e-9
    assert gained >= (0.75 * HOP - 1e-9 if hops > 2 else 0.0)


def test_sybils_that_nobody_vouches_for_change_nothing(world: World) -> None:
    """Three hundred slanderers out of reach change no bit of the score; the plain mean shows the contrast."""
    honest(world)
    before, plain = world.answer("target"), world.mean("target")
    world.hear(*[rating(f"eve-{number}", "target", 1) for number in range(300)])
    world.hear(*[rating(f"eve-{number}", "one", 1) for number in range(300)])
    after = world.answer("target")
    assert (after.score, after.terms) == (before.score, before.terms)
    assert {one.because for one in after.ignored} == {"too_far"}
    moved = world.mean("target")
    assert plain is not None
    assert moved is not None
    assert moved < plain - 3


def test_a_rater_split_in_many_keys_weighs_the_same(tmp_path: Path) -> None:
    """An introducer that vouches for k keys instead of one, all saying the same, changes no score."""
    scores = []
    for count in (1, 2, 7):
        (tmp_path / str(count)).mkdir()
        world = World(tmp_path / str(count))
        honest(world)
        world.hear(*farm("careless", count, "target", 2))
        scores.append(world.score("target"))
    for score in scores[1:]:
        assert score.value == pytest.approx(scores[0].value, abs=1e-12)
        assert score.expected == pytest.approx(scores[0].expected, abs=1e-12)
        assert score.deviation == pytest.approx(scores[0].deviation, abs=1e-12)


def test_vouching_by_halves_stays_below_the_bound(world: World) -> None:
    """Keys vouched for with 3 stars each add up, but never beyond HOP × the introducer's weight."""
    honest(world)
    before = world.score("target").weight
    names = [f"half-{number}" for number in range(9)]
    world.hear(
        *[rating("careless", name, 3) for name in names], *[rating(name, "target", 1) for name in names]
    )
    assert world.score("target").weight - before == pytest.approx(HOP * 0.75, abs=1e-9)


def test_a_new_key_is_unknown_and_never_average(world: World) -> None:
    """Who was rated badly and comes back under a new key is unknown: no better than no score."""
    world.rate(ME, "bad", 1)
    assert world.value("bad") == 1.0
    assert world.value("bad-under-a-new-key") is None


def test_one_severe_failure_is_not_averaged_away(world: World) -> None:
    """Many good deeds in one category leave a bad rating in another what it is."""
    for number in range(50):
        world.rate(ME, "bob", 5, f"task-{number}")
    world.rate(ME, "bob", 1, "honesty")
    assert world.value("bob", category="honesty") == 1.0


# EigenTrust


def shares(
    edges: Sequence[tuple[int, int, float]],
    pretrusted: Sequence[float],
    restart: float,
    tolerance: float = 1e-14,
) -> NDArray[np.float64]:
    """Run EigenTrust on a list of (rater, subject, trust)."""
    columns = np.array(edges, dtype=float).reshape(-1, 3).T
    return eigentrust(
        columns[0].astype(np.int64), columns[1].astype(np.int64), columns[2],
        np.array(pretrusted, dtype=float), restart=restart, tolerance=tolerance,
    )  # fmt: skip


EK, SD, VM = range(3)
README = [(EK, SD, 100.0), (VM, SD, 100.0), (EK, VM, 75.0)]


@pytest.mark.parametrize(
    ("restart", "expected"),
    [
        (0.5, (0.21705427907, 0.30232554291, 0.48062017802)),
        (0.1, (0.165367391078, 0.440113297169, 0.394519311753)),  # printed there as "-a 0.01" in the text
        (0.01, (0.156493, 0.464122, 0.379385)),
    ],
)
def test_known_answer_of_go_eigentrust(restart: float, expected: tuple[float, ...]) -> None:
    """go-eigentrust's README: ek trusts sd 100 and vm 75, vm trusts sd 100, p = (1/3, 0, 2/3)."""
    found = shares(README, (1 / 3, 0, 2 / 3), restart)
    assert found == pytest.approx(expected, abs=1e-6 if restart < 0.1 else 1e-7)


def test_seven_peers_by_hand() -> None:
    """Six trust the seventh, p uniform, a = 1/2: t = 1/14 + (1 − t)/2 + t/14, so t = 0.4."""
    found = shares([(peer, 6, 1.0) for peer in range(6)], [1 / 7] * 7, 0.5)
    assert found == pytest.approx([0.1] * 6 + [0.4], abs=1e-12)


def test_a_single_seed_by_hand() -> None:
    """Alice, the seed, trusts Bob, who trusts nobody, a = 1/2: Alice 2/3, Bob 1/3, others nothing."""
    assert shares([(0, 1, 1.0)], (1, 0, 0), 0.5) == pytest.approx((2 / 3, 1 / 3, 0), abs=1e-12)


def dense(
    edges: Sequence[tuple[int, int, float]], pretrusted: NDArray[np.float64], restart: float
) -> NDArray[np.float64]:
    """The paper's Algorithm 2, word for word, on a full matrix."""
    n = len(pretrusted)
    c = np.zeros((n, n))
    for rater, subject, trust in edges:
        c[rater, subject] += trust
    for row in range(n):
        c[row] = c[row] / c[row].sum() if c[row].sum() > 0 else pretrusted
    t = pretrusted.copy()
    for _ in range(4_000):
        t = (1 - restart) * c.T @ t + restart * pretrusted
    return t


@pytest.mark.parametrize("seed", range(6))
def test_the_sparse_loop_equals_the_dense_one(seed: int) -> None:
    """On random graphs, dangling rows and parallel edges included, a plain dense loop agrees to 1e-12."""
    dice = np.random.default_rng(seed)
    n = 30
    edges = [
        (int(dice.integers(0, n - 5)), int(dice.integers(n)), float(dice.random())) for _ in range(5 * n)
    ]
    pretrusted = dice.random(n) * (dice.random(n) < 0.3) + np.eye(n)[0]
    pretrusted /= pretrusted.sum()
    restart = (0.05, 0.15, 0.5)[seed % 3]
    found = shares(edges, pretrusted.tolist(), restart, 1e-15)
    assert np.abs(found - dense(edges, pretrusted, restart)).max() < 1e-12
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert found.min() >= 0

    order = dice.permutation(n)
    renamed = [(int(order[rater]), int(order[subject]), trust) for rater, subject, trust in edges]
    moved = np.zeros(n)
    moved[order] = pretrusted
    assert np.abs(shares(renamed, moved.tolist(), restart, 1e-15)[order] - found).max() < 1e-12


def test_a_row_without_trust_is_p() -> None:
    """A node that trusts nobody passes everything to the pre-trusted, as if it had said so."""
    p = (0.2, 0.5, 0.3, 0.0)
    silent = shares([(0, 1, 1.0), (1, 2, 2.0), (2, 3, 1.0)], p, 0.15)
    spoken = shares([(0, 1, 1.0), (1, 2, 2.0), (2, 3, 1.0), (3, 0, 2.0), (3, 1, 5.0), (3, 2, 3.0)], p, 0.15)
    assert silent == pytest.approx(spoken, abs=1e-12)
    nobody = shares([], p, 0.15)
    assert nobody == pytest.approx(p, abs=1e-12)


def test_the_scale_of_a_raters_trust_does_not_matter() -> None:
    """Rows are normalised: who trusts everybody ten times as much says the same."""
    louder = [(rater, subject, trust * (10 if rater == EK else 1)) for rater, subject, trust in README]
    assert shares(louder, (1 / 3, 0, 2 / 3), 0.5) == pytest.approx(
        shares(README, (1 / 3, 0, 2 / 3), 0.5), abs=1e-13
    )


@pytest.mark.parametrize("pretrusted", [(0.5, 0.4), (1.5, -0.5), (0.0, 0.0), (float("nan"), 1.0)])
def test_p_is_a_distribution(pretrusted: tuple[float, float]) -> None:
    """A p that is none is refused."""
    with pytest.raises(ValueError, match="distribution"):
        shares([(0, 1, 1.0)], pretrusted, 0.5)


def test_negative_trust_is_refused() -> None:
    """The matrix holds trust only; distrust has no place in it."""
    with pytest.raises(ValueError, match="non-negative"):
        shares([(0, 1, -1.0)], (1, 0), 0.5)


def test_eigentrust_is_personalised(world: World) -> None:
    """Trust flows from the viewpoint: each sees its own friends, and shares never sum to more than 1."""
    world.rate(ME, "ann", 5)
    world.rate("zoe", "bob", 5)
    assert world.value("bob", model="eigentrust") is None
    assert world.value("ann", "zoe", model="eigentrust") is None
    mine = world.inquiry(model="eigentrust").everybody()
    assert [scored.subject.id for scored in mine] == [did_of("ann")]
    # a = 0.15, ann trusts nobody: ann = 0.85 · me, me = 1 − ann
    assert mine[0].score.value == pytest.approx(0.85 / 1.85, abs=1e-9)
    assert world.value("ann", model="eigentrust") == pytest.approx(0.85 / 1.85, abs=1e-9)


def test_eigentrust_has_no_distrust(world: World) -> None:
    """Three stars and less give nothing; five give twice as much as four."""
    for name, stars in (("a", 5), ("b", 4), ("c", 3), ("d", 1)):
        world.rate(ME, name, stars)
    found = {name: world.value(name, model="eigentrust") for name in "abcd"}
    assert (found["c"], found["d"]) == (None, None)
    assert found["a"] is not None
    assert found["b"] is not None
    assert found["a"] / found["b"] == pytest.approx(2, abs=1e-9)


def test_a_farm_takes_no_more_of_the_flow_for_being_large(tmp_path: Path) -> None:
    """What reaches honest nodes does not depend on the number of Sybils behind one edge."""
    found = []
    for count in (1, 5, 60):
        (tmp_path / str(count)).mkdir()
        world = World(tmp_path / str(count))
        honest(world)
        world.hear(*farm("careless", count, "agent:booty", 5))
        found.append(
            [world.value(name, model="eigentrust") for name in ("one", "two", "target", "agent:booty")]
        )
    assert found[1] == pytest.approx(found[0], abs=1e-9)
    assert found[2] == pytest.approx(found[0], abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_one_score_is_that_of_all(world: World, model: str) -> None:
    """Asking about one subject and asking about everybody give the same numbers."""
    honest(world)
    world.hear(*farm("careless", 5, "target", 2))
    world.rate("two", "one", 3.5, "driving")
    everybody = world.inquiry(model=model).everybody()
    assert len(everybody) >= 4
    for scored in everybody:
        alone = world.inquiry(model=model).about(scored.subject).score
        assert alone.value == pytest.approx(scored.score.value, abs=1e-12)
        assert (alone.low, alone.high, alone.raters, alone.newest) == (
            scored.score.low, scored.score.high, scored.score.raters, scored.score.newest,
        )  # fmt: skip


def test_everybody_is_best_first(world: World) -> None:
    """A list is sorted by what is expected: much praise before little, equals in a fixed order."""
    for number in range(6):
        world.rate(ME, f"friend-{number}", 5)
        world.rate(f"friend-{number}", "agent:known", 4.8)
    world.rate(ME, "agent:once", 5)
    world.rate(ME, "agent:twin", 5)
    names = [scored.subject.id for scored in world.inquiry().everybody()]
    assert names[0] == "agent:known"
    assert names.index("agent:once") + 1 == names.index("agent:twin")
