"""`trust simulate attack|secrecy`: what rounds withstand, and what they give away."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, at_least, flag, option
from trustcli.cli.simulate import (
    LOSS,
    NEIGHBOURS,
    NODES,
    OPINION,
    ROUNDS,
    SCORINGS,
    SEED,
    SEEDS,
    VOUCHERS,
    plan_of,
)
from trustcli.errors import UsageError
from trustcli.rounds.rules import DEFAULT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.simulate.attacks import Row


def attack(
    session: Session,
    *,
    name: str = argument("NAME", "one of the attacks above, or all"),
    nodes: int = NODES,
    neighbours: int = NEIGHBOURS,
    rounds: int = ROUNDS,
    seed: int = SEED,
    seeds: int = SEEDS,
    scorings: int | None = SCORINGS,
    loss: float = LOSS,
    opinion: str = OPINION,
    vouchers: int = VOUCHERS,
    forget: bool = flag(
        "--forget",
        help="attackers stay as reputable as on the first day, whatever nodes have seen of them",
    ),
    share: list[float] = option(
        "--share", help="share of nodes that attack; may be repeated", kind=float, metavar="P", many=True
    ),
) -> Reply:
    """Attack rounds, and show what that captures, delays and costs.

      bias     score bias: everything for one proposal, nothing for others
      early    early start: the same, four scorings ahead
      late     last look: comes out when others stop listening, to half of them
      double   double proposal: two by one key
      collude  collusion: all propose, and push whichever of theirs is drawn first
      farm     strangers: stand behind the luckiest of 1,000 keys that nobody knows
      eclipse  eclipse: all in the table of one victim
      sybil    farm, then burn: reputation earned, then spent; who acts against the lots is remembered

    CAPTURED: honest nodes that end with the attackers' proposal, in rounds in which the lots did not
    give it to them as to anybody. COST: observed interactions that the attackers' reputation takes;
    PRICE: for each percent captured. docs/attack-cost.md explains the columns.

    Examples:
      trust simulate attack bias --share 0.2 --seeds 10
      trust simulate attack bias --share 0.2 --forget
      trust simulate attack all --nodes 100 --rounds 10 --json
    """
    from trustcli.simulate import attacks  # noqa: PLC0415

    at_least(1, rounds=rounds, seeds=seeds)
    if name != "all" and name not in attacks.ATTACKS:
        raise UsageError(f"no attack {name!r}", hint=f"one of: all, {', '.join(attacks.ATTACKS)}")
    plan = plan_of(nodes, neighbours, rounds, seed, "ours", scorings, None, loss, 0.0, opinion, vouchers)
    plan = plan._replace(remembers=not forget)
    names = list(attacks.ATTACKS) if name == "all" else [name]
    for part in share:
        _check_share(part, nodes, near=all(attacks.ATTACKS[one].near for one in names))
    found = {one: attacks.measure(one, plan, share, seeds=seeds) for one in names}
    return Reply(
        "simulate-attack",
        data={
            "nodes": nodes, "neighbours": neighbours, "rounds": rounds, "seed": seed, "seeds": seeds,
            "forget": forget,
            "attacks": [
                {"name": one, "title": attacks.ATTACKS[one].title, "rows": [_row(row) for row in rows]}
                for one, rows in found.items()
            ],
        },
        head=("ATTACK", "SHARE", "CAPTURED", "AGREE", "ON HONEST", "± S.E.", "WON", "FAIR", "DELAYED", "COST", "PRICE", "LASTS"),
        rows=[(one, *_cells(row)) for one, rows in found.items() for row in rows],
    )  # fmt: skip


def secrecy(
    session: Session,
    *,
    nodes: int = NODES,
    neighbours: int = NEIGHBOURS,
    rounds: int = option("--rounds", help="rounds observed; default 300", kind=int, default=300, metavar="R"),
    seed: int = SEED,
    opinion: str = OPINION,
    share: float | None = option(
        "--share",
        help="look at announced winners instead, while this share of nodes attacks",
        kind=float,
        metavar="P",
    ),
) -> Reply:
    """Play the observer who reads everything published, and show how much of the tables it recovers.

    WEIGHTS is the correlation of its estimate with the truth, among the keys a node knows; MEMBERSHIP
    the same over all keys, those a node does not know counting 0.

    Examples:
      trust simulate secrecy
      trust simulate secrecy --opinion weighted --rounds 60
      trust simulate secrecy --share 0.4
    """
    from trustcli.simulate import secrecy as observer  # noqa: PLC0415  numpy

    at_least(1, rounds=rounds)
    plan = plan_of(nodes, neighbours, rounds, seed, "ours", None, None, 0.0, 0.0, opinion, DEFAULT.vouchers)
    if share is not None:
        _check_share(share, nodes)
    found = observer.leaks(plan) if share is None else observer.announced(plan, share)
    return Reply(
        "simulate-secrecy",
        data={
            "nodes": nodes, "neighbours": neighbours, "rounds": rounds, "seed": seed, "opinion": opinion,
            "attacks": {
                name: {
                    "weights": round(leak.weights, 4) if leak.rows else None,
                    "membership": round(leak.membership, 4) if leak.rows else None,
                    "rows": leak.rows,
                }
                for name, leak in found.items()
            },
        },
        head=("ATTACK", "WEIGHTS", "MEMBERSHIP", "SCORES SEEN OF EACH"),
        rows=[
            (name, *(f"{one:.3f}" if leak.rows else "-" for one in leak[:2]), str(leak.rows))
            for name, leak in found.items()
        ],
        notes=() if any(leak.rows for leak in found.values()) else ("nothing was seen: more rounds, or nodes",),
    )  # fmt: skip


def _check_share(share: float, nodes: int, *, near: bool = False) -> None:
    """Refuse a share that is none, or that leaves no honest node; `near`: of one table, its owner is one."""
    from trustcli.simulate.attackers import count  # noqa: PLC0415

    if not 0 < share <= 1:
        raise UsageError(f"--share is above 0 and up to 1, not {share}", hint="--share 0.2 is a fifth")
    if not near and count(share, nodes) >= nodes:
        most = int(1_000 * (nodes - 1) / nodes) / 1_000
        raise UsageError(
            f"--share {share:g} is {nodes} of {nodes} nodes: at least one must be honest",
            hint=f"at most {nodes - 1} attack: --share {most:g}",
        )


def _row(row: Row) -> dict[str, Any]:
    price = row.price
    return {
        **row._asdict(), "share": round(row.share, 6), "price": None if price is None else round(price, 1),
    }  # fmt: skip


def _cells(row: Row) -> tuple[str, ...]:
    shares = (row.share, row.captured, row.agree, row.on_honest, row.error, row.won, row.fair, row.delayed)
    price = "-" if row.price is None else f"{row.price:.0f}"
    lasts = "-" if row.lasts is None else str(row.lasts)
    return (*(f"{share:.1%}" for share in shares), str(row.interactions), price, lasts)
