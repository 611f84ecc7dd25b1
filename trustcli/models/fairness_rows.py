"""The two half-rounds of fairness-goodness over ratings laid out by rater, each about one pass over memory.

Goodness is a sparse matrix times fairness. Fairness is no product, for |w − g| is not linear: there raters
of equally many ratings form tables, a column each, so that sums run down columns, many raters at a time.
Raters of more than LONG ratings are summed row by row.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from trustcli.models.arrays import Integers, Ratings

    Reals = NDArray[np.floating]  # all of one precision

LONG = 32  # ratings of a rater above which summing a row costs less than a table for it
_BLOCK = 1 << 16  # ratings of one step: what stays near the processor


class Table(NamedTuple):
    """Raters of equally many ratings, shape (c,), with the subjects and values of these, shape (k, c)."""

    raters: Integers
    subject: Integers
    value: Reals


class Long(NamedTuple):
    """Raters of many ratings, shape (c,): where those of each begin, and how many they are."""

    raters: Integers
    start: Integers
    size: Integers
    subject: Integers
    value: Reals


class Rows:
    """Ratings by rater, in single or double precision.

    Args:
        matrix: w(u, v), column rater, row subject, shape (n, n).
    """

    def __init__(self, matrix: csc_array, tables: list[Table], long: list[Long]) -> None:
        self._matrix, self._tables, self._long = matrix, tables, long
        self.nodes, self.precision = matrix.shape[0], matrix.dtype
        received = np.bincount(matrix.indices, minlength=self.nodes)
        self._share = (1 / np.maximum(received, 1)).astype(matrix.dtype)
        self._room = np.empty(max((table.value.size for table in tables), default=0), matrix.dtype)

    def coarse(self) -> Rows:
        """Return these in single precision, half as much to read."""
        single = np.dtype(np.float32)
        tables = [table._replace(value=table.value.astype(single)) for table in self._tables]
        long = [row._replace(value=row.value.astype(single)) for row in self._long]
        return Rows(self._matrix.astype(single), tables, long)

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
            found[raters] = 1 - apart.sum(axis=0) / (2 * len(value))
        for row in self._long:
            apart = np.abs(row.value - goodness.take(row.subject))
            found[row.raters] = 1 - np.add.reduceat(apart, row.start) / (2 * row.size)
        return found


def rows(known: Ratings) -> Rows:
    """Lay ratings out."""
    n = known.nodes
    matrix = csc_array((known.value, (known.subject, known.rater)), shape=(n, n))
    return Rows(matrix, list(_tables(matrix)), list(_long(matrix)))


def _tables(matrix: csc_array) -> Iterator[Table]:
    """Yield tables of at most about _BLOCK ratings each."""
    start, count = matrix.indptr[:-1].astype(np.int64), np.diff(matrix.indptr)
    for many in range(1, LONG + 1):
        raters = np.flatnonzero(count == many)
        for first in range(0, len(raters), _BLOCK // many):
            some = raters[first : first + _BLOCK // many]
            places = start[some] + np.arange(many)[:, None]
            yield Table(some, matrix.indices[places].astype(np.int64), matrix.data[places])


def _long(matrix: csc_array) -> Iterator[Long]:
    """Yield those of more ratings, about _BLOCK of these at a time."""
    start, count = matrix.indptr.astype(np.int64), np.diff(matrix.indptr)
    raters = np.flatnonzero(count > LONG)
    turn = np.cumsum(count[raters]) // _BLOCK
    for some in np.split(raters, np.flatnonzero(np.diff(turn)) + 1) if len(raters) else ():
        places = np.concatenate([np.arange(start[rater], start[rater + 1]) for rater in some.tolist()])
        begins = np.cumsum(count[some]) - count[some]
        subject, value = matrix.indices[places].astype(np.int64), matrix.data[places]
        yield Long(some, begins.astype(np.int64), count[some], subject, value)
