"""The secret under a passphrase: an XSalsa20-Poly1305 box, its key derived by Argon2id (RFC 9106)."""

from __future__ import annotations

import os

from trustcli import key_forms
from trustcli.errors import BadInput, KeyProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Passphrase = Callable[[], bytes]

COST = (3, 256 * 2**20)  # passes and bytes of Argon2id: libsodium's MODERATE, under a second
MAX_PASSES = 10  # a file that asks for more would only keep the machine busy
MAX_MEMORY = 2**30  # bytes
_MIN_MEMORY = 8192  # bytes; libsodium's least
_SALT_BYTES = 16
_BOX_BYTES = 24 + 16 + key_forms.SEED_BYTES  # nonce, authenticator, seed


def secret_line(seed: bytes, passphrase: bytes | None, cost: tuple[int, int]) -> str:
    """Return the line of a key file that holds a 32-byte seed, in clear if `passphrase` is None.

    Raises:
        KeyProblem: the passphrase is empty, or Argon2id did not get its memory.
        BadInput: the cost is outside the limits.
    """
    if passphrase is None:
        return key_forms.clear_secret(seed)
    if not passphrase:
        raise KeyProblem("the passphrase is empty", hint="--no-passphrase keeps the key in clear")
    from nacl.secret import SecretBox  # noqa: PLC0415  only where a key is made

    salt = os.urandom(_SALT_BYTES)
    box = SecretBox(_derive(passphrase, salt, _checked_cost(cost))).encrypt(seed)
    parts = ("argon2id", *map(str, cost), key_forms.base64url(salt), key_forms.base64url(box))
    return key_forms.SEALED + ":".join(parts)


def asked(path: str, passphrase: Passphrase | None) -> bytes:
    """Return the passphrase of the key file at `path` from the caller's source.

    Raises:
        KeyProblem: there is no source. Whatever the source raises.
    """
    if passphrase is None:
        raise KeyProblem(
            f"{path} is protected by a passphrase",
            hint="--passphrase-file F, --passphrase-fd N or --passphrase-command C",
        )
    return passphrase()


def unseal(path: str, secret: str, passphrase: bytes) -> bytes:
    """Return the 32-byte seed in the encrypted line of the key file at `path`.

    Raises:
        BadInput: the line is damaged or asks for too much work.
        KeyProblem: `wrong_passphrase`.
    """
    from nacl.exceptions import CryptoError  # noqa: PLC0415  only where a key is opened
    from nacl.secret import SecretBox  # noqa: PLC0415

    cost, salt, box = _sealed_parts(secret)
    key = _derive(passphrase, salt, cost)
    try:
        return SecretBox(key).decrypt(box)
    except CryptoError:
        raise KeyProblem(f"wrong passphrase for {path}", hint="try again", code="wrong_passphrase") from None


def _sealed_parts(secret: str) -> tuple[tuple[int, int], bytes, bytes]:
    """Return (passes and memory, salt, box) of an encrypted line, with lengths and limits checked."""
    parts = secret.removeprefix(key_forms.SEALED).split(":")
    if len(parts) != 5 or parts[0] != "argon2id":
        raise BadInput("the encrypted line is not argon2id:PASSES:MEMORY:SALT:BOX")
    cost = _checked_cost((_number(parts[1]), _number(parts[2])))
    salt, box = key_forms.from_base64url(parts[3]), key_forms.from_base64url(parts[4])
    if (len(salt), len(box)) != (_SALT_BYTES, _BOX_BYTES):
        raise BadInput("the encrypted line is cut short or too long")
    return cost, salt, box


def _number(text: str) -> int:
    if text.isdigit() and text[0] != "0" and len(text) <= len(str(MAX_MEMORY)):
        return int(text)
    raise BadInput("the encrypted line has a number that is none")


def _checked_cost(cost: tuple[int, int]) -> tuple[int, int]:
    passes, memory = cost
    if 1 <= passes <= MAX_PASSES and _MIN_MEMORY <= memory <= MAX_MEMORY:
        return cost
    raise BadInput(
        f"Argon2id takes 1 to {MAX_PASSES} passes over 8 KiB to 1 GiB here, not {passes} over {memory}"
    )


def _derive(passphrase: bytes, salt: bytes, cost: tuple[int, int]) -> bytes:
    from nacl.exceptions import CryptoError  # noqa: PLC0415  only with a passphrase
    from nacl.pwhash import argon2id  # noqa: PLC0415

    passes, memory = cost
    try:
        return argon2id.kdf(32, passphrase, salt, opslimit=passes, memlimit=memory)
    except CryptoError:  # the lengths are right: what is left is memory
        raise KeyProblem(
            f"Argon2id did not get its {memory >> 20} MiB of memory", hint="free memory, then try again"
        ) from None
