"""What a peer answered, read strictly. Pure: bytes and headers in, values out, PeerFault for anything odd.

The records themselves are verified by the ledger; here is checked all that stands around them, so that a
hostile answer can neither loop us (cursors that do not move) nor mislead us about what was asked.
"""

from __future__ import annotations

import msgspec

from trustcli.errors import PeerFault, RecordRefused, TrustError, Unreachable
from trustcli.records import canonical, crypto
from trustcli.records.envelope import outline
from trustcli.safe import safe
from trustcli.sync.exchange import Page, Result, Taken
from trustcli.transports import spelling, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trustcli.transports.wire import NodeFacts

MAX_SHOWN = 200  # characters of a peer's own words that are shown
_MAX_WAIT = 86_400  # seconds of a Retry-After that are believed


class _Result(msgspec.Struct):
    id: str
    code: str


class _Head(msgspec.Struct):
    ledger: str
    records: int
    last: int
    fingerprint: str


class _Taken(msgspec.Struct):
    results: list[_Result]
    head: _Head


class _Error(msgspec.Struct):
    code: str
    message: str


class _Problem(msgspec.Struct):
    error: _Error


_taken = msgspec.json.Decoder(_Taken)
_problem = msgspec.json.Decoder(_Problem)
_UNREADABLE = (msgspec.MsgspecError, PeerFault, RecursionError, ValueError)


def check_headers(status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Refuse what no node sends: a redirect, too many headers, or compression nobody asked for (a bomb).

    Raises:
        PeerFault: so it is.
    """
    if len(headers) > wire.MAX_HEADERS:
        raise PeerFault(f"its answer has more than {wire.MAX_HEADERS} headers", code="too_big")
    if any(name.lower() == b"content-encoding" for name, _ in headers):
        raise PeerFault("its answer is compressed, which nobody asked for", code="encoding")
    if 300 <= status < 400:
        raise PeerFault(
            "it redirects, and redirects are never followed", hint="ask for the node's own address"
        )


def check_status(status: int, headers: Mapping[str, str], body: bytes, kind: str) -> None:
    """Return if this is an answer of the media type `kind`.

    Raises:
        Unreachable: the peer is busy, or wants us to wait.
        PeerFault: it refuses, or answers something else.
    """
    if status == 200:
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != kind:
            raise PeerFault(f"it answers {safe(media[:40]) or 'nothing'} instead of {kind}", hint=_NO_NODE)
    elif 300 <= status < 400:
        raise PeerFault(
            "it redirects, and redirects are never followed", hint="ask for the node's own address"
        )
    else:
        raise _refusal(status, headers, body)


def node(body: bytes, challenge: str) -> NodeFacts:
    """Return what a node says of itself, its proof checked.

    Raises:
        PeerFault: malformed, or not proven.
    """
    try:
        document = canonical.decode_loose(body)
    except RecordRefused:
        raise PeerFault("it does not say what a node says of itself", hint=_NO_NODE) from None
    if not isinstance(document, dict):
        raise PeerFault("it does not say what a node says of itself", hint=_NO_NODE)
    return wire.check_proof(document, challenge)


def check_node(facts: NodeFacts, *, expect: str | None, me: str | None, network: str) -> None:
    """Refuse a node that is not whom we want to talk to.

    Raises:
        PeerFault: `wrong_version`, `wrong_network`, `wrong_key`.
    """
    if facts.protocol.partition(".")[0] != wire.PROTOCOL.partition(".")[0]:
        raise PeerFault(
            f"it speaks protocol {safe(facts.protocol)}, this program {wire.PROTOCOL}", code="wrong_version",
            hint="one of the two needs a newer version",
        )  # fmt: skip
    if facts.network != network:
        raise PeerFault(
            f"it belongs to network {safe(facts.network)}, not to {safe(network)}", code="wrong_network",
            hint="trust config get network",
        )  # fmt: skip
    if expect is not None and facts.did != expect:
        raise PeerFault(
            f"another key answers there: {facts.did}", code="wrong_key",
            hint="the node moved, has a new key, or somebody stands in between: ask its owner",
        )  # fmt: skip
    if facts.did == me:
        raise PeerFault("this node itself answers there", code="wrong_key", hint="trust peer ls")


def page(headers: Mapping[str, str], body: bytes, limit: int, *, after: int | None = None) -> Page:
    """Return a page of at most `limit` lines. After a cursor, it must get on from there.

    Raises:
        PeerFault: malformed, more than was asked for, or a cursor that does not move.
    """
    head, following, more = wire.read_page_headers(headers)
    lines = wire.read_lines(body, limit)
    if after is not None and (more or lines) and following <= after:
        raise PeerFault("its cursor does not move on")
    return Page(head, lines, following, more)


def taken(body: bytes, lines: Sequence[bytes]) -> Taken:
    """Return what became of each line that was offered.

    Raises:
        PeerFault: malformed, or about other lines.
    """
    try:
        said = _taken.decode(body)
    except _UNREADABLE:
        raise PeerFault("it does not say what became of the records") from None
    if len(said.results) != len(lines):
        raise PeerFault(f"it speaks of {len(said.results)} records where {len(lines)} were offered")
    head = wire.read_head(msgspec.structs.asdict(said.head))
    return Taken(head, tuple(map(_result, said.results, lines)))


def _result(said: _Result, line: bytes) -> Result:
    data = outline(line)
    digest = crypto.record_id(data) if data is not None else b""
    if said.id not in ("", digest.hex()):
        raise PeerFault("it speaks of other records than were offered")
    return Result(bytes.fromhex(said.id), spelling.token(said.code))


def _refusal(status: int, headers: Mapping[str, str], body: bytes) -> TrustError:
    code, message = _error(body)
    if status == 429:
        return Unreachable(f"it wants us to wait{_wait(headers)}", code="rate_limited", hint="try later")
    if status >= 500 or status == 408:
        return Unreachable(f"it is in trouble ({status}{message})", code="busy", hint="try later")
    if status == 404:
        return PeerFault(f"it has no such route (404{message})", code=code, hint=_NO_NODE)
    if status == 421:
        return PeerFault(
            f"it does not know itself by this name (421{message})", code=code,
            hint="its owner lists the name: trust config set hosts",
        )  # fmt: skip
    hint = "are the clocks of both machines right? date -u" if code == "bad_signature" else ""
    return PeerFault(f"it refuses ({status}{message})", code=code, hint=hint)


def _error(body: bytes) -> tuple[str, str]:
    """Return the code and, with a leading space, the message of an error's JSON; empty where it has none."""
    try:
        said = _problem.decode(body).error
        return spelling.token(said.code), f" {safe(said.message[:MAX_SHOWN])}"
    except _UNREADABLE:
        return "", ""


def _wait(headers: Mapping[str, str]) -> str:
    try:
        seconds = wire.read_number(headers.get("retry-after"))
    except PeerFault:
        return ""
    return f" {min(seconds, _MAX_WAIT)} s"


_NO_NODE = "is this the address of a node? trust serve says where it listens"
