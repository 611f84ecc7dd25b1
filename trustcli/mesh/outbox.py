"""What is to go out over one link, in order of urgency, paced and bounded.

The sender keeps to the receiver's rate with a little to spare, so that an honest frame is never dropped
for it. Records gather while the pace holds them back; so a thousand a second fit into 80 frames a minute.
What the peer came to hold meanwhile does not go.
"""

from __future__ import annotations

from collections import deque

from trustcli.mesh.contents import CRITICAL, NORMAL
from trustcli.mesh.limits import TokenBucket
from trustcli.mesh.messages import ROOM, base64, raws
from trustcli.mesh.payloads import (
    HAVE,
    PEER_ANNOUNCE,
    PEERS,
    RECORDS,
    RELAY,
    RESULTS,
    REVOCATION,
    TRUST_RESULT,
    TRUST_UPDATE,
    PeerAnnounce,
    RefusedRecord,
    Relay,
    Revocation,
    TrustResult,
    TrustUpdate,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trustcli.mesh.contents import Note
    from trustcli.mesh.holders import Holders
    from trustcli.mesh.payloads import Payload

RATE, BURST = 95, 90  # of the receiver's 100 a minute: networks bunch messages up
RESERVE = 20  # tokens that only CRITICAL records may use
PACE = 750  # ms between two pushes
QUICK = 100  # ms while more than half of the burst is left: a few ratings do not wait for each other
RESULT_PACE = 1_500  # ms between two TRUST_RESULTs
RELAY_PACE = 4_000  # ms between two RELAYs: they must not take the place of records
RELAY_QUICK = 1_000  # ms while more than half of the burst is left, or a RELAY would be full
ANNOUNCED = 8_000  # ids that wait; older ones are left to sync
HELD = 4 << 20  # bytes of records that wait; the lines are shared by all links
REPLIES = 16  # answers that wait for the rate; a peer that asks for more does not get the oldest


class Outbox:
    """The outgoing side of a link. `next_frames` says what may go now."""

    def __init__(self) -> None:
        self.is_behind = False  # records were dropped: the link needs a sync
        self._tokens = TokenBucket(RATE, BURST)
        self._lanes: dict[tuple[str, str], deque[Note]] = {}
        self._size = 0
        self._replies: deque[tuple[str, Payload]] = deque(maxlen=REPLIES)
        self._accepted: deque[str] = deque(maxlen=RESULTS)
        self._refused: deque[RefusedRecord] = deque(maxlen=RESULTS)
        self._have: deque[bytes] = deque(maxlen=ANNOUNCED)
        self._whole = True  # how we want the peer's relays
        self._is_told = True
        self._push_at = 0
        self._relay_at = 0
        self._result_at = 0

    def push(self, note: Note) -> None:
        """Let a record go out as soon as its turn comes."""
        lane = (note.priority, note.type)
        if self._size + len(note.line) > HELD:
            self._drop()
        if self._size + len(note.line) <= HELD:
            self._lanes.setdefault(lane, deque()).append(note)
            self._size += len(note.line)

    def announce(self, id_: bytes) -> None:
        """Tell the peer that we hold a record."""
        self._have.append(id_)

    def prefer(self, *, whole: bool) -> None:
        """Tell the peer how we want its relays: whole, or announced."""
        self._whole, self._is_told, self._relay_at = whole, False, 0

    def accepted(self, id_: bytes) -> None:
        """Tell the peer that we accept an update."""
        self._accepted.append(id_.hex())

    def refused(self, id_: bytes, code: str) -> None:
        """Tell the peer that we refuse a record."""
        self._refused.append(RefusedRecord(code, id_.hex()))

    def reply(self, type_: str, payload: Payload) -> None:
        """Let an answer go out as soon as the rate allows."""
        self._replies.append((type_, payload))

    def spend(self, now: int, keep: int = 0) -> bool:
        """Take a token for a frame, if more than `keep` are there; say whether it may go."""
        return self._tokens.left(now) > keep and self._tokens.take(now)

    @property
    def has_answered(self) -> bool:
        """Whether no answer waits."""
        return not self._replies

    @property
    def is_empty(self) -> bool:
        """Whether no record waits."""
        return not self._size

    def next_frames(self, now: int, holders: Holders, bit: int) -> Iterator[tuple[str, Payload]]:
        """Return what may go now, most urgent first; the tokens for it are taken.

        Args:
            holders: says what the peer came to hold meanwhile, by the bit of this link.
        """
        for lane in ((CRITICAL, REVOCATION), (CRITICAL, TRUST_UPDATE)):
            while self._lanes.get(lane) and self.spend(now):
                yield self._frame(lane)
        while self._replies and self.spend(now, RESERVE // 2):
            yield self._replies.popleft()
        if now >= self._push_at and self._size:
            yield from self._paced(now, holders, bit)
        if now >= self._relay_at and (self._have or not self._is_told):
            yield from self._relay(now, holders, bit)
        if now >= self._result_at and (self._accepted or self._refused) and self.spend(now, RESERVE):
            self._result_at = now + RESULT_PACE
            yield TRUST_RESULT, self._result()

    def next_time(self, now: int) -> int | None:
        """Return when there may be something to send, None while nothing waits."""
        times = []
        if self._size:
            times.append(self._push_at)
        if self._accepted or self._refused:
            times.append(self._result_at)
        if self._have or not self._is_told:
            times.append(self._relay_at)
        if self._replies:
            times.append(now)
        if not times:
            return None
        return max(min(times), now + self._tokens.wait(now, RESERVE + 1))

    def _paced(self, now: int, holders: Holders, bit: int) -> Iterator[tuple[str, Payload]]:
        """One frame of each kind that has something the peer lacks, and the pace after it."""
        for lane in sorted(self._lanes, key=_urgency):
            if lane[0] != CRITICAL and self._has(lane, holders, bit) and self.spend(now, RESERVE):
                pace = QUICK if self._tokens.left(now) > BURST // 2 else PACE
                self._push_at = max(self._push_at, now) + pace
                yield self._frame(lane)

    def _has(self, lane: tuple[str, str], holders: Holders, bit: int) -> bool:
        """Drop the records of a lane that the peer holds by now; say whether any is left."""
        notes = self._lanes[lane]
        lacking = set(holders.lacking([note.id for note in notes], bit))
        if len(lacking) < len(notes):
            self._size -= sum(len(note.line) for note in notes if note.id not in lacking)
            self._lanes[lane] = notes = deque(note for note in notes if note.id in lacking)
        return bool(notes)

    def _relay(self, now: int, holders: Holders, bit: int) -> Iterator[tuple[str, Payload]]:
        """Announce what the peer lacks, and say how we want its relays."""
        ids = holders.lacking(self._have, bit)
        self._have.clear()
        self._have.extend(ids[HAVE:])
        if (ids or not self._is_told) and self.spend(now, RESERVE):
            quick = len(ids) > HAVE or self._tokens.left(now) > BURST // 2
            self._relay_at, self._is_told = now + (RELAY_QUICK if quick else RELAY_PACE), True
            yield RELAY, Relay(base64(b"".join(ids[:HAVE])), self._whole)
        else:
            self._have.extendleft(reversed(ids[:HAVE]))

    def _frame(self, lane: tuple[str, str]) -> tuple[str, Payload]:
        priority, type_ = lane
        records = raws(self._take(self._lanes[lane], PEERS if type_ == PEER_ANNOUNCE else RECORDS))
        if type_ == REVOCATION:
            return type_, Revocation(priority, records)
        return type_, PeerAnnounce(records) if type_ == PEER_ANNOUNCE else TrustUpdate(records)

    def _take(self, notes: deque[Note], most: int) -> list[bytes]:
        """Remove what fits into one frame, the oldest first; one record always does."""
        lines, room = list[bytes](), ROOM
        while notes and len(lines) < most and len(notes[0].line) < room:
            lines.append(notes.popleft().line)
            room -= len(lines[-1]) + 1
        self._size -= sum(map(len, lines))
        return lines

    def _result(self) -> TrustResult:
        accepted, refused = list(self._accepted), list(self._refused)
        self._accepted.clear()
        self._refused.clear()
        return TrustResult(accepted, refused)

    def _drop(self) -> None:
        """Give up what is not critical: a sync brings it more cheaply than a queue that grows."""
        self.is_behind = True
        for lane, notes in self._lanes.items():
            if lane[0] != CRITICAL:
                self._size -= sum(len(note.line) for note in notes)
                notes.clear()


def _urgency(lane: tuple[str, str]) -> tuple[bool, bool, bool]:
    priority, type_ = lane
    return priority != CRITICAL, priority == NORMAL, type_ != REVOCATION
