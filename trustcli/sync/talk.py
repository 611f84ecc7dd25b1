"""What one side of a conversation keeps in mind: how far it is, what came of it, whether it adds up."""

from __future__ import annotations

from collections import Counter

from trustcli.errors import PeerFault
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END
from trustcli.sync.exchange import PAGE
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from trustcli.sync.exchange import Head, Page, Result, Shelf, Taken
    from trustcli.sync.following import Course

    Begin = Callable[[Sequence[bytes]], Callable[[], list[Result]]]
    """Takes lines; what it returns gives, later, what became of each."""
    Take = Callable[[], list[Result]]

DAY = 86_400_000  # ms after which two ledgers are compared as sets, whatever the cursors say
REST = 600_000  # ms in which a gap that a comparison did not close is not compared again
SEEN = 50_000  # ids remembered of what the peer sent, so that it is not offered back: 5 MB
LISTED = 1_000  # refusals listed; more are only counted
FORGERIES = 50  # records with a bad signature or shape in one sync: then nothing more is verified
FEW = 4  # lines: a page that has more to come holds as many, even where frames are small
ROUNDS = 64  # rounds that bring nothing, after which a peer wastes our time

NEW, KNOWN, NOT_MINE = "new", "known", "not_mine"
_FINE = frozenset((NEW, KNOWN, NOT_MINE))
_FORGED = frozenset((
    "bad_encoding", "bad_envelope", "bad_key", "bad_signature", "bad_text", "not_canonical", "not_integer",
    "not_json", "too_big", "too_deep", "wrong_network",
))  # fmt: skip
"""Refusals of what no node that verifies could hold. Others come with another version, or another clock."""


class Mark(NamedTuple):
    """How far two ledgers have come; what survives between two syncs with one peer.

    Attributes:
        ledger: the peer's ledger that `pulled` is a cursor of; empty before the first sync.
        pulled: everything of the peer's up to this cursor was seen here.
        pushed: everything of ours up to this cursor of our own was offered, or came from there.
        checked: Unix ms when the two were last compared as sets, 0 for never.
    """

    ledger: str = ""
    pulled: int = 0
    pushed: int = 0
    checked: int = 0


class Refusal(NamedTuple):
    """A record that one side did not take: its 32-byte id and the code."""

    id: bytes
    code: str


class Outcome(NamedTuple):
    """What came of a conversation. It is complete only when the conversation is.

    Attributes:
        new, known: records that came, and were not or were here already.
        given: records that are new over there.
        refused, declined: what we did not take, what the peer did not take, the first LISTED of each.
        refusals: how many were refused in all, ours and theirs.
        size: bytes of records and messages, both ways.
        requests: questions asked.
        equal: whether the two ledgers now hold the same set, as far as their heads say.
    """

    mark: Mark
    new: int
    known: int
    given: int
    refused: tuple[Refusal, ...]
    declined: tuple[Refusal, ...]
    refusals: int
    size: int
    requests: int
    equal: bool


class Talk:
    """One conversation, seen from the side that asks.

    Args:
        now: Unix ms at the beginning.
        begin: takes lines in the place of `shelf.take`: it may verify them while the next are fetched.
        dry: offer nothing; `given` then counts what would be offered.
        own: the did:keys whose records are offered; None for everybody's.
    """

    def __init__(
        self,
        shelf: Shelf,
        mark: Mark = Mark(),  # noqa: B008  a value
        *,
        now: int,
        begin: Begin | None = None,
        dry: bool = False,
        own: Collection[str] | None = None,
    ) -> None:
        self.shelf = shelf
        self.mark = mark
        self.now = now
        self.dry = dry
        self.head: Head | None = None
        self.is_compared = False
        self.course: Course | None = None  # of the feed that is followed now
        self.seen: set[bytes] | None = set()
        self.new = self.known = self.given = self.refusals = self.size = self.requests = 0
        self._begin = begin or (lambda lines: self._settled(shelf.take(lines)))
        self._prefixes = (
            None if own is None else tuple(b'{"record":{"author":"%b"' % who.encode() for who in own)
        )
        self._refused: list[Refusal] = []
        self._declined: list[Refusal] = []
        self._forged = self._meagre = 0
        self._plausible = 0

    @staticmethod
    def _settled(results: list[Result]) -> Callable[[], list[Result]]:
        return lambda: results

    def outcome(self) -> Outcome:
        """Say what came of it so far."""
        return Outcome(
            self.mark, self.new, self.known, self.given, tuple(self._refused), tuple(self._declined),
            self.refusals, self.size, self.requests, self.is_equal(),
        )  # fmt: skip

    @property
    def offers_all(self) -> bool:
        """Whether everybody's records are offered."""
        return self._prefixes is None

    # what the peer says of itself

    def hear(self, head: Head) -> None:
        """Note the head in an answer.

        Raises:
            PeerFault: records are never deleted and a ledger does not change its name as we speak.
        """
        before, self.head = self.head, head
        if before and (head.ledger != before.ledger or head.last < before.last):
            raise PeerFault("the peer's ledger changed while it answered")

    def greet(self, head: Head) -> bool:
        """Hear the head a peer states unasked; say whether nothing is left to ask: both hold the same set.

        Raises:
            PeerFault: as `hear`.
        """
        self.hear(head)
        if not self.is_equal():
            return False
        checked = self.mark.checked or self.now
        self.mark = Mark(head.ledger, head.last, self.shelf.head().last, checked)
        return self.now - checked < DAY

    def is_replaced(self) -> bool:
        """Say whether our cursor is not one of the peer's ledger: that is another, or was set back."""
        assert self.head
        return self.head.ledger != self.mark.ledger or self.head.last < self.mark.pulled

    def is_equal(self) -> bool:
        """Say whether both heads name the same set."""
        ours = self.shelf.head()
        return self.head is not None and self.head[1::2] == ours[1::2]

    def is_behind(self) -> bool:
        """Say whether the peer has records that were not pulled, by the cursor."""
        return self.head is not None and self.head.last > self.mark.pulled

    def is_quiet(self) -> bool:
        """Say whether nothing is left to pull or to push, by the cursors."""
        return not self.is_behind() and self.shelf.head().last <= self.mark.pushed

    # records that come

    def begin(self, lines: Sequence[bytes]) -> Take:
        """Take lines the peer sent; calling what is returned counts them, judges the peer, gives results.

        Raises:
            PeerFault: (when called) it sends mostly forgeries. What was good is kept.
        """
        self.size += sum(map(len, lines)) + len(lines)
        promise = self._begin(lines)
        return lambda: self._received(promise())

    def _received(self, results: list[Result]) -> list[Result]:
        counts = Counter([code for _, code in results])
        self.new += counts[NEW]
        self.known += counts[KNOWN]
        bad: list[Refusal] = []
        if counts.keys() - _FINE:
            bad = [Refusal(*result) for result in results if result.code not in _FINE]
        self._refuse(bad, self._refused)
        self._remember(result.id for result in results if result.code in (NEW, KNOWN))
        forged = sum(refusal.code in _FORGED for refusal in bad)
        self._forged += forged
        if 2 < forged > len(results) / 2 or self._forged > FORGERIES:
            raise PeerFault(f"{self._forged} records are forged or damaged ({bad[0].code})")
        return results

    def _refuse(self, bad: list[Refusal], into: list[Refusal]) -> None:
        self.refusals += len(bad)
        into += bad[: LISTED - len(into)]

    def _remember(self, ids: Iterable[bytes]) -> None:
        if self.seen is not None:
            self.seen.update(ids)
            if len(self.seen) > SEEN:
                self.seen = None

    def worth_fetching(self, ids: Iterable[bytes]) -> list[bytes]:
        """Return those ids whose records were not refused a moment ago."""
        refused = {refusal.id for refusal in self._refused}
        return [id_ for id_ in ids if id_ not in refused]

    def check_page(self, page: Page, after: int, limit: int) -> None:
        """Refuse a page that does not add up, or one of a feed that leads nowhere.

        A cursor numbers records, so it grows by at least one a record and never past the head's.

        Raises:
            PeerFault.
        """
        count = len(page.lines)
        if not (
            count <= limit
            and after + count <= page.next <= max(page.head.last, after)
            and (count > 0 or not page.more)
        ):
            raise PeerFault("the peer's page does not add up")
        self._meagre += page.more and count < FEW
        if self._meagre > ROUNDS:
            raise PeerFault("the peer sends its records drop by drop")

    def check_known(self) -> None:
        """Refuse a feed that repeats itself: each record known to us may come once.

        Raises:
            PeerFault.
        """
        if self.known > self._plausible:
            self._plausible = self.shelf.head().records + self.new + 3 * PAGE  # others may add meanwhile
            if self.known > self._plausible:
                raise PeerFault("the peer repeats itself")

    # records that go

    def worth_offering(self, lines: Iterable[bytes]) -> list[bytes]:
        """Return those lines that did not come from this peer, and are ours where only ours are offered."""
        seen, prefixes = self.seen or (), self._prefixes
        return [
            line
            for line in lines
            if (prefixes is None or line.startswith(prefixes))
            and not (seen and crypto.record_id(line[BEGIN:END]) in seen)
        ]

    def offered(self, lines: Sequence[bytes], taken: Taken) -> None:
        """Count what the peer made of an offer; where only that moved its cursor, ours moves along.

        Raises:
            PeerFault: it does not answer for each line.
        """
        if len(taken.results) != len(lines):
            raise PeerFault("the peer does not answer for each record")
        new = sum(result.code == NEW for result in taken.results)
        self.given += new
        self.size += sum(map(len, lines)) + len(lines)
        bad = [
            Refusal(crypto.record_id(line[BEGIN:END]), result.code)
            for line, result in zip(lines, taken.results, strict=True)
            if result.code not in _FINE
        ]
        self._refuse(bad, self._declined)
        if taken.head.last == self.mark.pulled + new:
            self.mark = self.mark._replace(pulled=taken.head.last)

    def compared(self, ours: Head, theirs: Head, given: int, *, pull: bool, push: bool) -> None:
        """Note that the sets were compared: ours as it was at `ours`, the peer's as it was at `theirs`.

        Args:
            given: how many records the peer has got from us since.
        """
        assert self.head
        self.is_compared = True
        before = self.mark if self.mark.ledger == theirs.ledger else Mark()
        last = self.head.last if self.head.last == theirs.last + given else theirs.last
        self.mark = Mark(
            theirs.ledger, last if pull else before.pulled, ours.last if push else before.pushed, self.now
        )
