"""A data set: rows of rater, subject, value and time, from any CSV.

Of several ratings of a pair the last counts. Nodes that rate themselves are kept unless told otherwise, as
the published tables keep them; both are counted.
"""

from __future__ import annotations

import csv
import math

from trustcli.errors import BadInput, UsageError
from trustcli.models.arrays import Ratings, ratings
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NEEDED = ("rater", "subject", "value")
_COLUMNS = (*_NEEDED, "time")
_MILLISECONDS = 1e11  # a number of time above this is in ms, below in s: from 1973 to 5138
_LATEST = 2.0**53  # ms


class Layout(NamedTuple):
    """How a CSV is read: the column (number or header) of each field, and the scale of the values."""

    columns: dict[str, str]
    low: float
    high: float


class Dataset(NamedTuple):
    """Ratings, the names of their nodes, how many rate themselves and how many were replaced.

    `header` is what line 1 has for a value, where that is no number and it was taken for a header.
    """

    ratings: Ratings
    names: list[str]
    selves: int
    repeated: int
    timed: bool
    header: str | None = None


def layout(columns: str, scale: str) -> Layout:
    """Return the layout that the command line describes: `rater=0,subject=1,value=2,time=3`, `-10..10`.

    Raises:
        UsageError.
    """
    found = dict(part.partition("=")[::2] for part in columns.split(","))
    wrong = [name for name in found if name not in _COLUMNS or not found[name]]
    missing = [name for name in _NEEDED if name not in found]
    if wrong or missing:
        raise UsageError(
            f"--map: {'unknown' if wrong else 'missing'} {(wrong or missing)[0]!r}",
            hint="rater=0,subject=1,value=2,time=3; leave time out where there is none",
        )
    low, _, high = scale.partition("..")
    bounds = _number(low), _number(high)
    if not bounds[0] < bounds[1]:
        raise UsageError(f"{scale!r} is no scale", hint="--scale=-10..10")
    return Layout(found, *bounds)


def read(lines: Iterable[str], how: Layout, *, selves: bool = True) -> Dataset:
    """Read a CSV, with or without ratings of oneself.

    Raises:
        BadInput: a row that is no rating. UsageError: a header that is not there.
    """
    latest: dict[tuple[str, str], tuple[int, float]] = {}
    own = repeated = 0
    header = None
    for line, row in _rows(lines, how.columns):
        if line == 1 and math.isnan(_number(row["value"])):
            header = row["value"].strip()
            continue  # a header, where columns go by number
        pair = row["rater"].strip(), row["subject"].strip()
        value, time = _value(row["value"], how, line), _time(row.get("time", "0"), line)
        own += pair[0] == pair[1]
        if pair[0] == pair[1] and not selves:
            continue
        older = latest.get(pair)
        repeated += older is not None
        if older is None or older[0] <= time:
            latest[pair] = time, value
    if not latest:
        raise BadInput("no ratings in it", hint="is it a CSV file? see --map")
    names = sorted({name for pair in latest for name in pair})  # the order of rows is chance
    number = {name: place for place, name in enumerate(names)}
    found = ratings(
        [number[rater] for rater, _ in latest],
        [number[subject] for _, subject in latest],
        [value for _, value in latest.values()],
        [time for time, _ in latest.values()],
        len(names),
    )
    return Dataset(found, names, own, repeated, "time" in how.columns, header)


def read_labels(lines: Iterable[str], names: Sequence[str]) -> tuple[list[int], list[bool]]:
    """Read `node,label` rows, label −1 for a fraud and 1 for none; return (node numbers, is it a fraud).

    Nodes that the data do not have are left out. A first row without numbers is a header.

    Raises:
        BadInput: a label is neither, or there are not both.
    """
    number = {name: index for index, name in enumerate(names)}
    nodes, frauds = [], []
    for line, row in _rows(lines, {"node": "0", "label": "1"}):
        label = _number(row["label"])
        if line == 1 and math.isnan(label):
            continue
        if label not in (-1, 1):
            raise BadInput(f"line {line}: {row['label'][:40]!r} is no label", hint="-1 fraud, 1 benign")
        if row["node"].strip() in number:
            nodes.append(number[row["node"].strip()])
            frauds.append(label < 0)
    if len(set(frauds)) < 2:
        raise BadInput("labels of both kinds are needed", hint="node,label with -1 fraud, 1 benign")
    return nodes, frauds


def _rows(lines: Iterable[str], columns: dict[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, {field: text}) for each row."""
    reader = csv.reader(lines, strict=True)
    places: dict[str, int] | None = None
    if all(column.isdigit() for column in columns.values()):
        places = {name: int(column) for name, column in columns.items()}
    try:
        for row in reader:
            if not row:
                continue
            if places is None:
                places = _header(row, columns)
            elif len(row) <= max(places.values()):
                raise _too_few(reader.line_num, len(row), columns)
            else:
                yield reader.line_num, {name: row[place] for name, place in places.items()}
    except csv.Error as problem:
        raise BadInput(f"line {reader.line_num}: {problem}", hint="is it a CSV file?") from None


def _too_few(line: int, found: int, columns: dict[str, str]) -> BadInput:
    expected = ",".join(f"{name}={column}" for name, column in columns.items())
    without = {name: column for name, column in columns.items() if name != "time"}
    hint = "is it the right file, and are its columns parted by commas?"
    if "time" in columns and all(column.isdigit() and int(column) < found for column in without.values()):
        hint = f"without times: --map {','.join(f'{name}={column}' for name, column in without.items())}"
    elif "value" in columns:
        hint = "say which columns there are: --map rater=0,subject=1,value=2"
    return BadInput(f"line {line}: too few columns ({found}) for {expected}", hint=hint)


def _header(row: Sequence[str], columns: dict[str, str]) -> dict[str, int]:
    names = [name.strip() for name in row]
    missing = [column for column in columns.values() if not column.isdigit() and column not in names]
    if missing:
        raise UsageError(f"no column {missing[0]!r}", hint=f"the header has: {', '.join(names)[:200]}")
    return {
        name: int(column) if column.isdigit() else names.index(column) for name, column in columns.items()
    }


def _value(text: str, how: Layout, line: int) -> float:
    value = _number(text)
    if not how.low <= value <= how.high:
        raise BadInput(
            f"line {line}: {text[:40]!r} is not within {how.low:g}..{how.high:g}",
            hint="--scale, or --map value=… for another column",
        )
    return 2 * (value - how.low) / (how.high - how.low) - 1


def _time(text: str, line: int) -> int:
    value = _number(text)
    milliseconds = value if abs(value) >= _MILLISECONDS else value * 1000
    if not abs(milliseconds) <= _LATEST:
        raise BadInput(f"line {line}: {text[:40]!r} is no time", hint="Unix seconds or ms; see --map")
    return int(milliseconds)


def _number(text: str) -> float:
    try:
        value = float(text) if len(text) <= 40 else math.nan
    except ValueError:
        value = math.nan
    return value if math.isfinite(value) else math.nan
