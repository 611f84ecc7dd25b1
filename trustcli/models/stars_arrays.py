"""The plain mean of what is said of a subject, as a predictor: TrustNet's public reputation over arrays.

Predicts Σ v / n of what s received, and 0 where s received nothing ("in-mean" in the literature).

Assumes: raters are as many people as they seem. Fails when: keys are cheap, or ratings are few.
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import ArrayModel, Fitted, counts, sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings


class _Fitted(Fitted):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._count = counts(known.subject, known.nodes)
        self._mean = sums(known.subject, known.value, known.nodes) / np.maximum(self._count, 1)

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        return self._mean[subjects]

    def standing(self) -> Floats:
        return self._mean


class _Stream:
    def __init__(self) -> None:
        self._known: dict[int, tuple[float, int]] = {}

    def predict(self, rater: int, subject: int, time: int) -> float:
        total, count = self._known.get(subject, (0.0, 0))
        return total / max(count, 1)

    def learn(self, rater: int, subject: int, value: float, time: int) -> None:
        total, count = self._known.get(subject, (0.0, 0))
        self._known[subject] = total + value, count + 1


class StarsArrays(ArrayModel):
    """The mean of each subject."""

    name = "stars"
    stream = _Stream

    def fit(self, known: Ratings) -> Fitted:
        """Average."""
        return _Fitted(known)

    def leave_one_out(self, known: Ratings) -> Floats:
        """Return the mean of the others' ratings, 0 where there are none, shape (m,)."""
        total = sums(known.subject, known.value, known.nodes)[known.subject] - known.value
        others = counts(known.subject, known.nodes)[known.subject] - 1
        mean: Floats = np.where(others > 0, total / np.maximum(others, 1), 0.0)
        return mean


ARRAY = StarsArrays()
