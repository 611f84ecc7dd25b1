"""Ridge regression, one example after the other, in plain arithmetic: same examples, same bits.

Minimises Σ (y − w·x)² + penalty · |w|². The p × p normal equations are kept; solving them is a Cholesky
decomposition of p³ / 6 steps (Golub & Van Loan, "Matrix Computations", algorithm 4.2.1).
"""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Ridge:
    """The sums of a regression on `size` features."""

    def __init__(self, size: int, penalty: float) -> None:
        self.count = 0
        self._squares = [[0.0] * row + [penalty] for row in range(size)]
        self._products = [0.0] * size

    def add(self, features: Sequence[float], outcome: float) -> None:
        """Take an example in."""
        self.count += 1
        for row, feature in zip(self._squares, features, strict=True):
            if feature:
                for column, other in enumerate(features[: len(row)]):
                    row[column] += feature * other
        self._products = [
            total + feature * outcome for total, feature in zip(self._products, features, strict=True)
        ]

    def solve(self) -> list[float]:
        """Return the weights, shape (size,); all 0 before the first example."""
        factor: list[list[float]] = []
        for row in self._squares:
            lower: list[float] = []
            for column, value in enumerate(row):
                above = lower if column == len(factor) else factor[column]
                rest = value - math.fsum(map(_times, lower, above[:column]))
                lower.append(math.sqrt(rest) if column == len(factor) else rest / factor[column][column])
            factor.append(lower)
        return _backward(factor, _forward(factor, self._products))


def _times(one: float, other: float) -> float:
    return one * other


def _forward(factor: list[list[float]], right: list[float]) -> list[float]:
    found: list[float] = []
    for row, value in zip(factor, right, strict=True):
        found.append((value - math.fsum(map(_times, row, found))) / row[len(found)])
    return found


def _backward(factor: list[list[float]], right: list[float]) -> list[float]:
    size = len(factor)
    found = [0.0] * size
    for place in reversed(range(size)):
        known = math.fsum(factor[row][place] * found[row] for row in range(place + 1, size))
        found[place] = (right[place] - known) / factor[place][place]
    return found
