"""What has been said in a round, and how this node says more: one process at a time, and never twice.

Two statements of one key that exclude each other are evidence against it, for which others shut it out;
so whoever speaks looks at what was signed before, and holds the lock from then on.
"""

from __future__ import annotations

import os

from trustcli.errors import RecordRefused, UsageError
from trustcli.node import standing
from trustcli.node.only_one import OnlyOne
from trustcli.node.rating import seal
from trustcli.records.envelope import Record
from trustcli.rounds import evidence
from trustcli.rounds.values import pick_of, proposal_of, score_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trustcli.ledger.values import Entry
    from trustcli.node import Node
    from trustcli.records.canonical import Json
    from trustcli.rounds.values import Pick, Proposal, Score


def speaking(node: Node) -> OnlyOne:
    """Return the lock held from looking what this node has said in a round to saying more."""
    return OnlyOne(os.path.join(node.places.state, "rounds.lock"), "command on a round", node.lock_wait)


def refuse_closed(node: Node, number: int) -> None:
    """Refuse to speak in a round that this node has decided.

    Raises:
        UsageError: it is closed.
    """
    state = node.ledger.rounds.get(number)
    if state is not None and "winner" in state:
        raise UsageError(f"round {number} is closed", hint=f"trust round show {number}", code="closed")


def entries(node: Node, number: int) -> list[Entry]:
    """Return the records of a round that are stored, by id: the order of arrival does not matter."""
    found = node.ledger.entries_of(node.ledger.rounds.statements(number))
    return sorted(found.values(), key=lambda entry: entry.id)


def said(found: Sequence[Entry]) -> tuple[list[Proposal], list[Score], list[Pick]]:
    """Return the proposals, scores and announcements among records of a round."""
    proposals = [proposal_of(one.id, one.author, one.body) for one in found if one.kind == "proposal"]
    scores = [score_of(one.author, one.body) for one in found if one.kind == "score"]
    picks = [pick_of(one.author, one.body) for one in found if one.kind == "winner"]
    return proposals, scores, picks


def score_body(
    number: int, proposal: str, value: int, least: int, before: Iterable[Score]
) -> dict[str, Json]:
    """Return the body of a score in a step that none of one's own scores of the proposal has.

    Args:
        least: the step it has if there are none.
        before: own scores, by hand or from before this node was stopped.
    """
    step = max([least, *(score.step + 1 for score in before if score.proposal == proposal)])
    return {"round": number, "proposal": proposal, "step": step, "value": value}


def sign(node: Node, author: str, bodies: Sequence[tuple[str, dict[str, Json]]]) -> list[Record]:
    """Sign and store statements, of (kind, body) each, in one transaction; return them."""
    now = node.clock()
    records = [seal(node, author, kind, body, now) for kind, body in bodies]
    if records:
        node.ledger.append(records, now)
    return records


def report(node: Node, number: int) -> None:
    """Sign evidence of contradictions that nobody has reported yet."""
    found = entries(node, number)
    known = {standing.offence(entry.body)[1] for entry in found if entry.kind == "evidence"}
    records = []
    for entry in found:
        try:
            records.append(Record.parse_parts(entry.data, entry.sig, net=node.ledger.network))
        except RecordRefused:
            continue  # damage of the file is for `audit` and `verify` to name
    bodies = [evidence.body(pair) for pair in evidence.contradictions(records)]
    new = {standing.offence(body)[1]: body for body in bodies}
    sign(node, node.me, [("evidence", body) for about, body in sorted(new.items()) if about not in known])
