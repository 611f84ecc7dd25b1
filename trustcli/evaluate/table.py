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
    from trustcli.evaluate.protocols import Asked
    from trustcli.models.arrays import ArrayModel, Integers, Truths

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
        asked: how many ratings (for fraud: nodes) it was asked for.
        unknown: how many of them it knew nothing of; the mean of the data stands in for them.
        cold: share of ratings whose subject had no other (no earlier) rating.
        seconds: that it took, fitting and predicting.
    """

    model: str
    rmse: float | None
    pcc: float | None
    mae: float | None
    auc: float | None
    cold: float | None
    asked: int
    unknown: int
    seconds: float


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


def rows(
    data: Dataset, protocol: str, models: Sequence[str], clock: Clock, labels: Labels | None = None
) -> Iterator[Row]:
    """Yield a row a model, as each is done.

    Args:
        clock: seconds, from any moment on.

    Raises:
        UsageError: the protocol needs times or labels that are not there. LeakFound.
    """
    if protocol == PREQUENTIAL and not data.timed:
        raise UsageError("in order of time, but there are no times", hint="--map …,time=3, or --protocol loo")
    if protocol == FRAUD and labels is None:
        raise UsageError("whose frauds?", hint="--labels FILE with node,label rows, -1 fraud, 1 benign")
    for name in models:
        model = load(name)
        if protocol == FRAUD:
            assert labels is not None
            yield _fraud(model, data, labels, clock)
        else:
            yield _predicting(model, data, protocol, clock)


def _fraud(model: ArrayModel, data: Dataset, labels: Labels, clock: Clock) -> Row:
    start = clock()
    standing = protocols.fraud(model, data.ratings, *labels)
    seconds = clock() - start
    found = metrics.auc(-standing, labels[1]) if standing.std() else None
    return Row(model.name, None, None, None, found, None, len(standing), 0, seconds)


def _predicting(model: ArrayModel, data: Dataset, protocol: str, clock: Clock) -> Row:
    known = data.ratings
    start = clock()
    ask = protocols.leave_one_out if protocol == LOO else protocols.prequential
    asked: Asked = ask(model, known)
    seconds = clock() - start
    said = known.value[asked.places]
    unknown = np.isnan(asked.predicted)
    predicted = np.where(unknown, known.value.mean(), asked.predicted)
    by_value = model.unit == RATING
    return Row(
        model.name,
        metrics.rmse(predicted, said) if by_value else None,
        metrics.pcc(predicted, said),
        metrics.mae(predicted, said) if by_value else None,
        metrics.auc_of_blame(predicted, said),
        protocols.cold(known, asked.places, in_time=protocol == PREQUENTIAL),
        len(said),
        int(unknown.sum()),
        seconds,
    )
