"""The rows of `ratings` made again from many stored records at once, by columns instead of one by one."""

from __future__ import annotations

from itertools import repeat
from operator import attrgetter

import msgspec

from trustcli.ledger.projection import PERSON, machine_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from trustcli.ledger.projection import Numbers


class _Body(msgspec.Struct, gc=False):
    """What a row needs of the body of a rating; these bytes were strictly parsed when they came."""

    subject: str
    category: str
    value: int
    rater: str | None = None
    expires: int | None = None
    via: dict | None = None  # type: ignore[type-arg]  # msgspec looks at this when it runs


_decode = msgspec.json.Decoder(_Body).decode_lines
_fields = [attrgetter(name) for name in _Body.__struct_fields__]


def rating_rows(
    numbers: Numbers, seqs: Iterable[int], authors: Sequence[int], created: Iterable[int], bodies: list[bytes]
) -> Iterator[tuple[Any, ...]]:
    """Return the rows of some ratings, as PROJECTIONS makes each of them.

    Raises:
        msgspec.MsgspecError: a body is not that of a rating.
    """
    subjects, categories, values, outside, expires, via = _columns(_decode(b"\n".join(bodies)))
    by: tuple[Iterable[int], Iterable[int | None]] = authors, repeat(None, len(bodies))
    if any(outside):
        by = _bridged(numbers, authors, outside)
    return zip(
        map(numbers.nodes.__getitem__, subjects),
        map(numbers.words.__getitem__, categories),
        by[0],
        created,
        seqs,
        values,
        expires,
        by[1],
        [machine_of({"via": one}) for one in via] if any(via) else repeat(PERSON, len(bodies)),
        strict=True,
    )


def _columns(found: list[_Body]) -> list[list[Any]]:
    return [[*map(field, found)] for field in _fields]


def _bridged(
    numbers: Numbers, authors: Sequence[int], outside: Sequence[str | None]
) -> tuple[list[int], list[int | None]]:
    """Return who rated, and who passed it on where that is another."""
    raters = [
        author if name is None else numbers.nodes[name] for author, name in zip(authors, outside, strict=True)
    ]
    return raters, [None if name is None else author for author, name in zip(authors, outside, strict=True)]
