"""`trust id …`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, flag, option
from trustcli.cli.keygen import as_data, new_passphrase
from trustcli.errors import UsageError
from trustcli.node import identities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session
    from trustcli.node.identities import Identity

PUBLIC_FORMS = ("did", "multibase", "jwk", "openssh", "hex")
SECRET_FORMS = ("multibase", "jwk", "openssh", "seed-hex")


def ls(session: Session) -> Reply:
    """List own keys."""
    found, wrong = identities.everyone(session.node), identities.unreadable(session.node)
    return Reply(
        "id-ls",
        data={"keys": [as_data(identity) for identity in found]},
        head=("", "NAME", "ID", "CREATED", ""),
        rows=[
            (
                "*" if one.current else "-",
                one.name,
                one.did,
                one.created,
                "encrypted" if one.encrypted else "open",
                *([one.ended] if one.ended else []),
            )
            for one in found
        ],
        warnings=tuple({"code": "key_unsafe", "message": what} for what in wrong),
        next="" if found else "trust doctor" if wrong else "trust keygen",
    )


def show(
    session: Session,
    *,
    name: str | None = argument("[NAME]", "name of the key", default=None, complete="names"),
) -> Reply:
    """Show one own key: id, words to compare by voice, file, age."""
    return _shown(identities.show(session.node, name), "id-show")


def use(session: Session, *, name: str = argument("NAME", "name of the key", complete="names")) -> Reply:
    """Let another key sign from now on."""
    from trustcli import config  # noqa: PLC0415

    identity = identities.show(session.node, name)
    config.change(session.places, "identity", name)
    return _shown(identity._replace(current=True), "id-use")


def export(
    session: Session,
    *,
    name: str | None = argument("[NAME]", "name of the key", default=None, complete="names"),
    secret: bool = flag("--secret", help="export the secret key; keep the output safe"),
    form: str | None = option(
        "--format",
        help="did, multibase, jwk, openssh or hex; with --secret multibase, jwk, openssh or seed-hex",
        choices=tuple(dict.fromkeys(PUBLIC_FORMS + SECRET_FORMS)),
        metavar="FORM",
    ),
) -> Reply:
    """Print a key for other programs: public by default.

    Examples:
      trust id export --format openssh >> allowed_signers
      trust id export --secret --format openssh > id_ed25519
    """
    from trustcli import key_forms  # noqa: PLC0415

    node = session.node
    identity = identities.show(node, name)
    form = form or ("multibase" if secret else "did")
    if form not in (SECRET_FORMS if secret else PUBLIC_FORMS):
        raise UsageError(
            f"no {'secret' if secret else 'public'} form {form!r}", hint="trust id export --help"
        )
    if secret:
        text = key_forms.secret_text(node.keys.seed(identity.name, node.passphrase), form)
    else:
        text = key_forms.public_text(identity.did, form)
    text = text if text.endswith("\n") else f"{text}\n"
    return Reply(
        "id-export", data={"name": identity.name, "format": form, "secret": secret, "text": text}, text=[text]
    )


def import_(
    session: Session,
    *,
    file: str = argument(
        "FILE", "a secret key: seed-hex, multibase, JWK or OpenSSH; - for stdin", complete="files"
    ),
    name: str | None = argument("[NAME]", "name for the key", default=None),
    no_passphrase: bool = flag("--no-passphrase", help="keep the key unencrypted and do not ask"),
) -> Reply:
    """Take an existing Ed25519 key in as an own key."""
    from trustcli import key_forms  # noqa: PLC0415

    node = session.node
    seed = key_forms.parse_seed(session.open(file).read(key_forms.MAX_TEXT + 1))
    passphrase = new_passphrase(session, without=no_passphrase)
    identity = identities.make(node, name or node.settings.identity, seed=seed, passphrase=passphrase)
    return _shown(identity, "id-import")


def passwd(
    session: Session,
    *,
    name: str | None = argument("[NAME]", "name of the key", default=None, complete="names"),
    new_passphrase_file: str | None = option(
        "--new-passphrase-file", help="read the new passphrase from FILE", metavar="FILE", complete="files"
    ),
    new_passphrase_fd: int | None = option(
        "--new-passphrase-fd", help="read it from file descriptor N", kind=int, metavar="N"
    ),
    new_passphrase_command: str | None = option(
        "--new-passphrase-command", help="read it from the output of COMMAND", metavar="COMMAND"
    ),
    no_passphrase: bool = flag("--no-passphrase", help="store the key unencrypted"),
) -> Reply:
    """Set, change or remove the passphrase of a key file. The key itself stays the same."""
    node = session.node
    name = name or node.identity
    session.options.update(
        new_passphrase_file=new_passphrase_file,
        new_passphrase_fd=new_passphrase_fd,
        new_passphrase_command=new_passphrase_command,
    )
    node.keys.did(name)
    new = new_passphrase(session, "new_passphrase", without=no_passphrase)
    if new is None and not no_passphrase:
        raise UsageError("no new passphrase was given", hint="--new-passphrase-file FILE, or --no-passphrase")
    return _shown(identities.change_passphrase(node, name, new), "id-passwd")


def rotate(
    session: Session,
    *,
    confirm: bool = flag("--confirm", help="second half: the new key accepts, and signs from now on"),
    no_passphrase: bool = flag("--no-passphrase", help="keep the new key unencrypted and do not ask"),
) -> Reply:
    """Replace the key in use by a new one without losing what it earned, in two steps.

    First `trust id rotate`: makes the new key, and the old one names it as its successor. Nothing
    changes yet; keep a backup of the new key. Then `trust id rotate --confirm`: the new key accepts.
    From then on both keys count as one rater, for everybody who has both records.
    """
    node = session.node
    if confirm:
        from trustcli import config  # noqa: PLC0415

        old, new = identities.confirm(node)
        config.change(session.places, "identity", new.name)
        rows = [("rotated", f"{old.name} → {new.name}"), ("id", new.did), ("words", new.words)]
        return Reply(
            "id-rotate",
            data={"old": as_data(old), "new": as_data(new), "confirmed": True},
            rows=rows,
            next="trust export -o bundle.ndjson",
        )
    # with --no-passphrase, one that is given opens the old key
    opens = no_passphrase and node.keys.encrypted(node.identity)
    passphrase = None if opens else new_passphrase(session, without=no_passphrase)
    old, new = identities.rotate(node, passphrase)
    rows = [("successor", new.name), ("id", new.did), ("words", new.words), ("key", new.path)]
    return Reply(
        "id-rotate",
        data={"old": as_data(old), "new": as_data(new), "confirmed": False},
        rows=rows,
        next="back the new key up, then: trust id rotate --confirm",
    )


def retire(
    session: Session,
    *,
    compromised_since: str | None = option(
        "--compromised-since",
        help="the key is in other hands since TIME: what it signed from then on does not count",
        metavar="TIME",
    ),
    reason: str | None = option("--reason", help="why, for all to read", metavar="TEXT"),
) -> Reply:
    """End the key in use, for good. What it said before still counts."""
    from trustcli import timing  # noqa: PLC0415

    node = session.node
    identity = identities.show(node)
    if not session.options["yes"] and not _sure(session, identity):
        raise UsageError("a retired key never comes back", hint="trust id retire --yes")
    since = None if compromised_since is None else timing.past(compromised_since, node.clock())
    identity = identities.retire(node, since=since, reason=reason)
    state = "compromised" if since is not None else "retired"
    return Reply(
        "id-retire",
        data={**as_data(identity), "state": state},
        rows=[(state, identity.name, identity.did)],
        next="trust keygen NAME",
    )


def _sure(session: Session, identity: Identity) -> bool:
    if not session.can_ask:
        return False
    import sys  # noqa: PLC0415

    sys.stderr.write(f"retire {identity.name} ({identity.did}) for good? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _shown(identity: Identity, schema: str) -> Reply:
    return Reply(
        schema,
        data=as_data(identity),
        rows=[
            ("name", identity.name),
            ("id", identity.did),
            ("words", identity.words),
            ("key", identity.path),
            ("created", identity.created),
            ("passphrase", "yes" if identity.encrypted else "no"),
            ("in use", "yes" if identity.current else "no"),
            *([("ended", identity.ended)] if identity.ended else []),
        ],
    )
