"""Processes that verify: they answer as this one does, and may die."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.network.homes import ratings
from trustcli.errors import RecordRefused
from trustcli.ledger.batch import Batch
from trustcli.ledger.projection import Staged, stage
from trustcli.node import crew
from trustcli.node.crew import Crew
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trustcli.node.crew import Piece


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


def ids_of(lines: list[bytes]) -> list[bytes]:
    """Return the ids of lines by their layout."""
    return crypto.record_ids([line[BEGIN:END] for line in lines])


def rows(pieces: list[Piece]) -> list[Staged | str]:
    """Return record by record what was found, and the codes of refusals, in the order of the lines."""
    found: list[Staged | str] = []
    for ids, examined in pieces:
        batch = Batch()
        batch.add(ids, examined, examined.refused)
        good = iter(batch.staged())
        found += [examined.refused.get(place) or next(good) for place in range(len(ids))]
    return found


def one_by_one(lines: list[bytes]) -> list[Staged | str]:
    """Return what the strict parser makes of lines."""
    found: list[Staged | str] = []
    for line in lines:
        try:
            found.append(stage(Record.parse(line, net="main")))
        except RecordRefused as problem:
            found.append(problem.code)
    return found


def test_workers_find_what_this_process_finds(
    lines: list[bytes], hired: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same records, staged, and the same codes, in the order of the lines; batch after batch."""
    expected = one_by_one(lines)
    assert [one for one in expected if isinstance(one, str)] == ["not_json", "score_range", "wrong_network"]
    monkeypatch.setattr(crew, "examine", None)  # nothing is verified in this process
    ids = ids_of(lines)
    first, second = hired.begin(lines, ids), hired.begin(lines[::-1], ids[::-1])
    assert rows(first()) == expected
    assert rows(second()) == expected[::-1]
    assert len(hired._workers) == 2


def test_a_few_lines_need_no_workers(lines: list[bytes]) -> None:
    """Small batches, and machines of one core, are verified in this process."""
    for few, cores in ((lines[:9], 2), (lines, 1)):
        found = Crew("main", cores)
        assert rows(found.begin(few, ids_of(few))()) == one_by_one(few)
        assert found._workers == []
        found.close()


def test_a_worker_that_dies(lines: list[bytes], hired: Crew) -> None:
    """Its lines are verified here: none is lost, none is taken unverified."""
    expected = rows(hired.begin(lines, ids_of(lines))())
    for worker in hired._workers:
        worker.kill()
        worker.wait()
    assert rows(hired.begin(lines, ids_of(lines))()) == expected == one_by_one(lines)


def test_no_worker_can_be_started(lines: list[bytes], hired: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an interpreter to start it goes on in this process."""
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert rows(hired.begin(lines, ids_of(lines))()) == one_by_one(lines)
    assert hired._workers == []
