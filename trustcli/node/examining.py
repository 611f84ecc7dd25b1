"""What a worker of the crew does with lines, and how it is told.

A worker loads this file and little else: what a plain rating does not need is loaded with the first line that
is none. Both ways goes `marshal`, Python's own format: nobody else writes to these pipes.
"""

from __future__ import annotations

import gc
import marshal
from functools import cache

from trustcli.errors import RecordRefused
from trustcli.records.bulk import Shape
from trustcli.records.envelope import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO, Any

    Answer = tuple[tuple[Any, ...], dict[int, tuple[Any, ...]], dict[int, str]]
    Message = tuple[list[bytes], list[bytes]] | Answer

_SIZE = 4  # bytes that say how long a message is
_shape = cache(Shape)


def examine(lines: Sequence[bytes], ids: Sequence[bytes], network: str) -> Answer:
    """Return what `Examined` is made of, as plain values: columns, other records, codes of refusals."""
    plain = _shape(network).read(lines)
    left = sorted({*range(len(lines))}.difference(plain.places)) if len(plain.places) < len(lines) else ()
    others, refused = _one_by_one(lines, ids, left, network) if left else ({}, {})
    return (list(plain.places), *plain[1:]), others, refused


def _one_by_one(
    lines: Sequence[bytes], ids: Sequence[bytes], places: Sequence[int], network: str
) -> tuple[dict[int, tuple[Any, ...]], dict[int, str]]:
    """Look at the lines in these places; return the staged records, and the codes of refusals."""
    from trustcli.ledger.projection import stage  # noqa: PLC0415  brings SQLite along
    from trustcli.node.verifying import CODEC  # noqa: PLC0415

    others: dict[int, tuple[Any, ...]] = {}
    refused: dict[int, str] = {}
    for place in places:
        try:
            others[place] = tuple(
                stage(Record.parse_quickly(lines[place], ids[place], net=network, codec=CODEC))
            )
        except RecordRefused as problem:
            refused[place] = problem.code
    return others, refused


def send(stream: IO[bytes], message: Message) -> None:
    """Write a message."""
    data = marshal.dumps(message)
    stream.write(len(data).to_bytes(_SIZE, "big") + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read a message; None at the end of the stream, be it in the middle of one."""
    size = stream.read(_SIZE)
    data = stream.read(int.from_bytes(size, "big")) if len(size) == _SIZE else b""
    if not data or len(data) < int.from_bytes(size, "big"):
        return None
    return marshal.loads(data)  # noqa: S302  from our own process


def work(network: str, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Examine what comes until nothing more does."""
    gc.disable()  # records are trees
    while (given := receive(incoming)) is not None:
        lines, ids = given
        send(outgoing, examine(lines, ids, network))
