"""Checks of single body fields, shared by the kinds. Each returns or raises RecordRefused."""

from __future__ import annotations

from trustcli.errors import RecordRefused
from trustcli.records import canonical, did
from trustcli.records.roles import ROLES

MAX_REASON = 500  # characters
MAX_EVIDENCE = 16  # URIs of one record
MAX_TASK = 128  # characters of a task's name
MAX_CATEGORY = 32
MAX_ENDPOINTS = 8  # addresses of one node
MAX_ENDPOINT = 256  # characters of one
MAX_POINTS = 1_000  # AgentProof's scale
PRIORITIES = NORMAL, HIGH, CRITICAL = "normal", "high", "critical"
_SCHEMES = ("https://", "http://", "wss://", "ws://")
MIN_STARS = 10  # tenths
MAX_STARS = 50
_CATEGORY = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_HEX = frozenset("0123456789abcdef")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trustcli.records.canonical import Json

    Field = Callable[[Json], None]


def check_body(
    body: Mapping[str, Json], required: Mapping[str, Field], optional: Mapping[str, Field]
) -> None:
    """Check that `body` has all required fields, no unknown ones, and that each is well formed.

    `ext` may hold anything canonical; no fold ever reads it.

    Raises:
        RecordRefused: `unknown_field`, `bad_body`, or what a field's check raises.
    """
    for name, value in body.items():
        if name in required:
            required[name](value)
        elif name in optional:
            optional[name](value)
        elif name != "ext":
            raise RecordRefused("unknown_field", name)
        elif type(value) is not dict:
            raise RecordRefused("bad_body", "ext is an object")
    if not required.keys() <= body.keys():
        raise RecordRefused("bad_body", f"{min(required.keys() - body.keys())} is missing")


def text(limit: int) -> Field:
    """Return a check for text of 1 to `limit` characters."""

    def check(value: Json) -> None:
        if type(value) is not str or not 1 <= len(value) <= limit:
            raise RecordRefused("bad_body", f"expected text of 1 to {limit} characters")
        canonical.check_text(value)

    return check


def stars(value: Json) -> None:
    """An integer number of tenths of a star, 10 to 50."""
    if type(value) is not int:
        raise RecordRefused("bad_body", "stars are an integer number of tenths")
    if not MIN_STARS <= value <= MAX_STARS:
        raise RecordRefused("score_range", str(value))


def is_category(value: object) -> bool:
    """Say whether a rating can have this category: 1 to 32 of a-z, 0-9 and -."""
    return type(value) is str and 1 <= len(value) <= MAX_CATEGORY and _CATEGORY.issuperset(value)


def category(value: Json) -> None:
    """1 to 32 of a-z, 0-9 and -."""
    if not is_category(value):
        raise RecordRefused("bad_body", "a category is 1 to 32 of a-z, 0-9 and -")


def subject(value: Json) -> None:
    """A did:key or another URI."""
    if type(value) is not str:
        raise RecordRefused("bad_body", "a subject is text")
    if not did.is_spelled(value):
        did.check_subject(value)


def key(value: Json) -> None:
    """A did:key."""
    if type(value) is not str:
        raise RecordRefused("bad_key")
    did.key_of(value)


def time(value: Json) -> None:
    """Unix milliseconds, 0 to 2⁵³−1."""
    if type(value) is not int or not 0 <= value <= canonical.MAX_INTEGER:
        raise RecordRefused("bad_body", "a time is Unix milliseconds")


def record(value: Json) -> None:
    """The full id of a record: 64 lower-case hex digits."""
    if type(value) is not str or len(value) != 64 or not _HEX.issuperset(value):
        raise RecordRefused("bad_body", "a record id is 64 lower-case hex digits")


def evidence(value: Json) -> None:
    """1 to 16 URIs."""
    if type(value) is not list or not 1 <= len(value) <= MAX_EVIDENCE:
        raise RecordRefused("bad_body", f"evidence is a list of 1 to {MAX_EVIDENCE} URIs")
    for uri in value:
        subject(uri)


def via(value: Json) -> None:
    """`{"agent": text, "guided": bool}`: a machine made this; `guided` says a person steered it."""
    if type(value) is not dict or set(value) != {"agent", "guided"} or type(value["guided"]) is not bool:
        raise RecordRefused("bad_body", 'via is {"agent":"…","guided":true|false}')
    text(MAX_TASK)(value["agent"])


def priority(value: Json) -> None:
    """`normal`, `high` or `critical`."""
    if value not in PRIORITIES:
        raise RecordRefused("bad_body", "a priority is normal, high or critical")


def points(value: Json) -> None:
    """An integer from 0 to 1000."""
    if type(value) is not int:
        raise RecordRefused("bad_body", "points are an integer")
    if not 0 <= value <= MAX_POINTS:
        raise RecordRefused("score_range", f"{value} of {MAX_POINTS}")


def choice(*words: str) -> Field:
    """Return a check for one of `words`."""

    def check(value: Json) -> None:
        if type(value) is not str or value not in words:
            raise RecordRefused("bad_body", f"expected one of {', '.join(words)}")

    return check


def roles(value: Json) -> None:
    """One or more of ROLES, each once."""
    if type(value) is not list or not 1 <= len(value) <= len(ROLES):
        raise RecordRefused("bad_body", "roles is a list")
    for role in value:
        choice(*ROLES)(role)
    if len({str(role) for role in value}) != len(value):
        raise RecordRefused("bad_body", "a role is named once")


def endpoints(value: Json) -> None:
    """Up to 8 URLs with scheme https, http, wss or ws, a host, and neither user, query nor fragment."""
    if type(value) is not list or len(value) > MAX_ENDPOINTS:
        raise RecordRefused("bad_body", f"endpoints is a list of at most {MAX_ENDPOINTS} URLs")
    for url in value:
        if type(url) is not str or not url.startswith(_SCHEMES) or len(url) > MAX_ENDPOINT:
            raise RecordRefused("bad_body", "an endpoint is a URL with scheme https, http, wss or ws")
        if not url.isascii() or not url.isprintable() or set(url) & set(' @?#\\"<>') or not url.split("/")[2]:
            raise RecordRefused("bad_body", "an endpoint is scheme, host, port and path, and nothing else")
