"""The field of a round: the proposals a node keeps, in the order of their lots.

Known is whose proposer is in the own table, or whom enough keys of the table stand behind. All others
wait outside, where there is room for few, so that ten thousand strangers cost nothing.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from trustcli.rounds.lots import lot
from trustcli.rounds.rules import (
    DOUBLE_PROPOSAL,
    FOREIGN_ROUND,
    KNOWN,
    LEAST,
    NEW,
    UNKNOWN_PROPOSER,
    WAITING,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.rounds.rules import Rules
    from trustcli.rounds.scores import Tally
    from trustcli.rounds.values import Proposal

    Entry = tuple[bytes, Proposal]
    """(lot, proposal); sorts in the order of lots."""


class Queue:
    """Proposals in the order of their lots, and by id. The first few and the last cost nothing to find."""

    __slots__ = ("_by_id", "entries")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._by_id: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        """Put an entry in its place; its proposal is not here yet."""
        insort(self.entries, entry)
        self._by_id[entry[1].id] = entry

    def get(self, id_: str) -> Entry | None:
        """Return the entry of a proposal, None if it is not here."""
        return self._by_id.get(id_)

    def pop(self, id_: str) -> Entry | None:
        """Take the entry of a proposal out and return it, None if it is not here."""
        entry = self._by_id.pop(id_, None)
        if entry is not None:
            del self.entries[bisect_left(self.entries, entry)]
        return entry

    def pop_last(self) -> Entry:
        """Take the last entry out and return it; there is one."""
        last = self.entries.pop()
        del self._by_id[last[1].id]
        return last

    def ahead_of(self, entry: Entry, most: int) -> int:
        """Return how many come before an entry, `most` where there are more."""
        return bisect_left(self.entries, entry, 0, min(most, len(self.entries)))

    def __len__(self) -> int:
        return len(self.entries)


class Field:
    """The proposals of one round as one node sees them."""

    __slots__ = (
        "_base",
        "_by",
        "_known",
        "_me",
        "_needed",
        "_strangers",
        "_tally",
        "_vouchers",
        "_waiting",
        "before",
        "number",
    )

    def __init__(self, number: int, me: str, tally: Tally, rules: Rules, before: str) -> None:
        self.number = number
        self._me = me
        self._tally = tally
        self._base = rules.base
        self.before = before
        self._vouchers = rules.vouchers
        self._needed = self._part() if rules.vouchers else 0
        self._known = Queue()
        self._waiting = Queue()
        self._by: dict[str, str] = {}  # the one proposal of a proposer; empty where there were two
        self._strangers: list[str] = []  # who is remembered for two proposals, and known to nobody here

    def take(self, proposal: Proposal) -> str:
        """Take a proposal in; return what became of it, one of `rules.VERDICTS`."""
        if proposal.round != self.number:
            return FOREIGN_ROUND
        before = self._by.get(proposal.proposer)
        if before == proposal.id:
            return KNOWN
        if before is not None:
            return self._double(before, proposal)
        entry = (lot(self.number, self.before, proposal.proposer), proposal)
        if not self.stands(proposal):
            return self._wait(entry)
        self._enter(entry)
        return NEW

    def stands(self, proposal: Proposal) -> bool:
        """Say whether a proposal counts: who proposed it is known, or enough known keys stand behind it."""
        if self.knows(proposal.proposer):
            return True
        if self._needed:
            return self._tally.vouchers(proposal.id) >= self._needed
        return self._tally.carries(proposal.id)

    def knows(self, proposer: str) -> bool:
        """Say whether what a key proposes counts by itself: it is in the table, or one's own."""
        return proposer == self._me or self._tally.knows(proposer)

    def relax(self, left: int) -> None:
        """Ask for fewer vouchers, with 2, 1 or 0 scorings of patience left: a smaller part, two, one."""
        fewer = (1, LEAST, self._part(2))[left]
        if fewer < self._needed:
            self._needed = fewer
            for _, proposal in list(self._waiting.entries):
                self.scored(proposal.id)

    def _part(self, more: int = 0) -> int:
        return max(LEAST, self._tally.known() // (self._vouchers + more))

    def scored(self, id_: str) -> None:
        """Look again at a proposal that waits: somebody known has scored it."""
        entry = self._waiting.get(id_)
        if entry is not None and self.stands(entry[1]):
            self._waiting.pop(id_)
            self._enter(entry)

    def displaced(self, id_: str) -> None:
        """Look again at a proposal that lost a score: a stranger nobody stands behind any more goes."""
        entry = self._known.get(id_)
        if entry is not None and not self.stands(entry[1]):
            self._known.pop(id_)
            del self._by[entry[1].proposer]
            self._tally.disown(id_)

    def holds(self, id_: str) -> bool:
        """Say whether a proposal is known and counts."""
        return self._known.get(id_) is not None

    def lot_of(self, id_: str) -> bytes | None:
        """Return the lot of a proposal that counts, None for others."""
        entry = self._known.get(id_)
        return entry[0] if entry else None

    def get(self, id_: str) -> Proposal | None:
        """Return a proposal by its id, known or waiting."""
        entry = self._known.get(id_) or self._waiting.get(id_)
        return entry[1] if entry else None

    def known(self, count: int | None = None) -> list[Entry]:
        """Return those that somebody known stands behind, in the order of lots: all, or the first `count`."""
        return self._known.entries[:count]

    def leads(self, id_: str, count: int) -> bool:
        """Say whether a proposal is among the first `count` by lot: of the known, or of all if it waits."""
        ahead = 0
        entry = self._known.get(id_)
        if entry is None:
            entry = self._waiting.get(id_)
            if entry is None:
                return False
            ahead = self._waiting.ahead_of(entry, count)
        return ahead + self._known.ahead_of(entry, count) < count

    def front(self, count: int) -> list[Entry]:
        """Return the first `count` by lot of all that is here, known or waiting."""
        return sorted(self._known.entries[:count] + self._waiting.entries[:count])[:count]

    def __len__(self) -> int:
        return len(self._known) + len(self._waiting)

    def _enter(self, entry: Entry) -> None:
        proposal = entry[1]
        self._known.add(entry)
        self._by[proposal.proposer] = proposal.id
        self._tally.own(proposal.id, proposal.proposer, self._base if proposal.own is None else proposal.own)

    def _wait(self, entry: Entry) -> str:
        if len(self._waiting) >= WAITING:
            if entry > self._waiting.entries[-1]:
                return UNKNOWN_PROPOSER
            last = self._waiting.pop_last()
            del self._by[last[1].proposer]
        self._waiting.add(entry)
        self._by[entry[1].proposer] = entry[1].id
        return NEW

    def _double(self, before: str, proposal: Proposal) -> str:
        self._known.pop(before)
        if self._waiting.pop(before):
            self._strangers.append(proposal.proposer)
            if len(self._strangers) > WAITING:
                self._by.pop(self._strangers.pop(0), None)
        self._by[proposal.proposer] = ""
        return DOUBLE_PROPOSAL
