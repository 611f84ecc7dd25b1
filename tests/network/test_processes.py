"""Real node processes on loopback agree, also when they are killed, frozen and started again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from trustcli import config
from trustcli.errors import Busy
from trustcli.node import Node, announcing, rating, reporting
from trustcli.node.asking import Inquiry
from trustcli.node.devnet import Devnet, agree
from trustcli.node.rating import Draft
from trustcli.node.running import Hold, running

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 30.0


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """Where the homes of a network are."""
    return str(tmp_path / "net")


def rate(net: Devnet, which: int, subject: str) -> str:
    """Let a node rate something, as `trust rate` beside its daemon does; return the record's id."""
    node = net.open(net.nodes[which])
    try:
        done = rating.rate(node, Draft(subject, "4"))
        assert done.record is not None
        return done.record
    finally:
        node.close()


def held(net: Devnet, which: int) -> set[str]:
    """Return the ids of all records in a node's ledger."""
    node = net.open(net.nodes[which])
    try:
        return {entry.id for entry in node.ledger.entries()}
    finally:
        node.close()


def agreed(net: Devnet, wanted: set[str], which: list[int]) -> bool:
    """Wait until these nodes answer, agree, and hold at least the wanted records."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        states = [net.state(net.nodes[index]) for index in which]
        if agree(states) and wanted <= held(net, which[0]):
            return True
        time.sleep(0.1)
    return False


def test_four_nodes_agree_on_what_each_of_them_said(folder: str) -> None:
    """Ratings made beside four daemons reach all of them; without daemons they reach nobody."""
    with Devnet(folder, 4, now) as net:
        first = rate(net, 0, "agent:before")
        assert first not in held(net, 1)
        net.start()
        made = net.rate()
        took = net.watch(made + 5, PATIENCE, lambda _: None)
        assert took is not None
        assert all(first in held(net, index) for index in range(4))


def test_no_acknowledged_record_is_lost_whatever_happens_to_the_processes(folder: str, slow: bool) -> None:
    """Killed, frozen, ended and started in random order, five nodes agree and hold all that was said."""
    dice = random.Random(3)
    said: set[str] = set()
    done = {"kill": 0, "freeze": 0, "end": 0}
    with Devnet(folder, 5, now) as net:
        net.start()
        for step in range(40 if slow else 9):
            for which in range(5):
                said.add(rate(net, which, f"agent:{step}-{which}"))
            which = dice.randrange(5)
            name = net.nodes[which].name
            what = list(done)[step % 3]
            done[what] += 1
            if what == "freeze":
                net.signal(name, signal.SIGSTOP)
                time.sleep(dice.random())
                net.signal(name, signal.SIGCONT)
            else:
                net.signal(name, signal.SIGKILL if what == "kill" else signal.SIGTERM)
                code = net.wait(name)
                assert code == (-signal.SIGKILL if what == "kill" else 0)
                net.start([name])
        assert all(done.values())
        assert agreed(net, said, list(range(5)))
        for index in range(5):
            assert said <= held(net, index)


def test_nodes_that_only_dial_out_take_part(folder: str) -> None:
    """Two nodes that nobody can reach agree through a third, as behind NAT."""
    with Devnet(folder, 3, now) as net:
        for hidden in net.nodes[1:]:
            places = config.places({}, hidden.home)
            config.change(places, "listen", "none")
            config.change(places, "endpoints", None)
        net.start(["node-1"])
        for hidden in net.nodes[1:]:
            net.launch([hidden.name])
        said = {rate(net, index, f"agent:{index}") for index in range(3)}
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not all(said <= held(net, index) for index in range(3)):
            time.sleep(0.1)
        assert all(said <= held(net, index) for index in range(3))


def test_a_light_node_gets_what_its_subjects_take_and_no_more(folder: str) -> None:
    """It links as others do, asks for its subject, and judges it as a full node with the same eyes would."""
    with Devnet(folder, 3, now) as net:
        light = net.nodes[2]
        places = config.places({}, light.home)
        config.change(places, "role", "light")
        config.change(places, "subjects", "agent:wanted")
        node = net.open(light)
        announcing.announce(node)
        rating.rate(node, Draft("node-1", "5"))
        node.close()
        wanted = rate(net, 0, "agent:wanted")
        other = rate(net, 0, "agent:other")
        net.start()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not (wanted in held(net, 2) and other in held(net, 1)):
            time.sleep(0.1)
        assert wanted in held(net, 2)
        assert other not in held(net, 2)
        assert other in held(net, 1), "the control: a full node has it"
        node = net.open(light)
        inquiry = Inquiry(node)
        assert inquiry.about(inquiry.book.get("agent:wanted")).score.value == pytest.approx(4.0)
        node.close()


def test_a_bridge_follows_its_file(folder: str, tmp_path: Path) -> None:
    """A node of role bridge brings its file in, and again when it changes; full nodes get all of it."""
    feed = tmp_path / "feed.csv"
    feed.write_text("ann,acme,5\n")
    with Devnet(folder, 2, now) as net:
        bridge = net.nodes[1]
        places = config.places({}, bridge.home)
        for name, value in (
            ("role", "bridge"),
            ("bridge_file", str(feed)),
            ("bridge_system", "shop"),
            ("bridge_map", "rater=0,subject=1,value=2"),
        ):
            config.change(places, name, value)
        net.start()

        def outside(which: int) -> set[str]:
            node = net.open(net.nodes[which])
            found = {str(e.body["subject"]) for e in node.ledger.entries() if e.body.get("rater")}
            node.close()
            return found

        def waited(subjects: set[str]) -> bool:
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until and outside(0) != subjects:
                time.sleep(0.2)
            return outside(0) == subjects

        assert waited({"shop:acme"})
        feed.write_text("ann,acme,5\nben,zeta,2\nnonsense\n")
        assert waited({"shop:acme", "shop:zeta"})


def test_an_update_made_before_the_daemon_is_counted_when_it_runs(folder: str) -> None:
    """Kept while nobody can be asked; committed once the one full peer there is has it."""
    with Devnet(folder, 2, now) as net:
        node = net.open(net.nodes[0])
        _, record = reporting.report(node, "agent:x", "registration", 500, {})
        notes = node.ledger.network_notes
        assert reporting.state(notes.commits()[record.id]).name == "kept"
        net.start()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and notes.commits()[record.id].committed is None:
            time.sleep(0.2)
        assert reporting.state(notes.commits()[record.id]) == ("committed", 1, 1)
        node.close()


def test_one_home_has_one_daemon(tmp_path: Path) -> None:
    """A second daemon in a home is told so; after the first died, however, nothing is in the way."""
    where = config.places({}, str(tmp_path / "home"))
    assert running(where) is None
    with Hold(where):
        with pytest.raises(Busy):
            Hold(where).__enter__()
        found = running(where)
        assert found is not None
    assert running(where) is None
    with Hold(where):
        pass


def test_serve_says_where_it_listens_and_ends_with_zero(tmp_path: Path) -> None:
    """One line on stderr once it is up, exit 0 after SIGTERM, and `status` knows it meanwhile."""
    home = tmp_path / "home"
    words = [sys.executable, "-m", "trustcli", "--home", str(home)]
    subprocess.run([*words, "keygen", "--no-passphrase", "-q"], check=True, capture_output=True)
    with subprocess.Popen(
        [*words, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        assert line.startswith("serving did:key:z6Mk")
        listen = line.split(" on ")[1].strip()
        status = subprocess.run([*words, "--json", "status"], check=True, capture_output=True).stdout.decode()
        assert f'"daemon":{{"running":true,"listen":"{listen}"' in status
        process.terminate()
        assert process.wait(10) == 0
    status = subprocess.run([*words, "--json", "status"], check=True, capture_output=True).stdout.decode()
    assert '"daemon":{"running":false' in status


@pytest.mark.parametrize(("end", "alerts"), [(signal.SIGKILL, ["daemon_gone"]), (signal.SIGTERM, [])])
def test_a_daemon_that_was_killed_is_missed(tmp_path: Path, end: signal.Signals, alerts: list[str]) -> None:
    """`status --check` fails when the last daemon was killed; the control: one that ended in order."""
    words = [sys.executable, "-m", "trustcli", "--home", str(tmp_path / "home")]
    subprocess.run([*words, "keygen", "--no-passphrase", "-q"], check=True, capture_output=True)
    with subprocess.Popen([*words, "serve", "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"serving ")
        process.send_signal(end)
        process.wait(30)
    status = subprocess.run([*words, "--json", "status", "--check"], check=False, capture_output=True)
    found = json.loads(status.stdout)["data"]["alerts"]
    assert [alert["code"] for alert in found if alert["severity"] != "info"] == alerts
    assert status.returncode == len(alerts)


def test_a_unix_socket_is_for_its_owner_alone(tmp_path: Path) -> None:
    """`--unix` makes a socket of mode 0600, answers there, and takes it away at the end."""
    home, socket = tmp_path / "home", tmp_path / "s"
    words = [sys.executable, "-m", "trustcli", "--home", str(home)]
    subprocess.run([*words, "keygen", "--no-passphrase", "-q"], check=True, capture_output=True)
    with subprocess.Popen(
        [*words, "serve", "--unix", str(socket)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        assert os.stat(socket).st_mode & 0o777 == 0o600
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert not socket.exists()


def test_a_damaged_ledger_ends_the_daemon_with_its_code(tmp_path: Path) -> None:
    """A daemon whose ledger cannot be opened says why, once, and leaves with the code of the error."""
    home = tmp_path / "home"
    words = [sys.executable, "-m", "trustcli", "--home", str(home)]
    subprocess.run([*words, "keygen", "--no-passphrase", "-q"], check=True, capture_output=True)
    (home / "ledger.db").write_bytes(b"not a database" * 100)
    done = subprocess.run([*words, "serve", "--listen", "127.0.0.1:0"], capture_output=True, check=False)
    assert done.returncode == 74
    assert done.stderr.decode().count("error:") == 1


def test_a_node_takes_its_settings_from_its_home(folder: str) -> None:
    """Each node of a devnet is an ordinary home: the ordinary commands work in it."""
    with Devnet(folder, 2, now) as net:
        node = Node(
            config.places({}, net.nodes[1].home),
            config.load(config.places({}, net.nodes[1].home))[0],
            clock=now,
        )
        assert node.settings.seeds == (net.nodes[0].url,)
        assert {peer.name for peer in node.ledger.private.peers()} == {"node-1"}
        node.close()
