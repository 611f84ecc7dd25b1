"""How peers of a market behave: one class a behaviour, what it serves, what it says, when it leaves.

A peer is provider and consumer under one key. `Peer` is honest; an attacker changes what it lies about.
Chances are drawn as in the QTM simulator (West, Kannan, Lee, Sokolsky 2010): honest peers serve well with a
chance of U[.9, 1], bad ones with U[0, .1], disguised ones do both their duties with U[.5, 1].
"""

# ruff: noqa: ARG002, D102  attackers override what Peer documents, and need not all that they are told

from __future__ import annotations

from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

PRAISE, BLAME = 1.0, -1.0
LOYAL = 10  # services that a traitor renders well
CAMOUFLAGE = 0.7  # chance of good service behind which bad ones hide
BURNT = 3  # bad services after which a whitewasher throws its key away
HELPERS = 4  # keys that never serve, for each serving key of a Sybil


class Peer:
    """An honest peer.

    Attributes:
        key: under which it is known; changes when it rejoins.
        served: services rendered under this key.
        good: chance 0..1 that it serves well.
    """

    honest = True

    def __init__(self, key: int, dice: Random) -> None:
        self.key = key
        self.served = 0
        self.good = self._draw(dice)
        self.dice = dice

    def _draw(self, dice: Random) -> float:
        return dice.uniform(0.9, 1.0)

    def quality(self) -> float:
        """Return the chance 0..1 that the next service is good."""
        return self.good

    def report(self, good: bool) -> bool | None:
        """Return what it says of a service it received; None for nothing."""
        return good

    def claims(self, honest: Sequence[int], mates: Sequence[int]) -> list[tuple[int, float]]:
        """Return what it says of keys without having dealt with them: (key, value −1..1).

        It may be among `mates`, or `honest`, itself: of oneself nobody can say anything.
        """
        return []

    def leaves(self) -> bool:
        """Say whether it throws its key away and comes back under a new one."""
        return False


class Provider(Peer):
    """Serves badly and tells the truth."""

    honest = False

    def _draw(self, dice: Random) -> float:
        return dice.uniform(0.0, 0.1)


class Purely(Provider):
    """Serves badly and says the opposite of what happened."""

    def report(self, good: bool) -> bool | None:
        return not good


class Skewing(Purely):
    """Serves well and says the opposite of what happened."""

    def _draw(self, dice: Random) -> float:
        return dice.uniform(0.9, 1.0)


class Disguised(Peer):
    """Serves well and tells the truth more often than not."""

    honest = False

    def _draw(self, dice: Random) -> float:
        self._truth = dice.uniform(0.5, 1.0)
        return dice.uniform(0.5, 1.0)

    def report(self, good: bool) -> bool | None:
        return good if self.dice.random() < self._truth else not good


class Clique(Provider):
    """Serves badly, praises its mates, and tells the truth of others so as to be believed."""

    def claims(self, honest: Sequence[int], mates: Sequence[int]) -> list[tuple[int, float]]:
        return [(mate, PRAISE) for mate in mates]


class Camouflage(Clique):
    """A clique that mostly serves well."""

    def _draw(self, dice: Random) -> float:
        return CAMOUFLAGE


class Slander(Provider):
    """Serves badly, blames every honest peer, and is silent about its mates."""

    def report(self, good: bool) -> bool | None:
        return None

    def claims(self, honest: Sequence[int], mates: Sequence[int]) -> list[tuple[int, float]]:
        return [(key, BLAME) for key in honest]


class Traitor(Purely):
    """Serves well and tells the truth until it is known, then neither."""

    def quality(self) -> float:
        return 1.0 if self.served < LOYAL else self.good

    def report(self, good: bool) -> bool | None:
        return good if self.served < LOYAL else not good


class Whitewash(Purely):
    """Purely malicious under a new name as soon as the old one is worth nothing."""

    def leaves(self) -> bool:
        return self.served >= BURNT


class Behaviour(NamedTuple):
    """A way to attack a market.

    Attributes:
        helpers: keys that serve nobody, for each that does; they do as its claims do.
    """

    title: str
    make: Callable[[int, Random], Peer]
    helpers: int = 0


BEHAVIOURS = {
    "purely": Behaviour("purely malicious: bad service, and lies about everybody", Purely),
    "feedback": Behaviour("feedback skewing: good service, and lies about everybody", Skewing),
    "provider": Behaviour("malicious provider: bad service, true feedback", Provider),
    "disguised": Behaviour(
        "disguised: good service and true feedback, each half to all of the time", Disguised
    ),
    "sybil": Behaviour(f"Sybil: bad service, praised by {HELPERS} more keys a server", Clique, HELPERS),
    "camouflage": Behaviour(
        "camouflage: good service 70 % of the time, and praise for one another", Camouflage
    ),
    "traitor": Behaviour(f"traitor: good for {LOYAL} services, then purely malicious", Traitor),
    "whitewash": Behaviour(f"whitewash: purely malicious, and a new key after {BURNT} services", Whitewash),
    "clique": Behaviour("ballot stuffing: bad service, praise for one another, true feedback else", Clique),
    "slander": Behaviour(
        "slander: bad service, blame for every honest peer, and no word on its mates", Slander
    ),
}
