"""What the benchmarks share: medians, pinned processes, and a bundle of signed ratings to work on."""

from __future__ import annotations

import hashlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from trustcli.records import canonical, crypto, did
from trustcli.records.envelope import join_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 5
_RATERS = 200
_CHUNK = 5_000
_START = 1_763_000_000_000  # Unix ms of the oldest rating


def median(work: Callable[[], float], rounds: int = ROUNDS) -> float:
    """Return the median of what `work` measures."""
    return statistics.median(work() for _ in range(rounds))


def process_seconds(words: Sequence[str], home: str) -> float:
    """Return the wall seconds of a process that must end with 0."""
    start = time.perf_counter()
    subprocess.run(
        words,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TRUST_HOME": home},
    )
    return time.perf_counter() - start


def ratios(baseline: Sequence[str], words: Sequence[str], home: str, rounds: int = 11) -> tuple[float, float]:
    """Return (median ms, median ratio to the baseline), the two run in turn."""
    times, found = [], []
    for _ in range(rounds + 1):
        floor = process_seconds(baseline, home)
        took = process_seconds(words, home)
        times.append(took * 1000)
        found.append(took / floor)
    return statistics.median(times[1:]), statistics.median(found[1:])


def bundle(records: int) -> str:
    """Return a file of signed ratings, made once: 200 raters, one subject for every ten ratings."""
    path = os.path.join(tempfile.gettempdir(), f"trust-bench-{records}.ndjson")
    if not os.path.exists(path):
        subjects = max(_RATERS, records // 10)
        new = f"{path}.{os.getpid()}"  # two benchmarks may make it at once
        with ProcessPoolExecutor() as pool, open(new, "wb") as out:
            work = [(start, min(_CHUNK, records - start), subjects) for start in range(0, records, _CHUNK)]
            out.writelines(pool.map(_chunk, work))
        os.replace(new, path)
    return path


def _chunk(work: tuple[int, int, int]) -> bytes:
    start, count, subjects = work
    dice = random.Random(start)
    return b"".join(_line(dice, subjects) + b"\n" for _ in range(count))


def _line(dice: random.Random, subjects: int) -> bytes:
    seed = hashlib.sha256(b"rater %d" % dice.randrange(_RATERS)).digest()
    author = _name(seed)
    subject = author
    while subject == author:
        number = dice.randrange(subjects)
        kind = b"rater" if number < _RATERS else b"subject"
        subject = _name(hashlib.sha256(kind + b" %d" % number).digest())
    body: dict[str, canonical.Json] = {
        "category": dice.choice(("reliability", "performance", "honesty")),
        "subject": subject,
        "value": dice.randrange(10, 51),
    }
    data = canonical.encode(
        {
            "author": author,
            "body": body,
            "created": _START + dice.randrange(10**9),
            "kind": "rating",
            "net": "main",
            "v": 1,
        }
    )
    return join_line(data, crypto.sign(seed, crypto.DOMAIN + data))


_names: dict[bytes, str] = {}


def _name(seed: bytes) -> str:
    if seed not in _names:
        _names[seed] = did.did_of(crypto.public_key(seed))
    return _names[seed]


def report(rows: Sequence[tuple[str, float, str, bool]]) -> None:
    """Print (what, figure, bound, kept) rows; leave with 1 when a bound is not kept."""
    for what, figure, bound, kept in rows:
        print(f"{what:<52}{figure:>10.2f}   {bound:<22}{'' if kept else 'MISSED'}")
    sys.exit(0 if all(kept for *_, kept in rows) else 1)
