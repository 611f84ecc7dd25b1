"""Fairness-goodness: who rates as others come to agree is fair, whom fair raters praise is good.

    g(v) = mean over raters u of v of f(u) w(u, v)              0 where nobody rates v
    f(u) = 1 − mean over subjects v of u of |w(u, v) − g(v)| / 2    1 where u rates nobody

Kumar, Spezzano, Subrahmanian, Faloutsos, "Edge Weight Prediction in Weighted Signed Networks" (ICDM 2016,
eqs. 1–2). One round halves the distance to the fixed point, so ⌈log2(1 / eps)⌉ rounds reach eps. Predicts
f(r) g(s), the paper's "FxG"; model `goodness` predicts g(s).

Leaving one rating out moves the fixed point a little, and near that rating only. `leave_one_out` starts from
the full fixed point, takes the rating out, and passes on only changes larger than a bound, many ratings at a
time. What was not passed on is a residual of at most that bound everywhere; as a round contracts by 2, the
result is within 4 bounds of the exact one.

Assumes: most ratings are honest, for agreement is what fairness means. Fails when: a crowd of keys agrees
with itself; in order of time (it needs many ratings of a node, and most have few).
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import MANY, ArrayModel, Fitted, counts
from trustcli.models.fairness_rows import rows
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings, Truths
    from trustcli.models.fairness_rows import Reals, Rows

TOLERANCE = 1e-9  # largest change of a round at which it ends
MAX_ROUNDS = 64  # more than log2(1 / TOLERANCE)
COARSE, COARSE_ROUNDS = 1e-6, 20  # what single precision can tell, and rounds that come so near
BOUND = 1e-5  # change passed on by leave_one_out; predictions are exact to 4e-5
_CELLS = 1_500_000  # numbers in a table of leave_one_out: what stays near the processor


class Solved(NamedTuple):
    """Fairness 0..1 and goodness −1..1 of n nodes."""

    fairness: Floats
    goodness: Floats


class _Side:
    """Edges sorted by one of their ends, with where each node's begin (compressed rows)."""

    def __init__(self, nodes: Integers, count: int) -> None:
        self.order = np.argsort(nodes, kind="stable")
        self.count = counts(nodes, count)
        self.start = np.concatenate(([0], np.cumsum(self.count))).astype(np.int64)

    def edges_of(self, nodes: Integers) -> tuple[Integers, Integers]:
        """Return all edges of the nodes, and for each the place in `nodes` of its node."""
        lengths = self.start[nodes + 1] - self.start[nodes]
        owner = np.repeat(np.arange(len(nodes)), lengths)
        ends = np.cumsum(lengths)
        within = np.arange(len(owner)) - np.repeat(ends - lengths, lengths)
        return self.order[self.start[nodes][owner] + within], owner


def solve(known: Ratings, *, tolerance: float = TOLERANCE) -> Solved:
    """Return the fixed point, shape (n,) each."""
    return settled(laid_out(known), tolerance)[0]


def laid_out(known: Ratings) -> list[Rows]:
    """Return the ratings in the precisions to go through.

    Where memory is what takes the time, the first rounds are in single precision: a round halves the
    distance from wherever it starts.
    """
    fine = rows(known)
    return [fine.coarse(), fine] if len(known.value) >= MANY else [fine]


def settled(layers: list[Rows], tolerance: float = TOLERANCE) -> tuple[Solved, int]:
    """Return the fixed point and how many rounds it took: until goodness rests, as fairness moves less."""
    n, total = layers[0].nodes, 0
    fairness: Reals = np.ones(n)
    goodness: Reals = np.zeros(n)
    for over in layers:
        least = tolerance if over is layers[-1] else COARSE
        fairness, goodness = fairness.astype(over.precision), goodness.astype(over.precision)
        for _ in range(MAX_ROUNDS if over is layers[-1] else COARSE_ROUNDS):
            better = over.goodness(fairness)
            fairness = over.fairness(better)
            np.subtract(better, goodness, out=goodness)
            moved, goodness = np.abs(goodness, out=goodness).max(initial=0), better
            total += 1
            if moved <= least:
                break
    return Solved(layers[-1].by_node(fairness), goodness.astype(np.float64)), total


class _Batch:
    """Several fixed points at once, each with one rating taken out: tables of (job, node).

    `fair` and `good` are what neighbours know of a node, `praise` = Σ f w and `error` = Σ |w − g| its sums.
    A node tells its neighbours when it has moved by more than BOUND.
    """

    def __init__(self, known: Ratings, sides: tuple[_Side, _Side], full: Solved, out: Integers) -> None:
        self._known, self._out, self._n = known, out, known.nodes
        self._given, self._received = sides
        self._u, self._v = known.rater[out], known.subject[out]
        jobs = len(out)
        self._fair, self._good = np.tile(full.fairness, jobs), np.tile(full.goodness, jobs)
        self._praise = np.tile(full.goodness * self._received.count, jobs)
        self._error = np.tile((1 - full.fairness) * 2 * self._given.count, jobs)
        rows = np.arange(jobs) * self._n
        value = known.value[out]
        self._praise[rows + self._v] -= full.fairness[self._u] * value
        self._error[rows + self._u] -= np.abs(value - full.goodness[self._v])
        self._touched = np.zeros(jobs * self._n, dtype=np.bool_)

    def solve(self) -> tuple[Floats, Floats]:
        """Return (fairness of the rater, goodness of the subject) of each job."""
        rows = np.arange(len(self._out)) * self._n
        changed_good, changed_fair = rows + self._v, rows + self._u
        while len(changed_good) or len(changed_fair):
            changed_fair = np.union1d(changed_fair, self._tell_goodness(changed_good))
            changed_good = self._tell_fairness(changed_fair)
            changed_fair = changed_fair[:0]
        return self._fairness_at(rows + self._u), self._goodness_at(rows + self._v)

    def _goodness_at(self, cells: Integers) -> Floats:
        job, node = np.divmod(cells, self._n)
        count = self._received.count[node] - (node == self._v[job])
        return np.where(count > 0, self._praise[cells] / np.maximum(count, 1), 0.0)

    def _fairness_at(self, cells: Integers) -> Floats:
        job, node = np.divmod(cells, self._n)
        count = self._given.count[node] - (node == self._u[job])
        return np.where(count > 0, 1 - self._error[cells] / (2 * np.maximum(count, 1)), 1.0)

    def _tell_goodness(self, cells: Integers) -> Integers:
        """Let raters know of goodness that moved; return the raters that heard."""
        now = self._goodness_at(cells)
        moved = np.abs(now - self._good[cells]) > BOUND
        cells, now = cells[moved], now[moved]
        before = self._good[cells]
        self._good[cells] = now
        edges, owner, job = self._neighbours(self._received, cells)
        value = self._known.value[edges]
        change = np.abs(value - now[owner]) - np.abs(value - before[owner])
        return self._add(self._error, job * self._n + self._known.rater[edges], change)

    def _tell_fairness(self, cells: Integers) -> Integers:
        """Let subjects know of fairness that moved; return the subjects that heard."""
        now = self._fairness_at(cells)
        moved = np.abs(now - self._fair[cells]) > BOUND
        cells, change = cells[moved], (now - self._fair[cells])[moved]
        self._fair[cells] += change
        edges, owner, job = self._neighbours(self._given, cells)
        change = self._known.value[edges] * change[owner]
        return self._add(self._praise, job * self._n + self._known.subject[edges], change)

    def _neighbours(self, side: _Side, cells: Integers) -> tuple[Integers, Integers, Integers]:
        """Return the edges of the cells' nodes, the cell of each and its job; without what was taken out."""
        job, node = np.divmod(cells, self._n)
        edges, owner = side.edges_of(node)
        job = job[owner]
        there: Truths = edges != self._out[job]
        return edges[there], owner[there], job[there]

    def _add(self, table: Floats, cells: Integers, change: Floats) -> Integers:
        np.add.at(table, cells, change)
        self._touched[cells] = True
        touched = np.flatnonzero(self._touched)
        self._touched[touched] = False
        return touched


def leave_each_out(known: Ratings) -> tuple[Floats, Floats]:
    """Return (fairness of the rater, goodness of the subject) of each rating as if it were not there.

    Shape (m,) each; every number within 4 × BOUND of solving anew.
    """
    full = solve(known, tolerance=1e-13)
    sides = _Side(known.rater, known.nodes), _Side(known.subject, known.nodes)
    jobs = max(1, _CELLS // max(known.nodes, 1))
    places = np.arange(len(known.value))
    found = [
        _Batch(known, sides, full, places[start : start + jobs]).solve()
        for start in range(0, len(places), jobs)
    ]
    if not found:
        return np.zeros(0), np.zeros(0)
    return np.concatenate([fair for fair, _ in found]), np.concatenate([good for _, good in found])


class FittedFairness(Fitted):
    """The fixed point of some ratings."""

    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self.solved = solve(known)

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        """Return f(r) g(s)."""
        return self.solved.fairness[raters] * self.solved.goodness[subjects]

    def standing(self) -> Floats:
        """Return goodness."""
        return self.solved.goodness

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return the mean of what is said, what unfair raters take off it, and what the own fairness does."""
        mean = float(self.known.value[self.about(subject)].mean())
        good, fair = float(self.solved.goodness[subject]), float(self.solved.fairness[rater])
        return [
            ("mean of its ratings", mean),
            ("unfair raters", good - mean),
            ("your fairness", (fair - 1) * good),
        ]

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return the fairness of the one who asks."""
        return [("your fairness", float(self.solved.fairness[rater]))]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        """Return each rater of the subject, weighing as much as it is fair."""
        voices = self.known.rater[self.about(subject)]
        return [(int(voice), float(self.solved.fairness[voice])) for voice in voices]


class Fairness(ArrayModel):
    """Fairness × goodness."""

    name = "fairness"

    def fit(self, known: Ratings) -> Fitted:
        """Solve."""
        return FittedFairness(known)

    def leave_one_out(self, known: Ratings) -> Floats:
        """Return f(r) g(s) of each rating as if it were not there, shape (m,)."""
        fair, good = leave_each_out(known)
        return fair * good


ARRAY = Fairness()
