"""What holds for every record: who makes one, what it costs to refuse one, which library may verify one."""

from __future__ import annotations

import ast
import base64
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from nacl import bindings

from tests.conftest import ROOT
from tests.vectors import make_boot_vectors as curve
from tests.vectors import plain_signer
from trustcli.errors import KeyProblem, RecordRefused
from trustcli.node.verifying import CODEC
from trustcli.records import boot_vectors, canonical, crypto, did, envelope
from trustcli.records.bulk import Shape
from trustcli.records.envelope import Record

NET = "unit"
SEED = bytes(range(32))
KEY = crypto.public_key(SEED)
AUTHOR, BOB = did.did_of(KEY), did.did_of(crypto.public_key(bytes(32)))
BODY: dict[str, canonical.Json] = {"subject": BOB, "value": 45, "category": "speed"}


def seal(**other: Any) -> Record:
    """Seal a good rating, with some arguments replaced."""
    arguments: dict[str, Any] = {"net": NET, "kind": "rating", "author": AUTHOR, "created": 1, "body": BODY}
    arguments["sign"] = crypto.signer(SEED)
    return Record.seal(**{**arguments, **other})


def code_of(work: Callable[[], object]) -> str:
    """Return the code of the refusal that `work` must end in."""
    with pytest.raises(RecordRefused) as caught:
        work()
    return caught.value.code


# Who makes a record


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Yield (path within the package, syntax tree) of every module."""
    package = os.path.join(str(ROOT), "trustcli")
    for folder, _, names in os.walk(package):
        for name in sorted(names):
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, package), ast.parse(file.read())


def makers(tree: ast.Module) -> list[str]:
    """Return the calls that make a Record, or copy one with changes, as source text."""
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "Record"
    } | {"Record"}
    inside = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == "Record"]
    own = {id(call) for node in inside for call in ast.walk(node) if isinstance(call, ast.Call)}
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        last = name.rpartition(".")[2]
        direct = last in aliases or (name in ("cls", "cls._make", "cls._replace") and id(call) in own)
        if direct or (last in ("_make", "_replace", "__new__") and "record" in name.lower()):
            found.append(name)
    return found


def test_one_place_makes_records() -> None:
    """A record is made by one call, in envelope.py, after every check."""
    assert [path for path, tree in sources() for _ in makers(tree)] == [
        os.path.join("records", "envelope.py")
    ]


WAYS_AROUND = [
    "Record(1)",
    "envelope.Record(1)",
    "from e import Record as R\nR(1)",
    "record._replace(kind='x')",
    "Record._make([])",
    "class Record:\n def f(cls): return cls(1)",
    "class Record:\n def f(cls): return cls._make([])",
]


@pytest.mark.parametrize("text", WAYS_AROUND)
def test_makers_are_seen(text: str) -> None:
    """The scan sees every way around the checks that it is there to find."""
    assert len(makers(ast.parse(text))) == 1


# What a record is


@pytest.mark.parametrize("name", [*Record._fields, "id", "line", "more"])
def test_records_cannot_be_changed(name: str) -> None:
    """No field of a record can be set or deleted, and none added."""
    record = seal()
    with pytest.raises(AttributeError):
        setattr(record, name, "x")
    with pytest.raises(AttributeError):
        delattr(record, name)


def test_a_record_keeps_what_was_signed() -> None:
    """What its maker does to the body afterwards does not reach the record."""
    evidence: list[canonical.Json] = ["https://example.org"]
    body: dict[str, canonical.Json] = {**BODY, "evidence": evidence}
    record = seal(body=body)
    body["value"] = 10
    evidence.append("https://example.com")
    assert (record.body["value"], record.body["evidence"]) == (45, ["https://example.org"])
    assert Record.parse(record.line, net=NET).body == record.body


def test_the_line_is_what_came() -> None:
    """The bytes that were verified are those that are kept and passed on, and the id is over them."""
    record = seal(body={**BODY, "reason": "Grüße"})
    again = Record.parse(record.line, net=NET)
    assert again.line == record.line
    assert again.data == record.data
    assert again.id == plain_signer.record_id(record.data)
    assert tuple(again) == tuple(record)


def test_two_nonces_one_record() -> None:
    """Two valid signatures with different nonces for one body give one id: one row in every ledger."""
    record = seal()
    sig = plain_signer.sign(SEED, crypto.DOMAIN + record.data, nonce=curve.secret("unit nonce"))
    other = Record.parse_parts(record.data, sig, net=NET)
    assert other.sig != record.sig
    assert other.id == record.id
    assert other == record
    assert not other != record  # noqa: SIM202  tuples bring an operator of their own
    assert {other, record} == {record}


def test_records_are_equal_by_id() -> None:
    """Another record, or something else with the same fields, is not equal."""
    assert seal() == seal()
    assert seal() != seal(created=2)
    assert seal() != tuple(seal())


def test_repr_is_short() -> None:
    """A record in a message shows its kind, id and author, not its body."""
    assert repr(seal()) == f"<Record rating {seal().id[:8]} by {AUTHOR[:16]}…>"


# Sealing


def test_seal_needs_the_authors_key() -> None:
    """A signer with another key fails at its author, not at the receivers."""
    assert code_of(lambda: seal(sign=crypto.signer(bytes(32)))) == "bad_signature"


@pytest.mark.parametrize("length", [0, 63, 65])
def test_seal_needs_a_whole_signature(length: int) -> None:
    """A signer that returns another number of bytes is refused."""
    assert code_of(lambda: seal(sign=lambda _: bytes(length))) == "bad_signature"


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"body": {**BODY, "reason": "e\u0301"}}, "bad_text"),
        ({"body": {**BODY, "reason": None}}, "bad_body"),
        ({"body": {**BODY, "value": 4.5}}, "not_integer"),
        ({"body": {**BODY, "value": 51}}, "score_range"),
        ({"body": {**BODY, "subject": AUTHOR}}, "self_rating"),
        ({"body": {**BODY, "ext": {1: 2}}}, "bad_text"),
        ({"body": {**BODY, "ext": {"x": (1, 2)}}}, "bad_body"),
        ({"body": {**BODY, "ext": {"x": "y" * 65_536}}}, "too_big"),
        ({"created": -1}, "bad_envelope"),
        ({"created": 2**53}, "not_integer"),
        ({"kind": ""}, "bad_envelope"),
        ({"author": BOB[:-1]}, "bad_key"),
    ],
)
def test_seal_refuses_what_others_would(other: dict[str, Any], code: str) -> None:
    """A statement that receivers would refuse is refused where it is made, never changed silently."""
    assert code_of(lambda: seal(**other)) == code


def test_seal_ends_on_circles() -> None:
    """A body that contains itself is too deep, not endless."""
    circle: dict[str, Any] = {}
    circle["x"] = circle
    assert code_of(lambda: seal(kind="proposal", body=circle)) == "too_deep"


# Text and numbers

CONTROLS = [*range(0x20), *range(0x7F, 0xA0), 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0x2028, 0x2029]
CALM = ["", " ", "\u00a0", "\u00ad", "\u200b", "\u200d", "\ufeff", "\ue000", "Ω", "🦊", "\u0301"]
NOT_INTEGERS = ["1.5", "1.0", "1e2", "1E400", "-0.0", "9" * 5_000]


def text_refusal(text: str) -> str:
    """Return the code with which text must be refused."""
    return code_of(lambda: canonical.check_text(text))


def test_every_control_character_is_refused() -> None:
    """All of C0, delete and C1, halves of characters and the separators, alone and among others."""
    assert {text_refusal(f"é{chr(code)}b") for code in CONTROLS} == {"bad_text"}
    assert {text_refusal(chr(code)) for code in CONTROLS} == {"bad_text"}


@pytest.mark.parametrize("text", CALM)
def test_other_text_is_kept(text: str) -> None:
    """Spaces, joiners, private use and marks on nothing are text."""
    canonical.check_text(text)
    assert canonical.decode(canonical.encode([text])) == [text]


@pytest.mark.parametrize("number", NOT_INTEGERS, ids=lambda number: number[:9])
def test_loose_parsing_is_strict_about_numbers(number: str) -> None:
    """Whatever the layout, a number that is no integer, or one without end, is refused while it is read."""
    assert code_of(lambda: canonical.decode_loose(f'{{ "a": {number} }}'.encode())) == "not_integer"


# What refusing costs

MANY = 100_000
HOSTILE = {
    "brackets": b"[" * MANY,
    "brackets-within-size": b"[" * 65_000 + b"]" * 500,
    "braces": b'{"a":' * 13_000,
    "brackets-in-text": b'"' + b"[" * 65_000,
    "brackets-in-record": b'{"record":' + b"[" * 65_000 + b',"sig":"' + b"A" * 86 + b'"}',
    "digits": b"9" * 1_000_000,
    "digits-within-size": b"9" * 65_000,
    "digits-in-record": b'{"record":' + b"9" * 65_000 + b',"sig":"' + b"A" * 86 + b'"}',
    "exponent": b'{"a":1e' + b"9" * 60_000 + b"}",
    "escapes": b'"' + b"\\\\" * 32_000,
    "quotes": b'"' * 65_000,
    "nested-open-text": b'["' * 32_000,
    "spaces": b" " * 65_000 + b"1",
    "long-line": b"x" * 10_000_000,
}


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a refusal took, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        code_of(work)
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_lines_are_cheap(name: str) -> None:
    """Brackets, digits and quotes by the hundred thousand are refused in one pass, by no other error."""
    assert timed(lambda: Record.parse(HOSTILE[name], net=NET)) < 1
    assert timed(lambda: canonical.decode(HOSTILE[name])) < 1


@pytest.mark.parametrize(
    "name", ["did:key:z" + "1" * MANY, "did:key:z" + "z" * MANY, "did:key:z6Mk" + "z" * MANY]
)
def test_long_names_are_cheap(name: str) -> None:
    """A name of 100 kB is refused by its length: base58 takes time by its square."""
    assert timed(lambda: did.key_of(name)) < 0.05
    assert timed(lambda: did.check_subject(name)) < 0.05


def test_a_long_name_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast the machine: base58 never sees a name of the wrong length."""
    seen: list[int] = []

    def note(text: str) -> bytes:
        seen.append(len(text))
        return b""

    monkeypatch.setattr(did, "base58_decode", note)
    for digits in (0, 46, 47, 48, MANY):
        assert code_of(lambda digits=digits: did.key_of("did:key:z" + "1" * digits)) == "bad_key"  # type: ignore[misc]
    assert seen == [47]


def test_deep_lines_do_not_depend_on_the_stack() -> None:
    """The verdict on nesting is the same near the end of Python's stack: it is counted, not tried."""

    def down(levels: int) -> str:
        return down(levels - 1) if levels else code_of(lambda: canonical.decode(b"[" * 500 + b"]" * 500))

    assert down(10) == down(400) == "too_deep"


# The library


@pytest.fixture
def untested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the next signature the first one of the process."""
    monkeypatch.setattr(crypto, "_tested", [])
    monkeypatch.setattr(crypto, "_valid_keys", set())


def accept_all(signed: bytes, key: bytes) -> bool:
    """Verify as a library that accepts everything."""
    return True


def refuse_all(signed: bytes, key: bytes) -> bool:
    """Verify as a library that accepts nothing."""
    return False


GOOD_OPEN = crypto._opens


def take_s_modulo_l(signed: bytes, key: bytes) -> bool:
    """Verify as a library that reduces S: every signature has a second form."""
    s = int.from_bytes(signed[32:64], "little") % curve.L
    return GOOD_OPEN(signed[:32] + curve.scalar(s) + signed[64:], key)


@pytest.mark.parametrize(
    ("where", "name", "behaviour"),
    [
        (crypto, "_opens", accept_all),
        (crypto, "_opens", refuse_all),
        (crypto, "_opens", take_s_modulo_l),
        (bindings, "crypto_core_ed25519_is_valid_point", lambda key: True),
        (bindings, "crypto_core_ed25519_is_valid_point", lambda key: False),
    ],
)
@pytest.mark.usefixtures("untested")
def test_another_library_is_refused(
    where: object, name: str, behaviour: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that answers a boot vector otherwise is not used: every way in says bad_library."""
    line = good_line()
    monkeypatch.setattr(where, name, behaviour)
    ways: list[Callable[[], object]] = [
        lambda: crypto.check_key(KEY),
        lambda: crypto.check_signature(KEY, bytes(64), b""),
        lambda: Record.parse(line, net=NET),
        lambda: Record.parse_quickly(line, bytes(32), net=NET, codec=CODEC),
        lambda: Shape(NET).read([line]),
        seal,
    ]
    for way in ways:
        with pytest.raises(KeyProblem) as caught:
            way()
        assert caught.value.code == "bad_library"
    assert crypto._tested == []
    assert crypto._valid_keys == set()


def good_line() -> bytes:
    """Return a good line, made without the library under test."""
    data = plain_signer.canonical(
        {"v": 1, "net": NET, "kind": "rating", "author": AUTHOR, "created": 1, "body": BODY}
    )
    return plain_signer.wire(data, plain_signer.url64(plain_signer.sign(SEED, plain_signer.DOMAIN + data)))


def test_the_library_is_tested_once(untested: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The boot vectors run before the first signature and not again."""
    runs: list[int] = []
    self_test = crypto.self_test

    def counted() -> list[str]:
        runs.append(1)
        return self_test()

    monkeypatch.setattr(crypto, "self_test", counted)
    first = seal()
    Record.parse(first.line, net=NET)
    crypto.check_key(crypto.public_key(bytes(32)))
    assert runs == [1]


def test_this_library_passes() -> None:
    """The installed library follows the profile."""
    assert crypto.self_test() == []


def test_boot_vectors_are_those_of_their_generator() -> None:
    """The rows in the package are what plain arithmetic makes of them."""
    made = [
        (name, key.hex(), sig.hex(), message.hex(), good) for name, key, sig, message, good in curve.rows()
    ]
    assert made == list(boot_vectors.BOOT_VECTORS)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_keys_of_another_length(length: int) -> None:
    """A key that is not 32 bytes long is refused, by its code and not by the library's errors."""
    assert code_of(lambda: crypto.check_key(bytes(length))) == "bad_key"
    assert code_of(lambda: crypto.check_signature(bytes(length), bytes(64), b"")) == "bad_key"


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_signatures_of_another_length(length: int) -> None:
    """A signature that is not 64 bytes long is refused; its end is not taken for the message."""
    message = b"a message"
    sig = (crypto.sign(SEED, message) + message + bytes(128))[:length]
    assert code_of(lambda: crypto.check_signature(KEY, sig, message)) == "bad_signature"
    assert (
        code_of(lambda: crypto.check_signature(KEY, crypto.sign(SEED, message) + message, b""))
        == "bad_signature"
    )


def test_signing_is_that_of_rfc_8032() -> None:
    """The library signs what plain arithmetic signs: the same key and the same bytes."""
    assert plain_signer.public_key(SEED) == KEY
    assert plain_signer.sign(SEED, b"message") == crypto.sign(SEED, b"message")
    assert plain_signer.did(KEY) == AUTHOR


def test_a_bad_key_is_not_remembered() -> None:
    """A refused key is refused again, and a good one is never remembered under a bad one's name."""
    small = bytes([1]) + bytes(31)
    assert [code_of(lambda: crypto.check_key(small)) for _ in range(2)] == ["bad_key", "bad_key"]
    assert small not in crypto._valid_keys


def test_a_bad_copy_does_not_shut_out_the_good_one() -> None:
    """A record that came first with a broken signature is accepted when it comes with a good one."""
    good = seal(created=77)
    bad = bytes([good.sig[0] ^ 1]) + good.sig[1:]
    assert code_of(lambda: Record.parse_parts(good.data, bad, net=NET)) == "bad_signature"
    assert Record.parse_parts(good.data, good.sig, net=NET) == good


def test_outline_gives_what_split_gives() -> None:
    """The unchecked outline of a good line is the record's bytes, and None of any other layout."""
    record = seal()
    assert envelope.outline(record.line) == record.data
    assert envelope.split_line(record.line) == (record.data, record.sig)
    sig = base64.urlsafe_b64encode(record.sig)
    for line in (b"", b"{}", record.line + b" ", b'{"record":' + record.data + b',"sig":"' + sig + b'"}'):
        assert envelope.outline(line) is None


@pytest.mark.parametrize("odd", ["\\/", '"', "=", "==", "!", " ", "\n", "+", "/", "é", "\0"])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_signatures_together_have_the_one_spelling(odd: str, place: str) -> None:
    """Many are decoded as JSON, by its rules of text and padding; none of them lets another spelling in."""
    decode = msgspec.json.Decoder(bytes).decode
    good = base64.urlsafe_b64encode(bytes(range(190, 254))).decode().rstrip("=")
    raw = bytes(range(190, 254))
    assert envelope.cut_signatures(envelope.signatures([good, good], decode)) == [raw, raw]
    start = {"first": 0, "middle": 40, "last": len(good) - len(odd)}[place]
    bad = good[:start] + odd + good[start + len(odd) :]
    assert envelope.signatures([good, bad, good], decode) == b""
    assert envelope.signatures([bad], decode) == b""
