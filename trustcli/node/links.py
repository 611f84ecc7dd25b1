"""The mesh links of a serving node, on the event loop: frames in, frames out, dials; three tasks each."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque

from trustcli.errors import TrustError
from trustcli.mesh import faults
from trustcli.mesh.actions import Close, Dial, Send
from trustcli.mesh.limits import TokenBucket
from trustcli.mesh.link import RATE
from trustcli.transports import websocket
from trustcli.transports.link import FLOODED
from trustcli.transports.turns import Turns
from trustcli.transports.waits import Waits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine

    from trustcli.node.meshing import Meshing, Turn
    from trustcli.transports.desk import Channel

FIRST_AHEAD = 512 << 10  # bytes of one link that may wait to be settled: a large frame, or many small ones
AHEAD = 2 << 20  # and of one that brought much
GROWTH = 8  # bytes settled for each that may wait more
FRAMES = 256  # of one link that may wait: a flooder has sent too many before the first is settled, and is cut
ALLOWED = 2 * RATE  # frames of one link a minute: what is beyond RATE counts, and as many are forgiven
TURNS, TURNS_AT_ONCE = 3_000, 20  # frames a minute of all strangers at an address while records come
OUT = 64  # frames of one link that wait to be sent; the machine paces itself far below
DIALS = 8  # under way at once
LAST_WORDS = 1.0  # seconds for what is queued to go out once a link is to end


class Ahead:
    """The frames of one link that wait to be settled; the link is not read on while there are too many."""

    def __init__(self) -> None:
        self._sizes: deque[int] = deque()
        self._waiting = 0
        self._settled = 0
        self._moved = asyncio.Event()

    @property
    def is_new(self) -> bool:
        """Whether little was settled yet: of a stranger, who has to wait for his turn."""
        return self._settled < FIRST_AHEAD

    async def enter(self, size: int) -> None:
        """Let a frame wait, once there is room for it."""
        while not self._has_room(size):
            self._moved.clear()
            await self._moved.wait()
        self._sizes.append(size)
        self._waiting += size

    def settled(self) -> None:
        """The frame that waited longest is settled."""
        size = self._sizes.popleft()
        self._waiting -= size
        self._settled += size
        self._moved.set()

    def _has_room(self, size: int) -> bool:
        room = min(AHEAD, FIRST_AHEAD + self._settled // GROWTH)
        return not self._sizes or (len(self._sizes) < FRAMES and self._waiting + size <= room)


class _Link:
    """One open channel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.ahead = Ahead()
        self.allowed = TokenBucket(ALLOWED, FRAMES)
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()  # as many as `ahead` lets wait
        self.out: asyncio.Queue[bytes | None] = asyncio.Queue(OUT)
        self.is_over = False
        self.sending = asyncio.ensure_future(self._send())

    async def _send(self) -> None:
        """Send what is queued, until told to end."""
        while (frame := await self.out.get()) is not None:
            await self.channel.send(frame)
        await self.channel.close()

    def end(self) -> None:
        """Close once all that is queued is out, within a second: who does not read is not waited for."""
        self.is_over = True
        asyncio.get_running_loop().call_later(LAST_WORDS, self.sending.cancel)
        try:
            self.out.put_nowait(None)
        except asyncio.QueueFull:
            self.out = asyncio.Queue()
            self.out.put_nowait(None)


class Links:
    """All links, by the numbers the machine knows them by."""

    def __init__(self, meshing: Meshing, *, allow_private: bool, trusted: frozenset[str]) -> None:
        self._meshing = meshing
        self._allow_private = allow_private
        self._trusted = trusted  # URLs the user gave: these may be on this machine
        self._numbers = itertools.count(1)
        self._links: dict[int, _Link] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._dials = asyncio.Semaphore(DIALS)
        self._waits = Waits()
        self._turns = Turns(TURNS, TURNS_AT_ONCE, lambda: meshing.is_busy, _ticks)

    def __len__(self) -> int:
        return len(self._links)

    def is_waiting(self, address: str) -> bool:
        """Say whether an address must wait: the key of a link from there was cut off a moment ago."""
        return not self._waits.may_enter(address, asyncio.get_running_loop().time())

    async def run(self, channel: Channel, dialled: str | None = None, expect: str | None = None) -> None:
        """Run a link until it is over."""
        number = next(self._numbers)
        link = self._links[number] = _Link(channel)
        self._meshing.opened(number, channel.address, dialled, expect)
        sending = link.sending
        receiving = asyncio.ensure_future(self._receive(number, link))
        passing = asyncio.ensure_future(self._pass_on(number, link))
        tasks = sending, receiving, passing
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._links[number]
            self._meshing.closed(number)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await channel.close()

    async def _receive(self, number: int, link: _Link) -> None:
        """Take what comes, until the end, or until it is too much: then nothing is read any more."""
        while (frame := await link.channel.receive()) is not None:
            if link.is_over:
                continue  # until it heard our goodbye
            if not link.allowed.take(_ticks()):
                self._meshing.flooded(number)
                self._waits.cut(link.channel.address, asyncio.get_running_loop().time())
                await link.channel.close(FLOODED)
                return
            await link.ahead.enter(len(frame))
            link.heard.put_nowait(frame)

    async def _pass_on(self, number: int, link: _Link) -> None:
        """Give frames to the mesh, a stranger's when it is the turn of his address."""
        while True:
            frame = await link.heard.get()
            if link.ahead.is_new:
                await self._turns.wait(link.channel.address)
            if not link.is_over and not self._meshing.received(number, frame):
                return

    def act(self, turn: Turn) -> None:
        """Do what the machine wants done; let links whose frames are settled be read on."""
        for number in turn.settled:
            if number in self._links:
                self._links[number].ahead.settled()
        for action in turn.actions:
            if isinstance(action, Dial):
                self._start(self._dial(action))
            elif action.link in self._links:
                self._tell(self._links[action.link], action)

    def _tell(self, link: _Link, action: Send | Close) -> None:
        if isinstance(action, Close):
            if _is_offence(action.code):
                self._waits.cut(link.channel.address, asyncio.get_running_loop().time())
            link.end()
            return
        try:
            link.out.put_nowait(action.frame)
        except asyncio.QueueFull:
            link.end()

    async def _dial(self, dial: Dial) -> None:
        async with self._dials:
            try:
                channel = await websocket.dial(
                    dial.url, trusted=dial.url in self._trusted, allow_private=self._allow_private
                )
            except (TrustError, OSError) as problem:
                self._meshing.failed(dial.url, _why(problem))
                return
        await self.run(channel, dial.url, dial.did or None)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self, grace: float) -> None:
        """Close all links; wait for them at most `grace` seconds."""
        for link in self._links.values():
            link.end()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _why(problem: TrustError | OSError) -> str:
    hint = problem.hint if isinstance(problem, TrustError) else ""
    return f"{problem} ({hint})" if hint else str(problem)


def _ticks() -> int:
    return time.monotonic_ns() // 1_000_000


def _is_offence(code: str) -> bool:
    """Say whether a link was closed for what no honest node does."""
    return code == "cut" or (code in faults.FAULTS and faults.points(code) >= faults.BAD_SIGNATURE)
