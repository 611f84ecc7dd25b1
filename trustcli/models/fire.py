"""FIRE: own experience, what witnesses say, and the references a subject can show, each as far as reliable.

    T_K = Σ w v / Σ w,  w = exp(−age / λ);  reliability ρ = (1 − exp(−γ Σ w)) (1 − Σ w |v − T_K| / (2 Σ w))
    T = Σ_K W_K ρ_K T_K / Σ_K W_K ρ_K,  W = 2 own experience, 1 witnesses, 0.5 references;  γ = −ln 0.5

Huynh, Jennings, Shadbolt, "An integrated trust and reputation model for open multi-agent systems" (JAAMAS
13, 2006). Witnesses are found by asking: everybody asks the 2 they rated best (and whom they rated as well
as the second), up to 5 steps; who rated the subject answers, who did not asks on. References are the 10
newest ratings of the subject. Role-based trust needs rules between roles, which ratings do not have. A
rating weighs half after 90 days, which are the paper's 5 rounds; now is the newest rating. (The NetLogo
version in circulation has the sign of the exponent wrong, |v| − T for |v − T|, and sums of weights that
start at 1: no oracle.)

Assumes: witnesses are honest and subjects show honest references. Fails when: they are not: references are
strangers, so five hundred keys own that part entirely, and witnesses count one a key. Own experience
outweighs both, and where nobody lies it is quick to learn.
"""

from __future__ import annotations

import math

from trustcli.models.arrays import ArrayModel
from trustcli.models.personal import Pairwise
from trustcli.timing import DAY
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Ratings

HALF_LIFE = 90 * DAY  # ms; 5 rounds in the paper, λ = −5 / ln 0.5
GAMMA = -math.log(0.5)
OWN, WITNESS, REFERENCE = 2.0, 1.0, 0.5  # W_I, W_W, W_C
KINDS = ("own experience", "witnesses", "references")
BRANCHES, STEPS = 2, 5  # whom one asks on, and how far
HISTORY = 10  # references kept


class Part(NamedTuple):
    """What one kind of ratings says, and how reliable that is, 0..1."""

    trust: float
    reliability: float
    weight: float


def part(said: list[tuple[float, float]]) -> Part:
    """Return T, ρ and Σ w of (value, weight) pairs; all 0 where there are none."""
    total = math.fsum(weight for _, weight in said)
    if total <= 0:
        return Part(0.0, 0.0, 0.0)
    trust = math.fsum(weight * value for value, weight in said) / total
    apart = math.fsum(weight * abs(value - trust) for value, weight in said) / total
    return Part(trust, (1 - math.exp(-GAMMA * total)) * (1 - apart / 2), total)


class FittedFire(Pairwise):
    """Ratings with their weights."""

    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        now = int(known.time.max(initial=0))
        columns = known.rater.tolist(), known.subject.tolist(), known.time.tolist()
        self._time = {(rater, subject): time for rater, subject, time in zip(*columns, strict=True)}
        self._weight = {pair: float(0.5 ** ((now - time) / HALF_LIFE)) for pair, time in self._time.items()}
        self._asks: dict[int, list[int]] = {}

    def asks(self, node: int) -> list[int]:
        """Return whom a node asks: those it rated best, with all that it rated as well as the last."""
        if node not in self._asks:
            friends = self.friends(node)
            least = sorted(friends.values(), reverse=True)[:BRANCHES][-1:]
            self._asks[node] = [other for other, value in friends.items() if value >= least[0]]
        return self._asks[node]

    def witnesses(self, rater: int, subject: int) -> list[int]:
        """Return those found by asking who rated the subject."""
        voices, found = self.heard.get(subject, {}), []
        asked, front = {rater, subject}, [rater]
        for _ in range(STEPS):
            asking = (other for node in front for other in self.asks(node))
            reached = [other for other in dict.fromkeys(asking) if other not in asked]
            asked.update(reached)
            found += [node for node in reached if node in voices]
            front = [node for node in reached if node not in voices]
        return found

    def references(self, rater: int, subject: int) -> list[int]:
        """Return the newest raters of the subject; with all that are as new as the last of them."""
        voices = [voice for voice in self.heard.get(subject, {}) if voice != rater]
        times = sorted((self._time[voice, subject] for voice in voices), reverse=True)[:HISTORY]
        return [voice for voice in voices if self._time[voice, subject] >= times[-1]]

    def _parts(self, rater: int, subject: int) -> list[tuple[float, Part, list[int]]]:
        """Return (W, part, voices) of own experience, witnesses and references."""
        voices = self.heard.get(subject, {})
        kinds = (
            (OWN, [rater] if rater in voices else []),
            (WITNESS, self.witnesses(rater, subject)),
            (REFERENCE, self.references(rater, subject)),
        )
        return [
            (kind, part([(voices[one], self._weight[one, subject]) for one in found]), found)
            for kind, found in kinds
        ]

    def said_of(self, rater: int, subject: int) -> float:
        """Return T; nan where there is nothing to go by."""
        parts = self._parts(rater, subject)
        total = math.fsum(kind * one.reliability for kind, one, _ in parts)
        if total <= 0:
            return math.nan
        return math.fsum(kind * one.reliability * one.trust for kind, one, _ in parts) / total

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return what own experience, witnesses and references add to T."""
        parts = self._parts(rater, subject)
        total = math.fsum(kind * one.reliability for kind, one, _ in parts)
        return [
            (name, kind * one.reliability * one.trust / total)
            for name, (kind, one, _) in zip(KINDS, parts, strict=True)
        ]

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return the reliability of each."""
        parts = self._parts(rater, subject)
        return [
            (f"reliability of {name}", one.reliability)
            for name, (_, one, _) in zip(KINDS, parts, strict=True)
        ]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        """Return each voice with its share, those heard twice added up."""
        shares: dict[int, list[float]] = {}
        for kind, one, found in self._parts(rater, subject):
            for voice in found if one.weight > 0 else ():
                weight = kind * one.reliability * self._weight[voice, subject] / one.weight
                shares.setdefault(voice, []).append(weight)
        return [(voice, math.fsum(parts)) for voice, parts in shares.items()]


class Fire(ArrayModel):
    """FIRE without role-based trust."""

    name = "fire"
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Weigh ratings by age and lay out who rates whom."""
        return FittedFire(known)


ARRAY = Fire()
