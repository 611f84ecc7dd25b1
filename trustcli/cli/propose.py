"""`trust propose`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, flag, option
from trustcli.errors import UsageError
from trustcli.node import proposing
from trustcli.records.proposal import MAX_TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session
    from trustcli.records.canonical import Json


def propose(
    session: Session,
    *,
    message: str | None = option(
        "--message", "-m", help="propose a line of text, @FILE with one, or - for stdin", metavar="TEXT"
    ),
    file: str | None = option(
        "--file", help="propose FILE by its SHA-256; the file stays here", metavar="FILE", complete="files"
    ),
    batch: bool = flag("--batch", help="propose the ratings that are in no block yet; the default"),
    round: int | None = option(
        "--round", help="the round; default: the one that is open", kind=int, metavar="R"
    ),
) -> Reply:
    """Propose something for a round to settle on. One proposal a key and round.

    A second one for the same round is refused here, and evidence against you anywhere else.

    Examples:
      trust propose -m "meet on Tuesday"
      trust propose --file policy.toml --round 12
      trust propose
    """
    node = session.node
    if sum((message is not None, file is not None, batch)) > 1:
        raise UsageError("propose one thing: --message, --file or --batch")
    number = proposing.current(node) if round is None else round
    content: dict[str, Json]
    if message is not None:
        content = {"text": _text(session.line(message) or "")}
    elif file is not None:
        content = proposing.file_digest(file)
    else:
        node.make_ledger()
        content = proposing.batch(node)
    record = proposing.propose(node, content, number)
    return Reply(
        "propose",
        data={"id": record.id, "round": number, "proposer": record.author, "body": record.body},
        rows=[("proposed", record.id, f"round {number}", next(iter(content)))],
        next=f"trust round open {number}"
        if number not in node.ledger.rounds.all()
        else f"trust round step {number}",
    )


def _text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise UsageError(
            f"a proposed text has at most {MAX_TEXT} characters, not {len(text)}",
            hint="trust propose --file FILE proposes what is longer, by its digest",
        )
    return text
