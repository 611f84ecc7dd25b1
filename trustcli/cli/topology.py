"""`trust topology`."""

from __future__ import annotations

from trustcli.cli import network as shown
from trustcli.cli.declare import Reply, option
from trustcli.cli.export import written
from trustcli.pictures import network as pictures
from trustcli.pictures.network_map import IN, Map, Spot
from trustcli.timing import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.node import Node
    from trustcli.node.network import Network, Standing

_ORDER = ("ACTIVE", "INACTIVE", "BANNED")
_LOOKS = {"ACTIVE": "green", "INACTIVE": "dim", "BANNED": "red"}


def topology(
    session: Session,
    *,
    format_: str | None = option(
        "--format",
        "-f",
        help=f"{', '.join(pictures.FORMATS)}; default by the name of the output, else a table",
        choices=pictures.FORMATS,
        metavar="FORMAT",
    ),
    output: str | None = option(
        "--output", "-o", help="write to FILE (never overwritten)", metavar="FILE", complete="files"
    ),
) -> Reply:
    """Draw the network as this node knows it: who announced itself, who is there, whom we are linked to.

    Status, uptime and reputation are what this node observed; links are its own. Nobody else is told.

    Examples:
      trust topology
      trust topology --format html -o network.html
    """
    from trustcli.node.network import survey  # noqa: PLC0415

    network = survey(session.node)
    ending = output.rpartition(".")[2] if output else ""
    name = format_ or (ending if ending in pictures.FORMATS else "dot" if output else None)
    if name is None:
        return _table(network)
    picture = map_of(session.node, network)
    text = pictures.draw(name, picture)
    data = {
        "format": name,
        "nodes": len(picture.spots),
        "links": sum(bool(one.link) for one in picture.others),
    }
    if output and output != "-":
        size = written(output, iter([text.encode()]))
        row = ("drawn", output, name, f"{data['nodes']} nodes", f"{data['links']} links")
        return Reply("topology", data={**data, "file": output, "bytes": size}, rows=[row])
    return Reply("topology", data={**data, "text": text} if session.json else {}, text=[text])


def _table(network: Network | None) -> Reply:
    if network is None:
        return Reply(
            "topology", data={"nodes": []}, notes=("no other node is known yet",), next="trust sync URL"
        )
    return Reply(
        "topology",
        data={"nodes": [shown.node_data(one) for one in network.nodes]},
        head=shown.HEAD,
        rows=[shown.cells(one, network.now) for one in network.nodes],
        draw=lambda console: _draw(console, network),
    )


def _draw(console: Any, network: Network) -> None:
    """Draw a tree: the links first (← it dialled us, → we dialled it), then the others by status."""
    from rich.text import Text  # noqa: PLC0415  drawing is for terminals only
    from rich.tree import Tree  # noqa: PLC0415

    tree = Tree(Text("me", style="bold"), guide_style="dim")
    linked = [one for one in network.nodes if one.linked is not None]
    for title, part in (
        ("linked", linked),
        *(
            (status, [one for one in network.nodes if one.status == status and one.linked is None])
            for status in _ORDER
        ),
    ):
        if part:
            branch = tree.add(Text(f"{title} ({len(part)})"))
            for one in part:
                branch.add(_line(one, network.now))
    console.print(Text(shown.summary(network)), soft_wrap=True)
    console.print(tree)


def _line(one: Standing, now: int) -> Any:
    from rich.text import Text  # noqa: PLC0415

    from trustcli.safe import safe  # noqa: PLC0415

    line = Text()
    line.append("● ", style=_LOOKS[one.status])
    line.append(safe(one.subject.label), style="bold")
    _, state, reputation, uptime, heard, _ = shown.cells(one, now)
    line.append(f"  {state}  {reputation}  up {uptime}  heard {heard}")
    if one.linked is not None:
        line.append("  ← it" if one.direction == IN else "  → it", style="dim")
    return line


def map_of(node: Node, network: Network | None) -> Map:
    """Return the network as a picture, this node in the middle."""
    now = node.clock()
    me = node.me_or_none() or "nobody yet"
    nodes = network.nodes if network else []
    others = [
        Spot(
            one.subject.id,
            one.subject.label,
            one.status,
            _facts(one, now),
            (one.direction or "") if one.linked else "",
        )
        for one in sorted(nodes, key=lambda one: one.linked is None)
    ]
    active = len(network.active) if network else 0
    subtitle = f"as of {rfc3339(now)}, {len(nodes)} other nodes, {active} active, as seen by this node"
    return Map("Network around me", subtitle, Spot(me, "me", "ME", "this node"), others)


def _facts(one: Standing, now: int) -> str:
    _, _, reputation, uptime, heard, _ = shown.cells(one, now)
    known = [f"reputation {reputation}"] if one.stars is not None else []
    known += [f"up {uptime}"] if one.uptime is not None else []
    return ", ".join([*known, f"heard {heard}"])
