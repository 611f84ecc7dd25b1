"""`Record`: a signed, verified, immutable statement.

Holding a `Record` means it was verified: only `Record.seal` and `Record.parse` make one, and both
verify. A test asserts that the constructor is called in this file and nowhere else.
"""

from __future__ import annotations

import binascii
import json
import struct
from operator import itemgetter

from trustcli.errors import RecordRefused
from trustcli.records import canonical, crypto, did, evidence
from trustcli.records.kinds import KINDS
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trustcli.records.canonical import Json

    Signer = Callable[[bytes], bytes]
    """Takes the bytes to sign, returns the 64-byte Ed25519 signature."""

VERSION = 1
MAX_LINE = canonical.MAX_BYTES + 256  # a record and its signature
MAX_KIND = 32
MAX_NETWORK = 64
_FIELDS = frozenset(("author", "body", "created", "kind", "net", "v"))
_HEAD = b'{"record":'
_TAIL = b',"sig":"'
_SIG_CHARS = 86  # base64url of 64 bytes, without padding
_TAIL_BYTES = len(_TAIL) + _SIG_CHARS + 2
BEGIN, END = len(_HEAD), -_TAIL_BYTES  # where the record's bytes stand in a line of our layout
cut_out = itemgetter(slice(BEGIN, END))  # the record's bytes of a line of our layout
SPREAD = 66  # bytes from one signature to the next where many are in one piece; the last two are zero
_SPREAD_OUT = struct.Struct("64s2x")
_PLAIN = bytes(code for code in range(0x20, 0x7F) if code != 0x5C)
_TO_URL = bytes.maketrans(b"+/", b"-_")
# "!" is nobody's: the other alphabet's characters, and what would end or escape in a JSON text
_FROM_URL = bytes.maketrans(b'-_+/"\\', b"+/!!!!")
_LAST_CHARS = b"AQgw"  # 86 characters hold 516 bits: the last 4 are zero


class Record(NamedTuple):
    """One verified statement: who (`author`), when (`created`, Unix ms), what (`kind`, `body`).

    `data` holds the canonical bytes that were signed, `sig` the 64-byte signature, `digest` the
    32-byte id. Two records are equal when their ids are.
    """

    author: str
    body: Mapping[str, Json]
    created: int
    kind: str
    net: str
    data: bytes
    sig: bytes
    digest: bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self.digest == other.digest

    def __ne__(self, other: object) -> bool:  # a tuple has its own
        return not self == other

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<Record {self.kind} {self.id[:8]} by {self.author[:16]}…>"

    @property
    def id(self) -> str:
        """The record's id, 64 lower-case hex digits."""
        return self.digest.hex()

    @property
    def line(self) -> bytes:
        """The record on the wire: one NDJSON line, without the newline."""
        return join_line(self.data, self.sig)

    @classmethod
    def seal(
        cls, *, net: str, kind: str, author: str, created: int, body: Mapping[str, Json], sign: Signer
    ) -> Record:
        """Sign a statement and return it as a verified record.

        What was signed is parsed again before it is returned, so a statement that others would
        refuse, or a signer with another key, fails here, at its author.

        Args:
            created: Unix milliseconds.
            sign: Signs with the key that `author` names.

        Raises:
            RecordRefused: any of REFUSALS.
        """
        statement: dict[str, Json] = {
            "v": VERSION, "net": net, "kind": kind, "author": author, "created": created, "body": dict(body)
        }  # fmt: skip
        data = canonical.encode(statement)
        return cls.parse_parts(data, sign(crypto.DOMAIN + data), net=net)

    @classmethod
    def parse(cls, line: bytes, *, net: str) -> Record:
        """Return the verified record in one NDJSON line (without its newline).

        Raises:
            RecordRefused: any of REFUSALS; nothing else, whatever the bytes.
        """
        data, sig = split_line(line)
        return cls.parse_parts(data, sig, net=net)

    @classmethod
    def parse_parts(cls, data: bytes, sig: bytes, *, net: str) -> Record:
        """Return the verified record of canonical bytes and a raw signature.

        Raises:
            RecordRefused: any of REFUSALS.
        """
        return cls._verified(canonical.decode(data), data, sig, crypto.record_id(data), net)

    @classmethod
    def parse_quickly(cls, line: bytes, digest: bytes, *, net: str, codec: Codec) -> Record:
        """Return what `parse` returns, in less time for the common record.

        Records in plain ASCII without escapes, of a known kind and without `ext` skip the general
        walk: one look at the bytes stands for the text rule of every field, the kind's own checks
        for the data model. Everything else, and every refusal, is left to `parse`, but for a signature
        that fails: it is looked at last, so that there is nothing else to find, and asking twice is
        what a forger would like. A property test holds the two together.

        Args:
            digest: `crypto.record_id(line[BEGIN:END])`, which the caller knows already.

        Raises:
            RecordRefused: any of REFUSALS.
        """
        sig = None
        try:
            data = outline(line)
            if data is not None and _is_plain(data) and len(line) <= MAX_LINE:
                statement = codec.decode(data)
                if statement["kind"] in KINDS and codec.encode(statement) == data:
                    sig = _signature(line[-_SIG_CHARS - 2 : -2])
                    return cls._verified(statement, data, sig, digest, net)
        except RecordRefused as problem:
            if sig is not None and problem.code == "bad_signature":
                raise
        except Exception:  # noqa: BLE001, S110  whatever it was, the strict parser names it
            pass
        return cls.parse(line, net=net)

    @classmethod
    def _verified(cls, statement: Json, data: bytes, sig: bytes, digest: bytes, net: str) -> Record:
        author, kind, created, body = _checked(statement, net)
        if kind in KINDS:
            KINDS[kind](author, body)
        if kind == evidence.KIND and evidence.network(body) != net:
            raise RecordRefused("wrong_network", "of the statements inside")
        crypto.check_signature(did.key_of(author), sig, crypto.DOMAIN + data)
        return cls._make((author, body, created, kind, net, data, sig, digest))


if TYPE_CHECKING:
    from typing import Any, Protocol

    class Codec(Protocol):
        """A JSON library that is fast enough for bulk: both ways between bytes and plain values."""

        def decode(self, data: bytes, /) -> Any:
            """Return the value of JSON bytes."""

        def encode(self, value: Any, /) -> bytes:
            """Return JSON bytes with sorted keys and no white space."""
            ...


def join_line(data: bytes, sig: bytes) -> bytes:
    """Return the NDJSON line of canonical bytes and a raw 64-byte signature."""
    text = binascii.b2a_base64(sig, newline=False).translate(_TO_URL).rstrip(b"=")
    return b'%b%b%b%b"}' % (_HEAD, data, _TAIL, text)


def _is_plain(data: bytes) -> bool:
    """Printable ASCII without a backslash, so that no text in it needs a closer look; and no `ext`."""
    return not data.translate(None, _PLAIN) and b'"ext":' not in data


def outline(line: bytes) -> bytes | None:
    """Return the record's bytes of a line in our layout, unchecked, or None: enough to know its id."""
    if line.startswith(_HEAD) and line.endswith(b'"}') and line[-_TAIL_BYTES : -_SIG_CHARS - 2] == _TAIL:
        return line[BEGIN:END]
    return None


def split_line(line: bytes) -> tuple[bytes, bytes]:
    """Return (bytes of the record, raw signature) of a wire line.

    The line is itself canonical JSON, so it has one layout; the record inside is not checked yet.

    Raises:
        RecordRefused: `bad_envelope`, `bad_signature` (not 86 characters of base64url),
            `not_canonical`, and what `canonical.decode_loose` raises.
    """
    data = outline(line)
    if data is not None and len(line) <= MAX_LINE:
        return data, _signature(line[-_SIG_CHARS - 2 : -2])
    raise RecordRefused(*_why_not(line))


def _why_not(line: bytes) -> tuple[str, str]:
    if len(line) > MAX_LINE:
        return "too_big", f"{len(line)} bytes"
    outer = canonical.decode_loose(line)
    if type(outer) is not dict or set(outer) != {"record", "sig"} or type(outer["sig"]) is not str:
        return "bad_envelope", ""
    try:
        _signature(outer["sig"].encode("utf-8", "replace"))
    except RecordRefused as problem:
        return problem.code, "not base64url"
    return "not_canonical", ""


def _signature(text: bytes) -> bytes:
    """Decode base64url in its one spelling: its alphabet only, no padding, no stray last bits."""
    try:
        if len(text) == _SIG_CHARS and text[-1] in _LAST_CHARS:
            return binascii.a2b_base64(text.translate(_FROM_URL) + b"==", strict_mode=True)
    except binascii.Error:
        pass
    raise RecordRefused("bad_signature", "not base64url")


def signatures(texts: Sequence[str], decode: Callable[[bytes], bytes]) -> bytes:
    """Decode many as `_signature` does; return them in one piece, SPREAD bytes apart.

    Empty where one of them is not well spelled. `decode` takes a JSON text in strict base64.
    """
    if {*map(len, texts)} != {_SIG_CHARS}:
        return b""
    try:  # two more characters that stand for zeros fill the bytes up, and leave room for what is too much
        data = decode(b'"%bAA"' % "AA".join(texts).encode("ascii").translate(_FROM_URL))
    except ValueError:
        return b""
    if len(data) != SPREAD * len(texts) or any(data[64::66]) or any(data[65::66]):
        return b""
    return data


def cut_signatures(data: bytes) -> list[bytes]:
    """Return one by one the signatures that `signatures` made one piece of."""
    return [signature for (signature,) in _SPREAD_OUT.iter_unpack(data)]


def _checked(statement: Json, net: str) -> tuple[str, str, int, dict[str, Json]]:
    if type(statement) is not dict:
        raise RecordRefused("bad_envelope")
    if statement.keys() != _FIELDS:
        missing = sorted(_FIELDS - statement.keys())
        if missing:
            raise RecordRefused("bad_envelope", f"{missing[0]} is missing")
        raise RecordRefused("unknown_field", min(statement.keys() - _FIELDS))
    author, body, created, kind = (
        statement["author"], statement["body"], statement["created"], statement["kind"]
    )  # fmt: skip
    if type(statement["v"]) is not int or statement["v"] != VERSION:
        raise RecordRefused("unsupported_version")
    if statement["net"] != net:
        raise RecordRefused("wrong_network", json.dumps(statement["net"])[:80])
    if type(created) is not int or not 0 <= created <= canonical.MAX_INTEGER:
        raise RecordRefused("bad_envelope", "created is Unix milliseconds")
    if type(body) is not dict or type(kind) is not str or not 1 <= len(kind) <= MAX_KIND:
        raise RecordRefused("bad_envelope")
    if type(author) is not str:
        raise RecordRefused("bad_key")
    return author, kind, created, body
