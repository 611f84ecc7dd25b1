"""The tables of rounds: statements by round, observations and own decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trustcli.ledger import Ledger
from trustcli.ledger.rounds import Noted, filed
from trustcli.records import crypto, did
from trustcli.records.envelope import Record
from trustcli.rounds import evidence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trustcli.records.canonical import Json

SEED = b"\x07" * 32
NOW = 1_790_000_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    found = Ledger.create(str(tmp_path / "ledger.db"))
    yield found
    found.close()


def seal(kind: str, body: dict[str, Json], at: int = NOW) -> Record:
    """Return a signed record."""
    author = did.did_of(crypto.public_key(SEED))
    return Record.seal(net="main", kind=kind, author=author, created=at, body=body, sign=crypto.signer(SEED))


def test_statements_are_found_by_their_round(ledger: Ledger) -> None:
    """Of many records those of a round, what came after the last question too; evidence without one."""
    one, other = (seal("proposal", {"round": 7, "text": text}) for text in ("this", "that"))
    ledger.append([seal("rating", {"subject": "agent:x", "value": 40, "category": "overall"}), one], NOW)
    assert ledger.rounds.statements(7) == [2]
    proof = seal("evidence", evidence.body((one, other)))
    ledger.append([seal("proposal", {"round": 8, "text": "next"}), other, proof], NOW)
    assert ledger.rounds.statements(7) == [2, 4, 5]
    assert ledger.rounds.statements(8) == [3]
    assert ledger.rounds.statements(9) == []
    assert ledger.rounds.evidence() == [5]


def test_what_an_older_version_took_in_belongs_to_no_round() -> None:
    """A record that is not well formed is passed over, not stumbled over."""
    rows = [
        ("proposal", 1, b'{"round":"seven"}'),
        ("score", 2, b"{}"),
        ("proposal", 3, b'{"round":1,"text":"x"}'),
    ]
    assert list(filed(rows)) == [(1, 3)]


def test_observations_and_decisions_are_kept(ledger: Ledger) -> None:
    """Observations in the order noted; of a round's state the last that was saved."""
    seen = [Noted("agent:x", "ok", NOW, 0, 1, None), Noted("agent:y", "score", NOW, 7, 2, "a note")]
    ledger.rounds.observe(seen)
    assert seen == ledger.rounds.observations()
    state = {
        "opened": NOW, "me": "me", "before": "", "table": {"a": 1}, "done": 1, "given": {}, "seen": [],
        "turn": -1,
    }  # fmt: skip
    ledger.rounds.save(3, state)
    ledger.rounds.save(3, state | {"done": 2})
    assert ledger.rounds.all() == {3: state | {"done": 2}}
    assert ledger.rounds.damages() == []
