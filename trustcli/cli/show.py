"""`trust show`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, flag
from trustcli.cli.log import as_data
from trustcli.errors import NO, OK
from trustcli.node import reporting, verifying
from trustcli.node.naming import NameBook
from trustcli.node.records import find, is_private, taken_back
from trustcli.records.envelope import join_line
from trustcli.timing import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session
    from trustcli.ledger.values import Entry
    from trustcli.records.canonical import Json


def show(
    session: Session,
    *,
    record: str = argument("RECORD", "a record id, 8 digits or more"),
    raw: bool = flag("--raw", help="the record exactly as it was signed, one NDJSON line"),
) -> Reply:
    """Show one record, verified again now."""
    entry = find(session.node, record)
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
    revoked = taken_back(session.node, entry)
    if revoked is not None:
        rows.append(("revoked", rfc3339(revoked)))
    if is_private(entry):
        rows.append(("private", "never leaves this machine"))
    rows += [(f"  {name}", _text(value)) for name, value in _readable(entry).items()]
    data = {
        **as_data(entry, book),
        "signature": problem or "good",
        "revoked": None if revoked is None else rfc3339(revoked),
        "private": is_private(entry),
        "line": line,
    }
    if entry.kind == "update":
        state = reporting.state(session.node.ledger.network_notes.commits().get(entry.id))
        data["state"] = state._asdict()
        rows.append(("state", f"{state.name}: {state.accepted} of {state.asked} full nodes accepted"))
    return Reply("show", data=data, rows=rows, exit=NO if problem else OK)


def _readable(entry: Entry) -> dict[str, Json]:
    """Return the body of a record, the tenths of a rating as stars."""
    value = entry.body.get("value")
    if entry.kind != "rating" or not isinstance(value, int):
        return entry.body
    return {**entry.body, "value": f"{value / 10:.1f} stars"}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    import json  # noqa: PLC0415

    return json.dumps(value)
