"""Change a setting, if those it is for can read its value."""

from __future__ import annotations

from trustcli import config
from trustcli.config import MEANING, Settings
from trustcli.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.config import Places


def change(where: Places, name: str, text: str | None) -> Settings:
    """Set a key from its text, or unset it with None; return the settings that result.

    Raises:
        UsageError: no such key or no such value. ConfigError: the file is damaged. DiskError.
    """
    read = _READERS.get(name)
    if read and text:
        try:
            read(text)
        except UsageError:
            raise UsageError(f"{name} cannot be {text!r}", hint=MEANING[name]) from None
    return config.change(where, name, text)


def _listen(text: str) -> None:
    from trustcli.transports.binding import read_listen  # noqa: PLC0415  asyncio

    if text != "none":
        read_listen(text)


def _mapping(
    system: str = "otc", columns: str = Settings().bridge_map, scale: str = Settings().bridge_scale
) -> None:
    from trustcli.node import bridging  # noqa: PLC0415
    from trustcli.records.rating import OVERALL  # noqa: PLC0415

    bridging.mapping(system, columns, scale, OVERALL)


_READERS: dict[str, Callable[[str], None]] = {
    "listen": _listen,
    "bridge_system": _mapping,
    "bridge_map": lambda text: _mapping(columns=text),
    "bridge_scale": lambda text: _mapping(scale=text),
}
