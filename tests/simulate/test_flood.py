"""The flood: how trust falls, who is alarmed, and how it comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import Program
from trustcli.cli import commands
from trustcli.models.adaptive import Care
from trustcli.simulate.flood import PEACE, Plan, on_off, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_trust_falls_and_comes_back(seed: int, slow: bool) -> None:
    """About 0.82 before, 0.31 at the end of a minute, 0.61 a minute later and 0.78 after two."""
    found = run(Plan(seed=seed, observers=300 if slow else 100))
    seen = [found.at(-1), found.at(60), found.at(120), found.at(180)]
    assert seen == [pytest.approx(trust, abs=0.05) for trust in (0.82, 0.31, 0.61, 0.78)]


def test_observers_flag_then_quarantine_then_clear() -> None:
    """Half of them within a quarter of the flood, the alert half a minute later, calm soon after its end."""
    found = run(Plan())
    dropped, alert, cleared = found.first("dropped"), found.first("alert"), found.first("cleared", since=60)
    assert dropped is not None
    assert alert is not None
    assert cleared is not None
    assert 0 < dropped < 15
    assert dropped + 30 <= alert < 60
    assert 60 < cleared < 70
    before = [one.flagged for one in found.curve if one.second < 0]
    assert max(before) <= 0.05


def test_extra_observation_ends_the_doubt_sooner() -> None:
    """Asked four times as often, a flagged peer is cleared in less time."""
    slowly, often = (
        run(Plan(observers=50, care=Care(closer=closer))).first("cleared", since=60) for closer in (1, 4)
    )
    assert slowly is not None
    assert often is not None
    assert often < slowly


def test_a_history_hides_the_flood_without_the_layer() -> None:
    """Plain Beta reputation of an hour moves by two hundredths."""
    found = run(Plan(observers=20))
    plain = [one.plain for one in found.curve]
    assert plain[0] == pytest.approx(PEACE, abs=0.01)
    assert min(plain) > 0.79


def test_the_same_seed_is_the_same_flood() -> None:
    """Twice the same; another seed differs, and more observers include the fewer."""
    small = Plan(observers=5)
    assert run(small) == run(small)
    assert run(small) != run(small._replace(seed=2))
    events = [event for event in run(small._replace(observers=8)).events if event.observer < 5]
    assert events == run(small).events


def test_a_weak_flood_is_no_alarm() -> None:
    """A peer that still answers nearly all is not punished."""
    found = run(Plan(strength=1.1, observers=50))
    assert found.first("alert") is None
    assert found.at(60) > 0.65


def test_an_on_off_attacker_gains_little() -> None:
    """Five bad acts at most, and more good ones than that to come back; a mean would take hundreds."""
    for share in (0.85, 0.95, 1.0):
        found = on_off(share=share)
        assert found.bad_acts is not None
        assert found.good_acts is not None
        assert found.bad_acts <= 5 < found.good_acts
        assert found.plain > 500
    blind = on_off(history=50, care=Care(falls=1e-12))
    assert blind.bad_acts is not None
    assert blind.bad_acts > 5


@pytest.fixture
def flood(trust: Program) -> Program:
    """The program, if it has the command."""
    if "simulate flood" not in commands.COMMANDS:
        pytest.skip("not in the table of contents")
    return trust


def test_the_command_shows_the_curve(flood: Program, tmp_path: Path) -> None:
    """A row every ten seconds, every second as JSON, and a picture with the flood in it."""
    path = tmp_path / "flood.svg"
    words = ("simulate", "flood", "--observers", "10")
    data = flood(*words, "--output", str(path), "--json").data
    assert [one["second"] for one in data["curve"]] == list(range(-60, 301))
    assert data["at_the_end"] == data["curve"][120]["trust"]
    assert data["on_off"]["bad_acts"] <= 5
    assert {event["what"] for event in data["events"]} == {"dropped", "alert", "cleared"}
    picture = path.read_text(encoding="utf-8")
    assert picture.count("<polyline") == 4
    assert ">flood</text>" in picture
    ran = flood(*words)
    assert len(ran.out.splitlines()) == 37
    assert "on-off attacker: below 0.5 after" in ran.err
    assert flood(*words, "--output", str(path)).exit == 73


@pytest.mark.parametrize(
    "words",
    [
        ("--seconds", "0"), ("--strength", "0.5"), ("--strength", "nan"), ("--strength", "inf"),
        ("--observers", "0"), ("--threshold", "0"), ("--threshold", "1"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(flood: Program, words: tuple[str, str]) -> None:
    """Exit 2."""
    assert flood("simulate", "flood", *words).exit == 2
