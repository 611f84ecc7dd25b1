"""HTML: the picture on a page with its ratings as a table. No script, nothing loaded."""

from __future__ import annotations

from trustcli.pictures import svg
from trustcli.pictures.graph import name_of, ordered
from trustcli.pictures.markup import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.pictures.graph import Edge, Graph

MAX_ROWS = 500  # ratings in the table; all of them are in the data formats
_COLUMNS = ("From", "To", "Category", "Stars", "Weight", "Kept")
_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--soft:#5b6675;--rule:#dde2e8}
@media(prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e8edf3;--soft:#9aa7b6;--rule:#2b333d}}
body{margin:0 auto;max-width:90rem;padding:2rem 1.5rem 4rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}
h1{font-size:1.6rem;line-height:1.2;margin:0}
p,caption{color:var(--soft);margin:.3rem 0 1rem}
figure{margin:0 0 2rem}
figure svg{display:block;width:100%;height:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--rule)}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
td{overflow-wrap:anywhere}
code{display:block;color:var(--soft);font-size:.75rem}
"""


def draw(graph: Graph) -> str:
    """Return a complete page: title, picture, and a table of the first MAX_ROWS ratings."""
    graph = ordered(graph)
    labels = {node.id: name_of(node) for node in graph.nodes}
    rows = "\n".join(_row(edge, labels) for edge in graph.edges[:MAX_ROWS])
    head = "".join(f'<th scope="col"{_kind(name)}>{name}</th>' for name in _COLUMNS)
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped(graph.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escaped(graph.title)}</h1>
<p>{escaped(graph.subtitle)}</p>
<figure>
{svg.picture(graph, heading=False)}</figure>
<table>
<caption>{_caption(len(graph.edges))}</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</main>
</body>
</html>
"""


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
