"""Addresses from which somebody was cut off wait; links hold few frames, and end when they should."""

from __future__ import annotations

import asyncio

import pytest

from trustcli.mesh.actions import Close, Send
from trustcli.node import links
from trustcli.node.links import AHEAD, FIRST_AHEAD, FRAMES, GROWTH, TURNS_AT_ONCE, Ahead, Links
from trustcli.node.meshing import Turn
from trustcli.transports.waits import ADDRESSES, FIRST_WAIT, LONGEST_WAIT, Waits


def test_an_address_waits_longer_each_time_up_to_a_minute() -> None:
    """One second, two, four … and never more than the longest."""
    waits, now, found = Waits(), 100.0, []
    for _ in range(9):
        waits.cut("198.51.100.7", now)
        begun = now
        while not waits.may_enter("198.51.100.7", now):
            now += 0.25
        found.append(now - begun)
    assert found[:4] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT, 8 * FIRST_WAIT]
    assert max(found) == LONGEST_WAIT


def test_a_quiet_minute_clears_an_address() -> None:
    """Who was cut off long ago waits as briefly as somebody new."""
    waits = Waits()
    waits.cut("198.51.100.7", 0.0)
    waits.cut("198.51.100.7", 1.0)
    later = 1.0 + 2 * FIRST_WAIT + LONGEST_WAIT
    waits.cut("198.51.100.7", later)
    assert waits.may_enter("198.51.100.7", later + FIRST_WAIT)


def test_others_need_not_wait() -> None:
    """Only the address itself; of IPv6 the /64, because one household has as many addresses as it likes."""
    waits = Waits()
    waits.cut("198.51.100.7", 0.0)
    waits.cut("2001:db8::1", 0.0)
    assert waits.may_enter("198.51.100.8", 0.0)
    assert not waits.may_enter("2001:db8::2", 0.0)
    assert waits.may_enter("2001:db8:0:1::1", 0.0)


def test_what_is_remembered_is_bounded() -> None:
    """The address that was cut first is forgotten first."""
    waits = Waits()
    for number in range(ADDRESSES + 1):
        waits.cut(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0.0)
    assert waits.may_enter("10.0.0.0", 0.0)
    assert not waits.may_enter("10.0.0.1", 0.0)


async def entered(ahead: Ahead, size: int, most: int = 1_000) -> int:
    """Let frames of a size wait until no more may; return how many did."""
    for count in range(most):
        try:
            async with asyncio.timeout(0):
                await ahead.enter(size)
        except TimeoutError:
            return count
    return most


def test_a_link_has_one_large_frame_wait_or_some_small_ones() -> None:
    """However small: so many that a flooder is soon through; and one there may always be."""

    async def scenario() -> list[int]:
        sizes = FIRST_AHEAD, FIRST_AHEAD // 4, 10, AHEAD * 2
        return [await entered(Ahead(), size) for size in sizes]

    assert asyncio.run(scenario()) == [1, 4, FRAMES, 1]


def test_who_brought_much_may_have_more_wait() -> None:
    """A byte more for each eight that were settled, up to four large frames."""

    async def settled(ahead: Ahead, frames: int) -> None:
        for _ in range(frames):
            assert await entered(ahead, FIRST_AHEAD, most=1) == 1
            ahead.settled()

    async def scenario(frames: int) -> int:
        ahead = Ahead()
        await settled(ahead, frames)
        return await entered(ahead, FIRST_AHEAD)

    counts = (GROWTH - 1, GROWTH, 2 * GROWTH, 10 * GROWTH)
    assert [asyncio.run(scenario(count)) for count in counts] == [1, 2, 3, AHEAD // FIRST_AHEAD]


class Deaf:
    """A channel whose other side sends and does not read."""

    address = "198.51.100.7"

    def __init__(self) -> None:
        self.is_closed = False

    async def send(self, _frame: bytes) -> None:
        """Wait for a reader."""
        await asyncio.sleep(60)

    async def receive(self) -> bytes | None:
        """Have a frame, again and again."""
        await asyncio.sleep(0.001)
        return b"frame"

    async def close(self, _code: int = 1000) -> None:
        """Be closed."""
        self.is_closed = True


class Heard:
    """A mesh that counts the frames, and settles none."""

    def __init__(self, *, is_busy: bool = False) -> None:
        self.frames = self.closed_links = 0
        self.is_busy = is_busy
        self.floods: list[int] = []

    def opened(self, *_: object) -> None:
        """A link is there."""

    def received(self, _link: int, _frame: bytes) -> bool:
        """A frame is there."""
        self.frames += 1
        return True

    def flooded(self, link: int) -> None:
        """Too much is there."""
        self.floods.append(link)

    def closed(self, _link: int) -> None:
        """A link is gone."""
        self.closed_links += 1


def test_a_link_that_is_to_end_does_not_wait_for_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is queued has a moment to go out; what comes meanwhile is not heard any more."""
    monkeypatch.setattr(links, "LAST_WORDS", 0.05)

    async def scenario() -> tuple[bool, int, int]:
        mesh, channel = Heard(), Deaf()
        found = Links(mesh, allow_private=False, trusted=frozenset())  # type: ignore[arg-type]
        running = asyncio.ensure_future(found.run(channel))
        while not mesh.frames:
            await asyncio.sleep(0)
        found.act(Turn([Send(1, b"a"), Close(1, "cut")]))
        before = mesh.frames
        async with asyncio.timeout(30):
            await running
        return (
            channel.is_closed and found.is_waiting(channel.address),
            mesh.frames - before,
            mesh.closed_links,
        )

    assert asyncio.run(scenario()) == (True, 0, 1)


class Flooder(Deaf):
    """A channel over which so many frames come at once, and then the end."""

    def __init__(self, frames: int, address: str = "198.51.100.7") -> None:
        super().__init__()
        self.address = address
        self.left = frames
        self.may_end = asyncio.Event()

    async def receive(self) -> bytes | None:
        """Have the next frame; the end when it may be."""
        if self.left:
            self.left -= 1
            return b"frame"
        await self.may_end.wait()
        return None


async def heard(mesh: Heard, *channels: Flooder) -> tuple[int, list[int]]:
    """Run links until all that came was taken; return how many frames the mesh got, and what flooded."""
    found = Links(mesh, allow_private=False, trusted=frozenset())  # type: ignore[arg-type]
    running = [asyncio.ensure_future(found.run(channel)) for channel in channels]
    for _ in range(100):  # what may be passed on at once is by then
        await asyncio.sleep(0)
    for channel in channels:
        channel.may_end.set()
    async with asyncio.timeout(30):
        await asyncio.gather(*running)
    return mesh.frames, mesh.floods


def test_who_sends_more_at_once_than_leads_to_a_cut_is_cut_unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame that is one too many says so; those before it may wait, those after it are not kept."""
    monkeypatch.setattr(links, "TURNS", 1)
    assert asyncio.run(heard(Heard(), Flooder(FRAMES))) == (FRAMES, [])
    frames, floods = asyncio.run(heard(Heard(is_busy=True), Flooder(10 * FRAMES)))
    assert floods == [1]
    assert frames <= TURNS_AT_ONCE


def test_strangers_wait_for_their_turn_while_there_is_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address has its turns, however many links and keys; with nothing else to do nobody waits."""
    monkeypatch.setattr(links, "TURNS", 1)

    def flooders() -> list[Flooder]:
        return [Flooder(TURNS_AT_ONCE, f"198.51.100.{number % 2}") for number in range(8)]

    busy, _ = asyncio.run(heard(Heard(is_busy=True), *flooders()))
    assert busy == 2 * TURNS_AT_ONCE
    assert asyncio.run(heard(Heard(), *flooders())) == (8 * TURNS_AT_ONCE, [])


def test_who_brought_much_need_not_wait() -> None:
    """A link of which much was settled is not a stranger's any more."""

    async def scenario() -> bool:
        ahead = Ahead()
        assert ahead.is_new
        await ahead.enter(FIRST_AHEAD)
        ahead.settled()
        return ahead.is_new

    assert not asyncio.run(scenario())
