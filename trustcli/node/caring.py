"""What a node says of its own health."""

from __future__ import annotations

import os
import sqlite3
import stat

from trustcli.errors import NotFound, TrustError
from trustcli.ledger.connection import journal_mode
from trustcli.node.ending import end_of, way_on
from trustcli.node.running import ended_early, running
from trustcli.timing import DAY, rfc3339
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trustcli.node import Node

OK, INFO, WARN, BAD = "ok", "info", "warn", "bad"
_ATTEMPTS = 3  # that failed, of a peer that never answered
_SOON = 14 * DAY  # before an own rating expires
_LITTLE = 64 << 20  # bytes of free disk below which we say so
_SANE = 1_735_689_600_000  # 2025-01-01: no clock of a machine that runs this is earlier
_NETWORK_FILE_SYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "afs")


class Finding(NamedTuple):
    """One thing that was looked at."""

    name: str
    state: str
    what: str
    hint: str = ""


class Alert(NamedTuple):
    """Something an operator should know."""

    code: str
    severity: str
    message: str
    hint: str


def alerts(node: Node) -> list[Alert]:
    """Return what needs attention now; cheap, for every `trust status`."""
    found = []
    name, names, readable = node.identity, node.keys.names(), node.keys.dids()
    if not names:
        return [Alert("no_key", WARN, "there is no key yet", "trust keygen")]
    if name not in names:
        found.append(Alert("no_such_key", WARN, f"no key named {name!r}", _use_another(readable)))
    if name in readable and not node.keys.encrypted(name):
        found.append(
            Alert("key_unencrypted", INFO, f"key {name} is not encrypted", f"trust id passwd {name}")
        )
    found += [
        Alert("key_unsafe", WARN, f"{path}: {what}", "trust doctor") for path, what in node.keys.problems()
    ]
    if node.has_ledger():
        if name in readable:
            found += [Alert("key_ended", WARN, one.what, one.hint) for one in _ended(node)]
            found += _expiring(node)
        found += _stale(node) + _undecided(node) + _full(node)
    return found + _killed(node)


def _use_another(readable: Iterable[str]) -> str:
    name = next(iter(readable), None)
    return f"trust id use {name}" if name else "trust doctor"


def _ended(node: Node) -> list[Finding]:
    """Say when the key in use counts no longer."""
    end = end_of(node, node.me)
    if end is None or end.at > node.clock():
        return []
    return [Finding("keys", WARN, f"key {node.identity} was {end}", way_on(node, node.me))]


def _full(node: Node) -> list[Alert]:
    """Say when there is little room where the ledger is."""
    free = _free(node.places.data)
    if free >= _LITTLE:
        return []
    return [Alert("disk_low", WARN, f"{free >> 20} MiB free at {node.places.data}", "free some space")]


def _killed(node: Node) -> list[Alert]:
    """Say when the last daemon of this home did not end in order, and none has run since."""
    last = ended_early(node.places)
    if last is None:
        return []
    what = f"`trust serve`, begun {rfc3339(last.since)}, was killed or failed and does not run"
    return [Alert("daemon_gone", WARN, what, "trust serve")]


def _stale(node: Node) -> list[Alert]:
    """Say when syncs with a peer or seed have failed for a day or always; a daemon keeps links meanwhile."""
    marks = node.ledger.network_notes.marks()
    wanted = [*node.ledger.network_notes.urls(), *node.settings.seeds]
    failing = [marks[url] for url in wanted if url in marks and marks[url].failures]
    now = node.clock()
    late = [
        (mark.peer, "for a day" if mark.succeeded else f"ever, {mark.failures} attempts failed")
        for mark in failing
        if (now - mark.succeeded > DAY if mark.succeeded else mark.failures >= _ATTEMPTS)
    ]
    if not late or running(node.places):
        return []
    peer, since = late[0]
    return [Alert("sync_stale", WARN, f"no sync with {peer} {since}", f"trust sync {peer}, or trust doctor")]


def _undecided(node: Node) -> list[Alert]:
    """Say which of the last rounds by the clock should be decided and are not."""
    every = node.settings.round_every
    if not every or not running(node.places):
        return []
    from trustcli.node.timetable import due  # noqa: PLC0415  most nodes run no rounds

    late = [number for number in due(every, node.clock()) if _is_open(node, number)]
    if not late:
        return []
    what = f"round {late[0]} and {len(late) - 1} more are" if late[1:] else f"round {late[0]} is"
    return [
        Alert("round_undecided", WARN, f"{what} not decided in time", f"trust round close {late[0]} says why")
    ]


def _is_open(node: Node, number: int) -> bool:
    state = node.ledger.rounds.get(number)
    return state is not None and "winner" not in state


def _expiring(node: Node) -> list[Alert]:
    reader = node.ledger.reader()
    me = reader.node(node.me)
    if me is None:
        return []
    now = node.clock()
    soon = sum(1 for row in reader.ratings_by(me, None) if row[6] is not None and now < row[6] < now + _SOON)
    if not soon:
        return []
    return [Alert("expiring", INFO, f"{soon} of your ratings expire within 14 days", "trust log --by me")]


def doctor(node: Node, script: str | None) -> list[Finding]:
    """Look at everything that tends to be wrong.

    Args:
        script: what `trust` on the PATH is, None where there is none.
    """
    looks: list[Callable[[], list[Finding]]] = [
        lambda: [_python(), _sqlite()],
        lambda: [_crypto()],
        lambda: _home(node),
        lambda: _keys(node),
        lambda: _ledger(node),
        lambda: [_clock(node), _command(script)],
    ]
    findings = []
    for look in looks:
        try:
            findings += look()
        except TrustError as problem:
            findings.append(Finding(problem.code, BAD, str(problem), problem.hint))
    return findings


def _python() -> Finding:
    import platform  # noqa: PLC0415

    return Finding("python", OK, platform.python_version())


def _sqlite() -> Finding:
    version, mode = sqlite3.sqlite_version, journal_mode()
    if mode == "wal":
        return Finding("sqlite", OK, f"{version}, journal mode wal")
    return Finding(
        "sqlite",
        OK,
        f"{version} has the WAL-reset bug, so the ledger uses journal mode {mode}: safe, a little slower",
        "SQLite 3.51.3, 3.50.7 or 3.44.6 brings wal",
    )


def _crypto() -> Finding:
    import nacl  # noqa: PLC0415

    from trustcli.records import crypto  # noqa: PLC0415

    wrong = crypto.self_test()
    if wrong:
        return Finding(
            "ed25519", BAD, f"PyNaCl {nacl.__version__} fails {', '.join(wrong)}", "pip install -U pynacl"
        )
    return Finding("ed25519", OK, f"PyNaCl {nacl.__version__} follows profile trust-ed25519-1")


def _home(node: Node) -> list[Finding]:
    findings = []
    for path in dict.fromkeys((node.places.config, node.places.data)):
        if not os.path.isdir(path):
            findings.append(Finding("home", INFO, f"{path} does not exist yet", "trust keygen"))
            continue
        mode = stat.S_IMODE(os.stat(path).st_mode)
        if mode & 0o022:
            findings.append(
                Finding(
                    "home", BAD, f"{path} can be written by others (mode {mode:04o})", f"chmod 700 {path}"
                )
            )
        else:
            findings.append(Finding("home", OK, f"{path} (mode {mode:04o})"))
    if os.path.isdir(node.places.data):
        findings.append(_disk(node.places.data))
    return findings


def _disk(path: str) -> Finding:
    free = _free(path)
    kind = _file_system(os.path.realpath(path))
    if kind in _NETWORK_FILE_SYSTEMS:
        return Finding(
            "disk",
            WARN,
            f"{path} is on {kind}: locks are unreliable there",
            "keep the ledger on a local disk",
        )
    if free < _LITTLE:
        return Finding("disk", WARN, f"{free >> 20} MiB free", "free some space")
    return Finding("disk", OK, f"{free >> 20} MiB free")


def _free(path: str) -> int:
    """Return how many bytes of disk are free where a directory is."""
    space = os.statvfs(path)
    return space.f_bavail * space.f_frsize


def _file_system(path: str) -> str:
    """Return the type of the file system that holds `path`, empty where /proc does not say."""
    best = ("", "")
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
            for line in mounts:
                _, point, kind, *_ = line.split()
                if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
                    best = (point, kind)
    except (OSError, ValueError):
        return ""
    return best[1]


def _keys(node: Node) -> list[Finding]:
    problems = [
        Finding("keys", BAD, f"{path}: {what}", f"chmod go= {path}") for path, what in node.keys.problems()
    ]
    names, readable = node.keys.names(), node.keys.dids()
    if not names:
        return [*problems, Finding("keys", WARN, "there is no key yet", "trust keygen")]
    if node.identity not in names:
        problems.append(Finding("keys", WARN, f"no key named {node.identity!r}", _use_another(readable)))
    open_keys = [name for name in readable if not node.keys.encrypted(name)]
    if open_keys:
        problems.append(
            Finding("keys", INFO, f"not encrypted: {', '.join(open_keys)}", f"trust id passwd {open_keys[0]}")
        )
    return problems or [Finding("keys", OK, f"{len(names)}, all encrypted")]


def _ledger(node: Node) -> list[Finding]:
    try:
        ledger = node.ledger
    except NotFound:
        return [Finding("ledger", INFO, f"none yet at {node.places.ledger}", "trust keygen")]
    mode = stat.S_IMODE(os.stat(ledger.path).st_mode)
    findings = _ended(node) if node.me_or_none() else []
    if mode & 0o077:
        findings.append(
            Finding("ledger", WARN, f"readable by others (mode {mode:04o})", f"chmod 600 {ledger.path}")
        )
    if ledger.network != node.settings.network:
        findings.append(
            Finding(
                "ledger",
                WARN,
                f"is of network {ledger.network!r}, settings say {node.settings.network!r}",
                "one home holds one network: use another TRUST_HOME",
            )
        )
    head = ledger.head()
    findings.append(
        Finding(
            "ledger",
            OK,
            f"{head.records} records, schema {ledger.schema_version()}, {os.stat(ledger.path).st_size} bytes",
        )
    )
    return findings


def _clock(node: Node) -> Finding:
    now = node.clock()
    if now < _SANE:
        return Finding("clock", BAD, f"says {rfc3339(now)}", "set the clock: ratings would be dated wrongly")
    if node.has_ledger() and node.ledger.head().received > now + DAY:
        last = rfc3339(node.ledger.head().received)
        return Finding(
            "clock", WARN, f"says {rfc3339(now)}, but records arrived on {last}", "check the clock"
        )
    return Finding("clock", OK, rfc3339(now))


def _command(script: str | None) -> Finding:
    if script is None:
        return Finding(
            "command", INFO, "no `trust` on the PATH", "use `trustcli`, or put its directory first"
        )
    if b"trustcli" not in _start_of(script):
        return Finding(
            "command",
            WARN,
            f"`trust` is {script}, p11-kit's tool",
            "use `trustcli`, or put our directory first in PATH",
        )
    return Finding("command", OK, f"`trust` is {script}")


def _start_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(4_096)
    except OSError:
        return b""
