"""What a gate asks for, and whether a score meets it: pass, fail, or not enough evidence to say."""

from __future__ import annotations

from trustcli import models
from trustcli.errors import NO, OK, UNKNOWN, ConfigError
from trustcli.safe import shown
from trustcli.timing import DAY
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trustcli.models.answer import Score

PASS, FAIL, UNSURE = "pass", "fail", "unknown"
EXIT = {PASS: OK, FAIL: NO, UNSURE: UNKNOWN}
ON_UNKNOWN = ("review", "deny", "allow")


class Policy(NamedTuple):
    """The rules of one gate. None means: not asked for."""

    min: float = 3.5
    category: str | None = None
    raters: int = 1
    max_age_days: float | None = None
    max_spread: float | None = None
    human_only: bool = False
    model: str | None = None
    unknown: str = "review"
    min_confidence: float | None = None


class Failure(NamedTuple):
    """A rule that is not met."""

    rule: str
    want: float
    got: float | None


class Verdict(NamedTuple):
    """The answer of a gate and the rules that led to it."""

    answer: str
    failed: list[Failure]

    @property
    def exit(self) -> int:
        """The exit code of this verdict."""
        return EXIT[self.answer]


def judge(policy: Policy, score: Score, as_of: int) -> Verdict:
    """Hold a score against a policy.

    Too few raters, none recent enough, or too little evidence to be sure of the score is no evidence
    against anybody: the answer is `unknown`, which `policy.unknown` may turn into pass (allow) or fail
    (deny). `as_of` is Unix ms.
    """
    if score.value is None or score.newest is None:
        return Verdict(_unsure(policy), [Failure("raters", policy.raters, 0)])
    thin = []
    if score.raters < policy.raters:
        thin.append(Failure("raters", policy.raters, score.raters))
    age = (as_of - score.newest) / DAY
    if policy.max_age_days is not None and age > policy.max_age_days:
        thin.append(Failure("max_age_days", policy.max_age_days, round(age, 2)))
    if policy.min_confidence is not None:
        thin += _unsure_of(score, policy.min_confidence)
    bad = []
    if round(score.value, 6) < policy.min:
        bad.append(Failure("min", policy.min, round(score.value, 4)))
    spread = (score.high or 0) - (score.low or 0)
    if policy.max_spread is not None and spread > policy.max_spread:
        bad.append(Failure("max_spread", policy.max_spread, round(spread, 4)))
    if thin:
        return Verdict(_unsure(policy), thin + bad)
    return Verdict(FAIL if bad else PASS, bad)


def _unsure_of(score: Score, least: float) -> list[Failure]:
    """Return what is missing to be sure of a score to half a star."""
    from trustcli.models import enough  # noqa: PLC0415  few gates ask

    sure = enough.of_score(score)
    if sure is not None and sure >= least:
        return []
    return [Failure("min_confidence", least, None if sure is None else round(sure, 4))]


def _unsure(policy: Policy) -> str:
    return {"review": UNSURE, "deny": FAIL, "allow": PASS}[policy.unknown]


_NUMBERS = {
    "min": (0, 5),
    "raters": (0, 1_000_000),
    "max_age_days": (0, 36_500),
    "max_spread": (0, 4),
    "min_confidence": (0, 1),
}


def parse(fields: Mapping[str, object], where: str) -> Policy:
    """Return the policy of a TOML table.

    Raises:
        ConfigError: an unknown rule or a value out of range; a gate never guesses.
    """
    for name, value in fields.items():
        if name not in Policy._fields:
            raise ConfigError(f"{where}: no rule {name!r}", hint=f"rules: {', '.join(Policy._fields)}")
        if not _fits(name, value):
            raise ConfigError(f"{where}: {name} cannot be {shown(value)}", hint="trust help policy")
    return Policy(**fields)  # type: ignore[arg-type]  # each was checked


def _fits(name: str, value: object) -> bool:
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        whole = type(value) is int
        return (whole or (type(value) is float and name != "raters")) and low <= value <= high  # type: ignore[operator]
    if name == "human_only":
        return type(value) is bool
    if type(value) is not str:
        return False
    if name == "model":
        return models.exists(value)
    if name == "unknown":
        return value in ON_UNKNOWN
    from trustcli.records.fields import is_category  # noqa: PLC0415  few policies name one

    return is_category(value)
