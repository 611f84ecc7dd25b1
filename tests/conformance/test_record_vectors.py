"""Our own vectors: lines to accept and lines to refuse, as data in tests/vectors/records."""

from __future__ import annotations

import json
import os

import pytest

from tests.vectors import make_records
from tests.vectors.plain_signer import NETWORK
from trustcli.errors import REFUSALS, RecordRefused
from trustcli.records.envelope import Record

NAMES = sorted(os.listdir(make_records.FOLDER))
NOT_OF_PARSING = {"ambiguous", "too_new"}  # short forms and clocks are the caller's


def read(name: str, file: str) -> bytes:
    """Return the bytes of one file of a case."""
    with open(os.path.join(make_records.FOLDER, name, file), "rb") as opened:
        return opened.read()


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str) -> None:
    """A line is accepted with that id, kind and author, and written as it came; or refused with that code."""
    line = read(name, "line")
    if name.endswith("_fail"):
        with pytest.raises(RecordRefused) as caught:
            Record.parse(line, net=NETWORK)
        assert caught.value.code == read(name, "error").decode().strip()
        return
    record = Record.parse(line, net=NETWORK)
    expected = json.loads(read(name, "expected.json"))
    assert {"id": record.id, "kind": record.kind, "author": record.author} == expected
    assert record.line == line


def test_every_refusal_has_a_case() -> None:
    """Every code that parsing can give is shown by a line, and at least six lines of ten are refused."""
    failing = [name for name in NAMES if name.endswith("_fail")]
    assert {read(name, "error").decode().strip() for name in failing} == REFUSALS.keys() - NOT_OF_PARSING
    assert len(NAMES) >= 60
    assert len(failing) >= 0.6 * len(NAMES)


def test_another_nonce_is_the_same_record() -> None:
    """Two valid signatures of one statement have one id, so they are stored once."""
    first, second = (Record.parse(read(name, "line"), net=NETWORK) for name in ("rating", "second-nonce"))
    assert first.sig != second.sig
    assert (first.digest, first.data) == (second.digest, second.data)
    assert len({first, second}) == 1


def test_the_folder_is_what_the_generator_makes() -> None:
    """The committed bytes are those of make_records.py: no file more, none less, none edited."""
    made = {
        (case.name, file): content for case in make_records.cases() for file, content in case.files().items()
    }
    kept = {
        (name, file): read(name, file)
        for name in NAMES
        for file in os.listdir(os.path.join(make_records.FOLDER, name))
    }
    assert sorted(made.keys() ^ kept.keys()) == []
    assert [key for key in sorted(made) if made[key] != kept[key]] == []
