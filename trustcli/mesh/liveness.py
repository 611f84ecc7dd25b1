"""Whether a node is there, by what we observed ourselves: TrustNet's ACTIVE, INACTIVE, BANNED."""

from __future__ import annotations

ACTIVE, INACTIVE, BANNED = "ACTIVE", "INACTIVE", "BANNED"
HEARTBEAT = 30_000  # ms between two PINGs, as TrustNet's heartbeat
MISSED = 3  # heartbeats without an answer after which a peer is dead


def status(heard: int, banned_until: int, now: int, *, blocked: bool = False) -> str:
    """Return ACTIVE (heard within three heartbeats), INACTIVE, or BANNED (our own evidence, or blocked).

    Args:
        heard, banned_until, now: Unix ms, 0 for never.
    """
    if blocked or banned_until > now:
        return BANNED
    return ACTIVE if heard and now - heard <= MISSED * HEARTBEAT else INACTIVE
