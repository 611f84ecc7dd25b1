"""Times as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustcli.errors import UsageError
from trustcli.timing import day, duration, future, past, rfc3339

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
NOW = 1_795_176_000_000
"""2026-11-20T12:00:00Z"""


@pytest.mark.parametrize(
    ("text", "ms"),
    [("20s", 20 * SECOND), ("10m", 10 * MINUTE), ("36h", 36 * HOUR), ("90d", 90 * DAY), ("2w", 14 * DAY),
     ("1y", 31_557_600_000), ("0d", 0), ("1.5h", 90 * MINUTE), ("0.001s", 1), (".5h", 30 * MINUTE), ("007d",
     7 * DAY)],
)  # fmt: skip
def test_durations(text: str, ms: int) -> None:
    """A number and one of s, m, h, d, w, y; a year is 365.25 days."""
    assert duration(text) == ms


@pytest.mark.parametrize(
    "text",
    ["", "d", "90", "90 d", "-1d", "+1d", "1e3d", "1_000d", "1.2.3d", ".d", "90D", "90days", "1d2h", "٣d",
     "nand",
     "infd", "1234567890123d", "1d\n", "½d"],
)  # fmt: skip
def test_what_is_no_duration(text: str) -> None:
    """Anything else is refused with a hint."""
    with pytest.raises(UsageError) as refused:
        duration(text)
    assert refused.value.code == "bad_time"
    assert refused.value.hint


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("now", NOW), ("90d", NOW - 90 * DAY), ("now-1h", NOW - HOUR), ("now+1h", NOW + HOUR), ("now-0s",
        NOW),
        ("2026-11-20", NOW - 12 * HOUR), ("2026-11-20T12:00:00Z", NOW), ("2026-11-20T12:00:00", NOW),
        ("2026-11-20 12:00", NOW), ("2026-11-20T13:00:00+01:00", NOW), ("2026-11-20T12:00:00.123Z",
        NOW + 123),
        ("1970-01-01", 0), ("1969-12-31T23:59:59Z", -1000), ("20261120", NOW - 12 * HOUR),
    ],
)  # fmt: skip
def test_moments(text: str, ms: int) -> None:
    """Dates, RFC 3339, now and what is relative to it; without a zone it is UTC."""
    assert past(text, NOW) == ms


def test_a_bare_duration_looks_the_way_that_is_asked() -> None:
    """`90d` lies back where the past is asked for and ahead where the future is."""
    assert past("90d", NOW) == NOW - 90 * DAY
    assert future("90d", NOW) == NOW + 90 * DAY
    assert future("now-1h", NOW) == past("now-1h", NOW) == NOW - HOUR
    assert future("2026-11-20T12:00:00Z", NOW) == NOW


GARBAGE = ["", " ", "yesterday", "now-", "now+", "now-x", "nowish", "2026-13-01", "2026-02-30",
           "2026-11-20T25:00:00Z",
           "20.11.2026", "11/20/2026", "1795176000", "2026-11-20T12:00:00ZZ", "٢٠٢٦-11-20", "\x00", "-1d",
           "1d2h",
           "2026-11-20T12:00:00Z\n", "NaN", "99999-01-01", "9" * 5000 + "d", "\udcff"]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE)
def test_what_is_no_moment(text: str) -> None:
    """Garbage is refused, not guessed."""
    for reading in (past, future):
        with pytest.raises(UsageError):
            reading(text, NOW)


@given(st.text(max_size=40) | st.from_regex(r"(now[+-])?[0-9.]{1,14}[smhdwy]?", fullmatch=True))
def test_any_text_is_a_moment_or_a_usage_error(text: str) -> None:
    """No text ends in another error."""
    for reading in (past, future):
        try:
            assert isinstance(reading(text, NOW), int)
        except UsageError:
            pass


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "1970-01-01T00:00:00Z"), (NOW, "2026-11-20T12:00:00Z"), (NOW + 5, "2026-11-20T12:00:00.005Z"),
     (-1, "1969-12-31T23:59:59.999Z"), (-62_135_596_800_000, "0001-01-01T00:00:00Z"),
     (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (2**53 - 1, f"{2**53 - 1} ms")],
)  # fmt: skip
def test_rfc3339(ms: int, text: str) -> None:
    """Times are shown in UTC, with milliseconds where there are any; beyond the year 9999 as they are."""
    assert rfc3339(ms) == text


def test_day() -> None:
    """The date alone, in UTC."""
    assert day(NOW) == "2026-11-20"


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_what_is_shown_can_be_read_again(ms: int) -> None:
    """Every time that is shown names the same millisecond when it is read."""
    assert past(rfc3339(ms), 0) == ms
