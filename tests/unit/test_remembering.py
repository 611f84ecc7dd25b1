"""What a serving node remembers of others: of those nobody named no more than it has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.network.homes import Home
from tests.network_of_raters import did_of
from trustcli import standing
from trustcli.ledger.rounds import Noted
from trustcli.mesh.memory import Seen
from trustcli.node import remembering
from trustcli.node.observing import Observing
from trustcli.node.peers import add_peer
from trustcli.node.remembering import LedgerMemory
from trustcli.sync.talk import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOM = 20


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A node with room for twenty strangers."""
    monkeypatch.setattr(remembering, "_STRANGERS", ROOM)
    found = Home(tmp_path, "ann")
    yield found
    found.close()


def met(home: Home, memory: LedgerMemory, names: list[str], *, banned: int = 0) -> None:
    """Let strangers come and answer twice, one after the other."""
    for name in names:
        home.now += 1_000
        memory.save_seen([Seen(did_of(name), home.now, home.now, 2, 2, banned, int(banned > 0))])


def test_of_strangers_the_latest_are_remembered_and_whoever_is_named(home: Home) -> None:
    """A new key costs nothing: a thousand of them leave as much behind as twenty, in every table."""
    add_peer(home.node, "bob", did_of("bob"))
    memory = LedgerMemory(home.node)
    observing = Observing(home.node.ledger, memory.everybody(), home.now)
    met(home, memory, ["bob"])
    met(home, memory, ["banned"], banned=home.now + 10**9)
    home.node.ledger.rounds.observe([Noted(did_of("s0"), standing.OK, home.now, 0, 1, None)])
    for turn in range(10):
        met(home, memory, names := [f"s{10 * turn + index}" for index in range(10)])
        for name in names:
            memory.save_mark(did_of(name), Mark("x" * 32, 1, 1, 1))
        observing.write(memory.everybody(), home.now)
        memory.write()
    kept = home.node.ledger.network_notes.nodes()
    assert len(kept) <= 1 + ROOM * 11 // 10
    assert {did_of(name) for name in ("bob", "banned", "s99")} <= kept.keys()
    assert did_of("s1") not in kept
    assert kept.keys() == memory.everybody().keys() == LedgerMemory(home.node).everybody().keys()
    assert len(home.node.ledger.network_notes.marks()) <= ROOM * 11 // 10
    seen = {one.subject for one in home.node.ledger.rounds.observations()}
    assert len(seen) <= 2 + ROOM * 11 // 10
    assert did_of("s0") in seen, "what was noted by hand stays"


def test_a_handshake_alone_is_no_observation(home: Home) -> None:
    """Who answered a heartbeat as well is observed; so is who was banned."""
    memory = LedgerMemory(home.node)
    observing = Observing(home.node.ledger, memory.everybody(), home.now)
    memory.save_seen([
        Seen(did_of("once"), home.now, home.now, 1, 1), Seen(did_of("twice"), home.now, home.now, 2, 2),
        Seen(did_of("bad"), home.now, home.now, 1, 1, home.now + 1, 1),
    ])  # fmt: skip
    observing.write(memory.everybody(), home.now)
    assert {one.subject for one in home.node.ledger.rounds.observations()} == {did_of("twice"), did_of("bad")}
