"""The mesh of a serving node: the machine, its ledger and its memory, all in one thread.

Links give frames in; what the machine wants done comes out as actions. A link may have a few frames
waiting here and is not read further before they are settled, so that nobody's flood fills the queue.
"""

from __future__ import annotations

import os
from collections import Counter

from trustcli.errors import Busy, DiskError, TrustError
from trustcli.mesh.handshake import Me
from trustcli.mesh.machine import Mesh
from trustcli.mesh.memory import Seen, banned
from trustcli.node import Node
from trustcli.node.acquaintances import Acquaintances, acquainted
from trustcli.node.credit import Credit, unread
from trustcli.node.feeding import Feed, follows
from trustcli.node.observing import Observing
from trustcli.node.remembering import LedgerMemory
from trustcli.node.sharing import LedgerShelf
from trustcli.node.timetable import Timetable
from trustcli.node.worker import Worker
from trustcli.sync.exchange import Offer, Result, Taken
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trustcli.mesh.actions import Action
    from trustcli.node.bridging import Bridged
    from trustcli.records.envelope import Signer
    from trustcli.transports.troubles import Troubles

    Act = Callable[["Turn"], None]
    """Told, from the mesh's thread, what came of one turn."""

WATCH = 0.1  # seconds between two looks at whether another process wrote: `trust rate` beside us
NOTE = 5_000  # ms between two writes of what the mesh remembers
_ROOM = "storing"
CREDITS = 1_024  # keys that offered records whose credit is remembered


def twin(node: Node) -> Node:
    """Return the same node for another thread: a ledger connection belongs to one."""
    return Node(node.places, node.settings, clock=node.clock, identity=node.identity)


class Turn(NamedTuple):
    """What came of one turn of the machine.

    Attributes:
        actions: what to do, in this order.
        settled: links of which one frame was settled, once for each frame.
    """

    actions: Sequence[Action]
    settled: Sequence[int] = ()


class Meshing:
    """The machine and the thread it lives in."""

    def __init__(
        self,
        node: Node,
        sign: Signer,
        act: Act,
        failed: Callable[[BaseException], None],
        troubles: Troubles,
    ) -> None:
        self._node = twin(node)
        self._sign = sign
        self._act = act
        self._worker = Worker("mesh", self._rest, failed)
        self._settled: list[int] = []
        self._pressed = False
        self._flooded: set[int] = set()
        self._has_more = False  # records that the machine was not told of
        self._noted = 0
        self._credits: dict[str, Credit] = {}
        self._counts: Counter[str] = Counter()
        self._troubles = troubles
        self._full: dict[str, int] = {}  # what found no room on the disk, and when it is tried again
        self._is_up = False
        self._named: Acquaintances
        self._mesh: Mesh
        self._shelf: LedgerShelf
        self._memory: LedgerMemory

    async def start(self) -> None:
        """Open the ledger and begin.

        Raises:
            TrustError: as the ledger's opening.
        """
        self._worker.start()
        await self._worker.ask(self._begin)

    def stop(self) -> None:
        """Do what waits, write what is remembered, end the thread."""
        self._worker.stop(self._end)

    def opened(self, link: int, address: str, dialled: str | None, expect: str | None) -> None:
        """Tell that a link is there."""

        def meet(now: int) -> None:
            self._named.opened(link, dialled)
            self._mesh.opened(link, now, address=address, dialled=dialled, expect=expect)

        self._post(meet)

    def received(self, link: int, frame: bytes) -> bool:
        """Give a frame in; when it is settled, `act` is told the link's number. False: there is no room.

        A frame of which nothing waits is settled at once: so a flooder is soon through what a peer may send.
        """

        def take(now: int) -> None:
            if link in self._flooded:
                return
            self._mesh.received(link, frame, now)
            if self._mesh.has_work(link):
                self._settled.append(link)
            else:
                self._act(Turn((), (link,)))

        return self._worker.post(lambda: take(self._node.clock()))

    def flooded(self, link: int) -> None:
        """Tell that more came over a link than any peer may send; none of it that waits is looked at."""
        self._flooded.add(link)

        def cut(now: int) -> None:
            self._mesh.flooded(link, now)
            self._flooded.discard(link)

        self._post(cut)

    def closed(self, link: int) -> None:
        """Tell that a link is gone."""
        self._post(lambda now: self._mesh.closed(link, now))

    def failed(self, url: str, why: str) -> None:
        """Tell that an address could not be dialled."""

        def give_up(now: int) -> None:
            self._named.failed(url, why)
            self._mesh.failed(url, now)

        self._post(give_up)

    async def take(self, offer: Offer, key: str) -> Taken:
        """Verify and store what a key offers, in slices between which frames have their turn.

        After too many forgeries the key is banned, and what follows is refused unread.

        Raises:
            DiskError, Busy: the slices before are stored.
        """
        credit, results = self._credit(key), list[Result]()
        while True:
            part = offer.lines[len(results) : len(results) + credit.share]
            taken = await self._worker.ask(lambda part=part: self._take(part))  # type: ignore[misc]
            results += taken.results
            credit.learn(taken.results)
            if credit.is_used_up:
                self._post(lambda now: self._ban(key, now))
                results += [unread(line) for line in offer.lines[len(results) :]]
            if len(results) == len(offer.lines):
                return Taken(taken.head, tuple(results))

    @property
    def is_busy(self) -> bool:
        """Whether the machine has work, or will have some more in a moment."""
        return self._pressed or self._worker.is_busy

    def refuses(self, key: str) -> bool:
        """Say whether a key is banned or blocked here, or is about to be."""
        credit = self._credits.get(key)
        return (credit is not None and credit.is_used_up) or self._memory.refuses(key, self._node.clock())

    def metrics(self) -> str:
        """Return lines of Prometheus text about the mesh; none where it was not started."""
        if not self._is_up:
            return ""
        counts = sorted({**self._mesh.counts(), **self._counts}.items())
        text = "# HELP trust_mesh_events_total What happened on the mesh.\n"
        text += "# TYPE trust_mesh_events_total counter\n"
        text += "".join(f'trust_mesh_events_total{{what="{what}"}} {count}\n' for what, count in counts)
        text += "# HELP trust_updates_pending Updates that are not committed.\n"
        text += "# TYPE trust_updates_pending gauge\n"
        return f"{text}trust_updates_pending {self._mesh.pending}\n"

    def _credit(self, key: str) -> Credit:
        credit = self._credits[key] = self._credits.pop(key) if key in self._credits else Credit()
        if len(self._credits) > CREDITS:
            del self._credits[next(iter(self._credits))]
        return credit

    def _take(self, lines: Sequence[bytes]) -> Taken:
        results = self._shelf.take(lines)
        self._has_more = True
        return Taken(self._shelf.head(), tuple(results))

    def _ban(self, key: str, now: int) -> None:
        """Do not speak with a key for a while, as the mesh bans; once for what it did."""
        seen = self._memory.seen(key) or Seen(key)
        if seen.banned_until <= now:
            self._memory.save_seen([banned(seen, now, "bad_record")])
        self._credits.pop(key, None)

    def _begin(self) -> None:
        node = self._node
        node.make_ledger()
        self._shelf = LedgerShelf(node)
        self._memory = LedgerMemory(node)
        settings = node.settings
        me = Me(
            node.me, self._sign, node.ledger.network, (settings.role,), settings.endpoints,
            settings.subjects, settings.hops, acquainted(node),
        )  # fmt: skip
        self._named = Acquaintances({url for url, _ in me.seeds}, self._troubles)
        now = node.clock()
        self._mesh = Mesh(me, self._shelf, now=now, entropy=os.urandom, memory=self._memory)
        node.lend(node.me, self._sign)
        self._observing = Observing(node.ledger, self._memory.everybody(), now)
        self._feed = Feed(node, self._lent, self._bridged) if follows(node) else None
        self._timetable = Timetable(node, self._observe, self._unplayed) if settings.round_every else None
        self._is_up = True

    def _end(self) -> None:
        self._mesh.stop(self._node.clock())
        self._act(Turn(self._mesh.drain()))
        self._memory.linked({})
        self._note(self._node.clock(), last=True)
        self._shelf.close()
        self._node.close()

    def _post(self, event: Callable[[int], None]) -> None:
        """Tell what must not be missed; there is no more of it than there are links and bans."""
        self._worker.post(lambda: event(self._node.clock()), whatever=True)

    def _rest(self) -> float:
        now = self._node.clock()
        self._settle(now)
        self._pressed = self._mesh.is_pressed
        wake = self._mesh.tick(now)
        if self._feed:
            self._feed.tick(now)
        if self._timetable:
            wake = min(wake, self._timetable.tick(now))
        turn = Turn(self._mesh.drain(), () if self._mesh.is_gathering else tuple(self._settled))
        if turn.settled:
            self._settled.clear()
        if any(turn):
            self._act(turn)
        links = self._mesh.links()
        self._named.look(links, turn.actions)
        if (
            self._memory.linked({link.did: (link.since, "out" if link.url else "in") for link in links})
            or now - self._noted >= NOTE
        ):
            self._note(now)
        return min(max(wake - now, 1) / 1000, WATCH)

    def _settle(self, now: int) -> None:
        """Take in what other processes wrote and what came over links."""

        def settle() -> None:
            self._has_more = self._shelf.has_changed() or self._has_more
            if self._has_more:
                self._mesh.woke(now)
                self._has_more = False
            self._mesh.settle(now)

        self._write("records", settle, now)

    def _note(self, now: int, *, last: bool = False) -> None:
        """Write down what is remembered."""
        self._noted = now

        def note() -> None:
            self._memory.write()
            if last:
                self._observe(now)
            else:
                self._observing.tick(self._memory.everybody(), now)

        self._write("notes", note, now)

    def _write(self, what: str, write: Callable[[], None], now: int) -> None:
        """Write, or later: while somebody else writes, and for a while where there is no room on the disk.

        A node whose disk is full goes on with what it has.
        """
        if now < self._full.get(what, 0):
            return
        try:
            write()
        except Busy:
            return
        except DiskError as problem:
            if problem.code != "disk_full":
                raise
            self._full[what] = now + NOTE
            self._troubles.fails(_ROOM, str(problem))
            return
        if self._full.pop(what, 0) and not self._full:
            self._troubles.works(_ROOM)

    def _lent(self) -> Node:
        """Return the node for a thread of its own, able to sign."""
        node = twin(self._node)
        node.lend(node.me, self._sign)
        return node

    def _bridged(self, done: Bridged | TrustError) -> None:
        """Count what a bridge brought in, for the metrics."""
        file = self._node.settings.bridge_file
        if isinstance(done, TrustError):
            self._counts["bridge runs failed"] += 1
            self._troubles.fails(file, str(done))
        else:
            self._troubles.works(file)
            self._counts.update({"bridged": done.added, "bridge rows refused": len(done.refused)})

    def _unplayed(self, problem: TrustError) -> None:
        """Count and say what of a round could not be done; `status` says which is not decided."""
        self._counts["round steps failed"] += 1
        if not isinstance(problem, Busy):
            self._troubles.fails("rounds", str(problem))

    def _observe(self, now: int) -> None:
        self._observing.write(self._memory.everybody(), now)
