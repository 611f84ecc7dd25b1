"""The wire format holds for whatever bytes: no signature is good elsewhere, no change goes unseen."""

from __future__ import annotations

import itertools
import json
import os
import random
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors import make_records
from tests.vectors.mutations import MUTATIONS
from tests.vectors.plain_signer import NETWORK
from tests.vectors.plain_signer import canonical as plain_canonical
from trustcli.errors import REFUSALS, RecordRefused
from trustcli.node.verifying import CODEC
from trustcli.records import canonical, crypto, did
from trustcli.records.bulk import Shape
from trustcli.records.envelope import Record, join_line, outline

ALWAYS_THE_SAME = settings(deadline=None, derandomize=True, database=None, max_examples=1_000)
SEED = bytes(range(32))
AUTHOR = did.did_of(crypto.public_key(SEED))
OTHER = did.did_of(crypto.public_key(bytes(32)))
CREATED = 1_700_000_000_000
EACH = 100_000 // len(MUTATIONS) + 1


def vectors() -> dict[str, bytes]:
    """Return the lines of tests/vectors/records by the case's name."""
    found = {}
    for name in sorted(os.listdir(make_records.FOLDER)):
        with open(os.path.join(make_records.FOLDER, name, "line"), "rb") as file:
            found[name] = file.read()
    return found


VECTORS = vectors()
VALID = [line for name, line in VECTORS.items() if not name.endswith("_fail") and len(line) < 2_000]


def strictly(line: bytes) -> Record:
    """Parse by the general way."""
    return Record.parse(line, net=NETWORK)


def quickly(line: bytes) -> Record:
    """Parse by the way of bulk imports."""
    data = outline(line)
    digest = b"" if data is None else crypto.record_id(data)
    return Record.parse_quickly(line, digest, net=NETWORK, codec=CODEC)


SHAPE = Shape(NETWORK)


def together(lines: list[bytes]) -> dict[int, str]:
    """Return what the bulk parser takes of some lines: by their indexes, every field with its types."""
    found = SHAPE.read(lines)
    return {
        place: repr((author, {"category": category, "subject": subject, "value": value}, created, body, sig))
        for place, author, created, body, sig, subject, category, value in zip(
            found.places, *found.columns(), strict=True
        )
    }


def plain_ratings(lines: list[bytes]) -> dict[int, str]:
    """Return what the strict parser makes of those lines that the bulk parser is for."""
    found = {}
    for place, line in enumerate(lines):
        try:
            record = Record.parse(line, net=NETWORK)
        except RecordRefused:
            continue
        is_plain = len(record.body) == 3 and record.data.isascii() and b"\\" not in record.data
        if record.kind == "rating" and is_plain:
            body = record.data[
                len(b'{"author":"","body":') + len(record.author) : record.data.rindex(b',"cr')
            ]
            found[place] = repr(
                (record.author, dict(sorted(record.body.items())), record.created, body, record.sig)
            )
    return found


def outcome(parse: Callable[[bytes], Record], line: bytes) -> str:
    """Return every field of the record with its types, or the code of the refusal."""
    try:
        return repr(tuple(parse(line)))
    except RecordRefused as refused:
        return refused.code


def line_of(data: bytes) -> bytes:
    """Return the line of bytes signed as they are, right or wrong."""
    return join_line(data, crypto.sign(SEED, crypto.DOMAIN + data))


def statement(kind: str, body: object, net: str = NETWORK) -> bytes:
    """Return the bytes of a statement, right or wrong."""
    return plain_canonical(
        {"v": 1, "net": net, "kind": kind, "author": AUTHOR, "created": CREATED, "body": body}
    )


# Domain separation

KINDS: dict[str, dict[str, object]] = {
    "rating": {"subject": OTHER, "value": 40, "category": "speed"},
    "revocation": {"record": "ab" * 32},
    "key": {"action": "retire"},
    "greeting": {"subject": OTHER, "value": 40, "category": "speed"},
    "handshake": {"record": "ab" * 32},
}
NETS = (NETWORK, "main", "vectors2")
TAGS = (
    crypto.DOMAIN,
    b"trustcli/record/v2\n",
    b"trustcli/record/v1",
    b"trustcli/receipt/v1\n",
    b"DSSEv1 ",
    b"",
)
CONTEXTS = list(itertools.product(KINDS, NETS, TAGS))


def test_a_signature_is_good_in_one_place() -> None:
    """Of all kinds, networks and tags, a signature is accepted for its own and for none of the others."""
    accepted = []
    for signed in CONTEXTS:
        data = statement(signed[0], KINDS[signed[0]], signed[1])
        sig = crypto.sign(SEED, signed[2] + data)
        for shown in itertools.product(KINDS, NETS):
            line = join_line(statement(shown[0], KINDS[shown[0]], shown[1]), sig)
            try:
                Record.parse(line, net=shown[1])
            except RecordRefused as refused:
                assert refused.code == "bad_signature"  # noqa: PT017  pytest.raises cannot go on counting
            else:
                accepted.append((signed, shown))
    assert accepted == [
        ((kind, net, crypto.DOMAIN), (kind, net)) for kind, net in itertools.product(KINDS, NETS)
    ]


@pytest.mark.parametrize(("net", "receiver"), list(itertools.permutations(NETS, 2)))
def test_a_record_stays_in_its_network(net: str, receiver: str) -> None:
    """A good record of one network is refused by every other."""
    line = line_of(statement("rating", KINDS["rating"], net))
    with pytest.raises(RecordRefused) as caught:
        Record.parse(line, net=receiver)
    assert caught.value.code == "wrong_network"


# Mutations


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_no_change_goes_unseen(mutate: Callable[[bytes, bytes, random.Random], bytes]) -> None:
    """A changed line is refused, by both parsers with the same code, and raises nothing but RecordRefused."""
    chance = random.Random(mutate.__name__)
    made = (mutate(chance.choice(VALID), chance.choice(VALID), chance) for _ in range(3 * EACH))
    lines = list(itertools.islice((line for line in made if line not in VALID), EACH))
    strict = [outcome(strictly, line) for line in lines]
    quick = [outcome(quickly, line) for line in lines]
    assert len(lines) == EACH
    assert [line for line, found in zip(lines, strict, strict=True) if found not in REFUSALS] == []
    assert [found for found in zip(lines, strict, quick, strict=True) if found[1] != found[2]] == []
    assert together(lines) == {}
    assert [line for line in lines[:1_000] if together([line])] == []


# The quick parser


@pytest.mark.parametrize("name", VECTORS)
def test_quick_on_vectors(name: str) -> None:
    """The quick parser gives what the strict one gives, on every vector."""
    assert outcome(quickly, VECTORS[name]) == outcome(strictly, VECTORS[name])


def test_bulk_on_vectors() -> None:
    """The bulk parser takes the plain ratings among all vectors, as the strict one does, and nothing else."""
    lines = [*VECTORS.values()]
    plain = plain_ratings(lines)
    assert len(plain) > 3
    alone = {place: found[0] for place, line in enumerate(lines) if (found := together([line]))}
    assert alone == plain
    good = [lines[place] for place in plain]
    assert together(good) == plain_ratings(good)


def test_a_page_is_read_line_by_line() -> None:
    """Lines that are JSON only together, or two records in one line, give nothing; their neighbours do."""
    good = VECTORS["rating"]
    half = len(good) // 2
    for page in (
        [good[:half], good[half:], good],
        [good + good, b"", good],
        [good + b"\n" + good, good],
        [b" " + good, good],
        [good + b" ", good],
        [b"", good],
    ):
        assert [*together(page)] == [len(page) - 1]


def test_one_forgery_costs_no_neighbour() -> None:
    """A page with a forged signature gives all the others."""
    good = VECTORS["rating"]
    data = outline(good)
    assert data is not None
    forged = join_line(data, crypto.sign(bytes(32), crypto.DOMAIN + data))
    assert together([good, forged, good]) == plain_ratings([good, forged, good])
    assert [*together([good, forged, good])] == [0, 2]


@ALWAYS_THE_SAME
@given(st.binary(min_size=32, max_size=32), st.integers(9, 55), st.characters(max_codepoint=300))
def test_a_key_is_known_by_its_spelling(key: bytes, place: int, char: str) -> None:
    """What looks like the spelling of a key is one: `key_of` takes it, and nothing else."""
    name = did.did_of(key)
    changed = name[:place] + char + name[place + 1 :]
    assert did.is_spelled(name)
    try:
        did.key_of(changed)
    except RecordRefused:
        assert not did.is_spelled(changed)
    else:
        assert did.is_spelled(changed)


def test_the_edges_of_spelling() -> None:
    """The first and the last key, one below, one above, one digit more and one less."""
    first, last = did.did_of(bytes(32)), did.did_of(b"\xff" * 32)
    number = int.from_bytes(did.base58_decode(first[9:]), "big")
    below, above = (
        did.PREFIX + did.base58_encode(one.to_bytes(34, "big")) for one in (number - 1, number + 2**256)
    )
    assert did.is_spelled(first)
    assert did.is_spelled(last)
    for wrong in (below, above, first[:-1], last + "1", first.replace("did:key:z", "did:key:Z"), ""):
        assert not did.is_spelled(wrong)


def test_quick_is_quick_where_it_should_be() -> None:
    """The plain rating does not reach the strict parser, or there would be nothing to compare."""

    class Counting:
        calls = 0

        def decode(self, data: bytes) -> Any:
            Counting.calls += 1
            return json.loads(data)

        def encode(self, value: Any) -> bytes:
            Counting.calls += 1
            return plain_canonical(value)

    line = VECTORS["rating"]
    data = outline(line)
    assert data is not None
    no_digest = bytes(32)  # the strict parser would compute the right one
    assert Record.parse_quickly(line, no_digest, net=NETWORK, codec=Counting()).digest == no_digest
    assert Counting.calls == 2


texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["quick", "a b", "x" * 128]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    st.sampled_from(
        [
            "e\u0301",
            "\u2028",
            "\u202e",
            "\x7f",
            "\x00",
            '"',
            "\\",
            "/",
            "",
            "a" * 33,
            "a" * 129,
            "a" * 501,
            "ext",
        ]
    ),
)
numbers = st.one_of(
    st.integers(), st.integers(-1, 60), st.sampled_from([2**53 - 1, 2**53, 2**63, 2**64, -(2**63), 10**30])
)
leaves = st.one_of(st.none(), st.booleans(), numbers, st.floats(), texts)
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
subjects = st.sampled_from(
    [
        AUTHOR,
        OTHER,
        OTHER[:-1],
        OTHER + "x",
        "agent:x",
        "https://e.org/é",
        "a:\u00a0",
        "bob",
        "a:" + "x" * 511,
    ]
)
times = st.sampled_from([0, 1, 2**32, 2**53 - 1, 2**53, -1, True])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "subject": subjects,
    "value": st.integers(9, 51),
    "category": st.sampled_from(["speed", "a-1", "A", "", "c" * 32, "c" * 33]),
    "reason": texts,
    "evidence": st.lists(subjects, max_size=17),
    "task": texts,
    "expires": times,
    "via": st.fixed_dictionaries({"agent": texts, "guided": st.booleans()}),
    "rater": subjects,
    "ext": st.dictionaries(texts, anything, max_size=3),
    "record": st.sampled_from(["ab" * 32, "AB" * 32, "ab" * 31]),
    "action": st.sampled_from(["rotate", "accept", "retire", "compromised", "recover"]),
    "successor": subjects,
    "predecessor": subjects,
    "since": times,
}
REQUIRED = {
    "rating": ["subject", "value", "category"],
    "revocation": ["record"],
    "key": ["action"],
    "greeting": [],
}
OPTIONAL = {
    "rating": ["reason", "evidence", "task", "expires", "via", "rater", "ext"],
    "revocation": ["reason", "ext"],
    "key": ["successor", "predecessor", "since", "reason", "ext"],
    "greeting": ["subject", "ext", "via"],
}


@st.composite
def statements(draw: st.DrawFn) -> bytes:
    """Statements that are mostly right, with up to one field of any kind, and mostly canonical."""
    kind = draw(st.sampled_from(list(REQUIRED)))
    required = {name: FIELDS[name] for name in REQUIRED[kind]}
    optional = {name: FIELDS[name] for name in OPTIONAL[kind]}
    body = draw(st.fixed_dictionaries(required, optional=optional))
    if not REQUIRED[kind]:
        body.update(draw(st.dictionaries(st.sampled_from(["a", "b", "c"]), anything)))
    if draw(st.integers(0, 5)) == 0:
        body[draw(st.sampled_from([*FIELDS, "weight", "é"]))] = draw(anything)
    whole = {"v": 1, "net": NETWORK, "kind": kind, "author": AUTHOR, "created": CREATED, "body": body}
    if draw(st.integers(0, 9)) == 0:
        whole[draw(st.sampled_from([*whole, "alg"]))] = draw(anything)
    if draw(st.integers(0, 9)) == 0:
        return json.dumps(whole, ensure_ascii=draw(st.booleans()), separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
    return plain_canonical(whole)


@ALWAYS_THE_SAME
@given(statements())
def test_quick_on_anything(data: bytes) -> None:
    """On any statement with a good signature, both parsers give the same record or the same refusal."""
    line = line_of(data)
    assert outcome(quickly, line) == outcome(strictly, line)
    page = [line, VECTORS["rating"], line]
    assert together([line]) == plain_ratings([line])
    assert together(page).items() <= plain_ratings(page).items()  # a weak one may cost its neighbours


# The canonical form

ascii_keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
plain_text = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf", "Cn", "Mn"]), max_size=12
)
integers = st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
model = st.recursive(
    st.one_of(st.booleans(), integers, plain_text.map(lambda text: unicodedata.normalize("NFC", text))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_keys, inner, max_size=4),
    max_leaves=20,
)


@ALWAYS_THE_SAME
@given(model)
def test_canonical_round_trip(value: Any) -> None:
    """What is encoded decodes to the same value and types, and is what RFC 8785 says."""
    data = canonical.encode(value)
    assert repr(canonical.decode(data)) == repr(_sorted(value))
    assert data == rfc8785.dumps(value)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(member) for member in value] if isinstance(value, list) else value


@ALWAYS_THE_SAME
@given(anything)
def test_canonical_or_refused(value: Any) -> None:
    """Any value is either encoded as RFC 8785 says, and decoded again, or refused; nothing else is raised."""
    try:
        data = canonical.encode(value)
    except RecordRefused:
        return
    assert data == rfc8785.dumps(value)
    assert canonical.decode(data) == value


@ALWAYS_THE_SAME
@given(st.one_of(st.binary(max_size=60), anything.map(lambda value: json.dumps(value).encode())))
def test_decoded_bytes_are_the_only_ones(data: bytes) -> None:
    """Bytes that decode are those the value is encoded to: no two byte strings mean the same."""
    try:
        value = canonical.decode(data)
    except RecordRefused:
        return
    assert canonical.encode(value) == data
