"""What the machine wants done; the driver does it."""

from __future__ import annotations

from trustcli.value import NamedTuple

TYPE_CHECKING = False


class Send(NamedTuple):
    """Send a frame over a link, as one text message."""

    link: int
    frame: bytes


class Close(NamedTuple):
    """Close a link after what was sent is out; `code` is in faults.FAULTS or faults.CLOSES.

    The machine has forgotten the link: `closed` need not be called for it.
    """

    link: int
    code: str


class Dial(NamedTuple):
    """Open a WebSocket to a URL. Then call `opened` with `dialled=url, expect=did`, or `failed(url)`.

    `did` must answer; an empty one is known for a seed only, and then anybody may.
    """

    url: str
    did: str


if TYPE_CHECKING:
    from typing import TypeAlias

    Action: TypeAlias = Send | Close | Dial
