"""`sync`: ask peers, all at once, and make this ledger and theirs equal.

Each peer has a line with at most one question under way, in a thread that does nothing else. Answers are
taken here, in the one thread that owns the ledger, by one `Intake`; while a page is taken the next one is
fetched. Everybody is pulled from before anything is pushed, so that what one peer has reaches the others in
the same sync. On a first sync the peers that name the same set share it out; no record is verified twice.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from trustcli.errors import Busy, DiskError, TrustError
from trustcli.ledger.network import Mark as Saved
from trustcli.node.intake import Intake, IntakeShelf
from trustcli.node.lines import Contact, Line
from trustcli.node.only_one import OnlyOne
from trustcli.node.sharing import LedgerShelf
from trustcli.sync.closure import Closure, asking_about
from trustcli.sync.dialogue import checking, pulling, pushing
from trustcli.sync.exchange import Offer
from trustcli.sync.following import Share, can_share, completing, sharing
from trustcli.sync.talk import Mark, Outcome, Talk
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from concurrent.futures import Future
    from typing import Any, Self

    from trustcli.node import Node, Progress
    from trustcli.node.lines import Connect

    Stage = Generator[Any, Any, None]
    """Yields HELLO or requests, is sent facts or answers."""

TOGETHER = 8  # peers asked at a time
LIGHT = "light"
_HELLO = object()


class Plan(NamedTuple):
    """What to do. `subjects`: ids of what a light node keeps; none for everything."""

    pull: bool = True
    push: bool = True
    full: bool = False
    dry_run: bool = False
    subjects: tuple[str, ...] = ()


class PeerReport(NamedTuple):
    """What came of one peer, `seconds` after the sync began.

    `problem` is None when all went well; `takes_nothing`: it serves, and accepts no records.
    """

    contact: Contact
    outcome: Outcome
    problem: TrustError | None
    seconds: float
    takes_nothing: bool = False


class Report(NamedTuple):
    """What came of a sync. `cut`: a subject is rated by more names than a light node asks about."""

    peers: list[PeerReport]
    cut: bool = False


def sync(
    node: Node,
    peers: Sequence[Contact],
    plan: Plan,
    *,
    connect: Connect,
    lock_wait: float = 0.0,
    progress: Progress | None = None,
) -> Report:
    """Sync with peers; what fails with one of them is in its report.

    Args:
        lock_wait: seconds to wait for another sync of this ledger to end.

    Raises:
        Busy: another sync is under way, or the ledger is held. DiskError. What was committed stays.
    """
    with OnlyOne(os.path.join(node.places.state, "sync.lock"), "sync", lock_wait):
        node.make_ledger()
        with _Sync(node, plan, progress) as running:
            running.run(peers, connect)
        return running.report()


class _Sync:
    """One run of `sync`."""

    def __init__(self, node: Node, plan: Plan, progress: Progress | None) -> None:
        own = sorted(node.keys.dids().values())
        self._node = node
        self._plan = plan._replace(push=plan.push and bool(own))
        self._own = own if plan.subjects else None
        self._closure = Closure(plan.subjects, own, node.settings.hops) if plan.subjects else None
        self._progress = progress
        self._began = time.monotonic()
        self._now = node.clock()
        self._lines: list[Line] = []
        self._reports: list[PeerReport] = []
        self._shares: dict[tuple[int, str], Share] = {}  # by what is in the set
        self._is_first = False
        self._public = LedgerShelf(node)
        self._intake = Intake(node.ledger, node.clock, self._save, dry_run=plan.dry_run)
        self._shelf = IntakeShelf(self._public, self._intake)
        self._pool = ThreadPoolExecutor(TOGETHER)

    def __enter__(self) -> Self:
        self._intake.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: object, trace: object) -> None:
        try:
            self._intake.__exit__(kind, problem, trace)
            if kind is None:
                self._save(final=True)
        finally:
            for line in self._lines:
                line.close()
            self._pool.shutdown(cancel_futures=True)
            self._public.close()

    def run(self, peers: Iterable[Contact], connect: Connect) -> None:
        """Talk with all of them: pull, then push and compare."""
        marks = self._node.ledger.network_notes.marks()
        self._is_first = not self._node.ledger.head().records
        for contact in peers:
            saved = marks.get(contact.url, Saved(contact.url))
            talk = Talk(
                self._shelf, Mark(*saved[1:5]), now=self._now, begin=self._intake.begin,
                dry=self._plan.dry_run, own=self._own,
            )  # fmt: skip
            self._lines.append(Line(contact, saved, talk, connect))
        self._drive(self._opening)
        for _ in self._lines:  # who fails leaves its part to the others
            self._drive(self._sharing)
        for line in self._lines:  # one after the other: what the first still brings the next need not
            self._drive(self._completing, [line])
        while self._closure and self._is_open():
            self._drive(self._widening)
        self._drive(self._closing)

    def report(self) -> Report:
        """Say what came of it."""
        return Report(self._reports, cut=self._closure is not None and self._closure.is_cut)

    def _drive(self, stage: Callable[[Line], Stage], lines: Sequence[Line] = ()) -> None:
        """Lead lines (all) through a stage, each at its own pace; who fails, fails alone."""
        asking = {line: stage(line) for line in lines or self._lines if line.problem is None}
        under_way: dict[Future[Any], Line] = {}

        def go_on(line: Line, answer: object) -> None:
            try:
                request = asking[line].send(answer)
                if isinstance(request, Offer):
                    self._node.signer(self._node.me)  # asks for a passphrase here, not in a thread
                under_way[line.greet(self._pool) if request is _HELLO else line.ask(request, self._pool)] = (
                    line
                )
            except StopIteration:
                line.seconds = time.monotonic() - self._began

        for line in asking:
            with _Failing(line):
                go_on(line, None)
        while under_way:
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                line = under_way.pop(future)
                with _Failing(line):
                    answer = _answer(future, asking[line])
                    line.check_pace()
                    line.look_ahead(answer, self._pool)
                    go_on(line, answer)
            self._show()

    def _opening(self, line: Line) -> Stage:
        """Find out who is there; bring here what it has, or what it has about our subjects."""
        facts = yield _HELLO
        line.roles = facts.roles
        equal = line.talk.greet(facts.head)
        if self._closure:
            yield from asking_about(line.talk, self._closure, line.asked_about)
        elif self._plan.pull and not equal:
            if self._is_first and not line.talk.mark.ledger and can_share(facts.head):
                line.share = self._shares.setdefault(facts.head[1::2], Share(facts.head)), facts.head
                yield from self._sharing(line)
            else:
                yield from pulling(line.talk, push=self._offers(line))

    def _sharing(self, line: Line) -> Stage:
        """Bring a part of what several peers have here."""
        if line.share:
            yield from sharing(line.talk, line.share[0])

    def _completing(self, line: Line) -> Stage:
        """Bring what a peer has here that took part in a share, beyond that."""
        if line.share:
            yield from completing(line.talk, *line.share)

    def _widening(self, line: Line) -> Stage:
        """Ask a peer about the names that others have brought up since."""
        assert self._closure
        yield from asking_about(line.talk, self._closure, line.asked_about)

    def _closing(self, line: Line) -> Stage:
        """Offer what is here, then look whether something is missing."""
        push = self._offers(line)
        if push:
            yield from pushing(line.talk)
        if LIGHT not in line.roles:
            yield from checking(line.talk, pull=self._plan.pull, push=push, full=self._plan.full)

    def _offers(self, line: Line) -> bool:
        return self._plan.push and LIGHT not in line.roles

    def _is_open(self) -> bool:
        """Say whether there are names that somebody was not asked about."""
        assert self._closure
        names = set(self._closure.names())
        return any(names - line.asked_about for line in self._lines if line.problem is None)

    def _show(self) -> None:
        if self._progress:
            talks = [line.talk for line in self._lines if line.talk.head]
            done = sum(talk.new + talk.known + talk.refusals for talk in talks)
            alone = [line.talk for line in self._lines if not line.share]
            left = sum(share.missing for share in self._shares.values())
            left += sum(max(talk.head.last - talk.mark.pulled, 0) for talk in alone if talk.head)
            self._progress(done, None if self._closure else done + left)

    def _save(self, *, final: bool = False) -> None:
        """Keep how far each line is: what it says was taken is on the disk now."""
        if final:
            self._reports = [
                PeerReport(line.contact, line.talk.outcome(), line.problem, line.seconds, line.takes_nothing)
                for line in self._lines
            ]
        if self._plan.dry_run:
            return
        for line in self._lines:
            mark = line.saved._replace(**line.talk.mark._asdict())
            if final:
                mark = _tried(mark, self._now, failed=line.problem is not None)
            if mark != line.saved:
                self._node.ledger.network_notes.mark(mark)
                line.saved = mark


class _Failing:
    """Notes on a line what ends it. What is wrong with our own ledger ends the sync."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> bool:
        if not isinstance(problem, TrustError) or isinstance(problem, (Busy, DiskError)):
            return False
        if problem.code == "read_only":
            self._line.takes_nothing = True
        else:
            self._line.problem = problem
        return True


def _answer(future: Future[Any], asking: Stage) -> object:
    """Return what was answered; when nothing was, let the conversation keep what came before."""
    try:
        return future.result()
    except TrustError:
        asking.close()
        raise


def _tried(mark: Saved, now: int, *, failed: bool) -> Saved:
    if failed:
        return mark._replace(tried=now, failures=mark.failures + 1)
    return mark._replace(tried=now, succeeded=now, failures=0)
