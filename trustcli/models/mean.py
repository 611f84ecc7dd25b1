"""The mean of all ratings, the same for everybody.

Predicts μ = Σ v / m. The least a model must beat: its correlation with what is said is nothing, and in data
where nearly all is praise its error is small all the same.

Assumes: nothing. Fails when: anything is to be told apart.
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import ArrayModel, Fitted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings


class _Fitted(Fitted):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._mean = float(known.value.mean()) if len(known.value) else 0.0

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        return np.full(len(raters), self._mean)

    def standing(self) -> Floats:
        return np.full(self.known.nodes, self._mean)


class _Stream:
    def __init__(self) -> None:
        self._sum = 0.0
        self._count = 0

    def predict(self, rater: int, subject: int, time: int) -> float:
        return self._sum / max(self._count, 1)

    def learn(self, rater: int, subject: int, value: float, time: int) -> None:
        self._sum += value
        self._count += 1


class Mean(ArrayModel):
    """The global mean."""

    name = "mean"
    stream = _Stream

    def fit(self, known: Ratings) -> Fitted:
        """Average."""
        return _Fitted(known)

    def leave_one_out(self, known: Ratings) -> Floats:
        """Return the mean of all ratings but the one predicted, shape (m,)."""
        others: Floats = (known.value.sum() - known.value) / max(len(known.value) - 1, 1)
        return others


ARRAY = Mean()
