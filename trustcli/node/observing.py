"""What a serving node itself sees of the nodes it is linked to, as observations of its own table.

Heartbeats that were answered or missed, and what led to a ban. Gathered and written together: a row for
each heartbeat would be a thousand a day and peer.
"""

from __future__ import annotations

from trustcli import standing
from trustcli.ledger.rounds import Noted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trustcli.ledger import Ledger
    from trustcli.mesh.memory import Seen

EVERY = 600_000  # ms between two writes
_MOST = 100  # times that one observation counts


class Observing:
    """Turns what the mesh remembers of its peers into observations: only what is new since the last time."""

    def __init__(self, ledger: Ledger, seen: Mapping[str, Seen], now: int) -> None:
        self._ledger = ledger
        self._before = dict(seen)
        self._written = now

    def tick(self, seen: Mapping[str, Seen], now: int) -> None:
        """Write when it is time."""
        if now - self._written >= EVERY:
            self.write(seen, now)

    def write(self, seen: Mapping[str, Seen], now: int) -> None:
        """Write what was seen since the last time.

        Raises:
            DiskError, Busy: it is written the next time.
        """
        found = [noted for one in seen.values() for noted in _since(self._before.get(one.key), one, now)]
        if found:
            self._ledger.rounds.observe(found)
        self._before = dict(seen)
        self._written = now


def _since(before: Seen | None, one: Seen, now: int) -> Iterable[Noted]:
    if one.expected <= 1 and not one.bans:
        return  # a handshake and no more: a new key costs nothing
    expected = one.expected - (before.expected if before else 0)
    answered = one.answered - (before.answered if before else 0)
    for kind, count in (
        (standing.ANSWERED, answered),
        (standing.ABSENT, expected - answered),
        (standing.INVALID, one.bans - (before.bans if before else 0)),
    ):
        if count > 0:
            yield Noted(one.key, kind, now, 0, min(count, _MOST), None)
