"""Shrunk bias: the mean, plus how the subject is rated, plus how the rater rates.

    prediction = μ + (in(s) − μ) + (out(r) − μ), clipped to [−1, 1]
    in(s)  = (Σ v received by s + k μ) / (n received + k),  out(r) likewise of what r gives,  k = 3

μ is the mean of all ratings. The baseline of Koren, "Factorization Meets the Neighborhood" (KDD 2008, §2.1),
with counts for its regularisation. Three lines, and better than every unsupervised row that Kumar et al.
(ICDM 2016, Table IV) print on the three sets at hand: the bar for everything else.

Assumes: ratings are honest, and a rater's strictness is the same for all. Fails when: many keys belong to one
hand (a rating counts however little its rater is trusted), or who asks matters more than who is asked about.
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import ArrayModel, Fitted, counts, sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings, Stream

PRIOR = 3.0  # k: ratings of the mean that everybody starts with


def left_out(known: Ratings, bound: float) -> Floats:
    """Return the prediction of each rating from all others, shape (m,): the sums less the rating itself."""
    value, n = known.value, known.nodes
    mean = (value.sum() - value) / max(len(value) - 1, 1)
    bold = -mean
    for nodes in (known.subject, known.rater):
        total = sums(nodes, value, n)[nodes] - value
        bold += (total + PRIOR * mean) / (counts(nodes, n)[nodes] - 1 + PRIOR)
    return np.asarray(np.clip(bold, -bound, bound), dtype=np.float64)


class _Fitted(Fitted):
    def __init__(self, known: Ratings, bound: float) -> None:
        super().__init__(known)
        self._bound = bound
        self._error: float | None = None
        self._mean = float(known.value.mean()) if len(known.value) else 0.0
        self._received = self._shrunk(known.subject)
        self._given = self._shrunk(known.rater)

    def _shrunk(self, nodes: Integers) -> Floats:
        total = sums(nodes, self.known.value, self.known.nodes)
        return (total + PRIOR * self._mean) / (counts(nodes, self.known.nodes) + PRIOR)

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        bold = self._received[subjects] + self._given[raters] - self._mean
        return np.clip(bold, -self._bound, self._bound)

    def standing(self) -> Floats:
        return self._received

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        mean = self._mean
        received, given = float(self._received[subject]), float(self._given[rater])
        return [("mean", mean), ("how it is rated", received - mean), ("how you rate", given - mean)]

    def deviation(self, rater: int, subject: int) -> float | None:
        """Return how far off leaving each rating out in turn would be; None below three ratings."""
        if len(self.known.value) < 3:
            return None
        if self._error is None:
            apart = left_out(self.known, self._bound) - self.known.value
            self._error = float(np.sqrt(np.mean(apart * apart)))
        return self._error


class _Stream:
    def __init__(self, bound: float) -> None:
        self._bound = bound
        self._sum = 0.0
        self._count = 0
        self._received: dict[int, tuple[float, int]] = {}
        self._given: dict[int, tuple[float, int]] = {}

    def predict(self, rater: int, subject: int, time: int) -> float:
        mean = self._sum / max(self._count, 1)
        in_, received = self._received.get(subject, (0.0, 0))
        out, given = self._given.get(rater, (0.0, 0))
        bold = (in_ + PRIOR * mean) / (received + PRIOR) + (out + PRIOR * mean) / (given + PRIOR) - mean
        return max(-self._bound, min(self._bound, bold))

    def learn(self, rater: int, subject: int, value: float, time: int) -> None:
        self._sum += value
        self._count += 1
        for known, node in ((self._received, subject), (self._given, rater)):
            total, count = known.get(node, (0.0, 0))
            known[node] = total + value, count + 1


class Bias(ArrayModel):
    """Shrunk bias; `bound` is how far predictions may go."""

    name = "bias"
    bound = 1.0

    def stream(self) -> Stream:
        """Sum up one after the other."""
        return _Stream(self.bound)

    def fit(self, known: Ratings) -> Fitted:
        """Sum up: one pass."""
        return _Fitted(known, self.bound)

    def leave_one_out(self, known: Ratings) -> Floats:
        """Return the closed form, shape (m,)."""
        return left_out(known, self.bound)


ARRAY = Bias()
