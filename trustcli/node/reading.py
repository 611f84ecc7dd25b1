"""What a node answers to everybody: pages of records, sets compared, who announced what. One thread."""

from __future__ import annotations

import json

from trustcli import __version__
from trustcli.mesh import announced
from trustcli.node.sharing import LedgerShelf
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END
from trustcli.sync import dialogue
from trustcli.sync.exchange import PAGE_BYTES
from trustcli.transports import wire
from trustcli.transports.desk import KnownNode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.mesh.announced import Announced
    from trustcli.node import Node
    from trustcli.sync.exchange import Answer, Request
    from trustcli.transports.wire import NodeFacts

HURRIED_BYTES = (
    256 << 10
)  # of a page while the mesh has work: the read of a full one takes its tenth of a second


class Reading:
    """Answers from a shelf of its own, so that a reader never waits for a writer's signatures.

    Args:
        node: this thread's own, closed with the shelf.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._clock = node.clock
        self._me = node.me
        self._role = node.settings.role
        self._shelf = LedgerShelf(node)
        self._nodes: dict[str, Announced] = {}
        self._lines: dict[str, bytes] = {}

    def close(self) -> None:
        """Close the connections."""
        self._shelf.close()
        self._node.close()

    def facts(self) -> NodeFacts:
        """Say who this node is and what it holds."""
        return wire.NodeFacts(
            self._me, wire.node_id(self._me), (self._role,), __version__, wire.PROTOCOL,
            self._shelf.network, self._shelf.head(), self._clock(),
        )  # fmt: skip

    def answer(self, request: Request, *, is_hurried: bool = False) -> Answer:
        """Answer a question that changes nothing; a hurried answer has small pages."""
        return dialogue.answer(request, self._shelf, HURRIED_BYTES if is_hurried else PAGE_BYTES)

    def record(self, digest: bytes) -> bytes | None:
        """Return the line of one record."""
        found = self._shelf.wanted([digest], PAGE_BYTES).lines
        return found[0] if found else None

    def peers(self, near: bytes | None, limit: int) -> list[bytes]:
        """Return announce records, the nearest to a node id first."""
        target = int.from_bytes(near or b"", "big")
        found = announced.nearest(self._announced().values(), target, limit)
        return [self._lines[one.id] for one in found]

    def nodes(self, limit: int) -> list[KnownNode]:
        """Return what nodes announced of themselves, the latest first."""
        found = sorted(self._announced().values(), key=lambda one: (-one.created, one.id))
        return [_known(one) for one in found[:limit]]

    def node(self, did: str) -> KnownNode | None:
        """Return what one node announced of itself."""
        found = self._announced().get(did)
        return _known(found) if found else None

    def _announced(self) -> dict[str, Announced]:
        """Return the announcement of each node that still holds, read again when the ledger changed."""
        if self._shelf.has_changed():
            self._lines.clear()
            self._nodes = announced.latest(self._statement(line) for line in self._shelf.announced())
            self._lines = {one.id: self._lines[one.id] for one in self._nodes.values()}
        now = self._clock()
        return {key: one for key, one in self._nodes.items() if one.holds(now)}

    def _statement(self, line: bytes) -> announced.Statement:
        data = line[BEGIN:END]
        statement = json.loads(data)
        id_ = crypto.record_id(data).hex()
        self._lines[id_] = line
        return statement["author"], statement["created"], id_, statement["body"]


def _known(one: Announced) -> KnownNode:
    return KnownNode(one.key, one.roles, one.endpoints, one.created)
