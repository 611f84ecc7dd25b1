"""`trust config …`."""

from __future__ import annotations

from trustcli import config
from trustcli.cli.declare import Reply, argument, flag
from trustcli.config import MEANING, Settings
from trustcli.errors import UsageError
from trustcli.node import setting
from trustcli.node.running import restarts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def get(session: Session, *, key: str = argument("KEY", "a setting")) -> Reply:
    """Print one setting."""
    settings, origin = config.load(session.places)
    if key not in Settings._fields:
        raise UsageError(f"no setting {key!r}", hint=f"one of: {', '.join(Settings._fields)}")
    value = getattr(settings, key)
    return Reply(
        "config-get", data={"key": key, "value": value, "origin": origin[key]}, rows=[(_text(value),)]
    )


def set_(
    session: Session,
    *,
    key: str = argument("KEY", "a setting"),
    value: str = argument("VALUE", "its new value"),
) -> Reply:
    """Change one setting."""
    return _changed(session, key, value)


def unset(session: Session, *, key: str = argument("KEY", "a setting")) -> Reply:
    """Bring one setting back to its default."""
    return _changed(session, key, None)


def ls(
    session: Session, *, origin: bool = flag("--origin", help="show where each value comes from")
) -> Reply:
    """List all settings with their meaning."""
    settings, where = config.load(session.places)
    values = settings._asdict()
    return Reply(
        "config-ls",
        data={
            "settings": [{"key": key, "value": value, "origin": where[key]} for key, value in values.items()]
        },
        rows=[(key, _text(value), where[key] if origin else MEANING[key]) for key, value in values.items()],
    )


def path(session: Session) -> Reply:
    """Print where the settings file is, whether it exists or not."""
    return Reply("config-path", data={"path": session.places.settings}, rows=[(session.places.settings,)])


def _changed(session: Session, key: str, value: str | None) -> Reply:
    held = session.node.ledger.network if key == "network" and session.node.has_ledger() else None
    now = getattr(setting.change(session.places, key, value), key)
    notes = restarts(session.places)
    if held not in (None, now):
        notes += (f"the ledger here stays of network {held}: for another network use another --home",)
    return Reply(
        "config-set",
        data={"key": key, "value": now},
        rows=[(key, _text(now))],
        notes=notes,
    )


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
