"""Standing: what one node has itself seen of others, as the table its rounds weigh by (TrustMesh's LORT).

A fold over own observations, in integers from 0 to 10,000. No record of anybody else changes it, but one:
evidence that verifies by itself is seen with one's own eyes. The table never leaves the node. What an
observation is worth depends on what a network is for, so rules are named sets to choose from.
"""

from __future__ import annotations

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HIGHEST = 10_000
PARTS = 10_000  # rates are in ten-thousandths
DAY = 86_400_000  # ms
_LONGEST = 3_650  # days of silence after which nothing is left anyway

OK, FAIL, SCORE = "ok", "fail", "score"
ANSWERED, LATE, INVALID, ABSENT = "answered", "late", "invalid", "absent"
AGAINST, AGAIN, DOUBLE = "against", "again", "double"
BY_HAND = (OK, FAIL, SCORE)
KINDS = {
    OK: "an interaction that went well",
    FAIL: "an interaction that did not",
    SCORE: "an interaction judged on a scale from 0 to 10,000",
    ANSWERED: "it answered in time",
    LATE: "it answered late",
    INVALID: "it sent what does not verify or breaks the rules",
    ABSENT: "it was not there when it should have been",
    AGAINST: "in a round that was decided it scored or announced against the lots",
    AGAIN: "it did so two rounds running",
    DOUBLE: "two signed statements of its exclude each other (evidence)",
}
"""What can be observed. The last seven the node observes itself."""


class Observation(NamedTuple):
    """One thing seen: `at` Unix ms; `score` 0 to 10,000 for kind `score`; `weight` 1 to 100 times."""

    subject: str
    kind: str
    at: int
    score: int = 0
    weight: int = 1


class Ruleset(NamedTuple):
    """What observations are worth, in ten-thousandths.

    Attributes:
        up: by kind, the share of what is missing to 10,000 that is gained.
        down: by kind, the share of what is there that is lost.
        towards: the share of the way to its score that an observation of kind `score` moves.
        decay: the share lost with each whole day of silence after `grace` days.
        ban: by kind, the days for which it holds the standing at 0, whatever else is seen: who answers
            every heartbeat would be back within the hour.
    """

    name: str
    purpose: str
    up: Mapping[str, int]
    down: Mapping[str, int]
    towards: int
    decay: int
    grace: int
    ban: Mapping[str, int]


class Standing(NamedTuple):
    """Where a key stands: 0 to 10,000, after how many observations, the last at (Unix ms)."""

    value: int
    seen: int
    last: int
    banned_until: int = 0


_ALL = {AGAIN: PARTS, DOUBLE: PARTS}  # by all rules nothing is left
RULESETS = {
    rules.name: rules
    for rules in (
        Ruleset(
            "default",
            "rises slowly with what goes well, falls fast with what does not, fades in silence",
            {OK: 200, ANSWERED: 50},
            {FAIL: 2_000, LATE: 200, ABSENT: 100, INVALID: 3_000, AGAINST: 2_000, **_ALL},
            towards=200,
            decay=77,  # halves in 90 days
            grace=7,
            ban={AGAIN: 7, DOUBLE: 30},
        ),
        Ruleset(
            "strict",
            "for what must not go wrong: a failure costs half, and rising takes twice as long",
            {OK: 100, ANSWERED: 20},
            {FAIL: 5_000, LATE: 500, ABSENT: 200, INVALID: PARTS, AGAINST: 5_000, **_ALL},
            towards=100,
            decay=230,  # halves in 30 days
            grace=1,
            ban={AGAIN: 30, DOUBLE: 365},
        ),
        Ruleset(
            "archive",
            "for networks that meet rarely: silence costs nothing",
            {OK: 400, ANSWERED: 100},
            {FAIL: 2_000, LATE: 50, ABSENT: 0, INVALID: 3_000, AGAINST: 2_000, **_ALL},
            towards=400,
            decay=0,
            grace=0,
            ban={AGAIN: 30, DOUBLE: 30},
        ),
    )
}
DEFAULT = "default"
ESTABLISHED = 10  # who stands below a 10th of the highest is no part of the table yet


def established(values: Mapping[str, int]) -> dict[str, int]:
    """Return the table that rounds weigh by: the standings not far below the highest, of old friends.

    Rounds count keys as well as their weight, and a new key costs one interaction. Measured by the highest,
    no crowd of new keys draws the bar down to itself.
    """
    highest = max(values.values(), default=0)
    return {key: value for key, value in values.items() if value and ESTABLISHED * value >= highest}


def standings(observations: Iterable[Observation], now: int, rules: Ruleset) -> dict[str, Standing]:
    """Fold observations, in the order of their times, into standings by subject, as of `now` (Unix ms).

    Of one time, what is bad counts last. Observations after `now` do not count.
    """
    found: dict[str, Standing] = {}
    for observation in sorted(observations, key=lambda seen: _order(seen, rules)):
        if observation.at <= now:
            before = found.get(observation.subject, Standing(0, 0, observation.at))
            found[observation.subject] = after(before, observation, rules)
    return {
        subject: standing._replace(value=faded(standing, now, rules))
        for subject, standing in sorted(found.items())
    }


def after(standing: Standing, observation: Observation, rules: Ruleset) -> Standing:
    """Return a standing after one more observation."""
    at = max(standing.last, observation.at)
    value = faded(standing, at, rules)
    days = rules.ban.get(observation.kind)
    banned = max(standing.banned_until, at + days * DAY) if days else standing.banned_until
    for _ in range(max(1, min(observation.weight, 100))):
        value = _moved(value, observation, rules)
    return Standing(0 if at < banned else value, standing.seen + 1, at, banned)


def faded(standing: Standing, now: int, rules: Ruleset) -> int:
    """Return what is left of a standing at `now`, after the days of silence since the last observation."""
    if now < standing.banned_until:
        return 0
    silent = max(0, (now - standing.last) // DAY - rules.grace)
    value = standing.value
    if rules.decay:
        for _ in range(min(silent, _LONGEST)):
            value -= -(-value * rules.decay // PARTS)  # rounded up, so that it ends
            if value <= 0:
                return 0
    return value


def interactions(value: int, rules: Ruleset) -> int:
    """Return how many interactions that go well bring a new key to a standing: what reputation costs.

    The share of the missing part that each gains never reaches all of it, so neither does this end for
    what lies above the highest standing there is.
    """
    standing, count = 0, 0
    while standing < value:
        moved = _moved(standing, Observation("", OK, 0), rules)
        if moved == standing:
            return 2**53
        standing, count = moved, count + 1
    return count


def _moved(value: int, observation: Observation, rules: Ruleset) -> int:
    kind = observation.kind
    if kind == SCORE:
        return value + (min(max(observation.score, 0), HIGHEST) - value) * rules.towards // PARTS
    value += (HIGHEST - value) * rules.up.get(kind, 0) // PARTS
    return max(0, value + -value * rules.down.get(kind, 0) // PARTS)


def _order(observation: Observation, rules: Ruleset) -> tuple[int, int, str, int, int]:
    bad = rules.down.get(observation.kind, 0)
    return observation.at, bad, observation.kind, observation.score, observation.weight
