"""The one table of what this node answers over HTTP. Dispatch, OpenAPI and tests all read it."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_to_bytes

from trustcli.errors import PeerFault, RecordRefused
from trustcli.records import did
from trustcli.sync import exchange
from trustcli.transports import metrics, wire
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trustcli.records.canonical import Json

ANYONE, KEY, LOCAL = "anyone", "key", "local"
"""Who may ask: anyone; whoever signs the request with a key; this machine (loopback, unix socket)."""

ERRORS: dict[str, tuple[int, str]] = {
    "bad_request": (400, "the request is malformed"),
    "unsigned": (401, "this needs a signed request"),
    "bad_signature": (401, "the key did not sign this request"),
    "challenge": (401, "sign again, with the challenge in Trust-Challenge"),
    "origin": (403, "web pages have no business here"),
    "read_only": (403, "this node takes nothing"),
    "refused": (403, "this key is cut off"),
    "not_found": (404, "there is no such thing here"),
    "method": (405, "this is asked in another way, see Allow"),
    "too_slow": (408, "the request came too slowly"),
    "too_big": (413, "the request is too big"),
    "encoding": (415, "bodies are not to be compressed"),
    "media": (415, "the body has another media type than this takes"),
    "host": (421, "this node is not called that"),
    "upgrade": (426, "this is a WebSocket"),
    "rate_limited": (429, "too many requests; wait as long as Retry-After says"),
    "headers": (431, "too many or too long headers"),
    "bug": (500, "a fault of this node"),
    "busy": (503, "this node is busy; try again"),
}
"""Every error code, its status and what it means; the codes are stable."""


class Refused(PeerFault):
    """A request is not answered as asked; `code` is one of ERRORS, `headers` go with the answer."""

    def __init__(self, code: str, message: str = "", **headers: str) -> None:
        super().__init__(message or ERRORS[code][1], code=code)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Form(NamedTuple):
    """How a parameter is spelled: its JSON schema, and the function that reads it."""

    schema: dict[str, Json]
    read: Callable[[str], int | str | bytes]


class Parameter(NamedTuple):
    """One parameter of a route. Without a `default` ("" is one for an optional text) it is required."""

    name: str
    where: str
    form: Form
    summary: str
    default: int | str | None = None


class Route(NamedTuple):
    """One row of the table.

    Attributes:
        method: of HTTP; a WebSocket is asked with GET.
        path: with `{name}` where a parameter stands.
        name: of the answering function, and of the operation.
        who: ANYONE, KEY or LOCAL.
        gives: media type of the answer; "" for a WebSocket.
        schema: of a JSON answer, by its name in `openapi.SCHEMAS`.
        takes: media type of the body, "" for none.
        body: most bytes of the body.
        page: the answer carries a head as headers: "head", or "page" with the next cursor too.
    """

    method: str
    path: str
    name: str
    summary: str
    who: str
    gives: str
    schema: str = ""
    takes: str = ""
    body: int = 0
    parameters: tuple[Parameter, ...] = ()
    page: str = ""


def _bounded(least: int, most: int) -> Form:
    def read(text: str) -> int:
        number = wire.read_number(text)
        if not least <= number <= most:
            raise Refused("bad_request", f"expected a number from {least} to {most}")
        return number

    return Form({"type": "integer", "minimum": least, "maximum": most}, read)


def _digest(text: str) -> bytes:
    if len(text) != 64 or not frozenset("0123456789abcdef").issuperset(text):
        raise Refused("bad_request", "expected 64 lower-case hex digits")
    return bytes.fromhex(text)


def _subject(text: str) -> str:
    did.check_subject(text)
    return text


def _key(text: str) -> str:
    did.key_of(text)
    return text


_HEX = Form({"type": "string", "pattern": "^[0-9a-f]{64}$"}, _digest)
_CURSOR = _bounded(0, 2**53 - 1)
_AFTER = Parameter("after", "query", _CURSOR, "The cursor to go on from.", 0)
_LIMIT = Parameter("limit", "query", _bounded(1, exchange.PAGE), "Most records of the page.", exchange.PAGE)
_ABOUT = Form({"type": "string", "maxLength": did.MAX_SUBJECT}, _subject)
_DID = Form({"type": "string", "pattern": "^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$"}, _key)

ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/node", "node", "Who this node is and what it holds.", ANYONE, wire.JSON, "Node"),
    Route(
        "GET", "/v1/records", "feed", "Records in the order this node got them.", ANYONE, wire.NDJSON,
        parameters=(_AFTER, _LIMIT), page="page",
    ),
    Route(
        "GET", "/v1/records/{id}", "record", "One record.", ANYONE, wire.NDJSON,
        parameters=(Parameter("id", "path", _HEX, "The record's id."),),
    ),
    Route(
        "GET", "/v1/about", "about", "What a light node needs to know of a subject.", ANYONE, wire.NDJSON,
        page="page",
        parameters=(Parameter("subject", "query", _ABOUT, "A did:key or a URI."), _AFTER, _LIMIT),
    ),
    Route(
        "POST", "/v1/fetch", "fetch", "The records with the 32-byte ids in the body.",
        ANYONE, wire.NDJSON, takes=wire.BYTES, body=32 * exchange.WANTED, page="page",
    ),
    Route(
        "POST", "/v1/reconcile", "reconcile", "One negentropy message for another; empty when all is said.",
        ANYONE, wire.BYTES, takes=wire.BYTES, body=wire.MAX_MESSAGE, page="head",
    ),
    Route(
        "POST", "/v1/records", "offer", "Take these records; says what became of each.", KEY, wire.JSON,
        "Results", takes=wire.NDJSON, body=wire.MAX_BODY,
    ),
    Route(
        "GET", "/v1/peers", "peers", "Signed announcements of nodes, closest to a node id first.", ANYONE,
        wire.NDJSON, parameters=(
            Parameter("near", "query", _HEX, "A node id: sha256 of a key.", ""),
            Parameter("limit", "query", _bounded(1, wire.MAX_PEERS), "Most announcements.", wire.MAX_PEERS),
        ),
    ),
    Route("GET", "/v1/nodes", "nodes", "What nodes announced of themselves.", ANYONE, wire.JSON, "Nodes"),
    Route(
        "GET", "/v1/nodes/{did}", "known", "What one node announced of itself.", ANYONE, wire.JSON,
        "KnownNode", parameters=(Parameter("did", "path", _DID, "The node's did:key."),),
    ),
    Route("GET", "/healthz", "health", "Whether this node answers.", ANYONE, wire.JSON, "Health"),
    Route("GET", "/metrics", "metrics", "What this node counted, as Prometheus text.", LOCAL, metrics.MEDIA),
    Route("GET", "/openapi.json", "openapi", "This table, as OpenAPI.", ANYONE, wire.JSON, "Document"),
    Route("GET", "/mesh", "mesh", "A mesh link over a WebSocket.", ANYONE, ""),
)  # fmt: skip

MESH = "/mesh"
_PATHS = {
    path: {route.method: route for route in ROUTES if route.path == path}
    for path in sorted({route.path for route in ROUTES})
}
_MAX_PARAMETERS = 8  # of one query; a route has three


def find(method: str, target: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a raw request target (its query left off), and the texts in its path.

    Raises:
        Refused: `not_found`, or `method` with the ones there are.
    """
    for path, methods in _PATHS.items():
        texts = _match(path, target)
        if texts is not None:
            if method not in methods:
                raise Refused("method", allow=", ".join(sorted(methods)))
            return methods[method], texts
    raise Refused("not_found")


def _match(path: str, target: str) -> dict[str, str] | None:
    if "{" not in path:
        return {} if path == target else None
    stem, _, name = path.rpartition("/")
    head, _, text = target.rpartition("/")
    return {name[1:-1]: _decoded(text)} if head == stem and text else None


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise Refused("bad_request", "the path is not UTF-8") from None


def read(route: Route, texts: Mapping[str, str], query: str) -> dict[str, int | str | bytes]:
    """Return the values of a route's parameters.

    Args:
        texts: What stood in the path, see `find`.
        query: The raw query string.

    Raises:
        Refused: `bad_request`: one is unknown, given twice, missing or malformed.
    """
    given = dict(texts)
    for name, text in _pairs(query):
        if name in given:
            raise Refused("bad_request", "a parameter is given twice")
        given[name] = text
    values = {
        parameter.name: _value(parameter, given.pop(parameter.name, None)) for parameter in route.parameters
    }
    if given:
        raise Refused("bad_request", "unknown parameter")
    return values


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )  # fmt: skip
    except ValueError:
        raise Refused("bad_request", "malformed query") from None


def _value(parameter: Parameter, text: str | None) -> int | str | bytes:
    if text is None:
        if parameter.default is None:
            raise Refused("bad_request", f"{parameter.name} is missing")
        return parameter.default
    try:
        return parameter.form.read(text)
    except (RecordRefused, PeerFault) as problem:
        if isinstance(problem, Refused):
            raise
        raise Refused("bad_request", f"malformed {parameter.name}") from None
