"""`trust init`."""

from __future__ import annotations

from trustcli import config
from trustcli.cli.declare import Reply, flag, option
from trustcli.cli.keygen import new_passphrase
from trustcli.errors import PARTIAL
from trustcli.node import announcing, identities, peers, setting
from trustcli.records.roles import ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def init(
    session: Session,
    *,
    owner: str | None = option("--owner", help="whose node this is: announced to everybody", metavar="NAME"),
    peer: list[str] = option("--peer", help="URL of a node to begin with", metavar="URL", many=True),
    endpoint: list[str] = option(
        "--endpoint",
        help="URL under which others reach this node; none: it only dials out",
        metavar="URL",
        many=True,
    ),
    role: str | None = option("--role", help="what this node keeps and offers", choices=ROLES),
    subject: list[str] = option(
        "--subject", help="what a light node keeps: a key or URI", metavar="ID", many=True
    ),
    listen: str | None = option("--listen", help="where `serve` listens", metavar="HOST:PORT"),
    network: str | None = option("--network", help="the network this node belongs to", metavar="NAME"),
    no_passphrase: bool = flag("--no-passphrase", help="keep the key unencrypted and do not ask"),
) -> Reply:
    """Make this machine a node: key, settings, ledger, announcement, and a first sync.

    What is there already is kept, so running it again changes only what the options say.

    Examples:
      trust init --owner alice --peer https://trust.example
      trust init --owner alice --endpoint https://alice.example --no-passphrase
    """  # fmt: skip
    _settle(session, owner=owner, peer=peer, endpoint=endpoint, role=role, subject=subject, listen=listen,
            network=network)  # fmt: skip
    node = session.node
    made = node.me_or_none() is None
    if made:
        passphrase = new_passphrase(session, without=no_passphrase)
        identities.make(node, node.identity, passphrase=passphrase)
    node.make_ledger()
    announced = announcing.announce(node)
    identity = identities.show(node)
    synced, notes = _first_sync(session) if node.settings.seeds else ([], [])
    rows = [
        ("id", identity.did),
        ("words", identity.words),
        ("key", f"{identity.path}  (0600, {'encrypted' if identity.encrypted else 'not encrypted'})"),
        ("role", node.settings.role),
        ("announced", "yes" if announced else "as before"),
        *synced,
    ]
    return Reply(
        "init",
        data={
            "id": identity.did,
            "made": made,
            "announced": announced,
            "role": node.settings.role,
            "owner": node.settings.owner or None,
            "seeds": list(node.settings.seeds),
            "endpoints": list(node.settings.endpoints),
            "synced": not notes if node.settings.seeds else None,
        },
        rows=rows,
        notes=tuple(notes),
        exit=PARTIAL if notes else 0,
        next="trust serve",
    )


def _settle(
    session: Session, *, peer: list[str], endpoint: list[str], subject: list[str], **plain: str | None
) -> None:
    """Write what the options say into the settings; lists grow, nothing is dropped from them."""
    settings, _ = config.load(session.places)
    for name, value in plain.items():
        if value is not None:
            setting.change(session.places, name, value)
    for name, added in (
        ("seeds", [peers.check_url(url) for url in peer or ()]),
        ("endpoints", [peers.check_url(url) for url in endpoint or ()]),
        ("subjects", list(subject or ())),
    ):
        known = getattr(settings, name)
        if new := [one for one in dict.fromkeys(added) if one not in known]:
            config.change(session.places, name, " ".join((*known, *new)))


def _first_sync(session: Session) -> tuple[list[tuple[str, ...]], list[str]]:
    """Sync with the seeds; a node whose seeds are asleep is a node all the same."""
    from trustcli.node import contacts, syncing  # noqa: PLC0415  httpx only where something is asked

    node = session.node
    report = syncing.sync(
        node,
        contacts.contacts(node),
        syncing.Plan(subjects=node.settings.subjects if node.settings.role == syncing.LIGHT else ()),
        connect=contacts.over_http(node),
        lock_wait=node.lock_wait,
        progress=session.progress("first sync"),
    )
    rows: list[tuple[str, ...]] = [
        ("synced", peer.contact.name, f"{peer.outcome.new} pulled", f"{peer.outcome.given} pushed")
        for peer in report.peers
        if not peer.problem
    ]
    notes = [
        f"{peer.contact.name}: {peer.problem}; later: trust sync" for peer in report.peers if peer.problem
    ]
    return rows, notes
