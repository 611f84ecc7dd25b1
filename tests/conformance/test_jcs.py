"""The canonical form against RFC 8785's own vectors and an independent implementation."""

from __future__ import annotations

import json
import os
import struct
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from tests.conformance.families import FOLDER, load, read
from trustcli.errors import RecordRefused
from trustcli.records import canonical

# Every file of the family has something the restricted model refuses, and this is what.
REFUSED = {
    "arrays": "bad_body",  # null
    "french": "bad_text",  # keys beyond ASCII
    "structures": "bad_text",  # a key with a newline; 56.0 besides
    "unicode": "bad_text",  # not NFC
    "values": "not_integer",  # floats
    "weird": "bad_text",  # control characters and keys beyond ASCII
}
FILES = [name for name in REFUSED if os.path.isdir(os.path.join(FOLDER, "jcs"))]


def narrowed(value: Any) -> Any:
    """Return `value` with what is outside the restricted model taken out or made plain."""
    if isinstance(value, dict):
        members = {_plain(key, ascii_only=True): narrowed(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member is not None}
    if isinstance(value, list):
        return [narrowed(member) for member in value if member is not None]
    if isinstance(value, float):
        return int(min(value, canonical.MAX_INTEGER))
    return _plain(value, ascii_only=False) if isinstance(value, str) else value


def _plain(text: str, *, ascii_only: bool) -> str:
    kept = [
        char for char in text if unicodedata.category(char) != "Cc" and (char.isascii() or not ascii_only)
    ]
    return unicodedata.normalize("NFC", "".join(kept))


def refusal(data: bytes) -> str:
    """Return the code with which `data` is refused, or an empty text."""
    try:
        canonical.decode(data)
    except RecordRefused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("name", FILES)
def test_files_outside_the_model(name: str) -> None:
    """A file with nulls, floats or other keys is refused by its code, not encoded in some other way."""
    with pytest.raises(RecordRefused) as caught:
        canonical.encode(load(f"jcs/input/{name}.json", None))
    assert caught.value.code == REFUSED[name]
    assert refusal(read(f"jcs/output/{name}.json").strip()) in set(REFUSED.values())


@pytest.mark.parametrize("name", FILES)
def test_the_oracle(name: str) -> None:
    """The oracle encodes each input as the family says, so agreement with it means something."""
    expected = bytes.fromhex(read(f"jcs/outhex/{name}.txt").decode())
    assert rfc8785.dumps(load(f"jcs/input/{name}.json", None)) == expected
    assert read(f"jcs/output/{name}.json").strip() == expected.strip()


@pytest.mark.parametrize("name", FILES)
def test_files_within_the_model(name: str) -> None:
    """Taken into the restricted model, each file is encoded as RFC 8785 says, and decoded again."""
    value = narrowed(load(f"jcs/input/{name}.json", None))
    assert value
    assert canonical.encode(value) == rfc8785.dumps(value)
    assert canonical.decode(canonical.encode(value)) == value


def test_numbers(shared: Path) -> None:
    """Of 10,000 doubles, integers within ±(2⁵³−1) are written as RFC 8785 says; all others are refused."""
    with open(shared / "vectors/jcs/es6_numbers_10000.txt", encoding="ascii") as file:
        lines = [line.strip().split(",") for line in file]
    wrong = [(bits, expected) for bits, expected in lines if not _number_as_it_should(bits, expected)]
    assert wrong == []
    assert len(lines) == 10_000


def _number_as_it_should(bits: str, expected: str) -> bool:
    value: float = struct.unpack(">d", bytes.fromhex(bits.zfill(16)))[0]
    with pytest.raises(RecordRefused, match="not an integer"):
        canonical.encode(value)  # type: ignore[arg-type]  # what a careless caller does
    if value.is_integer() and abs(value) <= canonical.MAX_INTEGER:
        return canonical.encode(int(value)) == expected.encode() and canonical.decode(
            expected.encode()
        ) == int(value)
    return (
        refusal(expected.encode()) == "not_integer" and refusal(json.dumps(value).encode()) == "not_integer"
    )
