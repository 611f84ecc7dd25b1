"""Rounds by the clock at one node: each rating in one block, each block after the last."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.network.homes import Home
from trustcli.node import proposing, rounding
from trustcli.node.timetable import BATCH, SLOTS, Timetable

if TYPE_CHECKING:
    from pathlib import Path

    from trustcli.records.canonical import Json

WINDOW = 10_000  # ms


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A node that takes part in a round every ten seconds, alone."""
    return Home(tmp_path, "ann", round_every=10.0, propose=BATCH)


def run(home: Home, table: Timetable, windows: int) -> None:
    """Let so many windows pass, with a new rating in each."""
    for _ in range(windows):
        home.rate(f"agent:{home.now}")
        for _ in range(SLOTS):
            table.tick(home.now)
            assert table.problem is None
            home.now += WINDOW // SLOTS


def test_each_rating_is_in_one_block_and_each_block_follows_the_last(home: Home) -> None:
    """A round is proposed for when the one before it is decided, not while it is under way."""
    run(home, Timetable(home.node, lambda _: None), 4)
    stages = rounding.newest(home.node, 10)
    blocks = [stage.block for stage in reversed(stages) if stage.block]
    assert [block.height for block in blocks] == [0, 1, 2]
    assert all(block.previous == before.hash for before, block in pairwise(blocks))
    ids = [id_ for block in blocks for id_ in block.transactions]
    assert len(ids) == len(set(ids)) == 3
    assert proposing.chain(home.node) == blocks


def test_a_block_of_any_height_ends_nothing(home: Home) -> None:
    """What calls itself the last block there can be won a round: it is in no chain, and batches go on."""
    rated = home.rate("agent:x")
    batch: dict[str, Json] = {"height": 2**53 - 1, "previous": "0" * 64, "transactions": [rated.id]}
    proposing.propose(home.node, {"batch": batch}, 0)
    rounding.open_(home.node, 0)
    for _ in range(rounding.RULES.scorings + 1):
        rounding.step(home.node, 0)
    assert rounding.close(home.node, 0).winner is not None
    assert proposing.chain(home.node) == []
    assert proposing.batch(home.node)["batch"] == {**batch, "height": 0}
