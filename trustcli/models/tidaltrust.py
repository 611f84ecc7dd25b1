"""TidalTrust: ask the best of those nearest to the subject, along the shortest chains.

    t(i, s) = Σ_j t(i, j) t(j, s) / Σ_j t(i, j)   over j on a shortest chain with t(i, j) ≥ max

max is the strength of the strongest shortest chain, and a chain's strength that of its weakest link, the
last rating (of the subject) not counted. One's own rating is the answer where there is one. Golbeck,
"Computing and Applying Trust in Web-based Social Networks" (PhD thesis, Maryland 2005). Links are
ratings better than middling, of weight (1 + v) / 2; what is said of the subject may be praise or blame.

Assumes: nearer is more accurate, and better trusted is more accurate. Fails when: the nearest who knows the
subject is wrong: those further away are not heard, however many. Sybils behind one edge speak together as
that edge would, being nearest or not heard; but a vouched Sybil nearer than every honest voice is the only
voice.
"""

from __future__ import annotations

import math

from trustcli.models.arrays import ArrayModel
from trustcli.models.personal import Pairwise
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Ratings


class Tide(NamedTuple):
    """One rater's shortest chains: per node its level, and the strength of the best chain to it."""

    level: dict[int, int]
    strength: dict[int, float]


class FittedTidal(Pairwise):
    """Chains of each rater, made when asked for."""

    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._tide: tuple[int, Tide] | None = None

    def tide(self, rater: int) -> Tide:
        """Return the levels and strengths as one rater sees them, the last one kept."""
        if self._tide is None or self._tide[0] != rater:
            self._tide = rater, self._rise(rater)
        return self._tide[1]

    def _rise(self, rater: int) -> Tide:
        level, strength, front = {rater: 0}, {rater: math.inf}, [rater]
        while front:
            reached: dict[int, float] = {}
            for node in front:
                for friend, value in self.friends(node).items():
                    if friend not in level:
                        chain = min(strength[node], _weight(value))
                        reached[friend] = max(reached.get(friend, 0.0), chain)
            depth = level[front[0]] + 1
            level.update(dict.fromkeys(reached, depth))
            strength.update(reached)
            front = list(reached)
        return Tide(level, strength)

    def said_of(self, rater: int, subject: int) -> float:
        """Return what comes back along the strongest shortest chains; nan where none leads to a voice."""
        voices = self._nearest(rater, subject)
        if not voices:
            return math.nan
        return self._ebb(rater, voices)[rater]

    def _nearest(self, rater: int, subject: int) -> dict[int, float]:
        """Return the voices of the lowest level; the subject itself is never on the way to them."""
        level = self.tide(rater).level
        heard = {voice: value for voice, value in self.heard.get(subject, {}).items() if voice in level}
        lowest = min((level[voice] for voice in heard), default=0)
        return {voice: value for voice, value in heard.items() if level[voice] == lowest}

    def _links(self, rater: int, voices: dict[int, float]) -> list[dict[int, dict[int, float]]]:
        """Return the links that count, {node: {friend: weight}}, from the voices' level to the rater's."""
        level, strength = self.tide(rater)
        needed = max(strength[voice] for voice in voices)
        steps, front = [], set(voices)
        while rater not in front:
            links: dict[int, dict[int, float]] = {}
            for friend in front:
                for node, value in self.heard.get(friend, {}).items():
                    if level.get(node, -1) == level[friend] - 1 and value > 0 and _weight(value) >= needed:
                        links.setdefault(node, {})[friend] = _weight(value)
            steps.append(links)
            front = set(links)
        return steps

    def _ebb(self, rater: int, voices: dict[int, float]) -> dict[int, float]:
        known = dict(voices)
        for links in self._links(rater, voices):
            for node, friends in links.items():
                total = math.fsum(friends.values())
                known[node] = math.fsum(weight * known[friend] for friend, weight in friends.items()) / total
        return known

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return the threshold of links that count (of one's own word none), and the hops to the subject."""
        voices, (level, strength) = self._nearest(rater, subject), self.tide(rater)
        needed = max(strength[voice] for voice in voices)
        threshold = [] if math.isinf(needed) else [("threshold", needed)]
        return [*threshold, ("hops", 1.0 + max(level[voice] for voice in voices))]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        """Return the share of each voice in the answer."""
        voices = self._nearest(rater, subject)
        if not voices:
            return []
        share: dict[int, list[float]] = {rater: [1.0]}
        for links in reversed(self._links(rater, voices)):
            for node, friends in links.items():
                if node in share:
                    whole = math.fsum(share[node]) / math.fsum(friends.values())
                    for friend, weight in friends.items():
                        share.setdefault(friend, []).append(whole * weight)
        return [(voice, math.fsum(share[voice])) for voice in sorted(voices) if voice in share]


def _weight(value: float) -> float:
    return (1 + value) / 2


class TidalTrust(ArrayModel):
    """TidalTrust."""

    name = "tidaltrust"
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Lay out who rates whom."""
        return FittedTidal(known)


ARRAY = TidalTrust()
