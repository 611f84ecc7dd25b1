"""How long a rating takes to reach every node of a devnet: real processes, real sockets, one machine.

Ten nodes, 100 ratings a second for 20 s; with `--rate 1000 --for 60` as TrustNet asks. Ratings are signed
before the clock starts, and offered over HTTP to all nodes in turn, ten times a second. The time of arrival
is what each ledger noted. A rating has arrived when the last node has it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter

from trustcli.key_forms import did_of_seed
from trustcli.ledger import Ledger
from trustcli.node.devnet import Devnet, agree
from trustcli.records import crypto
from trustcli.records.envelope import Record
from trustcli.sync.exchange import Offer
from trustcli.transports.http import HttpPeer

BOUNDS = ((100, 2.0), (1_000, 5.0))  # ratings a second, seconds for 99 of 100
_BEATS = 10  # offers a second
_LINKING = 5.0  # seconds for the nodes to find each other before anything is measured
_KEYS = 40  # signers; a key may make 100 requests a minute


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


def main() -> int:
    """Run once and print what was seen; 1 when the bound is missed or anything was lost."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--nodes", type=int, default=10)
    arguments.add_argument("--rate", type=int, default=100)
    arguments.add_argument("--for", type=int, default=20, dest="seconds")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, Devnet(folder, given.nodes, now) as net:
        net.start()
        time.sleep(_LINKING)
        before = net.states()[0].records or 0
        seeds = [bytes([1, number]) * 16 for number in range(_KEYS)]
        lines = _signed(seeds, given.rate * given.seconds)
        used = _cpu(net)
        sent = _offer(net, seeds, lines, given.rate)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            states = net.states()
            if agree(states) and states[0].records >= before + len(lines):  # type: ignore[operator]
                break
            time.sleep(0.5)
        used, counts = _cpu(net) - used, _counts(net)
        net.stop()
        _costs(counts, used, len(lines) * given.nodes, given.rate * given.nodes)
        return _report(net, sent, given.rate)


def _signed(seeds: list[bytes], count: int) -> list[tuple[str, bytes]]:
    """Return (id, line) of so many ratings."""
    signers = [(did_of_seed(seed), crypto.signer(seed)) for seed in seeds]
    made = []
    for number in range(count):
        author, sign = signers[number % len(signers)]
        body = {"subject": f"agent:{number}", "value": 10 + number % 41, "category": "reliability"}
        record = Record.seal(net="main", kind="rating", author=author, created=now(), body=body, sign=sign)  # type: ignore[arg-type]
        made.append((record.id, record.line))
    return made


def _offer(net: Devnet, seeds: list[bytes], lines: list[tuple[str, bytes]], rate: int) -> dict[str, int]:
    """Offer the lines to the nodes in turn, at a rate; return when each was offered (Unix ms), by id."""
    sent: dict[str, int] = {}
    share = rate // _BEATS
    batches = [lines[start : start + share] for start in range(0, len(lines), share)]
    begun = time.monotonic()
    threads = len(net.nodes)

    def feed(which: int) -> None:
        node = net.nodes[which]
        with contextlib.ExitStack() as stack:
            peers = [
                stack.enter_context(
                    HttpPeer(
                        node.url, network="main", clock=now, me=did_of_seed(seed), sign=crypto.signer(seed)
                    )
                )
                for seed in seeds[which::threads]
            ]
            for number in range(which, len(batches), threads):
                time.sleep(max(0.0, begun + number / _BEATS - time.monotonic()))
                at = now()
                sent.update((id_, at) for id_, _ in batches[number])
                peers[number // threads % len(peers)].ask(Offer(tuple(line for _, line in batches[number])))

    running = [threading.Thread(target=feed, args=(which,)) for which in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sent


def _cpu(net: Devnet) -> float:
    """Return the CPU seconds that all node processes have used so far."""
    total = 0
    for state in net.states():
        with open(f"/proc/{state.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def _counts(net: Devnet) -> Counter[str]:
    """Return what happened on the mesh, of all nodes together."""
    counts: Counter[str] = Counter()
    for node in net.nodes:
        with urllib.request.urlopen(f"{node.url}/metrics") as answer:
            text = answer.read().decode()
        for what, count in re.findall(r'trust_mesh_events_total{what="([^"]*)"} (\d+)', text):
            counts[what] += int(count)
    return counts


def _costs(counts: Counter[str], cpu: float, arrivals: int, a_second: int) -> None:
    """Print what it took for records to arrive at nodes; what follows the last offer is counted too."""
    names = (
        "records in",
        "duplicates",
        "announced to us",
        "asked for",
        "relays thinned",
        "relays whole",
        "syncs",
    )
    print(", ".join(f"{name} {counts[name]}" for name in names))
    print(f"CPU of all nodes: {cpu:.1f} s, {cpu / arrivals * 1e6:.0f} µs a rating and node,")
    print(f"  {cpu / arrivals * a_second:.2f} cores; whole copies: {counts['records in'] / arrivals:.2f}")


def _report(net: Devnet, sent: dict[str, int], rate: int) -> int:
    last = dict.fromkeys(sent, 0)
    seen = dict.fromkeys(sent, 0)
    for node in net.nodes:
        ledger = Ledger.open(os.path.join(node.home, "ledger.db"))
        for entry in ledger.entries():
            if entry.id in sent:
                last[entry.id] = max(last[entry.id], entry.received)
                seen[entry.id] += 1
        ledger.close()
    lost = sum(count < len(net.nodes) for count in seen.values())
    delays = sorted((last[id_] - at) / 1000 for id_, at in sent.items())
    p50, p99 = statistics.median(delays), delays[int(len(delays) * 0.99)]
    bound = min((most for least, most in BOUNDS if rate <= least), default=float("inf"))
    print(f"{len(net.nodes)} nodes, {rate} ratings/s, {len(sent)} ratings")
    print(f"reached all nodes: p50 {p50:.2f} s, p99 {p99:.2f} s, last {delays[-1]:.2f} s (p99 < {bound:g} s)")
    print(f"missing on some node: {lost} (bound 0)")
    return int(lost > 0 or p99 >= bound)


if __name__ == "__main__":
    sys.exit(main())
