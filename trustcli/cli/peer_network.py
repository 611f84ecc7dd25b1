"""`trust peer find`, `trust peer pending`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, flag, option
from trustcli.cli.network import ago
from trustcli.errors import OK, UNKNOWN, UsageError
from trustcli.safe import word
from trustcli.timing import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session
    from trustcli.node.meeting import Search, Stranger


def find(
    session: Session,
    *,
    key: str = argument("KEY", "a name or did:key:…", complete="names"),
    refresh: bool = flag("--refresh", help="ask other nodes even if the ledger knows where it is"),
    timeout: float | None = option(
        "--timeout", help="seconds to wait for one answer; default 5", kind=float, metavar="S"
    ),
) -> Reply:
    """Find out where a key can be reached, by what it announced itself.

    Looks in the ledger, then asks nodes that are known, nearer and nearer to the key. Exit 3: not found.

    Examples:
      trust peer find did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp
    """
    from trustcli.node import meeting  # noqa: PLC0415

    if timeout is not None and timeout <= 0:
        raise UsageError("--timeout is more than 0 seconds")
    node = session.node
    found = meeting.find(node, key, meeting.over_http(node, timeout or meeting.TIMEOUT), refresh=refresh)
    return _found(found, node.clock())


def pending(session: Session) -> Reply:
    """List the keys that connected and have no name here: compare the words by voice, then name them."""
    from trustcli.node import meeting  # noqa: PLC0415

    now = session.node.clock()
    strangers = meeting.pending(session.node)
    return Reply(
        "peer-pending",
        data={"pending": [_stranger(one) for one in strangers]},
        head=("KEY", "WORDS", "FROM", "FIRST", "LAST", "TIMES"),
        rows=[
            (
                one.pending.key,
                one.words,
                one.pending.address,
                ago(one.pending.first, now),
                ago(one.pending.last, now),
                str(one.pending.times),
            )
            for one in strangers
        ],
        next=f"trust peer add NAME {strangers[0].pending.key}" if strangers else "",
    )


def _found(search: Search, now: int) -> Reply:
    said = search.found
    data = {
        "did": search.subject.id,
        "name": search.subject.name,
        "endpoints": list(said.endpoints) if said else [],
        "roles": list(said.roles) if said else [],
        "owner": said.owner or None if said else None,
        "announced": rfc3339(said.created) if said else None,
        "asked": search.asked,
        "answered": search.answered,
    }
    if said is None:
        note = f"{search.answered} of {search.asked} nodes asked answered, none knows it"
        return Reply(
            "peer-find", data=data, rows=[("not found", search.subject.id)], notes=(note,), exit=UNKNOWN
        )
    rows = [("key", said.key), *(("endpoint", url) for url in said.endpoints)]
    rows += [("role", ", ".join(said.roles)), *([("owner", said.owner)] if said.owner else [])]
    rows.append(("announced", f"{rfc3339(said.created)}  ({ago(said.created, now)})"))
    notes = () if said.endpoints else ("it announces no address: it dials others, and cannot be dialled",)
    name = word(search.subject.name) if search.subject.name else "NAME"
    step = f"trust peer add {name} {said.key} --url {word(said.endpoints[0])}" if said.endpoints else ""
    return Reply("peer-find", data=data, rows=rows, notes=notes, next=step, exit=OK)


def _stranger(one: Stranger) -> dict[str, object]:
    return {
        "did": one.pending.key,
        "words": one.words,
        "address": one.pending.address,
        "first": rfc3339(one.pending.first),
        "last": rfc3339(one.pending.last),
        "times": one.pending.times,
    }
