"""The block that a winner is when it is a batch of ratings: TrustNet's block, agreed on by a round.

Its hash covers what the proposer fixed; the votes are those who announced it. `previous` is the hash of
the block before, 64 zeros for the first.
"""

from __future__ import annotations

import hashlib

from trustcli.records import canonical
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trustcli.records.canonical import Json

_DOMAIN = b"trustcli/block/v1\n"
FIRST = "0" * 64


class Block(NamedTuple):
    """A batch of ratings that a round settled on; `time` is Unix ms, `transactions` are record ids."""

    height: int
    time: int
    transactions: tuple[str, ...]
    previous: str
    hash: str
    proposer: str
    votes: tuple[str, ...]


def block_of(author: str, created: int, body: Mapping[str, Json], votes: Iterable[str] = ()) -> Block | None:
    """Return the block that a proposal is, None if it proposes something else than a batch."""
    batch = body.get("batch")
    if not isinstance(batch, dict):
        return None
    height, ids = batch["height"], batch["transactions"]
    assert isinstance(height, int)
    assert isinstance(ids, list)
    previous = str(batch["previous"])
    fixed: Json = {
        "height": height,
        "time": created,
        "transactions": ids,
        "previous": previous,
        "proposer": author,
    }
    hashed = hashlib.sha256(_DOMAIN + canonical.encode(fixed)).hexdigest()
    return Block(height, created, tuple(map(str, ids)), previous, hashed, author, tuple(sorted(votes)))


def break_in(blocks: Iterable[Block]) -> Block | None:
    """Return the first block, by height, that does not follow the one before it; None if all do."""
    before: Block | None = None
    for block in sorted(blocks, key=lambda block: block.height):
        if before and (block.height != before.height + 1 or block.previous != before.hash):
            return block
        before = block
    return None
