"""What the subject said of the rater: tit for tat.

Predicts v(s→r) for r→s, and 0 where s never rated r (Kumar et al., ICDM 2016, §V, "Reciprocal").
What somebody says of oneself would be its own opposite: it counts as if s never rated r, 0.

Assumes: people return what they are given. Fails when: they do not, or one side is silent; and whoever
praises you is praised, which an attacker knows too.
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import ArrayModel, Fitted, counts, sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings


class _Fitted(Fitted):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        pairs = known.rater * known.nodes + known.subject
        self._order = np.argsort(pairs)
        self._pairs = pairs[self._order]

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        wanted = subjects * self.known.nodes + raters
        if not len(self._pairs):
            return np.zeros(len(wanted))
        places = np.minimum(np.searchsorted(self._pairs, wanted), len(self._pairs) - 1)
        there = (self._pairs[places] == wanted) & (raters != subjects)
        return np.where(there, self.known.value[self._order[places]], 0.0)

    def standing(self) -> Floats:
        known = self.known
        return sums(known.subject, known.value, known.nodes) / np.maximum(
            counts(known.subject, known.nodes), 1
        )


class _Stream:
    def __init__(self) -> None:
        self._said: dict[tuple[int, int], float] = {}

    def predict(self, rater: int, subject: int, time: int) -> float:
        return 0.0 if rater == subject else self._said.get((subject, rater), 0.0)

    def learn(self, rater: int, subject: int, value: float, time: int) -> None:
        self._said[rater, subject] = value


class Reciprocal(ArrayModel):
    """The opposite rating."""

    name = "reciprocal"
    personal = True
    stream = _Stream

    def fit(self, known: Ratings) -> Fitted:
        """Sort the pairs."""
        return _Fitted(known)

    def leave_one_out(self, known: Ratings) -> Floats:
        """Return the opposite rating of each, shape (m,): of a self-rating there is none."""
        return self.fit(known).predict(known.rater, known.subject)


ARRAY = Reciprocal()
