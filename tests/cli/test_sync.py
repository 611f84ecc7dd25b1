"""`trust sync` and `trust compare` against a real node."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.cli.people import BOB, CAROL
from tests.network.homes import ratings
from trustcli import config
from trustcli.cli import sync as command
from trustcli.errors import PeerFault, Unreachable
from trustcli.node.lines import Contact
from trustcli.node.only_one import OnlyOne
from trustcli.node.running import Hold, Running
from trustcli.node.syncing import PeerReport, Report
from trustcli.sync.talk import Mark, Outcome, Refusal
from trustcli.timing import duration
from trustcli.transports.pinned import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Program

NOBODY = "http://127.0.0.1:7999"


class Served(NamedTuple):
    """A node that serves: its URL and its home."""

    url: str
    home: Path


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A real node as a process of its own, with 40 ratings."""
    home = tmp_path_factory.mktemp("node")
    env = {**os.environ, "TRUST_HOME": str(home)}
    run = [sys.executable, "-m", "trustcli"]
    subprocess.run([*run, "keygen", "--no-passphrase", "-q"], env=env, check=True, capture_output=True)
    lines = b"".join(record.line + b"\n" for record in ratings(40))
    subprocess.run([*run, "import", "-"], env=env, check=True, capture_output=True, input=lines)
    with subprocess.Popen(
        [*run, "serve", "--listen", "127.0.0.1:0"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline().decode()
        found = re.search(r"127\.0\.0\.1:\d+", said)
        assert found, said
        yield Served(f"http://{found[0]}", home)
        process.terminate()
        process.stdout.read()


@pytest.fixture
def mine(trust: Program) -> Program:
    """The program in a home with a key and one rating."""
    trust("keygen", "--no-passphrase", "-q")
    trust("rate", "agent:mine", "4", "-q")
    return trust


class _Garbage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815  its caller spells it so

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def garbage() -> Iterator[str]:
    """Something that answers HTTP and is no node."""
    with HTTPServer(("127.0.0.1", 0), _Garbage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_both_ways(mine: Program, node: Served) -> None:
    """Everything comes, what is here goes; a second sync moves nothing, a third command says equal."""
    ran = mine("sync", node.url, "--json")
    assert ran.exit == 0
    assert ran.document["schema"] == "trust.sync/1"
    (peer,) = ran.data["peers"]
    assert (peer["ok"], peer["pushed"], peer["equal"], peer["error"]) == (True, 1, True, None)
    assert peer["pulled"] == ran.data["pulled"] >= 40
    again = mine("sync", node.url)
    assert again.exit == 0
    assert again.out == f"synced\t{node.url}\t0 pulled\t0 pushed\tequal\n"
    assert again.err == "next:    trust status\n"
    compared = mine("compare", node.url, "--json")
    assert (compared.exit, compared.data["equal"], compared.data["round_trips"]) == (0, True, 1)
    assert compared.data["bytes"] <= 400


def test_what_is_pulled_counts(mine: Program, node: Served) -> None:
    """Records that came by sync are verified, stored and shown like any others."""
    mine("sync", node.url, "-q")
    assert mine("verify").exit == 0
    status = mine("status", "--json").data
    assert status["ledger"]["received"] >= 40
    assert f"\ntrust_last_sync_seconds {status['sync']['seconds']}\n" in mine("status", "--metrics").out
    assert status["sync"]["seconds"] > 0
    assert mine("score", "thing:1-3", "--model", "stars").exit == 0


def test_compare_says_what_differs(mine: Program, node: Served) -> None:
    """Counts, ids when asked for, exit 1, and the way to make it equal."""
    mine("sync", node.url, "-q")
    record = mine("rate", "agent:new", "2", "--json").data["record"].removeprefix("sha256:")
    ran = mine("compare", node.url, "--ids", "--json")
    assert (ran.exit, ran.data["only_here"], ran.data["only_there"]) == (1, 1, 0)
    assert ran.data["ids"] == {"here": [record], "there": []}
    plain = mine("compare", node.url)
    assert plain.out.splitlines()[1:] == ["only here\t1", "only there\t0"]
    assert plain.err == f"next:    trust sync {node.url}\n"


def test_names_and_seeds(mine: Program, node: Served) -> None:
    """A name with a URL is synced with by its name, and without words; another key there is refused."""
    did = mine("status", "--json", home=node.home).data["id"]["did"]
    mine("peer", "add", "carol", did, "--url", node.url, "-q")
    assert mine("sync", "carol", "--json").data["peers"][0]["name"] == "carol"
    assert mine("sync", "--json").data["peers"][0]["name"] == "carol"
    mine("peer", "rm", "carol", "-q")
    mine("config", "set", "seeds", node.url, "-q")
    assert mine("sync", "--json").data["peers"][0]["url"] == node.url
    own = mine("status", "--json").data["id"]["did"]
    mine("peer", "add", "impostor", own, "--url", node.url, "-q")
    assert mine("sync", "impostor").exit == 76


def test_one_peer_of_two_fails(mine: Program, node: Served) -> None:
    """Exit 4, ok false, and a row for each: what went well went well."""
    ran = mine("sync", NOBODY, node.url, "--json")
    assert (ran.exit, ran.document["ok"]) == (4, False)
    failed, synced = ran.data["peers"]
    assert (failed["ok"], failed["error"]["exit"], synced["ok"]) == (False, 69, True)
    rows = mine("sync", NOBODY, node.url).out.splitlines()
    assert [row.split("\t")[0] for row in rows] == ["failed", "synced"]


def test_nobody_answers(mine: Program) -> None:
    """Exit 69, one error document, worth another try."""
    ran = mine("sync", NOBODY, "--json")
    assert (ran.exit, ran.document["schema"]) == (69, "trust.error/1")
    assert ran.document["error"]["retryable"] is True
    ran = mine("sync", NOBODY, "http://127.0.0.1:7998", "--timeout", "2s")
    assert ran.exit == 69
    assert NOBODY in ran.err


def test_no_node_answers(mine: Program, garbage: str) -> None:
    """Something else than a node answers: 76; together with an unreachable one: 69."""
    assert mine("sync", garbage).exit == 76
    assert mine("sync", garbage, NOBODY).exit == 69
    assert mine("compare", garbage).exit == 76


def test_another_sync_is_under_way(mine: Program, node: Served) -> None:
    """Exit 75, after waiting as long as it was told."""
    with OnlyOne(str(mine.home / "sync.lock"), "sync"):
        ran = mine("sync", node.url, "--lock-wait", "0", "--json")
        assert (ran.exit, ran.document["error"]["code"]) == (75, "busy")
    assert mine("sync", node.url, "--lock-wait", "0").exit == 0


def test_dry_run(mine: Program, node: Served) -> None:
    """It says what would be moved, and moves nothing."""
    data = mine("sync", node.url, "--dry-run", "--json").data
    assert (data["dry_run"], data["pushed"]) == (True, 1)
    assert data["pulled"] >= 40
    assert mine("status", "--json").data["ledger"]["records"] == 1


def test_one_way(mine: Program, node: Served) -> None:
    """--pull and --push do half each; both together is a slip."""
    assert mine("sync", node.url, "--pull", "--json").data["pushed"] == 0
    record = mine("rate", "agent:pushed", "3", "-q")
    assert record.exit == 0
    data = mine("sync", node.url, "--push", "--json").data
    assert (data["pulled"], data["pushed"]) == (0, 2)
    assert mine("sync", node.url, "--push", "--pull").exit == 2


def test_light(mine: Program, node: Served) -> None:
    """--subject fetches what it takes to judge one name, and no more."""
    assert mine("sync", node.url, "--subject", "thing:1-3", "--json").data["pulled"] == 1
    assert mine("score", "thing:1-3", "--model", "stars").exit == 0


def test_the_role_light(mine: Program, node: Served) -> None:
    """A light node fetches what its subjects need without being told; without subjects it says so."""
    mine("config", "set", "role", "light", "-q")
    assert mine("sync", node.url).exit == 2
    mine("config", "set", "subjects", "thing:1-3 thing:1-4", "-q")
    assert mine("sync", node.url, "--json").data["pulled"] == 2


def test_mistakes(mine: Program) -> None:
    """Nobody to ask, an unknown name, no URL of a node, a timeout that is none."""
    ran = mine("sync", "--json")
    assert (ran.exit, ran.document["error"]["code"]) == (66, "no_peers")
    assert mine("sync", "stranger").exit == 66
    assert mine("sync", "ftp://node.example").exit == 2
    assert mine("sync", NOBODY, "--timeout", "soon").exit == 2
    assert mine("sync", NOBODY, "--timeout", "0s").exit == 2
    assert mine("compare", "stranger").exit == 66


def test_strict() -> None:
    """A refused record alone is a warning; with --strict it is exit 4."""
    refusal = Refusal(b"x" * 32, "too_new")
    outcome = Outcome(Mark(), 3, 0, 1, (refusal,), (), 1, 100, 2, equal=False)
    report = Report([PeerReport(Contact("bob", NOBODY), outcome, None, 0.1)])
    assert command._exit(report, strict=False) == 0
    assert command._exit(report, strict=True) == 4
    assert command._rows(report.peers[0])[1] == ("refused", "bob", "78" * 8, "too_new")
    assert command._warnings(report)[0]["code"] == "refused"


def test_what_all_failures_together_are() -> None:
    """Only when all broke the protocol is it 76."""
    outcome = Outcome(Mark(), 0, 0, 0, (), (), 0, 0, 0, equal=False)
    fault = PeerFault("odd")
    report = Report([PeerReport(Contact(name, NOBODY), outcome, fault, 0.1) for name in ("bob", "carol")])
    with pytest.raises(PeerFault, match="none of 2 peers") as caught:
        command._all_failed(report)
    assert [part["message"] for part in caught.value.parts] == ["bob: odd", "carol: odd"]


def test_what_was_moved_before_a_failure_is_no_failure_of_all() -> None:
    """4 records came, then the peer refused: exit 4 and what came, as when another peer is well."""
    outcome = Outcome(Mark(), 4, 0, 0, (), (), 1, 100, 2, equal=False)
    report = Report([PeerReport(Contact("bob", NOBODY), outcome, PeerFault("it refuses (401)"), 0.1)])
    command._all_failed(report)
    assert command._exit(report, strict=False) == 4
    assert [row[0] for row in command._rows(report.peers[0])] == ["failed", "synced"]
    assert command._data(report, dry_run=False)["pulled"] == 4


def test_when_all_fail_each_is_said(mine: Program) -> None:
    """A short line each, and as much for programs as when one of them is well."""
    other = "http://127.0.0.1:7998"
    mine("peer", "add", "bob", BOB.did, "--url", other, "-q")
    ran = mine("sync", NOBODY, "bob")
    assert (ran.exit, ran.err.count(NOBODY), ran.err.count(other)) == (69, 1, 1)
    head, first, second, hint = ran.err.splitlines()
    assert head == "error: none of 2 peers could be synced with"
    assert first.strip().startswith(f"{NOBODY}: ")
    assert second.strip().startswith(f"bob: {other}: ")
    assert hint.endswith("trust peer show NAME")
    parts = mine("sync", NOBODY, "bob", "--json").document["error"]["parts"]
    assert [(part["name"], part["error"]["exit"]) for part in parts] == [(NOBODY, 69), ("bob", 69)]


def test_the_time_that_a_hint_proposes_is_one() -> None:
    """`--timeout 60` is none: it takes a unit."""
    with pytest.raises(Unreachable) as caught:
        Meter().left()
    assert duration(caught.value.hint.split("--timeout ")[1]) == 60_000


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("127.0.0.1:18101", "http://127.0.0.1:18101"),
        ("localhost:18101", "http://localhost:18101"),
        ("[::1]:80", "http://[::1]:80"),
        ("node.example:7717", "https://node.example:7717"),
        ("unix:/nope", "https://host or http://127.0.0.1:7717"),
    ],
)
def test_an_address_without_its_scheme(mine: Program, word: str, said: str) -> None:
    """2, and how it is written."""
    ran = mine("sync", word)
    assert (ran.exit, said in ran.err) == (2, True)


def test_who_changes_what_a_daemon_reads_when_it_starts_is_told(mine: Program) -> None:
    """Peers with a URL and settings; a word only while one runs."""

    def told() -> list[bool]:
        words = (("peer", "add", "bob", BOB.did, "--url", NOBODY), ("config", "set", "seeds", NOBODY))
        return ["next start" in mine(*each).err for each in words]

    assert told() == [False, False]
    with Hold(config.places({}, str(mine.home))) as hold:
        hold.note(Running(os.getpid(), None, 0))
        assert told() == [True, True]
        assert "next start" not in mine("peer", "add", "carol", CAROL.did).err
