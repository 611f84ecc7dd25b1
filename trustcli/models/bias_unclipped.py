"""`bias` whose predictions may lie beyond the ends of the scale.

The sum of three means may exceed 1: `bias` says 1 then, which is never further from what is said. Figures in
circulation for Wikipedia adminship votes (RMSE .2179) were made without that step, and this row prints them.

Assumes and fails when: see models/bias.py. No model for a ledger: nobody gives 5.3 stars.
"""

from __future__ import annotations

import math

from trustcli.models.bias import Bias


class BiasUnclipped(Bias):
    """Shrunk bias as it comes."""

    name = "bias-unclipped"
    bound = math.inf


ARRAY = BiasUnclipped()
