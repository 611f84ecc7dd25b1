"""Repair: what pushes did not bring is found by comparing, over the same links.

The dialler of a link drives it, or its light end. It compares when the heads differ although both sides
have come to rest, asks one question at a time, again when there is no answer, and leaves a peer alone for a
while that had nothing to give.
"""

from __future__ import annotations

from trustcli.errors import PeerFault
from trustcli.mesh import converse
from trustcli.mesh.faults import FAULTS
from trustcli.mesh.payloads import SYNC_REQUEST
from trustcli.mesh.pulling import Pulling
from trustcli.sync.closure import Closure, asking_about
from trustcli.sync.dialogue import pulling, pushing
from trustcli.sync.exchange import PAGE
from trustcli.sync.talk import Mark, Talk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trustcli.mesh.converse import Conversation
    from trustcli.mesh.desk import Desk
    from trustcli.mesh.link import Link
    from trustcli.mesh.payloads import SyncRequest, SyncResponse
    from trustcli.mesh.taking import Taking
    from trustcli.sync.dialogue import Asking
    from trustcli.sync.exchange import Head

REST = 1_000  # ms without a new record after which a head has come to rest
ANYWAY = 30_000  # ms after which heads that never rest are compared in motion
AT_FIRST = 1_000  # the same for a new link: what was pushed over its closed twin may be lost
ANSWER_TIME = 5_000  # ms until a question is asked again
TRIES = 3  # times that it is asked
PAUSE, LONGEST_PAUSE = 2_000, 60_000  # ms after a sync; doubling while it brings nothing
AT_ONCE = 3  # syncs that we drive
LONG = 60_000  # ms after which a sync no longer counts among them: a slow peer holds nobody up


class _Sync:
    """A sync that we drive over one link."""

    def __init__(self, talk: Talk, conversation: Conversation[None], now: int) -> None:
        self.talk = talk
        self.conversation = conversation
        self.since = now
        self.before = talk.shelf.head().fingerprint
        self.question: SyncRequest | None = None
        self.asked = now
        self.tries = 0
        self.answer: SyncResponse | None = None


class _State:
    """What one link needs."""

    def __init__(self, link: Link, now: int) -> None:
        self.link = link
        self.equal = now - ANYWAY + AT_FIRST  # when both were last equal, or compared
        self.wanted = False
        self.not_before = 0
        self.pause = PAUSE
        self.sync: _Sync | None = None


class Syncing:
    """The syncs that we drive, over all links.

    Args:
        finished: is called with a link when a sync over it is over.
    """

    def __init__(self, desk: Desk, taking: Taking, finished: Callable[[Link], None]) -> None:
        self._desk = desk
        self._taking = taking
        self._finished = finished
        self._states: dict[int, _State] = {}
        desk.on_close.append(self._leave)

    def start(self, link: Link) -> None:
        """Begin to look after a link whose handshake is done."""
        self._states[link.number] = _State(link, self._desk.now)

    def compared(self, link: Link) -> None:
        """Note that the peer's head was heard; it may differ from ours."""
        state = self._states[link.number]
        if self._desk.is_same(link):
            state.equal, state.wanted, state.pause = self._desk.now, False, PAUSE
            self._mark_equal(link)
        elif self._drives(link):
            state.wanted = True

    def _mark_equal(self, link: Link) -> None:
        """Keep that nothing up to here is to be moved, so that the next `trust sync` need not ask for it."""
        ours, theirs, memory = self._desk.head, link.head, self._desk.memory
        if theirs and link.peer.is_full and self._desk.me.is_full:
            known = memory.mark(link.did)
            mark = known._replace(ledger=theirs.ledger, pulled=theirs.last, pushed=ours.last)
            if mark != known:
                memory.save_mark(link.did, mark)

    def answered(self, link: Link, response: SyncResponse) -> None:
        """Keep the answer to what was asked; a second one is a late duplicate."""
        sync = self._states[link.number].sync
        if sync and sync.question and response.id == sync.question.id:
            sync.answer = response

    @property
    def is_idle(self) -> bool:
        """Whether no answer waits for `settle`."""
        return not any(state.sync and state.sync.answer for state in self._states.values())

    def settle(self) -> None:
        """Go on with each sync that has its answer.

        Raises:
            DiskError, Busy: from the shelf.
        """
        for state in list(self._states.values()):
            if state.sync and state.sync.answer:
                self._go_on(state, state.sync, state.sync.answer)

    def tick(self) -> None:
        """Ask again what was not answered; begin the syncs that are due."""
        now = self._desk.now
        for state in list(self._states.values()):
            sync = state.sync
            if sync and now >= sync.asked + ANSWER_TIME and not sync.answer:
                self._ask_again(state, sync)
            elif sync is None and state.wanted and self._may_begin(state):
                self._begin(state)

    def next_time(self) -> int | None:
        """Return when `tick` has something to do, None for never."""
        times = [state.sync.asked + ANSWER_TIME for state in self._states.values() if state.sync]
        times += [
            max(state.not_before, self._desk.changed + REST)
            for state in self._states.values()
            if state.wanted and not state.sync
        ]
        return min(times, default=None)

    def _drives(self, link: Link) -> bool:
        mine, theirs = self._desk.me.is_full, link.peer.is_full
        return (link.is_dialler and mine) if mine == theirs else theirs

    def _may_begin(self, state: _State) -> bool:
        now = self._desk.now
        rested = now >= self._desk.changed + REST or now >= state.equal + ANYWAY
        others = sum(
            other.sync is not None and now < other.sync.since + LONG for other in self._states.values()
        )
        return rested and now >= state.not_before and others < AT_ONCE and not self._desk.is_same(state.link)

    # ours

    def _begin(self, state: _State) -> None:
        link, desk = state.link, self._desk
        state.wanted, state.equal = False, desk.now
        desk.counts["syncs"] += 1
        shelf = Pulling(desk, self._taking, link)
        mark = desk.memory.mark(link.did)
        if desk.me.is_full:
            talk = Talk(shelf, mark if _is_far_behind(desk.head, link.head) else Mark(), now=desk.now)
            asking = _both_ways(talk)
        else:
            talk = Talk(shelf, mark, now=desk.now, own=(desk.me.did,))
            asking = _about_subjects(talk, Closure(desk.me.subjects, (desk.me.did,), desk.me.hops))
        state.sync = _Sync(talk, converse.in_frames(asking), desk.now)
        self._go_on(state, state.sync, None)

    def _go_on(self, state: _State, sync: _Sync, answer: SyncResponse | None) -> None:
        sync.answer = None
        try:
            question = next(sync.conversation) if answer is None else sync.conversation.send(answer)
        except StopIteration:
            self._end(state, sync)
        except PeerFault as problem:
            self._desk.counts["syncs failed"] += 1
            self._end(state, sync)
            if state.link.number in self._desk.links:
                code = problem.code if problem.code in FAULTS else "useless_sync"
                self._desk.blame(state.link, code)
        except BaseException:
            self._end(state, sync)
            raise
        else:
            sync.question, sync.tries = question, 0
            self._ask(state, sync)

    def _ask(self, state: _State, sync: _Sync) -> None:
        assert sync.question
        sync.asked = self._desk.now
        sync.tries += 1
        if state.link.number in self._desk.links:
            state.link.outbox.reply(SYNC_REQUEST, sync.question)
            self._desk.flush(state.link)

    def _ask_again(self, state: _State, sync: _Sync) -> None:
        if sync.tries < TRIES:
            self._ask(state, sync)
        else:
            self._desk.counts["syncs unanswered"] += 1
            self._end(state, sync)

    def _end(self, state: _State, sync: _Sync) -> None:
        link, desk, talk = state.link, self._desk, sync.talk
        state.sync = None
        if talk.mark.ledger:
            desk.memory.save_mark(link.did, talk.mark)
        useful = bool(talk.new or talk.given) or desk.is_same(link) or sync.before != desk.head.fingerprint
        state.pause = PAUSE if useful else min(2 * state.pause, LONGEST_PAUSE)
        state.not_before = desk.now + state.pause
        if link.number in desk.links:
            self._finished(link)

    def _leave(self, link: Link, _code: str) -> None:
        self._states.pop(link.number, None)


def _is_far_behind(ours: Head, theirs: Head | None) -> bool:
    """Say whether the peer's feed, from where we left it, is cheaper than a comparison."""
    return theirs is not None and theirs.records > 2 * ours.records + PAGE


def _both_ways(talk: Talk) -> Asking[None]:
    yield from pulling(talk)
    if not talk.is_compared:
        yield from pushing(talk)


def _about_subjects(talk: Talk, closure: Closure) -> Asking[None]:
    yield from asking_about(talk, closure, set())
    yield from pushing(talk)
