"""Addresses from which somebody was cut off wait, longer each time, and are forgiven."""

from __future__ import annotations

from trustcli.node.links import ADDRESSES, FIRST_WAIT, LONGEST_WAIT, Waits


def test_an_address_waits_longer_each_time_up_to_a_minute() -> None:
    """One second, two, four … and never more than the longest."""
    waits, now, found = Waits(), 100.0, []
    for _ in range(9):
        waits.cut("198.51.100.7", now)
        begun = now
        while not waits.may_enter("198.51.100.7", now):
            now += 0.25
        found.append(now - begun)
    assert found[:4] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT, 8 * FIRST_WAIT]
    assert max(found) == LONGEST_WAIT


def test_a_quiet_minute_clears_an_address() -> None:
    """Who was cut off long ago waits as briefly as somebody new."""
    waits = Waits()
    waits.cut("198.51.100.7", 0.0)
    waits.cut("198.51.100.7", 1.0)
    later = 1.0 + 2 * FIRST_WAIT + LONGEST_WAIT
    waits.cut("198.51.100.7", later)
    assert waits.may_enter("198.51.100.7", later + FIRST_WAIT)


def test_others_need_not_wait() -> None:
    """Only the address itself; of IPv6 the /64, because one household has as many addresses as it likes."""
    waits = Waits()
    waits.cut("198.51.100.7", 0.0)
    waits.cut("2001:db8::1", 0.0)
    assert waits.may_enter("198.51.100.8", 0.0)
    assert not waits.may_enter("2001:db8::2", 0.0)
    assert waits.may_enter("2001:db8:0:1::1", 0.0)


def test_what_is_remembered_is_bounded() -> None:
    """The address that was cut first is forgotten first."""
    waits = Waits()
    for number in range(ADDRESSES + 1):
        waits.cut(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0.0)
    assert waits.may_enter("10.0.0.0", 0.0)
    assert not waits.may_enter("10.0.0.1", 0.0)
