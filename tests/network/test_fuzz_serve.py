"""Nonsense against a real node: bytes, requests and frames that were good before they were mangled.

Whatever comes, no answer is a 5xx, the process lives and says nothing, and its memory stays. Seeded: a run
that fails can be repeated. Each connection has an address of its own, so that no limit ends the test.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import re
import select
import socket
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.network.attacker import Caller, Foe, Gone, Key, now, request, upgrade, ws_frame
from trustcli.errors import PeerFault
from trustcli.mesh import messages, payloads
from trustcli.mesh.handshake import head_of
from trustcli.node.devnet import Devnet
from trustcli.sync import negentropy
from trustcli.transports import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trustcli.node.devnet import DevNode

GROWTH = 32  # MiB that the process may grow while it is fuzzed
LINKS = 50  # a node shakes hands sixty times a minute with one host, and here all are one
FRAMES = 12  # mangled frames over one link; after a few the victim has enough
BATCH = 40  # connections at once
SILENCE = 0.05  # seconds
TIMEOUT = 5.0
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Victim:
    """One node process."""

    def __init__(self, net: Devnet) -> None:
        self.net = net
        self.node: DevNode = net.nodes[0]
        self.pid = net.state(self.node).pid

    def memory(self) -> int:
        """Return the memory it holds, MiB."""
        with open(f"/proc/{self.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) >> 10

    def troubles(self) -> list[str]:
        """Return what is wrong with it."""
        state = self.net.state(self.node)
        with open(os.path.join(self.node.home, "serve.log")) as log:
            found = [line for line in log.read().splitlines() if not line.startswith("serving ")]
        return found if (state.pid, state.head is None) == (self.pid, False) else [*found, "dead"]


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """A node that is fuzzed."""
    with Devnet(str(tmp_path_factory.mktemp("fuzz") / "net"), 1, now) as net:
        net.start()
        yield Victim(net)


def foe(victim: Victim, dice: random.Random) -> Foe:
    """Return a stranger from anywhere on this machine."""
    source = f"127.{dice.randrange(1, 255)}.{dice.randrange(255)}.{dice.randrange(1, 255)}"
    return Foe((victim.node.url,), source, threading.Event(), [])


def mangled(data: bytes, dice: random.Random) -> bytes:
    """Return bytes with some of them changed, doubled, moved or lost."""
    found = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 5, 20))):
        at = dice.randrange(len(found) + 1)
        end = min(len(found), at + dice.choice((1, 1, 2, 8, 100)))
        kind = dice.randrange(6)
        if kind == 0:
            found[at:end] = dice.randbytes(end - at)
        elif kind == 1:
            del found[at:end]
        elif kind == 2:
            found[at:at] = found[at:end]
        elif kind == 3:
            found[at:at] = dice.randbytes(dice.choice((1, 4, 300)))
        elif kind == 4:
            found[at:at] = dice.choice(
                (b"\r\n", b"\n", b"\0", b"%00", b"/../", b'"', b"9" * 30, b"\xff", b": ")
            )
        else:
            del found[at:]
            found += b"\r\n\r\n"
    return bytes(found)


def requests_of(victim: Victim, key: Key) -> list[bytes]:
    """Return a good request for each route."""
    url = victim.node.url
    octets, lines = f"Content-Type: {wire.BYTES}", f"Content-Type: {wire.NDJSON}"
    line = key.record("rating", subject="agent:x", value=40, category="reliability")
    message = negentropy.Initiator(lambda: negentropy.Vector([(1, bytes(32))])).open()
    signed = wire.sign_request(
        method="POST", path="/v1/records", body=line, to=victim.node.did, network="main", me=key.did,
        sign=key.sign, now=now(),
    )  # fmt: skip
    targets = (
        "/v1/node", "/v1/records?after=0&limit=5", f"/v1/records/{'0' * 64}", "/v1/about?subject=agent%3Ax",
        f"/v1/peers?near={'0' * 64}&limit=3", "/v1/nodes", f"/v1/nodes/{victim.node.did}", "/healthz",
        "/metrics", "/openapi.json",
    )  # fmt: skip
    return [
        *(request(url, target) for target in targets),
        request(url, "/v1/node", b"", "Trust-Challenge: " + "A" * 43),
        request(url, "/v1/fetch", bytes(64), octets),
        request(url, "/v1/reconcile", message, octets),
        request(url, "/v1/records", line, lines, *(f"{name}: {value}" for name, value in signed.items())),
        upgrade(url),
    ]


def answers(victim: Victim, batch: list[bytes], dice: random.Random, silence: float = SILENCE) -> list[str]:
    """Send each over a connection of its own; return the statuses of all that comes back.

    Who waits for the rest of a request learns, after a silence, that there is none.
    """
    got: dict[socket.socket, bytes] = {}
    with contextlib.ExitStack() as stack:
        for data in batch:
            sock = stack.enter_context(contextlib.closing(foe(victim, dice).connect()))
            got[sock] = b""
            with contextlib.suppress(OSError):
                sock.sendall(data)
        waiting, silent = set(got), False
        while waiting:
            ready = select.select(list(waiting), [], [], TIMEOUT if silent else silence)[0]
            assert ready or not silent, "it holds on to a connection that has ended"
            if not ready:
                silent = True
                for sock in waiting:
                    with contextlib.suppress(OSError):
                        sock.shutdown(socket.SHUT_WR)
            waiting -= {sock for sock in ready if not _read(sock, got)}
    return [found.decode() for data in got.values() for found in _STATUS.findall(data)]


def _read(sock: socket.socket, got: dict[socket.socket, bytes]) -> bool:
    """Read what is there; say whether there may be more."""
    try:
        part = sock.recv(1 << 16)
    except ConnectionResetError:
        return False
    got[sock] += part
    return bool(part)


def test_requests_that_were_good(victim: Victim, slow: bool) -> None:
    """Mangled requests for every route, and bytes that never were one: nothing ends in a fault."""
    dice = random.Random(5)
    good = requests_of(victim, Key(bytes(range(32))))
    whole = answers(victim, good, dice, silence=1.0)  # a node that has just begun is slow at first
    assert set(whole) == {"101", "200", "401", "404"}
    before = victim.memory()
    seen: Counter[str] = Counter()
    for _ in range(750 if slow else 50):
        batch = [mangled(dice.choice(good), dice) for _ in range(BATCH)]
        batch += [dice.randbytes(dice.randrange(1, 600)) for _ in range(BATCH // 10)]
        seen.update(answers(victim, batch, dice))
    assert {"200", "400", "404"} <= seen.keys()
    assert [status for status in seen if status >= "500"] == []
    assert victim.memory() <= before + GROWTH
    assert victim.troubles() == []


def frames_of(caller: Caller) -> list[tuple[str, payloads.Payload]]:
    """Return a good message of each type."""
    line = caller.key.record("rating", subject="agent:x", value=40, category="reliability")
    raws, head = messages.raws([line]), head_of(caller.head)
    return [
        (payloads.HANDSHAKE, payloads.Done(3)),
        (payloads.PING, payloads.Beat(head)),
        (payloads.PONG, payloads.Beat(head)),
        (payloads.PEER_REQUEST, payloads.PeerRequest(20, "0" * 64)),
        (payloads.PEER_ANNOUNCE, payloads.PeerAnnounce(raws)),
        (payloads.TRUST_UPDATE, payloads.TrustUpdate(raws)),
        (payloads.REVOCATION, payloads.Revocation("CRITICAL", raws)),
        (payloads.TRUST_RESULT, payloads.TrustResult(["0" * 64], [payloads.RefusedRecord("x", "0" * 64)])),
        (payloads.SYNC_REQUEST, payloads.SyncRequest(id=1, feed=payloads.FeedOf(0, 5))),
        (payloads.SYNC_REQUEST, payloads.SyncRequest(id=2, reconcile="YQA")),
        (payloads.SYNC_REQUEST, payloads.SyncRequest(id=3, wanted=["0" * 64])),
        (payloads.SYNC_REQUEST, payloads.SyncRequest(id=4, about=payloads.AboutOf(0, 5, "agent:x"))),
        (payloads.SYNC_REQUEST, payloads.SyncRequest(id=5, offer=raws)),
        (payloads.SYNC_RESPONSE, payloads.SyncResponse(head=head, id=1, records=raws, more=True, next=7)),
        (payloads.CLOSE, payloads.Farewell("bye")),
    ]


def resigned(caller: Caller, frame: bytes, dice: random.Random) -> bytes:
    """Return a frame whose message was mangled and then signed, so that the nonsense is authentic."""
    data = mangled(messages.parse(frame).data, dice)
    sig = messages.base64(caller.key.sign(messages.DOMAIN + data))
    return b'{"message":%b,"sig":"%b"}' % (data, sig.encode())


def test_frames_that_were_good(victim: Victim, slow: bool) -> None:
    """Mangled frames of each type, with and without a signature that fits, and mangled WebSockets around."""
    dice = random.Random(6)
    before, sent, links = victim.memory(), 0, 0
    for number in range(10 * LINKS if slow else LINKS):
        try:
            caller = foe(victim, dice).call()
        except Gone:  # no handshakes left for this minute
            time.sleep(1.0)
            continue
        links += 1
        with caller, contextlib.suppress(OSError, Gone, PeerFault):
            for type_, payload in itertools.islice(
                itertools.cycle(frames_of(caller)), number, number + FRAMES
            ):
                frame = caller.frame(type_, payload)
                odd = mangled(frame, dice) if dice.random() < 0.3 else resigned(caller, frame, dice)
                whole = ws_frame(odd)
                caller.sock.sendall(mangled(whole, dice) if dice.random() < 0.05 else whole)
                sent += 1
                time.sleep(0.002)
    assert links >= LINKS // 2
    assert sent >= 2 * links
    assert victim.memory() <= before + GROWTH
    assert victim.troubles() == []
    assert foe(victim, dice).did(victim.node.url) == victim.node.did
