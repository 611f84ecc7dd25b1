"""How far a viewpoint's trust reaches: the weight of each rater, hop by hop and weaker each hop.

Your trust in a rater is your own live rating of them (in the category, else overall), or the weight you
stated for them, else what raters you trust say of them. What introducers pass on is bounded: all raters
that one introducer brings in, for one subject, weigh together at most HOP × the introducer's own weight.
So five hundred keys behind one careless friend weigh no more than that friend's word, and a key split
in two weighs no more than before.
"""

from __future__ import annotations

import math

from trustcli.models.answer import worth
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trustcli.models.answer import Question
    from trustcli.view import View, Voice

HOP = 0.5  # what is left of an introducer's weight one hop further on


class Reach(NamedTuple):
    """The weight (0..1) of a rater and the strongest chain that leads to it, viewpoint first."""

    weight: float
    path: tuple[int, ...]


class Trust:
    """The reach of one viewpoint. What it learns about direct trust is kept for further subjects."""

    def __init__(self, view: View, question: Question) -> None:
        self._view = view
        self._question = question
        self._me = view.current(question.viewpoint)
        self._by_ours: dict[int, dict[int, float]] | None = None
        self._ours: int | None = None
        self._theirs = 0
        self._said_by: dict[int, dict[int, float]] = {}
        self._said_of: dict[int, dict[int, float]] = {}

    def in_raters(self, raters: Iterable[int]) -> dict[int, Reach]:
        """Return the reach of those raters that the viewpoint leads to; weight 0 is in it too."""
        return self._reach(set(raters), self._question.hops - 1)

    def _reach(self, wanted: set[int], hops: int) -> dict[int, Reach]:
        found = {}
        if self._me in wanted:
            found[self._me] = Reach(1.0, (self._me,))
        if hops < 1:
            return found
        direct = self.opinions_of(self._me)
        for rater in wanted - {self._me}:
            if rater in direct:
                found[rater] = Reach(direct[rater], (self._me, rater))
        strangers = wanted - found.keys()
        if strangers and hops > 1:
            found.update(self._introduced(strangers, hops - 1))
        return found

    def _introduced(self, strangers: set[int], hops: int) -> dict[int, Reach]:
        """Return the reach of raters that others vouch for, each introducer's total bounded."""
        vouched = self._vouchers(strangers, hops)
        introducers = self._reach(set(vouched), hops)
        flows: dict[int, list[tuple[float, int]]] = {}
        for introducer, said in vouched.items():
            reach = introducers.get(introducer)
            if not reach or reach.weight <= 0:
                continue
            share = HOP * reach.weight / max(1.0, math.fsum(said.values()))
            for stranger, trust in said.items():
                flows.setdefault(stranger, []).append((share * trust, introducer))
        return {
            stranger: Reach(
                min(HOP, math.fsum(flow for flow, _ in paths)),
                (*introducers[self._strongest(paths, introducers)].path, stranger),
            )
            for stranger, paths in flows.items()
        }

    def _vouchers(self, strangers: set[int], hops: int) -> dict[int, dict[int, float]]:
        """Return {introducer: {stranger: trust}}, asked from the side with less to read."""
        direct = self.opinions_of(self._me)
        from_us = hops == 1 and self._is_shorter_from_us(direct, strangers)
        trust_in = self._trust_of_ours if from_us else self._trust_in
        vouched: dict[int, dict[int, float]] = {}
        for stranger in strangers:
            for introducer, trust in trust_in(stranger).items():
                if hops > 1 or introducer in direct:
                    vouched.setdefault(introducer, {})[stranger] = trust
        return vouched

    def _trust_of_ours(self, stranger: int) -> dict[int, float]:
        """Return how much each of those we have an opinion of trusts `stranger`, by them."""
        if self._by_ours is None:
            self._by_ours = {}
            for introducer in self.opinions_of(self._me):
                for subject, trust in self.opinions_of(introducer).items():
                    self._by_ours.setdefault(subject, {})[introducer] = trust
        return self._by_ours.get(stranger, {})

    def _is_shorter_from_us(self, direct: Iterable[int], strangers: Iterable[int]) -> bool:
        """Say whether to read what our raters have said rather than who rated the strangers.

        What the other way has cost so far counts too: after many subjects ours has been the shorter.
        """
        if self._ours is None:
            self._ours = self._view.given(direct)
        if self._theirs < self._ours:
            self._theirs += self._view.received(strangers)
        return self._theirs >= self._ours

    def opinions_of(self, rater: int) -> dict[int, float]:
        """Return how much `rater` trusts whom: the category's rating, else the overall one."""
        known = self._said_by.get(rater)
        if known is None:
            question = self._question
            known = {}
            if rater == self._me:
                known.update({self._view.current(node): weight for node, weight in question.weights.items()})
            if question.category is not None and question.overall is not None:
                known.update(_worths(self._view.voices_by(rater, question.overall)))
            known.update(_worths(self._view.voices_by(rater, question.category)))
            known.pop(rater, None)
            self._said_by[rater] = known
        return known

    def _trust_in(self, subject: int) -> dict[int, float]:
        """Return how much whom trusts `subject`, by rater."""
        known = self._said_of.get(subject)
        if known is not None:
            return known
        question = self._question
        found: dict[int, float] = {}
        if question.category is not None and question.overall is not None:
            found.update(_trusts(self._view.voices_of(subject, question.overall)[0]))
        found.update(_trusts(self._view.voices_of(subject, question.category)[0]))
        found.pop(self._me, None)
        self._said_of[subject] = found
        return found

    def _strongest(self, paths: list[tuple[float, int]], introducers: dict[int, Reach]) -> int:
        """The introducer that brings most; among equals the best trusted, the nearest, then by name."""

        def rank(path: tuple[float, int]) -> tuple[float, float, int]:
            return (path[0], introducers[path[1]].weight, -len(introducers[path[1]].path))

        best = max(rank(path) for path in paths)
        equals = [path[1] for path in paths if rank(path) == best]
        return equals[0] if len(equals) == 1 else min(equals, key=self._view.name)


def direct(view: View, question: Question) -> dict[int, float]:
    """Return the viewpoint's own trust (0..1) by node: what it rated or stated, nothing passed on."""
    return Trust(view, question).opinions_of(view.current(question.viewpoint))


def _worths(voices: dict[int, Voice]) -> dict[int, float]:
    return {subject: voice.bridge * worth(voice.stars) for subject, voice in voices.items()}


def _trusts(voices: dict[int, Voice]) -> dict[int, float]:
    return {rater: voice.bridge * worth(voice.stars) for rater, voice in voices.items()}
