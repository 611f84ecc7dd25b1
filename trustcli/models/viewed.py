"""An array model as a model of the ledger: view → ratings → fit → what the viewpoint would say.

Nodes are numbered in the order of their names, so that ratings in another order of arrival give the same
bits. A voice of s stars is the value (s − 3) / 2; one passed on by a bridge that is trusted by b counts as
b times that, an honest middle between believing and not hearing it. Category, as-of time and blocks are the
view's. Such models hear everybody alike unless they say otherwise (`personal`).
"""

from __future__ import annotations

import math
import weakref

import numpy as np

from trustcli.models.answer import SHARE, STARS, Answer, Score, ranked, summary, voice_term
from trustcli.models.arrays import RATING, ratings
from trustcli.value import NamedTuple
from trustcli.view import NO_WEIGHT, Ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trustcli.models.answer import Question, Term
    from trustcli.models.arrays import ArrayModel, Fitted, Ratings
    from trustcli.view import View, Voice


class Columns(NamedTuple):
    """The voices of a view as arrays; `nodes` are the ledger's numbers, in the order of names."""

    ratings: Ratings
    nodes: list[int]
    voices: dict[int, dict[int, Voice]]


def columns(view: View, category: int | None, *others: int) -> Columns:
    """Return every voice of a view in a category (None: in all), and `others` among the nodes."""
    by_subject: dict[int, dict[int, Voice]] = {}
    for voice in view.all_voices(category):
        by_subject.setdefault(voice.subject, {})[voice.rater] = voice
    everybody = {rater for voices in by_subject.values() for rater in voices}.union(by_subject, others)
    nodes = sorted(everybody, key=view.name)
    number = {node: index for index, node in enumerate(nodes)}
    rows = [
        (number[voice.rater], number[voice.subject], (voice.stars - 3) / 2 * voice.bridge, voice.newest)
        for voices in by_subject.values()
        for voice in voices.values()
    ]
    rater, subject, value, time = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Columns(ratings(rater, subject, value, time, len(nodes)), nodes, by_subject)


class _Fit(NamedTuple):
    """A model fitted to a view."""

    columns: Columns
    number: dict[int, int]
    me: int
    fitted: Fitted

    def predicted(self, subjects: Sequence[int]) -> list[float]:
        """Return what the viewpoint would say of nodes of the ledger."""
        numbers = np.array([self.number[subject] for subject in subjects], dtype=np.int64)
        found: list[float] = self.fitted.predict(np.full(len(numbers), self.me), numbers).tolist()
        return found


def _terms(fit: _Fit, question: Question, subject: int) -> tuple[list[Term], list[Ignored]]:
    """Return the voices that weigh something, and those that do not."""
    nodes = fit.columns.nodes
    weights = {nodes[rater]: weight for rater, weight in fit.fitted.explain(fit.me, fit.number[subject])}
    terms, silent = [], []
    for rater, voice in fit.columns.voices[subject].items():
        weight = weights.get(rater, 0.0) * voice.bridge
        if weight > 0:
            chain = fit.fitted.chain(fit.me, fit.number[rater])
            path = (question.viewpoint, *(nodes[node] for node in chain[1:]))
            terms.append(voice_term(voice, path, weight))
        else:
            silent += [Ignored(opinion.seq, rater, NO_WEIGHT) for opinion in voice.opinions]
    return terms, silent


class Viewed:
    """One array model, answering as the models of the ledger do."""

    def __init__(self, model: ArrayModel) -> None:
        self.name = model.name
        self.unit = STARS if model.unit == RATING else SHARE
        self._model = model
        self._known: weakref.WeakKeyDictionary[View, dict[tuple[int, int | None], _Fit]]
        self._known = weakref.WeakKeyDictionary()

    def score(self, view: View, question: Question, subject: int) -> Answer:
        """Score one subject. The whole ledger is read: the model exists only as a whole."""
        fit = self._fit(view, question)
        subject = view.current(subject)
        _, ignored = view.voices_of(subject, question.category)
        if subject not in fit.columns.voices:
            return Answer(Score(subject, None), [], ignored)
        terms, silent = _terms(fit, question, subject)
        score = self._score(fit, subject, terms, fit.predicted([subject])[0])
        if score.value is None:
            return Answer(score, [], ignored + silent)
        pair, scale = (fit.me, fit.number[subject]), 2 if self.unit == STARS else 1
        parts = [(name, scale * part) for name, part in fit.fitted.parts(*pair)]
        return Answer(score, ranked(terms, view), ignored + silent, parts, fit.fitted.facts(*pair))

    def score_all(self, view: View, question: Question) -> list[Score]:
        """Score every subject that anybody rated."""
        fit = self._fit(view, question)
        subjects = list(fit.columns.voices)
        return [
            self._score(fit, subject, _terms(fit, question, subject)[0], predicted)
            for subject, predicted in zip(subjects, fit.predicted(subjects), strict=True)
        ]

    def _score(self, fit: _Fit, subject: int, terms: list[Term], predicted: float) -> Score:
        if not terms or math.isnan(predicted):
            return Score(subject, None)
        if self.unit != STARS:
            return summary(subject, predicted, terms)._replace(weight=predicted)
        value = 3 + 2 * predicted
        spread = fit.fitted.deviation(fit.me, fit.number[subject])
        return summary(subject, value, terms)._replace(
            weight=math.fsum(term.weight for term in terms),
            expected=value,
            deviation=None if spread is None else 2 * spread,
        )

    def _fit(self, view: View, question: Question) -> _Fit:
        """Fit once a view, category and viewpoint: many subjects are asked about."""
        me = view.current(question.viewpoint)
        fits = self._known.setdefault(view, {})
        if (me, question.category) not in fits:
            found = columns(view, question.category, me)
            number = {node: index for index, node in enumerate(found.nodes)}
            fits[me, question.category] = _Fit(found, number, number[me], self._model.fit(found.ratings))
        return fits[me, question.category]
