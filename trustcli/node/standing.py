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
    """Return the own table, the best first, zeros included.

    Raises:
        UsageError: there is no such rule set.
    """
    if not node.has_ledger():
        return []
    book = NameBook(node)
    now = node.clock() if as_of is None else as_of
    found = standing.standings(observations(node), now, ruleset(rules or node.settings.standing_rules))
    whole = sum(one.value for one in found.values()) or 1
    placed = [
        Placed(book.subject(id_), one.value, one.value / whole, one.seen, one.last, one.banned_until)
        for id_, one in found.items()
    ]
    return sorted(placed, key=lambda one: (-one.value, one.subject.id))


def table(node: Node, now: int, rules: str | None = None) -> dict[str, int]:
    """Return the table that rounds weigh by: own observations only, of keys that are not blocked.

    Joined keys are one, under the last; a key that has ended has no weight. What has no key, a URI, says
    nothing in a round; weighed in, it would only be missing.
    """
    found = standing.table(_of_keys(node, now), now, ruleset(rules or node.settings.standing_rules))
    blocked = {peer.subject for peer in node.ledger.private.peers() if peer.blocked}
    return {id_: value for id_, value in found.items() if id_ not in blocked}


def _of_keys(node: Node, now: int) -> Iterator[standing.Observation]:
    """Yield the observations of keys that have not ended, each under the last key of its line."""
    reader = node.ledger.reader()
    lines = Succession(reader, now)

    def living(key: str) -> str | None:
        number = reader.node(key)
        if number is None:  # it has signed nothing yet
            return key if did.is_did(key) else None
        last = lines.current(number)
        end = lines.end_of(last)
        return reader.name(last) if did.is_did(key) and (end is None or end[0] > now) else None

    seen = observations(node)
    last_of = {key: living(key) for key in {one.subject for one in seen}}
    for one in seen:
        last = last_of[one.subject]
        if last is not None:
            yield one._replace(subject=last)


def observations(node: Node) -> list[standing.Observation]:
    """Return the own observations as the fold takes them, what evidence proves among them."""
    note_evidence(node)
    return [
        standing.Observation(seen.subject, seen.kind, seen.at, seen.score, seen.weight)
        for seen in node.ledger.rounds.observations()
    ]


def note_evidence(node: Node) -> None:
    """Note what evidence proves and was not noted yet, once an offence, however many report it.

    Every record here was verified when it came in, and evidence with it: it is seen with one's own eyes.
    """
    rounds = node.ledger.rounds
    seqs = rounds.evidence()
    if not seqs:
        return
    known = {seen.note for seen in rounds.observations() if seen.kind == standing.DOUBLE}
    new: dict[str, Noted] = {}
    for entry in node.ledger.entries_of(seqs).values():
        offender, about = offence(entry.body)
        if about not in known and offender != node.me_or_none():
            new.setdefault(about, Noted(offender, standing.DOUBLE, entry.received, 0, 1, about))
    if new:
        rounds.observe(new.values())


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


def offence(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return (offender, what evidence is about): one text an author, kind of offence and round."""
    first = body["first"]["record"]
    return first["author"], f"{first['author']} {body['offence']} {first['body']['round']}"


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
