"""Line charts as SVG, one panel below another: a curve each, shaded spans, marks on the scale."""

from __future__ import annotations

from trustcli.pictures.markup import escaped
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _FOOT = 600, 220, 60, 170, 60, 56  # pixels
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#5b6675")
_DASHES = ("none", "7 3")
_BOUNDS = ("2 3", "8 3 2 3", "1 5", "4 2 1 2 1 2")
_STYLE = (
    "<style>.l{--paper:#fff;--ink:#1c2430;--soft:#5b6675;--band:#f3dcd0;color-scheme:light dark}"
    "@media(prefers-color-scheme:dark){.l{--paper:#12161c;--ink:#e8edf3;--soft:#9aa7b6;--band:#4a2f22}}"
    ".l .paper{fill:var(--paper)}.l .ink{fill:var(--ink)}.l .soft{fill:var(--soft)}"
    ".l .band{fill:var(--band)}.l .rule{stroke:var(--soft)}</style>"
)


class Curve(NamedTuple):
    """One line: its name, its points (x, y 0..1), and whether it is a bound rather than a measurement."""

    name: str
    points: Points
    bound: bool = False


class Panel(NamedTuple):
    """One chart: y goes from 0 to 1, x from the least to the greatest of the points.

    Attributes:
        ticks: what stands below the x axis: (x, text).
        bands: shaded spans of x with their titles.
        marks: points with a text beside them.
    """

    title: str
    below: str
    beside: str
    curves: Sequence[Curve]
    ticks: Sequence[tuple[float, str]]
    bands: Sequence[tuple[float, float, str]] = ()
    marks: Sequence[tuple[float, float, str]] = ()


def draw(title: str, panels: Sequence[Panel]) -> str:
    """Return one SVG document."""
    step = _TOP + _HEIGHT + _FOOT
    width, height = _LEFT + _WIDTH + _RIGHT, 48 + step * len(panels)
    body = "".join(
        f'<g transform="translate({_LEFT} {48 + step * number + _TOP})">{_panel(panel)}</g>'
        for number, panel in enumerate(panels)
    )
    return (
        f'<svg class="l" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' font-family="system-ui, sans-serif" font-size="13"><title>{escaped(title)}</title>{_STYLE}'
        f'<rect class="paper" width="{width}" height="{height}" fill="#fff"/>'
        f'<text class="ink" x="20" y="32" font-size="17" fill="#1c2430">{escaped(title)}</text>'
        f"{body}</svg>\n"
    )


def _panel(panel: Panel) -> str:
    xs = [x for curve in panel.curves for x, _ in curve.points] or [0.0]
    first, span = min(xs), (max(xs) - min(xs)) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return _WIDTH * (x - first) / span, _HEIGHT * (1 - y)

    parts = [_band(place(left, 0)[0], place(right, 0)[0], text) for left, right, text in panel.bands]
    parts += [_level(level / 4) for level in range(5)]
    parts += [_text(place(x, 0)[0], _HEIGHT + 18, text, "middle") for x, text in panel.ticks]
    for number, curve in enumerate(panel.curves):
        parts.append(_line(number, curve, [place(x, y) for x, y in curve.points]))
    for x, y, text in panel.marks:
        left, top = place(x, y)
        parts.append(f'<circle class="ink" cx="{left:.1f}" cy="{top:.1f}" r="4" fill="#1c2430"/>')
        parts.append(_text(left, top - 9, text, "middle"))
    parts.append(_text(0, -30, panel.title, "start", size=15))
    parts.append(_text(_WIDTH / 2, _HEIGHT + 40, panel.below, "middle", "soft"))
    parts.append(_text(0, -12, panel.beside, "start", "soft"))
    return "".join(parts)


def _line(number: int, curve: Curve, places: Points) -> str:
    """Return a curve and its line in the legend; bounds are grey and dotted."""
    colour = "#5b6675" if curve.bound else _COLOURS[number % len(_COLOURS)]
    dash = _BOUNDS[number % 4] if curve.bound else _DASHES[number // len(_COLOURS) % 2]
    look = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}" fill="none"'
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    y = 12 + 20 * number
    return (
        f'<polyline points="{points}" {look}><title>{escaped(curve.name)}</title></polyline>'
        f'<path d="M{_WIDTH + 16} {y - 4}h26" {look}/>' + _text(_WIDTH + 50, y, curve.name, "start")
    )


def _level(level: float) -> str:
    y = _HEIGHT * (1 - level)
    return (
        f'<path class="rule" d="M0 {y:.1f}h{_WIDTH}" stroke="#5b6675" stroke-width="{0.4 if level else 1}"/>'
        + _text(-8, y + 4, f"{level:g}", "end", "soft")
    )


def _band(left: float, right: float, text: str) -> str:
    return (
        f'<rect class="band" x="{left:.1f}" y="0" width="{right - left:.1f}" height="{_HEIGHT}"'
        ' fill="#f3dcd0"/>' + _text((left + right) / 2, 16, text, "middle", "soft")
    )


def _text(x: float, y: float, text: str, anchor: str, kind: str = "ink", size: int = 13) -> str:
    fill = "#1c2430" if kind == "ink" else "#5b6675"
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
        f' fill="{fill}">{escaped(text)}</text>'
    )
