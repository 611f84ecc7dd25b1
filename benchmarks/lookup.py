"""`check` and `score SUBJECT` on a large ledger, against a ledger of a thousand ratings."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile

from measure import bundle, process_seconds, report

TRUST = os.path.join(os.path.dirname(sys.executable), "trust")


def home_of(records: int) -> str:
    """Return a home whose ledger holds `records` ratings and an owner who trusts some raters."""
    home = os.path.join(tempfile.gettempdir(), f"trust-bench-home-{records}")
    if not os.path.exists(os.path.join(home, "done")):
        process_seconds([TRUST, "keygen"], home)
        path = bundle(records)
        process_seconds([TRUST, "import", path], home)
        for name in raters(path)[:10]:
            process_seconds([TRUST, "rate", name, "4.5"], home)
        open(os.path.join(home, "done"), "w").close()
    return home


def raters(path: str) -> list[str]:
    """Return some authors of a bundle."""
    with open(path, "rb") as file:
        lines = [file.readline() for _ in range(200)]
    return list(dict.fromkeys(line.split(b'"author":"')[1][:56].decode() for line in lines))


def main() -> None:
    """Measure each command on both ledgers in turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    given = parser.parse_args()
    large, small = home_of(given.records), home_of(1_000)
    about = raters(bundle(given.records))[20]
    near = raters(bundle(1_000))[20]
    rows = []
    for words in (
        ["check", "--min", "1", "--unknown", "allow"],
        ["score", "--model", "beta"],
        ["score", "--model", "stars"],
        ["score", "--model", "hybrid"],
        ["why", "--model", "hybrid"],
    ):
        found = []
        for _ in range(8):
            floor = process_seconds([TRUST, *words, near], small)
            found.append(process_seconds([TRUST, *words, about], large) / floor)
        ratio = statistics.median(found[1:])
        rows.append((f"trust {' '.join(words)} SUBJECT", ratio, "<= 2 x at 1,000", ratio <= 2))
    report(rows)


if __name__ == "__main__":
    main()
