"""Frames of the mesh: one signed message each, in one layout.

    {"message":{"from":…,"n":…,"net":…,"payload":…,"session":…,"time":…,"type":…,"version":"1.0"},"sig":"…"}

`message` is canonical JSON (RFC 8785), the signature is Ed25519 over `trustcli/mesh/v1`, a newline and these
bytes, 86 characters of base64url. What was parsed is written again and compared, so a second spelling of a
message (white space, a field twice, an escape) is refused.
"""

from __future__ import annotations

import binascii
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct

from trustcli.errors import RecordRefused
from trustcli.mesh import payloads
from trustcli.mesh.faults import fault
from trustcli.mesh.payloads import Did, HexOrEmpty, Number, Payload, Positive
from trustcli.records import crypto, did
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

VERSION = "1.0"
DOMAIN = b"trustcli/mesh/v1\n"
FRAME_BEFORE = 4 << 10  # bytes of a frame before the handshake is done
FRAME = 512 << 10  # and after: a thousand records of a usual size
ROOM = FRAME - (8 << 10)  # what records may take of a frame: the rest holds head, cursor and envelope

_HEAD = b'{"message":'
_TAIL = b',"sig":"'
_SIG_CHARS = 86  # base64url of 64 bytes, without padding
_TAIL_BYTES = len(_TAIL) + _SIG_CHARS + 2
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")  # the other alphabet's characters are nobody's
_LAST_CHARS = b"AQgw"  # 86 characters hold 516 bits: the last 4 are zero


class _Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    sender: Did = msgspec.field(name="from")
    n: Positive
    net: Annotated[str, Meta(pattern=r"^[!-~]{1,64}\Z")]
    payload: Raw
    session: HexOrEmpty
    time: Number
    type: Annotated[str, Meta(pattern=r"^[A-Z_]{1,32}\Z")]
    version: Annotated[str, Meta(pattern=r"^[!-~]{1,16}\Z")]


class _Step(Struct):
    step: int


_encode = msgspec.json.Encoder().encode
_envelope = msgspec.json.Decoder(_Envelope)
_step = msgspec.json.Decoder(_Step)
_steps = {step: msgspec.json.Decoder(payload) for step, payload in payloads.STEPS.items()}
_types = {name: msgspec.json.Decoder(payload) for name, payload in payloads.TYPES.items()}


class Message(NamedTuple):
    """The envelope of a frame, its payload still raw; nothing is believed before `verify`.

    `data` holds the bytes that were signed, `sig` the 64-byte signature, `time` is Unix ms, `session` 64
    hex digits or empty.
    """

    sender: str
    n: int
    net: str
    payload: bytes
    session: str
    time: int
    type: str
    version: str
    data: bytes
    sig: bytes


class Envelope(NamedTuple):
    """What a sender fills in around a payload."""

    sender: str
    net: str
    session: str
    n: int
    time: int


def make(sign: Callable[[bytes], bytes], envelope: Envelope, type_: str, payload: Payload) -> bytes:
    """Return the signed frame of a payload.

    Args:
        sign: signs with the key that `envelope.sender` names.
    """
    sender, net, session, n, time = envelope
    data = _encode(_Envelope(sender, n, net, Raw(_encode(payload)), session, time, type_, VERSION))
    sig = binascii.b2a_base64(sign(DOMAIN + data), newline=False).translate(_TO_URL).rstrip(b"=")
    return b'%b%b%b%b"}' % (_HEAD, data, _TAIL, sig)


def parse(frame: bytes, limit: int = FRAME) -> Message:
    """Return the message in a frame, its signature and payload unchecked.

    Raises:
        PeerFault: `too_big`, `bad_frame`, `bad_signature` (not base64url); nothing else, whatever the bytes.
    """
    if len(frame) > limit:
        raise fault("too_big", f"{len(frame)} bytes")
    if not frame.startswith(_HEAD) or frame[-_TAIL_BYTES : -_SIG_CHARS - 2] != _TAIL or frame[-2:] != b'"}':
        raise fault("bad_frame")
    data = frame[len(_HEAD) : -_TAIL_BYTES]
    try:
        found = _envelope.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError) as problem:
        raise fault("bad_frame", str(problem)[:80]) from None
    if _encode(found) != data:
        raise fault("bad_frame", "not canonical")
    sig = _signature(frame[-_SIG_CHARS - 2 : -2])
    return Message(
        found.sender, found.n, found.net, bytes(found.payload), found.session, found.time, found.type,
        found.version, data, sig,
    )  # fmt: skip


def verify(message: Message) -> None:
    """Return if `message.sender` signed it.

    Raises:
        PeerFault: `bad_signature`.
    """
    try:
        crypto.check_signature(did.key_of(message.sender), message.sig, DOMAIN + message.data)
    except RecordRefused:
        raise fault("bad_signature") from None


def content(message: Message) -> Payload:
    """Return the payload of a message as the class of its type.

    Raises:
        PeerFault: `unknown_type`, `bad_payload`.
    """
    try:
        found = _decoder(message)(message.payload)
    except (msgspec.MsgspecError, RecursionError, ValueError) as problem:
        raise fault("bad_payload", str(problem)[:80]) from None
    if _encode(found) != message.payload:
        raise fault("bad_payload", "not canonical")
    if not _is_whole(found):
        raise fault("bad_payload", "one question, and what belongs to its answer")
    return found


def _decoder(message: Message) -> Callable[[bytes], Payload]:
    if message.type == payloads.HANDSHAKE:
        step = _step.decode(message.payload).step
        if step not in _steps:
            raise fault("bad_payload", "no such step")
        return _steps[step].decode
    if message.type not in _types:
        raise fault("unknown_type")
    return _types[message.type].decode


def _is_whole(payload: Payload) -> bool:
    """Say whether a sync message holds exactly one question or answer."""
    if isinstance(payload, payloads.SyncRequest):
        parts = (payload.about, payload.feed, payload.offer, payload.reconcile, payload.wanted)
        return sum(part is not UNSET for part in parts) == 1
    if isinstance(payload, payloads.SyncResponse):
        page = [part is not UNSET for part in (payload.records, payload.more, payload.next)]
        others = (payload.reconcile is not UNSET) + (payload.results is not UNSET)
        return all(page) != (others == 1) and any(page) == all(page) and others <= 1
    return True


def _signature(text: bytes) -> bytes:
    """Decode base64url in its one spelling: its alphabet only, no padding, no stray last bits."""
    try:
        if text[-1] in _LAST_CHARS:
            return binascii.a2b_base64(text.translate(_FROM_URL) + b"==", strict_mode=True)
    except binascii.Error:
        pass
    raise fault("bad_signature", "not base64url")


def raws(lines: Sequence[bytes]) -> list[Raw]:
    """Return record lines as parts of a payload."""
    return [Raw(line) for line in lines]


def lines(records: Sequence[Raw]) -> list[bytes]:
    """Return the record lines of a payload, each on its own: a slice would keep the whole frame."""
    return [bytes(record) for record in records]


def base64(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode()


def from_base64(text: str) -> bytes:
    """Return the bytes of base64url without padding.

    Raises:
        PeerFault: `bad_payload` unless it is the one spelling.
    """
    try:
        padded = text.encode().translate(_FROM_URL) + b"=" * (-len(text) % 4)
        data = binascii.a2b_base64(padded, strict_mode=True)
    except (binascii.Error, ValueError):
        raise fault("bad_payload", "not base64url") from None
    if base64(data) != text:
        raise fault("bad_payload", "not base64url")
    return data
