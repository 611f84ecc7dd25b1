"""A world of named people with deterministic keys, whose signed statements go into a real ledger."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from trustcli.config import Settings, places
from trustcli.ledger import Ledger
from trustcli.ledger.private import Peer
from trustcli.node import Node
from trustcli.node.asking import Inquiry, Scored
from trustcli.records import crypto, did
from trustcli.records.envelope import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from trustcli.models.answer import Answer, Score, Term
    from trustcli.records.canonical import Json

NOW = 1_790_000_000_000  # ms: a day in 2026
DAY = 86_400_000
ME = "me"
_fresh: dict[str, bytes] = {}  # the files of an empty home, by path
_signers: dict[str, Callable[[bytes], bytes]] = {}


def seed_of(name: str) -> bytes:
    """Return the secret seed of a person."""
    return hashlib.sha256(f"a person called {name}".encode()).digest()


def did_of(name: str) -> str:
    """Return the did:key of a person; a URI stays what it is."""
    return name if ":" in name else did.did_of(crypto.public_key(seed_of(name)))


def sealed(author: str, kind: str, body: dict[str, Any], at: int = NOW, net: str = "main") -> Record:
    """Return a record that the person called `author` signed."""
    if author not in _signers:
        _signers[author] = crypto.signer(seed_of(author))
    return Record.seal(
        net=net, kind=kind, author=did_of(author), created=at, body=body, sign=_signers[author]
    )


def rating(
    rater: str,
    subject: str,
    stars: float,
    category: str = "overall",
    at: int = NOW,
    *,
    source: str | None = None,
    machine: bool | None = None,
    **more: Json,
) -> Record:
    """Return a signed rating.

    Args:
        source: the outside rater whom `rater`, a bridge, passes on.
        machine: True for an agent on its own, False for a guided one, None for a person.
    """
    body: dict[str, Any] = {
        "subject": did_of(subject),
        "value": round(stars * 10),
        "category": category,
        **more,
    }
    if source is not None:
        body["rater"] = source
    if machine is not None:
        body["via"] = {"agent": "some-agent", "guided": not machine}
    return sealed(rater, "rating", body, at)


def revocation(author: str, record: Record, at: int = NOW) -> Record:
    """Return a signed revocation of `record`, whoever wrote that."""
    return sealed(author, "revocation", {"record": record.id}, at)


def rotation(old: str, new: str, at: int = NOW) -> list[Record]:
    """Return both halves of a rotation, the old key's first."""
    return [
        sealed(old, "key", {"action": "rotate", "successor": did_of(new)}, at),
        sealed(new, "key", {"action": "accept", "predecessor": did_of(old)}, at),
    ]


def about(inquiry: Inquiry, subject: str) -> Scored:
    """Return what an inquiry says of a person or a URI."""
    return inquiry.about(inquiry.book.get(did_of(subject)))


def _copy_home(home: Path) -> None:
    """Write an empty home again: making one syncs the disk a dozen times, for each test."""
    for name, content in _fresh.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(0o600)
        file.write_bytes(content)


_worlds: list[World] = []


def close_worlds() -> None:
    """Close the ledgers of all worlds a test made."""
    while _worlds:
        _worlds.pop().node.close()


class World:
    """One node, owned by the person called `me`, and all that it hears.

    `now` is the clock of the node: a statement made through `rate` and `hear` is received then.
    """

    def __init__(self, directory: Path, *, now: int = NOW, **settings: Any) -> None:
        self.now = now
        self._quick: Ledger | None = None
        self.home = directory / "world"
        self.node = Node(
            places({}, str(self.home)), Settings(**settings), clock=lambda: self.now, identity=ME
        )
        _copy_home(self.home) if _fresh else self._make_home()
        _worlds.append(self)

    def _make_home(self) -> None:
        """Make key and ledger as `keygen` does, and remember the files for the next worlds."""
        self.node.keys.create(ME, seed_of(ME), NOW, None)
        self.node.make_ledger()
        self.node.close()
        for file in self.home.rglob("*"):
            if file.is_file():
                _fresh[str(file.relative_to(self.home))] = file.read_bytes()

    @property
    def ledger(self) -> Ledger:
        """The node's ledger; without waiting for the disk, which the tests of faults are about."""
        ledger = self.node.ledger
        if ledger is not self._quick:
            ledger._db.execute("PRAGMA synchronous = OFF")
            self._quick = ledger
        return ledger

    def hear(self, *records: Record) -> list[bool]:
        """Store records, in one batch, as received now."""
        return self.ledger.append(records, self.now)

    def rate(self, rater: str, subject: str, stars: float, category: str = "overall", **more: Any) -> Record:
        """Let a person rate another, dated now unless `at` says otherwise; return the record."""
        record = rating(rater, subject, stars, category, **{"at": self.now, **more})
        self.hear(record)
        return record

    def rate_privately(self, subject: str, stars: float, category: str = "overall", by: str = ME) -> None:
        """Keep a private rating by one of this node's keys."""
        record = rating(by, subject, stars, category, self.now)
        self.ledger.private.add_rating(record.author, self.now, self.now, record.body, record.line)

    def peer(self, name: str, *, weight: float | None = None, blocked: bool = False) -> None:
        """Give a person a petname, a weight, or a block."""
        self.ledger.private.save(Peer(name.replace(":", "-"), did_of(name), weight, blocked, None, self.now))

    def inquiry(self, viewpoint: str = ME, **how: Any) -> Inquiry:
        """Put a question as `viewpoint` sees it."""
        return Inquiry(self.node, viewpoint=did_of(viewpoint), **how)

    def answer(self, subject: str, viewpoint: str = ME, **how: Any) -> Answer:
        """Return a model's answer about a person, with reasons."""
        found = about(self.inquiry(viewpoint, **how), subject).answer
        assert found is not None
        return found

    def score(self, subject: str, viewpoint: str = ME, **how: Any) -> Score:
        """Return a model's score of a person."""
        return self.answer(subject, viewpoint, **how).score

    def value(self, subject: str, viewpoint: str = ME, **how: Any) -> float | None:
        """Return the bare number, None for unknown."""
        return self.score(subject, viewpoint, **how).value

    def mean(self, subject: str, **how: Any) -> float | None:
        """Return the plain mean of what is live about a person."""
        return self.value(subject, model="stars", **how)

    def ignored(self, subject: str, viewpoint: str = ME, **how: Any) -> list[str]:
        """Return why ratings of a person do not count, sorted."""
        return sorted(one.because for one in self.answer(subject, viewpoint, **how).ignored)

    def weights(self, subject: str, viewpoint: str = ME, **how: Any) -> dict[str, float]:
        """Return the weight of each voice about a person, by did:key or URI."""
        inquiry = self.inquiry(viewpoint, **how)
        terms: Iterable[Term] = self.answer(subject, viewpoint, **how).terms
        return {inquiry.reader.name(term.rater): term.weight for term in terms}
