"""The canonical bytes of records, put together from the parts that are stored: they have one layout."""

from __future__ import annotations

import json

from trustcli.ledger.projection import MAX_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from trustcli.ledger.projection import Texts


class Layout:
    """How the records of one network look; `names` and `texts` say what authors and kinds are by number."""

    def __init__(self, network: str, names: Texts, texts: Texts) -> None:
        self._network = network
        self._ends: dict[str, bytes] = {}  # what follows `created`, by kind
        self._start = _Parts(lambda author: b'{"author":"%b","body":' % names[author].encode())
        self._end = _Parts(lambda kind: self._after(texts[kind]))

    def rebuild(self, author: str, kind: str, created: int, body: bytes) -> bytes:
        """Return the canonical bytes of a record."""
        return b'{"author":"%b","body":%b,"created":%d%b' % (
            author.encode(),
            body,
            created,
            self._after(kind),
        )

    def rebuild_all(self, rows: Sequence[tuple[Any, ...]]) -> list[bytes]:
        """Return the canonical bytes of rows as `Ledger.pages` gives them."""
        start, end = self._start, self._end
        return [
            b'%b%b,"created":%d%b' % (start[author], body, created, end[kind])
            for _, _, _, author, kind, created, _, body, _ in rows
        ]

    def _after(self, kind: str) -> bytes:
        end = self._ends.get(kind)
        if end is None:
            text = f',"kind":{_json(kind)},"net":{_json(self._network)},"v":1}}'
            end = self._ends[kind] = text.encode()
        return end


class _Parts(dict[int, bytes]):
    """What is made of a number, remembered."""

    def __init__(self, make: Callable[[int], bytes]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, number: int) -> bytes:
        if len(self) > MAX_NAMES:
            self.clear()
        self[number] = self._make(number)
        return self[number]


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
