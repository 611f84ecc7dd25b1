"""Peers: names bound to keys and URIs, with weights, addresses and blocks. All of it stays here."""

from __future__ import annotations

from trustcli.errors import RecordRefused, UsageError, WouldOverwrite
from trustcli.ledger.private import PETNAME, Peer
from trustcli.node.naming import NameBook, check_petname
from trustcli.node.rating import release, waiting
from trustcli.records import did
from trustcli.safe import word as quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trustcli.node import Node


def add_peer(
    node: Node, name: str, target: str, weight: float | None = None, urls: Iterable[str] = ()
) -> tuple[Peer, int]:
    """Bind a petname to a key or URI; sign and release the drafts that waited for it.

    `urls` are where the peer's node is reached, added to those known.

    Returns:
        The peer and the number of ratings released.

    Raises:
        WouldOverwrite: the name is bound to another key. UsageError, RecordRefused, NotFound.
    """
    name = check_petname(name)
    ledger = node.make_ledger()
    book = NameBook(node)
    if name in book.own:
        raise WouldOverwrite(f"{name!r} is a key of your own", hint="choose another name")
    found = book.find(target)
    if found is None or not found.bound:
        raise UsageError(f"{target!r} is neither a key nor a URI", hint="did:key:z6Mk…, https://…, agent:…")
    old = book.peers.get(name)
    if old and old.subject not in (None, found.id):
        raise WouldOverwrite(f"{name!r} is bound to {old.subject}", hint=f"trust peer rename {name} OTHER")
    peer = Peer(
        name, found.id, check_weight(weight) if weight is not None else old.weight if old else None,
        old.blocked if old else False, old.reason if old else None, old.added if old else node.clock(),
    )  # fmt: skip
    places = [check_url(url) for url in urls]
    ledger.private.save(peer)
    for url in places:
        ledger.network_notes.add_url(url, name)
    return peer, release(node, name, found.id)


def check_url(url: str) -> str:
    """Return the URL of a node, without a slash at its end.

    Raises:
        UsageError: it is no URL of a node.
    """
    from trustcli.records import fields  # noqa: PLC0415  only where a URL is given

    url = url.rstrip("/")
    try:
        fields.endpoints([url])
    except RecordRefused:
        raise UsageError(
            f"{url!r} is not the URL of a node", hint="https://host or http://127.0.0.1:7717"
        ) from None
    return url


def check_weight(weight: float) -> float:
    """Return a weight between 0 and 1.

    Raises:
        UsageError.
    """
    if not 0 <= weight <= 1:
        raise UsageError(f"a weight is between 0 and 1, not {weight}")
    return weight


def change_peer(node: Node, word: str, *, blocked: bool, reason: str | None = None) -> Peer:
    """Block or unblock a peer; a key or URI without a name gets a short one.

    Raises:
        NotFound, RecordRefused, UsageError.
    """
    ledger = node.make_ledger()
    book = NameBook(node)
    found = book.get(word)
    if found.id in book.own.values():
        raise UsageError("you cannot block yourself")
    known = [peer for peer in book.peers.values() if found.id in (peer.subject, PETNAME + peer.name)]
    peer = known[0] if known else Peer(_free_name(book, found.id), found.id, None, False, None, node.clock())
    peer = peer._replace(blocked=blocked, reason=reason)
    ledger.private.save(peer)
    return peer


def remove_peer(node: Node, name: str) -> None:
    """Forget a name. Ratings, signed or private, stay.

    Raises:
        NotFound: there is no such peer. WouldOverwrite: drafts wait under the name, and whoever gets it
            next would be rated by them.
    """
    drafts = waiting(node, name)
    if drafts:
        count = len(drafts)
        raise WouldOverwrite(
            f"{count} rating{'s wait' if count > 1 else ' waits'} for a key under {name!r}",
            hint=f"take back first: trust revoke {quote(name)}; or give the name a key: "
            f"trust peer add {quote(name)} did:key:…",
            code="waiting",
        )
    node.ledger.private.remove(name)


def _free_name(book: NameBook, id_: str) -> str:
    base = (
        id_[-8:]
        if did.is_did(id_)
        else "".join(char if char.isalnum() else "-" for char in id_)[:40].strip("-")
    )
    names: Iterable[str] = (base if n == 0 else f"{base}-{n}" for n in range(10_000))
    return next(name for name in names if name and name not in book.peers and name not in book.own)
