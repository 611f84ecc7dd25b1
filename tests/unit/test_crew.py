"""Processes that verify: they answer as this one does, and may die."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.network.homes import ratings
from trustcli.ledger.projection import Staged
from trustcli.node import crew
from trustcli.node.crew import Crew, examine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lines() -> list[bytes]:
    """Two hundred records, some of them spoiled."""
    found = [record.line for record in ratings(200)]
    found[3] = b"{]"
    found[77] = found[77].replace(b'"value":', b'"value":1')
    found[150] = found[150].replace(b'"net":"main"', b'"net":"else"')
    return found


@pytest.fixture
def hired(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """A crew of two that begins with small batches."""
    monkeypatch.setattr(crew, "LARGE", 10)
    monkeypatch.setattr(crew, "_PIECE", 30)
    found = Crew("main", 2)
    yield found
    found.close()


def test_workers_find_what_this_process_finds(
    lines: list[bytes], hired: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same records, staged, and the same codes, in the order of the lines; batch after batch."""
    expected = [one if isinstance(one, str) else Staged._make(one) for one in examine(lines, "main")]
    assert [one for one in expected if isinstance(one, str)] == ["not_json", "score_range", "wrong_network"]
    monkeypatch.setattr(crew, "examine", None)  # nothing is verified in this process
    first, second = hired.begin(lines), hired.begin(lines[::-1])
    assert first() == expected
    assert second() == expected[::-1]
    assert len(hired._workers) == 2


def test_a_few_lines_need_no_workers(lines: list[bytes]) -> None:
    """Small batches, and machines of one core, are verified in this process."""
    for few, cores in ((lines[:9], 2), (lines, 1)):
        found = Crew("main", cores)
        assert len(found.begin(few)()) == len(few)
        assert found._workers == []
        found.close()


def test_a_worker_that_dies(lines: list[bytes], hired: Crew) -> None:
    """Its lines are verified here: none is lost, none is taken unverified."""
    expected = hired.begin(lines)()
    for worker in hired._workers:
        worker.kill()
        worker.wait()
    assert hired.begin(lines)() == expected


def test_no_worker_can_be_started(lines: list[bytes], hired: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an interpreter to start it goes on in this process."""
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert len(hired.begin(lines)()) == 200
    assert hired._workers == []
