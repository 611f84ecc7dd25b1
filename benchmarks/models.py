"""Array models against one sparse pass over the same edges; and hybrid's weights, relearned.

A pass is y = A x with scipy's compressed matrix of the edges, which is there. A round of fairness-goodness is
a whole one of those that lead to the fixed point: both half-rounds and the look whether it rests. Shrunk bias
and Beta have a single round, two sums over all ratings. What each does beforehand, and how long its yardstick
takes to build the matrix, is set-up, in passes too, and has no bound.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
from measure import ROUNDS, report
from scipy.sparse import csc_array

from trustcli.evaluate import dataset
from trustcli.models import fairness
from trustcli.models.arrays import Ratings, load, sums
from trustcli.models.evidence import TRUSTED
from trustcli.models.hybrid import ALL, MEAN, WEIGHTS
from trustcli.models.hybrid_arrays import Online
from trustcli.models.sequential import fading

if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.models.arrays import Floats, Integers

_ANEW = 0.005  # difference of a weight that is still the same, rounding and all


def graph(nodes: int, edges: int) -> Ratings:
    """Return ratings in the order of time: raters uniform, subjects by a power law."""
    dice = np.random.default_rng(7)
    raters = dice.integers(0, nodes, edges)
    subjects = np.minimum(nodes * dice.random(edges) ** 2.5, nodes - 1).astype(np.int64)
    values = dice.integers(-10, 11, edges) / 10
    return Ratings(raters, subjects, values, np.sort(dice.integers(0, 10**11, edges)), nodes)


def seconds(work: Callable[[], object]) -> float:
    """Return the wall seconds of some work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rounds(known: Ratings) -> list[tuple[str, float, str, bool]]:
    """Return the ratio of each model's round, and of its set-up, to a pass; the two in turn."""
    n, rater, subject, value = known.nodes, known.rater, known.subject, known.value
    x = np.random.default_rng(1).random(n)

    def build() -> csc_array:
        return csc_array((value, (subject, rater)), shape=(n, n))

    def sum_up(nodes: tuple[Integers, Integers], values: tuple[Floats, Floats]) -> None:
        for side, what in zip(nodes, values, strict=True):
            sums(side, what, n)

    matrix, laid_out = build(), fairness.laid_out(known)
    _, many = fairness.settled(laid_out)
    weight = fading(known.time, int(known.time.max()))
    sums_of_beta = weight, weight * value
    works: dict[str, tuple[Callable[[], object], int]] = {
        "fairness, a round": (lambda: fairness.settled(laid_out), many),
        "bias, its two sums": (lambda: sum_up((rater, subject), (value, value)), 1),
        "beta, its two sums": (lambda: sum_up((subject, subject), sums_of_beta), 1),
        "set-up of fairness": (lambda: fairness.laid_out(known), 1),
        "bias, set-up and sums": (lambda: load("bias").fit(known), 1),
        "beta, set-up and sums": (lambda: load("beta").fit(known), 1),
        "set-up of the pass": (build, 1),
    }
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, (work, times) in works.items():
            before, took = seconds(lambda: matrix @ x), seconds(work) / times
            found[name].append(2 * took / (before + seconds(lambda: matrix @ x)))
    ratios = {name: statistics.median(ratio) for name, ratio in found.items()}
    return [
        (f"{name} / a pass", ratio, "", True)
        if "set-up" in name
        else (f"{name} / a pass", ratio, "<= 2", ratio <= 2)
        for name, ratio in ratios.items()
    ]


def relearned(path: str) -> list[tuple[str, float, str, bool]]:
    """Return how far hybrid's weights are from those that the data teach in order of time."""
    with open(path, encoding="utf-8") as lines:
        known = dataset.read(lines, dataset.layout("rater=0,subject=1,value=2,time=3", "-10..10")).ratings
    online = Online()
    for row in zip(*(column.tolist() for column in known[:4]), strict=True):
        online.learn(*row)
    blend = online.blend
    pairs = zip(("mean", *TRUSTED, ALL), (MEAN, *WEIGHTS), (blend.mean, *blend.trusted), strict=True)
    return [
        (f"hybrid, {name}: {kept:.3f}", new, "the same", abs(kept - new) <= _ANEW)
        for name, kept, new in pairs
    ]


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--otc", help="soc-sign-bitcoinotc.csv: learn hybrid's weights again")
    given = parser.parse_args()
    rows = rounds(graph(given.nodes, given.edges))
    report(rows + (relearned(given.otc) if given.otc else []))


if __name__ == "__main__":
    main()
