"""Mermaid, for Markdown pages (mermaid.js.org, flowchart syntax).

Mermaid itself refuses more than 500 edges or 50,000 characters unless its page is set up otherwise.
"""

from __future__ import annotations

from trustcli.pictures.colours import STEPS, UNKNOWN, VIEWPOINT, colour, nearest_step
from trustcli.pictures.graph import name_of, ordered
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.graph import Edge, Graph, Node

_HEAVY = 0.5  # weight from which an arrow is thick
_PLAIN = frozenset(" .,-_/…·")  # besides letters and digits: all else could mean something somewhere


def draw(graph: Graph) -> str:
    """Return a left-to-right flowchart with made-up node ids, one statement a line."""
    graph = ordered(graph)
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    head = ["---", f"title: {yaml(graph.title + ' · ' + graph.subtitle)}", "---", "flowchart LR"]
    nodes = [f'  {names[node.id]}["{text(name_of(node))}{_stars(node)}"]' for node in graph.nodes]
    edges = [_edge(edge, names) for edge in graph.edges]
    return "\n".join([*head, *nodes, *edges, *_classes(graph, names), ""])


def _stars(node: Node) -> str:
    return "" if node.score is None else f" · {node.score:.1f}"


def _edge(edge: Edge, names: dict[str, str]) -> str:
    arrow = "-.->" if edge.private else "==>" if edge.weight >= _HEAVY else "-->"
    label = f"{text(edge.category)} {edge.stars:.1f}"
    return f'  {names[edge.source]} {arrow}|"{label}"| {names[edge.target]}'


def _classes(graph: Graph, names: dict[str, str]) -> list[str]:
    """Colour by score, ring the viewpoint."""
    members: dict[str, list[str]] = {}
    for node in graph.nodes:
        kind = "unknown" if node.score is None else f"step{nearest_step(node.score)}"
        members.setdefault(kind, []).append(names[node.id])
        if node.is_viewpoint:
            members.setdefault("viewpoint", []).append(names[node.id])
    looks = {f"step{step}": f"fill:{colour(stars)},color:#111" for step, stars in enumerate(STEPS)}
    looks |= {"unknown": f"fill:{UNKNOWN},color:#111", "viewpoint": f"stroke:{VIEWPOINT},stroke-width:4px"}
    lines = [
        (f"  classDef {kind} {looks[kind]}", f"  class {','.join(members[kind])} {kind}")
        for kind in looks
        if kind in members
    ]
    return [line for pair in lines for line in pair]


def text(text: str) -> str:
    """Return `text` with everything but letters, digits and a few marks as `#code;`.

    Mermaid looks for `%%{`, `style…:…#` and `:::` in the whole source, quoted or not.
    """
    return "".join(char if char.isalnum() or char in _PLAIN else f"#{ord(char)};" for char in safe(text))


def yaml(text: str) -> str:
    """Return `text` as a YAML double-quoted scalar of ASCII letters, digits and escapes."""
    return '"' + "".join(_plain_or_code(char) for char in safe(text)) + '"'


def _plain_or_code(char: str) -> str:
    return char if char.isascii() and (char.isalnum() or char in " .,-") else f"\\U{ord(char):08X}"
