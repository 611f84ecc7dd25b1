"""Nodes that cheat, together. They have the reputation of anybody; the honest do not know who they are.

A coalition has one proposal to push, its champion. Whatever the way, its nodes give the champion all they
may, score nothing else, pass nothing on, announce the champion and never change over.
"""

from __future__ import annotations

from trustcli.rounds.lots import lot
from trustcli.rounds.values import MAX_SCORE, Pick, Proposal, Score
from trustcli.simulate.members import HEAD_START, SWEEP, Member, Setting
from trustcli.simulate.network import Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ANNOUNCED = 15  # the highest turn there is: nothing replaces it


def count(share: float, keys: int) -> int:
    """Return how many attackers a share of so many keys is: at least one."""
    return max(1, round(share * keys))


class Coalition:
    """Who is in it, and what it pushes: by default the proposal of its first key."""

    def __init__(self, places: Sequence[int], names: Sequence[str]) -> None:
        self.places = frozenset(places)
        self.names = list(names)

    def champion(self, setting: Setting) -> Proposal:
        """Return the proposal that all of it push in this round."""
        return Proposal(f"{setting.number}:{self.names[0]}", setting.number, self.names[0])


class Attacker(Member):
    """Score bias: the champion gets 10,000 from the first moment on, everything else nothing."""

    honest = False

    def __init__(
        self,
        setting: Setting,
        place: int,
        name: str,
        links: Sequence[int],
        table: Mapping[str, int],
        coalition: Coalition,
    ) -> None:
        super().__init__(setting, place, name, links, table)
        self.coalition = coalition
        self.champion = coalition.champion(setting)

    def begin(self, start: int) -> None:
        """Push the champion at once and again with every scoring, then announce it."""
        network = self.setting.network
        last = self.setting.rules.scorings + 1
        for turn in range(last):
            network.at(start + turn * SWEEP, self.push, self.place)
        for turn in range(last, last + 3):
            network.at(start + turn * SWEEP, self.announce, self.place)

    def push(self) -> None:
        """Send the champion with the highest score there is."""
        self.tell(Message(self.champion, self.vote(self.champion)))

    def announce(self) -> None:
        """Announce the champion, in the last turn there is."""
        pick = Pick(self.setting.number, self.name, self.champion.id, _ANNOUNCED)
        self.tell(Message(pick=pick))

    def vote(self, proposal: Proposal) -> Score | None:
        """Return the highest score of a proposal, None for one's own."""
        if proposal.proposer == self.name:
            return None
        return Score(self.setting.number, proposal.id, self.name, MAX_SCORE, 1)

    def hear(self, sender: int, message: Message) -> None:
        """Nothing heard changes anything."""

    @property
    def winner(self) -> str | None:
        """What it announces."""
        return self.champion.id


class Early(Attacker):
    """Early start: as score bias, four scorings before anybody else."""

    def begin(self, start: int) -> None:
        """Begin while the others have not."""
        super().begin(start - HEAD_START)


class Late(Attacker):
    """Last look: the champion comes out when the honest have listened long enough, to every other one."""

    def begin(self, start: int) -> None:
        """Wait until just before others stop listening, and once more until just before the cut."""
        network, rules = self.setting.network, self.setting.rules
        network.at(start + int((rules.listen - 0.5) * SWEEP), self.whisper, self.place)
        network.at(start + int((rules.scorings - 0.5) * SWEEP), self.push, self.place)
        for turn in range(rules.scorings + 1, rules.scorings + 4):
            network.at(start + turn * SWEEP, self.announce, self.place)

    def whisper(self) -> None:
        """Send the champion to every other neighbour only."""
        message = Message(self.champion, self.vote(self.champion))
        for other in self.links[::2]:
            self.setting.network.send(self.place, other, message)


class Double(Attacker):
    """Double proposal: the champion's proposer tells half of its neighbours this, the rest that."""

    def begin(self, start: int) -> None:
        """Propose twice; then score, announce and fall silent like the others."""
        super().begin(start)
        if self.champion.proposer == self.name:
            self.setting.network.at(start, self.propose_twice, self.place)

    def propose_twice(self) -> None:
        """Send one proposal one way and another the other way."""
        second = self.champion._replace(id=self.champion.id + "'")
        for index, other in enumerate(self.links):
            message = Message(second if index % 2 else self.champion)
            self.setting.network.send(self.place, other, message)

    def push(self) -> None:
        """The proposer has said what it had to say; its friends score what their half has heard."""
        if self.champion.proposer != self.name:
            super().push()


class Luckiest(Coalition):
    """A coalition that pushes the proposal of whichever of its keys has the best lot."""

    def champion(self, setting: Setting) -> Proposal:
        """Return the proposal of the key whose lot is the lowest."""
        best = min(self.names, key=lambda name: lot(setting.number, setting.before, name))
        return Proposal(f"{setting.number}:{best}", setting.number, best)


class Farm(Coalition):
    """A coalition that stands behind a farm of keys nobody else knows, and pushes the luckiest of all."""

    def __init__(self, places: Sequence[int], names: Sequence[str], keys: int) -> None:
        super().__init__(places, names)
        self.farm = [f"farm{index}" for index in range(keys)]
        self._best: dict[tuple[int, str], str] = {}

    def champion(self, setting: Setting) -> Proposal:
        """Return the proposal of the best lot in the farm."""
        asked = setting.number, setting.before
        if asked not in self._best:
            self._best = {asked: min(self.farm, key=lambda name: lot(*asked, name))}
        best = self._best[asked]
        return Proposal(f"{setting.number}:{best}", setting.number, best)
