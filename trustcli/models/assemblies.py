"""Create Assemblies (CA): the one who serves decides whether to, by what came of it before.

    attempts if able and w ≥ 0.5;  success: w ← min(1, w + α (1 − w));  failure: w ← max(0, w − β (1 − w))

Lygizou & Kalles, "A Biologically Inspired Trust Model for Open Multi-Agent Systems that is Resilient to
Rapid Performance Fluctuations" (arXiv 2404.10014) and its variants (2404.18296; Applied Sciences 15(11)
6125, 2025). w is the provider's, for a kind of task, 0.5 at first; α = β = 0.1. (Secondary sources read CA
as "cellular automaton"; there is none.) No opinion is ever exchanged: who needs a task done asks everybody,
and providers know themselves. So there is nothing here that a ledger of ratings could be asked: it is a
policy of providers for `simulate`, over arrays of weights, and no model of MODELS.

Assumes: providers want to succeed and tell the truth about being able. Fails when: they do not: a malicious
provider attempts whatever it is asked, and nothing in the model stops it. By the failure rule, which we
have at second hand, a provider of weight 1 that fails stays at 1 (β (1 − 1) = 0): it never learns again.
"""

from __future__ import annotations

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Floats, Truths

FIRST = 0.5  # w of a task never tried
THRESHOLD = 0.5
ALPHA = BETA = 0.1


def attempts(weight: Floats, able: Truths) -> Truths:
    """Return which providers offer to do the task, shape as given."""
    return able & (weight >= THRESHOLD)


def learned(weight: Floats, tried: Truths, succeeded: Truths) -> Floats:
    """Return the weights after a round, shape as given; those that did not try keep theirs."""
    better = np.minimum(1.0, weight + ALPHA * (1 - weight))
    worse = np.maximum(0.0, weight - BETA * (1 - weight))
    return np.where(tried, np.where(succeeded, better, worse), weight)
