"""Gates: what a policy asks, what a score answers, and what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from trustcli.errors import ConfigError
from trustcli.models.answer import Score
from trustcli.policy import Failure, Policy, judge, parse

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Program

DAY = 86_400_000
NOW = 1_790_000_000_000
GOOD = Score(1, 4.0, low=3.5, high=4.5, raters=3, newest=NOW - 10 * DAY)


def answer(score: Score = GOOD, **rules: Any) -> str:
    """Return the verdict of a policy on a score."""
    return judge(Policy(**rules), score, NOW).answer


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ({}, "pass"),
        ({"min": 4.0}, "pass"),
        ({"min": 4}, "pass"),
        ({"min": 4.1}, "fail"),
        ({"min": 0}, "pass"),
        ({"min": 5}, "fail"),
        ({"raters": 3}, "pass"),
        ({"raters": 4}, "unknown"),
        ({"raters": 0}, "pass"),
        ({"max_age_days": 10.0}, "pass"),
        ({"max_age_days": 9.99}, "unknown"),
        ({"max_spread": 1.0}, "pass"),
        ({"max_spread": 0.9}, "fail"),
        ({"max_spread": 0}, "fail"),
        ({"min": 4.5, "raters": 9}, "unknown"),  # too little evidence is no evidence against anybody
        ({"min": 4.5, "max_spread": 0.1}, "fail"),
    ],
)
def test_every_rule(rules: dict[str, Any], verdict: str) -> None:
    """Too low or too spread fails; too few or too old is not enough to say; the rest does not matter."""
    assert answer(**rules) == verdict


@pytest.mark.parametrize(("unknown", "verdict"), [("review", "unknown"), ("deny", "fail"), ("allow", "pass")])
@pytest.mark.parametrize(
    ("score", "rules"),
    [
        (Score(1, None), {}),
        (GOOD, {"raters": 4}),
        (GOOD, {"max_age_days": 1}),
        (Score(1, None), {"raters": 0}),
    ],
)
def test_unknown(score: Score, rules: dict[str, Any], unknown: str, verdict: str) -> None:
    """What too little evidence means is the policy's to say: a person looks, no, or yes."""
    assert answer(score, unknown=unknown, **rules) == verdict


def test_allowing_the_unknown_allows_nobody_known_to_be_bad() -> None:
    """`unknown = allow` turns missing evidence into yes, never a score below the minimum."""
    assert answer(GOOD, unknown="allow", min=4.5) == "fail"


@pytest.mark.parametrize(("rules", "code"), [({}, 0), ({"min": 5}, 1), ({"raters": 9}, 3)])
def test_exit_codes(rules: dict[str, Any], code: int) -> None:
    """Yes is 0, no is 1, not enough evidence is 3."""
    assert judge(Policy(**rules), GOOD, NOW).exit == code


def test_the_reasons_say_what_was_wanted_and_found() -> None:
    """Each rule that is not met is told with what it wants and what there is."""
    policy = Policy(min=4.5, raters=5, max_age_days=2.5, max_spread=0.5)
    assert judge(policy, GOOD, NOW).failed == [
        Failure("raters", 5, 3), Failure("max_age_days", 2.5, 10.0), Failure("min", 4.5, 4.0),
        Failure("max_spread", 0.5, 1.0),
    ]  # fmt: skip
    assert judge(Policy(), GOOD, NOW).failed == []
    assert judge(Policy(raters=2), Score(1, None), NOW).failed == [Failure("raters", 2, 0)]


def test_the_last_bits_of_a_mean_do_not_decide() -> None:
    """A mean that is 4 up to rounding errors is 4."""
    assert answer(GOOD._replace(value=3.9999999999999996), min=4.0) == "pass"
    assert answer(GOOD._replace(value=3.99999), min=4.0) == "fail"


def test_a_rating_from_the_near_future_is_recent() -> None:
    """A newest rating dated ahead of the clock is not too old for any limit."""
    assert answer(GOOD._replace(newest=NOW + 60_000), max_age_days=0) == "pass"


@pytest.mark.parametrize(
    "fields",
    [
        {"minimum": 4}, {"min": "4"}, {"min": True}, {"min": -0.1}, {"min": 5.1}, {"min": float("nan")},
        {"min": float("inf")}, {"min": None}, {"raters": 1.5}, {"raters": -1}, {"raters": True},
        {"raters": 10**9},
        {"max_age_days": -1}, {"max_age_days": float("inf")}, {"max_spread": 4.1}, {"max_spread": "1"},
        {"human_only": 1}, {"human_only": "true"}, {"model": "best"}, {"model": 1}, {"model": ["beta"]},
        {"model": {}}, {"unknown": "maybe"}, {"unknown": True}, {"unknown": ["deny"]}, {"category": ""},
        {"category": 3}, {"category": ["x"]}, {"min": [4]}, {"": 1},
    ],
)  # fmt: skip
def test_a_gate_never_guesses(fields: dict[str, object]) -> None:
    """An unknown rule or a value that is none is refused, with the place where it stands."""
    with pytest.raises(ConfigError, match=r"gate\.toml"):
        parse(fields, "gate.toml")


def test_a_whole_policy() -> None:
    """Every rule can be written down; what is not written has its default."""
    fields: dict[str, object] = {
        "min": 4, "category": "honesty", "raters": 2, "max_age_days": 30, "max_spread": 1.5,
        "human_only": True,
        "model": "stars", "unknown": "deny", "min_confidence": 0.8,
    }  # fmt: skip
    assert parse(fields, "gate.toml")._asdict() == fields
    assert parse({}, "gate.toml") == Policy() == Policy(min=3.5, raters=1, unknown="review")


def write_policy(trust: Program, text: str) -> Path:
    """Write the policy called gate."""
    directory = trust.home / "policies"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "gate.toml").write_text(text)
    return directory / "gate.toml"


def test_a_policy_by_name_and_by_path(trust: Program) -> None:
    """A policy file decides; an option on the command line wins over it."""
    trust("keygen")
    trust("rate", "agent:x", "4")
    file = write_policy(trust, "min = 4.5\n")
    assert trust("check", "agent:x", "--policy", "gate").exit == 1
    assert trust("check", "agent:x", "--policy", str(file)).exit == 1
    assert trust("check", "agent:x", "--policy", "gate", "--min", "4").exit == 0
    write_policy(trust, 'category = "honesty"\n')
    assert trust("check", "agent:x", "--policy", "gate").exit == 3
    write_policy(trust, 'category = "honesty"\nunknown = "deny"\n')
    assert trust("check", "agent:x", "--policy", "gate").exit == 1
    write_policy(trust, 'category = "honesty"\nunknown = "allow"\n')
    assert trust("check", "agent:x", "--policy", "gate").exit == 0


@pytest.mark.parametrize(
    "text",
    ["min = ", "min = 9", "mini = 4", 'model = ["beta"]', "raters = " + "9" * 5000, "[rules]\nmin = 4"],
)
def test_a_bad_policy_file_is_named(trust: Program, text: str) -> None:
    """A policy that cannot be read is exit 78, names its file, and never lets anybody pass."""
    trust("keygen")
    trust("rate", "agent:x", "5")
    write_policy(trust, text)
    ran = trust("check", "agent:x", "--policy", "gate")
    assert ran.exit == 78
    assert "gate.toml" in ran.err


def test_a_missing_policy(trust: Program) -> None:
    """A policy that is not there is exit 66."""
    trust("keygen")
    trust("rate", "agent:x", "5")
    assert trust("check", "agent:x", "--policy", "none").exit == 66
