"""Negentropy V1: two sides find out what each of them lacks, in bytes that grow with the difference.

Both sort their ids by (second, id). A message cuts that order into ranges and gives for each a
fingerprint, a list of ids, or nothing to say. The other side answers a fingerprint unlike its own with 16
finer ones, or with its ids where they are few. The side that asked first (`Initiator`) drives and learns
the difference; the other (`respond`) keeps nothing between messages. The wire format is that of
docs/negentropy-protocol-v1.md in github.com/hoytech/negentropy, and our messages are those of its
implementations byte for byte, with one exception that `_Answer._cut` explains, and but that an answer
that would cost more than WORK ends before.

The sort key is in SECONDS. Implementations in JavaScript read varints as 32-bit integers: from 2³¹ on
(milliseconds today, seconds after 2038-01-19) they report nearly every id as different, or never end.

A fingerprint is a sum, and sums can be forged by who may choose many ids (Wagner's generalised birthday):
"equal" is good for finding faults, no proof against an adversary. docs/protocol.md says what is.

What a peer sends is refused with `PeerFault` unless it keeps to the format and the limits (`ranges`).
"""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from itertools import accumulate

from trustcli.sync.ranges import (
    END,
    FINGERPRINT,
    FINGERPRINT_BYTES,
    ID_BYTES,
    IDS,
    MAX_MESSAGE,
    SKIP,
    VERSION,
    parse,
    refused,
    varint,
    version,
)
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trustcli.sync.exchange import Items
    from trustcli.sync.ranges import Bound, Range

BUCKETS = 16  # 64 would save one round trip and cost up to twice the bytes
FRAME = 60_000  # bytes of our messages: with room for what carries them, see MAX_MESSAGE
WORK = 512  # places in the order that one answer looks up: each may be 0.3 ms of a large ledger
MIN_FRAME = 4_096  # one split of a range must fit, or nothing would ever move
MAX_STALL = 64  # answers in a row without a new id; log₁₆ of the set is enough for an honest peer
MOST = 1_000_000  # differences worth listing; beyond them a ledger is better fetched page by page
_MARGIN = 200  # of a frame, kept free for the fingerprint of all that did not fit
_CHUNK = 8_192  # own ids looked at together
_STRIDE = 256  # items between two remembered sums of a Vector


class Step(NamedTuple):
    """What came of an answer: the next message (empty: nothing left to ask), and ids not reported before.

    `have` are here and not there, `need` are there and not here.
    """

    message: bytes
    have: list[bytes]
    need: list[bytes]


def fingerprint(total: int, count: int) -> bytes:
    """Return the 16-byte fingerprint of `count` ids that add up to `total` modulo 2²⁵⁶, little-endian."""
    return sha256(total.to_bytes(ID_BYTES, "little") + varint(count)).digest()[:FINGERPRINT_BYTES]


NOTHING = fingerprint(0, 0)


def respond(items: Items, message: bytes, *, frame: int = FRAME, work: int = WORK) -> bytes:
    """Return the answer to a message: one byte when all of it was equal.

    A message of another protocol version is answered with our version alone, as the protocol wants.

    Args:
        frame: The most bytes of the answer, MIN_FRAME to MAX_MESSAGE.
        work: About how many places in the order it may look up, at least two splits; what is left is asked
            again. A message may name thousands, and the one who asks pays nothing for them.

    Raises:
        PeerFault: the message is malformed or too large.
    """
    if version(message) != VERSION:
        return bytes((VERSION,))
    return _Answer(items, frame, work=work).to(parse(message))


class Initiator:
    """The side that asks. `complete` once every difference was reported."""

    def __init__(self, items: Callable[[], Items], *, frame: int = FRAME, most: int = MOST) -> None:
        """Compare what `items` returns, asked again for each message, so that it need not be held.

        Args:
            frame: The most bytes of a message, MIN_FRAME to MAX_MESSAGE.
            most: How many differences to report before giving up with `complete` False.
        """
        self.complete = False
        self._items = items
        self._frame = frame
        self._most = most
        self._reported: set[bytes] = set()  # limited messages cover some ranges twice
        self._stalled = 0

    def open(self) -> bytes:
        """Return the first message."""
        return _Answer(self._items(), self._frame).opening()

    def take(self, answer: bytes) -> Step:
        """Read an answer (empty stands for "nothing left to say").

        Raises:
            PeerFault: it is malformed, too large, of another version, or leads nowhere.
        """
        step = Step(b"", [], [])
        if answer:
            if version(answer) != VERSION:
                raise refused(f"the peer speaks version {answer[0] & 0xF}, not 1")
            step = self._next(parse(answer))
        self.complete = not step.message
        if len(self._reported) >= self._most:
            return step._replace(message=b"")
        return step

    def _next(self, ranges: list[Range]) -> Step:
        have: list[bytes] = []
        need: list[bytes] = []
        items = self._items()

        def settle(theirs: tuple[bytes, ...], lower: int, upper: int) -> None:
            wanted = dict.fromkeys(theirs)  # keeps their order
            for start in range(lower, upper, _CHUNK):
                for ours in items.ids(start, min(upper, start + _CHUNK)):
                    if ours in wanted:
                        del wanted[ours]
                    else:
                        self._report(ours, have)
            for missing in wanted:
                self._report(missing, need)

        message = _Answer(items, self._frame, settle).to(ranges)
        self._stalled = 0 if have or need else self._stalled + 1
        if self._stalled > MAX_STALL:
            raise refused("the peer's answers lead nowhere")
        return Step(message if len(message) > 1 else b"", have, need)

    def _report(self, id_: bytes, into: list[bytes]) -> None:
        if id_ not in self._reported and len(self._reported) < self._most:
            self._reported.add(id_)
            into.append(id_)


class _Answer:
    """One message in the making."""

    def __init__(
        self,
        items: Items,
        frame: int,
        settle: Callable[[tuple[bytes, ...], int, int], None] | None = None,
        work: int | None = None,
    ) -> None:
        """Answer from `items`; `settle` takes lists of ids and ends their ranges, else lists are answered."""
        if not MIN_FRAME <= frame <= MAX_MESSAGE:
            raise ValueError(f"a frame has {MIN_FRAME} to {MAX_MESSAGE} bytes")
        self._items = items
        self._size = len(items)
        self._settle = settle
        self._room = frame - _MARGIN
        self._work = work
        self._looked_up = 0
        self._out = bytearray((VERSION,))
        self._second = 0  # of the bound written last
        self._equal_to: Bound | None = None  # end of a stretch we have nothing to say of, not yet written

    def opening(self) -> bytes:
        self._split(0, self._size, END)
        return bytes(self._out)

    def to(self, ranges: list[Range]) -> bytes:
        lower = 0
        for one in ranges:
            if self._work is not None and self._looked_up >= self._work:
                self._skip()
                self._write_fingerprint(lower, self._size, END)
                break
            self._looked_up += 1
            upper = self._size if one.end == END else self._items.rank(*one.end)
            before = len(self._out)
            if one.mode == FINGERPRINT:
                self._compare(one, lower, upper)
            elif one.mode == IDS and self._settle is None:
                upper = self._list(one, lower, upper)
            else:
                if self._settle is not None and one.mode == IDS:
                    self._settle(one.ids, lower, upper)
                self._equal_to = one.end
            if len(self._out) > self._room:
                self._cut(one, before, lower, upper)
                break
            lower = upper
        return bytes(self._out)

    def _compare(self, one: Range, lower: int, upper: int) -> None:
        if one.fingerprint == fingerprint(self._items.total(lower, upper), upper - lower):
            self._equal_to = one.end
        else:
            self._skip()
            self._split(lower, upper, one.end)

    def _list(self, one: Range, lower: int, upper: int) -> int:
        """Write the ids of a range, or as many as fit; return where they end."""
        fit = (self._room - len(self._out)) // ID_BYTES + 1
        end = one.end
        if upper - lower > fit:
            upper = lower + fit
            end = self._items.at(upper)
        self._skip()
        self._write_ids(lower, upper, end)
        return upper

    def _cut(self, one: Range, before: int, lower: int, upper: int) -> None:
        """Say of all that did not fit that it differs, with one fingerprint up to the end.

        The answer to a fingerprint that made the message too long is taken back. The range it answered is
        then covered by this fingerprint, whose sum leaves it out, so that it will not match: that is what
        other implementations write. It would match, and hide the range, if the peer has nothing there;
        only then the sum takes it in.
        """
        start = upper
        if one.mode == FINGERPRINT:
            del self._out[before:]
            if one.fingerprint == NOTHING:
                start = lower
        self._write_fingerprint(start, self._size, END)

    def _split(self, lower: int, upper: int, end: Bound) -> None:
        count = upper - lower
        if count < 2 * BUCKETS:
            self._write_ids(lower, upper, end)
            return
        self._looked_up += BUCKETS
        size, longer = divmod(count, BUCKETS)
        for bucket in range(BUCKETS):
            stop = lower + size + (bucket < longer)
            border = end if stop == upper else _between(self._items.at(stop - 1), self._items.at(stop))
            self._write_fingerprint(lower, stop, border)
            lower = stop

    def _skip(self) -> None:
        if self._equal_to is not None:
            self._write(self._equal_to, SKIP)
            self._equal_to = None

    def _write_ids(self, lower: int, upper: int, end: Bound) -> None:
        self._write(end, IDS)
        self._out += varint(upper - lower)
        self._out += b"".join(self._items.ids(lower, upper))

    def _write_fingerprint(self, lower: int, upper: int, end: Bound) -> None:
        self._write(end, FINGERPRINT)
        self._out += fingerprint(self._items.total(lower, upper), upper - lower)

    def _write(self, bound: Bound, mode: int) -> None:
        second, prefix = bound
        if bound == END:
            self._out += varint(0)
        else:
            self._out += varint(second - self._second + 1)
            self._second = second
        self._out += varint(len(prefix)) + prefix + varint(mode)


def _between(below: tuple[int, bytes], item: tuple[int, bytes]) -> Bound:
    """Return the shortest bound that separates an item from the one before it."""
    second, id_ = item
    if second != below[0]:
        return second, b""
    same = 0
    while id_[same] == below[1][same]:
        same += 1
    return second, id_[: same + 1]


class Vector:
    """Items in memory, sorted, with a sum remembered every 256 of them."""

    def __init__(self, items: Iterable[tuple[int, bytes]]) -> None:
        """Hold (second, id) pairs, each once.

        Raises:
            ValueError: an id has not 32 bytes, or a second is not from 0 up to 2⁶⁴ − 2.
        """
        self._items = sorted(set(items))
        if not all(len(id_) == ID_BYTES and 0 <= second < END[0] for second, id_ in self._items):
            raise ValueError("an item is a second and an id of 32 bytes")
        starts = range(0, len(self._items), _STRIDE)
        self._sums = [0, *accumulate(self._add(start, start + _STRIDE) for start in starts)]

    def __len__(self) -> int:
        return len(self._items)

    def at(self, index: int) -> tuple[int, bytes]:
        """Return the item at an index."""
        return self._items[index]

    def rank(self, second: int, prefix: bytes) -> int:
        """Return how many items are below (second, prefix)."""
        return bisect_left(self._items, (second, prefix))

    def total(self, lower: int, upper: int) -> int:
        """Return the sum modulo 2²⁵⁶ of the ids (little-endian) of items lower ≤ index < upper."""
        if upper - lower <= _STRIDE:
            return self._add(lower, upper) % 2**256
        return (self._up_to(upper) - self._up_to(lower)) % 2**256

    def ids(self, lower: int, upper: int) -> list[bytes]:
        """Return the ids of items lower ≤ index < upper."""
        return [id_ for _, id_ in self._items[lower:upper]]

    def _up_to(self, index: int) -> int:
        stride, _ = divmod(index, _STRIDE)
        return self._sums[stride] + self._add(stride * _STRIDE, index)

    def _add(self, lower: int, upper: int) -> int:
        return sum([int.from_bytes(id_, "little") for _, id_ in self._items[lower:upper]])
