"""Where an address is, as far as it can be known without asking a name server.

Keys are cheap and so are ports; networks are not. Whoever wants to surround a node needs addresses in
many networks, so addresses are counted by network (Heilman, Kendler, Zohar, Goldberg, "Eclipse Attacks on
Bitcoin's Peer-to-Peer Network", USENIX Security 2015, §7).
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PER_STREET = 2  # links, contacts of a bucket or steps of a look-up in one /24, /48 or registered name
PER_TOWN = 4  # contacts of a bucket or steps of a look-up in one /16 or /32
MAX_HOST = 253  # characters of a name (RFC 1035 §2.3.4)
_PORTS = {"https": "443", "wss": "443", "http": "80", "ws": "80"}
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._")
_NAT64 = int(IPv6Address("64:ff9b::")) >> 32
_SHORT_LABEL = 3  # `co` in co.uk, `com` in com.au: suffixes under a country where names are sold


class Place(NamedTuple):
    """One address, seen from further and further away.

    Attributes:
        site: what may be a victim of dials: the host; the registered part of a name, because its owner can
            point any number of names below it at one victim; a port of its own on the loopback interface,
            where many nodes of one machine live and nobody else does.
        street: /24 of IPv4, /48 of IPv6, the registered part of a name.
        town: /16, /32, the registered part of a name.
    """

    site: str
    street: str
    town: str


@lru_cache(8_192)
def place(address: str) -> Place | None:
    """Return where a URL, an `address:port`, or a bare address is; None where it is no such thing.

    Odd spellings of addresses (`127.1`, `0x7f.1`) are no names and no addresses, so that one host has one
    site.
    """
    host, port = _split(address)
    number = _number(host)
    if number is not None:
        return _of_number(number, port)
    labels = host.removesuffix(".").lower().split(".")
    name = ".".join(labels)
    if not name or len(name) > MAX_HOST or not _NAME.issuperset(name) or not all(labels):
        return None
    if labels[-1][:1].isdigit():  # WHATWG URL §3.5: a host that ends in a number is an IPv4 address
        return None
    if labels[-1] == "localhost":
        return _loopback(port)
    registered = _registered(labels)
    return Place(registered, registered, registered)


class Crowd:
    """How many there are in which street and town."""

    def __init__(self, places: Iterable[Place | None]) -> None:
        self._towns: dict[str, int] = {}
        self._streets: dict[str, int] = {}
        for one in places:
            if one is not None:
                self.add(one)

    def add(self, one: Place) -> None:
        """Count one more."""
        self._towns[one.town] = self._towns.get(one.town, 0) + 1
        self._streets[one.street] = self._streets.get(one.street, 0) + 1

    def remove(self, one: Place) -> None:
        """Count one less of those that were added."""
        self._towns[one.town] -= 1
        self._streets[one.street] -= 1

    def is_new_town(self, one: Place) -> bool:
        """Say whether nobody of its town is there yet."""
        return not self._towns.get(one.town)

    def has_room(self, one: Place) -> bool:
        """Say whether fewer than PER_STREET of its street are there."""
        return self._streets.get(one.street, 0) < PER_STREET

    def is_spread(self, one: Place) -> bool:
        """Say whether there is room in its street, and fewer than PER_TOWN of its town are there."""
        return self.has_room(one) and self._towns.get(one.town, 0) < PER_TOWN


def _split(address: str) -> tuple[str, str]:
    """Return host and port of a URL or of `host:port`."""
    scheme, _, rest = address.rpartition("://")
    rest = rest.partition("/")[0]
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        return host, port.removeprefix(":") or _PORTS.get(scheme, "")
    if rest.count(":") > 1:  # a bare IPv6 address
        return rest, ""
    host, _, port = rest.partition(":")
    return host, port or _PORTS.get(scheme, "")


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that is meant, IPv4 where IPv6 only wraps it; None for a name."""
    try:
        number = ip_address(host)
    except ValueError:
        return None
    if isinstance(number, IPv4Address):
        return number
    inner = number.ipv4_mapped or number.sixtofour
    if inner is None and int(number) >> 32 == _NAT64:
        inner = IPv4Address(int(number) & 0xFFFFFFFF)
    return inner or number


def _of_number(number: IPv4Address | IPv6Address, port: str) -> Place:
    if number.is_loopback:
        return _loopback(port)
    if isinstance(number, IPv4Address):
        first = str(number).split(".")
        return Place(str(number), ".".join(first[:3]), ".".join(first[:2]))
    groups = number.exploded.split(":")
    return Place(":".join(groups[:4]), ":".join(groups[:3]), ":".join(groups[:2]))  # a host owns a /64


def _loopback(port: str) -> Place:
    here = f"localhost:{port}"
    return Place(here, here, here)


def _registered(labels: list[str]) -> str:
    """Return about the part of a name that somebody bought: two labels, three as in `example.co.uk`.

    No list of suffixes is at hand; where this guesses wrong, strangers share a town, which costs them
    little, or one owner has several, each of which must be bought.
    """
    country = len(labels[-1]) == 2 and len(labels) > 2 and len(labels[-2]) <= _SHORT_LABEL
    return ".".join(labels[-3 if country else -2 :])
