"""A first sync from several peers: those that name the same set share it out, and nobody is believed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.homes import Direct, Home, ratings
from trustcli.errors import Unreachable
from trustcli.sync import following
from trustcli.sync.exchange import Feed, Head, Page, Result
from trustcli.sync.talk import NEW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trustcli.node.lines import Contact
    from trustcli.node.syncing import Report
    from trustcli.sync.exchange import Answer, Request

RECORDS = 400
PAGE = 50


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Home]]:
    """Return what makes homes by the name of their owner; stretches are of fifty records."""
    monkeypatch.setattr(following, "PAGE", PAGE)
    made: list[Home] = []

    def make(owner: str) -> Home:
        made.append(Home(tmp_path, owner))
        made[-1].page = PAGE
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def equals(home: Callable[[str], Home]) -> tuple[Home, Home]:
    """Two homes that got the same records in the same order."""
    bob, carol = home("bob"), home("carol")
    for one in (bob, carol):
        one.hear(*ratings(RECORDS))
    return bob, carol


class Counted:
    """What peers sent: lines by name. Nobody answers a second question before `turns` of them had a first."""

    def __init__(self, *homes: Home, turns: int) -> None:
        self.lines = {home.owner: 0 for home in homes}
        self._homes = {home.url: home for home in homes}
        self._all_asked = threading.Barrier(turns)

    def __call__(self, contact: Contact) -> Any:
        return _Counting(self._homes[contact.url], self.lines, self._all_asked)


class _Counting(Direct):
    def __init__(self, home: Home, lines: dict[str, int], all_asked: threading.Barrier) -> None:
        super().__init__(home)
        self._lines, self._all_asked, self._waits = lines, all_asked, True

    def ask(self, request: Request) -> Answer:
        if self._waits:
            self._waits = False
            self._all_asked.wait(30)
        answer = super().ask(request)
        if isinstance(answer, Page):
            self._lines[self.home.owner] += len(answer.lines)
        return answer


def pulled(report: Report) -> list[int]:
    """Return how far each feed was followed."""
    return [peer.outcome.mark.pulled for peer in report.peers]


def test_each_record_is_sent_once(home: Any, equals: tuple[Home, Home]) -> None:
    """Both bring a part, nothing comes twice, and both cursors are at the end: the next sync is short."""
    alice = home("alice")
    connect = Counted(*equals, turns=2)
    report = alice.sync(*equals, connect=connect)
    assert sum(connect.lines.values()) == RECORDS
    assert all(connect.lines.values())
    assert pulled(report) == [RECORDS, RECORDS]
    assert all(peer.outcome.equal for peer in report.peers)
    for one in equals:
        one.requests()
    alice.now += 1000
    equals[0].rate("agent:x", at=alice.now)
    alice.sync(*equals)
    assert alice.ids() == equals[0].ids()
    assert equals[0].requests().count("Feed") == 1


def test_only_the_sum_makes_a_share_whole() -> None:
    """As many records as the head says, but another, or one twice, are not the set."""
    ids = [bytes([number]) * 32 for number in (1, 2, 3, 255)]
    total = sum(int.from_bytes(id_, "big") for id_ in ids[:3])
    for came, is_whole in ((ids[:3], True), (ids[:2], False), (ids[1:], False), (ids[:2] + ids[:1], False)):
        share = following.Share(Head("a", 3, 3, f"{total % 2**256:064x}"))
        share.count([Result(id_, NEW) for id_ in came] + [Result(ids[3], "bad_signature")])
        assert share.is_whole == is_whole


def test_the_same_set_in_another_order(home: Any, equals: tuple[Home, Home]) -> None:
    """The sum says that the stretches are not the set; one feed is followed then, the others are equal."""
    alice, dora = home("alice"), home("dora")
    found = ratings(RECORDS)
    dora.hear(*found[::2], *found[1::2])  # no stretch of these and one of the others make up the set
    connect = Counted(equals[0], dora, turns=2)
    report = alice.sync(equals[0], dora, connect=connect)
    assert alice.ids() == dora.ids()
    assert RECORDS < sum(connect.lines.values()) <= 2 * RECORDS
    assert pulled(report) == [RECORDS, RECORDS]
    assert "Reconcile" not in equals[0].requests() + dora.requests()


def test_a_part_that_does_not_come_is_brought_by_another(home: Any, equals: tuple[Home, Home]) -> None:
    """Carol goes away with her second page: what came of hers counts, the rest comes from Bob, once."""
    alice = home("alice")
    answered = []

    def breaks(_: Request, answer: Answer) -> Answer:
        answered.append(answer)
        if len(answered) > 1:
            raise Unreachable("the connection broke")
        return answer

    equals[1].answer = breaks
    connect = Counted(*equals, turns=2)
    report = alice.sync(*equals, connect=connect)
    assert isinstance(report.peers[1].problem, Unreachable)
    assert alice.ids() == equals[0].ids()
    assert connect.lines == {"bob": RECORDS - PAGE, "carol": PAGE}
    assert pulled(report)[0] == RECORDS


def test_a_peer_that_claims_to_hold_the_same(home: Any, equals: tuple[Home, Home]) -> None:
    """It gives other records instead: the honest feed is followed to its end all the same."""
    alice, mallory = home("alice"), home("mallory")
    mallory.hear(*ratings(RECORDS, 2))
    honest = equals[0].at_desk(lambda shelf: shelf.head())

    def claim(_: Request, answer: Answer) -> Answer:
        return answer._replace(head=answer.head._replace(fingerprint=honest.fingerprint))

    mallory.answer = claim

    class Liar(Direct):
        def facts(self) -> Any:
            facts = super().facts()
            return facts._replace(head=facts.head._replace(fingerprint=honest.fingerprint))

    homes = {one.url: one for one in (equals[0], mallory)}
    alice.sync(
        equals[0],
        mallory,
        connect=lambda contact: (Liar if contact.name == "mallory" else Direct)(homes[contact.url]),
        push=False,
    )
    assert alice.ids() >= equals[0].ids()


@pytest.mark.parametrize("stops", [0, PAGE // 2])
def test_a_feed_that_ends_too_early(home: Any, equals: tuple[Home, Home], stops: int) -> None:
    """Carol says after some lines that there are no more: nobody waits for her, and Bob brings them."""
    alice = home("alice")

    def short(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Page) or not isinstance(request, Feed):
            return answer
        return answer._replace(lines=answer.lines[:stops], next=request.after + stops, more=False)

    equals[1].answer = short
    report = alice.sync(*equals)
    assert alice.ids() == equals[0].ids()
    assert report.peers[0].problem is None
    assert len(equals[1].asked) < 20


def test_peers_that_grow_meanwhile(home: Any, equals: tuple[Home, Home]) -> None:
    """What they got since they said what they had is all that is fetched after the shared part."""
    alice, bob = home("alice"), equals[0]
    more = ratings(30, 3)

    def grows(_: Request, answer: Answer) -> Answer:
        if more:
            bob.at_desk(lambda shelf: shelf.take([record.line for record in more]))
            more.clear()
        return answer._replace(head=bob.at_desk(lambda shelf: shelf.head()))

    bob.answer = grows
    connect = Counted(*equals, turns=2)
    report = alice.sync(*equals, connect=connect, push=False)
    assert alice.ids() == bob.ids()
    assert sum(connect.lines.values()) == RECORDS + 30
    assert pulled(report) == [RECORDS + 30, RECORDS]
