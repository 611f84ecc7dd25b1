"""The program that the fault tests strike: it appends records and acknowledges each batch on stdout.

    python tests/faults/ingest.py LEDGER SEED BATCHES PER_BATCH
        [--journal DELETE|WAL] [--synchronous NORMAL|FULL] [--seconds S]

The same arguments give the same records. An id on stdout means: this record is durable. Ends like
every command of the project: 0, or the exit code of the error with one line about it on stderr.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trustcli.errors import TrustError
from trustcli.ledger import Ledger
from trustcli.ledger.connection import Guard
from trustcli.records import crypto, did
from trustcli.records.envelope import Record

if TYPE_CHECKING:
    from trustcli.records.canonical import Json

NETWORK = "main"
KEY_SEED = bytes(range(32))
CREATED = 1_700_000_000_000  # Unix ms of the first record
CATEGORIES = ("reliability", "performance", "honesty")


def batches(seed: int, count: int, size: int) -> Iterator[list[Record]]:
    """Yield `count` lists of `size` records each; those of different seeds have no record in common."""
    author = did.did_of(crypto.public_key(KEY_SEED))
    for start in range(0, count * size, size):
        yield [_record(author, seed, number) for number in range(start, start + size)]


def _record(author: str, seed: int, number: int) -> Record:
    body: dict[str, Json] = {
        "subject": f"agent:subject-{number % 7}",
        "value": 10 + number % 41,
        "category": CATEGORIES[number % len(CATEGORIES)],
        "reason": f"run {seed}, record {number}: " + "x" * (number * 37 % 400),
    }
    return Record.seal(
        net=NETWORK, kind="rating", author=author, created=CREATED + number, body=body,
        sign=lambda message: crypto.sign(KEY_SEED, message),
    )  # fmt: skip


def ingest(path: str, source: Iterator[list[Record]], *, settings: Sequence[str], deadline: float) -> None:
    """Append batch after batch until there are no more or `deadline` (time.monotonic) has passed."""
    ledger = Ledger.create(path, network=NETWORK)
    with Guard(path):
        for setting in settings:
            ledger._db.execute(f"PRAGMA {setting}")
    for records in source:
        ledger.append(records, received=records[-1].created)
        print("\n".join(record.id for record in records), flush=True)
        if time.monotonic() > deadline:
            break
    ledger.close()


def main() -> int:
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ledger")
    parser.add_argument("seed", type=int)
    parser.add_argument("batches", type=int)
    parser.add_argument("per_batch", type=int)
    parser.add_argument("--journal", choices=("DELETE", "WAL"), help="instead of what this SQLite is given")
    parser.add_argument("--synchronous", choices=("NORMAL", "FULL"), help="a control: syncs too rarely")
    parser.add_argument("--seconds", type=float, default=3600.0, help="stop after the batch that ends later")
    args = parser.parse_args()
    asked = (("journal_mode", args.journal), ("synchronous", args.synchronous))
    settings = [f"{name} = {value}" for name, value in asked if value]
    source = batches(args.seed, args.batches, args.per_batch)
    deadline = time.monotonic() + args.seconds
    try:
        ingest(args.ledger, source, settings=settings, deadline=deadline)
    except TrustError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return problem.exit
    return 0


if __name__ == "__main__":
    sys.exit(main())
