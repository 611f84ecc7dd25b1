"""Names: petnames to keys and URIs, and back to what a person reads.

A petname is local and never comes from the wire. An unknown name in `rate` becomes a placeholder; a near
miss of a known name is refused, because a typing error must not split a reputation in two.
"""

from __future__ import annotations

import unicodedata

from trustcli.errors import NotFound, RecordRefused, UsageError, WouldOverwrite
from trustcli.ledger.private import PETNAME, Peer
from trustcli.records import did
from trustcli.records.fingerprint import short
from trustcli.safe import word as quote
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

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
        self.own = {name: node.keys.did(name) for name in node.keys.names()}
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
            RecordRefused: it is a malformed did:key. NotFound: `me` before there is a key.
        """
        if word == ME:
            if self._me not in self.own:
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


def add_peer(
    node: Node, name: str, target: str, weight: float | None = None, urls: Iterable[str] = ()
) -> tuple[Peer, int]:
    """Bind a petname to a key or URI; sign and release the drafts that waited for it.

    `urls` are where the peer's node is reached, added to those known.

    Returns:
        The peer and the number of ratings released.

    Raises:
        WouldOverwrite: the name is bound to another key. UsageError, RecordRefused, NotFound.
    """
    from trustcli.node import rating  # noqa: PLC0415  binding releases drafts, rating resolves names

    name = check_petname(name)
    ledger = node.make_ledger()
    book = NameBook(node)
    if name in book.own:
        raise WouldOverwrite(f"{name!r} is a key of your own", hint="choose another name")
    found = book.find(target)
    if found is None or not found.bound:
        raise UsageError(f"{target!r} is neither a key nor a URI", hint="did:key:z6Mk…, https://…, agent:…")
    old = book.peers.get(name)
    if old and old.subject not in (None, found.id):
        raise WouldOverwrite(f"{name!r} is bound to {old.subject}", hint=f"trust peer rename {name} OTHER")
    peer = Peer(
        name, found.id, check_weight(weight) if weight is not None else old.weight if old else None,
        old.blocked if old else False, old.reason if old else None, old.added if old else node.clock(),
    )  # fmt: skip
    places = [check_url(url) for url in urls]
    ledger.private.save(peer)
    for url in places:
        ledger.network_notes.add_url(url, name)
    return peer, rating.release(node, name, found.id)


def check_url(url: str) -> str:
    """Return the URL of a node, without a slash at its end.

    Raises:
        UsageError: it is no URL of a node.
    """
    from trustcli.records import fields  # noqa: PLC0415

    url = url.rstrip("/")
    try:
        fields.endpoints([url])
    except RecordRefused:
        raise UsageError(
            f"{url!r} is not the URL of a node", hint="https://host or http://127.0.0.1:7717"
        ) from None
    return url


def check_weight(weight: float) -> float:
    """Return a weight between 0 and 1.

    Raises:
        UsageError.
    """
    if not 0 <= weight <= 1:
        raise UsageError(f"a weight is between 0 and 1, not {weight}")
    return weight


def change_peer(node: Node, word: str, *, blocked: bool, reason: str | None = None) -> Peer:
    """Block or unblock a peer; a key or URI without a name gets a short one.

    Raises:
        NotFound, RecordRefused, UsageError.
    """
    ledger = node.make_ledger()
    book = NameBook(node)
    found = book.get(word)
    if found.id in book.own.values():
        raise UsageError("you cannot block yourself")
    known = [peer for peer in book.peers.values() if found.id in (peer.subject, PETNAME + peer.name)]
    peer = known[0] if known else Peer(_free_name(book, found.id), found.id, None, False, None, node.clock())
    peer = peer._replace(blocked=blocked, reason=reason)
    ledger.private.save(peer)
    return peer


def _free_name(book: NameBook, id_: str) -> str:
    base = (
        id_[-8:]
        if did.is_did(id_)
        else "".join(char if char.isalnum() else "-" for char in id_)[:40].strip("-")
    )
    names: Iterable[str] = (base if n == 0 else f"{base}-{n}" for n in range(10_000))
    return next(name for name in names if name and name not in book.peers and name not in book.own)
