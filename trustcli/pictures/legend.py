"""What colours, widths and dashes mean: a band below the drawing."""

from __future__ import annotations

from trustcli.pictures.colours import STEPS, UNKNOWN, VIEWPOINT, colour
from trustcli.pictures.markup import escaped
from trustcli.pictures.width import fitted
from trustcli.value import NamedTuple

_MARGIN = 34.0
_CELL = 236.0  # width of one entry
_ROW = 50.0
_ICON = 62.0  # width of the sign before the words


class Facts(NamedTuple):
    """What only the graph knows."""

    viewpoint: str | None  # its label, made harmless
    nodes: tuple[int, int]  # drawn, of all
    edges: tuple[int, int]


class Band(NamedTuple):
    """The legend and the height it takes."""

    svg: str
    height: float


def line_width(weight: float) -> float:
    """Return pixels for a rater's weight 0..1."""
    return 0.8 + 3.4 * min(max(weight, 0.0), 1.0)


def draw(facts: Facts, width: float) -> Band:
    """Return the legend for a canvas of `width`, its upper edge at 0."""
    entries = _entries(facts)
    rows = -(-len(entries) // max(1, int((width - 2 * _MARGIN) // _CELL)))
    columns = -(-len(entries) // rows)
    cell = (width - 2 * _MARGIN) / columns
    placed = [
        _entry(entry, _MARGIN + at % columns * cell, 34 + at // columns * _ROW)
        for at, entry in enumerate(entries)
    ]
    rule = f"M{_MARGIN:.0f} 8H{width - _MARGIN:.0f}"
    line = f'<path class="rule" d="{rule}" stroke="#dde2e8" stroke-width="1"/>'
    return Band("\n".join(['<g class="legend">', line, *placed, "</g>"]), 34 + rows * _ROW)


def _entries(facts: Facts) -> list[tuple[str, str, str]]:
    """Return (sign, first line, second line), texts not yet escaped."""
    who = fitted(facts.viewpoint or "nobody in particular", 12, _CELL - _ICON - 16)
    people, ratings = _count(facts.nodes, "node"), _count(facts.edges, "rating")
    return [
        (_ramp(), "1 to 5 stars", "disc: score · line: rating"),
        (_ring(), who, "ringed: the viewpoint"),
        (_lines(), "thin to thick", "how much the rater is trusted"),
        (_discs(), "small to large", "ratings received"),
        (_grey(), "score unknown", "too little to say"),
        (_dashes(), "dashed", "private, not sent to peers"),
        (_tally(), people, ratings),
    ]


def _count(numbers: tuple[int, int], noun: str) -> str:
    drawn, whole = numbers
    nouns = noun if whole == 1 else noun + "s"
    return f"{whole:,} {nouns}" if drawn == whole else f"{drawn:,} of {whole:,} {nouns} drawn"


def _entry(entry: tuple[str, str, str], x: float, y: float) -> str:
    sign, first, second = entry
    return (
        f'<g transform="translate({x:.1f} {y:.1f})">{sign}'
        f'<text class="ink" x="{_ICON + 12:.0f}" y="-1" font-size="12" font-weight="600" fill="#1c2430">'
        f"{escaped(first)}</text>"
        f'<text class="soft" x="{_ICON + 12:.0f}" y="14" font-size="11.5" fill="#5b6675">'
        f"{escaped(second)}</text></g>"
    )


def _ramp() -> str:
    step = _ICON / len(STEPS)
    return "".join(
        f'<rect x="{at * step:.1f}" y="-6" width="{step + 0.3:.1f}" height="12" fill="{colour(stars)}"/>'
        for at, stars in enumerate(STEPS)
    )


def _ring() -> str:
    return (
        f'<circle cx="33" cy="1" r="11.5" fill="none" stroke="{VIEWPOINT}" stroke-width="2.5"/>'
        f'<circle cx="33" cy="1" r="7.5" fill="{VIEWPOINT}"/>'
    )


def _lines() -> str:
    return "".join(
        f'<path class="line" d="M8 {-7 + at * 8}H60" stroke="#5b6675"'
        f' stroke-width="{line_width(weight):.1f}"/>'
        for at, weight in enumerate((0.0, 0.5, 1.0))
    )


def _dashes() -> str:
    return '<path class="line" d="M6 1H62" stroke="#5b6675" stroke-width="2.5" stroke-dasharray="7 5"/>'


def _discs() -> str:
    return "".join(
        f'<circle class="soft" cx="{x}" cy="1" r="{r}" fill="#5b6675"/>'
        for x, r in ((13, 5), (29, 8), (51, 11))
    )


def _grey() -> str:
    return (
        f'<circle cx="33" cy="1" r="12" fill="{UNKNOWN}"/>'
        '<text x="33" y="5" text-anchor="middle" font-size="10.5" font-weight="600" fill="#10151c">?</text>'
    )


def _tally() -> str:
    return (
        '<path class="line" d="M18 8L48 -6M18 8L50 8" stroke="#5b6675" stroke-width="1.5"/>'
        '<circle class="soft" cx="18" cy="8" r="5" fill="#5b6675"/><circle class="soft" cx="48" cy="-6" r="5"'
        ' fill="#5b6675"/><circle class="soft" cx="50" cy="8" r="5" fill="#5b6675"/>'
    )
