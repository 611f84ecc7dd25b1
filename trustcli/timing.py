"""Times as people write them: `2026-11-20`, `2026-11-20T12:00:00Z`, `90d`, `now-1h`. Unix ms inside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from trustcli.errors import UsageError

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_557_600_000}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = _UNITS["d"]


def rfc3339(at: int) -> str:
    """Return Unix ms as RFC 3339 UTC, with milliseconds where there are any."""
    try:
        moment = _EPOCH + timedelta(milliseconds=at)
    except OverflowError:
        return f"{at} ms"
    text = moment.strftime("%Y-%m-%dT%H:%M:%S") if moment.year >= 1000 else moment.isoformat()[:19]
    return f"{text}.{at % 1000:03d}Z" if at % 1000 else f"{text}Z"


def day(at: int) -> str:
    """Return the UTC date of Unix ms."""
    return rfc3339(at)[:10]


def duration(text: str) -> int:
    """Return the ms of a duration such as `90d`, `36h`, `10m`, `2w`, `1y`, `20s`.

    Raises:
        UsageError: it is none.
    """
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS and number.isascii() and number.replace(".", "", 1).isdigit() and len(number) <= 12:
        return round(float(number) * _UNITS[unit])
    raise UsageError(f"{text!r} is no duration", hint="such as 90d, 36h, 10m, 2w or 1y", code="bad_time")


def past(text: str, now: int) -> int:
    """Return the moment that `text` names; a bare duration counts back from now.

    Raises:
        UsageError: it names none.
    """
    return _moment(text, now, -1)


def future(text: str, now: int) -> int:
    """Return the moment that `text` names; a bare duration counts on from now.

    Raises:
        UsageError: it names none.
    """
    return _moment(text, now, 1)


def _moment(text: str, now: int, direction: int) -> int:
    if text == "now":
        return now
    if text.startswith(("now-", "now+")):
        return now + (1 if text[3] == "+" else -1) * duration(text[4:])
    if text[-1:] in _UNITS and text[:1].isdigit():
        return now + direction * duration(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no time",
            hint="such as 2026-11-20, 2026-11-20T12:00:00Z, 90d or now-1h",
            code="bad_time",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round((moment - _EPOCH) / timedelta(milliseconds=1))
