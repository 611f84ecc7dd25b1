"""GrapeRank: the average of what is said, times how sure one can be of it, swept until it rests.

    score(observer) = 1;  w(e) = confidence(e) · score(rater) · 0.85 over the ratings e of x
    score(x) = max(0, (1 − 2^−Σw) · Σ w r / Σ w),  0 where Σ w < 10⁻⁵

A rating v ≥ 0 is a follow with r = v, confidence 0.5 by the observer and 0.03 by others; v < 0 is a mute or a
report with r = 0.1 v and confidence 0.5. GrapeRank of NosFabrica, as in vitorpamplona/graperank (its code and
tests; the table of its README, 0.08 and 0.04, is older). There a follow is 1 and a mute or report −0.1, which
the ends of our scale are. Swept all at once and to rest, so that no order of nodes has a say.

Assumes: follows are cheap, so it takes many of them, and blame is rare, so it weighs as much as one's own
follow. Fails when: a large farm is let in: weights add up without a bound, and 500 keys that follow each
other lift one another to nearly 1 from a single outside follow; or one respected node slanders, for its
blame weighs seventeen of its follows. `graperank-bounded` bounds both.
"""

from __future__ import annotations

import math

import numpy as np

from trustcli.models.arrays import RANK, ArrayModel, sums, weighed
from trustcli.models.personal import Personal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Floats, Ratings, Truths

OWN, OTHERS, BLAME = 0.5, 0.03, 0.5  # confidence of a follow by the observer, by others, and of blame
WORST = 0.1  # −r of a full blame
FADING = 0.85  # what is left of a rater's weight a hop further on
LEAST = 1e-5  # Σ w that says anything
TOLERANCE = 1e-12
MAX_ROUNDS = 300


def confidences(known: Ratings, observers: Truths, *, bounded: bool) -> Floats:
    """Return the confidence of each rating, shape (m,).

    Args:
        observers: whose follows have the observer's, shape (n,).
        bounded: all that anybody else says weighs together at most OWN.
    """
    rater = known.rater
    found = np.where(known.value < 0, BLAME, np.where(observers[rater], OWN, OTHERS))
    found[rater == known.subject] = 0.0
    if bounded:
        found /= np.where(observers, 1.0, np.maximum(sums(rater, found, known.nodes) / OWN, 1.0))[rater]
    return found


def graperank(known: Ratings, observers: Truths, confidence: Floats) -> Floats:
    """Return the score 0..1 of each node, shape (n,).

    Args:
        observers: whose score is 1, shape (n,).
        confidence: of each rating, shape (m,).
    """
    rater, subject, n = known.rater, known.subject, known.nodes
    rating = np.where(known.value < 0, WORST * known.value, known.value)
    score = observers.astype(np.float64)
    for _ in range(MAX_ROUNDS):
        weight = FADING * confidence * score[rater]
        total, said = weighed(subject, weight, rating, n)
        said /= np.maximum(total, LEAST)
        new = np.where(total < LEAST, 0.0, np.maximum((1 - 2.0**-total) * said, 0.0))
        new[observers] = 1.0
        moved = np.abs(new - score).max(initial=0)
        score = new
        if moved <= TOLERANCE:
            break
    return score


class _Fitted(Personal):
    def __init__(self, known: Ratings, *, bounded: bool) -> None:
        super().__init__(known)
        self._bounded = bounded

    def _confidences(self, rater: int) -> tuple[Truths, Floats]:
        observers: Truths = np.arange(self.known.nodes) == rater
        return observers, confidences(self.known, observers, bounded=self._bounded)

    def look(self, rater: int) -> Floats:
        return graperank(self.known, *self._confidences(rater))

    def standing(self) -> Floats:
        """Return the score of each in the eyes of one who follows all raters and hears them alike."""
        known = self.known
        weight = FADING * np.where(known.value < 0, BLAME, OTHERS)
        total, said = weighed(known.subject, weight, known.value, known.nodes)
        said /= np.maximum(total, LEAST)
        return (1 - 2.0**-total) * said

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        score, weight = float(self.seen_by(rater)[subject]), self._weight(rater, subject)
        mean = score / (1 - 2.0**-weight)
        return [("mean of what is said", mean), ("uncertainty", score - mean)]

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        weight = self._weight(rater, subject)
        return [("weight of voices", weight), ("certainty", 1 - 2.0**-weight)]

    def _weight(self, rater: int, subject: int) -> float:
        return math.fsum(weight for _, weight in self.explain(rater, subject))

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        score, places = self.seen_by(rater), self.about(subject)
        places = places[self.known.rater[places] != subject]
        voices, (_, confidence) = self.known.rater[places], self._confidences(rater)
        weights = FADING * confidence[places] * score[voices]
        return list(zip(voices.tolist(), weights.tolist(), strict=True))


class GrapeRank(ArrayModel):
    """GrapeRank."""

    name = "graperank"
    unit = RANK
    personal = True
    bounded = False

    def fit(self, known: Ratings) -> Fitted:
        """Keep the ratings: each observer has a sweep of its own."""
        return _Fitted(known, bounded=self.bounded)


ARRAY = GrapeRank()
