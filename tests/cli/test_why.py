"""`trust why`: whose ratings count, by which path and weight; which do not, and why not."""

from __future__ import annotations

import pytest

from tests.cli.people import BOB, CAROL, DAN, DAY, EVE, bundle, now
from tests.conftest import Program
from trustcli.models import MODELS
from trustcli.view import BECAUSE


@pytest.fixture
def web(me: Program) -> Program:
    """Me → bob 5 → dan 4; carol, whom nobody trusts, → dan 1."""
    me("peer", "add", "bob", BOB.did, "-q")
    me("peer", "add", "dan", DAN.did, "-q")
    me("rate", "bob", "5", "-q")
    me("import", "-", "-q", stdin=bundle(BOB.rates(DAN.did, 40), CAROL.rates(DAN.did, 10)))
    return me


def test_terms_name_rater_path_weight_and_records(web: Program) -> None:
    """Each voice with the chain that leads to it, and the record to look up."""
    data = web("why", "dan", "--json").data
    (term,) = data["terms"]
    assert (term["rater"], term["name"], term["path"], term["value"]) == (BOB.did, "bob", ["me", "bob"], 4.0)
    assert (0 < term["weight"] <= 1, term["share"], data["terms_total"]) == (True, 1.0, 1)
    assert web("show", term["records"][0], "--json").data["body"]["value"] == 40
    assert data["score"] == web("score", "dan", "--json").data["rows"][0]["score"]


def test_a_stranger_is_ignored_and_it_says_so(web: Program) -> None:
    """With the record and one reason of the closed list."""
    (one,) = web("why", "dan", "--json").data["ignored"]
    assert (one["rater"], one["because"], one["meaning"]) == (CAROL.did, "too_far", BECAUSE["too_far"])
    assert web("show", one["record"], "--json").data["author"] == CAROL.did


def _because(trust: Program, subject: str, *words: str) -> list[str]:
    return [one["because"] for one in trust("why", subject, *words, "--json").data["ignored"]]


def test_each_reason_to_ignore_is_told(me: Program) -> None:
    """Revoked, expired, superseded, blocked, future, retired, machine, no weight, untrusted bridge."""
    me("rate", BOB.did, "5", "-q")
    later, before = now() + 600_000, now() - DAY
    revoked = BOB.rates("agent:revoked", 40)
    me("import", "-", "-q", stdin=bundle(
        revoked,
        BOB.rates("agent:expired", 40, created=before, expires=before + 1000),
        BOB.rates("agent:superseded", 40, created=before), BOB.rates("agent:superseded", 30),
        BOB.rates("agent:future", 40, created=later),
        BOB.rates("agent:machine", 40, via={"agent": "gpt", "guided": False}),
        DAN.rates("agent:bridge", 40, rater="otc:1"),
        CAROL.rates("agent:blocked", 40), EVE.rates("agent:weightless", 40),
    ))  # fmt: skip
    record = me("log", "agent:revoked", "--json").data["records"][0]["record"].removeprefix("sha256:")
    me("import", "-", "-q", stdin=bundle(BOB.says("revocation", record=record)))
    me("rate", CAROL.did, "5", "-q")
    me("peer", "block", CAROL.did, "-q")
    me("rate", EVE.did, "1", "-q")
    assert _because(me, "agent:revoked") == ["revoked"]
    assert _because(me, "agent:expired") == ["expired"]
    assert _because(me, "agent:superseded") == ["superseded"]
    assert _because(me, "agent:future") == ["future"]
    assert _because(me, "agent:machine", "--human-only") == ["machine"]
    assert _because(me, "agent:bridge") == ["untrusted_bridge"]
    assert _because(me, "agent:blocked") == ["blocked"]
    assert _because(me, "agent:weightless") == ["no_weight"]
    me(
        "import",
        "-",
        "-q",
        stdin=bundle(BOB.says("key", action="retire"), BOB.rates("agent:retired", 40, created=now() + 2)),
    )
    assert _because(me, "agent:retired") == ["retired"]


def test_unknown_is_3_with_a_hint(web: Program) -> None:
    """And the reasons why what is there does not count."""
    web("import", "-", "-q", stdin=bundle(CAROL.rates("agent:x", 50)))
    ran = web("why", "agent:x", "--json")
    assert (ran.exit, ran.data["score"], ran.data["terms"], ran.data["ignored_total"]) == (3, None, [], 1)
    assert "--from" in web("why", "agent:x").err


def test_the_limit_cuts_and_says_so(web: Program) -> None:
    """The totals stay right; the note names the option that shows all."""
    for _ in range(3):
        web("rate", "bob", "5", "-q")
    data = web("why", "bob", "--limit", "1", "--json").data
    assert (len(data["ignored"]), data["ignored_total"]) == (1, 3)
    assert "--limit 3" in web("why", "bob", "--limit", "1").err
    assert web("why", "bob", "--limit", "-1").exit == 2
    everything = web("why", "bob", "--limit", "0", "--json").data
    assert (len(everything["terms"]), len(everything["ignored"])) == (
        everything["terms_total"], everything["ignored_total"],
    )  # fmt: skip


def test_rows_are_plain_lines(web: Program) -> None:
    """Score, what counts, how sure it is, what is ignored."""
    rows = [line.split("\t") for line in web("why", "dan").out.splitlines()]
    assert [row[0] for row in rows] == ["score", "counts", "interval", "ignored"]
    assert rows[1][1] == "me → bob"


@pytest.mark.parametrize(("words", "code"), [((), 2), (("zzz-nobody",), 66), (("bob", "dan"), 2)])
def test_one_subject_is_needed(web: Program, words: tuple[str, ...], code: int) -> None:
    """None, unknown, or two."""
    assert web("why", *words).exit == code


@pytest.mark.parametrize("model", MODELS)
def test_every_model_says_why(web: Program, model: str) -> None:
    """In a pipe and as JSON: whose voices by which path, what factors add, what else decided."""
    rows = [line.split("\t") for line in web("why", "dan", "--model", model).out.splitlines()]
    data = web("why", "dan", "--model", model, "--json").data
    kinds = [row[0] for row in rows]
    assert kinds[:2] == ["score", "counts"]
    assert "me → bob" in [row[1] for row in rows]
    unit = data["unit"]
    assert [(one["factor"], f"{one[unit]:+.{2 if unit == 'stars' else 4}f}") for one in data["parts"]] == [
        tuple(row[1:]) for row in rows if row[0] == "part"
    ]
    assert [one["name"] for one in data["facts"]] == [row[1] for row in rows if row[0] == "fact"]
    assert (data["deviation"] is not None) == ("interval" in kinds)
    if unit == "stars" and data["parts"]:
        assert data["score"] == pytest.approx(3 + sum(one["stars"] for one in data["parts"]), abs=1e-5)
