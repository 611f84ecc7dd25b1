"""How a peer of a market chooses: by a trust model, by its own dealings, by lot, knowing who lies, or all.

Everybody's dealings are kept here, with what everybody says of them: (good − bad) / (good + bad + 2), what
Beta reputation expects (Jøsang 2002), from −1 to 1 and near 0 after little. Of a pre-trusted peer it is
(good − bad + 2) / (good + bad + 2): its base rate is 1 and not ½, as in QTM's TNA-SL.
"""

# ruff: noqa: ARG002  a chooser is told more than it may need

from __future__ import annotations

import math

import numpy as np

from trustcli.models.arrays import load, ratings
from trustcli.timing import DAY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Protocol

    from trustcli.models.arrays import Fitted, Ratings

    class Scene(Protocol):
        """Where choices are made: the key of each slot, everybody's dealings, and the truth."""

        dealings: Dealings

        def key(self, slot: int) -> int:
            """Return the key under which a slot is known."""
            ...

        def truthful(self) -> set[int]:
            """Return the keys of those who tell the truth."""
            ...

        def chance(self, slot: int) -> float:
            """Return the true chance 0..1 that a slot would serve well now."""
            ...


CEILING, INFORMED, ALONE, BLIND = "ceiling", "informed", "alone", "blind"
"""Not models: an oracle that knows every chance; all true words and no others, which is as much as listening
can achieve; one's own dealings and nobody's word; and a choice by lot."""


PRIOR = 2  # what Beta reputation starts with: good ones of the pre-trusted, else one of each


class Dealings:
    """Who dealt with whom, how it is told, and what else is claimed.

    Args:
        raters: who know the pre-trusted from the start.
    """

    def __init__(self, raters: Iterable[int] = (), pre_trusted: AbstractSet[int] = frozenset()) -> None:
        self._pre_trusted = pre_trusted
        self._told: dict[tuple[int, int], tuple[int, int, int]] = {  # (rater, subject) → good, bad, day
            (rater, subject): (0, 0, 0) for rater in raters for subject in pre_trusted if rater != subject
        }
        self._claimed: dict[tuple[int, int], tuple[float, int]] = {}

    def tell(self, rater: int, subject: int, good: bool, day: int) -> None:
        """Add one service as the rater tells it."""
        fine, bad, _ = self._told.get((rater, subject), (0, 0, 0))
        self._told[rater, subject] = fine + good, bad + (not good), day

    def claim(self, rater: int, subject: int, value: float, day: int) -> None:
        """Let a rater say something, −1..1, whatever it dealt."""
        self._claimed[rater, subject] = value, day

    def own(self, rater: int, subject: int) -> float:
        """Return what a rater expects of a subject by its own dealings, −1..1."""
        good, bad, _ = self._told.get((rater, subject), (0, 0, 0))
        return self._expected(subject, good, bad)

    def _expected(self, subject: int, good: int, bad: int) -> float:
        return (good - bad + PRIOR * (subject in self._pre_trusted)) / (good + bad + PRIOR)

    def usual(self, rater: int) -> float:
        """Return what a rater has come to expect of a provider, whoever it is: the mean of its own words."""
        met = [
            self._expected(subject, good, bad)
            for (who, subject), (good, bad, _) in self._told.items()
            if who == rater and good + bad
        ]
        return math.fsum(met) / max(len(met), 1)

    def pooled(self, raters: set[int]) -> dict[int, float]:
        """Return what all dealings of some raters together let expect of each subject, −1..1."""
        sums: dict[int, tuple[int, int]] = {}
        for (rater, subject), (good, bad, _) in self._told.items():
            if rater in raters:
                fine, poor = sums.get(subject, (0, 0))
                sums[subject] = fine + good, poor + bad
        return {subject: self._expected(subject, *counts) for subject, counts in sums.items()}

    def said(self, keys: int) -> Ratings:
        """Return what everybody says among `keys` keys, one rating a pair."""
        rows = {pair: (self.own(*pair), day) for pair, (_, _, day) in self._told.items()}
        rows.update(self._claimed)
        pairs = np.array(list(rows), dtype=np.int64).reshape(-1, 2)
        value, day = np.array(list(rows.values()), dtype=np.float64).reshape(-1, 2).T
        return ratings(pairs[:, 0], pairs[:, 1], value, (day * DAY).astype(np.int64), keys)


class Chooser:
    """Chooses by lot: offers come in an order drawn by lot, and the first of equals is taken."""

    def learn(self, scene: Scene, said: Ratings) -> None:
        """Take in what everybody says by now."""

    def expect(self, scene: Scene, consumer: int, offers: Sequence[int]) -> Sequence[float]:
        """Return what the consumer expects of each offer; more is better."""
        return [0.0] * len(offers)

    def choose(self, scene: Scene, consumer: int, offers: Sequence[int]) -> int:
        """Return the offer that most is expected of."""
        expected = [round(value, 12) for value in self.expect(scene, consumer, offers)]
        return offers[expected.index(max(expected))]

    def served(self, key: int, good: bool) -> None:
        """Let a provider learn how its service turned out: a policy of providers may go by it."""


class ByModel(Chooser):
    """Chooses by a model, fitted to what is said; whom it does not know counts as those met before did.

    Raises:
        UsageError: no such model.
    """

    def __init__(self, name: str) -> None:
        self._model = load(name)
        self._fitted: Fitted | None = None

    def learn(self, scene: Scene, said: Ratings) -> None:
        """Fit the model."""
        self._fitted = self._model.fit(said) if len(said.value) else None

    def expect(self, scene: Scene, consumer: int, offers: Sequence[int]) -> Sequence[float]:
        """Ask the model."""
        if self._fitted is None:
            return [0.0] * len(offers)
        subjects = np.array([scene.key(slot) for slot in offers], dtype=np.int64)
        me = scene.key(consumer)
        found = self._fitted.predict(np.full(len(subjects), me), subjects)
        unknown = np.isnan(found)
        if unknown.any():
            found = np.where(unknown, scene.dealings.usual(me), found)
        expected: list[float] = found.tolist()
        return expected


class Alone(Chooser):
    """Chooses by its own dealings."""

    def expect(self, scene: Scene, consumer: int, offers: Sequence[int]) -> Sequence[float]:
        """Remember."""
        rater = scene.key(consumer)
        return [scene.dealings.own(rater, scene.key(slot)) for slot in offers]


class Informed(Chooser):
    """Chooses by what everybody who tells the truth has dealt, as if it were its own dealings."""

    def __init__(self) -> None:
        self._known: dict[int, float] = {}

    def learn(self, scene: Scene, said: Ratings) -> None:
        """Pool the truth."""
        self._known = scene.dealings.pooled(scene.truthful())

    def expect(self, scene: Scene, consumer: int, offers: Sequence[int]) -> Sequence[float]:
        """Look it up."""
        return [self._known.get(scene.key(slot), 0.0) for slot in offers]


class Oracle(Chooser):
    """Knows the truth."""

    def expect(self, scene: Scene, consumer: int, offers: Sequence[int]) -> Sequence[float]:
        """Look at it."""
        return [scene.chance(slot) for slot in offers]


def chooser(name: str) -> Chooser:
    """Return the chooser called `name`: CEILING, INFORMED, ALONE, BLIND, ASSEMBLIES or an array model.

    Raises:
        UsageError: no such model.
    """
    if name == ASSEMBLIES:
        from trustcli.simulate.assembling import Assemblies  # noqa: PLC0415  it is a Chooser

        return Assemblies()
    return REFERENCES[name]() if name in REFERENCES else ByModel(name)


ASSEMBLIES = "assemblies"
"""A policy of providers, who decide by themselves whether to serve; no model of a ledger."""

REFERENCES: dict[str, type[Chooser]] = {CEILING: Oracle, INFORMED: Informed, ALONE: Alone, BLIND: Chooser}
