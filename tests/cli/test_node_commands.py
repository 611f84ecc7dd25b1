"""`init`, `report`, the parts of `serve` that need no network, and `revoke --priority`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Program
from trustcli.records.update import EVENTS


def announced(trust: Program) -> list[dict[str, object]]:
    """Return the bodies of the announcements in the ledger, in order."""
    lines = trust("log", "--kind", "announce", "--json").data["records"]
    return [entry["body"] for entry in lines]


def test_init_makes_a_node_and_keeps_what_is_there(trust: Program) -> None:
    """Key, settings and announcement; the second run changes what its options say, and the key never."""
    first = trust(
        "init", "--owner", "ann", "--endpoint", "https://ann.example/", "--no-passphrase", "--json"
    ).data
    assert (first["made"], first["announced"], first["synced"]) == (True, True, None)
    again = trust("init", "--json").data
    assert (again["made"], again["announced"], again["id"]) == (False, False, first["id"])
    more = trust("init", "--endpoint", "https://two.example", "--json").data
    assert more["endpoints"] == ["https://ann.example", "https://two.example"]
    assert announced(trust) == [
        {"endpoints": ["https://ann.example"], "owner": "ann", "roles": ["full"]},
        {"endpoints": ["https://ann.example", "https://two.example"], "owner": "ann", "roles": ["full"]},
    ]


def test_init_is_a_node_even_when_its_seed_sleeps(trust: Program) -> None:
    """4 and what to do later; everything else is done."""
    ran = trust("init", "--peer", "http://127.0.0.1:9", "--no-passphrase", "--json")
    assert (ran.exit, ran.document["data"]["synced"]) == (4, False)
    assert trust("config", "get", "seeds").out == "http://127.0.0.1:9\n"


@pytest.mark.parametrize("url", ["ftp://x", "https://", "https://a@b", "nothing", "https://x/?q"])
def test_init_refuses_what_is_no_url_of_a_node(trust: Program, url: str) -> None:
    """2, and nothing was made."""
    assert trust("init", "--peer", url).exit == 2
    assert not trust.home.exists()


@pytest.mark.parametrize("event", EVENTS)
def test_a_report_is_a_signed_update(trust: Program, event: str) -> None:
    """The record says event and score; it is kept here until a node passes it on."""
    trust("keygen", "-q")
    done = trust("report", "agent:x", event, "820", "--previous", "800", "--priority", "high", "--json").data
    shown = trust("show", done["record"].removeprefix("sha256:"), "--json").data
    assert shown["body"] == {
        "subject": "agent:x", "event": event, "score": 820, "previous": 800, "priority": "high"
    }  # fmt: skip
    assert shown["state"] == {"name": "kept", "accepted": 0, "asked": 0}


@pytest.mark.parametrize(
    ("words", "exit_"),
    [
        (("agent:x", "birthday", "1"), 2),
        (("agent:x", "registration", "1001"), 65),
        (("agent:x", "registration", "-1"), 2),
        (("agent:x", "registration", "much"), 2),
        (("me", "registration", "1"), 65),
        (("stranger", "registration", "1"), 66),
    ],
)
def test_reports_that_cannot_be(trust: Program, words: tuple[str, ...], exit_: int) -> None:
    """Refused with the code of what is wrong, and nothing is stored."""
    trust("keygen", "-q")
    assert trust("report", *words).exit == exit_
    assert trust("status", "--json").data["ledger"]["records"] == 0


def test_a_report_can_be_taken_back(trust: Program) -> None:
    """By its id, as a rating."""
    trust("keygen", "-q")
    record = trust("report", "agent:x", "registration", "500", "--json").data["record"]
    taken = trust("revoke", record, "--priority", "critical", "--json").data["taken_back"]
    assert [(one["how"], one["category"]) for one in taken] == [("revoked", "registration")]
    assert trust("log", "--kind", "revocation", "--json").data["records"][0]["body"]["priority"] == "critical"


def test_one_answer_without_a_socket(trust: Program) -> None:
    """`serve --get` answers as the node would; what is not there is exit 1."""
    trust("keygen", "-q")
    facts = json.loads(trust("serve", "--get", "/v1/node").out)
    assert (facts["did"], facts["head"]["records"]) == (trust("id", "export").out.strip(), 1)
    assert trust("serve", "--get", "/v1/node", "--json").data["status"] == 200
    assert trust("serve", "--get", "/nothing").exit == 1
    assert trust("serve", "--get", "v1/node").exit == 2


def test_metrics_without_a_socket(trust: Program) -> None:
    """Those of the mesh are missing, it was not started; the rest is there."""
    trust("keygen", "-q")
    ran = trust("serve", "--get", "/metrics")
    assert (ran.exit, ran.err) == (0, "")
    assert "# TYPE trust_held_bytes gauge\n" in ran.out


def test_a_start_that_fails_announces_nothing(trust: Program, tmp_path: Path) -> None:
    """The record would stay for ever: whatever is wrong is found first."""
    trust("keygen", "-q")
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        assert trust("serve", "--listen", "0.0.0.0:0").exit == 2
        assert trust("serve", "--listen", taken).exit == 75
        assert trust("serve", "--tls-cert", str(bad), "--tls-key", str(bad)).exit == 78
    assert announced(trust) == []


def test_an_answer_leaves_no_connection_behind(trust: Program) -> None:
    """The thread that reads has a node of its own, and closes it with its shelf."""
    trust("keygen", "-q")
    ledger = str(trust.home / "ledger.db")
    trust("serve", "--get", "/v1/node")
    files = [os.readlink(entry.path) for entry in os.scandir("/proc/self/fd") if entry.is_symlink()]
    assert ledger not in files


@pytest.mark.parametrize(
    ("words", "exit_"),
    [
        (("--listen", "0.0.0.0:0"), 2),
        (("--listen", "nowhere:x"), 2),
        (("--tls-cert", "a"), 2),
        (("--fd", "999"), 2),
    ],
)
def test_serve_refuses_what_cannot_be(trust: Program, words: tuple[str, ...], exit_: int) -> None:
    """An address others can reach needs a word; nonsense is named."""
    trust("keygen", "-q")
    assert trust("serve", *words).exit == exit_


def test_serve_needs_a_key(trust: Program) -> None:
    """66 and how to make one."""
    ran = trust("serve", "--listen", "none")
    assert (ran.exit, "trust keygen" in ran.err) == (66, True)


def test_the_units_are_good(trust: Program, tmp_path: Path) -> None:
    """Three units; systemd itself finds nothing wrong with them, and little exposed, where it is there."""
    found = trust("serve", "--print-unit", "--json").data["units"]
    assert list(found) == ["trust.service", "trust-sync.service", "trust-sync.timer"]
    assert "ExecStart=" in found["trust.service"]
    assert " serve\n" in found["trust.service"]
    for name, text in found.items():
        (tmp_path / name).write_text(text)
    try:
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in found)],
            capture_output=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("no systemd-analyze here")
    assert (done.returncode, done.stderr) == (0, b"")


def test_serve_loads_what_it_serves_with_and_others_do_not(trust: Program) -> None:
    """uvicorn, websockets, asyncio and httpx belong to serve and sync alone."""
    trust("keygen", "-q")
    for words in (("status",), ("check", "agent:x"), ("rate", "agent:x", "4", "-q")):
        code = (
            "import sys; from trustcli.cli import main; main(sys.argv[1:]);"
            "heavy = {'uvicorn', 'websockets', 'asyncio', 'httpx', 'msgspec', 'trustcli.mesh.machine'};"
            "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, check=False,
            env={**os.environ, "TRUST_HOME": str(trust.home)},
        )  # fmt: skip
        assert done.stderr.decode().splitlines()[-1] == "[]"
