"""The address book: whom to dial, so that nobody can fill all our links.

After the address manager of Bitcoin Core (addrman.h) and Heilman, Kendler, Zohar, Goldberg, "Eclipse
Attacks on Bitcoin's Peer-to-Peer Network", USENIX Security 2015, §7: two tables whose spots follow from a
secret (tables.py), feelers, anchors that are dialled first after a restart, and a test before an address
loses its spot in `tried` to another. Added: links are spread over networks (places.py), and a host that
others name and that never answered is dialled once an hour at most, however many keys announce it.

Pure: times are Unix ms, entropy is an argument. The secret (16 to 64 random bytes) must be kept as long
as the entries are. All is bounded, whatever is heard.
"""

from __future__ import annotations

from trustcli.mesh.buckets import Dice
from trustcli.mesh.places import Crowd, place
from trustcli.mesh.tables import Address, Entry, Tables
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from trustcli.mesh.buckets import Entropy
    from trustcli.mesh.places import Place

    Fits = Callable[[Place], bool]

__all__ = ["ANCHORS", "OUTBOUND", "Address", "Book", "Entry"]

OUTBOUND = 8  # links we open: between the 5 and 10 peers that TrustNet pushes to
ANCHORS = 2  # as Bitcoin Core: more of them, and whoever is never asleep collects them over restarts
FEELER_EVERY = 120_000  # ms, as Bitcoin Core does

DIAL_TIME = 20_000  # ms until a dial that nobody reported back counts as failed
STRANGER_WAIT, STRANGER_MOST = 3_600_000, 86_400_000  # ms between dials of what never worked
FIRST_WAIT, KNOWN_MOST = 1_000, 3_600_000  # ms between dials of what worked before
SEED_MOST = 60_000  # ms at most between dials of a seed, or of who throws us out at once
FRESH_MOST, AGE_SHARE = 2_000, 16  # ms at most right after a link broke; then a 16th of the time since
STEADY = 60_000  # ms from which on a link was no accident
STRANGER_TRIES, KNOWN_TRIES = 3, 10  # failures in a row after which an address is dropped
KEEP = 604_800_000  # ms: what worked within 7 days is kept in any case (TrustNet removes after 7 days)
RECENT = 14_400_000  # ms: what worked within 4 h needs no test
MAX_SITES = 8_192  # hosts whose last dial is remembered before old ones are cleared
_DRAWS = 64  # attempts at most to draw somebody who may be dialled


class _Plan(NamedTuple):
    """One run of `choose`."""

    now: int
    avoid: Collection[str]
    crowd: Crowd
    chosen: list[Address]


class Book:
    """All addresses a node knows, and which of them it dials or has links to.

    Args:
        entries: as `entries()` returned them.
        seeds: (url, key or "") that the operator gave: dialled without regard to networks, never dropped.
    """

    def __init__(
        self, secret: bytes, entries: Iterable[Entry] = (), *, seeds: Iterable[tuple[str, str]] = ()
    ) -> None:
        self._tables = Tables(secret)
        self._seeds = {Address(*seed): None for seed in seeds if place(seed[0])}
        self._next: dict[Address, int] = {}  # not to be dialled before
        self._in_row: dict[Address, int] = {}  # failures since it last worked well, in this process
        self._dialling: dict[Address, int] = {}  # since when
        self._linked: dict[Address, int] = {}  # since when, oldest first
        self._sites: dict[str, int] = {}  # sites of strangers: when last dialled
        self._tests: dict[Address, Address] = {}  # has a spot in `tried` -> who waits for it
        self._answered = 0  # when anybody last did
        self._old_anchors: list[Address] = []
        for entry in sorted(entries, key=lambda entry: (-entry.worked, entry.heard, entry.address)):
            self._restore(entry)

    def heard(self, url: str, key: str, source: str, now: int) -> bool:
        """Note what a verified announcement by `key` says; say whether the address is new and kept.

        Args:
            source: URL or address of the peer that told us.
        """
        known = self._tables.get(Address(url, key))
        if known is not None:
            self._tables.update(known._replace(heard=now))
            return False
        return bool(key) and self._tables.add(Entry(url, key, source, now), now, self._is_busy)

    def choose(self, now: int, entropy: Entropy, *, avoid: Collection[str] = ()) -> list[Address]:
        """Return whom to dial now on the way to OUTBOUND links; these count as being dialled.

        Anchors; one seed if none is linked; draws from towns where we have no link yet; draws from any
        town; the other seeds. Report each by `worked` or `failed`, and the end of its link by `closed`.

        Args:
            avoid: keys not to dial: linked in either direction, banned, blocked, our own.
        """
        self._expire(now)
        dice, plan = Dice(entropy), _Plan(now, avoid, self._crowd(), [])
        wanted = OUTBOUND - len(self._linked) - len(self._dialling)
        for address, fits in self._candidates(dice, plan.crowd):
            if len(plan.chosen) >= wanted:
                break
            self._add(plan, address, fits)
        return plan.chosen

    def feeler(self, now: int, entropy: Entropy, *, avoid: Collection[str] = ()) -> Address | None:
        """Return an address to dial, every FEELER_EVERY ms, and to close at once when it answered.

        First one whose spot another waits for, else one that was only heard of: so `tried` stays fresh
        and grows while no link is wanted.
        """
        self._expire(now)
        dice = Dice(entropy)
        for address in [*self._tests, *(self._tables.draw_new(dice) for _ in range(self._draws()))]:
            where = place(address.url) if address else None
            if address and where and self._may_dial(address, where, now, avoid):
                self._dial(address, where, now)
                return address
        return None

    def worked(self, address: Address, now: int) -> None:
        """Note that the right key answered; the link counts until `closed`.

        An address unknown so far (another key than expected was proven there) is kept if there is room.
        """
        self._dialling.pop(address, None)
        self._linked[address] = self._answered = now
        self._tests.pop(address, None)
        if address.key and address not in self._tables:
            self._tables.add(Entry(*address, address.url, now), now, self._is_busy)
        entry = self._tables.get(address)
        if entry is not None:
            self._tables.update(entry._replace(worked=now, failed=0))
            self._promote(address, now)

    def closed(self, address: Address, now: int) -> None:
        """Note the end of a link that had `worked`."""
        steady = now - self._linked.pop(address, now) >= STEADY
        self._in_row[address] = 0 if steady else self._in_row.get(address, 0) + 1
        self._next[address] = now + self._wait(address, FIRST_WAIT, FRESH_MOST if steady else SEED_MOST)
        entry = self._tables.get(address)
        if entry is not None and steady:
            self._tables.update(entry._replace(worked=now))
        self._drop_if_unknown(address)

    def failed(self, address: Address, now: int) -> None:
        """Note that nobody, or another key, answered a dial."""
        since = self._dialling.pop(address, now)
        self._in_row[address] = self._in_row.get(address, 0) + 1
        self._next[address] = now + self._pause(address, now)
        entry = self._tables.get(address)
        if entry is not None:
            if self._linked or self._answered >= since:  # else our own network may be what is down
                entry = entry._replace(failed=entry.failed + 1)
                self._tables.update(entry)
            heir = self._tests.pop(address, None)
            if heir or _is_dead(entry, now):
                self._forget(address)
            if heir:
                self._promote(heir, now)
        self._drop_if_unknown(address)

    def anchors(self) -> list[Address]:
        """Return the ANCHORS to dial first after a restart: those linked longest, then those of before."""
        return list(dict.fromkeys([*self._linked, *self._old_anchors]))[:ANCHORS]

    def entries(self) -> list[Entry]:
        """Return all that a later Book needs. Seeds are settings and come from there, not from here."""
        anchors = set(self.anchors())
        return [entry._replace(anchor=entry.address in anchors) for entry in self._tables]

    def get(self, url: str, key: str) -> Entry | None:
        """Return what is known of an address."""
        return self._tables.get(Address(url, key))

    def __len__(self) -> int:
        return len(self._tables)

    def _restore(self, entry: Entry) -> None:
        where = place(entry.url)
        if where is None or not self._tables.restore(entry._replace(anchor=False)):
            return
        if entry.anchor:
            self._old_anchors.append(entry.address)
        if entry.dialled and not entry.worked:
            self._sites[where.site] = max(entry.dialled, self._sites.get(where.site, 0))

    def _candidates(self, dice: Dice, crowd: Crowd) -> Iterator[tuple[Address | None, Fits]]:
        """Yield whom one might dial, and where it may be."""
        for anchor in self.anchors():
            yield anchor, crowd.has_room
        seeds = dice.shuffled(self._seeds)
        if seeds and not any(self._is_busy(seed) for seed in seeds):
            yield seeds[0], _anywhere
        for fits in (crowd.is_new_town, crowd.has_room):
            for _ in range(self._draws()):
                yield self._tables.draw(dice), fits
        for seed in seeds:
            yield seed, _anywhere

    def _draws(self) -> int:
        """Return how often to draw: in a small book few draws meet everybody."""
        return min(_DRAWS, 8 * len(self._tables))

    def _add(self, plan: _Plan, address: Address | None, fits: Fits) -> None:
        where = place(address.url) if address else None
        if address and where and fits(where) and self._may_dial(address, where, plan.now, plan.avoid):
            self._dial(address, where, plan.now)
            plan.crowd.add(where)
            plan.chosen.append(address)

    def _may_dial(self, address: Address, where: Place, now: int, avoid: Collection[str]) -> bool:
        if address.key in avoid or now < self._next.get(address, 0) or self._is_busy(address):
            return False
        for other in (*self._linked, *self._dialling):
            if address.url == other.url or (address.key and address.key == other.key):
                return False
        return (
            not self._is_stranger(address)
            or now >= self._sites.get(where.site, -STRANGER_WAIT) + STRANGER_WAIT
        )

    def _dial(self, address: Address, where: Place, now: int) -> None:
        self._dialling[address] = now
        entry = self._tables.get(address)
        if entry is not None:
            self._tables.update(entry._replace(dialled=now))
        if self._is_stranger(address):
            self._sites[where.site] = now

    def _is_busy(self, address: Address) -> bool:
        return address in self._dialling or address in self._linked

    def _is_stranger(self, address: Address) -> bool:
        entry = self._tables.get(address)
        return address not in self._seeds and (entry is None or not entry.worked)

    def _crowd(self) -> Crowd:
        return Crowd(place(address.url) for table in (self._linked, self._dialling) for address in table)

    def _promote(self, address: Address, now: int) -> None:
        there = self._tables.promote(address)
        owner = self._tables.get(there) if there else None
        if owner and not self._is_busy(owner.address) and owner.worked < now - RECENT:
            self._tests[owner.address] = address

    def _forget(self, address: Address) -> None:
        self._tables.forget(address)
        self._tests = {old: heir for old, heir in self._tests.items() if address not in (old, heir)}
        self._old_anchors = [anchor for anchor in self._old_anchors if anchor != address]

    def _drop_if_unknown(self, address: Address) -> None:
        if address not in self._tables and address not in self._seeds:
            self._next.pop(address, None)
            self._in_row.pop(address, None)

    def _expire(self, now: int) -> None:
        for address, since in list(self._dialling.items()):
            if since <= now - DIAL_TIME:
                self.failed(address, since + DIAL_TIME)
        if len(self._sites) > MAX_SITES:
            self._sites = {site: at for site, at in self._sites.items() if at > now - STRANGER_WAIT}

    def _pause(self, address: Address, now: int) -> int:
        """Return for how many ms an address that failed is left alone."""
        entry = self._tables.get(address)
        if address in self._seeds:
            return self._wait(address, FIRST_WAIT, SEED_MOST)
        if entry is None or not entry.worked:
            return self._wait(address, 2 * STRANGER_WAIT, STRANGER_MOST)
        most = min(max(FRESH_MOST, (now - entry.worked) // AGE_SHARE), KNOWN_MOST)
        return self._wait(address, FIRST_WAIT, most)

    def _wait(self, address: Address, first: int, most: int) -> int:
        """Return ms, doubled for each failure in a row; of them a half to all, as nobody can foresee."""
        row = self._in_row.get(address, 0)
        whole = min(first << min(max(row - 1, 0), 32), most)
        return whole // 2 + self._tables.hash("jitter", *address, str(row)) % (whole // 2 + 1)


def _anywhere(_where: Place) -> bool:
    return True


def _is_dead(entry: Entry, now: int) -> bool:
    if not entry.worked:
        return entry.failed >= STRANGER_TRIES
    return entry.failed >= KNOWN_TRIES and entry.worked < now - KEEP
