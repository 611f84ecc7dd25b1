"""The one place where records in bulk are verified and stored, whoever sent them: peers or files.

Peers that hold the same set share the work of a first sync: a line whose record is known, waits to be
stored, or is being verified for another peer, is not verified again. A page is verified by a `Crew` while
the one before it is sorted in, and records are committed COMMIT at a time, or more where there are many:
fewer and larger commits write less of each index again. A few pages at most are in memory as lines, however
many peers there are; what was verified and waits for its commit is packed.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

from trustcli.acyclic import Pause
from trustcli.ledger.batch import Batch
from trustcli.node.crew import Crew
from trustcli.node.sharing import KNOWN, NEW
from trustcli.node.verifying import TOO_NEW
from trustcli.records import crypto
from trustcli.records.envelope import cut_out
from trustcli.sync.exchange import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Self

    from trustcli.ledger import Head, Ledger
    from trustcli.node.crew import Piece
    from trustcli.node.sharing import LedgerShelf
    from trustcli.sync.exchange import Head as SharedHead
    from trustcli.sync.exchange import Items, Page

COMMIT = 50_000  # records of one transaction: the fewer, the less of each index is written again; 17 MB
_SHARE = 10  # part of the ledger that one transaction may add: a large one has large indexes
_MOST = 60_000  # records of one transaction, however large the ledger: 20 MB
UNDER_WAY = 3  # pages being verified; with fewer the workers would rest while a batch is committed


class Intake:
    """Verifies lines and stores what is new. It belongs to one thread.

    Args:
        ledger: None where there is none yet, for a dry run; `network` then says what is good.
        clock: Unix ms.
        committed: called after each commit: what was taken until then is on the disk.
        dry_run: verify and forget.
    """

    def __init__(
        self,
        ledger: Ledger | None,
        clock: Callable[[], int],
        committed: Callable[[], object] = int,
        *,
        dry_run: bool = False,
        network: str = "",
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._committed = committed
        self._dry_run = dry_run
        self._crew = Crew(ledger.network if ledger else network)
        self._batch = Batch()
        self._enough = COMMIT
        self._staged: set[bytes] = set()  # their ids
        self._head: Head | None = None
        self._under_way: list[_Page] = []

    def __enter__(self) -> Self:
        self._pause = Pause()  # what is read here are trees
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._pause.end()
            self._crew.close()

    def begin(self, lines: Sequence[bytes], ids: Sequence[bytes] = ()) -> Callable[[], list[Result]]:
        """Begin to verify lines; what is returned gives what became of each.

        `ids` are those of the lines by their layout, where the caller knows them already.

        Raises (also when called):
            DiskError, Busy: what was committed before stays.
        """
        page = self._begin(lines, ids)
        return lambda: [*map(_result, zip(page.ids, self._codes(page), strict=True))]

    def begin_for_codes(self, lines: Sequence[bytes], ids: Sequence[bytes]) -> Callable[[], list[str]]:
        """Begin as `begin` does, for a caller who wants to know of the codes alone."""
        page = self._begin(lines, ids)
        return lambda: self._codes(page)

    def _begin(self, lines: Sequence[bytes], ids: Sequence[bytes]) -> _Page:
        page = _Page(lines, ids)
        head = self._ledger.head() if self._ledger else None
        known = page.distinct & self._staged
        if head and head.records:
            known |= self._known(page.ids)
        verifying: set[bytes] = set().union(*[page.distinct & other.fresh for other in self._under_way])
        page.late = (verifying | page.doubled()) - known
        page.promise = self._crew.begin(*page.without(known | verifying))
        if not self._batch.count and not self._under_way:
            self._head = head
        elif self._head != head:
            self._head = None  # another process has added: let the ledger look again
        self._under_way.append(page)
        if len(self._under_way) > UNDER_WAY:
            self._finish(self._under_way[0])
        return page

    def _known(self, ids: Iterable[bytes]) -> set[bytes]:
        return self._ledger.known(ids) if self._ledger else set()

    def flush(self) -> None:
        """Store what was taken so far, durably."""
        while self._under_way:
            self._finish(self._under_way[0])
        self._commit()

    def _codes(self, page: _Page) -> list[str]:
        self._finish(page)
        if page.late:
            self._take_late(page)
        return page.each_code()

    def _take_late(self, page: _Page) -> None:
        """Take the lines that were sent before, by another peer or on the same page.

        A record is known only when it was verified: a forged line must not be able to keep a good one out.
        """
        late, page.late = page.late, set()
        missing = late - self._staged - self._known(late)
        if missing:
            self._head = None  # they may be under way on another page as well
        again = {
            id_: line
            for id_, line in zip(reversed(page.ids), reversed(page.lines), strict=True)
            if id_ in missing
        }
        page.codes.update(dict.fromkeys(again, NEW))
        page.codes.update(self._sort_in(self._crew.begin([*again.values()], [*again])()))

    def _finish(self, page: _Page) -> None:
        if page.promise is None:
            return
        self._under_way.remove(page)
        found, page.promise = page.promise(), None
        page.codes.update(self._sort_in(found))

    def _sort_in(self, pieces: Iterable[Piece]) -> dict[bytes, str]:
        """Stage the good ones; return what became of those that are not new."""
        limit = self._clock() + TOO_NEW
        codes: dict[bytes, str] = {}
        for ids, found in pieces:
            apart: dict[int, str] = {}
            if not self._staged.isdisjoint(ids):
                apart = {place: KNOWN for place, id_ in enumerate(ids) if id_ in self._staged}
            apart.update(dict.fromkeys(found.newer(limit), "too_new"))
            apart.update(found.refused)
            self._batch.add(ids, found, apart)
            codes.update({ids[place]: code for place, code in apart.items()})
            self._staged.update([id_ for id_ in ids if id_ not in codes] if apart else ids)
        if self._batch.count >= self._enough:
            self._commit()
        return codes

    def _commit(self) -> None:
        if not self._batch.count:
            return
        if self._ledger and not self._dry_run:
            self._ledger.append_batch(self._batch, self._clock(), new_at=self._head)
            head = self._ledger.head()
            self._move_head(head, self._batch.count)
            self._enough = max(COMMIT, min(head.records // _SHARE, _MOST))
        self._batch = Batch()
        self._staged.clear()
        self._committed()

    def _move_head(self, head: Head, stored: int) -> None:
        """Keep the head at which nothing under way was known, unless another process added to the ledger."""
        alone = self._head is not None and head.records == self._head.records + stored
        self._head = head if alone else None


class IntakeShelf:
    """The ledger as a conversation sees it: what was taken is stored before the set is looked at.

    `about` can do without: who asks it has seen the records that are still to be stored.
    """

    def __init__(self, shelf: LedgerShelf, intake: Intake) -> None:
        self.network = shelf.network
        self._shelf = shelf
        self._intake = intake

    def head(self) -> SharedHead:
        """Say what is there."""
        self._intake.flush()
        return self._shelf.head()

    def page(self, after: int, limit: int, room: int) -> Page:
        """Return records from the first after a cursor."""
        self._intake.flush()
        return self._shelf.page(after, limit, room)

    def about(self, subject: str, after: int, limit: int, room: int) -> Page:
        """Return what concerns a subject."""
        return self._shelf.about(subject, after, limit, room)

    def wanted(self, ids: Sequence[bytes]) -> Page:
        """Return the records with these ids."""
        self._intake.flush()
        return self._shelf.wanted(ids)

    def items(self) -> Items:
        """Return all records as negentropy sees them."""
        self._intake.flush()
        return self._shelf.items()

    def take(self, lines: Sequence[bytes]) -> list[Result]:
        """Verify lines and store what is new."""
        return self._intake.begin(lines)()


class _Page:
    """Lines on their way: their ids, those that are verified for the first time, and what became of them.

    `codes` has the ids that are not new: on most pages there are none.
    """

    def __init__(self, lines: Sequence[bytes], ids: Sequence[bytes]) -> None:
        self.lines = lines
        self.ids = ids or crypto.record_ids(map(cut_out, lines))
        self.distinct = set(self.ids)
        self.fresh = self.distinct
        self.late: set[bytes] = set()
        self.codes: dict[bytes, str] = {}
        self.promise: Callable[[], list[Piece]] | None = None

    def doubled(self) -> set[bytes]:
        """Return the ids that occur more than once; there are none on an honest page."""
        if len(self.distinct) == len(self.ids):
            return set()
        return {id_ for id_, count in Counter(self.ids).items() if count > 1}

    def without(self, passed: set[bytes]) -> tuple[Sequence[bytes], Sequence[bytes]]:
        """Take these ids as known; return the other lines, those of each id once, and their ids."""
        if passed:
            self.codes = dict.fromkeys(passed, KNOWN)
            self.fresh = self.distinct - passed
        if len(self.fresh) == len(self.ids):
            return self.lines, self.ids
        pairs = zip(self.ids, self.lines, strict=True)
        fresh = {id_: line for id_, line in pairs if id_ in self.fresh}
        return [*fresh.values()], [*fresh]

    def each_code(self) -> list[str]:
        """Return what became of each line, in order; a record that comes twice is known the second time."""
        found = [self.codes.get(id_, NEW) for id_ in self.ids] if self.codes else [NEW] * len(self.ids)
        if len(self.distinct) < len(found):
            _only_first(found, self.ids)
        return found


_result = partial(tuple.__new__, Result)  # what `Result._make` does, without a look at the length


def _only_first(codes: list[str], ids: Sequence[bytes]) -> None:
    """Let a record be new where it comes first."""
    before: set[bytes] = set()
    for place, id_ in enumerate(ids):
        if codes[place] == NEW and id_ in before:
            codes[place] = KNOWN
        before.add(id_)
