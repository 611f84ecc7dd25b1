"""What array models share that look through one rater's eyes: views kept, praise as a matrix or as lists.

Such a model answers `seen_by(rater)` with a number for every node, or `said_of(rater, subject)` one pair at
a time. nan is unknown: nobody that the rater leads to has an opinion.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from trustcli.models.arrays import Fitted, counts, sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trustcli.models.arrays import Floats, Integers, Ratings, Truths

_SAME = 12  # digits to which two chains are equally good
_KEPT = 32  # views of raters that are kept: one is asked about many subjects in a row


def received_mean(known: Ratings) -> Floats:
    """Return the plain mean of what each node received, 0 for nothing, shape (n,)."""
    total = sums(known.subject, known.value, known.nodes)
    return np.asarray(total / np.maximum(counts(known.subject, known.nodes), 1), dtype=np.float64)


def praise(known: Ratings, weight: Floats | None = None) -> csr_array:
    """Return who trusts whom: row rater, column subject, max(v, 0) or `weight` where v > 0, shape (n, n)."""
    good = (known.value > 0) & (known.rater != known.subject)
    value = known.value if weight is None else weight
    return csr_array((value[good], (known.rater[good], known.subject[good])), shape=(known.nodes,) * 2)


def everybody(known: Ratings) -> Floats:
    """Return the uniform distribution over those who rate, shape (n,); zeros where nobody does."""
    there = np.zeros(known.nodes)
    there[known.rater] = 1.0
    return there / max(float(there.sum()), 1.0)


def alone(node: int, nodes: int) -> Floats:
    """Return the distribution that is all at one node, shape (n,)."""
    found = np.zeros(nodes)
    found[node] = 1.0
    return found


def chains(friends: Callable[[int], Mapping[int, float]], start: int) -> dict[int, int]:
    """Return, for each node that praise leads to, the one before it on the best of its shortest chains.

    The best is that with the largest product of praise, among equals the first in the order of `friends`.

    Args:
        friends: whom a node praised, and how much.
    """
    before: dict[int, int] = {}
    strength, front = {start: 1.0}, [start]
    while front:
        offers: dict[int, tuple[float, int]] = {}
        for node in front:
            for friend, value in friends(node).items():
                offer = round(strength[node] * value, _SAME)
                if friend not in strength and offer > offers.get(friend, (0.0, 0))[0]:
                    offers[friend] = offer, node
        for friend, (best, node) in offers.items():
            strength[friend], before[friend] = best, node
        front = list(offers)
    return before


def chain_to(voice: int, before: Mapping[int, int], start: int) -> tuple[int, ...]:
    """Return the nodes from start to voice; these two alone where praise does not lead there."""
    found = [voice]
    while found[-1] in before:
        found.append(before[found[-1]])
    return tuple(reversed(found)) if found[-1] == start else (start, voice)


class Seen(Fitted):
    """A fitted model with the eyes of one, which knows whom each node praised."""

    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._friends: dict[int, dict[int, float]] | None = None
        self._before: tuple[int, dict[int, int]] | None = None

    def friends(self, rater: int) -> dict[int, float]:
        """Return whom the rater praised, and how much."""
        if self._friends is None:
            known, self._friends = self.known, {}
            good = known.where((known.value > 0) & (known.rater != known.subject))
            rows = zip(good.rater.tolist(), good.subject.tolist(), good.value.tolist(), strict=True)
            for node, friend, value in rows:
                self._friends.setdefault(node, {})[friend] = value
        return self._friends.get(rater, {})

    def chain(self, rater: int, voice: int) -> tuple[int, ...]:
        """Return the best of the shortest chains of praise; those of one rater are kept."""
        if self._before is None or self._before[0] != rater:
            self._before = rater, chains(self.friends, rater)
        return chain_to(voice, self._before[1], rater)


class Personal(Seen):
    """A fitted model with a number for every node in the eyes of one."""

    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._views: dict[int, Floats] = {}

    def look(self, rater: int) -> Floats:
        """Return what the rater would say of, or how it ranks, each node, shape (n,); nan for unknown."""
        raise NotImplementedError

    def seen_by(self, rater: int) -> Floats:
        """Return `look`, kept for the last raters asked about."""
        found = self._views.get(rater)
        if found is None:
            if len(self._views) >= _KEPT:
                del self._views[next(iter(self._views))]
            found = self._views[rater] = self.look(rater)
        return found

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        """Return what each rater sees in the subject beside it, shape as given."""
        found = np.zeros(len(raters))
        for rater in np.unique(raters).tolist():
            asked: Truths = raters == rater
            found[asked] = self.seen_by(rater)[subjects[asked]]
        return found


class Flow(Personal):
    """A model in which trust flows from rater to rater along praise."""

    def __init__(self, known: Ratings, weight: Floats | None = None) -> None:
        super().__init__(known)
        self.trust = praise(known, weight)
        self.given = np.asarray(self.trust.sum(axis=1), dtype=np.float64).ravel()

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        """Return each rater that praised the subject, with its rank times the share it passes on."""
        rank, places = self.seen_by(rater), self.about(subject)
        found = []
        for place in places.tolist():
            voice, value = int(self.known.rater[place]), float(self.known.value[place])
            if value > 0 and self.given[voice] > 0 and voice != subject:
                own = 1.0 if voice == rater else float(rank[voice])
                found.append((voice, max(own, 0.0) * value / self.divided(rater, voice)))
        return found

    def divided(self, rater: int, voice: int) -> float:  # noqa: ARG002  for those with an edge back
        """Return among how much trust a voice divides its rank, as the rater sees it."""
        return float(self.given[voice])


class Pairwise(Seen):
    """A fitted model that is asked about one rater and one subject at a time."""

    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self.said: dict[int, dict[int, float]] = {}
        self.heard: dict[int, dict[int, float]] = {}
        self._admirers: dict[int, dict[int, float]] = {}
        columns = known.rater.tolist(), known.subject.tolist(), known.value.tolist()
        for rater, subject, value in zip(*columns, strict=True):
            if rater != subject:
                self.said.setdefault(rater, {})[subject] = value
                self.heard.setdefault(subject, {})[rater] = value

    def said_of(self, rater: int, subject: int) -> float:
        """Return what the rater would say of the subject; nan for unknown."""
        raise NotImplementedError

    def admirers(self, subject: int) -> dict[int, float]:
        """Return who praised the subject, and how much."""
        if subject not in self._admirers:
            heard = self.heard.get(subject, {})
            self._admirers[subject] = {rater: value for rater, value in heard.items() if value > 0}
        return self._admirers[subject]

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        """Return what each rater would say of the subject beside it, shape as given."""
        pairs = zip(raters.tolist(), subjects.tolist(), strict=True)
        return np.array([self.said_of(*pair) for pair in pairs], dtype=np.float64)
