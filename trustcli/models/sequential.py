"""Beta reputation as a predictor: every rater alike, old ratings fading.

Jøsang & Ismail, "The Beta Reputation System" (Bled 2002): a rating v of weight w adds r += w (1 + v) / 2 and
s += w (1 − v) / 2, and what is expected is (r − s) / (r + s + 2) = Σ w v / (Σ w + 2), the mean shrunk to 0 by
two pseudo-ratings. w = 0.5^(age / half-life). This is `beta` without your trust in the raters, as the papers
have it and so as to compare with them; `trust score --model beta` weighs each rater (models/beta.py).

Assumes: raters are honest and many. Fails when: they lie together, or the subject is new (it says 0 then).
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

import math

import numpy as np

from trustcli.models.arrays import ArrayModel, Fitted, weighed
from trustcli.timing import DAY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings

HALF_LIFE = 90 * DAY  # ms; the best of 30, 90 and none for the error (Bitcoin OTC, in order of time)
PRIOR = 2.0  # pseudo-ratings
_BLOCK = 1 << 15  # ratings of one step: what stays near the processor


def fading(times: Integers, now: int, half_life: float = HALF_LIFE) -> Floats:
    """Return the weight 0..1 of ratings made at `times`, shape as given; ms throughout."""
    faded = np.empty(len(times))
    for first in range(0, len(times), _BLOCK):
        some = faded[first : first + _BLOCK]
        np.divide(times[first : first + _BLOCK] - now, half_life, out=some)
        np.exp2(some, out=some)
    return faded


class FittedBeta(Fitted):
    """The sums of each subject, as of the newest rating."""

    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self.weight = fading(known.time, int(known.time.max(initial=0)))
        self.add_up()

    def add_up(self) -> None:
        """Sum up weights, and weighed values."""
        known = self.known
        self.total, self.sum = weighed(known.subject, self.weight, known.value, known.nodes)

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        """Return what is expected of each subject, whoever asks."""
        return self.standing()[subjects]

    def standing(self) -> Floats:
        """Return what is expected of each node."""
        return self.sum / (self.total + PRIOR)

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return good and bad, as counted."""
        total, value = float(self.total[subject]), float(self.sum[subject])
        return [("good", (total + value) / 2), ("bad", (total - value) / 2)]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        """Return each rater of the subject with the weight of its rating."""
        return [(int(self.known.rater[place]), float(self.weight[place])) for place in self.about(subject)]

    def deviation(self, rater: int, subject: int) -> float:
        """Return twice the deviation of Beta(good + 1, bad + 1)."""
        good = (self.total[subject] + self.sum[subject]) / 2 + 1
        all_ = self.total[subject] + 2
        return 2 * math.sqrt(good * (all_ - good) / (all_ * all_ * (all_ + 1)))


class _Stream:
    """(Σ w v, Σ w, time of the last) by subject; decayed when read, exactly."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, float, int]] = {}

    def predict(self, rater: int, subject: int, time: int) -> float:
        total, weight = self._at(subject, time)
        return total / (weight + PRIOR)

    def learn(self, rater: int, subject: int, value: float, time: int) -> None:
        total, weight = self._at(subject, time)
        self._known[subject] = total + value, weight + 1, time

    def _at(self, subject: int, time: int) -> tuple[float, float]:
        total, weight, last = self._known.get(subject, (0.0, 0.0, time))
        faded: float = 0.5 ** ((time - last) / HALF_LIFE)
        return total * faded, weight * faded


class SequentialBeta(ArrayModel):
    """Beta reputation of each subject."""

    name = "beta"
    stream = _Stream

    def fit(self, known: Ratings) -> Fitted:
        """Sum up, as of the newest rating."""
        return FittedBeta(known)

    def leave_one_out(self, known: Ratings) -> Floats:
        """Return the closed form, shape (m,): the sums less the rating itself, as of the newest other."""
        newest = np.full(len(known.time), known.time.max(initial=0))
        if len(newest) > 1:
            newest[-1] = known.time[-2]  # the last is the newest; without it the one before is
        fitted = FittedBeta(known)
        now = int(known.time.max(initial=0))
        brighter = np.exp2((now - newest) / HALF_LIFE)
        total = (fitted.total[known.subject] - fitted.weight) * brighter
        total_sum = (fitted.sum[known.subject] - fitted.weight * known.value) * brighter
        return total_sum / (total + PRIOR)


ARRAY = SequentialBeta()
