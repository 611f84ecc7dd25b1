"""The handshake: three signed steps after which both sides know that the other holds its key, now.

    dialler                                listener
    1  challenge, whom I want       →
                                    ←      2  challenge        (session)
    3  (session)                    →

The session is SHA-256 over both keys by role, both challenges, network and version. Steps 2 and 3 carry it,
so both signatures are over all of it: a recorded handshake fits no new challenge, a reflected one names the
wrong dialler, and nobody can be talked into an older version.
"""

from __future__ import annotations

import hashlib

from trustcli.mesh.faults import fault
from trustcli.mesh.messages import VERSION
from trustcli.mesh.payloads import Done, HeadOf, Hello, Payload, Welcome
from trustcli.records import canonical
from trustcli.sync.exchange import Head
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.mesh.messages import Message

DOMAIN = b"trustcli/handshake/v1\n"
CHALLENGE_BYTES = 32


class Me(NamedTuple):
    """Who we are on the mesh.

    Attributes:
        sign: signs with the key that `did` names.
        endpoints: URLs where we can be dialled; none behind NAT.
        subjects: what a light node keeps.
        hops: the longest chain of ratings that counts for it.
        seeds: (url, did:key or empty) of the nodes to begin with.
    """

    did: str
    sign: Callable[[bytes], bytes]
    network: str
    roles: tuple[str, ...] = ("full",)
    endpoints: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    hops: int = 3
    seeds: tuple[tuple[str, str], ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether we keep all records."""
        return "light" not in self.roles


class Peer(NamedTuple):
    """Who is on the other side, as its handshake said."""

    did: str
    roles: tuple[str, ...]
    endpoints: tuple[str, ...]
    head: Head

    @property
    def is_full(self) -> bool:
        """Whether it keeps all records: everything but a light node does."""
        return "light" not in self.roles


def session_of(dialler: str, listener: str, challenges: tuple[str, str], network: str) -> str:
    """Return the session of a transcript, 64 hex digits; the dialler's challenge is the first."""
    transcript = canonical.encode(
        {
            "challenges": list(challenges),
            "dialler": dialler,
            "listener": listener,
            "network": network,
            "version": VERSION,
        }
    )
    return hashlib.sha256(DOMAIN + transcript).hexdigest()


def head_of(head: Head) -> HeadOf:
    """Return a head as part of a payload."""
    return HeadOf(head.fingerprint, head.last, head.ledger, head.records)


def head_from(head: HeadOf) -> Head:
    """Return the head that a payload speaks of."""
    return Head(head.ledger, head.records, head.last, head.fingerprint)


class Handshake:
    """One side of one handshake. `peer` and `session` count once it `is_done`."""

    def __init__(self, me: Me, challenge: bytes, *, dialling: bool, expect: str = "") -> None:
        """Prepare a side.

        Args:
            challenge: 32 fresh random bytes.
            expect: the did:key that must answer; empty for any.
        """
        self._me = me
        self._challenge = challenge.hex()
        self.expect = expect
        self.is_dialler = dialling
        self.is_done = False
        self.session = ""
        self.peer: Peer | None = None

    def hello(self, head: Head) -> Hello:
        """Return the dialler's first step."""
        me = self._me
        return Hello(self._challenge, list(me.endpoints), head_of(head), list(me.roles), 1, self.expect)

    def check(self, message: Message) -> None:
        """Refuse a message of any type that does not belong to this handshake and its session.

        Raises:
            PeerFault: `other_network`, `other_version`, `self`, `unexpected_key`, `wrong_sender`.
        """
        if message.net != self._me.network:
            raise fault("other_network")
        if message.version != VERSION:
            raise fault("other_version")
        if message.sender == self._me.did:
            raise fault("self")
        if self.peer is not None and message.sender != self.peer.did:
            raise fault("wrong_sender")
        if self.expect and message.sender != self.expect:
            raise fault("unexpected_key")

    def hear(self, message: Message, step: Payload, head: Head) -> Payload | None:
        """Take a verified step of the other side; return the step that answers it, if any.

        Raises:
            PeerFault: `out_of_turn`, `wrong_to`, `bad_session`.
        """
        if self.is_dialler and isinstance(step, Welcome) and not self.is_done:
            return self._welcomed(message, step)
        if not self.is_dialler and isinstance(step, Hello) and self.peer is None:
            return self._greeted(message, step, head)
        if not self.is_dialler and isinstance(step, Done) and self.peer is not None and not self.is_done:
            self._finished(message)
            return None
        raise fault("out_of_turn")

    def _greeted(self, message: Message, step: Hello, head: Head) -> Welcome:
        if step.to not in ("", self._me.did):
            raise fault("wrong_to")
        if message.session:
            raise fault("bad_session")
        self._meet(message, step)
        challenges = (step.challenge, self._challenge)
        self.session = session_of(message.sender, self._me.did, challenges, self._me.network)
        me = self._me
        return Welcome(self._challenge, list(me.endpoints), head_of(head), list(me.roles), 2)

    def _welcomed(self, message: Message, step: Welcome) -> Done:
        challenges = (self._challenge, step.challenge)
        session = session_of(self._me.did, message.sender, challenges, self._me.network)
        if message.session != session:
            raise fault("bad_session")
        self._meet(message, step)
        self.session, self.is_done = session, True
        return Done(3)

    def _finished(self, message: Message) -> None:
        if message.session != self.session:
            raise fault("bad_session")
        self.is_done = True

    def _meet(self, message: Message, step: Hello | Welcome) -> None:
        self.peer = Peer(message.sender, tuple(step.roles), tuple(step.endpoints), head_from(step.head))
