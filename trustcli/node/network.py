"""The network as this node knows it: what nodes announced, and what we observed of them ourselves."""

from __future__ import annotations

from trustcli.mesh.announced import latest
from trustcli.mesh.liveness import ACTIVE, status
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trustcli.ledger.network import NodeSeen
    from trustcli.mesh.announced import Announced
    from trustcli.node import Node
    from trustcli.node.naming import Subject


class Standing(NamedTuple):
    """One other node. Times are Unix ms, None for never.

    Attributes:
        status: ACTIVE, INACTIVE or BANNED, see mesh.liveness.
        uptime: percent of the heartbeats that came, None where none were due.
        stars: mean of all live ratings, None without any; `raters` is how many gave one.
        linked: since when there is a connection, None where there is none; `direction` is `in` or `out`.
        endpoints, roles, owner, announced: what it says of itself; nothing where it never announced.
    """

    subject: Subject
    status: str
    uptime: float | None
    stars: float | None
    raters: int
    met: int | None
    heard: int | None
    linked: int | None
    direction: str | None
    banned_until: int | None
    because: str | None
    endpoints: tuple[str, ...]
    roles: tuple[str, ...]
    owner: str
    announced: int | None

    @property
    def reputation(self) -> float | None:
        """0..100 by TrustNet's formula: with uptime where we observed it, else of ratings alone."""
        if self.stars is None:
            return None
        from trustcli.models.stars import reputation  # noqa: PLC0415  loaded already where there are stars

        return reputation(self.stars, self.uptime)


class Network(NamedTuple):
    """All other nodes, those that are there and well thought of first.

    `records` and `fingerprint` are our own head; `last` is when the last record came, Unix ms or None.
    """

    me: str | None
    now: int
    records: int
    fingerprint: str
    last: int | None
    nodes: list[Standing]

    @property
    def active(self) -> list[Standing]:
        """The nodes that were heard within three heartbeats."""
        return [one for one in self.nodes if one.status == ACTIVE]


def survey(node: Node) -> Network | None:
    """Return the network; None where no other node was ever heard of."""
    if not node.has_ledger():
        return None
    seen = node.ledger.network_notes.nodes()
    said = announcements(node)
    keys = {*seen, *said}.difference(node.keys.dids().values())
    if not keys:
        return None
    from trustcli.node.naming import NameBook  # noqa: PLC0415  only where there is a network

    book, head = NameBook(node), node.ledger.head()
    blocked = {peer.subject for peer in book.peers.values() if peer.blocked}
    scores = _stars(node, keys)
    now = node.clock()
    found = [
        _standing(
            book.subject(key), seen.get(key), said.get(key), scores.get(key, (None, 0)), now, key in blocked
        )
        for key in keys
    ]
    found.sort(key=_rank)
    last = head.received if head.records else None
    return Network(node.keys.dids().get(node.identity), now, head.records, head.fingerprint, last, found)


def announcements(node: Node) -> dict[str, Announced]:
    """Return the latest announcement of each node that has not expired, by key."""
    if not node.has_ledger():
        return {}
    entries = node.ledger.announcements()
    said = latest((entry.author, entry.created, entry.id, entry.body) for entry in entries)
    now = node.clock()
    return {key: one for key, one in said.items() if one.holds(now)}


def _stars(node: Node, keys: Iterable[str]) -> dict[str, tuple[float | None, int]]:
    """Return mean stars and number of raters by key; nothing before there is a key to look with."""
    if node.me_or_none() is None:
        return {}
    from trustcli.node.asking import Inquiry  # noqa: PLC0415  only where there is a network

    inquiry = Inquiry(node, model="stars")
    scores = {key: inquiry.about(inquiry.book.subject(key)).score for key in keys}
    return {key: (score.value, score.raters) for key, score in scores.items()}


def _standing(
    subject: Subject,
    seen: NodeSeen | None,
    said: Announced | None,
    score: tuple[float | None, int],
    now: int,
    blocked: bool,
) -> Standing:
    state = status(seen.heard if seen else 0, seen.banned_until if seen else 0, now, blocked=blocked)
    uptime = 100 * seen.answered / seen.expected if seen and seen.expected else None
    return Standing(
        subject,
        state,
        uptime,
        *score,
        met=(seen and seen.met) or None,
        heard=(seen and seen.heard) or None,
        linked=seen.linked if seen and state == ACTIVE else None,  # else a daemon was stopped the hard way
        direction=seen.direction if seen and state == ACTIVE else None,
        banned_until=(seen and seen.banned_until) or None,
        because=seen.because if seen else None,
        endpoints=said.endpoints if said else (),
        roles=said.roles if said else (),
        owner=said.owner if said else "",
        announced=said.created if said else None,
    )


def _rank(one: Standing) -> tuple[bool, float, str, str]:
    return (one.status != ACTIVE, -(one.reputation or 0.0), one.subject.label, one.subject.id)
