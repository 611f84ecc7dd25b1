"""Keys as OpenSSH writes them: the public line (RFC 8709 §4) and openssh-key-v1 (OpenSSH, PROTOCOL.key)."""

from __future__ import annotations

from trustcli.errors import BadInput, KeyProblem
from trustcli.key_forms.seed import SEED_BYTES, public_key
from trustcli.key_forms.text import base64, from_base64

_TYPE = b"ssh-ed25519"
_MAGIC = b"openssh-key-v1\0"
_BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----"
_END = "-----END OPENSSH PRIVATE KEY-----"
_LINE = 70  # characters
_BLOCK = 8  # bytes: without a cipher, the private part is padded to a multiple of this


def public_text(key: bytes) -> str:
    """Return a 32-byte public key as `ssh-ed25519 AAAA…`, without a comment."""
    return f"ssh-ed25519 {base64(_strings(_TYPE, key))}"


def parse_public(text: str) -> bytes:
    """Take `ssh-ed25519 AAAA… comment` apart (RFC 8709 §4) and return the 32-byte key.

    Raises:
        BadInput: it is not one such line.
    """
    if "\n" in text:
        raise BadInput("more than one line: which key is meant?")
    blob = _Reader(from_base64(text.split(" ")[1].encode("ascii", "replace")))
    kind, key = blob.string(), blob.string()
    if kind != _TYPE or len(key) != SEED_BYTES or blob.rest:
        raise BadInput("not an ssh-ed25519 public key")
    return key


def secret_text(seed: bytes, key: bytes) -> str:
    """Return a seed and its public key, 32 bytes each, as an unencrypted openssh-key-v1 file."""
    # The check number only tells a wrong passphrase from a right one, so without one it may be fixed.
    check = key[:4]
    private = check + check + _strings(_TYPE, key, seed + key, b"")
    private += bytes(range(1, 1 + -len(private) % _BLOCK))
    head = _MAGIC + _strings(b"none", b"none", b"") + (1).to_bytes(4, "big")
    text = base64(head + _strings(_strings(_TYPE, key), private))
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return "\n".join((_BEGIN, *lines, _END))


def parse_seed(text: str) -> bytes:
    """Take an openssh-key-v1 file apart (OpenSSH, PROTOCOL.key) and return the 32-byte seed.

    Raises:
        KeyProblem: it is protected by a passphrase.
        BadInput: it is no such file, or not one of an Ed25519 key.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if lines[0] != _BEGIN or lines[-1] != _END:
        raise BadInput("not a whole OpenSSH private key")
    reader = _Reader(from_base64("".join(lines[1:-1]).encode("ascii", "replace")))
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise BadInput("not an openssh-key-v1 file")
    cipher, kdf, options = reader.string(), reader.string(), reader.string()
    if cipher != b"none":
        raise KeyProblem(
            "the OpenSSH key is protected by a passphrase",
            hint="make a copy without: ssh-keygen -p -N '' -f COPY",
        )
    if (kdf, options, reader.number()) != (b"none", b"", 1):
        raise BadInput("not an OpenSSH file with one key")
    public, private = reader.string(), reader.string()
    if reader.rest:
        raise BadInput("bytes after the OpenSSH key")
    return _private_seed(public, private)


def _private_seed(public: bytes, private: bytes) -> bytes:
    reader = _Reader(private)
    checks, kind = (reader.number(), reader.number()), reader.string()
    if checks[0] != checks[1] or kind != _TYPE:
        raise BadInput("not an ssh-ed25519 private key")
    key, pair, _comment_text = reader.string(), reader.string(), reader.string()
    seed = pair[:SEED_BYTES]
    if pair != seed + key or public != _strings(_TYPE, key) or public_key(seed) != key:
        raise BadInput("the OpenSSH key's public and private halves differ")
    if len(private) % _BLOCK or reader.rest != bytes(range(1, _BLOCK))[: len(reader.rest)]:
        raise BadInput("the OpenSSH key is not padded as it should be")
    return seed


class _Reader:
    """Takes the data types of RFC 4251 §5 off the front of some bytes; BadInput when they run out."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, count: int) -> bytes:
        if count > len(self.rest):
            raise BadInput("the OpenSSH key is cut short")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.number())


def _strings(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
