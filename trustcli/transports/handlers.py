"""What each route answers, once a request has passed every guard. One function a row of the table."""

from __future__ import annotations

import json

from trustcli.sync import exchange
from trustcli.sync.exchange import About, Feed, Offer, Page, Reconcile, Reconciled, Taken, Wanted
from trustcli.transports import guards, openapi, wire
from trustcli.transports.limits import CHUNK, NODES
from trustcli.transports.routes import Refused
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from trustcli.records.canonical import Json
    from trustcli.transports.desk import Desk, KnownNode
    from trustcli.transports.metrics import Metrics


class Call(NamedTuple):
    """A request that passed the guards.

    Attributes:
        values: of its parameters, by name.
        headers: by lower-case name.
        key: the did:key that signed it, where the route asks for one.
    """

    values: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes
    key: str | None
    metrics: Metrics


class Reply(NamedTuple):
    """The answer to a request: headers beside its media type, and the body in chunks."""

    headers: Mapping[str, str]
    chunks: Sequence[bytes]


async def node(desk: Desk, call: Call) -> Reply:
    """Say who this node is; with a challenge, prove it."""
    document = wire.node_object(await desk.facts())
    challenge = call.headers.get(wire.CHALLENGE)
    if challenge is not None:
        document["proof"] = wire.node_proof(document, challenge, desk.sign)
    return _json(document)


async def feed(desk: Desk, call: Call) -> Reply:
    """Give a page of records after a cursor."""
    return await _page(desk, Feed(call.values["after"], call.values["limit"]))


async def about(desk: Desk, call: Call) -> Reply:
    """Give a page of what concerns a subject."""
    return await _page(desk, About(call.values["subject"], call.values["after"], call.values["limit"]))


async def fetch(desk: Desk, call: Call) -> Reply:
    """Give the records with the ids in the body."""
    return await _page(desk, Wanted(guards.ids_of(call.body, exchange.WANTED)))


async def record(desk: Desk, call: Call) -> Reply:
    """Give one record."""
    line = await desk.record(call.values["id"])
    if line is None:
        raise Refused("not_found")
    return Reply({}, (line + b"\n",))


async def reconcile(desk: Desk, call: Call) -> Reply:
    """Answer a negentropy message."""
    answer = await desk.answer(Reconcile(call.body), None)
    assert isinstance(answer, Reconciled)
    return Reply(wire.head_headers(answer.head), (answer.message,))


async def offer(desk: Desk, call: Call) -> Reply:
    """Take records; say what became of each."""
    answer = await desk.answer(Offer(wire.read_lines(call.body, exchange.PUSHED)), call.key)
    assert isinstance(answer, Taken)
    results: list[Json] = [{"id": result.id.hex(), "code": result.code} for result in answer.results]
    return _json({"results": results, "head": wire.head_object(answer.head)})


async def peers(desk: Desk, call: Call) -> Reply:
    """Give announcements of nodes."""
    lines = await desk.peers(call.values["near"] or None, call.values["limit"])
    return Reply({}, _chunks(lines[: call.values["limit"]]))


async def nodes(desk: Desk, _call: Call) -> Reply:
    """List what nodes announced."""
    known = await desk.nodes(NODES)
    return _json({"nodes": [_known(one) for one in known[:NODES]]})


async def known(desk: Desk, call: Call) -> Reply:
    """Say what one node announced."""
    one = await desk.node(call.values["did"])
    if one is None:
        raise Refused("not_found")
    return _json(_known(one))


async def health(_desk: Desk, _call: Call) -> Reply:
    """Say that this answers."""
    return _json({"ok": True})


async def metrics(desk: Desk, call: Call) -> Reply:
    """Give what the listening side and the node counted."""
    return Reply({}, ((call.metrics.render() + desk.metrics()).encode(),))


async def document(_desk: Desk, _call: Call) -> Reply:
    """Give the table as an OpenAPI document."""
    return _json(openapi.document())


async def mesh(_desk: Desk, _call: Call) -> Reply:
    """Say that a mesh link is a WebSocket."""
    raise Refused("upgrade", upgrade="websocket")


HANDLERS: dict[str, Callable[[Desk, Call], Awaitable[Reply]]] = {
    "node": node,
    "feed": feed,
    "record": record,
    "about": about,
    "fetch": fetch,
    "reconcile": reconcile,
    "offer": offer,
    "peers": peers,
    "nodes": nodes,
    "known": known,
    "health": health,
    "metrics": metrics,
    "openapi": document,
    "mesh": mesh,
}


async def _page(desk: Desk, question: Feed | About | Wanted) -> Reply:
    answer = await desk.answer(question, None)
    assert isinstance(answer, Page)
    return Reply(wire.page_headers(answer.head, answer.next, more=answer.more), _chunks(answer.lines))


def _chunks(lines: Sequence[bytes]) -> list[bytes]:
    """Join lines to chunks of about the size that a connection takes at once."""
    chunks: list[bytes] = []
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line) + 1
        if size >= CHUNK:
            chunks.append(wire.join_lines(chunk))
            chunk, size = [], 0
    if chunk:
        chunks.append(wire.join_lines(chunk))
    return chunks


def _json(value: Json) -> Reply:
    return Reply({}, (json.dumps(value, separators=(",", ":")).encode() + b"\n",))


def _known(one: KnownNode) -> dict[str, Json]:
    return {
        "did": one.did, "roles": list(one.roles), "endpoints": list(one.endpoints), "announced": one.announced
    }  # fmt: skip
