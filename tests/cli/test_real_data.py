"""Real input: all ratings of the Bitcoin OTC web of trust, brought in by the bridge."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Program
from trustcli.cli import main

_ROWS = 35_592
_AT = "2016-01-25"  # the day of the last rating
_SEEN = ("--from", "otc:35", "--as-of", _AT)


@pytest.fixture(scope="session")
def otc(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, float]]:
    """A home with the whole data set, and the seconds it took; made once."""
    home = tmp_path_factory.mktemp("otc") / "home"
    words = [
        "bridge",
        "csv",
        str(shared / "data" / "soc-sign-bitcoinotc.csv"),
        "--system",
        "otc",
        "--scale=-10..10",
        "-q",
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUST_HOME", str(home))
        assert main(["keygen", "-q"]) == 0
        start = time.perf_counter()
        assert main(words) == 0
        yield home, time.perf_counter() - start


@pytest.fixture
def ask(trust: Program, otc: tuple[Path, float]) -> Program:
    """The program in that home."""
    trust.home = otc[0]
    return trust


def test_every_row_is_a_record(ask: Program, otc: tuple[Path, float]) -> None:
    """All 35,592, in well under a minute."""
    ledger = ask("status", "--json").data["ledger"]
    assert (ledger["records"], ledger["ratings"], ledger["own"]) == (_ROWS, _ROWS, _ROWS)
    assert otc[1] < 60


def test_bringing_it_again_adds_nothing(ask: Program, shared: Path) -> None:
    """The first thousand rows once more: all known."""
    rows = (shared / "data" / "soc-sign-bitcoinotc.csv").read_bytes().splitlines(keepends=True)[:1000]
    ran = ask("bridge", "csv", "-", "--system", "otc", "--scale=-10..10", "--json", stdin=b"".join(rows))
    assert (ran.data["added"], ran.data["known"]) == (0, 1000)


@pytest.mark.parametrize("viewpoint", ["otc:35", "otc:1", "otc:7"])
@pytest.mark.parametrize("subject", ["otc:1", "otc:2642", "otc:4172"])
def test_score_check_and_why_agree(ask: Program, viewpoint: str, subject: str) -> None:
    """The same number in all three, between its low and its high, from the voices that `why` lists."""
    seen = ("--from", viewpoint, "--as-of", _AT, "--json")
    ran = ask("score", subject, *seen)
    row = ran.data["rows"][0]
    why = ask("why", subject, *seen, "--limit", "1000")
    gate = ask("check", subject, *seen, "--min", "1")
    if viewpoint == subject:
        assert row["subject"] == subject
        return
    assert ran.exit == why.exit
    assert why.data["score"] == row["score"] == gate.data["observed"]["score"]
    if ran.exit == 3:
        assert (row["score"], gate.exit) == (None, 3)
        return
    assert row["low"] <= row["score"] <= row["high"]
    terms = why.data["terms"]
    assert len(terms) == why.data["terms_total"] == row["raters_reached"]
    mean = sum(term["weight"] * term["value"] for term in terms) / sum(term["weight"] for term in terms)
    assert mean == pytest.approx(row["score"], abs=1e-3)
    assert all(term["path"][0] == viewpoint for term in terms)


def test_the_founder_is_trusted_and_a_known_fraud_is_not(ask: Program) -> None:
    """As seen by user 35: the most rated trader passes, one of the worst rated does not."""
    assert ask("check", "otc:1", *_SEEN, "--min", "3.1").exit == 0
    worst = ask("score", *_SEEN, "--bottom", "1", "--json").data["rows"][0]
    assert worst["score"] < 2
    assert ask("check", worst["subject"], *_SEEN, "--min", "3").exit == 1


def test_unknown_has_a_hint(ask: Program) -> None:
    """A number nobody has: 3 and where else to ask."""
    ran = ask("score", "otc:999999", *_SEEN)
    assert ran.exit == 3
    assert "--from" in ran.err
    assert ask("check", "otc:999999", *_SEEN).exit == 3


def test_today_an_answer_or_the_reason_why_not(ask: Program) -> None:
    """Ten years later the ratings either still say something, or `why` says that they faded."""
    ran = ask("why", "otc:1", "--from", "otc:35", "--json")
    because = {one["because"] for one in ran.data["ignored"]}
    assert ran.exit == 0 or "faded" in because
    hint = ask("score", "otc:1", "--from", "otc:35").err
    assert ran.exit == 0 or "--as-of" in hint or "half_life_days" in hint


@pytest.mark.parametrize("form", ["dot", "mermaid", "graphml", "json", "svg", "html"])
def test_the_graph_around_a_trader(ask: Program, form: str) -> None:
    """One step around a trader who rated 31 others, in every format."""
    ran = ask("graph", "--from", "otc:923", "--as-of", _AT, "--depth", "1", "--format", form, "--json")
    assert (ran.exit, ran.data["nodes"]) == (0, 32)


def test_other_models_answer(ask: Program) -> None:
    """Everybody's mean, and personalised EigenTrust."""
    stars = ask("score", "otc:1", *_SEEN, "--model", "stars", "--json").data["rows"][0]
    assert stars["raters_reached"] > 100
    assert ask("score", *_SEEN, "--model", "eigentrust", "--top", "3").exit == 0


def _answers(trust: Program, at: str) -> list[str]:
    """Return what several questions as of a time are answered; the graph's viewpoint has few ratings."""
    seen = ("--from", "otc:35", "--as-of", at, "--json")
    small = ("--from", "otc:923", "--as-of", at, "--json")
    return [
        trust("score", "otc:1", "otc:7", *seen).out,
        trust("check", "otc:7", *seen).out,
        trust("why", "otc:7", *seen).out,
        trust("graph", "--depth", "1", *small).out,
        trust("score", "--model", "stars", "--bottom", "20", *seen).out,
        trust("score", "--model", "eigentrust", "--top", "20", *seen).out,
    ]


def test_a_date_in_2013_is_answered_by_the_records_own_times(ask: Program) -> None:
    """Nothing that was said later is in it, and the answer says how it was dated."""
    now = ask("score", "otc:1", *_SEEN, "--model", "stars", "--json").data
    then = ask(
        "score", "otc:1", "--from", "otc:35", "--as-of", "2013-01-01", "--model", "stars", "--json"
    ).data
    assert (then["as_of"], then["basis"]) == ("2013-01-01T00:00:00Z", "created")
    assert then["rows"][0]["raters_reached"] < now["rows"][0]["raters_reached"]
    assert then["rows"][0]["newest"] < "2013-01-01"
    why = ask("why", "otc:1", "--from", "otc:35", "--as-of", "2013-01-01", "--json").data
    assert {one["because"] for one in why["ignored"]} <= {
        "too_far",
        "no_weight",
        "superseded",
        "expired",
        "faded",
        "future",
    }


def test_an_old_answer_is_reproduced_byte_by_byte(ask: Program) -> None:
    """After more ratings were added the same question as of the same time has the same answer."""
    before = [_answers(ask, "2013-06-01"), _answers(ask, _AT)]
    moment = json.loads(ask("score", "otc:7", "--from", "otc:35", "--json").out)["data"]["as_of"]
    recent = _answers(ask, moment)
    time.sleep(0.002)  # times are whole milliseconds: what comes now arrives in a later one
    more = b"".join(b"%d,7,-10,%d\n" % (rater, 1_453_700_000 + rater) for rater in (35, 1, 2642, 4172))
    more += b"35,1,-10,1700000000\n"
    assert ask("bridge", "csv", "-", "--system", "otc", "--scale=-10..10", "-q", stdin=more).exit == 0
    assert _answers(ask, moment) == recent
    assert _answers(ask, "2013-06-01") == before[0]
    changed = ask("score", "otc:1", "--from", "otc:35", "--model", "stars", "--json").out
    assert not re.search(r'"newest":"201', changed)
