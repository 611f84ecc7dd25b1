"""Bundles: records carried in a file, and the verification of what is stored or brought.

A bundle is NDJSON: a manifest line, then one record a line. A plain file of records is one too. Every
line stands for itself: a damaged one is refused with its number and a code, the others are kept.
"""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import msgspec

from trustcli.errors import RecordRefused
from trustcli.ledger.projection import id_pair
from trustcli.ledger.store import Signed
from trustcli.records import canonical, crypto, did
from trustcli.records.envelope import MAX_LINE, Record, join_line, outline
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO, Self, TypeVar

    from trustcli.ledger import Ledger
    from trustcli.ledger.store import Entry
    from trustcli.node import Node, Progress

    _T = TypeVar("_T")
    _U = TypeVar("_U")

FORMAT = "trustcli/bundle/v1"
CHUNK = 4 << 20  # bytes read and verified at a time: about 12,000 records
BATCH = 10_000  # stored records verified at a time
COMMIT = 30_000  # records of one transaction: sorted inserts stay near each other, and 35 MB hold them
_PIECE = 500  # lines that one thread verifies at a time
TOO_NEW = 900_000  # ms ahead of our clock beyond which a record is not even held
_PRIVATE = b'{"private":true,'


class Codec:
    """msgspec as `Record.parse_quickly` wants it: sorted keys make its output canonical."""

    def __init__(self) -> None:
        self.decode = msgspec.json.Decoder().decode
        self.encode = msgspec.json.Encoder(order="sorted").encode


CODEC = Codec()


class Manifest(NamedTuple):
    """The first line of a bundle: what should follow it."""

    net: str
    records: int
    fingerprint: str
    digest: str

    def line(self) -> bytes:
        """The manifest as a line, without its newline."""
        return canonical.encode({"bundle": FORMAT, **self._asdict()})


class Line(NamedTuple):
    """A line of a bundle: `data` and `id` are its record's where the layout shows them, unchecked."""

    number: int
    text: bytes
    data: bytes | None
    id: bytes


class Refused(NamedTuple):
    """A line that was not taken: its number (1 = first), a code of REFUSALS or of a bundle, a sentence."""

    line: int
    code: str
    message: str


class Imported(NamedTuple):
    """What an import did. `known` were there already."""

    lines: int
    added: int
    known: int
    refused: list[Refused]
    manifest: Manifest | None

    @property
    def good(self) -> int:
        """Lines that hold a valid record, new or not."""
        return self.added + self.known


MAX_REFUSED = 10_000  # refusals listed; more are only counted


class Tally:
    """Counts what an import does, and checks the bundle against its manifest at the end."""

    def __init__(self) -> None:
        self.lines = self.added = self.known = self.unlisted = 0
        self.refused: list[Refused] = []
        self.manifest: Manifest | None = None
        self._count = 0
        self._digest = hashlib.sha256()

    def read(self, public: list[Line], private: list[Line]) -> None:
        """Take a batch of lines into the digest, in the order of the file."""
        lines = sorted(public + private) if private else public
        self._count += len(lines)
        self._digest.update(b"".join([line.text + b"\n" for line in lines]))

    def refuse(self, number: int, code: str, message: str) -> None:
        """Note a line that was not taken."""
        if len(self.refused) < MAX_REFUSED:
            self.refused.append(Refused(number, code, message))
        else:
            self.unlisted += 1

    def finish(self) -> Imported:
        """Return the result; a bundle that is not what its manifest says is noted as such."""
        manifest = self.manifest
        if manifest and self._count < manifest.records:
            self.refuse(self.lines, "truncated", f"{self._count} of {manifest.records} records are here")
        elif manifest and "sha256:" + self._digest.hexdigest() != manifest.digest:
            self.refuse(self.lines, "bad_digest", "the records are not those the manifest was made for")
        return Imported(self.lines, self.added, self.known, self.refused, manifest)


def batches_of(file: BinaryIO) -> Iterator[list[bytes | None]]:
    """Yield the lines of a file, some megabytes at a time, without their newlines.

    A line longer than a record can be comes as None; no more of it than a chunk is ever held.
    """
    rest = b""
    skipping = False
    while chunk := file.read(CHUNK):
        whole = rest + chunk
        if b"\r\n" in whole:  # the end of a line as some systems write it, no part of the line
            whole = whole.replace(b"\r\n", b"\n")
        lines: list[bytes | None] = [*whole.split(b"\n")]
        rest = lines.pop() or b""
        if skipping and lines:
            lines[0] = None
            skipping = False
        for index, line in enumerate(lines):
            if line is not None and len(line) > MAX_LINE:
                lines[index] = None
        if len(rest) > MAX_LINE:
            rest, skipping = b"", True
        yield lines
    if rest or skipping:
        yield [None if skipping else rest.removesuffix(b"\r")]


class Verifier:
    """Parses and verifies many lines, on all cores there are: libsodium lets go of the interpreter."""

    def __init__(self, network: str) -> None:
        self._network = network
        cores = len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(cores) if cores > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def parse(self, lines: Sequence[Line]) -> list[Record | RecordRefused]:
        """Return for each line its record, or why there is none."""
        return self._map(self._parse, lines)

    def _map(self, work: Callable[[Sequence[_T]], list[_U]], items: Sequence[_T]) -> list[_U]:
        if self._pool is None or len(items) < 2 * _PIECE:
            return work(items)
        pieces = [items[start : start + _PIECE] for start in range(0, len(items), _PIECE)]
        return [result for piece in self._pool.map(work, pieces) for result in piece]

    def _parse(self, lines: Sequence[Line]) -> list[Record | RecordRefused]:
        found: list[Record | RecordRefused] = []
        for line in lines:
            try:
                found.append(
                    Record.parse_quickly(line.text, line.data, line.id, net=self._network, codec=CODEC)
                )
            except RecordRefused as problem:
                found.append(problem)
        return found

    def check(self, stored: Sequence[Signed]) -> list[str | None]:
        """Return for each stored record None, or the code of what is wrong with it."""
        return self._map(_check_stored, stored)


def _check_stored(stored: Sequence[Signed]) -> list[str | None]:
    found: list[str | None] = []
    for record in stored:
        try:
            crypto.check_signature(did.key_of(record.author), record.sig, crypto.DOMAIN + record.data)
        except RecordRefused as problem:
            found.append(problem.code)
            continue
        found.append(None if id_pair(crypto.record_id(record.data)) == record.pair else "bad_id")
    return found


def take(node: Node, file: BinaryIO, *, dry_run: bool = False, progress: Progress | None = None) -> Imported:
    """Import a bundle: verify every line, store what is new, in transactions of COMMIT records.

    Raises:
        DiskError, Busy: what was committed before stays; run it again.
    """
    tally = Tally()
    ledger = None if dry_run and not node.has_ledger() else node.make_ledger()
    own = {node.keys.did(name) for name in node.keys.names()}
    with (
        Verifier(node.settings.network if ledger is None else ledger.network) as verifier,
        Store(node, ledger, tally, dry_run) as store,
    ):
        for public, private in _batches(file, tally):
            fresh = store.sift(public)
            store.add(_sound(fresh, verifier.parse(fresh), node.clock(), tally))
            for line in private:
                _take_private(node, line, own, tally, dry_run)
            if progress:
                progress(tally.lines, tally.manifest.records + 1 if tally.manifest else None)
    return tally.finish()


class Store:
    """Gathers new records and commits them COMMIT at a time; a dry run gathers and forgets."""

    def __init__(self, node: Node, ledger: Ledger | None, tally: Tally, dry_run: bool) -> None:
        self._node = node
        self._ledger = ledger
        self._tally = tally
        self._dry_run = dry_run
        self._records: dict[bytes, Record] = {}
        self._head = ledger.head() if ledger else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._commit()

    def sift(self, lines: list[Line]) -> list[Line]:
        """Leave out the lines whose records are known: equal bytes were verified when they came."""
        ids = [line.id for line in lines if line.id]
        known = self._ledger.known(ids) if self._ledger else set()
        fresh = [line for line in lines if line.id not in known and line.id not in self._records]
        self._tally.known += len(lines) - len(fresh)
        return fresh

    def add(self, records: list[Record]) -> None:
        """Take verified records; commit when there are enough."""
        for record in records:
            self._records[record.digest] = record
        self._tally.known += len(records) - len({record.digest for record in records})
        if len(self._records) >= COMMIT:
            self._commit()

    def _commit(self) -> None:
        if self._ledger is None or self._dry_run:
            self._tally.added += len(self._records)
        elif self._records:
            added = self._ledger.append([*self._records.values()], self._node.clock(), new_at=self._head)
            self._tally.added += sum(added)
            self._tally.known += len(added) - sum(added)
            self._head = self._ledger.head()
        self._records.clear()


def _batches(file: BinaryIO, tally: Tally) -> Iterator[tuple[list[Line], list[Line]]]:
    """Yield (lines of records, lines of private ratings), batch by batch; read the manifest."""
    record_id = crypto.record_id
    for lines in batches_of(file):
        public: list[Line] = []
        private: list[Line] = []
        for number, line in enumerate(lines, tally.lines + 1):
            if line is None:
                tally.refuse(number, "too_big", str(RecordRefused("too_big")))
            elif line.startswith(b'{"record":'):
                data = outline(line)
                public.append(Line._make((number, line, data, record_id(data) if data else b"")))
            else:
                _other(number, line, public, private, tally)
        tally.lines += len(lines)
        tally.read(public, private)
        yield public, private


def _other(number: int, line: bytes, public: list[Line], private: list[Line], tally: Tally) -> None:
    """Place a line that is no record in our layout: manifest, private rating, blank, or to be refused."""
    if number == 1 and line.startswith(b'{"bundle":'):
        _read_manifest(line, tally)
    elif line.startswith(_PRIVATE):
        private.append(Line(number, line, None, b""))
    elif line:
        public.append(Line(number, line, None, b""))


def _read_manifest(line: bytes, tally: Tally) -> None:
    try:
        found = canonical.decode(line)
        if type(found) is not dict or found.pop("bundle", None) != FORMAT:
            raise RecordRefused("unsupported_version", "this program reads trustcli/bundle/v1")
        manifest = Manifest(**found)  # type: ignore[arg-type]  # the next line looks
        if [type(part) for part in manifest] != [str, int, str, str]:
            raise RecordRefused("bad_envelope")
        tally.manifest = manifest
    except TypeError:
        tally.refuse(
            1, "bad_envelope", "the manifest has other fields than net, records, fingerprint, digest"
        )
    except RecordRefused as problem:
        tally.refuse(1, problem.code, str(problem))


def _sound(lines: list[Line], found: list[Record | RecordRefused], now: int, tally: Tally) -> list[Record]:
    """Return the records that are good and not from the future; note the others."""
    limit = now + TOO_NEW
    records = []
    for line, result in zip(lines, found, strict=True):
        if isinstance(result, RecordRefused):
            tally.refuse(line.number, result.code, str(result))
        elif result.created > limit:
            tally.refuse(line.number, "too_new", str(RecordRefused("too_new")))
        else:
            records.append(result)
    return records


def _take_private(node: Node, line: Line, own: set[str], tally: Tally, dry_run: bool) -> None:
    """Take back an own private rating that was exported with --include-private; it stays private."""
    try:
        record = Record.parse(_public(line).text, net=node.settings.network)
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


def _public(line: Line) -> Line:
    """Return the line of a private rating as the record it holds."""
    return Line(line.number, b"{" + line.text[len(_PRIVATE) :], None, b"")


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
            yield _PRIVATE + line[1:]

    count = total = 0
    digest = hashlib.sha256()
    for line in lines():
        count += 1
        digest.update(line + b"\n")
        if not line.startswith(_PRIVATE):
            total += int.from_bytes(crypto.record_id(outline(line) or b""), "big")
    yield Manifest(ledger.network, count, f"{total % 2**256:064x}", f"sha256:{digest.hexdigest()}").line()
    yield from lines()


class Verified(NamedTuple):
    """What a verification found: how many records, and what is wrong with which."""

    records: int
    wrong: list[Refused]


def verify_ledger(node: Node, progress: Progress | None = None) -> Verified:
    """Verify every signature and id in the ledger, then the head and the projections."""
    ledger = node.ledger
    head = ledger.head()
    wrong: list[Refused] = []
    stored = ledger.signed()
    done = 0
    with Verifier(ledger.network) as verifier:
        while batch := list(islice(stored, BATCH)):
            for record, code in zip(batch, verifier.check(batch), strict=True):
                if code:
                    wrong.append(Refused(record.seq, code, f"record {record.seq} by {record.author}"))
            done += len(batch)
            if progress:
                progress(done, head.records)
    wrong += [Refused(0, "damaged", problem) for problem in ledger.integrity()]
    return Verified(done, wrong)


def verify_entry(entry: Entry) -> str | None:
    """Return None if a stored record is what its author signed, else a code."""
    pair = id_pair(bytes.fromhex(entry.id))
    return _check_stored([Signed(entry.seq, pair, entry.author, entry.data, entry.sig)])[0]


def verify_file(node: Node, file: BinaryIO, progress: Progress | None = None) -> Verified:
    """Verify every line of a bundle without storing any."""
    tally = Tally()
    good = 0
    with Verifier(node.settings.network) as verifier:
        for public, private in _batches(file, tally):
            lines = [*public, *map(_public, private)]
            good += len(_sound(lines, verifier.parse(lines), node.clock(), tally))
            if progress:
                progress(tally.lines, tally.manifest.records + 1 if tally.manifest else None)
    result = tally.finish()
    return Verified(good, result.refused)
