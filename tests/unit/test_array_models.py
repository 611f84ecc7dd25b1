"""Models over arrays: worked by hand, short cuts held against refitting, and what attackers try."""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.network_of_raters import DAY, ME, NOW, World, rating
from tests.unit.test_model_properties import standing
from trustcli.errors import UsageError
from trustcli.models import MODELS, beta_filtered, fairness, outside, rev2
from trustcli.models.answer import Question
from trustcli.models.arrays import ARRAYS, MANY, RATING, Ratings, load, ratings, sums

if TYPE_CHECKING:
    from pathlib import Path

    from trustcli.models.arrays import Floats
    from trustcli.records.envelope import Record

SHORT_CUTS = [name for name in ARRAYS if load(name).leave_one_out is not None]
DEFINED_BY_REFIT = [name for name in SHORT_CUTS if not name.startswith("hybrid")]


def crowd(count: int = 300, nodes: int = 40, seed: int = 5, *, timed: bool = True) -> Ratings:
    """Return ratings among nodes that differ in how good they are and how strict."""
    dice = np.random.default_rng(seed)
    pairs = dice.permutation(nodes * nodes)
    pairs = pairs[pairs // nodes != pairs % nodes][:count]
    rater, subject = pairs // nodes, pairs % nodes
    good, strict = dice.uniform(-0.8, 0.8, nodes), dice.uniform(-0.3, 0.3, nodes)
    value = np.clip(np.round(good[subject] - strict[rater] + dice.normal(0, 0.2, count), 1), -1, 1)
    time = NOW + np.arange(count) * DAY if timed else None
    return ratings(rater, subject, value, time, nodes)


def one(model: str, known: Ratings, rater: int, subject: int) -> float:
    """Return one prediction of a fitted model."""
    return float(load(model).fit(known).predict(np.array([rater]), np.array([subject]))[0])


def of(*rows: tuple[int, int, float], nodes: int = 0) -> Ratings:
    """Return ratings from (rater, subject, value) rows, a day apart."""
    rater, subject, value = zip(*rows, strict=True)
    time = [NOW + number * DAY for number in range(len(rows))]
    return ratings(rater, subject, value, time, nodes or max(*rater, *subject) + 1)


# What ratings are


def test_ratings_have_one_order() -> None:
    """Rows in any order are the same columns: by time, then rater, then subject."""
    rows = crowd()
    mixed = np.random.default_rng(1).permutation(len(rows.value))
    again = ratings(rows.rater[mixed], rows.subject[mixed], rows.value[mixed], rows.time[mixed], rows.nodes)
    for before, after in zip(rows[:4], again[:4], strict=True):
        assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize(
    ("rater", "subject", "value", "time", "message"),
    [
        ([0, 1], [1], [0.0], None, "length"),
        ([0], [1], [0.5], [1, 2], "length"),
        ([0], [1], [1.1], None, "−1..1"),
        ([0], [1], [math.nan], None, "−1..1"),
        ([-1], [1], [0.5], None, "node numbers"),
        ([0], [9], [0.5], None, "node numbers"),
        ([0, 0], [1, 1], [0.5, 0.2], None, "one rating a pair"),
    ],
)
def test_what_are_no_ratings(
    rater: list[int], subject: list[int], value: list[float], time: list[int] | None, message: str
) -> None:
    """Columns that do not fit, values off the scale, unknown nodes and pairs twice are refused."""
    with pytest.raises(ValueError, match=message):
        ratings(rater, subject, value, time, 5)


def test_no_ratings_at_all() -> None:
    """Every model can be fitted to nothing, and says something of anybody."""
    nothing = ratings([], [], [], None, 3)
    for name in ARRAYS:
        found = load(name).fit(nothing)
        predicted = found.predict(np.array([0, 1]), np.array([1, 2]))
        if load(name).personal and load(name).unit == RATING and name in MODELS:
            assert np.isnan(predicted).all() or "hybrid" in name, name
        else:
            assert np.isfinite(predicted).all(), name
        assert standing(found).shape in ((3,), (0,)), name


# The registry


def test_array_models_go_by_their_names() -> None:
    """Each model goes by its name; another name is a usage error that lists them."""
    assert [load(name).name for name in ARRAYS] == list(ARRAYS)
    with pytest.raises(UsageError) as refused:
        load("alchemy")
    assert refused.value.code == "unknown_model"
    assert all(name in refused.value.hint for name in ARRAYS)


@pytest.mark.parametrize("name", ARRAYS)
def test_each_says_where_it_comes_from(name: str) -> None:
    """Each model's module says what it assumes and when it fails."""
    text = import_module(f"trustcli.models.{ARRAYS[name][0]}").__doc__ or ""
    assert "ssumes" in text
    assert "ails when" in text


def test_a_model_from_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """An installed package brings a model by an entry point, for the ledger and for evaluation."""
    (tmp_path / "flat_model.py").write_text(
        "import numpy as np\n"
        "from trustcli.models.arrays import ArrayModel, Fitted\n"
        "class Flat(Fitted):\n"
        "    def predict(self, raters, subjects): return np.full(len(raters), 0.5)\n"
        "class Model(ArrayModel):\n"
        "    name = 'flat'\n"
        "    def fit(self, known): return Flat(known)\n"
        "ARRAY = Model()\n"
    )
    info = tmp_path / "flat-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: flat\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[trustcli.models]\nflat = flat_model\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert outside()["flat"] == "flat_model"
    assert one("flat", of((0, 1, 1.0)), 0, 1) == 0.5
    world.rate("ann", "bob", 1)
    assert world.value("bob", model="flat") == 4.0


# By hand


def test_the_mean() -> None:
    """The mean of 1, 0 and −0.4 is 0.2 for everybody."""
    known = of((0, 1, 1.0), (1, 2, 0.0), (2, 0, -0.4))
    assert one("mean", known, 0, 2) == pytest.approx(0.2, abs=1e-12)


def test_the_opposite_rating() -> None:
    """What the subject said of the rater, and 0 where it said nothing."""
    known = of((0, 1, 0.7), (1, 2, -0.2))
    assert (one("reciprocal", known, 1, 0), one("reciprocal", known, 0, 1)) == (0.7, 0.0)


def test_a_self_rating_is_not_its_own_opposite() -> None:
    """What somebody says of oneself nobody returns: unknown, 0, however the model is asked."""
    known, model = of((0, 0, 0.9), (0, 1, 0.7), (1, 0, -0.2)), load("reciprocal")
    assert one("reciprocal", known, 0, 0) == 0.0
    assert model.stream is not None
    stream = model.stream()
    stream.learn(0, 0, 0.9, 0)
    assert stream.predict(0, 0, 1) == 0.0
    assert model.leave_one_out is not None
    assert model.leave_one_out(known).tolist() == [0.0, -0.2, 0.7]


def test_the_plain_mean() -> None:
    """Of 1 and 0.5 it is 0.75; of nothing 0."""
    known = of((0, 1, 1.0), (2, 1, 0.5))
    assert (one("stars", known, 2, 1), one("stars", known, 1, 0)) == (0.75, 0.0)


def test_global_eigentrust() -> None:
    """Two who trust each other and a third who trusts the first: a cycle that keeps what it gets.

    With a = 0.15 and p = 1/3: c = 0.05, a = 0.85 (b + c) + 0.05, b = 0.85 a + 0.05.
    """
    known = of((0, 1, 1.0), (1, 0, 1.0), (2, 0, 0.5))
    first = (0.85 * (0.05 + 0.05) + 0.05) / (1 - 0.85**2)
    assert one("eigentrust", known, 2, 0) == pytest.approx(first, abs=1e-9)
    assert one("eigentrust", known, 0, 1) == pytest.approx(0.85 * first + 0.05, abs=1e-9)
    assert standing(load("eigentrust").fit(known)).sum() == pytest.approx(1, abs=1e-9)


def test_shrunk_bias() -> None:
    """μ = 0.25; the subject has 1 and 0.5, the rater gave −0.5: in 2.25/5, out 0.25/4."""
    known = of((0, 1, 1.0), (2, 1, 0.5), (3, 0, -0.5), (3, 2, 0.0))
    assert one("bias", known, 3, 1) == pytest.approx(2.25 / 5 + (0.75 - 0.5) / 5 - 0.25, abs=1e-12)


def test_beta_halves_after_ninety_days() -> None:
    """A rating 90 days older weighs half: (0.5 · 1 − 0.5) / (0.5 + 1 + 2)."""
    known = ratings([0, 1], [2, 2], [1.0, -0.5], [NOW - 90 * DAY, NOW], 3)
    assert one("beta", known, 0, 2) == pytest.approx((0.5 - 0.5) / 3.5, abs=1e-12)
    assert one("beta", known._replace(value=np.array([1.0, 0.5])), 0, 2) == pytest.approx(1 / 3.5, abs=1e-12)


def test_the_unfair_are_not_heard() -> None:
    """Nine say 1 and one −1: E = (1 + 8 / 12) / 2 = .83, beyond the 99 % quantile .40 of Beta(1, 9).

    Beta(9, 1) has .19 below it, so the nine stay. Two against two are all incredible: E = ½, .5⁹ < .01.
    """
    known = ratings(range(10), [10] * 10, [1.0] * 9 + [-1.0], None, 11)
    assert one("beta-filtered", known, 0, 10) == pytest.approx(9 / 11, abs=1e-12)
    fitted = load("beta-filtered").fit(known)
    assert dict(fitted.explain(0, 10))[9] == 0
    assert dict(fitted.facts(0, 10))["voices dropped"] == 1
    half = ratings([0, 1, 2, 3], [4] * 4, [1.0, 1.0, -1.0, -1.0], None, 5)
    assert dict(load("beta-filtered").fit(half).explain(0, 4)) == dict.fromkeys(range(4), 0)


def test_a_dropped_majority_leaves_room_for_others() -> None:
    """Filtering goes on with those left: a mild one, first pulled along, is heard when the liars are gone."""
    value = [1.0] * 8 + [0.4, -1.0, -1.0]
    known = ratings(range(11), [11] * 11, value, None, 12)
    left = beta_filtered.fair(known, np.ones(11))
    assert left.tolist() == [1] * 9 + [0, 0]


def test_two_raters_who_contradict() -> None:
    """One says 1, one −1: the subject is 0, and each rater is wrong by half the scale."""
    solved = fairness.solve(of((0, 2, 1.0), (1, 2, -1.0)))
    assert solved.goodness[2] == pytest.approx(0, abs=1e-9)
    assert solved.fairness.tolist() == pytest.approx([0.5, 0.5, 1.0], abs=1e-9)


def many(seed: int = 8) -> Ratings:
    """Return 210,000 ratings among 3,000 nodes: raters of one, of some and of hundreds of ratings."""
    dice = np.random.default_rng(seed)
    pairs = np.unique((3000 * dice.random(400_000) ** 3).astype(int) * 3000 + dice.integers(0, 3000, 400_000))
    pairs = dice.permutation(pairs)[:210_000]
    return ratings(pairs // 3000, pairs % 3000, np.round(dice.uniform(-1, 1, len(pairs)), 1), None, 3000)


def test_fairness_and_goodness_of_many_ratings() -> None:
    """Where the first rounds are in single precision both equations hold as closely as elsewhere."""
    known = many()
    assert len(known.value) >= MANY
    solved = fairness.solve(known)
    given, received = (np.maximum(np.bincount(nodes, minlength=3000), 1) for nodes in known[:2])
    praise = np.bincount(known.subject, solved.fairness[known.rater] * known.value, minlength=3000)
    wrong = np.bincount(known.rater, np.abs(known.value - solved.goodness[known.subject]), minlength=3000)
    assert np.abs(solved.goodness - praise / received).max() <= 1e-8
    assert np.abs(solved.fairness - (1 - wrong / given / 2)).max() <= 1e-8


def test_sums_of_many_are_sums() -> None:
    """Summed as a sparse product: the bits that adding in order gives."""
    known = many()
    plain = np.bincount(known.rater, weights=known.value, minlength=3000)
    assert sums(known.rater, known.value, 3000).tobytes() == plain.tobytes()


def test_a_lonely_rater_is_fair() -> None:
    """Who alone rates a subject is right about it: fairness 1, goodness what was said."""
    solved = fairness.solve(of((0, 1, 0.4)))
    assert (solved.fairness[0], solved.goodness[1]) == pytest.approx((1.0, 0.4), abs=1e-9)
    assert (solved.fairness[1], solved.goodness[0]) == (1.0, 0.0)


def test_fairness_and_goodness_meet_their_equations() -> None:
    """At the fixed point both equations hold for every node."""
    known = crowd()
    solved = fairness.solve(known)
    for node in range(known.nodes):
        into, out = known.subject == node, known.rater == node
        good = (solved.fairness[known.rater[into]] * known.value[into]).mean() if into.any() else 0.0
        wrong = (
            np.abs(known.value[out] - solved.goodness[known.subject[out]]).mean() / 2 if out.any() else 0.0
        )
        assert solved.goodness[node] == pytest.approx(good, abs=1e-8)
        assert solved.fairness[node] == pytest.approx(1 - wrong, abs=1e-8)


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
def test_rev2_meets_its_equations(smoothing: float) -> None:
    """At the fixed point goodness, reliability and fairness follow from one another."""
    known = crowd()
    solved = rev2.solve(known, smoothing=smoothing)
    apart = np.abs(known.value - solved.goodness[known.subject]) / 2
    assert solved.reliability == pytest.approx((solved.fairness[known.rater] + 1 - apart) / 2, abs=1e-7)
    rates = np.bincount(known.rater, minlength=known.nodes) > 0
    middle = solved.fairness[rates].mean()
    for node in np.flatnonzero(rates):
        said = solved.reliability[known.rater == node]
        fair = (said.sum() + smoothing * middle) / (len(said) + smoothing)
        assert solved.fairness[node] == pytest.approx(fair, abs=1e-7)


def test_rev2_doubts_who_contradicts_the_crowd() -> None:
    """Nine praise three subjects, one blames them: the one is the least fair, its ratings unreliable."""
    rows = [(rater, subject, 0.9) for rater in range(9) for subject in (10, 11, 12)]
    solved = rev2.solve(of(*rows, *[(9, subject, -0.9) for subject in (10, 11, 12)]))
    assert solved.fairness.argmin() == 9
    assert solved.goodness[10] > 0.5


# Short cuts against refitting


@pytest.mark.parametrize("name", DEFINED_BY_REFIT)
def test_leaving_one_out_is_refitting_without_it(name: str) -> None:
    """The short cut gives what a model gives that was never told the rating, for every rating."""
    known, model = crowd(120, 25), load(name)
    assert model.leave_one_out is not None
    found = model.leave_one_out(known)
    for place in range(len(known.value)):
        expected = one(name, known.without(place), int(known.rater[place]), int(known.subject[place]))
        assert found[place] == pytest.approx(expected, abs=4e-5)


def test_leaving_one_out_of_fairness_keeps_its_bound() -> None:
    """On a graph with hubs, both numbers of every rating are within 4 bounds of solving anew."""
    dice = np.random.default_rng(3)
    pairs = np.unique(
        (60 * dice.random(700) ** 3).astype(int) * 60 + (60 * dice.random(700) ** 2).astype(int)
    )
    value = np.round(dice.uniform(-1, 1, len(pairs)), 1)
    known = ratings(pairs // 60, pairs % 60, value, None, 60)
    fair, good = fairness.leave_each_out(known)
    for place in range(0, len(value), 7):
        solved = fairness.solve(known.without(place), tolerance=1e-13)
        assert abs(solved.fairness[known.rater[place]] - fair[place]) <= 4 * fairness.BOUND
        assert abs(solved.goodness[known.subject[place]] - good[place]) <= 4 * fairness.BOUND


@pytest.mark.parametrize("name", SHORT_CUTS)
def test_a_changed_answer_changes_its_own_prediction_nowhere(name: str) -> None:
    """Whatever a rating said, leaving it out predicts the same for its pair."""
    known, model = crowd(200, 30), load(name)
    assert model.leave_one_out is not None
    before = model.leave_one_out(known)
    for place in (0, 57, 199):
        value = known.value.copy()
        value[place] = -1.0 if value[place] > 0 else 1.0
        after = model.leave_one_out(known._replace(value=value))
        assert after[place] == pytest.approx(before[place], abs=4e-5)
        assert np.abs(after - before).max() > 1e-3 or name in (
            "mean",
            "reciprocal",
        )  # it is evidence for others


@pytest.mark.parametrize("name", ["mean", "reciprocal", "stars", "beta", "bias"])
def test_a_stream_is_a_fit_to_the_past(name: str) -> None:
    """After k ratings a stream says what a fit to these k says."""
    known, model = crowd(), load(name)
    assert model.stream is not None
    stream = model.stream()
    rows = list(zip(*(column.tolist() for column in known[:4]), strict=True))
    for place, (rater, subject, value, time) in enumerate(rows):
        stream.learn(rater, subject, value, time)
        if place % 60 == 59:
            past = known.where(np.arange(len(rows)) <= place)
            for pair in ((0, 1), (7, 3), (rater, subject)):
                assert stream.predict(pair[0], pair[1], time) == pytest.approx(
                    one(name, past, *pair), abs=1e-9
                )


# Order and names


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("timed", [True, False])
def test_any_order_the_same_bytes(name: str, timed: bool) -> None:
    """Shuffled rows give the same predictions to the last bit, also where all are of the same time."""
    known = crowd(timed=timed)
    mixed = np.random.default_rng(2).permutation(len(known.value))
    again = ratings(
        known.rater[mixed], known.subject[mixed], known.value[mixed], known.time[mixed], known.nodes
    )
    before, after = (predictions(name, one_of) for one_of in (known, again))
    assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("timed", [True, False])
def test_other_numbers_for_the_nodes_are_other_places_of_the_scores(name: str, timed: bool) -> None:
    """Renamed nodes have the same scores under their new names."""
    known = crowd(timed=timed)
    new = np.random.default_rng(4).permutation(known.nodes)
    renamed = ratings(new[known.rater], new[known.subject], known.value, known.time, known.nodes)
    before, after = predictions(name, known), predictions(name, renamed)
    places = np.arange(known.nodes)
    assert after[np.ix_(new, new)] == pytest.approx(
        before, abs=2e-6 if "hybrid" in name else 1e-9, nan_ok=True
    )
    one, other = standing(load(name).fit(known)), standing(load(name).fit(renamed))
    assert other[new[places[: len(other)]]] == pytest.approx(one, abs=2e-6)


def predictions(name: str, known: Ratings) -> Floats:
    """Return what each would say of each, shape (n, n)."""
    everybody = np.arange(known.nodes)
    raters, subjects = np.repeat(everybody, known.nodes), np.tile(everybody, known.nodes)
    return load(name).fit(known).predict(raters, subjects).reshape(known.nodes, known.nodes)


# In the ledger


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty world."""
    return World(tmp_path)


@pytest.mark.parametrize("model", MODELS)
def test_the_order_of_arrival_changes_no_bit(tmp_path: Path, model: str) -> None:
    """The same records heard in another order give equal answers."""
    found = []
    records = _people()
    for turn in range(2):
        (tmp_path / str(turn)).mkdir()
        world = World(tmp_path / str(turn))
        world.hear(*(records if turn else reversed(records)))
        inquiry = world.inquiry(model=model)
        found.append([(one.subject.id, one.score._replace(subject=0)) for one in inquiry.everybody()])
    assert found[0] == found[1]
    assert len(found[0]) >= 5


def _people() -> list[Record]:
    dice = np.random.default_rng(12)
    names = [ME, *(f"person-{number}" for number in range(20))]
    pairs = [(rater, subject) for rater in names for subject in names if rater != subject]
    return [
        rating(rater, subject, int(dice.integers(10, 51)) / 10, at=NOW - int(dice.integers(0, 90)) * DAY)
        for rater, subject in (pairs[place] for place in dice.permutation(len(pairs))[:200].tolist())
    ]


def test_what_array_models_hear_in_the_ledger(world: World) -> None:
    """A model that hears everybody alike scores whom anybody rated; its voices have the model's weights."""
    for rater, stars in (("a", 5), ("b", 5), ("c", 1)):
        world.rate(rater, "bob", stars)
    for rater, stars in (("a", 4), ("b", 4), ("c", 4)):
        world.rate(rater, "carl", stars)
    answer = world.answer("bob", model="fairness")
    weights = sorted(term.weight for term in answer.terms)
    assert answer.score.raters == 3
    assert weights[0] < weights[1] == weights[2]
    assert world.score("bob", model="bias").value is not None
    assert world.value("a", model="fairness") is None


def test_every_model_of_the_ledger_can_be_evaluated() -> None:
    """Whoever scores the ledger has a row in the table."""
    assert set(MODELS) <= set(ARRAYS)
    assert set(ARRAYS) - set(MODELS) == {"mean", "reciprocal", "bias-unclipped", "goodness", "hybrid-open"}
    assert Question(0).hops == 3  # what Book.reach assumes
