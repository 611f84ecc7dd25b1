"""`trust show`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, flag
from trustcli.cli.log import as_data
from trustcli.errors import NO, OK
from trustcli.node import reporting, verifying
from trustcli.node.naming import NameBook
from trustcli.records.envelope import join_line
from trustcli.timing import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def show(
    session: Session,
    *,
    record: str = argument("RECORD", "a record id, 8 digits or more"),
    raw: bool = flag("--raw", help="the record exactly as it was signed, one NDJSON line"),
) -> Reply:
    """Show one record, verified again now."""
    entry = session.node.ledger.find(record)
    problem = verifying.verify_entry(entry)
    line = join_line(entry.data, entry.sig).decode()
    if raw:
        return Reply("show", text=[f"{line}\n"], exit=NO if problem else OK)
    book = NameBook(session.node)
    rows = [
        ("record", entry.id),
        ("signature", problem or "good"),
        ("kind", entry.kind),
        ("author", entry.author, book.name(entry.author) or ""),
        ("created", rfc3339(entry.created)),
        ("received", rfc3339(entry.received)),
    ]
    rows += [(f"  {name}", _text(value)) for name, value in entry.body.items()]
    data = {**as_data(entry, book), "signature": problem or "good", "line": line}
    if entry.kind == "update":
        state = reporting.state(session.node.ledger.network_notes.commits().get(entry.id))
        data["state"] = state._asdict()
        rows.append(("state", f"{state.name}: {state.accepted} of {state.asked} full nodes accepted"))
    return Reply("show", data=data, rows=rows, exit=NO if problem else OK)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    import json  # noqa: PLC0415

    return json.dumps(value)
