"""A map of a network around one node: who is there, and to whom that node has links.

Links of others are not on it: they are not ours to show, and nobody tells us.
"""

from __future__ import annotations

import json

from trustcli.errors import UsageError
from trustcli.pictures.colours import UNKNOWN, VIEWPOINT, colour
from trustcli.pictures.dot import _text as dot_text
from trustcli.pictures.graph import short
from trustcli.pictures.mermaid import _text as mermaid_text
from trustcli.pictures.mermaid import _yaml as yaml_text
from trustcli.safe import safe
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

IN, OUT = "in", "out"


class Spot(NamedTuple):
    """One node. Texts are of others and not yet harmless.

    `id` is a did:key, `status` ME, ACTIVE, INACTIVE or BANNED, `facts` what else is known in a few words;
    `link` is `in` (it dialled), `out` (we did) or empty.
    """

    id: str
    label: str
    status: str
    facts: str
    link: str = ""


class Map(NamedTuple):
    """The node in the middle, then the others, the most telling first."""

    title: str
    subtitle: str
    middle: Spot
    others: list[Spot]

    @property
    def spots(self) -> list[Spot]:
        """All nodes, the middle first."""
        return [self.middle, *self.others]


COLOURS = {"ME": VIEWPOINT, "ACTIVE": colour(5), "INACTIVE": UNKNOWN, "BANNED": colour(1)}
"""Status → `#rrggbb`; the status also stands in words wherever the colour does."""

FORMATS = ("dot", "html", "json", "mermaid", "svg")


def draw(name: str, network: Map) -> str:
    """Return the map in one of FORMATS: text that ends in a newline.

    Raises:
        UsageError: there is no such format.
    """
    from trustcli.pictures import network_svg  # noqa: PLC0415  one needs the other's values

    ways: dict[str, Callable[[Map], str]] = {
        "dot": dot,
        "html": network_svg.page,
        "json": document,
        "mermaid": mermaid,
        "svg": network_svg.draw,
    }
    if name not in ways:
        raise UsageError(f"there is no format {name!a}", hint="one of: " + ", ".join(FORMATS))
    return ways[name](network)


def dot(network: Map) -> str:
    """Return a digraph; arrows lead from who dialled to who answered."""
    title = dot_text(f"{network.title} · {network.subtitle}")
    lines = ["digraph network {", f"  graph [layout=neato, overlap=false, labelloc=t, label={title}];"]
    lines.append('  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, penwidth=0];')
    for number, spot in enumerate(network.spots):
        label, tip = dot_text(f"{short(spot.label)} · {spot.status}"), dot_text(f"{spot.id} · {spot.facts}")
        lines.append(f'  n{number} [label={label}, tooltip={tip}, fillcolor="{COLOURS[spot.status]}"];')
    lines += [f"  n{source} -> n{target};" for source, target in _links(network)]
    return "\n".join([*lines, "}", ""])


def mermaid(network: Map) -> str:
    """Return a flowchart; arrows lead from who dialled to who answered."""
    lines = ["---", f"title: {yaml_text(f'{network.title} · {network.subtitle}')}", "---", "flowchart LR"]
    lines += [
        f'  n{number}["{mermaid_text(short(spot.label))} · {spot.status}"]:::{spot.status}'
        for number, spot in enumerate(network.spots)
    ]
    lines += [f"  n{source} --> n{target}" for source, target in _links(network)]
    lines += [f"  classDef {status} fill:{fill},color:#111" for status, fill in COLOURS.items()]
    return "\n".join([*lines, ""])


def document(network: Map) -> str:
    """Return one line of ASCII JSON: title, subtitle, nodes, links by did."""
    spots = network.spots
    nodes = [{**spot._asdict(), "label": safe(spot.label), "facts": safe(spot.facts)} for spot in spots]
    links = [{"from": spots[source].id, "to": spots[target].id} for source, target in _links(network)]
    whole = {"title": safe(network.title), "subtitle": safe(network.subtitle), "nodes": nodes, "links": links}
    return json.dumps(whole, ensure_ascii=True, separators=(",", ":")) + "\n"


def _links(network: Map) -> list[tuple[int, int]]:
    """Return (number of the dialler, number of the listener)."""
    return [
        (0, number) if spot.link == OUT else (number, 0)
        for number, spot in enumerate(network.others, 1)
        if spot.link
    ]
