"""A peer that a test leads by hand: it shakes hands honestly and then says whatever it is told to.

The base of all attackers: it holds a key, speaks the protocol, and keeps no rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trustcli.errors import PeerFault
from trustcli.mesh import payloads
from trustcli.mesh.actions import Close, Send
from trustcli.mesh.handshake import Handshake, head_of
from trustcli.mesh.link import Link
from trustcli.mesh.messages import content, parse, raws

if TYPE_CHECKING:
    from tests.network.virtual import Host
    from trustcli.mesh.actions import Action
    from trustcli.mesh.payloads import Payload

LATER = 1_000


class Puppet:
    """Stands on a host in the place of a Mesh."""

    answers_pings = True

    def __init__(self, host: Host) -> None:
        self.host = host
        self.links: dict[int, Link] = {}
        self.heard: list[tuple[int, str, Payload]] = []
        self.frames: list[bytes] = []  # all that came
        self.sent: list[bytes] = []
        self.ends: list[int] = []
        self._actions: list[Action] = []

    # as a Mesh

    def opened(
        self, link: int, now: int, *, address: str, dialled: str | None = None, expect: str | None = None
    ) -> None:
        """Shake hands."""
        host = self.host
        handshake = Handshake(host.me, bytes([link % 256]) * 32, dialling=bool(dialled), expect=expect or "")
        self.links[link] = found = Link(link, host.me, handshake, now, address, dialled or "")
        if dialled:
            self.throw(link, found.greet(host.shelf.head(), now))

    def received(self, link: int, frame: bytes, now: int) -> None:
        """Answer steps of the handshake and PINGs; keep everything."""
        self.frames.append(frame)
        found = self.links.get(link)
        if found is None or found.is_greeting(frame):
            return
        try:
            type_, payload = found.accept(frame, now)
            self.heard.append((now, type_, payload))
            if type_ == payloads.HANDSHAKE:
                answer = found.greeted(frame, payload, self.host.shelf.head(), now)
                if answer:
                    self.throw(link, answer)
                return
        except PeerFault:
            return
        if type_ == payloads.PING and self.answers_pings:
            self.say(payloads.PONG, payloads.Beat(head_of(self.host.shelf.head())), link)
        else:
            self.hear(link, type_, payload)

    def hear(self, link: int, type_: str, payload: Payload) -> None:
        """React to a message; this one does not."""

    def closed(self, link: int, now: int) -> None:
        """Note the end of a connection."""
        self.links.pop(link, None)
        self.ends.append(now)

    def failed(self, url: str, now: int) -> None:
        """Nothing comes of it."""

    def settle(self, now: int) -> None:
        """Nothing waits."""

    def woke(self, now: int) -> None:
        """Nothing is told."""

    def tick(self, now: int) -> int:
        """Wait."""
        return now + LATER

    def drain(self) -> list[Action]:
        """See Mesh."""
        actions, self._actions = self._actions, []
        return actions

    # by hand

    @property
    def only(self) -> int:
        """The number of the one link."""
        (number,) = self.links
        return number

    @property
    def is_linked(self) -> bool:
        """Whether a link is there and its handshake done."""
        return any(link.is_open for link in self.links.values())

    def say(self, type_: str, payload: Payload, link: int | None = None) -> None:
        """Send a signed message."""
        number = self.only if link is None else link
        self.throw(number, self.links[number].frame(type_, payload, self.host.net.now))

    def throw(self, link: int, frame: bytes) -> None:
        """Send any bytes."""
        self.sent.append(frame)
        self._actions.append(Send(link, frame))
        self.host.net.at(self.host.net.now, self.host.act)

    def hang_up(self) -> None:
        """Close the one link."""
        self._actions.append(Close(self.only, "bye"))
        del self.links[self.only]
        self.host.act()

    def push(self, *lines: bytes) -> None:
        """Send records as TRUST_UPDATE."""
        self.say(payloads.TRUST_UPDATE, payloads.TrustUpdate(raws(lines)))

    def said(self, *types: str) -> list[Payload]:
        """Return the payloads that came in messages of these types."""
        return [payload for _, type_, payload in self.heard if type_ in types]

    def last_word(self) -> str:
        """Return the code of the CLOSE that came, whether or not a session was there for it."""
        for frame in self.frames:
            message = parse(frame)
            if message.type == payloads.CLOSE:
                payload = content(message)
                assert isinstance(payload, payloads.Farewell)
                return payload.code
        return ""
