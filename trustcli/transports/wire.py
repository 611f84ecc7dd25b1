"""What both ends of the HTTP protocol must spell alike: headers, signed requests, proofs of a key.

docs/protocol.md is the text to this. No network, no clock and no randomness here: both the client
and the server import it. Header names are looked up in lower case, the one form ASGI and httpx share.
Faults are PeerFault with the protocol's error code: `bad_request`, `unsigned`, `bad_signature`.
"""

from __future__ import annotations

import hashlib
import hmac

from trustcli.errors import PeerFault, RecordRefused
from trustcli.records import canonical, crypto, did
from trustcli.sync.exchange import Head
from trustcli.transports import spelling
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json
    from trustcli.records.envelope import Signer

PROTOCOL = "1.0"

KEY, TIME, SIGNATURE, CHALLENGE = "trust-key", "trust-time", "trust-signature", "trust-challenge"
LEDGER, RECORDS, LAST, FINGERPRINT = "trust-ledger", "trust-records", "trust-last", "trust-fingerprint"
NEXT, MORE = "trust-next", "trust-more"
JSON, NDJSON, BYTES = "application/json", "application/x-ndjson", "application/octet-stream"

decode64, encode64 = spelling.decode64, spelling.encode64
read_number, read_ids = spelling.read_number, spelling.read_ids
read_lines, join_lines = spelling.read_lines, spelling.join_lines

NODE_DOMAIN = b"trustcli/node/v1\n"
REQUEST_DOMAIN = b"trustcli/request/v1\n"

MAX_HEADERS = 64  # headers of one message; ours have 12
MAX_HEADER_BYTES = 16 << 10  # of one message, its first line included; ours have less than 2 KiB
MAX_BODY = 1 << 20  # bytes of a request: 5,000 records of the usual size
MAX_MESSAGE = 64 << 10  # bytes of a negentropy message, either way
MAX_PEERS = 20  # announcements of one answer: a Kademlia bucket
MAX_SKEW = 300_000  # ms between two clocks: people's machines drift by minutes
CHALLENGE_BYTES = 32
CHALLENGE_LIFE = 10  # minutes a challenge to a new key is good for
_MINUTE = 60_000  # ms
_CHALLENGE_MIN, _CHALLENGE_MAX = 16, 64  # bytes: too short may repeat, too long is a free signature


class NodeFacts(NamedTuple):
    """What a node says of itself: `did`, `node` (sha256 of its key, hex), `time` by its clock (Unix ms)."""

    did: str
    node: str
    roles: tuple[str, ...]
    version: str
    protocol: str
    network: str
    head: Head
    time: int


class Signed(NamedTuple):
    """A request that its key signed: who, when (Unix ms), and the challenge it answers, or ""."""

    key: str
    time: int
    challenge: str


def node_id(name: str) -> str:
    """Return the node id of a did:key: sha256 of its 32 bytes, as hex.

    Raises:
        RecordRefused: `bad_key`.
    """
    return hashlib.sha256(did.key_of(name)).hexdigest()


# --- heads and pages as headers -------------------------------------------------------------------


def head_headers(head: Head) -> dict[str, str]:
    """Return a head as headers."""
    return {
        LEDGER: head.ledger, RECORDS: str(head.records), LAST: str(head.last), FINGERPRINT: head.fingerprint
    }  # fmt: skip


def page_headers(head: Head, following: int, *, more: bool) -> dict[str, str]:
    """Return what a page says beside its lines: the head, the cursor to go on from, and whether to."""
    return {**head_headers(head), NEXT: str(following), MORE: "1" if more else "0"}


def read_head_headers(headers: Mapping[str, str]) -> Head:
    """Return the head that headers state.

    Raises:
        PeerFault: one is missing or malformed.
    """
    return Head(
        spelling.name(headers.get(LEDGER)),
        read_number(headers.get(RECORDS)),
        read_number(headers.get(LAST)),
        spelling.fingerprint(headers.get(FINGERPRINT)),
    )


def read_page_headers(headers: Mapping[str, str]) -> tuple[Head, int, bool]:
    """Return the head, the next cursor and whether there is more, as headers state them.

    Raises:
        PeerFault: one is missing or malformed.
    """
    more = headers.get(MORE)
    if more not in ("0", "1"):
        spelling.malformed(MORE)
    return read_head_headers(headers), read_number(headers.get(NEXT)), more == "1"


# --- nodes ----------------------------------------------------------------------------------------


def head_object(head: Head) -> dict[str, Json]:
    """Return a head as a JSON object."""
    return {
        "ledger": head.ledger, "records": head.records, "last": head.last, "fingerprint": head.fingerprint
    }  # fmt: skip


def read_head(value: object) -> Head:
    """Return the head that a JSON value states; members it does not know are left out.

    Raises:
        PeerFault: a member is missing or malformed.
    """
    if not isinstance(value, dict):
        spelling.malformed("head")
    return Head(
        spelling.name(value.get("ledger")),
        spelling.integer(value.get("records")),
        spelling.integer(value.get("last")),
        spelling.fingerprint(value.get("fingerprint")),
    )


def node_object(facts: NodeFacts) -> dict[str, Json]:
    """Return what a node says of itself as a JSON object, without a proof."""
    return {
        "did": facts.did,
        "node": facts.node,
        "roles": list(facts.roles),
        "version": facts.version,
        "protocol": facts.protocol,
        "network": facts.network,
        "head": head_object(facts.head),
        "time": facts.time,
    }


def read_node(value: object) -> NodeFacts:
    """Return what a JSON value says of a node. That it is who it says is for `check_proof`.

    Raises:
        PeerFault: a member is missing or malformed, or the node id is not the key's.
    """
    if not isinstance(value, dict):
        spelling.malformed("node")
    name = spelling.text(value.get("did"), did.DID_LENGTH)
    roles = value.get("roles")
    if not isinstance(roles, list) or not 1 <= len(roles) <= 8:
        spelling.malformed("roles")
    try:
        if value.get("node") != node_id(name):
            spelling.malformed("node id")
    except RecordRefused:
        spelling.malformed("did")
    return NodeFacts(
        name,
        str(value["node"]),
        tuple(spelling.text(role, 16) for role in roles),
        spelling.text(value.get("version"), 32),
        spelling.text(value.get("protocol"), 8),
        spelling.text(value.get("network"), 64),
        read_head(value.get("head")),
        spelling.integer(value.get("time")),
    )


def node_proof(node: Mapping[str, Json], challenge: str, sign: Signer) -> str:
    """Return the `proof` of a node object: the node's key signs it together with the caller's challenge.

    So the key that answers is proven to be there now, and the head is signed: two heads for one
    ledger and one cursor are proof of a split view.

    Raises:
        PeerFault: the challenge is malformed.
        RecordRefused: the object is not canonical JSON.
    """
    return encode64(sign(_node_statement(node, challenge)))


def check_proof(document: Mapping[str, Json], challenge: str) -> NodeFacts:
    """Return what a node object with its `proof` says, the proof checked against our challenge.

    Raises:
        PeerFault: malformed; or the key it names did not sign it (`bad_signature`).
    """
    node = {name: value for name, value in document.items() if name != "proof"}
    facts = read_node(node)
    try:
        signature = decode64(document.get("proof"), crypto.SIGNATURE_BYTES, crypto.SIGNATURE_BYTES)
        crypto.check_signature(did.key_of(facts.did), signature, _node_statement(node, challenge))
    except (RecordRefused, PeerFault):
        raise PeerFault("the node does not prove that it holds its key", code="bad_signature") from None
    return facts


def _node_statement(node: Mapping[str, Json], challenge: str) -> bytes:
    return NODE_DOMAIN + canonical.encode({"challenge": read_challenge(challenge), "node": dict(node)})


# --- signed requests ------------------------------------------------------------------------------


def sign_request(
    *,
    method: str,
    path: str,
    body: bytes,
    to: str,
    network: str,
    me: str,
    sign: Signer,
    now: int,
    challenge: str = "",
) -> dict[str, str]:
    """Return the headers that sign a request.

    Args:
        path: From the protocol's root, with its query: what a proxy puts before it is not signed.
        to: The did:key of the node that is asked, so that it cannot pass the request on as its own.
        now: Unix ms.
        challenge: What the node asked a new key to sign, or "".
    """
    statement = _request_statement(method, path, body, to, network, now, challenge)
    signed = {KEY: me, TIME: str(now), SIGNATURE: encode64(sign(statement))}
    return {**signed, CHALLENGE: challenge} if challenge else signed


def check_request(
    headers: Mapping[str, str], *, method: str, path: str, body: bytes, to: str, network: str, now: int
) -> Signed:
    """Return who signed a request. Whether a challenge is needed and good, `is_challenge` says.

    A request may come twice within the allowed skew: every signed route must be idempotent.

    Args:
        headers: By lower-case name; one that was sent twice must have been refused before.
        path: The raw target of the request line, query included.

    Raises:
        PeerFault: `unsigned` (a header is missing), `bad_signature` (anything wrong with one).
    """
    if not {KEY, TIME, SIGNATURE} <= headers.keys():
        raise PeerFault("this needs a signed request", code="unsigned")
    challenge = headers.get(CHALLENGE, "")
    try:
        time = read_number(headers[TIME])
        if challenge:
            read_challenge(challenge)
        signature = decode64(headers[SIGNATURE], crypto.SIGNATURE_BYTES, crypto.SIGNATURE_BYTES)
        key = did.key_of(headers[KEY])
        if abs(now - time) > MAX_SKEW:
            raise PeerFault("the request's time is more than 300 s from this clock", code="bad_signature")
        statement = _request_statement(method, path, body, to, network, time, challenge)
        crypto.check_signature(key, signature, statement)
    except RecordRefused:
        raise PeerFault("the key did not sign this request", code="bad_signature") from None
    except PeerFault as problem:
        raise PeerFault(str(problem), code="bad_signature") from None
    return Signed(headers[KEY], time, challenge)


def read_challenge(text: str) -> str:
    """Return a challenge of another node, if it is one: base64url of 16 to 64 bytes.

    Raises:
        PeerFault: it is none.
    """
    decode64(text, _CHALLENGE_MIN, _CHALLENGE_MAX)
    return text


def new_challenge(secret: bytes, key: str, now: int) -> str:
    """Return what a key that was never seen must sign; nothing is kept for it.

    Args:
        secret: Random bytes of this process, 16 or more.
        now: Unix ms.
    """
    return _challenge(secret, key, now // _MINUTE)


def is_challenge(secret: bytes, key: str, challenge: str, now: int) -> bool:
    """Say whether `new_challenge` gave this to the key within the last ten minutes."""
    minute = now // _MINUTE
    given = challenge.encode("utf-8", "replace")
    return any(
        hmac.compare_digest(_challenge(secret, key, minute - age).encode(), given)
        for age in range(CHALLENGE_LIFE + 1)
    )


def _challenge(secret: bytes, key: str, minute: int) -> str:
    return encode64(hmac.digest(secret, f"{key} {minute}".encode(), "sha256"))


def _request_statement(
    method: str, path: str, body: bytes, to: str, network: str, time: int, challenge: str
) -> bytes:
    return REQUEST_DOMAIN + canonical.encode(
        {
            "method": method,
            "path": path,
            "body": hashlib.sha256(body).hexdigest(),
            "time": time,
            "to": to,
            "net": network,
            "challenge": challenge,
        }
    )
