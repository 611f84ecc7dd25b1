"""SybilRank: a short random walk from the seed that has no time to mix into a farm behind a few edges.

    T'(y) = Σ over neighbours x of T(x) / deg(x),  ⌈log2 n⌉ times from T = 1 at the seed;  rank T(y) / deg(y)
    with T the mean of the last two, for a walk on a tree is never at one place at even and at odd times

Cao, Sirivianos, Yang, Pregueiro, "Aiding the Detection of Fake Accounts in Large Scale Social Online
Services" (NSDI 2012). It wants friendships, which both sides agree to, and ratings have a direction.
Two are neighbours here if both praised each other, or if the one that is fewer hops of praise away from the
seed praised the other. So no key becomes a neighbour of somebody nearer to the
seed by praising them. n counts those that praise leads to: keys that nobody vouches for change nothing.

Assumes: honest nodes form one well-mixed part with the seed; a farm has few edges to it. Fails when: honest
nodes far from the seed praise and are not praised by the nearer; the honest part has communities; a vouched
farm praises honest nodes further away than itself. Behind g edges the farm's trust is at most what flows in
over them in ⌈log2 n⌉ steps, however many keys it has: O(log n) good ranks for each edge.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse import csr_array

from trustcli.models.arrays import RANK, ArrayModel, Fitted
from trustcli.models.personal import Personal, everybody, praise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings


def sybilrank(graph: csr_array, seeds: Floats) -> Floats:
    """Return T / deg of each node, shape (n,), 0 for nodes without a neighbour.

    T is the mean of the last two steps.

    Args:
        graph: who is whose neighbour, 0 or 1, symmetric, shape (n, n).
        seeds: where trust starts: a distribution, shape (n,).
    """
    degree = np.asarray(graph.sum(axis=0), dtype=np.float64).ravel()
    inverse = np.where(degree > 0, 1 / np.maximum(degree, 1), 0.0)
    before = trust = np.where(degree > 0, seeds, 0.0)
    for _ in range(steps(int((degree > 0).sum()))):
        before, trust = trust, graph @ (trust * inverse)
    return np.asarray((before + trust) / 2 * inverse, dtype=np.float64)


def steps(nodes: int) -> int:
    """Return ⌈log2 n⌉, at least 1."""
    return max(1, math.ceil(math.log2(max(nodes, 2))))


class _Fitted(Personal):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._praise = csr_array(praise(known).astype(bool).astype(np.float64))
        self._near: tuple[int, csr_array] | None = None

    def neighbours(self, seed: int) -> csr_array:
        """Return who is whose neighbour among those that praise from the seed leads to; the last one kept."""
        if self._near is None or self._near[0] != seed:
            self._near = seed, self._neighbours(seed)
        return self._near[1]

    def _neighbours(self, seed: int) -> csr_array:
        hops = self._hops(seed)
        mutual = self._praise * self._praise.T
        rater, subject = self._praise.tocoo().coords
        down = (hops[rater] >= 0) & (hops[rater] < hops[subject])
        ones = np.ones(int(down.sum()))
        one_way = csr_array((ones, (rater[down], subject[down])), shape=mutual.shape)
        there = np.flatnonzero(hops >= 0)
        inside = np.zeros(len(hops))
        inside[there] = 1.0
        mutual = mutual.multiply(inside).multiply(inside[:, None])
        return csr_array(((mutual + one_way + one_way.T) > 0).astype(np.float64))

    def _hops(self, seed: int) -> Integers:
        hops = np.full(self.known.nodes, -1)
        front, depth = np.arange(self.known.nodes) == seed, 0
        while front.any():
            hops[front] = depth
            front = (self._praise.T @ front.astype(np.float64) > 0) & (hops < 0)
            depth += 1
        return hops

    def look(self, rater: int) -> Floats:
        seed = np.zeros(self.known.nodes)
        seed[rater] = 1.0
        return sybilrank(self.neighbours(rater), seed)

    def standing(self) -> Floats:
        """Return the rank with every rater a seed, among those who praise each other."""
        return sybilrank(csr_array(self._praise * self._praise.T), everybody(self.known))

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        graph = self.neighbours(rater)
        degree = np.diff(graph.indptr)
        return [("neighbours", float(degree[subject])), ("steps", float(steps(int((degree > 0).sum()))))]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        rank, graph = self.seen_by(rater), self.neighbours(rater)
        near = set(graph.indices[graph.indptr[subject] : graph.indptr[subject + 1]].tolist())
        voices = self.known.rater[self.about(subject)].tolist()
        floor = np.finfo(np.float64).tiny
        if rank[subject] <= 0:
            return []
        return [(voice, max(float(rank[voice]), floor)) for voice in voices if voice in near]


class SybilRank(ArrayModel):
    """SybilRank."""

    name = "sybilrank"
    unit = RANK
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Lay out praise."""
        return _Fitted(known)


ARRAY = SybilRank()
