"""SVG: the picture for people. One file, no script, nothing loaded, light and dark.

Colours of the page come from CSS variables; every one is also given as a plain attribute, for
programs that know no CSS variables. A curve's and a node's tooltip has what its label leaves out.
"""

from __future__ import annotations

from math import sqrt

from trustcli.pictures import layout, legend
from trustcli.pictures.colours import STEPS, VIEWPOINT, colour, nearest_step
from trustcli.pictures.curves import curve
from trustcli.pictures.graph import name_of, nearest, ordered, viewpoint
from trustcli.pictures.markup import escaped
from trustcli.pictures.width import fitted, width_of
from trustcli.safe import safe
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.graph import Edge, Graph, Node

MAX_DRAWN = 300  # nodes; more is neither laid out in time nor legible
_AIR_FEW, _AIR_MANY = 7.0, 2.6  # canvas per area of the nodes' boxes, in small and in large graphs
_WIDER = 1.45  # pictures are wider than high, as names and screens are
_MARGIN = 34.0
_NARROWEST = 1012.0  # a legend fits
_PAGE = 1400.0  # up to this width a picture is shown at its own size
_LOWEST = 240.0  # pixels of drawing area
_LABEL = 12.0  # font size
_RING = 6.0  # pixels from the viewpoint's disc to its ring
_FEW_EDGES = 60  # up to here lines are drawn at full strength

_STYLE = """
.trust-graph{--paper:#fff;--ink:#1c2430;--soft:#5b6675;--rule:#dde2e8;color-scheme:light dark}
@media(prefers-color-scheme:dark){.trust-graph{--paper:#12161c;--ink:#e8edf3;--soft:#9aa7b6;--rule:#2b333d}}
.trust-graph .paper{fill:var(--paper)}
.trust-graph .ink{fill:var(--ink)}
.trust-graph .soft{fill:var(--soft)}
.trust-graph .rule{stroke:var(--rule)}
.trust-graph .line{stroke:var(--soft)}
.trust-graph .halo{stroke:var(--paper)}
.trust-graph .rim{stroke:var(--paper)}
.trust-graph .edges path:hover{stroke-opacity:1;stroke-width:5px}
.trust-graph .node:hover .rim{stroke:var(--ink)}
"""
_FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', "
    "'Helvetica Neue', Arial, sans-serif"
)


class _Disc(NamedTuple):
    """A node with its place on the canvas."""

    node: Node
    place: complex
    radius: float
    ratings: int  # received
    side: int  # of the label: 1 below, -1 above


def draw(graph: Graph) -> str:
    """Return a complete SVG document with title and legend."""
    return picture(graph, heading=True)


def picture(graph: Graph, *, heading: bool) -> str:
    """Return an `<svg>` element of `graph`; without `heading` the title is only its accessible name."""
    drawn = nearest(graph, MAX_DRAWN)
    discs, width, height = _on_canvas(_placed(drawn))
    zoom = min(max(width / _PAGE, 1.0), 2.0)
    top = 76 * zoom if heading else 8.0
    key = legend.draw(_facts(graph, drawn), width / zoom)
    bottom = top + height + key.height * zoom
    body = [
        f'<rect class="paper" width="{width:.0f}" height="{bottom:.0f}" fill="#fff"/>',
        _moved(_heading(graph, width / zoom), 0, zoom) if heading else "",
        _moved(_drawing(drawn, discs) if discs else _nothing(width, height), top, 1),
        _moved(key.svg, top + height, zoom),
    ]
    return _document(graph, (width, bottom), "\n".join(part for part in body if part))


def _moved(part: str, down: float, zoom: float) -> str:
    """Large pictures are shown small: their words grow with them."""
    return f'<g transform="translate(0 {down:.0f}) scale({zoom:.2f})">\n{part}\n</g>'


def _drawing(drawn: Graph, discs: list[_Disc]) -> str:
    return "\n".join([_edges(drawn, discs), *(_disc(disc) for disc in discs)])


def _document(graph: Graph, size: tuple[float, float], body: str) -> str:
    box = f'viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" width="{size[0]:.0f}" height="{size[1]:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="trust-graph" {box} role="img"'
        f' aria-labelledby="trust-title trust-desc" font-family="{_FONTS}">\n'
        f'<title id="trust-title">{escaped(graph.title)}</title>\n'
        f'<desc id="trust-desc">{escaped(graph.subtitle)}</desc>\n'
        f"<style>{_STYLE}</style>\n<defs>{_markers()}</defs>\n{body}\n</svg>\n"
    )


def _markers() -> str:
    """Return one arrow head for every colour: `context-stroke` is not known everywhere yet."""
    return "".join(
        f'<marker id="trust-head{step}" viewBox="0 0 8 8" refX="1" refY="4"'
        f' markerWidth="10" markerHeight="10"'
        f' markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 0.6L8 4L0 7.4z" fill="{colour(stars)}"/></marker>'
        for step, stars in enumerate(STEPS)
    )


def _heading(graph: Graph, width: float) -> str:
    title, subtitle = safe(graph.title), safe(graph.subtitle)
    start, room = f'x="{_MARGIN:.0f}"', width - 2 * _MARGIN
    return (
        f'<text class="ink" {start} y="40" font-size="21" font-weight="600" fill="#1c2430">'
        f"{escaped(fitted(title, 21, room))}</text>\n"
        f'<text class="soft" {start} y="62" font-size="13" fill="#5b6675">'
        f"{escaped(fitted(subtitle, 13, room))}</text>"
    )


def _nothing(width: float, height: float) -> str:
    place = f'x="{width / 2:.0f}" y="{height / 2:.0f}" text-anchor="middle"'
    return f'<text class="soft" {place} font-size="15" fill="#5b6675">nobody to draw yet</text>'


def _placed(drawn: Graph) -> list[_Disc]:
    """Return the nodes laid out so that neither discs nor labels overlap, in the order of `drawn`."""
    number = {node.id: at for at, node in enumerate(drawn.nodes)}
    ends = [sorted((number[edge.source], number[edge.target])) for edge in drawn.edges]
    links = sorted({(a, b) for a, b in ends if a != b})
    received = [0] * len(number)
    for edge in drawn.edges:
        received[number[edge.target]] += 1
    radii = [_radius(node, count) for node, count in zip(drawn.nodes, received, strict=True)]
    sizes = [_box(node, radius) for node, radius in zip(drawn.nodes, radii, strict=True)]
    air = max(_AIR_MANY, _AIR_FEW - len(sizes) / 20)
    area = air * sum(width * height for width, height in sizes)
    places = layout.sized(layout.spread(len(number), links), area, _WIDER)
    clear = layout.separate(places, sizes)
    sides = _sides(clear, [(number[edge.source], number[edge.target]) for edge in drawn.edges])
    return [_Disc(*each) for each in zip(drawn.nodes, clear, radii, received, sides, strict=True)]


def _sides(places: list[complex], lines: list[tuple[int, int]]) -> list[int]:
    """Return for every node where its label meets fewer lines: 1 below, -1 above."""
    steep = [0] * len(places)
    for a, b in lines:
        way = places[b] - places[a]
        if abs(way.imag) * 2 > abs(way.real):
            steep[a] += 1 if way.imag > 0 else -1
            steep[b] -= 1 if way.imag > 0 else -1
    return [-1 if below > 0 else 1 for below in steep]


def _radius(node: Node, ratings: int) -> float:
    return min((17 if node.is_viewpoint else 12) + 1.8 * sqrt(ratings), 24.0)


def _reach(node: Node, radius: float) -> float:
    """Return how far lines and labels stay away: the disc, or the ring around it."""
    return radius + (_RING if node.is_viewpoint else 0)


def _box(node: Node, radius: float) -> tuple[float, float]:
    """Return width and height that a disc takes with its label below and some air."""
    return (
        max(2 * radius, width_of(name_of(node), _LABEL)) + 14,
        2 * (_reach(node, radius) + _LABEL + 8) + 4,
    )


def _on_canvas(discs: list[_Disc]) -> tuple[list[_Disc], float, float]:
    """Return the discs moved onto a canvas with margins, its width and its height."""
    boxes = [(disc.place, _box(disc.node, disc.radius)) for disc in discs]
    left = min((place.real - box[0] / 2 for place, box in boxes), default=0.0)
    right = max((place.real + box[0] / 2 for place, box in boxes), default=0.0)
    high = min((place.imag - box[1] / 2 for place, box in boxes), default=0.0)
    low = max((place.imag + box[1] / 2 for place, box in boxes), default=0.0)
    width = max(right - left + 2 * _MARGIN, _NARROWEST)
    height = max(low - high + _MARGIN, _LOWEST)
    shift = complex((width - left - right) / 2, (height - low - high) / 2)
    return [disc._replace(place=disc.place + shift) for disc in discs], width, height


def _edges(drawn: Graph, discs: list[_Disc]) -> str:
    """Return all lines, those that count least at the bottom."""
    at = {disc.node.id: disc for disc in discs}
    lanes: dict[tuple[str, str], int] = {}
    lines = []
    for edge in drawn.edges:
        lane = lanes[edge[:2]] = lanes.get(edge[:2], -1) + 1
        lines.append((edge.weight, _edge(edge, at[edge.source], at[edge.target], lane)))
    strength = max(0.55, min(1.0, sqrt(_FEW_EDGES / (len(lines) + 1))))
    body = "\n".join(line for _, line in sorted(lines, key=lambda line: line[0]))
    return f'<g class="edges" fill="none" opacity="{strength:.2f}">\n{body}\n</g>'


def _edge(edge: Edge, source: _Disc, target: _Disc, lane: int) -> str:
    reach = (_reach(source.node, source.radius), _reach(target.node, target.radius))
    path = curve(source.place, target.place, reach, lane)
    dash = "7 5" if edge.private else "none"
    look = f'stroke="{colour(edge.stars)}" stroke-width="{legend.line_width(edge.weight):.1f}"'
    look += f' stroke-opacity="{0.55 + 0.45 * min(max(edge.weight, 0), 1):.2f}" stroke-dasharray="{dash}"'
    tip = (
        f"{escaped(source.node.label)} → {escaped(target.node.label)}\n"
        f"{escaped(edge.category)}: {edge.stars:.1f} stars{', private' if edge.private else ''}\n"
        f"weight of the rater {edge.weight:.2f}\n{escaped(edge.source)} → {escaped(edge.target)}"
    )
    head = f"url(#trust-head{nearest_step(edge.stars)})"
    return f'<path d="{path}" {look} marker-end="{head}"><title>{tip}</title></path>'


def _disc(disc: _Disc) -> str:
    node, x, y = disc.node, f"{disc.place.real:.1f}", f"{disc.place.imag:.1f}"
    at, middle = f'cx="{x}" cy="{y}"', f'x="{x}" text-anchor="middle"'
    fill = VIEWPOINT if node.is_viewpoint and node.score is None else colour(node.score)
    return (
        f'<g class="node"><title>{_tip(disc)}</title>'
        + (_ring(at, disc.radius) if node.is_viewpoint else "")
        + f'<circle class="rim" {at} r="{disc.radius:.1f}" fill="{fill}" stroke="#fff" stroke-width="1.5"/>'
        f'<text {middle} y="{disc.place.imag + 3.8:.1f}" font-size="10.5" font-weight="600" fill="#10151c">'
        f"{_mark(node)}</text>"
        f'<text class="ink halo" {middle} y="{_label_at(disc):.1f}"'
        f' font-size="{_LABEL:.0f}" font-weight="{700 if node.is_viewpoint else 500}" fill="#1c2430"'
        f' stroke="#fff" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke">'
        f"{escaped(name_of(node))}</text></g>"
    )


def _label_at(disc: _Disc) -> float:
    """Return the base line of the label."""
    away = _reach(disc.node, disc.radius) + 5
    return disc.place.imag + (away + _LABEL - 1 if disc.side > 0 else -away - 1)


def _ring(at: str, radius: float) -> str:
    look = f'fill="#fff" stroke="{VIEWPOINT}" stroke-width="2.5"'
    return f'<circle class="paper" {at} r="{radius + _RING:.1f}" {look}/>'


def _mark(node: Node) -> str:
    if node.score is not None:
        return f"{node.score:.1f}"
    return "" if node.is_viewpoint else "?"


def _tip(disc: _Disc) -> str:
    node = disc.node
    score = "score unknown" if node.score is None else f"{node.score:.1f} stars"
    received = f"{disc.ratings:,} rating{'' if disc.ratings == 1 else 's'} received here"
    return f"{escaped(node.label)}\n{escaped(node.id)}\n{score}, {received}"


def _facts(graph: Graph, drawn: Graph) -> legend.Facts:
    whole = ordered(graph)
    middle = viewpoint(graph)
    return legend.Facts(
        viewpoint=name_of(middle) if middle else None,
        nodes=(len(drawn.nodes), len(whole.nodes)),
        edges=(len(drawn.edges), len(whole.edges)),
    )
