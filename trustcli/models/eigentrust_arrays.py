"""Global EigenTrust over arrays: the share of everybody's trust that comes to rest at each node.

models/eigentrust.py with p uniform over those who rate or are rated; trust is max(v, 0). A share is no
rating: only its order means something, so it has an AUC and a correlation and no error.

Assumes: who is trusted trusts well. Fails when: keys are cheap (with p uniform every key brings its own
share), or blame matters (it has none). `trust score --model eigentrust` starts from one viewpoint instead.
"""

# ruff: noqa: ARG002  a model is told more than it may need

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import RANK, ArrayModel, Fitted
from trustcli.models.eigentrust import eigentrust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Integers, Ratings


class _Fitted(Fitted):
    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        there = np.zeros(known.nodes)
        there[known.rater] = there[known.subject] = 1.0
        trust = np.maximum(known.value, 0.0)
        self._share = (
            eigentrust(known.rater, known.subject, trust, there / there.sum()) if there.any() else there
        )

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        return self._share[subjects]

    def standing(self) -> Floats:
        return self._share


class EigenTrustArrays(ArrayModel):
    """Global EigenTrust."""

    name = "eigentrust"
    unit = RANK

    def fit(self, known: Ratings) -> Fitted:
        """Iterate to the fixed point."""
        return _Fitted(known)


ARRAY = EigenTrustArrays()
