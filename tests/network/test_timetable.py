"""Rounds by the clock at one node: each rating in one block, each block after the last."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.network.homes import Home
from trustcli.errors import RecordRefused, TrustError
from trustcli.node import caring, proposing, rounding
from trustcli.node.timetable import BATCH, SLOTS, Timetable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trustcli.node import Node
    from trustcli.node.rounding import Stage
    from trustcli.records.canonical import Json

WINDOW = 10_000  # ms


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A node that takes part in a round every ten seconds, alone."""
    found = Home(tmp_path, "ann", round_every=10.0, propose=BATCH)
    yield found
    found.close()


def run(home: Home, windows: int) -> None:
    """Let so many windows pass, with a new rating in each."""
    problems: list[TrustError] = []
    table = Timetable(home.node, lambda _: None, problems.append)
    for _ in range(windows):
        home.rate(f"agent:{home.now}")
        for _ in range(SLOTS):
            table.tick(home.now)
            assert not problems
            home.now += WINDOW // SLOTS


def test_each_rating_is_in_one_block_and_each_block_follows_the_last(home: Home) -> None:
    """A round is proposed for when the one before it is decided, not while it is under way."""
    run(home, 4)
    stages = rounding.newest(home.node, 10)
    blocks = [stage.block for stage in reversed(stages) if stage.block]
    assert [block.height for block in blocks] == [0, 1, 2]
    assert all(block.previous == before.hash for before, block in pairwise(blocks))
    ids = [id_ for block in blocks for id_ in block.transactions]
    assert len(ids) == len(set(ids)) == 3
    assert proposing.chain(home.node) == blocks


def test_rounds_opened_ahead_of_the_clock_are_in_nobodys_way(home: Home) -> None:
    """A clock that ran ahead once, or a slip of the keys: the rounds of now are played all the same."""
    current = home.now // WINDOW
    for number in range(current + 1_000, current + 1_010):
        rounding.open_(home.node, number)
    run(home, 2)
    assert rounding.show(home.node, current).stage == rounding.CLOSED
    assert rounding.show(home.node, current + 1_000).done == 0


def test_a_round_run_by_hand_is_left_to_who_runs_it(home: Home) -> None:
    """It has no window: nothing is scored, announced or closed in it by the clock."""
    rounding.open_(home.node, 0)
    rounding.step(home.node, 0)
    run(home, 2)
    stage = rounding.show(home.node, 0)
    assert (stage.stage, stage.done) == (rounding.OPEN, 1)


def test_a_round_that_cannot_be_ended_stops_no_other(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, an alert says which, and the rounds after it are decided."""
    first = home.now // WINDOW
    close = rounding.close

    def broken(node: Node, number: int, *, finality: str) -> Stage:
        if number == first:
            raise RecordRefused("too_deep")
        return close(node, number, finality=finality)

    monkeypatch.setattr(rounding, "close", broken)
    monkeypatch.setattr(caring, "running", lambda _: object())
    problems: list[TrustError] = []
    table = Timetable(home.node, lambda _: None, problems.append)
    assert [alert.code for alert in caring.alerts(home.node) if alert.code == "round_undecided"] == []
    for _ in range(4 * SLOTS):
        table.tick(home.now)
        home.now += WINDOW // SLOTS
    assert {str(problem) for problem in problems} == {str(RecordRefused("too_deep"))}
    stages = [rounding.show(home.node, first + later).stage for later in range(3)]
    assert stages == [rounding.OVER, rounding.CLOSED, rounding.CLOSED]
    (alert,) = [alert for alert in caring.alerts(home.node) if alert.code == "round_undecided"]
    assert f"round {first} is not decided" in alert.message


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
