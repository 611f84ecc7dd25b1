"""REV2: fair raters make reliable ratings, which make subjects good; raters and subjects are two sides.

    G(p) = (Σ R(u, p) v(u, p) + b μ_G) / (received + b)
    R(u, p) = (F(u) + 1 − |v(u, p) − G(p)| / 2) / 2
    F(u) = (Σ R(u, p) + a μ_F) / (given + a)

Kumar, Hooi, Makhija, Kumar, Faloutsos, Subrahmanian, "REV2: Fraudulent User Prediction in Rating Platforms"
(WSDM 2018, eqs. 1–3) with gamma1 = gamma2 = 1 (0, as printed in its example, divides by zero) and without its
behaviour terms, which need a second model. The fixed point contracts by 3/4. Predicts G(s); the standing of a
node is the fairness of its ratings, as the paper ranks fraud.

Assumes: most ratings are honest. Fails when: one asks what the rated one is like (a fraud that never rates
is as fair as the mean); many keys agree with one another.
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import ArrayModel, Fitted, counts
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings

SMOOTHING = 0.0  # a and b: pseudo-ratings of the mean; the paper averages over 0, 1 and 2
TOLERANCE = 1e-9  # largest change of a round at which it ends
MAX_ROUNDS = 90  # more than log(TOLERANCE / 2) / log(3 / 4)


class Solved(NamedTuple):
    """Fairness 0..1 of raters and goodness −1..1 of subjects, shape (n,); reliability of ratings, (m,)."""

    fairness: Floats
    goodness: Floats
    reliability: Floats


def solve(known: Ratings, *, smoothing: float = SMOOTHING, rounds: int = MAX_ROUNDS) -> Solved:
    """Return the fixed point, or what `rounds` rounds from F = G = R = 1 give.

    A node that rates nobody, or that nobody rates, has the mean of those that do.
    """
    n, rater, subject, value = known.nodes, known.rater, known.subject, known.value
    given, received = counts(rater, n), counts(subject, n)
    fairness, goodness, reliability = np.ones(n), np.ones(n), np.ones(len(value))
    for _ in range(rounds):
        better = _shrunk(subject, reliability * value, received, smoothing, goodness)
        reliable = (fairness[rater] + 1 - np.abs(value - better[subject]) / 2) / 2
        fairer = _shrunk(rater, reliable, given, smoothing, fairness)
        moved = max(np.abs(better - goodness).max(initial=0), np.abs(fairer - fairness).max(initial=0))
        fairness, goodness, reliability = fairer, better, reliable
        if moved <= TOLERANCE:
            break
    return Solved(fairness, goodness, reliability)


def _shrunk(nodes: Integers, values: Floats, count: Floats, smoothing: float, before: Floats) -> Floats:
    """Return the mean of each node's values, shrunk to the mean of those that have any."""
    there = count > 0
    middle = float(before[there].mean()) if there.any() else 0.0
    total = np.bincount(nodes, weights=values, minlength=len(count)) + smoothing * middle
    return np.where(there, total / np.maximum(count + smoothing, 1), middle)


class _Fitted(Fitted):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self.solved = solve(known)

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        return self.solved.goodness[subjects]

    def standing(self) -> Floats:
        return self.solved.fairness

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        mean = float(self.known.value[self.about(subject)].mean())
        return [
            ("mean of its ratings", mean),
            ("unreliable ratings", float(self.solved.goodness[subject]) - mean),
        ]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        places, reliability = self.about(subject), self.solved.reliability
        return [(int(self.known.rater[place]), float(reliability[place])) for place in places]


class Rev2(ArrayModel):
    """REV2 without behaviour."""

    name = "rev2"

    def fit(self, known: Ratings) -> Fitted:
        """Solve."""
        return _Fitted(known)


ARRAY = Rev2()
