"""Models over arrays: what they are given, what they answer, and their registry.

An array model sees ratings as four columns and knows nothing of records, keys or files. It is fitted to
ratings and then predicts what a rater would say of a subject, in [−1, 1]. Two things may be added where
a model has a better way than refitting: `stream` (predict, then learn, one rating after the other) and
`leave_one_out` (every rating predicted from all the others). And a fitted model may say why: `explain`
(which voices weighed how much), `parts` (what each factor adds), `facts`, `chain` and `deviation`.

    class Model(ArrayModel):
        name = "mine"
        def fit(self, ratings: Ratings) -> Fitted: …

    ARRAY = Model()

`trustcli/models/viewed.py` makes such a model answer `trust score`, `trustcli/evaluate` holds it against
real data.
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

from importlib import import_module

import numpy as np

from trustcli.errors import UsageError
from trustcli.models import MODELS, outside
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Truths = NDArray[np.bool_]

RATING = "rating"
RANK = "rank"
MANY = 200_000  # ratings that do not stay near the processor

_VIEWS = (
    "subjective",
    "tidaltrust",
    "antcascade",
    "fire",
    "eigentrust-plus",
    "meritrank",
    "appleseed",
    "graperank",
    "graperank-bounded",
    "advogato",
    "sybilrank",
    "random-neural",
    "antcolony",
)

ARRAYS = {
    "mean": ("mean", "the mean of all ratings: the least a model must beat"),
    "reciprocal": ("reciprocal", "what the subject said of the rater"),
    "stars": ("stars_arrays", "the plain mean of what is said of the subject"),
    "beta": ("sequential", "Beta reputation with a half-life of 90 days, all raters alike"),
    "beta-filtered": ("beta_filtered", MODELS["beta-filtered"]),
    "bias": ("bias", "shrunk bias: mean + how the subject is rated + how the rater rates"),
    "bias-unclipped": ("bias_unclipped", "the same, beyond the ends of the scale where the sum is"),
    "goodness": ("goodness", "goodness of the subject, from fairness-goodness"),
    "fairness": ("fairness", "fairness of the rater × goodness of the subject"),
    "eigentrust": ("eigentrust_arrays", "global EigenTrust: an order, no ratings"),
    "rev2": ("rev2", "REV2: fairness, reliability and goodness of a bipartite graph"),
    **{name: (name.replace("-", "_"), MODELS[name]) for name in _VIEWS},
    "hybrid": ("hybrid_arrays", "trusted voices, own habits and courtesy, weighed by ridge (recommended)"),
    "hybrid-open": ("hybrid_open", "the same with strangers heard: what it costs not to believe them"),
}
"""Name → (module below trustcli.models, title), in the order of tables."""


class Ratings(NamedTuple):
    """Who said what of whom, when: m ratings among n nodes, one a pair, in the order of time.

    Attributes:
        rater, subject: node numbers 0..n−1, shape (m,).
        value: −1 worst … 1 best, shape (m,).
        time: Unix ms, ascending, shape (m,); all 0 where the data have no time.
        nodes: n.
    """

    rater: Integers
    subject: Integers
    value: Floats
    time: Integers
    nodes: int

    def where(self, keep: Truths) -> Ratings:
        """Return those ratings that `keep`, shape (m,), marks; the nodes stay."""
        return Ratings(self.rater[keep], self.subject[keep], self.value[keep], self.time[keep], self.nodes)

    def without(self, place: int) -> Ratings:
        """Return all ratings but the one at `place`."""
        keep = np.ones(len(self.value), dtype=np.bool_)
        keep[place] = False
        return self.where(keep)


def ratings(
    rater: object, subject: object, value: object, time: object = None, nodes: int | None = None
) -> Ratings:
    """Return ratings in canonical order: by time, then rater, then subject, whatever order they come in.

    Raises:
        ValueError: the columns differ in length, a value is outside [−1, 1], a node number is negative
            or not below `nodes`, or a pair is there twice.
    """
    raters, subjects = np.asarray(rater, dtype=np.int64), np.asarray(subject, dtype=np.int64)
    values = np.asarray(value, dtype=np.float64)
    times = np.zeros(len(values), dtype=np.int64) if time is None else np.asarray(time, dtype=np.int64)
    if not len(raters) == len(subjects) == len(values) == len(times):
        raise ValueError("columns differ in length")
    highest = int(max(raters.max(initial=-1), subjects.max(initial=-1)))
    count = highest + 1 if nodes is None else nodes
    if highest >= count or min(raters.min(initial=0), subjects.min(initial=0)) < 0:
        raise ValueError("node numbers are 0..nodes−1")
    if not (np.abs(values) <= 1).all():
        raise ValueError("values are −1..1")
    if len(np.unique(raters * count + subjects)) < len(raters):
        raise ValueError("one rating a pair")
    order = np.lexsort((subjects, raters, times))
    return Ratings(raters[order], subjects[order], values[order], times[order], count)


class Fitted:
    """A model fitted to ratings. What a model cannot say it leaves as it is here."""

    def __init__(self, known: Ratings) -> None:
        self.known = known
        self._by_subject: tuple[Integers, Integers] | None = None

    def about(self, subject: int) -> Integers:
        """Return the places of the ratings of a subject, in canonical order."""
        if self._by_subject is None:
            order = np.argsort(self.known.subject, kind="stable")
            self._by_subject = order, self.known.subject[order]
        order, subjects = self._by_subject
        first, last = np.searchsorted(subjects, (subject, subject + 1))
        return order[first:last]

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        """Return what each rater would say of the subject beside it, shape as given; nan for unknown."""
        raise NotImplementedError

    def standing(self) -> Floats | None:
        """Return how good each node is in everybody's eyes, shape (n,): more is better.

        None where a model has the eyes of one and nobody's in general.
        """
        return None

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        """Return (who rated the subject, how much that voice weighed): alike, unless a model says more."""
        return [(int(rater), 1.0) for rater in self.known.rater[self.about(subject)]]

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return what each factor adds to a prediction that is known; they sum to it before it is clipped.

        Nothing where the model is no sum of factors.
        """
        return []

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return other numbers that decided a prediction that is known, by name."""
        return []

    def chain(self, rater: int, voice: int) -> tuple[int, ...]:
        """Return by whom a voice is reached, the rater first: directly, unless a model says."""
        return (rater, voice)[rater == voice :]

    def deviation(self, rater: int, subject: int) -> float | None:
        """Return the standard deviation of a prediction, None where the model has none."""
        return None


if TYPE_CHECKING:

    class Stream(Protocol):
        """A model that reads ratings one after the other."""

        def predict(self, rater: int, subject: int, time: int) -> float:
            """Return what is expected, from what was learned so far."""
            ...

        def learn(self, rater: int, subject: int, value: float, time: int) -> None:
            """Take a rating in."""
            ...


class ArrayModel:
    """A trust model over arrays; see the module.

    Attributes:
        name: its name in the registry.
        unit: RATING, when predictions are ratings; RANK, when only their order means something.
        personal: whether scores differ between raters by more than the rater's own habits.
    """

    name = ""
    unit = RATING
    personal = False
    stream: Callable[[], Stream] | None = None
    leave_one_out: Callable[[Ratings], Floats] | None = None

    def fit(self, known: Ratings) -> Fitted:
        """Return the model fitted to ratings, equal for equal ratings whatever came before."""
        raise NotImplementedError


def load(name: str) -> ArrayModel:
    """Return the array model called `name`: one of ARRAYS, or one that another package brings.

    Raises:
        UsageError: there is none.
    """
    module = f"trustcli.models.{ARRAYS[name][0]}" if name in ARRAYS else outside().get(name)
    found: ArrayModel | None = getattr(import_module(module), "ARRAY", None) if module else None
    if found is None:
        raise UsageError(
            f"no model {name!r} to evaluate", hint=f"one of: {', '.join(ARRAYS)}", code="unknown_model"
        )
    return found


def counts(nodes: Integers, count: int) -> Floats:
    """Return how often each node 0..count−1 occurs, shape (count,)."""
    return np.bincount(nodes, minlength=count).astype(np.float64)


def sums(nodes: Integers, values: Floats, count: int) -> Floats:
    """Return the sum of the values of each node 0..count−1, shape (count,), added in the order given."""
    if len(values) < MANY:
        return np.asarray(np.bincount(nodes, weights=values, minlength=count), dtype=np.float64)
    # the same as a sparse product, which reads less
    from scipy.sparse import csc_array  # noqa: PLC0415  slow to load, and for many ratings only

    column = csc_array((values, nodes, np.array([0, len(values)])), shape=(count, 1))
    return np.asarray(column @ np.ones(1), dtype=np.float64)


def weighed(nodes: Integers, weights: Floats, values: Floats, count: int) -> tuple[Floats, Floats]:
    """Return the sums of the weights and of weight × value of each node, shape (count,) each.

    One after the other: two sums that grow at once, side by side, outgrow what some processors keep near.
    """
    return sums(nodes, weights, count), sums(nodes, weights * values, count)
