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

import binascii

from trustcli.errors import BadInput, KeyProblem, RecordRefused, UsageError
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLIC_FORMS = ("did", "multibase", "jwk", "openssh", "hex")
SECRET_FORMS = ("multibase", "jwk", "openssh", "seed-hex")
SEED_BYTES = 32
MAX_TEXT = 16_384  # bytes of a pasted key; an OpenSSH key with a long comment stays far below
CLEAR = "trust-secret-1:"
SEALED = "trust-encrypted-1:"
_DID = "did:key:"
_CODEC = b"\x80\x26"  # multicodec 0x1300, ed25519-priv
_MULTIBASE_CHARS = 48  # z and 47 characters, always, for 34 bytes that begin with this codec
_HEX = frozenset("0123456789abcdef")
_SSH_TYPE = b"ssh-ed25519"
_SSH_MAGIC = b"openssh-key-v1\0"
_SSH_BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----"
_SSH_END = "-----END OPENSSH PRIVATE KEY-----"
_SSH_LINE = 70  # characters
_SSH_BLOCK = 8  # bytes: without a cipher, the private part is padded to a multiple of this
_SPACE = " \t\r\n"
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")  # the other alphabet and padding are nobody's


class KeyFile(NamedTuple):
    """What a key file says: when it was made (RFC 3339, UTC), whose it is, the line of the secret."""

    created: str
    did: str
    secret: str

    @property
    def encrypted(self) -> bool:
        """Whether a passphrase is needed to open it."""
        return self.secret.startswith(SEALED)


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
        return f'{{"crv":"Ed25519","kty":"OKP","x":"{base64url(key)}"}}'
    if form == "openssh":
        return f"ssh-ed25519 {_base64(_strings(_SSH_TYPE, key))}"
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
        return _multibase(seed)
    if form == "jwk":
        return f'{{"crv":"Ed25519","d":"{base64url(seed)}","kty":"OKP","x":"{base64url(key)}"}}'
    if form == "openssh":
        return _openssh(seed, key)
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
        return _seed_of_file(text)
    plain = _utf8(text).strip(_SPACE)
    if plain.startswith("{"):
        return _jwk_seed(plain)
    if plain.startswith(_SSH_BEGIN):
        return _openssh_seed(plain)
    if plain.startswith("z"):
        return _multibase_seed(plain)
    if len(plain) == 2 * SEED_BYTES and _HEX.issuperset(plain):
        return bytes.fromhex(plain)
    raise BadInput("not a secret key", hint=f"one of: {', '.join(SECRET_FORMS)}, or a key file of trust")


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


def file_text(file: KeyFile) -> bytes:
    """Return the bytes of a key file."""
    return f"# created: {file.created}\n# id: {file.did}\n{file.secret}\n".encode("ascii")


def parse_file(data: bytes) -> KeyFile:
    """Return what a key file says. Lines that begin with `#` and are not ours are somebody's notes.

    Raises:
        BadInput: it is not a key file. The secret itself is not opened, so it may still be damaged.
    """
    lines = [line for line in _utf8(data).split("\n") if line]
    secrets = [line for line in lines if not line.startswith("#")]
    if len(secrets) != 1 or not secrets[0].startswith((CLEAR, SEALED)) or not secrets[0].isascii():
        raise BadInput("a key file has one line that begins with trust-secret-1: or trust-encrypted-1:")
    return KeyFile(_created(_comment(lines, "created")), _named(_comment(lines, "id")), secrets[0])


def clear_secret(seed: bytes) -> str:
    """Return the line of a key file that holds an unencrypted seed."""
    return CLEAR + _multibase(seed)


def clear_seed(file: KeyFile) -> bytes:
    """Return the seed of an unencrypted key file.

    Raises:
        BadInput: the line is damaged, or belongs to another key than the file says.
    """
    return checked_seed(file, _multibase_seed(file.secret.removeprefix(CLEAR)))


def checked_seed(file: KeyFile, seed: bytes) -> bytes:
    """Return `seed` if it is the one of the key that the file names.

    Raises:
        BadInput: it is another's.
    """
    if did_of_seed(seed) != file.did:
        raise BadInput("the secret belongs to another key than the id line says")
    return seed


def base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 4648 §5)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Return the bytes of base64url without padding, in its one spelling.

    Raises:
        BadInput: anything else.
    """
    padded = text.encode("ascii", "replace").translate(_FROM_URL) + b"=" * (-len(text) % 4)
    return _from_base64(padded)


def _utf8(data: bytes) -> str:
    if len(data) > MAX_TEXT:
        raise BadInput("too long for a key")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadInput("a key is text, and this is not UTF-8") from None


def _multibase(seed: bytes) -> str:
    from trustcli.records.did import base58_encode  # noqa: PLC0415  loads json

    return "z" + base58_encode(_CODEC + seed)


def _multibase_seed(text: str) -> bytes:
    from trustcli.records.did import base58_decode  # noqa: PLC0415  loads json

    if len(text) == _MULTIBASE_CHARS and text.startswith("z"):
        try:
            raw = base58_decode(text[1:])
        except RecordRefused:
            raw = b""
        if len(raw) == len(_CODEC) + SEED_BYTES and raw.startswith(_CODEC):
            return raw[len(_CODEC) :]
    raise BadInput("not a secret Ed25519 key in multibase (z3u2…)")


def _seed_of_file(data: bytes) -> bytes:
    file = parse_file(data)
    if file.encrypted:
        raise KeyProblem(
            "the key file is protected by a passphrase",
            hint="copy the file as it is; it keeps its passphrase",
        )
    return clear_seed(file)


def _comment(lines: Sequence[str], label: str) -> str:
    start = f"# {label}: "
    found = [line.removeprefix(start) for line in lines if line.startswith(start)]
    if len(found) != 1:
        raise BadInput(f"a key file has one line '# {label}: …'")
    return found[0]


def _created(text: str) -> str:
    shape = "".join("0" if char in "0123456789" else char for char in text)
    if shape != "0000-00-00T00:00:00Z":
        raise BadInput("the created line is damaged")
    return text


def _named(text: str) -> str:
    from trustcli.records.did import key_of  # noqa: PLC0415  loads json

    try:
        key_of(text)
    except RecordRefused:
        raise BadInput("the id line is damaged") from None
    return text


def _check(key: bytes) -> None:
    from trustcli.records import crypto  # noqa: PLC0415  loads nacl

    crypto.check_key(key)


def _foreign_public(text: str) -> bytes:
    if text.startswith("{"):
        return _jwk_public(text)
    if text.startswith("ssh-ed25519 "):
        return _openssh_public(text)
    if len(text) == 2 * SEED_BYTES and _HEX.issuperset(text):
        return bytes.fromhex(text)
    if text.startswith(("z3u2", CLEAR, SEALED, "-----BEGIN")):
        raise BadInput("this is a secret key; a public one is wanted", hint="never paste it anywhere else")
    raise BadInput("not a public key", hint=f"one of: {', '.join(PUBLIC_FORMS)}")


def _jwk_public(text: str) -> bytes:
    members = _jwk(text)
    if "d" in members:
        raise BadInput("this is a secret key; a public one is wanted", hint="never paste it anywhere else")
    return _jwk_bytes(members, "x")


def _jwk_seed(text: str) -> bytes:
    members = _jwk(text)
    seed = _jwk_bytes(members, "d")
    if public_key(seed) != _jwk_bytes(members, "x"):
        raise BadInput("the JWK's x is not the public key of its d")
    return seed


def _jwk(text: str) -> dict[str, object]:
    import json  # noqa: PLC0415  only for this form

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


def _jwk_bytes(members: dict[str, object], name: str) -> bytes:
    value = members.get(name)
    raw = from_base64url(value) if isinstance(value, str) else b""
    if len(raw) != SEED_BYTES:
        raise BadInput(f"the JWK's {name} is not 32 bytes in base64url")
    return raw


def _openssh_public(text: str) -> bytes:
    """Take `ssh-ed25519 AAAA… comment` apart (RFC 8709 §4)."""
    if "\n" in text:
        raise BadInput("more than one line: which key is meant?")
    blob = _Reader(_from_base64(text.split(" ")[1].encode("ascii", "replace")))
    kind, key = blob.string(), blob.string()
    if kind != _SSH_TYPE or len(key) != SEED_BYTES or blob.rest:
        raise BadInput("not an ssh-ed25519 public key")
    return key


def _openssh(seed: bytes, key: bytes) -> str:
    # The check number only tells a wrong passphrase from a right one, so without one it may be fixed.
    check = key[:4]
    private = check + check + _strings(_SSH_TYPE, key, seed + key, b"")
    private += bytes(range(1, 1 + -len(private) % _SSH_BLOCK))
    head = _SSH_MAGIC + _strings(b"none", b"none", b"") + (1).to_bytes(4, "big")
    text = _base64(head + _strings(_strings(_SSH_TYPE, key), private))
    lines = [text[start : start + _SSH_LINE] for start in range(0, len(text), _SSH_LINE)]
    return "\n".join((_SSH_BEGIN, *lines, _SSH_END))


def _openssh_seed(text: str) -> bytes:
    """Take an openssh-key-v1 file apart (OpenSSH, PROTOCOL.key)."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if lines[0] != _SSH_BEGIN or lines[-1] != _SSH_END:
        raise BadInput("not a whole OpenSSH private key")
    reader = _Reader(_from_base64("".join(lines[1:-1]).encode("ascii", "replace")))
    if reader.take(len(_SSH_MAGIC)) != _SSH_MAGIC:
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
    return _openssh_private(public, private)


def _openssh_private(public: bytes, private: bytes) -> bytes:
    reader = _Reader(private)
    checks, kind = (reader.number(), reader.number()), reader.string()
    if checks[0] != checks[1] or kind != _SSH_TYPE:
        raise BadInput("not an ssh-ed25519 private key")
    key, pair, _comment_text = reader.string(), reader.string(), reader.string()
    seed = pair[:SEED_BYTES]
    if pair != seed + key or public != _strings(_SSH_TYPE, key) or public_key(seed) != key:
        raise BadInput("the OpenSSH key's public and private halves differ")
    if len(private) % _SSH_BLOCK or reader.rest != bytes(range(1, _SSH_BLOCK))[: len(reader.rest)]:
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


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode()


def _from_base64(text: bytes) -> bytes:
    """Decode padded base64 in its one spelling (RFC 4648 §3.5: no stray last bits)."""
    try:
        raw = binascii.a2b_base64(text)
    except binascii.Error:
        raise BadInput("not base64") from None
    if binascii.b2a_base64(raw, newline=False) != text:
        raise BadInput("not base64")
    return raw
