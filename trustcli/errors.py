"""Every error, who must act on it, its exit code and its hint.

    TrustError
    ├─ UsageError        2   the command line asks for something impossible
    ├─ RecordRefused    65   bytes are not a record this network accepts    (code: one of REFUSALS)
    ├─ BadInput         65   a file, a bundle or a text is not what it should be
    ├─ NotFound         66   no such record, name, key or file
    ├─ Unreachable      69   no peer answered
    ├─ WouldOverwrite   73   something is there already and is kept
    ├─ DiskError        74   the disk is full, fails, or the ledger is damaged
    ├─ Busy             75   another process holds the ledger; try again
    ├─ PeerFault        76   a peer broke the protocol
    ├─ KeyProblem       77   a key cannot be read, opened or trusted
    └─ ConfigError      78   settings, policy, or a ledger newer than this program

Verdicts are not errors: 0 is yes, 1 is no, 3 is "not enough evidence", 4 is "some of it worked".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

OK = 0
NO = 1
USAGE = 2
UNKNOWN = 3
PARTIAL = 4
BAD_DATA = 65
BUG = 70

REFUSALS = {
    "ambiguous": "the short form fits more than one thing",
    "bad_body": "a field of the record has the wrong type or a value out of its range",
    "bad_encoding": "not UTF-8",
    "bad_envelope": 'the line is not {"record":…,"sig":…} with exactly the fields of a record',
    "bad_key": "not a canonical Ed25519 key of the prime-order group",
    "bad_signature": "the author did not sign these bytes",
    "bad_text": "text must be NFC without control, surrogate, line-separator or bidi characters",
    "not_canonical": "valid JSON, but not the one canonical form (RFC 8785)",
    "not_integer": "a number that is not an integer within ±(2⁵³−1)",
    "not_json": "not one JSON value",
    "score_range": "a number out of its range: stars 10 to 50 (tenths), points 0 to 1000, scores 0 to 10,000",
    "self_rating": "an author cannot rate itself",
    "too_big": "longer than 64 KiB",
    "too_deep": "nested deeper than 16 levels",
    "too_new": "dated more than 15 minutes ahead of this clock",
    "unknown_field": "version 1 has no such field; only `ext` may hold others",
    "unsupported_version": "the record's version is not 1",
    "wrong_network": "the record belongs to another network",
}
"""Why a record is refused. The codes are stable; programs may switch on them."""


def of_parts(good: int, bad: int) -> int:
    """Return the exit code of what was taken part by part: how many were good, how many refused."""
    if not bad:
        return OK
    return PARTIAL if good else BAD_DATA


class TrustError(Exception):
    """Base of all errors a user can meet; never raised itself."""

    exit = BUG
    code = "bug"
    hint = ""
    retryable = False
    parts: Sequence[Mapping[str, Any]] = ()
    """What it is made of, where several things failed: each with a `message`, and more for programs."""

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.hint = hint or self.hint
        self.code = code or self.code


class UsageError(TrustError):
    """The command line asks for something impossible."""

    exit = USAGE
    code = "usage"
    hint = "trust help"


class RecordRefused(TrustError):
    """Bytes are not a record this network accepts; `code` is one of REFUSALS."""

    exit = BAD_DATA
    code = "refused"
    hint = "docs/format.md says what a record looks like"

    def __init__(self, code: str, detail: str = "") -> None:
        reason = REFUSALS[code]
        super().__init__(f"{reason}: {detail}" if detail else reason, code=code)


class BadInput(TrustError):
    """A file, a bundle or a text is not what it should be."""

    exit = BAD_DATA
    code = "bad_input"
    hint = "look at the input, then run it again"


class NotFound(TrustError):
    """No such record, name, key or file."""

    exit = 66
    code = "not_found"
    hint = "look for a slip of the pen: trust peer ls, trust log, ls"


def no_file(path: str) -> NotFound:
    """Return the error that there is no file at a path that was given."""
    return NotFound(
        f"no file {path}",
        hint="check the path; one that does not begin with / starts from the current directory",
        code="no_file",
    )


class Unreachable(TrustError):
    """No peer was reached."""

    exit = 69
    code = "unreachable"
    hint = "is it running, and is the address right? trust peer show NAME"
    retryable = True


class WouldOverwrite(TrustError):
    """Something is there already and is kept."""

    exit = 73
    code = "would_overwrite"
    hint = "choose another name; nothing is ever overwritten"


class DiskError(TrustError):
    """The disk is full or fails, or the ledger is damaged."""

    exit = 74
    code = "disk"
    hint = "nothing acknowledged is lost; free space or check the disk, then run it again"


class Busy(TrustError):
    """Another process holds the ledger; try again."""

    exit = 75
    code = "busy"
    hint = "run it again, or wait longer with --lock-wait 30"
    retryable = True


class PeerFault(TrustError):
    """A peer broke the protocol; nothing it sent since is kept."""

    exit = 76
    code = "protocol"
    hint = "nothing that did not verify was kept; trust peer block NAME ends it"


class KeyProblem(TrustError):
    """A key cannot be read, opened or trusted."""

    exit = 77
    code = "key"
    hint = "trust id ls"


class ConfigError(TrustError):
    """Settings, a policy, or a ledger newer than this program."""

    exit = 78
    code = "config"
    hint = "trust config path"


VERDICTS = {
    OK: ("ok", "done; the gate passed"),
    NO: ("no", "asked, and the answer is no: gate failed, bad record found, alerts with --check"),
    UNKNOWN: ("unknown", "not enough evidence to say"),
    PARTIAL: ("partial", "some of it worked; the rest is listed with its reasons"),
}
SIGNALS = {
    130: ("interrupted", "stopped by Ctrl-C"),
    141: ("pipe", "the reader of the output went away"),
    143: ("terminated", "stopped by SIGTERM"),
}


def exit_table() -> list[tuple[int, str, str]]:
    """Rows of (exit code, name, meaning), ascending: the one source of every such table."""
    rows = [(code, name, meaning) for code, (name, meaning) in {**VERDICTS, **SIGNALS}.items()]
    rows += [
        (kind.exit, kind.code, (kind.__doc__ or "").split(";")[0].rstrip("."))
        for kind in TrustError.__subclasses__()
    ]
    rows.append((BUG, "bug", "a fault of this program; -v shows the traceback"))
    rows = [(code, name, meaning[0].lower() + meaning[1:]) for code, name, meaning in rows]
    merged: dict[int, tuple[str, str]] = {}
    for code, name, meaning in rows:
        known = merged.get(code)
        merged[code] = (f"{known[0]}, {name}", f"{known[1]}; {meaning}") if known else (name, meaning)
    return [(code, *merged[code]) for code in sorted(merged)]
