"""Asking a peer over HTTP: what is sent, what is believed, and what a hostile peer can do to us."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.raw_server import (
    DID,
    HEAD,
    NOW,
    RawServer,
    facts,
    header,
    node_response,
    response,
)
from trustcli.errors import PeerFault, TrustError, Unreachable, UsageError
from trustcli.records import crypto, did
from trustcli.records.envelope import Record, outline
from trustcli.sync.exchange import About, Feed, Offer, Page, Reconcile, Reconciled, Result, Taken, Wanted
from trustcli.transports import open_peer, wire
from trustcli.transports.http import HttpPeer, batches
from trustcli.transports.pinned import Meter, PinnedStream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.network.raw_server import Handler

ME_SEED = bytes(32)
ME = did.did_of(crypto.public_key(ME_SEED))
SECRET = b"s" * 32


def peer_at(server: RawServer | str, **options: Any) -> HttpPeer:
    url = server if isinstance(server, str) else server.url
    return HttpPeer(url, **{"network": "main", "clock": lambda: NOW, "timeout": 10.0, **options})


def signing_peer(server: RawServer, **options: Any) -> HttpPeer:
    return peer_at(server, me=ME, sign=crypto.signer(ME_SEED), **options)


def always(data: bytes | Callable[[bytes], bytes]) -> Handler:
    """Answer every request with these bytes."""

    def handle(connection: socket.socket, request: bytes) -> None:
        connection.sendall(data if isinstance(data, bytes) else data(request))

    return handle


def record(number: int) -> Record:
    return Record.seal(
        net="main", kind="rating", author=ME, created=NOW + number, sign=crypto.signer(ME_SEED),
        body={"subject": "agent:bob", "value": 40, "category": "honesty"},
    )  # fmt: skip


def page_response(lines: list[bytes], following: int, *, more: bool, **changed: str) -> bytes:
    headers = {**wire.page_headers(HEAD, following, more=more), **changed}
    return response(wire.join_lines(lines), wire.NDJSON, **headers)


def asked_of(request: bytes) -> str:
    return request.split(b"\r\n")[0].decode()


# --- the protocol ---------------------------------------------------------------------------------


def test_facts() -> None:
    """A node says who it is, and its key signs it with the challenge of this very question."""
    with RawServer(always(node_response)) as server, peer_at(server, expect=DID) as peer:
        assert peer.facts() == facts()
        assert peer.facts() == facts()
        challenges = {header(request, wire.CHALLENGE) for request in server.requests}
        assert len(challenges) == 2
        assert (server.accepted, peer.round_trips) == (1, 2)
        assert peer.bytes_up == sum(map(len, server.requests))
        assert peer.bytes_down > 2 * 300


def test_what_is_sent() -> None:
    """A request says nothing of the machine: these headers and no others."""
    with RawServer(always(node_response)) as server, peer_at(server) as peer:
        peer.facts()
        lines = server.requests[0].decode().split("\r\n")
        assert lines[0] == "GET /v1/node HTTP/1.1"
        names = {line.partition(":")[0].lower() for line in lines[1:] if line}
        assert names == {"host", "accept", "accept-encoding", "connection", "user-agent", "trust-challenge"}
        assert header(server.requests[0], "accept-encoding") == "identity"


def test_feed() -> None:
    """A page of the feed: its lines as they came, the head, the cursor."""
    lines = [record(1).line, record(2).line]
    answer = page_response(lines, 4, more=True)
    with RawServer(always(answer)) as server, peer_at(server) as peer:
        assert peer.ask(Feed(2, 10)) == Page(HEAD, tuple(lines), 4, True)
        assert asked_of(server.requests[0]) == "GET /v1/records?after=2&limit=10 HTTP/1.1"


def test_about() -> None:
    """A subject is one value of the query, whatever characters it has."""
    with RawServer(always(page_response([], 7, more=False))) as server, peer_at(server) as peer:
        assert peer.ask(About("https://x.test/?a=b&c#d é", 7, 5)) == Page(HEAD, (), 7, False)
        subject = "https%3A%2F%2Fx.test%2F%3Fa%3Db%26c%23d%20%C3%A9"
        assert asked_of(server.requests[0]) == f"GET /v1/about?subject={subject}&after=7&limit=5 HTTP/1.1"


def test_wanted() -> None:
    """Ids go as bytes, 32 each."""
    line = record(1).line
    with RawServer(always(page_response([line], 0, more=False))) as server, peer_at(server) as peer:
        assert peer.ask(Wanted((b"a" * 32, b"b" * 32))) == Page(HEAD, (line,), 0, False)
        assert asked_of(server.requests[0]) == "POST /v1/fetch HTTP/1.1"
        assert server.requests[0].endswith(b"\r\n\r\n" + b"a" * 32 + b"b" * 32)
        assert header(server.requests[0], "content-type") == wire.BYTES


@pytest.mark.parametrize("message", [b"", b"a\x00\xff"])
def test_reconcile(message: bytes) -> None:
    """A negentropy message for another; an empty one ends it."""
    answer = response(message, wire.BYTES, **wire.head_headers(HEAD))
    with RawServer(always(answer)) as server, peer_at(server) as peer:
        assert peer.ask(Reconcile(b"a\x01\x02")) == Reconciled(HEAD, message)
        assert server.requests[0].endswith(b"\r\n\r\na\x01\x02")


def test_peers() -> None:
    """Announcements come as lines, the closest to a node id first."""
    with RawServer(always(response(b"{}\n{}\n", wire.NDJSON))) as server, peer_at(server) as peer:
        assert peer.peers("ab" * 32, 3) == [b"{}", b"{}"]
        assert asked_of(server.requests[0]) == f"GET /v1/peers?near={'ab' * 32}&limit=3 HTTP/1.1"


def take(request: bytes) -> bytes:
    """Take offered records as a node does that asks new keys to sign a challenge."""
    if asked_of(request).startswith("GET /v1/node "):
        return node_response(request)
    top, _, body = request.partition(b"\r\n\r\n")
    headers = {
        name: value
        for name in (wire.KEY, wire.TIME, wire.SIGNATURE, wire.CHALLENGE)
        if (value := header(top, name))
    }
    signed = wire.check_request(
        headers, method="POST", path=asked_of(request).split()[1], body=body, to=DID, network="main", now=NOW
    )
    if not wire.is_challenge(SECRET, signed.key, signed.challenge, NOW):
        error = b'{"error":{"code":"challenge","message":"sign this"}}'
        given = {"Trust_Challenge": wire.new_challenge(SECRET, signed.key, NOW)}
        return response(error, status="401 Unauthorized", **given)
    results = [
        {"id": crypto.record_id(outline(line) or b"").hex(), "code": "new"} for line in body.splitlines()
    ]
    return response(json.dumps({"results": results, "head": wire.head_object(HEAD)}).encode())


def test_offer() -> None:
    """Records are offered under our signature; a node that does not know our key has it sign a challenge."""
    records = (record(1), record(2))
    with RawServer(always(take)) as server, signing_peer(server) as peer:
        taken = peer.ask(Offer(tuple(each.line for each in records)))
        assert taken == Taken(HEAD, tuple(Result(each.digest, "new") for each in records))
        assert [asked_of(request).split()[1] for request in server.requests] == [
            "/v1/node", "/v1/records", "/v1/records"
        ]  # fmt: skip
        keys = {header(request, wire.KEY) for request in server.requests[1:]}
        assert keys == {ME}


def test_offer_to_a_known_key() -> None:
    """With the key of the node at hand, it is not asked who it is first."""
    with RawServer(always(take)) as server, signing_peer(server, expect=DID) as peer:
        peer.ask(Offer((record(1).line,)))
        assert len(server.requests) == 2


def test_offer_without_a_key() -> None:
    """Nobody can offer records without a key."""
    with RawServer(always(take)) as server, peer_at(server) as peer:
        with pytest.raises(UsageError):
            peer.ask(Offer((record(1).line,)))
        assert server.requests == []


def test_offers_are_cut_into_requests() -> None:
    """A request has at most 5,000 lines and 1 MiB; nothing is lost or reordered; no lines are one request."""
    small = tuple(b"%d" % number for number in range(12_001))
    large = tuple(bytes([65 + number]) * 60_000 for number in range(40))
    assert [len(batch) for batch in batches(small)] == [5_000, 5_000, 2_001]
    assert [len(batch) for batch in batches(large)] == [17, 17, 6]
    assert sum(batches(small), ()) == small
    assert sum(batches(large), ()) == large
    assert list(batches(())) == [()]


def test_challenge_is_asked_for_once() -> None:
    """A node that asks for a signature again and again gets two."""
    given = wire.encode64(b"c" * 32)
    refusal = b'{"error":{"code":"challenge","message":"again"}}'
    answer = response(refusal, status="401 Unauthorized", Trust_Challenge=given)
    with RawServer(always(answer)) as server, signing_peer(server, expect=DID) as peer:
        with pytest.raises(PeerFault, match="it refuses \\(401 again\\)"):
            peer.ask(Offer((record(1).line,)))
        assert len(server.requests) == 2


def test_strange_challenge_is_not_signed() -> None:
    """What is no challenge is not signed."""
    answer = response(b"{}", status="401 Unauthorized", Trust_Challenge="any text, such as a contract")
    with RawServer(always(answer)) as server, signing_peer(server, expect=DID) as peer:
        with pytest.raises(PeerFault):
            peer.ask(Offer((record(1).line,)))
        assert len(server.requests) == 1


def test_unix_socket(tmp_path: Path) -> None:
    """A node of this machine can be asked over its socket."""
    path = str(tmp_path / "s")
    with RawServer(always(node_response), path=path) as server, peer_at(server) as peer:
        assert peer.facts() == facts()
        assert header(server.requests[0], "host") == "localhost"


def test_base_path() -> None:
    """A node behind a prefix of a web server is asked below it; the prefix is not signed."""

    def strip(request: bytes) -> bytes:
        return take(request.replace(b" /trust/v1/", b" /v1/", 1))

    with RawServer(always(strip)) as server:
        with signing_peer(server, expect=DID) as peer:
            assert peer.url == server.url
        with HttpPeer(
            server.url + "/trust/", network="main", clock=lambda: NOW, me=ME, sign=crypto.signer(ME_SEED)
        ) as peer:
            assert len(peer.ask(Offer((record(1).line,))).results) == 1  # type: ignore[union-attr]
        assert asked_of(server.requests[0]) == "GET /trust/v1/node HTTP/1.1"


def test_by_scheme() -> None:
    """The registry finds the transport by scheme; an announced mesh address answers questions too."""
    with RawServer(always(node_response)) as server:
        for scheme in ("http", "ws"):
            url = f"{scheme}://127.0.0.1:{server.port}"
            with open_peer(url, network="main", clock=lambda: NOW) as peer:
                assert peer.facts() == facts()
        with pytest.raises(Unreachable):
            open_peer("carrier-pigeon://coop", network="main", clock=lambda: NOW)


def test_kept_connection_that_was_closed() -> None:
    """A server that closes kept connections is asked again on a new one, without an error."""

    def hang_up(connection: socket.socket, request: bytes) -> None:
        connection.sendall(node_response(request))
        connection.shutdown(socket.SHUT_RDWR)

    with RawServer(hang_up) as server, peer_at(server) as peer:
        for _ in range(5):
            assert peer.facts() == facts()
        assert server.accepted == 5


def test_kept_connection_that_closes_under_the_question() -> None:
    """A server that hangs up on the second question of a connection gets it again, once."""

    def once(connection: socket.socket, request: bytes) -> None:
        if len(server.requests) == 2:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            connection.sendall(node_response(request))

    with RawServer(once) as server, peer_at(server) as peer:
        peer.facts()
        assert peer.facts() == facts()
        assert (server.accepted, len(server.requests), peer.round_trips) == (2, 3, 3)


# --- hostile peers --------------------------------------------------------------------------------


def drip(head: bytes, piece: bytes, seconds: float) -> Handler:
    """Send a head, then a piece again and again."""

    def handle(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            if seconds:
                time.sleep(seconds)

    return handle


def silent(connection: socket.socket, _request: bytes) -> None:
    connection.recv(1)


def early_close(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(page_response([record(1).line], 9, more=False)[:-20])
    connection.shutdown(socket.SHUT_RDWR)


def close_at_once(connection: socket.socket, _request: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket, _request: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()


GOOD = page_response([], 2, more=False)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
PAGE = wire.page_headers(HEAD, 2, more=False)
BOMB = gzip.compress(b"\n" * 20_000_000)


def changed(name: str, value: str) -> bytes:
    return page_response([], 2, more=False, **{name: value})


HOSTILE: dict[str, tuple[Handler, type[TrustError]]] = {
    "gzip": (always(response(BOMB, wire.NDJSON, **PAGE, Content_Encoding="gzip")), PeerFault),
    "encoding of any name": (always(changed("Content-Encoding", "identity")), PeerFault),
    "body without end": (drip(OK + b"Connection: close\r\n\r\n", b"x" * 65536, 0), PeerFault),
    "chunks without end": (
        drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n", 0), PeerFault
    ),
    "tiny chunks without end": (
        drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 4000 + b"\r\nx\r\n", 0), PeerFault
    ),
    "headers without end": (drip(OK, b"A: b\r\n" * 1000, 0), PeerFault),
    "one header without end": (drip(OK + b"A: ", b"b" * 65536, 0), PeerFault),
    "a status line without end": (drip(b"HTTP/1.1 200 ", b"O" * 65536, 0), PeerFault),
    "1xx without end": (drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0), PeerFault),
    "too many headers": (always(GOOD.replace(b"\r\n\r\n", b"\r\nA: b" * 70 + b"\r\n\r\n")), PeerFault),
    "1 byte/s body": (drip(OK + b"Content-Length: 1000\r\n\r\n", b"x", 0.3), Unreachable),
    "1 byte/s headers": (drip(OK, b"x", 0.3), Unreachable),
    "silence": (silent, Unreachable),
    "hangs up at once": (close_at_once, Unreachable),
    "hangs up in the body": (early_close, Unreachable),
    "resets": (reset, Unreachable),
    "length too large": (always(OK + b"Content-Length: 99999999999\r\n\r\n"), PeerFault),
    "length not a number": (always(OK + b"Content-Length: 1e3\r\n\r\n"), PeerFault),
    "two lengths": (always(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), PeerFault),
    "length too small": (always(GOOD.replace(b"Length: 0", b"Length: 1") + b"x" * 100), PeerFault),
    "redirect": (always(response(b"", status="302 Found", Location="http://127.0.0.1:1/admin")), PeerFault),
    "redirect to nonsense": (always(response(b"", status="301 Moved", Location="http://[::1%/")), PeerFault),
    "HTML": (always(response(b"<html>hello</html>", "text/html")), PeerFault),
    "records that claim to be HTML": (always(GOOD.replace(wire.NDJSON.encode(), b"text/html")), PeerFault),
    "HTML that claims to be records": (always(response(b"<html>", wire.NDJSON)), PeerFault),
    "no such route": (always(response(b"<html>no</html>", "text/html", "404 Not Found")), PeerFault),
    "traceback": (always(response(b"Traceback (most recent\n\x1b[31m", "text/plain", "500 X")), Unreachable),
    "busy": (always(response(b"{}", status="503 Busy", Retry_After="9")), Unreachable),
    "wait": (always(response(b"{}", status="429 Slow down", Retry_After="9" * 20)), Unreachable),
    "not HTTP": (always(b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n"), PeerFault),
    "not HTTP, and it waits": (always(b"SSH-2.0-OpenSSH_9.2p1\r\n"), Unreachable),
    "nothing but noise": (always(bytes(range(256)) * 4), PeerFault),
    "HTTP/0.9": (always(b"{}"), Unreachable),
    "huge records": (always(changed(wire.RECORDS, "9" * 5000)), PeerFault),
    "negative last": (always(changed(wire.LAST, "-1")), PeerFault),
    "last beyond 2^53": (always(changed(wire.LAST, str(2**53))), PeerFault),
    "last in other digits": (always(changed(wire.LAST, "١٢".encode().decode("latin-1"))), PeerFault),
    "last with a zero before": (always(changed(wire.LAST, "07")), PeerFault),
    "last as a fraction": (always(changed(wire.LAST, "1.0")), PeerFault),
    "last twice": (always(GOOD.replace(b"trust-last: 5", b"trust-last: 5\r\ntrust-last: 6")), PeerFault),
    "no fingerprint": (always(GOOD.replace(b"trust-fingerprint", b"x")), PeerFault),
    "fingerprint in capitals": (always(changed(wire.FINGERPRINT, "AB" * 32)), PeerFault),
    "fingerprint of 63": (always(changed(wire.FINGERPRINT, "a" * 63)), PeerFault),
    "ledger with a path": (always(changed(wire.LEDGER, "../x")), PeerFault),
    "ledger of nothing": (always(changed(wire.LEDGER, "")), PeerFault),
    "more is yes": (always(changed(wire.MORE, "yes")), PeerFault),
    "more for ever": (always(page_response([], 2, more=True)), PeerFault),
    "lines without progress": (always(page_response([b"{}"], 2, more=False)), PeerFault),
    "cursor that goes back": (always(page_response([b"{}"], 1, more=True)), PeerFault),
    "more lines than asked for": (always(page_response([b"{}"] * 11, 99, more=False)), PeerFault),
    "empty lines": (always(page_response([b"{}", b""], 9, more=False)), PeerFault),
    "a line cut off": (always(page_response([b"{}"], 9, more=False).replace(b"{}\n", b"{}}")), PeerFault),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_answer(what: str) -> None:
    """Whatever a peer answers is one of two errors, in words, within its deadline and in little memory."""
    handle, expected = HOSTILE[what]
    timeout = 0.6 if expected is Unreachable else 5.0
    with RawServer(handle) as server, peer_at(server, timeout=timeout) as peer:
        tracemalloc.start()
        began = time.monotonic()
        try:
            with pytest.raises(TrustError) as caught:
                peer.ask(Feed(2, 10))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert type(caught.value) is expected
        message = str(caught.value)
        assert message.startswith(server.url)
        assert message.isprintable()
        assert "\n" not in message
        assert caught.value.hint
        assert time.monotonic() - began < timeout + 8
        assert most < 32 << 20, f"{most >> 20} MiB"


def test_every_answer_is_refused_for_its_own_reason() -> None:
    """The answer that all of these spoil is a good one."""
    with RawServer(always(GOOD)) as server, peer_at(server) as peer:
        assert peer.ask(Feed(2, 10)) == Page(HEAD, (), 2, False)


def without(name: str) -> Callable[[bytes], bytes]:
    def answer(request: bytes) -> bytes:
        body = json.loads(node_response(request).split(b"\r\n\r\n")[1])
        del body[name]
        return response(json.dumps(body).encode())

    return answer


def altered(**values: Any) -> Callable[[bytes], bytes]:
    """Return the node's answer with members changed after it was signed."""

    def answer(request: bytes) -> bytes:
        body = json.loads(node_response(request).split(b"\r\n\r\n")[1])
        return response(json.dumps({**body, **values}).encode())

    return answer


def stale(request: bytes) -> bytes:
    """Answer with the proof of another challenge: a replay."""
    return node_response(
        b"GET / HTTP/1.1\r\ntrust-challenge: " + wire.encode64(b"c" * 32).encode() + b"\r\n\r\n"
    )


OTHER = did.did_of(crypto.public_key(b"o" * 32))


def test_answers_have_a_size() -> None:
    """An answer without a length is read up to what was asked for, and not a byte further."""

    def chunked(size: int) -> Handler:
        top = response(b"", wire.BYTES, **wire.head_headers(HEAD)).replace(b"Content-Length: 0\r\n", b"")
        top = top.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
        return always(top + b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n")

    with RawServer(chunked(wire.MAX_MESSAGE)) as server, peer_at(server) as peer:
        assert peer.ask(Reconcile(b"a")) == Reconciled(HEAD, b"x" * wire.MAX_MESSAGE)
    with (
        RawServer(chunked(wire.MAX_MESSAGE + 1)) as server,
        peer_at(server) as peer,
        pytest.raises(PeerFault) as caught,
    ):
        peer.ask(Reconcile(b"a"))
    assert caught.value.code == "too_big"


LIES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "replayed proof": (stale, "bad_signature"),
    "proof by another key": (lambda request: node_response(request, seed=b"o" * 32), "bad_signature"),
    "no proof": (without("proof"), "bad_signature"),
    "proof of another head": (
        altered(head={**wire.head_object(HEAD), "records": 4}), "bad_signature"
    ),
    "another key": (
        lambda request: node_response(
            request, facts(did=OTHER, node=wire.node_id(OTHER)), seed=b"o" * 32
        ), "wrong_key"
    ),
    "node id of another": (lambda request: node_response(request, facts(node="ab" * 32)), "protocol"),
    "a network in red": (altered(network="\x1b[31mtest"), "bad_signature"),
    "another network": (
        lambda request: node_response(request, facts(network="test")), "wrong_network"
    ),
    "another version": (lambda request: node_response(request, facts(protocol="2.0")), "wrong_version"),
    "no did": (without("did"), "protocol"),
    "a did of 10 MB": (altered(did="did:key:z" + "6" * 60_000), "protocol"),
    "no head": (without("head"), "protocol"),
    "roles of another type": (altered(roles="full"), "protocol"),
    "a list": (lambda _request: response(b"[]"), "protocol"),
    "deep": (lambda _request: response(b"[" * 30_000), "protocol"),
    "a huge number": (altered(time=10**400), "protocol"),
    "not JSON": (lambda _request: response(b"\xff\xfe{}"), "protocol"),
    "too long": (lambda _request: response(b" " * 70_000), "too_big"),
}  # fmt: skip


@pytest.mark.parametrize("what", LIES)
def test_lying_node(what: str) -> None:
    """A node that is not who it says, or not whom we expect, is named as such and not believed."""
    answer, code = LIES[what]
    with RawServer(always(answer)) as server, peer_at(server, expect=DID) as peer:
        with pytest.raises(PeerFault) as caught:
            peer.facts()
        assert caught.value.code == code
        assert str(caught.value).isprintable()


def test_own_key_answers() -> None:
    """Asking oneself is noticed."""
    with (
        RawServer(always(node_response)) as server,
        peer_at(server, me=DID) as peer,
        pytest.raises(PeerFault, match="this node itself"),
    ):
        peer.facts()


RESULTS: dict[str, Any] = {
    "too few": {"results": [], "head": wire.head_object(HEAD)},
    "too many": {"results": [{"id": "", "code": "new"}] * 3, "head": wire.head_object(HEAD)},
    "no head": {"results": [{"id": "", "code": "new"}]},
    "another record": {"results": [{"id": "ab" * 32, "code": "new"}], "head": wire.head_object(HEAD)},
    "an odd code": {"results": [{"id": "", "code": "\x1b[31mnew"}], "head": wire.head_object(HEAD)},
    "a code of another type": {"results": [{"id": "", "code": 1}], "head": wire.head_object(HEAD)},
    "a head of text": {"results": [{"id": "", "code": "new"}], "head": "x"},
    "a list": [],
}


@pytest.mark.parametrize("what", RESULTS)
def test_lying_about_what_became_of_records(what: str) -> None:
    """Results are about the records that were offered, each once, in words of the protocol."""
    answer = response(json.dumps(RESULTS[what]).encode())
    with (
        RawServer(always(answer)) as server,
        signing_peer(server, expect=DID) as peer,
        pytest.raises(PeerFault),
    ):
        peer.ask(Offer((record(1).line,)))


def test_errors_say_what_the_node_said() -> None:
    """The node's own words are shown, harmless and cut."""
    body = json.dumps({"error": {"code": "bad_request", "message": "\x1b[31mno\n" + "x" * 500}}).encode()
    with RawServer(always(response(body, status="400 Bad"))) as server, peer_at(server) as peer:
        with pytest.raises(PeerFault) as caught:
            peer.ask(Feed(0))
        assert "it refuses (400 \\x1b[31mno\\x0axxx" in str(caught.value)
        assert len(str(caught.value)) < 300


def test_retry_after() -> None:
    """How long a node wants us to wait is said."""
    with (
        RawServer(always(response(b"{}", status="429 X", Retry_After="9"))) as server,
        peer_at(server) as peer,
    ):
        with pytest.raises(Unreachable, match="wait 9 s") as caught:
            peer.ask(Feed(0))
        assert caught.value.retryable


def test_a_large_page_has_the_time_it_takes() -> None:
    """The deadline is for silence and dripping; who sends 64 KiB a second or more is heard to the end."""
    lines = [b"x" * 60_000] * 8
    answer = page_response(lines, 9, more=False)

    def slowly(connection: socket.socket, _request: bytes) -> None:
        for at in range(0, len(answer), 40_000):
            connection.sendall(answer[at : at + 40_000])
            time.sleep(0.1)

    with RawServer(slowly) as server, peer_at(server, timeout=0.8) as peer:
        assert peer.ask(Feed(2, 10)) == Page(HEAD, tuple(lines), 9, False)


def test_request_that_nobody_reads() -> None:
    """A peer that stops reading our request holds us no longer than the deadline."""
    ours, theirs = socket.socketpair()
    meter = Meter()
    began = time.monotonic()
    with contextlib.closing(ours), contextlib.closing(theirs):
        meter.start(0.4, 0)
        with pytest.raises(Unreachable, match=r"does not take the request|no complete answer"):
            PinnedStream(ours, meter).write(bytes(8 << 20))
    assert 0 < meter.up < 8 << 20
    assert time.monotonic() - began < 9


def test_wrong_clock() -> None:
    """A node that finds our signature wrong may have another time: that is what the hint says."""
    body = b'{"error":{"code":"bad_signature","message":"no"}}'
    with (
        RawServer(always(response(body, status="401 No"))) as server,
        signing_peer(server, expect=DID) as peer,
    ):
        with pytest.raises(PeerFault) as caught:
            peer.ask(Offer((record(1).line,)))
        assert (caught.value.code, len(server.requests)) == ("bad_signature", 1)
        assert "clock" in caught.value.hint


def test_refused_connection() -> None:
    """Nobody listens: Unreachable, in words."""
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with peer_at(url) as peer, pytest.raises(Unreachable) as caught:
            peer.facts()
    assert str(caught.value) == f"{url}: no connection: Connection refused"
    assert caught.value.exit == 69


# --- the environment ------------------------------------------------------------------------------


def test_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies of the environment are for browsers; a peer is dialled directly."""
    with RawServer(always(node_response)) as server, RawServer(always(b"")) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with peer_at(server) as peer:
            assert peer.facts() == facts()
        assert proxy.accepted == 0


def test_netrc_is_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Passwords of other programs are nothing to a peer."""
    (tmp_path / "user").mkdir()
    netrc = tmp_path / "user" / ".netrc"
    netrc.write_text("default login bob password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with RawServer(always(node_response)) as server, peer_at(server) as peer:
        peer.facts()
        assert b"uthorization" not in server.requests[0]


def test_cookies_are_not_kept() -> None:
    """A peer cannot mark us."""

    def mark(request: bytes) -> bytes:
        top, _, body = node_response(request).partition(b"\r\n\r\n")
        return top + b"\r\nSet-Cookie: id=1; Path=/\r\n\r\n" + body

    with RawServer(always(mark)) as server, peer_at(server) as peer:
        peer.facts()
        peer.facts()
        assert b"ookie" not in server.requests[1]
