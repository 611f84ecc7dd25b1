"""GraphML, for Gephi, yEd, Cytoscape and networkx (graphdrawing.org, GraphML 1.0)."""

from __future__ import annotations

from trustcli.pictures.graph import ordered, spelled
from trustcli.pictures.markup import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.graph import Edge, Graph, Node

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""
_KEYS = (
    ("graph", "title", "string"),
    ("graph", "subtitle", "string"),
    ("node", "label", "string"),
    ("node", "score", "double"),
    ("node", "viewpoint", "boolean"),
    ("edge", "stars", "double"),
    ("edge", "category", "string"),
    ("edge", "weight", "double"),
    ("edge", "private", "boolean"),
)


def draw(graph: Graph) -> str:
    """Return a GraphML document; a node without a `score` is one whose score is unknown."""
    graph = ordered(graph)
    names = spelled(graph)
    keys = [
        f'<key id="{name}" for="{of}" attr.name="{name}" attr.type="{kind}"/>' for of, name, kind in _KEYS
    ]
    about = _data("title", graph.title) + _data("subtitle", graph.subtitle)
    nodes = [_node(node, names[node.id]) for node in graph.nodes]
    edges = [_edge(number, edge, names) for number, edge in enumerate(graph.edges)]
    head = [*keys, '<graph id="trust" edgedefault="directed">', about]
    return _HEAD + "\n".join([*head, *nodes, *edges, "</graph>", "</graphml>", ""])


def _node(node: Node, name: str) -> str:
    score = "" if node.score is None else _data("score", f"{node.score:g}")
    data = _data("label", node.label) + score + _data("viewpoint", _boolean(node.is_viewpoint))
    return f'<node id="{escaped(name)}">{data}</node>'


def _edge(number: int, edge: Edge, names: dict[str, str]) -> str:
    data = _data("stars", f"{edge.stars:g}") + _data("category", edge.category)
    data += _data("weight", f"{edge.weight:g}") + _data("private", _boolean(edge.private))
    ends = f'source="{escaped(names[edge.source])}" target="{escaped(names[edge.target])}"'
    return f'<edge id="e{number}" {ends}>{data}</edge>'


def _data(key: str, value: str) -> str:
    return f'<data key="{key}">{escaped(value)}</data>'


def _boolean(value: bool) -> str:
    return "true" if value else "false"
