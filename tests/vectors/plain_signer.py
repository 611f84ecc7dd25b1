"""The wire format once more, in plain Python: what the vectors are made with.

Nothing here comes from `trustcli` or from an Ed25519 library, so the vectors owe nothing to what they
test. Keys and signatures follow RFC 8032 §5.1.5 and §5.1.6: any library makes the same from a seed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import Any

from tests.vectors import make_boot_vectors as curve

DOMAIN = b"trustcli/record/v1\n"
NETWORK = "vectors"
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def seed(name: str) -> bytes:
    """Return the 32-byte seed of the key with this name."""
    return hashlib.sha256(b"trust vectors: " + name.encode()).digest()


@cache
def expand(secret_seed: bytes) -> tuple[int, bytes]:
    """Return (secret scalar, prefix of the nonce) of a seed (RFC 8032 §5.1.5)."""
    digest = hashlib.sha512(secret_seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:]


@cache
def key_point(secret_seed: bytes) -> curve.Point:
    """Return the point of a seed's public key."""
    assert curve.BASE is not None
    return curve.times(expand(secret_seed)[0], curve.BASE)


def public_key(secret_seed: bytes) -> bytes:
    """Return the 32-byte public key of a seed."""
    return curve.pack(key_point(secret_seed))


def sign(secret_seed: bytes, message: bytes, nonce: int | None = None) -> bytes:
    """Return the signature of RFC 8032 §5.1.6, or one just as valid with another nonce."""
    assert curve.BASE is not None
    scalar, prefix = expand(secret_seed)
    if nonce is None:
        nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % curve.L
    r = curve.pack(curve.times(nonce, curve.BASE))
    k = curve.challenge(r, public_key(secret_seed), message)
    return r + curve.scalar((nonce + k * scalar) % curve.L)


def did(key: bytes, codec: bytes = b"\xed\x01") -> str:
    """Return the did:key of a public key."""
    number = int.from_bytes(codec + key, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = ALPHABET[digit] + digits
    return "did:key:z" + digits


def canonical(value: Any) -> bytes:
    """Return sorted keys, no white space, text as UTF-8 (lone surrogates as three bytes)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def url64(data: bytes) -> bytes:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def wire(data: bytes, sig: bytes) -> bytes:
    """Return the line of a record's bytes and the characters of its signature."""
    return b'{"record":' + data + b',"sig":"' + sig + b'"}'


def signed(data: bytes, author: str = "alice", domain: bytes = DOMAIN) -> bytes:
    """Return the line of bytes signed by a named key."""
    return wire(data, url64(sign(seed(author), domain + data)))


def record_id(data: bytes) -> str:
    """Return the id: SHA-256 over domain tag and bytes."""
    return hashlib.sha256(DOMAIN + data).hexdigest()
