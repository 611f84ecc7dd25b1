"""CSV: one rating a line, for spreadsheets and statistics (RFC 4180, with LF line ends)."""

from __future__ import annotations

import csv
from io import StringIO

from trustcli.pictures.graph import ordered, spelled
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.graph import Graph

HEADER = ("source", "source_label", "target", "target_label", "category", "stars", "weight", "private")
_FORMULA = (
    "=+-@\t\r\uff1d\uff0b\uff0d\uff20"  # what spreadsheets take for a formula, full-width forms included
)


def draw(graph: Graph) -> str:
    """Return a header and one line an edge: ids, labels, category, stars, weight 0..1, true or false."""
    graph = ordered(graph)
    names = spelled(graph)
    labels = {node.id: safe(node.label) for node in graph.nodes}
    out = StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write(HEADER)
    for edge in graph.edges:
        ends = [names[edge.source], labels[edge.source], names[edge.target], labels[edge.target]]
        numbers = [f"{edge.stars:g}", f"{edge.weight:g}", "true" if edge.private else "false"]
        write([_cell(text) for text in (*ends, safe(edge.category))] + numbers)
    return out.getvalue()


def _cell(text: str) -> str:
    """Return `text` so that no spreadsheet computes it (OWASP, CSV injection)."""
    return "'" + text if text[:1] and text[0] in _FORMULA else text
