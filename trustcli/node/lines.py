"""A line to one peer: its connection, what was said on it, and the question that is under way."""

from __future__ import annotations

import time
from threading import Lock

from trustcli.errors import Unreachable
from trustcli.sync.exchange import Feed, Page
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future
    from typing import Protocol

    from trustcli.errors import TrustError
    from trustcli.ledger.network import Mark
    from trustcli.sync.exchange import Answer, Head, Request
    from trustcli.sync.following import Share
    from trustcli.sync.talk import Talk
    from trustcli.transports.wire import NodeFacts

    class Peer(Protocol):
        """Whom a line leads to: `transports.http.HttpPeer`, or another node's shelf in a test."""

        def facts(self) -> NodeFacts:
            """Return what the peer says of itself, proven."""

        def ask(self, request: Request) -> Answer:
            """Ask one question."""
            ...

        def close(self) -> None:
            """End the connection."""

    Connect = Callable[["Contact"], Peer]

_WAITS = 12  # times we wait for a peer that says we are too fast, in one question
_PAUSE = 5.0  # seconds each: a server allows a hundred offers a minute
PATIENCE = 60.0  # seconds a peer may take in all before it must have moved
SLOWEST = 20  # records a second, or it holds up the others for nothing


class Contact(NamedTuple):
    """Whom to ask: what we call it, where it is, and the key that must answer (None: any)."""

    name: str
    url: str
    key: str | None = None


class Line:
    """One peer in one sync. `ask` and `look_ahead` belong to the thread that owns the ledger."""

    def __init__(self, contact: Contact, saved: Mark, talk: Talk, connect: Connect) -> None:
        self.contact = contact
        self.saved = saved
        self.talk = talk
        self.roles: tuple[str, ...] = ()
        self.problem: TrustError | None = None
        self.takes_nothing = False
        self.asked_about: set[str] = set()
        self.seconds = 0.0
        self._waited = 0.0  # seconds, for answers
        self._connect = connect
        self._peer: Peer | None = None
        self._request: Request | None = None
        self.share: tuple[Share, Head] | None = None  # what it brings a part of, and its head before
        self._ahead: tuple[Request, Future[Answer]] | None = None
        self._one = Lock()  # a connection carries one question at a time

    def greet(self, pool: Executor) -> Future[NodeFacts]:
        """Connect, and ask who is there."""
        return pool.submit(self._facts)

    def ask(self, request: Request, pool: Executor) -> Future[Answer]:
        """Put a question, unless it was put already, ahead of its time."""
        self._request = request
        ahead, self._ahead = self._ahead, None
        if ahead and ahead[0] == request:
            return ahead[1]
        return pool.submit(self._ask, request)

    def look_ahead(self, answer: object, pool: Executor) -> None:
        """Begin to fetch the page that a feed will be asked for next, while this one is taken."""
        if not isinstance(self._request, Feed) or not isinstance(answer, Page):
            return
        course = self.talk.course
        following = course.after(answer) if course else Feed(answer.next) if answer.more else None
        if following:
            self._ahead = (following, pool.submit(self._ask, following))

    def check_pace(self) -> None:
        """Give a peer up that answers each question in time and still gets nowhere.

        Raises:
            Unreachable.
        """
        talk = self.talk
        if self._waited > PATIENCE + (talk.new + talk.known + talk.given) / SLOWEST:
            raise Unreachable(f"too slow: {self._waited:.0f} s for {talk.new + talk.known} records")

    def close(self) -> None:
        """End the connection; a question under way fails."""
        if self._peer:
            self._peer.close()

    def _facts(self) -> NodeFacts:
        with self._one:
            self._peer = self._connect(self.contact)
            return self._peer.facts()

    def _ask(self, request: Request) -> Answer:
        with self._one:
            for _ in range(_WAITS):
                try:
                    return self._timed(request)
                except Unreachable as problem:
                    if problem.code != "rate_limited":
                        raise
                time.sleep(_PAUSE)
            return self._timed(request)

    def _timed(self, request: Request) -> Answer:
        assert self._peer
        start = time.monotonic()
        try:
            return self._peer.ask(request)
        finally:
            self._waited += time.monotonic() - start
