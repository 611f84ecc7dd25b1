"""Reading data sets: any CSV, and nothing taken for a rating that is none."""

from __future__ import annotations

import pytest

from trustcli.errors import BadInput, TrustError, UsageError
from trustcli.evaluate.dataset import Dataset, layout, read, read_labels

FOUR = "rater=0,subject=1,value=2,time=3"


def data(*lines: str, columns: str = FOUR, scale: str = "-10..10", selves: bool = True) -> Dataset:
    """Read lines of CSV."""
    return read(lines, layout(columns, scale), selves=selves)


def test_rows_become_columns_in_the_order_of_time() -> None:
    """Nodes are numbered in the order of their names, values mapped to −1..1, seconds to ms."""
    found = data("6,2,4,1289241911.72836", "2,5,-10,1289241900")
    assert found.names == ["2", "5", "6"]
    assert found.ratings.rater.tolist() == [0, 2]
    assert found.ratings.subject.tolist() == [1, 0]
    assert found.ratings.value.tolist() == pytest.approx([-1.0, 0.4], abs=1e-12)
    assert found.ratings.time.tolist() == [1289241900000, 1289241911728]
    assert (found.ratings.nodes, found.timed, found.selves, found.repeated) == (3, True, 0, 0)


def test_headers_and_milliseconds() -> None:
    """Columns may be named by a header, in any order; large times are ms already."""
    found = data(
        "when,stars,who,whom",
        "1763000000000,5,ann,bob",
        columns="rater=who,subject=whom,value=stars,time=when",
        scale="1..5",
    )
    assert found.names == ["ann", "bob"]
    assert (found.ratings.value.tolist(), found.ratings.time.tolist()) == ([1.0], [1763000000000])
    assert data("who,whom,points,when", "a,b,5,1").names == ["a", "b"]


def test_what_was_taken_for_a_header_is_told() -> None:
    """Line 1 by numbered columns, where its value is no number; a header that was asked for is none."""
    assert data("a,b,nan,1", "a,c,5,1").header == "nan"
    assert data("a,b,5,1", "a,c,5,1").header is None
    named = data("who,whom,points", "a,b,5", columns="rater=who,subject=whom,value=points")
    assert named.header is None


@pytest.mark.parametrize(
    ("line", "columns", "hint"),
    [
        ("a,b,5", FOUR, "--map rater=0,subject=1,value=2"),
        ("5,b,a", "value=0,rater=2,subject=1,time=9", "--map value=0,rater=2,subject=1"),
        ("a,b", FOUR, "--map rater=0,subject=1,value=2"),
    ],
)
def test_too_few_columns_says_which_are_expected(line: str, columns: str, hint: str) -> None:
    """And how to say that there are no times."""
    with pytest.raises(BadInput, match=f"line 1: .*{columns}") as refused:
        data(line, columns=columns)
    assert refused.value.hint.endswith(hint)


def test_without_times() -> None:
    """Where no column is time, there is no order."""
    found = data("a,b,0.5", columns="rater=0,subject=1,value=2", scale="-1..1")
    assert (found.timed, found.ratings.time.tolist()) == (False, [0])


def test_the_last_rating_of_a_pair_counts() -> None:
    """A pair has one rating: its newest, wherever in the file; among equals the last."""
    found = data("a,b,1,30", "a,b,7,40", "a,b,3,20", "a,c,1,5", "a,c,2,5")
    assert found.ratings.value.tolist() == pytest.approx([0.2, 0.7], abs=1e-12)
    assert found.repeated == 3


def test_ratings_of_oneself() -> None:
    """They are counted, and kept unless told otherwise: the published tables have them."""
    lines = ("a,a,10,1", "a,b,5,2")
    assert (len(data(*lines).ratings.value), data(*lines).selves) == (2, 1)
    assert (len(data(*lines, selves=False).ratings.value), data(*lines, selves=False).selves) == (1, 1)


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("a,b,11,1",), BadInput),
        (("a,b,x,1",), BadInput),
        (("a,b,1,1", "a,c,x,1"), BadInput),
        (("a,b,nan,1",), BadInput),
        (("a,b,1",), BadInput),
        (("a,b,1,1e300",), BadInput),
        (("a,b,1,yesterday",), BadInput),
        (('a,"b,1,1',), BadInput),
        ((), BadInput),
    ],
)
def test_what_is_no_data(lines: tuple[str, ...], kind: type[TrustError]) -> None:
    """A value off the scale, no number, a missing column, no row at all: refused, with the line."""
    with pytest.raises(kind) as refused:
        data(*lines)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("columns", "scale"),
    [
        ("rater=0,subject=1", "1..5"),
        ("rater=0,subject=1,value=2,colour=3", "1..5"),
        ("rater=0,subject=1,value=", "1..5"),
        (FOUR, "5..1"),
        (FOUR, "1-5"),
        (FOUR, "1..inf"),
    ],
)
def test_what_is_no_layout(columns: str, scale: str) -> None:
    """A field that is missing or unknown and a scale that is none are usage errors."""
    with pytest.raises(UsageError):
        layout(columns, scale)


def test_a_header_that_is_not_there() -> None:
    """The error names the column asked for and those there are."""
    with pytest.raises(UsageError, match="'stars'") as refused:
        data("who,whom,points", "a,b,1", columns="rater=who,subject=whom,value=stars")
    assert "points" in refused.value.hint


def test_labels() -> None:
    """−1 is a fraud, 1 none; a header and nodes that rated nobody are passed over."""
    assert read_labels(["node,label", "b,-1", "a,1", "zoe,1"], ["a", "b"]) == ([1, 0], [True, False])


@pytest.mark.parametrize("lines", [["a,1", "b,1"], ["a,-1"], [], ["a,2", "b,-1"], ["a,1", "b,fraud"]])
def test_labels_of_one_kind_only(lines: list[str]) -> None:
    """Frauds alone, none alone, or other words make no labels."""
    with pytest.raises(BadInput):
        read_labels(lines, ["a", "b"])
