"""Own keys: make, import, rotate, retire."""

from __future__ import annotations

from trustcli.errors import NotFound, TrustError, UsageError
from trustcli.keys import generate_seed
from trustcli.node.ending import end_of, refuse_ended
from trustcli.node.rating import keep, seal
from trustcli.records import key as kind
from trustcli.records.fingerprint import words
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.node import Node
    from trustcli.records.canonical import Json


class Identity(NamedTuple):
    """An own key: what others see of it and where it is kept."""

    name: str
    did: str
    words: str
    path: str
    created: str
    encrypted: bool
    current: bool
    ended: str | None  # `retired on 2026-…`


def show(node: Node, name: str | None = None) -> Identity:
    """Return an own key by name, by default the one in use.

    Raises:
        NotFound, KeyProblem.
    """
    name = name or node.identity
    keys = node.keys
    did = keys.did(name)
    return Identity(
        name,
        did,
        words(did),
        keys.path(name),
        keys.created(name),
        keys.encrypted(name),
        name == node.identity,
        _ended(node, did),
    )


def everyone(node: Node) -> list[Identity]:
    """Return all own keys that can be read, by name."""
    return [show(node, name) for name in node.keys.dids()]


def unreadable(node: Node) -> list[str]:
    """Say what is wrong with each key that `everyone` leaves out."""
    good = node.keys.dids()
    bad = {node.keys.path(name) for name in node.keys.names() if name not in good}
    return [f"{path}: {what}" for path, what in node.keys.problems() if path in bad]


def make(node: Node, name: str, *, seed: bytes | None = None, passphrase: bytes | None = None) -> Identity:
    """Make a key (or keep a given 32-byte seed) and the ledger beside it.

    Raises:
        WouldOverwrite: there is a key of that name. DiskError, UsageError.
    """
    node.keys.path(name)  # a name that cannot be is refused before anything is made
    node.make_ledger()  # before the key: where this fails, the same command works once it is mended
    node.keys.create(name, seed or generate_seed(), node.clock(), passphrase)
    return show(node, name)


def rotate(node: Node, passphrase: bytes | None = None) -> tuple[Identity, Identity]:
    """First half of a rotation: make the successor key and let the old key name it.

    Nothing changes for others until `confirm`. A second call before that returns the same successor.

    Returns:
        The old identity and its successor.

    Raises:
        KeyProblem: the old key has ended, so that nobody would follow it.
    """
    old = show(node)
    refuse_ended(node, old.did, node.clock())
    name = _successor_name(old.name)
    exists = name in node.keys.names()
    successor = show(node, name) if exists else make(node, name, passphrase=passphrase)
    body: dict[str, Json] = {"action": kind.ROTATE, "successor": successor.did}
    if not _said(node, old.did, body):
        keep(node, seal(node, old.did, "key", body, node.clock()))
    return old, successor


def confirm(node: Node) -> tuple[Identity, Identity]:
    """Second half of a rotation: the successor accepts; from then on both keys are one rater.

    Raises:
        NotFound: `rotate` was not called before.
    """
    old = show(node)
    name = _successor_name(old.name)
    if name not in node.keys.names():
        raise NotFound(f"no successor of {old.name!r} waits for confirmation", hint="trust id rotate")
    successor = show(node, name)
    body: dict[str, Json] = {"action": kind.ACCEPT, "predecessor": old.did}
    if not _said(node, successor.did, body):
        keep(node, seal(node, successor.did, "key", body, node.clock()))
    return old, successor


def retire(node: Node, *, since: int | None = None, reason: str | None = None) -> Identity:
    """End the key in use: retired from now on, or (`since`, Unix ms) compromised from then on.

    Raises:
        UsageError: `since` lies ahead. KeyProblem: it has ended, and not later than that.
    """
    now = node.clock()
    if since is not None and since > now:
        raise UsageError("a key cannot be compromised in the future")
    body: dict[str, Json] = {"action": kind.RETIRE}
    if since is not None:
        body = {"action": kind.COMPROMISED, "since": since}
    if reason:
        body["reason"] = reason
    did = node.me
    refuse_ended(node, did, now if since is None else since)
    keep(node, seal(node, did, "key", body, now))
    return show(node)


def change_passphrase(node: Node, name: str, new: bytes | None) -> Identity:
    """Encrypt a key file anew, or (None) store it unencrypted. The key itself does not change."""
    node.keys.change_passphrase(name, node.passphrase, new)
    return show(node, name)


def _successor_name(name: str) -> str:
    base, _, number = name.rpartition("-")
    if base and number.isdigit():
        return f"{base}-{int(number) + 1}"
    return f"{name}-2"


def _ended(node: Node, did: str) -> str | None:
    try:
        end = end_of(node, did)
    except TrustError:
        return None  # keys are shown and exported whatever is wrong with the ledger
    return None if end is None else str(end)


def _said(node: Node, author: str, body: dict[str, Json]) -> bool:
    """Say whether the key said this before, so that a repeated command adds nothing."""
    reader = node.ledger.reader()
    me = reader.node(author)
    other = reader.node(str(body.get("successor") or body.get("predecessor")))
    if me is None or other is None:
        return False
    return any(event[:3] == (me, body["action"], other) for event in reader.key_events(me))
