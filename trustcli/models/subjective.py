"""Subjective logic on a trust network (TNA-SL): opinions with a share of not knowing, no evidence used twice.

    opinion (b, d, u) of r good and s bad:  b = r / (r + s + 2), d = s / (r + s + 2), u = 2 / (r + s + 2)
    discount A→B→x:  b = b_AB b_Bx,  d = b_AB d_Bx,  u = d_AB + u_AB + b_AB u_Bx
    fusion:  k = u_A + u_B − u_A u_B;  b = (b_A u_B + b_B u_A) / k,  d likewise,  u = u_A u_B / k

Fusion is adding evidence: r = 2 b / u, s = 2 d / u. Expected is b + u / 2, in [−1, 1] b − d. Jøsang,
Hayward, Pope, "Trust Network Analysis with Subjective Logic" (ACSC 2006). Their network must be
series-parallel; here it is a tree from the asking rater along the shortest chains of praise with the
largest product of beliefs, all ends of which meet in the subject: each opinion is fused where branches
meet, and discounted once. Where two chains are equally good the evidence is divided between them. Four hops
at most, the last to the subject; the subject never vouches on the way. A rating v stands for 8 experiences,
4 (1 + v) of them good.

Assumes: referral is as trustworthy as conduct. Fails when: chains are long: a belief of 0.8 three times is
0.5, and everything far is nearly unknown. Sybils behind one edge say together at most what a certain
opinion would through that edge. (The matrix form in the QTM simulator squares until nothing improves and
counts evidence again and again: u falls below 0. It also discounts with its operands exchanged.)
"""

from __future__ import annotations

import math

from trustcli.models.arrays import ArrayModel
from trustcli.models.personal import Pairwise, received_mean
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.arrays import Fitted, Floats, Ratings

EXPERIENCES = 8.0  # that a rating stands for
PRIOR = 2.0  # W: weight of not knowing, in experiences
HOPS = 4  # the last one to the subject
_SAME = 12  # digits to which two chains are equally good


class Opinion(NamedTuple):
    """Belief, disbelief and uncertainty; their sum is 1."""

    belief: float
    disbelief: float
    uncertainty: float

    @property
    def expected(self) -> float:
        """The probability of good conduct, half of the uncertainty taken for belief."""
        return self.belief + self.uncertainty / 2


NOTHING = Opinion(0.0, 0.0, 1.0)


def opinion(good: float, bad: float) -> Opinion:
    """Return the opinion of one who had good and bad experiences."""
    total = good + bad + PRIOR
    return Opinion(good / total, bad / total, PRIOR / total)


def experiences(of: Opinion) -> tuple[float, float]:
    """Return the good and bad experiences that an opinion with u > 0 stands for."""
    return PRIOR * of.belief / of.uncertainty, PRIOR * of.disbelief / of.uncertainty


def discounted(by: Opinion, said: Opinion) -> Opinion:
    """Return what one with opinion `by` of a witness makes of what it said."""
    unknown = by.disbelief + by.uncertainty + by.belief * said.uncertainty
    return Opinion(by.belief * said.belief, by.belief * said.disbelief, unknown)


def fused(one: Opinion, other: Opinion) -> Opinion:
    """Return the opinion of one with the evidence of both; the mean of two who both are certain."""
    both = one.uncertainty + other.uncertainty - one.uncertainty * other.uncertainty
    if both == 0:
        return Opinion((one.belief + other.belief) / 2, (one.disbelief + other.disbelief) / 2, 0.0)
    belief = (one.belief * other.uncertainty + other.belief * one.uncertainty) / both
    disbelief = (one.disbelief * other.uncertainty + other.disbelief * one.uncertainty) / both
    return Opinion(belief, disbelief, one.uncertainty * other.uncertainty / both)


def fused_all(evidence: list[tuple[float, float]]) -> Opinion:
    """Return the fusion of what several (good, bad) experiences amount to, in whatever order."""
    return opinion(math.fsum(good for good, _ in evidence), math.fsum(bad for _, bad in evidence))


def stated(value: float) -> Opinion:
    """Return the opinion that a rating −1..1 states."""
    return opinion(EXPERIENCES * (1 + value) / 2, EXPERIENCES * (1 - value) / 2)


class Branch(NamedTuple):
    """How a node is reached: its hops, the product of beliefs, and those that lead to it equally well."""

    hops: int
    belief: float
    parents: list[int]


class FittedSubjective(Pairwise):
    """Trees of each rater, made when asked for."""

    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._tree: tuple[int, dict[int, Branch]] | None = None

    def tree(self, rater: int) -> dict[int, Branch]:
        """Return the tree of one rater, the last one kept."""
        if self._tree is None or self._tree[0] != rater:
            self._tree = rater, self._grow(rater)
        return self._tree[1]

    def _grow(self, rater: int) -> dict[int, Branch]:
        tree = {rater: Branch(0, 1.0, [])}
        front = [rater]
        for hops in range(1, HOPS):
            offers: dict[int, list[tuple[float, int]]] = {}
            for node in front:
                for friend, value in self.friends(node).items():
                    if friend not in tree:
                        belief = round(tree[node].belief * stated(value).belief, _SAME)
                        offers.setdefault(friend, []).append((belief, node))
            for friend, paths in offers.items():
                best = max(belief for belief, _ in paths)
                tree[friend] = Branch(hops, best, [node for belief, node in paths if belief == best])
            front = list(offers)
        return tree

    def about_in_eyes(self, rater: int, subject: int) -> Opinion:
        """Return the rater's opinion of the subject, NOTHING where no chain leads to a voice."""
        tree = self.tree(rater)
        evidence: dict[int, list[tuple[float, float]]] = {}
        for voice, value in self.heard.get(subject, {}).items():
            if voice in tree:
                evidence.setdefault(voice, []).append(experiences(stated(value)))
        for hops in range(HOPS - 1, 0, -1):
            for node in [node for node in evidence if tree[node].hops == hops]:
                found = fused_all(evidence.pop(node))
                parents = [parent for parent in tree[node].parents if parent != subject]
                share = [part / len(tree[node].parents) for part in experiences(found)]
                for parent in parents:
                    by = stated(self.said[parent][node])
                    seen = discounted(by, opinion(share[0], share[1]))
                    evidence.setdefault(parent, []).append(experiences(seen))
        return fused_all(evidence.get(rater, []))

    def said_of(self, rater: int, subject: int) -> float:
        """Return b − d: what is expected, in [−1, 1]; nan where nothing is known."""
        found = self.about_in_eyes(rater, subject)
        return math.nan if found.uncertainty == 1 else found.belief - found.disbelief

    def standing(self) -> Floats:
        """Return b − d of all ratings fused, everybody believed."""
        total = received_mean(self.known)
        places = [len(self.heard.get(node, ())) * EXPERIENCES for node in range(self.known.nodes)]
        return total * [place / (place + PRIOR) for place in places]

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        """Return each voice within reach, weighing the product of beliefs on the way to it."""
        tree = self.tree(rater)
        return [
            (voice, tree[voice].belief)
            for voice in self.heard.get(subject, {})
            if voice in tree and _avoids(tree, voice, subject)
        ]

    def parts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return belief and disbelief."""
        found = self.about_in_eyes(rater, subject)
        return [("belief", found.belief), ("disbelief", -found.disbelief)]

    def facts(self, rater: int, subject: int) -> list[tuple[str, float]]:
        """Return the share of not knowing."""
        return [("uncertainty", self.about_in_eyes(rater, subject).uncertainty)]

    def deviation(self, rater: int, subject: int) -> float | None:
        """Return twice the standard deviation of the Beta distribution that the opinion is."""
        found = self.about_in_eyes(rater, subject)
        good, bad = experiences(found)
        a, b = good + PRIOR / 2, bad + PRIOR / 2
        return 2 * math.sqrt(a * b / (a + b + 1)) / (a + b)


def _avoids(tree: dict[int, Branch], node: int, subject: int) -> bool:
    """Say whether a chain to the node is there that the subject is not on."""
    parents = tree[node].parents
    return not parents or any(parent != subject and _avoids(tree, parent, subject) for parent in parents)


class Subjective(ArrayModel):
    """Trust network analysis with subjective logic."""

    name = "subjective"
    personal = True

    def fit(self, known: Ratings) -> Fitted:
        """Lay out who rates whom."""
        return FittedSubjective(known)


ARRAY = Subjective()
