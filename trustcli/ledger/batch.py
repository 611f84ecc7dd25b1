"""Verified records on their way into the ledger, many at once."""

from __future__ import annotations

from array import array

from trustcli.ledger.projection import Staged
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

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


class Chunk(NamedTuple):
    """Plain ratings, their places in a batch, and their ids in one piece."""

    places: Sequence[int]
    digests: bytes
    ratings: PlainRatings


class Batch:
    """Records in order of arrival: plain ratings by columns, others one by one; each has its place."""

    def __init__(self) -> None:
        self.count = 0
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
            places, digests = range(self.count, self.count + len(ids)), list(ids)
        self.chunks.append(Chunk(places, b"".join(digests), plain))
        self.count += len(places) + len(others)

    def total(self) -> int:
        """Return the sum of the ids."""
        digests = [other.digest for other in self.others.values()]
        digests += [digest for chunk in self.chunks for digest in _cut(chunk.digests)]
        return sum(map(int.from_bytes, digests))

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
        for places, digests, ratings in self.chunks:
            columns = (places, _cut(digests), *ratings.columns())
            for place, digest, author, created, body, sig, *fields in zip(*columns, strict=True):
                yield place, Staged(digest, author, "rating", created, body, sig, tuple(fields))


def _cut(digests: bytes) -> list[bytes]:
    return [digests[start : start + _ID] for start in range(0, len(digests), _ID)]
