"""One table: every model asked, under one protocol, on one data set."""

from __future__ import annotations

import numpy as np

from trustcli.errors import UsageError
from trustcli.evaluate import metrics, protocols
from trustcli.models.arrays import ARRAYS, RATING, load
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trustcli.evaluate.dataset import Dataset
    from trustcli.models.arrays import ArrayModel, Integers, Ratings, Truths

    Clock = Callable[[], float]
    Labels = tuple[Integers, Truths]

LOO, PREQUENTIAL, FRAUD = "loo", "prequential", "fraud"
PROTOCOLS = {
    LOO: "each rating from all others",
    PREQUENTIAL: "each rating from strictly earlier ones, after the first tenth",
    FRAUD: "labelled frauds, without the ratings that made the labels",
}
ALWAYS = ("mean", "beta", "bias")
"""Models that every table has: what is not better than these is not worth its trouble."""


class Row(NamedTuple):
    """What one model did. None: it has no such figure.

    Attributes:
        unit: RATING, or RANK for a model whose answers have an order and no size: no error then.
        asked: how many ratings (for fraud: nodes) it was asked for.
        unknown: how many of them it knew nothing of; a mean stands in for them (protocols.stand_in).
        cold: share of ratings whose subject had no other (no earlier) rating.
        seconds: that it took, fitting and predicting.
    """

    model: str
    unit: str
    rmse: float | None
    pcc: float | None
    spearman: float | None
    mae: float | None
    auc: float | None
    cold: float | None
    asked: int
    unknown: int
    seconds: float


class Terms(NamedTuple):
    """How models are asked.

    Attributes:
        sample: every model for the same number of ratings, evenly spread; None: as many as it can be.
        labels: for fraud: nodes, and which are frauds.
        eyes: for fraud: whose view it is, with models that have the eyes of one.
    """

    protocol: str
    sample: int | None = None
    labels: Labels | None = None
    eyes: int | None = None


def names(models: Sequence[str]) -> list[str]:
    """Return the models of a table: those asked for (`all`, `a,b,c`) and those always there, in order.

    Raises:
        UsageError: there is no such model.
    """
    asked = [name for text in models for name in text.split(",") if name]
    for name in asked:
        if name != "all":
            load(name)
    ours = [name for name in ARRAYS if not asked or "all" in asked or name in asked or name in ALWAYS]
    return ours + [name for name in dict.fromkeys(asked) if name not in ARRAYS and name != "all"]


def rows(data: Dataset, terms: Terms, models: Sequence[str], clock: Clock) -> Iterator[Row]:
    """Yield a row a model, as each is done.

    Args:
        clock: seconds, from any moment on.

    Raises:
        UsageError: the protocol needs times or labels that are not there. LeakFound.
    """
    if terms.protocol == PREQUENTIAL and not data.timed:
        raise UsageError("in order of time, but there are no times", hint="--map …,time=3, or --protocol loo")
    if terms.protocol == FRAUD and terms.labels is None:
        raise UsageError("whose frauds?", hint="--labels FILE with node,label rows, -1 fraud, 1 benign")
    for name in models:
        start = clock()
        answer = _fraud if terms.protocol == FRAUD else _predicting
        row = answer(load(name), data.ratings, terms)
        yield row._replace(seconds=clock() - start)


def _fraud(model: ArrayModel, known: Ratings, terms: Terms) -> Row:
    assert terms.labels is not None
    nodes, frauds = terms.labels
    standing = protocols.fraud(model, known, nodes, frauds, terms.eyes)
    unknown = np.ones(len(nodes), dtype=np.bool_) if standing is None else np.isnan(standing)
    found = None
    if standing is not None and not unknown.all():
        filled = np.where(unknown, standing[~unknown].mean(), standing)
        found = metrics.auc(-filled, frauds) if filled.std() else None
    nothing = (None,) * 4
    return Row(model.name, model.unit, *nothing, found, None, len(nodes), int(unknown.sum()), 0.0)


def _predicting(model: ArrayModel, known: Ratings, terms: Terms) -> Row:
    in_time = terms.protocol == PREQUENTIAL
    ask = protocols.prequential if in_time else protocols.leave_one_out
    places, predicted = ask(model, known, terms.sample)
    said, unknown = known.value[places], np.isnan(predicted)
    predicted = np.where(unknown, protocols.stand_in(known, places, in_time=in_time), predicted)
    by_value = model.unit == RATING
    return Row(
        model.name,
        model.unit,
        metrics.rmse(predicted, said) if by_value else None,
        metrics.pcc(predicted, said, len(known.value)),
        metrics.spearman(predicted, said, len(known.value)),
        metrics.mae(predicted, said) if by_value else None,
        metrics.auc_of_blame(predicted, said, len(known.value)),
        protocols.cold(known, places, in_time=in_time),
        len(said),
        int(unknown.sum()),
        0.0,
    )
