"""What the mesh looks at in a record that was verified: its kind, its author, how urgent it is."""

from __future__ import annotations

import msgspec

from trustcli.mesh.limits import Buckets
from trustcli.mesh.payloads import PEER_ANNOUNCE, REVOCATION, TRUST_UPDATE
from trustcli.records.envelope import BEGIN, END
from trustcli.value import NamedTuple

NORMAL, HIGH, CRITICAL = "NORMAL", "HIGH", "CRITICAL"
ALARMS = 10  # CRITICAL records of one author in a minute; more go as NORMAL
AUTHORS = 4_096  # whose alarms are counted
_TYPES = {"revocation": REVOCATION, "key": REVOCATION, "announce": PEER_ANNOUNCE}
_PRIORITY = {"high": HIGH, "critical": CRITICAL}


class _Body(msgspec.Struct):
    action: str = ""
    priority: str = ""
    endpoints: list[str] = []


class _Statement(msgspec.Struct):
    author: str
    body: _Body
    created: int
    kind: str


_decode = msgspec.json.Decoder(_Statement).decode


class Note(NamedTuple):
    """A verified record on its way: id (32 bytes), line, and what decides how it travels."""

    id: bytes
    line: bytes
    kind: str
    author: str
    created: int
    priority: str
    endpoints: tuple[str, ...]

    @property
    def type(self) -> str:
        """The type of message it travels in; REVOCATION also carries what a key says of itself."""
        return _TYPES.get(self.kind, TRUST_UPDATE)


def note(id_: bytes, line: bytes) -> Note:
    """Look into a record that the shelf accepted. Kinds of later versions may be of any shape."""
    try:
        found = _decode(line[BEGIN:END])
    except msgspec.MsgspecError:
        return Note(id_, line, "", "", 0, NORMAL, ())
    return Note(
        id_, line, found.kind, found.author, found.created, _priority(found), tuple(found.body.endpoints)
    )


def _priority(found: _Statement) -> str:
    if found.kind == "key":
        return CRITICAL if found.body.action == "compromised" else HIGH
    if found.kind in ("revocation", "update"):
        return _PRIORITY.get(found.body.priority, NORMAL)
    return NORMAL


class Alarms:
    """How urgent records are, with a bound for each author: who always cries wolf is heard like others."""

    def __init__(self) -> None:
        self._authors = Buckets(ALARMS, ALARMS, AUTHORS)

    def judged(self, note: Note, now: int) -> Note:
        """Return the note, as NORMAL where its author had its alarms of this minute."""
        if note.priority != CRITICAL or self._authors.take(note.author, now):
            return note
        return note._replace(priority=NORMAL)
