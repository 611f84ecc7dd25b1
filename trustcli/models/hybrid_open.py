"""`hybrid` that hears strangers too: the voices of everybody, each alike, beside those within reach.

The factors TRUSTED and STRANGERS of models/evidence.py in one regression. It is here to show what it costs
not to believe strangers: nothing on Bitcoin OTC, a little where every key is a known person. No model for a
network whose keys are free, so `trust score` does not have it.

Assumes: a key is a person. Fails when: it is not; then whoever has most keys decides.
"""

from __future__ import annotations

from trustcli.models.hybrid_arrays import HybridArrays


class HybridOpen(HybridArrays):
    """Hybrid with strangers."""

    name = "hybrid-open"
    strangers = True


ARRAY = HybridOpen()
