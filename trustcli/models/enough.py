"""How much evidence is enough: how sure a posterior is, and how many interactions make it so.

After n interactions of which s were good, what is known of the unknown share of good ones is
Beta(s + 1, n − s + 1), from the uniform prior (Jøsang & Ismail 2002). Two questions follow.

How sure is an estimate? `confidence`: the posterior probability that the true share lies within `error` of
the mean, as TRAVOS asks (Teacy, Patel, Jennings, Luck 2006, eq. 6).

How many interactions make sure? `interactions_needed(error, confidence)`: the least n after which the
central credible interval of every possible outcome s is no wider than ± `error`. An even split is the
outcome that leaves most open, so n and the split that comes closest to even decide. For an error of 0.1:

    posterior standard deviation (interactions_for_deviation)   22 = where 1 / (2 √(n + 3)) reaches 0.1
    credible interval of 68.27 %, 90 %, 95 %                     23, 65, 93
    Hoeffding, ⌈ln(2 / (1 − confidence)) / (2 error²)⌉           93, 150, 185: holds for any outcome in [0, 1]
    normal approximation, ⌈(z / (2 error))² − 3⌉                 23, 65, 94: a cross-check, used nowhere

"22 interactions for an error below 0.1", as it is often quoted, is the first row: one standard deviation.
The estimate of a peer that is good half of the time is still off by more than 0.1 in 29 of 100 cases.

These numbers are those of `beta`, to whose Beta a voice of full weight adds one interaction. Other models
that say how sure they are narrow otherwise, or not at all (`STEADY` in models/__init__.py).

Only `math` is used: a gate asks this on its way, and numpy would take longer to load than the answer.
"""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.models.answer import Score

HALF_A_STAR = 0.5  # the error, in stars, that a score is asked to be within
_LEAST_STEP = 1e-15  # of the continued fraction: where it no longer changes
_MOST_STEPS = 400  # it takes about √n of them; millions of interactions stay below
_MOST = 10**7  # interactions that are searched


def confidence(good: float, bad: float, error: float) -> float:
    """Return the probability 0..1 that the true share is within `error` of its posterior mean.

    Args:
        good, bad: evidence ≥ 0, in interactions; fractions where interactions weigh less than one.
        error: half-width, above 0.
    """
    return within(good + 1, bad + 1, error)


def within(alpha: float, beta: float, error: float) -> float:
    """Return the mass of Beta(alpha, beta), both above 0, no further than `error` from its mean."""
    mean = alpha / (alpha + beta)
    high, low = below(min(mean + error, 1.0), alpha, beta), below(max(mean - error, 0.0), alpha, beta)
    return min(max(high - low, 0.0), 1.0)


def of_score(score: Score, error: float = HALF_A_STAR) -> float | None:
    """Return how sure a score in stars is to be within `error` stars; None where it has no posterior.

    The posterior is the Beta that has the score's mean and deviation: that of `beta` itself, and the
    nearest one for models that state an error instead of counting evidence.
    """
    if score.value is None or score.expected is None or score.deviation is None:
        return None
    mean, deviation = (score.expected - 1) / 4, score.deviation / 4
    if not 0 < mean < 1 or deviation <= 0:
        return None
    evidence = mean * (1 - mean) / (deviation * deviation) - 1
    if evidence <= 0:  # wider than any Beta of that mean
        return 0.0
    return within(mean * evidence, (1 - mean) * evidence, error / 4)


def interactions_needed(error: float, confidence: float) -> int:
    """Return the least number of interactions after which the credible half-width is at most `error`.

    Whatever the outcome, and after every larger number as well.

    Args:
        error: half-width of the central credible interval, 0 < error < 0.5.
        confidence: its mass, 0 < confidence < 1.

    Raises:
        ValueError: out of range, or more than ten million interactions.
    """
    _check(error)
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence is above 0 and below 1, not {confidence}")
    return _first(lambda n: _half_width(n, confidence) <= error + 1e-12)


def interactions_for_deviation(deviation: float) -> int:
    """Return the least number of interactions whose worst posterior standard deviation is at most this.

    Raises:
        ValueError: not between 0 and 0.5, or more than ten million interactions.
    """
    _check(deviation)
    return _first(lambda n: worst_deviation(n) <= deviation + 1e-12)


def worst_deviation(interactions: int) -> float:
    """Return the posterior standard deviation after the outcome that leaves most open."""
    alpha, total = interactions // 2 + 1, interactions + 2
    return math.sqrt(alpha * (total - alpha) / (total * total * (total + 1)))


def below(x: float, alpha: float, beta: float) -> float:
    """Return the mass of Beta(alpha, beta) below x: the regularised incomplete beta function I_x.

    DLMF 8.17.22: a continued fraction, evaluated by Lentz's method; its mirror image right of the mean,
    where it converges slowly.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (alpha + 1) / (alpha + beta + 2):
        return 1 - below(1 - x, beta, alpha)
    scale = math.lgamma(alpha + beta) - math.lgamma(alpha) - math.lgamma(beta)
    front = math.exp(scale + alpha * math.log(x) + beta * math.log1p(-x)) / alpha
    return front * _fraction(x, alpha, beta)


def _fraction(x: float, alpha: float, beta: float) -> float:
    """Return 1 / (1 + d1 / (1 + d2 / (1 + …)))."""
    upper, lower = 1.0, 1 / _off_zero(1 - (alpha + beta) * x / (alpha + 1))
    total = lower
    for m in range(1, _MOST_STEPS):
        change = 1.0
        even = m * (beta - m) * x / ((alpha + 2 * m - 1) * (alpha + 2 * m))
        odd = -(alpha + m) * (alpha + beta + m) * x / ((alpha + 2 * m) * (alpha + 2 * m + 1))
        for term in (even, odd):
            lower = 1 / _off_zero(1 + term * lower)
            upper = _off_zero(1 + term / upper)
            change = lower * upper
            total *= change
        if abs(change - 1) < _LEAST_STEP:
            break
    return total


def _off_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300


def _half_width(interactions: int, confidence: float) -> float:
    """Return half the central credible interval after the outcome closest to an even split."""
    alpha = interactions // 2 + 1
    beta = interactions - interactions // 2 + 1
    tail = (1 - confidence) / 2
    return (_quantile(1 - tail, alpha, beta) - _quantile(tail, alpha, beta)) / 2


def _quantile(mass: float, alpha: float, beta: float) -> float:
    """Return x with I_x = mass, by halving: fifty times leave 1e-15."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle, alpha, beta) < mass else (low, middle)
    return (low + high) / 2


if TYPE_CHECKING:
    from collections.abc import Callable


def _first(holds: Callable[[int], bool]) -> int:
    """Return the least n that holds, by doubling and halving: what is open falls with every interaction."""
    low, high = -1, 1
    while not holds(high):
        low, high = high, 2 * high
        if high > _MOST:
            raise ValueError("more than ten million interactions")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _check(error: float) -> None:
    if not 0 < error < 0.5:
        raise ValueError(f"an error is above 0 and below 0.5, not {error}")
