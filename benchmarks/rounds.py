"""Rounds: scores folded a second, by size of the round; the simulator's time, and its cost by size."""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import time
from random import Random

from measure import ROUNDS, report

from trustcli.rounds.round import Round
from trustcli.rounds.values import Proposal, Score
from trustcli.simulate.runs import Plan, run, summary

SIZES = {30: 80, 100: 20, 300: 5, 1_000: 1}
"""Rounds by number of nodes: each takes a second or two."""


def folded(keys: int, scores: int) -> float:
    """Return scores folded a second in a round with so many known keys, each of which proposes."""
    dice = Random(7)
    names = [f"did:key:z{number:047}" for number in range(keys)]
    table = {name: dice.randrange(1, 10_000) for name in names}
    found = Round(7, "me", table)
    ids = [f"{number:064x}" for number in range(keys)]
    for id_, name in zip(ids, names, strict=True):
        found.take_proposal(Proposal(id_, 7, name))
    shown = ids[:12]
    said = [Score(7, dice.choice(shown), dice.choice(names), dice.randrange(10_001)) for _ in range(scores)]
    start = time.process_time()
    for score in said:
        found.take_score(score)
    return scores / (time.process_time() - start)


def simulated(nodes: int, rounds: int) -> tuple[float, int, float]:
    """Return (seconds of this processor, messages, share that agrees) of a simulation."""
    start = time.process_time()
    whole = summary(run(Plan(nodes=nodes, rounds=rounds)))
    return time.process_time() - start, whole.messages, whole.mean


def curve() -> dict[int, list[float]]:
    """Return the µs a message by number of nodes, the sizes in turn: a host changes from second to second."""
    found: dict[int, list[float]] = {nodes: [] for nodes in SIZES}
    for _ in range(ROUNDS):
        for nodes, rounds in SIZES.items():
            seconds, messages, _ = simulated(nodes, rounds)
            found[nodes].append(1e6 * seconds / messages)
    return found


def steps(nodes: int, rounds: int) -> float:
    """Return how many functions are called for each message: what a host's caches do not change."""
    profile = cProfile.Profile()
    found = profile.runcall(run, Plan(nodes=nodes, rounds=rounds))
    calls: int = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]
    return calls / sum(one.messages for one in found)


def main() -> None:
    """Fold and simulate."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scores", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10, help="rounds at 1,000 nodes")
    given = parser.parse_args()
    pairs = [(folded(30, given.scores), folded(3_000, given.scores)) for _ in range(ROUNDS)]
    small, large = map(statistics.median, zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    rows = [
        ("score signatures folded a second, 30 keys", small, ">= 10,000", small >= 10_000),
        ("score signatures folded a second, 3,000 keys", large, ">= 10,000", large >= 10_000),
        ("the same, small round / large round", ratio, "<= 3: constant cost", ratio <= 3),
    ]
    seconds, _, _ = simulated(30, 31)
    rows.append(("simulate 30 nodes, 31 rounds, seconds", seconds, "< 10", seconds < 10))
    seconds, _, mean = simulated(1_000, given.rounds)
    rows.append((f"simulate 1,000 nodes, {given.rounds} rounds, seconds", seconds, "< 600", seconds < 600))
    print(f"1,000 nodes: {mean:.1%} agree")
    costs = curve()
    for nodes, found in costs.items():
        print(f"{nodes:5} nodes: {statistics.median(found):5.1f} µs a message")
    ratio = statistics.median(large / small for small, large in zip(costs[30], costs[1_000], strict=True))
    rows.append(("µs a message, 1,000 nodes / 30 nodes", ratio, "<= 2: no faster than messages", ratio <= 2))
    more = steps(1_000, 1) / steps(30, 10)
    rows.append(("calls a message, 1,000 nodes / 30 nodes", more, "<= 1.25: the same", more <= 1.25))
    report(rows)


if __name__ == "__main__":
    main()
