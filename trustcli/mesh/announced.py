"""Who can be reached where, by what nodes announced of themselves: the latest announcement of each key."""

from __future__ import annotations

from trustcli.records import did
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trustcli.records.canonical import Json

    Statement = tuple[str, int, str, Mapping[str, Json]]
    """Author, created (Unix ms), id (hex) and body of a verified record of kind `announce`."""


class Announced(NamedTuple):
    """What a node last said of itself. `created` and `expires` are Unix ms, `expires` None for never."""

    key: str
    endpoints: tuple[str, ...]
    roles: tuple[str, ...]
    owner: str
    created: int
    id: str
    expires: int | None

    def holds(self, now: int) -> bool:
        """Say whether it has not expired."""
        return self.expires is None or now < self.expires


def latest(statements: Iterable[Statement]) -> dict[str, Announced]:
    """Return by author the announcement that counts, the last in total order; in any order of arrival."""
    found: dict[str, Announced] = {}
    for statement in statements:
        one = announced(*statement)
        if one.key not in found or supersedes(one, found[one.key]):
            found[one.key] = one
    return found


def announced(author: str, created: int, id_: str, body: Mapping[str, Json]) -> Announced:
    """Return an announcement from a checked body (records/announce.py)."""
    expires = body.get("expires")
    return Announced(
        author,
        _texts(body.get("endpoints")),
        _texts(body.get("roles")),
        str(body.get("owner", "")),
        created,
        id_,
        expires if isinstance(expires, int) else None,
    )


def supersedes(one: Announced, other: Announced) -> bool:
    """Say whether `one` comes after `other` in the total order of records, (created, id)."""
    return (one.created, one.id) > (other.created, other.id)


def nearest(nodes: Iterable[Announced], target: int, limit: int) -> list[Announced]:
    """Return the nodes whose ids are nearest to `target` by XOR, the nearest first."""
    return sorted(nodes, key=lambda node: node_id(node.key) ^ target)[:limit]


def node_id(key: str) -> int:
    """Return the id of a did:key: SHA-256 of its 32 bytes, as a number.

    Raises:
        RecordRefused: `bad_key`.
    """
    from hashlib import sha256  # noqa: PLC0415  `trust status` reads announcements, but no ids

    return int.from_bytes(sha256(did.key_of(key)).digest(), "big")


def _texts(value: Json | None) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
