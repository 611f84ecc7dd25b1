"""Create Assemblies (models/assemblies.py) in a market: providers decide whether to serve, consumers ask all.

Honest providers offer when what they lived through tells them that they can; attackers always offer, for
nothing in the model stops one. The consumer takes the first who offers, by lot. Where nobody does it takes
anybody by lot: somebody must serve here. No word of others is heard, so liars do nothing to it.
"""

# ruff: noqa: ARG002  a chooser is told more than it may need

from __future__ import annotations

import numpy as np

from trustcli.models.assemblies import FIRST, attempts, learned
from trustcli.simulate.choosing import Chooser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trustcli.models.arrays import Ratings
    from trustcli.simulate.choosing import Scene


class Assemblies(Chooser):
    """The weights of all providers of one market, by key."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._weight: dict[int, float] = {}

    def learn(self, scene: Scene, said: Ratings) -> None:
        """Begin anew in another market; what is said is not heard."""
        if scene is not self._scene:
            self._scene, self._weight = scene, {}

    def expect(self, scene: Scene, consumer: int, offers: Sequence[int]) -> Sequence[float]:
        """Return 1 for those who offer to serve, 0 for the others."""
        keys, honest = [scene.key(slot) for slot in offers], scene.truthful()
        weight = np.array([self._weight.get(key, FIRST) for key in keys])
        willing = attempts(weight, np.ones(len(keys), dtype=np.bool_))
        return [float(will or key not in honest) for will, key in zip(willing.tolist(), keys, strict=True)]

    def served(self, key: int, good: bool) -> None:
        """Let a provider learn from what it did."""
        weight = np.array([self._weight.get(key, FIRST)])
        self._weight[key] = float(learned(weight, np.array([True]), np.array([good]))[0])
