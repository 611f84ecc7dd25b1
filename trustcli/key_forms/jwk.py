"""Keys as JSON Web Keys of kty "OKP" (RFC 8037 §2)."""

from __future__ import annotations

import json

from trustcli.errors import BadInput
from trustcli.key_forms.seed import SEED_BYTES, public_key
from trustcli.key_forms.text import base64url, from_base64url


def public_text(key: bytes) -> str:
    """Return a 32-byte public key as a JWK on one line."""
    return f'{{"crv":"Ed25519","kty":"OKP","x":"{base64url(key)}"}}'


def secret_text(seed: bytes, key: bytes) -> str:
    """Return a seed and its public key, 32 bytes each, as a JWK on one line."""
    return f'{{"crv":"Ed25519","d":"{base64url(seed)}","kty":"OKP","x":"{base64url(key)}"}}'


def parse_public(text: str) -> bytes:
    """Return the 32 bytes of a public JWK.

    Raises:
        BadInput: it is none, or a secret one.
    """
    members = _members(text)
    if "d" in members:
        raise BadInput("this is a secret key; a public one is wanted", hint="never paste it anywhere else")
    return _member(members, "x")


def parse_seed(text: str) -> bytes:
    """Return the 32-byte seed of a secret JWK.

    Raises:
        BadInput: it is none, or its two halves differ.
    """
    members = _members(text)
    seed = _member(members, "d")
    if public_key(seed) != _member(members, "x"):
        raise BadInput("the JWK's x is not the public key of its d")
    return seed


def _members(text: str) -> dict[str, object]:
    try:
        members = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise BadInput("not a JWK: not JSON") from None
    if not isinstance(members, dict) or (members.get("kty"), members.get("crv")) != ("OKP", "Ed25519"):
        raise BadInput('the JWK is not of kty "OKP" and crv "Ed25519"')
    return members


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name that occurs twice: programs differ in which one they take."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadInput("the JWK has one name twice")
    return members


def _member(members: dict[str, object], name: str) -> bytes:
    value = members.get(name)
    raw = from_base64url(value) if isinstance(value, str) else b""
    if len(raw) != SEED_BYTES:
        raise BadInput(f"the JWK's {name} is not 32 bytes in base64url")
    return raw
