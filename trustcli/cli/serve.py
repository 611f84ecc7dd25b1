"""`trust serve`."""

from __future__ import annotations

import os
import sys

from trustcli import __version__
from trustcli.cli.declare import Reply, flag, option
from trustcli.errors import NO, UsageError
from trustcli.node import units
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def serve(
    session: Session,
    *,
    listen: list[str] = option(
        "--listen",
        help="HOST:PORT, a port, unix:PATH, or none to only dial out",
        metavar="HOST:PORT",
        many=True,
    ),
    unix: str | None = option(
        "--unix", help="listen on a unix socket, for this user alone", metavar="PATH", complete="files"
    ),
    fd: int | None = option(
        "--fd", help="listen on an open socket, as systemd hands over", kind=int, metavar="N"
    ),
    public: bool = flag("--public", help="allow --listen on an address that others can reach"),
    tls_cert: str | None = option(
        "--tls-cert", help="certificate chain, PEM", metavar="FILE", complete="files"
    ),
    tls_key: str | None = option("--tls-key", help="its key, PEM", metavar="FILE", complete="files"),
    read_only: bool = flag("--read-only", help="take no records over HTTP"),
    get: str | None = option("--get", help="answer one GET of PATH on stdout, and leave", metavar="PATH"),
    print_unit: bool = flag("--print-unit", help="print hardened systemd units for this home, and leave"),
) -> Reply:
    """Be a node: answer others, keep links to some, pass on what is new, until stopped.

    Listens on 127.0.0.1:7717 unless told otherwise. What leaves this machine are public records and what
    the node announces of itself; names, weights, blocks and private ratings never do. Ratings made
    beside it (`trust rate` in another shell) are passed on at once. SIGTERM and Ctrl-C end it after
    open answers are given.

    Examples:
      trust serve
      trust serve --listen 0.0.0.0:7717 --public --tls-cert cert.pem --tls-key key.pem
      trust serve --get /v1/node
      trust serve --print-unit
    """
    if print_unit:
        return _units(session)
    if (tls_cert is None) != (tls_key is None):
        raise UsageError("a certificate needs its key", hint="--tls-cert FILE --tls-key FILE")
    from trustcli.node import serving  # noqa: PLC0415  uvicorn and asyncio belong to this command alone

    if get is not None:
        return _once(session, get)
    places = listen or [] if unix or fd is not None else listen or [session.node.settings.listen]
    places = [*places, *([f"unix:{unix}"] if unix else []), *([f"fd:{fd}"] if fd is not None else [])]
    options = serving.Options(
        listen=tuple(place for place in places if place != "none"),
        public=public,
        tls=(tls_cert, tls_key) if tls_cert and tls_key else None,
        read_only=read_only,
        notify=session.service_manager,
    )
    serving.serve(
        session.node,
        options,
        lambda where: _say(session, _greeting(session.node.me, where)),
        lambda trouble: _say(session, f"warning: {trouble}"),
    )
    return Reply("serve", data={"stopped": True})


def _greeting(me: str, where: list[str]) -> str:
    return f"serving {me} on {', '.join(where) or 'nowhere, it only dials out'}"


def _say(session: Session, line: str) -> None:
    """Say one line on stderr; a node goes on where nobody takes it."""
    if session.quiet or sys.stderr is None:
        return
    try:
        sys.stderr.write(f"{safe(line)}\n")
        sys.stderr.flush()
    except OSError:
        pass


def _once(session: Session, path: str) -> Reply:
    from trustcli.node import serving  # noqa: PLC0415

    if not path.startswith("/"):
        raise UsageError(f"{path!r} is no path", hint="trust serve --get /v1/node")
    answered = serving.once(session.node, path)
    text = answered.body.decode("utf-8", "replace")
    return Reply(
        "serve-get",
        data={"status": answered.status, "headers": answered.headers, "body": text},
        text=[text if text.endswith("\n") else text + "\n"],
        exit=0 if answered.status < 400 else NO,
    )


def _units(session: Session) -> Reply:
    found = units.units(_program(), session.places, session.user)
    data = {"version": __version__, "units": found}
    return Reply("serve-unit", data=data, text=[f"{text}\n" for text in found.values()])


def _program() -> list[str]:
    """Return the words that start this program, absolute path first."""
    script = os.path.abspath(sys.argv[0])
    if os.path.basename(script).startswith("trust") and os.access(script, os.X_OK):
        return [script]
    return [sys.executable, "-m", "trustcli"]
