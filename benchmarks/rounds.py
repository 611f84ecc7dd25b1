"""Rounds: scores folded a second, by size of the round; the simulator's time, and its cost by size."""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from random import Random

from measure import median, report

from trustcli.rounds.round import Round
from trustcli.rounds.values import Proposal, Score
from trustcli.simulate.runs import Plan, run, summary


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
    start = time.perf_counter()
    for score in said:
        found.take_score(score)
    return scores / (time.perf_counter() - start)


def simulated(nodes: int, rounds: int) -> tuple[float, int, float]:
    """Return (seconds, messages, share that agrees) of a simulation."""
    start = time.perf_counter()
    whole = summary(run(Plan(nodes=nodes, rounds=rounds)))
    return time.perf_counter() - start, whole.messages, whole.mean


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
    small = median(lambda: folded(30, given.scores))
    large = median(lambda: folded(3_000, given.scores))
    rows = [
        ("score signatures folded a second, 30 keys", small, ">= 10,000", small >= 10_000),
        ("score signatures folded a second, 3,000 keys", large, ">= 10,000", large >= 10_000),
        ("the same, small round / large round", small / large, "<= 3: constant cost", small / large <= 3),
    ]
    seconds, _, _ = simulated(30, 31)
    rows.append(("simulate 30 nodes, 31 rounds, seconds", seconds, "< 10", seconds < 10))
    per_message = {}
    for nodes in (30, 100, 300, 1_000):
        rounds = given.rounds if nodes == 1_000 else 3
        seconds, messages, mean = simulated(nodes, rounds)
        per_message[nodes] = 1e6 * seconds / messages
        print(f"{nodes:5} nodes: {messages / rounds / nodes:6.0f} messages a node and round,"
              f" {per_message[nodes]:5.1f} µs each, {mean:.1%} agree")  # fmt: skip
    rows.append((f"simulate 1,000 nodes, {given.rounds} rounds, seconds", seconds, "< 600", seconds < 600))
    ratio = per_message[1_000] / per_message[30]
    rows.append(("µs a message, 1,000 nodes / 30 nodes", ratio, "<= 2: no faster than messages", ratio <= 2))
    more = steps(1_000, 1) / steps(30, 10)
    rows.append(("calls a message, 1,000 nodes / 30 nodes", more, "<= 1.25: the same", more <= 1.25))
    report(rows)


if __name__ == "__main__":
    main()
