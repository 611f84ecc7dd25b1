"""`trust undo`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, flag
from trustcli.cli.revoke import reply
from trustcli.node import retracting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def undo(
    session: Session, *, dry_run: bool = flag("--dry-run", "-n", help="show what would be undone")
) -> Reply:
    """Take back your last rating: withdrawn if it never left this machine, else revoked."""
    return reply("undo", [retracting.undo(session.node, dry_run=dry_run)], dry_run)
