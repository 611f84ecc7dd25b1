"""Persons and homes for the tests of the command line: known keys, records of others, what a home holds."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from trustcli.key_forms import did_of_seed
from trustcli.records import crypto
from trustcli.records.envelope import Record

DAY = 86_400_000
LASTING = frozenset(("serve", "devnet", "sync", "compare", "init", "simulate", "evaluate"))
"""First words of commands that run until they are ended, reach for a network, or compute for long."""


class Person:
    """Somebody else: a key made from one byte, whose records we can sign at any time."""

    def __init__(self, number: int) -> None:
        self.seed = bytes([number]) * 32
        self.did = did_of_seed(self.seed)

    def says(self, kind: str = "rating", created: int | None = None, **body: Any) -> bytes:
        """Return a signed line of this person, without its newline. `created` is Unix ms, default now."""
        record = Record.seal(
            net="main",
            kind=kind,
            author=self.did,
            created=now() if created is None else created,
            body=body,
            sign=crypto.signer(self.seed),
        )
        return record.line

    def rates(self, subject: str, value: int, category: str = "overall", **rest: Any) -> bytes:
        """Return a signed rating of this person; `value` in tenths of a star."""
        return self.says(subject=subject, value=value, category=category, **rest)


BOB, CAROL, DAN, EVE = (Person(number) for number in (11, 12, 13, 14))


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


def bundle(*lines: bytes) -> bytes:
    """Return lines as a file."""
    return b"".join(line + b"\n" for line in lines)


def documents(text: str) -> list[Any]:
    """Return the JSON documents of a stream, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def held(home: Path) -> dict[str, str]:
    """Return what a home holds: each file's digest; of the ledger its rows, which a rollback leaves alone."""
    found = {}
    for folder, _, names in os.walk(home):
        for name in names:
            path = os.path.join(folder, name)
            if name == "ledger.db":
                found[path] = _rows(path)
            elif not name.startswith("ledger.db-"):
                found[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return found


def _rows(path: str) -> str:
    with sqlite3.connect(path) as db:
        digest = hashlib.sha256("\n".join(db.iterdump()).encode()).hexdigest()
    db.close()
    return digest
