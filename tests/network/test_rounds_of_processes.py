"""Rounds run by real nodes: one winner everywhere, whoever is killed, late or lying; all audits pass."""

from __future__ import annotations

import signal
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from trustcli import standing
from trustcli.node import rating, rounding
from trustcli.node import standing as use
from trustcli.node.devnet import Devnet
from trustcli.node.rating import Draft, seal
from trustcli.rounds.values import SELF_SCORE

if TYPE_CHECKING:
    from pathlib import Path

    from trustcli.node.devnet import DevNode
    from trustcli.rounds.blocks import Block

EVERY = 10.0  # seconds of a round: the shortest there is


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


def decided(net: Devnet, names: list[str], rounds: int, patience: float) -> dict[str, dict[int, str]]:
    """Wait until these nodes have decided so many rounds with a winner; return what they decided."""
    nodes = [node for node in net.nodes if node.name in names]
    until = time.monotonic() + patience
    while time.monotonic() < until:
        found = {node.name: net.decided(node) for node in nodes}
        if all(sum(map(bool, one.values())) >= rounds for one in found.values()):
            return found
        time.sleep(0.5)
    return {node.name: net.decided(node) for node in nodes}


def blocks_of(net: Devnet, node: DevNode) -> list[Block]:
    """Return the blocks that a node has closed rounds on, in the order of rounds."""
    own = net.open(node)
    try:
        return [stage.block for stage in reversed(rounding.newest(own, 64)) if stage.block]
    finally:
        own.close()


def common(found: dict[str, dict[int, str]]) -> list[set[str]]:
    """Return, for each round that all have decided, the winners they hold."""
    numbers = set.intersection(*(set(one) for one in found.values()))
    return [{one[number] for one in found.values()} for number in sorted(numbers)]


def test_nodes_settle_on_one_block_each_round(tmp_path: Path, slow: bool) -> None:
    """Three nodes: one winner each round, none where nothing was proposed, audits without a finding."""
    if not slow:
        pytest.skip("the next test shows as much, with a liar: --slow")
    with Devnet(str(tmp_path / "net"), 3, now, round_every=EVERY) as net:
        net.start()
        net.rate()
        decided(net, ["node-1", "node-2", "node-3"], 1, 3.5 * EVERY)
        net.rate()
        found = decided(net, ["node-1", "node-2", "node-3"], 2, 3.5 * EVERY)
        winners = common(found)
        assert [one for one in winners if len(one) != 1] == []
        assert any(one != {""} for one in winners)
        assert [net.audit(node) for node in net.nodes] == [[], [], []]
        held = blocks_of(net, net.nodes[0])
        assert [block.height for block in held] == list(range(len(held)))
        assert all(block.previous == before.hash for before, block in pairwise(held))
        ids = [id_ for block in held for id_ in block.transactions]
        assert (len(held) >= 2, len(set(ids))) == (True, len(ids))


def lie(net: Devnet, which: int, ended: threading.Event) -> list[int]:
    """Let a node contradict itself in every round, beside its daemon; return the rounds."""
    node = net.open(net.nodes[which])
    done: list[int] = []
    try:
        while not ended.wait(1.0):
            number = now() // int(EVERY * 1000)
            if number not in done:
                for text in ("one thing", "another"):
                    body = {"round": number, "score": SELF_SCORE, "text": text}
                    record = seal(node, node.me, "proposal", body, node.clock())  # type: ignore[arg-type]
                    node.ledger.append([record], node.clock())
                done.append(number)
    finally:
        node.close()
    return done


def caught(net: Devnet, node: DevNode, patience: float) -> set[str]:
    """Return whom a node caught contradicting themselves; there should be somebody in time."""
    until = time.monotonic() + patience
    while True:
        own = net.open(node)
        month = own.clock() + 20 * standing.DAY
        found = {one.subject.id for one in use.standings(own) if one.banned_until > month}
        own.close()
        if found or time.monotonic() > until:
            return found
        time.sleep(0.5)


def test_seven_nodes_with_one_killed_one_late_and_one_lying(tmp_path: Path, slow: bool) -> None:
    """The honest hold the same winners, their audits pass, and the liar has lost its standing with them."""
    count, rounds = (7, 10) if slow else (4, 1)
    with Devnet(str(tmp_path / "net"), count, now, round_every=EVERY) as net:
        net.start()
        net.rate()
        ended = threading.Event()
        lies: list[int] = []
        liar = threading.Thread(target=lambda: lies.extend(lie(net, 1, ended)))
        liar.start()
        late, killed = net.nodes[2].name, net.nodes[-1].name
        honest = [node.name for node in net.nodes if node.name not in (net.nodes[1].name, killed)]
        if slow:
            net.signal(killed, signal.SIGKILL)
        deadline = time.monotonic() + EVERY * (rounds + 3)
        froze = 0
        while time.monotonic() < deadline - EVERY:
            teller = net.open(net.nodes[0])  # something new to propose in each round
            rating.rate(teller, Draft(f"agent:{froze}", "4"))
            teller.close()
            net.signal(late, signal.SIGSTOP)
            time.sleep(EVERY * 0.2)
            net.signal(late, signal.SIGCONT)
            froze += 1
            time.sleep(EVERY * 0.8)
            if len(common({n.name: net.decided(n) for n in net.nodes if n.name in honest})) > rounds:
                break
        ended.set()
        liar.join()
        found = decided(net, honest, rounds, EVERY * 2)
        assert froze
        assert len(lies) >= rounds, "the control: there were lies"
        assert [one for one in common(found) if len(one) != 1] == []
        assert all(sum(map(bool, one.values())) >= rounds for one in found.values())
        for node in net.nodes:
            if node.name in honest:
                assert net.audit(node) == []
                assert caught(net, node, EVERY * 3) == {net.nodes[1].did}
