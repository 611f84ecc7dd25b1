"""The dialogue of trustcli.sync in frames: its requests as SYNC_REQUEST, their answers as SYNC_RESPONSE."""

from __future__ import annotations

from itertools import count

from msgspec import UNSET

from trustcli.mesh.faults import fault
from trustcli.mesh.handshake import head_from, head_of
from trustcli.mesh.messages import ROOM, base64, from_base64, lines, raws
from trustcli.mesh.payloads import RECORDS, AboutOf, FeedOf, ResultOf, SyncRequest, SyncResponse
from trustcli.records.canonical import MAX_BYTES
from trustcli.sync import dialogue
from trustcli.sync.exchange import (
    About,
    Feed,
    Offer,
    Page,
    Reconcile,
    Reconciled,
    Result,
    Taken,
    Wanted,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from typing import TypeAlias, TypeVar

    from trustcli.sync.dialogue import Asking
    from trustcli.sync.exchange import Answer, Request, Shelf

    _T = TypeVar("_T")
    Conversation: TypeAlias = Generator[SyncRequest, SyncResponse, _T]

PAGE_ROOM = ROOM - MAX_BYTES - 1_024  # a shelf gives "about" so many bytes: at most one record more


def in_frames(asking: Asking[_T]) -> Conversation[_T]:
    """Put a dialogue into frames; returns what the dialogue returns.

    Raises:
        PeerFault: an answer is of another kind than the question; and what the dialogue raises.
    """
    ids = count(1)
    try:
        request = next(asking)
        while True:
            answer = yield from _exchange(request, ids)
            request = asking.send(answer)
    except StopIteration as done:
        result: _T = done.value
        return result


def _exchange(request: Request, ids: Iterator[int]) -> Conversation[Answer]:
    if isinstance(request, Offer):
        return (yield from _offer(request, ids))
    response = yield _question(request, next(ids))
    if isinstance(request, Reconcile):
        if response.reconcile is UNSET:
            raise fault("bad_payload", "expected a negentropy message")
        return Reconciled(head_from(response.head), from_base64(response.reconcile))
    if response.records is UNSET or response.next is UNSET or response.more is UNSET:
        raise fault("bad_payload", "expected records")
    return Page(head_from(response.head), tuple(lines(response.records)), response.next, response.more)


def _offer(request: Offer, ids: Iterator[int]) -> Conversation[Taken]:
    """Offer lines in as many frames as they need; the peer answers for each line."""
    results = list[Result]()
    while True:
        part = _that_fit(request.lines[len(results) :])
        response = yield SyncRequest(id=next(ids), offer=raws(part))
        if response.results is UNSET or len(response.results) != len(part):
            raise fault("bad_payload", "expected a result for each record")
        results += [Result(bytes.fromhex(one.id), one.code) for one in response.results]
        if len(results) == len(request.lines):
            return Taken(head_from(response.head), tuple(results))


def _question(request: Request, id_: int) -> SyncRequest:
    if isinstance(request, Feed):
        return SyncRequest(id=id_, feed=FeedOf(request.after, request.limit))
    if isinstance(request, About):
        return SyncRequest(id=id_, about=AboutOf(request.after, request.limit, request.subject))
    if isinstance(request, Wanted):
        return SyncRequest(id=id_, wanted=[one.hex() for one in request.ids])
    assert isinstance(request, Reconcile)
    return SyncRequest(id=id_, reconcile=base64(request.message))


def serve(request: SyncRequest, shelf: Shelf) -> SyncResponse:
    """Answer any request but an offer from what is on the shelf, with as much as a frame holds.

    Raises:
        PeerFault: `bad_payload`, or not a negentropy message.
        DiskError, Busy: from the shelf.
    """
    if request.reconcile is not UNSET:
        answer = dialogue.answer(Reconcile(from_base64(request.reconcile)), shelf)
        assert isinstance(answer, Reconciled)
        return SyncResponse(head=head_of(answer.head), id=request.id, reconcile=base64(answer.message))
    page = _page(request, shelf)
    return SyncResponse(
        head=head_of(page.head), id=request.id, more=page.more, next=page.next, records=raws(page.lines)
    )


def _page(request: SyncRequest, shelf: Shelf) -> Page:
    if request.feed is not UNSET:
        return shelf.page(request.feed.after, request.feed.limit, PAGE_ROOM)
    if request.about is not UNSET:
        about = request.about
        return shelf.about(about.subject, about.after, about.limit, PAGE_ROOM)
    assert request.wanted is not UNSET
    page = shelf.wanted([bytes.fromhex(one) for one in request.wanted])
    fitting = _that_fit(page.lines)
    return page._replace(lines=tuple(fitting), more=page.more or len(fitting) < len(page.lines))


def results(id_: int, shelf: Shelf, taken: Sequence[Result]) -> SyncResponse:
    """Return the answer to an offer."""
    listed = [ResultOf(result.code, result.id.hex()) for result in taken]
    return SyncResponse(head=head_of(shelf.head()), id=id_, results=listed)


def _that_fit(all_lines: Sequence[bytes]) -> Sequence[bytes]:
    """Return the first lines that a frame holds together, at least one."""
    room = ROOM
    for index, line in enumerate(all_lines[:RECORDS]):
        room -= len(line) + 1
        if room < 0:
            return all_lines[:index]
    return all_lines[:RECORDS]
