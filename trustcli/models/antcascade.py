"""A cascade in the style of AntTrust: own trust, friends, their friends, what friends would say.

    CT = (TP + 1) / (TP + TN + 2) of good and bad experiences
    own CT  →  mean of friends' CT, weighed by CT in them  →  the same of their pooled friends
    →  plain mean of what each friend hears from its own friends' friends; the first that says anything

AntTrust (Sensors 22(2), 533, 2022) names these four factors, current trust, recommendation, feedback and
collective trust, in this order; its formulas are not public, so these are ours and its published results
are not claimed. A rating v stands for 8 experiences, 4 (1 + v) of them good; friends are those rated better
than middling. Predicts 2 CT − 1.

Assumes: near voices are better than many voices. Fails when: the only friend who knows the subject errs:
nobody else is asked. However many keys a friend has behind it, they are pooled to that friend's one voice.
"""

from __future__ import annotations

import math

from trustcli.models.arrays import ArrayModel
from trustcli.models.personal import Pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Ratings

FACTORS = ("your own word", "friends", "their friends", "what friends hear")
EXPERIENCES = 8.0  # that a rating stands for


def current(values: list[float]) -> float:
    """Return CT of ratings −1..1 pooled."""
    good = math.fsum(EXPERIENCES * (1 + value) / 2 for value in values)
    return (good + 1) / (EXPERIENCES * len(values) + 2)


class FittedCascade(Pairwise):
    """Ratings by rater and by subject."""

    def recommended(self, rater: int, subject: int) -> list[tuple[float, float, list[int]]]:
        """Return (CT in the friend, the friend's CT, whose voice) of each friend who rated the subject."""
        voices = self.heard.get(subject, {})
        return [
            (current([value]), current([voices[friend]]), [friend])
            for friend, value in self.friends(rater).items()
            if friend in voices
        ]

    def fed_back(self, rater: int, subject: int) -> list[tuple[float, float, list[int]]]:
        """Return (CT in the friend, CT of its friends pooled, whose voices) of each friend with such."""
        voices, friends = self.heard.get(subject, {}), self.friends(rater)
        known: dict[int, list[int]] = {}
        for far in voices:
            for friend in self.admirers(far):
                if friend in friends:
                    known.setdefault(friend, []).append(far)
        return [
            (current([friends[friend]]), current([voices[far] for far in pool]), pool)
            for friend, pool in known.items()
        ]

    def collective(self, rater: int, subject: int) -> list[tuple[float, float, list[int]]]:
        """Return (1, what the friend's feedback says, whose voices) of each friend with such."""
        found = []
        for friend in self.friends(rater):
            said = self.fed_back(friend, subject)
            if said:
                found.append((1.0, _mean(said), [voice for _, _, voices in said for voice in voices]))
        return found

    def factor(self, rater: int, subject: int) -> list[tuple[float, float, list[int]]]:
        """Return the first factor that says anything: (weight, CT, voices) parts.

        The subject is on nobody's way: whoever praised it has rated it, and is heard before.
        """
        own = self.said.get(rater, {}).get(subject)
        if own is not None:
            return [(1.0, current([own]), [rater])]
        for ask in (self.recommended, self.fed_back, self.collective):
            found = ask(rater, subject)
            if found:
                return found
        return []

    def said_of(self, rater: int, subject: int) -> float:
        """Return 2 CT − 1; nan where no factor says anything."""
        found = self.factor(rater, subject)
        return 2 * _mean(found) - 1 if found else math.nan

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return the factor that spoke: it says all."""
        return [(self._speaks(rater, subject), self.said_of(rater, subject))]

    def _speaks(self, rater: int, subject: int) -> str:
        if subject in self.said.get(rater, {}):
            return FACTORS[0]
        asked = (self.recommended, self.fed_back, self.collective)
        return next(name for name, ask in zip(FACTORS[1:], asked, strict=True) if ask(rater, subject))

    def deviation(self, rater: int, subject: int) -> float | None:
        """Return twice the deviation of a weighed mean of Beta posteriors, one for each part, independent.

        A part's posterior counts the experiences of its voices.
        """
        found = self.factor(rater, subject)
        whole = math.fsum(weight for weight, _, _ in found)
        spread = [
            (weight / whole) ** 2 * trust * (1 - trust) / (EXPERIENCES * len(voices) + 3)
            for weight, trust, voices in found
        ]
        return 2 * math.sqrt(math.fsum(spread)) if found else None

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        """Return each voice with its part, those heard twice added up."""
        shares: dict[int, list[float]] = {}
        for weight, _, voices in self.factor(rater, subject):
            for voice in voices:
                shares.setdefault(voice, []).append(weight / len(voices))
        return [(voice, math.fsum(parts)) for voice, parts in shares.items()]


def _mean(parts: list[tuple[float, float, list[int]]]) -> float:
    total = math.fsum(weight for weight, _, _ in parts)
    return math.fsum(weight * trust for weight, trust, _ in parts) / total


class AntCascade(ArrayModel):
    """AntTrust-style cascade."""

    name = "antcascade"
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Lay out who rates whom."""
        return FittedCascade(known)


ARRAY = AntCascade()
