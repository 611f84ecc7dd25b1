"""The table of routes as an OpenAPI 3.1 document."""

from __future__ import annotations

from trustcli import __version__
from trustcli.sync import exchange
from trustcli.transports import limits, wire
from trustcli.transports.routes import ANYONE, ERRORS, KEY, LOCAL, ROUTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.records.canonical import Json
    from trustcli.transports.routes import Parameter, Route


def _object(**members: Json) -> dict[str, Json]:
    required: list[Json] = [*members]
    return {"type": "object", "properties": members, "required": required}


def _and_perhaps(schema: dict[str, Json], **members: Json) -> dict[str, Json]:
    known = schema["properties"]
    assert isinstance(known, dict)
    return {**schema, "properties": {**known, **members}}


def _list(items: Json, most: int) -> dict[str, Json]:
    return {"type": "array", "items": items, "maxItems": most}


def _ref(name: str) -> dict[str, Json]:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT: dict[str, Json] = {"type": "string"}
_COUNT: dict[str, Json] = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
_HEX: dict[str, Json] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_DID: dict[str, Json] = {"type": "string", "pattern": "^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$"}
_MAYBE_ID: dict[str, Json] = {"type": "string", "pattern": "^([0-9a-f]{64})?$"}

SCHEMAS: dict[str, dict[str, Json]] = {
    "Head": _object(ledger=_TEXT, records=_COUNT, last=_COUNT, fingerprint=_HEX),
    "Node": _and_perhaps(
        _object(
            did=_DID, node=_HEX, roles=_list(_TEXT, 8), version=_TEXT, protocol=_TEXT, network=_TEXT,
            head=_ref("Head"), time=_COUNT,
        ),
        proof=_TEXT,
    ),
    "KnownNode": _object(did=_DID, roles=_list(_TEXT, 8), endpoints=_list(_TEXT, 64), announced=_COUNT),
    "Nodes": _object(nodes=_list(_ref("KnownNode"), limits.NODES)),
    "Results": _object(
        results=_list(_object(id=_MAYBE_ID, code=_TEXT), exchange.PUSHED), head=_ref("Head"),
    ),
    "Health": _object(ok={"const": True}),
    "Document": _object(openapi=_TEXT, info={"type": "object"}, paths={"type": "object"}),
    "Error": _object(error=_object(code={"type": "string", "enum": [*sorted(ERRORS)]}, message=_TEXT)),
}  # fmt: skip

_HEAD_HEADERS: dict[str, Json] = {
    wire.LEDGER: _TEXT, wire.RECORDS: _COUNT, wire.LAST: _COUNT, wire.FINGERPRINT: _HEX
}  # fmt: skip
_PAGE_HEADERS: dict[str, Json] = {**_HEAD_HEADERS, wire.NEXT: _COUNT, wire.MORE: {"enum": ["0", "1"]}}
_ALWAYS = ("bad_request", "host", "rate_limited", "too_slow", "headers", "bug", "busy")
_ROLES = {ANYONE: "Anyone.", KEY: "A key, by a signed request.", LOCAL: "This machine only; others get 404."}


def document() -> dict[str, Json]:
    """Return the document, made from the table."""
    paths: dict[str, Json] = {}
    for route in ROUTES:
        known = paths.setdefault(route.path, {})
        assert isinstance(known, dict)
        known[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "trust node",
            "version": __version__,
            "description": "docs/protocol.md is the text to this.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": dict(SCHEMAS)},
    }


def errors_of(route: Route) -> tuple[str, ...]:
    """Return the codes of the errors a route may answer with."""
    codes = [*_ALWAYS, "too_big", "encoding"]
    if route.who == KEY:
        codes += ["unsigned", "bad_signature", "challenge", "refused", "read_only"]
    if route.who == LOCAL or "{" in route.path:
        codes.append("not_found")
    if route.takes:
        codes += ["media", "origin"]
    if not route.gives:
        codes += ["origin", "upgrade"]
    return tuple(sorted(set(codes), key=lambda code: ERRORS[code]))


def _operation(route: Route) -> dict[str, Json]:
    operation: dict[str, Json] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": _ROLES[route.who],
        "responses": _responses(route),
    }
    parameters = [*map(_parameter, route.parameters), *_signature_headers(route)]
    if parameters:
        operation["parameters"] = parameters
    if route.takes:
        operation["requestBody"] = {"required": True, "content": _content(route.takes, _body(route))}
    return operation


def _parameter(parameter: Parameter) -> dict[str, Json]:
    schema = dict(parameter.form.schema)
    if parameter.default not in (None, ""):
        schema["default"] = parameter.default
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.default is None,
        "description": parameter.summary,
        "schema": schema,
    }


def _signature_headers(route: Route) -> list[Json]:
    if route.name == "node":
        return [_header(wire.CHALLENGE, "Random bytes to prove the node's key on.", required=False)]
    if route.who != KEY:
        return []
    return [
        _header(wire.KEY, "The did:key that signs.", required=True),
        _header(wire.TIME, "When, in Unix ms.", required=True),
        _header(wire.SIGNATURE, "Of the request, base64url.", required=True),
        _header(wire.CHALLENGE, "The one given, if one was.", required=False),
    ]


def _header(name: str, summary: str, *, required: bool) -> Json:
    return {"name": name, "in": "header", "required": required, "description": summary, "schema": _TEXT}


def _responses(route: Route) -> dict[str, Json]:
    responses: dict[str, Json] = {}
    if route.gives:
        responses["200"] = _answer(route)
    else:
        responses["101"] = {"description": "The link is open."}
    for code in errors_of(route):
        status, meaning = ERRORS[code]
        known = responses.setdefault(
            str(status), {"description": "", "content": _content(wire.JSON, _ref("Error"))}
        )
        assert isinstance(known, dict)
        known["description"] = "; ".join(filter(None, (known["description"], f"{code}: {meaning}")))  # type: ignore[arg-type]
    return responses


def _answer(route: Route) -> dict[str, Json]:
    schema = _ref(route.schema) if route.schema else _TEXT
    answer: dict[str, Json] = {"description": "The answer.", "content": _content(route.gives, schema)}
    headers = {"": {}, "head": _HEAD_HEADERS, "page": _PAGE_HEADERS}[route.page]
    if headers:
        answer["headers"] = {name: {"required": True, "schema": schema} for name, schema in headers.items()}
    return answer


def _body(route: Route) -> dict[str, Json]:
    return {"type": "string", "maxLength": route.body}


def _content(media: str, schema: Json) -> dict[str, Json]:
    return {media: {"schema": schema}}
