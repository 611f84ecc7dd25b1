"""What this node tells everybody of itself: one `announce` record, renewed when something changes."""

from __future__ import annotations

from trustcli.errors import ConfigError, RecordRefused
from trustcli.node.rating import keep, seal
from trustcli.records import announce as kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.ledger.values import Entry
    from trustcli.node import Node
    from trustcli.records.canonical import Json


def announce(node: Node) -> bool:
    """Sign and keep an announcement of what the settings say; say whether it was a new one.

    Raises:
        ConfigError: the settings make no announcement. NotFound: there is no key. KeyProblem.
    """
    body = wanted(node)
    last = latest(node, node.me)
    if last is not None and last.body == body:
        return False
    created = max(node.clock(), last.created + 1 if last else 0)
    keep(node, seal(node, node.me, "announce", body, created))
    return True


def wanted(node: Node) -> dict[str, Json]:
    """Return the body of the announcement that the settings ask for.

    Raises:
        ConfigError: an endpoint is no URL, or the owner no text that can be signed.
    """
    settings = node.settings
    body: dict[str, Json] = {"endpoints": list(settings.endpoints), "roles": [settings.role]}
    if settings.owner:
        body["owner"] = settings.owner
    try:
        kind.check(node.me, body)
    except RecordRefused as problem:
        raise ConfigError(
            f"cannot announce this node: {problem}", hint="trust config ls: endpoints, owner, role"
        ) from None
    return body


def latest(node: Node, author: str) -> Entry | None:
    """Return the announcement of an author that counts: the latest in total order."""
    found = node.ledger.announcements(author)
    return max(found, key=lambda entry: (entry.created, entry.id), default=None)
