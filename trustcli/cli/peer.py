"""`trust peer …`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, option
from trustcli.errors import UsageError
from trustcli.node import peers
from trustcli.node.naming import NameBook, check_petname, mixed_script
from trustcli.node.running import restarts
from trustcli.safe import word
from trustcli.timing import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session
    from trustcli.ledger.private import Peer


def add(
    session: Session,
    *,
    name: str = argument("NAME", "what you call them"),
    id_: str = argument("ID", "did:key:…, https://…, agent:…: any URI"),
    weight: float | None = option(
        "--weight",
        help="how much you listen to their ratings before you have rated them, 0 to 1",
        kind=float,
        metavar="W",
    ),
    url: list[str] = option("--url", help="where their node is reached", metavar="URL", many=True),
) -> Reply:
    """Bind a name of your own to a key or URI. Ratings that waited for it are signed now.

    Examples:
      trust peer add bob did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp
      trust peer add helper agent:cursor-agent --weight 0.3
      trust peer add carol $(cat carol.did) --url https://carol.example
    """
    peer, released = peers.add_peer(session.node, name, id_, weight, url or ())
    warnings: list[dict[str, str]] = []
    if mixed_script(peer.name):
        warnings.append(
            {"code": "mixed_script", "message": f"{peer.name}: letters of several scripts; a look-alike?"}
        )
    return Reply(
        "peer-add",
        data={**as_data(peer), "released": released, "urls": url or []},
        rows=[("peer", peer.name, peer.subject or "")],
        notes=(
            *((f"{released} rating{'s' * (released != 1)} signed and released",) if released else ()),
            *(restarts(session.places) if url else ()),
        ),
        next=f"trust rate {word(peer.name)} 4",
        warnings=warnings,
    )


def ls(session: Session) -> Reply:
    """List the names you gave, with weights and blocks."""
    found = list(NameBook(session.node).peers.values())
    return Reply(
        "peer-ls",
        data={"peers": [as_data(peer) for peer in found]},
        head=("NAME", "ID", "WEIGHT", "STATE"),
        rows=[(peer.name, peer.subject or "-", _weight(peer), _state(peer)) for peer in found],
        next="" if found else "trust peer add NAME did:key:…",
    )


def show(session: Session, *, name: str = argument("NAME", "a name, key or URI", complete="names")) -> Reply:
    """Show one peer: key, words to compare by voice, weight, block."""
    book = NameBook(session.node)
    subject = book.get(name)
    peer = next(
        (peer for peer in book.peers.values() if peer.name == name or peer.subject == subject.id), None
    )
    if peer is None:
        raise UsageError(f"{name} has no name here", hint=f"trust peer add NAME {word(subject.id)}")
    rows = [("name", peer.name), ("id", peer.subject or "none yet")]
    words = None
    if peer.subject and peer.subject.startswith("did:key:"):
        from trustcli.records.fingerprint import words as spell  # noqa: PLC0415

        words = spell(peer.subject)
        rows.append(("words", words))
    urls = [url for url, owner in session.node.ledger.network_notes.urls().items() if owner == peer.name]
    rows += [("url", url) for url in urls]
    rows += [("weight", _weight(peer)), ("state", _state(peer)), ("added", rfc3339(peer.added))]
    if peer.reason:
        rows.append(("reason", peer.reason))
    return Reply("peer-show", data={**as_data(peer), "words": words, "urls": urls}, rows=rows)


def rename(
    session: Session,
    *,
    old: str = argument("OLD", "the name now", complete="names"),
    new: str = argument("NEW", "the name from now on"),
) -> Reply:
    """Give a peer another name."""
    new = check_petname(new)
    session.node.ledger.private.rename(old, new)
    return Reply("peer-rename", data={"old": old, "new": new}, rows=[("renamed", old, new)])


def rm(session: Session, *, name: str = argument("NAME", "the name to forget", complete="names")) -> Reply:
    """Forget a name. Ratings stay; while one waits for a key under the name, it is kept (73)."""
    peers.remove_peer(session.node, name)
    return Reply("peer-rm", data={"name": name}, rows=[("removed", name)])


def block(
    session: Session,
    *,
    name: str = argument("NAME", "a name, key or URI", complete="names"),
    reason: str | None = option("--reason", help="why; for yourself", metavar="TEXT"),
) -> Reply:
    """Ignore what somebody says, from now on and only here. Nobody is told."""
    return _changed(peers.change_peer(session.node, name, blocked=True, reason=reason), "peer-block")


def unblock(
    session: Session, *, name: str = argument("NAME", "a name, key or URI", complete="names")
) -> Reply:
    """Listen to somebody again."""
    return _changed(peers.change_peer(session.node, name, blocked=False), "peer-unblock")


def as_data(peer: Peer) -> dict[str, object]:
    """Return a peer as JSON."""
    return {**peer._asdict(), "added": rfc3339(peer.added)}


def _changed(peer: Peer, schema: str) -> Reply:
    return Reply(schema, data=as_data(peer), rows=[(_state(peer), peer.name, peer.subject or "")])


def _state(peer: Peer) -> str:
    return "blocked" if peer.blocked else "known" if peer.subject else "waiting for a key"


def _weight(peer: Peer) -> str:
    return "-" if peer.weight is None else f"{peer.weight:g}"
