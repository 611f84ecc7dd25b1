"""`trust proposal …`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, option
from trustcli.node import proposing
from trustcli.node.naming import NameBook
from trustcli.timing import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.node.proposing import Proposed

_SHOWN = 60  # characters of a text in a list


def ls(
    session: Session,
    *,
    round: int | None = option(
        "--round", help="the round; default: the one that is open", kind=int, metavar="R"
    ),
) -> Reply:
    """List the proposals of a round."""
    node = session.node
    found = proposing.proposals(node, round)
    book = NameBook(node)
    return Reply(
        "proposal-ls",
        data={
            "round": proposing.current(node) if round is None else round,
            "proposals": [_data(one) for one in found],
        },
        head=("ID", "ROUND", "BY", "PROPOSES"),
        rows=[(one.id[:16], str(one.number), book.label(one.proposer), _says(one)) for one in found],
        next="" if found else "trust propose -m TEXT",
    )


def show(session: Session, *, id_: str = argument("ID", "its id, or the first 8 digits")) -> Reply:
    """Show one proposal whole."""
    one = proposing.find(session.node, id_)
    rows = [
        ("proposal", one.id),
        ("round", str(one.number)),
        ("by", NameBook(session.node).label(one.proposer)),
        ("at", rfc3339(one.created)),
    ]
    batch = one.body.get("batch")
    if isinstance(batch, dict):
        ids = batch["transactions"]
        rows += [("height", str(batch["height"])), ("previous", str(batch["previous"]))]
        rows += [("rating", str(id_)) for id_ in (ids if isinstance(ids, list) else [])]
    else:
        rows.append((one.content, str(one.body[one.content])))
    return Reply("proposal-show", data=_data(one), rows=rows)


def score(
    session: Session,
    *,
    id_: str = argument("ID", "its id, or the first 8 digits"),
    value: int = argument("VALUE", "0 to 10000", kind=int),
) -> Reply:
    """Score somebody else's proposal by hand. The highest score you give it counts.

    `trust round step` scores by lot, which tells nobody whom you trust; a score by hand may.
    """
    record = proposing.score(session.node, id_, value)
    return Reply(
        "proposal-score",
        data={"id": record.id, "body": record.body},
        rows=[("scored", str(record.body["proposal"])[:16], str(value))],
    )


def _data(one: Proposed) -> dict[str, Any]:
    return {
        "id": one.id,
        "round": one.number,
        "proposer": one.proposer,
        "created": rfc3339(one.created),
        "content": one.content,
        "body": one.body,
    }


def _says(one: Proposed) -> str:
    batch = one.body.get("batch")
    if isinstance(batch, dict) and isinstance(batch["transactions"], list):
        return f"{len(batch['transactions'])} ratings, height {batch['height']}"
    text = str(one.body[one.content])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
