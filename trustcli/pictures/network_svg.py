"""The map of a network for people: an SVG without script, and a page with a table below it."""

from __future__ import annotations

from trustcli.pictures import frame, layout
from trustcli.pictures.curves import curve
from trustcli.pictures.graph import short
from trustcli.pictures.markup import escaped
from trustcli.pictures.network_map import COLOURS, OUT
from trustcli.pictures.width import width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.network_map import Map, Spot

MAX_DRAWN = 300  # nodes; the table of the page and the data formats have all
_LABEL, _FACTS = 13.0, 11.0  # font sizes
_RADIUS, _CENTRE = 11.0, 17.0  # of the discs
_MARGIN = 30.0
_HEAD, _FOOT = 74.0, 44.0  # heights of title and legend
_NARROWEST = 560.0
_AIR, _WIDER = 2.6, 1.45  # canvas per area of the boxes; pictures are wider than high

_STYLE = """
.trust-map{--paper:#fff;--ink:#1c2430;--soft:#5b6675;color-scheme:light dark}
@media(prefers-color-scheme:dark){.trust-map{--paper:#12161c;--ink:#e8edf3;--soft:#9aa7b6}}
.trust-map .paper{fill:var(--paper)}
.trust-map .ink{fill:var(--ink)}
.trust-map .soft{fill:var(--soft)}
.trust-map .halo{stroke:var(--paper)}
.trust-map .line{stroke:var(--soft)}
"""
_HALO = ' stroke="#fff" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"'
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"


def draw(network: Map) -> str:
    """Return a complete SVG document with title and legend."""
    spots = network.spots[: MAX_DRAWN + 1]
    places, width, height = _placed(spots)
    discs = "\n".join(_disc(spot, place) for spot, place in zip(spots, places, strict=True))
    lines = "\n".join(
        _line(spot, places[0], place) for spot, place in zip(spots[1:], places[1:], strict=True) if spot.link
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="trust-map" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' width="{width:.0f}" height="{height:.0f}" role="img" aria-labelledby="map-title map-desc"'
        f' font-family="{_FONTS}">\n'
        f'<title id="map-title">{escaped(network.title)}</title>\n'
        f'<desc id="map-desc">{escaped(network.subtitle)}</desc>\n<style>{_STYLE}</style>\n'
        '<defs><marker id="map-head" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="8" markerHeight="8"'
        ' markerUnits="userSpaceOnUse" orient="auto">'
        '<path class="soft" fill="#5b6675" d="M0 0.6L8 4L0 7.4z"/></marker></defs>\n'
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}" fill="#fff"/>\n'
        f"{_heading(network)}\n{lines}\n{discs}\n{_legend(network, height)}\n</svg>\n"
    )


def page(network: Map) -> str:
    """Return a complete HTML page: title, map, and a table of all nodes. Nothing is loaded."""
    rows = "\n".join(_row(spot) for spot in network.spots)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Node", "Status", "Link", "What is known"))
    return frame.page(network.title, network.subtitle, draw(network), head, rows)


def _placed(spots: list[Spot]) -> tuple[list[complex], float, float]:
    """Return where the discs go, no two with their words overlapping; width and height of the canvas."""
    links = [(0, number) for number, spot in enumerate(spots) if number and spot.link]
    sizes = [_box(spot) for spot in spots]
    area = _AIR * sum(width * height for width, height in sizes)
    places = layout.separate(layout.sized(layout.spread(len(spots), links), area, _WIDER), sizes)
    boxes = list(zip(places, sizes, strict=True))
    left, right = min(p.real - w / 2 for p, (w, _) in boxes), max(p.real + w / 2 for p, (w, _) in boxes)
    high, low = min(p.imag - h / 2 for p, (_, h) in boxes), max(p.imag + h / 2 for p, (_, h) in boxes)
    width = max(right - left + 2 * _MARGIN, _NARROWEST)
    shift = complex((width - left - right) / 2, _HEAD + _MARGIN - high)
    return [place + shift for place in places], width, low - high + 2 * _MARGIN + _HEAD + _FOOT


def _box(spot: Spot) -> tuple[float, float]:
    words = max(width_of(short(spot.label), _LABEL), width_of(spot.facts, _FACTS))
    return words + 16, 2 * (_CENTRE + _LABEL + _FACTS + 12)


def _heading(network: Map) -> str:
    x = f'x="{_MARGIN:.0f}"'
    return (
        f'<text class="ink" {x} y="40" font-size="21" font-weight="600" fill="#1c2430">'
        f"{escaped(network.title)}</text>\n"
        f'<text class="soft" {x} y="62" font-size="13" fill="#5b6675">{escaped(network.subtitle)}</text>'
    )


def _disc(spot: Spot, place: complex) -> str:
    radius = _CENTRE if spot.status == "ME" else _RADIUS
    at, under = f'cx="{place.real:.1f}" cy="{place.imag:.1f}"', place.imag + radius
    middle = f'x="{place.real:.1f}" text-anchor="middle"'
    return (
        f'<g class="node"><title>{escaped(spot.id)}\n{escaped(spot.status)}, {escaped(spot.facts)}</title>'
        f'<circle {at} r="{radius:.1f}" fill="{COLOURS[spot.status]}"/>'
        f'<text class="ink halo" {middle} y="{under + _LABEL + 2:.1f}" font-size="{_LABEL:.0f}"'
        f' font-weight="600" fill="#1c2430"{_HALO}>{escaped(short(spot.label))}</text>'
        f'<text class="soft halo" {middle} y="{under + _LABEL + _FACTS + 5:.1f}" font-size="{_FACTS:.0f}"'
        f' fill="#5b6675"{_HALO}>{escaped(spot.facts)}</text></g>'
    )


def _line(spot: Spot, centre: complex, place: complex) -> str:
    ends = (centre, place, (_CENTRE, _RADIUS)) if spot.link == OUT else (place, centre, (_RADIUS, _CENTRE))
    path = curve(*ends, 0)
    return f'<path class="line" d="{path}" fill="none" stroke="#5b6675" marker-end="url(#map-head)"/>'


def _legend(network: Map, height: float) -> str:
    parts, x = [], _MARGIN + 6
    for status, fill in COLOURS.items():
        words = f"{status.lower()} {sum(spot.status == status for spot in network.spots)}"
        parts.append(
            f'<circle cx="{x:.0f}" cy="{height - 24:.0f}" r="6" fill="{fill}"/>'
            f'<text class="soft" x="{x + 12:.0f}" y="{height - 20:.0f}" font-size="12" fill="#5b6675">'
            f"{words}</text>"
        )
        x += 34 + width_of(words, 12)
    return "\n".join(parts)


def _row(spot: Spot) -> str:
    link = {"in": "it dialled us", "out": "we dialled it"}.get(spot.link, "none")
    cells = "".join(f"<td>{escaped(text)}</td>" for text in (spot.status, link, spot.facts))
    return (
        f"<tr><td><bdi>{escaped(spot.label)}</bdi><code><bdi>{escaped(spot.id)}</bdi></code></td>{cells}</tr>"
    )
