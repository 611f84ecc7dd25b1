"""What a node costs while nothing happens: memory and CPU of linked nodes at rest.

Two nodes, 60 s; longer with `--for 600`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time

from trustcli.node.devnet import Devnet

MOST_MEGABYTES = 60
MOST_CPU = 0.01  # of one core
_SETTLE = 8.0  # seconds after the links are there


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


def main() -> int:
    """Print the figures; 1 when a bound is missed."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--for", type=int, default=60, dest="seconds")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, Devnet(folder, 2, now) as net:
        net.start()
        net.rate()
        time.sleep(_SETTLE)
        pids = [state.pid for state in net.states()]
        before = [_cpu(pid) for pid in pids]
        time.sleep(given.seconds)
        shares = [(_cpu(pid) - past) / given.seconds for pid, past in zip(pids, before, strict=True)]
        memory = [_megabytes(pid) for pid in pids]
    print(f"idle for {given.seconds} s, linked")
    print(f"CPU     {max(shares):.2%} of a core (bound < {MOST_CPU:.0%})")
    print(f"memory  {max(memory):.1f} MB (bound < {MOST_MEGABYTES})")
    return int(max(shares) >= MOST_CPU or max(memory) >= MOST_MEGABYTES)


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    """Return the resident memory of a process."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
