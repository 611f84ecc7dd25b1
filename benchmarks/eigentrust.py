"""EigenTrust over arrays, against a plain scipy power iteration on the same graph, to 1e-10."""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
from measure import ROUNDS, report
from scipy.sparse import csc_array

from trustcli.models.eigentrust import RESTART, TOLERANCE, eigentrust

if TYPE_CHECKING:
    from numpy.typing import NDArray


def graph(nodes: int, edges: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Return (raters, subjects, trust): raters uniform, subjects by a power law."""
    dice = np.random.default_rng(7)
    raters = dice.integers(0, nodes, edges, dtype=np.int32)
    subjects = np.minimum(nodes * dice.random(edges) ** 2.5, nodes - 1).astype(np.int32)
    return raters, subjects, dice.integers(1, 5, edges).astype(np.float64)


def plain(
    raters: NDArray[np.int32], subjects: NDArray[np.int32], trust: NDArray[np.float64], p: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The yardstick: build C-transposed as CSC, then multiply until two rounds agree to 1e-10 in L1."""
    n = len(p)
    given = np.bincount(raters, weights=trust, minlength=n)
    matrix = csc_array((trust / given[raters], (subjects, raters)), shape=(n, n))
    dangling = given == 0
    t = p.copy()
    while True:
        new: NDArray[np.float64] = (1 - RESTART) * (matrix @ t + t[dangling].sum() * p) + RESTART * p
        if np.abs(new - t).sum() <= TOLERANCE:
            return new
        t = new


def main() -> None:
    """Run both in turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=10_000_000)
    given = parser.parse_args()
    raters, subjects, trust = graph(given.nodes, given.edges)
    p = np.zeros(given.nodes)
    p[:100] = 0.01
    found = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        expected = plain(raters, subjects, trust, p)
        middle = time.perf_counter()
        actual = eigentrust(raters, subjects, trust, p)
        found.append((time.perf_counter() - middle) / (middle - start))
        assert np.abs(actual - expected).sum() <= 1e-9
    ratio = statistics.median(found[1:])
    report(
        [
            (
                f"eigentrust, {given.nodes} nodes, {given.edges} edges",
                ratio,
                "<= 1.3 x plain scipy",
                ratio <= 1.3,
            )
        ]
    )


if __name__ == "__main__":
    main()
