"""A market of peers who serve one another: how well does a trust model steer the honest ones?

A round is a day. In each every peer asks for one service, is offered OFFERS providers drawn by lot, and takes
the one that its model expects most of; the service turns out good or bad. At the end of the day everybody
says what it expects of whom it has dealt with, (good − bad) / (good + bad + 2), as Beta reputation has it;
attackers say what suits them, with or without having dealt. Everybody hears everything.

Effectiveness is the share of good services among those that honest peers received. It is held against the
ceiling, the same market with an oracle that knows every chance, and the floor, a blind choice. Requests,
offers and luck come from the seed alone: whatever the model, the same service by the same peer turns out the
same, and a larger share of attackers includes the smaller one.
"""

from __future__ import annotations

from random import Random

import numpy as np

from trustcli.models.arrays import load, ratings
from trustcli.simulate.behaviours import BEHAVIOURS, Peer
from trustcli.timing import DAY
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trustcli.models.arrays import Floats, Ratings
    from trustcli.simulate.behaviours import Behaviour

CEILING, BLIND = "ceiling", "blind"
"""Not models: an oracle that knows the truth, and a choice by lot."""


class Plan(NamedTuple):
    """A market.

    Attributes:
        offers: providers that each request can choose from.
        warm_up: first rounds, which are not counted.
    """

    peers: int = 40
    rounds: int = 40
    offers: int = 8
    seed: int = 1
    warm_up: int = 0


class Request(NamedTuple):
    """Who asks, whom it may choose (in an order drawn by lot), and the luck 0..1 of the service."""

    consumer: int
    offers: list[int]
    luck: float


class Row(NamedTuple):
    """What one model did against one behaviour at one share of attackers.

    Attributes:
        effectiveness: share of good services among those that honest peers received.
        ceiling, floor: the same for the oracle, and for a choice by lot.
        of_ceiling: effectiveness / ceiling.
        gain: what attackers got of honest peers' business, over what a choice by lot would have
            given them; 1 means that nobody is kept off, None that there are no attackers.
        seconds: that the model took.
    """

    behaviour: str
    model: str
    share: float
    effectiveness: float
    ceiling: float
    floor: float
    of_ceiling: float
    gain: float | None
    seconds: float


class Tally(NamedTuple):
    """What honest peers received: services, good ones, those by attackers, and seconds spent choosing."""

    services: int
    good: int
    captured: int
    seconds: float

    @property
    def effectiveness(self) -> float:
        """The share of good services."""
        return self.good / self.services if self.services else 0.0


class Market:
    """One market as it goes on."""

    def __init__(self, plan: Plan, behaviour: Behaviour, share: float) -> None:
        self._plan = plan
        dice = Random(f"peers {plan.seed}")  # noqa: S311  a run to be repeated
        bad = set(dice.sample(range(plan.peers), plan.peers)[: round(share * plan.peers)])
        self.peers = [
            (behaviour.make if slot in bad else Peer)(slot, Random(f"peer {plan.seed} {slot}"))  # noqa: S311
            for slot in range(plan.peers)
        ]
        self._keys = plan.peers
        self._helpers = [(self._new_key(), slot) for slot in sorted(bad) for _ in range(behaviour.helpers)]
        self._dealt: dict[tuple[int, int], list[int]] = {}  # (rater, subject) → good, bad, day
        self._claimed: dict[tuple[int, int], tuple[float, int]] = {}

    def _new_key(self) -> int:
        self._keys += 1
        return self._keys - 1

    def serve(self, consumer: Peer, provider: Peer, luck: float, day: int) -> bool:
        """Render one service; the consumer remembers it as it will tell it. Return whether it was good."""
        good = luck < provider.quality()
        provider.served += 1
        entry = self._dealt.setdefault((consumer.key, provider.key), [0, 0, 0])
        entry[0 if consumer.report(good) else 1] += 1
        entry[2] = day
        return good

    def close(self, day: int) -> None:
        """End a day: attackers make their claims, and burnt ones come back under new keys."""
        for peer in self.peers:
            if peer.leaves():
                peer.key, peer.served = self._new_key(), 0
        honest = [peer.key for peer in self.peers if peer.honest]
        mates = [peer.key for peer in self.peers if not peer.honest]
        speakers = [(peer.key, peer) for peer in self.peers if peer.vouches]
        speakers += [(key, self.peers[slot]) for key, slot in self._helpers]
        for key, peer in speakers:
            for subject, value in peer.claims(honest, mates):
                if subject != key:
                    self._claimed[key, subject] = value, day

    def own(self, rater: int, subject: int) -> float:
        """Return what a key expects of another by its own dealings alone, −1..1."""
        good, bad, _ = self._dealt.get((rater, subject), (0, 0, 0))
        return (good - bad) / (good + bad + 2)

    def said(self) -> Ratings:
        """Return what everybody says, one rating a pair."""
        rows = {pair: (self.own(*pair), day) for pair, (_, _, day) in self._dealt.items()}
        rows.update(self._claimed)
        pairs = np.array(list(rows), dtype=np.int64).reshape(-1, 2)
        value, day = (np.array(list(rows.values())).reshape(-1, 2)).T
        return ratings(pairs[:, 0], pairs[:, 1], value, (day * DAY).astype(np.int64), self._keys)


if TYPE_CHECKING:
    Choose = Callable[[Market, Sequence[Request]], Floats]


def by_model(name: str) -> Choose:
    """Return what a model expects of each offer, shape (requests, offers); unknown counts as the mean.

    Raises:
        UsageError: no such model.
    """
    model = load(name)

    def expect(market: Market, requests: Sequence[Request]) -> Floats:
        said = market.said()
        offers = np.array([[market.peers[slot].key for slot in request.offers] for request in requests])
        if not len(said.value):
            return np.zeros(offers.shape)
        consumers = np.array([market.peers[request.consumer].key for request in requests])
        raters = np.repeat(consumers, offers.shape[1])
        found = model.fit(said).predict(raters, offers.ravel()).reshape(offers.shape)
        return np.where(np.isnan(found), said.value.mean(), found)

    return expect


def alone(market: Market, requests: Sequence[Request]) -> Floats:
    """Return what each consumer expects by its own dealings, 0 where it has none."""
    return np.array(
        [
            [market.own(market.peers[request.consumer].key, market.peers[slot].key) for slot in request.offers]
            for request in requests
        ]
    )


def oracle(market: Market, requests: Sequence[Request]) -> Floats:
    """Return the true chance of each offer."""
    return np.array([[market.peers[slot].quality() for slot in request.offers] for request in requests])


def blind(market: Market, requests: Sequence[Request]) -> Floats:
    """Return the same for every offer: their order, which is by lot, decides."""
    return np.zeros((len(requests), len(requests[0].offers)))


def requests(plan: Plan) -> Iterator[list[Request]]:
    """Yield the requests of each day: every peer's one, the same whoever chooses how."""
    dice = Random(f"requests {plan.seed}")  # noqa: S311
    for _ in range(plan.rounds):
        day = []
        for consumer in range(plan.peers):
            others = [slot for slot in range(plan.peers) if slot != consumer]
            day.append(Request(consumer, dice.sample(others, min(plan.offers, len(others))), dice.random()))
        yield day


def run(plan: Plan, behaviour: Behaviour, share: float, choose: Choose, clock: Callable[[], float]) -> Tally:
    """Run one market; `clock` in seconds, from any moment on."""
    market = Market(plan, behaviour, share)
    market.close(0)
    services = good = captured = 0
    seconds = 0.0
    for day, asked in enumerate(requests(plan), 1):
        start = clock()
        chosen = np.argmax(np.round(choose(market, asked), 12), axis=1).tolist()
        seconds += clock() - start
        for request, place in zip(asked, chosen, strict=True):
            consumer, provider = market.peers[request.consumer], market.peers[request.offers[place]]
            fine = market.serve(consumer, provider, request.luck, day)
            if consumer.honest and day > plan.warm_up:
                services += 1
                good += fine
                captured += not provider.honest
        market.close(day)
    return Tally(services, good, captured, seconds)


def measure(
    plan: Plan,
    names: Sequence[str],
    models: Sequence[str],
    shares: Sequence[float],
    clock: Callable[[], float],
) -> Iterator[Row]:
    """Yield a row for each behaviour, share and model, in that order.

    Raises:
        UsageError: no such model.
    """
    choosers = {name: by_model(name) for name in models}
    for name in names:
        behaviour = BEHAVIOURS[name]
        for share in shares:
            best = run(plan, behaviour, share, oracle, clock)
            worst = run(plan, behaviour, share, blind, clock)
            for model, choose in choosers.items():
                yield _row(name, model, share, run(plan, behaviour, share, choose, clock), best, worst)


def _row(name: str, model: str, share: float, found: Tally, best: Tally, worst: Tally) -> Row:
    by_lot = worst.captured / max(worst.services, 1)
    gain = found.captured / max(found.services, 1) / by_lot if by_lot else None
    return Row(
        name,
        model,
        share,
        found.effectiveness,
        best.effectiveness,
        worst.effectiveness,
        found.effectiveness / best.effectiveness if best.effectiveness else 0.0,
        gain,
        found.seconds,
    )
