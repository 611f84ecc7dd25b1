"""The conversation of two ledgers: a function that answers, generators that ask. No IO, no clock.

    asking = sync(shelf, mark, now=…)
    request = next(asking)  # ask the peer, then: asking.send(answer), until StopIteration brings the Outcome

In the steady case that is one `Feed` from the cursor and, where there is something to give, one `Offer`.
Sets are compared by negentropy when two ledgers meet for the first time or the peer's was replaced, when
both ways are done and the heads still differ, and once a day: cursors are blind to what was lost.
Nothing a peer says is believed: whose answers do not add up, whose records mostly do not verify, or who
keeps us busy for nothing, is a PeerFault.
"""

from __future__ import annotations

from trustcli.errors import PeerFault
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END
from trustcli.sync import negentropy
from trustcli.sync.exchange import (
    PAGE,
    PAGE_BYTES,
    PUSHED,
    WANTED,
    About,
    Feed,
    Offer,
    Page,
    Reconcile,
    Reconciled,
    Taken,
    Wanted,
)
from trustcli.sync.following import ask, ask_page, expect, follow
from trustcli.sync.ranges import ID_BYTES
from trustcli.sync.talk import DAY, REST, SEEN, Mark, Outcome, Talk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Sequence
    from typing import TypeAlias, TypeVar

    from trustcli.sync.exchange import Answer, Head, Request, Shelf

    _T = TypeVar("_T")
    Asking: TypeAlias = Generator[Request, Answer, _T]
    """Yields requests, is sent their answers, returns the result; raises PeerFault."""

DIFFERENCES = 100_000  # ids held of one comparison; the next finds the others
_ROOM = 3 << 18  # bytes of records read for one offer: with one more line still below 1 MiB
_LOPSIDED = 2  # times one ledger is larger than the other: then its feed is cheaper than a comparison


def answer(request: Request, shelf: Shelf, room: int = PAGE_BYTES) -> Answer:
    """Answer a request from what is on the shelf; an `Offer` is verified and stored.

    Args:
        room: about so many bytes a page has at most.

    Raises:
        PeerFault: the request is larger than the protocol allows, or not a negentropy message.
        DiskError, Busy: from the shelf.
    """
    if isinstance(request, Feed):
        return shelf.page(max(request.after, 0), _limit(request.limit), room)
    if isinstance(request, About):
        return shelf.about(request.subject, max(request.after, 0), _limit(request.limit), room)
    if isinstance(request, Reconcile):
        return Reconciled(shelf.head(), negentropy.respond(shelf.items(), request.message))
    if isinstance(request, Wanted):
        if len(request.ids) > WANTED or any(len(id_) != ID_BYTES for id_ in request.ids):
            raise PeerFault(f"at most {WANTED} ids of 32 bytes", code="too_big")
        return shelf.wanted(request.ids)
    if len(request.lines) > PUSHED:
        raise PeerFault(f"at most {PUSHED} records", code="too_big")
    results = shelf.take(request.lines)
    return Taken(shelf.head(), tuple(results))


def _limit(asked: int) -> int:
    return min(max(asked, 1), PAGE)


def sync(
    shelf: Shelf,
    mark: Mark = Mark(),  # noqa: B008  a value
    *,
    now: int,
    pull: bool = True,
    push: bool = True,
    full: bool = False,
    own: Collection[str] | None = None,
) -> Asking[Outcome]:
    """Make two ledgers equal: bring here what the peer has, offer it what is here, compare where in doubt.

    Args:
        now: Unix ms.
        full: compare the sets whatever the cursors say.
        own: the did:keys whose records are offered; None for everybody's.

    Raises:
        PeerFault: the peer broke the protocol; what it sent before and verified is kept.
        DiskError, Busy: from the shelf.
    """
    talk = Talk(shelf, mark, now=now, own=own)
    if pull:
        yield from pulling(talk, push=push)
    if push:
        yield from pushing(talk)
    yield from checking(talk, pull=pull, push=push, full=full)
    return talk.outcome()


def pulling(talk: Talk, *, push: bool = True) -> Asking[None]:
    """Bring here what the peer has: from the cursor, or, where two ledgers with records meet, by comparing.

    Args:
        push: whether a comparison may also offer what it finds that the peer lacks.
    """
    request = Feed(talk.mark.pulled)
    page: Page | None = None
    if talk.mark.ledger:
        page = yield from ask_page(talk, request)
        if talk.is_replaced():
            talk.mark, request, page = Mark(), Feed(0), None
    if page is None and talk.shelf.head().records and (yield from _compare(talk, pull=True, push=push)):
        return
    yield from follow(talk, request, page or (yield from ask_page(talk, request)))


def pushing(talk: Talk) -> Asking[None]:
    """Offer the peer what is here, was not offered before, and did not come from it."""
    ours = talk.shelf.head()
    if talk.mark.ledger and (talk.is_equal() or ours.last <= talk.mark.pushed):
        talk.mark = talk.mark._replace(pushed=ours.last)
        return
    is_much = not talk.mark.ledger or ours.last - talk.mark.pushed > SEEN
    if is_much and talk.offers_all and (yield from _compare(talk, pull=False, push=True)):
        return
    yield from _offer_since(talk)


def checking(talk: Talk, *, pull: bool = True, push: bool = True, full: bool = False) -> Asking[None]:
    """Compare the sets: once a day, when asked to, or when both ways are done and the heads still differ.

    A gap that a comparison does not close (a record that one side refuses) then rests for a while.
    """
    if talk.is_compared or talk.dry or not talk.offers_all:
        return
    if not talk.mark.checked and not full and (talk.is_equal() or talk.is_behind()):
        # all of it was fetched just now; if the peer has more, it came since
        talk.mark = talk.mark._replace(checked=talk.now)
    age = talk.now - talk.mark.checked
    gap = pull and push and age >= REST and talk.is_quiet() and not talk.is_equal()
    if full or age >= DAY or gap:
        yield from _compare(talk, pull=pull, push=push, whole=True)


def _compare(talk: Talk, *, pull: bool, push: bool, whole: bool = False) -> Asking[bool]:
    """Compare the sets and move what differs; return False where following a feed is cheaper than that.

    Args:
        whole: compare in any case.
    """
    ours, theirs, given = talk.shelf.head(), None, talk.given
    complete = False
    while not complete:
        side = negentropy.Initiator(talk.shelf.items, most=DIFFERENCES)
        message, before, differences = side.open(), (talk.new, talk.given), 0
        have: list[bytes] = []
        need: list[bytes] = []
        while message:
            found = expect(Reconciled, (yield from ask(talk, Reconcile(message))))
            talk.size += len(message) + len(found.message)
            if theirs is None and not whole and _is_lopsided(ours, found.head):
                if found.head.ledger != talk.mark.ledger:
                    talk.mark = Mark(found.head.ledger)
                return False
            theirs = theirs or found.head
            step = side.take(found.message)
            message = step.message
            differences += len(step.have) + len(step.need)
            have += step.have if push else ()
            need += talk.worth_fetching(step.need) if pull else ()
            if len(need) >= WANTED or not message:
                yield from _fetch(talk, need)
                need = []
            if len(have) >= PUSHED or not message:
                yield from _give(talk, have)
                have = []
        complete = side.complete and differences < DIFFERENCES
        if not complete and before == (talk.new, talk.given):
            raise PeerFault("the peer's answers lead nowhere")
    assert theirs
    talk.compared(ours, theirs, talk.given - given, pull=pull, push=push)
    return True


def _is_lopsided(*heads: Head) -> bool:
    less, more = sorted(head.records for head in heads)
    return more > _LOPSIDED * less + PAGE


def _fetch(talk: Talk, ids: Sequence[bytes]) -> Asking[None]:
    """Bring records here by their ids.

    Raises:
        PeerFault: the peer named ids whose records it does not give.
    """
    for start in range(0, len(ids), WANTED):
        missing = dict.fromkeys(ids[start : start + WANTED])
        while missing:
            page = expect(Page, (yield from ask(talk, Wanted(tuple(missing)))))
            found = {crypto.record_id(line[BEGIN:END]) for line in page.lines}
            if not found or len(found) < len(page.lines) or not found <= missing.keys():
                raise PeerFault("the peer names records that it does not give")
            talk.begin(page.lines)()
            for id_ in found:
                del missing[id_]


def _give(talk: Talk, ids: Sequence[bytes]) -> Asking[None]:
    """Offer records of ours by their ids."""
    for start in range(0, len(ids), WANTED):
        missing = dict.fromkeys(ids[start : start + WANTED])
        while missing:
            lines = talk.shelf.wanted(tuple(missing)).lines
            if not lines:
                break
            yield from _offer(talk, lines)
            for line in lines:
                missing.pop(crypto.record_id(line[BEGIN:END]), None)


def _offer_since(talk: Talk) -> Asking[None]:
    """Offer what came after the cursor; from the beginning, should the peer's ledger turn out replaced."""
    more = True
    while more:
        page = talk.shelf.page(talk.mark.pushed, PUSHED, _ROOM)
        yield from _offer(talk, talk.worth_offering(page.lines))
        talk.mark = talk.mark._replace(pushed=page.next)
        more = page.more
        if talk.head and talk.head.ledger != talk.mark.ledger:
            more = more or talk.mark.ledger != ""
            talk.mark = Mark(talk.head.ledger, pushed=0 if talk.mark.ledger else page.next)


def _offer(talk: Talk, lines: Sequence[bytes]) -> Asking[None]:
    """Offer lines in as many requests as their bytes need."""
    start = 0
    while start < len(lines):
        end, room = start, _ROOM
        while end < len(lines) and end - start < PUSHED and (room > 0 or end == start):
            room -= len(lines[end]) + 1
            end += 1
        some = tuple(lines[start:end])
        if talk.dry:
            talk.given += len(some)
        else:
            talk.offered(some, expect(Taken, (yield from ask(talk, Offer(some)))))
        start = end
