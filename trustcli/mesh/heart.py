"""Heartbeats: PING and PONG with the latest head, who is alive, and what we observed of whom."""

from __future__ import annotations

from trustcli.mesh.handshake import head_from, head_of
from trustcli.mesh.liveness import HEARTBEAT, MISSED
from trustcli.mesh.memory import Seen
from trustcli.mesh.payloads import PING, PONG, Beat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trustcli.mesh.desk import Desk
    from trustcli.mesh.link import Link

REST = 1_000  # ms after its last change at which a head is told
GAP = 5_000  # ms between two PINGs over one link, and until an unanswered one is sent again
TRIES = 3
AWAITED = 1_024  # lost peers whose absence is counted
AWAITED_TIME = 86_400_000  # ms for which it is


class _Pulse:
    """The heartbeat of one link."""

    def __init__(self, now: int, told: str) -> None:
        self.next = now + HEARTBEAT
        self.last = now
        self.told = told  # fingerprint of the head that the peer knows from us
        self.asked = 0  # when the PING without an answer was sent, 0 for none
        self.tries = 0


class Heart:
    """The heartbeats of all links.

    Args:
        compared: is called with a link each time the peer's head was heard.
    """

    def __init__(self, desk: Desk, compared: Callable[[Link], None]) -> None:
        self._desk = desk
        self._compared = compared
        self._pulses: dict[int, _Pulse] = {}
        self._awaited: dict[str, int] = {}
        self._round = desk.now + HEARTBEAT
        desk.on_close.append(self._leave)

    def start(self, link: Link) -> None:
        """Begin with a link whose handshake is done: that was the first beat."""
        self._pulses[link.number] = _Pulse(self._desk.now, self._desk.head.fingerprint)
        self._awaited.pop(link.did, None)
        self._observe([link.did], [])
        self._compared(link)

    def heard(self, link: Link, type_: str, beat: Beat) -> None:
        """Take a PING or a PONG."""
        pulse = self._pulses[link.number]
        link.head = head_from(beat.head)
        if type_ == PONG:
            pulse.asked = pulse.tries = 0
        else:
            pulse.told = self._desk.head.fingerprint
            link.outbox.reply(PONG, Beat(head_of(self._desk.head)))
        self._compared(link)

    def ask(self, link: Link) -> None:
        """Send a PING now."""
        pulse, now = self._pulses[link.number], self._desk.now
        if not link.outbox.spend(now):
            return
        pulse.tries = pulse.tries + 1 if pulse.asked else 1
        pulse.asked = pulse.last = now
        pulse.next = now + HEARTBEAT
        pulse.told = self._desk.head.fingerprint
        self._desk.send(link, PING, Beat(head_of(self._desk.head)))

    def tick(self) -> None:
        """Send the PINGs that are due, close links that are dead, note who was heard."""
        now = self._desk.now
        for link in self._desk.open_links():
            if now >= link.heard + MISSED * HEARTBEAT:
                self._desk.close(link, "dead")
            elif now >= self._due(link):
                self.ask(link)
        if now >= self._round:
            self._round = max(self._round + HEARTBEAT, now)
            self._count()
            self._part()

    def next_time(self) -> int:
        """Return when `tick` has something to do."""
        return min([self._round, *(self._due(link) for link in self._desk.open_links())])

    def _due(self, link: Link) -> int:
        pulse, desk = self._pulses[link.number], self._desk
        due = pulse.next
        if pulse.asked and pulse.tries < TRIES:
            due = min(due, pulse.asked + GAP)
        if link.outbox.is_behind and link.outbox.is_empty:
            due = min(due, pulse.last + GAP)
        if pulse.told != desk.head.fingerprint and not desk.is_same(link):
            due = min(due, max(desk.changed + REST, pulse.last + GAP))
        return due

    # what is remembered

    def _count(self) -> None:
        """Note for one heartbeat who was there and who was not."""
        now = self._desk.now
        links = self._desk.open_links()
        there = {link.did for link in links if now - link.heard <= HEARTBEAT + GAP}
        self._awaited = {key: since for key, since in self._awaited.items() if now - since <= AWAITED_TIME}
        absent = ({link.did for link in links} | self._awaited.keys()) - there
        self._observe(there, absent)

    def _part(self) -> None:
        """Leave peers that the user blocked meanwhile."""
        for link in self._desk.open_links():
            if self._desk.is_banned(link.did):
                self._desk.close(link, "banned")

    def _observe(self, there: Iterable[str], absent: Iterable[str]) -> None:
        now, memory = self._desk.now, self._desk.memory
        rows = []
        for key in there:
            seen = memory.seen(key) or Seen(key)
            rows.append(
                seen._replace(
                    met=seen.met or now, heard=now, expected=seen.expected + 1, answered=seen.answered + 1
                )
            )
        for key in absent:
            seen = memory.seen(key) or Seen(key)
            rows.append(seen._replace(expected=seen.expected + 1))
        memory.save_seen(rows)

    def _leave(self, link: Link, code: str) -> None:
        """Await a peer that went without having been sent away."""
        if self._pulses.pop(link.number, None) and code in ("dead", "gone", "bye"):
            if all(other.did != link.did for other in self._desk.open_links()):
                self._awaited[link.did] = self._desk.now
            if len(self._awaited) > AWAITED:
                del self._awaited[next(iter(self._awaited))]
