"""EigenTrust with credible raters and with distrust, as seen by one: what the original lacks.

    t ← (1 − a) Lᵀ t + a p,  p all at the asking rater,  L = trust × similarity by row
    score(j) = t(j) − Σ t(i) D(i, j)
    similarity(i, j) = 1 − √(mean over w that both rated of (r(i, w) − r(j, w))²),  r = (1 + v) / 2

Where i and j rated nobody in common similarity is 1/2. Similarity is that of Fan, Liu, Li, Su,
"EigenTrust++" (CollaborateCom 2012), whose exact form was not to be had: in its style. Distrust D, |v| of
the blame by row, is go-eigentrust's: one step after convergence, by trust before it, and never passed on. A
score may fall below 0.

Assumes: who agrees with you on others is worth listening to. Fails when: somebody copies your public
ratings to be thought alike (similarity shifts what you pass on among those you praised, and nothing else);
or a slanderer is trusted much: its whole weight is split among those it blames, so a farm that slanders
takes at most its share.
"""

from __future__ import annotations

import math

import numpy as np

from trustcli.models.arrays import RANK, ArrayModel, sums
from trustcli.models.eigentrust import eigentrust
from trustcli.models.personal import Flow, alone, everybody

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Floats, Integers, Ratings

STRANGE = 0.5  # similarity of two who rated nobody in common


def distrusted(trust: Floats, raters: Integers, subjects: Integers, blame: Floats) -> Floats:
    """Return trust less one step of distrust, shape (n,).

    Args:
        trust: shape (n,).
        raters, subjects, blame: who blames whom how much, ≥ 0; normalised by rater here.
    """
    given = sums(raters, blame, len(trust))[raters]
    share = np.where(given > 0, blame / np.where(given > 0, given, 1.0), 0.0)
    return trust - sums(subjects, trust[raters] * share, len(trust))


def similarity(one: dict[int, float], other: dict[int, float]) -> float:
    """Return how alike two rate, 0..1, from their values −1..1 by subject."""
    few, many = sorted((one, other), key=len)
    apart = [((value - many[subject]) / 2) ** 2 for subject, value in few.items() if subject in many]
    return 1 - math.sqrt(math.fsum(apart) / len(apart)) if apart else STRANGE


def credibility(known: Ratings) -> Floats:
    """Return the similarity of the two ends of each rating, shape (m,)."""
    said: list[dict[int, float]] = [{} for _ in range(known.nodes)]
    rows = zip(known.rater.tolist(), known.subject.tolist(), known.value.tolist(), strict=True)
    for rater, subject, value in rows:
        said[rater][subject] = value
    pairs = zip(known.rater.tolist(), known.subject.tolist(), strict=True)
    return np.array([similarity(said[rater], said[subject]) for rater, subject in pairs], dtype=np.float64)


class _Fitted(Flow):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known, known.value * credibility(known))
        self._edges = self.trust.tocoo()

    def look(self, rater: int) -> Floats:
        return self._less_blame(self._trusted(alone(rater, self.known.nodes)))

    def _trusted(self, pretrusted: Floats) -> Floats:
        raters, subjects = (ends.astype(np.int64) for ends in self._edges.coords)
        return eigentrust(raters, subjects, self._edges.data, pretrusted)

    def _less_blame(self, trust: Floats) -> Floats:
        known = self.known
        bad = (known.value < 0) & (known.rater != known.subject)
        return distrusted(trust, known.rater[bad], known.subject[bad], -known.value[bad])

    def standing(self) -> Floats:
        start = everybody(self.known)
        return self._less_blame(self._trusted(start)) if start.any() else start

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        trust = float(self._trusted(alone(rater, self.known.nodes))[subject])
        return [("praise", trust), ("blame", float(self.seen_by(rater)[subject]) - trust)]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        trust, places = self.seen_by(rater), self.about(subject)
        voices = [voice for voice in self.known.rater[places].tolist() if voice != subject]
        return [(voice, max(float(trust[voice]), 0.0)) for voice in voices]


class EigenTrustPlus(ArrayModel):
    """EigenTrust with similarity and distrust."""

    name = "eigentrust-plus"
    unit = RANK
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Weigh praise by similarity."""
        return _Fitted(known)


ARRAY = EigenTrustPlus()
