"""DOT, for Graphviz (graphviz.org, "The DOT Language")."""

from __future__ import annotations

from trustcli.pictures.colours import UNKNOWN, VIEWPOINT, colour
from trustcli.pictures.graph import ordered, short, spelled
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.graph import Edge, Graph, Node

_STYLE = (
    '  graph [rankdir=LR, labelloc=t, fontname="Helvetica", overlap=false, splines=true];',
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, penwidth=0];',
    '  edge [fontname="Helvetica", fontsize=9, arrowsize=0.7];',
)


def draw(graph: Graph) -> str:
    """Return a digraph, one statement a line; node names are the ids."""
    graph = ordered(graph)
    names = spelled(graph)
    title = f"  label={_text(graph.title + ' · ' + graph.subtitle)};"
    nodes = [_node(node, names[node.id]) for node in graph.nodes]
    edges = [_edge(edge, names) for edge in graph.edges]
    return "\n".join(["digraph trust {", *_STYLE, title, *nodes, *edges, "}", ""])


def _node(node: Node, name: str) -> str:
    stars = "unknown" if node.score is None else f"{node.score:.1f} stars"
    ring = f', penwidth=3, color="{VIEWPOINT}"' if node.is_viewpoint else ""
    fill = UNKNOWN if node.score is None else colour(node.score)
    tip = _text(f"{node.label} · {name} · {stars}")
    return f'  {_quoted(name)} [label={_text(short(node.label))}, tooltip={tip}, fillcolor="{fill}"{ring}];'


def _edge(edge: Edge, names: dict[str, str]) -> str:
    label = f"{edge.category} {edge.stars:.1f}"
    width = f"penwidth={0.8 + 2.7 * edge.weight:.2f}"
    dash = ", style=dashed" if edge.private else ""
    tip = _text(f"{names[edge.source]} → {names[edge.target]} · {label}")
    ends = f"{_quoted(names[edge.source])} -> {_quoted(names[edge.target])}"
    return f'  {ends} [label={_text(label)}, tooltip={tip}, color="{colour(edge.stars)}", {width}{dash}];'


def _text(text: str) -> str:
    """Return a quoted string that is shown as it is: no entity, no `\\N`, no `\\n` in it means anything."""
    return _quoted(safe(text).replace("&", "&amp;"))


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
