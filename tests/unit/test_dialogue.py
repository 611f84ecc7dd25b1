"""The dialogue of two ledgers, without IO: what is asked, what is believed, what is cut off."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from trustcli.errors import PeerFault
from trustcli.records.crypto import record_id
from trustcli.records.envelope import BEGIN, END
from trustcli.sync import dialogue
from trustcli.sync.closure import Closure, asking_about
from trustcli.sync.dialogue import answer, sync
from trustcli.sync.exchange import (
    PAGE,
    PUSHED,
    WANTED,
    About,
    Feed,
    Head,
    Offer,
    Page,
    Reconcile,
    Reconciled,
    Result,
    Taken,
    Wanted,
)
from trustcli.sync.negentropy import Vector
from trustcli.sync.talk import DAY, REST, Mark, Outcome, Talk

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from trustcli.sync.exchange import Answer, Items, Request

NOW = 1_790_000_000_000
NEVER = Mark()


def line_of(number: int, note: str = "") -> bytes:
    """Return a line in the layout of a record; a shelf here refuses it when it says FORGED."""
    data = f'{{"author":"did:key:{number % 7}","created":{number},"note":"{note}"}}'
    return b'{"record":%b,"sig":"%b"}' % (data.encode(), b"A" * 86)


def id_of(line: bytes) -> bytes:
    return record_id(line[BEGIN:END])


class ListShelf:
    """A ledger that is a list. `net` of a line is not looked at; FORGED and FUTURE lines are refused."""

    network = "main"

    def __init__(self, lines: Sequence[bytes] = (), ledger: str = "a") -> None:
        self.ledger = ledger
        self.lines: list[bytes] = list(lines)

    def ids(self) -> set[bytes]:
        return set(map(id_of, self.lines))

    def head(self) -> Head:
        total = sum(int.from_bytes(id_, "big") for id_ in map(id_of, self.lines)) % 2**256
        return Head(self.ledger, len(self.lines), len(self.lines), f"{total:064x}")

    def page(self, after: int, limit: int, room: int) -> Page:
        found: list[bytes] = []
        for line in self.lines[after:]:
            room -= len(line)
            if len(found) == limit or (found and room < 0):
                return Page(self.head(), tuple(found), after + len(found), True)
            found.append(line)
        return Page(self.head(), tuple(found), after + len(found), False)

    def about(self, subject: str, after: int, limit: int, room: int) -> Page:
        raise NotImplementedError

    def wanted(self, ids: Sequence[bytes]) -> Page:
        wanted = set(ids)
        found = [line for line in self.lines if id_of(line) in wanted]
        return Page(self.head(), tuple(found), 0, False)

    def items(self) -> Items:
        return Vector((int.from_bytes(id_[:3], "big"), id_) for id_ in map(id_of, self.lines))

    def take(self, lines: Sequence[bytes]) -> list[Result]:
        known, results = self.ids(), []
        for line in lines:
            id_ = id_of(line)
            code = "known" if id_ in known else "new"
            code = "bad_signature" if b"FORGED" in line else "too_new" if b"FUTURE" in line else code
            if code == "new":
                self.lines.append(line)
                known.add(id_)
            results.append(Result(id_, code))
        return results


def talk_to(
    asking: Generator[Request, Answer, Any],
    there: ListShelf,
    lie: Callable[[Request, Answer], Answer] = lambda _, honest: honest,
    most: int = 1_000,
) -> tuple[Any, list[Request]]:
    """Lead a dialogue to its end; return its result and what was asked."""
    asked: list[Request] = []
    try:
        request = next(asking)
        while True:
            asked.append(request)
            assert len(asked) <= most, "no end"
            request = asking.send(lie(request, answer(request, there)))
    except StopIteration as end:
        return end.value, asked


def synced(
    here: ListShelf, there: ListShelf, mark: Mark = NEVER, now: int = NOW, **how: Any
) -> tuple[Outcome, list[str]]:
    """Sync; return the outcome and the kinds of what was asked."""
    lie = how.pop("lie", lambda _, honest: honest)
    outcome, asked = talk_to(sync(here, mark, now=now, **how), there, lie)
    return outcome, [type(request).__name__ for request in asked]


def two(common: int, here: int, there: int) -> tuple[ListShelf, ListShelf]:
    """Return two shelves with some lines in common, in another order each, and some of their own."""
    shared = [line_of(number) for number in range(common)]
    mine = [line_of(number, "h") for number in range(here)]
    theirs = [line_of(number, "t") for number in range(there)]
    dice = random.Random(7)
    mixed, other = shared + mine, shared + theirs
    dice.shuffle(mixed)
    dice.shuffle(other)
    return ListShelf(mixed, "a"), ListShelf(other, "b")


# The answering side


def test_limits_of_the_answering_side() -> None:
    """More than a page is cut to one; too many ids or records, or ids of another length, are a fault."""
    shelf = ListShelf([line_of(number) for number in range(PAGE + 5)])
    page = answer(Feed(-5, PAGE * 9), shelf)
    assert isinstance(page, Page)
    assert (len(page.lines), page.next, page.more) == (PAGE, PAGE, True)
    with pytest.raises(PeerFault):
        answer(Wanted((b"x" * 32,) * (WANTED + 1)), shelf)
    with pytest.raises(PeerFault):
        answer(Wanted((b"x" * 31,)), shelf)
    with pytest.raises(PeerFault):
        answer(Offer((line_of(1),) * (PUSHED + 1)), shelf)
    with pytest.raises(PeerFault):
        answer(Reconcile(b"\x61\xff\xff\xff"), shelf)


def test_a_page_with_little_room_says_that_there_is_more() -> None:
    """Whoever has other work gives a smaller page, from which one goes on as from any other."""
    shelf = ListShelf([line_of(number) for number in range(100)])
    page = answer(Feed(0, PAGE), shelf, 10 * len(line_of(1)))
    assert isinstance(page, Page)
    assert 0 < len(page.lines) < 20
    assert (page.next, page.more) == (len(page.lines), True)


def test_an_offer_is_answered_line_by_line() -> None:
    """New, known and refused are told apart, and the head is the one afterwards."""
    shelf = ListShelf([line_of(1)])
    taken = answer(Offer((line_of(1), line_of(2), line_of(3, "FORGED"))), shelf)
    assert isinstance(taken, Taken)
    assert [result.code for result in taken.results] == ["known", "new", "bad_signature"]
    assert taken.head.records == 2


# The course of a sync


@pytest.mark.parametrize(("common", "here", "there"), [(0, 3, 4), (40, 0, 9), (300, 20, 30), (5, 900, 0)])
def test_two_ledgers_that_meet_become_equal(common: int, here: int, there: int) -> None:
    """After one sync both hold the union, and the mark says all was pulled and pushed."""
    ours, theirs = two(common, here, there)
    outcome, _ = synced(ours, theirs)
    assert ours.ids() == theirs.ids()
    assert len(ours.lines) == common + here + there
    assert (outcome.new, outcome.given, outcome.equal) == (there, here, True)
    assert outcome.mark == Mark("b", len(theirs.lines), len(ours.lines), NOW)


def test_an_empty_ledger_follows_the_feed() -> None:
    """The first sync of an empty ledger asks for pages and compares nothing: the heads are equal then."""
    ours, theirs = two(0, 0, PAGE + 500)
    outcome, asked = synced(ours, theirs)
    assert asked == ["Feed", "Feed"]
    assert ours.ids() == theirs.ids()
    assert outcome.mark == Mark("b", PAGE + 500, PAGE + 500, NOW)


def test_the_steady_case() -> None:
    """One feed from the cursor, one offer of what is new here; nothing that came from there goes back."""
    ours, theirs = two(50, 5, 5)
    mark = synced(ours, theirs)[0].mark
    ours.take([line_of(1, "new here")])
    theirs.take([line_of(1, "new there"), line_of(2, "new there")])
    outcome, requests = talk_to(sync(ours, mark, now=NOW + 60_000), theirs)
    assert requests == [Feed(mark.pulled), Offer((line_of(1, "new here"),))]
    assert (outcome.new, outcome.known, outcome.given) == (2, 0, 1)
    again, asked = synced(ours, theirs, outcome.mark, NOW + 120_000)
    assert asked == ["Feed"]
    assert (again.new, again.known, again.size) == (0, 0, 0)


def test_what_one_pushed_is_not_fetched_again() -> None:
    """A push that alone moved the peer's cursor moves ours along."""
    ours, theirs = two(10, 0, 0)
    mark = synced(ours, theirs)[0].mark
    ours.take([line_of(1, "mine")])
    mark = synced(ours, theirs, mark)[0].mark
    assert mark.pulled == len(theirs.lines)


def test_a_replaced_ledger_is_compared_from_the_start() -> None:
    """Another ledger id behind the same address, or one set back, makes the cursor worthless."""
    for ledger, kept in (("c", 30), ("b", 20)):
        ours, theirs = two(30, 3, 3)
        mark = synced(ours, theirs)[0].mark
        theirs = ListShelf(theirs.lines[:kept], ledger)
        theirs.take([line_of(9, "since")])
        outcome, asked = synced(ours, theirs, mark)
        assert asked[:2] == ["Feed", "Reconcile"]
        assert ours.ids() == theirs.ids()
        assert outcome.mark == Mark(ledger, len(theirs.lines), len(ours.lines), NOW)


def test_a_gap_that_cursors_do_not_see_is_repaired() -> None:
    """A record lost without a trace in the cursors comes back; the daily check finds it, too."""
    for later in (REST, DAY):
        ours, theirs = two(100, 3, 3)
        mark = synced(ours, theirs)[0].mark
        lost = ours.lines.pop(17)
        ours.lines.append(line_of(1, "local"))
        outcome, asked = synced(ours, theirs, mark._replace(pushed=mark.pushed), NOW + later)
        assert "Reconcile" in asked
        assert id_of(lost) in ours.ids()
        assert ours.ids() == theirs.ids()
        assert outcome.mark.checked == NOW + later


def test_the_daily_check_of_equal_ledgers_is_one_round_trip() -> None:
    """A day after the last comparison equal ledgers are compared: some 340 bytes, one answer."""
    ours, theirs = two(5_000, 0, 0)
    mark = synced(ours, theirs)[0].mark
    outcome, asked = synced(ours, theirs, mark, NOW + DAY)
    assert asked == ["Feed", "Reconcile"]
    assert 300 < outcome.size <= 400
    assert outcome.mark.checked == NOW + DAY


def test_a_record_that_one_side_refuses_is_not_sought_each_time() -> None:
    """A gap that stays open is compared at most every ten minutes."""
    ours, theirs = two(20, 0, 0)
    mark = synced(ours, theirs)[0].mark
    theirs.lines.append(line_of(1, "FUTURE"))
    outcome, asked = synced(ours, theirs, mark, NOW + 1)
    assert [one.code for one in outcome.refused] == ["too_new"]
    assert asked == ["Feed"]
    outcome, asked = synced(ours, theirs, outcome.mark, NOW + REST)
    assert "Reconcile" in asked
    _, asked = synced(ours, theirs, outcome.mark, NOW + REST + 1)
    assert asked == ["Feed"]


def test_one_way() -> None:
    """Only pulling offers nothing, only pushing fetches nothing; both ways later make it whole."""
    ours, theirs = two(30, 4, 6)
    outcome, asked = synced(ours, theirs, push=False)
    assert (outcome.new, outcome.given, "Offer" in asked) == (6, 0, False)
    ours, theirs = two(30, 4, 6)
    outcome, asked = synced(ours, theirs, pull=False)
    assert (outcome.new, outcome.given, "Wanted" in asked) == (0, 4, False)
    synced(ours, theirs, outcome.mark)
    assert ours.ids() == theirs.ids()


def test_only_own_records_are_offered_when_asked_so() -> None:
    """A light node offers what its own keys signed, from the cursor, and never compares."""
    ours, theirs = ListShelf([line_of(number) for number in range(14)]), ListShelf((), "b")
    outcome, asked = synced(ours, theirs, pull=False, own=("did:key:3",))
    assert asked == ["Offer"]
    assert theirs.ids() == {id_of(line_of(3)), id_of(line_of(10))}
    assert outcome.mark == Mark("b", 0, 14, 0)


def test_offers_and_wants_keep_to_their_limits() -> None:
    """No request is larger than the protocol allows, however much there is to move."""
    ours, theirs = two(4_000, 0, 0)
    ours.lines += [line_of(number, "x" * 900) for number in range(2_600)]
    theirs.lines += [line_of(number, "y" * 900) for number in range(2_600)]
    _, asked = talk_to(sync(ours, now=NOW), theirs)
    offers = [request for request in asked if isinstance(request, Offer)]
    assert ours.ids() == theirs.ids()
    assert max(sum(map(len, offer.lines)) + len(offer.lines) for offer in offers) <= 1 << 20
    assert max(len(offer.lines) for offer in offers) <= PUSHED
    assert max(len(request.ids) for request in asked if isinstance(request, Wanted)) <= WANTED


def test_an_interrupted_feed_goes_on_where_it_was() -> None:
    """Pages taken before the line broke are kept, and the next sync begins behind them."""
    ours, theirs = two(0, 0, 2 * PAGE + 10)
    talk = Talk(ours, now=NOW)
    asking = dialogue.pulling(talk)
    page = answer(next(asking), theirs)
    second = answer(asking.send(page), theirs)
    asking.send(second)
    asking.close()
    assert talk.mark.pulled == len(ours.lines) == 2 * PAGE
    outcome, _ = synced(ours, theirs, talk.mark)
    assert ours.ids() == theirs.ids()
    assert (outcome.new, outcome.known) == (10, 0)


# Peers that lie


def _faulty(lie: Callable[[Request, Answer], Answer], mark: Mark = NEVER, lines: int = 50) -> ListShelf:
    ours, theirs = ListShelf((), "a"), ListShelf([line_of(number) for number in range(lines)], "b")
    with pytest.raises(PeerFault):
        synced(ours, theirs, mark, lie=lie)
    return ours


def _page(**changed: Any) -> Callable[[Request, Answer], Answer]:
    return lambda _, honest: honest._replace(**changed)


def test_pages_that_do_not_add_up() -> None:
    """A cursor that stands still or runs ahead, "more" of nothing, more lines than asked: a fault."""
    _faulty(_page(next=0))
    _faulty(_page(next=10))
    _faulty(_page(next=10_000))
    _faulty(_page(more=True, lines=()))
    _faulty(_page(lines=(line_of(1),) * (PAGE + 1)))


def test_answers_of_another_kind() -> None:
    """An answer to something else is a fault, wherever it comes."""
    head = Head("b", 50, 50, "00" * 32)
    _faulty(lambda _, __: Taken(head, ()))
    _faulty(lambda _, __: Reconciled(head, b""))
    ours, theirs = two(10, 1, 1)
    with pytest.raises(PeerFault):
        synced(ours, theirs, lie=lambda _, __: Page(head, (), 0, False))


def test_a_ledger_that_changes_as_we_speak() -> None:
    """The ledger's name stays and its cursor never falls during one conversation."""
    heads = iter([Head("b", 20_000, 20_000, "00" * 32), Head("x", 20_000, 20_000, "00" * 32)])
    _faulty(lambda _, honest: honest._replace(head=next(heads)), lines=2 * PAGE)
    heads = iter([Head("b", 20_000, 20_000, "00" * 32), Head("b", 20_000, 19_000, "00" * 32)])
    _faulty(lambda _, honest: honest._replace(head=next(heads)), lines=2 * PAGE)


def test_good_records_of_a_bad_page_are_kept() -> None:
    """One forged line is listed and the rest of its page kept; the conversation goes on."""
    ours = ListShelf((), "a")
    theirs = ListShelf([line_of(1), line_of(2, "FORGED"), line_of(3)], "b")
    outcome, _ = synced(ours, theirs)
    assert (outcome.new, [one.code for one in outcome.refused]) == (2, ["bad_signature"])
    assert outcome.refused[0].id == id_of(line_of(2, "FORGED"))


def test_a_peer_whose_page_is_mostly_forged_is_cut() -> None:
    """It is a fault, and what was good is kept."""
    ours = ListShelf((), "a")
    theirs = ListShelf([line_of(n, "FORGED" if n % 3 else "") for n in range(30)], "b")
    with pytest.raises(PeerFault, match="forged"):
        synced(ours, theirs)
    assert len(ours.lines) == 10


def test_few_forgeries_on_many_pages_are_cut_too() -> None:
    """Fifty are too many, spread as thinly as one likes."""
    ours = ListShelf((), "a")
    theirs = ListShelf([line_of(n, "FORGED" if n % 100 == 0 else "") for n in range(6_000)], "b")
    with pytest.raises(PeerFault, match="forged"):
        synced(ours, theirs)


def test_records_of_the_future_are_no_lies() -> None:
    """A peer whose clock is ahead is not cut for it."""
    theirs = ListShelf([line_of(n, "FUTURE") for n in range(200)], "b")
    outcome, _ = synced(ListShelf((), "a"), theirs)
    assert outcome.refusals == 200


def test_a_peer_that_grows_as_fast_as_it_is_read() -> None:
    """A feed is followed to where it ended at the beginning; what came since waits for the next sync."""
    ours, theirs = ListShelf((), "a"), ListShelf([line_of(number) for number in range(PAGE + 10)], "b")

    def lie(request: Request, honest: Answer) -> Answer:
        theirs.take([line_of(number, f"{len(theirs.lines)}") for number in range(10)])
        assert isinstance(honest, Page)
        return honest._replace(head=theirs.head(), more=True)

    asking = sync(ours, now=NOW, push=False)
    talk_to(asking, theirs, lie, most=5)
    assert len(ours.lines) >= PAGE + 10


def test_drop_by_drop() -> None:
    """A feed of one line a page is followed for 64 pages."""

    def lie(request: Request, honest: Answer) -> Answer:
        assert isinstance(request, Feed)
        return Page(Head("b", 10**6, 10**6, "00" * 32), (line_of(request.after),), request.after + 1, True)

    ours = ListShelf((), "a")
    asking = sync(ours, now=NOW)
    with pytest.raises(PeerFault):
        talk_to(asking, ListShelf([line_of(0)], "b"), lie, most=80)


def test_a_feed_without_end_that_repeats_itself() -> None:
    """The same records again and again under ever higher cursors are more than there can be."""
    same = tuple(line_of(number) for number in range(PAGE))

    def lie(request: Request, honest: Answer) -> Answer:
        assert isinstance(request, Feed)
        return Page(Head("b", 2**50, 2**50, "00" * 32), same, request.after + PAGE, True)

    ours = ListShelf((), "a")
    with pytest.raises(PeerFault, match="repeats"):
        talk_to(sync(ours, now=NOW), ListShelf([line_of(0)], "b"), lie, most=20)


def test_a_comparison_that_leads_nowhere() -> None:
    """A peer that contradicts whatever it is told ends up naming records it does not have, and is cut."""
    ours, theirs = two(3_000, 10, 10)
    said: list[bytes] = []

    def lie(request: Request, honest: Answer) -> Answer:
        if not isinstance(request, Reconcile):
            return honest
        said.append(request.message)
        changed = bytearray(request.message)
        changed[-1] ^= len(said) % 255 + 1
        return Reconciled(theirs.head(), bytes(changed))

    with pytest.raises(PeerFault):
        talk_to(sync(ours, now=NOW), theirs, lie, most=70)
    assert len(said) > 1


def test_ids_without_records() -> None:
    """A peer that names records and does not give them, or gives others, is cut."""
    for lines in ((), (line_of(77_777),)):
        ours, theirs = two(3_000, 0, 10)

        def lie(request: Request, honest: Answer, lines: tuple[bytes, ...] = lines) -> Answer:
            return honest._replace(lines=lines) if isinstance(honest, Page) else honest

        with pytest.raises(PeerFault):
            synced(ours, theirs, lie=lie)


def test_an_offer_answered_for_other_records() -> None:
    """Fewer results than records is a fault."""
    ours, theirs = two(3_000, 10, 0)

    def lie(request: Request, honest: Answer) -> Answer:
        return honest._replace(results=()) if isinstance(honest, Taken) else honest

    with pytest.raises(PeerFault):
        synced(ours, theirs, lie=lie)


def test_a_peer_that_declines() -> None:
    """What the peer refuses is listed and not offered again the next time."""
    ours, theirs = two(30, 0, 0)
    mark = synced(ours, theirs)[0].mark
    ours.lines.append(line_of(5, "FUTURE"))
    outcome, asked = synced(ours, theirs, mark, NOW + 1)
    assert [(one.id, one.code) for one in outcome.declined] == [(id_of(ours.lines[-1]), "too_new")]
    assert "Offer" in asked
    assert synced(ours, theirs, outcome.mark, NOW + 2)[1] == ["Feed"]


def test_any_two_sets_become_equal() -> None:
    """Random sets, random marks out of date: one sync makes them equal, or a second that is not needed to."""
    dice = random.Random(11)
    for _ in range(60):
        universe = [line_of(number) for number in range(dice.randrange(1, 400))]
        ours = ListShelf([line for line in universe if dice.random() < 0.6], "a")
        theirs = ListShelf([line for line in universe if dice.random() < 0.6], "b")
        mark = Mark(dice.choice(["", "b", "old"]), 0, 0, dice.choice([0, NOW]))
        outcome, _ = synced(ours, theirs, mark)
        assert ours.ids() == theirs.ids()
        assert outcome.equal


def test_a_large_difference_is_moved_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """More differences than are held at once take several comparisons, each of which brings something."""
    monkeypatch.setattr(dialogue, "DIFFERENCES", 40)
    ours, theirs = two(3_000, 100, 100)
    outcome, _ = synced(ours, theirs)
    assert ours.ids() == theirs.ids()
    assert (outcome.new, outcome.given) == (100, 100)


# What a light node asks


def test_ratings_of_others_are_no_answer() -> None:
    """A peer that answers about another name than asked is cut before anything of it is stored."""
    body = (
        b'{"author":"did:key:z","body":{"category":"c","subject":"agent:other","value":30},"kind":"rating"}'
    )
    line = b'{"record":%b,"sig":"%b"}' % (body, b"A" * 86)
    shelf = ListShelf((), "a")
    shelf.about = lambda *_: Page(shelf.head(), (), 0, False)  # type: ignore[method-assign]
    talk, closure = Talk(shelf, now=NOW), Closure(("agent:x",), (), 3)
    asking = asking_about(talk, closure, set())
    assert next(asking) == About("agent:x", 0)
    with pytest.raises(PeerFault):
        asking.send(Page(Head("b", 1, 1, "00" * 32), (line,), 1, False))
    assert shelf.lines == []
