"""Records in bulk: the plain ratings among many lines, read by columns instead of one by one.

Most records are ratings with nothing but what every rating has, in plain ASCII. Lines of that sort are
decoded together into one declared shape, encoded again, and compared: if the bytes are the same, every key,
every number and every space is where the canonical form has it. What is left to look at are values, and
each of them once: `fields` is asked about the distinct ones of a column, by the same checks as ever. All
other lines, and every refusal, are left to `Record.parse`; a property test holds the two together.
"""

from __future__ import annotations

from array import array
from itertools import compress
from operator import eq
from typing import Literal

import msgspec

from trustcli.errors import RecordRefused
from trustcli.records import canonical, crypto, did, fields, rating
from trustcli.records.envelope import SPREAD, VERSION, cut_out, cut_signatures, signatures
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import Any

_TYPES = {fields.subject: str, fields.category: str, fields.stars: int}
_NOT_PLAIN = (b"\\", b"\x7f")  # what JSON in ASCII may hold and a record must not, or in one spelling only


class PlainRatings(NamedTuple):
    """Ratings by columns, packed: what waits to be stored is not kept as a million objects.

    Attributes:
        places: the indexes of their lines.
        created: eight bytes each, as `array("q")` has them.
        bodies: canonical bytes, a newline after each.
        signatures: of 64 bytes, SPREAD apart.
        values: a byte each.
    """

    places: Sequence[int]
    authors: list[str]
    created: bytes
    bodies: bytes
    signatures: bytes
    subjects: list[str]
    categories: list[str]
    values: bytes

    def columns(self) -> tuple[Iterable[Any], ...]:
        """Return authors, created, bodies, signatures, subjects, categories, values, unpacked."""
        return (
            self.authors, array("q", self.created), self.bodies.splitlines(),
            cut_signatures(self.signatures), self.subjects, self.categories, self.values,
        )  # fmt: skip

    def without(self, places: Collection[int]) -> PlainRatings:
        """Return all but the ratings of these lines."""
        kept = [place not in places for place in self.places]
        if all(kept):
            return self
        found: list[list[Any]] = [list(compress(column, kept)) for column in (self.places, *self.columns())]
        place, authors, created, bodies, signed, subjects, categories, values = found
        return PlainRatings(
            place, authors, array("q", created).tobytes(), _lines(bodies),
            b"".join([one + bytes(SPREAD - len(one)) for one in signed]), subjects, categories, bytes(values),
        )  # fmt: skip


NOTHING = PlainRatings((), [], b"", b"", b"", [], [], b"")


def _lines(some: Sequence[bytes]) -> bytes:
    return b"\n".join([*some, b""])


class Shape:
    """How the line of a plain rating of one network looks."""

    def __init__(self, network: str) -> None:
        body = [(name, _TYPES[check]) for name, check in sorted(rating.REQUIRED.items())]
        record = [
            ("author", str),
            ("body", _struct("Body", body)),
            ("created", int),
            ("kind", Literal["rating"]),
            ("net", Literal[network]),
            ("v", Literal[VERSION]),
        ]
        line = _struct("Line", [("record", _struct("Statement", record)), ("sig", str)])
        self._decode = msgspec.json.Decoder(line).decode_lines
        self._unpack = msgspec.json.Decoder(bytes).decode  # base64; `binascii` takes three times as long
        self._encode = msgspec.json.Encoder().encode_lines

    def read(self, lines: Sequence[bytes]) -> PlainRatings:
        """Return the plain ratings among lines that are well formed and signed by their authors.

        Where another thing than a signature is wrong with one of them, none is returned.
        """
        places: Sequence[int] = range(len(lines))
        found = self._decoded(lines)
        if found is None:
            places, found = self._some(lines)
        columns = _Columns(found)
        signed = signatures([line.sig for line in found], self._unpack) if columns.are_sound() else b""
        if not signed:
            return NOTHING
        ratings = self._packed(places, columns, signed)
        forged = _forged(lines, ratings)
        return ratings.without(forged) if forged else ratings

    def _some(self, lines: Sequence[bytes]) -> tuple[Sequence[int], list[Any]]:
        """Look at each line by itself; return the indexes of the fitting ones, and what they hold."""
        each = [self._decoded((line,)) for line in lines]
        return [place for place, one in enumerate(each) if one], [one[0] for one in each if one]

    def _decoded(self, lines: Sequence[bytes]) -> list[Any] | None:
        """Return what all the lines hold, if all are laid out as they should be."""
        data = _lines(lines)
        if not data.isascii() or any(one in data for one in _NOT_PLAIN):
            return None
        try:
            found = self._decode(data)
            fits = len(found) == len(lines) and self._encode(found) == data  # so no line holds a newline
            return found if fits else None
        except (msgspec.MsgspecError, ValueError, OverflowError):
            return None

    def _packed(self, places: Sequence[int], columns: _Columns, signed: bytes) -> PlainRatings:
        return PlainRatings(
            places,
            columns.author,
            array("q", columns.created).tobytes(),
            self._encode(columns.bodies),
            signed,
            columns.subject,
            columns.category,
            bytes(columns.value),
        )


class _Columns:
    """What decoded lines hold."""

    def __init__(self, lines: list[Any]) -> None:
        records = [line.record for line in lines]
        self.bodies = bodies = [record.body for record in records]
        self.author: list[str] = [record.author for record in records]
        self.created: list[int] = [record.created for record in records]
        self.subject: list[str] = [body.subject for body in bodies]
        self.category: list[str] = [body.category for body in bodies]
        self.value: list[int] = [body.value for body in bodies]

    def are_sound(self) -> bool:
        """Say whether every value is what `rating.check` and the envelope want; signatures come after."""
        if not self.bodies or any(map(eq, self.author, self.subject)):
            return False
        try:
            for name, check in rating.REQUIRED.items():
                distinct = set(getattr(self, name))
                if name == "subject" and did.are_spelled(distinct):
                    continue
                for value in distinct:
                    check(value)
            for author in {*self.author}:
                crypto.check_key(did.key_of(author))
        except RecordRefused:
            return False
        return min(self.created) >= 0 and max(self.created) <= canonical.MAX_INTEGER


def _struct(name: str, shape: list[tuple[str, Any]]) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, shape, forbid_unknown_fields=True, gc=False)


def _forged(lines: Sequence[bytes], ratings: PlainRatings) -> list[int]:
    """Return the places of the lines that their authors did not sign."""
    keys = {author: did.key_of(author) for author in {*ratings.authors}}
    datas = map(cut_out, map(lines.__getitem__, ratings.places))
    found = crypto.forged(map(keys.__getitem__, ratings.authors), cut_signatures(ratings.signatures), datas)
    return [ratings.places[index] for index in found]
