"""The source's own model: the published proof of concept, rule by rule, to compare with.

Every node redraws its table each round, N(5000, 1500). Self score 5,000, never changed. A node scores one
proposal of its queue at a time, truncates each signer's part, signs when its local score has risen by 10, and
tells its neighbours. Equal local scores are decided by dice (there: by a map's order).

The rule of the queue is read off the source's code, not fitted. Every set of signatures that arrives queues
its proposal once more, whether it changed anything or not, and scoring one that has not changed takes as
long as any other; a queue holds 128, and what does not fit is dropped. The score that decides is the one last
worked out, not what the signatures at hand would give. A proposer scores its own proposal too, signs
nothing more, but sends it out again when that score has risen.

What the source measures in seconds is counted in steps here: in one a node scores at most one proposal, with
a chance of 9 in 10, since none takes as long as another, and what it sends is heard before the next, by no
two neighbours in the same order. Nodes start at a random step below `jitter`. Unknown, and assumed: that
share, and the start; the author's machine. At 20 steps a proposal this gives 88.8 % (docs/rounds.md has the
seeds); published are 88.7 %, of which 84 to 93 % is the 95 % interval. What becomes of it without a cut is in
simulate/settling.py.
"""

from __future__ import annotations

from collections import deque

from trustcli.simulate.tables import reputation
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from random import Random

SELF_SCORE, RISE, QUEUE = 5_000, 10, 128
BUSY = 0.9  # chance that a node gets through a scoring in a step


class Cut(NamedTuple):
    """How a round ended: the proposal (by its proposer's number) each node holds, and sets sent."""

    winners: list[int]
    sent: int


def topology(nodes: int, density: int, dice: Random) -> list[list[int]]:
    """Return each node's neighbours as the source's bootstrap node hands them out.

    Every node is given `density` addresses from a shuffled list in which each occurs `density` times;
    edges then go both ways. At 30 nodes and density 4 that makes 7.2 neighbours on average.
    """
    pool = [node for node in range(nodes) for _ in range(density)]
    dice.shuffle(pool)
    neighbours: list[set[int]] = [set() for _ in range(nodes)]
    for node in range(nodes):
        for other in pool[node * density : (node + 1) * density]:
            if other != node:
                neighbours[node].add(other)
                neighbours[other].add(node)
    return [sorted(found) for found in neighbours]


def run(neighbours: list[list[int]], dice: Random, *, scorings: int = 20, jitter: int = 10) -> Cut:
    """Run one round to its cut, after so many steps a proposal."""
    return _Network(neighbours, dice).run(scorings, jitter)


class _Node:
    def __init__(self, me: int, neighbours: list[int], start: int, dice: Random) -> None:
        self.me = me
        self.neighbours = neighbours
        self.start = start
        self.score: dict[int, int] = {}  # by proposal, as last worked out
        self.queue: deque[int] = deque()
        self._table = {other: reputation(dice) for other in neighbours}
        self._whole = sum(self._table.values()) or 1
        self._parts: dict[int, dict[int, int]] = {}
        self._sums: dict[int, int] = {}
        self._sent: dict[int, int] = {}  # by proposal, the local score when it was sent last

    def hear(self, proposal: int, signer: int, score: int) -> None:
        """Keep the highest score of a signer, and queue the proposal whatever came."""
        parts = self._parts.setdefault(proposal, {})
        part = score * self._table[signer] // self._whole
        before = parts.get(signer, 0)
        if part > before:
            self._sums[proposal] = self._sums.get(proposal, 0) + part - before
            parts[signer] = part
        self.notify(proposal)

    def notify(self, proposal: int) -> None:
        """Queue a proposal for scoring; a full queue drops it."""
        if len(self.queue) < QUEUE:
            self.queue.append(proposal)

    def work(self) -> tuple[int, int] | None:
        """Score the first of the queue; return (proposal, signed score) if that is to be sent."""
        proposal = self.queue.popleft()
        score = self.score[proposal] = self._sums.get(proposal, 0)
        own = proposal == self.me
        before = self._sent.get(proposal, -RISE if own else 0)  # the first time, its own goes out at 0
        if score - before < RISE:
            return None
        self._sent[proposal] = score
        return proposal, SELF_SCORE if own else score

    def winner(self, dice: Random) -> int:
        """Return the proposal with the highest local score; of several, one at random."""
        best = max(self.score.values(), default=0)
        found = sorted(proposal for proposal, score in self.score.items() if score == best)
        return dice.choice(found) if found else self.me


class _Network:
    def __init__(self, neighbours: list[list[int]], dice: Random) -> None:
        self._dice = dice
        self._neighbours = neighbours
        self._sent = 0

    def run(self, scorings: int, jitter: int) -> Cut:
        dice = self._dice
        nodes = [
            _Node(me, found, dice.randrange(jitter) if jitter else 0, dice)
            for me, found in enumerate(self._neighbours)
        ]
        for step in range(scorings * len(nodes)):
            self._step(nodes, step)
        return Cut([node.winner(dice) for node in nodes], self._sent)

    def _step(self, nodes: list[_Node], step: int) -> None:
        """Let every node score at most one proposal; deliver what they send, each copy by itself."""
        said: list[tuple[int, int, int, int]] = []
        for node in nodes:
            if node.start == step:
                node.notify(node.me)
            if node.start <= step and node.queue and self._dice.random() < BUSY:
                found = node.work()
                if found:
                    proposal, score = found
                    said += [(other, proposal, node.me, score) for other in node.neighbours]
                    self._sent += 1
        self._dice.shuffle(said)
        for other, proposal, signer, score in said:
            nodes[other].hear(proposal, signer, score)
