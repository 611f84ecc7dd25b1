"""Appleseed: energy is put into one node, flows along trust, and some of it stays wherever it passes.

    in(s) = 200 at first;  trust(x) += (1 − d) in(x);  in'(y) = d Σ_x in(x) w(x, y) / Σ_z w(x, z),  d = 0.85

with an edge of weight 1 from every node but the source back to the source, so that nobody keeps all by
praising nobody, and what is near the source has more. w = max(v, 0). Ziegler & Lausen, "Spreading
Activation Models for Trust Propagation" (EEE 2004) and "Propagation Models for Trust and Distrust in Social
Networks" (Information Systems Frontiers 7, 2005); ended at a smaller change than the paper's
0.01, for then the answer is that of its linear equations. Shares are of the 200.

Assumes: who is trusted trusts well; an order is what is wanted. Fails when: blame matters (it has none), or
numbers shall be compared between two who look. Sybils behind one edge keep together at most what flows into
it, however many they are; the back edge makes it less for every further hop.
"""

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import RANK, ArrayModel
from trustcli.models.personal import Flow, alone, everybody

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from trustcli.models.arrays import Fitted, Floats, Ratings

ENERGY = 200.0  # in⁰ in the paper
SPREAD = 0.85  # d: share that is passed on
TOLERANCE = 1e-9  # largest change of trust at which it ends
MAX_ROUNDS = 400  # more than log(TOLERANCE / ENERGY) / log(SPREAD)


def appleseed(trust: csr_array, source: Floats, *, tolerance: float = TOLERANCE) -> Floats:
    """Return the energy that comes to rest at each of n nodes, shape (n,).

    Args:
        trust: weights ≥ 0, row rater, column subject, shape (n, n).
        source: where energy comes in and goes back to: a distribution, shape (n,), mostly one node.
        tolerance: largest change of a round at which it ends.
    """
    onward = trust.T.tocsr()
    single = source == 1
    given = np.asarray(trust.sum(axis=1)).ravel() - onward[single].sum(axis=0)
    back = np.where(single, 0.0, 1.0)
    total = given + back
    inverse = np.where(total > 0, 1 / np.where(total > 0, total, 1.0), 0.0)
    energy, rest = ENERGY * source, np.zeros(len(source))
    for _ in range(MAX_ROUNDS):
        rest += (1 - SPREAD) * energy
        if (1 - SPREAD) * energy.max(initial=0) <= tolerance:
            break
        share = energy * inverse
        passed = onward @ share
        passed[single] = 0.0
        energy = SPREAD * (passed + source * (share @ back))
    return rest


class _Fitted(Flow):
    def look(self, rater: int) -> Floats:
        return appleseed(self.trust, alone(rater, self.known.nodes)) / ENERGY

    def divided(self, rater: int, voice: int) -> float:
        """Return its praise of others than the source, to which an edge of weight 1 goes instead."""
        if voice == rater:
            return float(self.given[voice])
        return float(self.given[voice] - self.trust[voice, rater]) + 1

    def standing(self) -> Floats:
        return appleseed(self.trust, everybody(self.known)) / ENERGY


class Appleseed(ArrayModel):
    """Appleseed."""

    name = "appleseed"
    unit = RANK
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Lay out the edges."""
        return _Fitted(known)


ARRAY = Appleseed()
