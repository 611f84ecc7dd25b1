"""Run rounds by hand or by cron: open, step until the cut, announce, close, audit.

What a node stores of a round is private: its table as of the opening, how often it has scored, what it
decided and from which records. What it signs is in the ledger, and travels as everything does.
"""

from __future__ import annotations

from trustcli.errors import DiskError, NotFound, UsageError
from trustcli.node import proposing, standing, statements
from trustcli.rounds import blocks, evidence
from trustcli.rounds.agreement import Agreement
from trustcli.rounds.audit import Line, Stored
from trustcli.rounds.audit import audit as check
from trustcli.rounds.decision import decide
from trustcli.rounds.round import fold
from trustcli.rounds.rules import DEFAULT, FINALITY
from trustcli.rounds.values import Pick, Proposal, Score
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from trustcli.node import Node
    from trustcli.node.statements import Statement
    from trustcli.records.canonical import Json
    from trustcli.rounds.audit import Finding
    from trustcli.rounds.decision import Decision
    from trustcli.rounds.round import Round
    from trustcli.rounds.rules import Rules

OPEN, OVER, CLOSED = "open", "over", "closed"
RULES = DEFAULT
LAG = 2  # rounds back to the winner that lots hang on: two rounds may be under way at once


class Stage(NamedTuple):
    """Where this node is in a round.

    `stage` is OPEN while scorings are left, OVER after the cut, CLOSED when it is decided. `winner` is
    what the node holds now; `support` of `whole` known weight announces it.
    """

    number: int
    stage: str
    done: int
    scorings: int
    proposals: int
    winner: str | None
    support: int
    whole: int
    final: bool
    signed: int = 0
    block: blocks.Block | None = None


def open_(node: Node, number: int | None = None) -> Stage:
    """Begin a round: from now on its statements are scored by the table as it is now.

    Raises:
        UsageError: it was opened before. NotFound: there is no key. Busy: another process is at a round.
    """
    statements.refuse_below_0(number)
    ledger = node.make_ledger()
    with statements.speaking(node):
        wanted = proposing.next_round(node) if number is None else number
        statements.refuse_closed(node, wanted)
        if ledger.rounds.get(wanted) is not None:
            raise UsageError(f"round {wanted} is open already", hint=f"trust round show {wanted}")
        now = node.clock()
        table = standing.table(node, now)
        state: dict[str, Any] = {
            "opened": now, "me": node.me, "before": _before(node, wanted, table), "table": table,
            "done": 0, "given": {}, "seen": [], "turn": -1,
        }  # fmt: skip
        ledger.rounds.save(wanted, state)
        return show(node, wanted)


def step(node: Node, number: int | None = None) -> Stage:
    """Score all proposals once more; after the last scoring announce a winner, and settle with others.

    Raises:
        NotFound: no such round is open. RecordRefused, KeyProblem. Busy: another process is at a round.
    """
    with statements.speaking(node):
        number, state = _opened(node, number)
        _refuse_other_key(node, number, state)
        signed = _speak(node, number, state, statements.statements(node, number))
        node.ledger.rounds.save(number, state)
        return show(node, number)._replace(signed=signed)


def _speak(node: Node, number: int, state: dict[str, Any], stored: Sequence[Statement]) -> int:
    """Score once more, or after the last scoring announce; return how many statements were signed."""
    _recall(state, statements.said(stored)[2])
    found = _fold(number, state, stored)
    kind, say = ("winner", _announcement) if found.is_over() else ("score", _scoring)
    bodies = say(number, state, stored, found)
    statements.sign(node, state["me"], [(kind, body) for body in bodies])
    return len(bodies)


def _refuse_other_key(node: Node, number: int, state: Mapping[str, Any]) -> None:
    """Refuse to speak with another key than the one that the round was opened with.

    Raises:
        UsageError: another key was asked for.
    """
    if node.identity != node.settings.identity and node.me != state["me"]:
        raise UsageError(
            f"round {number} was opened with another key than {node.identity}",
            hint="leave --as out, or open a round with it",
        )


def _recall(state: dict[str, Any], picks: Sequence[Pick]) -> None:
    """Note in the state what this node has announced: it may have been stopped before it came to that."""
    last = max(
        (pick for pick in picks if pick.signer == state["me"]), key=lambda pick: pick.turn, default=None
    )
    if last is not None and last.turn > state["turn"]:
        state["turn"], state["announced"] = last.turn, last.proposal


def _scoring(
    number: int, state: dict[str, Any], stored: Sequence[Statement], found: Round
) -> list[dict[str, Json]]:
    """Score once, and note it in the state; return what is to be signed."""
    proposals, scores, _ = statements.said(stored)
    mine = [score for score in scores if score.signer == state["me"]]
    given = found.scoring()
    state["done"] = found.done
    state["given"].update((score.proposal, score.value) for score in given)
    if found.done <= RULES.listen:
        state["seen"] = sorted(proposal.id for proposal in proposals)
    return [statements.score_body(number, one.proposal, one.value, one.step, mine) for one in given]


def close(node: Node, number: int | None = None, *, finality: str = RULES.finality) -> Stage:
    """Decide a round by all that is here now, and store the decision with its evidence.

    Args:
        finality: the share of known weight that makes it final, one of `rules.FINALITY`.

    Who has not announced a winner yet does it now: others wait to hear it. Whoever of the table contradicted
    itself in the round is reported to all, in an `evidence` record; who acted against the lots is noted here.

    Raises:
        NotFound: no such round is open. UsageError: scorings are left. Busy: another process is at a round.
    """
    with statements.speaking(node):
        number, state = _opened(node, number)
        if state["done"] < RULES.scorings:
            left = RULES.scorings - state["done"]
            raise UsageError(f"round {number} has {left} scorings left", hint=f"trust round step {number}")
        _refuse_other_key(node, number, state)
        stored = statements.statements(node, number)
        statements.report(node, state["table"], stored)
        if state["turn"] < 0 and _speak(node, number, state, stored):
            stored = statements.statements(node, number)
        state["finality"] = finality
        found = _end(number, state, stored, node.clock())
        node.ledger.rounds.save(number, state)
        standing.note_conduct(node, number, found.against)
        return show(node, number)


def _end(number: int, state: dict[str, Any], stored: Sequence[Statement], now: int) -> Decision:
    """Decide, and note in the state what was decided from what."""
    found = _decide(number, state, stored)
    used = _rests_on(stored)
    count, digest = evidence.digest(used)
    state.update(
        closed=now, scored=found.scored, winner=found.winner, final=found.final,
        support=found.support, whole=found.whole, used=used,
        heard=[one.id for one in stored if isinstance(one.said, Pick)], records=count, digest=digest,
        votes=sorted({pick.signer for pick in statements.said(stored)[2] if pick.proposal == found.winner}),
    )  # fmt: skip
    return found


def _rests_on(stored: Sequence[Statement]) -> list[str]:
    """Return the ids of what a winner is scored by, ascending."""
    return [one.id for one in stored if isinstance(one.said, Proposal | Score)]


def show(node: Node, number: int | None = None) -> Stage:
    """Return where this node is in a round.

    Raises:
        NotFound: it has no part in that round.
    """
    statements.refuse_below_0(number)
    rounds = node.ledger.rounds
    number = max(rounds.newest(1), default=0) if number is None else number
    state = rounds.get(number)
    if state is None:
        raise NotFound(f"round {number} is not one of ours", hint="trust round open")
    stored = statements.statements(node, number)
    count = sum(isinstance(one.said, Proposal) for one in stored)
    closed = "winner" in state
    found = _closed(state) if closed else _decide(number, state, stored)
    stage = CLOSED if closed else OVER if state["done"] >= RULES.scorings else OPEN
    return Stage(
        number, stage, state["done"], RULES.scorings, count, found.winner,
        found.support, found.whole, found.final, 0, proposing.block_of(node, state) if closed else None,
    )  # fmt: skip


def newest(node: Node, limit: int) -> list[Stage]:
    """Return the last rounds this node has a part in, the newest first."""
    if not node.has_ledger():
        return []
    return [show(node, number) for number in node.ledger.rounds.newest(limit)]


def audit(node: Node, number: int) -> Finding | None:
    """Recompute a closed round from what is stored; return the first thing that does not fit.

    Raises:
        NotFound: no such round was closed here.
    """
    statements.refuse_below_0(number)
    state = node.ledger.rounds.get(number)
    if state is None or "winner" not in state:
        raise NotFound(f"round {number} is not closed here", hint=f"trust round close {number}")
    stored = Stored(
        number, state["me"], state["before"], state["table"], state["used"], state["heard"],
        state["scored"] or "", state["winner"] or "", state["records"], state["digest"],
        state["support"], state["whole"], state["final"], state["votes"],
    )  # fmt: skip
    kept = node.ledger.kept_as({*stored.used, *stored.heard})
    lines = [Line(one.data, one.sig, id_) for id_, one in kept.items()]
    return check(stored, lines, node.ledger.network, _rules(state))


def _before(node: Node, number: int, table: Mapping[str, int]) -> str:
    """Return who proposed the winner of the round LAG before this one; empty where nobody knows.

    As this node decided it, else, for one that was not there, as those it knows have announced it.
    """
    state = node.ledger.rounds.get(number - LAG)
    winner = state.get("winner") if state else None
    if not winner:
        stored = statements.statements(node, number - LAG)
        heard = Agreement(number - LAG, node.me, table, rules=RULES)
        heard.start(None)
        _hear(heard, stored)
        heard.settle()
        winner = heard.winner
    return proposing.find(node, winner).proposer if winner else ""


def _hear(agreement: Agreement, stored: Sequence[Statement]) -> None:
    """Let an agreement take in what is announced of proposals that are here."""
    proposals, _, picks = statements.said(stored)
    here = {proposal.id for proposal in proposals}
    for pick in picks:
        if pick.proposal in here:
            agreement.take(pick)


def _opened(node: Node, number: int | None) -> tuple[int, dict[str, Any]]:
    statements.refuse_below_0(number)
    if number is None:
        number = proposing.last_open(node)
        if number is None:
            raise NotFound("no round is open", hint="trust round open")
    state = node.ledger.rounds.get(number) if node.has_ledger() else None
    if state is None:
        raise NotFound(f"round {number} is not open", hint=f"trust round open {number}")
    statements.refuse_closed(node, number)
    return number, state


def _fold(number: int, state: dict[str, Any], stored: Sequence[Statement]) -> Round:
    proposals, scores, _ = statements.said(stored)
    found = fold(number, state["me"], state["table"], proposals, scores, rules=RULES, before=state["before"])
    seen = set(state["seen"])
    late = [one.id for one in proposals if one.id not in seen] if state["done"] >= RULES.listen else []
    found.resume(state["done"], state["given"], late)
    return found


def _decide(number: int, state: dict[str, Any], stored: Sequence[Statement]) -> Decision:
    proposals, scores, picks = statements.said(stored)
    return decide(
        number, state["me"], state["table"], state["before"], proposals, scores, picks, _rules(state)
    )


def _rules(state: dict[str, Any]) -> Rules:
    finality = state.get("finality", RULES.finality)
    if finality not in FINALITY:
        raise DiskError(f"no rule of finality {finality!r}, though a round was decided by it")
    return RULES._replace(finality=finality)


def _closed(state: dict[str, Any]) -> Decision:
    from trustcli.rounds.decision import Decision  # noqa: PLC0415

    return Decision(state["scored"], state["winner"], state["support"], state["whole"], state["final"])


def _announcement(
    number: int, state: dict[str, Any], stored: Sequence[Statement], found: Round
) -> list[dict[str, Json]]:
    """Return the announcement to sign now, none where nothing has changed."""
    agreement = Agreement(number, state["me"], state["table"], rules=RULES, lot_of=found.field.lot_of)
    agreement.start(state.get("announced") or found.winner())
    _hear(agreement, stored)
    agreement.settle(patient=state["turn"] < 0)
    if agreement.winner is None or agreement.winner == state.get("announced"):
        return []
    state["announced"] = agreement.winner
    state["turn"] += 1
    count, digest = evidence.digest(_rests_on(stored))
    return [
        {
            "round": number,
            "proposal": agreement.winner,
            "turn": state["turn"],
            "evidence": {"records": count, "digest": digest},
        }
    ]
