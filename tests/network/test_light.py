"""A light node: it asks for what its subjects need, and then answers as a full node would."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.homes import Home
from tests.network_of_raters import DAY, ME, NOW, did_of, rating, revocation, rotation, sealed
from trustcli.errors import PeerFault
from trustcli.ledger.private import Peer
from trustcli.node.asking import Inquiry
from trustcli.sync.exchange import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trustcli.records.envelope import Record

CATEGORIES = ("overall", "honesty")


class Town:
    """A random network of raters: some rotate keys, take ratings back, lose keys, or pass ratings on."""

    def __init__(self, seed: int, people: int = 14, statements: int = 90) -> None:
        self.dice = random.Random(seed)
        self.people = [ME, *(f"person {number}" for number in range(people))]
        self.subjects = ["agent:one", "agent:two", *self.people[1:4]]
        self.records: list[Record] = []
        self.bridges = self.people[-2:]
        for _ in range(statements):
            self._state()
        self._turn_keys()

    def _when(self) -> int:
        return NOW - self.dice.randrange(200 * DAY)

    def _state(self) -> None:
        dice = self.dice
        rater = ME if dice.random() < 0.15 else dice.choice(self.people)
        subject = dice.choice([*self.subjects, *self.people, "otc:7"])
        if subject == rater:
            return
        more: dict[str, Any] = {"at": self._when()}
        if dice.random() < 0.1:
            more["expires"] = NOW + dice.choice((-DAY, DAY))
        if rater in self.bridges and dice.random() < 0.7:
            more["source"] = "otc:8" if subject == "otc:7" else "otc:7"
        found = rating(rater, subject, dice.randrange(10, 51) / 10, dice.choice(CATEGORIES), **more)
        self.records.append(found)
        if dice.random() < 0.1:
            self.records.append(revocation(rater, found, found.created + 1_000))
        if dice.random() < 0.05:
            self.records.append(revocation(dice.choice(self.people), found, found.created + 1_000))

    def _turn_keys(self) -> None:
        """Rotate some keys, which then rate on; contradict, retire, compromise, close a circle."""
        dice = self.dice
        for old in dice.sample(self.people, 4):
            new = f"{old}, later"
            self.records += rotation(old, new, self._when())
            self.people.append(new)
        for _ in range(20):
            self._state()
        one, other, third = dice.sample(self.people, 3)
        self.records += rotation(one, other, self._when())
        if dice.random() < 0.3:
            self.records += rotation(other, one, self._when())
        self.records.append(sealed(third, "key", {"action": "retire"}, self._when()))
        thief = dice.choice(self.people[1:])
        since = self._when()
        self.records.append(sealed(thief, "key", {"action": "compromised", "since": since}, NOW - DAY))


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Any]:
    """Return what makes homes, and close them in the end."""
    made: list[Home] = []

    def make(directory: str, owner: str = ME, **settings: Any) -> Home:
        made.append(Home(tmp_path / directory, owner, **settings))
        return made[-1]

    yield make
    for home in made:
        home.close()


def _judge(home: Home, subject: str, **how: Any) -> tuple[object, ...]:
    """Return all that a home says of a subject, in names instead of numbers."""
    inquiry = Inquiry(home.node, viewpoint=did_of(ME), **how)
    name = inquiry.reader.name
    answer = inquiry.about(inquiry.book.get(did_of(subject))).answer
    assert answer is not None
    terms = [
        (name(term.rater), tuple(map(name, term.path)), term.stars, term.weight, term.newest)
        for term in answer.terms
    ]
    ignored = sorted((name(one.rater), one.because) for one in answer.ignored)
    return (name(answer.score.subject), *answer.score[1:]), terms, ignored


def _keep_private(home: Home, town: Town) -> None:
    """Give a home the private data of the owner: a private rating, weights, a block."""
    dice = random.Random(town.subjects[2] + str(len(town.records)))
    private = home.node.ledger.private
    hidden = rating(ME, dice.choice(town.people[1:]), 5, "overall", NOW - DAY)
    private.add_rating(hidden.author, NOW - DAY, NOW - DAY, hidden.body, hidden.line)
    weighted, blocked = dice.sample(town.people[1:], 2)
    private.save(Peer("weighted", did_of(weighted), 0.7, False, None, NOW))
    private.save(Peer("blocked", did_of(blocked), None, True, None, NOW))


def test_a_light_node_answers_as_a_full_one(homes: Any, slow: bool) -> None:
    """For its subjects, by every model that looks backwards: scores, terms, reasons, equal to the bit."""
    known = 0
    for seed in range(200 if slow else 12):
        town = Town(seed)
        hub, full, light = homes(f"{seed}/hub", "hub"), homes(f"{seed}/full"), homes(f"{seed}/light")
        hub.hear(*town.records)
        full.hear(*town.records)
        subjects = town.dice.sample(town.subjects, 2)
        _keep_private(full, town)
        _keep_private(light, town)
        report = light.sync(hub, subjects=tuple(map(did_of, subjects)))
        assert report.peers[0].problem is None
        for subject in subjects:
            for model in ("beta", "stars"):
                for category in (None, *CATEGORIES):
                    for as_of in (None, NOW - 100 * DAY):
                        how = {"model": model, "category": category, "as_of": as_of}
                        expected = _judge(full, subject, **how)
                        assert _judge(light, subject, **how) == expected, (seed, subject, how)
                        known += expected[0][1] is not None  # type: ignore[index]
    assert known > 60


def test_a_light_node_keeps_little(homes: Any) -> None:
    """What is not needed to judge its subjects does not come: strangers rating strangers."""
    hub, light = homes("hub", "hub"), homes("light")
    hub.rate("agent:x", by="carol")
    hub.rate("carol", by="me")
    for number in range(50):
        hub.rate(f"agent:{number}", by="somebody")
    light.sync(hub, subjects=("agent:x",))
    assert len(light.ids()) == 2
    assert _judge(light, "agent:x") == _judge(hub, "agent:x")


def test_bridges_are_asked_about(homes: Any) -> None:
    """A rating that a bridge passes on counts by the own trust in the bridge, which nothing else leads to."""
    hub, light = homes("hub", "hub"), homes("light")
    hub.rate("agent:x", by="bridge", source="otc:7")
    hub.rate("otc:7", by="me")
    hub.rate("bridge", 3, by="me")
    light.sync(hub, subjects=("agent:x",))
    judged = _judge(light, "agent:x", category="overall")
    assert len(judged[1]) == 1  # type: ignore[arg-type]
    assert judged == _judge(hub, "agent:x", category="overall")


def test_own_keys_are_asked_about(homes: Any) -> None:
    """A private rating ends with its key, too: what was said of one's own key elsewhere must be known."""
    hub, light = homes("hub", "hub"), homes("light")
    hidden = rating(ME, "agent:x", 5, at=NOW - DAY)
    light.node.ledger.private.add_rating(hidden.author, NOW - DAY, NOW - DAY, hidden.body, hidden.line)
    hub.rate("agent:x", by="carol")
    hub.hear(sealed(ME, "key", {"action": "compromised", "since": NOW - 2 * DAY}, NOW - DAY))
    light.sync(hub, subjects=("agent:x",))
    _, _, ignored = _judge(light, "agent:x")
    assert (did_of(ME), "compromised") in ignored  # type: ignore[operator]


def test_two_full_nodes_together_know_more(homes: Any) -> None:
    """What one peer keeps back another brings; a name that one brings up is asked of the other."""
    one, other, light = homes("one", "one"), homes("other", "other"), homes("light")
    one.rate("agent:x", by="carol")  # knows who rates the subject
    other.rate("carol", by="dora")  # knows who rates that rater
    one.rate("dora", by="me")
    light.sync(other, one, subjects=("agent:x",))
    assert light.ids() == one.ids() | other.ids()


def test_what_is_here_leads_on_too(homes: Any) -> None:
    """An own rating that no peer has is followed like theirs."""
    hub, light = homes("hub", "hub"), homes("light")
    light.rate("agent:x", by="carol")
    hub.rate("carol", by="me")
    light.sync(hub, subjects=("agent:x",))
    assert hub.ids() <= light.ids()


def test_a_light_node_offers_its_own_records_only(homes: Any) -> None:
    """What its key signed goes to the full nodes, once; what others sent it does not."""
    hub, other, light = homes("hub", "hub"), homes("other", "other"), homes("light")
    other.rate("agent:x", by="carol")
    own = light.rate("agent:x", 2)
    light.sync(other, subjects=("agent:x",))
    report = light.sync(hub, subjects=("agent:x",))
    assert report.peers[0].outcome.given == 1
    assert hub.ids() == {own.id}
    hub.requests()
    light.sync(hub, subjects=("agent:x",))
    assert "Offer" not in hub.requests()


def test_forged_records_do_not_come_in(homes: Any) -> None:
    """A full node that changes a rating on its way is found out; what it sent unchanged is kept."""
    hub, light = homes("hub", "hub"), homes("light")
    kept = hub.rate("agent:x", 4, by="carol")
    forged = hub.rate("agent:x", 1, by="dora")

    def lie(_: object, answer: Any) -> Any:
        if not isinstance(answer, Page):
            return answer
        lines = tuple(
            line.replace(b'"value":10', b'"value":50') if forged.author.encode() in line else line
            for line in answer.lines
        )
        return answer._replace(lines=lines)

    hub.answer = lie
    report = light.sync(hub, subjects=("agent:x",))
    assert light.ids() == {kept.id}
    assert [one.code for one in report.peers[0].outcome.refused] == ["bad_signature"]


def test_an_answer_about_somebody_else(homes: Any) -> None:
    """A peer cannot fill a light node with ratings that it did not ask for."""
    hub, light = homes("hub", "hub"), homes("light")
    other = rating("carol", "agent:other", 5)
    hub.rate("agent:x", by="carol")

    def lie(_: object, answer: Any) -> Any:
        return answer._replace(lines=(other.line,)) if isinstance(answer, Page) else answer

    hub.answer = lie
    report = light.sync(hub, subjects=("agent:x",))
    assert isinstance(report.peers[0].problem, PeerFault)
    assert light.ids() == set()
