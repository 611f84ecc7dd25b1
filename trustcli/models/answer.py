"""What every model answers with, and what it is asked."""

from __future__ import annotations

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from trustcli.view import Ignored, View, Voice

STARS = "stars"
SHARE = "share"


class Question(NamedTuple):
    """Who asks, about what.

    Attributes:
        viewpoint: the node whose eyes we look through.
        category: None for all categories together.
        overall: the category that stands in where a rater has no rating in `category`.
        weights: trust (0..1) that the viewpoint states for nodes it has not rated.
        hops: the longest chain of ratings from the viewpoint to the subject.
        half_life: days after which a rating weighs half.
    """

    viewpoint: int
    category: int | None = None
    overall: int | None = None
    weights: Mapping[int, float] = {}
    hops: int = 3
    half_life: float = 90.0


class Term(NamedTuple):
    """One voice that counts: whose, how it was reached, what it says and how much it weighs."""

    rater: int
    path: tuple[int, ...]
    stars: float
    weight: float
    newest: int
    seqs: tuple[int, ...]


class Score(NamedTuple):
    """What a model says of one subject.

    `value` is in the model's unit, None when unknown. `low` and `high` are the lowest and highest
    stars among the voices that count. `expected` and `deviation`, where the model has a posterior,
    are its mean and standard deviation in the same unit.
    """

    subject: int
    value: float | None
    low: float | None = None
    high: float | None = None
    raters: int = 0
    direct: int = 0
    praise: int = 0
    blame: int = 0
    weight: float = 0.0
    newest: int | None = None
    expected: float | None = None
    deviation: float | None = None


class Answer(NamedTuple):
    """A score with its reasons.

    `parts` is what each factor adds to the value, in its unit, where the model is a sum of factors: of
    stars, to the three of the middle. `facts` are other numbers that decided, by name.
    """

    score: Score
    terms: list[Term]
    ignored: list[Ignored]
    parts: Sequence[tuple[str, float]] = ()
    facts: Sequence[tuple[str, float]] = ()


if TYPE_CHECKING:

    class Model(Protocol):
        """A trust model."""

        name: str
        unit: str

        def score(self, view: View, question: Question, subject: int) -> Answer:
            """Score one subject, with reasons."""
            ...

        def score_all(self, view: View, question: Question) -> list[Score]:
            """Score every subject that the viewpoint reaches; those unknown may be left out."""
            ...


def summary(subject: int, value: float | None, terms: list[Term]) -> Score:
    """Return the score of a subject whose voices are `terms`, with their spread."""
    if not terms:
        return Score(subject, None)
    stars = [term.stars for term in terms]
    return Score(
        subject,
        value,
        low=min(stars),
        high=max(stars),
        raters=len(terms),
        direct=sum(len(term.path) <= 2 for term in terms),
        praise=sum(star > 3 for star in stars),
        blame=sum(star < 3 for star in stars),
        newest=max(term.newest for term in terms),
    )


def worth(stars: float) -> float:
    """Map 1..5 stars to 0..1: how much a rater with this rating is listened to."""
    return (stars - 1) / 4


def ranked(terms: list[Term], view: View) -> list[Term]:
    """Return terms heaviest first, the newest first among equals, then by the rater's name."""
    order: dict[tuple[float, int], list[Term]] = {}
    for term in terms:
        order.setdefault((-term.weight, -term.newest), []).append(term)
    return [
        term
        for key in sorted(order)
        for term in (
            order[key] if len(order[key]) == 1 else sorted(order[key], key=lambda t: view.name(t.rater))
        )
    ]


def voice_term(voice: Voice, path: tuple[int, ...], weight: float) -> Term:
    """Return the term of a voice."""
    seqs = tuple(opinion.seq for opinion in voice.opinions)
    return Term(voice.rater, path, voice.stars, weight, voice.newest, seqs)
