"""The 32-byte secret seed: its public key, its did:key, and its multibase text."""

from __future__ import annotations

from trustcli.errors import BadInput, RecordRefused

SEED_BYTES = 32
_CODEC = b"\x80\x26"  # multicodec 0x1300, ed25519-priv
_MULTIBASE_CHARS = 48  # z and 47 characters, always, for 34 bytes that begin with this codec


def public_key(seed: bytes) -> bytes:
    """Return the 32-byte public key of a seed.

    Raises:
        BadInput: the seed is not 32 bytes long.
    """
    if len(seed) != SEED_BYTES:
        raise BadInput("a seed has 32 bytes")
    from trustcli.records import crypto  # noqa: PLC0415  loads nacl

    return crypto.public_key(seed)


def did_of_seed(seed: bytes) -> str:
    """Return the did:key of a 32-byte seed.

    Raises:
        BadInput: the seed is not 32 bytes long.
    """
    from trustcli.records.did import did_of  # noqa: PLC0415  loads json

    return did_of(public_key(seed))


def multibase(seed: bytes) -> str:
    """Return `z3u2…` for a 32-byte seed (W3C Controlled Identifiers §2.2)."""
    from trustcli.records.did import base58_encode  # noqa: PLC0415  loads json

    return "z" + base58_encode(_CODEC + seed)


def from_multibase(text: str) -> bytes:
    """Return the 32-byte seed of `z3u2…`.

    Raises:
        BadInput: anything else.
    """
    from trustcli.records.did import base58_decode  # noqa: PLC0415  loads json

    if len(text) == _MULTIBASE_CHARS and text.startswith("z"):
        try:
            raw = base58_decode(text[1:])
        except RecordRefused:
            raw = b""
        if len(raw) == len(_CODEC) + SEED_BYTES and raw.startswith(_CODEC):
            return raw[len(_CODEC) :]
    raise BadInput("not a secret Ed25519 key in multibase (z3u2…)")
