"""DOT, for Graphviz (graphviz.org, "The DOT Language")."""

from __future__ import annotations

from trustcli.pictures.colours import UNKNOWN, VIEWPOINT, colour
from trustcli.pictures.graph import name_of, ordered, spelled
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.graph import Edge, Graph, Node

_STYLE = (
    '  graph [rankdir=LR, labelloc=t, fontname="Helvetica", overlap=false, splines=true];',
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, penwidth=0];',
    '  edge [fontname="Helvetica", fontsize=9, arrowsize=0.7];',
)

_LONGEST = 1000  # characters of a title or tooltip: some Graphviz read no string over 16 KiB


def draw(graph: Graph) -> str:
    """Return a digraph, one statement a line; node names are the ids."""
    graph = ordered(graph)
    names = spelled(graph)
    title = f"  label={_cut(graph.title + ' · ' + graph.subtitle)};"
    nodes = [_node(node, names[node.id]) for node in graph.nodes]
    edges = [_edge(edge, names) for edge in graph.edges]
    return "\n".join(["digraph trust {", *_STYLE, title, *nodes, *edges, "}", ""])


def _node(node: Node, name: str) -> str:
    stars = "unknown" if node.score is None else f"{node.score:.1f} stars"
    ring = f', penwidth=3, color="{VIEWPOINT}"' if node.is_viewpoint else ""
    fill = UNKNOWN if node.score is None else colour(node.score)
    tip = _cut(f"{node.label} · {name} · {stars}")
    return f'  {quoted(name)} [label={quoted(name_of(node))}, tooltip={tip}, fillcolor="{fill}"{ring}];'


def _edge(edge: Edge, names: dict[str, str]) -> str:
    label = f"{edge.category} {edge.stars:.1f}"
    width = f"penwidth={0.8 + 2.7 * edge.weight:.2f}"
    dash = ", style=dashed" if edge.private else ""
    tip = _cut(f"{names[edge.source]} → {names[edge.target]} · {label}")
    ends = f"{quoted(names[edge.source])} -> {quoted(names[edge.target])}"
    return f'  {ends} [label={_cut(label)}, tooltip={tip}, color="{colour(edge.stars)}", {width}{dash}];'


def _cut(text: str) -> str:
    shown = safe(text)
    return quoted(shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…")


def quoted(text: str) -> str:
    r"""Return a quoted string that is shown as it is: no entity, no `\N`, no `\n` in it means anything.

    Names of nodes too: Graphviz copies `&#27;` in a name into its SVG, and no browser opens that.
    """
    escaped = safe(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
