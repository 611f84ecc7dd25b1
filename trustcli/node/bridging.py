"""Ratings of an outside system, passed on by us: signed by this key, naming rater and subject.

They count only as far as somebody trusts this key as a bridge, and say so: `rater` in the body.
"""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from trustcli.bundle import Refused
from trustcli.errors import BadInput, RecordRefused, UsageError
from trustcli.node.rating import BATCH, seal
from trustcli.records import fields
from trustcli.records import rating as kind
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trustcli.node import Node, Progress
    from trustcli.records.canonical import Json
    from trustcli.records.envelope import Record
    from trustcli.view import Row

COLUMNS = ("rater", "subject", "value", "time", "category", "reason")
_NEEDED = ("rater", "subject", "value")
_MILLISECONDS = Decimal(10) ** 11  # a number of time above this is in ms, below in s: from 1973 to 5138
MAX_REFUSED = 10_000


class Mapping(NamedTuple):
    """How a CSV is read: the column (number or header) of each field, and the scale of the values."""

    system: str
    columns: dict[str, str]
    low: Decimal
    high: Decimal
    category: str

    def stars(self, text: str) -> int:
        """Return a value of the outside scale as tenths of a star, rounded half up.

        Raises:
            BadInput: it is no number or outside the scale.
        """
        value = _number(text)
        if not self.low <= value <= self.high:
            raise BadInput(f"{text} is outside {self.low}..{self.high}", code="score_range")
        share = (value - self.low) / (self.high - self.low)
        span = fields.MAX_STARS - fields.MIN_STARS
        return fields.MIN_STARS + int((share * span).quantize(Decimal(1), ROUND_HALF_UP))


class Bridged(NamedTuple):
    """What a bridge did."""

    rows: int
    added: int
    known: int
    refused: list[Refused]


def mapping(system: str, columns: str, scale: str, category: str) -> Mapping:
    """Return the mapping that the command line describes.

    Args:
        columns: `rater=0,subject=1,value=2,time=3`; numbers count from 0, anything else is a header.
        scale: `-10..10`.

    Raises:
        UsageError.
    """
    if not (
        system.isascii() and system[:1].isalpha() and system.replace("-", "").isalnum() and system.islower()
    ):
        raise UsageError(f"{system!r} is no system", hint="a short lower-case word, such as otc")
    if system in ("did", "petname", "http", "https"):
        raise UsageError(
            f"{system}: names belong to others", hint="a word for the outside system, such as otc"
        )
    found = dict(part.partition("=")[::2] for part in columns.split(","))
    wrong = [name for name in found if name not in COLUMNS or not found[name]]
    missing = [name for name in _NEEDED if name not in found]
    if wrong or missing:
        raise UsageError(
            f"--map: {'unknown' if wrong else 'missing'} {(wrong or missing)[0]!r}",
            hint="rater=0,subject=1,value=2,time=3",
        )
    low, dots, high = scale.partition("..")
    try:
        bounds = Decimal(low), Decimal(high)
    except InvalidOperation:
        bounds = Decimal(0), Decimal(0)
    if not dots or not all(bound.is_finite() for bound in bounds) or bounds[0] >= bounds[1]:
        raise UsageError(f"{scale!r} is no scale", hint="--scale=-10..10")
    fields.category(category)
    return Mapping(system, found, *bounds, category)


def bridge(
    node: Node, lines: Iterable[str], how: Mapping, *, dry_run: bool = False, progress: Progress | None = None
) -> Bridged:
    """Sign and store each row of a CSV as a rating.

    The same file brought twice adds nothing: equal rows with a time make equal records, and a row
    without one is dated now only where the newest record we made of it says something else.

    Raises:
        UsageError: a header that is not there. NotFound, KeyProblem, DiskError, Busy.
    """
    author = node.me
    node.make_ledger()
    refused: list[Refused] = []
    batch: list[Record] = []
    undated: dict[tuple[Json, ...], dict[str, Json]] = {}
    rows = added = good = 0
    for number, row in _rows(lines, how):
        rows += 1
        try:
            body = _body(row, how)
            if row.get("time"):
                batch.append(seal(node, author, "rating", body, _time(row["time"])))
            else:
                kind.check(author, body)
                undated[body["rater"], body["subject"], body["category"]] = body  # the last one holds
            good += 1
        except (BadInput, RecordRefused) as problem:
            if len(refused) < MAX_REFUSED:
                refused.append(Refused(number, problem.code, str(problem)))
        if len(batch) >= BATCH:
            added += _store(node, batch, dry_run)
            if progress:
                progress(rows, None)
    added += _store(node, batch, dry_run)
    for body in _unsaid(node, author, undated):
        batch.append(seal(node, author, "rating", body, node.clock()))
        if len(batch) >= BATCH:
            added += _store(node, batch, dry_run)
    added += _store(node, batch, dry_run)
    return Bridged(rows, added, good - added, refused)


def _store(node: Node, batch: list[Record], dry_run: bool) -> int:
    new = len(batch) if dry_run else sum(node.ledger.append(batch, node.clock()))
    batch.clear()
    return new


def _unsaid(
    node: Node, author: str, undated: dict[tuple[Json, ...], dict[str, Json]]
) -> Iterator[dict[str, Json]]:
    """Yield what our newest record of the same rater, subject and category does not say already."""
    reader = node.ledger.reader()
    newest: dict[tuple[int | None, ...], Row] = {}
    me = reader.node(author)
    subjects = (reader.node(subject) for subject in {str(subject) for _, subject, _ in undated})
    for subject in subjects if me is not None else ():
        for row in reader.ratings_of(subject, None) if subject is not None else ():
            about = row[2], row[0], row[1]
            if row[7] == me and (about not in newest or newest[about][3:5] < row[3:5]):
                newest[about] = row
    for (rater, subject_, category), body in undated.items():
        said = newest.get(
            (reader.node(str(rater)), reader.node(str(subject_)), reader.category(str(category)))
        )
        if said is None or said[5] != body["value"] or _said(node, said[4]) != body:
            yield body


def _said(node: Node, seq: int) -> dict[str, Json]:
    return node.ledger.entries_of([seq])[seq].body


def _rows(lines: Iterable[str], how: Mapping) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, {field: text}) for each row that has all columns asked for."""
    reader = csv.reader(lines, strict=True)
    places: dict[str, int] | None = None
    if all(column.isdigit() for column in how.columns.values()):
        places = {name: int(column) for name, column in how.columns.items()}
    try:
        for row in reader:
            if not row:
                continue
            if places is None:
                places = _header(row, how)
                continue
            yield reader.line_num, {name: row[at] if at < len(row) else "" for name, at in places.items()}
    except csv.Error as problem:
        raise BadInput(f"line {reader.line_num}: {problem}", hint="is it a CSV file?") from None


def _header(row: Sequence[str], how: Mapping) -> dict[str, int]:
    names = [name.strip() for name in row]
    places = {}
    for name, column in how.columns.items():
        if column.isdigit():
            places[name] = int(column)
        elif column in names:
            places[name] = names.index(column)
        else:
            raise UsageError(f"no column {column!r}", hint=f"the header has: {', '.join(names)[:200]}")
    return places


def _body(row: dict[str, str], how: Mapping) -> dict[str, Json]:
    body: dict[str, Json] = {
        "rater": f"{how.system}:{row['rater'].strip()}",
        "subject": f"{how.system}:{row['subject'].strip()}",
        "value": how.stars(row["value"]),
        "category": row.get("category", "").strip() or how.category,
    }
    if row.get("reason"):
        body["reason"] = row["reason"][: fields.MAX_REASON]
    return body


def _time(text: str) -> int:
    value = _number(text)
    milliseconds = value if abs(value) >= _MILLISECONDS else value * 1000
    return int(milliseconds)


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text.strip()) if len(text) <= 40 else Decimal("nan")
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or abs(value.adjusted()) > 40:
        raise BadInput(f"{text[:40]!r} is no number", code="not_a_number")
    return value
