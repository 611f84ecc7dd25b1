"""Lines that every implementation accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.vectors import make_boot_vectors as curve
from tests.vectors.plain_signer import DOMAIN, canonical, seed, sign, url64, wire
from tests.vectors.statements import (
    BOB,
    CREATED,
    MAX_BYTES,
    RATING,
    SOME_ID,
    Case,
    nested,
    other,
    rating,
    sized,
    statement,
)


def ratings() -> Iterator[Case]:
    """Yield ratings to accept."""
    yield Case("rating", "The plain rating.", rating())
    for value in (10, 50):
        yield Case(
            f"rating-value-{value}", f"{value} tenths of a star are within the range.", rating(value=value)
        )
    full = {
        "reason": "quick and right",
        "evidence": ["https://example.org/1", "pkg:pypi/x"],
        "task": "review",
        "expires": CREATED + 1,
        "via": {"agent": "agent:reviewer", "guided": True},
        "ext": {"note": [1, True]},
    }
    yield Case("rating-all-fields", "Every optional field at once.", rating(**full))
    yield Case(
        "rating-bridged",
        "Alice passes on what an outside rater said.",
        rating(rater="https://example.org/u/1"),
    )
    yield Case(
        "rating-bridged-agent",
        "What is rated through a bridge need not have a key either.",
        rating(rater="https://example.org/u/1", subject="agent:x"),
    )
    for name, uri in (
        ("https", "https://example.org/a?b#c"),
        ("package", "pkg:pypi/x"),
        ("agent", "agent:cursor-agent"),
    ):
        yield Case(f"rating-of-{name}", "What is rated need not have a key.", rating(subject=uri))
    yield Case(
        "rating-longest",
        "Each text is as long as it may be.",
        rating(subject="a:" + "x" * 510, reason="é" * 500, task="t" * 128, category="c" * 32),
    )
    yield Case(
        "rating-evidence-16", "Sixteen pieces of evidence.", rating(evidence=[f"a:{n}" for n in range(16)])
    )
    yield Case("rating-category", "A category is any of a-z, 0-9 and -.", rating(category="-0-z"))
    yield Case("rating-unguided", "A machine alone made this.", rating(via={"agent": "a", "guided": False}))
    for name, time in (("0", 0), ("2-31", 2**31), ("2-32", 2**32), ("2-53-minus-1", 2**53 - 1)):
        yield Case(f"created-{name}", "Times are integers up to 2^53-1.", other("rating", None, created=time))
        yield Case(f"expires-{name}", "Times are integers up to 2^53-1.", rating(expires=time))


def texts_and_layers() -> Iterator[Case]:
    """Yield records to accept that reach the edges of the canonical form."""
    yield Case("text-non-ascii", "Text is UTF-8, not escaped.", rating(reason="Grüße, 日本, Ω, 🦊"))
    yield Case(
        "text-escapes", "Quotes and backslashes are escaped, slashes are not.", rating(reason='"a\\b/c"')
    )
    yield Case("text-joiner", "Zero-width joiners belong to emoji.", rating(reason="👩\u200d🚀"))
    yield Case(
        "text-last-plane", "Private use and the last plane are text.", rating(reason="\ue000\U0010fffd")
    )
    yield Case("text-composed", "NFC: one character for e with acute.", rating(reason="\u00e9"))
    shapes: dict[str, Any] = {
        "empty": {},
        "array": {"x": [1, "a", True, [], {}]},
        "numbers": {"x": [0, -1, 2**53 - 1, 1 - 2**53]},
        "order": {"b": 1, "a": 2, "B": 3, "10": 4, "9": 5, "": 6, "~": 7, "a b": 8},
        "object": {"x": {"y": {"z": {}}}},
    }
    for name, shape in shapes.items():
        yield Case(f"ext-{name}", "ext may hold anything canonical.", rating(ext=shape))
    yield Case(
        "ext-sig-inside",
        "What looks like the end of the line, inside it.",
        rating(ext={"x": '","sig":"' + "A" * 86 + '"}'}),
    )
    yield Case("depth-16", "Sixteen levels are allowed.", nested(16))
    yield Case("size-65536", "64 KiB exactly are allowed.", sized(MAX_BYTES))


def other_kinds() -> Iterator[Case]:
    """Yield records of all other kinds to accept."""
    yield Case("revocation", "Alice takes a record back.", other("revocation", {"record": SOME_ID}))
    yield Case(
        "revocation-reason", "And says why.", other("revocation", {"record": SOME_ID, "reason": "mistaken"})
    )
    yield Case(
        "key-rotate", "The old key names its successor.", other("key", {"action": "rotate", "successor": BOB})
    )
    yield Case(
        "key-accept",
        "The new key names its predecessor.",
        other("key", {"action": "accept", "predecessor": BOB}),
    )
    yield Case("key-retire", "A key is no longer used.", other("key", {"action": "retire", "reason": "lost"}))
    yield Case(
        "key-compromised",
        "A key is somebody else's since.",
        other("key", {"action": "compromised", "since": 0}),
    )
    yield Case(
        "kind-unknown",
        "Kinds of later versions are kept and passed on.",
        other("greeting", {"round": 3, "weight": 100}),
    )
    yield Case("kind-unknown-empty", "The body of an unknown kind may be empty.", other("x", {}))
    yield Case("kind-unknown-longest", "A kind has up to 32 characters.", other("k" * 32, RATING))
    data = canonical(statement())
    again = sign(seed("alice"), DOMAIN + data, nonce=curve.secret("another nonce"))
    yield Case(
        "second-nonce", "Another valid signature for the plain rating: the same id.", wire(data, url64(again))
    )
