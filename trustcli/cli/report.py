"""`trust report`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, flag, option
from trustcli.errors import UsageError
from trustcli.node import reporting
from trustcli.records.fields import PRIORITIES
from trustcli.records.update import EVENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session
    from trustcli.records.canonical import Json


def report(
    session: Session,
    *,
    subject: str = argument("SUBJECT", "whom it is about", complete="names"),
    event: str = argument("EVENT", f"what happened: {', '.join(EVENTS)}"),
    score: int = argument("SCORE", "your score of them after it, 0 to 1000", kind=int),
    previous: int | None = option("--previous", help="the score before", kind=int, metavar="N"),
    reason: str | None = option(
        "--reason", "-m", help="why, for all to read: TEXT, @FILE or - for stdin", metavar="TEXT"
    ),
    priority: str | None = option("--priority", help="how fast it travels", choices=PRIORITIES),
    dry_run: bool = flag("--dry-run", "-n", help="show what would be signed"),
) -> Reply:
    """Sign a trust event about an agent, for the mesh.

    An update is `committed` when more than half of the full nodes that this node is connected to
    accept it; `trust show RECORD` tells. No score reads it: rate what you want to count.

    Examples:
      trust report agent:build-bot verification-success 820 --previous 815
    """
    if event not in EVENTS:
        raise UsageError(f"EVENT cannot be {event!r}", hint=f"one of: {', '.join(EVENTS)}")
    given = {"previous": previous, "reason": session.line(reason), "priority": priority}
    said: dict[str, Json] = {name: value for name, value in given.items() if value is not None}
    about, record = reporting.report(session.node, subject, event, score, said, dry_run=dry_run)
    return Reply(
        "report",
        data={
            "record": f"sha256:{record.id}",
            "subject": about.id,
            "event": event,
            "score": score,
            "dry_run": dry_run,
        },
        rows=[("would report" if dry_run else "reported", about.label, event, str(score), record.id[:8])],
        next="" if dry_run else f"trust show {record.id[:8]}",
    )
