"""What is said in a round, as values. Keys are did:keys, ids of proposals hex text."""

from __future__ import annotations

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.records.canonical import Json

MAX_SCORE = 10_000
SELF_SCORE = 5_000


class Proposal(NamedTuple):
    """What `proposer` wants round `round` to settle on; `own` is its own score of it, None in base mode."""

    id: str
    round: int
    proposer: str
    own: int | None = SELF_SCORE


class Score(NamedTuple):
    """What `signer` gives a proposal, 0 to 10,000, signed in its scoring number `step`."""

    round: int
    proposal: str
    signer: str
    value: int
    step: int = 0


class Pick(NamedTuple):
    """The winner that `signer` announces; of its announcements the one with the highest `turn` counts."""

    round: int
    signer: str
    proposal: str
    turn: int = 0


def proposal_of(id_: str, author: str, body: Mapping[str, Json]) -> Proposal:
    """Return the proposal that a record of kind `proposal` is."""
    own = body.get("score")
    return Proposal(id_, _integer(body["round"]), author, own if isinstance(own, int) else None)


def score_of(author: str, body: Mapping[str, Json]) -> Score:
    """Return the score that a record of kind `score` is."""
    return Score(
        _integer(body["round"]),
        str(body["proposal"]),
        author,
        _integer(body["value"]),
        _integer(body["step"]),
    )


def pick_of(author: str, body: Mapping[str, Json]) -> Pick:
    """Return the announcement that a record of kind `winner` is."""
    return Pick(_integer(body["round"]), author, str(body["proposal"]), _integer(body["turn"]))


def _integer(value: Json) -> int:
    assert isinstance(value, int)  # the record's kind was checked
    return value
