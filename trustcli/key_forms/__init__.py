"""How keys are written: for other programs, and in our own key files. No file is touched here.

    form        public                                secret
    did         did:key:z6Mk…  (W3C CCG did:key)      -
    multibase   z6Mk…                                 z3u2…     (W3C Controlled Identifiers §2.2)
    jwk         {"crv":"Ed25519","kty":"OKP","x":…}   with "d"  (RFC 8037 §2)
    openssh     ssh-ed25519 AAAA…  (RFC 8709 §4)      openssh-key-v1 (PROTOCOL.key of OpenSSH)
    hex         64 digits                             seed-hex: 64 digits (RFC 8032 §5.1.5)

A secret is always the 32-byte seed. Every form has one accepted spelling. No error quotes a secret.
"""

from __future__ import annotations

from trustcli.errors import BadInput, RecordRefused, UsageError
from trustcli.key_forms.keyfile import (
    CLEAR,
    SEALED,
    KeyFile,
    checked_seed,
    clear_secret,
    clear_seed,
    file_text,
    parse_file,
    seed_of_file,
)
from trustcli.key_forms.seed import SEED_BYTES, did_of_seed, from_multibase, multibase, public_key
from trustcli.key_forms.text import MAX_TEXT, base64url, from_base64url, utf8

__all__ = [
    "CLEAR",
    "MAX_TEXT",
    "PUBLIC_FORMS",
    "SEALED",
    "SECRET_FORMS",
    "SEED_BYTES",
    "KeyFile",
    "base64url",
    "checked_seed",
    "clear_secret",
    "clear_seed",
    "did_of_seed",
    "file_text",
    "from_base64url",
    "parse_file",
    "parse_public",
    "parse_seed",
    "public_key",
    "public_text",
    "secret_text",
]

PUBLIC_FORMS = ("did", "multibase", "jwk", "openssh", "hex")
SECRET_FORMS = ("multibase", "jwk", "openssh", "seed-hex")
_DID = "did:key:"
_HEX = frozenset("0123456789abcdef")
_SPACE = " \t\r\n"


def public_text(did: str, form: str) -> str:
    """Return the public key `did` in one of PUBLIC_FORMS, on one line.

    Raises:
        RecordRefused: `bad_key` unless `did` is canonical.
        UsageError: there is no such form.
    """
    from trustcli.records.did import key_of  # noqa: PLC0415  loads json

    key = key_of(did)
    if form == "did":
        return did
    if form == "multibase":
        return did.removeprefix(_DID)
    if form == "jwk":
        from trustcli.key_forms import jwk  # noqa: PLC0415  only for this form

        return jwk.public_text(key)
    if form == "openssh":
        from trustcli.key_forms import openssh  # noqa: PLC0415  only for this form

        return openssh.public_text(key)
    if form == "hex":
        return key.hex()
    raise UsageError(f"a public key has no form {form!r}", hint=f"one of: {', '.join(PUBLIC_FORMS)}")


def secret_text(seed: bytes, form: str) -> str:
    """Return a 32-byte seed in one of SECRET_FORMS; only `openssh` has more than one line.

    Raises:
        BadInput: the seed is not 32 bytes long.
        UsageError: there is no such form.
    """
    key = public_key(seed)
    if form == "multibase":
        return multibase(seed)
    if form == "jwk":
        from trustcli.key_forms import jwk  # noqa: PLC0415  only for this form

        return jwk.secret_text(seed, key)
    if form == "openssh":
        from trustcli.key_forms import openssh  # noqa: PLC0415  only for this form

        return openssh.secret_text(seed, key)
    if form == "seed-hex":
        return seed.hex()
    raise UsageError(f"a secret key has no form {form!r}", hint=f"one of: {', '.join(SECRET_FORMS)}")


def parse_public(text: str) -> str:
    """Return the did:key of a public key in any of PUBLIC_FORMS; white space around it is ignored.

    Raises:
        BadInput: anything else, a secret key included; code `bad_key` for a key outside the
            profile of trustcli.records.crypto.
    """
    from trustcli.records.did import PREFIX, did_of, key_of  # noqa: PLC0415  loads json

    if len(text) > MAX_TEXT:
        raise BadInput("too long for a key")
    text = text.strip(_SPACE)
    try:
        if text.startswith(PREFIX):
            key = key_of(text)
        elif text.startswith("z6Mk"):
            key = key_of(_DID + text)
        else:
            key = _foreign_public(text)
        _check(key)
    except RecordRefused as problem:
        raise BadInput(str(problem), code=problem.code) from None
    return did_of(key)


def parse_seed(text: bytes) -> bytes:
    """Return the 32-byte seed of a secret key in any of SECRET_FORMS, or of an unencrypted key file.

    White space around it is ignored.

    Raises:
        KeyProblem: it is protected by a passphrase.
        BadInput: anything else.
    """
    if text.startswith(b"#"):
        return seed_of_file(text)
    plain = utf8(text).strip(_SPACE)
    if plain.startswith("{"):
        from trustcli.key_forms import jwk  # noqa: PLC0415  only for this form

        return jwk.parse_seed(plain)
    if plain.startswith("-----BEGIN OPENSSH PRIVATE KEY-----"):
        from trustcli.key_forms import openssh  # noqa: PLC0415  only for this form

        return openssh.parse_seed(plain)
    if plain.startswith("z"):
        return from_multibase(plain)
    if len(plain) == 2 * SEED_BYTES and _HEX.issuperset(plain):
        return bytes.fromhex(plain)
    raise BadInput("not a secret key", hint=f"one of: {', '.join(SECRET_FORMS)}, or a key file of trust")


def _check(key: bytes) -> None:
    from trustcli.records import crypto  # noqa: PLC0415  loads nacl

    crypto.check_key(key)


def _foreign_public(text: str) -> bytes:
    if text.startswith("{"):
        from trustcli.key_forms import jwk  # noqa: PLC0415  only for this form

        return jwk.parse_public(text)
    if text.startswith("ssh-ed25519 "):
        from trustcli.key_forms import openssh  # noqa: PLC0415  only for this form

        return openssh.parse_public(text)
    if len(text) == 2 * SEED_BYTES and _HEX.issuperset(text):
        return bytes.fromhex(text)
    if text.startswith(("z3u2", CLEAR, SEALED, "-----BEGIN")):
        raise BadInput("this is a secret key; a public one is wanted", hint="never paste it anywhere else")
    raise BadInput("not a public key", hint=f"one of: {', '.join(PUBLIC_FORMS)}")
