"""The server against those who do not play by the rules: real sockets, every limit."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import warnings
from typing import TYPE_CHECKING

import pytest

from tests.network.fake_desk import PATIENCE, FakeDesk, Wire, app_of, exchange, serving
from trustcli.errors import Busy, ConfigError, UsageError, WouldOverwrite
from trustcli.transports.binding import Listen, read_listen
from trustcli.transports.heads import BAD, GOOD, LARGE, WAIT, Sizes, judge
from trustcli.transports.holding import Holding
from trustcli.transports.limits import LIMITS
from trustcli.transports.link import FLOODED
from trustcli.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trustcli.transports.desk import Channel

HASTY = LIMITS._replace(
    header_seconds=0.5, body_seconds=0.8, body_grace=0.4, exchange_seconds=1.5, idle_seconds=0.5,
    reader_seconds=0.5, close_seconds=0.2,
)  # fmt: skip
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"
PAGE = GET.replace(b"/healthz", b"/v1/records")
HUGE = [b"x" * 65_000] * 512  # 33 MB: more than any kernel buffers


def post(path: str, *headers: str, body: bytes = b"", media: str = "application/octet-stream") -> bytes:
    """Return a POST as bytes; its headers are what is given, and a media type."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {media}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def reconcile(*headers: str, body: bytes = b"") -> bytes:
    """Return a POST to a route that takes any bytes."""
    return post("/v1/reconcile", *headers, body=body)


def closing(request: bytes) -> bytes:
    """Return a request after which the connection ends."""
    return request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


def status_of(response: bytes) -> int:
    """Return the status of a response, 0 where there is none."""
    return int(response[9:12]) if response else 0


def code_of(response: bytes) -> str:
    """Return the code of an error response."""
    return str(json.loads(response.partition(b"\r\n\r\n")[2])["error"]["code"])


def refused(data: bytes) -> str:
    """Return status and code that a server answers to these bytes before it closes the connection."""

    async def scenario() -> str:
        async with serving() as server:
            got = await exchange(server, data)
            assert b"connection: close" in got.lower()
            return f"{status_of(got)} {code_of(got)}"

    return asyncio.run(scenario())


KEY = base64.b64encode(b"k" * 16).decode()
UPGRADE = (
    "GET /mesh HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()


# Time


def test_half_requests_are_closed() -> None:
    """300 connections that send half a head, or a byte now and then, are all closed at the deadline."""

    async def scenario() -> list[bytes]:
        limits = HASTY._replace(connections=400, per_address=400, header_seconds=1.5)
        async with serving(limits=limits) as server:
            wires, drips = list[Wire](), list[asyncio.Future[None]]()
            for number in range(300):
                wires.append(await Wire.to(server))
                if number < 50:
                    drips.append(asyncio.ensure_future(_drip(wires[-1])))
                elif number < 250:
                    await wires[-1].put(b"GET /healthz HTTP/1.1\r\nHost: local")
            got = await asyncio.gather(*(one.rest() for one in wires))
            for drip in drips:
                drip.cancel()
            for one in wires:
                await one.close()
            return got

    got = asyncio.run(scenario())
    assert [code_of(one) for one in got[:250]] == ["too_slow"] * 250
    assert got[250:] == [b""] * 50


async def _drip(one: Wire) -> None:
    for byte in GET[:-2] * 10:
        await one.put(bytes([byte]))
        await asyncio.sleep(0.1)


def test_a_slow_second_head() -> None:
    """The deadline of a head counts for the next request on a connection as for the first."""

    async def scenario() -> str:
        async with serving(limits=HASTY._replace(idle_seconds=60)) as server:
            one = await Wire.to(server)
            await one.put(GET)
            await one.answer()
            await one.put(GET[:10])
            rest = await one.rest()
            await one.close()
            return code_of(rest)

    assert asyncio.run(scenario()) == "too_slow"


def test_a_slow_body() -> None:
    """A byte a second is too slow, and so is a body that stops; one in time is read."""

    async def scenario() -> list[str]:
        limits = HASTY._replace(body_seconds=60, exchange_seconds=60)
        async with serving(limits=limits) as server:
            slow, stuck = await Wire.to(server), await Wire.to(server)
            await slow.put(post("/v1/reconcile", "Content-Length: 1000", body=b"a"))
            await stuck.put(post("/v1/reconcile", "Transfer-Encoding: chunked", body=b"5\r\nab"))
            await asyncio.sleep(0.05)
            await slow.put(b"a")
            got = [code_of(await one.rest()) for one in (slow, stuck)]
            good = await exchange(
                server, post("/v1/reconcile", "Content-Length: 1", "Connection: close", body=b"a")
            )
            await slow.close()
            await stuck.close()
            return [*got, str(status_of(good))]

    assert asyncio.run(scenario()) == ["too_slow", "too_slow", "200"]


def test_a_body_that_starts_well() -> None:
    """A body that came fast for a while has no more time in all than any other."""

    async def scenario() -> str:
        async with serving(limits=HASTY._replace(body_seconds=0.5, exchange_seconds=60)) as server:
            return code_of(await exchange(server, reconcile("Content-Length: 60000", body=b"a" * 59_999)))

    assert asyncio.run(scenario()) == "too_slow"


def test_idle_connections_end() -> None:
    """A connection serves many requests, one after the other or all at once, and ends when it rests."""

    async def scenario() -> tuple[list[int], bytes]:
        async with serving(limits=HASTY._replace(idle_seconds=1)) as server:
            one = await Wire.to(server)
            statuses = []
            for _ in range(3):
                await one.put(GET)
                statuses.append((await one.answer())[0])
                await asyncio.sleep(0.05)
            await one.put(GET * 3)
            statuses += [(await one.answer())[0] for _ in range(3)]
            rest = await one.rest()
            await one.close()
            return statuses, rest

    assert asyncio.run(scenario()) == ([200] * 6, b"")


async def deaf(server: Server, request: bytes, source: str = "127.0.0.1") -> socket.socket:
    """Send a request, and read nothing of what comes."""
    one = socket.socket()
    one.setblocking(False)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.bind((source, 0))
    await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", server.port))
    one.send(request)
    return one


def test_slow_readers_are_dropped() -> None:
    """Who asks for much and reads nothing is cut, and what was held for him is free."""

    async def scenario() -> tuple[int, int]:
        async with serving(FakeDesk(lines=HUGE), limits=HASTY._replace(exchange_seconds=60)) as server:
            greedy = [await deaf(server, PAGE) for _ in range(5)]
            await _until(lambda: server.connections == 5)
            during = server.connections
            await _until(lambda: server.connections == 0)
            after = server.connections
            for one in greedy:
                one.close()
            return during, after

    assert asyncio.run(scenario()) == (5, 0)


class Brief(FakeDesk):
    """Sends a link 60 kB, and takes its leave."""

    async def meet(self, channel: Channel) -> None:
        """Send more than the kernel holds and less than makes anybody wait."""
        await channel.send(b"a" * 60_000)


@pytest.mark.parametrize("request_", [PAGE, closing(PAGE), UPGRADE], ids=["kept", "closed", "link"])
def test_what_is_never_read_is_not_kept(request_: bytes) -> None:
    """An answer that fits into the buffers and is not read does not keep a connection open for ever."""

    async def scenario() -> tuple[int, int]:
        given = socket.create_server(("127.0.0.1", 0))
        given.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        place = Listen(fd=given.detach())
        async with serving(Brief(lines=[b"x" * 60_000]), limits=HASTY, listen=place) as server:
            one = await deaf(server, request_)
            await _until(lambda: server.connections == 1)
            during = server.connections
            await _until(lambda: server.connections == 0)
            one.close()
            return during, server.connections

    assert asyncio.run(scenario()) == (1, 0)


def test_those_who_hold_most_let_go() -> None:
    """Many who read nothing hold no more than the room there is; they make way for one who reads."""

    async def scenario() -> tuple[int, list[int]]:
        limits = LIMITS._replace(held=32 << 20, per_address=50)
        desk = FakeDesk(lines=HUGE[:128])
        app = app_of(desk, limits=limits)
        server = Server(app, [Listen("127.0.0.1")], limits=limits)
        await server.start()

        def held_bytes() -> int:
            return int(re.findall(r"trust_held_bytes (\d+)", app.metrics.render())[0])

        greedy = [await deaf(server, PAGE) for _ in range(20)]
        await _until(lambda: held_bytes() > 16 << 20)
        await asyncio.sleep(0.3)
        held = held_bytes()
        quick = [await exchange(server, closing(PAGE), "127.0.0.2") for _ in range(5)]
        for one in greedy:
            one.close()
        await server.stop(0)
        return held, [len(one) // (128 * 65_001) for one in quick]

    held, quick = asyncio.run(scenario())
    assert 16 << 20 < held <= 32 << 20
    assert quick == [1] * 5


def test_what_is_held() -> None:
    """Beyond the room the oldest of whoever holds most is dropped; what is given back counts no more."""
    holding, dropped = Holding(100), []

    def hold(owner: str, group: str, size: int) -> None:
        holding.hold(owner, group, size, lambda: dropped.append(owner))

    hold("a1", "a", 60)
    hold("b1", "b", 40)
    assert (holding.size, dropped) == (100, [])
    hold("c1", "c", 10)
    assert (holding.size, dropped) == (50, ["a1"])
    hold("b2", "b", 30)
    hold("c2", "c", 30)
    assert (holding.size, dropped) == (70, ["a1", "b1"])
    holding.release("b1")
    holding.release("c2")
    assert holding.size == 40
    hold("d1", "d", 1000)
    assert (holding.size, dropped) == (40, ["a1", "b1", "d1"])


def test_a_slow_but_steady_reader_gets_everything() -> None:
    """33 MB arrive whole with somebody who pauses, but for less than the limit."""

    async def scenario() -> int:
        async with serving(FakeDesk(lines=HUGE), limits=HASTY._replace(exchange_seconds=60)) as server:
            one = await Wire.to(server)
            await one.put(closing(PAGE))
            size = 0
            while chunk := await one.reader.read(2 << 20):
                size += len(chunk)
                await asyncio.sleep(0.002)
            await one.close()
            return size

    assert asyncio.run(scenario()) > 512 * 65_001


def test_nothing_outlives_its_exchange() -> None:
    """A request that the node never answers is cut in the end."""

    class Stuck(FakeDesk):
        async def facts(self) -> object:  # type: ignore[override]
            await asyncio.sleep(60)
            raise AssertionError

    async def scenario() -> bytes:
        async with serving(Stuck(), limits=HASTY) as server:
            return await exchange(server, b"GET /v1/node HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert asyncio.run(scenario()) == b""


# Size


def test_a_body_that_says_it_is_too_big() -> None:
    """100 MB are refused before a byte of them is sent, whether or not leave is asked for."""
    length = "Content-Length: 104857600"
    assert refused(post("/v1/reconcile", length)) == "413 too_big"
    assert refused(post("/v1/reconcile", length, "Expect: 100-continue")) == "413 too_big"


def test_a_body_without_end() -> None:
    """Chunks without end are cut at the cap: no more than the cap and what is on its way is taken."""

    async def scenario() -> tuple[str, int]:
        async with serving() as server:
            one = await Wire.to(server)
            await one.put(post("/v1/reconcile", "Transfer-Encoding: chunked"))
            chunk = b"1000\r\n" + b"a" * 4096 + b"\r\n"
            sent = 0
            with contextlib.suppress(ConnectionError):
                while not one.reader.at_eof() and sent < 64 << 20:
                    one.writer.write(chunk)
                    await one.writer.drain()
                    sent += len(chunk)
            got = await one.rest()
            await one.close()
            return code_of(got) if got else "cut", sent

    code, sent = asyncio.run(scenario())
    assert code in ("too_big", "cut")
    assert sent < 16 << 20


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 65_536 + b"\r\n\r\n", "431 headers"),
        (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 1000 + b"\r\n", "431 headers"),
        (b"GET /" + b"a" * 65_536, "431 headers"),
        (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 70, "431 headers"),
        (reconcile("Content-Length: 3", CHUNKED, body=b"0\r\n\r\n"), "400 bad_request"),
        (reconcile("Content-Length: 3", "Content-Length: 3", body=b"abc"), "400 bad_request"),
        (reconcile("Content-Length: 3", "Content-Length: 4", body=b"abc"), "400 bad_request"),
        (reconcile("Content-Length: 3, 3", body=b"abc"), "400 bad_request"),
        (reconcile("Content-Length: +3", body=b"abc"), "400 bad_request"),
        (reconcile("Content-Length : 3", body=b"abc"), "400 bad_request"),
        (reconcile(CHUNKED, CHUNKED), "400 bad_request"),
        (reconcile("Transfer-Encoding: gzip, chunked"), "400 bad_request"),
        (reconcile("Transfer-Encoding: xchunked"), "400 bad_request"),
        (reconcile(CHUNKED, body=b"zz\r\n"), "400 bad_request"),
        (reconcile("X: a", " folded: b"), "400 bad_request"),
        (reconcile("X: a", "\tfolded: b"), "400 bad_request"),
        (GET.replace(b"\r\n", b"\n"), "400 bad_request"),
        (b"GET /healthz HTTP/1.1\nHost: localhost\r\n\r\n", "400 bad_request"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n", "400 bad_request"),
        (b"GET /healthz HTTP/1.1\r\nHost: local\0host\r\n\r\n", "400 bad_request"),
        (b"GET /healthz HTTP/1.1\r\n\r\n", "400 bad_request"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "400 bad_request"),
        (b"GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n", "400 bad_request"),
        (b"GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 bad_request"),
        (b"CONNECT evil.test:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 bad_request"),
        (b"GET  /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 bad_request"),
        (b"GET /healthz\r\n\r\n", "400 bad_request"),
        (b"\r\n" + GET, "400 bad_request"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 bad_request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400 bad_request"),
    ],
)  # fmt: skip
def test_what_two_parsers_could_read_in_two_ways(data: bytes, expected: str) -> None:
    """A head that is long, folded, half-ended or framed twice is refused, and the connection with it."""
    assert refused(data) == expected


def test_a_request_smuggled_behind_another() -> None:
    """What follows a refused request is not read as one."""

    async def scenario() -> bytes:
        async with serving() as server:
            smuggled = post(
                "/v1/reconcile", "Content-Length: 4", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + GET
            )
            return await exchange(server, smuggled)

    got = asyncio.run(scenario())
    assert (status_of(got), got.count(b"HTTP/1.1")) == (400, 1)


def test_a_body_that_was_not_read_is_no_request() -> None:
    """A refusal before the body ends the connection: the body is not taken for the next request."""

    async def scenario() -> bytes:
        async with serving() as server:
            return await exchange(server, post("/nowhere", f"Content-Length: {len(GET)}", body=GET + GET))

    got = asyncio.run(scenario())
    assert (status_of(got), got.count(b"HTTP/1.1")) == (404, 1)


def test_a_body_behind_a_rate_is_no_request() -> None:
    """Who is over the rate is answered before anything is read; his body is passed over, or ends it all."""

    async def scenario() -> list[list[bytes]]:
        async with serving(limits=LIMITS._replace(requests=1)) as server:
            await exchange(server, closing(GET))
            half = reconcile("Content-Length: 1000", body=b"a" * 10)
            whole = reconcile(f"Content-Length: {len(GET)}", body=GET + GET.replace(b"\r\n", b"\n"))
            return [re.findall(rb"HTTP/1.1 (\d+)", await exchange(server, one)) for one in (half, whole)]

    assert asyncio.run(scenario()) == [[b"429"], [b"429", b"400"]]


def test_judging_heads_byte_by_byte() -> None:
    """However a head is cut, it is waited for until it is whole; what follows it does not matter."""
    sizes = Sizes(1000, 10)
    head = post("/v1/reconcile", "Content-Length: 3")
    assert {judge(head[:cut], sizes) for cut in range(len(head))} == {WAIT}
    assert judge(head, sizes) == judge(head + b"\n\r\0", sizes) == GOOD
    assert judge(b"G" * 1001, sizes) == judge(b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 11, sizes) == LARGE
    assert judge(b"GET / HTTP/1.1\r\n\n", sizes) == judge(b"GET / HTTP/1.1\ra", sizes) == BAD


# Who


def test_guards_on_the_wire() -> None:
    """Host, Origin, encoding and media type are looked at, and a forwarded address is not."""

    async def scenario() -> list[str]:
        limits = LIMITS._replace(requests=8)
        async with serving(limits=limits) as server:
            sent = [
                GET.replace(b"localhost", b"evil.test"),
                post("/v1/reconcile", "Origin: https://evil.test", "Content-Length: 1", body=b"a"),
                post("/v1/reconcile", "Content-Encoding: gzip", "Content-Length: 1", body=b"a"),
                post("/v1/reconcile", "Content-Length: 1", body=b"a", media="text/plain"),
                GET.replace(b"\r\n\r\n", b"\r\nOrigin: https://evil.test\r\n\r\n"),
            ]  # fmt: skip
            got = [
                await exchange(server, one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
                for one in sent
            ]
            for number in range(4):
                forged = f"\r\nX-Forwarded-For: 198.51.100.{number}\r\nConnection: close\r\n\r\n".encode()
                got.append(await exchange(server, GET.replace(b"\r\n\r\n", forged)))
            return [f"{status_of(one)} {code_of(one) if status_of(one) > 200 else ''}" for one in got]

    assert asyncio.run(scenario()) == [
        "421 host", "403 origin", "415 encoding", "415 media", "200 ", "200 ", "200 ", "200 ",
        "429 rate_limited",
    ]  # fmt: skip


def test_the_address_that_was_reached_is_a_host() -> None:
    """Any address of this machine's that a connection came to is a good Host; another is not."""

    async def scenario() -> list[int]:
        async with serving(listen=Listen("0.0.0.0")) as server:
            statuses = []
            for host in (b"127.0.0.7", b"127.0.0.8"):
                reader, writer = await asyncio.open_connection("127.0.0.7", server.port)
                one = Wire(reader, writer)
                await one.put(GET.replace(b"localhost", host))
                statuses.append((await one.answer())[0])
                await one.close()
            return statuses

    assert asyncio.run(scenario()) == [200, 421]


def test_responses_say_little() -> None:
    """No server, no date, nothing of the program in a response, good or bad."""

    async def scenario() -> bytes:
        async with serving() as server:
            good = await exchange(server, closing(GET))
            return (good + await exchange(server, b"x\r\n\r\n")).lower()

    got = asyncio.run(scenario())
    for word in (b"server:", b"date:", b"uvicorn", b"h11", b"python", b"traceback", b"/work", b"trustcli"):
        assert word not in got


# How many


def test_a_flood_from_one_address() -> None:
    """Of 200 connections of one address as many stay as may; another address is served all the while."""

    async def scenario() -> tuple[int, int, int]:
        async with serving() as server:
            wires = [await Wire.to(server) for _ in range(200)]
            await _until(lambda: server.connections == LIMITS.per_address)
            held = server.connections
            other = await Wire.to(server, "127.0.0.2")
            await other.put(GET)
            status, _ = await other.answer()
            await other.close()
            for one in wires:
                await one.close()
            await _until(lambda: server.connections == 0)
            return held, status, server.connections

    assert asyncio.run(scenario()) == (LIMITS.per_address, 200, 0)


def test_a_flood_from_many_addresses() -> None:
    """All addresses together may hold so many connections and no more."""

    async def scenario() -> int:
        async with serving(limits=LIMITS._replace(connections=50)) as server:
            wires = [await Wire.to(server, f"127.0.1.{number % 20 + 1}") for number in range(100)]
            await _until(lambda: server.connections == 50)
            await asyncio.sleep(0.05)
            held = server.connections
            for one in wires:
                await one.close()
            return held

    assert asyncio.run(scenario()) == 50


def test_a_flood_of_requests() -> None:
    """Who goes on asking when told to wait is hung up on, and not let in again; others are served."""

    async def scenario() -> tuple[list[bytes], bytes, int]:
        async with serving(limits=LIMITS._replace(requests=10, patience=5)) as server:
            flood = await exchange(server, GET * 1000)
            again = await exchange(server, GET)
            other = await exchange(server, closing(GET), "127.0.0.2")
            return re.findall(rb"HTTP/1.1 (\d+)", flood), again, status_of(other)

    assert asyncio.run(scenario()) == ([b"200"] * 10 + [b"429"] * 6, b"", 200)


def test_who_knocks_again_and_again_is_not_let_in() -> None:
    """An address that was told to wait with a mesh link and knocks on is shut out; others are let in."""

    async def knock(server: Server) -> int:
        one = await Wire.to(server, "127.0.0.3")
        await one.put(UPGRADE)
        try:
            return (await one.answer())[0]
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0
        finally:
            await one.close()

    async def scenario() -> tuple[list[int], int, int]:
        desk = FakeDesk()
        desk.waiting = {"127.0.0.3"}
        async with serving(desk, limits=LIMITS._replace(patience=10, knock=4)) as server:
            knocks = [await knock(server) for _ in range(5)]
            alone = await exchange(server, closing(GET), "127.0.0.3")
            link, head = await dial(server)
            await link.close()
            return knocks, status_of(alone), status_of(head)

    assert asyncio.run(scenario()) == ([429, 429, 429, 0, 0], 0, 101)


def test_while_a_node_is_busy_each_address_has_its_turns() -> None:
    """The second request of one address waits until there is nothing else to do; that of another does not."""

    async def scenario() -> tuple[int, bool, set[int], int]:
        desk = FakeDesk()
        desk.busy = True
        async with serving(desk, limits=LIMITS._replace(turns=1, turns_at_once=1)) as server:
            first = await exchange(server, closing(GET))
            waiting = asyncio.ensure_future(exchange(server, closing(GET)))
            others = [await exchange(server, closing(GET), f"127.0.0.{number}") for number in range(2, 12)]
            waited = not waiting.done()
            desk.busy = False
            async with asyncio.timeout(PATIENCE):
                return status_of(first), waited, {*map(status_of, others)}, status_of(await waiting)

    assert asyncio.run(scenario()) == (200, True, {200}, 200)


def test_what_no_node_sends_over_a_link_costs_the_address_its_welcome() -> None:
    """A WebSocket that is none, or too long: who sent it is not let in at once again; others are."""

    async def scenario(data: bytes) -> tuple[bytes, int]:
        async with serving() as server:
            one, _ = await dial(server)
            await one.put(data)
            await one.rest()
            await one.close()
            return await exchange(server, closing(GET)), status_of(
                await exchange(server, closing(GET), "127.0.0.2")
            )

    for data in (frame(b"a" * 4097), b"\x81\x01a", frame(b"\xff"), b"\xc1" + frame(b"a")[1:]):
        assert asyncio.run(scenario(data)) == (b"", 200)


def test_nothing_is_left_behind() -> None:
    """After 2,000 connections, dropped at every stage, no file, task, timer or connection is left over."""
    ends = (
        b"",
        GET[:10],
        GET,
        GET * 2,
        post("/v1/reconcile", "Content-Length: 9", body=b"a"),
        b"x\r\n\r\n",
        UPGRADE,
    )

    async def scenario() -> tuple[tuple[int, int], tuple[int, int], int]:
        async with serving(limits=LIMITS._replace(requests=100_000)) as server:
            await exchange(server, closing(GET))
            loop = asyncio.get_running_loop()
            before = _held()
            for number in range(2000):
                one = socket.socket()
                one.setblocking(False)
                await loop.sock_connect(one, ("127.0.0.1", server.port))
                one.send(ends[number % len(ends)])
                if number % 3 == 0:
                    await asyncio.sleep(0)
                if number % 2:
                    one.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
                    )  # a reset, no goodbye
                one.close()
                if number % 10 == 9:
                    await asyncio.sleep(0.001)
            await _until(lambda: server.connections == 0 and _held() == before)
            return before, _held(), server.connections

    before, after, connections = asyncio.run(scenario())
    assert (after, connections) == (before, 0)


def _held() -> tuple[int, int]:
    return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())


async def _until(true: Callable[[], bool]) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while not true() and loop.time() < until:
        await asyncio.sleep(0.01)


# WebSockets


def frame(data: bytes, opcode: int = 1, *, last: bool = True) -> bytes:
    """Return a masked frame of a client (RFC 6455 §5.2); its mask is zero."""
    size = len(data)
    if size < 126:
        length = bytes([0x80 | size])
    else:
        length = b"\xfe" + size.to_bytes(2, "big") if size < 65_536 else b"\xff" + size.to_bytes(8, "big")
    return bytes([(0x80 if last else 0) | opcode]) + length + b"\0\0\0\0" + data


async def dial(server: Server, *headers: bytes) -> tuple[Wire, bytes]:
    """Open a WebSocket; return it with the head of the answer."""
    one = await Wire.to(server)
    await one.put(UPGRADE[:-2] + b"".join(header + b"\r\n" for header in headers) + b"\r\n")
    async with asyncio.timeout(PATIENCE):
        return one, await one.reader.readuntil(b"\r\n\r\n")


def test_a_link() -> None:
    """Frames go both ways; the node sees the address of the other side; a goodbye is answered."""
    desk = FakeDesk()

    async def scenario() -> tuple[bytes, bytes, bytes]:
        async with serving(desk) as server:
            one, head = await dial(server)
            await one.put(frame(b"hello"))
            hello = await one.reader.readexactly(7)
            await one.put(frame((1000).to_bytes(2, "big"), 8))
            rest = await one.rest()
            await one.close()
            return head, hello, rest

    head, hello, rest = asyncio.run(scenario())
    assert (status_of(head), hello, rest[:1]) == (101, b"\x81\x05hello", b"\x88")
    assert ([link.address for link in desk.links], desk.frames) == (["127.0.0.1"], [b"hello"])


def test_compression_is_not_agreed_on() -> None:
    """A bomb needs our consent, which nobody gets."""

    async def scenario() -> bytes:
        async with serving() as server:
            one, head = await dial(
                server, b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
            )
            await one.close()
            return head.lower()

    head = asyncio.run(scenario())
    assert (status_of(head), b"extensions" in head) == (101, False)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ((b"Host: localhost", b"Host: evil.test"), "421 host"),
        ((b"Host: localhost", b"Host: localhost\r\nOrigin: https://evil.test"), "403 origin"),
        ((b"Host: localhost", b"Host: localhost\r\nOrigin: http://localhost"), "403 origin"),
        ((b"/mesh", b"/v1/node"), "200 "),
        ((b"/mesh", b"/mesh/"), "404 not_found"),
        ((b"Version: 13", b"Version: 12"), "426 upgrade"),
        ((b"Key: ", b"Other: "), "426 upgrade"),
        ((b"Upgrade: websocket", b"Upgrade: h2c"), "426 upgrade"),
        ((b"Host: localhost", b"Host: localhost\r\nContent-Length: 5"), "413 too_big"),
        ((b"GET /mesh", b"POST /mesh"), "405 method"),
    ],
)
def test_handshakes_that_are_refused(changed: tuple[bytes, bytes], expected: str) -> None:
    """A handshake passes the guards of every request, and is refused like one."""

    async def scenario() -> tuple[int, bytes]:
        async with serving() as server:
            one = await Wire.to(server)
            await one.put(UPGRADE.replace(*changed))
            got = await one.answer()
            await one.close()
            return got

    status, body = asyncio.run(scenario())
    assert f"{status} {json.loads(body)['error']['code'] if status > 200 else ''}" == expected


def closed_by(data: bytes, desk: FakeDesk | None = None) -> int:
    """Return the code with which a link is closed that sends this; 0 where it is just cut."""

    async def scenario() -> int:
        async with serving(desk, limits=HASTY._replace(header_seconds=90)) as server:
            one, _ = await dial(server)
            await one.put(data)
            rest = await one.rest()
            await one.close()
            at = rest.rfind(b"\x88")
            return int.from_bytes(rest[at + 2 : at + 4], "big") if at >= 0 else 0

    return asyncio.run(scenario())


def test_frames_that_are_refused() -> None:
    """Too long before the node has said a word, binary, unmasked, malformed, endless: the link is closed."""
    assert closed_by(frame(b"a" * 4097)) == 1009
    assert closed_by(frame(b"a" * 4000, last=False) + frame(b"a" * 97, 0)) == 1009
    assert closed_by(frame(b"a", 2)) == 1003
    assert closed_by(b"\x81\x01a") == 1002
    assert closed_by(frame(b"\xff")) == 1007
    assert closed_by(b"\xc1" + frame(b"a")[1:]) == 1002
    assert closed_by(frame(b"", last=False) + frame(b"", 0, last=False) * 100) == 0
    assert closed_by(frame(b"", 9) * 100) in (0, 1005)
    assert closed_by(frame(b"a"), FakeDesk(problem=ZeroDivisionError())) == 1011


def test_frames_after_the_first_answer() -> None:
    """512 KiB may come once the node has answered, and not a byte more."""

    async def scenario() -> tuple[int, int]:
        desk = FakeDesk()
        async with serving(desk) as server:
            one, _ = await dial(server)
            await one.put(frame(b"hello"))
            await one.reader.readexactly(7)
            desk.echo = False
            await one.put(frame(b"a" * (512 << 10)))
            await _until(lambda: len(desk.frames) == 2)
            size = len(desk.frames[-1])
            await one.put(frame(b"a" * ((512 << 10) + 1)))
            rest = await one.rest()
            await one.close()
            return size, int.from_bytes(rest[2:4], "big")

    assert asyncio.run(scenario()) == (512 << 10, 1009)


def test_a_link_that_is_not_read_is_cut() -> None:
    """Sending waits for the reader, and the reader has a limit; pings are no way around it."""

    class Talker(FakeDesk):
        async def meet(self, channel: Channel) -> None:
            self.sent = 0
            while True:
                await channel.send(b"a" * 100_000)
                self.sent += 100_000

    async def scenario() -> tuple[int, int, int]:
        desk = Talker()
        async with serving(desk, limits=HASTY) as server:
            one = await deaf(server, UPGRADE)
            await _until(lambda: server.connections == 1)
            during = server.connections
            await _until(lambda: server.connections == 0)
            one.close()
            return during, server.connections, desk.sent

    during, after, sent = asyncio.run(scenario())
    assert (during, after) == (1, 0)
    assert sent < 16 << 20


def test_who_floods_a_link_is_cut_without_a_word_more() -> None:
    """What it sent is not read: there may be megabytes of it on the way to a goodbye."""

    class Enough(FakeDesk):
        async def meet(self, channel: Channel) -> None:
            await channel.receive()
            await channel.close(FLOODED)

    assert closed_by(frame(b"a") * 1_000, Enough()) == 0


def test_links_count_as_connections() -> None:
    """A link keeps its seat until it is closed, and gives it back once."""

    async def scenario() -> tuple[int, int, int]:
        async with serving(limits=LIMITS._replace(per_address=2)) as server:
            links = [(await dial(server))[0] for _ in range(2)]
            third = await exchange(server, GET)
            open_ = server.connections
            for one in links:
                await one.close()
            await _until(lambda: server.connections == 0)
            return status_of(third), open_, server.connections

    assert asyncio.run(scenario()) == (0, 2, 0)


# Sockets


def test_a_unix_socket(tmp_path: Path) -> None:
    """It is for its owner only, has no limit per address, sees the metrics, and is gone afterwards."""
    path = tmp_path / "node.sock"

    async def ask(data: bytes) -> int:
        reader, writer = await asyncio.open_unix_connection(str(path))
        one = Wire(reader, writer)
        await one.put(data)
        status, _ = await one.answer()
        await one.close()
        return status

    async def scenario() -> list[int]:
        async with serving(listen=Listen(unix=str(path))) as server:
            mode = stat.S_IMODE(path.stat().st_mode)
            assert (mode, server.address, server.port) == (0o600, f"unix:{path}", 0)
            metrics = GET.replace(b"/healthz", b"/metrics")
            return [
                await ask(GET),
                await ask(metrics),
                await ask(metrics.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n")),
            ]

    assert asyncio.run(scenario()) == [200, 200, 404]
    assert not path.exists()


def test_an_old_unix_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    """Where nobody answers the path is free; where somebody does, or something else lies, it is not ours."""
    path = tmp_path / "node.sock"
    old = socket.socket(socket.AF_UNIX)
    old.bind(str(path))
    old.close()

    async def scenario() -> None:
        place = Listen(unix=str(path))
        async with serving(listen=place):
            with pytest.raises(Busy):
                async with serving(listen=place):
                    pass
            assert path.exists()
        path.write_text("a file")
        with pytest.raises(WouldOverwrite):
            async with serving(listen=place):
                pass

    asyncio.run(scenario())
    assert path.read_text() == "a file"


def test_an_inherited_socket() -> None:
    """A socket that the starter bound is served, and taken for what it is."""

    async def scenario() -> int:
        given = socket.create_server(("127.0.0.1", 0))
        port = given.getsockname()[1]
        async with serving(listen=Listen(fd=given.detach())) as server:
            assert server.port == port
            got = await exchange(server, closing(GET))
        with pytest.raises(UsageError):
            async with serving(listen=Listen(fd=10_000)):
                pass
        return status_of(got)

    assert asyncio.run(scenario()) == 200


def test_addresses_that_cannot_be_had() -> None:
    """A taken address is for another time, an impossible one for another command line; nothing stays open."""

    async def scenario() -> None:
        before = _held()
        async with serving() as server:
            with pytest.raises(Busy):
                async with serving(listen=Listen("127.0.0.1", server.port)):
                    pass
        with pytest.raises(UsageError):
            async with serving(listen=Listen("192.0.2.1", 0)):
                pass
        assert _held() == before

    asyncio.run(scenario())


def test_a_place_that_is_named_twice_is_one(tmp_path: Path) -> None:
    """By another name, too; what a wider address of ours has already is taken: Busy, and nothing is left."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def addresses(*places: Listen) -> list[str]:
        server = Server(app_of(), places)
        try:
            await server.start()
            return server.addresses
        finally:
            await server.stop(0)

    here, name = Listen("127.0.0.1", port), Listen("127.1", port)
    path = str(tmp_path / "s")
    assert asyncio.run(addresses(here, here)) == [f"127.0.0.1:{port}"]
    assert asyncio.run(addresses(here, name)) == [f"127.0.0.1:{port}"]
    assert asyncio.run(addresses(Listen(unix=path), Listen(unix=f"{tmp_path}/./s"))) == [f"unix:{path}"]
    with pytest.raises(Busy):
        asyncio.run(addresses(Listen("0.0.0.0", port), here))
    assert asyncio.run(addresses(here)) == [f"127.0.0.1:{port}"]


def test_places_to_listen() -> None:
    """What can be said, and what cannot."""
    assert read_listen("127.0.0.1:80") == Listen("127.0.0.1", 80)
    assert read_listen("7878") == read_listen(":7878") == Listen("127.0.0.1", 7878)
    assert read_listen("[::]:1") == Listen("::", 1)
    assert read_listen("node.example:0") == Listen("node.example", 0)
    assert read_listen("unix:/run/x:y") == Listen(unix="/run/x:y")
    assert read_listen("fd:3") == Listen(fd=3)
    for text in ("", "x", "x:", "::1:80", "x:65536", "unix:", "fd:", "fd:-1", "http://x:1", "x:-1", "x:٣"):
        with pytest.raises(UsageError):
            read_listen(text)


def test_stopping_lets_answers_finish() -> None:
    """Stop waits for a request that is being answered, ends idle connections and links, and then is over."""

    class Slow(FakeDesk):
        async def nodes(self, limit: int) -> list[object]:  # type: ignore[override]
            await asyncio.sleep(0.3)
            return []

    async def scenario() -> tuple[int, bytes, bytes, bool]:
        async with serving(Slow()) as server:
            idle, busy = await Wire.to(server), await Wire.to(server)
            link, _ = await dial(server)
            await busy.put(GET.replace(b"/healthz", b"/v1/nodes"))
            await asyncio.sleep(0.05)
            port = server.port
            await server.stop(2.0)
            status, _ = await busy.answer()
            ends = await idle.rest(), await link.rest()
            for one in (idle, busy, link):
                await one.close()
            try:
                await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return status, ends[0], ends[1][:1], True
            return status, ends[0], ends[1][:1], False

    assert asyncio.run(scenario()) == (200, b"", b"\x88", True)


def test_stopping_cuts_what_does_not_end() -> None:
    """After its grace, stop waits for nobody."""

    class Stuck(FakeDesk):
        async def nodes(self, limit: int) -> list[object]:  # type: ignore[override]
            await asyncio.sleep(60)
            raise AssertionError

    async def scenario() -> float:
        async with serving(Stuck()) as server:
            one = await Wire.to(server)
            await one.put(GET.replace(b"/healthz", b"/v1/nodes"))
            await asyncio.sleep(0.05)
            loop = asyncio.get_running_loop()
            start = loop.time()
            await server.stop(0.2)
            assert (server.connections, await one.rest()) == (0, b"")
            await one.close()
            return loop.time() - start

    assert asyncio.run(scenario()) < PATIENCE


def test_faults_are_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """A fault of the node reaches the log, and the other side as 500 without its text."""

    async def scenario() -> bytes:
        async with serving(FakeDesk(problem=ZeroDivisionError("secret"))) as server:
            return await exchange(
                server,
                GET.replace(b"/healthz", b"/v1/node").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
            )

    with caplog.at_level(logging.ERROR):
        got = asyncio.run(scenario())
    assert (status_of(got), b"secret" in got, "secret" in caplog.text) == (500, False, True)


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate for localhost, and its key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl program to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    paths = str(folder / "cert.pem"), str(folder / "key.pem")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    extension = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        [program, *words.split(), *extension, "-out", paths[0], "-keyout", paths[1]],
        check=True,
        capture_output=True,
    )
    return paths


def test_tls(certificate: tuple[str, str]) -> None:
    """Requests and links work over TLS 1.2 and 1.3; older versions and plain text get nothing."""

    async def ask(server: Server, context: ssl.SSLContext, data: bytes) -> int:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=context, server_hostname="localhost"
        )
        one = Wire(reader, writer)
        await one.put(data)
        async with asyncio.timeout(PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
        await one.close()
        return status_of(head)

    async def scenario() -> tuple[list[int], bytes]:
        statuses = []
        async with serving(tls=certificate) as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = ssl.create_default_context(cafile=certificate[0])
                context.minimum_version = context.maximum_version = version
                statuses += [await ask(server, context, GET), await ask(server, context, UPGRADE)]
            old = ssl.create_default_context(cafile=certificate[0])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
            with pytest.raises(OSError, match=r"(?i)ssl|tls|reset"):
                await ask(server, old, GET)
            plain = await exchange(server, GET)
            return statuses, plain

    assert asyncio.run(scenario()) == ([200, 101, 200, 101], b"")


def test_connections_that_never_shake_hands(certificate: tuple[str, str]) -> None:
    """They count from the first packet on, and are closed at the deadline of a head."""

    async def scenario() -> tuple[int, int]:
        async with serving(tls=certificate, limits=HASTY._replace(header_seconds=1.5)) as server:
            wires = [await Wire.to(server) for _ in range(30)]
            await _until(lambda: server.connections == HASTY.per_address)
            held = server.connections
            await asyncio.gather(*(one.rest() for one in wires))
            for one in wires:
                await one.close()
            await _until(lambda: server.connections == 0)
            return held, server.connections

    assert asyncio.run(scenario()) == (HASTY.per_address, 0)


def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    """A wrong certificate is a fault of the settings, found before anything listens."""
    (tmp_path / "x.pem").write_text("no certificate")
    with pytest.raises(ConfigError):
        Server(app_of(), [Listen("127.0.0.1")], tls=(str(tmp_path / "x.pem"), str(tmp_path / "y.pem")))
