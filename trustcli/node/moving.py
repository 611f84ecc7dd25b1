"""Take bundles in and write them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from functools import partial

from trustcli import bundle
from trustcli.bundle import PRIVATE, Batch, Imported, Line, Manifest, Tally
from trustcli.errors import RecordRefused
from trustcli.node.intake import UNDER_WAY, Intake
from trustcli.node.sharing import KNOWN, NEW
from trustcli.records import crypto
from trustcli.records.envelope import Record, join_line, outline
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from trustcli.node import Node, Progress


def take(node: Node, file: BinaryIO, *, dry_run: bool = False, progress: Progress | None = None) -> Imported:
    """Import a bundle: verify every line, store what is new, some ten thousand records a transaction.

    Raises:
        BadInput: nothing came. DiskError, Busy: what was committed before stays; run it again.
    """
    tally = Tally()
    ledger = None if dry_run and not node.has_ledger() else node.make_ledger()
    own = set(node.keys.dids().values())
    network = node.settings.network if ledger is None else ledger.network
    under_way: deque[Callable[[], None]] = deque()
    with Intake(ledger, node.clock, dry_run=dry_run, network=network) as intake:
        for batch in bundle.batches(file, tally):
            codes = intake.begin_for_codes(batch.texts, batch.ids)
            under_way.append(partial(_count, batch, codes, tally, network))
            if len(under_way) > UNDER_WAY:
                under_way.popleft()()
            for line in batch.private:
                _take_private(node, line, own, tally, dry_run)
            if progress:
                progress(tally.lines, tally.expected)
        for count in under_way:
            count()
    return tally.finish()


def _count(batch: Batch, promise: Callable[[], list[str]], tally: Tally, network: str) -> None:
    """Note what became of the lines of a batch."""
    codes = promise()
    counts = Counter(codes)
    tally.added += counts.pop(NEW, 0)
    tally.known += counts.pop(KNOWN, 0)
    if counts:
        for number, text, code in zip(batch.numbers, batch.texts, codes, strict=True):
            if code in counts:
                tally.refuse(number, code, why(text, network, code))


def why(line: bytes, network: str, code: str) -> str:
    """Return the sentence of a refusal, with its detail; asked again, because only the code travels."""
    try:
        Record.parse(line, net=network)
    except RecordRefused as problem:
        return str(problem)
    return str(RecordRefused(code))  # of what is sound by itself: it is dated ahead


def _take_private(node: Node, line: Line, own: set[str], tally: Tally, dry_run: bool) -> None:
    """Take back an own private rating that was exported with --include-private; it stays private."""
    try:
        record = Record.parse(bundle.public_line(line).text, net=node.settings.network)
        if record.author not in own or record.kind != "rating":
            raise RecordRefused("bad_envelope", "a private rating belongs to its author's own ledger")
    except RecordRefused as problem:
        tally.refuse(line.number, problem.code, str(problem))
        return
    known = node.ledger.private.ratings(with_ended=True) if node.has_ledger() else []
    if any(rating.line == record.line for rating in known):
        tally.known += 1
        return
    if not dry_run:
        node.ledger.private.add_rating(record.author, record.created, node.clock(), record.body, record.line)
    tally.added += 1


class Filter(NamedTuple):
    """Which records to export: all that are given must fit."""

    since: int | None = None
    subject: str | None = None
    authors: frozenset[str] | None = None
    category: str | None = None
    kind: str | None = None

    def fits(self, author: str, data: bytes) -> bool:
        """Say whether a record is wanted. `data` is canonical, so it parses."""
        if self.authors is not None and author not in self.authors:
            return False
        if self[:2] == (None, None) and self[3:] == (None, None):
            return True
        statement = json.loads(data)
        body = statement["body"]
        return (
            (self.since is None or statement["created"] >= self.since)
            and self.subject in (None, body.get("subject"))
            and self.category in (None, body.get("category"))
            and self.kind in (None, statement["kind"])
        )


def export(node: Node, wanted: Filter, *, include_private: bool = False) -> Iterator[bytes]:
    """Yield the lines of a bundle (without newlines), the manifest first.

    The ledger is read twice, up to the same record: once for the manifest, once for the lines.
    """
    ledger = node.ledger
    until = ledger.last()
    private = [rating.line for rating in ledger.private.ratings() if include_private and rating.line]

    def lines() -> Iterator[bytes]:
        for signed in ledger.signed(until=until):
            if wanted.fits(signed.author, signed.data):
                yield join_line(signed.data, signed.sig)
        for line in private:
            yield PRIVATE + line[1:]

    count = total = 0
    digest = hashlib.sha256()
    for line in lines():
        count += 1
        digest.update(line + b"\n")
        if not line.startswith(PRIVATE):
            total += int.from_bytes(crypto.record_id(outline(line) or b""), "big")
    yield Manifest(ledger.network, count, f"{total % 2**256:064x}", f"sha256:{digest.hexdigest()}").line()
    yield from lines()
