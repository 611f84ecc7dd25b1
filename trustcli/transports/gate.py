"""How many connections are open, of each address and of all."""

from __future__ import annotations

from trustcli.transports.guards import UNIX, group_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.transports.limits import Limits
    from trustcli.transports.metrics import Metrics
    from trustcli.transports.patience import Patience


class Gate:
    """Who is inside: so many of one address, so many in all.

    Args:
        patience: Those with whom it is at an end are turned away.
    """

    def __init__(self, limits: Limits, metrics: Metrics, patience: Patience) -> None:
        self._limits = limits
        self._patience = patience
        self._metrics = metrics
        self._inside: dict[str, int] = {}
        self.open = 0
        metrics.gauge("trust_connections", lambda: self.open)

    def enter(self, address: str) -> Seat | None:
        """Return a seat for a connection from an address, or None when there is none left."""
        group = group_of(address)
        taken = self._inside.get(group, 0)
        if self.open >= self._limits.connections:
            self._refuse("full")
            return None
        if taken >= self._limits.per_address and group != UNIX:
            self._refuse("per_address")
            return None
        if self._patience.is_at_an_end(group):
            self._refuse("flood")
            return None
        self._inside[group] = taken + 1
        self.open += 1
        self._metrics.add("trust_connections_total")
        return Seat(self, address, group)

    def leave(self, group: str) -> None:
        """Take a connection out of the count."""
        self.open -= 1
        self._inside[group] -= 1
        if not self._inside[group]:
            del self._inside[group]

    def offended(self, group: str) -> None:
        """Let an address in no more for a while: what came from there no honest node sends."""
        self._patience.end(group)

    def _refuse(self, reason: str) -> None:
        self._metrics.add("trust_refused_total", reason=reason)


class Seat:
    """The place of one connection in the count, given back once."""

    def __init__(self, gate: Gate, address: str, group: str) -> None:
        self.address = address
        self._gate: Gate | None = gate
        self._group = group

    def offend(self) -> None:
        """Do what costs the address its welcome."""
        if self._gate is not None:
            self._gate.offended(self._group)

    def leave(self) -> None:
        """Give the place back; nothing happens the second time."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.leave(self._group)
