"""Following the feeds of peers: one from its cursor, or those of several that hold the same set, shared out.

A cursor means something in one ledger only. But ledgers that got the same records from one another mostly
have them in the same order, give or take. So where peers name the same set at a first sync, each is asked
for other stretches of its feed, a page long; whether these make up the set is then known by the sum of the
ids that came, which is the fingerprint. If it is not, each feed is followed to its end as ever.
"""

from __future__ import annotations

from trustcli.errors import PeerFault
from trustcli.sync.exchange import PAGE, Feed, Head, Page
from trustcli.sync.talk import KNOWN, NEW, Mark
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol, TypeVar

    from trustcli.sync.dialogue import Asking
    from trustcli.sync.exchange import Answer, Request, Result
    from trustcli.sync.talk import Take, Talk

    _T = TypeVar("_T")

    class Course(Protocol):
        """Where a feed is followed to."""

        def after(self, page: Page) -> Feed | None:
            """Return what to ask after a page, the same again if asked again; None at the end."""

        def took(self, cursor: int, results: list[Result]) -> None:
            """Hear what became of the records up to a cursor: they are verified."""


_UNDER_WAY = 2  # pages being verified while the next is fetched: one while the one before it is stored


def ask(talk: Talk, request: Request) -> Asking[Answer]:
    """Ask, and hear the head in the answer.

    Raises:
        PeerFault: as `Talk.hear`.
    """
    talk.requests += 1
    answer = yield request
    talk.hear(answer.head)
    return answer


def expect(kind: type[_T], answer: Answer) -> _T:
    """Return an answer of the kind that was asked for.

    Raises:
        PeerFault: it is of another.
    """
    if not isinstance(answer, kind):
        raise PeerFault("the peer answers something else")
    return answer


def ask_page(talk: Talk, request: Feed) -> Asking[Page]:
    """Ask for a page of a feed.

    Raises:
        PeerFault: as `ask` and `expect`.
    """
    return expect(Page, (yield from ask(talk, request)))


def follow(talk: Talk, request: Feed, page: Page, course: Course | None = None) -> Asking[None]:
    """Follow a feed from this page, the answer to `request`, along a course: to where it ends now.

    A page is taken when the two after it are here: its records are verified while they come.
    """
    course = talk.course = course or _ToTheEnd(page)
    under_way: list[tuple[Take, int, int]] = []

    def take(count: int) -> None:
        for _ in range(count):
            promise, after, cursor = under_way.pop(0)
            results = promise()
            talk.check_known()
            course.took(cursor, results)
            if after <= talk.mark.pulled:
                talk.mark = talk.mark._replace(ledger=page.head.ledger, pulled=cursor)

    while True:
        talk.check_page(page, request.after, PAGE)
        under_way.append((talk.begin(page.lines), request.after, page.next))
        following = course.after(page)
        if following is None:
            talk.course = None
            return take(len(under_way))
        take(max(len(under_way) - _UNDER_WAY, 0))
        request = following
        try:
            page = yield from ask_page(talk, request)
        except GeneratorExit:  # the line broke: what came whole is kept
            take(len(under_way))
            raise


class _ToTheEnd:
    """The feed of one peer, from a page on to where it ended when that was fetched."""

    def __init__(self, page: Page) -> None:
        self._end = page.head.last

    def after(self, page: Page) -> Feed | None:
        return Feed(page.next) if page.more and page.next < self._end else None

    def took(self, cursor: int, results: list[Result]) -> None:
        pass


class Stretch(NamedTuple):
    """The records of a feed after one cursor, up to another."""

    after: int
    end: int


class Share:
    """The set that some peers all name, in stretches for whoever is free; for one sync.

    `missing` is how many of its records did not come yet.

    Args:
        head: what the first of them says; its cursors number its records without a gap.
    """

    def __init__(self, head: Head) -> None:
        self._head = head
        self.missing = head.records
        self._begun = 0  # stretches up to this cursor were handed out
        self._back: list[Stretch] = []
        self._rest = int(head.fingerprint, 16)  # the sum of the ids that did not come yet

    def next(self) -> Stretch | None:
        """Hand out a stretch; None when there are no more."""
        if self._back:
            return self._back.pop()
        if self._begun >= self._head.last:
            return None
        after, self._begun = self._begun, min(self._begun + PAGE, self._head.last)
        return Stretch(after, self._begun)

    def give_back(self, stretches: Iterable[Stretch]) -> None:
        """Take back what somebody does not bring."""
        self._back += stretches

    def count(self, results: Iterable[Result]) -> None:
        """Count records that came."""
        ids = [id_ for id_, code in results if code in (NEW, KNOWN)]
        self.missing -= len(ids)
        self._rest -= sum([int.from_bytes(id_, "big") for id_ in ids])

    @property
    def is_left(self) -> bool:
        """Whether there are stretches that nobody brings."""
        return bool(self._back) or self._begun < self._head.last

    @property
    def is_whole(self) -> bool:
        """Whether all of the set came, and each of its records once."""
        return self.missing == 0 and self._rest % 2**256 == 0


def can_share(head: Head) -> bool:
    """Say whether the cursors of a ledger number its records without a gap, and there are any."""
    return 0 < head.records == head.last


class _Part:
    """The stretches of a share that one peer brings."""

    def __init__(self, share: Share, first: Stretch) -> None:
        self._share = share
        self._open = [first]  # not verified yet, in the order they are asked for
        self._answered: tuple[Page, Feed | None] | None = None

    def after(self, page: Page) -> Feed | None:
        if self._answered is None or self._answered[0] is not page:
            self._answered = page, self._following(page)
        return self._answered[1]

    def _following(self, page: Page) -> Feed | None:
        end = self._open[-1].end
        if page.next < end:
            return Feed(page.next, end - page.next) if page.more else None
        stretch = self._share.next()
        if stretch is None:
            return None
        self._open.append(stretch)
        return to_ask(stretch)

    def took(self, cursor: int, results: list[Result]) -> None:
        self._share.count(results)
        stretch = self._open.pop(0)
        if cursor < stretch.end:
            self._open.insert(0, stretch._replace(after=cursor))

    def close(self) -> None:
        self._share.give_back(reversed(self._open))


def to_ask(stretch: Stretch) -> Feed:
    """Return the question for a stretch."""
    return Feed(stretch.after, stretch.end - stretch.after)


def sharing(talk: Talk, share: Share) -> Asking[None]:
    """Bring stretches of a share here until there are none; what does not come is given back."""
    first = share.next()
    if first is None:
        return
    part = talk.course = _Part(share, first)
    try:
        request = to_ask(first)
        yield from follow(talk, request, (yield from ask_page(talk, request)), part)
    finally:
        part.close()


def completing(talk: Talk, share: Share, head: Head) -> Asking[None]:
    """Bring here what a peer has, whose head was `head` when it took part in a share, beyond that."""
    if share.is_whole or talk.is_equal():
        talk.mark = Mark(head.ledger, head.last, checked=talk.mark.checked)
    if talk.is_behind():
        request = Feed(talk.mark.pulled)
        yield from follow(talk, request, (yield from ask_page(talk, request)))
