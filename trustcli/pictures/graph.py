"""What is drawn: who rates whom, as one viewpoint sees it. Values only, and their order."""

from __future__ import annotations

from trustcli.safe import safe
from trustcli.value import NamedTuple

MAX_LABEL = 24  # characters of a name in a picture; tooltips and data files have all of it


class Node(NamedTuple):
    """Somebody who rates or is rated."""

    id: str  # did:key… or a URI: the truth
    label: str  # petname or short form; text of others
    score: float | None  # stars 1..5 as the viewpoint sees them; None: unknown
    is_viewpoint: bool


class Edge(NamedTuple):
    """One live rating."""

    source: str  # id of the rater
    target: str  # id of the rated
    stars: float  # 1.0..5.0
    category: str
    weight: float  # 0..1: how much the viewpoint trusts the source
    private: bool  # never sent to peers


class Graph(NamedTuple):
    """Nodes and edges in any order; `subtitle` says as of when and by which model."""

    title: str
    subtitle: str
    nodes: list[Node]
    edges: list[Edge]


def ordered(graph: Graph) -> Graph:
    """Return `graph` with nodes sorted by id, each once, and edges by (source, target, category).

    An end of an edge that is missing among the nodes becomes a node of unknown score.
    """
    ends = {end for edge in graph.edges for end in edge[:2]}
    nodes = {end: Node(end, end, None, False) for end in ends}
    nodes.update({node.id: node for node in sorted(graph.nodes, key=_by_truth)})
    edges = sorted(graph.edges, key=lambda edge: (edge.source, edge.target, edge.category, edge))
    return graph._replace(nodes=sorted(nodes.values(), key=_by_truth), edges=edges)


def _by_truth(node: Node) -> tuple[str, bool, str]:
    return (node.id, node.is_viewpoint, node.label)


def viewpoint(graph: Graph) -> Node | None:
    """Return the node whose view this is; None if the graph has none."""
    return min((node for node in graph.nodes if node.is_viewpoint), key=_by_truth, default=None)


def short(label: str) -> str:
    """Return `label` made harmless and at most MAX_LABEL characters long."""
    shown = safe(label)
    return shown if len(shown) <= MAX_LABEL else shown[: MAX_LABEL - 1].rstrip() + "…"


def name_of(node: Node) -> str:
    """Return what stands at `node` in a picture: its label, or its id if the label is blank; cut."""
    return short(node.label if node.label.strip() else node.id)


def spelled(graph: Graph) -> dict[str, str]:
    """Return id -> the id as a text format can hold it; different ids stay different.

    Most ids are plain and are kept. Of two that look the same once made harmless, the one that had
    to be changed gets a tail, so that nobody can take another's place in a drawing.
    """
    names: dict[str, str] = {}
    used: set[str] = set()
    for known in sorted((node.id for node in graph.nodes), key=lambda each: (safe(each) != each, each)):
        name = safe(known)
        while name in used:
            name += "~"
        used.add(name)
        names[known] = name
    return names


def nearest(graph: Graph, limit: int) -> Graph:
    """Return the part of `graph` to draw: at most `limit` nodes, the most telling first.

    Order: steps from the viewpoint (along edges in either direction), then more neighbours, then id.
    """
    graph = ordered(graph)
    around = _neighbours(graph)
    steps = _steps(graph, around)
    far = len(graph.nodes)
    rank = {node.id: (steps.get(node.id, far), -len(around[node.id]), node.id) for node in graph.nodes}
    nodes = sorted(graph.nodes, key=lambda node: rank[node.id])[:limit]
    kept = {node.id for node in nodes}
    edges = [edge for edge in graph.edges if edge.source in kept and edge.target in kept]
    return graph._replace(nodes=nodes, edges=edges)


def _neighbours(graph: Graph) -> dict[str, set[str]]:
    around: dict[str, set[str]] = {node.id: set() for node in graph.nodes}
    for edge in graph.edges:
        around.setdefault(edge.source, set()).add(edge.target)
        around.setdefault(edge.target, set()).add(edge.source)
    return around


def _steps(graph: Graph, around: dict[str, set[str]]) -> dict[str, int]:
    """Breadth first from the viewpoint."""
    steps = {node.id: 0 for node in graph.nodes if node.is_viewpoint}
    front = list(steps)
    while front:
        reached = {other for here in front for other in around[here] if other not in steps}
        steps.update(dict.fromkeys(reached, steps[front[0]] + 1))
        front = list(reached)
    return steps
