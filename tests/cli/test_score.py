"""`trust score`: how good somebody is, as seen by somebody, as of a time."""

from __future__ import annotations

import pytest

from tests.cli.people import BOB, CAROL, DAN, DAY, EVE, bundle, now
from tests.conftest import Program
from trustcli.models import MODELS
from trustcli.timing import rfc3339


@pytest.fixture
def web(me: Program) -> Program:
    """Me → bob 5, me → carol 4; bob → dan 4, carol → dan 2; dan → eve 5; one old rating of bob's."""
    for name, person in (("bob", BOB), ("carol", CAROL), ("dan", DAN)):
        me("peer", "add", name, person.did, "-q")
    me("rate", "bob", "5", "-q")
    me("rate", "carol", "4", "-q")
    me("import", "-", "-q", stdin=bundle(
        BOB.rates(DAN.did, 40), CAROL.rates(DAN.did, 20), DAN.rates(EVE.did, 50),
        BOB.rates(CAROL.did, 30, "honesty", created=now() - 400 * DAY),
    ))  # fmt: skip
    return me


def test_a_score_has_a_spread_and_says_as_seen_by_whom(web: Program) -> None:
    """Mean, range, raters for and against; viewpoint, model and time."""
    data = web("score", "dan", "--json").data
    (row,) = data["rows"]
    assert (row["state"], row["low"], row["high"], row["raters_reached"], row["raters_direct"]) == (
        "known",
        2.0,
        4.0,
        2,
        2,
    )
    assert (row["for"], row["against"]) == (1, 1)
    assert 2.0 < row["score"] < 4.0
    assert (data["viewpoint_name"], data["model"], data["category"]) == ("me", "beta", None)
    assert data["as_of"].endswith("Z")


def test_unknown_is_null_and_3(web: Program) -> None:
    """No default, and a hint at what else could be asked."""
    ran = web("score", "agent:nobody-ever-rated", "--json")
    (row,) = ran.data["rows"]
    assert (ran.exit, row["state"], row["score"], row["low"], row["reputation"]) == (
        3,
        "unknown",
        None,
        None,
        None,
    )
    plain = web("score", "agent:nobody-ever-rated")
    assert (plain.exit, plain.out.split("\t")[1]) == (3, "-")
    assert "--from" in plain.err
    assert "--model stars" in plain.err


def test_unknown_names_are_66_and_empty_homes_too(web: Program) -> None:
    """A name nobody gave is not an unknown score."""
    assert web("score", "zzz-nobody").exit == 66
    assert web("score", "bob", home=web.home.parent / "none").exit == 66


def _subjects(trust: Program, *words: str) -> list[str]:
    return [row["subject"] for row in trust("score", *words, "--json").data["rows"]]


def test_everybody_comes_best_first(web: Program) -> None:
    """Without subjects: all within reach; top and bottom cut from the two ends."""
    everybody = _subjects(web)
    assert set(everybody) == {BOB.did, CAROL.did, DAN.did, EVE.did}
    assert _subjects(web, "--top", "1") == everybody[:1]
    assert _subjects(web, "--bottom", "1") == everybody[-1:]
    assert _subjects(web, "--top", "3", "--bottom", "3") == everybody
    assert _subjects(web, "--top", "0") == _subjects(web, "--bottom", "0") == everybody


@pytest.mark.parametrize(
    "words",
    [
        ("--top", "-1"),
        ("--bottom", "-1"),
        ("--hops", "0"),
        ("--hops", "7"),
        ("--model", "none"),
        ("--as-of", "x"),
        ("--as-of", ""),
        ("--top", "many"),
    ],
)
def test_values_out_of_range_are_refused(web: Program, words: tuple[str, ...]) -> None:
    """2, never an odd slice."""
    assert web("score", *words).exit == 2


def test_hops_bound_the_chain(web: Program) -> None:
    """Eve is three ratings away: me → bob → dan → eve."""
    assert web("score", EVE.did, "--hops", "3").exit == 0
    assert web("score", EVE.did, "--hops", "2").exit == 3
    assert web("score", "dan", "--hops", "1").exit == 3


def test_from_looks_with_other_eyes(web: Program) -> None:
    """Bob has rated dan 4 and does not know what carol thinks, whom he rated 3 in another category."""
    data = web("score", "dan", "--from", "bob", "-c", "overall", "--json").data
    assert (data["viewpoint"], data["rows"][0]["score"]) == (BOB.did, 4.0)
    assert web("score", "dan", "--from", "zzz-nobody").exit == 66


def test_categories_do_not_leak(web: Program) -> None:
    """What was said of honesty is no answer about performance."""
    assert web("score", "carol", "--from", "bob", "-c", "honesty").exit == 0
    assert web("score", "carol", "--from", "bob", "-c", "performance").exit == 3


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_answers(web: Program, model: str) -> None:
    """And names itself; stars counts everybody's voice the same."""
    ran = web("score", "dan", "--model", model, "--json")
    assert (ran.exit, ran.data["model"]) == (0, model)
    if model == "stars":
        assert ran.data["rows"][0]["score"] == 3.0
        assert ran.data["rows"][0]["reputation"] == 50.0


def test_as_of_leaves_out_what_came_later(web: Program) -> None:
    """Before the first record nobody is known; by the records' own times, and it says so."""
    past = rfc3339(now() - 100 * DAY)
    ran = web("score", "dan", "--as-of", past)
    assert ran.exit == 3
    data = web("score", "carol", "--from", "bob", "--as-of", past, "--json").data
    assert (data["basis"], data["rows"][0]["score"]) == ("created", 3.0)


def test_weight_of_a_peer_stands_in_for_a_rating(me: Program) -> None:
    """A peer with a weight is listened to before they are rated."""
    me("import", "-", "-q", stdin=bundle(BOB.rates(DAN.did, 40)))
    me("peer", "add", "bob", BOB.did, "-q")
    assert me("score", DAN.did).exit == 3
    me("peer", "add", "bob", BOB.did, "--weight", "0.5", "-q")
    assert me("score", DAN.did, "--json").data["rows"][0]["score"] == 4.0


def test_stars_are_rounded_as_trustnet_does(me: Program) -> None:
    """4, 5, 3 and 4.5 stars average 4.125, shown as 4.1."""
    for person, value in ((BOB, 40), (CAROL, 50), (DAN, 30), (EVE, 45)):
        me("import", "-", "-q", stdin=bundle(person.rates("agent:x", value)))
    ran = me("score", "agent:x", "--model", "stars")
    assert ran.out.split("\t")[1] == "4.1"
    assert me("score", "agent:x", "--model", "stars", "--json").data["rows"][0]["score"] == 4.125


@pytest.mark.parametrize("command", [("score",), ("check", "--min", "5")])
@pytest.mark.parametrize(
    "options",
    [
        "",
        " --from bob --model eigentrust",
        " --model stars --hops 2 --human-only",
        " -c overall --as-of now-0h",
    ],
)
def test_the_next_command_asks_the_same(web: Program, command: tuple[str, ...], options: str) -> None:
    """`trust why` with the viewpoint, the model and all else that was given; it answers the same score."""
    ran = web(command[0], "dan", *command[1:], *options.split())
    assert ran.err.splitlines()[-1] == f"next:    trust why dan{options}"
    asked = ("dan", *options.split(), "--json")
    assert web("why", *asked).data["score"] == web("score", *asked).data["rows"][0]["score"]
