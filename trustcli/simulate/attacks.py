"""The attack lab: what share of a network an attacker captures, how long it delays, and what that costs.

The cost is in observed interactions. Reputation comes from nothing else (`standing`): each place in an
honest node's table took the attacker as many real interactions, seen by that node, as lead from 0 to the
mean reputation of the network.
"""

from __future__ import annotations

from math import sqrt
from random import Random
from statistics import stdev

from trustcli import standing
from trustcli.rounds.lots import lot
from trustcli.simulate import attackers, tables
from trustcli.simulate.members import Member
from trustcli.simulate.memory import Memory
from trustcli.simulate.runs import Plan, name_of, outcomes
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trustcli.simulate.attackers import Attacker, Coalition
    from trustcli.simulate.members import Setting
    from trustcli.simulate.runs import Outcome


class Attack(NamedTuple):
    """A way to cheat: what its nodes do, what they push, and, `near` a victim, where they sit."""

    title: str
    nodes: type[Attacker]
    coalition: Callable[[Sequence[int], Sequence[str]], Coalition]
    near: bool = False
    burns: bool = False


FARM = 1_000  # keys of a farm
ATTACKS = {
    "bias": Attack(
        "score bias: everything for one proposal, nothing for others", attackers.Attacker, attackers.Coalition
    ),
    "early": Attack("early start: the same, four scorings ahead", attackers.Early, attackers.Coalition),
    "late": Attack(
        "last look: comes out when others stop listening, to half of them",
        attackers.Late,
        attackers.Coalition,
    ),
    "double": Attack("double proposal: two by one key", attackers.Double, attackers.Coalition),
    "collude": Attack(
        "collusion: all propose, and push whichever of theirs is drawn first",
        attackers.Attacker,
        attackers.Luckiest,
    ),
    "farm": Attack(
        "strangers: stand behind the luckiest of 1,000 keys that nobody knows",
        attackers.Attacker,
        lambda places, names: attackers.Farm(places, names, FARM),
    ),
    "eclipse": Attack(
        "eclipse: all in the table of one victim", attackers.Attacker, attackers.Coalition, near=True
    ),
    "sybil": Attack(
        "farm, then burn: reputation earned, then spent; who acts against the lots is remembered",
        attackers.Attacker,
        attackers.Luckiest,
        burns=True,
    ),
}


class Row(NamedTuple):
    """What one share of attackers achieves.

    Attributes:
        share: of the nodes that attacked (`eclipse`: of the victim's table): whole nodes, so not quite
            the share asked for; the mean of the networks.
        places: entries of attackers in tables of honest nodes.
        captured: honest nodes that hold the coalition's proposal, as a share, in rounds that the lots
            did not give it (`eclipse`: rounds in which the victim does).
        agree: honest nodes in the largest group, as a share.
        on_honest: honest nodes in the largest group where that holds an honest proposal, as a share.
        error: standard error of `on_honest`, over the rounds.
        won: rounds whose largest group holds the coalition's proposal, as a share.
        fair: rounds in which the coalition's proposal was first by lot, as a share.
        delayed: rounds that two thirds of the honest nodes do not know to be final, as a share.
        interactions: that the places took.
        lasts: rounds until the attack captures nobody any more, in the worst network; None if it goes on.
    """

    share: float
    places: int
    captured: float
    agree: float
    on_honest: float
    error: float
    won: float
    fair: float
    delayed: float
    interactions: int
    lasts: int | None

    @property
    def price(self) -> float | None:
        """Observed interactions for each percent of captured nodes; None where nobody was captured."""
        return self.interactions / (100 * self.captured) if self.captured else None


SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
SHARES_NEAR = (0.25, 0.5, 0.75, 1.0)


def measure(name: str, plan: Plan, shares: Sequence[float] = (), *, seeds: int = 1) -> list[Row]:
    """Return what an attack achieves by the share of nodes that take part; by default SHARES.

    Args:
        shares: each leaves at least one node honest.
        seeds: networks to attack, of seed `plan.seed` and those after it; figures are of all their rounds.
    """
    attack = ATTACKS[name]
    plans = [plan._replace(seed=plan.seed + number) for number in range(seeds)]
    return [
        _row([_attacked(attack, one, share) for one in plans])
        for share in shares or (SHARES_NEAR if attack.near else SHARES)
    ]


class _Network(NamedTuple):
    """What became of one network.

    Attributes:
        share: of the nodes, or of the victim's table, that attacked.
        held: entries of attackers in tables of honest nodes.
        lasts: rounds until nobody was captured any more.
    """

    share: float
    rounds: list[_Seen]
    held: int
    lasts: int | None


def _attacked(attack: Attack, plan: Plan, share: float) -> _Network:
    dice = Random(f"attack {plan.seed}")  # noqa: S311  a run to be repeated
    places = _places(attack, plan, share, dice)
    coalition = attack.coalition(places, [name_of(place) for place in places])
    memory = Memory()

    def enrol(setting: Setting, place: int, name: str, links: Sequence[int], table: dict[str, int]) -> Member:
        if place in coalition.places:
            return attack.nodes(setting, place, name, links, table, coalition)
        return Member(setting, place, name, links, memory.table(name, table))

    found = []
    for outcome in outcomes(plan, enrol):
        found.append(_seen(outcome, coalition, victim=0 if attack.near else None))
        if attack.burns or plan.remembers:
            memory.note(outcome.members)
    held = sum(len(coalition.places.intersection(links)) for links in _honest_links(plan, coalition))
    last = max((index + 1 for index, one in enumerate(found) if one.captured and not one.fair), default=0)
    part = len(places) / len(_among(attack, plan))
    return _Network(part, found, held, last if last < len(found) else None)


def _row(networks: Sequence[_Network]) -> Row:
    found = [one for network in networks for one in network.rounds]
    held = sum(network.held for network in networks) // len(networks)
    lasts = [network.lasts for network in networks if network.lasts is not None]
    honest = [one.on_honest for one in found]
    return Row(
        _mean([network.share for network in networks]),
        held,
        _mean([one.captured for one in found if not one.fair]),
        _mean([one.agree for one in found]),
        _mean(honest),
        stdev(honest) / sqrt(len(honest)) if len(honest) > 1 else 0.0,
        _mean([one.won for one in found]),
        _mean([one.fair for one in found]),
        _mean([one.delayed for one in found]),
        held * standing.interactions(tables.MEAN, standing.RULESETS[standing.DEFAULT]),
        max(lasts) if len(lasts) == len(networks) else None,
    )


class _Seen(NamedTuple):
    captured: float
    agree: float
    on_honest: float
    won: float
    fair: float
    delayed: float


def _seen(outcome: Outcome, coalition: Coalition, victim: int | None) -> _Seen:
    honest = [member for member in outcome.members if member.honest]
    theirs = [member for member in honest if _is_theirs(member.winner, coalition)]
    whole = sum(outcome.groups)
    won = _is_theirs(outcome.winner, coalition)
    captured = len(theirs) / len(honest)
    if victim is not None:
        captured = float(any(member.place == victim for member in theirs))
    return _Seen(
        captured,
        outcome.groups[0] / whole,
        0.0 if won else outcome.groups[0] / whole,
        float(won),
        float(_is_first(outcome, coalition)),
        float(3 * outcome.final < 2 * whole),
    )


def _is_theirs(winner: str | None, coalition: Coalition) -> bool:
    proposer = (winner or "").rpartition(":")[2].rstrip("'")
    return proposer in coalition.names or proposer.startswith("farm")


def _is_first(outcome: Outcome, coalition: Coalition) -> bool:
    """Say whether the lots gave the round to the coalition's own key: then it wins as anybody would."""
    setting = outcome.members[0].setting
    champion = coalition.champion(setting).proposer
    if champion not in coalition.names:
        return False
    names = [member.name for member in outcome.members if member.honest]
    mine = lot(setting.number, setting.before, champion)
    return mine < min(lot(setting.number, setting.before, name) for name in names)


def _places(attack: Attack, plan: Plan, share: float, dice: Random) -> list[int]:
    among = _among(attack, plan)
    return dice.sample(among, attackers.count(share, len(among)))


def _among(attack: Attack, plan: Plan) -> Sequence[int]:
    """Return the nodes of which a share attacks: all, or those in the table of the victim."""
    return _links(plan)[0] if attack.near else range(plan.nodes)


def _links(plan: Plan) -> list[list[int]]:
    """Return the links that a run of the plan will have: its dice, thrown again."""
    dice = Random(f"{plan.seed} {plan.nodes} {plan.neighbours}")  # noqa: S311
    return tables.rings(plan.nodes, plan.neighbours, dice)


def _honest_links(plan: Plan, coalition: Coalition) -> list[list[int]]:
    return [links for place, links in enumerate(_links(plan)) if place not in coalition.places]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
