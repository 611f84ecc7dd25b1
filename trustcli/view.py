"""Fold records into a view: who says what of whom, as of a time.

One live rating per (rater, subject, category): the latest in the total order (created, id) that is
neither revoked nor expired. Keys that follow one another count as one rater and one subject. A view has
no opinion on whom to believe; that is a model's work.
"""

from __future__ import annotations

from trustcli.errors import DiskError
from trustcli.records.key import RETIRE
from trustcli.succession import Succession
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Protocol, TypeAlias

    from trustcli.succession import KeySource

    Row: TypeAlias = tuple[int, int, int, int, int, int, int | None, int | None, int]
    """(subject, category, rater, created ms, seq, value tenths, expires ms, author if a bridge, machine)"""

    class Source(KeySource, Protocol):
        """Where rows come from: a ledger, or lists in a test."""

        has_revocations: bool

        def ratings_of(self, subject: int, category: int | None) -> list[Row]:
            """Rows about a subject, in one category or in all."""
            ...

        def ratings_by(self, rater: int, category: int | None) -> list[Row]:
            """Rows by a rater, in one category or in all."""
            ...

        def all_ratings(self) -> Iterable[Row]:
            """Every row there is."""
            ...

        def revocations(self, author: int) -> list[tuple[int, int, int]]:
            """(id high, id low, created) of what an author took back."""
            ...

        def record_id(self, seq: int) -> tuple[int, int]:
            """The id of a row's record, as two integers in the order of ids."""
            ...

        def name(self, node: int) -> str:
            """The did:key or URI of a node."""
            ...

        def given(self, rater: int) -> int:
            """How many ratings a rater has made; counting may stop at some thousand."""
            ...

        def received(self, subject: int) -> int:
            """How many ratings a subject has; counting may stop at some thousand."""
            ...


MIN_STARS, MAX_STARS = 10, 50  # tenths; what no record can hold is damage of the file
SKEW = 300_000  # ms that another clock may be ahead; a record from further ahead waits for its time
MACHINE = 2  # `machine` of a rating that no person guided

REVOKED, EXPIRED, SUPERSEDED, SELF = "revoked", "expired", "superseded", "self"
BLOCKED, FUTURE, RETIRED, COMPROMISED_KEY = "blocked", "future", "retired", "compromised"
MACHINE_MADE, UNTRUSTED_BRIDGE = "machine", "untrusted_bridge"
TOO_FAR, NO_WEIGHT = "too_far", "no_weight"
BECAUSE = {
    REVOKED: "its author took it back",
    EXPIRED: "its own date has passed",
    SUPERSEDED: "a later rating by the same rater replaces it",
    SELF: "a rater does not rate itself, not under an earlier key either",
    BLOCKED: "you blocked the rater",
    FUTURE: "dated ahead of the time asked about",
    RETIRED: "made after its key was retired",
    COMPROMISED_KEY: "made after its key was compromised",
    MACHINE_MADE: "made by a machine, and only people were asked for",
    UNTRUSTED_BRIDGE: "passed on by a bridge you do not trust",
    TOO_FAR: "nobody you trust leads to the rater within the hops allowed",
    NO_WEIGHT: "your trust in the rater is zero",
}
"""Why a rating does not count. A closed list; programs may switch on it."""


class Opinion(NamedTuple):
    """One live rating: `value` in tenths of a star, `bridge` 0..1 (1 unless passed on by a bridge)."""

    rater: int
    subject: int
    category: int
    value: int
    created: int
    seq: int
    author: int
    bridge: float


class Voice(NamedTuple):
    """All that one rater says of one subject, as one voice: the mean of its live ratings."""

    rater: int
    subject: int
    stars: float
    newest: int
    bridge: float
    opinions: list[Opinion]


class Ignored(NamedTuple):
    """A rating that does not count, and why (one of BECAUSE)."""

    seq: int
    rater: int
    because: str


class View:
    """What the records of a source say as of a time (Unix ms).

    Args:
        blocked: raters and authors whose ratings do not count.
        bridges: gives the trust (0..1) in authors that pass on ratings of others; those absent
            have none. Asked once, when the first such rating is met.
        people_only: leave out ratings that a machine made unguided.
    """

    def __init__(
        self,
        source: Source,
        as_of: int,
        *,
        blocked: Iterable[int] = (),
        bridges: Callable[[], Mapping[int, float]] = dict,
        people_only: bool = False,
    ) -> None:
        self.as_of = as_of
        self._source = source
        self._ask_bridges = bridges
        self._bridges: Mapping[int, float] | None = None
        self._people_only = people_only
        self._of: dict[tuple[int, int | None], tuple[dict[int, Voice], list[Ignored]]] = {}
        self._by: dict[tuple[int, int | None], dict[int, Voice]] = {}
        self._taken_back: dict[int, set[tuple[int, int]]] = {}
        self._keys = Succession(source, as_of + SKEW)
        self._blocked = frozenset(self.current(node) for node in blocked)

    def voices_of(self, subject: int, category: int | None) -> tuple[dict[int, Voice], list[Ignored]]:
        """Return who rates `subject` (one voice a rater, by rater), and what does not count."""
        known = self._of.get((subject, category))
        if known is None:
            rows: list[Row] = []
            for key in self._keys.keys_of(subject):
                rows += self._source.ratings_of(key, category)
            live, ignored = self._fold(rows)
            known = {voice.rater: voice for voice in self._voices(live)}, ignored
            self._of[subject, category] = known
        return known

    def voices_by(self, rater: int, category: int | None) -> dict[int, Voice]:
        """Return whom `rater` rates, by subject."""
        known = self._by.get((rater, category))
        if known is None:
            rows: list[Row] = []
            for key in self._keys.keys_of(rater):
                rows += self._source.ratings_by(key, category)
            live, _ = self._fold(rows)
            known = {voice.subject: voice for voice in self._voices(live)}
            self._by[rater, category] = known
        return known

    def all_voices(self, category: int | None) -> Iterator[Voice]:
        """Yield every voice there is, in no order that matters."""
        rows = self._source.all_ratings()
        if category is not None:
            rows = (row for row in rows if row[1] == category)
        live, _ = self._fold(rows)
        yield from self._voices(live)

    def name(self, node: int) -> str:
        """Return the did:key or URI of a node: what does not depend on the order of arrival."""
        return self._source.name(node)

    def given(self, raters: Iterable[int]) -> int:
        """Return about how many ratings these have made: what reading them would cost."""
        return sum(map(self._source.given, raters))

    def received(self, subjects: Iterable[int]) -> int:
        """Return about how many ratings these have received."""
        return sum(map(self._source.received, subjects))

    def current(self, node: int) -> int:
        """Return the last key in the line of succession that `node` belongs to."""
        return self._keys.current(node)

    def _fold(self, rows: Iterable[Row]) -> tuple[list[Opinion], list[Ignored]]:
        live: dict[tuple[int, int, int], Opinion] = {}
        ignored: list[Ignored] = []
        for row in rows:
            subject, category, rater, created, seq, value, _, author, _ = row
            if not MIN_STARS <= value <= MAX_STARS:
                raise DiskError("the ledger is damaged: stars out of range", hint="trust ledger check")
            because = self._why_not(row)
            if because:
                ignored.append(Ignored(seq, rater, because))
                continue
            bridge = 1.0 if author is None else self._trust_in_bridge(author)
            found = Opinion(
                self.current(rater), self.current(subject), category, value, created, seq,
                rater if author is None else author, bridge,
            )  # fmt: skip
            key = found[:3]
            other = live.get(key)
            if other is None:
                live[key] = found
                continue
            older, live[key] = (other, found) if self._replaces(found, other) else (found, other)
            ignored.append(Ignored(older.seq, older.rater, SUPERSEDED))
        return list(live.values()), ignored

    def _replaces(self, found: Opinion, other: Opinion) -> bool:
        """The most trusted bridge counts; then the latest by (created, id)."""
        if found.bridge != other.bridge:
            return found.bridge > other.bridge
        if found.created != other.created:
            return found.created > other.created
        return self._source.record_id(found.seq) > self._source.record_id(other.seq)

    def _why_not(self, row: Row) -> str | None:  # noqa: PLR0911  a list of reasons, in order
        subject, _, rater, created, seq, _, expires, bridge, machine = row
        author = rater if bridge is None else bridge
        if created > self.as_of + SKEW:
            return FUTURE
        if expires is not None and expires <= self.as_of:
            return EXPIRED
        if machine == MACHINE and self._people_only:
            return MACHINE_MADE
        if self._blocked and not self._blocked.isdisjoint((self.current(rater), self.current(author))):
            return BLOCKED
        if bridge is not None and self._trust_in_bridge(bridge) <= 0:
            return UNTRUSTED_BRIDGE
        if self._source.has_revocations and self._is_revoked(author, seq):
            return REVOKED
        return self._why_not_key(author, subject, rater, created) if self._source.has_keys else None

    def _trust_in_bridge(self, author: int) -> float:
        if self._bridges is None:
            self._bridges = self._ask_bridges()
        return self._bridges.get(self.current(author), 0.0)

    def _why_not_key(self, author: int, subject: int, rater: int, created: int) -> str | None:
        if self.current(subject) == self.current(rater):
            return SELF
        end = self._keys.end_of(author)
        if end is None or created < end[0]:
            return None
        return RETIRED if end[1] == RETIRE else COMPROMISED_KEY

    def _is_revoked(self, author: int, seq: int) -> bool:
        taken_back = self._taken_back.get(author)
        if taken_back is None:
            limit = self.as_of + SKEW
            taken_back = {
                (high, low)
                for high, low, created in self._source.revocations(author)
                if created <= limit and not self._keys.is_past_end(author, created)
            }
            self._taken_back[author] = taken_back
        return bool(taken_back) and seq > 0 and self._source.record_id(seq) in taken_back

    def _voices(self, opinions: Iterable[Opinion]) -> list[Voice]:
        """Join the opinions of one rater on one subject; the sum of integers knows no order."""
        together: dict[tuple[int, int], list[Opinion]] = {}
        for opinion in opinions:
            together.setdefault((opinion.rater, opinion.subject), []).append(opinion)
        return [
            Voice(
                rater,
                subject,
                sum(opinion.value for opinion in said) / (10 * len(said)),
                max(opinion.created for opinion in said),
                max(opinion.bridge for opinion in said),
                said if len(said) == 1 else sorted(said, key=self._order),
            )
            for (rater, subject), said in together.items()
        ]

    def _order(self, opinion: Opinion) -> tuple[int, tuple[int, int]]:
        """The total order of records: (created, id)."""
        return opinion.created, self._source.record_id(opinion.seq)
