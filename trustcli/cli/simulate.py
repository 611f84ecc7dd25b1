"""`trust simulate rounds|example`: rounds in virtual networks, and the paper's example."""

from __future__ import annotations

from trustcli.cli.declare import Reply, at_least, flag, option, refuse_idle
from trustcli.cli.drawing import check_target, with_picture
from trustcli.errors import UsageError
from trustcli.rounds.rules import DEFAULT, LOTS, WEIGHTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trustcli.cli.session import Session
    from trustcli.simulate.runs import Outcome, Plan

NODES = option("--nodes", help="how many nodes; default 30", kind=int, default=30, metavar="N")
NEIGHBOURS = option(
    "--neighbours", help="how many each knows, about; default 8", kind=int, default=8, metavar="K"
)
ROUNDS = option("--rounds", help="how many rounds; default 31", kind=int, default=31, metavar="R")
SEED = option("--seed", help="the same seed gives the same run; default 1", kind=int, default=1, metavar="S")
SCORINGS = option(
    "--scorings", help="scorings a proposal until the cut; default 10, in poc mode 20", kind=int, metavar="K"
)
LOSS = option("--loss", help="share of messages lost, 0 to 0.9", kind=float, default=0.0, metavar="P")
CHURN = option(
    "--churn", help="share of nodes away for a third of each round", kind=float, default=0.0, metavar="P"
)
OPINION = option(
    "--opinion",
    help=f"what nodes publish: {LOTS}, or {WEIGHTED} as in the paper, which gives tables away",
    default=LOTS,
    choices=(LOTS, WEIGHTED),
)
VOUCHERS = option(
    "--vouchers",
    help="one in N known keys, at least two, must stand behind a stranger; 0: half of all known weight. default 3",
    kind=int,
    default=DEFAULT.vouchers,
    metavar="N",
)
SEEDS = option("--seeds", help="run so many networks, from --seed on", kind=int, default=1, metavar="N")
SVG = option(
    "--svg",
    help="draw the histogram to FILE (never overwritten), - for stdout",
    metavar="FILE",
    complete="files",
)
_CURVE = (2, 5, 10, 20, 30)


def rounds(
    session: Session,
    *,
    nodes: int = NODES,
    neighbours: int | None = NEIGHBOURS._replace(default=None),
    rounds: int = ROUNDS,
    seed: int = SEED,
    seeds: int = SEEDS,
    mode: str = option(
        "--mode", help="ours, or the published proof of concept", default="ours", choices=("ours", "poc")
    ),
    scorings: int | None = SCORINGS,
    jitter: int | None = option(
        "--jitter",
        help="nodes start within so many ms (default 1000), in poc mode steps (10)",
        kind=int,
        metavar="J",
    ),
    density: int | None = option(
        "--density",
        help="instead of --neighbours, half of them; in poc mode addresses given to each node; default 4",
        kind=int,
        metavar="D",
    ),
    until_quiet: bool = flag("--until-quiet", help="poc mode: no cut; until nobody has anything left to say"),
    loss: float = LOSS,
    churn: float = CHURN,
    opinion: str = OPINION,
    vouchers: int = VOUCHERS,
    curve: bool = flag("--curve", help="also agreement against scorings: 2, 5, 10, 20, 30"),
    svg: str | None = SVG,
) -> Reply:
    """Run rounds in a virtual network and show who agreed with whom.

    A row is a round: how many nodes hold the same winner, the largest group first, and the seed of their
    network. Nothing is sent, no key is needed; the code that decides is the one that nodes run. The proof
    of concept (--mode poc) has no --loss, --churn, --opinion and --vouchers.

    Examples:
      trust simulate rounds --nodes 30 --neighbours 8 --rounds 31 --seed 1
      trust simulate rounds --mode poc --density 4 --scorings 20 --jitter 10
      trust simulate rounds --loss 0.3 --seeds 10 --svg rounds.svg
    """
    from trustcli.simulate import runs  # noqa: PLC0415

    check_target(svg)
    at_least(1, rounds=rounds, seeds=seeds, density=density)
    given: dict[str, object] = {
        "neighbours": neighbours, "density": density, "scorings": scorings, "curve": curve, "loss": loss,
        "churn": churn, "opinion": opinion, "vouchers": vouchers, "until_quiet": until_quiet,
    }  # fmt: skip
    _check_use(given, poc=mode == runs.POC)
    if density is not None:
        neighbours = 2 * density
    if neighbours is None:
        neighbours = NEIGHBOURS.default
    plan = plan_of(nodes, neighbours, rounds, seed, mode, scorings, jitter, loss, churn, opinion, vouchers)
    plan = plan._replace(quiet=until_quiet)
    by_seed = {one: runs.run(plan._replace(seed=one)) for one in range(seed, seed + seeds)}
    seeded = [(one, outcome) for one, outcomes in by_seed.items() for outcome in outcomes]
    found = [outcome for _, outcome in seeded]
    whole = runs.summary(found)
    steps = _curved(plan) if curve else []
    data = {
        "mode": mode, "nodes": nodes, "neighbours": neighbours, "seed": seed, "seeds": seeds,
        "scorings": plan.rules.scorings, "mean": round(whole.mean * nodes, 4), "min": whole.least,
        "unanimous": round(whole.unanimous, 6), "share": round(whole.mean, 6),
        "share_by_scoring": round(whole.mean_scored, 6), "messages": whole.messages,
        "rounds": [
            {"round": number, "seed": network, "groups": one.groups, "groups_by_scoring": one.scored,
             "winner": one.winner, "final": one.final, "messages": one.messages}
            for number, (network, one) in enumerate(seeded)
        ],
        "curve": [{"scorings": step, "share_by_scoring": alone, "share": after} for step, alone, after in steps],
    }  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (str(number), _groups(one), one.winner, str(network)) for number, (network, one) in enumerate(seeded)
    ]
    rows += [
        ("mean", f"{whole.mean * nodes:.2f} of {nodes}", f"{whole.mean:.1%}"),
        ("by scoring alone", f"{whole.mean_scored * nodes:.2f} of {nodes}", f"{whole.mean_scored:.1%}"),
        ("min", str(whole.least), f"{whole.least / nodes:.1%}"),
        ("unanimous", f"{whole.unanimous * len(found):.0f} of {len(found)} rounds", f"{whole.unanimous:.1%}"),
    ]
    rows += [
        (f"{step} scorings", f"{alone:.1%} by scoring alone", f"{after:.1%}") for step, alone, after in steps
    ]
    reply = Reply(
        "simulate-rounds", data=data, head=("ROUND", "NODES THAT AGREE", "WINNER", "SEED"), rows=rows
    )
    return with_picture(reply, "svg", svg, lambda: _draw(plan, found, steps, whole.mean))


def _check_use(given: Mapping[str, object], *, poc: bool) -> None:
    """Refuse options of `rounds` that would change nothing beside the others."""

    def refuse(when: str, instead: str, *names: str) -> None:
        refuse_idle(rounds, when, instead, **{name: given[name] for name in names})

    if poc:
        refuse("with --mode poc", "leave out --mode poc", "loss", "churn", "opinion", "vouchers")
    else:
        refuse("without --mode poc", "add --mode poc", "until_quiet")
    if given["until_quiet"]:  # there is no cut
        refuse("with --until-quiet", "leave out --until-quiet", "scorings", "curve")
    if given["density"] is not None:
        refuse("with --density", "leave out --density", "neighbours")


def example(session: Session) -> Reply:
    """Work the paper's example out, exactly: 771.3, where it prints 777.3."""
    from trustcli.rounds.scores import local_score  # noqa: PLC0415

    table = {"NodeA": 2677, "NodeB": 7906, "NodeC": 3845}
    scores = {"NodeA": 500, "NodeB": 1000, "NodeC": 490}
    exact = local_score(scores, table)
    whole = sum(table.values())
    numerator = exact.numerator * (whole // exact.denominator)
    rows = [
        (
            name,
            str(table[name]),
            str(scores[name]),
            f"{table[name]} / {whole}",
            f"{scores[name] * table[name] / whole:.1f}",
        )
        for name in table
    ]
    rows.append(("local score", str(whole), "", f"{numerator} / {whole}", f"{float(exact):.1f}"))
    return Reply(
        "simulate-example",
        data={
            "numerator": numerator,
            "denominator": whole,
            "score": round(float(exact), 6),
            "printed": 777.3,
        },
        head=("NAME", "REPUTATION", "SCORE", "WEIGHT", "PART"),
        rows=rows,
        notes=("the paper prints 777.3: it rounds the weights to 0.19, 0.55 and 0.27, which add up to 1.01",),
    )


def plan_of(
    nodes: int,
    neighbours: int,
    rounds: int,
    seed: int,
    mode: str,
    scorings: int | None,
    jitter: int | None,
    loss: float,
    churn: float,
    opinion: str,
    vouchers: int,
) -> Plan:
    """Return the plan that options ask for.

    Raises:
        UsageError: one of them is out of range.
    """
    from trustcli.rounds.rules import Rules, cut_after  # noqa: PLC0415
    from trustcli.simulate.network import Weather  # noqa: PLC0415
    from trustcli.simulate.runs import POC, Plan  # noqa: PLC0415

    at_least(3, nodes=nodes)
    at_least(2, neighbours=neighbours)
    at_least(1, scorings=scorings)
    at_least(0, jitter=jitter, vouchers=vouchers)
    for what, value in (("loss", loss), ("churn", churn)):
        if not 0 <= value <= 0.9:
            raise UsageError(f"--{what} is 0 to 0.9, not {value}")
    scorings = scorings or (20 if mode == POC else 10)
    jitter = (10 if mode == POC else 1_000) if jitter is None else jitter
    rules = cut_after(Rules(opinion=opinion, vouchers=vouchers), scorings)
    return Plan(nodes, neighbours, rounds, seed, mode, jitter, rules, Weather(loss=loss, churn=churn))


def _curved(plan: Plan) -> list[tuple[int, float, float]]:
    from trustcli.rounds.rules import cut_after  # noqa: PLC0415
    from trustcli.simulate import runs  # noqa: PLC0415

    found = []
    for scorings in _CURVE:
        rules = cut_after(plan.rules, scorings)
        whole = runs.summary(runs.run(plan._replace(rules=rules)))
        found.append((scorings, round(whole.mean_scored, 6), round(whole.mean, 6)))
    return found


def _draw(plan: Plan, found: Sequence[Outcome], steps: list[tuple[int, float, float]], mean: float) -> str:
    from trustcli.simulate import histogram  # noqa: PLC0415

    title = f"{plan.nodes} nodes, {plan.neighbours} neighbours, {len(found)} rounds, {plan.mode}: {mean:.1%} agree"
    return histogram.draw(title, plan.nodes, [one.groups[0] for one in found], steps)


def _groups(outcome: Outcome) -> str:
    return "/".join(str(size) for size in outcome.groups)
