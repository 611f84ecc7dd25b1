"""The address book under attack: Heilman et al. 2015 in small, on a clock and dice of the test's own."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from trustcli.mesh import book as rules
from trustcli.mesh.book import ANCHORS, OUTBOUND, Address, Book, Entry
from trustcli.mesh.places import PER_STREET, place
from trustcli.mesh.tables import NEW_SPREAD, PER_KEY, SLOTS, STALE, TRIED_BUCKETS, Tables

if TYPE_CHECKING:
    from collections.abc import Collection

    from trustcli.mesh.buckets import Entropy

SECRET = b"a secret of this test's own"
NOW = 1_780_000_000_000
HOUR, MINUTE = 3_600_000, 60_000


def dice(seed: int = 1) -> random.Random:
    return random.Random(seed)


def town(number: int) -> str:
    """Return the number-th /16 of the internet, as `a.b`."""
    return f"{1 + number // 256 % 9}.{number % 256}"


class Dialler(Protocol):
    """What the simulation needs of a book."""

    def heard(self, url: str, key: str, source: str, now: int) -> bool: ...
    def choose(self, now: int, entropy: Entropy, *, avoid: Collection[str] = ()) -> list[Address]: ...
    def feeler(self, now: int, entropy: Entropy) -> Address | None: ...
    def worked(self, address: Address, now: int) -> None: ...
    def failed(self, address: Address, now: int) -> None: ...
    def closed(self, address: Address, now: int) -> None: ...
    def anchors(self) -> list[Address]: ...
    def entries(self) -> list[Entry]: ...


class Uniform:
    """The control: dials anybody it heard of, each as likely, and remembers no more."""

    def __init__(self, entries: list[Entry]) -> None:
        self._known = {entry.address: entry for entry in entries}
        self._linked: set[Address] = set()

    def heard(self, url: str, key: str, source: str, now: int) -> bool:
        self._known.setdefault(Address(url, key), Entry(url, key, source, now))
        return True

    def choose(self, now: int, entropy: Entropy, *, avoid: Collection[str] = ()) -> list[Address]:
        chance = random.Random(entropy(16))
        free = sorted(self._known.keys() - self._linked)
        return chance.sample(free, min(OUTBOUND - len(self._linked), len(free)))

    def feeler(self, now: int, entropy: Entropy) -> Address | None:
        return None

    def worked(self, address: Address, now: int) -> None:
        self._linked.add(address)

    def failed(self, address: Address, now: int) -> None:
        pass

    def closed(self, address: Address, now: int) -> None:
        self._linked.discard(address)

    def anchors(self) -> list[Address]:
        return []

    def entries(self) -> list[Entry]:
        return list(self._known.values())


class Siege:
    """20 honest nodes of as many towns, four of five awake at a time; 2,000 attackers of a few towns."""

    def __init__(self, seed: int, towns: int = 4) -> None:
        self.chance = dice(seed)
        self.honest = [Address(f"https://{town(n * 97)}.{n}.9", f"honest {n}") for n in range(20)]
        self.attackers = [
            Address(f"https://66.{n % towns}.{n // towns % 256}.{n % 250}:{n}", f"attacker {n}")
            for n in range(2_000)
        ]

    def restarts(self, kind: type[Uniform] | None, times: int) -> tuple[float, float]:
        """Return the share of restarts that ended with attackers only, and that of anchors met again."""
        entries: list[Entry] = []
        captured = awaited = met = 0
        for number in range(times):
            book: Dialler = kind(entries) if kind else Book(SECRET, entries)
            now = NOW + number * 2 * HOUR
            awake = {honest for honest in self.honest if self.chance.random() < 0.8}
            self._tell(book, now, self.attackers if number == 0 else self.chance.sample(self.attackers, 200))
            anchors = {anchor for anchor in book.anchors() if anchor in awake or anchor in self.attackers}
            linked = self._connect(book, now, awake)
            awaited, met = awaited + len(anchors), met + len(anchors & linked)
            captured += not linked & awake
            for minute in range(2, 60, 2):
                self._feel(book, now + minute * MINUTE, awake)
            entries = book.entries()
        return captured / times, met / awaited if awaited else 0.0

    def _tell(self, book: Dialler, now: int, attackers: list[Address]) -> None:
        for attacker in attackers:
            book.heard(*attacker, self.chance.choice(self.attackers).url, now)
        for honest in self.honest:
            book.heard(*honest, self.chance.choice(self.honest).url, now)

    def _connect(self, book: Dialler, now: int, awake: set[Address]) -> set[Address]:
        linked: set[Address] = set()
        for second in range(0, 120, 2):
            for address in book.choose(now + second * 1_000, self.chance.randbytes):
                if address in awake or address.key.startswith("attacker"):
                    book.worked(address, now + second * 1_000)
                    linked.add(address)
                else:
                    book.failed(address, now + second * 1_000)
        return linked

    def _feel(self, book: Dialler, now: int, awake: set[Address]) -> None:
        address = book.feeler(now, self.chance.randbytes)
        if address is None:
            return
        if address in awake or address.key.startswith("attacker"):
            book.worked(address, now)
            book.closed(address, now)
        else:
            book.failed(address, now)


def test_attackers_of_a_few_networks_never_hold_all_links(slow: bool) -> None:
    """C13: of 100 restarts (10,000 with --slow) under 1 % end among attackers only; anchors always return."""
    captured, met = Siege(1).restarts(None, 10_000 if slow else 100)
    assert captured < 0.01
    assert met == 1.0


def test_the_siege_is_a_danger() -> None:
    """The control: a book that draws from all it heard of is captured at most restarts."""
    captured, _ = Siege(1).restarts(Uniform, 30)
    assert captured > 0.5


def test_attackers_of_eight_networks_hold_all_links_rarely(slow: bool) -> None:
    """With a town for every link there is, still under 1 % of restarts end among attackers only."""
    captured, met = Siege(1, towns=OUTBOUND).restarts(None, 1_000 if slow else 100)
    assert captured < 0.01
    assert met == 1.0


def chosen(book: Book, now: int = NOW, seed: int = 1) -> list[Address]:
    return book.choose(now, dice(seed).randbytes)


def test_one_street_gets_two_links() -> None:
    """C14: 200 keys in one /24, or in one /48, or under one registered name, get at most two links."""
    for pattern in ("https://5.6.7.{}", "wss://[2001:db8:7:{:x}::1]", "https://n{}.example.co.uk"):
        book = Book(SECRET)
        for number in range(200):
            book.heard(pattern.format(number), f"key {number}", f"https://{town(number)}.0.1", NOW)
        now, links = NOW, 0
        for _ in range(50):
            now += HOUR + 1
            for link in chosen(book, now):
                book.worked(link, now)
                links += 1
        assert links == PER_STREET, pattern


def test_links_go_to_different_towns_first() -> None:
    """With eight towns at hand no town gets two links, however many addresses one of them has."""
    book = Book(SECRET)
    for number in range(400):
        book.heard(f"https://7.7.{number % 256}.{number // 256}", f"many {number}", "https://7.7.7.7", NOW)
    for number in range(30):
        book.heard(f"https://{town(number)}.1.1", f"key {number}", f"https://{town(number + 9)}.1.1", NOW)
    links = chosen(book)
    assert len(links) == OUTBOUND
    assert max(Counter(place(link.url).town for link in links).values()) == 1  # type: ignore[union-attr]


def test_a_devnet_on_one_machine_fills_its_links() -> None:
    """On the loopback interface each port is a place of its own."""
    book = Book(SECRET)
    for port in range(7000, 7012):
        book.heard(f"http://127.0.0.1:{port}", f"key {port}", "127.0.0.1:7000", NOW)
    assert len(chosen(book)) == OUTBOUND


@pytest.mark.parametrize("victim", ["https://9.9.9.9:{}", "https://n{}.victim.example", "wss://[2a00::{:x}]"])
def test_a_victim_is_dialled_once_an_hour(victim: str) -> None:
    """C17: a thousand keys announce addresses of one host that never answers: one dial an hour."""
    book, chance = Book(SECRET), dice()
    dials = []
    for minute in range(0, 6 * 60, 5):
        now = NOW + minute * MINUTE
        for number in range(1_000):
            book.heard(victim.format(number + 1), f"key {number}", f"https://{town(number)}.3.4", now)
        for address in book.choose(now, chance.randbytes):
            dials.append(now)
            book.failed(address, now + 1_000)
        feeler = book.feeler(now, chance.randbytes)
        if feeler:
            dials.append(now)
            book.failed(feeler, now)
    assert len(dials) > 1
    assert all(later - earlier >= HOUR for earlier, later in pairwise(dials))


def test_a_victim_is_remembered_over_a_restart() -> None:
    """C17: neither a restart nor another key opens the hour again."""
    book = Book(SECRET)
    book.heard("https://9.9.9.9", "one", "https://1.2.3.4", NOW)
    assert [address.key for address in chosen(book)] == ["one"]
    later = Book(SECRET, book.entries())
    later.heard("https://9.9.9.9:444", "two", "https://1.2.3.4", NOW)
    assert chosen(later, NOW + 59 * MINUTE) == []
    assert len(chosen(later, NOW + 61 * MINUTE)) == 1


def test_anchors_are_the_oldest_links_and_come_first() -> None:
    """After a restart the links that lasted longest are dialled before anybody else."""
    book = Book(SECRET)
    for number in range(20):
        book.heard(f"https://{town(number)}.1.1", f"key {number}", "https://8.8.8.8", NOW)
    links = chosen(book)
    for later, link in enumerate(links):
        book.worked(link, NOW + later)
    assert book.anchors() == links[:ANCHORS]
    book.closed(links[0], NOW + HOUR)
    assert book.anchors() == links[1 : ANCHORS + 1]
    again = Book(SECRET, book.entries())
    assert set(chosen(again, NOW + 2 * HOUR, seed=5)[:ANCHORS]) == set(links[1 : ANCHORS + 1])


def test_entries_survive_a_restart() -> None:
    """What is written and read back is the same book."""
    book = Book(SECRET)
    for number in range(300):
        book.heard(f"https://{town(number)}.1.1", f"key {number}", f"https://{town(number // 7)}.1.1", NOW)
    for link in chosen(book):
        book.worked(link, NOW)
    again = Book(SECRET, book.entries())
    assert sorted(again.entries()) == sorted(book.entries())
    assert sum(entry.tried for entry in book.entries()) == OUTBOUND


def test_an_address_is_tested_before_it_loses_its_spot() -> None:
    """Test before evict: who answers the feeler stays, who does not answer makes room."""
    for answers in (True, False):
        book, old, new = _rivals()
        later = NOW + 5 * HOUR
        book.worked(new, later)
        book.closed(new, later)
        assert book.feeler(later, dice().randbytes) == old
        if answers:
            book.worked(old, later)
            book.closed(old, later)
        else:
            book.failed(old, later)
        tried = {entry.address for entry in book.entries() if entry.tried}
        assert (old in tried, new in tried) == (answers, not answers)


def _rivals() -> tuple[Book, Address, Address]:
    """Return a book, an address in its `tried`, and one whose spot there is the same."""
    book, spots = Book(SECRET), dict[tuple[int, int], Address]()
    tables = Tables(SECRET)
    for number in range(TRIED_BUCKETS * SLOTS):
        address = Address(f"https://{town(number)}.1.1", f"key {number}")
        where = place(address.url)
        assert where is not None
        spot = tables._tried_spot(address, where)
        if spot in spots:
            old = spots[spot]
            assert book.heard(*old, "https://8.8.8.8", NOW)
            assert book.heard(*address, "https://8.8.8.8", NOW)
            book.worked(old, NOW)
            book.closed(old, NOW)
            return book, old, address
        spots[spot] = address
    raise AssertionError("no two addresses share a spot")


@pytest.mark.parametrize(
    ("known", "gives_way"),
    [
        ({}, False),
        ({"failed": 1}, True),
        ({"heard": NOW - STALE - 1}, True),
        ({"failed": 1, "worked": NOW}, False),
    ],
)
def test_who_gives_way_in_the_table_of_the_new(known: dict[str, Any], gives_way: bool) -> None:
    """An unproven address that failed or is a month old; nobody else, however many want its spot."""
    tables = Tables(SECRET)
    first = Entry("https://5.5.5.5", "first", "https://6.6.6.6", NOW)
    assert tables.add(first, NOW, lambda _: False)
    tables.update(first._replace(**known))
    for number in range(40 * SLOTS * NEW_SPREAD):
        tables.add(
            Entry(f"https://5.5.5.5:{number}", f"key {number}", first.source, NOW), NOW, lambda _: False
        )
    assert (first.address not in tables) == gives_way


def test_the_book_is_bounded() -> None:
    """A flood from one source fills the buckets of that source; a key has at most PER_KEY addresses."""
    book = Book(SECRET)
    for number in range(20_000):
        book.heard(
            f"https://{town(number)}.{number % 256}.1:{number}", f"key {number}", "https://6.6.6.6", NOW
        )
    assert len(book) <= NEW_SPREAD * SLOTS
    book = Book(SECRET)
    for number in range(100):
        book.heard(f"https://{town(number)}.1.1", "one key", f"https://{town(number)}.1.1", NOW)
    assert len(book) == PER_KEY


def test_a_flood_leaves_honest_addresses_in_place() -> None:
    """What honest peers told before a flood is still in the book after it."""
    book = Book(SECRET)
    honest = [(f"https://{town(number)}.1.1", f"key {number}") for number in range(20)]
    kept = [one for n, one in enumerate(honest) if book.heard(*one, f"https://{town(n + 50)}.1.1", NOW)]
    for number in range(20_000):
        book.heard(
            f"https://66.6.{number % 256}.1:{number}", f"evil {number}", f"https://66.{number % 4}.1.1", NOW
        )
    assert len(kept) >= 19
    assert all(book.get(*one) for one in kept)


def test_an_honest_address_is_not_taken_by_another_key() -> None:
    """An attacker who announces somebody else's URL neither replaces nor blocks the true announcement."""
    book = Book(SECRET)
    assert book.heard("https://5.5.5.5", "attacker", "https://6.6.6.6", NOW)
    assert book.heard("https://5.5.5.5", "owner", "https://7.7.7.7", NOW)
    assert book.get("https://5.5.5.5", "owner") is not None


def test_the_dead_are_dropped_and_those_that_worked_are_kept_a_week() -> None:
    """Three failures end what never worked; ten end what did, after seven days; not while we are cut off."""
    book, chance = Book(SECRET), dice()
    live = Address("https://8.8.4.4", "live")
    book.worked(live, NOW)
    book.heard("https://5.5.5.5", "stranger", "https://6.6.6.6", NOW)
    friend = Address("https://4.4.4.4", "friend")
    book.worked(friend, NOW)
    book.closed(friend, NOW + HOUR)
    gone: dict[str, int] = {}
    for now in range(NOW + HOUR, NOW + 9 * 24 * HOUR, 10 * MINUTE):
        for address in book.choose(now, chance.randbytes):
            book.failed(address, now)
        for name, url in (("stranger", "https://5.5.5.5"), ("friend", "https://4.4.4.4")):
            if book.get(url, name) is None:
                gone.setdefault(name, now)
    assert gone["stranger"] - NOW < 2 * 24 * HOUR
    assert 7 * 24 * HOUR <= gone["friend"] - NOW < 8 * 24 * HOUR


def test_our_own_outage_drops_nobody() -> None:
    """While no dial works at all, failures are not held against anybody."""
    book, chance = Book(SECRET), dice()
    for number in range(8):
        book.heard(f"https://{town(number)}.1.1", f"key {number}", f"https://{town(number)}.1.1", NOW)
    known = len(book)
    for now in range(NOW, NOW + 40 * 24 * HOUR, 20 * MINUTE):
        for address in book.choose(now, chance.randbytes):
            book.failed(address, now)
    assert len(book) == known


def test_a_broken_link_is_dialled_again_soon_and_then_less_and_less() -> None:
    """Exponential backoff with jitter: a second, then longer, up to a sixteenth of the time since."""
    book, chance = Book(SECRET), dice()
    peer = Address("https://5.5.5.5", "peer")
    book.worked(peer, NOW)
    book.closed(peer, NOW + HOUR)
    dials = []
    for now in range(NOW + HOUR, NOW + 2 * HOUR, 250):
        for address in book.choose(now, chance.randbytes):
            dials.append(now - NOW - HOUR)
            book.failed(address, now)
    assert dials[0] <= 1_000
    gaps = [later - earlier for earlier, later in pairwise(dials)]
    after_a_minute = [gap for at, gap in zip(dials, gaps, strict=False) if 55_000 < at < 65_000]
    assert after_a_minute
    assert max(after_a_minute) <= 4_500
    assert max(gaps) > 100_000
    assert len(dials) < 150


def test_waits_differ_from_node_to_node() -> None:
    """Jitter: two nodes with other secrets do not come back at the same moment."""
    peer = Address("https://5.5.5.5", "peer")
    books = [Book(bytes([number]) * 16) for number in range(20)]
    for book in books:
        book.worked(peer, NOW)
        book.closed(peer, NOW + HOUR)
    ready = [next(ms for ms in range(500, 1_005, 5) if chosen(book, NOW + HOUR + ms)) for book in books]
    assert len(set(ready)) > 10


def test_seeds_are_always_dialled() -> None:
    """Seeds need no announcement, are not limited by their network, and never dropped."""
    seeds = [(f"https://5.5.5.{number}", "") for number in range(3)]
    book, chance = Book(SECRET, seeds=seeds), dice()
    assert sorted(address.url for address in book.choose(NOW, chance.randbytes)) == [url for url, _ in seeds]
    for now in range(NOW, NOW + 24 * HOUR, 30_000):
        for address in book.choose(now, chance.randbytes):
            book.failed(address, now)
    late = NOW + 25 * HOUR
    assert sorted(address.url for address in book.choose(late, chance.randbytes)) == [url for url, _ in seeds]


def test_one_evil_seed_of_three_does_not_keep_us_from_the_honest_network() -> None:
    """C31: the evil seed names a thousand attackers, the honest ones name honest nodes: we end among both."""
    seeds = [Address(f"https://{town(200 + number)}.1.1", f"seed {number}") for number in range(3)]
    for run in range(30):
        book, chance = Book(SECRET + bytes([run]), seeds=seeds), dice(run)
        now, links = NOW, set[Address]()
        while now < NOW + 10 * MINUTE:
            for address in book.choose(now, chance.randbytes):
                book.worked(address, now)
                links.add(address)
                if address == seeds[0]:
                    for n in range(1_000):
                        book.heard(f"https://66.{n % 4}.{n // 4}.1", f"evil {n}", address.url, now)
                elif address in seeds or address.key.startswith("honest"):
                    for n in range(20):
                        book.heard(f"https://{town(n)}.1.1", f"honest {n}", address.url, now)
            for seed in seeds[1:]:
                if seed in links and len(links) == 3:
                    book.closed(seed, now)  # the honest seeds are busy and send us away
            now += 5_000
        assert any(link.key.startswith("honest") for link in links), run
        assert sum(link.key.startswith("evil") for link in links) <= OUTBOUND - 2, run


def test_keys_to_avoid_and_one_link_a_key() -> None:
    """Banned and linked keys are not dialled, nor a second address of a key we dial already."""
    book = Book(SECRET)
    for number in range(6):
        for port in (1, 2):
            book.heard(f"https://{town(number)}.1.{port}", f"key {number}", "https://8.8.8.8", NOW)
    picked = book.choose(NOW, dice().randbytes, avoid={"key 0", "key 1"})
    assert sorted(address.key for address in picked) == [f"key {number}" for number in range(2, 6)]


def test_a_dial_nobody_reports_is_a_failure() -> None:
    """After DIAL_TIME the slot is free again."""
    book = Book(SECRET, seeds=[("https://5.5.5.5", "")])
    assert len(chosen(book)) == 1
    assert chosen(book, NOW + rules.DIAL_TIME - 1) == []
    assert len(chosen(book, NOW + rules.DIAL_TIME + rules.FIRST_WAIT)) == 1


def test_the_same_host_is_one_site_however_it_is_written() -> None:
    """Wrapped IPv4 counts as IPv4; odd spellings of addresses are no places at all."""
    plain = place("https://9.8.7.6")
    assert plain is not None
    for host in ("9.8.7.6", "[::ffff:9.8.7.6]", "[64:ff9b::908:706]", "[2002:908:706::1]"):
        assert place(f"wss://{host}:9/x") == plain, host
    assert (plain.site, plain.street, plain.town) == ("9.8.7.6", "9.8.7", "9.8")
    for odd in ("127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "a..b", "", "exa%6dple.com", "①②⑦.0.0.1"):
        assert place(f"https://{odd}/") is None, odd
    assert place("https://A.Example.COM.") == place("a.example.com:99")
    assert place("https://a.b.example.co.uk").town == "example.co.uk"  # type: ignore[union-attr]
    assert place("[2001:db8:1:2:3::4]:7").site == "2001:0db8:0001:0002"  # type: ignore[union-attr]


def test_an_address_without_a_place_or_key_is_not_kept() -> None:
    """Nothing is dialled that has no host we can count, or no key that must answer."""
    book = Book(SECRET)
    assert not book.heard("https://127.1", "key", "https://6.6.6.6", NOW)
    assert not book.heard("https://5.5.5.5", "", "https://6.6.6.6", NOW)
    assert len(book) == 0
