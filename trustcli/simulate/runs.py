"""Run rounds in a virtual network and count who agrees with whom."""

from __future__ import annotations

from collections import Counter
from random import Random

from trustcli.acyclic import Pause
from trustcli.rounds.rules import DEFAULT
from trustcli.simulate import poc, tables
from trustcli.simulate.members import HEAD_START, SWEEP, Member, Setting
from trustcli.simulate.network import Network, Weather
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trustcli.rounds.rules import Rules

    Enrol = Callable[[Setting, int, str, Sequence[int], dict[str, int]], Member]
    """Makes the node of a place: honest, or an attacker."""

OURS, POC = "ours", "poc"


class Plan(NamedTuple):
    """What to run.

    Attributes:
        neighbours: the mean the topology aims at.
        jitter: ms within which nodes start; in poc mode, steps.
        kept: tables stay from round to round; else they are drawn anew, as in the source.
        remembers: under attack, honest nodes lower the standing of whom they saw act against the lots,
            as `trust round close` does; else every round is attacked by nodes of full standing.
        quiet: poc mode runs on until nobody has anything left to say, as if scoring took no time.
    """

    nodes: int = 30
    neighbours: int = 8
    rounds: int = 31
    seed: int = 1
    mode: str = OURS
    jitter: int = 1_000
    rules: Rules = DEFAULT
    weather: Weather = Weather()
    kept: bool = False
    remembers: bool = True
    quiet: bool = False


class Outcome(NamedTuple):
    """What became of one round.

    Attributes:
        groups: honest nodes by the winner they hold, the largest group first.
        scored: the same before the final synchronisation.
        winner: what the largest group holds; "" where nobody holds anything.
        final: honest nodes that know the round to be final.
        messages: sent by all nodes.
    """

    groups: list[int]
    scored: list[int]
    winner: str
    final: int
    messages: int
    members: Sequence[Member] = ()


class Summary(NamedTuple):
    """Rounds together: mean share of the largest group, smallest largest group, share unanimous."""

    nodes: int
    mean: float
    least: int
    unanimous: float
    mean_scored: float
    messages: int


def run(plan: Plan, enrol: Enrol = Member) -> list[Outcome]:
    """Run the rounds of a plan, one after the other, in one network; the nodes are let go of."""
    return list(map(_without_members, outcomes(plan, enrol)))  # a loop would hold each until the next is done


def outcomes(plan: Plan, enrol: Enrol = Member) -> Iterator[Outcome]:
    """Yield the rounds of a plan as they end."""
    dice = Random(f"{plan.seed} {plan.nodes} {plan.neighbours}")  # noqa: S311  a run to be repeated
    if plan.mode == POC:
        links = poc.topology(plan.nodes, plan.neighbours // 2, dice)
        for _ in range(plan.rounds):
            yield _poc(plan, links, dice)
        return
    links = tables.rings(plan.nodes, plan.neighbours, dice)
    known = tables.draw(links, dice)
    before = ""
    for number in range(plan.rounds):
        if number and not plan.kept:
            known = tables.draw(links, dice)
        found = one(plan, links, known, dice, number, before, enrol)
        before = found.winner.rpartition(":")[2]
        yield found
        del found  # else this round's nodes are held while the next are made


def one(
    plan: Plan,
    links: Sequence[Sequence[int]],
    known: Sequence[dict[int, int]],
    dice: Random,
    number: int,
    before: str,
    enrol: Enrol,
) -> Outcome:
    """Run one round in a network of these links and tables, all nodes starting within `jitter`."""
    network = Network(plan.weather, dice)
    setting = Setting(number, plan.rules, before, network, dice)
    members = []
    for place, table in enumerate(known):
        named = {name_of(other): weight for other, weight in table.items()}
        members.append(enrol(setting, place, name_of(place), links[place], named))
    network.nodes = list(members)
    for member in members:
        start = HEAD_START + (dice.randrange(plan.jitter) if plan.jitter else 0)
        member.begin(start)
        if plan.weather.churn and dice.random() < plan.weather.churn:
            length = (plan.rules.scorings + 2) * SWEEP
            leaves = HEAD_START + dice.randrange(length)
            network.away[member.place] = leaves, leaves + length // 3
    pause = Pause()
    try:
        network.run()
    finally:
        network.nodes = []  # the one cycle there is
        pause.end()
    return count(members, network.messages)


def count(members: Sequence[Member], messages: int) -> Outcome:
    """Return how the honest nodes of a round ended."""
    honest = [member for member in members if member.honest]
    held = Counter(member.winner or "" for member in honest)
    scored = Counter(member.scored or "" for member in honest)
    return Outcome(
        sorted(held.values(), reverse=True),
        sorted(scored.values(), reverse=True),
        min(held, key=lambda winner: (-held[winner], winner)),
        sum(member.agreement.is_final() for member in honest),
        messages,
        members,
    )


def summary(found: Sequence[Outcome]) -> Summary:
    """Return several rounds of one plan in a line."""
    nodes = sum(found[0].groups)
    return Summary(
        nodes,
        sum(outcome.groups[0] for outcome in found) / len(found) / nodes,
        min(outcome.groups[0] for outcome in found),
        sum(outcome.groups[0] == nodes for outcome in found) / len(found),
        sum(outcome.scored[0] for outcome in found) / len(found) / nodes,
        sum(outcome.messages for outcome in found),
    )


def name_of(place: int) -> str:
    """Return the key of a node, as text."""
    return f"key{place}"


def _without_members(outcome: Outcome) -> Outcome:
    return outcome._replace(members=())


def _poc(plan: Plan, links: list[list[int]], dice: Random) -> Outcome:
    if plan.quiet:
        from trustcli.simulate import settling  # noqa: PLC0415  brings numpy along

        cut = settling.run(links, dice, jitter=plan.jitter)
    else:
        cut = poc.run(links, dice, scorings=plan.rules.scorings, jitter=plan.jitter)
    held = Counter(cut.winners)
    groups = sorted(held.values(), reverse=True)
    winner = min(held, key=lambda one: (-held[one], one))
    return Outcome(groups, groups, name_of(winner), 0, cut.sent)
