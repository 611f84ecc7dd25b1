"""The two half-rounds of fairness-goodness over ratings laid out by rater, each about one pass over memory.

Raters come in the order of how many ratings they gave: so the loops over those of one rater are of equal
length from one to the next, which a processor foresees, and what is worked out for some is written side by
side. Goodness is a sparse matrix times fairness. Fairness is no product, for |w − g| is not linear: there
raters of equally many ratings form tables, a column each, so that sums run down columns, many raters at a
time. Raters of more than LONG ratings are summed row by row.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from trustcli.models.arrays import Floats, Integers, Ratings

    Reals = NDArray[np.floating]  # all of one precision

LONG = 32  # ratings of a rater above which summing a row costs less than a table for it
_BLOCK = 1 << 16  # ratings of one step: what stays near the processor


class Table(NamedTuple):
    """Raters of equally many ratings, side by side: subjects and values of these, shape (k, c)."""

    raters: slice
    subject: Integers
    value: Reals


class Long(NamedTuple):
    """Raters of many ratings, side by side: where those of each begin, and how many they are, shape (c,)."""

    raters: slice
    start: Integers
    size: Integers
    subject: Integers
    value: Reals


class Rows:
    """Ratings by rater, in single or double precision.

    Args:
        order: the raters as they stand here, shape (n,): fairness goes in and out in this order.
        matrix: w(u, v), column rater, row subject, shape (n, n).
    """

    def __init__(self, order: Integers, matrix: csc_array, tables: list[Table], long: list[Long]) -> None:
        self._order, self._matrix, self._tables, self._long = order, matrix, tables, long
        self.nodes, self.precision = matrix.shape[0], matrix.dtype
        received = np.bincount(matrix.indices, minlength=self.nodes)
        self._share = (1 / np.maximum(received, 1)).astype(matrix.dtype)
        self._room = np.empty(max((table.value.size for table in tables), default=0), matrix.dtype)

    def coarse(self) -> Rows:
        """Return these in single precision, half as much to read."""
        single = np.dtype(np.float32)
        tables = [table._replace(value=table.value.astype(single)) for table in self._tables]
        long = [row._replace(value=row.value.astype(single)) for row in self._long]
        return Rows(self._order, self._matrix.astype(single), tables, long)

    def goodness(self, fairness: Reals) -> Reals:
        """Return the mean of f(u) w(u, v) of each v, 0 where nobody rates it, shape (n,)."""
        found: Reals = self._matrix @ fairness
        found *= self._share
        return found

    def fairness(self, goodness: Reals) -> Reals:
        """Return 1 − the mean of |w(u, v) − g(v)| / 2 of each u, 1 where it rates nobody, shape (n,)."""
        found = np.ones_like(goodness)
        for raters, subject, value in self._tables:
            apart = self._room[: value.size].reshape(value.shape)
            goodness.take(subject, out=apart, mode="clip")  # "raise" would copy first
            np.subtract(value, apart, out=apart)
            np.abs(apart, out=apart)
            found[raters] -= apart.sum(axis=0) / (2 * len(value))
        for row in self._long:
            apart = np.abs(row.value - goodness.take(row.subject))
            found[row.raters] -= np.add.reduceat(apart, row.start) / (2 * row.size)
        return found

    def by_node(self, fairness: Reals) -> Floats:
        """Return fairness in the order of the nodes, shape (n,)."""
        found = np.empty(self.nodes)
        found[self._order] = fairness
        return found


def rows(known: Ratings) -> Rows:
    """Lay ratings out."""
    ends = known.subject.astype(np.int32), known.rater.astype(np.int32)  # half as much to read as 64 bits
    matrix = csc_array((known.value, ends), shape=(known.nodes, known.nodes))
    order = np.argsort(np.diff(matrix.indptr), kind="stable")
    matrix = matrix[:, order]
    return Rows(order, matrix, list(_tables(matrix)), list(_long(matrix)))


def _tables(matrix: csc_array) -> Iterator[Table]:
    """Yield tables of at most about _BLOCK ratings each."""
    start, count = matrix.indptr, np.diff(matrix.indptr)
    for many in range(1, LONG + 1):
        first, end = np.searchsorted(count, (many, many + 1)).tolist()
        for begin in range(first, end, _BLOCK // many):
            raters = slice(begin, min(begin + _BLOCK // many, end))
            some = slice(start[raters.start], start[raters.stop])
            subject, value = (what[some].reshape(-1, many).T for what in (matrix.indices, matrix.data))
            yield Table(raters, np.ascontiguousarray(subject, np.int64), np.ascontiguousarray(value))


def _long(matrix: csc_array) -> Iterator[Long]:
    """Yield those of more ratings, about _BLOCK of these at a time."""
    start, count = matrix.indptr.astype(np.int64), np.diff(matrix.indptr)
    begin, turn = int(np.searchsorted(count, LONG + 1)), start // _BLOCK
    while begin < len(count):
        end = max(begin + 1, int(np.searchsorted(turn, turn[begin], side="right")) - 1)
        some = slice(start[begin], start[end])
        subject, value = matrix.indices[some].astype(np.int64), matrix.data[some]
        yield Long(slice(begin, end), start[begin:end] - start[begin], count[begin:end], subject, value)
        begin = end
