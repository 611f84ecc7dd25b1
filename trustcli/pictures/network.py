"""The map of a network in every format."""

from __future__ import annotations

import json

from trustcli.errors import UsageError
from trustcli.pictures import network_svg
from trustcli.pictures.dot import quoted as dot_text
from trustcli.pictures.graph import short
from trustcli.pictures.mermaid import text as mermaid_text
from trustcli.pictures.mermaid import yaml as yaml_text
from trustcli.pictures.network_map import COLOURS
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.pictures.network_map import Map

FORMATS = ("dot", "html", "json", "mermaid", "svg")


def draw(name: str, network: Map) -> str:
    """Return the map in one of FORMATS: text that ends in a newline.

    Raises:
        UsageError: there is no such format.
    """
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
    lines += [f"  n{source} -> n{target};" for source, target in network.links]
    return "\n".join([*lines, "}", ""])


def mermaid(network: Map) -> str:
    """Return a flowchart; arrows lead from who dialled to who answered."""
    lines = ["---", f"title: {yaml_text(f'{network.title} · {network.subtitle}')}", "---", "flowchart LR"]
    lines += [
        f'  n{number}["{mermaid_text(short(spot.label))} · {spot.status}"]:::{spot.status}'
        for number, spot in enumerate(network.spots)
    ]
    lines += [f"  n{source} --> n{target}" for source, target in network.links]
    lines += [f"  classDef {status} fill:{fill},color:#111" for status, fill in COLOURS.items()]
    return "\n".join([*lines, ""])


def document(network: Map) -> str:
    """Return one line of ASCII JSON: title, subtitle, nodes, links by did."""
    spots = network.spots
    nodes = [{**spot._asdict(), "label": safe(spot.label), "facts": safe(spot.facts)} for spot in spots]
    links = [{"from": spots[source].id, "to": spots[target].id} for source, target in network.links]
    whole = {"title": safe(network.title), "subtitle": safe(network.subtitle), "nodes": nodes, "links": links}
    return json.dumps(whole, ensure_ascii=True, separators=(",", ":")) + "\n"
