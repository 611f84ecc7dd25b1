"""What both ends of the HTTP protocol share: signed requests, challenges, spellings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.network.raw_server import DID, HEAD, NOW, facts
from trustcli.errors import PeerFault
from trustcli.records import crypto, did
from trustcli.transports import wire

ME_SEED = bytes(32)
ME = did.did_of(crypto.public_key(ME_SEED))
OTHER = did.did_of(crypto.public_key(b"o" * 32))
SECRET = b"s" * 32


def test_signed_request_binds_everything() -> None:
    """A signed request is good for its method, path, body, node, network, time and challenge alone."""
    same: dict[str, Any] = {
        "method": "POST", "path": "/v1/records?x=1", "body": b"abc", "to": DID, "network": "main"
    }  # fmt: skip
    signed = wire.sign_request(**same, me=ME, sign=crypto.signer(ME_SEED), now=NOW, challenge="")
    assert wire.check_request(signed, **same, now=NOW) == wire.Signed(ME, NOW, "")
    other: dict[str, Any] = {
        "method": "PUT", "path": "/v1/records", "body": b"abd", "to": ME, "network": "test"
    }  # fmt: skip
    for name, value in other.items():
        with pytest.raises(PeerFault) as caught:
            wire.check_request(signed, **{**same, name: value}, now=NOW)
        assert caught.value.code == "bad_signature"
    spoiled = {
        wire.KEY: OTHER,
        wire.TIME: str(NOW + 1),
        wire.SIGNATURE: signed[wire.SIGNATURE] + "=",
        wire.CHALLENGE: wire.encode64(b"c" * 32),
    }
    for name, value in spoiled.items():
        with pytest.raises(PeerFault) as caught:
            wire.check_request({**signed, name: value}, **same, now=NOW)
        assert caught.value.code == "bad_signature"
    for name in (wire.KEY, wire.TIME, wire.SIGNATURE):
        with pytest.raises(PeerFault) as caught:
            wire.check_request({key: signed[key] for key in signed if key != name}, **same, now=NOW)
        assert caught.value.code == "unsigned"


@pytest.mark.parametrize(
    ("late", "good"), [(300_000, True), (-300_000, True), (300_001, False), (-300_001, False)]
)
def test_signed_request_has_its_time(late: int, good: bool) -> None:
    """A signed request is good for 300 s, before and after."""
    same: dict[str, Any] = {"method": "POST", "path": "/", "body": b"", "to": DID, "network": "main"}
    signed = wire.sign_request(**same, me=ME, sign=crypto.signer(ME_SEED), now=NOW)
    if good:
        assert wire.check_request(signed, **same, now=NOW + late).key == ME
    else:
        with pytest.raises(PeerFault, match="300 s"):
            wire.check_request(signed, **same, now=NOW + late)


def test_challenges() -> None:
    """A challenge is good for its key, this process and about ten minutes."""
    given = wire.new_challenge(SECRET, ME, NOW)
    assert wire.is_challenge(SECRET, ME, given, NOW)
    assert wire.is_challenge(SECRET, ME, given, NOW + 600_000)
    assert not wire.is_challenge(SECRET, ME, given, NOW + 660_000)
    assert not wire.is_challenge(SECRET, ME, given, NOW - 60_000)
    assert not wire.is_challenge(SECRET, OTHER, given, NOW)
    assert not wire.is_challenge(b"t" * 32, ME, given, NOW)
    assert not wire.is_challenge(SECRET, ME, "", NOW)
    assert not wire.is_challenge(SECRET, ME, "é\ud800", NOW)


@pytest.mark.parametrize(
    "text", ["AB", "A", "AA==", "A+/A" * 8, " " * 22, "é" * 22, "", None, 7, "A" * 10_000]
)
def test_base64url_has_one_spelling(text: object) -> None:
    """What is no base64url of the wanted length, in its one spelling, is refused."""
    with pytest.raises(PeerFault):
        wire.decode64(text, 16, 64)


def test_base64url_round_trip() -> None:
    """Every length comes back."""
    for length in range(65):
        data = crypto.record_id(b"%d" % length)[:1] * length
        assert wire.decode64(wire.encode64(data), 0, 64) == data


def test_node_facts_travel() -> None:
    """A node's facts are the same at the other end."""
    assert wire.read_node(wire.node_object(facts())) == facts()
    assert wire.read_head_headers(wire.head_headers(HEAD)) == HEAD
    assert wire.read_page_headers(wire.page_headers(HEAD, 9, more=True)) == (HEAD, 9, True)
