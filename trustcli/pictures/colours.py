"""The scale from one star to five, readable by eyes that do not tell red from green.

Vermilion, amber and bluish green after Okabe and Ito ("Color Universal Design", 2008), which differ
in lightness and in blue, not only in red and green. The number stands next to every colour.
"""

from __future__ import annotations

UNKNOWN = "#a3acb8"
VIEWPOINT = "#4a90d9"
_LOW, _MIDDLE, _HIGH = (0xD5, 0x5E, 0x00), (0xE8, 0xB3, 0x1A), (0x00, 0x9E, 0x73)
STEPS = tuple(half / 2 for half in range(2, 11))  # 1.0, 1.5 … 5.0


def nearest_step(stars: float) -> int:
    """Return the index in STEPS that is closest to `stars`; out of range counts as the end."""
    return min(max(int(stars * 2 + 0.5) - 2, 0), len(STEPS) - 1)


def colour(stars: float | None) -> str:
    """Return `#rrggbb` for `stars`, in steps of half a star; grey for None."""
    if stars is None:
        return UNKNOWN
    along = nearest_step(stars) / 4  # 0..2
    low, high = (_LOW, _MIDDLE) if along <= 1 else (_MIDDLE, _HIGH)
    part = along if along <= 1 else along - 1
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(low, high, strict=True))
