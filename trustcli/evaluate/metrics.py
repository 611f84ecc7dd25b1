"""How far predictions are from what was said."""

from __future__ import annotations

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Truths

_ROUNDING = 1e-12  # what sums of the same numbers may differ by


def rmse(predicted: Floats, said: Floats) -> float:
    """Return the root mean square error."""
    return float(np.sqrt(np.mean((predicted - said) ** 2)))


def mae(predicted: Floats, said: Floats) -> float:
    """Return the mean absolute error."""
    return float(np.abs(predicted - said).mean())


def pcc(predicted: Floats, said: Floats, among: int | None = None) -> float | None:
    """Return Pearson's correlation, None where one side is constant.

    Leaving one out of a mean gives the perfect anti-correlation of numbers that hardly differ; that is
    an artefact of the protocol, and constant for us.

    Args:
        among: how many ratings the mean is over; None: those asked for.
    """
    if _is_constant(predicted, said, among) or said.std() == 0:
        return None
    return float(np.corrcoef(predicted, said)[0, 1])


def spearman(predicted: Floats, said: Floats, among: int | None = None) -> float | None:
    """Return Spearman's rank correlation, ties at their mean rank; None where one side is constant."""
    if _is_constant(predicted, said, among) or said.std() == 0:
        return None
    return float(np.corrcoef(_ranks(predicted), _ranks(said))[0, 1])


def auc(score: Floats, positive: Truths) -> float | None:
    """Return the chance that a positive scores above a negative, ties half; None without both.

    The rank sum of Mann and Whitney (1947), with mean ranks for ties.
    """
    many, few = int(positive.sum()), int((~positive).sum())
    if not many or not few:
        return None
    rank = _ranks(score)
    return float((rank[positive].sum() - many * (many + 1) / 2) / (many * few))


def _ranks(score: Floats) -> Floats:
    """Return the rank 1..m of each, equals at the mean of theirs, shape as score."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks


def auc_of_blame(predicted: Floats, said: Floats, among: int | None = None) -> float | None:
    """Return the AUC of telling negative ratings, None where predictions are constant."""
    return None if _is_constant(predicted, said, among) else auc(-predicted, said < 0)


def _is_constant(predicted: Floats, said: Floats, among: int | None) -> bool:
    """Say whether predictions are one number, or one mean with each answer in turn left out of it."""
    whole = predicted + said / max((among or len(said)) - 1, 1)
    return bool(np.ptp(predicted) <= _ROUNDING or np.ptp(whole) <= _ROUNDING)
