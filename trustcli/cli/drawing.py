"""Where the picture of a command goes: a new file, or standard output for `-`."""

from __future__ import annotations

from trustcli.cli.export import check_new, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.cli.declare import Reply

STDOUT = "-"


def check_target(path: str | None) -> None:
    """Refuse a file that cannot be written, before the long run whose picture it is for.

    Raises:
        UsageError, WouldOverwrite, DiskError.
    """
    if path is not None and path != STDOUT:
        check_new(path)


def with_picture(reply: Reply, key: str, path: str | None, draw: Callable[[], str]) -> Reply:
    """Return a reply whose picture, if one was asked for, is in a new file, or takes the place of the rows.

    Args:
        key: under which the data says where the picture is; on standard output it is in the data, as text.

    Raises:
        WouldOverwrite, DiskError.
    """
    if path is None:
        return reply
    text = draw()
    if path == STDOUT:
        return reply._replace(data={**reply.data, "text": text}, text=[text])
    size = written(path, iter([text.encode()]))
    return reply._replace(data={**reply.data, key: path, "bytes": size})
