"""What can be wrong between two nodes of the mesh: the stable codes and what each counts.

A code is the `code` of the PeerFault, of the CLOSE message, and of the counters. Points add up in
`limits.Faults`; at 100 within a decaying minute the link is closed and the key is banned.
"""

from __future__ import annotations

from trustcli.errors import PeerFault

HARMLESS = 0  # also happens to honest peers: a late duplicate, a clock that is off
OVER_RATE = 1
REFUSED_RECORD = 1
USELESS_SYNC = 5
BAD_SIGNATURE = 10
MALFORMED = 20
UNREADABLE = 50  # a frame that our version never had, whatever else the peer is; and it may be large

FAULTS: dict[str, tuple[int, str]] = {
    "ahead": (HARMLESS, "dated more than 30 seconds ahead"),
    "bad_frame": (UNREADABLE, 'not {"message":…,"sig":…} in its one layout'),
    "bad_payload": (UNREADABLE, "the payload is not what its type says"),
    "bad_record": (BAD_SIGNATURE, "no record: nobody signed it, or it is not in the one form"),
    "bad_session": (OVER_RATE, "belongs to another session"),
    "bad_signature": (BAD_SIGNATURE, "the sender did not sign this frame"),
    "early": (HARMLESS, "before the handshake was done"),
    "old": (HARMLESS, "dated more than 5 minutes ago"),
    "other_network": (HARMLESS, "belongs to another network"),
    "other_version": (HARMLESS, "speaks another version of the protocol"),
    "out_of_turn": (MALFORMED, "a step of the handshake at the wrong time"),
    "rate_limited": (OVER_RATE, "more than 100 messages a minute"),
    "refused_record": (REFUSED_RECORD, "a record that this network does not accept"),
    "repeated": (HARMLESS, "a number that was used before"),
    "self": (HARMLESS, "our own key answers: a mirror, or this very node"),
    "too_big": (UNREADABLE, "longer than a frame may be"),
    "unexpected_key": (HARMLESS, "another key than the one that was dialled"),
    "unknown_type": (MALFORMED, "no such type of message"),
    "useless_sync": (USELESS_SYNC, "a sync that brought nothing though the heads differ"),
    "wrong_sender": (MALFORMED, "signed by another key than the one of this link"),
    "wrong_to": (HARMLESS, "meant for another key"),
}
"""Code of each fault, its points, and its meaning."""

FATAL = frozenset(
    ("other_network", "other_version", "out_of_turn", "self", "unexpected_key", "wrong_sender", "wrong_to")
)
"""Faults after which a link is closed at once, whatever the points."""

CLOSES = {
    "banned": "the key is banned here for a while",
    "bye": "this node stops",
    "cut": "too many faults",
    "dead": "nothing heard for three heartbeats",
    "duplicate": "there is another link with this key, and it is kept",
    "full": "no place for another link",
    "too_slow": "the handshake was not done in ten seconds",
}
"""Why a link is closed, besides the fatal faults."""

FORGERIES = frozenset(
    (
        "bad_encoding",
        "bad_envelope",
        "bad_key",
        "bad_signature",
        "bad_text",
        "not_canonical",
        "not_integer",
        "not_json",
        "too_big",
        "too_deep",
        "wrong_network",
    )
)
"""Refusals of what no node that verifies could hold. Others come with another version, or another clock."""


def fault(code: str, detail: str = "") -> PeerFault:
    """Return the error of a code in FAULTS."""
    meaning = FAULTS[code][1]
    return PeerFault(f"{meaning}: {detail}" if detail else meaning, code=code)


def because(code: str) -> str:
    """Return why a link was closed, for the user; who only hung up did not say."""
    if code in ("ahead", "old"):
        return f"what one of us says is {FAULTS[code][1]}: are the clocks of both machines right?"
    meaning = FAULTS[code][1] if code in FAULTS else CLOSES.get(code)
    return f"no link: {meaning}" if meaning else "it hung up before the handshake was done"


def points(code: str) -> int:
    """Return what a fault counts."""
    return FAULTS[code][0]
