"""How much evidence is enough, as `score` and `check` say it."""

from __future__ import annotations

import pytest

from tests.cli.people import Person, bundle
from tests.conftest import Program
from trustcli.models import MODELS, STEADY
from trustcli.models.enough import HALF_A_STAR, interactions_needed

SURE = {"beta", "beta-filtered", "hybrid", "subjective", "bias", "antcascade"}


def heard(trust: Program, count: int) -> Program:
    """Return a home that trusts `count` people entirely, whose words on agent:x are split most evenly."""
    trust("keygen")
    people = [Person(number) for number in range(1, count + 1)]
    for person in people:
        trust("rate", person.did, "5", "-q")
    words = [person.rates("agent:x", 50 if place % 2 else 10) for place, person in enumerate(people)]
    trust("import", "-", "-q", stdin=bundle(*words))
    return trust


@pytest.mark.parametrize("confidence", [0.5, 0.8])
def test_as_many_voices_as_it_says_suffice(trust: Program, confidence: float) -> None:
    """With so many voices of full weight the gate opens, whatever they say; else it says how many do."""
    needed = interactions_needed(HALF_A_STAR / 4, confidence)
    heard(trust, needed)
    asked = ("check", "agent:x", "--min", "1", "--min-confidence", str(confidence))
    assert trust(*asked).exit == 0
    more = trust("check", "agent:x", "--min", "1", "--min-confidence", "0.99")
    assert more.exit == 3
    assert f"{interactions_needed(HALF_A_STAR / 4, 0.99)} voices of full weight suffice" in more.err


def test_thin_evidence_is_unknown(trust: Program) -> None:
    """One voice is not sure: unknown for check, exit 3 of score for one asked about, a note for all."""
    heard(trust, 1)
    ran = trust("check", "agent:x", "--min", "1", "--min-confidence", "0.8", "--json")
    assert (ran.exit, ran.data["verdict"]) == (3, "unknown")
    assert trust("score", "agent:x", "--min-confidence", "0.8").exit == 3
    assert "too thin" in trust("score", "agent:x", "--min-confidence", "0.8").err
    assert trust("score", "--min-confidence", "0.8").exit == 0
    assert trust("score", "agent:x", "--min-confidence", "1.5").exit == 2
    (row,) = trust("score", "agent:x", "--min-confidence", "0.8", "--json").data["rows"]
    assert 0 < row["confidence"] < 0.8


@pytest.mark.parametrize("model", MODELS)
def test_which_models_say_how_sure_they_are(trust: Program, model: str) -> None:
    """Those with an interval have a confidence; of the others it is unknown, and they name one that has."""
    heard(trust, 4)
    subject = "agent:x"
    ran = trust("score", subject, "--model", model, "--min-confidence", "0")
    (row,) = trust("score", subject, "--model", model, "--min-confidence", "0", "--json").data["rows"]
    if row["state"] == "known":
        assert (row["confidence"] is not None) == (model in SURE)
        assert ran.exit == (0 if model in SURE else 3)
        assert ("--model beta" in ran.err) == (model not in SURE)


@pytest.mark.parametrize("model", sorted(SURE))
def test_a_number_of_voices_is_said_of_beta_alone(trust: Program, model: str) -> None:
    """It is derived for no other; where more voices do not narrow the interval, that is said, and true."""
    heard(trust, 3)
    asked = ("agent:x", "--model", model, "--min-confidence", "0.99")
    for command, gate in (("score", ()), ("check", ("--min", "1"))):
        ran = trust(command, *asked, *gate)
        assert ran.exit == 3
        assert ("voices of full weight suffice" in ran.err) == (model == "beta")
        assert ("more voices do not narrow" in ran.err) == (model in STEADY)
        assert ("too thin" in ran.err) == (model not in STEADY)
    everybody = trust("score", "--model", model, "--min-confidence", "0.99").err
    assert ("too thin for" in everybody, "is too wide for" in everybody) == (
        model not in STEADY, model in STEADY,
    )  # fmt: skip


def test_more_voices_do_not_narrow_what_is_steady(trust: Program) -> None:
    """The interval of hybrid is as wide after twelve voices as after two; that of beta is not."""
    wide: dict[str, list[float]] = {"hybrid": [], "beta": []}
    for count in (2, 12):
        trust.home = trust.home.parent / str(count)
        heard(trust, count)
        for model, widths in wide.items():
            (row,) = trust("score", "agent:x", "--model", model, "--json").data["rows"]
            widths.append(row["deviation"])
    assert wide["hybrid"][0] == wide["hybrid"][1]
    assert wide["beta"][0] > wide["beta"][1]
