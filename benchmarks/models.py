"""Array models against one sparse pass over the same edges; and hybrid's weights, relearned.

A pass is y = A x with scipy's compressed matrix of the edges. A round of fairness-goodness, two half-rounds,
is compared with a pass over a matrix that is there. Shrunk bias and Beta have one round and take ratings as
they come: they are compared with building that matrix from ratings as they come, and one pass.
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
from trustcli.models.arrays import Ratings, load
from trustcli.models.evidence import TRUSTED
from trustcli.models.hybrid import ALL, MEAN, WEIGHTS
from trustcli.models.hybrid_arrays import Online

if TYPE_CHECKING:
    from collections.abc import Callable

_ANEW = 0.005  # difference of a weight that is still the same, rounding and all


def graph(nodes: int, edges: int) -> Ratings:
    """Return ratings: raters uniform, subjects by a power law, in the order of raters."""
    dice = np.random.default_rng(7)
    raters = np.sort(dice.integers(0, nodes, edges))
    subjects = np.minimum(nodes * dice.random(edges) ** 2.5, nodes - 1).astype(np.int64)
    values = dice.integers(-10, 11, edges) / 10
    return Ratings(raters, subjects, values, np.sort(dice.integers(0, 10**11, edges)), nodes)


def seconds(work: Callable[[], object]) -> float:
    """Return the wall seconds of some work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rounds(known: Ratings) -> list[tuple[str, float, str, bool]]:
    """Return the ratio of each model's work to its yardstick, the two in turn."""
    n = known.nodes
    matrix = csc_array((known.value, (known.subject, known.rater)), shape=(n, n))
    rows, x = fairness.Rows(known), np.random.default_rng(1).random(n)

    def a_pass() -> object:
        return matrix @ x

    def building_and_a_pass() -> object:
        return csc_array((known.value, (known.subject, known.rater)), shape=(n, n)) @ x

    works: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "fairness, a round / a pass": (lambda: (rows.praise(x), rows.error(x)), a_pass),
        "bias / building and a pass": (lambda: load("bias").fit(known), building_and_a_pass),
        "beta / building and a pass": (lambda: load("beta").fit(known), building_and_a_pass),
    }
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, (work, yardstick) in works.items():
            before, took = seconds(yardstick), seconds(work)
            found[name].append(2 * took / (before + seconds(yardstick)))
    ratios = {name: statistics.median(ratio) for name, ratio in found.items()}
    return [
        (f"{name}, {len(known.value)} edges", ratio, "<= 2", ratio <= 2) for name, ratio in ratios.items()
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
