"""The market: hybrid against the best other model and against the ceiling, by behaviour and share."""

from __future__ import annotations

import argparse
import time

from measure import report

from trustcli.simulate.behaviours import BEHAVIOURS
from trustcli.simulate.market import Plan, Row, measure

MODELS = ("stars", "beta", "bias", "goodness", "eigentrust", "rev2", "hybrid")


def gap(rows: list[Row]) -> tuple[float, Row]:
    """Return by how much hybrid is behind the best of the others at most, and its row there."""
    worst = (-1.0, rows[0])
    for mine in rows:
        if mine.model == "hybrid":
            place = mine.behaviour, mine.share
            others = [
                row.effectiveness for row in rows if (row.behaviour, row.share) == place and row != mine
            ]
            worst = max(worst, (max(others) - mine.effectiveness, mine), key=lambda pair: pair[0])
    return worst


def main() -> None:
    """Run every behaviour at some shares once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shares", default="0,30,50,70")
    parser.add_argument("--behaviours", default=",".join(BEHAVIOURS))
    parser.add_argument("--rounds", type=int, default=Plan().rounds)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    plan = Plan(rounds=given.rounds, seeds=given.seeds)
    shares = [float(share) / 100 for share in given.shares.split(",")]
    rows = []
    for row in measure(plan, given.behaviours.split(","), MODELS, shares, time.perf_counter):
        rows.append(row)
        print(
            f"{row.behaviour:11} {row.share:4.0%} {row.model:11} {row.effectiveness:.3f}"
            f" of {row.ceiling:.3f} (knowing liars {row.informed:.3f}) {row.seconds:6.1f} s",
            flush=True,
        )
    behind, where = gap(rows)
    least = min(
        (row for row in rows if row.model == "hybrid" and row.share <= 0.5), key=lambda row: row.of_ceiling
    )
    told = min((row for row in rows if row.share <= 0.5), key=lambda row: row.informed / row.ceiling)
    report(
        [
            (
                f"hybrid behind the best, at most ({where.behaviour} {where.share:.0%})",
                behind,
                "<= .01",
                behind <= 0.01,
            ),
            (
                f"hybrid of the ceiling up to half, at least ({least.behaviour} {least.share:.0%})",
                least.of_ceiling,
                ">= .97",
                least.of_ceiling >= 0.97,
            ),
            (
                f"the same knowing who lies ({told.behaviour} {told.share:.0%})",
                told.informed / told.ceiling,
                "what can be had",
                True,
            ),
        ]
    )


if __name__ == "__main__":
    main()
