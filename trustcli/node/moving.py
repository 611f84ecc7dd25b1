"""Take bundles in and write them."""

from __future__ import annotations

import gc
import hashlib
import json

from trustcli import bundle
from trustcli.bundle import PRIVATE, Batch, Imported, Line, Manifest, Tally
from trustcli.errors import RecordRefused
from trustcli.ledger.projection import Staged
from trustcli.node.crew import Crew
from trustcli.node.verifying import TOO_NEW
from trustcli.records import crypto
from trustcli.records.envelope import Record, join_line, outline
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO, Self

    from trustcli.ledger import Head, Ledger
    from trustcli.node import Node, Progress

COMMIT = 30_000  # records of one transaction: the fewer, the less of each index is written again; 15 MB


def take(node: Node, file: BinaryIO, *, dry_run: bool = False, progress: Progress | None = None) -> Imported:
    """Import a bundle: verify every line, store what is new, in transactions of COMMIT records.

    Raises:
        DiskError, Busy: what was committed before stays; run it again.
    """
    tally = Tally()
    ledger = None if dry_run and not node.has_ledger() else node.make_ledger()
    own = {node.keys.did(name) for name in node.keys.names()}
    with Store(node, ledger, tally, dry_run) as store:
        for batch in bundle.batches(file, tally):
            store.begin(batch)
            for line in batch.private:
                _take_private(node, line, own, tally, dry_run)
            if progress:
                progress(tally.lines, tally.manifest.records + 1 if tally.manifest else None)
    return tally.finish()


class Sifted(NamedTuple):
    """The lines of a batch that were not known at `head`, and what gives each as it will be stored."""

    lines: list[Line]
    examined: Callable[[], list[Staged | str]]
    head: Head | None


class Store:
    """Gathers new records and commits them COMMIT at a time; a dry run gathers and forgets.

    While the signatures of a batch are checked, the one before it is sorted in and the next one is read.
    """

    def __init__(self, node: Node, ledger: Ledger | None, tally: Tally, dry_run: bool) -> None:
        self._node = node
        self._network = node.settings.network if ledger is None else ledger.network
        self._crew = Crew(self._network)
        self._ledger = ledger
        self._tally = tally
        self._dry_run = dry_run
        self._staged: dict[bytes, Staged] = {}
        self._head: Head | None = None
        self._under_way: Sifted | None = None

    def __enter__(self) -> Self:
        gc.disable()  # records are trees: looking for cycles among them finds none and takes its time
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
                self._commit()
        finally:
            gc.enable()
            self._crew.close()

    def begin(self, batch: Batch) -> None:
        """Begin with a batch: leave out what is known, as equal bytes were verified when they came."""
        head = self._ledger.head() if self._ledger else None
        known = self._ledger.known([id_ for id_ in batch.ids if id_]) if self._ledger else set()
        known |= self._staged.keys()
        fresh = [batch.line(index) for index, id_ in enumerate(batch.ids) if id_ not in known]
        self._tally.known += len(batch.ids) - len(fresh)
        sifted = Sifted(fresh, self._crew.begin([line.text for line in fresh]), head)
        self._finish()
        self._under_way = sifted

    def _finish(self) -> None:
        """Take the records of the batch under way; commit when there are enough."""
        if self._under_way is None:
            return
        sifted, self._under_way = self._under_way, None
        records = self._sound(sifted.lines, sifted.examined())
        if not self._staged:
            self._head = sifted.head
        elif self._head != sifted.head:
            self._head = None  # let the ledger look again
        before = len(self._staged)
        self._staged.update((record.digest, record) for record in records)
        self._tally.known += len(records) - (len(self._staged) - before)
        if len(self._staged) >= COMMIT:
            self._commit()

    def _sound(self, lines: list[Line], found: list[Staged | str]) -> list[Staged]:
        """Return the records that are good and not from the future; note the others."""
        limit = self._node.clock() + TOO_NEW
        records = []
        for line, one in zip(lines, found, strict=True):
            if isinstance(one, str):
                self._tally.refuse(line.number, one, why(line.text, self._network))
            elif one.created > limit:
                self._tally.refuse(line.number, "too_new", str(RecordRefused("too_new")))
            else:
                records.append(one)
        return records

    def _commit(self) -> None:
        if self._ledger is None or self._dry_run:
            self._tally.added += len(self._staged)
        elif self._staged:
            added = self._ledger.append_staged(
                [*self._staged.values()], self._node.clock(), new_at=self._head
            )
            self._tally.added += sum(added)
            self._tally.known += len(added) - sum(added)
        self._staged.clear()


def why(line: bytes, network: str) -> str:
    """Return the sentence of a refusal, with its detail; asked again, because only the code travels."""
    try:
        Record.parse(line, net=network)
    except RecordRefused as problem:
        return str(problem)
    raise AssertionError("it was refused before")


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
    author: str | None = None
    category: str | None = None
    kind: str | None = None

    def fits(self, author: str, data: bytes) -> bool:
        """Say whether a record is wanted. `data` is canonical, so it parses."""
        if self.author not in (None, author):
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
