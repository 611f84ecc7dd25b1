"""What an observer learns of a node's table from all that the nodes of a network publish.

The observer knows every score with the moment it was signed, and every announcement. It assumes the
paper's rule, that a node's score is a weighted mean of what others gave the proposal until then, and
solves for the weights by least squares; or, coarser, by averages. What it finds is compared with the truth.
"""

from __future__ import annotations

from random import Random

import numpy as np

from trustcli.rounds.values import SELF_SCORE
from trustcli.simulate.attackers import Attacker, Coalition, count
from trustcli.simulate.members import Member
from trustcli.simulate.runs import Plan, name_of, outcomes
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from trustcli.rounds.values import Score
    from trustcli.simulate.members import Setting
    from trustcli.simulate.runs import Enrol, Outcome

    Matrix = NDArray[np.float64]
    Attack = Callable[[Matrix, Matrix], Matrix]
    """(what others gave, rows by keys; what the target gave) → estimated weight by key."""


class Leak(NamedTuple):
    """Correlation of the estimate with the truth, the mean over all nodes of the network.

    `weights` is among the keys that a node knows: how well it knows them. `membership` is over all
    keys of the network, unknown ones counting 0: whom it knows.
    """

    weights: float
    membership: float
    rows: int


class Observed(Member):
    """An honest node whose scores are written down as they are signed."""

    log: list[tuple[int, Score]]

    def sweep(self) -> None:
        """Score as always; keep the scores that are new."""
        before = dict(self.given)
        super().sweep()
        now = self.setting.network.now
        self.log = getattr(self, "log", [])
        self.log += [(now, score) for id_, score in self.given.items() if before.get(id_) != score]


def least_squares(given: Matrix, target: Matrix) -> Matrix:
    """Solve for the weights, with a constant beside them."""
    rows = np.column_stack([given, np.ones(len(given))])
    return np.asarray(np.linalg.lstsq(rows, target, rcond=None)[0][:-1], dtype=np.float64)


def ordinal(given: Matrix, target: Matrix) -> Matrix:
    """Solve with ranks instead of values: what levels or rounding hide is not missed."""
    return least_squares(_ranks(given), _ranks(target[:, None])[:, 0])


def averages(given: Matrix, target: Matrix) -> Matrix:
    """Compare what each key gave with what the target gave, on average: the covariance with each."""
    centred = (target - target.mean()) @ (given - given.mean(axis=0)) / max(1, len(given))
    return np.asarray(centred, dtype=np.float64)


ATTACKS: dict[str, Attack] = {"linear": least_squares, "ordinal": ordinal, "averages": averages}


def leaks(plan: Plan, enrol: Enrol = Observed, *, picks: bool = False) -> dict[str, Leak]:
    """Run rounds with tables that stay, attack every honest node, and return how much each attack found.

    Args:
        picks: look at the winners that nodes announce instead of their scores: one bit a round, where
            an attacker has seen to it that two proposals are near each other.
    """
    views: dict[int, list[tuple[Matrix, float]]] = {}
    tables: dict[int, Matrix] = {}
    for outcome in outcomes(plan._replace(kept=True), enrol):
        found = _picks(outcome, plan.nodes) if picks else _rows(outcome, plan.nodes)
        for member in outcome.members:
            if member.honest:
                tables.setdefault(member.place, _table(member, plan.nodes))
                views.setdefault(member.place, []).extend(found[member.place])
    return {
        name: _mean([_attack(attack, views[place], table) for place, table in tables.items()])
        for name, attack in ATTACKS.items()
    }


def announced(plan: Plan, share: float) -> dict[str, Leak]:
    """Return what announced winners give away, while this share of the nodes makes rounds close."""
    dice = Random(f"attack {plan.seed}")  # noqa: S311  a run to be repeated
    places = dice.sample(range(plan.nodes), count(share, plan.nodes))
    coalition = Coalition(places, [name_of(place) for place in places])

    def enrol(setting: Setting, place: int, name: str, links: Sequence[int], table: dict[str, int]) -> Member:
        if place in coalition.places:
            return Attacker(setting, place, name, links, table, coalition)
        return Observed(setting, place, name, links, table)

    return leaks(plan, enrol, picks=True)


def _picks(outcome: Outcome, nodes: int) -> list[list[tuple[Matrix, float]]]:
    """Return, by node, (what all others announced, what it announced), ±1 for the two leading proposals."""
    held = [member.winner or "" for member in outcome.members]
    leading = sorted(set(held), key=lambda winner: (-held.count(winner), winner))[:2]
    if len(leading) < 2:
        return [[] for _ in range(nodes)]
    sides = np.array([(winner == leading[0]) * 1.0 - (winner == leading[1]) for winner in held])
    found: list[list[tuple[Matrix, float]]] = []
    for place in range(nodes):
        others = sides.copy()
        others[place] = 0
        found.append([(others, float(sides[place]))] if sides[place] else [])
    return found


def _rows(outcome: Outcome, nodes: int) -> list[list[tuple[Matrix, float]]]:
    """Return, by node, (what all keys had given the proposal, what the node gave it) of every score."""
    place = {name_of(index): index for index in range(nodes)}
    said = sorted(
        (entry for member in outcome.members if isinstance(member, Observed) for entry in member.log),
        key=lambda entry: entry[0],
    )
    state: dict[str, Matrix] = {}
    found: list[list[tuple[Matrix, float]]] = [[] for _ in range(nodes)]
    for _, score in said:
        now = state.get(score.proposal)
        if now is None:
            now = state[score.proposal] = np.zeros(nodes)
            now[place[score.proposal.rpartition(":")[2]]] = SELF_SCORE
        me = place[score.signer]
        found[me].append((now.copy(), float(score.value)))
        now[me] = score.value
    return found


def _table(member: Member, nodes: int) -> Matrix:
    table = member.table
    return np.array([float(table.get(name_of(index), 0)) for index in range(nodes)])


def _attack(attack: Attack, rows: Sequence[tuple[Matrix, float]], table: Matrix) -> Leak:
    if not rows:
        return Leak(0.0, 0.0, 0)
    estimate = attack(np.array([row for row, _ in rows]), np.array([value for _, value in rows]))
    known = table > 0
    return Leak(correlation(estimate[known], table[known]), correlation(estimate, table), len(rows))


def correlation(one: Matrix, other: Matrix) -> float:
    """Return Pearson's correlation; 0 where one of the two does not vary."""
    if len(one) < 2 or np.ptp(one) < 1e-12 or np.ptp(other) < 1e-12:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _mean(found: Sequence[Leak]) -> Leak:
    return Leak(
        sum(leak.weights for leak in found) / len(found),
        sum(leak.membership for leak in found) / len(found),
        sum(leak.rows for leak in found) // len(found),
    )


def _ranks(values: Matrix) -> Matrix:
    ordered: Matrix = np.apply_along_axis(
        lambda column: np.searchsorted(np.sort(column), column).astype(float), 0, values
    )
    return ordered
