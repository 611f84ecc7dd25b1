"""What the ledger says: scores as seen by somebody, the gate, the reasons."""

from __future__ import annotations

from trustcli import models
from trustcli.errors import NotFound, UsageError
from trustcli.models import reach
from trustcli.models.answer import Question
from trustcli.node.naming import NameBook, Subject
from trustcli.policy import Policy, Verdict, judge
from trustcli.records.rating import OVERALL
from trustcli.records.roles import LIGHT
from trustcli.value import NamedTuple
from trustcli.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.ledger.reader import Reader
    from trustcli.models.answer import Answer, Model, Score
    from trustcli.node import Node


class Asked(NamedTuple):
    """How a question was put: who looks, how, at what, as of when (Unix ms).

    `kept` are the subjects of a light node, the only ones it can judge; None where everything is kept.
    """

    viewpoint: str
    model: str
    category: str | None
    as_of: int
    history: bool
    kept: frozenset[str] | None = None


class Scored(NamedTuple):
    """The answer about one subject."""

    subject: Subject
    score: Score
    answer: Answer | None


class Inquiry:
    """One question put to the ledger, about as many subjects as asked for.

    Args:
        viewpoint: name, key or URI of the one whose eyes we look through; None = the identity in use.
        as_of: Unix ms; None = now.

    Raises:
        NotFound: no ledger or no such viewpoint. UsageError: no such model.
    """

    def __init__(
        self,
        node: Node,
        *,
        viewpoint: str | None = None,
        category: str | None = None,
        model: str | None = None,
        as_of: int | None = None,
        hops: int | None = None,
        people_only: bool = False,
    ) -> None:
        self.book = NameBook(node)
        settings = node.settings
        self.model: Model = models.load(model or settings.model)
        if settings.role == LIGHT:
            _check_light(self.model.name, hops, settings.hops)
        me = node.me_or_none()
        seen_by = self._viewpoint(viewpoint, me)
        self.reader: Reader = node.ledger.reader(as_of)
        now = node.clock() if as_of is None else as_of
        kept = frozenset(settings.subjects) if settings.role == LIGHT else None
        self.asked = Asked(seen_by, self.model.name, category, now, self.reader.history, kept)
        self._me = self.reader.number(me) if me else None
        if self._me is not None and seen_by == me:
            for key in self._line(now):
                self.reader.include(node.ledger.private.rows(key))
        self._own = {self.reader.number(key) for key in self.book.own.values()}
        self._weights = self._numbers(
            {p.subject: p.weight for p in self.book.peers.values() if p.weight is not None}
        )
        number = self.reader.number(seen_by)
        self._question = Question(
            number,
            category=self._category(category),
            overall=self.reader.category(OVERALL),
            weights=self._weights if number == self._me else {},
            hops=hops or settings.hops,
            half_life=settings.half_life_days,
        )
        blocked = [p.subject for p in self.book.peers.values() if p.blocked and p.subject]
        self._blocked = [number for number in map(self.reader.node, blocked) if number is not None]
        self.view = View(
            self.reader, now, blocked=self._blocked, bridges=self._trust_in_bridges, people_only=people_only
        )

    def about(self, subject: Subject) -> Scored:
        """Score one subject, with reasons."""
        answer = self.model.score(self.view, self._question, self.reader.number(subject.id))
        return Scored(subject, answer.score, answer)

    def everybody(self) -> list[Scored]:
        """Score all others within reach, best first; the order of equals is that of their names.

        Raises:
            UsageError: a light node does not know everybody.
        """
        if self.asked.kept is not None:
            raise UsageError(
                "a light node knows only its subjects",
                hint="name whom you mean: trust score NAME",
                code="light",
            )
        found = []
        viewpoint = self.view.current(self._question.viewpoint)
        for score in self.model.score_all(self.view, self._question):
            if score.value is not None and score.subject != viewpoint:
                id_ = self.reader.name(score.subject)
                found.append(Scored(self.book.subject(id_), score, None))
        found.sort(key=lambda scored: (*_rank(scored.score), scored.subject.id))
        return found

    @property
    def category_number(self) -> int | None:
        """The number of the category asked about, None for all."""
        return self._question.category

    def score_of(self, node: int) -> float | None:
        """Return the score of a node by number."""
        return self.model.score(self.view, self._question, node).score.value

    def weights(self, raters: list[int]) -> dict[int, float]:
        """Return how much the viewpoint listens to each of the raters, 0..1."""
        found = reach.Trust(self.view, self._question).in_raters(raters)
        return {rater: found[rater].weight if rater in found else 0.0 for rater in raters}

    def label(self, node: int) -> str:
        """Return what a person reads for a node."""
        return self.book.label(self.reader.name(node))

    def _line(self, now: int) -> list[str]:
        """Return those of the own keys that are one rater with the key in use: it and its predecessors."""
        view = View(self.reader, now)
        me = view.current(self._me or 0)
        return [key for key in self.book.own.values() if view.current(self.reader.number(key)) == me]

    def _viewpoint(self, word: str | None, me: str | None) -> str:
        if word is not None:
            return self.book.get(word).id
        if me is None:
            raise NotFound(
                "whose eyes? there is no key yet", hint="trust keygen, or --from NAME", code="no_key"
            )
        return me

    def _category(self, text: str | None) -> int | None:
        if text is None:
            return None
        found = self.reader.category(text)
        return found if found is not None else -(2**40)  # nobody has rated in it: matches no row

    def _numbers(self, by_id: Mapping[str | None, float | None]) -> dict[int, float]:
        found = {}
        for id_, weight in by_id.items():
            number = self.reader.node(id_) if id_ else None
            if number is not None and weight is not None:
                found[number] = weight
        return found

    def _trust_in_bridges(self) -> dict[int, float]:
        """Own trust in those who pass on ratings of outside systems; entire in one's own keys.

        The one who asks is the viewpoint where it is a key, else this node's owner.
        """
        asker = self._question.viewpoint
        if self._me is not None and not self.asked.viewpoint.startswith("did:key:"):
            asker = self._me
        weights = self._weights if asker == self._me else {}
        view = View(self.reader, self.asked.as_of, blocked=self._blocked)
        trusted = reach.direct(view, self._question._replace(viewpoint=asker, weights=weights))
        trusted[asker] = 1.0
        if asker == self._me:
            trusted.update(dict.fromkeys(self._own, 1.0))
        return trusted


def _check_light(model: str, hops: int | None, synced: int) -> None:
    """Refuse what a light node cannot answer as a full one would.

    Raises:
        UsageError.
    """
    if model not in models.BACKWARD:
        raise UsageError(
            f"{model} weighs all records, and a light node keeps only those about its subjects",
            hint=f"--model {models.DEFAULT}, or trust config set role full and trust sync",
            code="light",
        )
    if hops is not None and hops > synced:
        raise UsageError(
            f"this light node keeps chains of {synced}", hint=f"trust config set hops {hops}; trust sync",
            code="light",
        )  # fmt: skip


def _rank(score: Score) -> tuple[float, float]:
    """Best first: by what is expected, where the model knows how little it knows, else by value.

    What is expected fades with time: ratings a moment apart must not change places for it, so four
    decimals decide. A share of a large network may have none of these, and does not fade.
    """
    if score.expected is not None:
        return (-round(score.expected, 4), -round(score.weight, 4))
    return (-round(score.value or 0.0, 12), -round(score.weight, 12))


def check(inquiry: Inquiry, policy: Policy, subject: Subject) -> tuple[Verdict, Scored]:
    """Hold one subject against a policy."""
    scored = inquiry.about(subject)
    return judge(policy, scored.score, inquiry.asked.as_of), scored


def subjects(inquiry: Inquiry, words: list[str]) -> list[Subject]:
    """Return whom the words mean.

    Raises:
        NotFound, RecordRefused. UsageError: no words.
    """
    if not words:
        raise UsageError("about whom?", hint="trust score bob, or trust score --top 10")
    return [inquiry.book.get(word) for word in words]
