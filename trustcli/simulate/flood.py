"""A peer is flooded for a minute: what observers show of it, second by second; and an on-off attacker.

A peer answers PEACE of its requests in time. A flood brings `strength` times the demand that it can answer,
so it answers PEACE / strength. Each observer asks it about once a second, more often while it is flagged,
and shows the value of plain Beta reputation less the penalty of models/adaptive.py; before the flood every
observer has watched it for an hour. The curve is the mean over observers.
"""

from __future__ import annotations

from random import Random

from trustcli.models import adaptive
from trustcli.models.adaptive import NORMAL, QUARANTINED, Care, Watch
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PEACE = 0.82  # share of requests that are answered in time where nothing is wrong
HISTORY = 3_600.0  # acts that each observer knows: one a second for an hour
BEFORE, AFTER = 60, 240  # seconds shown before and after the flood


class Plan(NamedTuple):
    """A flood of so many seconds, seen by so many observers."""

    seconds: int = 60
    strength: float = 2.2
    observers: int = 100
    seed: int = 1
    care: Care = Care()


class Second(NamedTuple):
    """What observers show at one second; 0 is when the flood begins.

    Attributes:
        trust: the mean of what is shown, 0..1.
        plain: the mean without the layer.
        flagged, quarantined: shares of observers, 0..1.
    """

    second: int
    trust: float
    plain: float
    flagged: float
    quarantined: float


class Event(NamedTuple):
    """A flag raised, an alert or a flag lowered, by one observer."""

    second: float
    observer: int
    what: str


class Flood(NamedTuple):
    """What happened: to be read by the second, and by observer, in order of time."""

    curve: list[Second]
    events: list[Event]
    observers: int

    def at(self, second: int) -> float:
        """Return the trust at a second."""
        return self.curve[second - self.curve[0].second].trust

    def first(self, what: str, since: int = 0) -> float | None:
        """Return the second by which half the observers had seen this since a second; None if not half."""
        seen: dict[int, float] = {}
        for event in self.events:
            if event.what == what and event.second >= since:
                seen.setdefault(event.observer, event.second)
        half = (self.observers + 1) // 2
        return sorted(seen.values())[half - 1] if len(seen) >= half else None


def run(plan: Plan) -> Flood:
    """Return the flood as all observers saw it; a second is the state at its end."""
    observers = [list(_observer(plan, number)) for number in range(plan.observers)]
    curve = [_mean([seen for seen, _ in row]) for row in zip(*observers, strict=True)]
    events = [event for row in observers for _, seen in row for event in seen]
    events.sort(key=lambda event: (event.second, event.observer))
    return Flood(curve, events, plan.observers)


def _mean(seen: list[Second]) -> Second:
    second, *columns = zip(*seen, strict=True)
    trust, plain, flagged, quarantined = (sum(column) / len(column) for column in columns)
    return Second(second[0], trust, plain, flagged, quarantined)


def _observer(plan: Plan, number: int) -> Iterator[tuple[Second, list[Event]]]:
    """Yield what one observer sees, second by second. Time is in ms, 0 when the flood begins."""
    dice = Random(f"flood {plan.seed} {number}")  # noqa: S311  a run to be repeated
    start = -1_000 * BEFORE
    watch = Watch(good=HISTORY * PEACE, bad=HISTORY * (1 - PEACE), time=start)
    good, acts = watch.good, HISTORY
    due = start + 1_000 * dice.random()
    for second in range(-BEFORE, plan.seconds + AFTER + 1):
        events = []
        while due <= 1_000 * second:
            flooded = 0 <= due < 1_000 * plan.seconds
            answered = dice.random() < (PEACE / max(plan.strength, 1.0) if flooded else PEACE)
            good, acts = good + answered, acts + 1
            watch = adaptive.observe(watch, float(answered), int(due), plan.care)
            if watch.event:
                events.append(Event(round(due / 1_000, 3), number, watch.event))
            due += adaptive.every(1_000, watch, plan.care)
        plain = good / acts
        trust = adaptive.shown(plain, watch, 1_000 * second, plan.care)
        yield Second(second, trust, plain, watch.state != NORMAL, watch.state == QUARANTINED), events


class OnOff(NamedTuple):
    """What an on-off attacker gets out of a layer that watches it.

    Attributes:
        threshold: trust below which nobody deals with it.
        bad_acts: in a row after a long good history, until it is below the threshold.
        good_acts: in a row that it takes to be back above it.
        plain: bad acts until plain Beta reputation is below the threshold.
    """

    threshold: float
    bad_acts: int | None
    good_acts: int | None
    plain: int


def on_off(history: int = 1_000, share: float = 0.95, threshold: float = 0.5, care: Care = Care()) -> OnOff:  # noqa: B008
    """Let a peer of `history` acts, good ones in this share, turn bad, and good again: one act a second."""
    good, bad = history * share, history * (1 - share)
    watch, acts, plain = Watch(good=good, bad=bad), [0, 0], history * share / threshold - history
    for phase in (0, 1):
        while _is_trusted(watch, good, bad, threshold, care) == (phase == 0):
            if acts[phase] >= history:
                return OnOff(threshold, *(acts[0] if phase else None, None), int(plain) + 1)
            watch = adaptive.observe(watch, float(phase), watch.time + 1_000, care)
            good, bad, acts[phase] = good + phase, bad + 1 - phase, acts[phase] + 1
    return OnOff(threshold, acts[0], acts[1], int(plain) + 1)


def _is_trusted(watch: Watch, good: float, bad: float, threshold: float, care: Care) -> bool:
    return adaptive.shown(good / (good + bad), watch, watch.time, care) >= threshold
