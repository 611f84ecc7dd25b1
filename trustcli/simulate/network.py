"""A network of nodes on a virtual clock: links that delay and lose, nodes that come and go."""

from __future__ import annotations

from heapq import heappop, heappush

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random
    from typing import Protocol

    from trustcli.rounds.values import Pick, Proposal, Score

    Event = tuple[int, int, "Message | Callable[[], None]"]
    """(sender, receiver, what happens)."""

    class Receiver(Protocol):
        """A node, as the network sees it."""

        def hear(self, sender: int, message: Message) -> None:
            """Take in what a neighbour sent."""


class Message(NamedTuple):
    """What travels: a proposal, a score with the proposal it is about, or an announced winner."""

    proposal: Proposal | None = None
    score: Score | None = None
    pick: Pick | None = None


class Weather(NamedTuple):
    """What links and nodes suffer.

    Attributes:
        delay: ms a message takes, between these two.
        loss: the share of messages that never arrive.
        churn: the share of nodes that are away for a third of a round, some time in it.
    """

    delay: tuple[int, int] = (20, 400)
    loss: float = 0.0
    churn: float = 0.0


class Network:
    """Delivers messages and wakes nodes in the order of virtual time (ms)."""

    def __init__(self, weather: Weather, dice: Random) -> None:
        self.now = 0
        self.messages = 0
        self.nodes: list[Receiver] = []
        self.away: dict[int, tuple[int, int]] = {}
        self._weather = weather
        self._dice = dice
        self._times: list[int] = []  # a heap of the moments at which something happens
        self._slots: dict[int, list[Event]] = {}

    def send(self, sender: int, receiver: int, message: Message) -> None:
        """Send a message over a link."""
        self.messages += 1
        random = self._dice.random
        if self._weather.loss and random() < self._weather.loss:
            return
        low, high = self._weather.delay
        self._push(self.now + low + int(random() * (high - low)), sender, receiver, message)

    def at(self, time: int, wake: Callable[[], None], node: int = -1) -> None:
        """Call a function at a time; if its node is away then, when it comes back."""
        self._push(time, -1, node, wake)

    def run(self) -> None:
        """Go on until nothing is left to happen."""
        while self._times:
            self.now = heappop(self._times)
            for sender, receiver, what in self._slots[self.now]:  # may grow meanwhile
                back = self._back(receiver) if self.away else None
                if back is not None:
                    if not isinstance(what, Message):
                        self._push(back, -1, receiver, what)
                elif isinstance(what, Message):
                    self.nodes[receiver].hear(sender, what)
                else:
                    what()
            del self._slots[self.now]

    def _back(self, node: int) -> int | None:
        """Return when a node that is away comes back, None for one that is here."""
        away = self.away.get(node)
        return away[1] if away and away[0] <= self.now < away[1] else None

    def _push(self, time: int, sender: int, receiver: int, what: Message | Callable[[], None]) -> None:
        slot = self._slots.get(time)
        if slot is None:
            self._slots[time] = [(sender, receiver, what)]
            heappush(self._times, time)
        else:
            slot.append((sender, receiver, what))
