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
        self.delivered = 0
        self.nodes: list[Receiver] = []
        self.away: dict[int, tuple[int, int]] = {}
        self._weather = weather
        self._dice = dice
        self._queue: list[tuple[int, int, int, int, Message | Callable[[], None]]] = []
        self._count = 0

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
        queue, nodes = self._queue, self.nodes
        while queue:
            self.now, _, sender, receiver, what = heappop(queue)
            back = self._back(receiver) if self.away else None
            if isinstance(what, Message):
                if back is None:
                    self.delivered += 1
                    nodes[receiver].hear(sender, what)
            elif back is None:
                what()
            else:
                self._push(back, -1, receiver, what)

    def _back(self, node: int) -> int | None:
        """Return when a node that is away comes back, None for one that is here."""
        away = self.away.get(node)
        return away[1] if away and away[0] <= self.now < away[1] else None

    def _push(self, time: int, sender: int, receiver: int, what: Message | Callable[[], None]) -> None:
        self._count += 1
        heappush(self._queue, (time, self._count, sender, receiver, what))
