"""MeritRank: how often walks from the viewpoint come by, less where they all come through one door.

    walks start at the ego, go on with probability 0.85 along praise, and end when they would return to it
    score(x) = (visits(x) − Σ over y blamed by the ego of |v| · P(walk comes to x and later to y)) / visits
    visits(x) ← (1 − β) visits(x) where some y ≠ ego is on the way to x in a share ≥ τ of its visits

Nasrulin, Ishmaev, Pouwelse, "MeritRank: Sybil Tolerant Reputation for Merit-based Tokenomics" (BRAINS 2022,
arXiv 2207.09950): transitivity decay is the end of walks, connectivity decay the last line. Blame is the
penalty of the later incremental version, which takes away from all nodes that lead to one the ego dislikes.
Nothing is drawn here: visits are the solution of the walk's linear equations, what a count of infinitely
many walks would give. (The authors' program multiplies by (1 − β) times the share, by which a node with a
wider way in loses more; here it is 1 − β alone.) Nodes with a share of visits below 1/500 are not tried
as doors: what is behind one of them is together below 1/88. In penalties below 1/100,000 of all visits a
walk that comes twice, other than by two steps, is taken for two walks.

Assumes: good nodes are reached in several ways. Fails when: they are not: one's friend's only friend loses
half; or the ego blames many: penalties may exceed visits and the score is below 0. Sybils behind one edge
get what flows in over it, at most 0.85 / 0.15 times the visits of its end, and half of that for the one
door; the rest is shared out again among all.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, diags_array

from trustcli.models.arrays import RANK, ArrayModel
from trustcli.models.personal import Flow, alone, everybody
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Floats, Integers, Ratings

GO_ON = 0.85  # 1 − α of the paper: probability of another step
DECAY = 0.5  # β
DOOR = 0.8  # τ: share of visits by way of one node that makes it a door
LEAST = 2e-3  # share of visits of a node that is tried as a door
SLIGHT = 1e-5  # penalty, in shares of all visits, below which longer returns to a node are left out of it
TOLERANCE = 1e-12  # largest change of expected visits at which a solution ends
_NEARLY = 1e-6  # the same for returns of every node: for doors and for penalties
MAX_ROUNDS = 400
_TOGETHER = 128  # doors tried at once: columns of one table


def walks(trust: csr_array) -> csr_array:
    """Return the probability of each step, row from, column to: trust by row, with the end of walks in it."""
    given = np.asarray(trust.sum(axis=1)).ravel()
    return csr_array(diags_array(GO_ON / np.where(given > 0, given, 1.0)) @ trust)


def visits(step: csr_array, start: Floats, tolerance: float = TOLERANCE) -> Floats:
    """Return expected visits, first ones at `start` counted, shape as start: (n,) or (n, k) for k starts."""
    onward = csr_array(step.T)
    found, moving = start.copy(), start
    for _ in range(MAX_ROUNDS):
        moving = onward @ moving
        found += moving
        if np.abs(moving).max(initial=0) <= tolerance:
            break
    return found


def without_return(step: csr_array, ego: int) -> csr_array:
    """Return the steps without those to the ego: there a walk ends."""
    keep = np.ones(step.shape[0])
    keep[ego] = 0.0
    return csr_array(step @ diags_array(keep))


def narrowest(step: csr_array, ego: int, seen: Floats) -> Floats:
    """Return the largest share of each node's visits that come by way of one other node, shape (n,)."""
    widest = np.zeros(len(seen))
    total = seen.sum() - seen[ego]
    doors = np.flatnonzero(seen >= LEAST * total)
    doors = doors[doors != ego]
    for first in range(0, len(doors), _TOGETHER):
        some = doors[first : first + _TOGETHER]
        columns = np.arange(len(some))
        start = np.zeros((len(seen), len(some)))
        start[some, columns] = 1.0
        behind = visits(step, start, _NEARLY)
        behind *= seen[some] / behind[some, columns]  # visits after the first to the door
        behind[some, columns] = 0.0
        np.maximum(widest, behind.max(axis=1), out=widest)
    return np.where(seen > 0, widest / np.where(seen > 0, seen, 1.0), 0.0)


def penalties(step: csr_array, seen: Floats, blamed: Integers, blame: Floats) -> Floats:
    """Return Σ |v| P(a walk comes to x, and then or later to y) over the nodes y that the ego blames."""
    toward = csr_array(step.T)  # visits of y by starting place
    found = np.zeros(len(seen))
    for node, worth in zip(blamed.tolist(), blame.tolist(), strict=True):
        if seen[node] > 0:
            from_each = visits(toward, alone(node, len(seen)))
            found += worth * from_each / from_each[node]
    return found


def hit_once(step: csr_array, seen: Floats, nodes: Integers) -> Floats:
    """Return the probability that a walk comes to each of the nodes at all, shape (n,), 0 elsewhere."""
    found = np.zeros(len(seen))
    for first in range(0, len(nodes), _TOGETHER):
        some = nodes[first : first + _TOGETHER]
        columns = np.arange(len(some))
        start = np.zeros((len(seen), len(some)))
        start[some, columns] = 1.0
        found[some] = seen[some] / visits(step, start, _NEARLY)[some, columns]
    return found


def hit_about(step: csr_array, seen: Floats) -> Floats:
    """Return about the same for all nodes, shape (n,), as if walks returned in two steps or never."""
    back: Floats = np.asarray(step.multiply(step.T).sum(axis=1), dtype=np.float64).ravel()
    return seen * (1 - back)


class Walked(NamedTuple):
    """One rater's walks, by node, shape (n,) each.

    The share of its visits by one door; and in shares of all visits, those there were, those left by the
    door, those when all are shared out again, and the penalties.
    """

    door: Floats
    seen: Floats
    kept: Floats
    shared: Floats
    blame: Floats


class _Fitted(Flow):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._step = walks(self.trust)
        self._last: tuple[int, Walked] | None = None

    def look(self, rater: int) -> Floats:
        step = without_return(self._step, rater)
        seen = visits(step, alone(rater, self.known.nodes))
        total = float(seen.sum() - seen[rater])
        if total <= 0:
            return np.zeros(self.known.nodes)
        door = narrowest(step, rater, seen)
        kept = np.where(door >= DOOR - 100 * _NEARLY, (1 - DECAY) * seen, seen)
        shared = kept * (total / float(kept.sum() - kept[rater]))
        blame = self._blame(step, rater, seen)
        self._last = rater, Walked(door, seen / total, kept / total, shared / total, blame / total)
        return (shared - blame) / total

    def _walked(self, rater: int) -> Walked:
        if self._last is None or self._last[0] != rater:
            self.look(rater)
        assert self._last is not None
        return self._last[1]

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return visits, what one door takes, what is shared out again, and what blame takes."""
        _, seen, kept, shared, blame = (float(one[subject]) for one in self._walked(rater))
        return [
            ("visits", seen),
            ("one door", kept - seen),
            ("shared out again", shared - kept),
            ("your blame", -blame),
        ]

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return the share of visits that come by the widest door."""
        return [("share of visits by one door", float(self._walked(rater).door[subject]))]

    def _blame(self, step: csr_array, rater: int, seen: Floats) -> Floats:
        mine = (self.known.rater == rater) & (self.known.value < 0)
        after = penalties(step, seen, self.known.subject[mine], -self.known.value[mine])
        if not after.any():
            return after
        nodes = np.flatnonzero(after * seen >= SLIGHT * seen.sum())
        comes = hit_about(step, seen)
        comes[nodes] = hit_once(step, seen, nodes)[nodes]
        return after * comes

    def standing(self) -> Floats:
        """Return the visits of walks that start at anybody, nothing taken off."""
        return visits(self._step, everybody(self.known))


class MeritRank(ArrayModel):
    """MeritRank."""

    name = "meritrank"
    unit = RANK
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Lay out the steps."""
        return _Fitted(known)


ARRAY = MeritRank()
