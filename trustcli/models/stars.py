"""TrustNet's public reputation: the mean of all live ratings, one voice a rater, the same for everybody.

reputation = (mean stars − 1) / 4 × 100; 0.75 of it and 0.25 × uptime where uptime was observed by this
node itself (TrustNet's example: 4.2 stars and 99.8 % give 85). Self-reported uptime counts for nothing.

Assumes: raters are as many people as they seem. Fails when: keys are cheap; one owner of a thousand keys
is a thousand voices. It is here because it was asked for, and as the row to compare others with.
"""

from __future__ import annotations

import math

from trustcli.models.answer import STARS, Answer, Score, ranked, summary, voice_term

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.answer import Question, Term
    from trustcli.view import View, Voice

RATING_SHARE = 0.75  # of the reputation, where uptime is known


def reputation(stars: float, uptime: float | None = None) -> float:
    """Return 0..100 for mean stars 1..5 and, where observed, uptime in percent (TrustNet §reputation)."""
    rating = (stars - 1) / 4 * 100
    return rating if uptime is None else RATING_SHARE * rating + (1 - RATING_SHARE) * uptime


class Stars:
    """The plain mean."""

    name = "stars"
    unit = STARS

    def score(self, view: View, question: Question, subject: int) -> Answer:
        """Score one subject."""
        voices, ignored = view.voices_of(subject, question.category)
        terms = [_term(voice, question.viewpoint) for voice in voices.values()]
        return Answer(_mean(view.current(subject), terms), ranked(terms, view), ignored)

    def score_all(self, view: View, question: Question) -> list[Score]:
        """Score every subject anybody rated."""
        by_subject: dict[int, list[Term]] = {}
        for voice in view.all_voices(question.category):
            by_subject.setdefault(voice.subject, []).append(_term(voice, question.viewpoint))
        return [_mean(subject, terms) for subject, terms in by_subject.items()]


def _term(voice: Voice, viewpoint: int) -> Term:
    path = (viewpoint,) if voice.rater == viewpoint else (viewpoint, voice.rater)
    return voice_term(voice, path, voice.bridge)


def _mean(subject: int, terms: list[Term]) -> Score:
    score = summary(subject, None, terms)
    if not terms:
        return score
    total = math.fsum(term.weight for term in terms)
    mean = math.fsum(term.weight * term.stars for term in terms) / total
    return score._replace(value=mean, weight=total, direct=sum(len(term.path) == 1 for term in terms))


MODEL = Stars()
