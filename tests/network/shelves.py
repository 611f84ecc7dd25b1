"""A shelf in memory that verifies as the real one does, for networks of many nodes and many examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trustcli.errors import RecordRefused
from trustcli.records.crypto import record_id
from trustcli.records.envelope import Record, outline
from trustcli.sync.exchange import Head, Page, Result
from trustcli.sync.negentropy import Vector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trustcli.sync.exchange import Items

_verified: dict[tuple[str, bytes], Record | str] = {}  # the same bytes have the same verdict on every node
_REMEMBERED = 50_000


def verdict(line: bytes, net: str) -> Record | str:
    """Return the verified record of a line, or the code of its refusal; each line is verified once."""
    key = (net, line)
    if key not in _verified:
        if len(_verified) > _REMEMBERED:
            _verified.clear()
        try:
            _verified[key] = Record.parse(line, net=net)
        except RecordRefused as problem:
            _verified[key] = problem.code
    return _verified[key]


class MemoryShelf:
    """Records in the order of their arrival."""

    def __init__(
        self, name: str, *, network: str = "main", keeps: Callable[[Record], bool] | None = None
    ) -> None:
        self.network = network
        self.name = name
        self.keeps = keeps
        self.records: dict[bytes, Record] = {}
        self._order: list[Record] = []
        self._sum = 0
        self._items: Vector | None = None

    def head(self) -> Head:
        """See Shelf."""
        return Head(self.name, len(self._order), len(self._order), f"{self._sum:064x}")

    def page(self, after: int, limit: int, room: int) -> Page:
        """See Shelf."""
        return self._page(list(enumerate(self._order[after:], after + 1)), after, limit, room)

    def about(self, subject: str, after: int, limit: int, room: int) -> Page:
        """See Shelf."""
        authors = {one.author for one in self._order if one.body.get("subject") == subject} | {subject}
        found = [
            (place, one)
            for place, one in enumerate(self._order[after:], after + 1)
            if one.body.get("subject") == subject or (one.kind != "rating" and one.author in authors)
        ]
        return self._page(found, after, limit, room)

    def wanted(self, ids: Sequence[bytes]) -> Page:
        """See Shelf."""
        lines = tuple(self.records[id_].line for id_ in ids if id_ in self.records)
        return Page(self.head(), lines, 0, more=False)

    def announced(self) -> list[bytes]:
        """See AnnouncedShelf."""
        return [one.line for one in self._order if one.kind == "announce"]

    def prepare(self, *, is_hurried: bool) -> bool:
        """See AnnouncedShelf."""
        return True

    def items(self) -> Items:
        """See Shelf."""
        if self._items is None:
            self._items = Vector((one.created // 1000, one.digest) for one in self._order)
        return self._items

    def take(self, lines: Sequence[bytes]) -> list[Result]:
        """See Shelf."""
        return [self._take(line) for line in lines]

    def add(self, *records: Record) -> None:
        """Store records as another process would."""
        self.take([record.line for record in records])

    def _take(self, line: bytes) -> Result:
        data = outline(line)
        id_ = record_id(data) if data is not None else b""
        if id_ in self.records:
            return Result(id_, "known")
        found = verdict(line, self.network)
        if isinstance(found, str):
            return Result(id_, found)
        if self.keeps and not self.keeps(found):
            return Result(id_, "not_mine")
        self.records[id_] = found
        self._order.append(found)
        self._sum = (self._sum + int.from_bytes(id_, "little")) % 2**256
        self._items = None
        return Result(id_, "new")

    def _page(self, found: list[tuple[int, Record]], after: int, limit: int, room: int) -> Page:
        lines: list[bytes] = []
        cursor = after
        for place, one in found[:limit]:
            if lines and room < len(one.line):
                break
            room -= len(one.line)
            lines.append(one.line)
            cursor = place
        more = len(lines) < len(found)
        return Page(self.head(), tuple(lines), cursor if more else len(self._order), more)
