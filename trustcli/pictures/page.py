"""HTML: the picture on a page with its ratings as a table."""

from __future__ import annotations

from trustcli.pictures import svg
from trustcli.pictures.frame import page
from trustcli.pictures.graph import name_of, ordered
from trustcli.pictures.markup import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.graph import Edge, Graph

MAX_ROWS = 500  # ratings in the table; all of them are in the data formats
_COLUMNS = ("From", "To", "Category", "Stars", "Weight", "Kept")


def draw(graph: Graph) -> str:
    """Return a complete page: title, picture, and a table of the first MAX_ROWS ratings."""
    graph = ordered(graph)
    labels = {node.id: name_of(node) for node in graph.nodes}
    rows = "\n".join(_row(edge, labels) for edge in graph.edges[:MAX_ROWS])
    head = "".join(f'<th scope="col"{_kind(name)}>{name}</th>' for name in _COLUMNS)
    caption = f"<caption>{_caption(len(graph.edges))}</caption>\n"
    return page(graph.title, graph.subtitle, svg.picture(graph, heading=False), head, rows, caption)


def _caption(count: int) -> str:
    if count > MAX_ROWS:
        return f"The first {MAX_ROWS:,} of {count:,} ratings, by rater"
    return "1 rating" if count == 1 else f"{count:,} ratings, by rater"


def _kind(column: str) -> str:
    return ' class="number"' if column in ("Stars", "Weight") else ""


def _row(edge: Edge, labels: dict[str, str]) -> str:
    ends = "".join(
        f"<td><bdi>{escaped(labels[end])}</bdi><code><bdi>{escaped(end)}</bdi></code></td>"
        for end in edge[:2]
    )
    numbers = f'<td class="number">{edge.stars:.1f}</td><td class="number">{edge.weight:.2f}</td>'
    kept = "private" if edge.private else "public"
    return f"<tr>{ends}<td>{escaped(edge.category)}</td>{numbers}<td>{kept}</td></tr>"
