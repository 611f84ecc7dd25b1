"""Who may do what: every route, every role."""

from __future__ import annotations

import asyncio
import json
from typing import NamedTuple

import pytest

from tests.network.fake_desk import ALICE, HEAD, KNOWN, LINE, MALLORY, NODE, NOW, FakeDesk, Person, app_of
from trustcli.errors import BadInput, Busy, DiskError, PeerFault
from trustcli.sync.exchange import About, Feed, Offer, Reconcile, Wanted
from trustcli.transports import wire
from trustcli.transports.app import App
from trustcli.transports.asking import Answered, ask, once
from trustcli.transports.limits import CHUNK, LIMITS
from trustcli.transports.routes import ERRORS, ROUTES


class Role(NamedTuple):
    """Where a request comes from, and who signs it."""

    peer: str
    signer: Person | None = None
    answers_challenge: bool = False
    forwarded: bool = False


ROLES = {
    "anonymous": Role("203.0.113.9"),
    "neighbour": Role("192.168.1.9"),
    "stranger": Role("203.0.113.9", ALICE),
    "key": Role("203.0.113.9", ALICE, answers_challenge=True),
    "banned": Role("203.0.113.9", MALLORY, answers_challenge=True),
    "loopback": Role("127.0.0.1"),
    "loopback6": Role("::1"),
    "mapped": Role("::ffff:127.0.0.1"),
    "unix": Role("unix"),
    "proxied": Role("127.0.0.1", forwarded=True),
}
SAMPLES = {
    "/v1/records/{id}": f"/v1/records/{KNOWN.hex()}",
    "/v1/about": "/v1/about?subject=agent:x",
    "/v1/nodes/{did}": f"/v1/nodes/{ALICE.did}",
}
BODIES = {"/v1/fetch": KNOWN, "/v1/reconcile": b"\x61\x00", "/v1/records": LINE + b"\n"}
MALFORMED = f"""
/v1/records?after=-1  /v1/records?after=01  /v1/records?after=1e3  /v1/records?after=9007199254740992
/v1/records?after=  /v1/records?after  /v1/records?after=1&after=2  /v1/records?limit=0
/v1/records?limit=10001  /v1/records?x=1  /v1/records?&  /v1/records?{"&".join("after=1" for _ in range(99))}
/v1/about  /v1/about?subject=  /v1/about?subject=nouri  /v1/about?subject=did:key:zX
/v1/about?subject=a:%0a  /v1/about?subject=a:%ff  /v1/about?subject=a:{"x" * 512}
/v1/records/abc  /v1/records/{"AB" * 32}  /v1/records/%ff  /v1/peers?limit=21  /v1/peers?near=ab
/v1/nodes/alice  /v1/nodes/{ALICE.did}x  /v1/node?proof=1
"""
NOWHERE = "/ /v1 /v1/ /v1/node/ /v1/records/ /v1/records/x/y //v1/node /v1/%6eode /metrics/ /mesh/x"
GOOD_HOSTS = "localhost LOCALHOST:1 127.0.0.1:7878 [::1]:5 [::1] node.example Node.Example:443"
EVIL_HOSTS = ",evil.test,localhost.evil.test,evil.test:localhost,127.0.0.1.evil.test,10.0.0.1,::1,[]"
ALL = dict.fromkeys(ROLES, "200")
HERE = dict.fromkeys(ROLES, "404 not_found") | dict.fromkeys(
    ("loopback", "loopback6", "mapped", "unix"), "200"
)
SIGNED = dict.fromkeys(ROLES, "401 unsigned") | {
    "stranger": "401 challenge", "key": "200", "banned": "403 refused",
}  # fmt: skip

EXPECTED = {
    "GET /v1/node": ALL,
    "GET /v1/records": ALL,
    "GET /v1/records/{id}": ALL,
    "GET /v1/about": ALL,
    "POST /v1/fetch": ALL,
    "POST /v1/reconcile": ALL,
    "POST /v1/records": SIGNED,
    "GET /v1/peers": ALL,
    "GET /v1/nodes": ALL,
    "GET /v1/nodes/{did}": ALL,
    "GET /healthz": ALL,
    "GET /metrics": HERE,
    "GET /openapi.json": ALL,
    "GET /mesh": dict.fromkeys(ROLES, "426 upgrade"),
}


def send(app: App, method: str, target: str, role: Role, body: bytes = b"", media: str = "") -> Answered:
    """Send a request as somebody; a challenge is taken where the role does."""
    headers = {"host": "localhost"} | ({"content-type": media} if media else {})
    if role.forwarded:
        headers["x-forwarded-for"] = "203.0.113.9"
    if role.signer is not None:
        headers |= role.signer.signed(body, to=NODE.did, path=target)
    got = asyncio.run(ask(app, method, target, headers=headers, body=body, peer=role.peer))
    if role.signer is not None and role.answers_challenge and wire.CHALLENGE in got.headers:
        headers |= role.signer.signed(body, to=NODE.did, path=target, challenge=got.headers[wire.CHALLENGE])
        got = asyncio.run(ask(app, method, target, headers=headers, body=body, peer=role.peer))
    return got


def said(got: Answered) -> str:
    """Return status, and the code of an error."""
    if got.status == 200:
        return "200"
    code = json.loads(got.body)["error"]["code"]
    assert ERRORS[code][0] == got.status
    return f"{got.status} {code}"


def get(target: str, app: App | None = None, **headers: str) -> Answered:
    """GET from this machine."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(ask(app or app_of(), "GET", target, headers=sent))


def post(target: str, body: bytes, media: str, app: App | None = None, **headers: str) -> Answered:
    """POST from this machine."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(
        ask(app or app_of(), "POST", target, headers={"content-type": media, **sent}, body=body)
    )


def offer(
    app: App, signer: Person = ALICE, body: bytes = LINE + b"\n", challenge: str = "", **changed: str
) -> Answered:
    """Offer records under a signature, some of whose headers are changed afterwards."""
    headers = signer.signed(body, to=NODE.did, challenge=challenge)
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    return post("/v1/records", body, wire.NDJSON, app, **headers)


def test_every_route_is_listed() -> None:
    """A new route has no row here, and this fails until it has."""
    assert sorted(EXPECTED) == sorted(f"{route.method} {route.path}" for route in ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_who_may_do_what(route: object) -> None:
    """Each role gets from each route what the table says, and nothing else."""
    assert isinstance(route, type(ROUTES[0]))
    target = SAMPLES.get(route.path, route.path)
    body = BODIES[route.path] if route.takes else b""
    got = {
        name: said(send(app_of(), route.method, target, role, body, route.takes))
        for name, role in ROLES.items()
    }
    assert got == EXPECTED[f"{route.method} {route.path}"]


def test_a_proxy_that_keeps_silent_is_found_by_the_name_it_asks_for() -> None:
    """A request through loopback for the node's public name is not this machine's."""
    assert said(get("/metrics", host="node.example")) == "404 not_found"


def test_other_paths_and_methods() -> None:
    """Nothing else exists; a known path with another method says which there are."""
    for target in NOWHERE.split():
        assert said(get(target)) == "404 not_found", target
    for method in ("DELETE", "HEAD", "OPTIONS", "PUT", "TRACE", "get"):
        got = asyncio.run(ask(app_of(), method, "/v1/records"))
        assert (said(got), got.headers["allow"]) == ("405 method", "GET, POST")


def test_every_answer_has_the_same_guards() -> None:
    """Nobody stores, sniffs or runs an answer, good or bad; no route sets a cookie or allows an origin."""
    for target in ("/v1/node", "/nowhere", "/v1/records?limit=0"):
        got = get(target)
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"] == "default-src 'none'"
        assert int(got.headers["content-length"]) == len(got.body)
        assert not [
            name for name in got.headers if name.startswith(("access-control", "set-cookie", "server"))
        ]


def test_the_node_proves_its_key() -> None:
    """The proof holds for this challenge, and for no other; without one there is none."""
    challenge = wire.encode64(b"c" * 32)
    document = json.loads(get("/v1/node", trust_challenge=challenge).body)
    facts = wire.check_proof(document, challenge)
    assert (facts.did, facts.head, facts.network, facts.protocol) == (NODE.did, HEAD, "test", "1.0")
    with pytest.raises(PeerFault):
        wire.check_proof(document, wire.encode64(b"d" * 32))
    assert "proof" not in json.loads(get("/v1/node").body)
    for bad in ("", "short", "A" * 200, "c" * 32 + "="):
        assert said(get("/v1/node", trust_challenge=bad)) == "400 bad_request"


def test_questions_reach_the_desk_as_values() -> None:
    """Each route asks the question it stands for; the head, the cursor and the rest travel in headers."""
    desk = FakeDesk()
    app = app_of(desk)
    page = get("/v1/records?after=5&limit=10", app)
    get("/v1/about?subject=https%3A%2F%2Fx.org%2F&after=1", app)
    post("/v1/fetch", KNOWN * 2, wire.BYTES, app)
    post("/v1/reconcile", b"\x61\x00", "Application/Octet-Stream; v=1", app)
    assert desk.asked == [
        (Feed(5, 10), None), (About("https://x.org/", 1, 10_000), None), (Wanted((KNOWN, KNOWN)), None),
        (Reconcile(b"\x61\x00"), None),
    ]  # fmt: skip
    assert wire.read_page_headers(page.headers) == (HEAD, 7, False)
    assert (page.body, page.headers["content-type"]) == ((LINE + b"\n") * 2, wire.NDJSON)


def test_an_offer_says_what_became_of_each_line() -> None:
    """The desk learns who offers; ids and codes come back in order, with the head."""
    desk = FakeDesk()
    app = app_of(desk)
    challenge = offer(app).headers[wire.CHALLENGE]
    got = offer(app, body=LINE + b"\n" + LINE + b"\n", challenge=challenge)
    assert json.loads(got.body) == {
        "results": [{"id": KNOWN.hex(), "code": "new"}] * 2, "head": HEAD._asdict()
    }  # fmt: skip
    assert desk.asked == [(Offer((LINE, LINE)), ALICE.did)]


@pytest.mark.parametrize("target", MALFORMED.split())
def test_malformed_parameters(target: str) -> None:
    """A parameter has one spelling, is given once, and is one of the route's."""
    assert said(get(target)) == "400 bad_request"


def test_things_that_are_not_there() -> None:
    """Unknown records and nodes are 404."""
    assert said(get(f"/v1/records/{'22' * 32}")) == "404 not_found"
    assert said(get(f"/v1/nodes/{NODE.did}")) == "404 not_found"


def test_bodies() -> None:
    """A body has its route's media type, shape and size, and is not compressed; a GET has none."""
    octets = wire.BYTES
    assert said(post("/v1/fetch", KNOWN, "text/plain")) == "415 media"
    assert said(post("/v1/fetch", KNOWN, "")) == "415 media"
    assert said(post("/v1/fetch", KNOWN, octets, content_encoding="gzip")) == "415 encoding"
    assert said(post("/v1/fetch", KNOWN[1:], octets)) == "400 bad_request"
    assert said(post("/v1/fetch", b"", octets)) == "400 bad_request"
    assert said(post("/v1/fetch", KNOWN * 1000, octets)) == "200"
    assert said(post("/v1/fetch", KNOWN * 1001, octets)) == "413 too_big"
    assert said(post("/v1/reconcile", b"a" * (64 << 10), octets)) == "200"
    assert said(post("/v1/reconcile", b"a" * ((64 << 10) + 1), octets)) == "413 too_big"
    assert said(asyncio.run(ask(app_of(), "GET", "/v1/node", body=b"x"))) == "413 too_big"
    assert said(get("/v1/node", content_length="1e3")) == "400 bad_request"
    assert said(get("/v1/node", content_length="9" * 99)) == "400 bad_request"


def test_lines_of_an_offer() -> None:
    """At most 5,000 lines, none empty, each ended."""
    desk = FakeDesk()
    app = app_of(desk)
    challenge = offer(app).headers[wire.CHALLENGE]
    cases = {
        b"{}\n" * 5_000: "200",
        b"{}\n" * 5_001: "413 too_big",
        b"{}": "400 bad_request",
        b"{}\n\n{}\n": "400 bad_request",
        b"\n": "400 bad_request",
    }
    assert {body: said(offer(app, body=body, challenge=challenge)) for body in cases} == cases


def test_signatures() -> None:
    """A signature counts for one method, path, body, node, network and time; nothing of it can be changed."""
    app = app_of()
    challenge = offer(app).headers[wire.CHALLENGE]
    body = LINE + b"\n"
    assert said(offer(app, challenge=challenge)) == "200"
    assert said(offer(app, trust_signature=wire.encode64(b"\1" * 64))) == "401 bad_signature"
    assert said(offer(app, trust_signature="")) == "401 bad_signature"
    assert said(offer(app, trust_time=str(NOW + 1))) == "401 bad_signature"
    assert said(offer(app, trust_key="did:key:zX")) == "401 bad_signature"
    for changed in (
        ALICE.signed(body, to=ALICE.did),
        ALICE.signed(body, to=NODE.did, path="/v1/records?x=1"),
        ALICE.signed(body + body, to=NODE.did),
        ALICE.signed(body, to=NODE.did, now=NOW - 300_001),
        ALICE.signed(body, to=NODE.did, now=NOW + 300_001),
    ):
        assert said(post("/v1/records", body, wire.NDJSON, app, **changed)) == "401 bad_signature"
    late = ALICE.signed(body, to=NODE.did, now=NOW - 300_000)
    assert said(post("/v1/records", body, wire.NDJSON, app, **late)) == "200"


def test_a_challenge_is_for_one_key_and_ten_minutes() -> None:
    """It holds for the key it was given to, until it is old; a key that answered one needs no other."""
    times = [NOW]
    app = App(FakeDesk(), clock=lambda: times[0], secret=b"s" * 32)
    challenge = offer(app).headers[wire.CHALLENGE]
    bob = Person(b"b" * 32)
    assert said(offer(app, bob, challenge=challenge)) == "401 challenge"
    times[0] = NOW + 299_000
    assert said(offer(app, challenge=challenge)) == "200"
    assert said(offer(app)) == "200"
    given = offer(app, bob).headers[wire.CHALLENGE]
    times[0] += 660_000
    headers = bob.signed(LINE + b"\n", to=NODE.did, challenge=given, now=times[0])
    assert said(post("/v1/records", LINE + b"\n", wire.NDJSON, app, **headers)) == "401 challenge"


def test_a_challenge_does_not_excuse_from_signing() -> None:
    """A wrong signature over a good challenge leaves the key a stranger."""
    app = app_of()
    challenge = offer(app).headers[wire.CHALLENGE]
    assert said(offer(app, challenge=challenge, trust_time=str(NOW - 1))) == "401 bad_signature"
    assert said(offer(app)) == "401 challenge"


def test_read_only() -> None:
    """A read-only node answers questions and takes nothing."""
    app = app_of(read_only=True)
    assert said(offer(app)) == "403 read_only"
    assert said(get("/v1/records", app)) == "200"


def test_hosts() -> None:
    """Loopback's names, the node's own, and the address that was reached; with or without a port."""
    for host in GOOD_HOSTS.split():
        assert said(get("/v1/node", host=host)) == "200", host
    for host in EVIL_HOSTS.split(","):
        assert said(get("/v1/node", host=host)) == "421 host", host


def test_origins() -> None:
    """A web page may look at what is public, and change nothing."""
    assert said(post("/v1/fetch", KNOWN, wire.BYTES, origin="https://evil.test")) == "403 origin"
    assert said(post("/v1/fetch", KNOWN, wire.BYTES, origin="null")) == "403 origin"
    assert said(get("/mesh", origin="http://localhost")) == "403 origin"
    assert said(get("/v1/node", origin="https://evil.test")) == "200"


def test_rates() -> None:
    """An address and a key each have a burst; time gives it back; another one is not concerned."""
    now = [0]
    limits = LIMITS._replace(requests=4, signed=2)
    app = App(FakeDesk(), clock=lambda: NOW, secret=b"s" * 32, limits=limits, ticks=lambda: now[0])

    def from_(peer: str) -> Answered:
        return asyncio.run(ask(app, "GET", "/healthz", peer=peer))

    assert [from_("198.51.100.1").status for _ in range(5)] == [200, 200, 200, 200, 429]
    assert from_("198.51.100.1").headers["retry-after"] == "15"
    assert [
        from_("2001:db8::1").status,
        from_("2001:db8::2").status,
        from_("::ffff:198.51.100.1").status,
    ] == [200, 200, 429]
    assert [from_("2001:db8::3").status for _ in range(3)] == [200, 200, 429]
    assert from_("2001:db8:0:1::1").status == 200
    now[0] += 15_000
    assert [from_("198.51.100.1").status for _ in range(2)] == [200, 429]
    challenge = offer(app).headers[wire.CHALLENGE]
    assert said(offer(app, challenge=challenge, trust_time="1")) == "401 bad_signature"  # spends nothing
    assert [said(offer(app, challenge=challenge)) for _ in range(3)] == ["200", "200", "429 rate_limited"]


def test_patience() -> None:
    """Being told to wait is counted too; time, and that alone, brings the welcome back."""
    now = [0]
    limits = LIMITS._replace(requests=1, patience=2)
    app = App(FakeDesk(), clock=lambda: NOW, secret=b"s" * 32, limits=limits, ticks=lambda: now[0])

    def connection() -> str:
        return asyncio.run(ask(app, "GET", "/healthz", peer="2001:db8::1")).headers.get("connection", "kept")

    assert [connection() for _ in range(4)] == ["kept", "kept", "kept", "close"]
    assert app.patience.is_at_an_end("2001:db8::/64")
    assert not app.patience.is_at_an_end("2001:db8:0:1::/64")
    now[0] += 30_000
    assert not app.patience.is_at_an_end("2001:db8::/64")
    assert not app.patience.is_at_an_end("unix")


def test_a_large_body_takes_more_turns_than_a_head() -> None:
    """While records are taken in it is read when all turns of the address are there, and else at once."""
    desk, line = FakeDesk(), LINE + b"\n"
    limits = LIMITS._replace(turns=1, turns_at_once=2)
    app = App(desk, clock=lambda: NOW, secret=b"s" * 32, limits=limits, ticks=lambda: 0)
    challenge = offer(app).headers[wire.CHALLENGE]

    async def status(body: bytes) -> int:
        headers = ALICE.signed(body, to=NODE.did, challenge=challenge) | {"content-type": wire.NDJSON}
        asking = ask(app, "POST", "/v1/records", headers=headers, body=body, peer="198.51.100.1")
        try:
            async with asyncio.timeout(0.3 if desk.busy else 30):
                return (await asking).status
        except TimeoutError:
            return 0

    large = line * (CHUNK // len(line) + 1)
    assert asyncio.run(status(large)) == 200
    desk.busy = True
    assert asyncio.run(status(large)) == 0
    assert asyncio.run(status(line)) == 200


def test_who_is_banned_for_what_it_offered_is_not_let_in_again() -> None:
    """A key is free, so it is the address that has to wait; what it has open gets no answer either."""

    class Banning(FakeDesk):
        def refuses(self, key: str) -> bool:
            return key == ALICE.did and bool(self.asked)

    now = [0]
    app = App(Banning(), clock=lambda: NOW, secret=b"s" * 32, ticks=lambda: now[0])
    body = LINE + b"\n"
    headers = ALICE.signed(body, to=NODE.did, challenge=offer(app).headers[wire.CHALLENGE])
    headers["content-type"] = wire.NDJSON

    def status(method: str, target: str, body: bytes = b"", **headers: str) -> int:
        return asyncio.run(ask(app, method, target, headers=headers, body=body, peer="198.51.100.1")).status

    assert status("GET", "/healthz") == 200
    assert status("POST", "/v1/records", body, **headers) == 200
    assert app.patience.is_at_an_end("198.51.100.1")
    assert status("GET", "/healthz") == 429
    now[0] += 1_000
    assert status("GET", "/healthz") == 200


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (Busy("the ledger at /home/x/ledger.db is locked"), "503 busy"),
        (DiskError("/home/x/ledger.db: SELECT failed"), "503 busy"),
        (ZeroDivisionError("in /home/x/y.py"), "500 bug"),
        (PeerFault("bad frame /home/x", code="too_big"), "413 too_big"),
        (PeerFault("bad frame /home/x", code="strange"), "400 bad_request"),
        (BadInput("SELECT /home/x"), "400 bad_request"),
    ],
)
def test_faults_tell_nothing(problem: Exception, expected: str) -> None:
    """A fault inside becomes a code and a text of the table: no path, no SQL, no traceback."""
    got = get("/v1/records", app_of(FakeDesk(problem=problem)))
    assert said(got) == expected
    assert json.loads(got.body)["error"]["message"] == ERRORS[expected[4:]][1]


def test_a_full_disk_is_said_once_and_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Not a line a request, no traceback; and once more when the route answers again."""
    desk = FakeDesk(problem=DiskError("/home/x/ledger.db: the disk is full"))
    app = app_of(desk)
    assert [get("/v1/records", app).status for _ in range(3)] == [503] * 3
    desk.problem = None
    assert get("/v1/records", app).status == 200
    said = ["answers to feed: /home/x/ledger.db: the disk is full", "answers to feed: works again"]
    assert [record.getMessage() for record in caplog.records] == said
    assert not any(record.exc_info for record in caplog.records)


def test_headers_that_come_twice() -> None:
    """What we read may come once; what we do not read may come as it likes."""

    async def twice(name: bytes) -> int:
        status: list[int] = []

        async def send(message: dict[str, int]) -> None:
            status.append(message.get("status", 0))

        async def receive() -> dict[str, object]:
            return {"type": "http.request"}

        headers = [(b"host", b"localhost"), (name, b"1"), (name, b"1")]
        scope = {
            "type": "http",
            "method": "GET",
            "raw_path": b"/healthz",
            "query_string": b"",
            "headers": headers,
        }
        await app_of()(scope, receive, send)  # type: ignore[arg-type]
        return status[0]

    names = (b"trust-key", b"host", b"content-type", b"origin", b"content-length", b"x-other", b"accept")
    assert [asyncio.run(twice(name)) for name in names] == [400, 400, 400, 400, 400, 200, 200]


def test_metrics_and_once() -> None:
    """`once` asks as this machine; requests are counted by route and status, refusals by reason."""
    app = app_of()
    get("/v1/node", app)
    get("/nowhere", app)
    get("/v1/records?x", app)
    got = once(app, "/metrics")
    lines = got.body.decode().splitlines()
    assert (got.status, got.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert 'trust_http_requests_total{route="node",status="200"} 1' in lines
    assert 'trust_http_requests_total{route="none",status="404"} 1' in lines
    assert 'trust_refused_total{reason="bad_request"} 1' in lines
    assert lines[-1] == "trust_records 3"
    assert lines.count("# TYPE trust_http_requests_total counter") == 1
