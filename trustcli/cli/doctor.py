"""`trust doctor`."""

from __future__ import annotations

import shutil

from trustcli.cli.declare import Reply
from trustcli.errors import NO, OK
from trustcli.node import caring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def doctor(session: Session) -> Reply:
    """Look at what tends to be wrong: libraries, file modes, disk, clock, another `trust` on the PATH.

    Exit 1 when something is bad.
    """
    findings = caring.doctor(session.node, shutil.which("trust"))
    bad = any(finding.state == caring.BAD for finding in findings)
    return Reply(
        "doctor",
        data={"findings": [finding._asdict() for finding in findings]},
        rows=[(one.state, one.name, one.what, one.hint) for one in findings],
        exit=NO if bad else OK,
    )
