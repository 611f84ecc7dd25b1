"""Hybrid: trusted voices, your own habits and courtesy, weighed by what came true before. Recommended.

    forecast = μ + Σ weight × factor                                            (one ridge regression)
    value    = forecast, or own word + share × (what voices say − own word); clipped to −1..1
    share    = weight of voices / (weight of voices + OWN), at most ½
    weight   = reach × credit; credit = (ERRS / mean square error of the voice)², at most 1

The factors (models/evidence.py) of a subject that somebody within reach knows: what trusted voices say on
the whole and of late, and their warnings, each shrunk to the mean by the weight behind it; how well the
subject is known; how you rate others, ever and lately; and what the subject said of you, as far as it is
within your reach and its word has credit. Voices weigh what models/reach.py gives them times their credit:
how near their words on other subjects came to yours (`credit` in models/evidence.py). Who erred is hardly
heard; whom you cannot try has all that reach gives.

What you say of the subject yourself comes first: it weighs as four friends who never erred, and however
many others there are, they move it half of the way at most. No habit and no courtesy has a say in it.
The weights were learned once, from ratings in order of time (Bitcoin OTC); `trust evaluate` learns them
anew from the past of whatever data it is given. A combination of our own: Beta reputation (Jøsang 2002),
shrunk bias (Koren 2008), reciprocity (Kumar 2016) and bounded introductions, stacked (Wolpert, "Stacked
Generalization", 1992) by ridge regression (Hoerl & Kennard 1970).

Assumes: those you trust choose whom they trust with some care; people rate tomorrow as they did lately.
Fails when: you trust nobody who leads to the subject (then it says unknown); those you trust directly
collude; your network rates quite unlike the one the weights come from (evaluate it on yours).
"""

from __future__ import annotations

import math

from trustcli.models.answer import STARS, Answer, Score, ranked, summary, voice_term
from trustcli.models.evidence import (
    PUBLIC,
    STRANGERS,
    TRUSTED,
    Evidence,
    Habit,
    Heard,
    credit,
    habit,
    public_factors,
    strangers_factors,
    trusted_factors,
)
from trustcli.models.reach import Reach, Trust
from trustcli.models.ridge import Ridge
from trustcli.value import NamedTuple
from trustcli.view import NO_WEIGHT, TOO_FAR, Ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from trustcli.models.answer import Question, Term
    from trustcli.view import View, Voice

WEIGHTS = (0.209, 0.493, 0.643, 0.034, 0.316, 0.255, 0.554, -0.036)
"""Of the factors TRUSTED, and for all: what 35,592 ratings of Bitcoin OTC (2010–2016) taught in order of
time. benchmarks/models.py learns them again and compares."""

MEAN = 0.101  # of the same ratings
ERROR = 0.255  # root mean square error there; it hardly depends on the weight of the voices
PENALTY = 10.0  # of the regression: weights stay small until some tens of ratings speak for them
ALL = "all"  # the factor that is 1 for every subject
OWN_WORD = "own word"  # the part that is one's own
OWN = 4.0  # weight of one's own word among the voices that count: that of four friends trusted entirely
VOICES = "trusted voices"  # the part of the others, where there is one's own word
MOST = 0.5  # of the way to the others that they move one's own word at most
_LEAST = 1e-9  # weight below which a voice is silence


class Blend(NamedTuple):
    """Weights: the mean of ratings, one weight a factor and one for all (the last), for both cases.

    `public` is for subjects that nobody within reach knows. With `strangers` their factors are heard
    beside the trusted ones too.
    """

    mean: float
    trusted: tuple[float, ...]
    public: tuple[float, ...]
    strangers: bool = False

    def predict(self, evidence: Evidence) -> float:
        """Return what is expected, −1..1."""
        return max(-1.0, min(1.0, math.fsum(part for _, part in self.parts(evidence))))

    def parts(self, evidence: Evidence) -> list[tuple[str, float]]:
        """Return what each factor adds, by name; they sum to the prediction before it is clipped."""
        if evidence.own is not None:
            return _own_first(evidence.own, evidence.voices)
        weights = self.trusted if evidence.reached else self.public
        names, found = factors(evidence, self.mean, strangers=self.strangers)
        parts = [(name, weight * factor) for name, weight, factor in zip(names, weights, found, strict=True)]
        return [("mean", self.mean), *parts]


def _own_first(own: float, voices: Sequence[Heard]) -> list[tuple[str, float]]:
    """Return the parts of one's own word and of the others, who have a share of at most MOST."""
    weight = math.fsum(voice.weight for voice in voices)
    said = math.fsum(voice.weight * voice.value for voice in voices)
    share = min(MOST, weight / (weight + OWN))
    return [(OWN_WORD, (1 - share) * own), (VOICES, share * said / max(weight, _LEAST))]


def factors(
    evidence: Evidence, mean: float, *, strangers: bool = False
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the names and values of the factors that fit the evidence; the last, for all, is 1."""
    if not evidence.reached:
        return (*PUBLIC, ALL), (*public_factors(evidence, mean), 1.0)
    if not strangers:
        return (*TRUSTED, ALL), (*trusted_factors(evidence, mean), 1.0)
    both = *trusted_factors(evidence, mean), *strangers_factors(evidence, mean), 1.0
    return (*TRUSTED, *STRANGERS, ALL), both


class Learner:
    """Learns the weights of a blend."""

    def __init__(self, *, strangers: bool = False) -> None:
        self._strangers = strangers
        self._trusted = Ridge(len(TRUSTED) + (len(STRANGERS) if strangers else 0) + 1, PENALTY)
        self._public = Ridge(len(PUBLIC) + 1, PENALTY)

    def add(self, evidence: Evidence, mean: float, value: float) -> None:
        """Take in that `value` was said where there was `evidence`.

        Courtesy is learned as if all had credit: where few lie, the weight would grow by what credit
        takes away, and courtesy outbid what is said of the subject.
        """
        ridge = self._trusted if evidence.reached else self._public
        _, found = factors(evidence._replace(credit=1.0), mean, strangers=self._strangers)
        ridge.add(found, value - mean)

    def blend(self, mean: float) -> Blend:
        """Return the weights so far."""
        return Blend(mean, tuple(self._trusted.solve()), tuple(self._public.solve()), self._strangers)


_OF_ANYBODY = ("habit", "lately", ALL)
DEFAULT = Blend(
    MEAN,
    WEIGHTS,
    tuple(WEIGHTS[(*TRUSTED, ALL).index(name)] if name in _OF_ANYBODY else 0.0 for name in (*PUBLIC, ALL)),
)
"""Of whom nobody within reach knows it expects what the viewpoint says of anybody; a score says unknown."""


class Hybrid:
    """The recommended model, as seen by one viewpoint."""

    name = "hybrid"
    unit = STARS

    def score(self, view: View, question: Question, subject: int) -> Answer:
        """Score one subject, reading what `beta` reads, one's own ratings and what the subject gave.

        The `parts` are what each factor adds, in stars, to the middle of the scale: they sum to the
        score less 3, unless it was clipped at 1 or 5.
        """
        voices, ignored = view.voices_of(subject, question.category)
        return _Eyes(view, question).answer(view.current(subject), voices, ignored)

    def score_all(self, view: View, question: Question) -> list[Score]:
        """Score every subject within reach; one pass over the ledger."""
        eyes = _Eyes(view, question, many=True)
        by_subject: dict[int, dict[int, Voice]] = {}
        for voice in view.all_voices(question.category):
            by_subject.setdefault(voice.subject, {})[voice.rater] = voice
        return [eyes.answer(subject, voices, []).score for subject, voices in by_subject.items()]


class _Eyes:
    """Those of one viewpoint. `many`: on many subjects, so what others said of it is read at once."""

    def __init__(self, view: View, question: Question, *, many: bool = False) -> None:
        self._view = view
        self._category = question.category
        self._me = view.current(question.viewpoint)
        self._trust = Trust(view, question)
        self._many = many
        self._known: Habit | None = None
        self._ours: int | None = None
        self._theirs = 0

    def answer(self, subject: int, voices: dict[int, Voice], ignored: list[Ignored]) -> Answer:
        terms, silent = self.weighed(subject, voices)
        if not terms:
            return Answer(Score(subject, None), [], ignored + silent)
        evidence = self.evidence(subject, voices, terms)
        value = 3 + 2 * DEFAULT.predict(evidence)
        score = summary(subject, value, terms)._replace(
            weight=math.fsum(term.weight for term in terms), expected=value, deviation=2 * ERROR
        )
        parts = [(name, 2 * part) for name, part in DEFAULT.parts(evidence)]
        return Answer(score, ranked(terms, self._view), ignored + silent, parts)

    def weighed(self, subject: int, voices: dict[int, Voice]) -> tuple[list[Term], list[Ignored]]:
        """Return the voices on a subject that count, and those that do not."""
        reach = self._trust.in_raters(voices)
        terms, silent = [], []
        for rater, voice in voices.items():
            known = reach.get(rater)
            weight = _weight(known) * voice.bridge * self._credit(rater, subject) if known else 0.0
            if known and weight > _LEAST:
                terms.append(voice_term(voice, known.path, weight))
            else:
                because = NO_WEIGHT if known else TOO_FAR
                silent += [Ignored(opinion.seq, rater, because) for opinion in voice.opinions]
        return terms, silent

    def evidence(self, subject: int, voices: dict[int, Voice], terms: list[Term]) -> Evidence:
        weights = {term.rater: term.weight for term in terms}
        now, mine = self._view.as_of, voices.get(self._me)
        heard = [
            Heard(_value(voice), max(now - voice.newest, 0), weights.get(rater, 0.0))
            for rater, voice in voices.items()
            if rater != self._me
        ]
        own = None if mine is None else _value(mine)
        courtesy = self._courtesy(subject)
        believed = 1.0 if courtesy is None else self._credit(subject, subject)
        return Evidence(heard, self._habit(), courtesy, own, believed)

    def _credit(self, rater: int, subject: int) -> float:
        """Return a rater's credit, by what it says of those whom the viewpoint rated, but the subject."""
        mine = self._view.voices_by(self._me, self._category)
        if rater == self._me:
            return 1.0
        said = self._words(rater, mine.keys() - {subject})
        wrong = math.fsum((value - _value(mine[subject])) ** 2 for subject, value in said.items())
        return credit(wrong, len(said))

    def _words(self, rater: int, subjects: AbstractSet[int]) -> dict[int, float]:
        """Return what a rater says of some subjects, read from the side with less to read.

        What the raters' side has cost so far counts too: after many raters ours has been the shorter.
        """
        view = self._view
        if not self._many and self._cost_of_ours(subjects) < self._theirs:
            voices = {one: view.voices_of(one, self._category)[0].get(rater) for one in subjects}
        else:
            self._theirs += view.given([rater])
            by = view.voices_by(rater, self._category)
            voices = {one: by.get(one) for one in subjects}
        return {one: _value(voice) for one, voice in voices.items() if voice is not None}

    def _cost_of_ours(self, subjects: AbstractSet[int]) -> int:
        if self._ours is None:
            self._ours = self._view.received(subjects)
        return self._ours

    def _habit(self) -> Habit:
        if self._known is None:
            mine = self._view.voices_by(self._me, self._category).values()
            self._known = habit([(_value(voice), voice.newest) for voice in mine])
        return self._known

    def _courtesy(self, subject: int) -> float | None:
        """Return what the subject said of the viewpoint, read from the side with less to read."""
        view = self._view
        if not self._many and view.given([subject]) < view.received([self._me]):
            voice = view.voices_by(subject, self._category).get(self._me)
        else:
            voice = view.voices_of(self._me, self._category)[0].get(subject)
        return None if voice is None else _value(voice) * voice.bridge


def _weight(reach: Reach) -> float:
    return OWN if len(reach.path) == 1 else reach.weight


def _value(voice: Voice) -> float:
    return (voice.stars - 3) / 2


MODEL = Hybrid()
