"""Who may be linked: handshakes, places, one link for each key, nobody who is banned."""

from __future__ import annotations

from collections import Counter

from trustcli.mesh.actions import Send
from trustcli.mesh.handshake import CHALLENGE_BYTES, Handshake
from trustcli.mesh.limits import Buckets
from trustcli.mesh.link import GREETING_DEADLINE, Link
from trustcli.mesh.places import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.mesh.desk import Desk
    from trustcli.mesh.payloads import Payload

INBOUND = 32  # links that others opened
HANDSHAKES = 60  # a minute from one host
HOSTS = 4_096  # whose handshakes are counted


class Greeting:
    """The handshakes of all links.

    Args:
        met: is called with each link whose handshake is done.
    """

    def __init__(self, desk: Desk, met: Callable[[Link], None]) -> None:
        self._desk = desk
        self._met = met
        self._rate = Buckets(HANDSHAKES, HANDSHAKES, HOSTS)

    def opened(self, number: int, address: str, dialled: str, expect: str) -> None:
        """Begin with a connection."""
        desk = self._desk
        handshake = Handshake(desk.me, desk.entropy(CHALLENGE_BYTES), dialling=bool(dialled), expect=expect)
        bit = desk.free_bit()
        link = desk.links[number] = Link(number, desk.me, handshake, desk.now, address, dialled)
        link.bit = bit
        if dialled:
            self._send(link, link.greet(desk.head, desk.now))
        elif not self._rate.take(_host(address), desk.now):
            desk.close(link, "rate_limited", quietly=True)
        else:
            self._make_room(link)

    def heard(self, link: Link, frame: bytes, step: Payload) -> None:
        """Take a step of a handshake.

        Raises:
            PeerFault: it is not the step that is due.
        """
        answer = link.greeted(frame, step, self._desk.head, self._desk.now)
        if self._desk.is_banned(link.did):
            self._desk.close(link, "banned")
            return
        if answer:
            self._send(link, answer)
        if link.is_open:
            self._desk.open(link)
            self._finish(link)

    def repeat(self, link: Link, frame: bytes) -> bool:
        """Answer a step that came again; say whether it was one.

        Raises:
            PeerFault: `rate_limited`.
        """
        if not link.is_greeting(frame):
            return False
        answer = link.again(self._desk.now)
        if answer:
            self._send(link, answer)
        return True

    def tick(self) -> None:
        """Send steps again that are not answered; give up those that take too long."""
        now = self._desk.now
        for link in [link for link in self._desk.links.values() if not link.is_open]:
            if now >= link.since + GREETING_DEADLINE:
                self._desk.close(link, "too_slow", quietly=True)
                continue
            again = link.overdue(now)
            if again:
                self._send(link, again)

    def _finish(self, link: Link) -> None:
        """Keep one link for each key: of two in one direction the new one, else that of the lower key."""
        desk = self._desk
        for other in [other for other in desk.open_links() if other.did == link.did and other is not link]:
            if link.is_dialler in (other.is_dialler, desk.me.did < link.did):
                desk.close(other, "duplicate")
            else:
                desk.close(link, "duplicate")
                return
        self._met(link)

    def _make_room(self, link: Link) -> None:
        """Where all places are taken, let the crowd of one network make room for another."""
        inbound = [other for other in self._desk.links.values() if not other.is_dialler]
        if len(inbound) <= INBOUND:
            return
        crowds = Counter(_street(other.address) for other in inbound)
        street, size = crowds.most_common(1)[0]
        if size > crowds[_street(link.address)]:
            link = [other for other in inbound if _street(other.address) == street][-1]
        self._desk.close(link, "full", quietly=not link.is_open)

    def _send(self, link: Link, frame: bytes) -> None:
        link.outbox.spend(self._desk.now)
        self._desk.counts["sent HANDSHAKE"] += 1
        self._desk.actions.append(Send(link.number, frame))


def _host(address: str) -> str:
    where = place(address)
    return where.site if where else address


def _street(address: str) -> str:
    where = place(address)
    return where.street if where else address
