"""`trust ledger …`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, flag
from trustcli.errors import NO, OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def path(session: Session) -> Reply:
    """Print where the ledger is, whether it exists or not."""
    return Reply("ledger-path", data={"path": session.places.ledger}, rows=[(session.places.ledger,)])


def backup(
    session: Session, *, file: str = argument("FILE", "where to (never overwritten)", complete="files")
) -> Reply:
    """Copy the ledger to a new file, safe while others write. It holds private things: keep it so.

    To restore, put the copy in the ledger's place while nothing runs: trust ledger path.
    """
    if file == "-":
        raise UsageError(
            "a ledger is copied to a file, not to standard output", hint="name one, or trust export"
        )
    head = session.node.ledger.backup(file)
    return Reply(
        "ledger-backup",
        data={"file": file, **head._asdict()},
        rows=[("backed up", file, f"{head.records} records", head.fingerprint[:16])],
    )


def check(session: Session) -> Reply:
    """Check the file's structure and recompute what is derived. Signatures: trust verify. Exit 1 if bad."""
    wrong = session.node.ledger.integrity()
    return Reply(
        "ledger-check",
        data={"problems": wrong},
        rows=[("bad", problem) for problem in wrong] or [("ok", session.places.ledger)],
        exit=NO if wrong else OK,
        next="restore a backup, or a fresh ledger and trust import of bundles" if wrong else "",
    )


def compact(session: Session) -> Reply:
    """Rewrite the file without free space, and delete for good what was withdrawn."""
    before, after = session.node.ledger.compact()
    return Reply(
        "ledger-compact",
        data={"bytes_before": before, "bytes_after": after},
        rows=[("compacted", f"{before} bytes", f"{after} bytes")],
    )


def migrate(
    session: Session, *, dry_run: bool = flag("--dry-run", "-n", help="say what would be done")
) -> Reply:
    """Bring the ledger to this program's schema. Older ones are brought there when they are opened."""
    from trustcli.ledger import schema  # noqa: PLC0415

    version = session.node.ledger.schema_version()
    data = {"schema": version, "wanted": schema.VERSION, "dry_run": dry_run}
    return Reply("ledger-migrate", data=data, rows=[("schema", str(version), "nothing to do")])
