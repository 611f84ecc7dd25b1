"""Lines that every implementation refuses for their key or their signature."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.vectors import make_boot_vectors as curve
from tests.vectors.plain_signer import (
    DOMAIN,
    canonical,
    did,
    expand,
    key_point,
    public_key,
    record_id,
    seed,
    sign,
    url64,
    wire,
)
from tests.vectors.statements import ALICE, BOB, CAROL, CREATED, RATING, Case, other, rating, statement

DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def bad_keys() -> Iterator[Case]:
    """Yield authors to refuse; where some library would accept the signature, it is that one."""
    nonce = curve.secret("vector nonce")
    assert curve.BASE is not None
    r, t8, key = curve.pack(curve.times(nonce, curve.BASE)), curve.torsion(), public_key(seed("alice"))

    def harmless(author: bytes, scalar: int) -> bytes:
        """Return a line whose challenge is a multiple of 8, so that torsion in the key has no effect."""
        for created in count(CREATED):
            data = canonical(statement(author=did(author), created=created))
            k = curve.challenge(r, author, DOMAIN + data)
            if k % 8 == 0:
                return wire(data, url64(r + curve.scalar((nonce + k * scalar) % curve.L)))
        raise AssertionError

    off_curve = next(y for y in range(2, 100) if curve.lift(y) is None)
    mixed = curve.pack(curve.add(key_point(seed("alice")), t8))
    weak = {
        "identity": (curve.pack(curve.IDENTITY), 0),
        "order-8": (curve.pack(t8), 0),
        "y-above-p": ((curve.P + 1).to_bytes(32, "little"), 0),
        "mixed-order": (mixed, expand(seed("alice"))[0]),
        "off-curve": (off_curve.to_bytes(32, "little"), 0),
        "zero": (bytes(32), 0),
    }
    for name, (author, scalar) in weak.items():
        yield Case(
            f"author-{name}_fail", "Not a key of the prime-order group.", harmless(author, scalar), "bad_key"
        )
    names: dict[str, Any] = {
        "x25519": did(key, b"\xec\x01"),
        "33-bytes": did(key + b"\0"),
        "31-bytes": did(key[:31]),
        "fragment": f"{ALICE}#{ALICE[8:]}",
        "upper": ALICE.upper(),
        "leading-1": ALICE.replace("z6", "z16", 1),
        "space": ALICE + " ",
        "base64": "did:key:m" + ALICE[9:],
        "zero-digit": ALICE[:-1] + "0",
        "uri": "https://example.org",
        "number": 7,
        "empty": "",
        "long": "did:key:z" + "1" * 10_000,
    }
    for name, author_name in names.items():
        line = other("rating", None, author=author_name)
        yield Case(f"author-{name}_fail", "Not the one spelling of a key.", line, "bad_key")
    yield Case(
        "subject-key_fail",
        "A subject that claims to be a key must be one.",
        rating(subject=BOB + "x"),
        "bad_key",
    )


def bad_signatures() -> Iterator[Case]:
    """Yield lines with a wrong signature, or with a right one spelt otherwise."""
    data = canonical(statement())
    message, alice = DOMAIN + data, seed("alice")
    good = sign(alice, message)
    r, s = good[:32], int.from_bytes(good[32:], "little")
    assert curve.BASE is not None
    nonce, key, scalar = curve.secret("vector nonce"), public_key(alice), expand(alice)[0]

    def answer(commitment: bytes, secret: int) -> bytes:
        k = curve.challenge(commitment, key, message)
        return commitment + curve.scalar((secret + k * scalar) % curve.L)

    torsion_r = curve.pack(curve.add(curve.times(nonce, curve.BASE), curve.torsion()))
    wrong = {
        "flipped-r": bytes([good[0] ^ 1]) + good[1:],
        "flipped-s": good[:32] + bytes([good[32] ^ 1]) + good[33:],
        "s-plus-l": r + curve.scalar(s + curve.L),
        "s-plus-2l": r + curve.scalar(s + 2 * curve.L),
        "zero": bytes(64),
        "s-negated": r + curve.scalar(curve.L - s),
        "r-torsion": answer(torsion_r, nonce),
        "r-identity": answer(curve.pack(curve.IDENTITY), 0),
        "r-above-p": answer((curve.P + 1).to_bytes(32, "little"), 0),
        "other-key": sign(seed("bob"), message),
        "no-tag": sign(alice, data),
        "tag-v2": sign(alice, b"trustcli/record/v2\n" + data),
        "tag-without-newline": sign(alice, DOMAIN[:-1] + data),
        "prehashed": sign(alice, bytes.fromhex(record_id(data))),
        "other-record": sign(alice, DOMAIN + canonical(statement(created=0))),
        "other-network": sign(alice, DOMAIN + canonical(statement(net="testnet"))),
        "with-newline": sign(alice, message + b"\n"),
    }
    for name, sig in wrong.items():
        yield Case(
            f"sig-{name}_fail",
            "The author did not sign these bytes so.",
            wire(data, url64(sig)),
            "bad_signature",
        )
    text = url64(good)
    stray = DIGITS[DIGITS.index(text[-1:]) + 1 :][:1]
    first = next(
        n for n in count() if b"-" in (found := url64(sign(alice, DOMAIN + _at(n)))) or b"_" in found
    )
    plus = base64.b64encode(sign(alice, DOMAIN + _at(first))).rstrip(b"=")
    spelt = {
        "padding": text + b"==",
        "stray-bits": text[:-1] + stray,
        "short": text[:-1],
        "long": text + b"A",
        "hex": good.hex().encode(),
        "empty": b"",
        "space": text[:40] + b" " + text[40:],
        "space-at-end": text[:-1] + b" ",
        "equals-inside": text[:40] + b"=" + text[41:],
        "newline-escaped": text[:40] + b"\\n" + text[41:],
    }
    for name, characters in spelt.items():
        yield Case(
            f"sig-{name}_fail", "Not the one spelling of 64 bytes.", wire(data, characters), "bad_signature"
        )
    yield Case(
        "sig-alphabet_fail", "The alphabet is that of base64url.", wire(_at(first), plus), "bad_signature"
    )
    changed = canonical(statement(body={**RATING, "value": 50}))
    yield Case("sig-changed-body_fail", "More stars than were signed.", wire(changed, text), "bad_signature")
    unknown = canonical(statement("greeting"))
    yield Case(
        "sig-changed-kind_fail", "A rating's signature on another kind.", wire(unknown, text), "bad_signature"
    )
    mine = canonical(statement(author=BOB, body={**RATING, "subject": CAROL}))
    yield Case("sig-changed-author_fail", "Bob under what Alice signed.", wire(mine, text), "bad_signature")


def _at(created: int) -> bytes:
    return canonical(statement(created=created))
