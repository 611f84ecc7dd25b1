"""The OpenAPI document says what is, and no request that it could make, or not make, ends in a fault."""

from __future__ import annotations

import asyncio
import json
import random
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.network.fake_desk import ALICE, KNOWN, LINE, NODE, FakeDesk, Wire, app_of, serving
from trustcli.sync import exchange
from trustcli.transports import openapi, wire
from trustcli.transports.asking import Answered, ask, once
from trustcli.transports.limits import LIMITS
from trustcli.transports.routes import ERRORS, ROUTES, Route

if TYPE_CHECKING:
    from trustcli.transports.app import App

PLENTY = LIMITS._replace(requests=1_000_000, signed=1_000_000)
GOOD: dict[str, list[str]] = {
    "after": ["0", "1", "9007199254740991"],
    "limit": ["1", "20"],
    "subject": ["agent:x", "https%3A%2F%2Fx.org%2F", NODE.did],
    "near": [KNOWN.hex()],
    "id": [KNOWN.hex(), "22" * 32],
    "did": [ALICE.did, NODE.did],
}
BODIES = {"fetch": KNOWN, "reconcile": b"\x61\x00", "offer": LINE + b"\n"}
ODD = (
    "", "0", "-1", "%00", "%ff", "../../etc/passwd", "9" * 40, "𝕏", "a b", "'--", "%2e%2e%2f", "null", "[]",
    "\u202e", "did:key:z6Mk", "x" * 3000,
)  # fmt: skip
PEERS = ("unix", "::1", "203.0.113.7")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document, as it is served."""
    read: dict[str, Any] = json.loads(once(app_of(), "/openapi.json").body)
    return read


def test_the_document_is_one(document: dict[str, Any]) -> None:
    """OpenAPI 3.1.0: version, info, paths; references lead somewhere; names of operations are unique."""
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= document["info"].keys()
    schemas = document["components"]["schemas"]
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        assert reference.removeprefix("#/components/schemas/") in schemas
    operations = [
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    ]
    assert sorted(operations) == sorted({route.name for route in ROUTES})
    for schema in schemas.values():
        assert set(schema.get("required", ())) <= schema["properties"].keys()


def test_every_operation_is_whole(document: dict[str, Any]) -> None:
    """Each has a summary, the parameters of its path, a body where it takes one, and described answers."""
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert operation["summary"]
        declared = operation.get("parameters", [])
        in_path = [one["name"] for one in declared if one["in"] == "path"]
        assert in_path == re.findall(r"{(\w+)}", route.path)
        assert all(one["required"] for one in declared if one["in"] == "path")
        assert all({"name", "in", "required", "schema"} <= one.keys() for one in declared)
        assert ("requestBody" in operation) == bool(route.takes)
        assert all(answer["description"] for answer in operation["responses"].values())
        assert {"200", "101"} & operation["responses"].keys()
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert answer["content"] == {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}
                }


def test_answers_are_as_documented(document: dict[str, Any]) -> None:
    """Each route's good answer has the media type, the headers and the shape that the document says."""
    app = app_of()
    for route in ROUTES:
        if not route.gives:
            continue
        got = good_answer(app, route)
        assert got.status == 200
        said = document["paths"][route.path][route.method.lower()]["responses"]["200"]
        assert list(said["content"]) == [got.headers["content-type"]]
        for name, header in said.get("headers", {}).items():
            check(document, header["schema"], number_or_text(got.headers[name], header["schema"]))
        if got.headers["content-type"] == wire.JSON:
            check(document, said["content"][wire.JSON]["schema"], json.loads(got.body))


def good_answer(app: App, route: Route) -> Answered:
    """Ask a route what it answers well."""
    target = route.path
    for parameter in route.parameters:
        target = target.replace(f"{{{parameter.name}}}", GOOD[parameter.name][0])
    if any(parameter.default is None and parameter.where == "query" for parameter in route.parameters):
        target += "?" + "&".join(f"{one.name}={GOOD[one.name][0]}" for one in route.parameters)
    body = BODIES.get(route.name, b"")
    headers = {"content-type": route.takes} if route.takes else {}
    if route.name == "offer":
        headers |= ALICE.signed(body, to=NODE.did)
        given = asyncio.run(ask(app, "POST", target, headers=headers, body=body)).headers[wire.CHALLENGE]
        headers |= ALICE.signed(body, to=NODE.did, challenge=given)
    return asyncio.run(ask(app, route.method, target, headers=headers, body=body))


def number_or_text(text: str, schema: dict[str, Any]) -> object:
    """Read a header's value as its schema says."""
    return int(text) if schema.get("type") == "integer" else text


def check(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Hold a value against the part of JSON Schema that the document uses."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    kinds = {"object": dict, "array": list, "string": str, "integer": int}
    if "type" in schema:
        assert type(value) is kinds[schema["type"]], (schema, value)
    assert value == schema.get("const", value)
    assert value in schema.get("enum", [value])
    if isinstance(value, str):
        assert re.search(schema.get("pattern", ""), value)
    if isinstance(value, int):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if isinstance(value, list):
        assert len(value) <= schema.get("maxItems", len(value))
        for item in value:
            check(document, schema.get("items", {}), item)
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= value.keys()
        for name, member in value.items():
            check(document, schema.get("properties", {}).get(name, {}), member)


def test_every_code_has_a_status_and_every_route_names_its_errors() -> None:
    """The codes a route may answer with are in the table, and each code is some route's or the dispatch's."""
    named = {code for route in ROUTES for code in openapi.errors_of(route)}
    assert set(ERRORS) - named == {"method"}
    assert all(400 <= status < 600 and meaning for status, meaning in ERRORS.values())


class Guess:
    """Requests made from the table by a seeded hand that slips often."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def request(self) -> tuple[Route, str, str, dict[str, str], bytes]:
        """Return a route, and method, target, headers and body of a request meant for it."""
        route = self.random.choice(ROUTES)
        method = (
            route.method
            if self.random.random() < 0.95
            else self.random.choice(("GET", "PUT", "HEAD", "POST"))
        )
        return route, method, self.target(route), self.headers(route), self.body(route)

    def target(self, route: Route) -> str:
        """Fill in parameters; leave out, repeat, invent and garble some."""
        target, query = route.path, []
        for parameter in route.parameters:
            if parameter.where == "path":
                target = target.replace(f"{{{parameter.name}}}", self.text(parameter.name))
            elif self.random.random() < 0.7:
                query += [f"{parameter.name}={self.text(parameter.name)}"] * self.random.choice(
                    (1, 1, 1, 1, 2)
                )
        if self.random.random() < 0.05:
            query.append(quote(self.random.choice(ODD), safe="%") + "=1")
        if self.random.random() < 0.03:
            target += quote(self.random.choice(ODD), safe="%/")
        return target + ("?" + "&".join(query) if query else "")

    def text(self, name: str) -> str:
        """Return a value of a parameter, most often a good one."""
        return (
            self.random.choice(GOOD[name])
            if self.random.random() < 0.7
            else quote(self.random.choice(ODD), safe="%")
        )

    def headers(self, route: Route) -> dict[str, str]:
        """Return headers, most often the right ones."""
        roll = self.random.random
        headers = {"content-type": route.takes} if route.takes and roll() < 0.9 else {}
        if roll() < 0.05:
            headers["host"] = self.random.choice(("evil.test", "", "localhost:99999999999", "[::1", "\xff"))
        if roll() < 0.05:
            headers[
                self.random.choice(("origin", "content-encoding", "expect", "range", "trust-key", "accept"))
            ] = "x"
        if roll() < 0.1:
            headers[wire.CHALLENGE] = self.random.choice(
                (wire.encode64(b"c" * 32), "", "=", "\xe9", "A" * 300)
            )
        if roll() < 0.05:
            headers["content-length"] = self.random.choice(("-1", "1e9", "\xb2", "0x10", " 1", "1" * 30))
        return headers

    def body(self, route: Route) -> bytes:
        """Return a body, most often the right one."""
        good = BODIES.get(route.name, b"")
        kind = self.random.randrange(8)
        if kind == 0:
            return self.random.randbytes(self.random.randrange(200))
        if kind == 1:
            return good * self.random.randrange(1, 3000)
        if kind == 2:
            return good[:-1]
        return good


def judge(route: Route, got: Answered) -> None:
    """An answer is one of those the document knows for the path, and an error tells nothing of the inside."""
    rows = [one for one in ROUTES if one.path == route.path]
    allowed = {200, 404, 405} | {ERRORS[code][0] for one in rows for code in openapi.errors_of(one)}
    assert got.status in allowed - {500, 503}, got
    if got.status >= 400:
        error = json.loads(got.body)["error"]
        assert ERRORS[error["code"]][0] == got.status
        assert not re.search(r"/home|/work|\.py|Traceback|SELECT|site-packages", error["message"])


def test_no_request_ends_in_a_fault(slow: bool) -> None:
    """Thousands of requests made from the table: each gets an answer that its route's row allows."""
    guess = Guess(20261120)
    app = app_of(FakeDesk(), limits=PLENTY)
    seen: dict[int, int] = {}

    async def scenario() -> None:
        for _ in range(100_000 if slow else 6_000):
            route, method, target, headers, body = guess.request()
            signer = ALICE if route.name == "offer" and guess.random.random() < 0.8 else None
            if signer is not None:
                headers |= signer.signed(body, to=NODE.did, path=target)
            got = await ask(app, method, target, headers=headers, body=body, peer=guess.random.choice(PEERS))
            judge(route, got)
            seen[got.status] = seen.get(got.status, 0) + 1
            if signer is not None and wire.CHALLENGE in got.headers and guess.random.random() < 0.5:
                headers |= signer.signed(
                    body, to=NODE.did, path=target, challenge=got.headers[wire.CHALLENGE]
                )
                judge(route, await ask(app, method, target, headers=headers, body=body))

    asyncio.run(scenario())
    assert {200, 400, 401, 403, 404, 405, 413, 415, 421, 426} <= seen.keys(), seen
    assert seen[200] > 1000


def test_no_bytes_end_in_a_fault(slow: bool) -> None:
    """Garbled requests on real connections: an answer below 500 or none, and a server that lives."""
    guess = Guess(7)
    faults: list[dict[str, Any]] = []

    async def scenario() -> set[int]:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        limits = PLENTY._replace(
            header_seconds=0.3, body_grace=0.2, body_seconds=0.3, idle_seconds=0.2, close_seconds=0.1
        )
        async with serving(FakeDesk(), limits=limits._replace(per_address=150)) as server:
            statuses: set[int] = set()
            for _ in range(100 if slow else 5):
                got = await asyncio.gather(*(one_garbled(server, guess) for _ in range(100)))
                statuses |= set(got)
            one = await Wire.to(server)
            await one.put(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await one.answer())[0] == 200
            await one.close()
            return statuses

    async def one_garbled(server: Any, guess: Guess) -> int:
        data = garbled(guess)
        one = await Wire.to(server)
        await one.put(data)
        rest = await one.rest()
        await one.close()
        return int(rest[9:12]) if rest.startswith(b"HTTP/1.1 ") else 0

    statuses = asyncio.run(scenario())
    assert not faults
    assert {200, 400} <= statuses
    assert not [status for status in statuses if status >= 500]


def garbled(guess: Guess) -> bytes:
    """Return a request as bytes, a few of which are changed, doubled or missing."""
    _, method, target, headers, body = guess.request()
    headers = {"host": "localhost", "content-length": str(len(body)), **headers}
    if guess.random.random() < 0.2:
        target, headers["upgrade"], headers["connection"] = "/mesh", "websocket", "upgrade"
        headers |= {"sec-websocket-version": "13", "sec-websocket-key": "a" * 22 + "=="}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    data = bytearray("\r\n".join(lines).encode("latin-1", "replace") + body)
    for _ in range(guess.random.choice((0, 1, 1, 2, 5))):
        at = guess.random.randrange(min(len(data), 300))
        data[at : at + guess.random.choice((0, 1, 1, 4))] = guess.random.choice(
            (b"", b"\r\n", b"\n", b"\0", b" ", b":", b"\xff", guess.random.randbytes(3))
        )
    return bytes(data)


def test_schemathesis_finds_nothing() -> None:
    """The same by somebody else's hand: no answer that the document does not know, no 5xx."""
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    hypothesis = pytest.importorskip("hypothesis")
    schemathesis.serializer(wire.NDJSON)(lambda _, value: {"data": str(value).encode()})
    schema = schemathesis.openapi.from_asgi("/openapi.json", app_of(FakeDesk(), limits=PLENTY))

    conforming = ("status_code", "content_type", "response_headers", "response_schema")
    names = ["not_a_server_error", *(f"{one}_conformance" for one in conforming)]
    checks = [getattr(schemathesis.checks, name) for name in names]

    def no_fault(case: Any) -> None:
        case.call_and_validate(checks=checks, headers={"host": "localhost", **(case.headers or {})})

    settings = hypothesis.settings(max_examples=200, deadline=None, derandomize=True)
    settings(hypothesis.given(case=schema.as_strategy())(no_fault))()


def test_limits_of_the_table_and_the_protocol_agree() -> None:
    """Bodies hold what the protocol says one question may hold."""
    sizes = {route.name: route.body for route in ROUTES if route.takes}
    assert sizes == {"fetch": 32 * exchange.WANTED, "reconcile": wire.MAX_MESSAGE, "offer": wire.MAX_BODY}
