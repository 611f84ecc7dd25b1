"""Goodness of the subject alone, from fairness-goodness (models/fairness.py).

Predicts g(s), the same for every rater; Kumar et al. (ICDM 2016, Table IV, row "Goodness").

Assumes: what `fairness` assumes. Fails when: what raters differ in matters; otherwise close to `fairness`,
and better where fair raters are not the milder ones (Wikipedia adminship).
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

from trustcli.models.arrays import ArrayModel
from trustcli.models.fairness import FittedFairness, leave_each_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Floats, Integers, Ratings


class _Fitted(FittedFairness):
    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        return self.solved.goodness[subjects]

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        return super().parts(rater, subject)[:-1]

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        return []


class Goodness(ArrayModel):
    """Goodness."""

    name = "goodness"

    def fit(self, known: Ratings) -> Fitted:
        """Solve."""
        return _Fitted(known)

    def leave_one_out(self, known: Ratings) -> Floats:
        """Return g(s) of each rating as if it were not there, shape (m,)."""
        return leave_each_out(known)[1]


ARRAY = Goodness()
