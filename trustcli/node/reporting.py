"""Trust events of the AgentProof mesh: say what happened to an agent, on the scale of 0 to 1000."""

from __future__ import annotations

from trustcli.errors import NotFound
from trustcli.ledger.network import Commit
from trustcli.node.naming import NameBook
from trustcli.node.rating import keep, seal
from trustcli.safe import word as quote
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.node import Node
    from trustcli.node.naming import Subject
    from trustcli.records.canonical import Json
    from trustcli.records.envelope import Record

KEPT, PENDING, COMMITTED = "kept", "pending", "committed"


class State(NamedTuple):
    """How far an update has come: `kept` here, `pending` while peers are asked, or `committed`."""

    name: str
    accepted: int = 0
    asked: int = 0


def report(
    node: Node, word: str, event: str, score: int, said: dict[str, Json], *, dry_run: bool = False
) -> tuple[Subject, Record]:
    """Sign and keep an update about a subject; a node that serves passes it on.

    Args:
        score: the author's score of the subject after the event, 0 to 1000.
        said: the optional fields of records/update.py.

    Raises:
        NotFound: nobody is called so, or the name has no key. RecordRefused. KeyProblem.
    """
    subject = NameBook(node).get(word)
    if not subject.bound:
        raise NotFound(
            f"{subject.label} has no key yet", hint=f"trust peer add {quote(subject.word)} did:key:…"
        )
    author = node.me
    node.make_ledger()
    body: dict[str, Json] = {"subject": subject.id, "event": event, "score": score, **said}
    record = seal(node, author, "update", body, node.clock())
    if not dry_run:
        keep(node, record)
        # so that a daemon that starts later asks its peers about it, too
        node.ledger.network_notes.add_commit(Commit(record.id, 0, 0, record.created, None))
    return subject, record


def state(commit: Commit | None) -> State:
    """Return the state of an update from what this node noted about it."""
    if commit is None or not commit.asked:
        return State(KEPT)
    return State(PENDING if commit.committed is None else COMMITTED, commit.accepted, commit.asked)
