"""What a model may see, and what it is asked.

Each protocol hands the model ratings that the answer is not among. Leave-one-out refits, or takes the
model's own short cut, which `sealed` holds against changed answers first. In order of time the model
predicts before it is told. For fraud, the ratings that made the labels are taken out.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np

from trustcli.errors import BadInput
from trustcli.models.arrays import Ratings
from trustcli.timing import DAY
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import ArrayModel, Floats, Integers, Stream, Truths

WARM_UP = 0.1  # share of the earliest ratings that are learned and not asked for
REFIT = 7 * DAY  # ms between two fits of a model that has no stream
ASKED = 500  # ratings asked for where each needs a fit, or the eyes of one, of its own
_TRIED, _CHANGED = 300, 6  # ratings in a trial of a short cut, and answers changed in it
_SAME = 1e-4  # difference that a changed answer may make: fairness-goodness is exact to 4e-5


class LeakFound(BadInput):
    """A model saw what it was to predict; its figures would be worth nothing."""

    code = "leak"
    hint = "its leave_one_out must not depend on the rating left out"


class Asked(NamedTuple):
    """Predictions of the ratings at `places`, shape as places; nan where a model knows nothing."""

    places: Integers
    predicted: Floats


def leave_one_out(model: ArrayModel, known: Ratings, sample: int | None = None) -> Asked:
    """Predict ratings from all others. When they were made is withheld: it is about pairs, not about when.

    Args:
        sample: ask for so many, evenly spread; None for all that have a short cut, ASKED of the others.

    Raises:
        LeakFound: the model's short cut looks at the answer.
    """
    known = known._replace(time=np.zeros_like(known.time))
    short = model.leave_one_out
    places = spread(0, len(known.value), sample or (ASKED if short is None else None))
    if short is None:
        return Asked(places, np.array([_refitted(model, known, int(place)) for place in places]))
    sealed(model, known)
    return Asked(places, short(known)[places])


def spread(first: int, last: int, sample: int | None) -> Integers:
    """Return `sample` numbers (None: all), evenly spread from `first` to before `last`."""
    every = np.arange(first, last)
    if sample is None or sample >= len(every):
        return every
    return every[np.linspace(0, len(every) - 1, sample).astype(np.int64)]


def _refitted(model: ArrayModel, known: Ratings, place: int) -> float:
    """Predict one rating by a model that was never given it."""
    fitted = model.fit(known.without(place))
    return float(fitted.predict(known.rater[place : place + 1], known.subject[place : place + 1])[0])


def sealed(model: ArrayModel, known: Ratings) -> None:
    """Change answers, one at a time, in a few hundred of the ratings: their own predictions must not move.

    Raises:
        LeakFound: one did.
    """
    assert model.leave_one_out is not None
    few = known.where(np.arange(len(known.value)) < _TRIED)
    before = model.leave_one_out(few)
    for place in np.linspace(0, len(few.value) - 1, min(_CHANGED, len(few.value))).astype(np.int64):
        value = few.value.copy()
        value[place] = -1.0 if value[place] > 0 else 1.0
        after = model.leave_one_out(few._replace(value=value))
        if not np.isclose(after[place], before[place], rtol=0, atol=_SAME, equal_nan=True):
            raise LeakFound(f"{model.name}: its prediction follows the answer")


def prequential(model: ArrayModel, known: Ratings, sample: int | None = None) -> Asked:
    """Predict each rating but the earliest from strictly earlier ones, and only then tell it.

    Ratings of the same moment are all predicted before any of them is told.

    Args:
        sample: ask for so many, evenly spread; None for all, ASKED of a model with the eyes of one that
            cannot go on from what it knows.
    """
    stream: Stream = model.stream() if model.stream else _Refitting(model, known.nodes, len(known.value))
    most = sample or (ASKED if model.personal and not model.stream else None)
    places = spread(int(len(known.value) * WARM_UP), len(known.value), most)
    predicted = np.zeros(len(known.value))
    wanted = np.zeros(len(known.value), dtype=np.bool_)
    wanted[places] = True
    times = known.time.tolist()
    for _, moment in groupby(range(len(times)), key=times.__getitem__):
        now = [(place, int(known.rater[place]), int(known.subject[place])) for place in moment]
        for place, rater, subject in now:
            if wanted[place]:
                predicted[place] = stream.predict(rater, subject, times[place])
        for place, rater, subject in now:
            stream.learn(rater, subject, float(known.value[place]), times[place])
    return Asked(places, predicted[places])


class _Refitting:
    """A model without a stream: fitted anew, at most once a week, to what it has been told."""

    def __init__(self, model: ArrayModel, nodes: int, most: int) -> None:
        self._model = model
        rater, subject, time = np.zeros((3, most), dtype=np.int64)
        self._told = Ratings(rater, subject, np.zeros(most), time, nodes)
        self._many = 0
        self._fitted = model.fit(self._ratings())
        self._since: int | None = None

    def predict(self, rater: int, subject: int, time: int) -> float:
        if self._many and (self._since is None or time - self._since >= REFIT):
            self._fitted, self._since = self._model.fit(self._ratings()), time
        return float(self._fitted.predict(np.array([rater]), np.array([subject]))[0])

    def learn(self, rater: int, subject: int, value: float, time: int) -> None:
        told, place = self._told, self._many
        told.rater[place], told.subject[place], told.value[place], told.time[place] = (
            rater,
            subject,
            value,
            time,
        )
        self._many += 1

    def _ratings(self) -> Ratings:
        return self._told.where(np.arange(len(self._told.value)) < self._many)


def stand_in(known: Ratings, places: Integers, *, in_time: bool) -> Floats:
    """Return what stands in for the unknown at `places`: a mean that the answer itself has no part in.

    In order of time that of strictly earlier ratings, 0 at first. Else that of the other half: the mean of
    all others would fall as the answer rises, and tell the two apart by that.
    """
    if in_time:
        earlier = np.searchsorted(known.time, known.time[places], side="left")
        total = np.concatenate(([0.0], np.cumsum(known.value)))
        return np.asarray(total[earlier] / np.maximum(earlier, 1), dtype=np.float64)
    halves = [float(half.mean()) if len(half) else 0.0 for half in (known.value[1::2], known.value[::2])]
    return np.where(places % 2 == 0, *halves)


def fraud(
    model: ArrayModel, known: Ratings, nodes: Integers, frauds: Truths, eyes: int | None = None
) -> Floats | None:
    """Return the standing of labelled nodes in the eyes of those whose ratings did not make the labels.

    Labels of this kind are made from what trusted users said: ratings by nodes labelled benign of nodes
    with a label are taken out first (with them, received ratings "predict" the label at an AUC of 0.99).

    Args:
        nodes, frauds: the labelled nodes, and which are frauds, shape (k,).
        eyes: the node whose view it is, for models that have the eyes of one; nan for unknown.

    Returns:
        None for a model that has no view but of one, where nobody's is asked for.
    """
    fitted = model.fit(without_labels(known, nodes, frauds))
    if eyes is not None and model.personal:
        return fitted.predict(np.full(len(nodes), eyes), nodes)
    standing = fitted.standing()
    return None if standing is None else standing[nodes]


def without_labels(known: Ratings, nodes: Integers, frauds: Truths) -> Ratings:
    """Return the ratings that made no label."""
    labelled, benign = np.zeros(known.nodes, dtype=np.bool_), np.zeros(known.nodes, dtype=np.bool_)
    labelled[nodes] = True
    benign[nodes[~frauds]] = True
    return known.where(~(benign[known.rater] & labelled[known.subject]))


def cold(known: Ratings, places: Integers, *, in_time: bool) -> float:
    """Return the share of the ratings at `places` whose subject has no other rating (no earlier one)."""
    if not in_time:
        return float((np.bincount(known.subject)[known.subject[places]] == 1).mean())
    times, subject = known.time, known.subject
    first = np.full(known.nodes, np.iinfo(np.int64).max)
    np.minimum.at(first, subject, times)
    return float((times[places] <= first[subject[places]]).mean())
