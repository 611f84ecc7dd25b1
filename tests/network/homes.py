"""Homes that sync with each other in one process: a node's shelf stands in for its HTTP server."""

from __future__ import annotations

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.network_of_raters import NOW, did_of, rating, seed_of
from trustcli.config import Settings, places
from trustcli.errors import Unreachable
from trustcli.node import Node
from trustcli.node.lines import Contact
from trustcli.node.sharing import LedgerShelf
from trustcli.node.syncing import Plan, Report, sync
from trustcli.records.did import key_of
from trustcli.sync import dialogue
from trustcli.sync.exchange import PAGE, Feed
from trustcli.transports.wire import NodeFacts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trustcli.records.envelope import Record
    from trustcli.sync.exchange import Answer, Request


class Home:
    """One node: the person who owns it, a ledger, a clock that stands still unless moved."""

    def __init__(self, directory: Path, owner: str, **settings: Any) -> None:
        self.owner = owner
        self.now = NOW
        self.asked: list[Request] = []
        self.roles: tuple[str, ...] = ("full",)
        self.answer: Callable[[Request, Answer], Answer] = lambda _, answer: answer
        self.page = PAGE  # the most records of one page
        self.node = Node(
            places({}, str(directory / owner)), Settings(**settings), clock=lambda: self.now, identity=owner
        )
        if owner not in self.node.keys.names():
            self.node.keys.create(owner, seed_of(owner), NOW, None)
        self.node.make_ledger()._db.execute("PRAGMA synchronous = OFF")
        self.url = f"https://{owner}.example"
        self._desk = ThreadPoolExecutor(1)  # a shelf belongs to one thread
        self._shelf: LedgerShelf | None = None

    def hear(self, *records: Record) -> None:
        """Store records."""
        self.node.ledger.append(records, self.now)

    def rate(self, subject: str, stars: float = 4, by: str | None = None, **more: Any) -> Record:
        """Let a person (the owner) rate another."""
        record = rating(by or self.owner, subject, stars, at=more.pop("at", self.now), **more)
        self.hear(record)
        return record

    def ids(self) -> set[str]:
        """Return the ids of all records."""
        return {entry.id for entry in self.node.ledger.entries()}

    def sync(
        self, *others: Home, connect: Any = None, lock_wait: float = 0.0, progress: Any = None, **plan: Any
    ) -> Report:
        """Sync with other homes."""
        homes = {home.url: home for home in others}
        return sync(
            self.node,
            [Contact(home.owner, home.url) for home in others],
            Plan(**plan),
            connect=connect or (lambda contact: Direct(homes[contact.url])),
            lock_wait=lock_wait,
            progress=progress,
        )

    def requests(self) -> list[str]:
        """Return the kinds of the questions this home was asked, and forget them."""
        asked, self.asked = self.asked, []
        return [type(request).__name__ for request in asked]

    def at_desk(self, work: Callable[[LedgerShelf], Any]) -> Any:
        """Let the thread that owns the shelf do something."""

        def run() -> Any:
            if self._shelf is None:
                self._shelf = LedgerShelf(self.node)
            return work(self._shelf)

        return self._desk.submit(run).result()

    def close(self) -> None:
        """Close the ledger."""
        if self._shelf:
            self._desk.submit(self._shelf.close).result()
        self._desk.shutdown()
        self.node.close()


class Direct:
    """A line to a home without a network between."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def facts(self) -> NodeFacts:
        head = self.home.at_desk(lambda shelf: shelf.head())
        did = did_of(self.home.owner)
        node = hashlib.sha256(key_of(did)).hexdigest()
        return NodeFacts(did, node, self.home.roles, "0", "1.0", self.home.node.settings.network, head, NOW)

    def ask(self, request: Request) -> Answer:
        self.home.asked.append(request)
        put = request
        if isinstance(put, Feed):
            put = put._replace(limit=min(put.limit, self.home.page))
        answer = self.home.at_desk(lambda shelf: dialogue.answer(put, shelf))
        return self.home.answer(request, answer)

    def close(self) -> None:
        pass


class Away:
    """A peer that nobody reaches."""

    def __init__(self, _contact: Contact) -> None:
        pass

    def facts(self) -> NodeFacts:
        raise Unreachable("nobody answers")

    def ask(self, request: Request) -> Answer:
        raise Unreachable("nobody answers")

    def close(self) -> None:
        pass


def ratings(count: int, seed: int = 1, people: int = 20) -> list[Record]:
    """Return ratings among some people, at moments of their own."""
    dice = random.Random(seed)
    return [
        rating(
            f"p{dice.randrange(people)}",
            f"thing:{seed}-{number}",
            dice.randrange(10, 51) / 10,
            at=NOW - number * 977,
        )
        for number in range(count)
    ]
