"""Rounds: scores weighed exactly, proposals by lot, final synchronisation, blocks, evidence, audit."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

import pytest

from trustcli.errors import RecordRefused
from trustcli.records import crypto, did
from trustcli.records import evidence as evidence_kind
from trustcli.records.envelope import Record
from trustcli.rounds import blocks, evidence
from trustcli.rounds.agreement import Agreement
from trustcli.rounds.audit import Line, Stored, audit
from trustcli.rounds.decision import decide
from trustcli.rounds.lots import lot
from trustcli.rounds.round import Round, fold
from trustcli.rounds.rules import (
    DEFAULT,
    DOUBLE_PROPOSAL,
    FOREIGN_ROUND,
    HALF,
    KNOWN,
    LOTS,
    LOWER,
    MORE_THAN_TWO_THIRDS,
    NEW,
    OWN_PROPOSAL,
    SCORE_RANGE,
    SCORED_BY_ONE,
    TOO_MANY,
    TWO_THIRDS,
    UNKNOWN_PROPOSER,
    UNKNOWN_SIGNER,
    VERDICTS,
    WAITING,
    WEIGHTED,
    Rules,
    cut_after,
    reached,
)
from trustcli.rounds.scores import Tally, local_score
from trustcli.rounds.values import Pick, Proposal, Score, pick_of, proposal_of, score_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trustcli.records.canonical import Json

TABLE = {"a": 2677, "b": 7906, "c": 3845}
NOW = 1_790_000_000_000
GONE = "take this field away"
BATCH: dict[str, Json] = {"height": 0, "previous": "0" * 64}
NOTHING: dict[str, Json] = {"records": 0, "digest": "0" * 64}
SEEDS = {name: bytes([number]) * 32 for number, name in enumerate("abcdefg", 1)}
DIDS = {name: did.did_of(crypto.public_key(seed)) for name, seed in SEEDS.items()}


def seal(name: str, kind: str, body: dict[str, Json], at: int = NOW) -> Record:
    """Return a signed record of one of the test's people."""
    return Record.seal(
        net="main", kind=kind, author=DIDS[name], created=at, body=body, sign=crypto.signer(SEEDS[name])
    )


def text(name: str, words: str, number: int = 7) -> Record:
    """Return a proposal record."""
    return seal(name, "proposal", {"round": number, "text": words, "score": 5_000})


def score(name: str, proposal: Record, value: int, step: int = 1) -> Record:
    """Return a score record."""
    return seal(name, "score", {"round": 7, "proposal": proposal.id, "value": value, "step": step})


def first_by_lot(names: Sequence[str], number: int = 7, before: str = "") -> str:
    """Return the name that the lots put first."""
    return min(names, key=lambda name: lot(number, before, name))


# ---------------------------------------------------------------- scores


def test_the_papers_example_is_771_3_and_not_777_3() -> None:
    """Σ score × reputation / Σ reputation is 11,128,550 / 14,428; rounded weights would give 777.3."""
    found = local_score({"a": 500, "b": 1000, "c": 490}, TABLE)
    assert Fraction(11_128_550, 14_428) == found
    assert f"{float(found):.1f}" == "771.3"
    rounded = {name: round(weight / 14_428, 2) for name, weight in TABLE.items()}
    assert pytest.approx(777.3) == 500 * rounded["a"] + 1000 * rounded["b"] + 490 * rounded["c"]
    assert pytest.approx(1.01) == sum(rounded.values())


def test_unknown_and_missing_signers_count_nothing_but_the_table_counts_whole() -> None:
    """A stranger's 10,000 adds 0, and a known key that is silent still dilutes."""
    assert Fraction(500 * 2677, 14_428) == local_score({"a": 500, "stranger": 10_000}, TABLE)
    assert Fraction(0) == local_score({"a": 500}, {})


def test_scores_are_refused_each_with_its_code() -> None:
    """Overflow, negative, 10,001, unknown signer, foreign round, replay, lower: none changes a sum."""
    tally = Tally(7, TABLE)
    assert tally.take(Score(7, "p", "a", 500)) == NEW
    expected = {
        2**32 - 1: SCORE_RANGE, 10_001: SCORE_RANGE, -1: SCORE_RANGE, 500: KNOWN, 499: LOWER
    }  # fmt: skip
    for value, code in expected.items():
        assert code == tally.take(Score(7, "p", "a", value)), value
    assert tally.take(Score(7, "p", "x", 9_000)) == UNKNOWN_SIGNER
    assert tally.take(Score(8, "p", "a", 9_000)) == FOREIGN_ROUND
    assert tally.sum("p") == 500 * 2677
    assert tally.take(Score(7, "p", "a", 10_000)) == NEW
    assert tally.sum("p") == 10_000 * 2677


def test_nobody_scores_its_own_proposal_whichever_comes_first() -> None:
    """A proposer's score of its own proposal is refused, or dropped when the proposal comes later."""
    for score_first in (False, True):
        found = Round(7, "me", TABLE)
        steps = [lambda found=found: found.take_proposal(Proposal("p", 7, "a")),
                 lambda found=found: found.take_score(Score(7, "p", "a", 10_000))]  # fmt: skip
        codes = [step() for step in (reversed(steps) if score_first else steps)]
        assert NEW in codes
        assert score_first or codes[1] == OWN_PROPOSAL
        assert Fraction(5_000 * 2677, 14_428) == found.local_score("p")


def test_every_verdict_has_its_words() -> None:
    """What `take` may answer is a closed list with an explanation each."""
    codes = {NEW, KNOWN, LOWER, SCORE_RANGE, UNKNOWN_SIGNER, FOREIGN_ROUND, OWN_PROPOSAL, UNKNOWN_PROPOSER}
    assert codes | {DOUBLE_PROPOSAL, TOO_MANY} <= set(VERDICTS)


def test_base_score_and_self_score_rank_alike() -> None:
    """A proposal that its proposer scored 5,000, and one that receivers give 5,000, are worth the same."""
    winners = []
    for own in (5_000, None):
        rules = Rules(opinion=WEIGHTED)
        found = Round(7, "me", TABLE, rules=rules)
        for key in "abc":
            found.take_proposal(Proposal(f"by {key}", 7, key, own))
        winners.append((found.winner(), found.local_score("by a"), found.local_score("by b")))
    assert winners[0] == winners[1]
    assert winners[0][0] == "by b"


def test_a_signer_has_room_for_its_highest_scores_in_whatever_order() -> None:
    """Of more than 16 scores by one key the 16 highest stay, the same in any order."""
    given = [Score(7, f"p{index:02}", "a", 100 + index) for index in range(40)]
    kept = []
    for seed in range(20):
        tally = Tally(7, TABLE)
        for one in Random(seed).sample(given, len(given)):
            assert tally.take(one) in (NEW, TOO_MANY)
        kept.append(tally.scores())
    assert len(kept[0]) == SCORED_BY_ONE
    assert all(kept[0] == other for other in kept)
    assert {("p39", "a"), ("p24", "a")} <= set(kept[0])


# ---------------------------------------------------------------- the round


def test_who_made_two_counts_in_no_order_where_strangers_crowd() -> None:
    """One of two proposals may be turned away for want of room: the other does not count for that."""
    crowd = [Proposal(f"p{index}", 7, f"s{index}") for index in range(3 * WAITING)]
    behind = [Score(7, "one", key, 10_000) for key in TABLE]
    alone = {fold(7, "me", TABLE, [*crowd, Proposal("one", 7, "x")], behind).winner()}
    found = set()
    for seed in range(200):
        two = [*crowd, Proposal("one", 7, "x"), Proposal("two", 7, "x")]
        found.add(fold(7, "me", TABLE, Random(seed).sample(two, len(two)), behind).winner())
    assert (alone, found) == ({"one"}, {None})


def test_a_thousand_orders_of_arrival_give_one_winner() -> None:
    """Whatever comes first, even strangers whom only scores make count, the winner is the same."""
    dice = Random(5)
    table = {f"k{index}": dice.randrange(1, 10_000) for index in range(8)}
    proposals = [Proposal(f"by {key}", 7, key) for key in [*table, "s1", "s2", "s3"]]
    proposals.append(Proposal("again by k3", 7, "k3"))
    scores = [
        Score(7, proposal.id, key, dice.randrange(10_001), step)
        for proposal in proposals for key in table for step in (5, 6)
    ]  # fmt: skip
    expected = fold(7, "me", table, proposals, scores, done=True).winner()
    for seed in range(1_000):
        said: list[Proposal | Score] = [*proposals, *scores]
        Random(seed).shuffle(said)
        found = Round(7, "me", table)
        for one in said:
            (found.take_proposal if isinstance(one, Proposal) else found.take_score)(one)  # type: ignore[arg-type]
        assert [id_ for id_ in found.missing() if id_ not in ("by k3", "again by k3")] == []
        assert expected == found.winner(), seed


def test_equal_scores_go_to_the_lowest_id_on_every_node() -> None:
    """Without any score between them the lowest hash wins, not what came first."""
    first = first_by_lot("ab")
    for opinion in (LOTS, WEIGHTED):
        for seed in range(50):
            rules = Rules(opinion=opinion, levels=(10_000, 5_000))  # what is second counts for 5,000 too
            found = Round(7, "me", {"a": 5, "b": 5}, rules=rules)
            for key in Random(seed).sample(["a", "b"], 2):
                found.take_proposal(Proposal("20" if key == first else "1f", 7, key))
            assert found.winner() == "1f"


def test_ten_thousand_strangers_cost_no_memory_and_change_nothing() -> None:
    """Proposals that nobody known stands behind are dropped but for a few; the honest winner stays."""
    found = Round(7, "me", TABLE)
    for key in TABLE:
        found.take_proposal(Proposal(f"by {key}", 7, key))
    expected = found.winner()
    tracemalloc.start()
    try:
        for index in range(2_000):
            found.take_proposal(Proposal(f"spam {index}", 7, f"stranger {index}"))
            found.take_score(Score(7, f"spam {index}", f"stranger {index + 1}", 10_000))
        before, _ = tracemalloc.get_traced_memory()
        codes = [
            found.take_proposal(Proposal(f"spam {index}", 7, f"stranger {index}"))
            for index in range(2_000, 10_000)
        ]
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert UNKNOWN_PROPOSER in codes
    assert len(found.field) <= 3 + 16
    assert after - before < 8_000 * 8 + 20_000  # the list of codes, and noise
    assert expected == found.winner()


def test_two_proposals_of_one_key_count_as_none() -> None:
    """Who proposes twice in a round is out of it, whichever came first and however often it comes again."""
    found = Round(7, "me", TABLE)
    assert found.take_proposal(Proposal("p", 7, "a")) == NEW
    assert found.take_proposal(Proposal("p", 7, "a")) == KNOWN
    assert found.take_proposal(Proposal("q", 7, "a")) == DOUBLE_PROPOSAL
    assert found.take_proposal(Proposal("p", 7, "a")) == DOUBLE_PROPOSAL
    assert found.winner() is None
    assert found.take_proposal(Proposal("r", 8, "b")) == FOREIGN_ROUND


def test_a_stranger_counts_when_two_known_keys_stand_behind_it() -> None:
    """One voucher is not enough where others carry something; two are."""
    found = Round(7, "me", {**TABLE, "d": 1})
    found.take_proposal(Proposal("s", 7, "stranger"))
    found.take_score(Score(7, "s", "a", 10_000))
    assert found.winner() is None
    found.take_score(Score(7, "s", "b", 10_000))
    assert found.winner() == "s"


def test_what_is_published_is_the_same_whatever_the_table() -> None:
    """Two nodes that know the same keys, one well and one badly, sign the same scores."""
    said = []
    for weights in ((1, 9_999, 5), (7_000, 3, 10_000)):
        found = Round(7, "me", dict(zip("abc", weights, strict=True)))
        for key in "abc":
            found.take_proposal(Proposal(f"by {key}", 7, key))
        given = [found.scoring() for _ in range(DEFAULT.scorings)]
        assert found.is_over()
        said.append(given)
    assert said[0] == said[1]
    ordered = sorted("abc", key=lambda key: lot(7, "", key))
    values = {one.proposal: one.value for step in said[0] for one in step}
    assert [values[f"by {key}"] for key in ordered] == [10_000, 2_500, 625]


def test_the_papers_opinion_is_the_own_local_score_and_rises() -> None:
    """With `weighted`, a node signs its truncated local score, again when it rose by ten, never its own."""
    found = Round(7, "me", TABLE, rules=Rules(opinion=WEIGHTED))
    found.take_proposal(Proposal("p", 7, "a"))
    found.take_proposal(Proposal("mine", 7, "me"))
    assert [Score(7, "p", "me", 5_000 * 2677 // 14_428, 1)] == found.scoring()
    found.take_score(Score(7, "p", "c", 10))
    assert found.scoring() == []
    found.take_score(Score(7, "p", "c", 1_000))
    assert [Score(7, "p", "me", (5_000 * 2677 + 1_000 * 3845) // 14_428, 3)] == found.scoring()


def test_more_than_the_lot_is_worth_counts_no_more() -> None:
    """A coalition that gives 10,000 to what is second by lot does not beat what the others carry."""
    table = {f"k{index}": 100 for index in range(5)}
    ordered = sorted(table, key=lambda key: lot(7, "", key))
    found = Round(7, "me", table)
    for key in table:
        found.take_proposal(Proposal(f"by {key}", 7, key))
    for key in ordered[2:4]:
        found.take_score(Score(7, f"by {ordered[0]}", key, 10_000))
    for key in (ordered[0], ordered[2], ordered[4]):
        found.take_score(Score(7, f"by {ordered[1]}", key, 10_000))
    assert f"by {ordered[0]}" == found.winner()


def test_late_proposals_are_not_scored() -> None:
    """What comes after the listening is kept, but this node gives it nothing: no last look."""
    found = Round(7, "me", TABLE)
    first = first_by_lot("abc")
    others = [key for key in "abc" if key != first]
    for key in others:
        found.take_proposal(Proposal(f"by {key}", 7, key))
    for _ in range(DEFAULT.listen + 1):
        found.scoring()
    found.take_proposal(Proposal(f"by {first}", 7, first))
    given = {one.proposal for _ in range(5) for one in found.scoring()}
    assert f"by {first}" not in given


def test_lots_hang_on_the_key_the_round_and_the_last_winner() -> None:
    """What is proposed does not move a lot; who proposed the last winner moves all of them."""
    assert len(lot(7, "", "a")) == 32
    assert len({lot(7, "", "a"), lot(8, "", "a"), lot(7, "b", "a"), lot(7, "", "b")}) == 4


def test_other_numbers_of_scorings_keep_the_proportions() -> None:
    """A cut after 20 listens for 6 and is patient for 16."""
    rules = cut_after(DEFAULT, 20)
    assert (rules.scorings, rules.listen, rules.patience) == (20, 6, 16)


# ---------------------------------------------------------------- agreement


@pytest.mark.parametrize(
    ("nodes", "votes", "expected"),
    [(3, 2, (False, True, True)), (3, 3, (True, True, True)), (6, 4, (False, True, True)),
     (9, 6, (False, True, True)), (4, 3, (True, True, True)), (4, 2, (False, False, False)),
     (0, 0, (False, False, False))],
)  # fmt: skip
def test_finality_rules(nodes: int, votes: int, expected: tuple[bool, bool, bool]) -> None:
    """More than two thirds, two thirds, more than half: they differ at 3, 6 and 9 equal nodes."""
    rules = (MORE_THAN_TWO_THIRDS, TWO_THIRDS, HALF)
    assert expected == tuple(reached(rule, votes, nodes) for rule in rules)


def test_the_own_pick_is_not_counted() -> None:
    """A node changes over to what its neighbours hold, although it announced something else itself."""
    agreement = Agreement(7, "me", {"a": 3, "b": 4, "me": 100})
    assert Pick(7, "me", "mine", 0) == agreement.start("mine")
    assert agreement.take(Pick(7, "me", "mine")) == UNKNOWN_SIGNER
    assert agreement.take(Pick(7, "b", "theirs")) == NEW
    assert Pick(7, "me", "theirs", 1) == agreement.settle()
    assert agreement.support("theirs") == (4, 7)
    assert not agreement.is_final()
    agreement.take(Pick(7, "a", "theirs"))
    assert agreement.is_final()


def test_who_speaks_first_is_not_followed_while_most_are_silent() -> None:
    """A patient node waits until more than two thirds of the known weight has announced."""
    agreement = Agreement(7, "me", {"a": 3, "b": 3, "c": 3})
    agreement.start("mine")
    agreement.take(Pick(7, "a", "theirs"))
    assert agreement.settle(patient=True) is None
    agreement.take(Pick(7, "b", "mine"))
    agreement.take(Pick(7, "c", "mine"))
    assert agreement.settle(patient=True) is None
    assert agreement.winner == "mine"


def test_announcements_count_by_turn_in_any_order() -> None:
    """The highest turn of a key counts; of two in one turn the lower proposal, whichever came first."""
    said = [Pick(7, "a", "x", 0), Pick(7, "a", "z", 2), Pick(7, "a", "y", 2), Pick(7, "b", "z", 1)]
    for seed in range(50):
        agreement = Agreement(7, "me", {"a": 3, "b": 4})
        for pick in Random(seed).sample(said, len(said)):
            assert agreement.take(pick) in (NEW, LOWER, KNOWN)
        assert tuple(map(agreement.support, "xyz")) == ((0, 7), (3, 7), (4, 7))
    assert agreement.take(Pick(7, "a", "x", 99)) == TOO_MANY
    assert agreement.take(Pick(8, "a", "x", 3)) == FOREIGN_ROUND


# ---------------------------------------------------------------- records


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        ("proposal", {"text": GONE}, "bad_body"),
        ("proposal", {"digest": "0" * 64}, "bad_body"),
        ("proposal", {"score": 4_999}, "score_range"),
        ("proposal", {"round": -1}, "bad_body"),
        ("proposal", {"extra": 1}, "unknown_field"),
        ("proposal", {"text": GONE, "batch": {**BATCH, "transactions": []}}, "bad_body"),
        ("proposal", {"text": GONE, "batch": {**BATCH, "transactions": ["1" * 64, "1" * 64]}}, "bad_body"),
        ("proposal", {"ext": {"blob": "x" * 30_000}}, "too_big"),
        ("score", {"value": 10_001}, "score_range"),
        ("score", {"value": -1}, "score_range"),
        ("score", {"value": 2**32 - 1}, "score_range"),
        ("score", {"value": True}, "bad_body"),
        ("score", {"step": GONE}, "bad_body"),
        ("winner", {"evidence": {"records": 1}}, "bad_body"),
        ("winner", {"turn": -1}, "bad_body"),
    ],
)  # fmt: skip
def test_what_a_round_does_not_take_is_refused_at_the_record(
    kind: str, change: dict[str, Json], code: str
) -> None:
    """Each wrong field has its code, before anything is folded."""
    bodies: dict[str, dict[str, Json]] = {
        "proposal": {"round": 7, "text": "hello"},
        "score": {"round": 7, "proposal": "0" * 64, "value": 1, "step": 1},
        "winner": {"round": 7, "proposal": "0" * 64, "turn": 0, "evidence": NOTHING},
    }  # fmt: skip
    seal("a", kind, bodies[kind])
    body = {name: value for name, value in {**bodies[kind], **change}.items() if value != GONE}
    with pytest.raises(RecordRefused) as refused:
        seal("a", kind, body)
    assert code == refused.value.code


def test_records_become_the_values_they_say() -> None:
    """Proposal, score and announcement read back what was signed."""
    proposal = text("a", "hello")
    assert Proposal(proposal.id, 7, DIDS["a"], 5_000) == proposal_of(
        proposal.id, proposal.author, proposal.body
    )
    given = score("b", proposal, 9_000, 4)
    assert Score(7, proposal.id, DIDS["b"], 9_000, 4) == score_of(given.author, given.body)
    body: dict[str, Json] = {
        "round": 7, "proposal": proposal.id, "turn": 2, "evidence": {"records": 0, "digest": "0" * 64}
    }  # fmt: skip
    assert Pick(7, DIDS["b"], proposal.id, 2) == pick_of(DIDS["b"], body)


# ---------------------------------------------------------------- evidence


def test_double_proposals_and_scores_prove_themselves() -> None:
    """The two signed records travel whole; anybody verifies them offline, whoever sends them."""
    one, other = text("a", "this"), text("a", "that")
    proposal = text("b", "b's")
    low, high = score("a", proposal, 1, 3), score("a", proposal, 2, 3)
    fine = score("a", proposal, 5, 4)
    pairs = evidence.contradictions([one, other, proposal, low, high, fine])
    assert len(pairs) == 2
    for pair in pairs:
        record = seal("g", "evidence", evidence.body(pair))
        again = Record.parse(record.line, net="main")
        assert {one.id for one in pair} == {one.id for one in evidence_kind.records(again.body)}
    offences = {evidence.body(pair)["offence"] for pair in pairs}
    assert {"double-proposal", "double-score"} == offences


def test_two_of_the_largest_proposals_fit_into_evidence() -> None:
    """No statement of a round is too large for its own proof."""
    ids: list[Json] = [f"{number:064x}" for number in range(400)]
    bodies: list[dict[str, Json]] = [
        {"round": 7, "batch": {"height": height, "previous": "f" * 64, "transactions": ids},
         "ext": {"pad": "x" * 2_000}} for height in (1, 2)
    ]  # fmt: skip
    pair = evidence.contradictions([seal("a", "proposal", body) for body in bodies])[0]
    assert seal("b", "evidence", evidence.body(pair)).body["offence"] == "double-proposal"


def test_evidence_that_proves_nothing_is_refused() -> None:
    """Other authors, other rounds, the same record twice, the wrong offence, a forged signature."""
    one, other = text("a", "this"), text("a", "that")
    good = evidence.body((one, other))
    foreign = evidence.body((text("b", "x"), text("b", "y")))
    mine, theirs = good["first"], foreign["first"]
    assert isinstance(mine, dict)
    assert isinstance(theirs, dict)
    forged: dict[str, Json] = {**good, "first": {**mine, "sig": theirs["sig"]}}
    elsewhere = [evidence.body((one, other)) for _ in range(3)]
    elsewhere[0]["second"] = theirs
    elsewhere[1]["second"] = elsewhere[1]["first"]
    elsewhere[2]["first"], elsewhere[2]["second"] = elsewhere[2]["second"], elsewhere[2]["first"]
    for body in (forged, *elsewhere, {**good, "offence": "double-score"}):
        with pytest.raises(RecordRefused):
            seal("g", "evidence", body)
    assert evidence.contradictions([one, text("b", "that"), text("a", "that", 8)]) == []


# ---------------------------------------------------------------- blocks


def test_a_batch_is_the_block_of_its_height() -> None:
    """Height, time, transactions, previous hash, hash, proposer, votes; another time is another hash."""
    body: dict[str, Json] = {
        "round": 7, "batch": {"height": 3, "previous": "a" * 64, "transactions": ["b" * 64]}
    }  # fmt: skip
    block = blocks.block_of(DIDS["a"], NOW, body, [DIDS["c"], DIDS["b"]])
    assert block is not None
    assert (3, NOW, ("b" * 64,), "a" * 64, DIDS["a"]) == (
        block.height, block.time, block.transactions, block.previous, block.proposer
    )  # fmt: skip
    assert tuple(sorted([DIDS["b"], DIDS["c"]])) == block.votes
    later = blocks.block_of(DIDS["a"], NOW + 1, body)
    assert later is not None
    assert later.hash != block.hash
    assert blocks.block_of(DIDS["a"], NOW, {"round": 7, "text": "no batch"}) is None


def test_a_block_follows_the_one_before_it_or_as_many_as_may_have_been_missed() -> None:
    """The next height with its hash; a greater one only where as many rounds lie between."""
    chain: list[blocks.Block] = []
    for height in range(3):
        previous = chain[-1].hash if chain else blocks.FIRST
        body: dict[str, Json] = {
            "batch": {"height": height, "previous": previous, "transactions": [f"{height:064x}"]}
        }
        block = blocks.block_of(DIDS["a"], NOW + height, body)
        assert block is not None
        assert blocks.follows(block, chain[-1] if chain else None, 1)
        chain.append(block)
    first, second, third = chain
    assert not blocks.follows(second, first._replace(hash="0" * 64), 1)
    assert not blocks.follows(second, first._replace(hash="0" * 64), 9)
    assert not blocks.follows(first, first, 1)
    assert not blocks.follows(third, first, 1)
    assert blocks.follows(third, first, 2)
    assert not blocks.follows(first._replace(previous="1" * 64), None, 1)
    assert not blocks.follows(first._replace(height=2**53 - 1), second, 1)


# ---------------------------------------------------------------- audit


def stored_round() -> tuple[Stored, list[Line]]:
    """Return a round of five people as one of them stored it."""
    names = "abcde"
    proposals = [text(name, f"by {name}") for name in names]
    scores = [
        score(name, proposal, 1_000 * index, 5)
        for name in names for index, proposal in enumerate(proposals) if proposal.author != DIDS[name]
    ]  # fmt: skip
    table = {DIDS[name]: 1_000 * index for index, name in enumerate(names, 1)}
    used = [record.id for record in (*proposals, *scores)]
    count, digest = evidence.digest(used)
    picks = [
        seal(name, "winner", {"round": 7, "proposal": proposals[2].id, "turn": 0,
                              "evidence": {"records": count, "digest": digest}}) for name in "bcd"
    ]  # fmt: skip
    found = decide(
        7, DIDS["a"], table, "",
        [proposal_of(one.id, one.author, one.body) for one in proposals],
        [score_of(one.author, one.body) for one in scores],
        [pick_of(one.author, one.body) for one in picks], DEFAULT,
    )  # fmt: skip
    stored = Stored(
        7, DIDS["a"], "", table, used, [one.id for one in picks],
        found.scored or "", found.winner or "", count, digest, found.support, found.whole, found.final,
        sorted(one.author for one in picks),
    )  # fmt: skip
    return stored, [Line(one.data, one.sig, one.id) for one in (*proposals, *scores, *picks)]


def test_an_audit_recomputes_the_round_and_finds_nothing() -> None:
    """From the stored records, in any order, the same decision follows."""
    stored, lines = stored_round()
    for seed in range(5):
        assert audit(stored, Random(seed).sample(lines, len(lines)), "main", DEFAULT) is None


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"winner": "0" * 64}, "winner, byte 0"),
        ({"scored": "0" * 64}, "scored, byte 0"),
        ({"support": 1}, "support, byte 0"),
        ({"whole": 1}, "whole, byte 1"),
        ({"final": None}, "final, byte 0"),
        ({"votes": ["did:key:zForged"]}, "votes, byte 11"),
        ({"records": 3}, "evidence.records, byte 0"),
        ({"digest": "0" * 64}, "evidence.digest, byte 0"),
    ],
)
def test_an_audit_names_the_field_that_does_not_fit(change: dict[str, object], what: str) -> None:
    """A decision that does not follow from its evidence is named, field by field."""
    stored, lines = stored_round()
    finding = audit(stored._replace(**change), lines, "main", DEFAULT)  # type: ignore[arg-type]
    assert finding is not None
    assert ("decision", what) == finding[:2]


def test_an_audit_names_the_byte_of_a_record_that_was_changed() -> None:
    """One changed byte is found, with what it was; of two, or of a signature's, the record."""
    stored, lines = stored_round()
    line = lines[3]
    data = line.data.replace(b"by d", b"by x")
    assert data != line.data
    finding = audit(stored, [*lines[:3], line._replace(data=data), *lines[4:]], "main", DEFAULT)
    assert finding is not None
    assert finding == (
        line.id,
        f"record, byte {data.index(b'by x') + 3}",
        f"{ord('x'):02x}",
        f"{ord('d'):02x}",
    )
    for changed in (
        line._replace(data=data.replace(b"by x", b"ba x")),
        line._replace(sig=bytes([line.sig[0] ^ 1]) + line.sig[1:]),
    ):
        finding = audit(stored, [*lines[:3], changed, *lines[4:]], "main", DEFAULT)
        assert finding is not None
        assert (line.id, "signature") == finding[:2]
    gone = audit(stored, lines[:-1], "main", DEFAULT)
    assert gone is not None
    assert (lines[-1].id, "record") == gone[:2]


def test_an_audit_names_the_digit_of_an_id_that_does_not_fit() -> None:
    """A record kept under another id than its own is named, with the first byte that differs."""
    stored, lines = stored_round()
    wrong = lines[0].id[:5] + ("0" if lines[0].id[5] != "0" else "1") + lines[0].id[6:]
    finding = audit(stored, [lines[0]._replace(id=wrong), *lines[1:]], "main", DEFAULT)
    assert finding is not None
    assert (wrong, "id, byte 5", wrong, lines[0].id) == finding


def test_one_voucher_is_enough_only_where_nothing_else_is_carried() -> None:
    """In a thin network one voucher will do when patience ends; not where something is carried."""
    for carried in (False, True):
        found = Round(7, "me", {"a": 1, "b": 5, "c": 5})
        found.take_proposal(Proposal("s", 7, "stranger"))
        found.take_score(Score(7, "s", "a", 10_000))
        if carried:
            found.take_proposal(Proposal("p", 7, "a"))
            found.take_score(Score(7, "p", "b", 1))
            found.take_score(Score(7, "p", "c", 1))
        for _ in range(DEFAULT.patience - 1):
            found.scoring()
        assert not found.field.holds("s")
        found.scoring()
        assert found.field.holds("s") is not carried


def test_without_vouchers_a_stranger_needs_half_of_the_known_weight() -> None:
    """The rule for networks that know themselves: no number of light keys brings a stranger in."""
    found = Round(7, "me", {"a": 1, "b": 2, "c": 10}, rules=Rules(vouchers=0))
    found.take_proposal(Proposal("s", 7, "stranger"))
    for key in "ab":
        found.take_score(Score(7, "s", key, 10_000))
    found.finish()
    assert not found.field.holds("s")
    found.take_score(Score(7, "s", "c", 1))
    assert found.field.holds("s")


def test_a_flood_by_known_keys_leaves_nothing_behind() -> None:
    """Two known keys that score and announce ever other things hold no more than their room."""
    found = Round(7, "me", {"a": 5, "b": 5, "c": 90})
    agreement = Agreement(7, "me", {"a": 5, "b": 5, "c": 90})
    sizes = []
    tracemalloc.start()
    try:
        for index in range(6_000, 0, -1):
            id_ = f"{index:08}"
            found.take_proposal(Proposal(id_, 7, f"stranger {index}"))
            for key in "ab":
                found.take_score(Score(7, id_, key, 10_000))
                agreement.take(Pick(7, key, id_, 15))
            if index in (3_000, 1):
                sizes.append((tracemalloc.get_traced_memory()[0], len(found.field), len(found.missing())))
    finally:
        tracemalloc.stop()
    assert sizes[1][0] - sizes[0][0] < 20_000
    assert sizes[1][1:] <= (SCORED_BY_ONE + 16, 2 * SCORED_BY_ONE)
    assert agreement.support(f"{1:08}") == (10, 100)


def test_the_fewer_a_node_knows_the_fewer_must_vouch() -> None:
    """A stranger needs a third of the known keys behind it, and never less than two."""
    for known, needed in ((3, 2), (8, 2), (9, 3), (16, 5), (30, 10)):
        found = Round(7, "me", dict.fromkeys((f"k{index}" for index in range(known)), 5_000))
        found.take_proposal(Proposal("s", 7, "stranger"))
        for index in range(needed):
            assert not found.field.holds("s"), known
            found.take_score(Score(7, "s", f"k{index}", 1))
        assert found.field.holds("s"), known


def test_as_patience_ends_fewer_vouchers_are_enough() -> None:
    """Where nothing is carried a third of 30 known keys becomes a fifth, then two, then one."""
    found = Round(7, "me", dict.fromkeys((f"k{index}" for index in range(30)), 5_000))
    for id_, vouchers in (("six", 6), ("two", 2), ("one", 1)):
        found.take_proposal(Proposal(id_, 7, id_))
        for index in range(vouchers):
            found.take_score(Score(7, id_, f"k{index}", 1))
    held = []
    for _ in range(DEFAULT.patience):
        found.scoring()
        held.append("".join(id_[0] for id_ in ("six", "two", "one") if found.field.holds(id_)))
    assert held[-4:] == ["", "s", "st", "sto"]


# ---------------------------------------------------------------- what comes later by lot


def ordered_pair() -> tuple[str, str]:
    """Return two of the known keys, the first by lot first."""
    first = first_by_lot("ab")
    return first, "ab".replace(first, "")


def test_what_comes_later_by_lot_needs_four_fifths_to_change_a_node_over() -> None:
    """Twice the weight moves a node to what is earlier; to what is later, or unknown, four times does."""
    first, second = ordered_pair()
    lots = {f"by {key}": lot(7, "", key) for key in (first, second)}
    for held, other, enough in (
        (f"by {second}", f"by {first}", 3),
        (f"by {first}", f"by {second}", 5),
        (f"by {first}", "unknown", 5),
    ):
        for weight in (enough - 1, enough):
            agreement = Agreement(7, "me", {"x": 10, "y": weight * 10}, lot_of=lots.get)
            agreement.start(held)
            agreement.take(Pick(7, "x", held))
            agreement.take(Pick(7, "y", other))
            assert (agreement.settle() is not None) is (weight == enough), (held, other, weight)


def test_three_quarters_of_the_weight_cannot_lift_what_is_second_by_lot() -> None:
    """A level is a quarter of the one before: a coalition needs four fifths of a table to win by scores."""
    first, second = ordered_pair()
    for pushing, taken in ((3, False), (5, True)):
        found = Round(7, "me", {first: 1, second: 1, "honest": 100, "pushing": pushing * 100})
        for key in (first, second):
            found.take_proposal(Proposal(f"by {key}", 7, key))
        found.take_score(Score(7, f"by {first}", "honest", 10_000))
        found.take_score(Score(7, f"by {second}", "pushing", 10_000))
        assert (found.winner() == f"by {second}") is taken


# ---------------------------------------------------------------- conduct


def judged(*picks: Pick, scores: Sequence[Score] = ()) -> tuple[str, ...]:
    """Return whom a node that knows a, b, c, d, e equally holds to have acted against the lots."""
    table = dict.fromkeys("abcde", 100)
    known = [Proposal(f"by {key}", 7, key) for key in table]
    return decide(7, "me", table, "", known, scores, picks, DEFAULT).against


def by_lot() -> list[str]:
    """Return a, b, c, d, e in the order of their lots in round 7."""
    return sorted("abcde", key=lambda key: lot(7, "", key))


def test_who_pushes_what_is_later_by_lot_is_seen() -> None:
    """The top level for something later than the winner, or an announcement of it, and nobody else."""
    order = by_lot()
    winner, later = f"by {order[0]}", f"by {order[3]}"
    agreed = [Pick(7, key, winner) for key in order[:4]]
    assert judged(*agreed) == ()
    assert judged(*agreed, Pick(7, order[4], later)) == (order[4],)
    assert judged(*agreed, Pick(7, order[4], "what is not here")) == ()
    top = Score(7, later, order[4], 10_000)
    assert judged(*agreed, scores=[top]) == (order[4],)
    assert judged(*agreed, scores=[top, Score(7, winner, order[4], 10_000)]) == ()


def test_a_lost_score_and_an_open_round_are_held_against_nobody() -> None:
    """Levels that the rules give are no offence without the first; nor is anything without a majority."""
    order = by_lot()
    winner, later = f"by {order[0]}", f"by {order[3]}"
    agreed = [Pick(7, key, winner) for key in order[:4]]
    assert judged(*agreed, scores=[Score(7, f"by {order[1]}", order[4], DEFAULT.levels[1])]) == ()
    assert judged(*agreed[:2], Pick(7, order[4], later)) == ()
    assert judged(*agreed[:3], Pick(7, order[4], later)) == (order[4],)
