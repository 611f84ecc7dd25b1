"""What a light node asks for, so that it judges its subjects exactly as a full node would.

A score looks backwards: at who rates the subject, who rates those raters, and so on, one step less than
the longest chain that counts; on each step at all keys of one line of succession, and at the bridges that
pass ratings on. What any of them says of others does not matter. So the names to ask about are found by
walking backwards from the subjects; each answer to `About` brings the ratings of one name, what their
authors took back, and the key statements around them all.

Whether a peer keeps something back cannot be seen from its answers: ask several, every name at each. What
one of them knows leads to questions to the others.
"""

from __future__ import annotations

import json

from trustcli.errors import PeerFault
from trustcli.records.envelope import BEGIN, END
from trustcli.sync.exchange import PAGE, PAGE_BYTES, About, Page
from trustcli.sync.talk import KNOWN, NEW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from trustcli.sync.dialogue import Asking
    from trustcli.sync.talk import Talk

MOST_NAMES = 20_000  # asked about in one sync: keys are cheap, and each may claim to have rated a subject
MOST_LINES = 1_000_000  # taken from one peer in one sync


class Closure:
    """The names that matter to some subjects, as far as the records met so far tell.

    Args:
        subjects: what is to be judged: keys and URIs.
        viewpoints: the keys through whose eyes.
        hops: the longest chain of ratings that counts.
    """

    def __init__(self, subjects: Collection[str], viewpoints: Collection[str], hops: int) -> None:
        self._subjects = subjects
        self._viewpoints = viewpoints
        self._hops = hops
        self._raters: dict[str, set[str]] = {}
        self._bridges: dict[str, set[str]] = {}
        self._linked: dict[str, set[str]] = {}
        self._looked: set[str] = set()
        self.is_cut = False

    def names(self) -> list[str]:
        """Return the names to ask about, nearest to the subjects first; `is_cut` when there are too many."""
        found: dict[str, None] = {}
        bridges: set[str] = set()
        level = self._lines(self._subjects)
        for _ in range(self._hops):
            level = [name for name in level if name not in found]
            found.update(dict.fromkeys(level))
            bridges.update(*(self._bridges.get(name, ()) for name in level))
            level = self._lines({rater for name in level for rater in self._raters.get(name, ())})
        # of a bridge only the viewpoint's own trust counts; of the viewpoint, which keys it has had
        found.update(dict.fromkeys(self._lines({*bridges, *self._viewpoints})))
        self.is_cut = len(found) > MOST_NAMES
        return list(found)[:MOST_NAMES]

    def _lines(self, names: Iterable[str]) -> list[str]:
        """Return the names and all keys that key statements link to them, in order."""
        found = dict.fromkeys(sorted(names))
        queue = list(found)
        for name in queue:
            for other in sorted(self._linked.get(name, ())):
                if other not in found:
                    found[other] = None
                    queue.append(other)
        return list(found)

    def learn(self, line: bytes) -> None:
        """Take in a record that was verified."""
        statement = json.loads(line[BEGIN:END])
        author, kind, body = statement["author"], statement["kind"], statement["body"]
        if kind == "rating":
            rater = body.get("rater")
            self._raters.setdefault(body["subject"], set()).add(author if rater is None else rater)
            if rater is not None:
                self._bridges.setdefault(body["subject"], set()).add(author)
        elif kind == "key":
            for other in (body.get("successor"), body.get("predecessor")):
                if other is not None:
                    self._linked.setdefault(author, set()).add(other)
                    self._linked.setdefault(other, set()).add(author)

    def look(self, talk: Talk, name: str) -> None:
        """Learn what is here already of a name: it may be more than a peer has."""
        if name in self._looked:
            return
        self._looked.add(name)
        after, more = 0, True
        while more:
            page = talk.shelf.about(name, after, PAGE, PAGE_BYTES)
            for line in page.lines:
                self.learn(line)
            after, more = page.next, page.more


def asking_about(talk: Talk, closure: Closure, asked: set[str]) -> Asking[None]:
    """Ask a peer about every name of the closure that it was not `asked` about, until there is no other.

    Raises:
        PeerFault: it answers with ratings of others, or without end.
    """
    while todo := [name for name in closure.names() if name not in asked]:
        for name in todo:
            asked.add(name)
            closure.look(talk, name)
            yield from _about(talk, closure, name)


def _about(talk: Talk, closure: Closure, name: str) -> Asking[None]:
    after, more = 0, True
    while more:
        talk.requests += 1
        page = yield About(name, after)
        if not isinstance(page, Page):
            raise PeerFault("the peer answers something else")
        talk.hear(page.head)
        talk.check_page(page, after, PAGE)
        if any(_strays(line, name) for line in page.lines) or talk.new + talk.known > MOST_LINES:
            raise PeerFault("the peer answers more than it was asked")
        for line, result in zip(page.lines, talk.begin(page.lines)(), strict=True):
            if result.code in (NEW, KNOWN):
                closure.learn(line)
        after, more = page.next, page.more


def _strays(line: bytes, name: str) -> bool:
    """Say whether a line is a rating of somebody else; one that does not parse is refused later."""
    try:
        statement = json.loads(line[BEGIN:END])
        return bool(statement["kind"] == "rating" and statement["body"]["subject"] != name)
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
