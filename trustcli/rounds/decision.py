"""What one node makes of a round, from all that it has stored of it: for closing it, and for auditing."""

from __future__ import annotations

from trustcli.rounds.agreement import Agreement
from trustcli.rounds.conduct import against
from trustcli.rounds.round import fold
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trustcli.rounds.rules import Rules
    from trustcli.rounds.values import Pick, Proposal, Score


class Decision(NamedTuple):
    """The winner of the own scoring, that after hearing the others, and how much stands behind it.

    `support` is the known weight that announces `winner`, `whole` all known weight; `against` are the
    known keys that acted against the lots, see `conduct`.
    """

    scored: str | None
    winner: str | None
    support: int
    whole: int
    final: bool
    against: tuple[str, ...] = ()


def decide(
    number: int,
    me: str,
    table: Mapping[str, int],
    before: str,
    proposals: Sequence[Proposal],
    scores: Iterable[Score],
    picks: Iterable[Pick],
    rules: Rules,
) -> Decision:
    """Return what a node decides: the same for the same statements, in whatever order they came.

    Announcements of proposals that are not here do not count: nobody settles on what it cannot read.

    Args:
        table: own reputation by key as of the round.
        before: the key that proposed the winner of an earlier round, see `lots`; empty in the first.
    """
    found = fold(number, me, table, proposals, scores, rules=rules, before=before, done=True)
    scored = found.winner()
    agreement = Agreement(number, me, table, rules=rules, lot_of=found.field.lot_of)
    agreement.start(scored)
    here = {proposal.id for proposal in proposals}
    for pick in picks:
        if pick.proposal in here:
            agreement.take(pick)
    agreement.settle()
    winner = agreement.winner
    support, whole = agreement.support(winner or "")
    return Decision(scored, winner, support, whole, agreement.is_final(), against(found, agreement))
