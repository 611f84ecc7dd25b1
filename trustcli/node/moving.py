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
from trustcli.records.envelope import MAX_LINE, Record, join_line, outline, split_line
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
BATCH = 20_000  # lines of one transaction: 10 MB, and sorted inserts stay near each other
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

    def read(self, line: bytes) -> None:
        """Take a record line into the digest."""
        self._count += 1
        self._digest.update(line + b"\n")

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


def lines_of(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield lines without their newline; None for one longer than a record can be (it is skipped)."""
    while line := file.readline(MAX_LINE + 64):
        if line.endswith(b"\n") or len(line) < MAX_LINE + 64:
            yield line.rstrip(b"\r\n")
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(1 << 20)
        yield None


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

    def parse(self, lines: Sequence[bytes]) -> list[Record | RecordRefused]:
        """Return for each line its record, or why there is none."""
        return self._map(self._parse, lines)

    def _map(self, work: Callable[[Sequence[_T]], list[_U]], items: Sequence[_T]) -> list[_U]:
        if self._pool is None or len(items) < 2 * _PIECE:
            return work(items)
        pieces = [items[start : start + _PIECE] for start in range(0, len(items), _PIECE)]
        return [result for piece in self._pool.map(work, pieces) for result in piece]

    def _parse(self, lines: Sequence[bytes]) -> list[Record | RecordRefused]:
        found: list[Record | RecordRefused] = []
        for line in lines:
            try:
                data, sig = split_line(line)
                found.append(
                    Record.parse_quickly(data, sig, crypto.record_id(data), net=self._network, codec=CODEC)
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
    """Import a bundle: verify every line, store what is new, one transaction a batch.

    Raises:
        DiskError, Busy: the batches before are stored, this one is not.
    """
    tally = Tally()
    ledger = node.make_ledger()
    with Verifier(ledger.network) as verifier:
        for batch in _batches(file, tally):
            public, private = _sort(batch, tally)
            fresh = _unknown(public, ledger, tally)
            found = verifier.parse([line for _, line in fresh])
            records = _sound(fresh, found, node.clock(), tally)
            if not dry_run:
                ledger.append(records, node.clock())
            tally.added += len(records)
            for number, line in private:
                _take_private(node, number, line, tally, dry_run)
            if progress:
                progress(tally.lines, tally.manifest.records + 1 if tally.manifest else None)
    return tally.finish()


def _batches(file: BinaryIO, tally: Tally) -> Iterator[list[tuple[int, bytes | None]]]:
    numbered = enumerate(lines_of(file), 1)
    while batch := list(islice(numbered, BATCH)):
        tally.lines = batch[-1][0]
        yield batch


def _sort(
    batch: list[tuple[int, bytes | None]], tally: Tally
) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
    """Part a batch into lines of records and lines of private ratings; read the manifest."""
    public: list[tuple[int, bytes]] = []
    private: list[tuple[int, bytes]] = []
    for number, line in batch:
        if line is None:
            tally.refuse(number, "too_big", str(RecordRefused("too_big")))
        elif number == 1 and line.startswith(b'{"bundle":'):
            _read_manifest(line, tally)
        elif line:
            tally.read(line)
            (private if line.startswith(_PRIVATE) else public).append((number, line))
    return public, private


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


def _unknown(public: list[tuple[int, bytes]], ledger: Ledger, tally: Tally) -> list[tuple[int, bytes]]:
    """Leave out the lines whose records are stored already: equal bytes were verified when they came."""
    digest = crypto.record_id
    ids = [digest(data) if (data := outline(line)) else b"" for _, line in public]
    known = ledger.known([id_ for id_ in ids if id_])
    fresh = []
    for id_, numbered in zip(ids, public, strict=True):
        if id_ in known:
            tally.known += 1
        else:
            fresh.append(numbered)
    return fresh


def _sound(
    fresh: list[tuple[int, bytes]], found: list[Record | RecordRefused], now: int, tally: Tally
) -> list[Record]:
    records: dict[bytes, Record] = {}
    for (number, _), result in zip(fresh, found, strict=True):
        if isinstance(result, RecordRefused):
            tally.refuse(number, result.code, str(result))
        elif result.created > now + TOO_NEW:
            tally.refuse(number, "too_new", str(RecordRefused("too_new")))
        elif result.digest in records:
            tally.known += 1
        else:
            records[result.digest] = result
    return list(records.values())


def _take_private(node: Node, number: int, line: bytes, tally: Tally, dry_run: bool) -> None:
    """Take back an own private rating that was exported with --include-private; it stays private."""
    ledger = node.ledger
    try:
        record = Record.parse(b"{" + line[len(_PRIVATE) :], net=ledger.network)
        if (
            record.author not in {node.keys.did(name) for name in node.keys.names()}
            or record.kind != "rating"
        ):
            raise RecordRefused("bad_envelope", "a private rating belongs to its author's own ledger")
    except RecordRefused as problem:
        tally.refuse(number, problem.code, str(problem))
        return
    if any(rating.line == record.line for rating in ledger.private.ratings(with_ended=True)):
        tally.known += 1
        return
    if not dry_run:
        ledger.private.add_rating(record.author, record.created, node.clock(), record.body, record.line)
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
        for batch in _batches(file, tally):
            public, private = _sort(batch, tally)
            lines = public + [(number, b"{" + line[len(_PRIVATE) :]) for number, line in private]
            good += len(_sound(lines, verifier.parse([line for _, line in lines]), node.clock(), tally))
            if progress:
                progress(tally.lines, tally.manifest.records + 1 if tally.manifest else None)
    result = tally.finish()
    return Verified(good + result.known, result.refused)
