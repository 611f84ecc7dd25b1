"""Random neural network of votes (RNNTM): trust is the right to vote, praise gives it, blame takes it.

    q(i) = min(1, L⁺(i) / (r + L⁻(i)))     probability that i has a vote to cast; q(ego) = 1, r = 1
    L⁺(i) = Σ_j q(j) r p⁺(j, i),  L⁻(i) = Σ_j q(j) r p⁻(j, i)
    p⁺ = (1 − d) max(v, 0) / Σ |v|,  p⁻ = (1 − d) max(−v, 0) / Σ |v| by rater,  d = 0.15

Gelenbe's G-network, "Random Neural Networks with Negative and Positive Signals and Product Form Solution"
(Neural Computation 1, 1989), put to trust by Gelenbe, Ren, Yan (MASCOTS 2025; npj Wireless Technology 2026).
Only the asking rater is replenished from outside: who has no votes from it, directly or through others, casts
none. Solved by rounds from q = 0; the mean number of votes is q / (1 − q). (Not a recurrent network, as
secondary sources say, whose table of its trust in a flood could not be traced to a paper.)

Assumes: votes are worth as much as their owner's standing. Fails when: numbers of praise should add up
further: q ends at 1. A farm behind one edge has together at most the votes that come over it, divided by d.
"""

from __future__ import annotations

import numpy as np

from trustcli.models.arrays import RANK, ArrayModel, sums
from trustcli.models.personal import Personal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Floats, Ratings

RATE = 1.0  # r: votes cast in a unit of time by one who has any
LOST = 0.15  # d: share of votes that leave the network
TOLERANCE = 1e-12  # largest change of a round at which it ends
MAX_ROUNDS = 2000


def charged(known: Ratings, replenished: Floats) -> Floats:
    """Return q of each node, 0..1, shape (n,).

    Args:
        replenished: Λ, votes that come from outside in a unit of time, shape (n,); what is ≥ 1 keeps q = 1
            unless the node is blamed.
    """
    n, rater, subject = known.nodes, known.rater, known.subject
    weight = np.where(rater == subject, 0.0, known.value)
    total = sums(rater, np.abs(weight), n)[rater]
    vote = RATE * (1 - LOST) * weight / np.where(total > 0, total, 1.0)
    praise, blame = np.maximum(vote, 0), np.maximum(-vote, 0)
    excited = np.zeros(n)
    for _ in range(MAX_ROUNDS):
        cast = excited[rater]
        gained = replenished + sums(subject, cast * praise, n)
        new = np.minimum(1.0, gained / (RATE + sums(subject, cast * blame, n)))
        # half a step: blame in a circle would swing between two states
        new = (new + excited) / 2
        moved = np.abs(new - excited).max(initial=0)
        excited = new
        if moved <= TOLERANCE:
            break
    return excited


class _Fitted(Personal):
    def look(self, rater: int) -> Floats:
        own = np.zeros(self.known.nodes)
        own[rater] = 1e9  # votes enough, whoever blames it: q = 1
        return charged(self.known, own)

    def standing(self) -> Floats:
        """Return q with every rater replenished alike."""
        there = np.zeros(self.known.nodes)
        there[self.known.rater] = LOST
        return charged(self.known, there)

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return the votes that come by praise, up to the 1 there can be, and what blame takes of them."""
        excited, places = self.seen_by(rater), self.about(subject)
        known, gained = self.known, 0.0
        for place in places.tolist():
            voice = int(known.rater[place])
            said = np.abs(known.value[(known.rater == voice) & (known.subject != voice)]).sum()
            if voice != subject and known.value[place] > 0:
                gained += float(excited[voice]) * RATE * (1 - LOST) * float(known.value[place] / said)
        gained = min(gained, 1.0)
        return [("votes by praise", gained), ("taken by blame", float(excited[subject]) - gained)]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        excited, places = self.seen_by(rater), self.about(subject)
        voices = self.known.rater[places].tolist()
        if excited[subject] <= 0:
            return []
        return [(voice, float(excited[voice])) for voice in voices if voice != subject]


class RandomNeural(ArrayModel):
    """Random neural network of votes."""

    name = "random-neural"
    unit = RANK
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Keep the ratings: each rater has a network of its own."""
        return _Fitted(known)


ARRAY = RandomNeural()
