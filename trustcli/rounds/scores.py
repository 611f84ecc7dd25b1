"""Scores: join sets of them, and weigh them by a table. TrustMesh, "Proposal Reception & Scoring".

The local score of a proposal is Σ score × reputation ÷ Σ reputation, over the signers in the own table;
who is not in it weighs nothing. A sum of integers knows no order, so neither does the result.
"""

from __future__ import annotations

from trustcli.rounds.rules import (
    FOREIGN_ROUND,
    KNOWN,
    LOWER,
    NEW,
    OWN_PROPOSAL,
    SCORE_RANGE,
    SCORED_BY_ONE,
    TOO_MANY,
    UNKNOWN_SIGNER,
)
from trustcli.rounds.values import MAX_SCORE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from trustcli.rounds.values import Score

    Set = Mapping[tuple[str, str], int]
    """(proposal, signer) → score."""


def join(one: Set, other: Set) -> dict[tuple[str, str], int]:
    """Return the union of two sets of scores: of each signer's scores of a proposal the highest.

    Commutative, associative and idempotent, so that all who have seen the same scores, in whatever order
    and however often, hold the same set.
    """
    joined = dict(one)
    for key, value in other.items():
        if value > joined.get(key, -1):
            joined[key] = value
    return joined


def local_score(scores: Mapping[str, int], table: Mapping[str, int]) -> Fraction:
    """Return the local score of one proposal, exactly.

    The source's example is scores 500, 1000, 490 by keys of reputation 2677, 7906, 3845, which give
    11,128,550 / 14,428 = 771.3…; it prints 777.3 because it rounds the weights to 0.19, 0.55 and 0.27,
    and these add up to 1.01.

    Args:
        scores: by signer, 0 to 10,000.
        table: reputation by key, ≥ 0. Signers who are not in it count 0.
    """
    from fractions import Fraction  # noqa: PLC0415  loads decimal and re

    whole = sum(table.values())
    if whole <= 0:
        return Fraction(0)
    return Fraction(sum(value * table.get(signer, 0) for signer, value in scores.items()), whole)


class Tally:
    """The scores of one round by known signers, folded as they come.

    A score costs one look-up and one addition, whatever the size of the round. `sums` holds
    Σ score × reputation by proposal: local scores times `whole`. `displaced` is the proposal whose score
    the last one taken in pushed out, if it did.
    """

    __slots__ = ("_behind", "_by", "_owns", "_vouchers", "displaced", "number", "sums", "table", "whole")

    def __init__(self, number: int, table: Mapping[str, int]) -> None:
        self.number = number
        self.table = {key: weight for key, weight in table.items() if weight > 0}
        self.whole = sum(self.table.values())
        self.sums: dict[str, int] = {}
        self.displaced: str | None = None
        self._by: dict[str, dict[str, int]] = {signer: {} for signer in self.table}
        self._vouchers: dict[str, int] = {}
        self._behind: dict[str, int] = {}
        self._owns: dict[str, tuple[str, int]] = {}

    def take(self, score: Score) -> str:
        """Fold one score in; return what became of it, one of `rules.VERDICTS`."""
        self.displaced = None
        refusal = self._refusal(score)
        if refusal is not None:
            return refusal
        _, proposal, signer, value, _ = score
        given = self._by[signer]
        before = given.get(proposal)
        if before is not None and value <= before:
            return KNOWN if value == before else LOWER
        if before is None and len(given) >= SCORED_BY_ONE and not self._room(given, proposal, value, signer):
            return TOO_MANY
        given[proposal] = value
        self._move(proposal, signer, before or 0, value)
        return NEW

    def own(self, proposal: str, proposer: str, value: int) -> None:
        """Enter what counts as scored by a proposal's own proposer; no other score of its counts."""
        self._owns[proposal] = proposer, value
        given = self._by.get(proposer)
        if given is not None:
            self._move(proposal, proposer, given.pop(proposal, 0), 0)
            _add(self.sums, proposal, value * self.table[proposer])

    def disown(self, proposal: str) -> None:
        """Forget whose proposal it is, when it does not count any more."""
        self._owns.pop(proposal, None)

    def vouchers(self, proposal: str) -> int:
        """Return how many known keys have scored a proposal above 0, its proposer aside."""
        return self._vouchers.get(proposal, 0)

    def scores(self) -> dict[tuple[str, str], int]:
        """Return what is held, by (proposal, signer)."""
        return {
            (proposal, signer): value
            for signer, given in self._by.items()
            for proposal, value in given.items()
        }

    def capped(self, caps: Mapping[str, int]) -> dict[str, int]:
        """Return Σ score × reputation of the proposals in `caps`, no score counting higher than its cap."""
        sums = dict.fromkeys(caps, 0)
        for signer, given in self._by.items():
            weight = self.table[signer]
            for proposal, value in given.items():
                if proposal in sums:
                    sums[proposal] += min(value, caps[proposal]) * weight
        for proposal, (proposer, own) in self._owns.items():
            if proposal in sums:
                sums[proposal] += min(own, caps[proposal]) * self.table.get(proposer, 0)
        return sums

    def carries(self, proposal: str) -> bool:
        """Say whether half of the known weight has scored a proposal above 0."""
        return 2 * self._behind.get(proposal, 0) >= self.whole > 0

    def vouched(self) -> set[str]:
        """Return the proposals that some known key has scored above 0."""
        return {proposal for proposal, count in self._vouchers.items() if count}

    def _refusal(self, score: Score) -> str | None:
        if score.round != self.number:
            return FOREIGN_ROUND
        if type(score.value) is not int or not 0 <= score.value <= MAX_SCORE:
            return SCORE_RANGE
        if self._owns.get(score.proposal, ("",))[0] == score.signer:
            return OWN_PROPOSAL
        return None if score.signer in self._by else UNKNOWN_SIGNER

    def _move(self, proposal: str, signer: str, before: int, value: int) -> None:
        weight = self.table[signer]
        _add(self.sums, proposal, (value - before) * weight)
        if (before > 0) != (value > 0):
            sign = 1 if value else -1
            _add(self._vouchers, proposal, sign)
            _add(self._behind, proposal, sign * weight)

    def _room(self, given: dict[str, int], proposal: str, value: int, signer: str) -> bool:
        """Make room for a score that ranks above the lowest held. Which are kept depends on no order."""
        lowest = max(given, key=lambda held: (-given[held], held))
        if (-value, proposal) > (-given[lowest], lowest):
            return False
        self._move(lowest, signer, given.pop(lowest), 0)
        self.displaced = lowest
        return True


def _add(sums: dict[str, int], key: str, more: int) -> None:
    """Add to a sum; nothing is kept of what comes to 0, so that no flood leaves anything behind."""
    total = sums.get(key, 0) + more
    if total:
        sums[key] = total
    else:
        sums.pop(key, None)
