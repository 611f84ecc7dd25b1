"""`Mesh`: frames and times in, actions out. The one class that a driver needs.

    mesh.opened(link, now, address=…)      a connection is there
    mesh.received(link, frame, now)        it brought a frame
    mesh.settle(now)                       verify, store, forward what was received: after each inbox
    for action in mesh.drain(): …          Send, Close, Dial
    later = mesh.tick(now)                 and again then

All of it from one thread. No bytes from a peer raise anything; only the shelf may (DiskError, Busy), out of
`settle` and `woke`, and then everything that was received waits for the next `settle`.
"""

from __future__ import annotations

from trustcli.errors import PeerFault
from trustcli.mesh import payloads
from trustcli.mesh.answering import Answering
from trustcli.mesh.desk import Desk
from trustcli.mesh.dialling import Dialling
from trustcli.mesh.faults import CLOSES, FAULTS, fault
from trustcli.mesh.forwarding import Forwarding
from trustcli.mesh.greeting import Greeting
from trustcli.mesh.heart import Heart
from trustcli.mesh.messages import lines
from trustcli.mesh.relaying import Relaying
from trustcli.mesh.syncing import Syncing
from trustcli.mesh.taking import Taking
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trustcli.mesh.actions import Action
    from trustcli.mesh.desk import AnnouncedShelf
    from trustcli.mesh.handshake import Me
    from trustcli.mesh.link import Link
    from trustcli.mesh.memory import Memory
    from trustcli.mesh.payloads import Payload
    from trustcli.sync.exchange import Head

IDLE = 1_000  # ms between two ticks when nothing is due


class LinkFacts(NamedTuple):
    """A link as `status` and `topology` show it. Times are Unix ms; `url` is empty for who came to us."""

    number: int
    did: str
    address: str
    url: str
    roles: tuple[str, ...]
    since: int
    heard: int
    head: Head | None


class Mesh:
    """One node's part of the mesh.

    Args:
        now: Unix ms.
        entropy: returns so many random bytes.
    """

    def __init__(
        self, me: Me, shelf: AnnouncedShelf, *, now: int, entropy: Callable[[int], bytes], memory: Memory
    ) -> None:
        self._desk = desk = Desk(me, shelf, memory, entropy, now)
        self._dialling = Dialling(desk)
        self._forwarding = Forwarding(desk, self._dialling.announced)
        self._taking = Taking(desk, self._forwarding.forward, self._forwarding.accepted)
        self._answering = Answering(desk, self._taking)
        self._relaying = Relaying(desk, self._taking)
        self._syncing = Syncing(desk, self._taking, self._synced)
        self._heart = Heart(desk, self._compared)
        self._greeting = Greeting(desk, self._met)

    # what the driver tells

    def opened(
        self, link: int, now: int, *, address: str, dialled: str | None = None, expect: str | None = None
    ) -> None:
        """A connection is there.

        Args:
            link: the driver's number for it, never used before.
            address: of the other side, as the socket sees it.
            dialled: the URL, if we dialled; the machine asked for it or the user did.
            expect: the did:key that must answer.
        """
        self._desk.now = now
        if dialled:
            self._dialling.expected(dialled, expect or "")
        self._greeting.opened(link, address, dialled or "", expect or "")

    def failed(self, url: str, now: int) -> None:
        """Nobody answered at a URL that was to be dialled."""
        self._desk.now = now
        self._dialling.failed(url)

    def received(self, link: int, frame: bytes, now: int) -> None:
        """A frame came. Records in it wait for `settle`."""
        self._desk.now = now
        found = self._desk.links.get(link)
        if found is None:
            return
        try:
            self._handle(found, frame)
        except PeerFault as problem:
            self._desk.blame(found, problem.code)

    def flooded(self, link: int, now: int) -> None:
        """More frames came at once than lead to a cut, whatever is in them; the driver keeps the rest."""
        self._desk.now = now
        found = self._desk.links.get(link)
        if found is None:
            return
        self._desk.counts["flooded"] += 1
        if found.is_open:
            self._desk.ban(found, "rate_limited")
        else:
            self._desk.close(found, "cut", quietly=True)

    def has_work(self, link: int) -> bool:
        """Say whether what came over a link waits for `settle`, or the link is over."""
        return link not in self._desk.links or self._taking.holds(link) or self._answering.holds(link)

    def settle(self, now: int) -> None:
        """Verify and store what was received, in fair shares; forward what is new, answer, sync.

        Raises:
            DiskError, Busy: from the shelf; call again.
        """
        self._desk.now = now
        self._taking.settle()
        self._answering.settle()
        self._syncing.settle()
        self._forwarding.flush()

    def closed(self, link: int, now: int) -> None:
        """A connection ended, and not because we closed it."""
        self._desk.now = now
        found = self._desk.links.get(link)
        if found:
            self._desk.close(found, "gone", quietly=True)

    def woke(self, now: int) -> None:
        """The ledger changed, and not by `settle`: push what is new.

        Raises:
            DiskError, Busy: from the shelf; call again.
        """
        self._desk.now = now
        self._forwarding.woke()
        self._forwarding.flush()

    def tick(self, now: int) -> int:
        """Do what is due by now; return when to be called next, Unix ms."""
        self._desk.now = now
        self._greeting.tick()
        self._heart.tick()
        self._syncing.tick()
        self._relaying.tick()
        self._dialling.tick()
        self._forwarding.flush()
        if not (self._taking.is_idle and self._answering.is_idle and self._syncing.is_idle):
            return now
        times = (
            self._heart.next_time(), self._dialling.next_time(), self._syncing.next_time(),
            self._answering.next_time(), self._forwarding.next_time(), self._taking.next_time(),
            self._relaying.next_time(), now + IDLE,
        )  # fmt: skip
        return max(now + 1, min(time for time in times if time is not None))

    def drain(self) -> list[Action]:
        """Return what is to be done, in this order, and forget it."""
        actions, self._desk.actions = self._desk.actions, []
        return actions

    def stop(self, now: int) -> None:
        """Say goodbye on all links and keep the address book."""
        self._desk.now = now
        self._dialling.save()
        for link in list(self._desk.links.values()):
            self._desk.close(link, "bye")

    @property
    def is_gathering(self) -> bool:
        """Whether received records wait for more: no link need be read on before they are settled."""
        return self._taking.is_gathering

    @property
    def is_pressed(self) -> bool:
        """Whether records come by the thousand, and all else is to wait for its turn."""
        return self._taking.is_busy

    # what status asks

    def links(self) -> list[LinkFacts]:
        """Return the links whose handshake is done."""
        return [
            LinkFacts(
                link.number,
                link.did,
                link.address,
                link.url,
                link.peer.roles,
                link.since,
                link.heard,
                link.head,
            )
            for link in self._desk.open_links()
        ]

    def counts(self) -> Mapping[str, int]:
        """Return how often what happened since the start: messages by type, records, faults, closes."""
        return dict(self._desk.counts)

    @property
    def pending(self) -> int:
        """How many updates are not committed."""
        return len(self._forwarding.quorum)

    def near(self, target: str, limit: int) -> list[bytes]:
        """Return announce records of the nodes nearest to an id (64 hex digits), or of any."""
        return self._dialling.near(target, limit)

    # between the parts

    def _handle(self, link: Link, frame: bytes) -> None:
        if self._greeting.repeat(link, frame):
            return
        type_, payload = link.accept(frame, self._desk.now)
        self._desk.counts[f"received {type_}"] += 1
        if isinstance(payload, payloads.Farewell):
            code = payload.code if payload.code in FAULTS or payload.code in CLOSES else "bye"
            self._desk.close(link, code, quietly=True)
        elif type_ == payloads.HANDSHAKE:
            self._greeting.heard(link, frame, payload)
        elif not link.is_open:
            raise fault("early")
        else:
            self._dispatch(link, type_, payload)

    def _dispatch(self, link: Link, type_: str, payload: Payload) -> None:
        if isinstance(payload, payloads.Beat):
            self._heart.heard(link, type_, payload)
        elif isinstance(payload, (payloads.TrustUpdate, payloads.PeerAnnounce)):
            self._taking.add(link, lines(payload.records))
        elif isinstance(payload, payloads.Revocation):
            self._taking.add(link, lines(payload.records), alarm=payload.priority == "CRITICAL")
        elif isinstance(payload, payloads.TrustResult):
            self._forwarding.resulted(link, payload)
        elif isinstance(payload, payloads.SyncRequest):
            self._answering.asked(link, payload)
        elif isinstance(payload, payloads.SyncResponse):
            if not self._relaying.answered(link, payload):
                self._syncing.answered(link, payload)
        elif isinstance(payload, payloads.Relay):
            self._relaying.heard(link, payload)
        elif isinstance(payload, payloads.PeerRequest):
            self._dialling.answer(link, payload)

    def _met(self, link: Link) -> None:
        self._dialling.met(link)
        if link.number in self._desk.links:
            self._syncing.start(link)
            self._heart.start(link)

    def _compared(self, link: Link) -> None:
        self._forwarding.compared(link)
        self._syncing.compared(link)

    def _synced(self, link: Link) -> None:
        self._heart.ask(link)
