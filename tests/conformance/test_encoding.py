"""Other spellings of the same key or signature are refused: there is one of each."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.conformance.families import rows
from trustcli.errors import RecordRefused
from trustcli.records import crypto, did, envelope

ROWS = rows("encoding_aliases.json")
DIDS = [row for row in ROWS if row["kind"] == "did"]
SIGNATURES = [row for row in ROWS if row["kind"].startswith("sig_")]
RIGHT = [row for row in SIGNATURES if row["expect"].startswith("accept")]


def raw(row: dict[str, Any]) -> bytes:
    """Return the 64 bytes of a row that spells them rightly in its own alphabet."""
    return bytes.fromhex(row["value"]) if row["kind"] == "sig_hex" else base64.b64decode(row["value"])


def url64(sig: bytes) -> str:
    """Return the one spelling of our wire format."""
    return base64.urlsafe_b64encode(sig).decode().rstrip("=")


def refusal(text: str) -> str:
    """Return the code with which a line with this signature is refused, or an empty text."""
    line = b'{"record":{},"sig":%b}' % json.dumps(text, ensure_ascii=False).encode()
    try:
        envelope.split_line(line)
    except RecordRefused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("row", DIDS, ids=lambda row: row["why"])
def test_names_of_keys(row: dict[str, Any]) -> None:
    """A key has one name; other spellings, other codecs and weak keys are refused as bad_key."""
    more = row.get("append", {"repeat": "", "times": 0})
    name = row["value"] + more["repeat"] * more["times"]
    if row["expect"] == "accept":
        crypto.check_key(did.key_of(name))
        assert did.did_of(did.key_of(name)) == name
        return
    with pytest.raises(RecordRefused) as caught:
        crypto.check_key(did.key_of(name))
    assert caught.value.code == "bad_key"


@pytest.mark.parametrize("row", RIGHT, ids=lambda row: row["kind"])
def test_the_spelling_of_signatures(row: dict[str, Any]) -> None:
    """The bytes of each right row, in base64url without padding, are read as they were."""
    line = b'{"record":{},"sig":"%b"}' % url64(raw(row)).encode()
    assert envelope.split_line(line) == (b"{}", raw(row))


@pytest.mark.parametrize("row", SIGNATURES, ids=lambda row: f"{row['kind']} {row['why']}")
def test_other_alphabets(row: dict[str, Any]) -> None:
    """Hex and padded base64, right or wrong there, are nothing here."""
    accepted_here = row["kind"] == "sig_b64" and row["value"] == url64(raw(RIGHT[0]))
    assert not accepted_here
    assert refusal(row["value"]) == "bad_signature"


@pytest.mark.parametrize("row", RIGHT, ids=lambda row: row["kind"])
def test_aliases_in_our_alphabet(row: dict[str, Any]) -> None:
    """Padding, stray bits, white space and characters of the other alphabet are refused at every place."""
    text = url64(raw(row))
    following = chr(ord(text[-1]) + 1)
    aliases = [
        text + "=",
        text + "==",
        text[:-1] + following,
        text[:-1],
        text + "A",
        text + "\n",
        " " + text,
        "",
    ]
    for place in range(len(text)):
        for char in "=+/ \n\0!é\uff10":
            aliases.append(text[:place] + char + text[place + 1 :])
            aliases.append(text[:place] + char + text[place:])
    if "-" in text or "_" in text:
        aliases.append(text.replace("-", "+").replace("_", "/"))
    assert [alias for alias in aliases if refusal(alias) != "bad_signature"] == []
    bare = [alias.encode() for alias in aliases if len(alias.encode()) == len(text)]
    assert [alias for alias in bare if _decodes(alias)] == []


def _decodes(text: bytes) -> bool:
    try:
        envelope._signature(text)
    except RecordRefused as refused:
        return refused.code != "bad_signature"
    return True
