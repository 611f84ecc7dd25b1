"""The words and the short form of a key."""

from collections.abc import Callable

import pytest

from trustcli.errors import RecordRefused
from trustcli.records import did, fingerprint

ZERO_SEED = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"


def test_there_are_256_words_in_order() -> None:
    """One word a byte value, sorted, none twice."""
    assert len(fingerprint.WORDS) == 256
    assert sorted(set(fingerprint.WORDS)) == fingerprint.WORDS


def test_words_are_short_and_plain() -> None:
    """Every word is 4 to 8 lower-case letters."""
    assert [
        w for w in fingerprint.WORDS if not (4 <= len(w) <= 8 and w.isascii() and w.isalpha() and w.islower())
    ] == []


def test_no_two_words_begin_alike() -> None:
    """The first three letters tell the word, so none is a prefix of another."""
    assert len({word[:3] for word in fingerprint.WORDS}) == 256


def test_no_two_words_are_a_slip_apart() -> None:
    """Between any two words lie at least three changed letters."""
    words = fingerprint.WORDS
    near = [(a, b) for i, a in enumerate(words) for b in words[i + 1 :] if _distance(a, b) < 3]
    assert near == []


def test_words_of_a_known_key() -> None:
    """The words are part of the format: this key has these, on every machine and for ever."""
    assert fingerprint.words(ZERO_SEED) == "october-syrup-grape-antelope-upstairs-stadium-muffin-jersey"


@pytest.mark.parametrize("bit", [0, 7, 128, 255])
def test_one_bit_changes_the_words(bit: int) -> None:
    """Keys that differ in one bit have different words."""
    key = bytearray(did.key_of(ZERO_SEED))
    key[bit // 8] ^= 1 << bit % 8
    assert fingerprint.words(did.did_of(bytes(key))) != fingerprint.words(ZERO_SEED)


def test_short_form() -> None:
    """Five characters, an ellipsis, four characters."""
    assert fingerprint.short(ZERO_SEED) == "z6Mki…ooWp"


@pytest.mark.parametrize("form", [fingerprint.words, fingerprint.short])
def test_only_keys_have_fingerprints(form: Callable[[str], str]) -> None:
    """A subject without a key is refused, not shown as if it had one."""
    with pytest.raises(RecordRefused) as caught:
        form("https://example.org/")
    assert caught.value.code == "bad_key"


def _distance(left: str, right: str) -> int:
    """Levenshtein's, one row at a time."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, row = row, [i]
        for j, b in enumerate(right, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]
