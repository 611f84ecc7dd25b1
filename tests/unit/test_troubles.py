"""What a serving node says of what does not work: a line when it changes, never one a retry."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from trustcli import config
from trustcli.errors import DiskError
from trustcli.mesh.actions import Close
from trustcli.node import Node, identities
from trustcli.node.acquaintances import Acquaintances
from trustcli.node.meshing import Meshing
from trustcli.transports.troubles import QUIET, Troubles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

SEED = "http://127.0.0.1:9"


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


def test_a_trouble_is_said_when_it_begins_changes_and_ends() -> None:
    """However often it is met; and what comes and goes is said once a minute."""
    said: list[str] = []
    ticks = [0.0]
    troubles = Troubles(said.append, lambda: ticks[0])
    troubles.works("a")
    for why in ("refused", "refused", "too slow"):
        troubles.fails("a", why)
    troubles.fails("b", "b: gone")
    assert said == ["a: refused", "b: gone"]
    ticks[0] += QUIET
    troubles.fails("a", "too slow")
    troubles.works("a")
    troubles.works("a")
    troubles.fails("a", "refused")
    assert said[2:] == ["a: too slow", "a: works again"]
    ticks[0] += QUIET
    troubles.fails("a", "refused")
    assert said[4:] == ["a: refused"]


def test_only_nodes_that_the_user_named_are_missed() -> None:
    """Who was learnt of comes and goes; a close before the handshake says why, clocks above all."""
    said: list[str] = []
    named = Acquaintances({SEED}, Troubles(said.append))
    named.failed("https://heard.example", "no answer")
    named.opened(1, None)
    named.opened(2, SEED)
    named.look([], [Close(1, "ahead"), Close(2, "ahead"), Close(3, "old")])
    because = (
        "what one of us says is dated more than 30 seconds ahead: are the clocks of both machines right?"
    )
    assert said == [f"{SEED}: {because}"]


def meshing_of(home: Path, said: list[str], ended: list[BaseException], **settings: str) -> Meshing:
    """Return the mesh of a new node."""
    places = config.places({}, str(home))
    for key, value in settings.items():
        config.change(places, key, value)
    node = Node(places, config.load(places)[0], clock=now)
    identities.make(node, node.identity)
    sign = node.signer(node.me)
    return Meshing(node, sign, lambda _: None, ended.append, Troubles(said.append))


def run(meshing: Meshing, until: Callable[[], object]) -> None:
    """Start a mesh, wait for something, and stop it."""

    async def both() -> None:
        await meshing.start()
        ends = time.monotonic() + 10
        while not until():
            assert time.monotonic() < ends
            await asyncio.sleep(0.02)
        await asyncio.to_thread(meshing.stop)

    asyncio.run(both())


def test_a_full_disk_does_not_end_a_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so once, tries later, and says that it works again; a damaged ledger ends it as before."""
    said: list[str] = []
    ended: list[BaseException] = []
    problem = [DiskError("/x/ledger.db: the disk is full", code="disk_full")]
    monkeypatch.setattr("trustcli.node.meshing.NOTE", 50)

    def write(_: object) -> None:
        if problem:
            raise problem[0]

    monkeypatch.setattr("trustcli.node.remembering.LedgerMemory.write", write)
    meshing = meshing_of(tmp_path / "a", said, ended)

    def mended() -> bool:
        if said and len(problem) == 1:
            time.sleep(0.3)
            problem.clear()
        return len(said) > 1

    run(meshing, mended)
    assert (said, ended) == (["storing: /x/ledger.db: the disk is full", "storing: works again"], [])
    problem.append(DiskError("/x/ledger.db is damaged"))
    run(meshing_of(tmp_path / "b", said, ended), lambda: ended)
    assert ended == problem


def test_a_bridge_says_that_its_file_is_missing_or_no_table(tmp_path: Path) -> None:
    """Once each; the file of a bridge may come later."""
    said: list[str] = []
    file = tmp_path / "ratings.csv"
    settings = {"role": "bridge", "bridge_system": "otc", "bridge_map": "rater=a,subject=b,value=c"}
    meshing = meshing_of(tmp_path / "a", said, [], **settings, bridge_file=str(file))
    run(meshing, lambda: said)
    assert said == [f"{file}: No such file or directory"]
    file.write_text("x,y,z\n1,2,3\n")
    meshing = meshing_of(tmp_path / "b", said, [], **settings, bridge_file=str(file))
    run(meshing, lambda: said[1:])
    assert said[1] == f"{file}: no column 'a'"


def test_metrics_of_a_mesh_that_was_not_started(tmp_path: Path) -> None:
    """None, and no fault: `serve --get /metrics` answers with what there is."""
    meshing = meshing_of(tmp_path / "a", [], [])
    assert meshing.metrics() == ""
