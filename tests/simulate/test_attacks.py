"""Attacks on rounds: what they capture, and what an observer learns."""

from __future__ import annotations

import pytest

from trustcli.rounds.rules import WEIGHTED, Rules
from trustcli.simulate.attacks import ATTACKS, measure
from trustcli.simulate.runs import Plan
from trustcli.simulate.secrecy import announced, leaks


def test_a_fifth_of_the_weight_does_not_take_a_round(slow: bool) -> None:
    """Score bias, early start, last look by 20 %: 95 % of the honest agree, and on what the lots gave."""
    plan = Plan(rounds=31 if slow else 6)
    for name in ("bias", "early", "late", "double"):
        row = measure(name, plan, [0.2])[0]
        assert row.agree >= 0.95, name
        assert row.captured <= 0.05, name
        assert row.won == row.fair, name


def test_at_a_hundred_nodes_an_honest_proposal_wins(slow: bool) -> None:
    """With 20 % pushing one of theirs, 95 % of the honest nodes agree on an honest proposal."""
    row = measure("bias", Plan(nodes=100, rounds=10 if slow else 3), [0.2])[0]
    assert row.on_honest >= 0.95


def test_all_that_a_small_coalition_wins_is_its_share() -> None:
    """A coalition whose keys all propose wins the rounds that the lots give it, and no other."""
    row = measure("collude", Plan(rounds=15), [0.1])[0]
    assert row.won == row.fair
    assert row.captured == 0.0


def test_one_traitor_cannot_bring_strangers_in() -> None:
    """A farm of 1,000 keys behind one known key wins nothing; two are needed behind a stranger."""
    row = measure("farm", Plan(rounds=10), [0.03])[0]
    assert (row.won, row.on_honest) == (0.0, 1.0)


def test_where_everybody_is_known_no_coalition_brings_strangers_in() -> None:
    """With the rule for networks that know themselves, a fifth of the nodes cannot either."""
    plan = Plan(neighbours=200, rounds=5, rules=Rules(vouchers=0))
    row = measure("farm", plan, [0.2])[0]
    assert row.on_honest >= 0.95


def test_an_eclipse_captures_its_victim_alone() -> None:
    """Half of a victim's table is not enough; all of it takes the victim and nobody else."""
    half, whole = measure("eclipse", Plan(rounds=6), [0.5, 1.0])
    assert half.captured == 0.0
    assert whole.captured == 1.0
    assert whole.agree >= 0.9


def test_burning_reputation_ends_the_attack() -> None:
    """Each attack seen costs a fifth of the standing: at 40 % of the nodes it works for some rounds only."""
    row = measure("sybil", Plan(rounds=20), [0.4])[0]
    assert row.lasts is not None
    assert row.lasts <= 15
    assert row.interactions > 0


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_every_attack_has_a_price(name: str) -> None:
    """What captures anybody costs observed interactions, a number for each percent."""
    row = measure(name, Plan(rounds=2), [0.5])[0]
    assert row.places > 0
    assert (row.price is None) == (row.captured == 0)


def test_an_observer_of_300_rounds_does_not_recover_the_table(slow: bool) -> None:
    """Regression, by values, by ranks, by averages: correlation with the true weights stays below 0.2."""
    found = leaks(Plan(rounds=300 if slow else 60, seed=3))
    for attack, leak in found.items():
        assert abs(leak.weights) < 0.2, attack
        assert leak.rows > 60


def test_the_same_observer_recovers_it_where_scores_are_weighted() -> None:
    """The attack is a real one: the paper's scores give the table away in a few rounds."""
    plan = Plan(nodes=12, neighbours=6, rounds=9, seed=3)
    weighted = leaks(plan._replace(rules=Rules(opinion=WEIGHTED)))
    assert weighted["linear"].weights > 0.95
    assert weighted["ordinal"].weights > 0.4
    assert weighted["averages"].weights > 0.3


def test_announced_winners_do_not_give_the_table_away_either(slow: bool) -> None:
    """One bit a round, in rounds that an attacker has made close: correlation below 0.2."""
    found = announced(Plan(rounds=300 if slow else 60, seed=3), 0.4)
    for attack, leak in found.items():
        assert abs(leak.weights) < 0.2, attack
        assert leak.rows > 40
