"""Protocols: no model sees what it predicts, and one that tries is caught."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.unit.test_array_models import crowd
from trustcli.evaluate import protocols
from trustcli.evaluate.protocols import LeakFound
from trustcli.models.arrays import ARRAYS, ArrayModel, Fitted, load, ratings, sums

if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings


class Eager(Fitted):
    """Remembers every pair it was told, and says 0 of others."""

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        known = self.known
        told = dict(
            zip(zip(known.rater.tolist(), known.subject.tolist(), strict=True), known.value, strict=True)
        )
        return np.array(
            [told.get(pair, 0.0) for pair in zip(raters.tolist(), subjects.tolist(), strict=True)]
        )

    def standing(self) -> Floats:
        return sums(self.known.subject, self.known.value, self.known.nodes)


class Cheat(ArrayModel):
    """Predicts the answer itself wherever it can get hold of it."""

    name = "cheat"

    def fit(self, known: Ratings) -> Fitted:
        return Eager(known)


class ShortCutCheat(Cheat):
    """Fits before it leaves out: what published tables have fallen for."""

    def leave_one_out(self, known: Ratings) -> Floats:
        return self.fit(known).predict(known.rater, known.subject)


class SubtleCheat(Cheat):
    """Takes the answer out of the sum, and leaves it in the mean that the sum is shrunk to."""

    def leave_one_out(self, known: Ratings) -> Floats:
        mean = known.value.mean()
        total = sums(known.subject, known.value, known.nodes)[known.subject]
        count = np.bincount(known.subject, minlength=known.nodes)[known.subject]
        return np.asarray((total - known.value + 3 * mean) / (count - 1 + 3), dtype=np.float64)


def test_refitting_cannot_leak() -> None:
    """A model that remembers everything it was told was never told the answer."""
    known = crowd()
    asked = protocols.leave_one_out(Cheat(), known)
    assert not asked.predicted.any()
    assert (known.value[asked.places] != 0).mean() > 0.8


@pytest.mark.parametrize("cheat", [ShortCutCheat(), SubtleCheat()], ids=lambda cheat: type(cheat).__name__)
def test_a_planted_leak_is_caught(cheat: ArrayModel) -> None:
    """A short cut that looks at the answer, plainly or through the mean, is refused."""
    with pytest.raises(LeakFound, match="cheat"):
        protocols.leave_one_out(cheat, crowd())


def test_honest_short_cuts_pass() -> None:
    """Every model's own short cut stands the trial."""
    for name in ARRAYS:
        model = load(name)
        if model.leave_one_out is not None:
            protocols.sealed(model, crowd())


def test_leave_one_out_withholds_the_times() -> None:
    """What is asked is about pairs: other times change no prediction."""
    known = crowd()
    other = known._replace(time=known.time + np.arange(len(known.time)) * 7_000)
    for name in ("beta", "hybrid"):
        before = protocols.leave_one_out(load(name), known)
        assert before.predicted.tobytes() == protocols.leave_one_out(load(name), other).predicted.tobytes()


class Spy:
    """A stream that notes what it was told before each question."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []
        self.newest = -1

    def predict(self, rater: int, subject: int, time: int) -> float:
        assert (rater, subject) not in self.told
        assert self.newest < time
        return float(len(self.told))

    def learn(self, rater: int, subject: int, value: float, time: int) -> None:
        self.told.append((rater, subject))
        self.newest = time


class Watched(ArrayModel):
    """A model whose stream is a spy."""

    name = "watched"
    stream = Spy


def test_the_past_only() -> None:
    """Each rating is predicted from strictly earlier ones: those of its own moment come after."""
    known = crowd(100)
    known = known._replace(time=known.time // (3 * 86_400_000))
    asked = protocols.prequential(Watched(), known)
    assert asked.places.tolist() == list(range(10, 100))
    earlier = [int((known.time < known.time[place]).sum()) for place in asked.places]
    assert asked.predicted.tolist() == earlier


def test_a_model_without_a_stream_is_fitted_to_the_past() -> None:
    """It is fitted anew each week, and never told what it predicts."""
    asked = protocols.prequential(Cheat(), crowd())
    assert not asked.predicted.any()


@pytest.mark.parametrize("name", ARRAYS)
def test_the_future_changes_nothing(name: str) -> None:
    """Predictions of the first half are the same whatever the second half says."""
    known = crowd()
    half = len(known.value) // 2
    later = known.value.copy()
    later[half:] *= -1
    before = protocols.prequential(load(name), known).predicted
    after = protocols.prequential(load(name), known._replace(value=later)).predicted
    first = half - int(len(known.value) * protocols.WARM_UP)
    assert before[:first].tobytes() == after[:first].tobytes()
    assert before[first + 50 :].tobytes() != after[first + 50 :].tobytes()


@pytest.mark.parametrize("name", ARRAYS)
def test_no_model_sees_its_answer(name: str) -> None:
    """A planted answer changes the other predictions, and never the one it is the answer of."""
    known, model = crowd(160, 24), load(name)
    before = protocols.leave_one_out(model, known, 40)
    moved = False
    for number in (3, 20, 33):
        value = known.value.copy()
        place = before.places[number]
        value[place] = -1.0 if value[place] > 0 else 1.0
        after = protocols.leave_one_out(model, known._replace(value=value), 40)
        assert after.predicted[number] == pytest.approx(before.predicted[number], abs=4e-5, nan_ok=True)
        moved = moved or after.predicted.tobytes() != before.predicted.tobytes()
    assert moved


def test_a_sample_is_spread_evenly() -> None:
    """The same places for every model that is asked for so many; all where there are no more."""
    assert protocols.spread(10, 20, 4).tolist() == [10, 13, 16, 19]
    assert protocols.spread(10, 20, 99).tolist() == protocols.spread(10, 20, None).tolist()
    known = crowd()
    for ask in (protocols.leave_one_out, protocols.prequential):
        places = [ask(load(name), known, 25).places.tolist() for name in ("bias", "fire", "rev2")]
        assert places[0] == places[1] == places[2]
        assert len(places[0]) == 25


def test_a_sample_has_the_answers_that_all_have() -> None:
    """Asked for few, a model says of these what it says when asked for all."""
    known = crowd()
    for name in ("bias", "beta", "subjective"):
        for ask in (protocols.leave_one_out, protocols.prequential):
            some, all_of_them = ask(load(name), known, 30), ask(load(name), known, len(known.value))
            there = np.isin(all_of_them.places, some.places)
            assert some.predicted.tobytes() == all_of_them.predicted[there].tobytes()


@pytest.mark.parametrize("in_time", [True, False])
def test_what_stands_in_for_the_unknown_has_no_part_of_the_answer(in_time: bool) -> None:
    """A changed answer changes what stands in elsewhere; in order of time nowhere before it."""
    known = crowd(60)
    places = np.arange(60)
    before = protocols.stand_in(known, places, in_time=in_time)
    for place in (0, 31, 59):
        value = known.value.copy()
        value[place] = -value[place] or 1.0
        after = protocols.stand_in(known._replace(value=value), places, in_time=in_time)
        changed = np.flatnonzero(after != before)
        assert place not in changed
        assert (changed > place).all() if in_time else ((changed - place) % 2 == 1).all()
    assert protocols.stand_in(known, np.array([0]), in_time=True)[0] == 0


def test_the_eyes_of_one() -> None:
    """A model with the eyes of one has no standing of nobody's, and a view where it is told whose."""
    known = crowd()
    nodes, frauds = np.array([3, 4, 5, 6]), np.array([True, False, True, False])
    assert protocols.fraud(load("tidaltrust"), known, nodes, frauds) is None
    seen = protocols.fraud(load("tidaltrust"), known, nodes, frauds, 9)
    left = protocols.without_labels(known, nodes, frauds)
    assert seen is not None
    assert seen.tobytes() == load("tidaltrust").fit(left).predict(np.full(4, 9), nodes).tobytes()
    public = protocols.fraud(load("stars"), known, nodes, frauds)
    assert public is not None
    assert public.tobytes() == load("stars").fit(left).predict(nodes, nodes).tobytes()


def test_what_made_the_labels_is_taken_out() -> None:
    """Ratings by nodes labelled benign of labelled nodes go; all others stay."""
    known = ratings(
        [0, 0, 1, 2, 3, 3], [1, 2, 0, 1, 1, 2], [1.0, -1.0, 0.5, 0.5, 0.2, 0.3], list(range(6)), 4
    )
    nodes, frauds = np.array([0, 1, 2]), np.array([False, False, True])
    left = protocols.without_labels(known, nodes, frauds)
    assert list(zip(left.rater.tolist(), left.subject.tolist(), strict=True)) == [(2, 1), (3, 1), (3, 2)]


def test_a_label_cannot_leak_through_standing() -> None:
    """A model that sums what is said of a node knows nothing where all of it made the label."""
    known = ratings([0, 0, 0], [1, 2, 3], [1.0, -1.0, 1.0], None, 4)
    nodes, frauds = np.array([0, 1, 2, 3]), np.array([False, False, True, False])
    found = protocols.fraud(Cheat(), known, nodes, frauds)
    assert found is not None
    assert not found.any()


def test_cold_starts() -> None:
    """Cold is whose subject has no other rating; in order of time, no earlier one."""
    known = ratings([0, 1, 2, 0], [1, 2, 1, 3], [0.1] * 4, [1, 2, 3, 4], 4)
    places = np.arange(4)
    assert protocols.cold(known, places, in_time=False) == 0.5
    assert protocols.cold(known, places, in_time=True) == 0.75
