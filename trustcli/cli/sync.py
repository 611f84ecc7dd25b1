"""`trust sync` and `trust compare`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, flag, option
from trustcli.errors import NO, OK, PARTIAL, RecordRefused, Unreachable, UsageError
from trustcli.node import comparing, contacts, syncing
from trustcli.node.naming import NameBook
from trustcli.safe import word
from trustcli.timing import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.errors import TrustError
    from trustcli.node import Node
    from trustcli.node.syncing import PeerReport, Report
    from trustcli.sync.talk import Refusal

_SHOWN = 10  # refused records shown as rows; all are in the JSON
TIMEOUT = option("--timeout", help="how long a peer may take to answer", metavar="TIME")


def sync(
    session: Session,
    *,
    peers: list[str] = argument(
        "[PEER...]",
        "names or URLs; default: everybody with a URL, and the seeds",
        many=True,
        complete="names",
    ),
    pull: bool = flag("--pull", help="only fetch"),
    push: bool = flag("--push", help="only offer"),
    full: bool = flag("--full", help="compare all records, as is done once a day anyway"),
    subject: list[str] = option(
        "--subject", help="only what it takes to judge NAME", metavar="NAME", many=True, complete="names"
    ),
    timeout: str = TIMEOUT,
    strict: bool = flag("--strict", help="exit 4 when a record was refused, too"),
    dry_run: bool = flag("--dry-run", "-n", help="fetch and verify, store and offer nothing"),
) -> Reply:
    """Exchange records with peers, both ways, once. Everything is verified; for cron.

    Exit 4 when a peer failed and others did not, or not before records were moved; 69 when none answered,
    76 when all that did broke the protocol, 75 when another sync is under way.

    Examples:
      trust sync
      trust sync carol https://node.example --timeout 60s
      trust sync --subject agent:cursor-agent
    """
    node = session.node
    if pull and push:
        raise UsageError("--pull and --push are both the default", hint="leave both out")
    plan = syncing.Plan(
        pull=not push, push=not pull, full=full, dry_run=dry_run, subjects=_subjects(node, subject)
    )
    report = syncing.sync(
        node,
        contacts.contacts(node, peers),
        plan,
        connect=contacts.over_http(node, _seconds(timeout)),
        lock_wait=node.lock_wait,
        progress=session.progress("syncing"),
    )
    _all_failed(report)
    return Reply(
        "sync",
        data=_data(report, dry_run=dry_run),
        rows=[row for peer in report.peers for row in _rows(peer)],
        exit=_exit(report, strict=strict),
        notes=tuple(_notes(node, report, plan)),
        warnings=_warnings(report),
        next="trust status",
    )


def _subjects(node: Node, words: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the subjects that are asked for, or those of a light node."""
    if words:
        book = NameBook(node)
        return tuple(dict.fromkeys(book.get(one).id for one in words))
    if node.settings.role != syncing.LIGHT:
        return ()
    if not node.settings.subjects:
        raise UsageError(
            "a light node keeps what concerns its subjects, and there are none",
            hint="trust sync --subject NAME, or trust config set subjects 'agent:x did:key:…'",
        )
    return node.settings.subjects


def _seconds(text: str | None) -> float:
    seconds = contacts.TIMEOUT if text is None else duration(text) / 1000
    if not 0 < seconds <= 3_600:
        raise UsageError(f"--timeout cannot be {text}", hint="--timeout 20s")
    return seconds


def _all_failed(report: Report) -> None:
    """Raise what is wrong when no peer could be synced with, and nothing was moved."""
    problems = [peer.problem for peer in report.peers if peer.problem]
    if len(problems) < len(report.peers) or any(
        peer.outcome.new or peer.outcome.given for peer in report.peers
    ):
        return
    if len(problems) == 1:
        raise problems[0]
    kinds = {type(one) for one in problems}
    kind: type[TrustError] = kinds.pop() if len(kinds) == 1 and RecordRefused not in kinds else Unreachable
    problem = kind(f"none of {len(problems)} peers could be synced with")
    problem.parts = [{**_peer_data(peer), "message": _failure(peer)} for peer in report.peers]
    raise problem


def _failure(peer: PeerReport) -> str:
    """Return what is wrong with a peer in one line; most problems name its URL."""
    (name, url, _), problem = peer.contact, str(peer.problem)
    return problem if name == url and url in problem else f"{name}: {problem}"


def _exit(report: Report, *, strict: bool) -> int:
    refused = strict and any(peer.outcome.refusals for peer in report.peers)
    return PARTIAL if refused or any(peer.problem for peer in report.peers) else OK


def _data(report: Report, *, dry_run: bool) -> dict[str, Any]:
    return {
        "peers": [_peer_data(peer) for peer in report.peers],
        "pulled": sum(peer.outcome.new for peer in report.peers),
        "pushed": sum(peer.outcome.given for peer in report.peers),
        "dry_run": dry_run,
    }


def _peer_data(peer: PeerReport) -> dict[str, Any]:
    outcome, problem = peer.outcome, peer.problem
    return {
        "name": peer.contact.name,
        "url": peer.contact.url,
        "ok": problem is None,
        "pulled": outcome.new,
        "known": outcome.known,
        "pushed": outcome.given,
        "refused": [_refusal_data(one) for one in outcome.refused],
        "declined": [_refusal_data(one) for one in outcome.declined],
        "equal": outcome.equal,
        "takes_nothing": peer.takes_nothing,
        "requests": outcome.requests,
        "bytes": outcome.size,
        "ms": round(peer.seconds * 1000),
        "error": problem and {"code": problem.code, "exit": problem.exit, "message": str(problem)},
    }


def _refusal_data(refusal: Refusal) -> dict[str, str]:
    return {"record": f"sha256:{refusal.id.hex()}", "because": refusal.code}


def _rows(peer: PeerReport) -> list[tuple[str, ...]]:
    name, outcome = peer.contact.name, peer.outcome
    rows: list[tuple[str, ...]] = []
    if peer.problem:
        rows.append(("failed", name, peer.problem.code, str(peer.problem)))
    if not peer.problem or outcome.new or outcome.given:
        state = "equal" if outcome.equal else "differs"
        rows.append(("synced", name, f"{outcome.new} pulled", f"{outcome.given} pushed", state))
    for what, some in (("refused", outcome.refused), ("declined", outcome.declined)):
        rows += [(what, name, one.id.hex()[:16], one.code) for one in some[:_SHOWN]]
    return rows


def _notes(node: Node, report: Report, plan: syncing.Plan) -> list[str]:
    notes = []
    if plan.dry_run:
        notes.append("dry run: nothing was stored or offered")
    if plan.push and not node.keys.names():
        notes.append("nothing was offered: that takes a key (trust keygen)")
    notes += [f"{peer.contact.name} takes no records" for peer in report.peers if peer.takes_nothing]
    if report.cut:
        notes.append("a subject is rated by too many names to ask about all: the answer may be incomplete")
    return notes


def _warnings(report: Report) -> list[dict[str, str]]:
    return [
        {"code": "refused", "message": f"{peer.contact.name}: {peer.outcome.refusals} records refused"}
        for peer in report.peers
        if peer.outcome.refusals
    ]


def compare(
    session: Session,
    *,
    peer: str = argument("PEER", "a name or URL", complete="names"),
    ids: bool = flag("--ids", help="list the ids of the records that differ"),
    timeout: str = TIMEOUT,
) -> Reply:
    """Say whether a peer's ledger holds the same records as this one; nothing is moved. Exit 1 if not.

    Equal ledgers of any size take one round trip and some 340 bytes.
    """
    node = session.node
    contact = contacts.contacts(node, [peer])[0]
    found = comparing.compare(node, contact, connect=contacts.over_http(node, _seconds(timeout)))
    data: dict[str, Any] = {
        "peer": contact.name,
        "url": contact.url,
        "equal": found.equal,
        "records": {"here": found.ours.records, "there": found.theirs.records},
        "only_here": len(found.here),
        "only_there": len(found.there),
        "complete": found.complete,
        "round_trips": found.round_trips,
        "bytes": found.size,
    }
    rows: list[tuple[str, ...]] = [
        ("equal" if found.equal else "differs", contact.name, f"{found.ours.records} here",
         f"{found.theirs.records} there")
    ]  # fmt: skip
    if not found.equal:
        least = "" if found.complete else "at least "
        rows += [("only here", f"{least}{len(found.here)}"), ("only there", f"{least}{len(found.there)}")]
    if ids:
        data["ids"] = {"here": found.here, "there": found.there}
        rows += [("here", id_) for id_ in found.here] + [("there", id_) for id_ in found.there]
    return Reply(
        "compare", data=data, rows=rows, exit=OK if found.equal else NO,
        next="" if found.equal else f"trust sync {word(peer)}",
    )  # fmt: skip
