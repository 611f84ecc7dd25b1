"""The two tables of the address book, and where in them an address may stand.

The spot follows from a secret, the address's own town, and (for what was only heard) the town of who told
us. So all that one town tells goes into NEW_SPREAD buckets, all addresses of one town that ever worked
into TRIED_SPREAD, and nobody outside knows which. Fewer buckets a town than Bitcoin Core has (64 and 8 of
1,024 and 256), as our networks are smaller: tests/unit/test_book.py has the siege that sets the figures.
"""

from __future__ import annotations

from hashlib import blake2b

from trustcli.mesh.buckets import Buckets
from trustcli.mesh.places import place
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trustcli.mesh.buckets import Dice, Spot
    from trustcli.mesh.places import Place

NEW_BUCKETS, NEW_SPREAD = 256, 4
TRIED_BUCKETS, TRIED_SPREAD = 256, 1
SLOTS = 32  # addresses of one bucket: at most 8,192 new and as many tried ones, a few MB
PER_KEY = 4  # addresses of one key
STALE = 2_592_000_000  # ms: 30 days after it was heard of an address gives way


class Address(NamedTuple):
    """A URL and the did:key that must answer there; the key is empty where nobody said (seeds only)."""

    url: str
    key: str


class Entry(NamedTuple):
    """What is known of an address and must survive a restart. Times are Unix ms, 0 means never.

    `source` is the address or URL of who told us; `failed` counts failures in a row that were not
    our own (somebody else answered meanwhile).
    """

    url: str
    key: str
    source: str
    heard: int
    dialled: int = 0
    worked: int = 0
    failed: int = 0
    tried: bool = False
    anchor: bool = False

    @property
    def address(self) -> Address:
        """Whom this is about."""
        return Address(self.url, self.key)


class Tables:
    """Entries by address, each in `new` or in `tried`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._entries: dict[Address, Entry] = {}
        self._by_key: dict[str, list[Address]] = {}
        self._new: Buckets[Address] = Buckets()
        self._tried: Buckets[Address] = Buckets()

    def __contains__(self, address: Address) -> bool:
        return address in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        for address, entry in self._entries.items():
            yield entry._replace(tried=address in self._tried)

    def get(self, address: Address) -> Entry | None:
        """Return what is known of an address."""
        return self._entries.get(address)

    def update(self, entry: Entry) -> None:
        """Replace what is known of an address; nothing happens when it has left."""
        if entry.address in self._entries:
            self._entries[entry.address] = entry

    def add(self, entry: Entry, now: int, is_busy: Callable[[Address], bool]) -> bool:
        """Put an address into `new`; say whether there was a spot.

        Who stands there stays, unless it never worked and either failed or is stale. Of a key with
        PER_KEY addresses the oldest unproven one leaves.
        """
        where = place(entry.url)
        if where is None or entry.address in self._entries:
            return False
        spot = self._new_spot(entry, where)
        there = self._new.at(spot)
        if there is not None:
            old = self._entries[there]
            if old.worked or is_busy(there) or not (old.failed or old.heard < now - STALE):
                return False
        if not self._make_room(entry.key, is_busy):
            return False
        if there is not None:
            self.forget(there)
        self._keep(entry)
        self._new.put(entry.address, spot)
        return True

    def restore(self, entry: Entry) -> bool:
        """Put back an entry as it was written; say whether its spot was free."""
        where = place(entry.url)
        if where is None or not entry.tried:
            return self.add(entry, entry.heard, lambda _: True)
        spot = self._tried_spot(entry.address, where)
        if entry.address in self._entries or self._tried.at(spot) is not None:
            return False
        self._keep(entry)
        self._tried.put(entry.address, spot)
        return True

    def promote(self, address: Address) -> Address | None:
        """Move an address into `tried`; return who has its spot instead, None when it is done."""
        where = place(address.url)
        if where is None or address not in self._entries or address in self._tried:
            return None
        spot = self._tried_spot(address, where)
        there = self._tried.at(spot)
        if there is None:
            self._new.remove(address)
            self._tried.put(address, spot)
        return there

    def forget(self, address: Address) -> None:
        """Drop an address."""
        if self._entries.pop(address, None) is None:
            return
        self._new.remove(address)
        self._tried.remove(address)
        self._by_key[address.key].remove(address)
        if not self._by_key[address.key]:
            del self._by_key[address.key]

    def draw(self, dice: Dice) -> Address | None:
        """Return anybody, of `tried` three times of four: to be there costs more than an announcement."""
        first, second = (self._tried, self._new) if dice.below(4) else (self._new, self._tried)
        return first.draw(dice) or second.draw(dice)

    def draw_new(self, dice: Dice) -> Address | None:
        """Return somebody who was only heard of."""
        return self._new.draw(dice)

    def _keep(self, entry: Entry) -> None:
        self._entries[entry.address] = entry
        self._by_key.setdefault(entry.key, []).append(entry.address)

    def _make_room(self, key: str, is_busy: Callable[[Address], bool]) -> bool:
        mine = self._by_key.get(key, [])
        if len(mine) < PER_KEY:
            return True
        idle = [each for each in mine if not self._entries[each].worked and not is_busy(each)]
        if idle:
            self.forget(idle[0])
        return bool(idle)

    def _new_spot(self, entry: Entry, where: Place) -> Spot:
        source = place(entry.source)
        told_in = source.town if source else ""
        part = self.hash("new part", where.town, told_in) % NEW_SPREAD
        bucket = self.hash("new", told_in, str(part)) % NEW_BUCKETS
        return bucket, self.hash("new slot", str(bucket), *entry.address) % SLOTS

    def _tried_spot(self, address: Address, where: Place) -> Spot:
        part = self.hash("tried part", *address) % TRIED_SPREAD
        bucket = self.hash("tried", where.town, str(part)) % TRIED_BUCKETS
        return bucket, self.hash("tried slot", str(bucket), *address) % SLOTS

    def hash(self, *parts: str) -> int:
        """Return 64 bits that follow from the parts, for whoever has the secret only."""
        text = "\n".join(parts).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8, key=self._secret).digest(), "big")
