"""The mesh links of a serving node, on the event loop: frames in, frames out, dials; each link two tasks."""

from __future__ import annotations

import asyncio
import itertools

from trustcli.errors import TrustError
from trustcli.mesh import faults
from trustcli.mesh.actions import Close, Dial, Send
from trustcli.transports import guards, websocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine

    from trustcli.node.meshing import Meshing, Turn
    from trustcli.transports.desk import Channel

AHEAD = 4  # frames of one link that wait to be settled: 2 MiB at most
GROWTH = 8  # settled frames after which one more may wait; at first it is one: a flooder gets no further
OUT = 64  # frames of one link that wait to be sent; the machine paces itself far below
DIALS = 8  # under way at once
FIRST_WAIT = 1.0  # seconds an address waits whose key was cut off; each time twice as long
LONGEST_WAIT = 64.0
ADDRESSES = 4_096  # that wait


class _Link:
    """One open channel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.ahead = asyncio.Semaphore(1)
        self._room = 1
        self._settled = 0
        self.out: asyncio.Queue[bytes | None] = asyncio.Queue(OUT)

    def settled(self) -> None:
        """A frame is settled: another may wait in its place, and now and then one more."""
        self._settled += 1
        self.ahead.release()
        if self._settled % GROWTH == 0 and self._room < AHEAD:
            self._room += 1
            self.ahead.release()

    async def send(self) -> None:
        """Send what is queued, until told to end."""
        while (frame := await self.out.get()) is not None:
            await self.channel.send(frame)
        await self.channel.close()

    def end(self) -> None:
        """Close once all that is queued is out; at once when the other side does not read."""
        try:
            self.out.put_nowait(None)
        except asyncio.QueueFull:
            self.out = asyncio.Queue()
            self.out.put_nowait(None)


class Waits:
    """Addresses from which somebody was cut off: fresh keys are free, so the address has to wait.

    Only to shake hands again; it waits a second at first, and a quiet minute clears it.
    """

    def __init__(self) -> None:
        self._waits: dict[str, tuple[float, float]] = {}  # until when, and how long

    def cut(self, address: str, now: float) -> None:
        """Let an address wait, longer than the last time."""
        group = guards.group_of(address)
        until, last = self._waits.pop(group, (now, 0.0))
        wait = min(2 * last, LONGEST_WAIT) if last and now < until + LONGEST_WAIT else FIRST_WAIT
        self._waits[group] = now + wait, wait
        if len(self._waits) > ADDRESSES:
            del self._waits[next(iter(self._waits))]

    def may_enter(self, address: str, now: float) -> bool:
        """Say whether an address need not wait."""
        until, _ = self._waits.get(guards.group_of(address), (now, 0.0))
        return now >= until


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
        sending = asyncio.ensure_future(link.send())
        receiving = asyncio.ensure_future(self._receive(number, link))
        try:
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._links[number]
            self._meshing.closed(number)
            for task in (sending, receiving):
                task.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)
            await channel.close()

    async def _receive(self, number: int, link: _Link) -> None:
        while (frame := await link.channel.receive()) is not None:
            await link.ahead.acquire()
            if not self._meshing.received(number, frame):
                return

    def act(self, turn: Turn) -> None:
        """Do what the machine wants done; let links whose frames are settled be read on."""
        for number in turn.settled:
            if number in self._links:
                self._links[number].settled()
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
            except (TrustError, OSError):
                self._meshing.failed(dial.url)
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


def _is_offence(code: str) -> bool:
    """Say whether a link was closed for what no honest node does."""
    return code == "cut" or (code in faults.FAULTS and faults.points(code) >= faults.BAD_SIGNATURE)
