"""QTM traces replayed: peers who exchange files, some of them corrupt, chosen by a trust model.

The trace format is that of the QTM simulator (West, Kannan, Lee, Sokolsky, "QTM: An Evaluation of
Quantitative Trust Management", 2010): a header of `number name` lines, then three blocks parted by blank
lines: users `(clean-up, honesty, kind, pre-trusted)`, their libraries `(user, file, valid)`, and transactions
`(user, file)`. The rules are those of the paper without its limits on bandwidth: a user chooses among all
who hold the file, gets a copy as good as the original, keeps it, and weeds out a corrupt one with its
clean-up chance; it tells the truth with its honesty chance, and of Sybil users nothing is recorded. Good
users choose whom they expect most of, malicious ones the worst (kinds 1, 3 and 5) or anybody (2 and 4).
"""

from __future__ import annotations

from random import Random

from trustcli.errors import BadInput
from trustcli.safe import shown
from trustcli.simulate.choosing import REFERENCES, Dealings, chooser
from trustcli.simulate.market import Tally, row
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trustcli.simulate.choosing import Chooser
    from trustcli.simulate.market import Clock, Row

GOOD, PURELY, FEEDBACK, PROVIDER, DISGUISED, SYBIL = range(6)
_WORST, _ANYBODY = (PURELY, PROVIDER, SYBIL), (FEEDBACK, DISGUISED)
HEADER = 16  # lines before the first blank one
MOST_USERS = 10_000  # everybody's word on everybody has to fit in memory


class User(NamedTuple):
    """A user: the chance that it weeds out a corrupt file, that it tells the truth, and its kind."""

    clean_up: float
    honesty: float
    kind: int
    pre_trusted: bool = False


class Trace(NamedTuple):
    """What a trace file holds."""

    users: list[User]
    library: list[tuple[int, int, bool]]
    transactions: list[tuple[int, int]]

    @property
    def malicious(self) -> float:
        """The share of users that are not good."""
        return sum(user.kind != GOOD for user in self.users) / len(self.users)


def read(lines: Iterable[str]) -> Trace:
    """Return the trace of its lines.

    Raises:
        BadInput: a line is none of a trace; it names the line.
    """
    blocks: list[list[tuple[int, list[str]]]] = [[]]
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            blocks.append([])
        else:
            blocks[-1].append((number, text.strip("()").split(",")))
    if len(blocks) < 4 or len(blocks[0]) != HEADER or not blocks[1]:
        raise BadInput("not a QTM trace", hint=f"{HEADER} header lines, users, libraries, transactions")
    users = [_parsed(number, cells, _user) for number, cells in blocks[1]]
    if len(users) > MOST_USERS:
        raise BadInput(f"a trace has at most {MOST_USERS} users, not {len(users)}")
    known = range(len(users))
    library = [_parsed(number, cells, _copy) for number, cells in blocks[2]]
    transactions = [_parsed(number, cells, _transaction) for number, cells in blocks[3]]
    if any(user not in known for user, *_ in (*library, *transactions)):
        raise BadInput("a trace names a user that it does not have")
    return Trace(users, library, transactions)


if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


def _parsed(number: int, cells: list[str], parse: Callable[[list[str]], T]) -> T:
    try:
        return parse(cells)
    except ValueError:
        raise BadInput(f"line {number} is none of a QTM trace: {shown(','.join(cells))}") from None


def _user(cells: list[str]) -> User:
    clean_up, honesty, kind, pre_trusted = cells
    user = User(float(clean_up), float(honesty), int(kind), _truth(pre_trusted))
    if not (0 <= user.clean_up <= 1 and 0 <= user.honesty <= 1 and GOOD <= user.kind <= SYBIL):
        raise ValueError("out of range")
    return user


def _copy(cells: list[str]) -> tuple[int, int, bool]:
    user, file, valid = cells
    return int(user), int(file), _truth(valid)


def _transaction(cells: list[str]) -> tuple[int, int]:
    user, file = cells
    return int(user), int(file)


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


class _Exchange:
    """A file exchange as it goes on; the file asked for last is the one whose truth `chance` tells."""

    def __init__(self, trace: Trace, dice: Random) -> None:
        known = {number for number, user in enumerate(trace.users) if user.pre_trusted}
        self.dealings = Dealings(range(len(trace.users)), known)
        self._users = trace.users
        self._dice = dice
        self._holders: dict[int, dict[int, bool]] = {}
        self._wanted = 0
        for user, file, valid in trace.library:
            self._holders.setdefault(file, {})[user] = valid

    def key(self, slot: int) -> int:
        return slot

    def chance(self, slot: int) -> float:
        return float(self._holders[self._wanted][slot])

    def truthful(self) -> set[int]:
        return {number for number, user in enumerate(self._users) if user.honesty == 1}

    def sources(self, user: int, file: int) -> list[int]:
        """Return who else holds a file, in an order drawn by lot."""
        self._wanted = file
        others = sorted(self._holders.get(file, {}).keys() - {user})
        self._dice.shuffle(others)
        return others

    def choose(self, user: int, sources: list[int], chooses: Chooser) -> int:
        kind = self._users[user].kind
        if kind in _ANYBODY:
            return sources[0]
        if kind in _WORST:
            expected = list(chooses.expect(self, user, sources))
            return sources[expected.index(min(expected))]
        return chooses.choose(self, user, sources)

    def fetch(self, user: int, source: int, day: int) -> bool:
        """Copy the wanted file from a source; return whether it is valid."""
        holders, me = self._holders[self._wanted], self._users[user]
        valid = holders[source]
        honest, weeds = self._dice.random() < me.honesty, self._dice.random() < me.clean_up
        if self._users[source].kind != SYBIL:
            self.dealings.tell(user, source, valid == honest, day)
        if valid or not weeds:
            holders[user] = valid
        return valid


def run(trace: Trace, chooses: Chooser, seed: int, clock: Clock) -> Tally:
    """Replay a trace; models learn anew after as many transactions as there are users."""
    exchange = _Exchange(trace, Random(f"trace {seed}"))  # noqa: S311  a run to be repeated
    services = good = captured = 0
    seconds = 0.0
    for number, (user, file) in enumerate(trace.transactions):
        start = clock()
        day, rest = divmod(number, len(trace.users))
        if rest == 0:
            chooses.learn(exchange, exchange.dealings.said(len(trace.users)))
        sources = exchange.sources(user, file)
        source = exchange.choose(user, sources, chooses) if sources else -1
        seconds += clock() - start
        if not sources:
            continue
        valid = exchange.fetch(user, source, day)
        chooses.served(source, valid)
        if trace.users[user].kind == GOOD:
            services += 1
            good += valid
            captured += trace.users[source].kind != GOOD
    return Tally(services, good, captured, seconds)


def measure(trace: Trace, models: Sequence[str], seed: int, clock: Clock) -> Iterator[Row]:
    """Yield a row for each model.

    Raises:
        UsageError: no such model.
    """
    names = dict.fromkeys((*REFERENCES, *models))
    found = {name: run(trace, chooser(name), seed, clock) for name in names}
    yield from (row("trace", model, trace.malicious, found) for model in models)
