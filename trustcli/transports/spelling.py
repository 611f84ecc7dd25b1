"""Single values of the HTTP protocol, read strictly: each has one spelling. All raise PeerFault."""

from __future__ import annotations

import binascii

from trustcli.errors import PeerFault
from trustcli.records import canonical
from trustcli.sync.exchange import PAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

_MAX_DIGITS = 16  # of 2⁵³−1
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_HEX = frozenset("0123456789abcdef")
_TOKEN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def read_number(text: str | None) -> int:
    """Return the integer 0 to 2⁵³−1 that `text` spells in plain digits, without a leading zero.

    Raises:
        PeerFault: it spells none.
    """
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        malformed("number")
    number = int(text)
    if number > canonical.MAX_INTEGER or str(number) != text:
        malformed("number")
    return number


def read_lines(body: bytes, limit: int = PAGE) -> tuple[bytes, ...]:
    """Return the lines of NDJSON: each ends with a newline, none is empty.

    Raises:
        PeerFault: more than `limit`, an empty one, or the last one is cut off.
    """
    if body.count(b"\n") > limit:
        raise PeerFault(f"more than {limit} lines", code="too_big")
    *lines, rest = body.split(b"\n")
    if rest or not all(lines):
        malformed("NDJSON")
    return tuple(lines)


def join_lines(lines: Sequence[bytes]) -> bytes:
    """Return lines as NDJSON."""
    return b"".join(line + b"\n" for line in lines)


def read_ids(body: bytes, limit: int) -> tuple[bytes, ...]:
    """Return the 32-byte ids of a body that is nothing but ids.

    Raises:
        PeerFault: not a multiple of 32 bytes, or more than `limit` ids.
    """
    if len(body) % 32:
        malformed("list of ids")
    if len(body) > 32 * limit:
        raise PeerFault(f"more than {limit} ids", code="too_big")
    return tuple(body[at : at + 32] for at in range(0, len(body), 32))


def encode64(data: bytes) -> str:
    """Return base64url without padding."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def decode64(text: object, least: int, most: int) -> bytes:
    """Return the `least` to `most` bytes of base64url, in its one spelling.

    Raises:
        PeerFault: it is none.
    """
    if not isinstance(text, str) or len(text) > 2 * most or not text.isascii():
        malformed("base64url")
    try:
        data = binascii.a2b_base64(text.encode().translate(_FROM_URL) + b"=" * (-len(text) % 4))
    except binascii.Error:
        malformed("base64url")
    if not least <= len(data) <= most or encode64(data) != text:
        malformed("base64url")
    return data


def fingerprint(value: object) -> str:
    """64 lower-case hex digits."""
    if not isinstance(value, str) or len(value) != 64 or not _HEX.issuperset(value):
        malformed("fingerprint")
    return value


def name(value: object) -> str:
    """A ledger's name: 1 to 64 of A-Z, a-z, 0-9, dot, dash and underscore."""
    if not isinstance(value, str) or not 1 <= len(value) <= 64 or not _NAME.issuperset(value):
        malformed("ledger name")
    return value


def token(value: object) -> str:
    """A code: 1 to 32 of a-z, 0-9 and underscore."""
    if not isinstance(value, str) or not 1 <= len(value) <= 32 or not _TOKEN.issuperset(value):
        malformed("code")
    return value


def text(value: object, limit: int) -> str:
    """Text of 1 to `limit` characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        malformed("text")
    return value


def integer(value: object) -> int:
    """An integer from 0 to 2⁵³−1."""
    if type(value) is not int or not 0 <= value <= canonical.MAX_INTEGER:
        malformed("number")
    return value


def malformed(what: str) -> NoReturn:
    """Raise PeerFault `bad_request`."""
    raise PeerFault(f"malformed {what}", code="bad_request")
