"""The lines between nodes: slightly bent, so that a→b, b→a and several categories all show."""

from __future__ import annotations

from trustcli.pictures.layout import abs_of

_BEND = 0.11  # of the distance: how far the first line swings out
_NEXT = 15.0  # pixels between parallel lines
_HEAD = 8.5  # length of an arrow head


def curve(start: complex, end: complex, radii: tuple[float, float], lane: int) -> str:
    """Return path data from the rim of one disc to just before the rim of the other.

    `radii` are those of the two discs; `lane` 0, 1, 2… counts the lines of one direction.
    """
    way = end - start
    length = abs_of(way)
    if length < 1:
        return _loop(start, radii[0], lane)
    side = way * complex(0, -1) / length  # seen along the way, always the same hand
    bend = (start + end) / 2 + side * 2 * (min(length * _BEND, 46) + lane * _NEXT)
    first = start + _towards(start, bend) * radii[0]
    last = end + _towards(end, bend) * (radii[1] + _HEAD)
    return f"M{_point(first)}Q{_point(bend)} {_point(last)}"


def _towards(here: complex, there: complex) -> complex:
    return (there - here) / abs_of(there - here)


def _loop(centre: complex, radius: float, lane: int) -> str:
    """A line from a node to itself, above it."""
    size = radius + 22 + lane * _NEXT
    left, right = centre + complex(-0.6, -0.8) * radius, centre + complex(0.6, -0.8) * (radius + _HEAD)
    high = (centre + complex(-size, -size * 1.3), centre + complex(size, -size * 1.3))
    return f"M{_point(left)}C{_point(high[0])} {_point(high[1])} {_point(right)}"


def _point(place: complex) -> str:
    return f"{place.real:.1f} {place.imag:.1f}"
