"""A peer over HTTP: questions of a sync out, answers in, nothing believed.

docs/protocol.md is the text to it; `carrier` carries, `answers` reads.
"""

from __future__ import annotations

import os
from urllib.parse import quote

from trustcli.errors import UsageError
from trustcli.records.envelope import MAX_LINE
from trustcli.sync.exchange import (
    PAGE_BYTES,
    PUSHED,
    About,
    Feed,
    Offer,
    Page,
    Reconcile,
    Reconciled,
    Taken,
    Wanted,
)
from trustcli.transports import answers, wire
from trustcli.transports.carrier import SMALL, Carrier, Named
from trustcli.transports.places import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType
    from typing import Self

    from trustcli.records.envelope import Signer
    from trustcli.sync.exchange import Answer, Head, Request, Result
    from trustcli.transports.addresses import Resolve
    from trustcli.transports.carrier import Reply
    from trustcli.transports.wire import NodeFacts

PAGE_ROOM = PAGE_BYTES + MAX_LINE + 1  # a page may end with one line more
RESULTS_ROOM = 160 * PUSHED + SMALL  # an id, a code and their JSON for each line offered
PEERS_ROOM = 128 << 10  # 20 announcements of 8 long addresses
_IN_HTTP = {"wss": "https", "ws": "http"}


class HttpPeer:
    """A node that answers over HTTP. One connection, one question at a time: not for several threads.

    Fails with Unreachable (no connection, too slow, busy) or PeerFault (it broke the protocol); both
    name the peer, on one line.
    """

    def __init__(
        self,
        url: str,
        *,
        network: str,
        clock: Callable[[], int],
        expect: str | None = None,
        me: str | None = None,
        sign: Signer | None = None,
        timeout: float = 20.0,
        trusted: bool = True,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Say whom to ask; nothing is sent or looked up yet.

        Args:
            clock: Unix ms, the time of signed requests.
            expect: The did:key that must answer; no other is asked anything.
            me, sign: Our key. Needed to offer records.
            timeout: Seconds one exchange may take; time in which bytes flow at 64 KiB/s does not count.
            trusted: The user wrote this URL, see `addresses.target`.
            tls: Another set of roots than the system's.

        Raises:
            Unreachable: a URL that is never dialled.
        """
        place = parse(url)
        self._place = place._replace(scheme=_IN_HTTP.get(place.scheme, place.scheme))
        self._network, self._clock = network, clock
        self._expect, self._me, self._sign = expect, me, sign
        self._proven: str | None = None  # the key that answered our challenge
        self._carrier = Carrier(
            self._place, timeout, trusted=trusted, allow_private=allow_private, resolve=resolve, tls=tls
        )
        self._named = Named(self._place.url)

    @property
    def url(self) -> str:
        """The peer's URL, in its one spelling."""
        return self._place.url

    @property
    def round_trips(self) -> int:
        """Requests sent so far."""
        return self._carrier.round_trips

    @property
    def bytes_up(self) -> int:
        """Bytes sent so far: HTTP with its headers, before TLS."""
        return self._carrier.meter.up

    @property
    def bytes_down(self) -> int:
        """Bytes received so far."""
        return self._carrier.meter.down

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._carrier.close()

    def facts(self) -> NodeFacts:
        """Return what the node says of itself. Its key signs it together with a challenge of ours.

        Raises:
            Unreachable: no answer.
            PeerFault: no proof, or another key, network or protocol than ours (`wrong_key`,
                `wrong_network`, `wrong_version`).
        """
        challenge = wire.encode64(os.urandom(wire.CHALLENGE_BYTES))
        reply = self._get("/v1/node", wire.JSON, SMALL, {wire.CHALLENGE: challenge})
        with self._named:
            facts = answers.node(reply.body, challenge)
            answers.check_node(facts, expect=self._expect, me=self._me, network=self._network)
        self._proven = facts.did
        return facts

    def ask(self, request: Request) -> Answer:
        """Ask one question. The records of the answer are not verified yet; all else of it is.

        Raises:
            Unreachable, PeerFault: see the class.
        """
        if isinstance(request, Feed):
            return self._page(f"/v1/records?after={request.after}&limit={request.limit}", request)
        if isinstance(request, About):
            subject = quote(request.subject, safe="")
            return self._page(
                f"/v1/about?subject={subject}&after={request.after}&limit={request.limit}", request
            )
        if isinstance(request, Wanted):
            return self._wanted(request)
        if isinstance(request, Reconcile):
            return self._reconcile(request)
        return self._offer(request)

    def peers(self, near: str = "", limit: int = wire.MAX_PEERS) -> list[bytes]:
        """Return announce records, one line each, unverified; the closest to the node id `near` first.

        Raises:
            Unreachable, PeerFault: see the class.
        """
        query = f"near={near}&limit={limit}" if near else f"limit={limit}"
        reply = self._get(f"/v1/peers?{query}", wire.NDJSON, PEERS_ROOM)
        with self._named:
            return list(wire.read_lines(reply.body, limit))

    def _page(self, path: str, request: Feed | About) -> Page:
        reply = self._get(path, wire.NDJSON, PAGE_ROOM)
        with self._named:
            return answers.page(reply.headers, reply.body, request.limit, after=request.after)

    def _wanted(self, request: Wanted) -> Page:
        reply = self._post("/v1/fetch", b"".join(request.ids), wire.BYTES, wire.NDJSON, PAGE_ROOM)
        with self._named:
            return answers.page(reply.headers, reply.body, len(request.ids))

    def _reconcile(self, request: Reconcile) -> Reconciled:
        reply = self._post("/v1/reconcile", request.message, wire.BYTES, wire.BYTES, wire.MAX_MESSAGE)
        with self._named:
            return Reconciled(wire.read_head_headers(reply.headers), reply.body)

    def _offer(self, request: Offer) -> Taken:
        head: Head | None = None
        results: list[Result] = []
        for lines in batches(request.lines):
            reply = self._signed("/v1/records", wire.join_lines(lines))
            with self._named:
                taken = answers.taken(reply.body, lines)
            head = taken.head
            results += taken.results
        assert head is not None
        return Taken(head, tuple(results))

    def _signed(self, path: str, body: bytes) -> Reply:
        """POST under our signature; a node that does not know our key asks for a second one, once."""
        reply = self._post_signed(path, body, "")
        if reply.status == 401 and wire.CHALLENGE in reply.headers:
            with self._named:
                challenge = wire.read_challenge(reply.headers[wire.CHALLENGE])
            reply = self._post_signed(path, body, challenge)
        with self._named:
            answers.check_status(reply.status, reply.headers, reply.body, wire.JSON)
        return reply

    def _post_signed(self, path: str, body: bytes, challenge: str) -> Reply:
        if self._me is None or self._sign is None:
            raise UsageError("offering records needs a key", hint="trust keygen")
        to = self._expect or self._proven or self.facts().did
        signed = wire.sign_request(
            method="POST", path=path, body=body, to=to, network=self._network, me=self._me, sign=self._sign,
            now=self._clock(), challenge=challenge,
        )  # fmt: skip
        return self._carrier.exchange(
            "POST", path, body, RESULTS_ROOM, {**signed, "content-type": wire.NDJSON}
        )

    def _get(self, path: str, kind: str, room: int, headers: Mapping[str, str] | None = None) -> Reply:
        reply = self._carrier.exchange("GET", path, b"", room, headers or {})
        with self._named:
            answers.check_status(reply.status, reply.headers, reply.body, kind)
        return reply

    def _post(self, path: str, body: bytes, sent: str, kind: str, room: int) -> Reply:
        reply = self._carrier.exchange("POST", path, body, room, {"content-type": sent})
        with self._named:
            answers.check_status(reply.status, reply.headers, reply.body, kind)
        return reply


def batches(lines: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
    """Yield the lines in as few requests as a server takes: 5,000 lines and 1 MiB each; at least one."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == PUSHED or size + len(line) + 1 > wire.MAX_BODY):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(line)
        size += len(line) + 1
    yield tuple(batch)
