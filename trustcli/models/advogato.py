"""Advogato: who can be reached by a flow that shrinks with every hop is in; a farm's way in is narrow.

The seed may take in 800, those it certifies 200 each, then 50, 12, 4, 2, and 1. A node of capacity c takes
one unit for itself and passes on c − 1; a maximum flow from the seed decides who gets a unit. Levien,
"Attack-Resistant Trust Metrics" (draft PhD thesis, Berkeley 2003) and advogato.org. As there, it is
run once for each level of certificate: more than 3 stars, 4 and more, 5; a certificate counts on its level
and below.

A maximum flow is not unique where capacity is short. A node counts whole if every maximum flow takes it in,
half if some do, so that the answer does not depend on the order of nodes; the score is the mean over levels.

Assumes: a certificate means "a member in good standing". Fails when: marks between in and out are wanted;
many more than 800 are to be taken in; or the confused nodes are near the seed: accepted bad nodes are at most
the sum of c − 1 over the good nodes that certify one, and of c over those bad ones, whatever their number.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from trustcli.models.arrays import RANK, ArrayModel
from trustcli.models.personal import Personal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Floats, Integers, Ratings, Truths

CAPACITIES = (800, 200, 50, 12, 4, 2, 1)  # by hops from the seed; 1 further on
LEVELS = (0.0, 0.5, 1.0)  # a certificate is better than the first, at least as good as the others
NAMES = ("more than 3 stars", "4 stars and more", "5 stars")
IN, PERHAPS = 1.0, 0.5


def accepted(raters: Integers, subjects: Integers, seed: int, nodes: int) -> Floats:
    """Return IN, PERHAPS or 0 for each node, shape (nodes,), given who certifies whom."""
    hops = _hops(raters, subjects, seed, nodes)
    there = hops >= 0
    capacity = np.where(there, np.array(CAPACITIES)[np.minimum(hops, len(CAPACITIES) - 1)], 0)
    network = _network(raters, subjects, capacity, there)
    sink = 2 * nodes
    flow = maximum_flow(network, seed, sink).flow
    left = csr_array(network - flow)
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    got = np.asarray(flow[[sink]].toarray()).ravel()[:nodes] < 0
    elsewhere = _reach(csr_array(left.T), sink, sink + 1)[:nodes]  # whose unit could go to another
    could = _reach(left, sink, sink + 1)[:nodes]  # who could have the unit of another
    found = np.zeros(nodes)
    found[there & (got | could)] = PERHAPS
    found[there & got & ~elsewhere] = IN
    return found


def _hops(raters: Integers, subjects: Integers, seed: int, nodes: int) -> Integers:
    """Return the number of hops from the seed, −1 out of reach, shape (nodes,)."""
    graph = csr_array((np.ones(len(raters)), (raters, subjects)), shape=(nodes, nodes))
    order, before = breadth_first_order(graph, seed)
    hops = np.full(nodes, -1)
    hops[seed] = 0
    for node in order[1:].tolist():
        hops[node] = hops[before[node]] + 1
    return hops


def _network(raters: Integers, subjects: Integers, capacity: Integers, there: Truths) -> csr_array:
    """Return the capacities between 2n + 1 places: each node's door, its inside, and the sink."""
    n = len(capacity)
    nodes = np.flatnonzero(there)
    edges = there[raters] & there[subjects]
    begins = np.concatenate((nodes, nodes, raters[edges] + n))
    ends = np.concatenate((nodes + n, np.full(len(nodes), 2 * n), subjects[edges]))
    wide = np.full(int(edges.sum()), CAPACITIES[0])
    data = np.concatenate((capacity[nodes] - 1, np.ones(len(nodes), dtype=np.int64), wide))
    return csr_array((data.astype(np.int32), (begins, ends)), shape=(2 * n + 1, 2 * n + 1), dtype=np.int32)


def _reach(graph: csr_array, start: int, count: int) -> Truths:
    found = np.zeros(count, dtype=np.bool_)
    found[breadth_first_order(graph, start, return_predecessors=False)] = True
    return found


def _levels(values: Floats) -> Floats:
    """Return the share of LEVELS that ratings reach."""
    better = [values > LEVELS[0], *(values >= level for level in LEVELS[1:])]
    return np.asarray(np.mean(better, axis=0), dtype=np.float64)


class _Fitted(Personal):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._last: tuple[int, list[Floats]] | None = None

    def look(self, rater: int) -> Floats:
        known, self._last = self.known, (rater, [])
        for level in LEVELS:
            good = (known.value > level) if level == LEVELS[0] else (known.value >= level)
            good &= known.rater != known.subject
            found = accepted(known.rater[good], known.subject[good], rater, known.nodes)
            self._last[1].append(found / len(LEVELS))
        return np.asarray(sum(self._last[1]), dtype=np.float64)

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return what each level of certificates adds."""
        if self._last is None or self._last[0] != rater:
            self.look(rater)
        assert self._last is not None
        return [(name, float(found[subject])) for name, found in zip(NAMES, self._last[1], strict=True)]

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return the capacity of the subject: what it takes in with itself, by hops from the seed."""
        hops = len(self.chain(rater, subject)) - 1
        return [("hops", hops), ("capacity", CAPACITIES[min(hops, len(CAPACITIES) - 1)])]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        rank, places = self.seen_by(rater), self.about(subject)
        voices, level = self.known.rater[places], _levels(self.known.value[places])
        if rank[subject] <= 0:
            return []
        return [
            (voice, float(rank[voice]) * weight)
            for voice, weight in zip(voices.tolist(), level.tolist(), strict=True)
            if voice != subject
        ]


class Advogato(ArrayModel):
    """Advogato's maximum flow."""

    name = "advogato"
    unit = RANK
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Keep the certificates: each seed has a flow of its own."""
        return _Fitted(known)


ARRAY = Advogato()
