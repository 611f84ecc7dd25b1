"""What the cases of make_records share: a case, and statements that are signed as they are."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.vectors.plain_signer import NETWORK, canonical, did, public_key, record_id, seed, signed

MAX_BYTES = 65_536
CREATED = 1_700_000_000_000
ALICE, BOB, CAROL = (did(public_key(seed(name))) for name in ("alice", "bob", "carol"))
RATING = {"subject": BOB, "value": 40, "category": "reliability"}
SOME_ID = "0123456789abcdef" * 4


class Case(NamedTuple):
    """One folder: `error` is the code of the refusal, or empty for a line to accept."""

    name: str
    why: str
    line: bytes
    error: str = ""
    author: str = ALICE

    def files(self) -> dict[str, bytes]:
        """Return the folder's files: name and bytes."""
        files = {"line": self.line, "README": f"{self.why}\n".encode()}
        if self.error:
            return {**files, "error": f"{self.error}\n".encode()}
        data = self.line[len(b'{"record":') : self.line.rindex(b',"sig":')]
        expected = {"id": record_id(data), "kind": json.loads(data)["kind"], "author": self.author}
        return {**files, "expected.json": canonical(expected) + b"\n"}


def statement(kind: str = "rating", body: Any = None, **other: Any) -> dict[str, Any]:
    """Return a whole statement by Alice; `other` replaces or adds fields."""
    body = RATING if body is None else body
    return {"v": 1, "net": NETWORK, "kind": kind, "author": ALICE, "created": CREATED, "body": body, **other}


def rating(**fields: Any) -> bytes:
    """Return the signed line of Alice's rating of Bob, with fields replaced or added."""
    return signed(canonical(statement(body={**RATING, **fields})))


def other(kind: str, body: Any, **fields: Any) -> bytes:
    """Return the signed line of another statement by Alice."""
    return signed(canonical(statement(kind, body, **fields)))


def nested(depth: int) -> bytes:
    """Return a rating whose deepest array is this many levels down; the statement itself is level 1."""
    value: list[Any] = []
    for _ in range(depth - 4):
        value = [value]
    return rating(ext={"x": value})


def sized(size: int) -> bytes:
    """Return a rating whose canonical bytes are this many."""
    empty = len(canonical(statement(body={**RATING, "ext": {"x": ""}})))
    return rating(ext={"x": "y" * (size - empty)})
