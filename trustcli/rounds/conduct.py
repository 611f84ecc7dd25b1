"""Who acted against the lots in a round that is decided: seen in what it signed, by every node for itself.

The lots are public, so all who follow the rules score and announce what comes first by them of what they
know. Who gives something later than the winner the level of what is first, or ends with announcing it,
pushes it; or it has missed the winner, which is rare. Only what is here counts against anybody: a score
that is missing may be lost on the way. It is an observation like others, not a proof. Once may be an
accident; two rounds running it hardly is, and counts for much more (`standing`).
"""

from __future__ import annotations

from trustcli.rounds.lots import lot
from trustcli.rounds.rules import HALF, LOTS, reached

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.rounds.agreement import Agreement
    from trustcli.rounds.round import Round


def against(found: Round, agreement: Agreement) -> tuple[str, ...]:
    """Return the known keys that acted against the lots, ascending; none without a majority.

    More than half of the known weight must announce the winner: less than finality asks for, since where
    a third of a table attacks nothing becomes final, and there it matters most.
    Proposals that are not here cannot be judged. A proposer does not score its own, so the winner's is
    judged by what it announces alone.
    """
    winner = found.field.get(agreement.winner or "")
    if winner is None or found.rules.opinion != LOTS or not reached(HALF, *agreement.support(winner.id)):
        return ()
    given: dict[str, dict[str, int]] = {}
    for (proposal, signer), value in found.scores().items():
        given.setdefault(signer, {})[proposal] = value
    announced = agreement.announced()
    return tuple(
        signer
        for signer in sorted({*given, *announced})
        if _is_later(found, announced.get(signer, winner.id), winner.proposer)
        or (signer != winner.proposer and _pushes(found, given.get(signer, {}), winner.id, winner.proposer))
    )


def _pushes(found: Round, given: Mapping[str, int], winner: str, proposer: str) -> bool:
    least = max(given.get(winner, 0), *found.rules.levels[1:2], 0)
    return any(value > least and _is_later(found, id_, proposer) for id_, value in given.items())


def _is_later(found: Round, id_: str, proposer: str) -> bool:
    """Say whether a proposal is here, and comes later by lot than what `proposer` proposed."""
    other = found.field.get(id_)
    if other is None:
        return False
    before = found.field.before
    return lot(found.number, before, other.proposer) > lot(found.number, before, proposer)
