"""Why a score is what it is: voices, how they are reached, parts, facts and intervals, of every model."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.network_of_raters import DAY, ME, NOW, World, rating
from tests.unit.test_model_properties import crowd, honest, of
from trustcli.models import MODELS
from trustcli.models.appleseed import SPREAD
from trustcli.models.arrays import ARRAYS, RANK, Fitted, load
from trustcli.models.eigentrust import RESTART

if TYPE_CHECKING:
    from pathlib import Path

    from trustcli.records.envelope import Record

PARTS = {
    "bias": ["mean", "how it is rated", "how you rate"],
    "bias-unclipped": ["mean", "how it is rated", "how you rate"],
    "fairness": ["mean of its ratings", "unfair raters", "your fairness"],
    "goodness": ["mean of its ratings", "unfair raters"],
    "rev2": ["mean of its ratings", "unreliable ratings"],
    "subjective": ["belief", "disbelief"],
    "graperank": ["mean of what is said", "uncertainty"],
    "graperank-bounded": ["mean of what is said", "uncertainty"],
    "meritrank": ["visits", "one door", "shared out again", "your blame"],
    "advogato": ["more than 3 stars", "4 stars and more", "5 stars"],
    "fire": ["own experience", "witnesses", "references"],
    "random-neural": ["votes by praise", "taken by blame"],
    "eigentrust-plus": ["praise", "blame"],
}
"""Models that are a sum of factors (antcascade has the one that spoke, hybrid its own tests)."""

FACTS = {
    "beta-filtered": ["good", "bad", "voices dropped"],
    "fairness": ["your fairness"],
    "subjective": ["uncertainty"],
    "graperank": ["weight of voices", "certainty"],
    "graperank-bounded": ["weight of voices", "certainty"],
    "meritrank": ["share of visits by one door"],
    "tidaltrust": ["threshold", "hops"],
    "advogato": ["hops", "capacity"],
    "sybilrank": ["neighbours", "steps"],
    "fire": ["reliability of own experience", "reliability of witnesses", "reliability of references"],
}
INTERVALS = {"beta", "beta-filtered", "hybrid", "subjective", "bias", "antcascade"}
"""Models that know how little they know. A rank has no interval; the other means of ratings do not say."""

STRANGERS = {"fire"}
"""Models with the eyes of one that hear some whom praise does not lead to: references of the subject."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world of twenty people with two hundred ratings of one another."""
    made = World(tmp_path)
    made.hear(*people())
    return made


def people(category: str = "overall", seed: int = 12) -> list[Record]:
    """Return 200 ratings by twenty people and me, over the last ninety days."""
    dice = np.random.default_rng(seed)
    names = [ME, *(f"person-{number}" for number in range(20))]
    pairs = [(rater, subject) for rater in names for subject in names if rater != subject]
    return [
        rating(
            rater,
            subject,
            int(dice.integers(10, 51)) / 10,
            category,
            at=NOW - int(dice.integers(2, 90)) * DAY,
        )
        for rater, subject in (pairs[place] for place in dice.permutation(len(pairs))[:200].tolist())
    ]


def fits(name: str) -> list[tuple[Fitted, int, int, float]]:
    """Return (fitted, rater, subject, prediction) of some known pairs where something is predicted."""
    fitted = load(name).fit(crowd())
    pairs = [(rater, subject) for rater in range(0, 36, 5) for subject in range(36) if subject != rater]
    found = fitted.predict(*np.array(pairs).T)
    return [
        (fitted, *pair, value)
        for pair, value in zip(pairs, found.tolist(), strict=True)
        if not math.isnan(value) and (load(name).unit != RANK or value) and fitted.explain(*pair)
    ]


@pytest.mark.parametrize("name", [*PARTS, "antcascade"])
def test_parts_sum_to_what_is_predicted(name: str) -> None:
    """Each has its parts by name, in one order, and they add up to the prediction, before it is clipped."""
    asked = fits(name)
    assert len(asked) > 30
    for fitted, rater, subject, value in asked:
        parts = fitted.parts(rater, subject)
        total = math.fsum(part for _, part in parts)
        if name == "bias":
            total = max(-1.0, min(1.0, total))
        assert total == pytest.approx(value, abs=2e-6 if name == "meritrank" else 1e-9)
        if name in PARTS:
            assert [part for part, _ in parts] == PARTS[name]
        else:
            assert parts[0][0] in ("your own word", "friends", "their friends", "what friends hear")


def test_energy_of_appleseed_flows_in() -> None:
    """A voice weighs its energy times the share it passes on; 0.85 of all that comes to rest."""
    for fitted, rater, subject, value in fits("appleseed"):
        weights = dict(fitted.explain(rater, subject))
        if rater not in weights:
            assert SPREAD * math.fsum(weights.values()) == pytest.approx(value, rel=1e-6)


def test_shares_of_eigentrust_flow_in(world: World) -> None:
    """What flows in from the voices, once more by 1 − a, is the share of whoever is not the viewpoint."""
    answer = world.answer("person-4", model="eigentrust")
    assert answer.score.value == pytest.approx(
        (1 - RESTART) * math.fsum(term.weight for term in answer.terms), rel=1e-8
    )


@pytest.mark.parametrize("name", MODELS)
def test_every_model_says_why(world: World, name: str) -> None:
    """Voices that weigh something, reached by chains of praise from the viewpoint; parts, facts, interval."""
    praised = {
        (record.author, str(record.body["subject"]))
        for record in people()
        if int(str(record.body["value"])) > 30
    }
    inquiry = world.inquiry(model=name)
    known = [one for one in inquiry.everybody() if one.score.value]
    assert len(known) >= 5
    for one in known[:6]:
        answer = inquiry.about(one.subject).answer
        assert answer is not None
        assert answer.score.value == pytest.approx(one.score.value, abs=1e-9)
        assert answer.terms
        assert all(term.weight > 0 for term in answer.terms)
        for term in answer.terms:
            chain = [inquiry.reader.name(node) for node in term.path]
            assert chain[0] == inquiry.asked.viewpoint
            assert chain[-1] == inquiry.reader.name(term.rater)
            if name in ARRAYS and load(name).personal and name not in STRANGERS | {"hybrid"}:
                assert set(pairwise(chain)) <= praised
        if name in PARTS:
            assert [part for part, _ in answer.parts] == PARTS[name]
            base = 0.0 if load(name).unit == RANK else 3.0
            total = base + math.fsum(part for _, part in answer.parts)
            assert answer.score.value == pytest.approx(min(max(total, 1.0), 5.0) if base else total, abs=5e-6)
        names = [fact for fact, _ in answer.facts]
        assert names == FACTS.get(name, []) or (name == "tidaltrust" and names == ["hops"])
        assert all(math.isfinite(value) for _, value in answer.facts)
        assert (answer.score.deviation is not None) == (name in INTERVALS)


@pytest.mark.parametrize("name", MODELS)
def test_categories_and_times_are_the_views(tmp_path: Path, name: str) -> None:
    """Asked about a category as of a day, a model says what it would if there were nothing else."""
    then = NOW - 30 * DAY
    driving, cooking = people("driving"), people("cooking", 13)
    found = []
    for turn, heard in enumerate(([*driving, *cooking], [one for one in driving if one.created <= then])):
        (tmp_path / str(turn)).mkdir()
        world = World(tmp_path / str(turn))
        world.hear(*heard)
        inquiry = world.inquiry(model=name, category="driving", as_of=then)
        found.append([(one.subject.id, one.score._replace(subject=0)) for one in inquiry.everybody()])
        assert world.value("person-3", model=name, category="sailing") is None
        if turn == 0:
            later = world.inquiry(model=name, category="driving").everybody()
            assert [one.score.value for one in later] != [score.value for _, score in found[0]]
    assert found[0] == found[1]
    assert len(found[0]) >= 3


def test_nobody_gives_no_reasons() -> None:
    """Of a pair without a voice there are no parts that could mislead: the ledger asks for none."""
    fitted = load("tidaltrust").fit(of(honest()))
    assert math.isnan(fitted.predict(np.array([59]), np.array([5]))[0])
    assert fitted.explain(59, 5) == []


def test_the_best_of_the_shortest_chains() -> None:
    """Two hops by the stronger friend, not three by stronger ones; blame leads nowhere."""
    rows = [
        (0, 1, 0.5),
        (0, 2, 1.0),
        (0, 4, 1.0),
        (1, 3, 1.0),
        (2, 3, 0.8),
        (4, 5, 1.0),
        (5, 3, 1.0),
        (0, 6, -1.0),
    ]
    fitted = load("appleseed").fit(of([*rows, (6, 7, 1.0)]))
    chains = {voice: fitted.chain(0, voice) for voice in (0, 2, 3, 5, 7)}
    assert chains == {0: (0,), 2: (0, 2), 3: (0, 2, 3), 5: (0, 4, 5), 7: (0, 7)}
