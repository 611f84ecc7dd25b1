"""The wire format of negentropy V1: messages, which are lists of ranges.

docs/negentropy-protocol-v1.md in github.com/hoytech/negentropy specifies it. What a peer sends is refused
with `PeerFault` unless it is well formed, whole and within the limits below, before any of it is answered.
Nothing recurses, and nothing is allocated for what was only promised.
"""

from __future__ import annotations

from trustcli.errors import PeerFault
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Bound = tuple[int, bytes]
    """(second, prefix of an id): a range ends before the first item that is not below it."""

VERSION = 0x61  # version 1; 0x62 would be version 2
ID_BYTES = 32
FINGERPRINT_BYTES = 16
SKIP, FINGERPRINT, IDS = 0, 1, 2
END: Bound = (2**64 - 1, b"")  # above all items; written as timestamp 0
MAX_MESSAGE = 65_536  # bytes; so at most 2,047 ids
MAX_RANGES = 8_192  # a full message of fingerprints has 3,450; each range costs us a search
_VARINT_BYTES = 10  # 64 bits


class Range(NamedTuple):
    """Part of a message: all items from the end of the range before it up to `end`.

    `fingerprint` has 16 bytes where `mode` is FINGERPRINT, `ids` is the list where it is IDS.
    """

    end: Bound
    mode: int
    fingerprint: bytes = b""
    ids: tuple[bytes, ...] = ()


def varint(number: int) -> bytes:
    """Return a number ≥ 0 in base 128, the highest digit first, all but the last with the high bit set."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(digits[::-1])


def refused(reason: str) -> PeerFault:
    """Return the one error of this protocol."""
    return PeerFault(f"negentropy: {reason}")


def version(message: bytes) -> int:
    """Return the first byte of a message.

    Raises:
        PeerFault: it is no version of negentropy.
    """
    if not message or message[0] & 0xF0 != VERSION & 0xF0:
        raise refused("the message has no protocol version")
    return message[0]


def parse(message: bytes) -> list[Range]:
    """Return the ranges of a message of version 1.

    Raises:
        PeerFault: it is not whole and well formed, or has more than MAX_MESSAGE bytes or MAX_RANGES ranges.
    """
    if len(message) > MAX_MESSAGE:
        raise refused(f"a message of {len(message)} bytes")
    reader = _Reader(message)
    ranges: list[Range] = []
    for one in reader.ranges():
        if len(ranges) == MAX_RANGES:
            raise refused(f"more than {MAX_RANGES} ranges")
        ranges.append(one)
    return ranges


class _Reader:
    """Reads the bytes after the version, from left to right."""

    def __init__(self, message: bytes) -> None:
        self._data = message
        self._at = 1

    def ranges(self) -> Iterator[Range]:
        end: Bound = (0, b"")
        while self._at < len(self._data):
            end = self._bound(end)
            mode = self._number()
            if mode == SKIP:
                yield Range(end, SKIP)
            elif mode == FINGERPRINT:
                yield Range(end, FINGERPRINT, self._bytes(FINGERPRINT_BYTES))
            elif mode == IDS:
                yield Range(end, IDS, ids=self._ids())
            else:
                raise refused(f"mode {mode}")

    def _bytes(self, count: int) -> bytes:
        start, self._at = self._at, self._at + count
        if self._at > len(self._data):
            raise refused("the message ends too soon")
        return self._data[start : self._at]

    def _number(self) -> int:
        number = 0
        for place in range(_VARINT_BYTES):
            (digit,) = self._bytes(1)
            if place == 0 and digit == 0x80:
                raise refused("a number with a leading zero")
            number = number << 7 | digit & 0x7F
            if digit < 0x80:
                break
        if digit >= 0x80 or number >> 64:
            raise refused("a number of more than 64 bits")
        return number

    def _bound(self, before: Bound) -> Bound:
        offset, length = self._number(), self._number()
        if length > ID_BYTES:
            raise refused(f"a bound of {length} bytes")
        second = END[0] if offset == 0 else before[0] + offset - 1
        bound = (second, self._bytes(length))
        # a full message may end with two ranges up to END, the second of them empty
        if bound < before or (second >= END[0] and (offset, length) != (0, 0)):
            raise refused("bounds that do not ascend")
        return bound

    def _ids(self) -> tuple[bytes, ...]:
        ids = self._bytes(self._number() * ID_BYTES)
        return tuple([ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES)])
