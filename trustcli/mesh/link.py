"""One connection to one node: its handshake, its numbers, its rates, what waits in it."""

from __future__ import annotations

from trustcli.mesh import payloads
from trustcli.mesh.faults import fault
from trustcli.mesh.handshake import Handshake
from trustcli.mesh.limits import Faults, TokenBucket
from trustcli.mesh.messages import FRAME, FRAME_BEFORE, Envelope, content, make, parse, verify
from trustcli.mesh.outbox import Outbox
from trustcli.mesh.source import Source
from trustcli.mesh.window import Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.mesh.handshake import Me, Peer
    from trustcli.mesh.messages import Message
    from trustcli.mesh.payloads import Payload
    from trustcli.sync.exchange import Head

RATE, BURST = 100, 100  # messages a minute of one peer, as AgentProof promised
PAST, FUTURE = 300_000, 30_000  # ms that a message may be older or newer than now
GREETING_TIME = 300_000  # ms that the clocks of two nodes may differ
GREETING_DEADLINE = 10_000  # ms for the whole handshake
GREETING_AGAIN = 1_000  # ms after which an unanswered step is sent again
GREETINGS = 10  # times that a step is sent
ASKS = 10  # PEER_REQUESTs a minute
ALARMS = 60  # lines a minute that may jump the queue of a link
REFUSALS = 50  # points a minute at most for refused records: a newer version has kinds we do not know


class Link:
    """The state of a connection; the driver names it by `number`."""

    def __init__(self, number: int, me: Me, handshake: Handshake, now: int, address: str, url: str) -> None:
        self.number = number
        self.address = address
        self.url = url  # what we dialled, empty for who came to us
        self.since = self.heard = now
        self.handshake = handshake
        self.outbox = Outbox()
        self.faults = Faults()
        self.bit = 0  # in the masks of Holders
        self.relays = True  # we relay whole records to the peer, as it wants; else we announce them
        self.source = Source()
        self.claims = 0  # records that it was the first to announce, and that are not here
        self.broken = 0  # records that it announced, was asked for, and did not give
        self.forged = 0  # records with a bad signature
        self.proven = 0  # records that verified
        self.head: Head | None = None  # of the peer, as last heard
        self.asks = TokenBucket(ASKS, ASKS)
        self.alarms = TokenBucket(ALARMS, ALARMS)
        self.refusals = TokenBucket(REFUSALS, REFUSALS)
        self._me = me
        self._sign = me.sign
        self._rate = TokenBucket(RATE, BURST)
        self._window = Window()
        self._n = 0
        self._skew = 0  # the peer's clock minus ours
        self._greeting = b""  # our last step
        self._greeted: set[bytes] = set()  # their steps
        self._greeting_at = now
        self._greetings = 0

    @property
    def is_open(self) -> bool:
        """Whether the handshake is done."""
        return self.handshake.is_done

    @property
    def peer(self) -> Peer:
        """Who is there. Only for open links."""
        assert self.handshake.peer is not None
        return self.handshake.peer

    @property
    def did(self) -> str:
        """The key on the other side as far as it is known, else empty."""
        return self.handshake.peer.did if self.handshake.peer else ""

    @property
    def is_dialler(self) -> bool:
        """Whether we dialled."""
        return self.handshake.is_dialler

    def frame(self, type_: str, payload: Payload, now: int) -> bytes:
        """Return the next frame to the peer."""
        self._n += 1
        me = self._me
        return make(
            self._sign, Envelope(me.did, me.network, self.handshake.session, self._n, now), type_, payload
        )

    def accept(self, frame: bytes, now: int) -> tuple[str, Payload]:
        """Return type and payload of a frame that the peer signed for this session, now and once.

        Raises:
            PeerFault: a code of FAULTS.
        """
        self._count(now)
        message = parse(frame, FRAME if self.is_open else FRAME_BEFORE)
        self.handshake.check(message)
        self._check_time(message, now)
        if not self._window.is_fresh(message.n):
            raise fault("repeated")
        if self.is_open and message.session != self.handshake.session:
            raise fault("bad_session")
        verify(message)
        self._window.take(message.n)
        self.heard = now
        if message.type == payloads.HANDSHAKE:
            self._skew = message.time - now
            self._last = message
        return message.type, content(message)

    def _count(self, now: int) -> None:
        if not self._rate.take(now):
            raise fault("rate_limited")

    def _check_time(self, message: Message, now: int) -> None:
        past, future = (PAST, FUTURE) if self.is_open else (GREETING_TIME, GREETING_TIME)
        age = now + (self._skew if self.is_open else 0) - message.time
        if age > past:
            raise fault("old")
        if age < -future:
            raise fault("ahead")

    # the handshake, whose steps are sent again until they are answered

    def greet(self, head: Head, now: int) -> bytes:
        """Return the dialler's first step."""
        return self._step(self.handshake.hello(head), now)

    def greeted(self, frame: bytes, step: Payload, head: Head, now: int) -> bytes | None:
        """Take a step that was accepted; return ours that answers it, if any.

        Raises:
            PeerFault: as Handshake.hear.
        """
        answer = self.handshake.hear(self._last, step, head)
        self._greeted.add(frame)
        if self.handshake.peer:
            self.head = self.handshake.peer.head
        return self._step(answer, now) if answer else None

    def again(self, now: int) -> bytes | None:
        """Return our last step after a step of the peer came a second time: ours was lost, or is late.

        Raises:
            PeerFault: `rate_limited`.
        """
        self._count(now)
        if self._greetings < GREETINGS and (self.is_dialler or not self.is_open):
            self._greetings += 1
            return self._greeting
        return None

    def is_greeting(self, frame: bytes) -> bool:
        """Say whether a frame is a step that was taken before."""
        return frame in self._greeted

    def overdue(self, now: int) -> bytes | None:
        """Return our last step when it is time to send it again."""
        if self.is_open or not self._greeting or now < self._greeting_at + GREETING_AGAIN:
            return None
        self._greeting_at = now
        return self._greeting

    def _step(self, step: Payload, now: int) -> bytes:
        self._greeting_at = now
        self._greeting = self.frame(payloads.HANDSHAKE, step, now)
        return self._greeting
