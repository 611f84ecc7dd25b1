"""Who is out there: where a key can be reached, and who knocked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from trustcli.errors import RecordRefused, TrustError, Unreachable, UsageError
from trustcli.mesh.announced import announced, node_id, supersedes
from trustcli.mesh.routing import ALPHA, BUCKET, PATHS, Contact, Table, contact, id_hex, look_up
from trustcli.node.naming import NameBook
from trustcli.node.network import announcements
from trustcli.node.verifying import TOO_NEW
from trustcli.records import did
from trustcli.records.envelope import Record
from trustcli.records.fingerprint import words
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from trustcli.ledger.network import Pending
    from trustcli.mesh.announced import Announced
    from trustcli.mesh.routing import Found
    from trustcli.node import Node
    from trustcli.node.naming import Subject

    Ask = Callable[[str, bool, str], list[bytes]]
    """Asks the node at a URL (does the user trust it?) for announcements near an id in hex.

    Returns record lines, unverified; raises TrustError where there is no good answer.
    """

TIMEOUT = 5.0  # seconds for one answer: others are asked meanwhile
_ENDPOINTS = 2  # addresses of a node that are tried


class Search(NamedTuple):
    """What came of looking for a key: its announcement or None, and how many nodes were asked and answered.

    None were asked where the ledger knew it already.
    """

    subject: Subject
    found: Announced | None
    asked: int
    answered: int


class Stranger(NamedTuple):
    """A key that connected and has no name here, with the words to compare by voice."""

    pending: Pending
    words: str


def find(node: Node, word: str, ask: Ask, *, refresh: bool = False) -> Search:
    """Look for where a key can be reached: in the ledger, then by asking nodes (`mesh.routing.look_up`).

    Announcements are verified; that of the key and those of the nodes that answered are kept.

    Args:
        refresh: ask the network even if the ledger knows.

    Raises:
        UsageError: what has no key cannot be reached. NotFound, RecordRefused: see NameBook.get.
        Unreachable: there is nobody to ask, or nobody answered.
    """
    book = NameBook(node)
    subject = book.get(word)
    if not did.is_did(subject.id):
        raise UsageError(f"{word} is no key: only nodes can be reached", hint="trust peer find did:key:…")
    node.make_ledger()
    known = announcements(node)
    if subject.id in known and not refresh:
        return Search(subject, known[subject.id], 0, 0)
    urls = dict.fromkeys([*node.settings.seeds, *node.ledger.network_notes.urls()])
    walk = _Walk(node, subject.id, ask, urls.keys())
    near = _nearby(node, known, subject.id)
    found = walk.run([*near, *_by_hand(urls.keys() - {url for one in near for url in one.endpoints})])
    if not found.nearest:
        raise Unreachable(
            "no node answered" if found.asked else "there is nobody to ask",
            hint="trust peer add NAME did:key:… --url https://…",
        )
    walk.keep(found)
    record = walk.records.get(subject.id)
    said = known.get(subject.id)
    if record is not None:
        new = announced(record.author, record.created, record.id, record.body)
        said = new if said is None or supersedes(new, said) else said
    return Search(subject, said, found.asked, len(found.nearest))


def pending(node: Node) -> list[Stranger]:
    """Return the keys that connected and have no name here, the latest first."""
    if not node.has_ledger():
        return []
    book = NameBook(node)
    return [
        Stranger(one, words(one.key))
        for one in node.ledger.network_notes.pending()
        if did.is_did(one.key) and book.name(one.key) is None
    ]


def over_http(node: Node, timeout: float = TIMEOUT) -> Ask:
    """Return what asks over HTTP."""
    from trustcli.transports.http import HttpPeer  # noqa: PLC0415  httpx: only where somebody is asked

    settings = node.settings

    def ask(url: str, trusted: bool, near: str) -> list[bytes]:
        with HttpPeer(
            url,
            network=settings.network,
            clock=node.clock,
            timeout=timeout,
            trusted=trusted,
            allow_private=settings.allow_private,
        ) as peer:
            return peer.peers(near, BUCKET)

    return ask


def _nearby(node: Node, known: dict[str, Announced], target: str) -> list[Contact]:
    """Return the announced nodes nearest to a key, few of one network; nobody blocked, nor ourselves."""
    peers = node.ledger.private.peers()
    never = {target, node.me_or_none(), *(peer.subject for peer in peers if peer.blocked)}
    table = Table(node_id(target))
    for one in known.values():
        if one.key not in never:
            table.met(contact(one.key, one.endpoints))
    return table.closest(node_id(target))


def _by_hand(urls: Collection[str]) -> list[Contact]:
    """Return the nodes at URLs that the user gave. Their keys may be unknown, so their ids are made up."""
    return [Contact(int.from_bytes(sha256(url.encode()).digest(), "big"), "", (url,)) for url in urls]


class _Walk:
    """One look-up: asks several nodes at once, verifies what they say, remembers it."""

    def __init__(self, node: Node, target: str, ask: Ask, trusted: Collection[str]) -> None:
        self._node = node
        self._target = node_id(target)
        self._ask = ask
        self._trusted = trusted  # URLs that the user gave
        self._latest = node.clock() + TOO_NEW
        self.records: dict[str, Record] = {}  # the latest announcement of each key

    def run(self, start: list[Contact]) -> Found:
        """Walk to the end."""
        me = self._node.me_or_none()
        looking = look_up(self._target, start, node_id(me) if me else None)
        with ThreadPoolExecutor(ALPHA * PATHS) as pool:
            try:
                batch = next(looking)
                while True:
                    answers = list(pool.map(self._answer, batch))
                    batch = looking.send([None if one is None else self._verified(one) for one in answers])
            except StopIteration as end:
                found: Found = end.value
                return found

    def keep(self, found: Found) -> None:
        """Store the announcements of those that answered, and of the target."""
        keys = {each.key for each in found.nearest} | {found.contact.key if found.contact else ""}
        records = [self.records[key] for key in sorted(keys & self.records.keys())]
        if records:
            self._node.ledger.append(records, self._node.clock())

    def _answer(self, asked: Contact) -> list[bytes] | None:
        """Return what a node says; None where it gives no good answer. Runs in a thread of its own."""
        for url in asked.endpoints[:_ENDPOINTS]:
            try:
                return self._ask(url, url in self._trusted, id_hex(self._target))
            except TrustError:
                continue
        return None

    def _verified(self, lines: list[bytes]) -> list[Contact]:
        """Return the contacts in an answer: announcements that are signed, not of the future, not expired."""
        found = []
        for line in lines[:BUCKET]:
            try:
                record = Record.parse(line, net=self._node.ledger.network)
            except RecordRefused:
                continue
            if record.kind == "announce" and record.created <= self._latest:
                said = announced(record.author, record.created, record.id, record.body)
                if said.holds(self._node.clock()):
                    self._remember(record)
                    found.append(contact(said.key, said.endpoints))
        return found

    def _remember(self, record: Record) -> None:
        old = self.records.get(record.author)
        if old is None or (record.created, record.id) > (old.created, old.id):
            self.records[record.author] = record
