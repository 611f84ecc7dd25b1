"""Beta reputation without unfair ratings: who is incredible beside the rest is not heard.

    drop rater i of a subject where the mean E of all left lies outside the quantiles q and 1 − q of
    Beta(1 + 4 (1 + v), 1 + 4 (1 − v)), what i itself says; again with those left, until nobody goes

Whitby, Jøsang, Indulska, "Filtering Out Unfair Ratings in Bayesian Reputation Systems" (Icfain Journal of
Management Research 4(2), 2005), with q = 0.01. A rating v stands for 8 experiences when it is judged, as in
models/subjective.py; when it is counted it weighs 0.5^(age / half-life), as in models/sequential.py. E is
(1 + expected) / 2 of what is left. All go at once whom a round drops, so no order has a say.

Assumes: most of those who rate a subject are honest. Fails when: they are not: then it is the honest whom it
drops, and where two halves contradict, both; or people differ in what they like: a minority is "unfair".
"""

from __future__ import annotations

from scipy.special import betainc

from trustcli.models.arrays import ArrayModel, weighed
from trustcli.models.sequential import PRIOR, FittedBeta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Floats, Ratings

EXPERIENCES = 8.0  # that a rating stands for when it is judged
QUANTILE = 0.01  # q


def fair(known: Ratings, weight: Floats) -> Floats:
    """Return the weight of each rating, 0 for those dropped, shape (m,)."""
    good = 1 + EXPERIENCES * (1 + known.value) / 2
    bad = EXPERIENCES + 2 - good
    left = weight.copy()
    while True:
        total, said = weighed(known.subject, left, known.value, known.nodes)
        expected = (1 + said / (total + PRIOR)) / 2
        below = betainc(good, bad, expected[known.subject])
        unfair = (left > 0) & ((below < QUANTILE) | (below > 1 - QUANTILE))
        if not unfair.any():
            return left
        left[unfair] = 0.0


class _Fitted(FittedBeta):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self.weight = fair(known, self.weight)
        self.add_up()

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        dropped = int((self.weight[self.about(subject)] == 0).sum())
        return [*super().facts(rater, subject), ("voices dropped", dropped)]


class BetaFiltered(ArrayModel):
    """Beta reputation of each subject, unfair ratings left out."""

    name = "beta-filtered"

    def fit(self, known: Ratings) -> Fitted:
        """Drop who is incredible, and sum up."""
        return _Fitted(known)


ARRAY = BetaFiltered()
