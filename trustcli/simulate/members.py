"""An honest node of a virtual network: it hears, scores, announces, as `rounds` tells it to."""

from __future__ import annotations

from trustcli import standing
from trustcli.rounds.agreement import Agreement
from trustcli.rounds.round import Round
from trustcli.rounds.rules import NEW
from trustcli.rounds.values import Proposal
from trustcli.simulate.network import Message
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from trustcli.rounds.rules import Rules
    from trustcli.rounds.values import Score
    from trustcli.simulate.network import Network

SWEEP = 1_000  # virtual ms from one scoring to the next
HEAD_START = 4 * SWEEP  # before it nobody honest has begun: room for who starts early
PASSES = 12  # times a node looks whether to change over in the final synchronisation
PATIENT = 4  # of these, as long as it waits for the others to speak


class Setting(NamedTuple):
    """What the nodes of one round share: its number, rules, the last winner's proposer, network and dice."""

    number: int
    rules: Rules
    before: str
    network: Network
    dice: Random


class Member:
    """Node `place` of a virtual network in one round. Its key is its `name`."""

    honest = True

    __slots__ = (
        "agreement",
        "given",
        "links",
        "name",
        "place",
        "proposal",
        "round",
        "scored",
        "setting",
        "table",
    )

    def __init__(
        self, setting: Setting, place: int, name: str, links: Sequence[int], table: Mapping[str, int]
    ) -> None:
        self.place = place
        self.name = name
        self.links = links
        self.table = standing.established(table)
        self.setting = setting
        self.round = Round(setting.number, name, self.table, rules=setting.rules, before=setting.before)
        self.agreement = Agreement(
            setting.number, name, self.table, rules=setting.rules, lot_of=self.round.field.lot_of
        )
        self.proposal = Proposal(f"{setting.number}:{name}", setting.number, name)
        self.scored: str | None = None  # the winner of the scoring alone
        self.given: dict[str, Score] = {}

    def begin(self, start: int) -> None:
        """Propose at `start` (virtual ms), and score every SWEEP from then on."""
        network = self.setting.network
        network.at(start, self.propose, self.place)
        network.at(start + SWEEP, self.sweep, self.place)

    def propose(self) -> None:
        """Take in the own proposal and send it to all neighbours."""
        self.round.take_proposal(self.proposal)
        self.tell(Message(self.proposal))

    def sweep(self) -> None:
        """Score once; at the cut announce, and from then on settle."""
        network = self.setting.network
        if self.round.is_over():
            self.scored = self.round.winner()
            self.agreement.start(self.scored)
            self.settle(PASSES)
            return
        for score in self.round.scoring():
            self.given[score.proposal] = score
            self.tell(Message(self.round.field.get(score.proposal), score))
        self.repeat()
        network.at(network.now + SWEEP, self.sweep, self.place)

    def repeat(self) -> None:
        """Tell one neighbour again what is in front: what a sync repairs."""
        other = self.setting.dice.choice(self.links)
        for _, proposal in self.round.field.front(len(self.setting.rules.levels)):
            self.setting.network.send(self.place, other, Message(proposal, self.given.get(proposal.id)))

    def settle(self, left: int) -> None:
        """Change over if enough others are elsewhere; announce, and look again later."""
        self.agreement.settle(patient=left > PASSES - PATIENT)
        self.tell(Message(pick=self.agreement.announcement()))
        if left:
            network = self.setting.network
            network.at(network.now + SWEEP, lambda: self.settle(left - 1), self.place)

    def hear(self, sender: int, message: Message) -> None:
        """Take in what a neighbour sent; pass a proposal on that is worth it."""
        proposal, score, pick = message
        if proposal is not None:
            if self.round.take_proposal(proposal) == NEW and self.round.passes_on(proposal):
                self.tell(Message(proposal), but=sender)
            if score is not None:
                self.round.take_score(score)
        elif pick is not None:
            self.agreement.take(pick)

    def tell(self, message: Message, but: int = -1) -> None:
        """Send to all neighbours, except the one it came from."""
        send = self.setting.network.send
        for other in self.links:
            if other != but:
                send(self.place, other, message)

    @property
    def winner(self) -> str | None:
        """What this node stores as the round's winner."""
        return self.agreement.winner
