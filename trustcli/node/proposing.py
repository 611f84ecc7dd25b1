"""Propose, and look at proposals."""

from __future__ import annotations

import hashlib

from trustcli.errors import BadInput, NotFound, UsageError, no_file
from trustcli.node import statements
from trustcli.records import score as score_kind
from trustcli.records.canonical import MAX_INTEGER
from trustcli.records.proposal import CONTENTS, MAX_TRANSACTIONS, SELF_SCORE
from trustcli.rounds import blocks
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from trustcli.ledger.values import Entry
    from trustcli.node import Node
    from trustcli.records.canonical import Json
    from trustcli.records.envelope import Record

_RECENT = 64  # rounds looked through for one that is open


class Proposed(NamedTuple):
    """A proposal record: its id, round, proposer, what it proposes (`content` is one of CONTENTS)."""

    id: str
    number: int
    proposer: str
    created: int
    content: str
    body: dict[str, Json]


def propose(node: Node, content: dict[str, Json], number: int) -> Record:
    """Sign a proposal for a round.

    Raises:
        UsageError: this key has proposed something in the round already, or it is closed. RecordRefused,
        NotFound. Busy: another process is speaking.
    """
    statements.refuse_below_0(number)
    node.make_ledger()
    with statements.speaking(node):
        statements.refuse_closed(node, number)
        me = node.me
        if any(found.proposer == me for found in proposals(node, number)):
            raise UsageError(
                f"you have made a proposal for round {number}: a second one would be evidence against you",
                hint="trust propose --round N, another one",
                code="double_proposal",
            )
        body: dict[str, Json] = {"round": number, "score": SELF_SCORE, **content}
        return statements.sign(node, me, [("proposal", body)])[0]


def file_digest(path: str) -> dict[str, Json]:
    """Return the content that proposes a file by its SHA-256.

    Raises:
        NotFound, BadInput.
    """
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise no_file(path) from None
    except OSError as problem:
        raise BadInput(f"{path}: {problem.strerror}") from problem
    return {"digest": digest}


def batch(node: Node) -> dict[str, Json]:
    """Return the content that proposes the ratings not yet in a block of ours, the oldest first.

    Raises:
        NotFound: there are none.
    """
    done = chain(node)
    settled = {id_ for block in done for id_ in block.transactions}
    waiting: list[str] = []
    for entry in node.ledger.entries():
        if entry.kind == "rating" and entry.id not in settled:
            waiting.append(entry.id)
            if len(waiting) == MAX_TRANSACTIONS:
                break
    if not waiting:
        what = "all ratings are in a block already" if settled else "there are no ratings to propose yet"
        raise NotFound(what, hint="trust rate NAME STARS, or trust propose -m TEXT")
    ids: list[Json] = [*sorted(waiting)]
    previous = done[-1].hash if done else blocks.FIRST
    height = done[-1].height + 1 if done else 0
    return {"batch": {"height": height, "previous": previous, "transactions": ids}}


def chain(node: Node) -> list[blocks.Block]:
    """Return the blocks that closed rounds of ours have settled on, each of which follows the one before.

    A winner may call itself a block of any height after any other: what does not follow is none of ours.
    """
    found: list[blocks.Block] = []
    last = -1  # round of the last block
    for number, state in node.ledger.rounds.all().items():
        if "winner" in state:
            block = block_of(node, state)
            if block is not None and blocks.follows(block, found[-1] if found else None, number - last):
                found.append(block)
                last = number
    return found


def block_of(node: Node, state: Mapping[str, Any]) -> blocks.Block | None:
    """Return the block that a closed round of ours has settled on, None where it is none."""
    if not state["winner"]:
        return None
    entry = node.ledger.find(state["winner"])
    return blocks.block_of(entry.author, entry.created, entry.body, state["votes"])


def current(node: Node) -> int:
    """Return the round that words without a number mean: the last open one, else the next of ours.

    What others say does not move it: anybody may sign a statement of round 2⁵³−1.
    """
    if not node.has_ledger():
        return 0
    found = last_open(node)
    return next_round(node) if found is None else found


def next_round(node: Node) -> int:
    """Return the number after the last round we had a part in.

    Raises:
        UsageError: there is no higher number.
    """
    number = max(node.ledger.rounds.newest(1), default=-1) + 1
    if number > MAX_INTEGER:
        raise UsageError(
            "there is no round after the last one of ours", hint="trust round open N, a lower one"
        )
    return number


def last_open(node: Node) -> int | None:
    """Return the last round that is open here, of the last ones we had a part in; None without any."""
    ours = node.ledger.rounds.newest(_RECENT) if node.has_ledger() else {}
    return next((number for number, state in ours.items() if "winner" not in state), None)


def proposals(node: Node, number: int | None = None) -> list[Proposed]:
    """Return the proposals of a round, by default the current one; the oldest first.

    Raises:
        UsageError: there is no such round.
    """
    statements.refuse_below_0(number)
    if not node.has_ledger():
        return []
    wanted = current(node) if number is None else number
    entries = node.ledger.each_of(node.ledger.rounds.statements(wanted))
    found = [shown(entry) for entry in entries if entry.kind == "proposal"]
    return sorted(found, key=lambda one: (one.created, one.id))


def find(node: Node, prefix: str) -> Proposed:
    """Return a proposal by its id or the beginning of it.

    Raises:
        NotFound: there is none. UsageError: it is another record. RecordRefused: `ambiguous`.
    """
    entry = node.ledger.find(prefix)
    if entry.kind != "proposal":
        raise UsageError(f"{prefix} is a {entry.kind}", hint="trust proposal ls")
    return shown(entry)


def score(node: Node, prefix: str, value: int) -> Record:
    """Sign a score of somebody else's proposal, by hand.

    Raises:
        UsageError: it is an own proposal, no score from 0 to 10,000, or of a closed round. NotFound,
        RecordRefused. Busy: another process is speaking.
    """
    proposed = find(node, prefix)
    me = node.me
    if proposed.proposer == me:
        raise UsageError("nobody scores its own proposal", code="own_proposal")
    if not 0 <= value <= score_kind.MAX_SCORE:
        raise UsageError(f"a score is 0 to {score_kind.MAX_SCORE}, not {value}", code="score_range")
    with statements.speaking(node):
        statements.refuse_closed(node, proposed.number)
        _, scores, _ = statements.said(statements.statements(node, proposed.number))
        state = node.ledger.rounds.get(proposed.number)
        least = (state["done"] if state else 0) + 1
        mine = [score for score in scores if score.signer == me]
        body = statements.score_body(proposed.number, proposed.id, value, least, mine)
        return statements.sign(node, me, [("score", body)])[0]


def shown(entry: Entry) -> Proposed:
    """Return a stored proposal."""
    number = entry.body["round"]
    assert isinstance(number, int)
    content = next(name for name in CONTENTS if name in entry.body)
    return Proposed(entry.id, number, entry.author, entry.created, content, entry.body)
