"""Properties of rounds: sets of scores are a join semilattice, and what decides knows no order."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from trustcli import standing
from trustcli.rounds.agreement import Agreement
from trustcli.rounds.decision import decide
from trustcli.rounds.rules import DEFAULT, NEW
from trustcli.rounds.scores import Tally, join, local_score
from trustcli.rounds.values import Pick, Proposal, Score

KEYS = ("a", "b", "c", "d")
keys = st.sampled_from(KEYS)
proposals = st.sampled_from(("p", "q", "r"))
score_sets = st.dictionaries(st.tuples(proposals, keys), st.integers(0, 10_000), max_size=12)
tables = st.dictionaries(keys, st.integers(0, 10_000), max_size=4)
scores = st.builds(Score, st.just(7), proposals, keys, st.integers(0, 10_000), st.integers(1, 10))
picks = st.builds(Pick, st.just(7), keys, proposals, st.integers(0, 5))


@given(score_sets, score_sets, score_sets)
def test_join_is_commutative_associative_and_idempotent(
    a: dict[tuple[str, str], int], b: dict[tuple[str, str], int], c: dict[tuple[str, str], int]
) -> None:
    """Whoever has seen the same scores holds the same set, in whatever order and however often."""
    assert join(a, b) == join(b, a)
    assert join(a, join(b, c)) == join(join(a, b), c)
    assert join(a, a) == a
    assert join(a, {}) == a


@given(tables, st.lists(scores, max_size=30), st.integers())
def test_the_tally_is_the_join_weighed_exactly(table: dict[str, int], said: list[Score], seed: int) -> None:
    """The running sums equal the local scores of the joined set, whatever the order."""
    tally = Tally(7, table)
    joined: dict[tuple[str, str], int] = {}
    for one in Random(seed).sample(said, len(said)):
        tally.take(one)
        if table.get(one.signer, 0) > 0:
            joined = join(joined, {(one.proposal, one.signer): one.value})
    assert joined == tally.scores()
    for proposal in {proposal for proposal, _ in joined}:
        of_it = {signer: value for (about, signer), value in joined.items() if about == proposal}
        exact = local_score(of_it, table)
        assert exact * tally.whole == tally.sum(proposal)
        assert 0 <= exact <= 10_000


@given(tables, st.lists(scores, max_size=20), scores)
def test_one_more_score_never_lowers_a_local_score(
    table: dict[str, int], said: list[Score], more: Score
) -> None:
    """Local scores only rise: the paper's monotony."""
    tally = Tally(7, table)
    for one in said:
        tally.take(one)
    before = {one.proposal: tally.sum(one.proposal) for one in [*said, more]}
    verdict = tally.take(more)
    assert all(tally.sum(proposal) >= value for proposal, value in before.items())
    assert (verdict == NEW) or all(tally.sum(proposal) == value for proposal, value in before.items())


@given(tables, st.lists(picks, max_size=20), st.integers())
def test_announcements_weigh_the_same_in_any_order(
    table: dict[str, int], said: list[Pick], seed: int
) -> None:
    """Support depends on the set of announcements alone, and never exceeds the known weight."""
    found = []
    for order in (said, Random(seed).sample(said, len(said)), [*said, *said]):
        agreement = Agreement(7, "me", table)
        for pick in order:
            agreement.take(pick)
        found.append([agreement.support(proposal) for proposal in "pqr"])
    assert found[0] == found[1] == found[2]
    assert sum(part for part, _ in found[0]) <= found[0][0][1]


@given(tables, st.lists(scores, max_size=20), st.lists(picks, max_size=10), st.integers())
@settings(max_examples=60)
def test_a_decision_knows_no_order(
    table: dict[str, int], said: list[Score], heard: list[Pick], seed: int
) -> None:
    """The same statements give the same decision."""
    known = [Proposal(id_, 7, key) for id_, key in zip("pqr", KEYS, strict=False)]
    dice = Random(seed)
    one = decide(7, "me", table, "", known, said, heard, DEFAULT)
    for some in (known, said, heard):
        dice.shuffle(some)
    assert one == decide(7, "me", table, "", known, said, heard, DEFAULT)


observations = st.builds(
    standing.Observation,
    keys,
    st.sampled_from(sorted(standing.KINDS)),
    st.integers(0, 400 * standing.DAY),
    st.integers(0, 10_000),
    st.integers(1, 5),
)


@given(st.lists(observations, max_size=25), st.sampled_from(sorted(standing.RULESETS)), st.integers())
def test_standing_stays_in_range_and_knows_no_order(
    seen: list[standing.Observation], name: str, seed: int
) -> None:
    """From 0 to 10,000 always, and the same whatever order the observations are read in."""
    rules = standing.RULESETS[name]
    now = 500 * standing.DAY
    found = standing.standings(seen, now, rules)
    assert all(0 <= one.value <= standing.HIGHEST for one in found.values())
    assert found == standing.standings(Random(seed).sample(seen, len(seen)), now, rules)
