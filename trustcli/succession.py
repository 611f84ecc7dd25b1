"""Fold key records into lines of succession: which keys are one rater, and when a key's word ends.

A rotation counts when the old key names the new one and the new one accepts. What a key says after its own
end is not its owner's: a thief can neither pass a key on nor tear its line.
"""

from __future__ import annotations

from trustcli.records.key import ACCEPT, COMPROMISED, RETIRE, ROTATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TypeAlias

    KeyEvent: TypeAlias = tuple[int, str, int | None, int, int]
    """(author, action, other key, from when on it holds ms, created ms)"""

    class KeySource(Protocol):
        """Where key records come from."""

        has_keys: bool

        def key_events(self, node: int) -> list[KeyEvent]:
            """Key records by or about a node."""
            ...


_MAX_LINE = 64  # keys in one line of succession; bounds what a hostile chain can cost


class Succession:
    """The lines of succession in a source, by the records made until a time (Unix ms)."""

    def __init__(self, source: KeySource, until: int) -> None:
        self._source = source
        self._until = until
        self._heads: dict[int, int] = {}
        self._ends: dict[int, tuple[int, str] | None] = {}

    def current(self, node: int) -> int:
        """Return the last key in the line of succession that `node` belongs to.

        Two confirmed successors of one key contradict each other: then neither is followed. So do
        keys that succeed each other in a circle: then each stands for itself.
        """
        if not self._source.has_keys:
            return node
        known = self._heads.get(node)
        if known is None:
            line = [node]
            while len(line) <= _MAX_LINE:
                successors = self._linked(line[-1], ROTATE)
                if len(successors) != 1:
                    break
                if successors[0] in line:
                    line = [node]
                    break
                line += successors
            known = self._heads[node] = line[-1]
        return known

    def keys_of(self, node: int) -> list[int]:
        """Return all keys that count as `node`: the current one and its predecessors."""
        if not self._source.has_keys:
            return [node]
        keys = [self.current(node)]
        for key in keys:
            if len(keys) < _MAX_LINE:
                keys += [p for p in self._linked(key, ACCEPT) if p not in keys and self.current(p) == keys[0]]
        return keys

    def _linked(self, node: int, action: str) -> list[int]:
        """Return the keys that `node` names in `action` and that confirm it by the other action."""
        events = [event for event in self._key_events(node) if not self.is_past_end(event[0], event[4])]
        answer = ACCEPT if action == ROTATE else ROTATE
        named = {other for author, what, other, *_ in events if author == node and what == action}
        confirmed = {author for author, what, other, *_ in events if other == node and what == answer}
        return sorted(other for other in named & confirmed if other is not None)

    def is_past_end(self, key: int, created: int) -> bool:
        """Say whether a record made at `created` is past the end of its key."""
        end = self.end_of(key)
        return end is not None and created >= end[0]

    def end_of(self, key: int) -> tuple[int, str] | None:
        """Return (time ms, RETIRE or COMPROMISED) from which on records of `key` do not count, if any."""
        if not self._source.has_keys:
            return None
        if key not in self._ends:
            self._ends[key] = min(
                (
                    (at, action)
                    for author, action, _, at, _ in self._key_events(key)
                    if author == key and action in (RETIRE, COMPROMISED)
                ),
                default=None,
            )
        return self._ends[key]

    def _key_events(self, node: int) -> list[KeyEvent]:
        return [event for event in self._source.key_events(node) if event[4] <= self._until]
