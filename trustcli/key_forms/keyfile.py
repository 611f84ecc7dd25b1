"""The text of our own key files; where they lie and who may read them is the business of trustcli.keys."""

from __future__ import annotations

from trustcli.errors import BadInput, KeyProblem, RecordRefused
from trustcli.key_forms.seed import did_of_seed, from_multibase, multibase
from trustcli.key_forms.text import utf8
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

CLEAR = "trust-secret-1:"
SEALED = "trust-encrypted-1:"


class KeyFile(NamedTuple):
    """What a key file says: when it was made (RFC 3339, UTC), whose it is, the line of the secret."""

    created: str
    did: str
    secret: str

    @property
    def encrypted(self) -> bool:
        """Whether a passphrase is needed to open it."""
        return self.secret.startswith(SEALED)


def file_text(file: KeyFile) -> bytes:
    """Return the bytes of a key file."""
    return f"# created: {file.created}\n# id: {file.did}\n{file.secret}\n".encode("ascii")


def parse_file(data: bytes) -> KeyFile:
    """Return what a key file says. Lines that begin with `#` and are not ours are somebody's notes.

    Raises:
        BadInput: it is not a key file. The secret itself is not opened, so it may still be damaged.
    """
    lines = [line for line in utf8(data).split("\n") if line]
    secrets = [line for line in lines if not line.startswith("#")]
    if len(secrets) != 1 or not secrets[0].startswith((CLEAR, SEALED)) or not secrets[0].isascii():
        raise BadInput("a key file has one line that begins with trust-secret-1: or trust-encrypted-1:")
    return KeyFile(_created(_comment(lines, "created")), _named(_comment(lines, "id")), secrets[0])


def clear_secret(seed: bytes) -> str:
    """Return the line of a key file that holds an unencrypted seed."""
    return CLEAR + multibase(seed)


def clear_seed(file: KeyFile) -> bytes:
    """Return the seed of an unencrypted key file.

    Raises:
        BadInput: the line is damaged, or belongs to another key than the file says.
    """
    return checked_seed(file, from_multibase(file.secret.removeprefix(CLEAR)))


def checked_seed(file: KeyFile, seed: bytes) -> bytes:
    """Return `seed` if it is the one of the key that the file names.

    Raises:
        BadInput: it is another's.
    """
    if did_of_seed(seed) != file.did:
        raise BadInput("the secret belongs to another key than the id line says")
    return seed


def seed_of_file(data: bytes) -> bytes:
    """Return the 32-byte seed in the bytes of an unencrypted key file.

    Raises:
        KeyProblem: it is protected by a passphrase.
        BadInput: it is not a key file, or a damaged one.
    """
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
