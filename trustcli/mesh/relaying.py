"""Who relays whole records to us, and what to do when a record is only announced.

After Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees", SRDS 2007 (Plumtree). At first every peer
relays what is new to it whole. A peer whose relays are mostly copies is told to announce ids instead; where
a record that was announced does not come by itself, a peer that announced it is asked for it and relays
whole again. What a node brings in itself goes whole over all its links, whatever was agreed: so two nodes
that are linked never wait for a third.
"""

from __future__ import annotations

from itertools import count

from msgspec import UNSET

from trustcli.mesh.faults import fault
from trustcli.mesh.messages import from_base64, lines
from trustcli.mesh.payloads import HAVE, SYNC_REQUEST, SyncRequest
from trustcli.sync.exchange import WANTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.mesh.desk import Desk
    from trustcli.mesh.holders import Claim
    from trustcli.mesh.link import Link
    from trustcli.mesh.payloads import Relay, SyncResponse
    from trustcli.mesh.taking import Taking

WAIT = 1_500  # ms that an announced record has to come by itself, or after it was asked for
FIRST_ASK = 1 << 40  # ids of our questions: syncs over the same link count from 1
APART = 500  # ms between two times that peers are told to announce: others bring what these did
_ID = 32  # bytes


class _Asked:
    """One question to one peer: ids that it announced."""

    def __init__(self, number: int, ids: list[bytes], until: int) -> None:
        self.number, self.ids, self.until = number, ids, until


class Relaying:
    """The relays of all links."""

    def __init__(self, desk: Desk, taking: Taking) -> None:
        self._desk = desk
        self._taking = taking
        self._numbers = count(FIRST_ASK)
        self._asked: dict[int, _Asked] = {}  # by link
        self._lull = 0  # until when nobody else is told
        desk.on_close.append(self._leave)

    def heard(self, link: Link, relay: Relay) -> None:
        """Take what a peer announces, and how it wants our relays.

        Raises:
            PeerFault: `bad_payload`.
        """
        ids = _split(from_base64(relay.have))
        link.relays = relay.whole
        self._desk.counts["announced to us"] += len(ids)
        self._desk.holders.claim(ids, link, self._desk.now + WAIT)
        self._taking.announced(ids, link)

    def answered(self, link: Link, response: SyncResponse) -> bool:
        """Take the records that a peer was asked for; say whether it was a question of ours."""
        if response.id < FIRST_ASK:
            return False
        asked = self._asked.get(link.number)
        if asked and asked.number == response.id and response.records is not UNSET:
            del self._asked[link.number]
            link.broken += max(0, len(asked.ids) - len(response.records))
            self._taking.add(link, lines(response.records))
        return True

    def tick(self) -> None:
        """Ask for what was announced and did not come; tell useless relays to announce."""
        now = self._desk.now
        for number, asked in list(self._asked.items()):
            if now >= asked.until:
                self._desk.links[number].broken += len(asked.ids)
                del self._asked[number]
        due = self._desk.holders.due(now)
        if due:
            self._ask(due)
        if now >= self._lull:
            self._thin_out()

    def next_time(self) -> int | None:
        """Return when `tick` has something to do, None for never."""
        return self._desk.holders.next_due()

    # asking

    def _ask(self, due: list[tuple[bytes, Claim]]) -> None:
        """Put each record to the peer that holds it and broke the fewest promises; one question a peer."""
        desk = self._desk
        links = sorted(desk.open_links(), key=lambda link: link.broken)
        mine = dict[int, list[bytes]]()
        for id_, claim in due:
            rest = claim.by & ~claim.asked
            link = next((link for link in links if link.bit & rest), None)
            if link is None:
                desk.holders.drop(id_)  # a sync finds it
                continue
            if link.number not in self._asked and len(mine.setdefault(link.number, [])) < WANTED:
                mine[link.number].append(id_)
                claim.asked |= link.bit
            desk.holders.later(id_, claim, desk.now + WAIT)
        for number, ids in mine.items():
            if ids:
                self._question(desk.links[number], ids)

    def _question(self, link: Link, ids: list[bytes]) -> None:
        asked = self._asked[link.number] = _Asked(next(self._numbers), ids, self._desk.now + WAIT)
        self._desk.counts["asked for"] += len(ids)
        if link.source.is_thin:
            link.source.thicken()
            self._desk.counts["relays whole"] += 1
        link.outbox.prefer(whole=True)
        wanted = [id_.hex() for id_ in ids]
        link.outbox.reply(SYNC_REQUEST, SyncRequest(id=asked.number, wanted=wanted))
        self._desk.flush(link)

    # who relays whole

    def _thin_out(self) -> None:
        """Of the peers whose relays are mostly copies, tell the worse half to announce; then count anew."""
        links = self._desk.open_links()
        useless = [link for link in links if link.source.useless]
        if not useless:
            return
        useless.sort(key=lambda link: -link.source.useless)
        self._lull = self._desk.now + APART
        for link in useless[: (len(useless) + 1) // 2]:
            self._desk.counts["relays thinned"] += not link.source.is_thin
            link.source.is_thin = True
            link.outbox.prefer(whole=False)
        for link in links:
            link.source.start_over()

    def _leave(self, link: Link, _code: str) -> None:
        self._asked.pop(link.number, None)


def _split(ids: bytes) -> list[bytes]:
    if len(ids) % _ID or len(ids) > HAVE * _ID:
        raise fault("bad_payload", f"up to {HAVE} ids")
    return [ids[start : start + _ID] for start in range(0, len(ids), _ID)]
