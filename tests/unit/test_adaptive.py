"""The adaptive layer: what a peer does now, over any model of what it was known for."""

from __future__ import annotations

import math

import pytest

from trustcli.models import adaptive
from trustcli.models.adaptive import (
    ALERT,
    CLEARED,
    DROPPED,
    EASE,
    FLAGGED,
    NORMAL,
    QUARANTINED,
    Care,
    Watch,
    bad_acts_until,
    every,
    observe,
    shown,
)

SECOND = 1_000


def known(share: float = 0.95, acts: float = 1_000) -> Watch:
    """Return the watch of a peer with a long history, good in this share."""
    return Watch(good=acts * share, bad=acts * (1 - share))


def after(watch: Watch, acts: list[float]) -> Watch:
    """Return a watch after acts, one a second."""
    for good in acts:
        watch = observe(watch, good, watch.time + SECOND)
    return watch


@pytest.mark.parametrize("share", [0.85, 0.9, 0.95, 0.99, 1.0])
@pytest.mark.parametrize("history", [100, 1_000, 100_000])
def test_an_attacker_is_known_after_five_bad_acts(share: float, history: float) -> None:
    """However long and good the history was that it earned first."""
    found = bad_acts_until(0.5, share, known(share, history))
    assert found is not None
    assert 2 <= found <= 5


def test_one_slip_means_nothing() -> None:
    """A perfect peer may fail once, or twice far apart, and nothing is taken off."""
    watch = after(known(1.0), [0.0])
    assert (watch.state, watch.penalty) == (NORMAL, 0.0)
    watch = after(watch, [1.0] * 10 + [0.0])
    assert shown(0.9, watch, watch.time) == 0.9


def test_the_layer_takes_a_share_off_any_value() -> None:
    """Whatever model gave it; a peer that nothing is known of keeps it."""
    assert shown(0.7, Watch(), 0) == 0.7
    watch = after(known(), [0.0] * 6)
    left = shown(1.0, watch, watch.time)
    assert 0 < left < 0.5
    assert shown(0.6, watch, watch.time) == pytest.approx(0.6 * left)


def test_an_attack_does_not_become_normal() -> None:
    """The profile stands still while the flag is up, and fades by the half-life else."""
    watch = after(known(), [0.0] * 4)
    assert watch.state == FLAGGED
    assert after(watch, [0.0] * 50).expected == watch.expected
    assert watch.expected > 0.945
    calm = observe(Watch(good=90.0, bad=10.0), 1.0, int(Care().memory))
    assert [calm.good, calm.bad] == [pytest.approx(46.0, abs=0.01), pytest.approx(5.0)]


def test_events_come_once_and_in_order() -> None:
    """Dropped, then after the patience an alert, and cleared when it behaves again."""
    watch, seen = known(), []
    for good in [0.0] * 60 + [1.0] * 30:
        watch = observe(watch, good, watch.time + SECOND)
        if watch.event:
            seen.append((watch.event, watch.time // SECOND))
    assert [event for event, _ in seen] == [DROPPED, ALERT, CLEARED]
    (_, dropped), (_, alert), (_, cleared) = seen
    assert (dropped, alert - dropped) == (4, 30)
    assert 61 <= cleared <= 70
    assert watch.state == NORMAL


def test_quarantine_ends_with_the_flag() -> None:
    """A flagged peer is asked more often; a quarantined one too, so that it can come back."""
    flagged = after(known(), [0.0] * 5)
    quarantined = after(flagged, [0.0] * 30)
    assert (flagged.state, quarantined.state) == (FLAGGED, QUARANTINED)
    assert [every(10.0, watch) for watch in (known(), flagged, quarantined)] == [10.0, 5.0, 5.0]
    assert after(quarantined, [1.0] * 15).state == NORMAL


def test_a_penalty_is_forgiven_slowly_then_for_good() -> None:
    """Half of it in the time that is set, (1 + x) e^−x throughout, and reading it changes nothing."""
    assert (1 + EASE) * math.exp(-EASE) == pytest.approx(0.5, abs=1e-5)
    watch = Watch(penalty=0.8, held=0.8)
    left = [1 - shown(1.0, watch, seconds * SECOND) for seconds in (0, 5, 45, 104, 600)]
    assert left == [
        0.8, pytest.approx(0.788, abs=0.002), pytest.approx(0.4, abs=1e-4), pytest.approx(0.08, abs=0.002),
        pytest.approx(0.0, abs=1e-6),
    ]  # fmt: skip


def test_what_acts_ask_for_is_held_too() -> None:
    """The penalty of an attack fades as one from rest does, not at once."""
    watch = after(known(), [0.0] * 6)
    left = 1 - shown(1.0, watch, watch.time + 45 * SECOND)
    assert left == pytest.approx(watch.penalty / 2, rel=0.01)


def test_the_time_between_two_acts_is_all_that_counts() -> None:
    """Forgiving in one step or in many comes to the same."""
    watch = Watch(good=900.0, bad=100.0, penalty=0.6, held=0.6)
    many = after(watch, [1.0] * 40)
    assert many.penalty == pytest.approx(1 - shown(1.0, watch, 40 * SECOND))


def test_a_clock_that_goes_back_is_harmless() -> None:
    """An act dated before the last one counts as now."""
    watch = after(known(), [0.0] * 5)
    assert observe(watch, 1.0, watch.time - 10 * SECOND).penalty == pytest.approx(watch.penalty)
    assert shown(0.9, watch, 0) == shown(0.9, watch, watch.time)


def test_half_good_acts_weigh_half() -> None:
    """Acts between good and bad push the chance between."""
    watch = known(0.9)._replace(fallen=0.3)
    good, half, bad = (observe(watch, value, SECOND).fallen for value in (1.0, 0.5, 0.0))
    assert good < half < bad


def test_who_is_watchful_decides() -> None:
    """A larger drop asked for takes no fewer acts; an attacker above it is not flagged."""
    calm = Care(drop=0.3, falls=1e-6)
    found = bad_acts_until(0.5, 0.95, known(), calm)
    assert found is not None
    assert found > 5
    assert after(known(0.9), [1.0, 1.0, 1.0, 0.0] * 50).state == NORMAL
    assert bad_acts_until(0.5, 0.9, known(0.9), Care(falls=1e-300)) is not None


def test_nothing_known_is_no_crash() -> None:
    """A new peer, bad from its first act, has nothing to lose by the layer; the model speaks of it."""
    watch = after(Watch(), [0.0] * 200)
    assert 0 <= watch.penalty <= 1
    assert 0 <= adaptive.shown(0.5, watch, watch.time) <= 0.5
