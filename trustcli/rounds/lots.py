"""The lot of a proposer in a round: the order in which everybody looks at proposals.

It hangs on the key, not on what is proposed, so there is nothing to try out until it comes out well; and on
who proposed the winner of an earlier round, so that it cannot be known, nor a key be made to fit, much ahead.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

_DOMAIN = b"trustcli/lot/v1\n"


@lru_cache(maxsize=1_024)  # bounded: a stranger costs a hash and no memory
def lot(number: int, before: str, proposer: str) -> bytes:
    """Return the 32-byte lot of a proposer; the lowest comes first.

    Args:
        number: the round.
        before: the key that proposed the winner of the earlier round; empty where there was none.
    """
    return hashlib.sha256(_DOMAIN + f"{number}\n{before}\n{proposer}".encode()).digest()
