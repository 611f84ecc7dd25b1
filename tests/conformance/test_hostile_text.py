"""Text that breaks terminals, parsers and eyes: as a reason it is refused, or kept as it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.families import rows
from trustcli.errors import RecordRefused
from trustcli.records import crypto, did
from trustcli.records.envelope import Record

SEED = bytes(range(32))
AUTHOR = did.did_of(crypto.public_key(SEED))


@pytest.mark.parametrize("row", rows("hostile_text.json"), ids=lambda row: row["why"])
def test_hostile_text(row: dict[str, Any]) -> None:
    """A record's text is refused, or it is in the record unchanged, on one line."""
    body = {"subject": "agent:x", "value": 40, "category": "speed", "reason": row["text"]}
    try:
        record = Record.seal(
            net="n", kind="rating", author=AUTHOR, created=0, body=body, sign=crypto.signer(SEED)
        )
    except RecordRefused as refused:
        kept = {"bad_text": False, "bad_body": False}[refused.code]
    else:
        kept = Record.parse(record.line, net="n").body["reason"] == row["text"]
        assert len(record.line.decode().splitlines()) == 1
    assert kept == (_is_calm(row["text"]) and 1 <= len(row["text"]) <= 500)


def _is_calm(text: str) -> bool:
    """Say, in other words than the format's own, whether text is free of what it refuses."""
    import unicodedata

    kinds = {unicodedata.category(char) for char in text}
    turns = [char for char in text if unicodedata.bidirectional(char) in _TURNS or char in _MARKS]
    return not kinds & {"Cc", "Cs", "Zl", "Zp"} and not turns and unicodedata.normalize("NFC", text) == text


_TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_MARKS = "\u200e\u200f\u061c"
