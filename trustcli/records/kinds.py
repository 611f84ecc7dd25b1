"""The kinds this version understands, one line each. Others are kept, passed on, and ignored."""

from __future__ import annotations

from trustcli.records import (
    announce,
    evidence,
    key,
    proposal,
    rating,
    revocation,
    score,
    update,
    winner,
)

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
    "proposal": proposal.check,
    "score": score.check,
    "winner": winner.check,
    "evidence": evidence.check,
}
