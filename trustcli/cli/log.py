"""`trust log`."""

from __future__ import annotations

import time
from heapq import merge
from operator import attrgetter

from trustcli.cli.declare import Reply, argument, at_least, check_category, flag, option
from trustcli.errors import UsageError
from trustcli.node.naming import NameBook, one_person
from trustcli.records.did import is_did
from trustcli.timing import past, rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.ledger.values import Entry

_EVERY = 0.5  # seconds between two looks with --follow


def log(
    session: Session,
    *,
    subject: str | None = argument("[SUBJECT]", "only records about them", default=None, complete="names"),
    by: str | None = option(
        "--by", help="only records of NAME, under earlier keys too", metavar="NAME", complete="names"
    ),
    since: str | None = option("--since", help="made since TIME", metavar="TIME"),
    until: str | None = option("--until", help="made until TIME", metavar="TIME"),
    category: str | None = option("--category", "-c", help="only ratings in this category", metavar="C"),
    kind: str | None = option("--kind", help="only this kind: rating, revocation, key, …", metavar="KIND"),
    limit: int = option(
        "--limit", help="the newest N; default 50, 0 for all", kind=int, default=50, metavar="N"
    ),
    follow: bool = flag("--follow", "-f", help="go on as records arrive, until stopped"),
) -> Reply:
    """List records, the newest last, one a line.

    Examples:
      trust log --by me --since 7d
      trust log bob --kind rating --json --limit 0
    """
    check_category(category)
    at_least(0, limit=limit)
    if follow and until is not None:
        raise UsageError(
            "--follow waits for what comes, --until ends before it", hint="leave one of them out"
        )
    node = session.node
    book = NameBook(node)
    now = node.clock()
    wanted = Wanted(
        None if subject is None else book.get(subject).id,
        None if by is None else one_person(node, book.get(by).id),
        None if since is None else past(since, now),
        None if until is None else past(until, now),
        category,
        kind,
    )
    last = node.ledger.last()
    found: list[Entry] = []
    for entry in _entries(session, wanted):
        if wanted.fits(entry):
            found.append(entry)
            if len(found) == limit:
                break
    found.reverse()
    if follow:
        return Reply("log", stream=_follow(session, book, wanted, found, last))
    return Reply(
        "log",
        data={"records": [as_data(entry, book) for entry in found]},
        head=("TIME", "KIND", "BY", "ABOUT", "", "CATEGORY", "RECORD", "REASON"),
        rows=[cells(entry, book) for entry in found],
    )


class Wanted:
    """Which records to list."""

    def __init__(
        self,
        subject: str | None,
        by: frozenset[str] | None,
        since: int | None,
        until: int | None,
        category: str | None,
        kind: str | None,
    ) -> None:
        self.subject, self.by, self.since, self.until = subject, by, since, until
        self.category, self.kind = category, kind

    def fits(self, entry: Entry) -> bool:
        """Say whether a record is one of them."""
        body = entry.body
        return (
            self.subject in (None, body.get("subject"), body.get("successor"), body.get("predecessor"))
            and (self.by is None or not self.by.isdisjoint((entry.author, body.get("rater"))))
            and (self.since is None or entry.created >= self.since)
            and (self.until is None or entry.created <= self.until)
            and self.category in (None, body.get("category"))
            and self.kind in (None, entry.kind)
        )


def as_data(entry: Entry, book: NameBook) -> dict[str, Any]:
    """Return a record as JSON."""
    return {
        "record": f"sha256:{entry.id}",
        "kind": entry.kind,
        "author": entry.author,
        "author_name": book.name(entry.author),
        "created": rfc3339(entry.created),
        "received": rfc3339(entry.received),
        "body": entry.body,
    }


def cells(entry: Entry, book: NameBook) -> tuple[str, ...]:
    """Return a record as a row."""
    body = entry.body
    about = body.get("subject") or body.get("successor") or body.get("predecessor") or body.get("record")
    label = book.label(str(about)) if isinstance(about, str) else "-"
    by = (
        book.label(str(body.get("rater") or entry.author))
        if entry.kind == "rating"
        else book.label(entry.author)
    )
    value = body.get("value")
    stars = (
        f"{value / 10:.1f}"
        if isinstance(value, int) and entry.kind == "rating"
        else str(body.get("action", "-"))
    )
    label = label[:8] if entry.kind == "revocation" else label
    return (
        rfc3339(entry.created),
        entry.kind,
        by,
        label,
        stars,
        str(body.get("category", "-")),
        entry.id[:8],
        str(body.get("reason", "")),
    )


def _entries(session: Session, wanted: Wanted) -> Iterator[Entry]:
    """Yield candidates, the newest arrival first, through an index where one helps."""
    ledger = session.node.ledger
    if wanted.subject and wanted.kind in (None, "rating"):
        reader = ledger.reader()
        number = reader.node(wanted.subject)
        rows = reader.ratings_of(number, None) if number is not None else []
        found = ledger.entries_of(row[4] for row in rows)
        yield from (found[seq] for seq in sorted(found, reverse=True))
    elif wanted.by and all(map(is_did, wanted.by)):
        yield from merge(*map(ledger.by_author, wanted.by), key=attrgetter("seq"), reverse=True)
    else:
        yield from ledger.latest()


def _follow(
    session: Session, book: NameBook, wanted: Wanted, found: list[Entry], last: int
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    for entry in found:
        yield as_data(entry, book), cells(entry, book)
    while True:
        for entry in session.node.ledger.entries(after=last):
            last = entry.seq
            if wanted.fits(entry):
                yield as_data(entry, book), cells(entry, book)
        time.sleep(_EVERY)
