"""How a network is shown: in `trust status`, and as the table of `trust topology`."""

from __future__ import annotations

from trustcli.cli.shown import exact, moment
from trustcli.mesh.liveness import BANNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.node.network import Network, Standing

SHOWN = 20  # nodes listed by `trust status`; `trust topology` lists all
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))


def rows(network: Network | None) -> list[tuple[str, ...]]:
    """Return the rows of `trust status` about the network: one for all, one a node."""
    if network is None:
        return []
    return [
        ("network", summary(network)),
        *(("node", *cells(one, network.now)) for one in network.nodes[:SHOWN]),
    ]


def summary(network: Network) -> str:
    """Return how many nodes there are, how many are there now, and where our own ledger stands."""
    total, banned = len(network.nodes), sum(one.status == BANNED for one in network.nodes)
    parts = [f"{total} other node{'s' * (total != 1)}, {len(network.active)} active"]
    parts[0] += f", {banned} banned" if banned else ""
    parts.append(f"head {network.fingerprint[:8]}, {network.records} records")
    parts.append(f"last record {ago(network.last, network.now)}")
    if total > SHOWN:
        parts.append(f"the first {SHOWN} follow: trust topology shows all")
    return " · ".join(parts)


def cells(one: Standing, now: int) -> tuple[str, ...]:
    """Return a node in words: name, status, reputation, uptime, when last heard, how we are connected."""
    reputation = "-" if one.reputation is None else f"{one.reputation:.0f}/100"
    uptime = "-" if one.uptime is None else f"{one.uptime:.1f} %"
    link = "-" if one.linked is None else {"in": "from it", "out": "to it"}.get(one.direction or "", "yes")
    return (one.subject.label, one.status, reputation, uptime, ago(one.heard, now), link)


HEAD = ("NODE", "STATUS", "REPUTATION", "UPTIME", "LAST HEARD", "LINK")
"""Titles of `cells`."""


def data(network: Network | None) -> dict[str, Any] | None:
    """Return the network as JSON."""
    if network is None:
        return None
    return {
        "nodes": len(network.nodes),
        "active": len(network.active),
        "records": network.records,
        "fingerprint": network.fingerprint,
        "last": moment(network.last),
        "standings": [node_data(one) for one in network.nodes],
    }


def node_data(one: Standing) -> dict[str, Any]:
    """Return one node as JSON."""
    return {
        "did": one.subject.id,
        "name": one.subject.name,
        "status": one.status,
        "reputation": exact(one.reputation),
        "stars": exact(one.stars),
        "raters": one.raters,
        "uptime": exact(one.uptime),
        "met": moment(one.met),
        "heard": moment(one.heard),
        "linked": moment(one.linked),
        "direction": one.direction,
        "banned_until": moment(one.banned_until),
        "because": one.because,
        "roles": list(one.roles),
        "endpoints": list(one.endpoints),
        "owner": one.owner or None,
        "announced": moment(one.announced),
    }


def ago(at: int | None, now: int) -> str:
    """Return how long ago a moment was (both Unix ms), in its largest unit; `never` for none."""
    if at is None:
        return "never"
    for size, unit in _UNITS:
        if now - at >= size:
            return f"{(now - at) // size} {unit} ago"
    return "now"
