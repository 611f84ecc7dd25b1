"""GrapeRank where what one rater says weighs together at most as much as a follow by the observer.

    confidence(e) ← confidence(e) · min(1, 0.5 / Σ confidence of the rater's ratings);  the observer's stay

All else is models/graperank.py; a rater with up to sixteen follows and no blame is heard as there. The bound
is our own, that of models/reach.py put here. A score grows by at most ln 2 with its weight, and what Sybils
give each other is at most 0.5 · 0.85 of what they have: behind an edge of confidence c by a rater of score s
any number of them have together at most 0.85 ln 2 · c s / (1 − 0.425 ln 2) = 0.84 c s.

Assumes: what `graperank` assumes, and that who follows thousands chose each with less care. Fails when: they
did not: a good directory's follows weigh little each.
"""

from __future__ import annotations

from trustcli.models.graperank import GrapeRank


class GrapeRankBounded(GrapeRank):
    """GrapeRank with bounded raters."""

    name = "graperank-bounded"
    bounded = True


ARRAY = GrapeRankBounded()
