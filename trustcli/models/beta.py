"""Beta reputation with time decay, each rating weighted by your trust in its rater. The default.

Jøsang & Ismail, "The Beta Reputation System" (Bled 2002), eqs. 2–5. Stars k map to v = (k − 3) / 2 in
[−1, 1]; a rating of weight w adds r += w (1 + v) / 2 and s += w (1 − v) / 2, with
w = trust in the rater (models/reach.py) × decay(age): half after each half-life, but never less than a
64th, so that what was said long ago fades and is not forgotten. The posterior over the unknown quality is
Beta(r + 1, s + 1). `value` is its mode, r / (r + s): one rating of 4.0 reads 4.0. `expected` is its mean,
(r + 1) / (r + s + 2), and `deviation` its standard deviation: how little is known shows there, and
rankings sort by it.

Assumes: raters whom you and yours trust tell the truth most of the time. Fails when: you trust nobody
who knows the subject (then it says unknown), or those you trust collude.
"""

from __future__ import annotations

import math

from trustcli.models.answer import STARS, Answer, Score, ranked, summary, voice_term
from trustcli.models.reach import Trust
from trustcli.timing import DAY
from trustcli.view import NO_WEIGHT, TOO_FAR, Ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.answer import Question, Term
    from trustcli.view import View, Voice

FADED = 1 / 64  # weight that an old rating keeps: sixty-four of them are as one of today
_LEAST = 1e-9  # weight below which a voice is silence


class Beta:
    """Personalised Beta reputation."""

    name = "beta"
    unit = STARS

    def score(self, view: View, question: Question, subject: int) -> Answer:
        """Score one subject, reading no more of the ledger than the paths that lead to it."""
        voices, ignored = view.voices_of(subject, question.category)
        return _answer(view, question, view.current(subject), voices, ignored, Trust(view, question))

    def score_all(self, view: View, question: Question) -> list[Score]:
        """Score every subject within reach; one pass over the ledger."""
        trust = Trust(view, question)
        by_subject: dict[int, dict[int, Voice]] = {}
        for voice in view.all_voices(question.category):
            by_subject.setdefault(voice.subject, {})[voice.rater] = voice
        return [
            _answer(view, question, subject, voices, [], trust).score
            for subject, voices in by_subject.items()
        ]


def decay(age: float, half_life: float) -> float:
    """Return the weight FADED..1 of a rating `age` ms old; `half_life` in days. The future counts as now."""
    return max(float(0.5 ** (max(age, 0) / (half_life * DAY))), FADED)


def _answer(
    view: View,
    question: Question,
    subject: int,
    voices: dict[int, Voice],
    ignored: list[Ignored],
    trust: Trust,
) -> Answer:
    reach = trust.in_raters(voices)
    terms: list[Term] = []
    silent = list(ignored)
    for rater, voice in voices.items():
        known = reach.get(rater)
        weight = known.weight * voice.bridge if known else 0.0
        weight *= decay(view.as_of - voice.newest, question.half_life)
        if known and weight > _LEAST:
            terms.append(voice_term(voice, known.path, weight))
        else:
            because = NO_WEIGHT if known else TOO_FAR
            silent += [Ignored(opinion.seq, rater, because) for opinion in voice.opinions]
    return Answer(posterior(subject, terms), ranked(terms, view), silent)


def posterior(subject: int, terms: list[Term]) -> Score:
    """Return the score of weighted voices; the order of `terms` never changes a bit of it."""
    if not terms:
        return Score(subject, None)
    good = math.fsum(term.weight * (term.stars - 1) / 4 for term in terms)
    weight = math.fsum(term.weight for term in terms)
    alpha, beta = good + 1, weight - good + 1
    total = alpha + beta
    return summary(subject, 1 + 4 * good / weight, terms)._replace(
        weight=weight,
        expected=1 + 4 * alpha / total,
        deviation=4 * math.sqrt(alpha * beta / (total * total * (total + 1))),
    )


MODEL = Beta()
