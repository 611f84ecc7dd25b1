"""Who knows whom in a virtual network, and how well."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

MEAN, DEVIATION, HIGHEST = 5_000, 1_500, 10_000


def reputation(dice: Random) -> int:
    """Return a reputation as the source draws them: N(5000, 1500), redrawn until it is 0 to 10,000."""
    while True:
        drawn = int(dice.gauss(MEAN, DEVIATION))
        if 0 <= drawn <= HIGHEST:
            return drawn


def rings(nodes: int, neighbours: int, dice: Random) -> list[list[int]]:
    """Return each node's neighbours: the union of `neighbours` / 2 random rings through all nodes.

    One ring connects everybody; where rings meet a node has a neighbour or two fewer.
    """
    found: list[set[int]] = [set() for _ in range(nodes)]
    order = list(range(nodes))
    for _ in range(max(1, neighbours // 2)):
        dice.shuffle(order)
        for one, other in zip(order, order[1:] + order[:1], strict=True):
            if one != other:
                found[one].add(other)
                found[other].add(one)
    return [sorted(others) for others in found]


def draw(links: Sequence[Sequence[int]], dice: Random) -> list[dict[int, int]]:
    """Return a table for every node: a reputation for each of its neighbours."""
    return [{other: reputation(dice) for other in others} for others in links]
