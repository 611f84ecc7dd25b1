"""Verified records on their way into the ledger, many at once."""

from __future__ import annotations

from array import array
from itertools import chain

from trustcli.ledger.projection import Staged
from trustcli.records.envelope import cut_signatures
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from trustcli.records.bulk import PlainRatings

_ID = 32  # bytes


class Examined(NamedTuple):
    """What some lines hold: plain ratings by columns, other records by line, and the codes of refusals."""

    plain: PlainRatings
    others: Mapping[int, Staged]
    refused: Mapping[int, str]

    def newer(self, limit: int) -> list[int]:
        """Return the lines whose records are dated after `limit` (Unix ms)."""
        found = [place for place, other in self.others.items() if other.created > limit]
        dates = array("q", self.plain.created)
        if max(dates, default=0) > limit:
            found += [place for place, date in zip(self.plain.places, dates, strict=True) if date > limit]
        return found


class Numbered(dict[str, int]):
    """Numbers texts from 0 as they come: many equal ones wait as numbers, and are looked up once."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number

    def all(self, texts: Iterable[str]) -> array[int]:
        """Return the numbers of texts."""
        return array("i", map(self.__getitem__, texts))


class Chunk(NamedTuple):
    """Plain ratings by columns: their places in a batch, their ids in one piece, and what they hold.

    Authors, subjects and categories are the batch's numbers; the rest is as in `PlainRatings`.
    """

    places: Sequence[int]
    digests: bytes
    authors: array[int]
    created: bytes
    bodies: bytes
    signatures: bytes
    subjects: array[int]
    categories: array[int]
    values: bytes


class Batch:
    """Records in order of arrival: plain ratings by columns, others one by one; each has its place.

    Attributes:
        authors, subjects, categories: number those of the plain ratings.
    """

    def __init__(self) -> None:
        self.count = 0
        self.authors, self.subjects, self.categories = Numbered(), Numbered(), Numbered()
        self._total = 0  # of the ids in chunks
        self.chunks: list[Chunk] = []
        self.others: dict[int, Staged] = {}

    @classmethod
    def of(cls, staged: Iterable[Staged]) -> Batch:
        """Return a batch of records, in their order."""
        batch = cls()
        batch.others = dict(enumerate(staged))
        batch.count = len(batch.others)
        return batch

    def add(self, ids: Sequence[bytes], found: Examined, apart: Collection[int]) -> None:
        """Take what lines with these ids hold, but for those at the places that are set `apart`."""
        plain = found.plain.without(apart) if apart else found.plain
        others = {place: other for place, other in found.others.items() if place not in apart}
        if others or apart:
            taken = sorted([*plain.places, *others])
            rank = dict(zip(taken, range(self.count, self.count + len(taken)), strict=True))
            places: Sequence[int] = [rank[place] for place in plain.places]
            self.others.update({rank[place]: other for place, other in others.items()})
            digests = [ids[place] for place in plain.places]
        else:
            places, digests = range(self.count, self.count + len(ids)), [*ids]
        self._total += sum(map(int.from_bytes, digests))
        self.chunks.append(self._chunk(places, b"".join(digests), plain))
        self.count += len(places) + len(others)

    def _chunk(self, places: Sequence[int], digests: bytes, plain: PlainRatings) -> Chunk:
        return Chunk(
            places, digests, self.authors.all(plain.authors), plain.created, plain.bodies, plain.signatures,
            self.subjects.all(plain.subjects), self.categories.all(plain.categories), plain.values,
        )  # fmt: skip

    def each(self, column: str) -> Iterator[Any]:
        """Return the items of a column of all chunks."""
        return chain.from_iterable([getattr(chunk, column) for chunk in self.chunks])

    def joined(self, column: str) -> bytes:
        """Return a column that is in one piece, of all chunks."""
        return b"".join([getattr(chunk, column) for chunk in self.chunks])

    def total(self) -> int:
        """Return the sum of the ids."""
        return self._total + sum(int.from_bytes(other.digest) for other in self.others.values())

    def digests(self) -> list[bytes]:
        """Return the ids in order of arrival."""
        numbered = [(place, other.digest) for place, other in self.others.items()]
        for chunk in self.chunks:
            numbered += zip(chunk.places, _cut(chunk.digests), strict=True)
        return [digest for _, digest in sorted(numbered)]

    def without(self, digests: Collection[bytes]) -> Batch:
        """Return the records that do not have these ids, each of them once."""
        found = {record.digest: record for record in self.staged()}
        return self.of(record for digest, record in found.items() if digest not in digests)

    def staged(self) -> list[Staged]:
        """Return the records one by one."""
        return [record for _, record in sorted(self._rows(), key=lambda row: row[0])]

    def _rows(self) -> Iterator[tuple[int, Staged]]:
        yield from self.others.items()
        authors, subjects, categories = [*self.authors], [*self.subjects], [*self.categories]
        for chunk in self.chunks:
            columns = zip(
                chunk.places, _cut(chunk.digests), chunk.authors, array("q", chunk.created),
                chunk.bodies.splitlines(), cut_signatures(chunk.signatures),
                chunk.subjects, chunk.categories, chunk.values, strict=True,
            )  # fmt: skip
            for place, digest, author, created, body, sig, subject, category, value in columns:
                fields = (subjects[subject], categories[category], value)
                yield place, Staged(digest, authors[author], "rating", created, body, sig, fields)


def _cut(digests: bytes) -> list[bytes]:
    return [digests[start : start + _ID] for start in range(0, len(digests), _ID)]
