"""Standing: own observations and nothing else, by named rules."""

from __future__ import annotations

import pytest

from trustcli import standing
from trustcli.standing import (
    DAY,
    DOUBLE,
    FAIL,
    HIGHEST,
    OK,
    RULESETS,
    SCORE,
    Observation,
    established,
    interactions,
    standings,
)

NOW = 1_790_000_000_000
RULES = RULESETS[standing.DEFAULT]


def seen(kind: str, times: int = 1, at: int = NOW, subject: str = "bob", score: int = 0) -> list[Observation]:
    """Return the same observation several times."""
    return [Observation(subject, kind, at, score) for _ in range(times)]


def table(observed: list[Observation], now: int, rules: standing.Ruleset) -> dict[str, int]:
    """Return what rounds weigh by."""
    found = standings(observed, now, rules)
    return established({subject: one.value for subject, one in found.items()})


def test_nobody_observed_nobody_known() -> None:
    """Without observations there is no table."""
    assert table([], NOW, RULES) == {}


def test_good_raises_a_little_and_bad_costs_a_lot() -> None:
    """One success gains 2 % of what is missing; one failure takes a fifth of what is there."""
    assert table(seen(OK), NOW, RULES) == {"bob": 200}
    assert table(seen(OK, 2), NOW, RULES) == {"bob": 396}
    risen = table(seen(OK, 50), NOW, RULES)["bob"]
    assert risen - (risen * 2_000 + 9_999) // 10_000 == table(seen(OK, 50) + seen(FAIL), NOW, RULES)["bob"]


def test_on_and_off_does_not_pay() -> None:
    """A hundred good deeds, then ten bad ones: after five of them less than half is left."""
    good = table(seen(OK, 100), NOW, RULES)["bob"]
    bad = table(seen(OK, 100) + seen(FAIL, 5, NOW + 1), NOW + 1, RULES)["bob"]
    assert bad * 2 < good


def test_silence_fades_by_half_in_ninety_days_after_a_week() -> None:
    """The default rules forget: a week of grace, then half in ninety days, in the end all."""
    start = table(seen(OK, 200), NOW, RULES)["bob"]
    assert start == table(seen(OK, 200), NOW + 7 * DAY, RULES)["bob"]
    half = table(seen(OK, 200), NOW + 97 * DAY, RULES)["bob"]
    assert start // 2 == pytest.approx(half, rel=0.02)
    assert table(seen(OK, 200), NOW + 4_000 * DAY, RULES) == {}


def test_the_archive_rules_do_not_fade() -> None:
    """A rule set is chosen for what a network is for."""
    rules = RULESETS["archive"]
    assert table(seen(OK, 9), NOW, rules) == table(seen(OK, 9), NOW + 1_000 * DAY, rules)


def test_scores_pull_towards_themselves() -> None:
    """Interactions judged 3,000 bring a standing near 3,000, from below and from above."""
    low = table(seen(SCORE, 500, score=3_000), NOW, RULES)["bob"]
    high = table(seen(OK, 300) + seen(SCORE, 500, NOW + 1, score=3_000), NOW + 1, RULES)["bob"]
    assert 2_900 <= low <= 3_000 <= high <= 3_050


def test_a_double_statement_holds_at_nothing_for_its_time() -> None:
    """Proven contradiction: 0 at once, and good deeds do not count until the ban ends."""
    story = seen(OK, 100) + seen(DOUBLE, 1, NOW + DAY) + seen(OK, 50, NOW + 2 * DAY)
    assert table(story, NOW + 3 * DAY, RULES) == {}
    after = story + seen(OK, 1, NOW + 40 * DAY)
    assert table(after, NOW + 40 * DAY, RULES) == {"bob": 200}


def test_what_is_seen_later_does_not_count_yet() -> None:
    """As of a time means as of that time."""
    assert table(seen(OK) + seen(FAIL, 9, NOW + 1), NOW, RULES) == {"bob": 200}
    found = standings(seen(OK, 3), NOW, RULES)["bob"]
    assert (found.seen, found.last) == (3, NOW)


def test_reputation_has_a_price_in_interactions() -> None:
    """The mean reputation of a network takes 35 interactions by the default rules, 70 by the strict ones."""
    assert interactions(5_000, RULES) == 35
    assert next(n for n in range(99) if table(seen(OK, n), NOW, RULES).get("bob", 0) >= 5_000) == 35
    assert 69 <= interactions(5_000, RULESETS["strict"]) <= 70
    assert interactions(HIGHEST, RULES) == 2**53


def test_new_keys_are_no_part_of_the_table_however_many() -> None:
    """One interaction makes nobody established among old friends; a thousand such keys change nothing."""
    friends = {f"friend {index}": 5_000 for index in range(8)}
    crowd = {f"new {index}": 200 for index in range(1_000)}
    assert established(friends) == friends
    assert established(friends | {"new": 200, "gone": 0}) == friends
    assert established(friends | crowd) == friends
    assert established(crowd) == crowd


def test_beside_the_best_it_costs_six_interactions_to_be_established() -> None:
    """A key that stands at a tenth of the highest counts, one just below it does not."""
    friends = {"best": 10_000, "other": 5_000}
    assert "new" in established(friends | {"new": 1_000})
    assert "new" not in established(friends | {"new": 999})
    assert interactions(1_000, RULES) == 6


def test_acting_against_the_lots_costs_as_much_as_a_failure() -> None:
    """Eight rounds of it take what lay at the mean below a tenth of the highest: out of the table."""
    story = seen(SCORE, 400, score=5_000) + seen(SCORE, 400, score=HIGHEST, subject="best")
    for rounds, there in ((7, True), (8, False)):
        against = seen(standing.AGAINST, rounds, NOW + 1)
        assert ("bob" in table(story + against, NOW + 1, RULES)) is there


def test_acting_against_the_lots_twice_running_costs_all_whatever_follows() -> None:
    """Once is a fifth, or half; twice running nothing is left for a week or more, heartbeats or none."""
    story = seen(OK, 50) + seen(standing.AGAINST, at=NOW + 1)
    again = [*story, *seen(standing.AGAIN, at=NOW + 2)]
    heartbeats = [*again, *seen(standing.ANSWERED, 1_000, NOW + DAY)]
    for rules in RULESETS.values():
        assert table(story, NOW + 1, rules)["bob"] > 0
        assert table(again, NOW + 2, rules) == {}
        assert table(heartbeats, NOW + DAY, rules) == {}
        assert rules.ban[standing.AGAIN] >= 7
    after = NOW + 2 + RULES.ban[standing.AGAIN] * DAY
    assert table([*again, *seen(OK, at=after)], after, RULES) == {"bob": 200}
