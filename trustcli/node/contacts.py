"""Whom to sync with: names and URLs become contacts, contacts become connections."""

from __future__ import annotations

import re

from trustcli.errors import NotFound, UsageError
from trustcli.node.lines import Contact
from trustcli.node.naming import NameBook
from trustcli.node.peers import check_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trustcli.node import Node
    from trustcli.node.lines import Connect

_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|localhost|[\w-]+(\.[\w-]+)+):\d{1,5}", re.ASCII)
_HERE = ("127.", "localhost", "[::1]")
TIMEOUT = 20.0  # seconds an answer may take


def contacts(node: Node, words: Sequence[str] = ()) -> list[Contact]:
    """Return the peers that words name (names or URLs); without words all with a URL, and the seeds.

    Raises:
        NotFound: no such peer, no URL of it, or nobody to ask at all. UsageError: not the URL of a node.
    """
    book = NameBook(node)
    urls = node.ledger.network_notes.urls() if node.has_ledger() else {}
    if words:
        return list(dict.fromkeys(one for word in words for one in _named(word, urls, book)))
    blocked = {peer.name for peer in book.peers.values() if peer.blocked}
    found = [_contact(url, urls, book) for url, name in urls.items() if name not in blocked]
    found += [Contact(url, url) for url in map(check_url, node.settings.seeds) if url not in urls]
    if not found:
        raise NotFound(
            "there is nobody to sync with yet",
            hint="trust sync https://…, or trust peer add NAME did:key:… --url https://…",
            code="no_peers",
        )
    return found


def _named(word: str, urls: dict[str, str], book: NameBook) -> list[Contact]:
    if _HOST_AND_PORT.fullmatch(word):
        scheme = "http" if word.startswith(_HERE) else "https"
        raise UsageError(f"{word} is no URL", hint=f"with its scheme: {scheme}://{word}")
    if "://" in word or word.startswith("unix:"):
        return [_contact(check_url(word), urls, book)]
    subject = book.get(word)
    names = {word, *(peer.name for peer in book.peers.values() if peer.subject == subject.id)}
    found = [_contact(url, urls, book) for url, owner in urls.items() if owner in names]
    if not found:
        raise NotFound(
            f"no URL of {word} is known", hint=f"trust peer add {word} {subject.id} --url https://…",
            code="no_url",
        )  # fmt: skip
    return found


def _contact(url: str, urls: dict[str, str], book: NameBook) -> Contact:
    name = urls.get(url)
    peer = next((peer for peer in book.peers.values() if peer.name == name), None)
    key = peer.subject if peer and peer.subject and peer.subject.startswith("did:key:") else None
    return Contact(name or url, url, key)


def over_http(node: Node, timeout: float = TIMEOUT) -> Connect:
    """Return what connects over HTTP. The key is opened before the first offer, in the caller's thread."""
    from trustcli.transports.http import HttpPeer  # noqa: PLC0415  httpx: only where somebody is asked

    me = node.me_or_none()

    def sign(message: bytes) -> bytes:
        return node.signer(node.me)(message)

    return lambda contact: HttpPeer(
        contact.url,
        network=node.ledger.network if node.has_ledger() else node.settings.network,
        clock=node.clock,
        expect=contact.key,
        me=me,
        sign=sign if me else None,
        timeout=timeout,
        allow_private=node.settings.allow_private,
    )
