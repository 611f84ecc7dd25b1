"""A market of peers who serve one another: how well does a trust model steer the honest ones?

A round is a day. In each every peer asks for one service, is offered some providers drawn by lot, and takes
the one that its model expects most of; the service turns out good or bad. At the end of the day everybody
says what it expects of whom it has dealt with (simulate/choosing.py); attackers say what suits them, with or
without having dealt. Everybody hears everything.

Effectiveness is the share of good services among those that honest peers received. It is held against the
ceiling, the same market with an oracle that knows every chance as it is when it chooses, a traitor's turn and
a newcomer's nature with it, which nobody can know; and the floor, a choice by lot. Between them is what one
does who is told who lies. The size is what the QTM simulator generates (West, Kannan, Lee, Sokolsky 2010): 25
users, 10,000 transactions, so 400 a user, 4 sources each, and 5 pre-trusted users. Requests, offers and luck
come from the seed alone: whatever the model, the same service by the same peer turns out the same, and a
larger share of attackers includes the smaller one.
"""

from __future__ import annotations

from random import Random

from trustcli.simulate.behaviours import BEHAVIOURS, Peer
from trustcli.simulate.choosing import ALONE, BLIND, CEILING, INFORMED, REFERENCES, Dealings, chooser
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from trustcli.simulate.behaviours import Behaviour
    from trustcli.simulate.choosing import Chooser

    Clock = Callable[[], float]


class Plan(NamedTuple):
    """A market, run `seeds` times, from `seed` on.

    Attributes:
        offers: providers that each request can choose from; in a trace of QTM's own generator 3.9 hold the
            file that is asked for, on the mean of 10,000 transactions (half of all requests have 3 or fewer).
        warm_up: first rounds, which are not counted.
        pre_trusted: honest peers, or as many as there are, that everybody trusts from the start.
    """

    peers: int = 25
    rounds: int = 400
    offers: int = 4
    seed: int = 1
    seeds: int = 1
    warm_up: int = 0
    pre_trusted: int = 5


class Request(NamedTuple):
    """Who asks, whom it may choose (in an order drawn by lot), and the luck 0..1 of the service."""

    consumer: int
    offers: list[int]
    luck: float


class Tally(NamedTuple):
    """What honest peers received: services, good ones, those by attackers; and the seconds choosing took."""

    services: int
    good: int
    captured: int
    seconds: float

    @property
    def effectiveness(self) -> float:
        """The share of good services."""
        return self.good / max(self.services, 1)


class Row(NamedTuple):
    """What one model did against one behaviour at one share of attackers.

    Attributes:
        effectiveness: share of good services among those that honest peers received.
        ceiling, informed, alone, floor: the same for the oracle, for one told who lies, for one's own
            dealings only, and by lot.
        of_ceiling: effectiveness / ceiling.
        gain: the share of honest peers' business that attackers took, over what a choice by lot would
            have given them: 1 means that nobody is kept off, None that there are no attackers.
        seconds: that the model took.
    """

    behaviour: str
    model: str
    share: float
    effectiveness: float
    ceiling: float
    informed: float
    alone: float
    floor: float
    of_ceiling: float
    gain: float | None
    seconds: float


class Market:
    """One market as it goes on: slots 0..peers−1, each with a peer and the key it uses now."""

    def __init__(self, plan: Plan, behaviour: Behaviour, share: float) -> None:
        dice = Random(f"peers {plan.seed}")  # noqa: S311  a run to be repeated
        order = dice.sample(range(plan.peers), plan.peers)
        bad = set(order[: round(share * plan.peers)])
        self.keys = 0
        self.peers = [
            (behaviour.make if slot in bad else Peer)(self._key(), Random(f"peer {plan.seed} {slot}"))  # noqa: S311
            for slot in range(plan.peers)
        ]
        known = [slot for slot in reversed(order) if slot not in bad][: plan.pre_trusted]
        self.dealings = Dealings(map(self.key, range(plan.peers)), {self.key(slot) for slot in known})
        self._helpers = [(self._key(), slot) for slot in sorted(bad) for _ in range(behaviour.helpers)]
        self.close(0)

    def _key(self) -> int:
        self.keys += 1
        return self.keys - 1

    def key(self, slot: int) -> int:
        """Return the key a slot uses now."""
        return self.peers[slot].key

    def chance(self, slot: int) -> float:
        """Return the true chance of good service."""
        return self.peers[slot].quality()

    def truthful(self) -> set[int]:
        """Return the keys of honest peers."""
        return {peer.key for peer in self.peers if peer.honest}

    def serve(self, request: Request, slot: int, day: int) -> bool:
        """Let a slot serve a request, and the consumer tell of it; return whether it was good."""
        consumer, provider = self.peers[request.consumer], self.peers[slot]
        good = request.luck < provider.quality()
        provider.served += 1
        told = consumer.report(good)
        if told is not None:
            self.dealings.tell(consumer.key, provider.key, told, day)
        return good

    def close(self, day: int) -> None:
        """End a day: burnt attackers come back under new keys, and all make their claims."""
        for peer in self.peers:
            if peer.leaves():
                peer.key, peer.served = self._key(), 0
        honest = [peer.key for peer in self.peers if peer.honest]
        mates = [peer.key for peer in self.peers if not peer.honest]
        speakers = [(peer.key, peer) for peer in self.peers]
        speakers += [(key, self.peers[slot]) for key, slot in self._helpers]
        for key, peer in speakers:
            for subject, value in peer.claims(honest, mates):
                if subject != key:
                    self.dealings.claim(key, subject, value, day)


def requests(plan: Plan) -> Iterator[list[Request]]:
    """Yield the requests of each day, one of every peer: the same whoever chooses how."""
    dice = Random(f"requests {plan.seed}")  # noqa: S311
    for _ in range(plan.rounds):
        yield [_request(plan, slot, dice) for slot in range(plan.peers)]


def _request(plan: Plan, consumer: int, dice: Random) -> Request:
    others = [slot for slot in range(plan.peers) if slot != consumer]
    return Request(consumer, dice.sample(others, min(plan.offers, len(others))), dice.random())


def run(plan: Plan, behaviour: Behaviour, share: float, chooses: Chooser, clock: Clock) -> Tally:
    """Run one market of `plan.seed`; `clock` in seconds, from any moment on."""
    market = Market(plan, behaviour, share)
    services = good = captured = 0
    seconds = 0.0
    for day, asked in enumerate(requests(plan), 1):
        start = clock()
        chooses.learn(market, market.dealings.said(market.keys))
        chosen = [chooses.choose(market, request.consumer, request.offers) for request in asked]
        seconds += clock() - start
        for request, slot in zip(asked, chosen, strict=True):
            key = market.key(slot)
            fine = market.serve(request, slot, day)
            chooses.served(key, fine)
            if market.peers[request.consumer].honest and day > plan.warm_up:
                services += 1
                good += fine
                captured += not market.peers[slot].honest
        market.close(day)
    return Tally(services, good, captured, seconds)


def measure(
    plan: Plan, names: Iterable[str], models: Sequence[str], shares: Sequence[float], clock: Clock
) -> Iterator[Row]:
    """Yield a row for each behaviour, share and model, in that order.

    Raises:
        UsageError: no such model.
    """
    choosers = {name: chooser(name) for name in dict.fromkeys((*REFERENCES, *models))}
    for name in names:
        for share in shares:
            found = {
                model: total(
                    run(plan._replace(seed=plan.seed + number), BEHAVIOURS[name], share, chooses, clock)
                    for number in range(plan.seeds)
                )
                for model, chooses in choosers.items()
            }
            yield from (row(name, model, share, found) for model in models)


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    services, good, captured, seconds = zip(*tallies, strict=True)
    return Tally(sum(services), sum(good), sum(captured), sum(seconds))


def row(behaviour: str, model: str, share: float, found: dict[str, Tally]) -> Row:
    """Return the row of a model beside what the oracle, one's own dealings and the lot achieve."""
    mine, best, worst = found[model], found[CEILING], found[BLIND]
    by_lot = worst.captured / max(worst.services, 1)
    return Row(
        behaviour,
        model,
        share,
        mine.effectiveness,
        best.effectiveness,
        found[INFORMED].effectiveness,
        found[ALONE].effectiveness,
        worst.effectiveness,
        mine.effectiveness / best.effectiveness if best.good else 1.0,
        mine.captured / max(mine.services, 1) / by_lot if by_lot else None,
        mine.seconds,
    )
