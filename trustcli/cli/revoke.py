"""`trust revoke`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, check_category, flag, option
from trustcli.node import retracting
from trustcli.records.fields import PRIORITIES
from trustcli.safe import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session
    from trustcli.node.retracting import TakenBack


def revoke(
    session: Session,
    *,
    what: str = argument(
        "RECORD|SUBJECT", "a record id (8 digits or more), or whom you rated", complete="names"
    ),
    category: str | None = option("--category", "-c", help="only ratings in this category", metavar="C"),
    reason: str | None = option(
        "--reason", "-m", help="why, for all to read: TEXT, @FILE or - for stdin", metavar="TEXT"
    ),
    priority: str | None = option(
        "--priority",
        help="how fast it travels: `critical` goes before everything else",
        choices=PRIORITIES,
    ),
    dry_run: bool = flag("--dry-run", "-n", help="show what would be taken back"),
) -> Reply:
    """Take back a rating of yours: by its record, or all about a subject.

    Others who have the rating ignore it once they have the revocation.
    """
    check_category(category)
    taken = retracting.revoke(
        session.node,
        what,
        category=category,
        reason=session.line(reason),
        priority=priority,
        dry_run=dry_run,
    )
    return reply("revoke", taken, dry_run)


def reply(schema: str, taken: list[TakenBack], dry_run: bool) -> Reply:
    """Return what was taken back, and how."""
    return Reply(
        schema,
        data={
            "taken_back": [
                {
                    "how": one.how,
                    "subject": one.subject.id if one.subject.bound else None,
                    "name": one.subject.name,
                    "category": one.category,
                    "record": f"sha256:{one.record}" if one.record else None,
                }
                for one in taken
            ],
            "dry_run": dry_run,
        },
        rows=[
            (one.how, one.subject.label, one.category, one.record or "never left this machine")
            for one in taken
        ],
        notes=("dry run: nothing was stored",) if dry_run else (),
        next=f"trust score {word(taken[0].subject.word)}",
    )
