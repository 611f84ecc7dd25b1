"""Create Assemblies as a policy of providers in a market."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from trustcli.simulate.assembling import Assemblies
from trustcli.simulate.behaviours import BEHAVIOURS
from trustcli.simulate.market import Market, Plan, measure, run

if TYPE_CHECKING:
    from tests.conftest import Program

PLAN = Plan(peers=20, rounds=25, seed=4)


def test_who_failed_offers_no_more() -> None:
    """An honest provider that failed is silent; an attacker offers whatever it did."""
    market = Market(PLAN, BEHAVIOURS["provider"], 0.5)
    slots = list(range(PLAN.peers))
    good = next(slot for slot in slots if market.peers[slot].honest)
    bad = next(slot for slot in slots if not market.peers[slot].honest)
    policy = Assemblies()
    policy.learn(market, market.dealings.said(market.keys))
    assert policy.expect(market, 0, [good, bad]) == [1, 1]
    for slot in (good, bad):
        policy.served(market.key(slot), good=False)
    assert policy.expect(market, 0, [good, bad]) == [0, 1]
    policy.learn(Market(PLAN, BEHAVIOURS["provider"], 0.5), market.dealings.said(market.keys))
    assert policy.expect(market, 0, [good, bad]) == [1, 1]


@pytest.mark.parametrize("behaviour", ["slander", "purely"])
def test_no_word_is_heard(behaviour: str) -> None:
    """Liars change nothing: the same market where they tell the truth gives the same services."""
    tallies = {
        name: run(PLAN, BEHAVIOURS[name], 0.4, Assemblies(), time.perf_counter)
        for name in (behaviour, "provider")
    }
    assert tallies[behaviour]._replace(seconds=0) == tallies["provider"]._replace(seconds=0)


def test_runs_do_not_know_each_other() -> None:
    """Twice the same table, whatever ran before; and attackers gain by it, as nothing stops them."""
    asked = (PLAN._replace(seeds=2), ["provider"], ["assemblies"], [0.0, 0.4])
    once, again = ([row._replace(seconds=0) for row in measure(*asked, time.perf_counter)] for _ in range(2))
    assert once == again
    honest, attacked = once
    assert honest.effectiveness > 0.9
    assert attacked.gain is not None
    assert attacked.gain > 1
    assert attacked.effectiveness < attacked.floor


def test_it_is_asked_for_by_name(trust: Program) -> None:
    """Beside models, and in `all`; a name that is neither is a usage error."""
    words = ("simulate", "market", "--peers", "8", "--rounds", "8", "--shares", "25")
    rows = trust(*words, "--model", "beta,assemblies", "--json").data["rows"]
    assert [row["model"] for row in rows] == ["beta", "assemblies"]
    assert trust(*words, "--model", "alchemy").exit == 2
