"""The payloads of the mesh, one class for each type of message.

Fields stand in alphabetical order, so that what msgspec writes is the canonical JSON. Records travel as
whole objects and are kept as the bytes they came in (`Raw`): nobody looks into them before they are
verified.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from trustcli.records.canonical import MAX_INTEGER
from trustcli.records.fields import MAX_ENDPOINT, MAX_ENDPOINTS
from trustcli.sync.exchange import WANTED

PEERS = 20  # announcements of one answer: one bucket of the Kademlia table
RESULTS = 2_000  # ids of one TRUST_RESULT: 140 KB
HAVE = 2_000  # ids of one RELAY: 85 KB
RECORDS = 3_000  # of one message: no frame holds so many real ones, and as many results still fit
PAGE_LIMIT = 10_000  # records one may ask for; a frame holds fewer

Hex: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
HexOrEmpty: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
Did: TypeAlias = Annotated[str, Meta(pattern=r"^did:key:z[1-9A-HJ-NP-Za-km-z]{47}\Z")]
DidOrEmpty: TypeAlias = Annotated[str, Meta(pattern=r"^(did:key:z[1-9A-HJ-NP-Za-km-z]{47})?\Z")]
Number: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Positive: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
Code: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z_]{1,32}\Z")]
Base64: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]*\Z", max_length=90_000)]
Url: TypeAlias = Annotated[str, Meta(pattern=r"^(https?|wss?)://[!-~]+\Z", max_length=MAX_ENDPOINT)]
Urls: TypeAlias = Annotated[list[Url], Meta(max_length=MAX_ENDPOINTS)]
Role: TypeAlias = Annotated[str, Meta(pattern=r"^(full|light|bridge)\Z")]
Roles: TypeAlias = Annotated[list[Role], Meta(min_length=1, max_length=3)]
Ledger: TypeAlias = Annotated[str, Meta(pattern=r"^[!-~]{0,64}\Z")]
Uri: TypeAlias = Annotated[str, Meta(min_length=1, max_length=512)]
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=PAGE_LIMIT)]
Records: TypeAlias = Annotated[list[Raw], Meta(max_length=RECORDS)]


class Payload(Struct, forbid_unknown_fields=True):
    """What a message says."""


class HeadOf(Payload):
    """What the sender's ledger says of itself, as `sync.exchange.Head`."""

    fingerprint: Hex
    last: Number
    ledger: Ledger
    records: Number


class Hello(Payload):
    """HANDSHAKE 1, by the dialler: who it is, and whom it wants to meet (empty: anybody)."""

    challenge: Hex
    endpoints: Urls
    head: HeadOf
    roles: Roles
    step: Literal[1]
    to: DidOrEmpty


class Welcome(Payload):
    """HANDSHAKE 2, by the listener; its frame carries the session, so it signs both challenges."""

    challenge: Hex
    endpoints: Urls
    head: HeadOf
    roles: Roles
    step: Literal[2]


class Done(Payload):
    """HANDSHAKE 3, by the dialler; its frame carries the session."""

    step: Literal[3]


class Beat(Payload):
    """PING and PONG."""

    head: HeadOf


class PeerRequest(Payload):
    """Whom do you know, nearest to this node id?"""

    limit: Annotated[int, Meta(ge=1, le=PEERS)]
    near: HexOrEmpty


class PeerAnnounce(Payload):
    """Announce records, asked for or new."""

    records: Annotated[list[Raw], Meta(max_length=PEERS)]


class TrustUpdate(Payload):
    """Records of any kind."""

    records: Records


class Revocation(Payload):
    """Revocations and statements about keys."""

    priority: Annotated[str, Meta(pattern=r"^(NORMAL|HIGH|CRITICAL)\Z")]
    records: Records


class Relay(Payload):
    """Ids of records that the sender holds (32 bytes each), and how it wants what others relay to it."""

    have: Base64
    whole: bool


class RefusedRecord(Payload):
    """A record that was not accepted, and why; the id is empty where the line has none."""

    code: Code
    id: HexOrEmpty


class TrustResult(Payload):
    """What became of records of kind `update`, and which records of any kind were refused."""

    accepted: Annotated[list[Hex], Meta(max_length=RESULTS)]
    refused: Annotated[list[RefusedRecord], Meta(max_length=RESULTS)]


class FeedOf(Payload):
    """Records in the order of their arrival there."""

    after: Number
    limit: Limit


class AboutOf(Payload):
    """Records that concern a subject."""

    after: Number
    limit: Limit
    subject: Uri


class SyncRequest(Payload, kw_only=True):
    """One of five questions; `offer` gives records and asks what becomes of them."""

    about: AboutOf | UnsetType = UNSET
    feed: FeedOf | UnsetType = UNSET
    id: Positive
    offer: Records | UnsetType = UNSET
    reconcile: Base64 | UnsetType = UNSET
    wanted: Annotated[list[Hex], Meta(max_length=WANTED)] | UnsetType = UNSET


class ResultOf(Payload):
    """What became of one offered record: `new`, `known`, or the code of a refusal."""

    code: Code
    id: HexOrEmpty


class SyncResponse(Payload, kw_only=True):
    """The answer to the request of this id: a page, a negentropy message, or results."""

    head: HeadOf
    id: Positive
    more: bool | UnsetType = UNSET
    next: Number | UnsetType = UNSET
    reconcile: Base64 | UnsetType = UNSET
    records: Records | UnsetType = UNSET
    results: Annotated[list[ResultOf], Meta(max_length=RECORDS)] | UnsetType = UNSET


class Farewell(Payload):
    """The last word."""

    code: Code


HANDSHAKE, PING, PONG = "HANDSHAKE", "PING", "PONG"
PEER_REQUEST, PEER_ANNOUNCE = "PEER_REQUEST", "PEER_ANNOUNCE"
TRUST_UPDATE, REVOCATION, TRUST_RESULT = "TRUST_UPDATE", "REVOCATION", "TRUST_RESULT"
RELAY = "RELAY"
SYNC_REQUEST, SYNC_RESPONSE, CLOSE = "SYNC_REQUEST", "SYNC_RESPONSE", "CLOSE"

STEPS: dict[int, type[Payload]] = {1: Hello, 2: Welcome, 3: Done}
TYPES: dict[str, type[Payload]] = {
    PING: Beat,
    PONG: Beat,
    PEER_REQUEST: PeerRequest,
    PEER_ANNOUNCE: PeerAnnounce,
    TRUST_UPDATE: TrustUpdate,
    REVOCATION: Revocation,
    RELAY: Relay,
    TRUST_RESULT: TrustResult,
    SYNC_REQUEST: SyncRequest,
    SYNC_RESPONSE: SyncResponse,
    CLOSE: Farewell,
}
"""The payload of each type but HANDSHAKE, which has one for each step."""
