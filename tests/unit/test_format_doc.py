"""docs/format.md against the code: its example is recomputed from its text, its tables name everything."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from trustcli import bundle
from trustcli.errors import REFUSALS
from trustcli.node import verifying
from trustcli.records import canonical, crypto, did, fields, fingerprint, key, rating, revocation
from trustcli.records.envelope import MAX_LINE, Record
from trustcli.view import BECAUSE, SKEW

PAGE = (Path(__file__).parent.parent.parent / "docs" / "format.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", PAGE))
BODY_FIELDS = sorted(
    {"action", "ext", "agent", "guided"}
    | set(rating.REQUIRED)
    | set(rating._OPTIONAL)
    | set(revocation._REQUIRED)
    | set(revocation._OPTIONAL)
    | set(key._OPTIONAL)
    | {name for wanted in key._ACTIONS.values() for name in wanted}
)


def value_of(what: str) -> str:
    """Return the value of a row of the worked example."""
    found = re.findall(rf"^\| {re.escape(what)} \| `([^`]+)` \|$", PAGE, re.MULTILINE)
    assert len(found) == 1, what
    return str(found[0])


def block(name: str) -> str:
    """Return the one fenced block marked `name`."""
    found = re.findall(rf"^```{name}\n(.*)\n```$", PAGE, re.MULTILINE)
    assert len(found) == 1, name
    return str(found[0])


def number_in(pattern: str) -> int:
    """Return the number, thousands apart or not, that follows a pattern in the page."""
    found = re.search(pattern, PAGE)
    assert found, pattern
    return int(found[1].replace(",", ""))


def test_the_seed_gives_the_key_the_did_and_the_words() -> None:
    """From the seed of the page follow its public key, its did:key and its words."""
    public = crypto.public_key(bytes.fromhex(value_of("seed (hex)")))
    assert value_of("public key (hex)") == public.hex()
    assert value_of("did") == did.did_of(public)
    assert value_of("words") == fingerprint.words(did.did_of(public))


def test_the_id_is_the_hash_of_tag_and_bytes() -> None:
    """The id follows from the canonical bytes by nothing but SHA-256 and the tag that the page shows."""
    tag = re.search(r'message   = "([^"]+)\\n" \+ canonical bytes', PAGE)
    assert tag
    message = f"{tag[1]}\n".encode() + block("canonical").encode()
    assert value_of("id") == hashlib.sha256(message).hexdigest()
    assert number_in(r"the tag is (\d+) bytes") == len(f"{tag[1]}\n".encode())
    assert number_in(r"canonical bytes \((\d+) of them") == len(block("canonical").encode())


def test_the_signature_is_that_of_the_seed() -> None:
    """Signing tag and canonical bytes with the seed gives the signature of the page."""
    seed = bytes.fromhex(value_of("seed (hex)"))
    signed = crypto.sign(seed, b"trustcli/record/v1\n" + block("canonical").encode())
    assert value_of("signature (hex)") == signed.hex()


def test_the_line_joins_bytes_and_signature() -> None:
    """The line is the canonical bytes and the signature in base64url, put together as section 4 says."""
    sig = base64.urlsafe_b64encode(bytes.fromhex(value_of("signature (hex)"))).rstrip(b"=").decode()
    assert block("line") == f'{{"record":{block("canonical")},"sig":"{sig}"}}'


def test_our_own_parser_takes_the_line() -> None:
    """The line is a valid record with the id, author and value that the page says."""
    record = Record.parse(block("line").encode(), net="main")
    assert (record.id, record.author, record.body["value"]) == (value_of("id"), value_of("did"), 45)


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_every_refusal_code_is_explained(code: str) -> None:
    """Each refusal code is named in the page."""
    assert code in NAMED


@pytest.mark.parametrize("reason", sorted(BECAUSE))
def test_every_reason_not_to_count_is_explained(reason: str) -> None:
    """Each reason why a rating does not count has its place in the table of reasons."""
    assert re.search(rf"^\| .*`{reason}`.* \| .+ \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("field", BODY_FIELDS)
def test_every_body_field_is_described(field: str) -> None:
    """Each field that the code accepts in a body is named in the page."""
    assert field in NAMED


@pytest.mark.parametrize("name", bundle.Manifest._fields)
def test_every_manifest_field_is_described(name: str) -> None:
    """Each field of a bundle's manifest has a row."""
    assert f"| `{name}` |" in PAGE


def test_the_limits_are_those_of_the_code() -> None:
    """Sizes, depths, lengths and time windows in the page are the constants of the code."""
    assert number_in(r"nesting at most (\d+) levels") == canonical.MAX_DEPTH
    assert number_in(r"level 1; at most ([\d,]+) bytes") == canonical.MAX_BYTES
    assert number_in(r"a line is at most ([\d,]+) bytes") == MAX_LINE
    assert number_in(r"more than \*\*(\d+) s\*\* ahead of the receiver") * 1000 == verifying.TOO_NEW
    assert number_in(r"more than \*\*(\d+) s\*\* ahead of the time") * 1000 == SKEW
    assert number_in(r"more; at most (\d+) characters, no white space") == did.MAX_SUBJECT
    assert number_in(r"for all to read \| 1 to (\d+) characters") == fields.MAX_REASON
    assert number_in(r"1 to (\d+) subjects") == fields.MAX_EVIDENCE
    assert number_in(r"the task it is about \| 1 to (\d+) characters") == fields.MAX_TASK
