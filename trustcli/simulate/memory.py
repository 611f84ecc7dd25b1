"""What honest nodes of a virtual network remember from round to round: who acted against the lots."""

from __future__ import annotations

from collections import Counter

from trustcli import standing
from trustcli.rounds.conduct import against

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trustcli.simulate.members import Member


class Memory:
    """How often each node has seen each other act against the lots, as it judges by itself."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()
        self._rules = standing.RULESETS[standing.DEFAULT]

    def note(self, members: Iterable[Member]) -> None:
        """Take in what the honest nodes saw in a round that has ended."""
        for member in members:
            if member.honest:
                self._seen.update((member.name, key) for key in against(member.round, member.agreement))

    def table(self, name: str, table: Mapping[str, int]) -> dict[str, int]:
        """Return a node's table with what it remembers taken off."""
        return {key: self._left(value, self._seen[name, key]) for key, value in table.items()}

    def _left(self, value: int, times: int) -> int:
        seen = standing.Observation("", standing.AGAINST, 0)
        left = standing.Standing(value, 0, 0)
        for _ in range(times):
            left = standing.after(left, seen, self._rules)
        return left.value
