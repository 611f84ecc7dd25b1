"""What the parts of the machine share: who we are, the links, what is to be done, and the counts."""

from __future__ import annotations

from collections import Counter

from trustcli.mesh.actions import Close, Send
from trustcli.mesh.faults import FATAL, points
from trustcli.mesh.holders import Holders
from trustcli.mesh.memory import Seen, banned
from trustcli.mesh.payloads import CLOSE, Farewell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from trustcli.mesh.actions import Action
    from trustcli.mesh.handshake import Me
    from trustcli.mesh.link import Link
    from trustcli.mesh.memory import Memory
    from trustcli.mesh.payloads import Payload
    from trustcli.sync.exchange import Shelf

    class AnnouncedShelf(Shelf, Protocol):
        """A shelf that knows its announce records by heart, and gets ready for a comparison in steps."""

        def announced(self) -> list[bytes]:
            """Return the lines of all announce records, in order of arrival."""

        def prepare(self, *, is_hurried: bool) -> bool:
            """Do a part of the work that `items` would do at once; say whether none is left.

            Args:
                is_hurried: records come meanwhile, so the part must be larger than what they add.
            """


class Desk:
    """The shared state. `now` is the time (Unix ms) of the call that is being handled."""

    def __init__(
        self, me: Me, shelf: AnnouncedShelf, memory: Memory, entropy: Callable[[int], bytes], now: int
    ) -> None:
        self.me = me
        self.shelf = shelf
        self.memory = memory
        self.entropy = entropy
        self.now = now
        self.links: dict[int, Link] = {}
        self._open: list[Link] = []
        self.actions: list[Action] = []
        self.counts: Counter[str] = Counter()
        self.holders = Holders()
        self.head = shelf.head()
        self.changed = 0  # when the head last changed
        self.on_close: list[Callable[[Link, str], None]] = []

    def open_links(self) -> list[Link]:
        """Return the links whose handshake is done, in the order it was."""
        return self._open.copy()

    def open(self, link: Link) -> None:
        """Note that the handshake of a link is done."""
        self._open.append(link)

    def full_peers(self) -> list[str]:
        """Return the keys of the full nodes we are linked with."""
        return [link.did for link in self.open_links() if link.peer.is_full]

    def free_bit(self) -> int:
        """Return the lowest bit that no link has, for the masks of `holders`."""
        used = 0
        for link in self.links.values():
            used |= link.bit
        return ~used & used + 1

    def refresh(self) -> None:
        """Look what is on the shelf."""
        head = self.shelf.head()
        if head.fingerprint != self.head.fingerprint:
            self.changed = self.now
        self.head = head

    def is_same(self, link: Link) -> bool:
        """Say whether the peer, when last heard, held the set that we hold now."""
        return link.head is not None and link.head[1::2] == self.head[1::2]

    def send(self, link: Link, type_: str, payload: Payload) -> None:
        """Send a message now; what is paced goes through the link's outbox."""
        self.counts[f"sent {type_}"] += 1
        self.actions.append(Send(link.number, link.frame(type_, payload, self.now)))

    def flush(self, link: Link) -> None:
        """Send what the outbox of a link lets go now."""
        for type_, payload in link.outbox.next_frames(self.now, self.holders, link.bit):
            self.send(link, type_, payload)

    def close(self, link: Link, code: str, *, quietly: bool = False) -> None:
        """End a link, with a last word unless the peer is gone or said its own."""
        if self.links.pop(link.number, None) is None:
            return
        if not quietly:
            self.send(link, CLOSE, Farewell(code))
        if link in self._open:
            self._open.remove(link)
            self.holders.leave(link)
        self.actions.append(Close(link.number, code))
        self.counts[f"closed {code}"] += 1
        for told in self.on_close:
            told(link, code)

    def blame(self, link: Link, code: str) -> None:
        """Count a fault of a peer; end the link where it is one too many."""
        self.counts[f"fault {code}"] += 1
        cut = link.faults.add(points(code), self.now) if points(code) else False
        if link.is_open and cut:
            self.ban(link, code)
        elif cut or code in FATAL or not (link.is_open or code in _LATE):
            self.close(link, code if not cut else "cut")

    def ban(self, link: Link, because: str) -> None:
        """Cut a peer off, and do not speak with its key for a while."""
        seen = self.memory.seen(link.did) or Seen(link.did)
        self.memory.save_seen([banned(seen, self.now, because)])
        for other in [other for other in self.open_links() if other.did == link.did]:
            self.close(other, "cut")

    def is_banned(self, key: str) -> bool:
        """Say whether we do not speak with a key now."""
        seen = self.memory.seen(key)
        return (seen is not None and seen.banned_until > self.now) or key in self.memory.blocked()


_LATE = frozenset(("early", "repeated", "rate_limited"))
"""What honest networks do to a handshake; all else ends it."""
