"""The source's own model left to run: no cut, until nobody has anything left to say.

What a scorer of one proposal at a time gets through in a round, and what its queue drops, decides where a cut
finds the nodes (simulate/poc.py). Without a cut every score is worked out sooner or later, so here each is
worked out as soon as anything is heard, and only the way of the messages is left to chance: in a step a score
that a neighbour signed is heard with a chance of `HEARD`, the highest in place of all before it, as nodes
keep no other. A score is signed anew when it has risen by 10. The end does not hang on `HEARD`: from 0.1 to
0.9 the share that agrees stays between 35 and 37 % (30 nodes, density 4).
"""

from __future__ import annotations

import numpy as np

from trustcli.simulate.poc import RISE, SELF_SCORE, Cut
from trustcli.simulate.tables import reputation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

HEARD = 0.3  # chance that a score on its way arrives in a step
_NOT_YET = -1  # below every score: nothing is signed


def run(neighbours: Sequence[Sequence[int]], dice: Random, *, jitter: int = 10) -> Cut:
    """Run one round to its end; nodes start at a random step below `jitter`."""
    network = _Network(neighbours, dice, jitter)
    while network.step():
        pass
    return Cut([_highest(scores, dice) for scores in network.local.tolist()], network.sent)


class _Network:
    """Arrays by link (who hears whom) and proposal, or by node and proposal; a node proposes its number."""

    def __init__(self, neighbours: Sequence[Sequence[int]], dice: Random, jitter: int) -> None:
        nodes = len(neighbours)
        self._hears = np.repeat(np.arange(nodes), [len(found) for found in neighbours])
        self._heard_of = np.array([other for found in neighbours for other in found], dtype=np.int64)
        weight = np.array([reputation(dice) for _ in self._heard_of], dtype=np.int64)
        self._weight = weight[:, None]
        self._whole = np.maximum(np.bincount(self._hears, weight, nodes).astype(np.int64), 1)[
            self._hears, None
        ]
        self._start = np.array([dice.randrange(jitter) if jitter else 0 for _ in neighbours])
        self._dice = np.random.Generator(np.random.PCG64(dice.getrandbits(64)))
        self._heard = np.zeros((len(weight), nodes), dtype=np.int64)
        self._signed = np.full((nodes, nodes), _NOT_YET, dtype=np.int64)
        self._now = 0
        self.local = np.zeros((nodes, nodes), dtype=np.int64)
        self.sent = 0

    def step(self) -> bool:
        """Let some of what is on its way be heard; say whether there is more to come."""
        own = np.flatnonzero(self._start == self._now)
        self._signed[own, own] = SELF_SCORE
        self.sent += len(own)
        under_way = self._signed[self._heard_of] > self._heard
        arrives = under_way & (self._dice.random(under_way.shape) < HEARD)
        self._heard = np.where(arrives, self._signed[self._heard_of], self._heard)
        self._score()
        more = bool(under_way.any()) or self._now < self._start.max()
        self._now += 1
        return more

    def _score(self) -> None:
        """Work all local scores out, truncating each part; sign those that have risen by enough."""
        self.local[:] = 0
        np.add.at(self.local, self._hears, self._heard * self._weight // self._whole)
        risen = self.local - np.maximum(self._signed, 0) >= RISE
        risen &= (self._start <= self._now)[:, None]
        np.fill_diagonal(risen, val=False)  # of its own a node signs 5,000, once and for all
        self._signed = np.where(risen, self.local, self._signed)
        self.sent += int(risen.sum())


def _highest(scores: list[int], dice: Random) -> int:
    """Return the proposal with the highest local score; of several, one at random."""
    best = max(scores)
    return dice.choice([proposal for proposal, score in enumerate(scores) if score == best])
