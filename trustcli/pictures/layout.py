"""Where the nodes go: a force layout without chance, then boxes pushed apart.

Fruchterman and Reingold, "Graph Drawing by Force-directed Placement" (1991): nodes repel each other
by 1/d, edges pull by d², a cooling step bounds the moves. Added: a start on a golden-angle spiral
instead of a random one, a weak pull to the middle that keeps separate parts together, and weaker
springs at busy nodes. Only + - * / and square roots, so that every machine gets the same picture.
"""

from __future__ import annotations

from math import sqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_TURN = complex(-0.7373688780783197, 0.6754902942615238)  # unit vector at the golden angle, 137.5°
_WORK = 3_000_000  # pairs of nodes looked at: about a second
_FEW, _MANY = 40, 300  # iterations, whatever the size
_NEAR = 0.01  # squared distance below which repulsion grows no more
_GRAVITY = 1.2  # pull to the middle per unit of distance; twice that for who has no link
_ROUNDS = 240  # of pushing boxes apart
_GROW_EVERY = 6  # rounds without success before the whole drawing is stretched
_GROW = 1.04
_TOUCH = 0.01  # pixels of overlap that nobody sees


def spread(count: int, links: Sequence[tuple[int, int]]) -> list[complex]:
    """Return positions of nodes 0..count-1, node 0 at the origin; linked nodes are about 1 apart.

    Give the nodes with the most central first, and each linked pair once.
    """
    places = _spiral(count)
    degree = _degrees(count, links)
    springs = [(a, b, 1 / sqrt(min(degree[a], degree[b]))) for a, b in links]
    gravity = [_GRAVITY * (1 + 1 / (1 + busy * busy)) for busy in degree]
    rounds = min(_MANY, max(_FEW, 2 * _WORK // (count * count + 1)))
    reach = 0.25 * sqrt(count)
    for left in range(rounds, 0, -1):
        forces = _repulsion(places)
        for a, b, stiffness in springs:
            pull = (places[b] - places[a]) * (abs_of(places[b] - places[a]) * stiffness)
            forces[a] += pull
            forces[b] -= pull
        for number, strength in enumerate(gravity):
            forces[number] -= places[number] * strength
        _step(places, forces, reach * left / rounds)
    return places


def _spiral(count: int) -> list[complex]:
    places, turn = [], complex(1, 0)
    for number in range(count):
        places.append(turn * sqrt(number))
        turn *= _TURN
    return places


def _degrees(count: int, links: Sequence[tuple[int, int]]) -> list[int]:
    degree = [0] * count
    for a, b in links:
        degree[a] += 1
        degree[b] += 1
    return degree


def abs_of(vector: complex) -> float:
    """Return the length of `vector`; unlike `abs`, by operations that IEEE 754 rounds exactly."""
    return sqrt(vector.real * vector.real + vector.imag * vector.imag)


def _repulsion(places: list[complex]) -> list[complex]:
    """Return for every node the push of all others away from them: distance 1, force 1."""
    xs = [place.real for place in places]
    ys = [place.imag for place in places]
    across, down = [0.0] * len(xs), [0.0] * len(xs)
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        sum_x = sum_y = 0.0
        for j in range(i):
            dx = x - xs[j]
            dy = y - ys[j]
            force = 1.0 / (dx * dx + dy * dy + _NEAR)
            dx *= force
            dy *= force
            sum_x += dx
            sum_y += dy
            across[j] -= dx
            down[j] -= dy
        across[i] += sum_x
        down[i] += sum_y
    return [complex(x, y) for x, y in zip(across, down, strict=True)]


def _step(places: list[complex], forces: list[complex], reach: float) -> None:
    """Move every node but the first along its force, at most `reach` far."""
    for number in range(1, len(places)):
        force = forces[number]
        length = abs_of(force)
        places[number] += force * min(1.0, reach / length) if length else force


def sized(places: Sequence[complex], area: float, aspect: float) -> list[complex]:
    """Return `places` scaled about the origin: the box around them covers `area`, x wider by `aspect`."""
    across = [place.real for place in places] or [0.0]
    down = [place.imag for place in places] or [0.0]
    width, height = (max(across) - min(across)) * aspect, max(down) - min(down)
    scale = sqrt(area / max(width * height, 1.0))
    return [complex(place.real * aspect * scale, place.imag * scale) for place in places]


def separate(places: Sequence[complex], sizes: Sequence[tuple[float, float]]) -> list[complex]:
    """Return `places` moved so that no two boxes (width, height) centred there overlap.

    Neighbours are pushed apart along the shorter way; where that does not end, everything stretches.
    """
    moved = list(places)
    for turn in range(1, _ROUNDS + 1):
        if not _push_apart(moved, sizes):
            break
        if turn % _GROW_EVERY == 0:
            moved = [place * _GROW for place in moved]
    return moved


def _push_apart(places: list[complex], sizes: Sequence[tuple[float, float]]) -> bool:
    """Push every overlapping pair half the overlap each; say whether there was one."""
    tallest = max((height for _, height in sizes), default=0.0)
    order = sorted(range(len(places)), key=lambda each: (places[each].imag, places[each].real, each))
    found = False
    for at, a in enumerate(order):
        for b in order[at + 1 :]:
            gap = places[b] - places[a]
            if gap.imag >= tallest:
                break
            push = _overlap(gap, sizes[a], sizes[b])
            if push:
                found = True
                places[a] -= push / 2
                places[b] += push / 2
    return found


def _overlap(gap: complex, one: tuple[float, float], other: tuple[float, float]) -> complex:
    """Return the shortest move of the other box that clears the first; 0 if they are clear."""
    over_x = (one[0] + other[0]) / 2 - abs(gap.real)
    over_y = (one[1] + other[1]) / 2 - abs(gap.imag)
    if over_x <= _TOUCH or over_y <= _TOUCH:
        return 0j
    if over_x < over_y:
        return complex(over_x if gap.real >= 0 else -over_x, 0)
    return complex(0, over_y if gap.imag >= 0 else -over_y)
