"""Names: petnames to keys and URIs, and back to what a person reads.

A petname is local and never comes from the wire. An unknown name in `rate` becomes a placeholder; a near
miss of a known name is refused, because a typing error must not split a reputation in two.
"""

from __future__ import annotations

import unicodedata

from trustcli.errors import NotFound, UsageError
from trustcli.ledger.private import PETNAME
from trustcli.records import did
from trustcli.records.fingerprint import short
from trustcli.safe import word as quote
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.node import Node

ME = "me"
MAX_NAME = 64  # characters
_NEVER = frozenset(":/\\\"'`$;|&()<>*?!#~{}[]%^")  # what a path, a URI or a shell reads more into
_SHORT = 5  # names below this length are near each other at distance 1 only


class Subject(NamedTuple):
    """Whom a word on the command line means.

    `id` is a did:key, a URI, or `petname:…` unbound; `label` what a person reads; `name` the name we
    gave, if any; `word` what a command line takes.
    """

    id: str
    label: str
    name: str | None

    @property
    def word(self) -> str:
        """The name we gave, else the id: what can be typed again."""
        return self.name or self.id

    @property
    def bound(self) -> bool:
        """Whether a key or URI is known, so that ratings can be signed for others."""
        return not self.id.startswith(PETNAME)


class NameBook:
    """All names of one node, read once."""

    def __init__(self, node: Node) -> None:
        self.peers = {peer.name: peer for peer in node.ledger.private.peers()} if node.has_ledger() else {}
        self.own = node.keys.dids()
        self._keys = node.keys
        self._me = node.identity
        self._labels = {peer.subject: peer.name for peer in self.peers.values() if peer.subject}
        self._labels.update({key: name for name, key in self.own.items()})
        if self._me in self.own:
            self._labels[self.own[self._me]] = ME

    def label(self, id_: str) -> str:
        """Return what a person reads for a did:key or URI: the petname, else a short form."""
        if id_.startswith(PETNAME):
            return id_[len(PETNAME) :]
        return self._labels.get(id_) or (short(id_) if did.is_did(id_) else id_)

    def name(self, id_: str) -> str | None:
        """Return the petname or identity name of a did:key or URI, if it has one."""
        return id_[len(PETNAME) :] if id_.startswith(PETNAME) else self._labels.get(id_)

    def find(self, word: str) -> Subject | None:
        """Return whom a word means, None where nothing known fits.

        Raises:
            RecordRefused: it is a malformed did:key. NotFound, KeyProblem: `me` without a key.
        """
        if word == ME:
            if self._me not in self.own:
                if self._me in self._keys.names():
                    self._keys.did(self._me)  # raises: it says what is wrong with the file
                raise NotFound("there is no key yet", hint="trust keygen", code="no_key")
            return Subject(self.own[self._me], ME, ME)
        if word in self.peers:
            return Subject(self.peers[word].subject or PETNAME + word, word, word)
        if word in self.own:
            return Subject(self.own[word], word, word)
        if word.startswith("z6Mk") and len(word) == did.DID_LENGTH - len("did:key:"):
            word = f"did:key:{word}"
        if ":" in word:
            id_ = unicodedata.normalize("NFC", word)
            did.check_subject(id_)
            if did.is_did(id_):
                check_did(id_)
            return self.subject(id_)
        return None

    def subject(self, id_: str) -> Subject:
        """Return the subject of a did:key or URI."""
        return Subject(id_, self.label(id_), self.name(id_))

    def get(self, word: str) -> Subject:
        """Return whom a word means.

        Raises:
            NotFound: nobody; with the nearest known name as a hint. RecordRefused.
        """
        found = self.find(word)
        if found is None:
            raise self.unknown(word)
        return found

    def unknown(self, word: str) -> NotFound:
        """Return the error for an unknown name."""
        near = self.near(word)
        if near:
            return NotFound(
                f"no peer named {word!r}: did you mean {near!r}?", hint=f"trust peer show {quote(near)}"
            )
        return NotFound(
            f"no peer named {word!r}", hint=f"trust peer add {quote(word)} did:key:…", code="unknown_name"
        )

    def near(self, word: str) -> str | None:
        """Return the known name that `word` may be a slip of, if there is one."""
        limit = 1 if len(word) < _SHORT else 2
        known = [ME, *self.own, *self.peers]
        distances = sorted((distance(word.casefold(), name.casefold()), name) for name in known)
        return distances[0][1] if distances and distances[0][0] <= limit else None


def one_person(node: Node, id_: str) -> frozenset[str]:
    """Return all keys that are one rater with a key: after a rotation it is more than itself."""
    from trustcli.succession import Succession  # noqa: PLC0415  only where somebody asks whose records
    from trustcli.view import SKEW  # noqa: PLC0415

    reader = node.ledger.reader()
    keys = Succession(reader, node.clock() + SKEW).keys_of(reader.number(id_))
    return frozenset(map(reader.name, keys))


def distance(a: str, b: str) -> int:
    """Return the edit distance (insert, delete, replace, swap neighbours): Damerau 1964, restricted."""
    previous: list[int] = []
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        before, previous, row = previous, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (char != other))
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
    return row[-1]


def check_did(id_: str) -> None:
    """Refuse a did:key whose key is not a good Ed25519 point.

    Raises:
        RecordRefused: `bad_key`.
    """
    from trustcli.records import crypto  # noqa: PLC0415  only where a new key is met

    crypto.check_key(did.key_of(id_))


def check_petname(name: str) -> str:
    """Return a new petname in NFC.

    Raises:
        UsageError: it could be mistaken for something else, or cannot be typed.
    """
    name = unicodedata.normalize("NFC", name)
    wrong = (
        not 1 <= len(name) <= MAX_NAME
        or name == ME
        or name[0] in "-@."
        or any(char in _NEVER or char.isspace() or not char.isprintable() for char in name)
    )
    if wrong:
        raise UsageError(
            f"{name!r} cannot be a name",
            hint="1 to 64 letters and digits; no spaces, quotes or ; | & $ : / and not starting with - @ .",
            code="bad_name",
        )
    return name


def mixed_script(name: str) -> bool:
    """Say whether letters of a name come from different scripts, as in a look-alike of another name."""
    scripts = {unicodedata.name(char, "?").split()[0] for char in name if char.isalpha()}
    return len(scripts - {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}) > 1
