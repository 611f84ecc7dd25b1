"""did:key against the vectors of its specification and of W3C Data Integrity (eddsa-jcs-2022)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.families import load, read
from trustcli.errors import RecordRefused
from trustcli.records import canonical, crypto, did

DID_KEYS: dict[str, dict[str, Any]] = load("did/didkey_ed25519-x25519.json", {})
PAIR = "did/vc-di-eddsa/keyPair.json"
CHAIN = "did/vc-di-eddsa/eddsa-jcs-2022"
SECRET_CODEC = b"\x80\x26"  # multicodec ed25519-priv


@pytest.mark.parametrize("name", DID_KEYS)
def test_did_key(name: str) -> None:
    """A seed's key has the name of the specification's vectors, and the name gives the key."""
    row = DID_KEYS[name]
    key = crypto.public_key(bytes.fromhex(row["seed"]))
    assert did.did_of(key) == name
    assert did.key_of(name) == key
    crypto.check_key(key)
    if "publicKeyBase58" in row["verificationKeyPair"]:
        assert did.base58_decode(row["verificationKeyPair"]["publicKeyBase58"]) == key
        assert did.base58_encode(key) == row["verificationKeyPair"]["publicKeyBase58"]


@pytest.mark.parametrize("name", DID_KEYS)
def test_key_agreement_keys(name: str) -> None:
    """The X25519 key beside it is refused: it signs nothing."""
    fragment = DID_KEYS[name]["keyAgreementKeyPair"]["id"].partition("#")[2]
    with pytest.raises(RecordRefused) as caught:
        did.key_of(f"did:key:{fragment}")
    assert caught.value.code == "bad_key"


def test_data_integrity_key_pair(shared: Path) -> None:
    """The specification's secret key is the seed of its public key."""
    pair = load(PAIR, {})
    secret = did.base58_decode(pair["privateKeyMultibase"][1:])
    assert secret[:2] == SECRET_CODEC
    assert did.did_of(crypto.public_key(secret[2:])) == f"did:key:{pair['publicKeyMultibase']}"


def test_data_integrity_chain(shared: Path) -> None:
    """The specification's documents, hashes and signature come out of our canonical form and our Ed25519."""
    unsigned, options = load("did/vc-di-eddsa/unsigned.json", {}), load(f"{CHAIN}/proofConfigJCS.json", {})
    document, proof = canonical.encode(unsigned), canonical.encode(options)
    assert document == read(f"{CHAIN}/canonDocJCS.txt")
    assert proof == read(f"{CHAIN}/proofCanonJCS.txt")
    message = hashlib.sha256(proof).digest() + hashlib.sha256(document).digest()
    assert message.hex().encode() == read(f"{CHAIN}/combinedHashJCS.txt").strip()
    pair, sig = load(PAIR, {}), bytes.fromhex(read(f"{CHAIN}/sigHexJCS.txt").decode())
    assert crypto.sign(did.base58_decode(pair["privateKeyMultibase"][1:])[2:], message) == sig
    crypto.check_signature(did.key_of(f"did:key:{pair['publicKeyMultibase']}"), sig, message)
