"""A trust graph as a picture or as a file for another program: one module a format, all pure."""

from __future__ import annotations

from trustcli.errors import UsageError
from trustcli.pictures.graph import Edge, Graph, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FORMATS", "Edge", "Graph", "Node", "draw"]

FORMATS: dict[str, str] = {
    "csv": "trustcli.pictures.edge_list",
    "dot": "trustcli.pictures.dot",
    "graphml": "trustcli.pictures.graphml",
    "html": "trustcli.pictures.page",
    "json": "trustcli.pictures.document",
    "mermaid": "trustcli.pictures.mermaid",
    "svg": "trustcli.pictures.svg",
}
"""Name of a format -> the module whose `draw(graph) -> str` makes it; loaded when asked for."""


def draw(name: str, graph: Graph) -> str:
    """Return `graph` in the format `name`: text that ends in a newline, same graph, same bytes.

    Raises:
        UsageError: there is no such format.
    """
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!a}", hint="one of: " + ", ".join(FORMATS))
    import importlib  # noqa: PLC0415  most runs draw nothing

    make: Callable[[Graph], str] = importlib.import_module(FORMATS[name]).draw
    return make(graph)
