"""Records that come: queued by link, taken in fair shares, verified once, and answered for.

Order of the checks: size and shape (the frame), what we know already, the share of the link, and only then
signatures. A forged copy of a record never stands in for the good one: lines are told apart by all their
bytes until one of them is verified.
"""

from __future__ import annotations

from collections import deque

from trustcli.mesh.contents import note
from trustcli.mesh.faults import FORGERIES
from trustcli.mesh.waiting import Queue, Waiting
from trustcli.records.crypto import record_id
from trustcli.records.envelope import outline
from trustcli.sync.exchange import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trustcli.mesh.contents import Note
    from trustcli.mesh.desk import Desk
    from trustcli.mesh.link import Link
    from trustcli.mesh.waiting import Told

BATCH = 2_000  # records of one settle: a quarter of a second of one core
GATHER = 250  # ms at most between two batches: a commit costs as much as verifying thirty records
BUSY = 4  # records of a batch for each ms that they are thought to take, twice as long as they do
FIRST_SHARE = 50  # records of a link that never brought a good one; then twice what it brought
FORGED = 50  # records that cannot be honest, after which a link is cut, however slowly they came
NEW, KNOWN, NOT_MINE = "new", "known", "not_mine"
_SOUND = frozenset((NEW, KNOWN, NOT_MINE))


class Taking:
    """The queues of all links, and what happens to what leaves them.

    Args:
        forward: is called with each record that is new here.
        accepted: is called with each sound record and a link that brought it.
    """

    def __init__(
        self, desk: Desk, forward: Callable[[Note], None], accepted: Callable[[Note, Link], None]
    ) -> None:
        self._desk = desk
        self._forward = forward
        self._accepted = accepted
        self._queues: dict[int, Queue] = {}
        self._updates: dict[bytes, Note] = {}
        self._turn = 0
        self._busy_until = 0
        self._not_before = 0  # more is gathered until then: 4 ms for each record of the last batch
        desk.on_close.append(self._leave)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits, or more is gathered first."""
        return not self._queues or self.is_gathering

    @property
    def is_gathering(self) -> bool:
        """Whether what waits is left until more has come; alarms are not, but those of strangers.

        Each would cost a commit of its own, and a flood of them all that others bring.
        """
        queues = self._queues.values()
        return (
            bool(queues)
            and self._desk.now < self._not_before
            and not any(each.alarms and each.link.proven >= FIRST_SHARE for each in queues)
        )

    @property
    def is_busy(self) -> bool:
        """Whether records come by the thousand: what costs as much waits."""
        return self.busy_for > 0

    @property
    def busy_for(self) -> int:
        """For how many ms, unless more come."""
        return max(0, self._busy_until - self._desk.now)

    def holds(self, link: int) -> bool:
        """Say whether records of a link wait."""
        return link in self._queues

    def next_time(self) -> int | None:
        """Return when the next batch is taken, None while nothing waits."""
        return self._not_before if self._queues else None

    def add(
        self, link: Link, lines: Sequence[bytes], *, alarm: bool = False, told: Told | None = None
    ) -> bool:
        """Queue the lines of a message; say whether all were new to us or found room.

        What is known is answered at once.
        """
        queue = self._queues.setdefault(link.number, Queue(link))
        complete = True
        for line in lines:
            if link.number in self._desk.links:  # it may be cut off for any of its lines
                complete = self._add(queue, link, line, alarm, told) and complete
        if not queue or link.number not in self._desk.links:
            self._queues.pop(link.number, None)
        return complete

    def _add(self, queue: Queue, link: Link, line: bytes, alarm: bool, told: Told | None) -> bool:
        self._desk.counts["records in"] += 1
        data = outline(line)
        if data is None:
            self._refused(Waiting(link, line, b"", told), "bad_envelope")
            return True
        waiting = Waiting(link, line, record_id(data), told)
        if self._desk.holders.hold(waiting.id, link):
            self._known(waiting)
            return True
        if not queue.has_room(line):
            self._desk.counts["overflow"] += 1
            return False
        alarm = alarm and link.alarms.take(self._desk.now)
        (queue.alarms if alarm else queue.others).append(waiting)
        queue.size += len(line)
        return True

    def settle(self) -> None:
        """Verify and store a fair share of what waits, in one transaction, unless more is gathered first.

        Raises:
            DiskError, Busy: from the shelf; everything waits on.
        """
        if self.is_gathering:
            return
        batch = self._batch()
        lines = [group[0].line for group in batch.values()]
        if not lines:
            return
        try:
            results = self._desk.shelf.take(lines)
        except BaseException:
            self._put_back(group for group in batch.values())
            raise
        if not self._queues:
            self._not_before = self._desk.now + min(4 * len(lines), GATHER)
        self._busy_until = self._desk.now + len(lines) // BUSY
        self._desk.refresh()
        for group, result in zip(batch.values(), results, strict=True):
            self._judge(group, result.code)

    def take(self, link: Link, lines: Sequence[bytes]) -> list[Result]:
        """Take lines that a peer was asked for, in slices that grow as they prove good.

        What follows after too many forgeries is refused unread.
        """
        results = list[Result]()
        while len(results) < len(lines):
            part = lines[len(results) : len(results) + self._share(link)]
            results += self._take_part(link, part)
            if link.forged >= FORGED:
                results += [Result(b"", "bad_signature")] * (len(lines) - len(results))
        return results

    def _take_part(self, link: Link, part: Sequence[bytes]) -> list[Result]:
        results = [Result(b"", "bad_envelope")] * len(part)
        places: dict[bytes, list[tuple[int, Waiting]]] = {}
        for index, line in enumerate(part):
            data = outline(line)
            if data is not None:
                found = Waiting(link, line, record_id(data), None)
                places.setdefault(found.id, []).append((index, found))
        while places:  # copies of one id that differ in the signature are taken one after another
            now = [copies.pop(0) for copies in places.values()]
            places = {id_: copies for id_, copies in places.items() if copies}
            taken = self._desk.shelf.take([found.line for _, found in now])
            self._desk.refresh()
            for (index, found), result in zip(now, taken, strict=True):
                results[index] = result
                self._judge([found], result.code)
        return results

    # fair shares

    def _batch(self) -> dict[bytes, list[Waiting]]:
        """Take from all links in turn, alarms first: for each id one line, with all that brought it."""
        batch: dict[bytes, list[Waiting]] = {}
        held = list[list[Waiting]]()
        numbers = list(self._queues)
        self._turn += 1
        start = self._turn % max(1, len(numbers))
        order = [self._queues[number] for number in numbers[start:] + numbers[:start]]
        shares = [self._share(queue.link) for queue in order]
        for name in ("alarms", "others"):
            self._round(order, shares, name, batch, held)
        self._put_back(held)
        self._queues = {number: queue for number, queue in self._queues.items() if queue}
        return batch

    def _round(
        self,
        order: list[Queue],
        shares: list[int],
        name: str,
        batch: dict[bytes, list[Waiting]],
        held: list[list[Waiting]],
    ) -> None:
        taken = True
        while taken and len(batch) < BATCH:
            taken = False
            for index, queue in enumerate(order):
                lane: deque[Waiting] = getattr(queue, name)
                for _ in range(min(FIRST_SHARE, shares[index], len(lane))):
                    waiting = lane.popleft()
                    queue.size -= len(waiting.line)
                    shares[index] -= 1
                    taken = True
                    group = batch.setdefault(waiting.id, [])
                    if not group or group[0].line == waiting.line:
                        group.append(waiting)
                    else:
                        held.append([waiting])

    def _put_back(self, groups: Iterable[list[Waiting]]) -> None:
        for group in groups:
            for waiting in group:
                if waiting.link.number in self._desk.links:
                    queue = self._queues.setdefault(waiting.link.number, Queue(waiting.link))
                    queue.others.appendleft(waiting)
                    queue.size += len(waiting.line)

    def _share(self, link: Link) -> int:
        return min(BATCH, max(FIRST_SHARE - link.forged, 1) + 2 * link.proven)

    # what became of them

    def _judge(self, group: list[Waiting], code: str) -> None:
        self._desk.counts["duplicates"] += len(group) - 1
        if code in _SOUND:
            first = group[0]
            found = note(first.id, first.line)
            holders = self._hold(group, code)
            if code == NEW:
                self._desk.counts["records new"] += 1
                self._forward(found)
            if found.kind == "update":
                self._keep_update(found)
                for link in holders:
                    self._accepted(found, link)
            for waiting in group:
                waiting.tell(code)
        else:
            for waiting in group:
                self._refused(waiting, code)

    def _hold(self, group: list[Waiting], code: str) -> list[Link]:
        """Credit who brought a sound record; return whose peers hold it: they brought or announced it."""
        desk, mask = self._desk, 0
        for place, waiting in enumerate(group):
            link = waiting.link
            link.proven += 1
            link.source.brought(*(1, 0) if code == NEW and not place else (0, 1))
            mask |= link.bit if link.number in desk.links else 0
        desk.holders.add(group[0].id, mask)
        mask = desk.holders.of(group[0].id)
        return [link for link in desk.open_links() if mask & link.bit]

    def _known(self, waiting: Waiting) -> None:
        self._desk.counts["duplicates"] += 1
        waiting.link.source.brought(0, 1)
        self.announced([waiting.id], waiting.link)
        waiting.tell(KNOWN)

    def announced(self, ids: Iterable[bytes], link: Link) -> None:
        """Take into account that a peer holds these: of updates, that it accepts them."""
        for id_ in ids:
            if id_ in self._updates:
                self._accepted(self._updates[id_], link)

    def _keep_update(self, found: Note) -> None:
        self._updates[found.id] = found._replace(line=b"")
        if len(self._updates) > BATCH:
            del self._updates[next(iter(self._updates))]

    def _refused(self, waiting: Waiting, code: str) -> None:
        self._desk.counts["records refused"] += 1
        link = waiting.link
        waiting.tell(code)
        if link.number not in self._desk.links:
            return
        link.outbox.refused(waiting.id, code)
        if code in FORGERIES:
            link.forged += 1
            self._desk.blame(link, "bad_record")
            if link.forged >= FORGED and link.number in self._desk.links:
                self._desk.ban(link, "bad_record")
        elif link.refusals.take(self._desk.now):
            self._desk.blame(link, "refused_record")

    def _leave(self, link: Link, _code: str) -> None:
        """Forget what a link brought that is not verified yet."""
        self._queues.pop(link.number, None)
