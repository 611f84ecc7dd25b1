"""`trust import`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, flag
from trustcli.errors import of_parts
from trustcli.node import moving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def import_(
    session: Session,
    *,
    file: str = argument("FILE", "a bundle or any file of records; - for stdin", complete="files"),
    dry_run: bool = flag("--dry-run", "-n", help="verify all, store nothing"),
) -> Reply:
    """Take records in: every line is verified, the good ones are kept.

    A damaged or hostile line is refused with its number and a code. Exit 4 when some lines were
    refused, 65 when none was good or nothing came at all.
    """
    found = moving.take(
        session.node, session.open(file), dry_run=dry_run, progress=session.progress("importing")
    )
    data = {
        "lines": found.lines,
        "added": found.added,
        "known": found.known,
        "bad": found.bad,
        "refused": [one._asdict() for one in found.refused],
        "manifest": found.manifest._asdict() if found.manifest else None,
        "dry_run": dry_run,
    }
    return Reply(
        "import",
        data=data,
        rows=[("imported", f"{found.added} new", f"{found.known} known", f"{found.bad} refused")]
        + [("refused", f"line {one.line}", one.code, one.message) for one in found.refused],
        exit=of_parts(found.good, found.bad),
        notes=("dry run: nothing was stored",) if dry_run else (),
        next="trust status",
    )
