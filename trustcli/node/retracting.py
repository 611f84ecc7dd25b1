"""Take back what was said: withdraw what never left this machine, revoke what may have."""

from __future__ import annotations

from trustcli.errors import NotFound, UsageError
from trustcli.node.naming import NameBook, Subject
from trustcli.node.rating import seal
from trustcli.node.records import find, is_private, taken_back
from trustcli.safe import word as quote
from trustcli.value import NamedTuple
from trustcli.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.ledger.private import PrivateRating
    from trustcli.ledger.values import Entry
    from trustcli.node import Node
    from trustcli.records.canonical import Json


class TakenBack(NamedTuple):
    """One rating taken back, and how: `revoked` by a record, or `withdrawn` (it never left)."""

    how: str
    subject: Subject
    category: str
    record: str | None


def revoke(
    node: Node,
    word: str,
    *,
    category: str | None,
    reason: str | None,
    priority: str | None = None,
    dry_run: bool,
) -> list[TakenBack]:
    """Take back one record (by id) or all own ratings of a subject, in one category or in all.

    `priority` is how fast the revocation travels between nodes: what is `critical` goes first.

    Ratings by earlier keys in the line of the identity in use are ours too: the key that made a
    rating takes it back.

    Raises:
        NotFound: nothing of ours fits. UsageError: the record is somebody else's. RecordRefused.
    """
    book = NameBook(node)
    ours = _line(node)
    said: dict[str, Json] = {}
    if reason is not None:
        said["reason"] = reason
    if priority is not None:
        said["priority"] = priority
    if _is_id(word) and (word.startswith("sha256:") or book.find(word) is None):
        target = _by_id(node, ours, word)
        if is_private(target):
            kept = [one for one in node.ledger.private.ratings() if one.id == -target.seq]
            return _withdraw(node, book, kept, dry_run)
        return _revoke_records(node, book, [target], said, dry_run)
    subject = book.get(word)
    drafts = [
        draft
        for draft in node.ledger.private.ratings()
        if draft.author in ours and draft.subject == subject.id and category in (None, draft.category)
    ]
    taken = _withdraw(node, book, drafts, dry_run)
    taken += _revoke_records(node, book, _standing(node, ours, subject, category), said, dry_run)
    if not taken:
        raise NotFound(
            f"you have no rating of {subject.label} to take back",
            hint=f"trust log {quote(subject.word)} --by me",
        )
    return taken


def undo(node: Node, *, dry_run: bool = False) -> TakenBack:
    """Take back the last own rating: withdraw it if it never left this machine, else revoke it.

    A record in the ledger may have been copied already and is never deleted, so it is revoked.

    Raises:
        NotFound: there is none.
    """
    book = NameBook(node)
    ours = _line(node)
    drafts = [draft for draft in node.ledger.private.ratings() if draft.author in ours]
    last = _last_rating(node, ours)
    if drafts and (last is None or drafts[-1].received >= last.received):
        return _withdraw(node, book, drafts[-1:], dry_run)[0]
    if last is None:
        raise NotFound("there is no rating of yours to undo", hint="trust log --by me")
    return _revoke_records(node, book, [last], {}, dry_run)[0]


def _line(node: Node) -> set[str]:
    """Return the own keys that are one rater with the identity in use: it and its predecessors."""
    me = node.me
    reader = node.ledger.reader()
    if not reader.has_keys:
        return {me}
    view = View(reader, node.clock())
    current = view.current(reader.number(me))
    return {key for key in node.keys.dids().values() if view.current(reader.number(key)) == current}


def _is_id(word: str) -> bool:
    digits = word.removeprefix("sha256:")
    return 8 <= len(digits) <= 64 and all(char in "0123456789abcdef" for char in digits)


def _by_id(node: Node, ours: set[str], word: str) -> Entry:
    entry = find(node, word)
    if entry.author not in ours:
        raise UsageError("only its author can take a record back", hint="trust peer block AUTHOR")
    if entry.kind not in ("rating", "update"):
        raise UsageError(f"a {entry.kind} cannot be taken back", hint="trust log --kind rating --by me")
    if taken_back(node, entry) is not None:
        raise NotFound(f"{word} is taken back already", hint=f"trust show {word}")
    return entry


def _about(entry: Entry) -> str:
    """Return the category of a rating, the event of an update."""
    return str(entry.body["category" if entry.kind == "rating" else "event"])


def _standing(node: Node, ours: set[str], subject: Subject, category: str | None) -> list[Entry]:
    """Return own ratings of a subject that are not revoked yet, superseded ones too."""
    reader = node.ledger.reader()
    about = reader.node(subject.id)
    wanted = reader.category(category) if category else None
    if about is None or (category and wanted is None):
        return []
    found: list[Entry] = []
    for me in filter(None, map(reader.node, sorted(ours))):
        gone = {(high, low) for high, low, _ in reader.revocations(me)}
        rows = [row for row in reader.ratings_of(about, wanted) if me in (row[2], row[7])]
        found += node.ledger.entries_of(
            row[4] for row in rows if reader.record_id(row[4]) not in gone
        ).values()
    return sorted(found, key=lambda entry: entry.seq)


def _last_rating(node: Node, ours: set[str]) -> Entry | None:
    """Return the newest own rating that is not revoked yet."""
    reader = node.ledger.reader()
    candidates = []
    for me in filter(None, map(reader.node, sorted(ours))):
        gone = {(high, low) for high, low, _ in reader.revocations(me)}
        rows = (row for row in reader.ratings_by(me, None) if row[7] is None)
        seqs = sorted((row[4] for row in rows), reverse=True)
        candidates += [next((seq for seq in seqs if reader.record_id(seq) not in gone), 0)]
    newest = max(candidates, default=0)
    return node.ledger.entries_of([newest])[newest] if newest else None


def _revoke_records(
    node: Node, book: NameBook, targets: list[Entry], said: dict[str, Json], dry_run: bool
) -> list[TakenBack]:
    now = node.clock()
    records = [seal(node, entry.author, "revocation", {"record": entry.id, **said}, now) for entry in targets]
    if records and not dry_run:
        node.ledger.append(records, now)
    return [
        TakenBack("revoked", book.subject(str(entry.body["subject"])), _about(entry), entry.id)
        for entry in targets
    ]


def _withdraw(node: Node, book: NameBook, drafts: list[PrivateRating], dry_run: bool) -> list[TakenBack]:
    for draft in drafts:
        if not dry_run:
            node.ledger.private.end(draft.id, node.clock())
    return [TakenBack("withdrawn", book.subject(draft.subject), draft.category, None) for draft in drafts]
