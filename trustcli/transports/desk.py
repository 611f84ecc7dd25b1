"""What the listening side needs of a node, and what a node gets of a mesh link."""

from __future__ import annotations

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from trustcli.sync.exchange import Answer, Request
    from trustcli.transports.wire import NodeFacts

    class Channel(Protocol):
        """One open WebSocket, seen from either end. One task receives, one task sends."""

        @property
        def address(self) -> str:
            """The other side: an IP address, or "unix"."""

        async def send(self, frame: bytes) -> None:
            """Send a text frame; waits while the other side reads slowly.

            Raises:
                Unreachable: the link has ended.
            """

        async def receive(self) -> bytes | None:
            """Return the next text frame, or None when the link is closed."""

        async def close(self, code: int = 1000) -> None:
            """Close the link; nothing happens when it is closed already."""

    class Desk(Protocol):
        """A node as the routes see it. What touches the ledger is async: it runs in the ledger's thread.

        Any method may raise `Busy` (503) or `PeerFault` with a code of `routes.ERRORS`; other errors of
        this program are answered without their text.
        """

        @property
        def did(self) -> str:
            """The node's did:key."""

        @property
        def network(self) -> str:
            """The network's name."""

        def sign(self, message: bytes, /) -> bytes:
            """Return the node's 64-byte signature."""

        async def facts(self) -> NodeFacts:
            """Say who this node is and what it holds."""

        async def answer(self, request: Request, key: str | None) -> Answer:
            """Answer a question of a sync; `key` is the did:key that signed it, None for anyone.

            Feed, Wanted, About get a Page; Reconcile a Reconciled; Offer a Taken.
            """

        async def record(self, digest: bytes) -> bytes | None:
            """Return the line of the record with this 32-byte id."""

        async def peers(self, near: bytes | None, limit: int) -> list[bytes]:
            """Return lines of announce records, closest to a 32-byte node id first, or any."""

        async def nodes(self, limit: int) -> list[KnownNode]:
            """Return what nodes announced of themselves."""

        async def node(self, did: str) -> KnownNode | None:
            """Return what one node announced of itself."""

        async def meet(self, channel: Channel) -> None:
            """Run a mesh link; returns when it is over. The channel is closed afterwards."""

        def hosts(self) -> set[str]:
            """Return the names this node is called by, beside loopback and the address asked: lower case."""

        def is_waiting(self, address: str) -> bool:
            """Say whether an address must wait before it may have a mesh link: somebody there was cut off."""

        def is_busy(self) -> bool:
            """Say whether records are being taken in: what others want has to wait for its turn."""

        def refuses(self, key: str) -> bool:
            """Say whether a did:key is banned or blocked here."""

        def metrics(self) -> str:
            """Return the node's own lines of Prometheus text, each with a newline, or nothing."""


class KnownNode(NamedTuple):
    """What a node announced of itself, and nothing of what we think of it. `announced` is Unix ms."""

    did: str
    roles: tuple[str, ...]
    endpoints: tuple[str, ...]
    announced: int
