"""How long commands take as whole processes, against a bare Python of the same environment."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
import tempfile

from measure import process_seconds, ratios, report

import trustcli

TRUST = os.path.join(os.path.dirname(sys.executable), "trust")
CASES = (
    (["status"], 7.0),
    (["rate", "bob", "4", "--category", "reliability"], 7.0),
    (["check", "bob", "--min", "4"], 7.0),
    (["status", "--json"], 7.0),
    (["--version"], 2.5),
    (["--help"], 2.5),
    (["completion", "--names"], 7.0),
)


def main() -> None:
    """Measure each case against `python -c pass`, in turn."""
    compileall.compile_dir(os.path.dirname(trustcli.__file__), quiet=2)  # as an installation is
    home = tempfile.mkdtemp()
    process_seconds([TRUST, "keygen"], home)
    process_seconds([TRUST, "peer", "add", "bob", "agent:bob"], home)
    process_seconds([TRUST, "rate", "bob", "4"], home)
    rows = []
    for words, bound in CASES:
        _, ratio = ratios([sys.executable, "-c", "pass"], [TRUST, *words], home)
        rows.append((f"trust {' '.join(words)}", ratio, f"<= {bound} x python -c pass", ratio <= bound))
    shutil.rmtree(home)
    report(rows)


if __name__ == "__main__":
    main()
