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

    Voice = tuple[int, dict[str, int]]
    """(reputation, score by proposal) of a known key."""

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


class Backing:
    """What stands behind one proposal.

    Attributes:
        sum: Σ score × reputation.
        keys: how many known keys gave it more than 0, its proposer aside; `weight` is their reputation.
        proposer: whose it is, "" where that is not known here.
        own: what counts as scored by its proposer, and the proposer's reputation.
    """

    __slots__ = ("keys", "own", "proposer", "sum", "weight")

    def __init__(self) -> None:
        self.sum = 0
        self.keys = 0
        self.weight = 0
        self.proposer = ""
        self.own = 0, 0


class Tally:
    """The scores of one round by known signers, folded as they come.

    A score costs two look-ups and one addition, whatever the size of the round. `displaced` is the proposal
    whose score the last one taken in pushed out, if it did.

    Args:
        table: reputation by key, integers. Who has none above 0 is not known.
        me: whose table it is; one's own scores say nothing to oneself.
    """

    __slots__ = ("_behind", "_voices", "displaced", "number", "whole")

    def __init__(self, number: int, table: Mapping[str, int], me: str = "") -> None:
        self.number = number
        self.displaced: str | None = None
        self._voices: dict[str, Voice] = {
            key: (weight, {}) for key, weight in table.items() if weight > 0 and key != me
        }
        self._behind: dict[str, Backing] = {}
        self.whole = sum(weight for weight, _ in self._voices.values())

    def knows(self, key: str) -> bool:
        """Say whether a key has weight here."""
        return key in self._voices

    def known(self) -> int:
        """Return how many keys have weight here."""
        return len(self._voices)

    def take(self, score: Score) -> str:
        """Fold one score in; return what became of it, one of `rules.VERDICTS`."""
        self.displaced = None
        number, proposal, signer, value, _ = score
        if number != self.number:
            return FOREIGN_ROUND
        if type(value) is not int or not 0 <= value <= MAX_SCORE:
            return SCORE_RANGE
        behind = self._behind.get(proposal)
        if behind is not None and behind.proposer == signer:
            return OWN_PROPOSAL
        voice = self._voices.get(signer)
        return UNKNOWN_SIGNER if voice is None else self._fold(voice, proposal, value)

    def own(self, proposal: str, proposer: str, value: int) -> None:
        """Enter what counts as scored by a proposal's own proposer; no other score of its counts."""
        voice = self._voices.get(proposer)
        weight = 0
        if voice is not None:
            weight, given = voice
            self._move(proposal, weight, given.pop(proposal, 0), 0)
        behind = self._behind.setdefault(proposal, Backing())
        behind.proposer = proposer
        behind.own = value, weight
        behind.sum += value * weight

    def disown(self, proposal: str) -> None:
        """Forget whose proposal it is, when it does not count any more."""
        behind = self._behind.get(proposal)
        if behind is not None:
            behind.proposer = ""
            self._clear(proposal, behind)

    def sum(self, proposal: str) -> int:
        """Return Σ score × reputation of a proposal: its local score times `whole`."""
        behind = self._behind.get(proposal)
        return 0 if behind is None else behind.sum

    def vouchers(self, proposal: str) -> int:
        """Return how many known keys have scored a proposal above 0, its proposer aside."""
        behind = self._behind.get(proposal)
        return 0 if behind is None else behind.keys

    def carries(self, proposal: str) -> bool:
        """Say whether half of the known weight has scored a proposal above 0."""
        behind = self._behind.get(proposal)
        return behind is not None and 2 * behind.weight >= self.whole > 0

    def vouched(self) -> set[str]:
        """Return the proposals that some known key has scored above 0."""
        return {proposal for proposal, behind in self._behind.items() if behind.keys}

    def scores(self) -> dict[tuple[str, str], int]:
        """Return what is held, by (proposal, signer)."""
        return {
            (proposal, signer): value
            for signer, (_, given) in self._voices.items()
            for proposal, value in given.items()
        }

    def capped(self, caps: Mapping[str, int]) -> dict[str, int]:
        """Return Σ score × reputation of the proposals in `caps`, no score counting higher than its cap."""
        sums = dict.fromkeys(caps, 0)
        for weight, given in self._voices.values():
            for proposal, value in given.items():
                if proposal in sums:
                    sums[proposal] += min(value, caps[proposal]) * weight
        for proposal, cap in caps.items():
            behind = self._behind.get(proposal)
            if behind is not None:
                own, weight = behind.own
                sums[proposal] += min(own, cap) * weight
        return sums

    def _fold(self, voice: Voice, proposal: str, value: int) -> str:
        weight, given = voice
        before = given.get(proposal)
        if before is not None and value <= before:
            return KNOWN if value == before else LOWER
        if before is None and len(given) >= SCORED_BY_ONE and not self._room(voice, proposal, value):
            return TOO_MANY
        given[proposal] = value
        self._move(proposal, weight, before or 0, value)
        return NEW

    def _move(self, proposal: str, weight: int, before: int, value: int) -> None:
        """Count what a key of this weight gives now instead of what it gave before."""
        if before == value:
            return
        behind = self._behind.get(proposal)
        if behind is None:
            behind = self._behind[proposal] = Backing()
        behind.sum += (value - before) * weight
        if not before or not value:
            sign = 1 if value else -1
            behind.keys += sign
            behind.weight += sign * weight
            self._clear(proposal, behind)

    def _clear(self, proposal: str, behind: Backing) -> None:
        """Keep nothing of what nobody stands behind, so that no flood leaves anything."""
        if not behind.keys and not behind.proposer:
            del self._behind[proposal]

    def _room(self, voice: Voice, proposal: str, value: int) -> bool:
        """Make room for a score that ranks above the lowest held. Which are kept depends on no order."""
        weight, given = voice
        lowest = max(given, key=lambda held: (-given[held], held))
        if (-value, proposal) > (-given[lowest], lowest):
            return False
        self._move(lowest, weight, given.pop(lowest), 0)
        self.displaced = lowest
        return True
