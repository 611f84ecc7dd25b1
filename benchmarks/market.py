"""The market: hybrid against the best other model and against the ceiling, by behaviour and share.

A line a cell, the mean of the seeds and their spread; a cell that misses a bound is marked. `--short` is the
harsh market: 40 peers, 40 rounds, nobody trusted from the start.
"""

from __future__ import annotations

import argparse
import statistics
import time

from measure import report

from trustcli.simulate.behaviours import BEHAVIOURS
from trustcli.simulate.market import Plan, Row, measure

MODELS = (
    "stars", "beta", "bias", "eigentrust", "rev2", "subjective", "tidaltrust", "graperank", "fire",
    "antcascade", "hybrid",
)  # fmt: skip
SHORT = Plan(peers=40, rounds=40, warm_up=5, pre_trusted=0)
HALF = 0.5  # share of attackers up to which hybrid must come near the ceiling


class Cell:
    """What the seeds found of one behaviour at one share: shares of the ceiling by model."""

    def __init__(self, rows: list[Row]) -> None:
        self.name = f"{rows[0].behaviour} {rows[0].share:.0%}"
        self.share = rows[0].share
        self.found = {model: [row.of_ceiling for row in rows if row.model == model] for model in MODELS}
        self.informed = statistics.mean(row.informed / row.ceiling for row in rows)
        self.mean = {model: statistics.mean(found) for model, found in self.found.items()}

    @property
    def behind(self) -> float:
        """By how much hybrid is behind the best of the others."""
        return max(mean for model, mean in self.mean.items() if model != "hybrid") - self.mean["hybrid"]

    def missed(self) -> str:
        """Say which bounds are missed."""
        behind = " BEHIND" if self.behind > 0.01 else ""
        return behind + (" FAR" if self.share <= HALF and self.mean["hybrid"] < 0.97 else "")

    def line(self) -> str:
        """Return the line of a table."""
        means = "  ".join(f"{model} {mean:.3f}" for model, mean in self.mean.items())
        mine = self.found["hybrid"]
        spread = f"({min(mine):.3f}–{max(mine):.3f})"
        return f"{self.name:15} {means} {spread}  informed {self.informed:.3f}{self.missed()}"


def main() -> None:
    """Run every behaviour at some shares, some seeds each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shares", default="0,10,20,30,40,50,60,70")
    parser.add_argument("--behaviours", default=",".join(BEHAVIOURS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--short", action="store_true")
    given = parser.parse_args()
    plan = SHORT if given.short else Plan()
    cells = []
    for number, behaviour in enumerate(given.behaviours.split(",")):
        for share in given.shares.split(","):
            if number and not float(share):
                continue  # where nobody attacks it is the same market, whatever attackers would do
            rows = [
                row
                for seed in range(given.seed, given.seed + given.seeds)
                for row in measure(
                    plan._replace(seed=seed), [behaviour], MODELS, [float(share) / 100], time.perf_counter
                )
            ]
            cells.append(Cell(rows))
            print(cells[-1].line(), flush=True)
    worst = max(cells, key=lambda cell: cell.behind)
    near = min((cell for cell in cells if cell.share <= HALF), key=lambda cell: cell.mean["hybrid"])
    least = near.mean["hybrid"]
    report(
        [
            (f"hybrid behind the best ({worst.name})", worst.behind, "<= .01", worst.behind <= 0.01),
            (f"hybrid of the ceiling up to half ({near.name})", least, ">= .97", least >= 0.97),
            (f"the same of who is told who lies ({near.name})", near.informed, "to compare", True),
        ]
    )


if __name__ == "__main__":
    main()
