"""Change over time: a layer over any model, for what a peer does now rather than what it was known for.

A model sums up a history, and a long one hides a sudden change: after 1,000 good acts ten bad ones hardly
move a mean. This layer watches acts one by one beside the model, and takes a penalty off its value:

    shown = value × (1 − penalty)

Profile. What is expected of the peer: the mean of Beta(good + 1, bad + 1) of its acts, fading with
`memory`. An act counts by the chance that the peer has not turned, and not at all while it is flagged: an
attack does not become what is normal.

Drop. The chance that the peer has turned, from a hidden Markov model of two states (Shiryaev, "On Optimum
Methods in Quickest Detection Problems", 1963; Rabiner 1989 for two ways): as expected, good with chance p,
or fallen, good with chance (1 − drop) p; it falls at an act with chance `falls`, and comes back with chance
`returns`. By Bayes' rule each act multiplies the odds by

    (1 − (1 − drop) p) / (1 − p)  when bad,        1 − drop  when good.

Above RAISED the peer is flagged, below LOWERED the flag comes down. At p = 0.9 a bad act multiplies by 6.4,
so that a chance of 3 in 2,000 is over one half after four in a row. Three lower nothing: an honest peer has
them now and then. SLIP keeps p from 1, where one slip would multiply by hundreds.

Penalty. The share of what was expected that is missing since the fall, 1 − q / p; q is the mean of the acts
since then (before the flag each counts by the chance that it came after the fall), and of PRIOR acts as a
fallen peer's are thought to be. It rises at once. It goes back by time, half of it in `forgiven`: slowly at
first, for some seconds of calm convince nobody, and never while the acts ask for more. Trust is lost in
seconds and won back in minutes.

Extra observation. A flagged peer should be asked `closer` times as often (`every`). Quarantine. One that
stays flagged for `patience` gets no business, only those observations; the alert is raised once. Recovery.
When the flag comes down the quarantine ends; the penalty fades.

Assumes: acts are seen one by one, in order of time, and independent given the state. Fails when: an attacker
stays above (1 − drop) p, which is then what it is worth; or never had a better profile than its attack.
"""

from __future__ import annotations

import math

from trustcli.value import NamedTuple

NORMAL, FLAGGED, QUARANTINED = "normal", "flagged", "quarantined"
DROPPED, ALERT, CLEARED = "dropped", "alert", "cleared"
SLIP = 0.1  # share of acts that may fail without meaning anything, however good the profile
RAISED, LOWERED = 0.5, 0.05  # chance that the peer has turned at which the flag goes up, and down
EASE = 1.67835  # x where (1 + x) e^−x = 1/2
PRIOR = 10.0  # acts that it is worth to know that a fallen peer is good (1 − drop) p of the time
_LEAST = 0.02  # profile below which there is nothing to lose


class Care(NamedTuple):
    """How watchful a watcher is.

    Attributes:
        drop: share of the expected good acts that must be missing, above 0 and below 1.
        falls: chance that a peer turns bad at an act; 3 in 2,000: profiles last some hundred acts.
        returns: chance that a bad one comes back at an act; 1 in 20: attacks are shorter.
        forgiven: ms after which half of a penalty is left.
        patience: ms that a peer may stay flagged before quarantine.
        closer: times as often that a flagged peer is observed.
        memory: ms after which an act weighs half in the profile.
    """

    drop: float = 0.6
    falls: float = 0.0015
    returns: float = 0.05
    forgiven: float = 45_000.0
    patience: float = 30_000.0
    closer: int = 2
    memory: float = 3_600_000.0


class Watch(NamedTuple):
    """What a watcher knows of one peer; a new one knows nothing and expects half.

    Attributes:
        good, bad: acts of the profile, faded to `time`.
        fallen: chance 0..1 that the peer has turned.
        since_good, since_bad: acts since it turned, each by the chance that it came after that.
        penalty: 0..1, as of `time` (Unix ms); `held` is what it goes back to, itself fading.
        flagged: when the flag went up; None for none.
        alerted: whether this flag has led to quarantine.
        event: what the last act led to: DROPPED, ALERT, CLEARED or nothing.
    """

    good: float = 0.0
    bad: float = 0.0
    fallen: float = 0.0
    since_good: float = 0.0
    since_bad: float = 0.0
    penalty: float = 0.0
    held: float = 0.0
    time: int = 0
    flagged: int | None = None
    alerted: bool = False
    event: str = ""

    @property
    def expected(self) -> float:
        """The profile: the share of good acts that is expected of this peer."""
        return (self.good + 1) / (self.good + self.bad + 2)

    @property
    def state(self) -> str:
        """NORMAL, FLAGGED or QUARANTINED."""
        if self.flagged is None:
            return NORMAL
        return QUARANTINED if self.alerted else FLAGGED


def shown(value: float, watch: Watch, now: int, care: Care = Care()) -> float:  # noqa: B008  immutable
    """Return a model's value 0..1 of a peer less its penalty at `now` (Unix ms)."""
    return value * (1 - _faded(watch, now - watch.time, care)[0])


def every(interval: float, watch: Watch, care: Care = Care()) -> float:  # noqa: B008
    """Return how long to wait for the next observation, where `interval` is usual."""
    return interval if watch.flagged is None else interval / care.closer


def observe(watch: Watch, good: float, now: int, care: Care = Care()) -> Watch:  # noqa: B008
    """Return what is known after an act.

    Args:
        good: how good it was, 0..1.
        now: when, in Unix ms; never before the last.
    """
    age = max(now - watch.time, 0)
    profile = min(max(watch.expected, _LEAST), 1 - SLIP)
    fallen = _fallen(watch.fallen, good, profile, care)
    kept = fallen if watch.flagged is None else 1.0
    since_good, since_bad = (watch.since_good + good) * kept, (watch.since_bad + 1 - good) * kept
    bound = RAISED if watch.flagged is None else LOWERED
    flagged = (now if watch.flagged is None else watch.flagged) if fallen > bound else None
    missing = 0.0 if flagged is None else _missing(since_good, since_bad, profile, care)
    penalty, held = _faded(watch, age, care)
    alerted = flagged is not None and now - flagged >= care.patience
    fade = 0.5 ** (age / care.memory) if flagged is None else 1.0
    here = 1 - fallen if flagged is None else 0.0
    return Watch(
        watch.good * fade + good * here,
        watch.bad * fade + (1 - good) * here,
        fallen,
        since_good,
        since_bad,
        max(penalty, missing),
        max(held, missing),
        now,
        flagged,
        alerted,
        _event(watch, flagged, alerted),
    )


def bad_acts_until(threshold: float, value: float, watch: Watch, care: Care = Care()) -> int | None:  # noqa: B008
    """Return after how many bad acts in a row, at once, a model's value is shown below a threshold.

    None where it never is: the least of what can be shown is above.
    """
    for acts in range(math.ceil(10 / care.falls)):
        if shown(value, watch, watch.time, care) < threshold:
            return acts
        watch = observe(watch, 0.0, watch.time, care)
    return None


def _fallen(before: float, good: float, profile: float, care: Care) -> float:
    """Return the chance that the peer has turned, after one more act: predict, then Bayes' rule.

    An act in between good and bad counts as that much of each.
    """
    turned = before * (1 - care.returns) + (1 - before) * care.falls
    low = profile * (1 - care.drop)
    likely: float = turned * low**good * (1 - low) ** (1 - good)
    unlikely: float = (1 - turned) * profile**good * (1 - profile) ** (1 - good)
    return likely / (likely + unlikely)


def _missing(good: float, bad: float, profile: float, care: Care) -> float:
    """Return the share of what the profile promises that the acts since the fall do not show."""
    mean = (good + PRIOR * profile * (1 - care.drop)) / (good + bad + PRIOR)
    return max(0.0, 1 - mean / profile)


def _faded(watch: Watch, age: float, care: Care) -> tuple[float, float]:
    """Return (penalty, held) after `age` ms: held fades, and the penalty follows it, both at one rate.

    From rest that leaves (1 + x) e^−x of a penalty, x = EASE × age / forgiven: a half after `forgiven`, a
    tenth after 2.3 times that.
    """
    x = EASE * max(age, 0) / care.forgiven
    left = math.exp(-x)
    return (watch.penalty + watch.held * x) * left, watch.held * left


def _event(before: Watch, flagged: int | None, alerted: bool) -> str:
    if flagged is None:
        return CLEARED if before.flagged is not None else ""
    if before.flagged is None:
        return DROPPED
    return ALERT if alerted and not before.alerted else ""
