"""Observe others, and see where they stand. All of it private to this machine."""

from __future__ import annotations

from trustcli import standing
from trustcli.errors import UsageError
from trustcli.ledger.rounds import Noted
from trustcli.node.naming import NameBook
from trustcli.records import did
from trustcli.succession import Succession
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from trustcli.node import Node
    from trustcli.node.naming import Subject

MAX_NOTE = 500  # characters
MAX_WEIGHT = 100  # times that one observation may count
_CONDUCT = standing.AGAINST, standing.AGAIN


class Placed(NamedTuple):
    """Where a subject stands, 0 to 10,000, and its share of the whole table."""

    subject: Subject
    value: int
    share: float
    seen: int
    last: int
    banned_until: int


def observe(node: Node, word: str, kind: str, *, weight: int = 1, note: str | None = None) -> Placed:
    """Note what was seen of somebody: `ok`, `fail`, or a score from 0 to 10,000.

    Raises:
        UsageError: no such observation. NotFound, RecordRefused: no such subject.
    """
    ledger = node.make_ledger()
    book = NameBook(node)
    subject = book.get(word)
    if not subject.bound:
        raise UsageError(
            f"{subject.label!r} has no key yet", hint=f"trust peer add {subject.label} did:key:…"
        )
    if subject.id == node.me_or_none():
        raise UsageError("a node is not in its own table")
    score = _score(kind)
    if not 1 <= weight <= MAX_WEIGHT:
        raise UsageError(f"--weight is 1 to {MAX_WEIGHT}, not {weight}")
    if note is not None and len(note) > MAX_NOTE:
        raise UsageError(f"a note has at most {MAX_NOTE} characters")
    named = kind if score is None else standing.SCORE
    ledger.rounds.observe([Noted(subject.id, named, node.clock(), score or 0, weight, note)])
    return next(placed for placed in standings(node) if placed.subject.id == subject.id)


def standings(node: Node, *, rules: str | None = None, as_of: int | None = None) -> list[Placed]:
    """Return where everybody stands whom one has observed, the best first, and what rounds give it of it.

    Joined keys are one, under the last of them.

    Raises:
        UsageError: there is no such rule set.
    """
    if not node.has_ledger():
        return []
    lines = _Lines(node, node.clock() if as_of is None else as_of)
    found = _standings(node, lines, rules)
    weighs = _weighed(node, lines, found)
    whole = sum(weighs.values()) or 1
    book = NameBook(node)
    placed = [
        Placed(book.subject(id_), one.value, weighs.get(id_, 0) / whole, one.seen, one.last, one.banned_until)
        for id_, one in found.items()
    ]
    return sorted(placed, key=lambda one: (-one.value, one.subject.id))


def table(node: Node, now: int, rules: str | None = None) -> dict[str, int]:
    """Return the table that rounds weigh by: own observations only, of keys that are not blocked.

    Joined keys are one, under the last; a key that has ended has no weight. What has no key, a URI, says
    nothing in a round; weighed in, it would only be missing.
    """
    lines = _Lines(node, now)
    return _weighed(node, lines, _standings(node, lines, rules))


def _standings(node: Node, lines: _Lines, rules: str | None) -> dict[str, standing.Standing]:
    """Fold what was seen, and what evidence proves, each under the last key of its line."""
    noted = node.ledger.rounds.observations()
    seen = [
        standing.Observation(lines.last(one.subject), one.kind, one.at, one.score, one.weight)
        for one in noted
        if one.kind != standing.DOUBLE  # an older version noted down what it found in the ledger
    ]
    seen += _proven(node, lines, {one.subject for one in seen})
    return standing.standings(seen, lines.now, ruleset(rules or node.settings.standing_rules))


def _weighed(node: Node, lines: _Lines, found: Mapping[str, standing.Standing]) -> dict[str, int]:
    peers = node.ledger.private.peers()
    blocked = {lines.last(peer.subject) for peer in peers if peer.blocked and peer.subject}
    values = {id_: one.value for id_, one in found.items() if id_ not in blocked and lines.lives(id_)}
    return standing.established(values)


class _Lines:
    """The lines of succession as of `now` (Unix ms), by what keys are called."""

    def __init__(self, node: Node, now: int) -> None:
        self.now = now
        self._reader = node.ledger.reader()
        self._lines = Succession(self._reader, now)

    def last(self, subject: str) -> str:
        """Return the last key of the line that a subject belongs to; itself where it is no key."""
        number = self._reader.node(subject) if did.is_did(subject) else None
        return subject if number is None else self._reader.name(self._lines.current(number))

    def lives(self, subject: str) -> bool:
        """Say whether a subject is a key that has not ended."""
        number = self._reader.node(subject)
        end = None if number is None else self._lines.end_of(number)
        return did.is_did(subject) and (end is None or end[0] > self.now)

    def said_by_owner(self, key: str, created: int) -> bool:
        """Say whether what a key signed at a time is its owner's: made before the end of the key."""
        number = self._reader.node(key)
        return number is None or not self._lines.is_past_end(number, created)


def _proven(node: Node, lines: _Lines, observed: set[str]) -> Iterator[standing.Observation]:
    """Yield what evidence proves of those observed, once an offence, however many report it.

    Every record here was verified when it came in, and evidence with it: it is seen with one's own eyes.
    What is proven of strangers changes nothing until one has seen something of them.
    """
    known = set()
    me = node.me_or_none()
    for entry in node.ledger.each_of(node.ledger.rounds.evidence()):
        about = offence(entry.body)
        offender, last = about[0], lines.last(about[0])
        if about in known or last not in observed or offender == me:
            continue
        pair: list[Any] = [entry.body["first"], entry.body["second"]]
        inside = [one["record"] for one in pair]
        if all(
            one["net"] == node.ledger.network and lines.said_by_owner(offender, one["created"])
            for one in inside
        ):
            known.add(about)
            yield standing.Observation(last, standing.DOUBLE, entry.received)


def note_conduct(node: Node, number: int, keys: Sequence[str]) -> None:
    """Note who acted against the lots in a round, and who did so two rounds running.

    It is something seen here, and no proof for others. Rounds may be closed in any order.
    """
    rounds, now = node.ledger.rounds, node.clock()
    beside = {f"round {number - 1}", f"round {number + 1}"}
    before = {seen.subject for seen in rounds.observations() if seen.kind in _CONDUCT and seen.note in beside}
    rounds.observe(
        Noted(key, standing.AGAIN if key in before else standing.AGAINST, now, 0, 1, f"round {number}")
        for key in keys
    )


def offence(body: Mapping[str, Any]) -> tuple[str, str, int]:
    """Return what evidence is about: an author, a kind of offence and a round, of which one is enough."""
    first = body["first"]["record"]
    return first["author"], body["offence"], first["body"]["round"]


def ruleset(name: str | None) -> standing.Ruleset:
    """Return a rule set by name.

    Raises:
        UsageError: there is none of that name.
    """
    found = standing.RULESETS.get(name or standing.DEFAULT)
    if found is None:
        raise UsageError(f"no rule set {name!r}", hint=f"one of: {', '.join(standing.RULESETS)}")
    return found


def _score(kind: str) -> int | None:
    """Return the score that an observation is, None for `ok` and `fail`."""
    if kind in (standing.OK, standing.FAIL):
        return None
    if kind.isascii() and kind.isdigit() and int(kind[:6]) <= standing.HIGHEST and len(kind) <= 5:
        return int(kind)
    raise UsageError(f"{kind!r} is no observation", hint=f"ok, fail, or a score from 0 to {standing.HIGHEST}")
