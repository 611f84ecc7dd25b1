"""Who holds what: records verified of late with the peers that hold them, and what peers only say they hold.

A link is one bit of a mask, so that one look at a record answers for all links. A claim is the id of a
record that is not here: its holders announced it, and are asked for it when it does not come by itself.
"""

from __future__ import annotations

from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trustcli.mesh.link import Link

VERIFIED = 32_768  # ids of records that were verified last: half a minute at full speed, 6 MB
CLAIMS = 4_096  # ids not here that one link may be the first to announce: four seconds at full speed


class Claim:
    """Who says that they hold a record, who of them was asked, and when to ask (again); Unix ms."""

    __slots__ = ("asked", "by", "due", "link")

    def __init__(self, link: Link, due: int) -> None:
        self.link, self.by, self.asked, self.due = link, link.bit, 0, due


class Holders:
    """The table of one node. Ids have 32 bytes."""

    def __init__(self, size: int = VERIFIED) -> None:
        self._size = size
        self._held: dict[bytes, int] = {}
        self._claims: dict[bytes, Claim] = {}

    def __contains__(self, id_: bytes) -> bool:
        return id_ in self._held

    def of(self, id_: bytes) -> int:
        """Return the mask of the links whose peers hold a verified record."""
        return self._held.get(id_, 0)

    def lacking(self, ids: Iterable[bytes], bit: int) -> list[bytes]:
        """Return those of the ids whose records a peer is not known to hold."""
        held = self._held.get
        return [id_ for id_ in ids if not (held(id_) or 0) & bit]

    def add(self, id_: bytes, mask: int = 0) -> bool:
        """Note that a record was verified and who holds it; say whether that is new."""
        claim = self._claims.pop(id_, None)
        if claim:
            claim.link.claims -= 1
            mask |= claim.by
        before = self._held.get(id_)
        self._held[id_] = mask | (before or 0)
        if len(self._held) > self._size:
            for old in list(islice(self._held, self._size // 8)):  # one by one costs a walk each
                del self._held[old]
        return before is None

    def hold(self, id_: bytes, link: Link) -> bool:
        """Note that a peer holds a record, if that was verified here; say whether it was."""
        mask = self._held.get(id_)
        if mask is None:
            return False
        self._held[id_] = mask | link.bit
        return True

    def claim(self, ids: Iterable[bytes], link: Link, due: int) -> None:
        """Note that a peer says it holds these; what is not here may be asked for from `due` on."""
        for id_ in ids:
            if self.hold(id_, link):
                continue
            claim = self._claims.get(id_)
            if claim:
                claim.by |= link.bit
            elif link.claims < CLAIMS:
                self._claims[id_] = Claim(link, due)
                link.claims += 1

    def due(self, now: int) -> list[tuple[bytes, Claim]]:
        """Return the claims that are due, the oldest first."""
        found = list[tuple[bytes, Claim]]()
        for id_, claim in self._claims.items():
            if claim.due > now:
                break
            found.append((id_, claim))
        return found

    def next_due(self) -> int | None:
        """Return when the next claim is due, None without any."""
        return next((claim.due for claim in self._claims.values()), None)

    def later(self, id_: bytes, claim: Claim, due: int) -> None:
        """Let a claim be due again, after all others."""
        del self._claims[id_]
        claim.due = due
        self._claims[id_] = claim

    def drop(self, id_: bytes) -> None:
        """Forget a claim: nobody who made it gave the record."""
        self._claims.pop(id_).link.claims -= 1

    def leave(self, link: Link) -> None:
        """Forget what a peer holds: its bit goes to another link."""
        keep = ~link.bit
        for id_, mask in self._held.items():
            if mask & link.bit:
                self._held[id_] = mask & keep
        for claim in self._claims.values():
            claim.by &= keep
            claim.asked &= keep
