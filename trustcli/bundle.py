"""Bundles: records carried in a file, as lines.

A bundle is NDJSON: a manifest line, then one record a line. A plain file of records is one too, and so
are bundles one after the other: each manifest begins one, and is checked against what follows it. Every
line stands for itself: a damaged one is refused with its number and a code, the others are kept.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise

from trustcli.errors import BadInput, RecordRefused
from trustcli.records import canonical, crypto
from trustcli.records.envelope import MAX_LINE, cut_out
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

FORMAT = "trustcli/bundle/v1"
CHUNK = 3 << 20  # bytes read at a time: about 9,000 records, looked up together
MAX_REFUSED = 10_000  # refusals listed; more are only counted
PRIVATE = b'{"private":true,'
_RECORD = b'{"record":'
_MANIFEST = b'{"bundle":'


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
    """A line of a bundle, and the id its record has if the line is laid out as ours are."""

    number: int
    text: bytes
    id: bytes


class Refused(NamedTuple):
    """A line that was not taken: its number (1 = first), a code of REFUSALS or of a bundle, a sentence."""

    line: int
    code: str
    message: str


class Imported(NamedTuple):
    """What an import did. `known` were there already; `manifest` is that of the first bundle."""

    lines: int
    added: int
    known: int
    refused: list[Refused]
    unlisted: int
    manifest: Manifest | None

    @property
    def good(self) -> int:
        """Lines that hold a valid record, new or not."""
        return self.added + self.known

    @property
    def bad(self) -> int:
        """Lines that were refused; the first MAX_REFUSED of them are listed."""
        return len(self.refused) + self.unlisted


class Tally:
    """Counts what an import does, and checks each bundle against its manifest at its end."""

    def __init__(self) -> None:
        self.lines = self.added = self.known = self.unlisted = 0
        self.refused: list[Refused] = []
        self.manifest: Manifest | None = None  # the first
        self.expected: int | None = None  # how many lines the manifests so far speak of, if any does
        self._begin(None)

    def begin(self, number: int, manifest: Manifest | None) -> None:
        """Begin a bundle at a line; None where its manifest was refused and says nothing."""
        self._end(number - 1)
        self._begin(manifest)
        if manifest:
            self.manifest = self.manifest or manifest
            self.expected = (self.expected or 0) + manifest.records + 1

    def _begin(self, manifest: Manifest | None) -> None:
        self._manifest = manifest
        self._count = 0
        self._digest = hashlib.sha256()

    def _end(self, number: int) -> None:
        """Note a bundle that is not what its manifest says, at its last line."""
        manifest = self._manifest
        if manifest and self._count < manifest.records:
            self.refuse(number, "truncated", f"{self._count} of {manifest.records} records are here")
        elif manifest and "sha256:" + self._digest.hexdigest() != manifest.digest:
            self.refuse(number, "bad_digest", "the records are not those the manifest was made for")

    def read(self, batch: Batch) -> None:
        """Take a batch of lines into the digest, in the order of the file."""
        texts = batch.texts
        if self._manifest is None:
            return
        if batch.private:
            numbered = [*zip(batch.numbers, texts, strict=True), *(line[:2] for line in batch.private)]
            texts = [text for _, text in sorted(numbered)]
        if texts:
            self._count += len(texts)
            self._digest.update(b"\n".join(texts) + b"\n")

    def refuse(self, number: int, code: str, message: str) -> None:
        """Note a line that was not taken."""
        if len(self.refused) < MAX_REFUSED:
            self.refused.append(Refused(number, code, message))
        else:
            self.unlisted += 1

    def finish(self) -> Imported:
        """Return the result.

        Raises:
            BadInput: there was nothing at all; even an export of nothing has a manifest.
        """
        if not self.lines:
            raise BadInput(
                "nothing came: not one line",
                hint="look at what was to send it: it may have failed",
                code="empty",
            )
        self._end(self.lines)
        return Imported(self.lines, self.added, self.known, self.refused, self.unlisted, self.manifest)


class Batch(NamedTuple):
    """Some lines of a bundle by columns: those that may be records, then those of private ratings."""

    numbers: Sequence[int]
    texts: list[bytes]
    ids: list[bytes]
    private: list[Line]

    def line(self, index: int) -> Line:
        """Return one line of the columns."""
        return Line(self.numbers[index], self.texts[index], self.ids[index])


def batches(file: BinaryIO, tally: Tally) -> Iterator[Batch]:
    """Yield the lines of a bundle batch by batch; read the manifests, refuse what is too long.

    No batch is of more than one bundle.
    """
    for lines in _lines(file):
        texts = [line for line in lines if line is not None and line.startswith(_RECORD)]
        if len(texts) == len(lines):
            yield _batch(range(tally.lines + 1, tally.lines + len(lines) + 1), texts, [], tally, len(lines))
            continue
        for part in _cut(lines):
            numbered = [*enumerate(part, tally.lines + 1)]
            private: list[Line] = []
            kept = [(n, line) for n, line in numbered if _keep(n, line, private, tally)]
            texts = [line for _, line in kept if line is not None]
            yield _batch([n for n, _ in kept], texts, private, tally, len(part))


def _batch(
    numbers: Sequence[int], texts: list[bytes], private: list[Line], tally: Tally, lines: int
) -> Batch:
    # an id that is known says which record this is, whatever stands around it; the layout of the
    # others is looked at when they are parsed
    batch = Batch(numbers, texts, crypto.record_ids(map(cut_out, texts)), private)
    tally.lines += lines
    tally.read(batch)
    return batch


def _cut(lines: list[bytes | None]) -> Iterator[list[bytes | None]]:
    """Yield the lines in parts, each manifest the first of one."""
    starts = [at for at, line in enumerate(lines) if line is not None and line.startswith(_MANIFEST)]
    for start, end in pairwise(dict.fromkeys((0, *starts, len(lines)))):
        yield lines[start:end]


def _keep(number: int, line: bytes | None, private: list[Line], tally: Tally) -> bool:
    """Say whether a line is to be parsed as a record; place manifest, private and blank ones elsewhere."""
    if line is None:
        tally.refuse(number, "too_big", str(RecordRefused("too_big")))
        return False
    if line.startswith(_MANIFEST):
        tally.begin(number, _manifest(number, line, tally))
        return False
    if line.startswith(PRIVATE):
        private.append(Line(number, line, b""))
        return False
    return bool(line)


def _manifest(number: int, line: bytes, tally: Tally) -> Manifest | None:
    """Return what a manifest says, None where it is refused."""
    try:
        found = canonical.decode(line)
        if type(found) is not dict or found.pop("bundle", None) != FORMAT:
            raise RecordRefused("unsupported_version", "this program reads trustcli/bundle/v1")
        manifest = Manifest(**found)  # type: ignore[arg-type]  # the next line looks
        if [type(part) for part in manifest] != [str, int, str, str]:
            raise RecordRefused("bad_envelope")
    except TypeError:
        problem = "the manifest has other fields than net, records, fingerprint, digest"
        tally.refuse(number, "bad_envelope", problem)
        return None
    except RecordRefused as refusal:
        tally.refuse(number, refusal.code, str(refusal))
        return None
    return manifest


def _lines(file: BinaryIO) -> Iterator[list[bytes | None]]:
    """Yield the lines of a file, some megabytes at a time, without their newlines.

    A line longer than a record can be comes as None; no more of it than a chunk is ever held.
    """
    rest = b""
    skipping = False
    while chunk := file.read(CHUNK):
        found = _split(rest, chunk)
        rest = found.pop()
        lines: list[bytes | None] = [*found]
        if max(map(len, found), default=0) > MAX_LINE:
            lines = [None if len(line) > MAX_LINE else line for line in found]
        if skipping and lines:
            lines[0] = None
            skipping = False
        if len(rest) > MAX_LINE:
            rest, skipping = b"", True
        yield lines
    if rest or skipping:
        yield [None if skipping else rest.removesuffix(b"\r")]


def _split(rest: bytes, chunk: bytes) -> list[bytes]:
    """Return the lines of what was read, the last of them open."""
    *lines, last = chunk.split(b"\n")
    if not lines:
        return [rest + last]
    lines[0] = rest + lines[0]
    if b"\r" in chunk or rest.endswith(b"\r"):  # as some systems end a line: no part of it
        lines = [line.removesuffix(b"\r") for line in lines]
    return [*lines, last]


def public_line(line: Line) -> Line:
    """Return the line of a private rating as the record it holds."""
    return Line(line.number, b"{" + line.text[len(PRIVATE) :], b"")
