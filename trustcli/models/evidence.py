"""What one viewpoint has to go by about one subject, and the factors `hybrid` makes of it.

Two feeds give the same evidence: a view of the ledger (models/hybrid.py) and ratings in arrays
(models/hybrid_arrays.py). All values are −1..1, ages are ms ≥ 0.
"""

from __future__ import annotations

import math

from trustcli.timing import DAY
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FRESH = 30 * DAY  # ms: half-life of a voice in what was said recently
MOOD = 3 * DAY  # ms: half-life of the viewpoint's own ratings in how it rates lately
FADED = 1 / 64  # weight that an old voice keeps
ERRS = 0.1  # mean square by which two careful raters of one subject differ (on Bitcoin OTC)
UNTRIED = 2.0  # subjects for which a rater is taken to have erred by ERRS before it is tried
DOUBT, CAUTION = 0.5, 3.0  # weight of the mean against trusted voices, and against whole histories

TRUSTED = ("trusted", "recent", "warnings", "reach", "habit", "lately", "courtesy")
"""Factors where somebody within reach knows the subject."""

STRANGERS = ("said", "said recently", "complaints", "known")
"""Factors of everybody's voices, each alike: good where keys are dear, an invitation where they are free."""

PUBLIC = (*STRANGERS, "habit", "lately", "courtesy", "returned")
"""Factors where nobody within reach knows the subject."""


class Heard(NamedTuple):
    """Another's voice on the subject: what it says, how long ago it spoke, its weight 0..1."""

    value: float
    age: float
    weight: float = 1.0


class Habit(NamedTuple):
    """How the viewpoint rates others: sum and number of its values, ever and fading back from its last."""

    total: float
    number: float
    lately: float
    weight: float


class Evidence(NamedTuple):
    """What there is to go by.

    Attributes:
        voices: of others on the subject, with the weight that the viewpoint gives each; strangers have 0.
        habit: how the viewpoint rates.
        courtesy: what the subject said of the viewpoint, None for nothing.
        own: what the viewpoint itself says of the subject, None for nothing.
        credit: of the subject as a rater, 0..1.
    """

    voices: Sequence[Heard]
    habit: Habit
    courtesy: float | None
    own: float | None = None
    credit: float = 1.0

    @property
    def reached(self) -> bool:
        """Whether somebody within reach, oneself included, knows the subject."""
        return self.own is not None or any(voice.weight > 0 for voice in self.voices)


def credit(wrong: float, tried: int) -> float:
    """Return what is left, 0..1, of the weight of a rater whose words the viewpoint can hold to its own.

    All of it of one who errs no more than others do, and never more, so that what reach bounds stays
    bounded; a quarter where the mean square error is twice that.

    Args:
        wrong: sum of the squared differences between what the two say of the same other subjects.
        tried: how many subjects.
    """
    return min(1.0, (tried + UNTRIED) * ERRS / (max(wrong, 0.0) + UNTRIED * ERRS)) ** 2


def trusted_factors(evidence: Evidence, mean: float) -> tuple[float, ...]:
    """Return the factors named TRUSTED.

    Every sum over voices is weighted by trust, which `reach` bounds: k keys behind one introducer move
    them as far as one key of the same weight. Courtesy counts as far as the subject is within reach and
    has credit: praise of oneself is worth what the word of who praises is worth.
    """
    voices = [voice for voice in evidence.voices if voice.weight > 0]
    weights = [voice.weight for voice in voices]
    fresh = [voice.weight * _fresh(voice.age) for voice in voices]
    over = [voice.value - mean for voice in voices]
    weight = math.fsum(weights)
    return (
        _tilt(weights, over, DOUBT),
        _tilt(fresh, over, DOUBT),
        math.fsum(voice.weight * voice.value for voice in voices if voice.value < 0) / (weight + DOUBT),
        math.log1p(weight),
        *_habits(evidence, mean),
        _courtesy(evidence, mean) * evidence.credit * weight / (weight + DOUBT),
    )


def strangers_factors(evidence: Evidence, mean: float) -> tuple[float, ...]:
    """Return the factors named STRANGERS."""
    voices = evidence.voices
    over = [voice.value - mean for voice in voices]
    bad = math.fsum(voice.value for voice in voices if voice.value < 0)
    return (
        math.fsum(over) / (len(over) + CAUTION),
        _tilt([_fresh(voice.age) for voice in voices], over, 1.0),
        bad / (len(over) + 1),
        math.log1p(len(over)),
    )


def public_factors(evidence: Evidence, mean: float) -> tuple[float, ...]:
    """Return the factors named PUBLIC."""
    return (
        *strangers_factors(evidence, mean),
        *_habits(evidence, mean),
        _courtesy(evidence, mean),
        float(evidence.courtesy is not None),
    )


def _tilt(weights: list[float], over: list[float], prior: float) -> float:
    """Return the weighted mean of how far voices are over the mean, shrunk by `prior`."""
    return math.fsum(map(_times, weights, over)) / (math.fsum(weights) + prior)


def _times(one: float, other: float) -> float:
    return one * other


def _fresh(age: float) -> float:
    return max(float(0.5 ** (age / FRESH)), FADED)


def habit(said: Sequence[tuple[float, int]]) -> Habit:
    """Return the habit of one who said these (value, time in ms), in whatever order."""
    newest = max((time for _, time in said), default=0)
    weights = [float(0.5 ** ((newest - time) / MOOD)) for _, time in said]
    values = [value for value, _ in said]
    return Habit(math.fsum(values), len(said), math.fsum(map(_times, weights, values)), math.fsum(weights))


def _habits(evidence: Evidence, mean: float) -> tuple[float, float]:
    """Return how the viewpoint rates, ever and lately, against the mean."""
    total, count, lately, weight = evidence.habit
    return (total - count * mean) / (count + CAUTION), (lately - weight * mean) / (weight + 1)


def _courtesy(evidence: Evidence, mean: float) -> float:
    return 0.0 if evidence.courtesy is None else evidence.courtesy - mean
