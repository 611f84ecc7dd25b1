"""The market: who gets good service under which model, against whom."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Program
from trustcli.cli import commands
from trustcli.errors import BadInput, UsageError
from trustcli.simulate import replay
from trustcli.simulate.behaviours import BEHAVIOURS, BURNT, LOYAL, Peer
from trustcli.simulate.choosing import ALONE, BLIND, CEILING, Dealings, chooser
from trustcli.simulate.market import Market, Plan, measure, requests, run

if TYPE_CHECKING:
    from pathlib import Path

    from trustcli.simulate.market import Row

SMALL = Plan(peers=20, rounds=12, offers=6, warm_up=2, pre_trusted=0)
SHORT = Plan(peers=40, rounds=40, warm_up=5, pre_trusted=0)


def still() -> float:
    """Return the time on a clock that stands."""
    return 0.0


def rows(behaviour: str, models: list[str], shares: list[float], plan: Plan = SMALL) -> list[Row]:
    """Return the rows of one behaviour."""
    return list(measure(plan, [behaviour], models, shares, still))


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_knowing_the_truth_is_the_ceiling(behaviour: str) -> None:
    """Against every behaviour the oracle does better than the lot, and models are held against it."""
    for share in (0.0, 0.4):
        (row,) = rows(behaviour, ["stars"], [share])
        assert row.ceiling >= row.floor
        assert row.of_ceiling == pytest.approx(row.effectiveness / row.ceiling)
        assert (row.gain is None) == (share == 0)


def test_the_same_seed_is_the_same_market() -> None:
    """Twice the same rows; another seed is another market."""
    first = rows("disguised", ["stars", "rev2"], [0.3])
    assert rows("disguised", ["stars", "rev2"], [0.3]) == first
    assert rows("disguised", ["stars", "rev2"], [0.3], SMALL._replace(seed=2)) != first


def test_seeds_are_added_up() -> None:
    """Two seeds are the services of both."""
    (both,) = rows("provider", ["stars"], [0.5], SMALL._replace(seeds=2))
    one, two = (rows("provider", ["stars"], [0.5], SMALL._replace(seed=seed))[0] for seed in (1, 2))
    assert both.effectiveness == pytest.approx((one.effectiveness + two.effectiveness) / 2)


def test_luck_does_not_depend_on_who_chooses() -> None:
    """Requests come from the seed alone, and more attackers include the fewer."""
    assert list(requests(SMALL)) == list(requests(SMALL))
    purely = BEHAVIOURS["purely"]
    bad = [
        {slot for slot, peer in enumerate(Market(SMALL, purely, share).peers) if not peer.honest}
        for share in (0.2, 0.5)
    ]
    assert (len(bad[0]), len(bad[1]), bad[0] < bad[1]) == (4, 10, True)


def test_bad_service_is_found_out_where_feedback_is_true() -> None:
    """With honest feedback a plain mean keeps half the peers off, though they serve nobody well."""
    (row,) = rows("provider", ["stars"], [0.5], SHORT._replace(offers=8))  # of four, all may be attackers
    assert row.floor < 0.55
    assert row.of_ceiling > 0.97
    assert row.gain is not None
    assert row.gain < 0.1


def test_lies_defeat_the_plain_mean() -> None:
    """Slander by a third turns it away from honest peers, more than blind choice would."""
    (row,) = rows("slander", ["stars"], [0.3], SHORT)
    assert row.effectiveness < row.floor
    assert row.gain is not None
    assert row.gain > 1


def test_own_dealings_do_not_listen_to_lies() -> None:
    """What one has dealt oneself is the same whether attackers lie of others or not."""
    alone = [
        run(SMALL, BEHAVIOURS[name], 0.5, chooser(ALONE), still) for name in ("purely", "provider", "clique")
    ]
    assert alone[0] == alone[1] == alone[2]
    assert alone[0].effectiveness > run(SMALL, BEHAVIOURS["purely"], 0.5, chooser(BLIND), still).effectiveness


def test_who_is_told_who_lies_is_between() -> None:
    """All true words and no others: better than one's own dealings, and no better than knowing all."""
    for behaviour in ("purely", "clique", "slander"):
        (row,) = rows(behaviour, ["stars"], [0.5], SHORT)
        assert row.alone < row.informed < row.ceiling
        assert row.informed / row.ceiling > 0.96


def test_what_each_behaviour_serves_and_says() -> None:
    """The definitions, one by one."""
    peers = {name: one.make(7, Random(3)) for name, one in BEHAVIOURS.items()}
    bad = {name for name, peer in peers.items() if peer.quality() <= 0.1}
    assert bad == {"purely", "provider", "sybil", "whitewash", "clique", "slander"}
    liars = {name for name, peer in peers.items() if name != "disguised" and peer.report(good=True) is False}
    assert liars == {"purely", "feedback", "whitewash"}
    assert {name for name, peer in peers.items() if peer.claims([1], [2, 7])} == {
        "sybil", "camouflage", "clique", "slander",
    }  # fmt: skip
    assert peers["clique"].claims([1], [2, 7]) == [(2, 1.0), (7, 1.0)]
    assert peers["slander"].claims([1], [2, 7]) == [(1, -1.0)]
    assert peers["slander"].report(good=False) is None
    assert not any(peer.honest for peer in peers.values())
    assert Peer(0, Random(1)).honest


def test_a_traitor_turns_when_it_is_known() -> None:
    """Good and truthful for so many services, then neither."""
    traitor = BEHAVIOURS["traitor"].make(0, Random(1))
    traitor.served = LOYAL - 1
    assert (traitor.quality(), traitor.report(good=False)) == (1.0, False)
    traitor.served = LOYAL
    assert (traitor.quality() <= 0.1, traitor.report(good=False)) == (True, True)


def test_a_whitewasher_comes_back_under_a_new_key() -> None:
    """After a few services the key is gone, and nobody has said anything of the new one."""
    market = Market(SMALL, BEHAVIOURS["whitewash"], 0.5)
    peer = next(peer for peer in market.peers if not peer.honest)
    old, peer.served = peer.key, BURNT
    market.close(1)
    assert (peer.key, peer.served, old) == (SMALL.peers, 0, market.peers.index(peer))


def test_sybil_keys_praise_and_never_serve() -> None:
    """Each server has helpers, all of whom praise all servers."""
    market = Market(SMALL, BEHAVIOURS["sybil"], 0.1)
    servers = {peer.key for peer in market.peers if not peer.honest}
    said = market.dealings.said(market.keys)
    assert (len(servers), market.keys) == (2, SMALL.peers + 2 * 4)
    assert set(said.subject.tolist()) == servers
    assert len(said.rater) == 2 * 4 * 2 + 2  # helpers on both servers, and each server on the other


def test_what_is_said_is_what_beta_expects() -> None:
    """(good − bad) / (good + bad + 2); a claim stands instead of it."""
    dealings = Dealings()
    for good in (True, True, False):
        dealings.tell(0, 1, good, 3)
    assert (dealings.own(0, 1), dealings.own(1, 0)) == (0.2, 0.0)
    assert dealings.said(2).value.tolist() == [0.2]
    dealings.claim(0, 1, -1.0, 4)
    assert dealings.said(2).value.tolist() == [-1.0]


def test_every_model_can_choose() -> None:
    """Whatever its unit, and where nobody has said anything yet."""
    from trustcli.models.arrays import ARRAYS

    plan = Plan(peers=8, rounds=3, offers=3, warm_up=0)
    found = rows("clique", list(ARRAYS), [0.25], plan)
    assert [row.model for row in found] == list(ARRAYS)
    with pytest.raises(UsageError):
        rows("clique", ["none"], [0.25], plan)


RIVALS = ["stars", "beta", "bias", "eigentrust", "rev2"]


def behind(found: list[Row]) -> float:
    """Return by how much hybrid's share of the ceiling is behind the best model's."""
    mine = next(row.of_ceiling for row in found if row.model == "hybrid")
    return max(row.of_ceiling for row in found) - mine


@pytest.mark.parametrize("behaviour", ["purely", "slander", "whitewash", "camouflage", "clique"])
def test_hybrid_stands_against_liars(behaviour: str) -> None:
    """Half of a market that has gone on for a while: at most .02 behind the best model, near the ceiling."""
    found = rows(behaviour, [*RIVALS, "hybrid"], [0.5], Plan(rounds=60, offers=8))
    assert behind(found) <= 0.02
    assert found[-1].of_ceiling >= 0.92


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_hybrid_is_first_or_next_to_it(behaviour: str, share: float, slow: bool) -> None:
    """Every behaviour, in markets of QTM's size: within .01 of the best of five others, over three seeds.

    How near the ceiling that is, benchmarks/market.py says, cell by cell.
    """
    if not slow:
        pytest.skip("half a minute each: --slow")
    assert behind(rows(behaviour, [*RIVALS, "hybrid"], [share], Plan(seeds=3))) <= 0.01


def test_everybody_knows_the_pre_trusted() -> None:
    """Honest ones, as many as there are; nobody has dealt with them, and their base rate is 1, not a half."""
    market = Market(Plan(peers=10, pre_trusted=3), BEHAVIOURS["purely"], 0.5)
    said = market.dealings.said(market.keys)
    known = set(said.subject.tolist())
    assert len(known) == 3
    assert known <= market.truthful()
    assert set(said.value.tolist()) == {1.0}
    rater, subject = min(known), max(known)
    market.dealings.tell(rater, subject, good=False, day=1)
    assert market.dealings.own(rater, subject) == pytest.approx(1 / 3)
    few = Market(Plan(peers=10, pre_trusted=3), BEHAVIOURS["purely"], 0.9)
    assert len(set(few.dealings.said(few.keys).subject.tolist())) == 1


def test_who_is_unknown_counts_as_those_met_before() -> None:
    """The mean of one's own words, one a provider."""
    dealings = Dealings()
    for subject, good in ((1, True), (2, False), (2, False)):
        dealings.tell(0, subject, good, 1)
    assert dealings.usual(0) == pytest.approx((1 / 3 - 1 / 2) / 2)
    assert dealings.usual(5) == 0.0


HEADER = "\n".join(f"{number} of something" for number in range(16))
TRACE = (
    f"{HEADER}\n\n(0.9,1.0,0,true)\n(0.05,0.0,1,false)\n(0.95,1.0,0,false)\n\n"
    "(1,0,false)\n(2,0,true)\n\n(0,0)\n(0,5)\n"
)


def test_a_trace_is_replayed_by_its_rules() -> None:
    """Users choose among holders; a file that nobody holds is no service; the oracle finds the good copy."""
    trace = replay.read(TRACE.splitlines())
    assert len(trace.users) == 3
    (row,) = replay.measure(trace, ["stars"], 1, still)
    assert (row.behaviour, row.ceiling) == ("trace", 1.0)
    assert row.share == pytest.approx(1 / 3)
    assert replay.run(trace, chooser(CEILING), 1, still).services == 1


def _exchange(users: str, transactions: str, seed: int = 1) -> tuple[replay.Trace, Dealings, int]:
    """Return a replayed trace of users 0, 1, 2…, its dealings, and the good services of good users.

    User 1 holds a corrupt copy of file 0, user 2 a good one.
    """
    library = "(1,0,false)\n(2,0,true)"
    trace = replay.read(f"{HEADER}\n\n{users}\n\n{library}\n\n{transactions}\n".splitlines())
    exchange = replay._Exchange(trace, Random(seed))
    chooses = chooser(CEILING)
    good = 0
    for user, file in trace.transactions:
        sources = exchange.sources(user, file)
        good += exchange.fetch(user, exchange.choose(user, sources, chooses), 1)
    return trace, exchange.dealings, good


def test_malicious_users_choose_the_worst_and_lie() -> None:
    """A purely malicious user takes the corrupt copy that the oracle shows, and praises its source."""
    users = "(0.0,0.0,1,false)\n(1.0,1.0,0,false)\n(1.0,1.0,0,false)"
    _, dealings, good = _exchange(users, "(0,0)")
    assert (good, dealings.own(0, 1) > 0, dealings.own(0, 2)) == (0, True, 0.0)


def test_good_users_tell_the_truth_and_keep_what_they_got() -> None:
    """The oracle's user gets the good copy, says so, and is a source of it from then on."""
    users = "(1.0,1.0,0,false)\n(1.0,1.0,0,false)\n(1.0,1.0,0,false)\n(0.0,1.0,3,false)"
    trace, dealings, good = _exchange(users, "(0,0)\n(3,0)")
    assert (good, dealings.own(0, 2) > 0, dealings.own(3, 1) < 0) == (1, True, True)
    assert trace.malicious == 0.25


def test_corrupt_copies_are_weeded_out_or_spread() -> None:
    """A user that always weeds holds nothing corrupt; one that never does becomes a source of it."""
    for clean_up, sources in (("1.0", [1, 2]), ("0.0", [0, 1, 2])):
        users = f"({clean_up},1.0,1,false)\n(1.0,1.0,0,false)\n(1.0,1.0,0,false)\n(1.0,1.0,0,false)"
        trace = replay.read(f"{HEADER}\n\n{users}\n\n(1,0,false)\n(2,0,true)\n\n(0,0)\n".splitlines())
        exchange = replay._Exchange(trace, Random(1))
        exchange.fetch(0, exchange.choose(0, exchange.sources(0, 0), chooser(CEILING)), 1)
        assert sorted(exchange.sources(3, 0)) == sources


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(0,5)", "(9,5)"), ("(0,5)", "(-1,5)"), ("(0,5)", "(0)"), ("(2,0,true)", "(2,0,yes)"),
        ("(0.9,1.0,0,true)", "(1.5,1.0,0,true)"), ("(0.9,1.0,0,true)", "(nan,1.0,0,true)"),
        ("(0.9,1.0,0,true)", "(0.9,1.0,7,true)"), ("(0,0)\n", "\x1b[2J\n"), (HEADER, ""),
    ],
)  # fmt: skip
def test_a_bad_trace_is_bad_input(old: str, new: str) -> None:
    """What is not of the format is refused, and never guessed."""
    with pytest.raises(BadInput):
        replay.read(TRACE.replace(old, new, 1).splitlines())


def test_a_published_trace_can_be_replayed(shared: Path) -> None:
    """A fifth purely malicious: REV2 does better than blind choice and than one's own dealings alone."""
    path = shared / "data/qtm/small30.trace"
    if not path.exists():
        pytest.skip("no QTM traces")
    trace = replay.read(path.read_text(encoding="utf-8").splitlines())
    assert (len(trace.users), len(trace.transactions), trace.malicious) == (30, 600, 0.2)
    (row,) = replay.measure(trace, ["rev2"], 1, still)
    assert row.floor < row.alone < row.effectiveness < row.ceiling


@pytest.fixture
def market(trust: Program) -> Program:
    """The program, if it has the command."""
    if "simulate market" not in commands.COMMANDS:
        pytest.skip("not in the table of contents")
    return trust


WORDS = ("simulate", "market", "--peers", "10", "--rounds", "4", "--warm-up", "1", "--model", "stars,beta")


def test_the_command_prints_rows_and_draws_them(market: Program, tmp_path: Path) -> None:
    """A row for each behaviour, share and model; the same twice but for seconds; curves as SVG."""
    path = tmp_path / "market.svg"
    words = (*WORDS, "--shares", "0,50", "--behaviour", "clique,slander")
    data = market(*words, "--output", str(path), "--json").data
    keys = [(row["behaviour"], row["share"], row["model"]) for row in data["rows"]]
    assert keys == [
        (behaviour, share, model)
        for behaviour in ("clique", "slander") for share in (0.0, 0.5) for model in ("stars", "beta")
    ]  # fmt: skip
    again = market(*words, "--json").data
    for row in (*data["rows"], *again["rows"]):
        assert row.pop("seconds") >= 0
    assert again["rows"] == data["rows"]
    assert path.read_text(encoding="utf-8").count("<polyline") == 2 * (2 + 4)
    assert market(*words, "--output", str(path)).exit == 73
    assert len(market(*words).out.splitlines()) == 8


@pytest.mark.parametrize(
    "words",
    [
        ("--behaviour", "kind"), ("--model", "none"), ("--shares", "0,x"), ("--shares", "96"),
        ("--shares", "-1"), ("--shares", "nan"), ("--peers", "1"), ("--rounds", "0"), ("--warm-up", "4"),
        ("--offers", "0"), ("--seeds", "0"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(market: Program, words: tuple[str, str]) -> None:
    """Exit 2, never an odd market."""
    assert market(*WORDS, *words).exit == 2
    assert market("simulate", "market", "--model", ",").exit == 2


def test_the_command_replays_a_trace(market: Program, tmp_path: Path) -> None:
    """A file, or 65 where it is no trace and 66 where it is not there."""
    path = tmp_path / "x.trace"
    path.write_text(TRACE, encoding="utf-8")
    ran = market("simulate", "market", "--trace", str(path), "--model", "stars", "--json")
    assert [row["behaviour"] for row in json.loads(ran.out)["data"]["rows"]] == ["trace"]
    for words in (("--behaviour", "clique"), ("--shares", "10"), ("--peers", "9"), ("--seeds", "2")):
        ran = market("simulate", "market", "--trace", str(path), *words)
        assert (ran.exit, words[0] in ran.err, "--trace" in ran.err) == (2, True, True)
    path.write_bytes(b"\xff")
    assert market("simulate", "market", "--trace", str(path)).exit == 65
    assert market("simulate", "market", "--trace", str(tmp_path / "none")).exit == 66


def test_a_request_has_as_many_sources_as_in_a_trace_of_the_generator(shared: Path) -> None:
    """Files spread as the trace has it: how many others hold a file when it is asked for, on the mean."""
    trace = replay.read((shared / "data/qtm/trace_0.trace").read_text().splitlines())
    assert len(trace.users) == Plan().peers
    assert len(trace.transactions) == Plan().peers * Plan().rounds
    exchange = replay._Exchange(trace, Random(1))
    found = []
    for user, file in trace.transactions:
        sources = exchange.sources(user, file)
        if sources:
            found.append(len(sources))
            exchange.fetch(user, sources[0], 1)
    assert round(sum(found) / len(found)) == Plan().offers
