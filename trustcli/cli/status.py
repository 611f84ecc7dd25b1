"""`trust status`."""

from __future__ import annotations

import os

from trustcli.cli import network
from trustcli.cli.declare import Reply, flag
from trustcli.errors import NO, OK
from trustcli.node import caring
from trustcli.node.network import survey
from trustcli.node.running import running
from trustcli.timing import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.node import Node
    from trustcli.node.caring import Alert


def status(
    session: Session,
    *,
    check: bool = flag("--check", help="exit 1 when there are alerts above `info`"),
    metrics: bool = flag("--metrics", help="print Prometheus text for a node_exporter textfile"),
) -> Reply:
    """Show who you are, what the ledger holds, and what needs attention."""
    node = session.node
    alerts = caring.alerts(node)
    found = survey(node)
    data: dict[str, Any] = {
        "id": _identity(node),
        "home": node.places.data,
        "ledger": _ledger(node),
        "peers": _peers(node),
        "daemon": _daemon(node),
        "sync": _sync(node),
        "network": network.data(found),
        "round": _round(node),
    }
    data["alerts"] = [alert._asdict() for alert in alerts]
    worst = any(alert.severity != caring.INFO for alert in alerts)
    exit_ = NO if check and worst else OK
    if metrics:
        return Reply("status", data=data, text=_metrics(data, alerts), exit=exit_)
    step = alerts[0].hint if alerts and alerts[0].code in ("no_key", "no_such_key") else ""
    rows = [("me", _me(node, data["id"])), *_rows(data), *network.rows(found), *_alerts(alerts)]
    return Reply("status", data=data, rows=rows, exit=exit_, next=step)


def _identity(node: Node) -> dict[str, Any] | None:
    did = node.keys.dids().get(node.identity)
    if did is None:
        return None
    return {"name": node.identity, "did": did, "encrypted": node.keys.encrypted(node.identity)}


def _me(node: Node, identity: dict[str, Any] | None) -> str:
    if identity:
        return f"{identity['name']}  {identity['did']}"
    names = node.keys.names()
    if not names:
        return "nobody yet"
    return f"{node.identity}: " + ("its key cannot be read" if node.identity in names else "no such key")


def _ledger(node: Node) -> dict[str, Any] | None:
    if not node.has_ledger():
        return None
    head = node.ledger.head()
    own = node.ledger.count_by(node.keys.dids().values())
    waiting, kept = node.ledger.private.waiting(), len(node.ledger.private.ratings())
    return {
        "path": node.ledger.path,
        "schema": node.ledger.schema_version(),
        "network": node.ledger.network,
        "records": head.records,
        "ratings": head.ratings + kept,
        "own": own,
        "received": head.records - own,
        "waiting": waiting,
        "private": kept - waiting,
        "last": rfc3339(head.received) if head.records else None,
        "fingerprint": head.fingerprint,
        "bytes": os.stat(node.ledger.path).st_size,
    }


def _peers(node: Node) -> dict[str, int]:
    peers = node.ledger.private.peers() if node.has_ledger() else []
    return {
        "named": len(peers),
        "bound": sum(peer.subject is not None for peer in peers),
        "blocked": sum(peer.blocked for peer in peers),
    }


def _daemon(node: Node) -> dict[str, Any]:
    found = running(node.places)
    return {
        "running": found is not None,
        "listen": found.listen if found else None,
        "since": rfc3339(found.since) if found and found.since else None,
    }


def _sync(node: Node) -> dict[str, Any]:
    marks = node.ledger.network_notes.marks().values() if node.has_ledger() else ()
    last = max((mark.succeeded for mark in marks), default=0)
    return {"last": rfc3339(last) if last else None, "seconds": last // 1000}


def _round(node: Node) -> dict[str, Any] | None:
    """Return the last round that was decided here, None where none was."""
    for number, state in node.ledger.rounds.newest(4).items() if node.has_ledger() else ():
        if "winner" in state:
            return {"number": number, "winner": state["winner"] or None, "final": state["final"],
                    "closed": rfc3339(state["closed"])}  # fmt: skip
    return None


def _rows(data: dict[str, Any]) -> list[tuple[str, ...]]:
    ledger, peers = data["ledger"], data["peers"]
    rows: list[tuple[str, ...]] = []
    if ledger:
        total = ledger["ratings"]
        parts = [f"{total} rating{'s' * (total != 1)}"]
        parts[0] += f" ({ledger['waiting']} waiting for a key)" if ledger["waiting"] else ""
        parts += [f"{ledger['private']} private"] if ledger["private"] else []
        parts += [f"{ledger['received']} received", f"schema {ledger['schema']}", _size(ledger["bytes"])]
        rows.append(("ledger", " · ".join(parts)))
    else:
        rows.append(("ledger", "none yet"))
    rows.append(
        ("peers", f"{peers['named']} named, {peers['bound']} with a key or URI, {peers['blocked']} blocked")
    )
    if data["daemon"]["running"]:
        rows.append(("daemon", f"serving on {data['daemon']['listen'] or 'no address, it only dials out'}"))
    if data["round"]:
        last = data["round"]
        winner = (last["winner"] or "nobody")[:16]
        rows.append(
            ("round", f"{last['number']} · {winner}{' · final' if last['final'] else ''} · {last['closed']}")
        )
    if data["sync"]["last"]:
        rows.append(("sync", f"last {data['sync']['last']}"))
    return rows


def _alerts(alerts: list[Alert]) -> list[tuple[str, ...]]:
    return [("alert", f"{alert.severity}: {alert.message}  ({alert.hint})") for alert in alerts]


def _metrics(data: dict[str, Any], alerts: list[Alert]) -> Iterator[str]:
    ledger = data["ledger"] or {}
    for name, kind, meaning, value in (
        ("trust_records", "gauge", "Records in the ledger.", ledger.get("records", 0)),
        ("trust_ratings", "gauge", "Ratings, waiting and private ones included.", ledger.get("ratings", 0)),
        ("trust_own_records", "gauge", "Records signed by own keys.", ledger.get("own", 0)),
        ("trust_waiting_ratings", "gauge", "Ratings that wait for a key.", ledger.get("waiting", 0)),
        ("trust_ledger_bytes", "gauge", "Size of the ledger file.", ledger.get("bytes", 0)),
        ("trust_peers", "gauge", "Named peers.", data["peers"]["named"]),
        (
            "trust_last_sync_seconds",
            "gauge",
            "When the last sync succeeded, Unix time; 0 for never.",
            data["sync"]["seconds"],
        ),
        ("trust_nodes", "gauge", "Other nodes that are known.", (data["network"] or {}).get("nodes", 0)),
        (
            "trust_nodes_active",
            "gauge",
            "Other nodes heard of late.",
            (data["network"] or {}).get("active", 0),
        ),
        (
            "trust_alerts",
            "gauge",
            "Alerts above info.",
            sum(alert.severity != caring.INFO for alert in alerts),
        ),
    ):
        yield f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n{name} {value}\n"


def _size(count: int) -> str:
    return f"{count / 1024:.0f} KiB" if count < 10 << 20 else f"{count / (1 << 20):.1f} MiB"
