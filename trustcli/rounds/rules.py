"""What the nodes of a network must have in common for their rounds to meet."""

from __future__ import annotations

from trustcli.rounds.values import SELF_SCORE
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

NEW, KNOWN, LOWER = "new", "known", "lower"
SCORE_RANGE, UNKNOWN_SIGNER, FOREIGN_ROUND = "score_range", "unknown_signer", "foreign_round"
OWN_PROPOSAL, UNKNOWN_PROPOSER, DOUBLE_PROPOSAL = "own_proposal", "unknown_proposer", "double_proposal"
TOO_MANY, CLOSED = "too_many", "closed"
VERDICTS = {
    NEW: "taken",
    KNOWN: "taken before; saying it again changes nothing",
    LOWER: "the signer has given this proposal more already; the highest counts",
    SCORE_RANGE: "a score is an integer from 0 to 10,000",
    UNKNOWN_SIGNER: "the signer is not in the own table: it weighs nothing and is not kept",
    FOREIGN_ROUND: "it belongs to another round",
    OWN_PROPOSAL: "nobody scores its own proposal",
    UNKNOWN_PROPOSER: "nobody known stands behind the proposal; it waits outside, where room is short",
    DOUBLE_PROPOSAL: "its proposer made two in this round: neither counts",
    TOO_MANY: "the signer has scored more proposals than a round has room for; its highest count",
    CLOSED: "the round is decided",
}
"""What became of something taken in. The codes are stable; programs may switch on them."""

MORE_THAN_TWO_THIRDS, TWO_THIRDS, HALF = "over-2/3", "2/3", "over-1/2"
FINALITY = (MORE_THAN_TWO_THIRDS, TWO_THIRDS, HALF)
LOTS, WEIGHTED = "lots", "weighted"


class Rules(NamedTuple):
    """How rounds are run.

    Attributes:
        base: what a proposal without its proposer's own score counts as scored by it (base-score mode).
        opinion: what is published. `lots`: levels by lot, the same for everybody, which say nothing of
            one's weights. `weighted`: one's local score as in the paper, which gives them away.
        scorings: how often each proposal is scored before the cut. Counted, not timed.
        listen: the first scorings, in which a node only takes in; what comes later is not scored.
        patience: the scoring from which strangers ahead by lot are waited for no more.
        levels: what the first, second, … proposal by lot is given.
        rise: in `weighted`, a score is signed again when it rose by this much.
        vouchers: the part of the known keys, one in so many (rounded down) and at least two of them, that
            must stand behind a proposer one does not know. Where no proposal has half of the known weight
            behind it, the network is too thin for that: two scorings before `patience` one in two more is
            enough, then two keys, and from `patience` on one. 0: half of the known weight, always: right
            where everybody knows most others.
        finality: the share of known weight that makes a round final, one of FINALITY.
        inertia: in the final synchronisation a node changes over to what has more than this many times
            the weight of what it holds. 0 and 1 are the source's rule: whatever is ahead.
        doubt: the same for what comes later by lot than what it holds, or is not known here: who missed
            nothing has no reason to change over, and a coalition pushes what the lots do not.
    """

    base: int = SELF_SCORE
    opinion: str = LOTS
    scorings: int = 10
    listen: int = 3
    patience: int = 8
    levels: Sequence[int] = (10_000, 2_500, 625, 156)
    rise: int = 10
    vouchers: int = 3
    finality: str = MORE_THAN_TWO_THIRDS
    inertia: int = 2
    doubt: int = 4


DEFAULT = Rules()
SCORED_BY_ONE = 16  # proposals that one signer may score in one round; the levels need four
LEAST = 2  # vouchers behind a stranger, as long as there is patience
WAITING = 16  # proposals kept of keys that nobody known stands behind
TURNS = 16  # announcements of one key in one round: passes needed, measured at 1,000 nodes, are 4


def reached(rule: str, part: int, whole: int) -> bool:
    """Say whether `part` of `whole` (both weights, ≥ 0) is enough under a finality rule.

    `over-2/3` is what Byzantine agreement needs: of three equal nodes all three. `2/3` are the words of
    TrustNet: two of three.
    """
    if whole <= 0:
        return False
    if rule == MORE_THAN_TWO_THIRDS:
        return 3 * part > 2 * whole
    if rule == TWO_THIRDS:
        return 3 * part >= 2 * whole
    assert rule == HALF
    return 2 * part > whole


def cut_after(rules: Rules, scorings: int) -> Rules:
    """Return rules with another number of scorings, listening and patient in proportion."""
    return rules._replace(
        scorings=scorings,
        listen=scorings * DEFAULT.listen // DEFAULT.scorings,
        patience=max(1, scorings * DEFAULT.patience // DEFAULT.scorings),
    )
