"""How much one peer may ask of us: rates, faults, bans and bounded memories.

All of it in integers and with the time as an argument, so that a run can be repeated exactly.
"""

from __future__ import annotations

from collections import OrderedDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

MINUTE = 60_000  # ms
CUT = 100  # points within a decaying minute at which a peer is cut off
FIRST_BAN = 10 * MINUTE
LONGEST_BAN = 24 * 60 * MINUTE


class TokenBucket:
    """At most `burst` at once, and `rate_per_minute` in the long run.

    Holds its level in sixty-thousandths of a token, of which each millisecond adds as many as the rate
    says: nothing is rounded. A clock that steps back adds nothing, and nothing stands still until it has
    caught up.
    """

    __slots__ = ("_full", "_level", "_rate", "_then")

    def __init__(self, rate_per_minute: int, burst: int) -> None:
        self._rate = rate_per_minute
        self._full = self._level = burst * MINUTE
        self._then: int | None = None

    def take(self, now_ms: int, n: int = 1) -> bool:
        """Take n tokens if they are there; say whether they were."""
        self._fill(now_ms)
        if self._level < n * MINUTE:
            return False
        self._level -= n * MINUTE
        return True

    def wait(self, now_ms: int, n: int = 1) -> int:
        """Return after how many ms n tokens will be there, 0 for now; n is at most the burst."""
        self._fill(now_ms)
        missing = n * MINUTE - self._level
        return max(0, -(-missing // self._rate))

    def left(self, now_ms: int) -> int:
        """Return how many whole tokens there are."""
        self._fill(now_ms)
        return self._level // MINUTE

    def _fill(self, now: int) -> None:
        passed = 0 if self._then is None else now - self._then
        if passed > 0:
            self._level = min(self._full, self._level + passed * self._rate)
        self._then = now


class Buckets:
    """One token bucket for each key (an address, a peer), the `size` most recently used of them.

    A forgotten bucket is a full one: whoever can show up under more than `size` keys is not held by a
    rate per key anyway, and the memory stays bounded.
    """

    __slots__ = ("_buckets", "_burst", "_rate", "_size")

    def __init__(self, rate_per_minute: int, burst: int, size: int) -> None:
        self._rate, self._burst, self._size = rate_per_minute, burst, size
        self._buckets: OrderedDict[Hashable, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable, now_ms: int, n: int = 1) -> bool:
        """Take n tokens of a key if they are there; say whether they were."""
        return self._of(key).take(now_ms, n)

    def wait(self, key: Hashable, now_ms: int, n: int = 1) -> int:
        """Return after how many ms n tokens of a key will be there."""
        return self._of(key).wait(now_ms, n)

    def _of(self, key: Hashable) -> TokenBucket:
        bucket = self._buckets.pop(key, None) or TokenBucket(self._rate, self._burst)
        self._buckets[key] = bucket
        if len(self._buckets) > self._size:
            self._buckets.popitem(last=False)
        return bucket


class Faults:
    """What a peer did wrong, in points of which a minute forgives a hundred.

    So a hundred points at once cut a peer off, and so do slower ones that come faster than they fade.
    """

    __slots__ = ("_points",)

    def __init__(self) -> None:
        self._points = TokenBucket(CUT, CUT)

    def add(self, points: int, now_ms: int) -> bool:
        """Count points; say whether the peer is to be cut off."""
        taken = self._points.take(now_ms, min(points, self._points.left(now_ms)))
        return taken and self.score(now_ms) >= CUT

    def score(self, now_ms: int) -> int:
        """Return the points that have not faded, at most `CUT`."""
        return CUT - self._points.left(now_ms)


def ban_length(before: int) -> int:
    """Return how long a ban lasts, in ms: ten minutes, doubled by each ban before it, at most a day."""
    return min(LONGEST_BAN, FIRST_BAN << min(before, 16))


class Recent:
    """A set that remembers the `size` keys that were added last."""

    __slots__ = ("_keys", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        # the first key of a plain dict is looked for behind all that were deleted before it
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def add(self, key: Hashable) -> bool:
        """Add a key; say whether it is new."""
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > self._size:
            self._keys.popitem(last=False)
        return True

    def update(self, keys: Iterable[Hashable]) -> None:
        """Add many keys."""
        for key in keys:
            self.add(key)

    def discard(self, key: Hashable) -> None:
        """Forget a key, if it is there."""
        self._keys.pop(key, None)
