"""Signatures: Wycheproof, RFC 8032 and the edge cases on which libraries differ."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.families import load, rows
from trustcli.errors import RecordRefused
from trustcli.records import crypto

WYCHEPROOF = [
    (group["publicKey"]["pk"], row)
    for group in load("ed25519/wycheproof_ed25519_test.json", {"testGroups": []})["testGroups"]
    for row in group["tests"]
]
RFC_8032: list[dict[str, str]] = load("ed25519/rfc8032.json", [])
PLAIN = [row for row in RFC_8032 if row["alg"] == "Ed25519"]
VARIANTS = [row for row in RFC_8032 if row["alg"] != "Ed25519"]


def verdict(key: str, sig: str, message: str) -> bool:
    """Return whether the profile accepts; any other error than these two refusals fails the test."""
    try:
        crypto.check_signature(bytes.fromhex(key), bytes.fromhex(sig), bytes.fromhex(message))
    except RecordRefused as refused:
        return {"bad_key": False, "bad_signature": False}[refused.code]
    return True


@pytest.mark.parametrize(
    ("key", "row"), WYCHEPROOF, ids=lambda part: part["tcId"] if type(part) is dict else ""
)
def test_wycheproof(key: str, row: dict[str, Any]) -> None:
    """Every row has the verdict of its file."""
    assert verdict(key, row["sig"], row["msg"]) == (row["result"] == "valid")


def test_wycheproof_is_whole() -> None:
    """All 151 rows are here, 88 of them valid; a family that loads empty proves nothing."""
    if not WYCHEPROOF:
        pytest.skip("no vectors beside this checkout")
    assert (len(WYCHEPROOF), sum(row["result"] == "valid" for _, row in WYCHEPROOF)) == (151, 88)


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row["name"])
def test_rfc_8032(row: dict[str, str]) -> None:
    """The seed gives that key and, over the message, that signature, which is accepted."""
    seed, message = bytes.fromhex(row["seed"]), bytes.fromhex(row["msg"])
    assert crypto.public_key(seed).hex() == row["public"]
    assert crypto.sign(seed, message).hex() == row["sig"]
    assert verdict(row["public"], row["sig"], row["msg"])


@pytest.mark.parametrize("row", VARIANTS, ids=lambda row: row["name"])
def test_rfc_8032_variants(row: dict[str, str]) -> None:
    """Signatures of Ed25519ctx and Ed25519ph are not signatures of Ed25519."""
    assert not verdict(row["public"], row["sig"], row["msg"])


@pytest.mark.parametrize("row", rows("ed25519/boot_selftest.json"), ids=lambda row: row["name"])
def test_profile(row: dict[str, str]) -> None:
    """The edge cases on which libraries differ have the verdict of the strict profile."""
    assert verdict(row["pub"], row["sig"], row["msg_hex"]) == (row["strict_profile"] == "accept")
