"""`compare`: is another ledger equal to this one, and if not, what differs. Nothing is moved."""

from __future__ import annotations

from trustcli.errors import PeerFault
from trustcli.node.sharing import LedgerShelf
from trustcli.sync.exchange import Reconcile, Reconciled
from trustcli.sync.negentropy import Initiator
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.node import Node
    from trustcli.node.lines import Connect, Contact
    from trustcli.sync.exchange import Answer, Head, Request

MOST = 100_000  # differences listed: beyond them the two have little in common


class Compared(NamedTuple):
    """What differs: ids (hex) that are only here, and only there. `complete`: these are all."""

    ours: Head
    theirs: Head
    here: list[str]
    there: list[str]
    complete: bool
    round_trips: int
    size: int

    @property
    def equal(self) -> bool:
        """Whether both hold the same records."""
        return self.complete and not self.here and not self.there


def compare(node: Node, contact: Contact, *, connect: Connect) -> Compared:
    """Compare with one peer: one round trip when both are equal, a few when not.

    Raises:
        NotFound: there is no ledger here. Unreachable, PeerFault.
    """
    node.ledger.head()  # there must be one: a comparison makes none
    shelf, peer = LedgerShelf(node), connect(contact)
    try:
        return _compare(shelf, peer.ask)
    finally:
        peer.close()
        shelf.close()


def _compare(shelf: LedgerShelf, ask: Callable[[Request], Answer]) -> Compared:
    side = Initiator(shelf.items, most=MOST)
    ours, theirs = shelf.head(), None
    here: list[bytes] = []
    there: list[bytes] = []
    round_trips = size = 0
    message = side.open()
    while message:
        answer = ask(Reconcile(message))
        if not isinstance(answer, Reconciled):
            raise PeerFault("the peer answers something else")
        round_trips += 1
        size += len(message) + len(answer.message)
        theirs = theirs or answer.head
        step = side.take(answer.message)
        message = step.message
        here += step.have
        there += step.need
    assert theirs
    return Compared(ours, theirs, _hex(here), _hex(there), side.complete, round_trips, size)


def _hex(ids: list[bytes]) -> list[str]:
    return sorted(id_.hex() for id_ in ids)
