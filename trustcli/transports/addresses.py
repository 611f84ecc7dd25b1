"""Which URLs and addresses may be dialled, so that nobody can make a node knock on doors of its own network.

A name is looked up once, every answer is checked, and the connection goes to an address that was checked,
never to the name again (no DNS rebinding). `ipaddress.is_global` is not the rule: it is true for multicast
and for IPv6 forms that carry a private IPv4 address. Ours follows the IANA special-purpose registries
(RFC 6890 and its updates); what is not public by them is one of three other kinds, see `kind_of`.

| kind     | by hand (`trusted`) | announced by others | with `allow_private` | plain http, ws |
|----------|---------------------|---------------------|----------------------|----------------|
| public   | yes                 | yes                 | yes                  | never          |
| loopback | yes                 | no                  | yes                  | yes            |
| private  | no                  | no                  | yes                  | yes            |
| never    | no                  | no                  | no                   | no             |
"""

from __future__ import annotations

import ipaddress
import socket
import threading

from trustcli.errors import Unreachable
from trustcli.safe import safe
from trustcli.transports.places import Place, is_address, parse, refuse
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network
    Resolve = Callable[[str, int], Sequence[str]]
    """Takes a host name and a port, returns addresses; raises OSError when there are none."""

PUBLIC, LOOPBACK, PRIVATE, NEVER = "public", "loopback", "private", "never"

PORT = 7717  # where `trust serve` listens
MAX_ANSWERS = 16  # addresses of one name that are tried; every one is checked
RESOLVE_SECONDS = 5.0  # getaddrinfo has no deadline of its own

_LOWEST_PORT = 1024  # below are the services of a host: ssh, mail, SMB, printers; 443 is for the web alone
_ALLOWED_LOW_PORTS = frozenset((443,))
_INNER_SERVICES = frozenset(
    # Databases, queues, control planes and remote desktops that trust their own network and act on a
    # line of HTTP. None is ≥ 32768, where systems hand out ports at random.
    (
        1080, 1433, 1434, 1521, 1723, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3128, 3260, 3306, 3389,
        4222, 4369, 4444, 4646, 5000, 5037, 5038, 5060, 5061, 5432, 5601, 5672, 5900, 5901, 5984, 5985, 5986,
        6000, 6001, 6066, 6379, 6380, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 7001, 7077, 7199, 7474,
        7687, 8009, 8020, 8086, 8088, 8125, 8200, 8300, 8301, 8500, 8501, 8529, 8600, 8983, 9000, 9001, 9042,
        9090, 9091, 9092, 9093, 9100, 9160, 9200, 9229, 9300, 9418, 9999, 10250, 10255, 10256, 11211, 15672,
        16379, 16686, 18080, 19999, 26379, 27017, 27018, 27019, 28015, 28017, 29015, 31337,
    )
)  # fmt: skip


def _networks(*blocks: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(block) for block in blocks)


_NEVER = _networks(
    "0.0.0.0/8",  # this host, RFC 1122
    "168.63.129.16/32",  # a cloud's own platform service, although a public address
    "169.254.0.0/16",  # link-local, RFC 3927; cloud metadata
    "100.100.100.200/32",  # cloud metadata, inside the shared space
    "192.0.0.0/24",  # IETF protocol assignments, RFC 6890; cloud metadata
    "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",  # documentation, RFC 5737
    "192.88.99.0/24",  # 6to4 relays, RFC 7526
    "198.18.0.0/15",  # benchmarks, RFC 2544
    "224.0.0.0/4",  # multicast, RFC 5771
    "240.0.0.0/4",  # reserved, RFC 1112; broadcast
    "2001::/23",  # IETF protocol assignments, RFC 2928: Teredo, ORCHID, benchmarks
    "2001:db8::/32", "3fff::/20",  # documentation, RFC 3849, RFC 9637
    "2002::/16",  # 6to4: carries an IPv4 address, RFC 7526
    "fd00:ec2::/32", "fd20:ce::/32",  # cloud metadata, inside the private space
)  # fmt: skip
_LOOPBACK = _networks("127.0.0.0/8", "::1/128")
_PRIVATE = _networks(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
    "100.64.0.0/10",  # shared by carriers and overlay networks, RFC 6598
    "fc00::/7",  # unique local, RFC 4193
)  # fmt: skip
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")  # all that IANA gives out, RFC 4291 §2.4
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the translator dials the IPv4 address in it


class Target(NamedTuple):
    """A place that may be dialled, with the addresses that were checked for it; none for a Unix socket."""

    place: Place
    addresses: tuple[str, ...]


def target(url: str, *, trusted: bool, allow_private: bool, resolve: Resolve | None = None) -> Target:
    """Return where a URL leads, if it may be dialled at all. The name is looked up once, here.

    Args:
        trusted: The user wrote this URL: loopback and Unix sockets are allowed.
        allow_private: The user runs nodes in a private network.

    Raises:
        Unreachable: it may not be dialled, or the name does not resolve.
    """
    place = parse(url)
    check_place(place, trusted=trusted, allow_private=allow_private)
    if place.scheme == "unix":
        return Target(place, ())
    addresses = (place.host,) if is_address(place.host) else _look_up(place, resolve or system_resolver)
    return Target(place, check_addresses(place, addresses, trusted=trusted, allow_private=allow_private))


def check_place(place: Place, *, trusted: bool, allow_private: bool) -> None:
    """Refuse what the scheme and the port already forbid, before any name is looked up.

    Raises:
        Unreachable: it may not be dialled.
    """
    if place.scheme == "unix":
        if not trusted:
            refuse(place.url, "a socket of this machine is dialled by your own word only")
        return
    if not place.secure and not trusted and not allow_private:
        refuse(place.url, "announced addresses are dialled by https and wss only")
    if place.port in _INNER_SERVICES or (place.port < _LOWEST_PORT and place.port not in _ALLOWED_LOW_PORTS):
        refuse(
            place.url, f"port {place.port} belongs to other services", hint=f"a node listens on {PORT} or 443"
        )


def check_addresses(
    place: Place, addresses: Iterable[str], *, trusted: bool, allow_private: bool
) -> tuple[str, ...]:
    """Return the addresses, each in its one spelling, if *every* one may be dialled.

    Raises:
        Unreachable: one may not, or there are none.
    """
    checked = [_plain(address) for address in addresses]
    for address in checked:
        kind = kind_of(address)
        if kind not in _allowed(trusted=trusted, allow_private=allow_private):
            refuse(place.url, f"{address} is {_WORDS[kind]}", hint=_HINTS[kind])
        if kind == PUBLIC and not place.secure:
            refuse(place.url, "plain http goes to this machine only", hint="use https://")
    if not checked:
        raise Unreachable(f"{safe(place.host)} has no address")
    return tuple(dict.fromkeys(checked))[:MAX_ANSWERS]


def kind_of(address: str) -> str:
    """Return PUBLIC, LOOPBACK, PRIVATE or NEVER; whatever is not known to be public is NEVER."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return NEVER
    if isinstance(known, ipaddress.IPv6Address) and known in _NAT64:
        inner = ipaddress.IPv4Address(int(known) & 0xFFFF_FFFF)
        return PUBLIC if _kind(inner) == PUBLIC else NEVER
    return _kind(known)


def system_resolver(host: str, port: int) -> list[str]:
    """Return the addresses of a name by the system's resolver, in its order of preference.

    Raises:
        OSError: it does not resolve, or not within five seconds.
    """
    answers: list[str] = []
    problems: list[OSError] = []
    asking = threading.Thread(target=_ask_system, args=(host, port, answers, problems), daemon=True)
    asking.start()
    asking.join(RESOLVE_SECONDS)
    if asking.is_alive():
        raise TimeoutError(f"no answer within {RESOLVE_SECONDS:.0f} s")
    if problems:
        raise problems[0]
    return answers


def _ask_system(host: str, port: int, answers: list[str], problems: list[OSError]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        problems.append(problem)
    except UnicodeError:  # a label the idna codec does not take
        problems.append(OSError("no such name"))
    else:
        answers.extend(str(place[0]) for *_, place in found)


def _look_up(place: Place, resolve: Resolve) -> tuple[str, ...]:
    try:
        return tuple(resolve(place.host, place.port))
    except OSError as problem:
        reason = problem.strerror or str(problem) or "no such name"
        raise Unreachable(f"{safe(place.host)} does not resolve: {safe(reason)}") from None


def _kind(address: Address) -> str:
    for kind, blocks in ((NEVER, _NEVER), (LOOPBACK, _LOOPBACK), (PRIVATE, _PRIVATE)):
        if any(address in block for block in blocks):  # of the other version: never in it
            return kind
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_IPV6:
        return NEVER
    return PUBLIC


def _allowed(*, trusted: bool, allow_private: bool) -> frozenset[str]:
    if allow_private:
        return frozenset((PUBLIC, LOOPBACK, PRIVATE))
    return frozenset((PUBLIC, LOOPBACK)) if trusted else frozenset((PUBLIC,))


_WORDS = {
    PUBLIC: "a public address",
    LOOPBACK: "this machine",
    PRIVATE: "a private address",
    NEVER: "no address of a peer",
}
_HINTS = {
    PUBLIC: "",
    LOOPBACK: "a peer's own word is not enough for that: trust peer add --url",
    PRIVATE: "in a network of your own: trust config set allow_private true",
    NEVER: "",
}


def _plain(address: str) -> str:
    """Return an address of a resolver in its one spelling; one with a zone or no address at all stays odd."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return safe(address)[:64]
