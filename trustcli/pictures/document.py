"""JSON: the whole graph as one object, for programs."""

from __future__ import annotations

import json

from trustcli.pictures.graph import ordered, viewpoint
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.graph import Graph, Node


def draw(graph: Graph) -> str:
    """Return one line of ASCII JSON: viewpoint, title, subtitle, nodes, edges.

    Ids and categories are exact; labels and titles are for people and made harmless. An unknown
    score is null.
    """
    graph = ordered(graph)
    middle = viewpoint(graph)
    document = {
        "viewpoint": middle.id if middle else None,
        "title": safe(graph.title),
        "subtitle": safe(graph.subtitle),
        "nodes": [_node(node) for node in graph.nodes],
        "edges": [edge._asdict() for edge in graph.edges],
    }
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")) + "\n"


def _node(node: Node) -> dict[str, object]:
    return {"id": node.id, "label": safe(node.label), "score": node.score}
