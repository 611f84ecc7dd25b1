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


def follows(block: Block, before: Block | None, rounds: int) -> bool:
    """Say whether a block may come next in a chain.

    Args:
        before: the last block that is known; None before the first.
        rounds: since that of `before`, or since all began: no more blocks than rounds may have been missed.
    """
    height = -1 if before is None else before.height
    if not height < block.height <= height + rounds:
        return False
    return block.height > height + 1 or block.previous == (FIRST if before is None else before.hash)
