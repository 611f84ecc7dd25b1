"""What a key is worth that offers records over HTTP."""

from __future__ import annotations

from trustcli.mesh.taking import FIRST_SHARE, FORGED
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END
from trustcli.sync.exchange import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SLICE = 1_000  # offered records that are taken at once: an eighth of a second in which no frame is
_FORGED = frozenset(("bad_signature", "bad_key"))


class Credit:
    """What a key is worth that offers records over HTTP, by what it offered before."""

    __slots__ = ("forged", "proven")

    def __init__(self) -> None:
        self.proven = self.forged = 0

    @property
    def is_used_up(self) -> bool:
        """Whether it offered more forgeries than a peer may."""
        return self.forged >= FORGED

    @property
    def share(self) -> int:
        """How many records are taken at once: few of a stranger, more with each that is sound."""
        return min(SLICE, max(FIRST_SHARE - self.forged, 1) + 2 * self.proven)

    def learn(self, results: Sequence[Result]) -> None:
        """Take into account what became of records."""
        forged = sum(result.code in _FORGED for result in results)
        self.forged += forged
        self.proven += len(results) - forged


def unread(line: bytes) -> Result:
    """Return what becomes of a line after too many forgeries."""
    return Result(crypto.record_id(line[BEGIN:END]), "bad_signature")
