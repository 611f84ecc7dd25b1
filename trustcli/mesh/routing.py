"""Whom to ask for a node: a Kademlia table, and a look-up that hostile nodes find hard to capture.

Maymounkov and Mazières, "Kademlia: A Peer-to-peer Information System Based on the XOR Metric", IPTPS 2002
(table, §2.2, §2.4: the oldest contact that still answers stays); Baumgart and Mies, "S/Kademlia", ICPADS
2007 (§4.4: disjoint paths). An id is SHA-256 of the public key, so it takes work, but only seconds of it,
to have ids next to a target; therefore a path asks by network as well as by distance: see `look_up`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence

from trustcli.mesh.announced import node_id
from trustcli.mesh.places import Crowd, Place, place
from trustcli.value import NamedTuple

BUCKET = 20  # contacts of one bucket, Kademlia's k, and of one answer
WAITING = 20  # newcomers that wait for a place in a full bucket
ALPHA = 3  # nodes asked at once on one path
PATHS = 2  # that share no node
ASKED = 40  # nodes asked on one path before it gives up: log₂ of a large network, and twice as many liars
SILENT = 2  # questions in a row without an answer after which a contact leaves


def id_hex(id_: int) -> str:
    """Return an id as 64 hex digits."""
    return f"{id_:064x}"


class Contact(NamedTuple):
    """A node as its own announcement describes it."""

    id: int
    key: str
    endpoints: tuple[str, ...]


def contact(key: str, endpoints: Iterable[str]) -> Contact:
    """Return the contact of a did:key.

    Raises:
        RecordRefused: `bad_key`.
    """
    return Contact(node_id(key), key, tuple(endpoints))


def place_of(contact: Contact) -> Place | None:
    """Return where the first endpoint of a contact is; None where it cannot be dialled."""
    return place(contact.endpoints[0]) if contact.endpoints else None


class Table:
    """The contacts of one node, in buckets by the length of the common prefix with its own id.

    A bucket takes PER_STREET contacts of one street and PER_TOWN of one town, as go-ethereum's table
    does by /24, so that ids ground on a few machines do not fill the bucket of their victim.
    """

    def __init__(self, own: int) -> None:
        self._own = own
        self._buckets: dict[int, _Bucket] = {}

    def __len__(self) -> int:
        return sum(len(bucket.contacts) for bucket in self._buckets.values())

    def __contains__(self, id_: int) -> bool:
        return id_ in self._bucket(id_).contacts

    def met(self, contact: Contact) -> Contact | None:
        """Note that a node answered us.

        Returns:
            None when it has a place, or cannot have one. Else the oldest contact of its full bucket: to be
            asked, then reported by `met` if it answers and by `silent` if not; the newcomer waits.
        """
        where = place_of(contact)
        if contact.id == self._own or where is None:
            return None
        return self._bucket(contact.id).met(contact, where)

    def silent(self, id_: int) -> None:
        """Note that a contact did not answer; at the SILENT-th time in a row it leaves for a waiting one."""
        self._bucket(id_).silent(id_)

    def closest(self, target: int, count: int = BUCKET) -> list[Contact]:
        """Return up to `count` contacts, nearest to `target` by XOR first."""
        everybody = (each for bucket in self._buckets.values() for each in bucket.contacts.values())
        return sorted(everybody, key=lambda contact: contact.id ^ target)[:count]

    def _bucket(self, id_: int) -> _Bucket:
        index = (id_ ^ self._own).bit_length()
        if index not in self._buckets:
            self._buckets[index] = _Bucket()
        return self._buckets[index]


class _Bucket:
    """Contacts oldest first, and newcomers that wait for one of them to fall silent."""

    def __init__(self) -> None:
        self.contacts: dict[int, Contact] = {}
        self._waiting: dict[int, Contact] = {}
        self._silences: dict[int, int] = {}
        self._crowd = Crowd(())

    def met(self, contact: Contact, where: Place) -> Contact | None:
        self._leave(contact.id)
        if not self._crowd.is_spread(where):
            return None
        if len(self.contacts) < BUCKET:
            self.contacts[contact.id] = contact
            self._crowd.add(where)
            return None
        self._waiting.pop(contact.id, None)
        self._waiting[contact.id] = contact
        if len(self._waiting) > WAITING:
            del self._waiting[next(iter(self._waiting))]
        return next(iter(self.contacts.values()))

    def silent(self, id_: int) -> None:
        self._waiting.pop(id_, None)
        if id_ not in self.contacts:
            return
        self._silences[id_] = self._silences.get(id_, 0) + 1
        if self._silences[id_] < SILENT:
            return
        self._leave(id_)
        while self._waiting and len(self.contacts) < BUCKET:
            _, newest = self._waiting.popitem()
            where = place_of(newest)
            if where is not None:
                self.met(newest, where)

    def _leave(self, id_: int) -> None:
        self._silences.pop(id_, None)
        contact = self.contacts.pop(id_, None)
        where = place_of(contact) if contact else None
        if where is not None:
            self._crowd.remove(where)


class Found(NamedTuple):
    """What a look-up ends with: the target or None, how many were asked, who answered, nearest first."""

    contact: Contact | None
    asked: int
    nearest: list[Contact]


Answers = Sequence[Sequence[Contact] | None]
"""Of each node that was asked: whom it named, or None where it did not answer."""


def look_up(
    target: int, known: Iterable[Contact], own: int | None = None
) -> Generator[list[Contact], Answers, Found]:
    """Look for the node with the id `target`, starting from `known` contacts.

    Yields lists of contacts to ask `near target`, all at once, and wants their answers in the same order.
    The caller has verified that every contact comes from its node's own announcement, so what is found
    is true, and liars can only keep silent about it.

    PATHS paths never ask the same node. A path keeps apart what it learnt by way of each of the contacts
    it started with and takes turns between these, so one liar among them captures its own branch only; and
    it spreads its questions over networks as a bucket does, however near the target some ids are.
    """
    start = sorted((c for c in set(known) if c.id != own), key=lambda c: c.id ^ target)
    paths = [_Path(target, start[first::PATHS]) for first in range(PATHS)]
    taken = {own} if own is not None else set[int]()
    nearest: dict[int, Contact] = {}
    asked = 0
    there = next((c for c in start if c.id == target), None)
    while there is None:
        batch = [(path, each) for path in paths for each in path.next(taken)]
        if not batch:
            break
        answers = yield [each for _, each in batch]
        asked += len(batch)
        for (path, each), answer in zip(batch, answers, strict=True):
            if answer is not None:
                nearest[each.id] = each
                path.learn(each, answer)
                there = there or next((c for c in answer if c.id == target), None)
    close = sorted(nearest.values(), key=lambda c: c.id ^ target)[:BUCKET]
    return Found(there, asked, close)


class _Path:
    """One of the disjoint paths of a look-up."""

    def __init__(self, target: int, start: list[Contact]) -> None:
        self._target = target
        self._branches = [[contact] for contact in start]
        self._branch_of: dict[int, list[Contact]] = {c.id: b for b in self._branches for c in b}
        self._crowd = Crowd(())
        self._asked = 0

    def next(self, taken: set[int]) -> list[Contact]:
        """Return up to ALPHA nodes to ask now and mark them as taken."""
        batch: list[Contact] = []
        for branch in list(self._branches):
            if len(batch) == ALPHA or self._asked == ASKED:
                break
            self._branches.append(self._branches.pop(0))
            chosen = self._pick(branch, taken)
            if chosen:
                taken.add(chosen.id)
                batch.append(chosen)
                self._asked += 1
        return batch

    def learn(self, teller: Contact, named: Sequence[Contact]) -> None:
        """Add whom a node named to its branch; no more than BUCKET count."""
        branch = self._branch_of[teller.id]
        for contact in named[:BUCKET]:
            if contact.id not in self._branch_of:
                self._branch_of[contact.id] = branch
                branch.append(contact)

    def _pick(self, branch: list[Contact], taken: set[int]) -> Contact | None:
        """Return the nearest of a branch whom nobody asked and whose street is not crowded."""
        branch.sort(key=lambda contact: contact.id ^ self._target)
        for contact in branch:
            where = place_of(contact)
            if contact.id not in taken and where is not None and self._crowd.is_spread(where):
                self._crowd.add(where)
                branch.remove(contact)
                return contact
        return None
