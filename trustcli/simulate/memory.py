"""What honest nodes of a virtual network remember from round to round: who acted against the lots."""

from __future__ import annotations

from trustcli import standing
from trustcli.rounds.conduct import against

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trustcli.simulate.members import Member


class Memory:
    """What each node has seen each other do against the lots, as it judges by itself.

    All rounds are of one day: nobody's ban ends.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], dict[int, str]] = {}
        self._rules = standing.RULESETS[standing.DEFAULT]

    def note(self, members: Iterable[Member]) -> None:
        """Take in what the honest nodes saw in a round that has ended."""
        for member in members:
            if member.honest:
                number = member.round.number
                for key in against(member.round, member.agreement):
                    seen = self._seen.setdefault((member.name, key), {})
                    seen[number] = standing.AGAIN if number - 1 in seen else standing.AGAINST

    def table(self, name: str, table: Mapping[str, int]) -> dict[str, int]:
        """Return a node's table with what it remembers taken off."""
        return {key: self._left(value, self._seen.get((name, key), {})) for key, value in table.items()}

    def _left(self, value: int, seen: Mapping[int, str]) -> int:
        left = standing.Standing(value, 0, 0)
        for kind in seen.values():
            left = standing.after(left, standing.Observation("", kind, 0), self._rules)
        return left.value
