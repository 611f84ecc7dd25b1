"""The URL of a peer in its one spelling. Programs read odd URLs differently, so odd ones are refused.

Refused are a user, a query, a fragment, a backslash; hosts that some programs take for an IPv4 number
(127.1, 0177.0.0.1, 2130706433, 0x7f.1); letters and digits outside ASCII, which others fold into ASCII; a dot
at the end; an IPv6 zone. Nothing is looked up here.
"""

from __future__ import annotations

import ipaddress

from trustcli.errors import Unreachable
from trustcli.safe import safe
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MAX_URL = 256  # characters; announcements have the same limit
MAX_HOST = 253  # characters of a name, RFC 1035 §2.3.4
MAX_UNIX_PATH = 107  # bytes, `sockaddr_un` of Linux

_SECURE = {"https": True, "wss": True, "http": False, "ws": False}
_HOST_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")
_PATH_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
_HEX = frozenset("0123456789abcdef")


class Place(NamedTuple):
    """A URL in its one spelling: `path` is what stands before the protocol's routes, or a socket's path."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return _SECURE.get(self.scheme, False)

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL, without a slash at its end."""
        return f"{self.scheme}://{self.authority if self.host else ''}{self.path}"


def parse(url: str) -> Place:
    """Return the parts of a peer's URL. Spellings that programs read differently are refused.

    Raises:
        Unreachable: no scheme of ours, no plain host, an odd number for one, user, query or fragment.
    """
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme == "unix" and separator:
        return _parse_unix(url, rest)
    if scheme not in _SECURE or not separator or len(url) > MAX_URL:
        refuse(url, "a peer's URL is https://HOST[:PORT], or unix:///PATH")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        refuse(f"{scheme}://…", "its host hides behind a user or a password")
    host, port = _split_port(url, authority)
    path = (slash + path).rstrip("/")
    if not _PATH_CHARS.issuperset(path) or {"", ".", ".."} & set(path.split("/")[1:]):
        refuse(url, "its path has more than plain names in it")
    return Place(scheme, _checked_host(url, host), _checked_port(url, port, secure=_SECURE[scheme]), path)


def _parse_unix(url: str, path: str) -> Place:
    if not path.startswith("/") or not path.isprintable() or len(path.encode()) > MAX_UNIX_PATH:
        refuse(url, f"a socket's path is absolute, and at most {MAX_UNIX_PATH} bytes long")
    return Place("unix", "", 0, path)


def _split_port(url: str, authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, bracket, port = authority.partition("]")
        if not bracket or (port and not port.startswith(":")):
            refuse(url, "its host is no address")
        return host + bracket, port.removeprefix(":")
    host, colon, port = authority.partition(":")
    if colon and not port:
        refuse(url, "its port is missing")
    return host, port


def _checked_port(url: str, port: str, *, secure: bool) -> int:
    if not port:
        return 443 if secure else 80
    if not (port.isascii() and port.isdigit()) or len(port) > 5 or port[0] == "0" or int(port) > 65_535:
        refuse(url, "its port is no number from 1 to 65535")
    return int(port)


def _checked_host(url: str, host: str) -> str:
    host = host.lower()
    if host.startswith("["):
        return _checked_ipv6(url, host[1:-1])
    if not host or not _HOST_CHARS.issuperset(host):
        refuse(url, "its host is no plain name", hint="names in other alphabets are written xn--…")
    labels = host.split(".")
    if _is_number(labels[-1]):
        return _checked_ipv4(url, host)
    if len(host) > MAX_HOST or not all(_is_label(label) for label in labels):
        refuse(url, "its host is no name of the DNS")
    return host


def _checked_ipv4(url: str, host: str) -> str:
    try:
        return str(ipaddress.IPv4Address(host))  # four decimal numbers; a leading zero is refused
    except ValueError:
        refuse(url, "its host is an odd number", hint="an IPv4 address is written 192.0.2.1")


def _checked_ipv6(url: str, host: str) -> str:
    if "%" in host:
        refuse(url, "its address has a zone")
    try:
        return str(ipaddress.IPv6Address(host))
    except ValueError:
        refuse(url, "its host is no IPv6 address")


def _is_label(label: str) -> bool:
    return 1 <= len(label) <= 63 and label[0] != "-" and label[-1] != "-"


def _is_number(label: str) -> bool:
    """Whether some program reads a host that ends so as an IPv4 number, WHATWG URL §3.5."""
    return label.isdigit() or (label.startswith("0x") and _HEX.issuperset(label[2:]))


def is_address(host: str) -> bool:
    """Whether a host that was parsed is an address and needs no look-up."""
    return ":" in host or _is_number(host.rpartition(".")[2])


def refuse(url: str, why: str, *, hint: str = "") -> NoReturn:
    """Raise Unreachable: this URL is not dialled, and why."""
    raise Unreachable(
        f"not dialled: {safe(url[:80])}: {why}", hint=hint or "docs/protocol.md lists what is dialled"
    )
