"""Ed25519 under the verification profile `trust-ed25519-1`, and SHA-256 ids.

RFC 8032 §5.1.7, cofactorless, with S < L, and with a public key that is canonical, on the curve and
in the prime-order subgroup. Libraries differ on the edge cases and change over time; two nodes that
differ would keep different ledgers. So the boot vectors run before the first signature is checked,
and a library that answers otherwise is not used.
"""

from __future__ import annotations

import hashlib

from nacl import bindings
from nacl._sodium import ffi, lib

from trustcli.errors import KeyProblem, RecordRefused
from trustcli.records.boot_vectors import BOOT_VECTORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DOMAIN = b"trustcli/record/v1\n"
KEY_BYTES = 32
SIGNATURE_BYTES = 64
_CACHE_SIZE = 100_000  # valid keys remembered: 50 µs saved for each further record of theirs
_open, _NULL = lib.crypto_sign_open, ffi.NULL
_valid_keys: set[bytes] = set()
_tested: list[bool] = []


def record_id(data: bytes) -> bytes:
    """Return the 32-byte id of a record's canonical bytes: SHA-256 over domain tag and bytes."""
    return hashlib.sha256(DOMAIN + data).digest()


def record_ids(datas: Iterable[bytes]) -> list[bytes]:
    """Return `record_id` of many. A copy of a begun digest takes less than to begin one."""
    begun = hashlib.sha256(DOMAIN).copy
    ids = []
    for data in datas:
        digest = begun()
        digest.update(data)
        ids.append(digest.digest())
    return ids


def check_key(key: bytes) -> None:
    """Refuse a public key outside the profile. The answer is remembered for good keys.

    Raises:
        RecordRefused: `bad_key`.
        KeyProblem: the Ed25519 library fails the boot vectors.
    """
    if key in _valid_keys:
        return
    _self_test_once()
    _check_point(key)
    if len(_valid_keys) < _CACHE_SIZE:
        _valid_keys.add(key)


def check_signature(key: bytes, signature: bytes, message: bytes) -> None:
    """Return if `key` signed `message`.

    Raises:
        RecordRefused: `bad_key` or `bad_signature`.
    """
    if key not in _valid_keys:
        check_key(key)
    _check_signed(key, signature, message)


def forged(keys: Iterable[bytes], signatures: Iterable[bytes], datas: Iterable[bytes]) -> list[int]:
    """Return the indexes at which a key did not sign a record's canonical bytes.

    Every key must have passed `check_key`, every signature is 64 bytes.
    """
    opens, null = _open, _NULL  # called here and not through `_opens`: a call costs, and there are many
    domain = DOMAIN
    found = []
    for index, (key, signature, data) in enumerate(zip(keys, signatures, datas, strict=True)):
        signed = signature + domain + data
        if opens(null, null, signed, len(signed), key):
            found.append(index)
    return found


def sign(seed: bytes, message: bytes) -> bytes:
    """Return the 64-byte signature of `message` by the key with this 32-byte seed."""
    return signer(seed)(message)


def signer(seed: bytes) -> Callable[[bytes], bytes]:
    """Return a function that signs with the key of this 32-byte seed, expanded once."""
    _, secret = bindings.crypto_sign_seed_keypair(seed)
    return lambda message: bindings.crypto_sign(message, secret)[:SIGNATURE_BYTES]


def public_key(seed: bytes) -> bytes:
    """Return the 32-byte public key of a 32-byte seed."""
    return bindings.crypto_sign_seed_keypair(seed)[0]


def self_test() -> list[str]:
    """Run the boot vectors; return the names of those the library answers against the profile."""
    return [
        name
        for name, key, signature, message, valid in BOOT_VECTORS
        if _verdict(bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(message)) != valid
    ]


def _verdict(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        _check_point(key)
        _check_signed(key, signature, message)
    except RecordRefused:
        return False
    return True


def _check_point(key: bytes) -> None:
    if len(key) != KEY_BYTES or not bindings.crypto_core_ed25519_is_valid_point(key):
        raise RecordRefused("bad_key")


def _check_signed(key: bytes, signature: bytes, message: bytes) -> None:
    if len(signature) != SIGNATURE_BYTES:
        raise RecordRefused("bad_signature")
    if not _opens(signature + message, key):
        raise RecordRefused("bad_signature")


def _opens(signed: bytes, key: bytes) -> bool:
    """Ask libsodium itself: PyNaCl's own call makes a copy of each message, which nobody reads."""
    failed: int = _open(_NULL, _NULL, signed, len(signed), key)
    return failed == 0


def _self_test_once() -> None:
    if _tested:
        return
    wrong = self_test()
    if wrong:
        raise KeyProblem(
            f"the Ed25519 library does not follow profile trust-ed25519-1 ({wrong[0]})",
            hint="install PyNaCl 1.6.2 or newer: pip install --upgrade pynacl",
            code="bad_library",
        )
    _tested.append(True)
