"""What one node lets others take of it: every limit of the listening side, and why it is what it is."""

from __future__ import annotations

from trustcli.transports import wire
from trustcli.value import NamedTuple


class Limits(NamedTuple):
    """Sizes in bytes, times in seconds, rates per minute. Tests shorten the times."""

    header_bytes: int = wire.MAX_HEADER_BYTES  # request line included; ours need 2 KiB
    headers: int = wire.MAX_HEADERS  # ours send 12, a proxy adds 10
    header_seconds: float = 10.0  # in total, from the first byte, so that a byte now and then buys nothing
    body_seconds: float = 30.0  # a full body of 1 MiB at 35 kB/s
    body_grace: float = 5.0  # before the minimum rate counts: a round trip around the world, and a loss
    body_rate: int = 4_096  # bytes/s that a body must come with after that
    exchange_seconds: float = 300.0  # a page of 4 MiB at 14 kB/s; nothing of one request outlives this
    idle_seconds: float = 30.0  # between two requests on one connection: a sync thinks for less
    reader_seconds: float = 30.0  # for what is being sent to drain: slower readers hold memory
    connections: int = 200  # of all: well below the 1,024 files a process may open by default
    per_address: int = 20  # of one IPv4 address or one IPv6 /64: a household behind one router
    requests: int = 600  # a minute and at once, of one address: a first sync asks for 100 pages
    patience: int = 60  # times a minute we tell an address to wait; then we hang up, and let it in no more
    knock: int = 15  # of this patience, for wanting a mesh link in spite of being told to wait
    turns: int = 1_200  # requests a minute of one address while records come: a millisecond each, or more
    turns_at_once: int = 4  # and of one that asked for nothing for a while
    signed: int = 100  # a minute and at once, of one key: each may bring 5,000 records
    handshake_frame: int = 4 << 10  # of a mesh link before its handshake is done; a handshake has 1 KiB
    frame: int = 512 << 10  # of a mesh link after it: 1,000 records of the usual size
    late: int = 64 << 10  # that may come after our goodbye: what was on its way; a flood is not read out
    fragments: int = 64  # frames of one WebSocket message; ours send 1
    pings: int = 60  # WebSocket pings a minute; the mesh has its own, so these are only a proxy's
    close_seconds: float = 2.0  # for the other side to say goodbye to a closed WebSocket
    held: int = 64 << 20  # of pages and bodies in memory at one time: sixteen full pages
    backlog: int = 128  # connections the kernel holds for us while we accept others


LIMITS = Limits()

ADDRESSES = 4_096  # addresses and keys whose rates are remembered: 1 MB
MET = 10_000  # keys that answered a challenge since the start
NODES = 1_000  # nodes of one /v1/nodes answer
CHUNK = 64 << 10  # bytes handed to the connection at once: what it buffers before it says stop
RETRY_SECONDS = 1  # what we ask of those turned away while we are full
