"""`trust round …`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, at_least, option
from trustcli.errors import NO, OK, PARTIAL
from trustcli.node import rounding
from trustcli.rounds.rules import FINALITY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.node.rounding import Stage

_NUMBER = argument("[ROUND]", "its number; default: the one that is open", kind=int, default=None)
_HEAD = ("ROUND", "STAGE", "SCORINGS", "PROPOSALS", "WINNER", "SUPPORT", "FINAL")


def open_(
    session: Session,
    *,
    number: int | None = argument("[ROUND]", "its number; default: the next", kind=int, default=None),
) -> Reply:
    """Open a round: from now on its proposals are scored, by your table as it is now."""
    return _reply("round-open", rounding.open_(session.node, number))


def step(session: Session, *, number: int | None = _NUMBER) -> Reply:
    """Score all proposals once more; after the tenth time announce a winner, and settle with others.

    Sync in between: `trust sync`. Each step signs what it has to say; nothing new, nothing signed.
    """
    return _reply("round-step", rounding.step(session.node, number))


def close(
    session: Session,
    *,
    number: int | None = _NUMBER,
    finality: str | None = option(
        "--finality",
        help="share of the weight you know that makes it final; default: the setting",
        choices=FINALITY,
    ),
) -> Reply:
    """Decide a round by all that is here, and store the decision with what it rests on.

    Who has not announced a winner does it now; better is one more step and a sync before.
    Exit code 0 when enough of the weight you know announces the same winner, else 4.
    """
    found = rounding.close(session.node, number, finality=finality or session.node.settings.finality)
    return _reply("round-close", found)._replace(exit=OK if found.final else PARTIAL)


def show(session: Session, *, number: int | None = _NUMBER) -> Reply:
    """Show one round: how far it is, what leads, and the block it made."""
    return _reply("round-show", rounding.show(session.node, number))


def status(
    session: Session,
    *,
    last: int = option("--last", help="how many; default 20", kind=int, default=20, metavar="N"),
) -> Reply:
    """List the last rounds this node has a part in, the newest first."""
    at_least(1, last=last)
    found = rounding.newest(session.node, last)
    return Reply(
        "round-status",
        data={"rounds": [_data(one) for one in found]},
        head=_HEAD,
        rows=[_cells(one) for one in found],
        next="" if found else "trust round open",
    )


def audit(session: Session, *, number: int = argument("ROUND", "its number", kind=int)) -> Reply:
    """Recompute a closed round from what is stored, and name the first byte that does not fit.

    Exit code 0: everything follows from the evidence. 1: something does not.
    """
    finding = rounding.audit(session.node, number)
    if finding is None:
        return Reply(
            "round-audit",
            data={"round": number, "ok": True, "finding": None},
            rows=[("ok", f"round {number}")],
        )
    return Reply(
        "round-audit",
        data={"round": number, "ok": False, "finding": finding._asdict()},
        rows=[
            ("bad", finding.where, finding.what, f"stored {finding.stored}", f"computed {finding.computed}")
        ],
        exit=NO,
        next=f"trust show {finding.where[:16]}" if finding.where != "decision" else "",
    )


def _reply(schema: str, stage: Stage) -> Reply:
    rows = [_cells(stage)]
    if stage.block:
        block = stage.block
        rows.append(
            (
                "block",
                str(block.height),
                block.hash,
                f"{len(block.transactions)} ratings",
                f"{len(block.votes)} votes",
            )
        )
    return Reply(schema, data=_data(stage), head=_HEAD, rows=rows, next=_next(stage))


def _next(stage: Stage) -> str:
    if stage.stage == rounding.OPEN:
        return f"trust round step {stage.number}"
    if stage.stage == rounding.OVER:
        return f"trust round step {stage.number}, trust sync, then trust round close {stage.number}"
    return f"trust round audit {stage.number}"


def _data(stage: Stage) -> dict[str, Any]:
    block = stage.block
    return {**stage._asdict(), "block": None if block is None else block._asdict()}


def _cells(stage: Stage) -> tuple[str, ...]:
    share = f"{stage.support / stage.whole:.1%}" if stage.whole else "-"
    return (
        str(stage.number),
        stage.stage,
        f"{stage.done} of {stage.scorings}",
        str(stage.proposals),
        (stage.winner or "-")[:16],
        share,
        "final" if stage.final else "-",
    )
