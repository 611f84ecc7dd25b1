"""Trust ant colony (TACS): ants look for a trustworthy provider, and where they found one others follow.

    an ant at i goes to the j with the largest τ η (probability 0.98), else to j in proportion to τ η
    it stops at j with probability τ if τ > 0.5; crossing: τ ← (1 − φ) τ + φ Ω,  Ω = (1 + (1 − φ)(1 − τ) η) τ
    the best path, of quality Q = share of ants × mean τ / √length:  τ ← (1 − ρ) τ + ρ (1 + τ η Q) τ
    beforehand from ratings:  s = (1 + v) / 2 > 0.5: τ ← (1 − ρ) τ + ρ (1 + τ η s) τ,  else τ ← (τ − φ) s

Gómez Mármol, Martínez Pérez, Gómez Skarmeta, "TACS, a Trust Model for P2P Networks" (Wireless Personal
Communications 51, 2009), with formulas and parameters of its sibling BTRM-WSN: φ 0.1, ρ 0.2, τ = 0.5 at
first. Pheromone is the asking rater's own, η = s. Here ants are not drawn: their shares flow, as many ants
would, along shortest chains of praise (what an ant has not visited), so equal ratings give equal answers;
equally good neighbours share the 0.98. A score is the share of all ants that stop there.

Assumes: one provider is wanted, and soon. Fails when: all are to be ranked: nearly all ants end at one or
two; or blame of a third should count (it only closes the blamer's own link). A farm behind one edge gets at
most the ants that cross it; but an edge that looks best by a hair gets nearly all of them.
"""

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import RANK, ArrayModel, sums
from trustcli.models.personal import Personal
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Floats, Integers, Ratings, Truths

PHI, RHO, GREED = 0.1, 0.2, 0.98  # φ, ρ, q0
FIRST = 0.5  # τ of a link nobody has used
STOP = 0.5  # pheromone above which an ant may stop
ROUNDS = 10
HOPS = 6
_SAME = 12  # digits to which two links are equally good


class Trail(NamedTuple):
    """One rater's shortest chains: links by the hops of their beginning, with all their ends."""

    rater: Integers
    subject: Integers
    eta: Floats
    steps: list[Integers]


class Found(NamedTuple):
    """One round: ants that stop at each node, ants that cross each link, best mean pheromone so far."""

    stopped: Floats
    crossed: Floats
    quality: Floats


def pheromone(value: Floats) -> Floats:
    """Return τ of links after what their owner lived through, shape as value (−1..1)."""
    satisfied = (1 + value) / 2
    rewarded = (1 - RHO) * FIRST + RHO * (1 + FIRST * satisfied * satisfied) * FIRST
    return np.where(satisfied > STOP, np.minimum(rewarded, 1.0), np.maximum((FIRST - PHI) * satisfied, 0.0))


class _Fitted(Personal):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        good = (known.value > 0) & (known.rater != known.subject)
        self._rater, self._subject = known.rater[good], known.subject[good]
        self._eta = (1 + known.value[good]) / 2
        self._tau = pheromone(known.value[good])

    def look(self, rater: int) -> Floats:
        trail, tau = self._trail(rater)
        found = np.zeros(self.known.nodes)
        for _ in range(ROUNDS):
            stopped, crossed, quality = self._march(rater, trail, tau)
            tau = self._deposit(trail, tau, crossed, quality)
            found += stopped
        return found / ROUNDS

    def _trail(self, rater: int) -> tuple[Trail, Floats]:
        n = self.known.nodes
        hops = np.full(n, -1)
        front, depth = np.arange(n) == rater, 0
        while front.any() and depth <= HOPS:
            hops[front] = depth
            near = np.zeros(n, dtype=np.bool_)
            near[self._subject[front[self._rater]]] = True
            front, depth = near & (hops < 0), depth + 1
        down: Truths = (hops[self._rater] >= 0) & (hops[self._subject] == hops[self._rater] + 1)
        begins = hops[self._rater[down]]
        steps = [np.flatnonzero(begins == hop) for hop in range(begins.max(initial=-1) + 1)]
        trail = Trail(self._rater[down], self._subject[down], self._eta[down], steps)
        return trail, self._tau[down]

    def _march(self, rater: int, trail: Trail, tau: Floats) -> Found:
        n = self.known.nodes
        ants, stopped, crossed = np.zeros(n), np.zeros(n), np.zeros(len(tau))
        on_way, quality = np.zeros(n), np.zeros(len(tau))  # best mean pheromone so far; of a path by its last
        ants[rater] = 1.0
        for hop, links in enumerate(trail.steps):
            begin, end = trail.rater[links], trail.subject[links]
            crossed[links] = ants[begin] * _chosen(begin, tau[links] * trail.eta[links], n)
            stops = crossed[links] * np.where(tau[links] > STOP, tau[links], 0.0)
            stopped += sums(end, stops, n)
            ants = sums(end, crossed[links] - stops, n)
            mean = (on_way[begin] * hop + tau[links]) / (hop + 1)
            quality[links] = stops * mean / np.sqrt(hop + 1)
            np.maximum.at(on_way, end, mean)
        return Found(stopped, crossed, quality)

    def _deposit(self, trail: Trail, tau: Floats, crossed: Floats, quality: Floats) -> Floats:
        omega = (1 + (1 - PHI) * (1 - tau) * trail.eta) * tau
        tau = tau + crossed * PHI * (omega - tau)
        best = np.round(quality, _SAME).max(initial=0)
        if best <= 0:
            return np.clip(tau, 0, 1)
        on_best = np.round(quality, _SAME) == best
        for links in reversed(trail.steps):  # and the links that most of the ants there came by
            starts = np.zeros(self.known.nodes, dtype=np.bool_)
            starts[trail.rater[links][on_best[links]]] = True
            before = np.flatnonzero(starts[trail.subject])
            most = np.zeros(self.known.nodes)
            share = np.round(crossed, _SAME)
            np.maximum.at(most, trail.subject[before], share[before])
            on_best[before[share[before] == most[trail.subject[before]]]] = True
        better = (1 - RHO) * tau + RHO * (1 + tau * trail.eta * best) * tau
        return np.clip(np.where(on_best, better, tau), 0, 1)

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        stopped, places = self.seen_by(rater), self.about(subject)
        good = self.known.value[places] > 0
        voices = self.known.rater[places][good].tolist()
        if stopped[subject] <= 0:
            return []
        return [(voice, 1.0 if voice == rater else float(stopped[voice])) for voice in voices]


def _chosen(begin: Integers, worth: Floats, n: int) -> Floats:
    """Return the share of the ants at its beginning that takes each link."""
    worth = np.round(worth, _SAME)
    best, total = np.zeros(n), sums(begin, worth, n)
    np.maximum.at(best, begin, worth)
    is_best = (worth == best[begin]).astype(np.float64)
    ties = sums(begin, is_best, n)
    greedy = is_best / np.maximum(ties[begin], 1)
    roulette = worth / np.where(total > 0, total, 1.0)[begin]
    return np.asarray(GREED * greedy + (1 - GREED) * roulette, dtype=np.float64)


class AntColony(ArrayModel):
    """Trust ant colony, in shares of ants."""

    name = "antcolony"
    unit = RANK
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Lay first pheromone."""
        return _Fitted(known)


ARRAY = AntColony()
