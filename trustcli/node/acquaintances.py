"""The nodes that the user named: whom a serving node is to be linked to, and what to say when it is not."""

from __future__ import annotations

from trustcli.errors import NotFound
from trustcli.mesh import faults
from trustcli.mesh.actions import Close
from trustcli.node import contacts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from trustcli.mesh.actions import Action
    from trustcli.mesh.machine import LinkFacts
    from trustcli.node import Node
    from trustcli.transports.troubles import Troubles

_AS_WELL = ("bye", "duplicate")  # ends of a handshake where nothing is wrong


def acquainted(node: Node) -> tuple[tuple[str, str], ...]:
    """Return (URL, did:key or empty) of the nodes that the user named: seeds, and peers with a URL."""
    try:
        return tuple((one.url, one.key or "") for one in contacts.contacts(node))
    except NotFound:
        return ()


class Acquaintances:
    """Says which of them are not met, and why. It belongs to the mesh's thread."""

    def __init__(self, urls: Collection[str], troubles: Troubles) -> None:
        self._urls = urls
        self._troubles = troubles
        self._greeting: dict[int, str] = {}  # links to these whose handshake is not done

    def opened(self, link: int, url: str | None) -> None:
        """Note that a connection is there."""
        if url in self._urls:
            self._greeting[link] = url or ""

    def failed(self, url: str, why: str) -> None:
        """Say that nobody is there."""
        if url in self._urls:
            self._troubles.fails(url, why)

    def look(self, links: Iterable[LinkFacts], actions: Iterable[Action]) -> None:
        """Say what became of handshakes."""
        for link in links:
            if self._greeting.pop(link.number, None):
                self._troubles.works(link.url)
        for action in actions:
            url = self._greeting.pop(action.link, None) if isinstance(action, Close) else None
            if url and isinstance(action, Close) and action.code not in _AS_WELL:
                self._troubles.fails(url, faults.because(action.code))
