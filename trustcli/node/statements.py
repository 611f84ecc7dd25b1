"""What has been said in a round, and how this node says more: one process at a time, and never twice.

Two statements of one key that exclude each other are evidence against it, for which others shut it out;
so whoever speaks looks at what was signed before, and holds the lock from then on.
"""

from __future__ import annotations

import os

from trustcli.errors import RecordRefused, UsageError
from trustcli.node.only_one import OnlyOne
from trustcli.node.rating import seal
from trustcli.node.standing import offence
from trustcli.records.envelope import Record
from trustcli.rounds import evidence
from trustcli.rounds.values import Pick, Proposal, Score, pick_of, proposal_of, score_of
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trustcli.ledger.values import Entry
    from trustcli.node import Node
    from trustcli.records.canonical import Json


def speaking(node: Node) -> OnlyOne:
    """Return the lock held from looking what this node has said in a round to saying more."""
    return OnlyOne(os.path.join(node.places.state, "rounds.lock"), "command on a round", node.lock_wait)


def refuse_below_0(number: int | None) -> None:
    """Refuse what is no number of a round.

    Raises:
        UsageError: it is below 0.
    """
    if number is not None and number < 0:
        raise UsageError(f"there is no round {number}: the first is round 0", hint="trust round status")


def refuse_closed(node: Node, number: int) -> None:
    """Refuse to speak in a round that this node has decided.

    Raises:
        UsageError: it is closed.
    """
    state = node.ledger.rounds.get(number)
    if state is not None and "winner" in state:
        raise UsageError(f"round {number} is closed", hint=f"trust round show {number}", code="closed")


class Statement(NamedTuple):
    """A stored statement of a round: which record it is, and what it says; None where it is evidence."""

    seq: int
    id: str
    said: Proposal | Score | Pick | None


def statements(node: Node, number: int) -> list[Statement]:
    """Return what is stored of a round, by id: the order of arrival does not matter.

    What strangers wrote beside it is not kept in memory: it may be much.
    """
    found = node.ledger.each_of(node.ledger.rounds.statements(number))
    return sorted((Statement(one.seq, one.id, _said(one)) for one in found), key=lambda one: one.id)


def said(found: Sequence[Statement]) -> tuple[list[Proposal], list[Score], list[Pick]]:
    """Return the proposals, scores and announcements of a round."""
    everything = [one.said for one in found]
    return (
        [one for one in everything if isinstance(one, Proposal)],
        [one for one in everything if isinstance(one, Score)],
        [one for one in everything if isinstance(one, Pick)],
    )


def _said(entry: Entry) -> Proposal | Score | Pick | None:
    if entry.kind == "proposal":
        return proposal_of(entry.id, entry.author, entry.body)
    if entry.kind == "score":
        return score_of(entry.author, entry.body)
    return pick_of(entry.author, entry.body) if entry.kind == "winner" else None


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


def report(node: Node, table: Mapping[str, int], found: Sequence[Statement]) -> None:
    """Sign evidence of contradictions of known keys that nobody has reported yet.

    A stranger who contradicts itself counts nowhere; reported by every node, it would only be repeated.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    reported = []
    for one in found:
        if one.said is None:
            reported.append(one.seq)
            continue
        occasion = evidence.occasion(one.said)
        if occasion[0] in table:
            groups.setdefault(occasion, []).append(one.seq)
    doubtful = [seq for group in groups.values() if len(group) > 1 for seq in group]
    records = []
    for entry in node.ledger.each_of(doubtful):
        try:
            records.append(Record.parse_parts(entry.data, entry.sig, net=node.ledger.network))
        except RecordRefused:
            continue  # damage of the file is for `audit` and `verify` to name
    new = {offence(body): body for body in map(evidence.body, evidence.contradictions(records))}
    if new:
        known = {offence(entry.body) for entry in node.ledger.each_of(reported)}
        sign(node, node.me, [("evidence", new[about]) for about in sorted(new) if about not in known])
