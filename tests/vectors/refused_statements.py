"""Signed statements that every implementation refuses: their fields, their text, their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.vectors.plain_signer import DOMAIN, NETWORK, canonical, seed, sign, signed, url64
from tests.vectors.statements import (
    ALICE,
    BOB,
    CAROL,
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


def bad_bodies() -> Iterator[Case]:
    """Yield bodies to refuse: bad_body, score_range, self_rating, unknown_field."""
    faults: dict[str, dict[str, Any]] = {
        "value-text": {"value": "40"},
        "value-bool": {"value": True},
        "value-null": {"value": None},
        "category-upper": {"category": "Speed"},
        "category-empty": {"category": ""},
        "category-33": {"category": "c" * 33},
        "category-array": {"category": ["speed"]},
        "reason-empty": {"reason": ""},
        "reason-501": {"reason": "r" * 501},
        "evidence-none": {"evidence": []},
        "evidence-17": {"evidence": ["a:b"] * 17},
        "evidence-text": {"evidence": "a:b"},
        "evidence-no-uri": {"evidence": ["see below"]},
        "task-129": {"task": "t" * 129},
        "expires-negative": {"expires": -1},
        "expires-bool": {"expires": False},
        "expires-text": {"expires": "1"},
        "subject-word": {"subject": "bob"},
        "subject-space": {"subject": "a:b c"},
        "subject-scheme-upper": {"subject": "HTTPS://example.org"},
        "subject-513": {"subject": "a:" + "x" * 511},
        "subject-number": {"subject": 7},
        "subject-empty-rest": {"subject": "a:"},
        "via-field-missing": {"via": {"agent": "a"}},
        "via-field-extra": {"via": {"agent": "a", "guided": True, "x": 1}},
        "via-guided-1": {"via": {"agent": "a", "guided": 1}},
        "ext-array": {"ext": []},
        "ext-text": {"ext": "x"},
        "ext-null": {"ext": {"x": None}},
        "rater-author": {"rater": ALICE},
        "rater-key": {"rater": CAROL},
    }
    for name, fault in faults.items():
        yield Case(
            f"{name}_fail", "A field of the wrong type or out of its range.", rating(**fault), "bad_body"
        )
    for name in RATING:
        less = {key: value for key, value in RATING.items() if key != name}
        yield Case(f"{name}-missing_fail", "A required field is missing.", other("rating", less), "bad_body")
    for value in (-10, 0, 9, 51, 2**53 - 1):
        yield Case(f"value-{value}_fail", "Stars are 10 to 50 tenths.", rating(value=value), "score_range")
    yield Case("self_fail", "Nobody rates itself.", rating(subject=ALICE), "self_rating")
    yield Case("self-bridged_fail", "Nobody rates itself through a bridge.", rating(rater=BOB), "self_rating")
    outside = "https://example.org/u/1"
    yield Case(
        "self-bridged-uri_fail", "Nor without a key.", rating(rater=outside, subject=outside), "self_rating"
    )
    yield Case("field-weight_fail", "A rating has no weight of its own.", rating(weight=100), "unknown_field")
    kinds: list[tuple[str, str, dict[str, Any], str]] = [
        ("revocation-short", "revocation", {"record": SOME_ID[:8]}, "bad_body"),
        ("revocation-upper", "revocation", {"record": SOME_ID.upper()}, "bad_body"),
        ("revocation-empty", "revocation", {}, "bad_body"),
        ("revocation-extra", "revocation", {"record": SOME_ID, "by": BOB}, "unknown_field"),
        ("key-no-action", "key", {}, "bad_body"),
        ("key-other-action", "key", {"action": "recover"}, "bad_body"),
        ("key-rotate-alone", "key", {"action": "rotate"}, "bad_body"),
        ("key-rotate-self", "key", {"action": "rotate", "successor": ALICE}, "bad_body"),
        ("key-accept-self", "key", {"action": "accept", "predecessor": ALICE}, "bad_body"),
        ("key-rotate-uri", "key", {"action": "rotate", "successor": "https://example.org"}, "bad_key"),
        ("key-retire-successor", "key", {"action": "retire", "successor": BOB}, "unknown_field"),
        ("key-compromised-when", "key", {"action": "compromised", "since": "now"}, "bad_body"),
    ]
    for name, kind, body, code in kinds:
        yield Case(f"{name}_fail", "A body its kind does not allow.", other(kind, body), code)


def bad_envelopes() -> Iterator[Case]:
    """Yield statements and lines to refuse: bad_envelope, unknown_field, version, network."""
    faults: list[tuple[str, dict[str, Any], str]] = [
        ("created-negative", {"created": -1}, "bad_envelope"),
        ("created-text", {"created": "0"}, "bad_envelope"),
        ("created-bool", {"created": True}, "bad_envelope"),
        ("created-2-53", {"created": 2**53}, "not_integer"),
        ("kind-empty", {"kind": ""}, "bad_envelope"),
        ("kind-33", {"kind": "k" * 33}, "bad_envelope"),
        ("kind-number", {"kind": 1}, "bad_envelope"),
        ("body-array", {"body": []}, "bad_envelope"),
        ("body-null", {"body": None}, "bad_body"),
        ("field-alg", {"alg": "none"}, "unknown_field"),
        ("version-2", {"v": 2}, "unsupported_version"),
        ("version-0", {"v": 0}, "unsupported_version"),
        ("version-text", {"v": "1"}, "unsupported_version"),
        ("version-bool", {"v": True}, "unsupported_version"),
        ("network-other", {"net": "testnet"}, "wrong_network"),
        ("network-longer", {"net": NETWORK + "2"}, "wrong_network"),
        ("network-case", {"net": NETWORK.upper()}, "wrong_network"),
        ("network-number", {"net": 1}, "wrong_network"),
    ]
    for name, fault, code in faults:
        data = canonical({**statement(), **fault})
        yield Case(f"{name}_fail", "A statement with one field wrong.", signed(data), code)
    for name in statement():
        less = {key: value for key, value in statement().items() if key != name}
        yield Case(
            f"{name}-absent_fail", "A statement has six fields.", signed(canonical(less)), "bad_envelope"
        )
    data = canonical(statement())
    sig = url64(sign(seed("alice"), DOMAIN + data))
    lines = {
        "line-array": b"[" + data + b',"' + sig + b'"]',
        "line-text": b'"' + sig + b'"',
        "line-null": b"null",
        "line-only-record": b'{"record":' + data + b"}",
        "line-sig-number": b'{"record":' + data + b',"sig":0}',
        "line-extra": b'{"alg":"none","record":' + data + b',"sig":"' + sig + b'"}',
        "record-array": signed(b"[]"),
        "record-text": signed(b'"record"'),
        "record-number": signed(b"0"),
    }
    for name, line in lines.items():
        yield Case(f"{name}_fail", "Not a record and its signature.", line, "bad_envelope")


def bad_texts() -> Iterator[Case]:
    """Yield text to refuse, in values and in keys."""
    texts = {
        "nfd": "e\u0301",
        "line-separator": "a\u2028b",
        "paragraph-separator": "a\u2029b",
        "newline": "a\nb",
        "nul": "a\0b",
        "escape": "\x1b[2J",
        "delete": "a\x7fb",
        "c1": "\x9b2J",
        "singleton": "\u212b",
    }
    for name, text in texts.items():
        yield Case(
            f"text-{name}_fail", "Text that does not show what it is.", rating(reason=text), "bad_text"
        )
    for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)):
        line = rating(reason=f"a{chr(code)}b")
        yield Case(f"text-bidi-{code:04x}_fail", "Text that is shown in another order.", line, "bad_text")
    yield Case(
        "text-in-unknown-kind_fail",
        "The rule holds for kinds that are only kept.",
        other("greeting", {"x": "e\u0301"}),
        "bad_text",
    )
    yield Case("text-in-subject_fail", "And in subjects.", rating(subject="a:\u202eb"), "bad_text")
    unknown: list[tuple[str, Any, str]] = [
        ("float", 1.5, "not_integer"),
        ("2-53", 2**53, "not_integer"),
        ("null", None, "bad_body"),
        ("deep", [[[[[[[[[[[[[[[]]]]]]]]]]]]]]], "too_deep"),
    ]
    for name, value, code in unknown:
        line = other("greeting", {"x": value})
        yield Case(f"kind-unknown-{name}_fail", "And so does the rule of what JSON may hold.", line, code)
    for name, key in (("non-ascii", "é"), ("control", "a\tb"), ("delete", "\x7f")):
        yield Case(f"key-text-{name}_fail", "Keys are plain ASCII.", rating(ext={key: 1}), "bad_text")
    for name, escape in (("high", b"\\ud800"), ("low", b"\\udc00"), ("reversed", b"\\ude00\\ud83d")):
        line = signed(_with(b'"reason":"' + escape + b'"'))
        yield Case(f"surrogate-{name}_fail", "Half a character, escaped.", line, "bad_text")
    yield Case(
        "surrogate-in-key_fail",
        "Half a character in a key.",
        signed(_with(b'"ext":{"\\ud800":1}')),
        "bad_text",
    )


def _with(member: bytes) -> bytes:
    """Return the plain rating's bytes with one raw member in its place in the body."""
    after = b'"category":"reliability",'
    return canonical(statement()).replace(after, after + member + b",")


def bad_bytes() -> Iterator[Case]:
    """Yield what is no JSON, not the canonical JSON, or too much of it."""
    data, line = canonical(statement()), rating()
    sig = line[-88:-2]
    numbers = {
        "float": b"40.0",
        "exponent": b"4e1",
        "huge-exponent": b"1e400",
        "2-53": b"9007199254740992",
        "2-53-plus-1": b"9007199254740993",
        "30-digits": b"4" * 30,
        "5000-digits": b"4" * 5_000,
        "minus-2-53": b"-9007199254740992",
    }
    for name, number in numbers.items():
        bad = signed(data.replace(b'"value":40', b'"value":' + number))
        yield Case(f"number-{name}_fail", "Integers within 2^53-1 only.", bad, "not_integer")
    raw = {
        "nan": (b"40}", b"NaN}"),
        "infinity": (b"40}", b"-Infinity}"),
        "leading-zero": (b"40}", b"040}"),
        "plus": (b"40}", b"+40}"),
        "hex": (b"40}", b"0x28}"),
        "trailing-comma": (b"40}", b"40,}"),
        "single-quotes": (b'"v"', b"'v'"),
        "raw-newline": (b"reliability", b"reliabil\nity"),
        "comment": (b"40}", b"40/**/}"),
    }
    for name, (old, new) in raw.items():
        yield Case(f"json-{name}_fail", "Not JSON.", signed(data.replace(old, new)), "not_json")
    whole = {
        "empty": b"",
        "space": b" ",
        "truncated": line[:-1],
        "half": line[: len(line) // 2],
        "bom": b"\xef\xbb\xbf" + line,
        "twice": line + line,
        "nul-at-end": line + b"\0",
        "utf-16": line.decode().encode("utf-16-le"),
    }
    for name, bad in whole.items():
        yield Case(f"line-{name}_fail", "Not one JSON value.", bad, "not_json")
    for name, bad in {
        "ff": b"\xff",
        "overlong": b"\xc0\x80",
        "cesu": b"\xed\xa0\x80",
        "latin-1": b"\xe9",
        "cut": b"\xe2\x82",
    }.items():
        yield Case(
            f"utf8-{name}_fail", "Not UTF-8.", signed(_with(b'"reason":"' + bad + b'"')), "bad_encoding"
        )
    yield Case("utf8-utf-16_fail", "UTF-16 with its mark.", line.decode().encode("utf-16"), "bad_encoding")
    layouts = {
        "space": data.replace(b":40", b": 40"),
        "unsorted": b'{"v":1,' + data[1:].replace(b',"v":1', b""),
        "escape": data.replace(b"reliab", b"\\u0072eliab"),
        "escaped-key": data.replace(b'"v"', b'"\\u0076"'),
        "slash": data.replace(b"reliab", b"\\/reliab"),
        "minus-zero": data.replace(b":1700000000000", b":-0"),
        "twice-equal": data.replace(b'"v":1', b'"v":1,"v":1'),
        "twice": data.replace(b'"value":40', b'"value":10,"value":40'),
        "space-first": b" " + data,
        "pair-escaped": _with(b'"reason":"\\ud83e\\udd8a"'),
        "newline-short": _with(b'"reason":"\\u0022"'),
        "twice-field": data.replace(b'"author"', b'"author":"x","author"'),
    }
    for name, layout in layouts.items():
        yield Case(f"record-{name}_fail", "The same value in other bytes.", signed(layout), "not_canonical")
    outer = {
        "newline": line + b"\n",
        "carriage-return": line + b"\r",
        "space-first": b" " + line,
        "space-inside": line.replace(b',"sig"', b', "sig"'),
        "sig-first": b'{"sig":"' + sig + b'","record":' + data + b"}",
        "escaped": line.replace(b'"sig"', b'"si\\u0067"'),
        "sig-twice": line[:-1] + b',"sig":"' + sig + b'"}',
    }
    for name, bad in outer.items():
        # A line with two signatures ends like a good one: the first is taken for a part of the record.
        code = "not_json" if name == "sig-twice" else "not_canonical"
        yield Case(f"layout-{name}_fail", "The line itself has one layout.", bad, code)
    yield Case("size-65537_fail", "One byte more than 64 KiB.", sized(MAX_BYTES + 1), "too_big")
    yield Case(
        "size-line_fail", "A line no record can fill.", b'{"' + b"x" * (MAX_BYTES + 300) + b'":0}', "too_big"
    )
    yield Case("depth-17_fail", "Seventeen levels.", nested(17), "too_deep")
    yield Case("depth-1000_fail", "A thousand brackets.", signed(b"[" * 1000 + b"]" * 1000), "too_deep")
    yield Case("depth-open_fail", "Brackets that never close.", b"[" * 60_000, "too_deep")
