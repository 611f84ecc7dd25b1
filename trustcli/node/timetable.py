"""Rounds by the clock: what `serve` does of `trust round` by itself.

Time is cut into windows of equal length, the same for everybody whose clock is right; the number of a
window is the number of its round. In a window a node proposes, scores ten times, announces; it decides
in the next one, before it proposes anything there. A node that comes late takes part in what is
left, and follows what the others announce.
"""

from __future__ import annotations

from functools import partial

from trustcli.errors import NotFound, TrustError
from trustcli.node import proposing, rounding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.node import Node

LEAST = 10.0  # seconds of a window: with less, what is said in one slot does not reach all before the next
SLOTS = 20  # of a window
_FIRST = 3  # slots in which what is left of the round before travels, until it is decided
_RECENT = 8  # rounds that may still be undecided: a node that was away for longer leaves them open
BATCH = "batch"


def due(every: float, now: int) -> range:
    """Return the rounds that are decided by now (Unix ms) where all goes well, of the last few."""
    current = now // _width(every)
    return range(max(0, current - _RECENT), current - 1)  # the one before is decided in this window


def _width(every: float) -> int:
    """Return the ms of a window."""
    return int(max(every, LEAST) * 1000)


class Timetable:
    """The rounds of one node. Belongs to the thread that opened its ledger.

    Args:
        observed: called before a round opens, so that its table knows what was seen until then.
        failed: told of what could not be done; it is tried in the next slot.
    """

    def __init__(
        self, node: Node, observed: Callable[[int], None], failed: Callable[[TrustError], None]
    ) -> None:
        self._node = node
        self._observed = observed
        self._window = _width(node.settings.round_every)
        self._failed = failed
        self._slot = -1

    def tick(self, now: int) -> int:
        """Do what is due; return when to be called again, Unix ms."""
        width = self._window // SLOTS
        slot = now // width
        if slot != self._slot:
            self._slot = slot
            self._play(now // self._window, slot % SLOTS, now)
        return (slot + 1) * width

    def _play(self, number: int, slot: int, now: int) -> None:
        """Do what one slot of a window asks for: open, end what is over, propose, score or announce.

        What is proposed comes after the end of the round before, whose ratings are in a block by then; it
        still travels in the scorings in which all only listen. One round that fails is no reason to leave
        the others.
        """
        self._try(lambda: self._open(number, now))
        if slot >= _FIRST:
            for other in range(max(0, number - _RECENT), number):
                self._try(partial(self._end, other))
            self._try(lambda: self._propose(number))
            self._try(lambda: rounding.step(self._node, number))

    def _try(self, do: Callable[[], object]) -> None:
        try:
            do()
        except TrustError as problem:
            self._failed(problem)

    def _open(self, number: int, now: int) -> None:
        if self._node.ledger.rounds.get(number) is None:
            self._observed(now)
            rounding.open_(self._node, number)

    def _propose(self, number: int) -> None:
        """Propose what there is, unless this node has scored already: then it is too late for others."""
        state = self._node.ledger.rounds.get(number)
        if state is None or state["done"]:
            return
        proposed = proposing.proposals(self._node, number)
        if self._node.settings.propose != BATCH or any(one.proposer == self._node.me for one in proposed):
            return
        try:
            proposing.propose(self._node, proposing.batch(self._node), number)
        except NotFound:
            pass  # all ratings are in a block already

    def _end(self, number: int) -> None:
        """Decide a round of an earlier window by all that has arrived, if it is ours and still open."""
        state = self._node.ledger.rounds.get(number)
        if state is None or "winner" in state:
            return
        for _ in range(rounding.RULES.scorings):
            if rounding.show(self._node, number).stage != rounding.OPEN:
                break
            rounding.step(self._node, number)
        rounding.step(self._node, number)
        rounding.close(self._node, number, finality=self._node.settings.finality)
