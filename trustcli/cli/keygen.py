"""`trust keygen`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, flag, option
from trustcli.errors import UsageError
from trustcli.node import identities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session
    from trustcli.node.identities import Identity


def keygen(
    session: Session,
    *,
    name: str | None = argument("[NAME]", "name of the key file", default=None),
    no_passphrase: bool = flag("--no-passphrase", help="keep the key unencrypted and do not ask"),
    import_: str | None = option(
        "--import",
        help="take the key in FILE (seed-hex, multibase, JWK, OpenSSH) instead of a new one",
        metavar="FILE",
        complete="files",
    ),
) -> Reply:
    """Make a key: who you are to others.

    The key stays in one file that only you can read. It is encrypted when a passphrase is given:
    at the terminal, or by --passphrase-file, --passphrase-fd or --passphrase-command. Nothing is
    ever overwritten.

    Examples:
      trust keygen
      trust keygen work --passphrase-file ~/.secrets/trust
    """
    node = session.node
    name = name or session.options["as_"] or node.settings.identity
    seed = None
    if import_:
        from trustcli import key_forms  # noqa: PLC0415

        seed = key_forms.parse_seed(session.open(import_).read(key_forms.MAX_TEXT + 1))
    passphrase = new_passphrase(session, without=no_passphrase)
    identity = identities.make(node, name, seed=seed, passphrase=passphrase)
    others = [other for other in node.keys.names() if other != name]
    use = (
        f"trust id use {name}"
        if others and not identity.current
        else "trust rate bob 4 --category reliability"
    )
    return Reply(
        "keygen",
        data=as_data(identity),
        rows=[
            ("id", identity.did),
            ("words", identity.words),
            ("key", f"{identity.path}  (0600, {'encrypted' if identity.encrypted else 'not encrypted'})"),
        ],
        notes=() if identity.encrypted else (f"the key is not encrypted: trust id passwd {name}",),
        next=use,
    )


def new_passphrase(session: Session, prefix: str = "passphrase", *, without: bool = False) -> bytes | None:
    """Return the passphrase for a key that is written now; asked twice at a terminal, empty = none.

    Args:
        without: --no-passphrase was given.

    Raises:
        UsageError: so was a passphrase, or the two that were typed differ. KeyProblem, NotFound, BadInput.
    """
    from trustcli.cli.session import ask_secret  # noqa: PLC0415

    options = session.options
    given = [way for way in ("file", "fd", "command") if options.get(f"{prefix}_{way}") not in (None, "")]
    if without and given:
        other = f"--{prefix.replace('_', '-')}-{given[0]}"
        raise UsageError(f"--no-passphrase and {other} exclude each other", hint=f"leave out {other}")
    if without:
        return None
    if not given and session.can_ask:
        first = ask_secret("passphrase (empty for none): ")
        if first and ask_secret("once more: ") != first:
            raise UsageError("the two passphrases differ", hint="nothing was written; try again")
        return first or None
    source = session.passphrase(prefix)
    return source() if source else None


def as_data(identity: Identity) -> dict[str, object]:
    """Return an identity as JSON."""
    return identity._asdict()
