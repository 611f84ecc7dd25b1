"""Names of keys: `did:key:z6Mk…` (Ed25519, multicodec 0xed01, base58btc), and of other subjects.

W3C CCG did:key method §3.1; multibase `z`. One key has one name: every other spelling is refused.
"""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

PREFIX = "did:key:z"
DID_LENGTH = 56  # did:key:z + 47 characters, always, for the codec 0xed01 and 32 bytes
MAX_SUBJECT = 512  # characters of a subject's URI
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {char: index for index, char in enumerate(_ALPHABET)}
_NO_DIGITS = bytes(set(range(128)) - set(_ALPHABET.encode()))
_CODEC = b"\xed\x01"
_SCHEME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+.-")
_CACHE_SIZE = 25_000  # keys whose names were decoded already
_keys: dict[str, bytes] = {}


def did_of(key: bytes) -> str:
    """Return the did:key of a 32-byte public key."""
    return PREFIX + base58_encode(_CODEC + key)


def key_of(did: str) -> bytes:
    """Return the 32-byte public key that `did` names. Its validity as a point is not checked here.

    Raises:
        RecordRefused: `bad_key` unless `did` is the one canonical spelling.
    """
    known = _keys.get(did)
    if known is not None:
        return known
    if len(did) != DID_LENGTH or not did.startswith(PREFIX):
        raise RecordRefused("bad_key", "expected did:key:z6Mk…")
    raw = base58_decode(did[len(PREFIX) :])
    if len(raw) != 34 or raw[:2] != _CODEC:
        raise RecordRefused("bad_key", "not an Ed25519 key")
    if len(_keys) < _CACHE_SIZE:
        _keys[did] = raw[2:]
    return raw[2:]


def is_spelled(did: str) -> bool:
    """Say whether `did` is the one spelling of a key: whether `key_of` would take it.

    Digits of base58 ascend as ASCII does, so numbers of equally many digits ascend as their texts do: those
    that begin with the codec lie between two texts, and nothing has to be computed.
    """
    if not _FIRST <= did <= _LAST or len(did) != DID_LENGTH or not did.isascii():
        return False
    return len(did.encode().translate(None, _NO_DIGITS)) == _OWN_DIGITS


def are_spelled(dids: Collection[str]) -> bool:
    """Say whether `is_spelled` is true of all of many different ones."""
    if not dids or min(dids) < _FIRST or max(dids) > _LAST or {*map(len, dids)} != {DID_LENGTH}:
        return False
    text = "".join(dids)
    return text.isascii() and len(text.encode().translate(None, _NO_DIGITS)) == _OWN_DIGITS * len(dids)


def is_did(name: str) -> bool:
    """Say whether `name` claims to be a did:key (it may still be a wrong one)."""
    return name.startswith("did:key:")


def check_subject(name: str) -> None:
    """Refuse what cannot be rated: neither a did:key nor a URI with a lower-case scheme.

    Raises:
        RecordRefused: `bad_key` or `bad_body`.
    """
    if is_did(name):
        if not is_spelled(name):
            key_of(name)  # says what is wrong
        return
    scheme, colon, rest = name.partition(":")
    if not (colon and rest and scheme[:1].isalpha() and _SCHEME.issuperset(scheme)):
        raise RecordRefused("bad_body", "a subject is a did:key or a URI such as https://… or agent:…")
    if len(name) > MAX_SUBJECT:
        raise RecordRefused("bad_body", f"a subject has at most {MAX_SUBJECT} characters")
    if any(char.isspace() for char in name):
        raise RecordRefused("bad_body", "a subject has no white space")
    canonical.check_text(name)


def base58_encode(data: bytes) -> str:
    """Return base58btc (Bitcoin alphabet) of `data`, one leading `1` a leading zero byte."""
    number = int.from_bytes(data, "big")
    digits = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(digits))


def base58_decode(text: str) -> bytes:
    """Return the bytes of base58btc `text`. The caller bounds its length (the work is quadratic).

    Raises:
        RecordRefused: `bad_key` on a character outside the alphabet.
    """
    number = 0
    for char in text:
        digit = _DIGITS.get(char)
        if digit is None:
            raise RecordRefused("bad_key", "not base58")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


_FIRST, _LAST = did_of(bytes(32)), did_of(b"\xff" * 32)
_OWN_DIGITS = len(_FIRST.encode().translate(None, _NO_DIGITS))
