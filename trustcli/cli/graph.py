"""`trust graph`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, option
from trustcli.cli.export import written
from trustcli.cli.score import AS_OF, CATEGORY, FROM, MODEL, inquire
from trustcli.errors import UsageError
from trustcli.pictures import FORMATS, draw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def graph(
    session: Session,
    *,
    format_: str | None = option(
        "--format",
        "-f",
        help=f"{', '.join(FORMATS)}; default by the name of the output, else dot",
        choices=tuple(FORMATS),
        metavar="FORMAT",
    ),
    depth: int = option(
        "--depth", help="ratings away from the viewpoint; default 2", kind=int, default=2, metavar="N"
    ),
    category: str | None = CATEGORY,
    from_: str | None = FROM,
    model: str | None = MODEL,
    as_of: str | None = AS_OF,
    output: str | None = option(
        "--output", "-o", help="write to FILE (never overwritten)", metavar="FILE", complete="files"
    ),
) -> Reply:
    """Draw who rates whom around you. svg and html open in a browser without network.

    Examples:
      trust graph --format html -o trust.html
      trust graph | dot -Tpng > trust.png
    """
    from trustcli.node import drawing  # noqa: PLC0415

    if not 1 <= depth <= 6:
        raise UsageError("--depth is 1 to 6")
    inquiry = inquire(session, from_, category, model, as_of, None, human_only=False)
    picture = drawing.graph(inquiry, depth)
    ending = output.rpartition(".")[2] if output else ""
    name = format_ or (ending if ending in FORMATS else "dot")
    text = draw(name, picture)
    data = {"format": name, "nodes": len(picture.nodes), "edges": len(picture.edges)}
    if output and output != "-":
        size = written(output, iter([text.encode()]))
        row = ("drawn", output, name, f"{len(picture.nodes)} nodes", f"{len(picture.edges)} ratings")
        return Reply("graph", data={**data, "file": output, "bytes": size}, rows=[row])
    return Reply("graph", data={**data, "text": text} if session.json else {}, text=[text])
