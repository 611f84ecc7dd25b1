"""The figures of `trust evaluate` on Bitcoin OTC (soc-sign-bitcoinotc.csv), against what was published."""

from __future__ import annotations

import argparse
import time

from measure import report

from trustcli.evaluate import dataset, table
from trustcli.evaluate.table import LOO, PREQUENTIAL, Row

PUBLISHED = {
    (LOO, "fairness"): (0.3110, 0.4886, None),
    (LOO, "goodness"): (0.3151, 0.4759, None),
    (LOO, "reciprocal"): (0.3250, 0.4606, None),
    (LOO, "bias"): (0.2935, 0.5768, None),
    (PREQUENTIAL, "beta"): (0.3251, 0.4874, 0.7917),
    (PREQUENTIAL, "bias"): (0.3039, 0.5703, 0.8379),
}
"""(RMSE, correlation, AUC) to the printed digits: Kumar et al. 2016 and this project's research."""


def figures(found: Row) -> list[tuple[str, float, str, bool]]:
    """Return the bounds of hybrid, and the time of fairness-goodness."""
    assert found.rmse is not None
    assert found.pcc is not None
    assert found.auc is not None
    if found.model == "fairness":
        return [("leave-one-out of fairness-goodness, s", found.seconds, "<= 60", found.seconds <= 60)]
    if found.asked == 32_033:
        return [
            ("hybrid, in order of time, RMSE", found.rmse, "<= .280", found.rmse <= 0.28),
            ("hybrid, in order of time, AUC", found.auc, ">= .86", found.auc >= 0.86),
        ]
    return [
        ("hybrid, leave-one-out, RMSE", found.rmse, "<= .26", found.rmse <= 0.26),
        ("hybrid, leave-one-out, correlation", found.pcc, ">= .67", found.pcc >= 0.67),
    ]


def main() -> None:
    """Run every row once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("otc", nargs="?", default="../shared/data/soc-sign-bitcoinotc.csv")
    path = parser.parse_args().otc
    with open(path, encoding="utf-8") as lines:
        data = dataset.read(lines, dataset.layout("rater=0,subject=1,value=2,time=3", "-10..10"))
    rows = []
    for protocol in (LOO, PREQUENTIAL):
        names = [name for asked, name in PUBLISHED if asked == protocol] + ["hybrid"]
        for found in table.rows(data, table.Terms(protocol), names, time.perf_counter):
            if found.model in ("hybrid", "fairness"):
                rows += figures(found)
            for what, figure, printed in zip(
                ("RMSE", "correlation", "AUC"),
                (found.rmse, found.pcc, found.auc),
                PUBLISHED.get((protocol, found.model), (None,) * 3),
                strict=True,
            ):
                if printed is not None and figure is not None:
                    same = round(figure, 4) == printed
                    rows.append((f"{found.model}, {protocol}, {what}", figure, f"{printed:.4f}", same))
    report(rows)


if __name__ == "__main__":
    main()
