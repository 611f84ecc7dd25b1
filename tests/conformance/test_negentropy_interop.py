"""Our negentropy against the one in nostr-tools, which is not ours: the same bytes, the same differences.

nostr-tools has the asking side only. It is installed by npm into pytest's cache and never into the project.
It reads numbers in 32 bits, as all JavaScript implementations do, so the sort keys here stay below 2³¹.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from trustcli.sync.negentropy import Initiator, Vector, respond

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Item = tuple[int, bytes]

PACKAGE = "nostr-tools@2.25.2"
SECOND = 1_700_000_000
PROGRAM = """
const { Negentropy, NegentropyStorageVector } = require('nostr-tools').nip77
let asking
const answer = ({ items, frame, message }) => {
  const have = [], need = []
  if (items) {
    const storage = new NegentropyStorageVector()
    for (const [second, id] of items) storage.insert(second, id)
    storage.seal()
    asking = new Negentropy(storage, frame)
    return { message: asking.initiate(), have, need }
  }
  const next = asking.reconcile(message, id => have.push(id), id => need.push(id))
  return { message: next ?? '', have, need }
}
require('node:readline').createInterface({ input: process.stdin })
  .on('line', line => console.log(JSON.stringify(answer(JSON.parse(line)))))
"""


@pytest.fixture(scope="module")
def modules(request: pytest.FixtureRequest) -> Path:
    """The folder with nostr-tools in it, kept from one run of the tests to the next."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("no node and npm here")
    folder: Path = request.config.cache.mkdir(PACKAGE.replace("@", "-"))
    if not (folder / "node_modules" / ".package-lock.json").exists():  # npm writes it last
        words = [
            "npm",
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--fetch-retries=0",
        ]
        try:
            done = subprocess.run([*words, PACKAGE], cwd=folder, capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not bring {PACKAGE} within a minute")
        if done.returncode:
            pytest.skip(f"npm cannot bring {PACKAGE} (exit {done.returncode})")
    return folder


class Peer:
    """The asking side, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def open(self, items: list[Item], frame: int) -> bytes:
        """Return its first message about a set."""
        return self._ask(items=[(second, id_.hex()) for second, id_ in items], frame=frame).message

    def take(self, answer: bytes) -> Said:
        """Return its next message and what it learned."""
        return self._ask(message=answer.hex())

    def _ask(self, **question: object) -> Said:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        have, need = (sorted(bytes.fromhex(id_) for id_ in said[side]) for side in ("have", "need"))
        return Said(bytes.fromhex(said["message"]), have, need)


class Said(NamedTuple):
    """A message, and the ids it learned of."""

    message: bytes
    have: list[bytes]
    need: list[bytes]


@contextmanager
def running(modules: Path) -> Iterator[Peer]:
    """A process of nostr-tools."""
    with subprocess.Popen(
        ["node", "-e", PROGRAM], cwd=modules, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Peer(process)


@pytest.fixture(scope="module")
def peer(modules: Path) -> Iterator[Peer]:
    """The one process all tests ask."""
    with running(modules) as found:
        yield found


def some(count: int, span: int, seed: int = 1) -> list[Item]:
    """Return items with random ids, their seconds within a span."""
    dice = random.Random(seed)
    return [(SECOND + dice.randrange(span), dice.randbytes(32)) for _ in range(count)]


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 500, 5_000])
@pytest.mark.parametrize("span", [1, 20, 10_000_000])
def test_the_first_message_is_the_same_to_the_byte(peer: Peer, count: int, span: int) -> None:
    """Few and many items, with the same, some or all different seconds."""
    items = some(count, span)
    ours = Vector(items)
    assert peer.open(items, 60_000) == Initiator(lambda: ours).open()


CASES = {
    "equal": (1.0, 1.0),
    "it lacks a few": (0.99, 1.0),
    "we lack a few": (1.0, 0.99),
    "both lack many": (0.6, 0.6),
    "it has nothing": (0.0, 1.0),
    "we have nothing": (1.0, 0.0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("span", [1, 500, 10_000_000])
@pytest.mark.parametrize("frame", [8_192, 60_000])
def test_it_asks_and_we_answer(peer: Peer, case: str, span: int, frame: int) -> None:
    """It learns the exact difference; and our asking side, given the same answers, sends the same bytes."""
    dice = random.Random(case)
    everything = some(4_000, span, seed=2)
    its, ours = ([one for one in everything if dice.random() < part] for part in CASES[case])
    mine, answering = Vector(its), Vector(ours)
    initiator = Initiator(lambda: mine, frame=frame)
    have, need = set[bytes](), set[bytes]()
    message = peer.open(its, frame)
    assert message == initiator.open()
    while message:
        answer = respond(answering, message, frame=frame)
        assert len(answer) <= frame
        said, step = peer.take(answer), initiator.take(answer)
        assert said.message == step.message
        have.update(said.have)
        need.update(said.need)
        message = said.message
    assert have == {id_ for _, id_ in its} - {id_ for _, id_ in ours}
    assert need == {id_ for _, id_ in ours} - {id_ for _, id_ in its}


def test_its_sort_keys_end_at_2_31(peer: Peer) -> None:
    """The trap: with milliseconds it asks without end where we are done after one answer.

    Ten of 400 items differ. A set that is to be compared with such an implementation must be sorted by
    seconds, and from 2038 on by something else.
    """
    items = [(1_700_000_000_000 + number, id_) for number, (_, id_) in enumerate(some(400, 1))]
    mine, theirs = Vector(items), Vector(items[10:])
    initiator = Initiator(lambda: mine)
    step = initiator.take(respond(theirs, initiator.open()))
    assert sorted(step.have) == sorted(id_ for _, id_ in items[:10])

    message = peer.open(items, 60_000)
    for _ in range(50):
        message = peer.take(respond(theirs, message)).message
    assert message
