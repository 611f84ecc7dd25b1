"""`hybrid` over arrays: the evidence of every pair, and the weights learned from what came before.

The model is that of models/hybrid.py. Where it is held against real data its weights are learned: online in
order of time, each from earlier ratings only; and for leave-one-out in FOLDS parts, so that the weights which
predict a rating come from a data set in which it never was. The evidence for a prediction is all other
ratings. Where nobody within reach knows the subject, public opinion speaks. Fitted, it says what `trust
score` says, with the weights that are shipped (half a market lies, and would teach it to), and unknown
where that says unknown.

Assumes and fails when: see models/hybrid.py.
"""

from __future__ import annotations

import math

import numpy as np

from trustcli.models.answer import worth
from trustcli.models.arrays import ArrayModel, Fitted
from trustcli.models.evidence import Evidence, Habit, Heard, credit, habit
from trustcli.models.hybrid import DEFAULT, Blend, Learner
from trustcli.models.reach import HOP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trustcli.models.arrays import Floats, Integers, Ratings, Stream

FOLDS = 5
SAMPLE = 4_000  # ratings that weights are learned from where all are known at once
SOLVE_EVERY = 100  # ratings between two solutions online


class Book:
    """Who said what of whom, from both sides: node → {other node: (value, time)}."""

    def __init__(self, known: Ratings | None = None) -> None:
        self.given: dict[int, dict[int, tuple[float, int]]] = {}
        self.received: dict[int, dict[int, tuple[float, int]]] = {}
        self.total = 0.0
        self.count = 0
        if known is not None:
            for row in _rows(known):
                self.add(*row)

    def add(self, rater: int, subject: int, value: float, time: int) -> None:
        """Take a rating in; a second one of the same pair replaces the first."""
        if subject in self.given.get(rater, {}):
            self.remove(rater, subject)
        self.given.setdefault(rater, {})[subject] = value, time
        self.received.setdefault(subject, {})[rater] = value, time
        self.total += value
        self.count += 1

    def remove(self, rater: int, subject: int) -> None:
        """Take a rating out, as if it had never been."""
        value, _ = self.given[rater].pop(subject)
        del self.received[subject][rater]
        self.total -= value
        self.count -= 1

    @property
    def mean(self) -> float:
        """The mean of all ratings."""
        return self.total / self.count if self.count else 0.0

    def evidence(self, rater: int, subject: int, now: int) -> Evidence:
        """Return what `rater` has to go by about `subject` at `now` (ms)."""
        received, mine = self.received.get(subject, {}), self.given.get(rater, {})
        weights = self.reach(rater, received)
        returned, own = self.given.get(subject, {}).get(rater), mine.get(subject)
        return Evidence(
            [
                Heard(value, abs(now - time), self._weight(weights, rater, other, subject))
                for other, (value, time) in received.items()
                if other != rater
            ],
            self.habit(rater),
            None if returned is None else returned[0],
            None if own is None else own[0],
            1.0 if returned is None else self._credit(rater, subject, subject),
        )

    def _weight(self, reach: dict[int, float], me: int, rater: int, subject: int) -> float:
        """Return the weight of a voice on a subject: reach × credit."""
        weight = reach.get(rater, 0.0)
        return weight * self._credit(me, rater, subject) if weight else 0.0

    def _credit(self, me: int, rater: int, subject: int) -> float:
        wrong, apart = self.apart(me, rater)
        return credit(wrong - apart.get(subject, 0.0), len(apart) - (subject in apart))

    def habit(self, me: int) -> Habit:
        """Return how `me` rates."""
        return habit(list(self.given.get(me, {}).values()))

    def apart(self, me: int, rater: int) -> tuple[float, dict[int, float]]:
        """Return the squared difference between what the two say of each that both rated; its sum first."""
        mine, said = self.given.get(me, {}), self.given[rater]
        squares = {one: (said[one][0] - mine[one][0]) ** 2 for one in mine.keys() & said.keys()}
        return math.fsum(squares.values()), squares

    def reach(self, me: int, raters: Iterable[int]) -> dict[int, float]:
        """Return the weight of those raters that `me` leads to: models/reach.py with three hops."""
        mine = self.given.get(me, {})
        found = {}
        vouched: dict[int, list[tuple[int, float]]] = {}
        for rater in raters:
            if rater == me:
                found[rater] = 1.0
            elif rater in mine:
                found[rater] = _worth(mine[rater][0])
            else:
                for introducer, trust in self.vouchers(me, rater):
                    vouched.setdefault(introducer, []).append((rater, trust))
        flows: dict[int, list[float]] = {}
        for introducer, said in vouched.items():
            whole = HOP * _worth(mine[introducer][0]) / max(1.0, math.fsum(trust for _, trust in said))
            for rater, trust in said:
                flows.setdefault(rater, []).append(whole * trust)
        found.update((rater, min(HOP, math.fsum(parts))) for rater, parts in flows.items())
        return found

    def vouchers(self, me: int, rater: int) -> list[tuple[int, float]]:
        """Return whom of those I rated has rated `rater`, and its trust; read from the shorter side."""
        mine, said = self.given.get(me, {}), self.received.get(rater, {})
        one, other = (mine, said) if len(mine) < len(said) else (said, mine)
        return [(node, _worth(said[node][0])) for node in one if node in other]


def _worth(value: float) -> float:
    return worth(3 + 2 * value)


def _rows(known: Ratings) -> list[tuple[int, int, float, int]]:
    return list(
        zip(
            known.rater.tolist(),
            known.subject.tolist(),
            known.value.tolist(),
            known.time.tolist(),
            strict=True,
        )
    )


class Online:
    """Predicts from weights learned so far; a rating is learned with the evidence there was before it."""

    def __init__(self, *, strangers: bool = False) -> None:
        self._book = Book()
        self._learner = Learner(strangers=strangers)
        self._blend = self._learner.blend(0.0)
        self._learned = 0
        self._last: tuple[tuple[int, int, int, int], Evidence] | None = None

    @property
    def blend(self) -> Blend:
        """The weights of all that was learned."""
        return self._learner.blend(self._book.mean)

    def predict(self, rater: int, subject: int, time: int) -> float:
        """Return what is expected with the weights so far."""
        evidence = self._evidence(rater, subject, time)
        return self._blend._replace(mean=self._book.mean).predict(evidence)

    def learn(self, rater: int, subject: int, value: float, time: int) -> None:
        """Learn from what the evidence was, then make the rating evidence."""
        self._learner.add(self._evidence(rater, subject, time), self._book.mean, value)
        self._book.add(rater, subject, value, time)
        self._learned += 1
        if self._learned % SOLVE_EVERY == 0:
            self._blend = self._learner.blend(self._book.mean)

    def _evidence(self, rater: int, subject: int, time: int) -> Evidence:
        """Return the evidence, the last one kept: what is predicted is mostly learned next."""
        key = rater, subject, time, self._learned
        if self._last is None or self._last[0] != key:
            self._last = key, self._book.evidence(rater, subject, time)
        return self._last[1]


def learned(known: Ratings, book: Book, *, strangers: bool = False) -> Blend:
    """Return weights learned from at most SAMPLE ratings of `book`, each without itself as evidence."""
    rows = _rows(known)
    learner = Learner(strangers=strangers)
    now = int(known.time.max(initial=0))
    step = max(1, -(-len(rows) // SAMPLE))
    for rater, subject, value, time in rows[::step]:
        book.remove(rater, subject)
        learner.add(book.evidence(rater, subject, now), book.mean, value)
        book.add(rater, subject, value, time)
    return learner.blend(book.mean)


class _Finished(Book):
    """A book that nothing is written in any more: what was worked out is kept."""

    def __init__(self, known: Ratings) -> None:
        super().__init__(known)
        self._habits: dict[int, Habit] = {}
        self._apart: dict[tuple[int, int], tuple[float, dict[int, float]]] = {}
        self._vouchers: dict[tuple[int, int], list[tuple[int, float]]] = {}

    def habit(self, me: int) -> Habit:
        if me not in self._habits:
            self._habits[me] = super().habit(me)
        return self._habits[me]

    def apart(self, me: int, rater: int) -> tuple[float, dict[int, float]]:
        if (me, rater) not in self._apart:
            self._apart[me, rater] = super().apart(me, rater)
        return self._apart[me, rater]

    def vouchers(self, me: int, rater: int) -> list[tuple[int, float]]:
        if (me, rater) not in self._vouchers:
            self._vouchers[me, rater] = super().vouchers(me, rater)
        return self._vouchers[me, rater]


class _Fitted(Fitted):
    def __init__(self, known: Ratings, *, strangers: bool) -> None:
        super().__init__(known)
        self._book = _Finished(known)
        self._strangers = strangers
        self._now = int(known.time.max(initial=0))

    def predict(self, raters: Integers, subjects: Integers) -> Floats:
        blend = self._learned() if self._strangers else DEFAULT
        pairs = zip(raters.tolist(), subjects.tolist(), strict=True)
        return np.array([blend.predict(self._book.evidence(*pair, self._now)) for pair in pairs])

    def _learned(self) -> Blend:
        return learned(self.known, Book(self.known), strangers=self._strangers)

    def standing(self) -> Floats:
        """What somebody new hears of each node: public opinion alone."""
        nobody, blend = self.known.nodes, self._learned()
        heard = [self._book.evidence(nobody, node, self._now) for node in range(nobody)]
        return np.array([blend.predict(evidence) for evidence in heard], dtype=np.float64)

    def explain(self, rater: int, subject: int) -> list[tuple[int, float]]:
        voices = self._book.received.get(subject, {})
        return sorted(self._book.reach(rater, voices).items())


class HybridArrays(ArrayModel):
    """The recommended model, learned."""

    name = "hybrid"
    personal = True
    strangers = False

    def stream(self) -> Stream:
        """Learn online."""
        return Online(strangers=self.strangers)

    def fit(self, known: Ratings) -> Fitted:
        """Learn the weights from a sample."""
        return _Fitted(known, strangers=self.strangers)

    def leave_one_out(self, known: Ratings) -> Floats:
        """Return each rating predicted from all others, shape (m,), by weights that never saw it."""
        found = np.zeros(len(known.value))
        fold = np.arange(len(known.value)) % FOLDS
        whole, now, rows = Book(known), int(known.time.max(initial=0)), _rows(known)
        for number in range(min(FOLDS, len(rows))):
            others = known.where(fold != number)
            blend = learned(others, Book(others), strangers=self.strangers)
            for place in np.flatnonzero(fold == number).tolist():
                rater, subject, value, time = rows[place]
                whole.remove(rater, subject)
                found[place] = blend._replace(mean=whole.mean).predict(whole.evidence(rater, subject, now))
                whole.add(rater, subject, value, time)
        return found


ARRAY = HybridArrays()
