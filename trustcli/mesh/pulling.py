"""What a sync over a link sees of our ledger."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trustcli.mesh.desk import Desk
    from trustcli.mesh.link import Link
    from trustcli.mesh.taking import Taking
    from trustcli.sync.exchange import Head, Items, Page, Result


class Pulling:
    """The shelf as a dialogue over one link sees it: what it takes is judged, forwarded and answered for."""

    def __init__(self, desk: Desk, taking: Taking, link: Link) -> None:
        self._shelf = desk.shelf
        self._taking = taking
        self._link = link
        self.network = desk.shelf.network

    def head(self) -> Head:
        """See Shelf."""
        return self._shelf.head()

    def page(self, after: int, limit: int, room: int) -> Page:
        """See Shelf."""
        return self._shelf.page(after, limit, room)

    def about(self, subject: str, after: int, limit: int, room: int) -> Page:
        """See Shelf."""
        return self._shelf.about(subject, after, limit, room)

    def wanted(self, ids: Sequence[bytes]) -> Page:
        """See Shelf."""
        return self._shelf.wanted(ids)

    def items(self) -> Items:
        """See Shelf."""
        return self._shelf.items()

    def take(self, found: Sequence[bytes]) -> list[Result]:
        """See Shelf."""
        return self._taking.take(self._link, found)
