"""Whom to dial, and whom we know: the address book, and the announcements that fill it."""

from __future__ import annotations

from heapq import nsmallest

from trustcli.mesh.actions import Dial
from trustcli.mesh.announced import node_id
from trustcli.mesh.book import FEELER_EVERY, Address, Book
from trustcli.mesh.contents import note
from trustcli.mesh.messages import raws
from trustcli.mesh.payloads import PEER_ANNOUNCE, PEER_REQUEST, PEERS, PeerAnnounce, PeerRequest
from trustcli.records.crypto import record_id
from trustcli.records.envelope import BEGIN, END

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.mesh.contents import Note
    from trustcli.mesh.desk import Desk
    from trustcli.mesh.link import Link

LOOK_EVERY = 1_000  # ms between two looks into the book
SAVE_EVERY = 60_000
ASK_EVERY = 300_000  # ms between two questions for peers over one link
ANNOUNCED = 4_096  # nodes whose announcement is at hand: 3 MB
ANSWER = 12 << 10  # bytes of an answer to a question of 600: C17 of the attack table wants at most 50 times


class Dialling:
    """The links that we open, and what we tell others of nodes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.book = Book(desk.memory.secret(), desk.memory.addresses(), seeds=desk.me.seeds)
        self._announced: dict[str, Note] = {}  # the latest of each key
        self._ids: dict[str, int] = {}  # their node ids
        self._dialling: dict[str, Address] = {}  # by URL
        self._feelers: set[str] = set()
        self._linked: dict[int, Address] = {}
        self._asked: dict[int, int] = {}
        self._look = self._feel = desk.now
        self._save = desk.now + SAVE_EVERY
        desk.on_close.append(self._leave)
        for line in desk.shelf.announced():
            self._keep(note(record_id(line[BEGIN:END]), line))

    def announced(self, found: Note) -> None:
        """Learn from a new announce record where a node can be dialled."""
        if self._keep(found) and found.author != self._desk.me.did:
            held = self._desk.holders.of(found.id)
            source = next((link.address for link in self._desk.open_links() if held & link.bit), "")
            for url in found.endpoints:
                self.book.heard(url, found.author, source, self._desk.now)

    def expected(self, url: str, expect: str) -> None:
        """Note that a connection we dialled is there; the handshake decides whether it worked."""
        self._dialling.setdefault(url, Address(url, expect))

    def met(self, link: Link) -> None:
        """Note that a handshake is done."""
        address = self._dialling.pop(link.url, None)
        if address is None:
            self._desk.memory.knocked(link.did, link.address, self._desk.now)
            return
        self.book.worked(address, self._desk.now)
        self._linked[link.number] = address
        if link.url in self._feelers:
            self._desk.close(link, "bye")

    def failed(self, url: str) -> None:
        """Note that nobody answered at a URL."""
        address = self._dialling.pop(url, None)
        self._feelers.discard(url)
        if address:
            self.book.failed(address, self._desk.now)

    def near(self, target: str, limit: int) -> list[bytes]:
        """Return announce records of the nodes nearest to an id (hex) by XOR, or of any where it is empty."""
        goal = int(target or self._desk.entropy(32).hex(), 16)
        lines, room = list[bytes](), ANSWER
        for key in nsmallest(limit, self._ids, key=lambda key: self._ids[key] ^ goal):
            lines.append(self._announced[key].line)
            room -= len(lines[-1])
            if room < 0:
                return lines[:-1]
        return lines

    def answer(self, link: Link, request: PeerRequest) -> None:
        """Answer a PEER_REQUEST, a few of them a minute."""
        if link.asks.take(self._desk.now):
            link.outbox.reply(PEER_ANNOUNCE, PeerAnnounce(raws(self.near(request.near, request.limit))))

    def tick(self) -> None:
        """Dial whom the book names, ask new links for peers, keep the book."""
        now = self._desk.now
        if now >= self._look:
            self._look = now + LOOK_EVERY
            avoid = {self._desk.me.did, *(link.did for link in self._desk.open_links())}
            for address in self.book.choose(now, self._desk.entropy, avoid=avoid):
                self._dial(address)
            self._probe(avoid)
            self._ask()
        if now >= self._save:
            self._save = now + SAVE_EVERY
            self.save()

    def save(self) -> None:
        """Keep the address book."""
        self._desk.memory.save_addresses(self.book.entries())

    def next_time(self) -> int:
        """Return when `tick` has something to do."""
        return min(self._look, self._save)

    def _dial(self, address: Address) -> None:
        if address.url in self._desk.me.endpoints or (address.key and self._desk.is_banned(address.key)):
            self.book.failed(address, self._desk.now)
            return
        self._dialling[address.url] = address
        self._desk.counts["dialled"] += 1
        self._desk.actions.append(Dial(*address))

    def _probe(self, avoid: set[str]) -> None:
        """Now and then dial one more address, only to know whether it works."""
        if self._desk.now < self._feel:
            return
        self._feel = self._desk.now + FEELER_EVERY
        address = self.book.feeler(self._desk.now, self._desk.entropy, avoid=avoid)
        if address:
            self._feelers.add(address.url)
            self._dial(address)

    def _ask(self) -> None:
        for link in self._desk.open_links():
            if link.is_dialler and self._desk.now >= self._asked.get(link.number, 0):
                self._asked[link.number] = self._desk.now + ASK_EVERY
                link.outbox.reply(PEER_REQUEST, PeerRequest(PEERS, ""))

    def _keep(self, found: Note) -> bool:
        """Keep the announcement of a node if it is the latest; say whether it is."""
        known = self._announced.get(found.author)
        if found.kind != "announce" or (known and (known.created, known.id) >= (found.created, found.id)):
            return False
        self._announced[found.author] = found
        self._ids[found.author] = node_id(found.author)
        if len(self._announced) > ANNOUNCED:
            oldest = next(iter(self._announced))
            del self._announced[oldest], self._ids[oldest]
        return True

    def _leave(self, link: Link, _code: str) -> None:
        self._asked.pop(link.number, None)
        self._feelers.discard(link.url)
        address = self._linked.pop(link.number, None)
        if address:
            self.book.closed(address, self._desk.now)
        elif link.url and not link.is_open:
            self.failed(link.url)
        elif link.url in self._dialling:  # another link with the same key was kept
            address = self._dialling.pop(link.url)
            self.book.worked(address, self._desk.now)
            self.book.closed(address, self._desk.now)
