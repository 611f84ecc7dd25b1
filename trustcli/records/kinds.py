"""The kinds this version understands, one line each. Others are kept, passed on, and ignored."""

from __future__ import annotations

from trustcli.records import announce, key, rating, revocation, update

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trustcli.records.canonical import Json

KINDS: dict[str, Callable[[str, Mapping[str, Json]], None]] = {
    "rating": rating.check,
    "revocation": revocation.check,
    "key": key.check,
    "announce": announce.check,
    "update": update.check,
}
