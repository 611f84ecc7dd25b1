"""How wide text is, near enough to keep labels apart: no font is at hand."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

_NARROW, _WIDE = frozenset("fijlrt.,:;'|!()[]{}I /"), frozenset("mwMW@%…—")


def width_of(text: str, size: float) -> float:
    """Return the width in pixels of `text` in a sans-serif font of `size` pixels, rather too much."""
    return size * sum(_ems(char) for char in text)


def fitted(text: str, size: float, room: float) -> str:
    """Return `text`, cut with … where it would be wider than `room` pixels."""
    if width_of(text, size) <= room:
        return text
    kept, left = 0, room - width_of("…", size)
    for kept, char in enumerate(text):  # noqa: B007  the count of characters that fit
        left -= size * _ems(char)
        if left < 0:
            break
    return text[:kept] + "…"


def _ems(char: str) -> float:
    if combining(char):
        return 0.0
    if east_asian_width(char) in "WF":
        return 1.05
    if char in _NARROW:
        return 0.36
    return 0.95 if char in _WIDE else 0.72 if char.isupper() else 0.6
