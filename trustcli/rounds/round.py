"""One round as one node sees it: what comes in, what it signs, and what is on top.

`take_proposal` and `take_score` in any order and as often as they come; `scoring` ten times, each giving
the scores to sign and send; then `winner`, and `Agreement` after it.
"""

from __future__ import annotations

from collections import Counter

from trustcli.rounds.field import Field
from trustcli.rounds.rules import DEFAULT, LOTS, NEW
from trustcli.rounds.scores import Tally
from trustcli.rounds.values import Score

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from fractions import Fraction

    from trustcli.rounds.rules import Rules
    from trustcli.rounds.values import Proposal


class Round:
    """A fold over the proposals and scores of round `number`.

    Args:
        table: own reputation by key, integers ≥ 0. It is read, never sent.
        before: the key that proposed the winner of an earlier round, see `lots`; empty in the first.
    """

    __slots__ = ("_given", "_late", "_me", "_tally", "done", "field", "number", "rules")

    def __init__(
        self, number: int, me: str, table: Mapping[str, int], *, rules: Rules = DEFAULT, before: str = ""
    ) -> None:
        self.number = number
        self.rules = rules
        self.done = 0
        self._me = me
        self._tally = Tally(number, table, me)
        self.field = Field(number, me, self._tally, rules, before)
        self._given: dict[str, int] = {}
        self._late: set[str] = set()

    def take_proposal(self, proposal: Proposal) -> str:
        """Take a proposal in; return what became of it, one of `rules.VERDICTS`."""
        verdict = self.field.take(proposal)
        if verdict == NEW and self.done > self.rules.listen:
            self._late = {id_ for id_ in self._late if self.field.get(id_)} | {proposal.id}
        return verdict

    def take_score(self, score: Score) -> str:
        """Take a score in; return what became of it, one of `rules.VERDICTS`."""
        verdict = self._tally.take(score)
        if verdict == NEW:
            self.field.scored(score.proposal)
            if self._tally.displaced:
                self.field.displaced(self._tally.displaced)
        return verdict

    def missing(self) -> list[str]:
        """Return the ids of proposals that known keys stand behind and that are not here (any more)."""
        return sorted(id_ for id_ in self._tally.vouched() if self.field.get(id_) is None)

    def scoring(self) -> list[Score]:
        """Score all proposals once more; return the scores that are new and higher than before."""
        self.done += 1
        self._admit_strangers()
        found = self._by_lot() if self.rules.opinion == LOTS else self._weighted()
        given = [(id_, value) for id_, value in found if value > self._given.get(id_, 0)]
        self._given.update(given)
        return [Score(self.number, id_, self._me, value, self.done) for id_, value in given]

    def resume(self, done: int, given: Mapping[str, int], late: Iterable[str]) -> None:
        """Go on where a stored round stopped: scorings done, own scores given, proposals that came late."""
        self.done = done
        self._given = dict(given)
        self._late = set(late)
        self._admit_strangers()

    def finish(self) -> None:
        """Go to the cut without signing anything: to decide from what is stored."""
        self.done = self.rules.scorings
        self._admit_strangers()

    def is_over(self) -> bool:
        """Say whether the cut is reached: every proposal was scored often enough."""
        return self.done >= self.rules.scorings

    def passes_on(self, proposal: Proposal) -> bool:
        """Say whether a proposal is worth sending on: among the first by lot, or of the first known."""
        return self.field.leads(proposal.id, len(self.rules.levels))

    def local_score(self, id_: str) -> Fraction:
        """Return the local score of a proposal, exactly. For this node's eyes only."""
        from fractions import Fraction  # noqa: PLC0415  loads decimal and re

        return Fraction(self._tally.sum(id_), self._tally.whole or 1)

    def winner(self) -> str | None:
        """Return the proposal with the highest local score, of equals the lowest id; None without any.

        By lots, a score counts no higher than the level that the proposal has in this node's own order:
        more is what nobody who follows the rules gives, but by having heard less.
        """
        known = [entry[1].id for entry in self.field.known()]
        if self.rules.opinion != LOTS:
            return min(known, key=lambda id_: (-self._tally.sum(id_), id_), default=None)
        sums = self._tally.capped(self._caps(known))
        return min(known, key=lambda id_: (-sums[id_], id_), default=None)

    def _admit_strangers(self) -> None:
        """Ask for fewer vouchers when patience ends, unless half of the known weight is behind something."""
        for left in (2, 1, 0):
            if self.done >= self.rules.patience - left and not any(
                map(self._tally.carries, self._tally.vouched())
            ):
                self.field.relax(left)

    def _caps(self, known: Sequence[str]) -> dict[str, int]:
        levels = self.rules.levels
        caps = dict.fromkeys(known, levels[-1] // 2)
        caps.update(zip(known, levels, strict=False))
        return caps

    def scores(self) -> dict[tuple[str, str], int]:
        """Return the scores that count, by (proposal, signer)."""
        return self._tally.scores()

    def _by_lot(self) -> list[tuple[str, int]]:
        """Levels by lot: the same for all who have heard the same, whatever they think of whom.

        A stranger ahead of us by lot is waited for until `patience` ends, and takes up its level
        meanwhile; else whoever scores first would tell whom it knows.
        """
        if self.done <= self.rules.listen:
            return []
        levels = self.rules.levels
        if self.done < self.rules.patience:
            seen = [
                entry for entry in self.field.front(len(levels) + len(self._late)) if self._in_time(entry)
            ]
        else:
            seen = [entry for entry in self.field.known() if self._in_time(entry)]
        return [
            (proposal.id, level)
            for (_, proposal), level in zip(filter(self._in_time, seen), levels, strict=False)
            if proposal.proposer != self._me and self.field.stands(proposal)
        ]

    def _in_time(self, entry: tuple[bytes, Proposal]) -> bool:
        return entry[1].id not in self._late

    def _weighted(self) -> list[tuple[str, int]]:
        """The paper's rule: one's own local score, when it has risen enough."""
        whole = self._tally.whole or 1
        found = (
            (proposal.id, self._tally.sum(proposal.id) // whole)
            for _, proposal in self.field.known()
            if proposal.proposer != self._me
        )
        return [(id_, value) for id_, value in found if value >= self._given.get(id_, 0) + self.rules.rise]


def fold(
    number: int,
    me: str,
    table: Mapping[str, int],
    proposals: Sequence[Proposal],
    scores: Iterable[Score],
    *,
    rules: Rules = DEFAULT,
    before: str = "",
    done: bool = False,
) -> Round:
    """Return a round folded from stored statements: the same for the same set, in whatever order.

    A stranger who made two proposals is left out beforehand: turned away for want of room, the first would
    be forgotten, and the second count.

    Args:
        done: all scorings have been, and strangers count as they do then.
    """
    found = Round(number, me, table, rules=rules, before=before)
    for proposal in proposals:
        if found.field.knows(proposal.proposer):
            found.take_proposal(proposal)
    for score in scores:
        found.take_score(score)
    made = Counter({proposal.id: proposal.proposer for proposal in proposals}.values())
    for proposal in proposals:  # now it is known who stands behind the strangers
        if made[proposal.proposer] == 1:
            found.take_proposal(proposal)
    if done:
        found.finish()
    return found
