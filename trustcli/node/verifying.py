"""Signatures checked in bulk, on all cores there are: what is stored, and what is brought."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import msgspec

from trustcli import bundle
from trustcli.acyclic import Pause
from trustcli.bundle import Line, Refused, Tally
from trustcli.errors import DiskError, RecordRefused
from trustcli.ledger.values import Signed
from trustcli.records import crypto, did
from trustcli.records.envelope import Record
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO, Self, TypeVar

    from trustcli.ledger.values import Entry
    from trustcli.node import Node, Progress

    _T = TypeVar("_T")
    _U = TypeVar("_U")

TOO_NEW = 900_000  # ms ahead of our clock beyond which a record is not even held
_PIECE = 500  # records that one thread verifies at a time


class Codec:
    """msgspec as `Record.parse_quickly` wants it: sorted keys make its output canonical."""

    def __init__(self) -> None:
        self.decode = msgspec.json.Decoder().decode
        self.encode = msgspec.json.Encoder(order="sorted").encode


CODEC = Codec()


class Verifier:
    """Parses and verifies many lines, on all cores there are: libsodium lets go of the interpreter."""

    def __init__(self, network: str) -> None:
        self._network = network
        cores = len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(cores) if cores > 1 else None

    def __enter__(self) -> Self:
        self._pause = Pause()  # records are trees
        return self

    def __exit__(self, *_: object) -> None:
        self._pause.end()
        self.close()

    def close(self) -> None:
        """Let the threads go; what waits is not begun."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def parse(self, lines: Sequence[Line]) -> Callable[[], list[Record | RecordRefused]]:
        """Begin with the lines; return what gives, for each, its record or why there is none."""
        return self._begin(self._parse, lines)

    def _begin(self, work: Callable[[Sequence[_T]], list[_U]], items: Sequence[_T]) -> Callable[[], list[_U]]:
        if self._pool is None or len(items) < 2 * _PIECE:
            return lambda: work(items)
        pieces = [items[start : start + _PIECE] for start in range(0, len(items), _PIECE)]
        done = self._pool.map(work, pieces)
        return lambda: [result for piece in done for result in piece]

    def _parse(self, lines: Sequence[Line]) -> list[Record | RecordRefused]:
        found: list[Record | RecordRefused] = []
        for line in lines:
            try:
                found.append(Record.parse_quickly(line.text, line.id, net=self._network, codec=CODEC))
            except RecordRefused as problem:
                found.append(problem)
        return found

    def check(self, stored: Sequence[Signed]) -> list[str | None]:
        """Return for each stored record None, or the code of what is wrong with it."""
        return self._begin(_check_signatures, stored)()


def _check_signatures(stored: Sequence[Signed]) -> list[str | None]:
    """Return what is wrong with each; all together, unless there is more to it than a forged signature."""
    try:
        keys = {author: did.key_of(author) for author in {record.author for record in stored}}
        for key in keys.values():
            crypto.check_key(key)
    except RecordRefused:
        return _check_one_by_one(stored)
    if {len(record.sig) for record in stored} != {crypto.SIGNATURE_BYTES}:
        return _check_one_by_one(stored)
    _, authors, datas, signatures = zip(*stored, strict=True)
    forged = crypto.forged(map(keys.__getitem__, authors), signatures, datas)
    found: list[str | None] = [None] * len(stored)
    for index in forged:
        found[index] = "bad_signature"
    return found


def _check_one_by_one(stored: Sequence[Signed]) -> list[str | None]:
    found: list[str | None] = []
    check, key_of, domain = crypto.check_signature, did.key_of, crypto.DOMAIN
    for _, author, data, sig in stored:
        try:
            check(key_of(author), sig, domain + data)
            found.append(None)
        except RecordRefused as problem:
            found.append(problem.code)
    return found


def sound(lines: list[Line], found: list[Record | RecordRefused], now: int, tally: Tally) -> list[Record]:
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


class Verified(NamedTuple):
    """What a verification found: how many records, and what is wrong with which."""

    records: int
    wrong: list[Refused]


def verify_ledger(node: Node, progress: Progress | None = None) -> Verified:
    """Verify every signature and id in the ledger, then the head and the projections."""
    ledger = node.ledger
    head = ledger.head()
    wrong: list[Refused] = []
    audit = ledger.audit()
    done = 0
    try:
        with Verifier(ledger.network) as verifier:
            for page in audit.pages():
                codes = verifier.check(page)
                wrong += [
                    Refused(record.seq, code, f"record {record.seq} by {record.author}")
                    for record, code in zip(page, codes, strict=True)
                    if code
                ]
                done += len(page)
                if progress:
                    progress(done, head.records)
    except TypeError as problem:  # a flipped bit turned bytes into a number
        raise DiskError(f"{ledger.path} is damaged", hint="restore a backup: trust ledger path") from problem
    wrong += [Refused(0, "damaged", problem) for problem in audit.finish()]
    return Verified(done, wrong)


def verify_entry(entry: Entry) -> str | None:
    """Return None if a stored record is what its author signed, else a code."""
    return _check_signatures([Signed(entry.seq, entry.author, entry.data, entry.sig)])[0]


def verify_file(node: Node, file: BinaryIO, progress: Progress | None = None) -> Verified:
    """Verify every line of a bundle without storing any.

    Raises:
        BadInput: nothing came.
    """
    tally = Tally()
    good = 0
    with Verifier(node.settings.network) as verifier:
        for batch in bundle.batches(file, tally):
            lines = [batch.line(index) for index in range(len(batch.texts))]
            lines += map(bundle.public_line, batch.private)
            good += len(sound(lines, verifier.parse(lines)(), node.clock(), tally))
            if progress:
                progress(tally.lines, tally.expected)
    result = tally.finish()
    return Verified(good, result.refused)
