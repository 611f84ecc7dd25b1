"""Questions of peers: one answer at a time for each, in turns, and in all not more than we can spare."""

from __future__ import annotations

from collections import deque

from msgspec import UNSET

from trustcli.errors import PeerFault
from trustcli.mesh import converse
from trustcli.mesh.limits import TokenBucket
from trustcli.mesh.messages import lines
from trustcli.mesh.payloads import SYNC_RESPONSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trustcli.mesh.desk import Desk
    from trustcli.mesh.link import Link
    from trustcli.mesh.payloads import SyncRequest
    from trustcli.mesh.taking import Taking
    from trustcli.sync.exchange import Result

ASKED = 8  # questions of a peer that wait for their turn
QUESTIONS, AT_FIRST = 1_200, 200  # a minute that all peers together have answered: a third of a core at most
COMPARISONS = 1_000  # ms between two comparisons while records come
PATIENCE = 2_000  # ms that a comparison waits at most while records come, each of which it needs an index of


class _Asker:
    """What one peer wants to know."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.questions: deque[tuple[int, SyncRequest]] = deque(maxlen=ASKED)  # with the time each came
        self.offered = 0  # id of the offer that is being taken

    @property
    def is_due(self) -> bool:
        """Whether a question waits, and what was answered before is out: answers are large."""
        return bool(self.questions) and self.link.outbox.has_answered

    @property
    def compares(self) -> bool:
        """Whether the question that is next compares sets."""
        return bool(self.questions) and self.questions[0][1].reconcile is not UNSET

    def patience(self, now: int) -> int:
        """Return for how many ms the question that is next may be left while records come."""
        return max(0, self.questions[0][0] + PATIENCE - now)


class Answering:
    """The questions of all peers."""

    def __init__(self, desk: Desk, taking: Taking) -> None:
        self._desk = desk
        self._taking = taking
        self._askers: dict[int, _Asker] = {}  # who was answered longest ago is first
        self._budget = TokenBucket(QUESTIONS, AT_FIRST)
        self._compared = 0  # when a comparison was last answered
        desk.on_close.append(self._leave)

    def asked(self, link: Link, request: SyncRequest) -> None:
        """Queue a question of a peer; beyond ASKED the oldest is forgotten, and asked again."""
        self._askers.setdefault(link.number, _Asker(link)).questions.append((self._desk.now, request))

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing that `settle` may answer now."""
        return not self._due()

    def holds(self, link: int) -> bool:
        """Say whether questions of a link wait."""
        return link in self._askers and bool(self._askers[link].questions)

    def settle(self) -> None:
        """Answer one question of each peer; while records come by the thousand, of one peer in its turn.

        A comparison is answered once the shelf is prepared, one step and one comparison a turn.

        Raises:
            DiskError, Busy: from the shelf; the peer asks again.
        """
        due = self._due()
        comparing = next((asker for asker in due if asker.compares), None)
        if comparing and not self._desk.shelf.prepare(is_hurried=self._taking.is_busy):
            comparing = None
        for asker in due:
            if asker is comparing or not asker.compares:
                self._answer(asker)
                if self._taking.is_busy:
                    return

    def _answer(self, asker: _Asker) -> None:
        number = asker.link.number
        if number not in self._askers or not self._budget.take(self._desk.now):
            return  # it was cut off for what another link of its key asked, or there were enough
        if asker.compares:
            self._compared = self._desk.now
        self._askers[number] = self._askers.pop(number)
        self._serve(asker, asker.questions.popleft()[1])

    def next_time(self) -> int | None:
        """Return when the next answer may be given, None while nobody waits for one."""
        waits = [self._wait(asker) for asker in self._askers.values() if asker.is_due]
        if not waits:
            return None
        return self._desk.now + max(min(waits), self._budget.wait(self._desk.now))

    def _due(self) -> list[_Asker]:
        """Return whose question may be answered now."""
        if not self._budget.left(self._desk.now):
            return []
        return [asker for asker in self._askers.values() if asker.is_due and not self._wait(asker)]

    def _wait(self, asker: _Asker) -> int:
        """Return for how many ms the next question of a peer is left, were no more records to come."""
        if not asker.compares:
            return 0
        rest = self._compared + COMPARISONS - self._desk.now
        return min(self._taking.busy_for, max(0, rest, asker.patience(self._desk.now)))

    def _serve(self, asker: _Asker, request: SyncRequest) -> None:
        try:
            if request.offer is not UNSET:
                self._take_offer(asker, request.id, lines(request.offer))
            else:
                asker.link.outbox.reply(SYNC_RESPONSE, converse.serve(request, self._desk.shelf))
        except PeerFault:
            self._desk.blame(asker.link, "bad_payload")

    def _take_offer(self, asker: _Asker, id_: int, offered: Sequence[bytes]) -> None:
        """Let the lines of an offer wait with all others; the answer goes when the last one is judged."""
        if asker.offered == id_:
            return  # the same question again, while it waits
        asker.offered = id_
        taken: dict[int, Result] = {}

        def told(place: int) -> Callable[[Result], None]:
            def tell(result: Result) -> None:
                taken[place] = result
                if len(taken) == len(offered):
                    asker.offered = 0
                    found = [taken[index] for index in range(len(offered))]
                    reply = converse.results(id_, self._desk.shelf, found)
                    asker.link.outbox.reply(SYNC_RESPONSE, reply)

            return tell

        complete = bool(offered)
        for place, line in enumerate(offered):
            complete = self._taking.add(asker.link, (line,), told=told(place)) and complete
        if not complete:
            asker.offered = 0  # no room: the peer asks again

    def _leave(self, link: Link, _code: str) -> None:
        self._askers.pop(link.number, None)
