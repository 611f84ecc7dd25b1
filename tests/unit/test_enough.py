"""How much evidence is enough: what falls out of the Beta posterior, and the gates that ask for it."""

from __future__ import annotations

import math
from random import Random

import pytest
from scipy.stats import beta as scipy_beta
from scipy.stats import norm

from tests.cli.people import BOB, CAROL, DAN, bundle
from tests.conftest import Program
from trustcli.models import enough
from trustcli.models.answer import Score
from trustcli.models.beta import posterior
from trustcli.models.enough import interactions_for_deviation, interactions_needed
from trustcli.policy import Failure, Policy, judge


def test_twenty_two_interactions_are_one_standard_deviation() -> None:
    """22 is where the worst posterior deviation reaches 0.1 exactly; Jøsang's prior, an even split."""
    assert interactions_for_deviation(0.1) == 22
    assert enough.worst_deviation(22) == pytest.approx(0.1, abs=1e-15)
    assert enough.worst_deviation(21) > 0.1 > enough.worst_deviation(23)


@pytest.mark.parametrize("deviation", [0.2, 0.1, 0.05, 0.01])
def test_the_deviation_has_a_closed_form(deviation: float) -> None:
    """1 / (2 √(n + 3)) for even n, so 1 / (4 deviation²) − 3; odd numbers do a little earlier."""
    exact = math.ceil(1 / (4 * deviation**2) - 3 - 1e-9)
    assert interactions_for_deviation(deviation) in (exact - 1, exact)


@pytest.mark.parametrize(("confidence", "needed"), [(0.6827, 23), (0.9, 65), (0.95, 93)])
def test_a_credible_interval_takes_more(confidence: float, needed: int) -> None:
    """For an error of 0.1; no outcome leaves more open, and one interaction fewer does not do."""
    assert interactions_needed(0.1, confidence) == needed

    def worst(n: int) -> float:
        tail = (1 - confidence) / 2
        wide = [scipy_beta.ppf([tail, 1 - tail], s + 1, n - s + 1) for s in range(n + 1)]
        return max(float(high - low) / 2 for low, high in wide)

    assert worst(needed) <= 0.1 < worst(needed - 1)


def test_every_interaction_helps() -> None:
    """What is open falls from each number to the next, odd or even, so the least is found by halving."""
    for confidence in (0.3, 0.9, 0.999):
        wide = [enough._half_width(n, confidence) for n in range(60)]
        assert wide == sorted(wide, reverse=True)
        for n in (1, 7, 20, 59):
            assert interactions_needed(wide[n], confidence) == n
    deviations = [enough.worst_deviation(n) for n in range(60)]
    assert deviations == sorted(deviations, reverse=True)
    assert interactions_for_deviation(0.3) == 0


@pytest.mark.parametrize("error", [0.2, 0.1, 0.03])
@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.99])
def test_the_normal_approximation_is_close_and_hoeffding_is_wasteful(error: float, confidence: float) -> None:
    """Cross-checks: within 2 or 3 % of ⌈(z / 2 error)² − 3⌉, and never above Hoeffding's bound."""
    needed = interactions_needed(error, confidence)
    z = float(norm.ppf((1 + confidence) / 2))
    assert needed == pytest.approx((z / (2 * error)) ** 2 - 3, rel=0.03, abs=2)
    assert needed <= math.ceil(math.log(2 / (1 - confidence)) / (2 * error**2))


@pytest.mark.parametrize(("error", "confidence"), [(0, 0.9), (0.5, 0.9), (0.1, 0), (0.1, 1), (1e-6, 0.9)])
def test_what_cannot_be_asked_is_refused(error: float, confidence: float) -> None:
    """Certainty has no number of interactions."""
    with pytest.raises(ValueError, match=r"above 0|ten million"):
        interactions_needed(error, confidence)


def test_the_incomplete_beta_function_is_that_of_scipy() -> None:
    """At points drawn near and far, for evidence from a tenth to 100,000 interactions."""
    dice = Random(1)
    for _ in range(500):
        alpha, beta = (10 ** dice.uniform(-1, 5) for _ in range(2))
        mean = alpha / (alpha + beta)
        spread = math.sqrt(mean * (1 - mean) / (alpha + beta + 1))
        for x in (dice.random(), min(max(dice.gauss(mean, spread), 0.0), 1.0)):
            assert enough.below(x, alpha, beta) == pytest.approx(scipy_beta.cdf(x, alpha, beta), abs=1e-8)


def test_confidence_grows_with_evidence() -> None:
    """No evidence is a quarter sure to an eighth on either side; much is sure."""
    assert enough.confidence(0, 0, 0.125) == pytest.approx(0.25)
    grown = [enough.confidence(9 * n, n, 0.125) for n in (0, 1, 3, 10, 100)]
    assert grown == sorted(grown)
    assert grown[-1] > 0.999


def _score(stars: float | None, expected: float | None, deviation: float | None) -> Score:
    return Score(1, stars, low=4.0, high=5.0, raters=3, newest=0, expected=expected, deviation=deviation)


def test_a_score_is_as_sure_as_its_posterior() -> None:
    """Mean and deviation of Beta(10, 2) in stars give back its mass within half a star of the mean."""
    mean = 10 / 12
    deviation = math.sqrt(mean * (1 - mean) / 13)
    sure = enough.of_score(_score(4.6, 1 + 4 * mean, 4 * deviation))
    assert sure == pytest.approx(enough.within(10, 2, 0.125))
    assert enough.of_score(posterior(1, [])) is None
    assert enough.of_score(_score(0.1, None, None)) is None
    assert enough.of_score(_score(4.0, 4.0, 4.0)) == 0.0


def test_too_thin_evidence_is_unknown() -> None:
    """Below the confidence asked for the verdict is unknown, or what the policy makes of unknown."""
    score = _score(4.8, 4.33, 0.5)
    sure = enough.of_score(score)
    assert sure is not None
    assert judge(Policy(min_confidence=sure - 0.01), score, 0).answer == "pass"
    verdict = judge(Policy(min_confidence=sure + 0.01), score, 0)
    assert (verdict.answer, verdict.exit) == ("unknown", 3)
    assert verdict.failed == [Failure("min_confidence", sure + 0.01, round(sure, 4))]
    assert judge(Policy(min_confidence=0.99, unknown="deny"), score, 0).answer == "fail"
    mute = judge(Policy(min_confidence=0.1), _score(4.8, None, None), 0)
    assert mute.failed == [Failure("min_confidence", 0.1, None)]


@pytest.fixture
def heard(trust: Program) -> Program:
    """Two raters whom I trust entirely, on dan: 5 and 5."""
    me = trust
    me("keygen", "-q")
    for name, person in (("bob", BOB), ("carol", CAROL), ("dan", DAN)):
        me("peer", "add", name, person.did, "-q")
    me("rate", "bob", "5", "-q")
    me("rate", "carol", "5", "-q")
    me("import", "-", "-q", stdin=bundle(BOB.rates(DAN.did, 50), CAROL.rates(DAN.did, 50)))
    return me


def test_check_asks_how_sure_it_is(heard: Program) -> None:
    """`--min-confidence`: 0 where the evidence is enough, 3 where it is thin, with the figures."""
    ran = heard("check", "dan", "--min-confidence", "0.3", "--json")
    sure = enough.within(3, 1, 0.125)
    assert (ran.exit, ran.data["observed"]["confidence"]) == (0, pytest.approx(sure, abs=1e-3))
    ran = heard("check", "dan", "--min-confidence", "0.8")
    assert ran.exit == 3
    assert f"too thin, {sure:.0%} sure to half a star, asked 80%" in ran.err
    assert f"{interactions_needed(0.125, 0.8)} voices" in ran.err
    assert heard("check", "dan", "--json").data["observed"]["confidence"] is None
    assert heard("check", "dan", "--min-confidence", "2").exit == 2
    assert heard("check", "dan", "--min-confidence", "0.1", "--model", "eigentrust", "--min", "0").exit == 3


def test_score_says_when_evidence_is_thin(heard: Program) -> None:
    """The same for scores: exit 3 for somebody named, and a figure in the row."""
    ran = heard("score", "dan", "--min-confidence", "0.9", "--json")
    assert (ran.exit, ran.data["rows"][0]["state"]) == (3, "known")
    assert ran.data["rows"][0]["confidence"] == pytest.approx(enough.within(3, 1, 0.125), abs=1e-3)
    assert "too thin" in heard("score", "dan", "--min-confidence", "0.9").err
    ran = heard("score", "dan", "--json")
    assert (ran.exit, ran.data["rows"][0]["confidence"]) == (0, None)
    assert heard("score", "dan", "--min-confidence", "0.2").exit == 0
    assert heard("score", "dan", "--min-confidence", "-1").exit == 2
    ran = heard("score", "--min-confidence", "0.9")
    assert (ran.exit, "evidence is too thin for 3 of 3, asked 90%" in ran.err) == (0, True)


def test_the_policy_page_names_the_rule(trust: Program) -> None:
    """With the number of ratings that it takes, from the code."""
    page = trust("help", "policy").out
    assert "min_confidence = 0.8" in page
    assert f"{interactions_needed(0.125, 0.8)} for 0.8" in page
