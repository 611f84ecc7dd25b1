"""Rate, take back, and release what waited for a key."""

from __future__ import annotations

import json

from trustcli.errors import NotFound, RecordRefused, UsageError
from trustcli.ledger.private import PETNAME, Peer
from trustcli.node.ending import has_ended, refuse_ended
from trustcli.node.naming import NameBook, Subject, check_petname
from trustcli.records import canonical, fields
from trustcli.records.envelope import Record
from trustcli.records.rating import OVERALL
from trustcli.safe import word as quote
from trustcli.value import NamedTuple
from trustcli.view import SKEW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trustcli.ledger.private import PrivateRating
    from trustcli.node import Node
    from trustcli.records.canonical import Json

BATCH = 5_000  # ratings of one transaction
_PAST_END = ("key", "announce")  # what a key that has ended may still say: of itself, and where its node is
MAX_INPUT = 65_536  # bytes of one line of a batch


class Draft(NamedTuple):
    """A rating as it was asked for, before names are resolved and anything is signed."""

    subject: str
    stars: str
    category: str = OVERALL
    reason: str | None = None
    evidence: Sequence[str] = ()
    task: str | None = None
    expires: int | None = None
    agent: str | None = None
    guided: bool = False
    private: bool = False


class Rated(NamedTuple):
    """What became of a rating. `record` is None while it waits for a key."""

    rater: str
    subject: Subject
    body: dict[str, Json]
    created: int
    record: str | None
    private: bool
    new_name: bool


def tenths(stars: str) -> int:
    """Return stars as an integer number of tenths: `4`, `4.5`, `★★★★☆`.

    Raises:
        UsageError: no number with at most one decimal between 1 and 5.
    """
    if stars and not stars.strip("★☆"):
        stars = str(stars.count("★"))
    whole, _, part = stars.partition(".")
    if (
        not (whole + part).isascii()
        or not whole.isdigit()
        or not (part.isdigit() or not part)
        or len(stars) > 8
    ):
        raise UsageError(
            f"{stars!r} is no number of stars", hint="1 to 5, one decimal: 4 or 4.5", code="bad_stars"
        )
    if part.rstrip("0")[1:]:
        raise UsageError("stars have one decimal", hint=f"{whole}.{part[0]}", code="bad_stars")
    value = int(whole) * 10 + int((part or "0")[0])
    if not fields.MIN_STARS <= value <= fields.MAX_STARS:
        raise UsageError(f"{stars} stars: from 1 to 5", code="score_range")
    return value


def rate(
    node: Node, draft: Draft, *, new: bool = False, strict: bool = False, dry_run: bool = False
) -> Rated:
    """Rate one subject: sign it, or keep it as a draft while its name has no key.

    Args:
        new: take an unknown name although it is near a known one.
        strict: refuse unknown names.

    Raises:
        UsageError, NotFound, RecordRefused, KeyProblem, DiskError, Busy.
    """
    author = node.me
    ledger = node.make_ledger()
    book = NameBook(node)
    subject, new_name = _subject(node, book, draft.subject, new=new, strict=strict)
    body = _body(draft, subject)
    created = _after_last(node, author, subject, draft.category)
    if draft.private and not subject.bound:
        raise _no_key(subject)  # a draft is released to everybody when its name is bound
    if not subject.bound:
        _check_draft(body)
        refuse_ended(node, author, created)
        if new_name and not dry_run:
            ledger.private.save(Peer(subject.label, None, None, False, None, created))
        if not dry_run:
            ledger.private.add_rating(author, created, created, body, None)
        return Rated(author, subject, body, created, None, draft.private, new_name)
    record = seal(node, author, "rating", body, created)
    if not dry_run:
        keep(node, record, private=draft.private)
    return Rated(author, subject, body, created, record.id, draft.private, new_name)


def seal(node: Node, author: str, kind: str, body: dict[str, Json], created: int) -> Record:
    """Sign a statement of one of our own keys.

    Raises:
        KeyProblem: it cannot be opened, or has ended by `created`.
    """
    if kind not in _PAST_END:
        refuse_ended(node, author, created)
    sign = node.signer(author)
    return Record.seal(
        net=node.ledger.network, kind=kind, author=author, created=created, body=body, sign=sign
    )


def keep(node: Node, record: Record, *, private: bool = False) -> None:
    """Store an own record: in the ledger, or where nothing leaves this machine."""
    now = node.clock()
    if private:
        node.ledger.private.add_rating(record.author, record.created, now, record.body, record.line)
    else:
        node.ledger.append([record], now)


def waiting(node: Node, name: str) -> list[PrivateRating]:
    """Return the drafts that wait until a name is bound."""
    return [draft for draft in node.ledger.private.ratings() if draft.subject == PETNAME + name]


def release(node: Node, name: str, id_: str) -> int:
    """Sign the drafts about a name that is now bound to `id_`; return how many."""
    own = set(node.keys.dids().values())
    released = 0
    for draft in waiting(node, name):
        if draft.author not in own or has_ended(node, draft.author, draft.created):
            continue  # its key is no longer here, and may come back, or it signs nothing more
        body = {**draft.body, "subject": id_}
        record = seal(node, draft.author, "rating", body, draft.created)
        node.ledger.append([record], node.clock())
        node.ledger.private.end(draft.id, node.clock(), record.id)
        released += 1
    return released


def rate_batch(node: Node, lines: Iterable[bytes], *, dry_run: bool = False) -> Iterator[dict[str, object]]:
    """Rate from NDJSON, one `{"subject":…,"stars":4.5,…}` a line; one transaction a batch.

    Yields one result a line, in order, after its batch is durable: `{"line","ok","record"}` or
    `{"line","ok":false,"code","message"}`. A bad line never stops the good ones.

    Raises:
        NotFound, KeyProblem, DiskError, Busy.
    """
    author = node.me
    ledger = node.make_ledger()
    book = NameBook(node)
    results: list[dict[str, object]] = []
    records: list[Record] = []
    created = 0

    def flush() -> list[dict[str, object]]:
        if not dry_run:
            ledger.append(records, node.clock())
        done = results.copy()
        results.clear()
        records.clear()
        return done

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            draft = _draft(line)
            if draft.private:
                raise UsageError("a batch is public", hint="trust rate --private, one at a time")
            subject = book.get(draft.subject)
            if not subject.bound:
                raise _no_key(subject)
            created = max(node.clock(), created + 1)  # of two lines about one subject the later counts
            record = seal(node, author, "rating", _body(draft, subject), created)
            records.append(record)
            results.append(
                {"line": number, "ok": True, "record": f"sha256:{record.id}", "subject": subject.id}
            )
        except (RecordRefused, UsageError, NotFound) as problem:
            results.append({"line": number, "ok": False, "code": problem.code, "message": str(problem)})
        if len(results) >= BATCH:
            yield from flush()
    yield from flush()


def _subject(node: Node, book: NameBook, word: str, *, new: bool, strict: bool) -> tuple[Subject, bool]:
    found = book.find(word)
    if found is not None and (found.bound or not strict):
        return found, False
    if strict or node.settings.require_known or (not new and book.near(word)):
        error = book.unknown(word)
        if not strict and not node.settings.require_known:
            error.hint += f", or rate a new {word!r} with --new"
        raise error
    name = check_petname(word)
    return Subject(PETNAME + name, name, name), True


def _no_key(subject: Subject) -> NotFound:
    return NotFound(
        f"{subject.label!r} has no key yet", hint=f"trust peer add {quote(subject.word)} did:key:…"
    )


def _after_last(node: Node, author: str, subject: Subject, category: str) -> int:
    """Return the time of a new rating: now, or just after the one it replaces if the clock stepped back."""
    now = node.clock()
    reader = node.ledger.reader()
    me, about, word = reader.node(author), reader.node(subject.id), reader.category(category)
    if me is None or about is None or word is None:
        return now
    last = max((row[3] for row in reader.ratings_of(about, word) if row[2] == me), default=0)
    return last + 1 if now <= last < now + SKEW else now


def _body(draft: Draft, subject: Subject) -> dict[str, Json]:
    body: dict[str, Json] = {"subject": subject.id, "value": tenths(draft.stars), "category": draft.category}
    if draft.reason is not None:
        body["reason"] = draft.reason
    if draft.evidence:
        body["evidence"] = list(draft.evidence)
    if draft.task is not None:
        body["task"] = draft.task
    if draft.expires is not None:
        body["expires"] = draft.expires
    if draft.agent is not None:
        body["via"] = {"agent": draft.agent, "guided": draft.guided}
    return body


def _check_draft(body: dict[str, Json]) -> None:
    from trustcli.records import rating as kind  # noqa: PLC0415

    kind.check("", {**body, "subject": "agent:unbound"})
    canonical.check(body)


_BATCH_FIELDS = {
    "subject": str, "stars": (int, float, str), "category": str, "reason": str, "evidence": list,
    "task": str, "expires": int, "agent": str, "guided": bool, "private": bool,
}  # fmt: skip


def _draft(line: bytes) -> Draft:
    """Read one line of a batch. Stars may be a number here: nothing is signed yet."""
    if len(line) > MAX_INPUT:
        raise RecordRefused("too_big")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise RecordRefused("not_json") from None
    if type(found) is not dict or "subject" not in found or "stars" not in found:
        raise RecordRefused("bad_body", 'a line is {"subject":"…","stars":4}')
    for name, value in found.items():
        kinds = _BATCH_FIELDS.get(name)
        if kinds is None:
            raise RecordRefused("unknown_field", name)
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):  # type: ignore[arg-type]
            raise RecordRefused("bad_body", name)
    return Draft(**{**found, "stars": str(found["stars"])})
