"""What every model of one viewpoint promises: no order of rows or names, and what Sybils get.

| model | 500 behind one edge get at most | a rater split in k keys |
|---|---|---|
| appleseed, eigentrust-plus, meritrank, random-neural | what flows over it | no change, the vouch divided |
| graperank-bounded | 0.84 × what the edge weighs | no change, the vouch divided |
| antcolony | twice what one key gets there | no change, the vouch divided |
| sybilrank | log2 n good ranks | SPLIT_CHANGES |
| advogato | the capacity of the edge's end | no change, the vouch divided |
| tidaltrust | the word of the edge's owner | no change, each vouched for whole |
| antcascade | the word of the edge's owner | SPLIT_CHANGES |
| subjective | the word of the edge's owner, were it certain | SPLIT_CHANGES |
| graperank, fire | NO_BOUND | no change, the vouch divided; SPLIT_CHANGES |

beta and hybrid, which read the ledger, and eigentrust in the eyes of one have theirs in test_models.py and
test_hybrid.py.
"""

from __future__ import annotations

import math
from importlib import import_module

import numpy as np
import pytest

from trustcli.models import MODELS, graperank, subjective
from trustcli.models.advogato import CAPACITIES
from trustcli.models.appleseed import SPREAD
from trustcli.models.arrays import RANK, ArrayModel, Fitted, Ratings, load, ratings
from trustcli.models.eigentrust import RESTART
from trustcli.models.meritrank import DECAY, GO_ON
from trustcli.models.random_neural import LOST
from trustcli.models.sybilrank import steps

NOW, DAY = 1_790_000_000_000, 86_400_000  # ms
PERSONAL = (
    "subjective",
    "graperank",
    "graperank-bounded",
    "meritrank",
    "appleseed",
    "tidaltrust",
    "advogato",
    "sybilrank",
    "fire",
    "antcolony",
    "antcascade",
    "random-neural",
    "eigentrust-plus",
)
NO_BOUND = {
    "graperank": "as published, weights add up: sixty keys that follow each other lift one another",
    "fire": "as published, references are those whom the subject names: anybody",
}
SPLIT_CHANGES = {
    "subjective": "half a vouch is less than half believed, two whole ones make surer: bounded by the edge",
    "sybilrank": "a degree counts keys: who vouches for two passes half to each, and less to all others",
    "antcascade": "friends' friends are pooled, and more of them make the pool surer: bounded by the friend",
    "fire": "every reference counts alike: see NO_BOUND",
}
"""Models in which k keys with one word do not count as one, and why; in all others they do."""
WORDS = ("subjective", "tidaltrust", "antcascade")

ME, CARELESS, TARGET = 0, 1, 59  # among 60 honest nodes
HONEST = 60

Row = tuple[int, int, float]


def model_of(name: str) -> ArrayModel:
    """Return a model by name."""
    found: ArrayModel = import_module(f"trustcli.models.{name.replace('-', '_')}").ARRAY
    return found


def of(rows: list[Row]) -> Ratings:
    """Return ratings from (rater, subject, value) rows, all of one time; a later row of a pair wins."""
    pairs = {(rater, subject): value for rater, subject, value in rows}
    rater, subject = np.array(list(pairs), dtype=np.int64).T
    return ratings(rater, subject, list(pairs.values()))


def crowd(*, timed: bool = True) -> Ratings:
    """Return 260 ratings among 36 nodes, praise and blame, some pairs mutual."""
    dice = np.random.default_rng(11)
    pairs = dice.permutation(36 * 36)
    pairs = pairs[pairs // 36 != pairs % 36][:260]
    value = np.clip(np.round(dice.normal(0.4, 0.5, 260) * 2) / 2, -1, 1)  # halves: many ties
    time = NOW + dice.integers(0, 40, 260) * DAY if timed else None
    return ratings(pairs // 36, pairs % 36, value, time, 36)


def honest(seed: int = 3) -> list[Row]:
    """Return the ratings of 60 who praise some six others each; the careless one praises one of them."""
    dice = np.random.default_rng(seed)
    rows = []
    for rater in range(HONEST - 1):
        for subject in dice.choice(HONEST, 1 if rater == CARELESS else 6, replace=False).tolist():
            if subject not in (rater, CARELESS) and (rater, subject) != (ME, TARGET):
                rows.append((rater, subject, float(dice.choice((0.5, 1.0)))))
    rows += [
        (ME, CARELESS, 1.0),
        (ME, 2, 0.5),
        (ME, 3, 1.0),
        (CARELESS, 2, 1.0),
        (2, TARGET, 0.5),
        (3, TARGET, 1.0),
    ]
    return [row for row in rows if row[:2] != (CARELESS, TARGET)]


def farm(count: int, *, vouch: float = 1.0, word: float | None = None) -> list[Row]:
    """Return `count` Sybils behind careless → first: star, ring and back; and their word on the target."""
    sybils = range(HONEST, HONEST + count)
    rows: list[Row] = [(CARELESS, HONEST, vouch)] if count else []
    for sybil in sybils[1:]:
        following = sybil + 1 if sybil + 1 < HONEST + count else HONEST + 1
        rows += [(HONEST, sybil, 1.0), (sybil, HONEST, 1.0)]
        rows += [(sybil, following, 1.0)] if following != sybil else []
    return rows + ([(sybil, TARGET, word) for sybil in sybils] if word is not None else [])


def seen(name: str, rows: list[Row], rater: int = ME) -> np.ndarray:
    """Return what one rater sees in each node."""
    known = of(rows)
    return model_of(name).fit(known).predict(np.full(known.nodes, rater), np.arange(known.nodes))


def standing(fitted: Fitted) -> np.ndarray:
    """Return what everybody thinks of each node; nothing for a model with the eyes of one only."""
    found = fitted.standing()
    return np.zeros(0) if found is None else found


def predictions(name: str, known: Ratings) -> np.ndarray:
    """Return what each sees in each, shape (n, n)."""
    n = known.nodes
    raters, subjects = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    return model_of(name).fit(known).predict(raters, subjects).reshape(n, n)


# Order and names


@pytest.mark.parametrize("name", PERSONAL)
@pytest.mark.parametrize("timed", [True, False])
def test_any_order_the_same_bytes(name: str, *, timed: bool) -> None:
    """Shuffled rows give the same predictions and standings to the last bit."""
    known = crowd(timed=timed)
    mixed = np.random.default_rng(2).permutation(len(known.value))
    again = ratings(
        known.rater[mixed], known.subject[mixed], known.value[mixed], known.time[mixed], known.nodes
    )
    assert predictions(name, known).tobytes() == predictions(name, again).tobytes()
    model = model_of(name)
    assert standing(model.fit(known)).tobytes() == standing(model.fit(again)).tobytes()


@pytest.mark.parametrize("name", PERSONAL)
@pytest.mark.parametrize("timed", [True, False])
def test_other_numbers_for_the_nodes(name: str, *, timed: bool) -> None:
    """Renamed nodes have the same scores, standings and voices under their new names, ties and all."""
    known = crowd(timed=timed)
    new = np.random.default_rng(4).permutation(known.nodes)
    renamed = ratings(new[known.rater], new[known.subject], known.value, known.time, known.nodes)
    before, after = predictions(name, known), predictions(name, renamed)[np.ix_(new, new)]
    assert after == pytest.approx(before, abs=1e-9, nan_ok=True)
    one, other = model_of(name).fit(known), model_of(name).fit(renamed)
    before, after = standing(one), standing(other)
    assert after[new[: len(after)]] == pytest.approx(before, abs=1e-9)
    for rater, subject in ((0, 1), (5, 9), (20, 30)):
        voices = {int(new[voice]): weight for voice, weight in one.explain(rater, subject)}
        assert dict(other.explain(int(new[rater]), int(new[subject]))) == pytest.approx(voices, abs=1e-9)


@pytest.mark.parametrize("name", PERSONAL)
def test_a_view_does_not_depend_on_who_asked_before(name: str) -> None:
    """Many viewpoints, one after the other and back, see the same each time."""
    fitted, everybody = model_of(name).fit(crowd()), np.arange(36)
    first = [fitted.predict(np.full(36, rater), everybody).tobytes() for rater in range(36)]
    again = [fitted.predict(np.full(36, rater), everybody).tobytes() for rater in range(35, -1, -1)]
    assert first == again[::-1]


@pytest.mark.parametrize("name", PERSONAL)
def test_voices_are_those_who_spoke(name: str) -> None:
    """Weights are of raters of the subject, each named once, none negative; whoever is known has a voice."""
    known = crowd()
    fitted = model_of(name).fit(known)
    for rater in range(0, 36, 7):
        for subject in set(range(36)) - {rater}:
            found = fitted.explain(rater, subject)
            voices = [voice for voice, _ in found]
            assert set(voices) <= set(known.rater[known.subject == subject].tolist())
            assert len(set(voices)) == len(voices)
            assert all(weight >= 0 for _, weight in found)
            value = float(fitted.predict(np.array([rater]), np.array([subject]))[0])
            if value > 0 or (model_of(name).unit != RANK and not math.isnan(value)):
                assert sum(weight for _, weight in found) > 0


@pytest.mark.parametrize("name", PERSONAL)
def test_nothing_is_known_of_anybody(name: str) -> None:
    """Fitted to no ratings a model has ranks of 0, or knows nothing; it ranks three nodes all the same."""
    fitted = model_of(name).fit(ratings([], [], [], None, 3))
    found = fitted.predict(np.array([0, 1]), np.array([1, 2]))
    assert (found == 0).all() if model_of(name).unit == RANK else np.isnan(found).all() or "graperank" in name
    assert standing(fitted).tolist() in ([0, 0, 0], [])
    assert fitted.explain(0, 1) == []


# Sybils


@pytest.mark.parametrize("name", [name for name in PERSONAL if name != "fire"])
def test_keys_that_nobody_vouches_for_change_nothing(name: str) -> None:
    """Two hundred who blame the target, praise the honest and each other: no honest score moves."""
    eves = range(HONEST, HONEST + 200)
    rows = [(eve, TARGET, -1.0) for eve in eves] + [(eve, 2, 1.0) for eve in eves]
    rows += [(eve, ME, 1.0) for eve in eves] + [(eve, eve - 1, 1.0) for eve in eves if eve > HONEST]
    before = seen(name, honest())
    after = seen(name, honest() + rows)
    assert after[:HONEST] == pytest.approx(before, abs=1e-9, nan_ok=True)
    assert (np.nan_to_num(after[HONEST:]) == 0).all()


def worth(name: str, found: np.ndarray) -> float:
    """Return what one edge careless → first can bring in all, given the ranks: see each "fails when"."""
    share = 1 / sum(value for rater, _, value in honest() + farm(1) if rater == CARELESS)
    owner = float(found[CARELESS])
    if name == "appleseed":
        given = 1 / share
        return owner * SPREAD / (1 - SPREAD) / (given + 1)
    if name == "meritrank":
        return owner * share * GO_ON / (1 - GO_ON) * (1 - DECAY)
    if name == "eigentrust-plus":
        return owner * share * (1 - RESTART) / RESTART
    return owner * share * (1 - LOST) / LOST


@pytest.mark.parametrize("name", ["appleseed", "meritrank", "eigentrust-plus", "random-neural"])
@pytest.mark.parametrize("count", [1, 2, 500])
def test_a_farm_gets_what_flows_in_and_no_more(name: str, count: int) -> None:
    """All Sybils together have at most what one edge brings, whether they are 1 or 500."""
    found = seen(name, honest() + farm(count))
    assert 0 < found[HONEST:].sum() <= worth(name, found) + 1e-9


def test_a_farm_of_ants() -> None:
    """Ants that one key would lose five hundred keep, and no more come for them."""
    one, many = (seen("antcolony", honest() + farm(count))[HONEST:].sum() for count in (1, 500))
    assert many <= 2 * one + 1e-9


def test_a_farm_takes_in_a_capacity() -> None:
    """Two hops from the seed fifty are taken in, of five hundred as of sixty; no honest node is put out."""
    before = seen("advogato", honest())
    for count in (60, 500):
        found = seen("advogato", honest() + farm(count))
        assert (found[HONEST:] == 1).sum() <= CAPACITIES[2]
        assert found[:HONEST] == pytest.approx(before, abs=1e-12)


def test_a_farm_has_few_good_ranks() -> None:
    """At most log2 n of five hundred are above the lowest tenth of the honest whom the walk came to."""
    rows = honest()
    rows += [(subject, rater, value) for rater, subject, value in rows]
    found = seen("sybilrank", rows + farm(500))
    reached = np.sort(found[:HONEST][found[:HONEST] > 0])
    assert len(reached) >= HONEST - 2
    assert (found[HONEST:] > reached[len(reached) // 10]).sum() <= steps(HONEST + 500)


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("count", [1, 2, 500])
def test_a_farm_says_no_more_than_its_voucher_could(name: str, count: int) -> None:
    """Five hundred who blame the target move its score less far than the careless one's own blame."""
    before = seen(name, honest())[TARGET]
    own = seen(name, [*honest(), (CARELESS, TARGET, -1.0)])[TARGET]
    after = seen(name, honest() + farm(count, word=-1.0))[TARGET]
    assert own < before
    assert own <= after <= before + 1e-12


def two_hops_away(vouched: int) -> list[Row]:
    """Return a target that friends of friends know; the careless friend vouches for so many slanderers."""
    rows = [(ME, friend, 1.0) for friend in (CARELESS, 2, 3)]
    rows += [(2, 4, 1.0), (3, 5, 1.0), (4, TARGET, 1.0), (5, TARGET, 0.5)]
    for sybil in range(HONEST, HONEST + vouched):
        rows += [(CARELESS, sybil, 1.0), (sybil, TARGET, -1.0)]
    return rows


@pytest.mark.parametrize("name", ["tidaltrust", "antcascade"])
def test_a_careless_friend_counts_once(name: str) -> None:
    """Five hundred it vouches for, as near as the honest voices: no more than the friend's own blame."""
    before, one, many = (seen(name, two_hops_away(count))[TARGET] for count in (0, 1, 500))
    own = seen(name, [*two_hops_away(0), (CARELESS, TARGET, -1.0)])[TARGET]
    assert own <= many <= one < before
    if name == "tidaltrust":
        assert many == pytest.approx(one, abs=1e-12)
        assert one == pytest.approx((1 + 0.5 - 1) / 3, abs=1e-12)


def test_a_careless_friend_counts_as_if_it_were_certain() -> None:
    """In subjective logic five hundred vouches make certain: what a friend without any doubt would say."""
    honest_part = subjective.FittedSubjective(of(two_hops_away(0))).about_in_eyes(ME, TARGET)
    certain = subjective.discounted(subjective.stated(1.0), subjective.Opinion(0, 1, 0))
    bound = subjective.fused(honest_part, certain)
    one, many = (seen("subjective", two_hops_away(count))[TARGET] for count in (1, 500))
    assert bound.belief - bound.disbelief <= many < one
    assert many == pytest.approx(bound.belief - bound.disbelief, abs=0.01)


def split(keys: int, *, divided: bool) -> list[Row]:
    """Return the careless one's vouch for `keys` keys with one word on two honest nodes, and nothing else."""
    rows = [row for row in honest() if row[0] != CARELESS]
    names = range(HONEST, HONEST + keys)
    rows += [(CARELESS, key, 1 / keys if divided else 1.0) for key in names]
    return rows + [(key, TARGET, -0.5) for key in names] + [(key, 3, 0.5) for key in names]


def split_far(keys: int, *, divided: bool) -> list[Row]:
    """Return the same for a target that nobody near knows: the keys are as near as the honest voices."""
    names = range(HONEST, HONEST + keys)
    rows = two_hops_away(0) + [(CARELESS, key, 1 / keys if divided else 1.0) for key in names]
    return rows + [(key, TARGET, -0.5) for key in names]


@pytest.mark.parametrize("name", PERSONAL)
def test_a_rater_split_in_keys_changes_no_honest_score(name: str) -> None:
    """One key, two, seven: what they say together, honest nodes are as before, but for the exceptions."""
    moved = []
    for rows in (split, split_far):
        one, *more = (seen(name, rows(k, divided=name != "tidaltrust"))[:HONEST] for k in (1, 2, 7))
        moved += [found == pytest.approx(one, abs=1e-9, nan_ok=True) for found in more]
    assert all(moved) == (name not in SPLIT_CHANGES)


@pytest.mark.parametrize("name", ["subjective", "antcascade"])
def test_where_split_keys_count_they_are_bounded(name: str) -> None:
    """Seven keys move the target no further than the word of who vouched for them, entirely certain."""
    honest_part = subjective.FittedSubjective(of(two_hops_away(0))).about_in_eyes(ME, TARGET)
    certain = subjective.discounted(subjective.stated(1.0), subjective.Opinion(0, 1, 0))
    bound = subjective.fused(honest_part, certain)
    own = seen(name, [*two_hops_away(0), (CARELESS, TARGET, -1.0)])[TARGET]
    least = bound.belief - bound.disbelief if name == "subjective" else own
    for keys in (1, 2, 7):
        assert least <= seen(name, split_far(keys, divided=False))[TARGET]


@pytest.mark.parametrize("count", [1, 2, 120, 500])
def test_a_bounded_grapes_farm(count: int) -> None:
    """All keys together have at most 0.84 of what the edge weighs, follow whom they like."""
    sybils = range(HONEST, HONEST + count)
    mutual = [
        (one, other, 1.0) for one in sybils for other in (one + 1, one + 7, one + 31) if other in sybils
    ]
    found = seen("graperank-bounded", honest() + farm(count) + mutual)
    follows = sum(rater == CARELESS and value > 0 for rater, _, value in honest() + farm(1))
    assert follows <= 16
    edge = graperank.OTHERS * float(found[CARELESS])
    fading = graperank.FADING * math.log(2)
    assert 0 < found[HONEST:].sum() <= fading * edge / (1 - graperank.OWN * fading) + 1e-12


def test_a_bounded_grapes_slanderer() -> None:
    """Who blames a hundred weighs on each a hundredth of one follow of the observer's."""
    rows: list[Row] = [(ME, 1, 1.0), (ME, 2, 1.0), *[(1, node, -1.0) for node in range(2, 102)]]
    told = dict(model_of("graperank-bounded").fit(of(rows)).explain(ME, 2))
    score = seen("graperank-bounded", rows)[1]
    assert told[1] == pytest.approx(graperank.FADING * graperank.OWN * score / 100, abs=1e-12)
    assert told[ME] == pytest.approx(graperank.FADING * graperank.OWN, abs=1e-12)


def test_every_model_with_the_eyes_of_one_is_here() -> None:
    """The list is that of the registry, without those that have tests of their own; exceptions are in it."""
    eyes = {name for name in MODELS if load(name).personal}
    assert eyes - {"hybrid"} == set(PERSONAL)
    assert NO_BOUND.keys() | SPLIT_CHANGES.keys() <= set(PERSONAL)


def test_graperank_has_no_bound() -> None:
    """As its "fails when" says: one key alone gets .0045 from a follow of a follow, sixty lift each other."""
    rows: list[Row] = [(ME, CARELESS, 1.0), (CARELESS, HONEST, 1.0)]
    sybils = range(HONEST, HONEST + 120)
    lifted = rows + [(one, other, 1.0) for one in sybils for other in sybils if one != other]
    assert seen("graperank", rows)[HONEST] == pytest.approx(0.0045, abs=1e-5)
    assert seen("graperank", lifted)[HONEST:].min() > 0.5


def test_fire_has_no_bound() -> None:
    """As its "fails when" says: references are anybody's, so strangers move a score that no friend knows."""
    rows = [row for row in honest() if row[1] != TARGET]
    told = [(eve, TARGET, 1.0) for eve in range(HONEST, HONEST + 10)]
    assert seen("fire", [*rows, (40, TARGET, -1.0)])[TARGET] == -1
    assert seen("fire", [*rows, (40, TARGET, -1.0), *told])[TARGET] > -0.2
