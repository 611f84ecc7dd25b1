"""`trust verify`."""

from __future__ import annotations

import os
from string import hexdigits

from trustcli.bundle import Refused
from trustcli.cli.declare import Reply, argument
from trustcli.errors import NO, OK, no_file
from trustcli.node import verifying
from trustcli.node.records import find
from trustcli.node.verifying import Verified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def verify(
    session: Session,
    *,
    what: str | None = argument(
        "[RECORD|FILE|-]",
        "a record id, a bundle, or - for stdin; default: the whole ledger",
        default=None,
        complete="files",
    ),
) -> Reply:
    """Check signatures and ids again: of the ledger, of one record, or of a file. Exit 1 if any is bad.

    Examples:
      trust verify
      trust verify bundle.ndjson
    """
    node = session.node
    progress = session.progress("verifying")
    if what is None:
        found = verifying.verify_ledger(node, progress)
    elif what == "-" or os.path.exists(what):
        found = verifying.verify_file(node, session.open(what), progress)
    elif not what.removeprefix("sha256:").strip(hexdigits):
        entry = find(node, what)
        code = verifying.verify_entry(entry)
        found = Verified(1, [Refused(entry.seq, code, entry.id)] if code else [])
    else:
        raise no_file(what)
    bad = len(found.wrong)
    return Reply(
        "verify",
        data={"records": found.records, "bad": bad, "wrong": [one._asdict() for one in found.wrong]},
        rows=[("verified", f"{found.records} records", f"{bad} bad")]
        + [("bad", str(one.line), one.code, one.message) for one in found.wrong],
        exit=NO if bad else OK,
    )
