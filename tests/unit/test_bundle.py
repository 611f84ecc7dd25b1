"""Bundles are read some bytes at a time, and where those end makes no difference."""

from __future__ import annotations

import io

import pytest

from trustcli import bundle
from trustcli.bundle import Tally
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END

RECORD = b'{"record":{"author":"somebody"},"sig":"' + b"A" * 86 + b'"}'


@pytest.mark.parametrize("size", range(1, 30))
def test_lines_do_not_depend_on_what_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """A line may begin in one piece and end in another, its two characters of an end of line as well."""
    monkeypatch.setattr(bundle, "CHUNK", size)
    text = b"one\r\ntwo\n\r\n\nth\rree\r\r\n" + b"x" * 40 + b"\r\nlast\r"
    lines = [line for some in bundle._lines(io.BytesIO(text)) for line in some]
    assert lines == [b"one", b"two", b"", b"", b"th\rree\r", b"x" * 40, b"last"]


def test_an_id_is_that_of_the_records_bytes() -> None:
    """Whatever stands in the lines around it."""
    (batch, _) = bundle.batches(io.BytesIO(b"\n".join([RECORD, b"", RECORD, b"{]", b""]) + b"open"), Tally())
    assert batch.ids == [*[crypto.record_id(RECORD[BEGIN:END])] * 2, crypto.record_id(b"")]
