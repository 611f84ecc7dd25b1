"""`trust status`: who I am, what is held, what needs attention."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from tests.cli.people import BOB, CAROL
from tests.conftest import Program
from trustcli import config
from trustcli.errors import DiskError
from trustcli.node import caring
from trustcli.node.running import Hold, Running


def test_status_of_an_empty_home_says_to_make_a_key(trust: Program) -> None:
    """Exit 0, nothing is made, and keygen is the next command; --check makes it 1."""
    ran = trust("status")
    assert ran.exit == 0
    assert "trust keygen" in ran.out + ran.err
    assert not trust.home.exists()
    assert trust("status", "--check").exit == 1
    data = trust("status", "--json").data
    assert (data["id"], data["ledger"], [alert["code"] for alert in data["alerts"]]) == (
        None,
        None,
        ["no_key"],
    )


def test_status_counts_what_is_held(knows_bob: Program) -> None:
    """Own, received, waiting and private ratings apart."""
    knows_bob("rate", "bob", "4", "-q")
    knows_bob("rate", "nobody", "4", "-q")
    knows_bob("rate", "bob", "4", "--private", "-q")
    knows_bob("import", "-", "-q", stdin=BOB.rates(CAROL.did, 40) + b"\n")
    data = knows_bob("status", "--json").data
    ledger = data["ledger"]
    assert {
        key: ledger[key] for key in ("records", "ratings", "own", "received", "waiting", "private", "schema")
    } == {
        "records": 2,
        "ratings": 4,
        "own": 1,
        "received": 1,
        "waiting": 1,
        "private": 1,
        "schema": 4,
    }
    assert ledger["bytes"] == (knows_bob.home / "ledger.db").stat().st_size
    assert data["peers"] == {"named": 2, "bound": 1, "blocked": 0}


def test_an_unencrypted_key_is_worth_a_word_and_no_failure(me: Program) -> None:
    """Information only: `--check` stays 0."""
    ran = me("status", "--check", "--json")
    assert (ran.exit, [alert["severity"] for alert in ran.data["alerts"]]) == (0, ["info"])


def test_a_disk_without_room_is_an_alert(me: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only `doctor` says so; the control: the disk of this machine has some."""
    assert me("status", "--check").exit == 0
    monkeypatch.setattr(caring, "_LITTLE", 1 << 60)
    ran = me("status", "--check", "--json")
    assert (ran.exit, [alert["code"] for alert in ran.data["alerts"]][1:]) == (1, ["disk_low"])


def test_a_daemon_that_failed_is_missed_and_one_that_never_began_is_not(me: Program) -> None:
    """As one that was killed; until the next one ends in order."""

    def serve(listen: str | None, problem: Exception | None) -> list[str]:
        with contextlib.suppress(DiskError), Hold(config.places({}, str(me.home))) as hold:
            if listen:
                hold.note(Running(1, listen, 0))
            if problem:
                raise problem
        return [alert["code"] for alert in me("status", "--json").data["alerts"]][1:]

    failed = DiskError("the disk fails")
    assert serve(None, failed) == []
    assert serve("127.0.0.1:1", failed) == ["daemon_gone"]
    assert serve(None, failed) == ["daemon_gone"]
    assert serve("127.0.0.1:1", None) == []


def test_check_fails_on_an_alert(me: Program) -> None:
    """A key that others may read: 1 with --check, 0 without, the same with --json."""
    Path(me.home / "keys" / "default.key").chmod(0o644)
    for more in ((), ("--json",)):
        assert me("status", "--check", *more).exit in (1, 77)
    assert me("status", "--check", "--metrics").exit == me("status", "--check").exit


def test_an_address_tried_once_is_no_alert_and_a_peer_that_never_answers_is(me: Program) -> None:
    """Of whom one named, after some attempts: a slip of the keys is not looked after for ever."""
    gone = "http://127.0.0.1:9"
    for _ in range(4):
        assert me("sync", gone).exit == 69
    assert me("status", "--check").exit == 0
    assert me("peer", "add", "bob", BOB.did, "--url", gone).exit == 0
    ran = me("status", "--check")
    assert (ran.exit, f"no sync with {gone} ever, 4 attempts failed" in ran.err + ran.out) == (1, True), ran


def test_ratings_about_to_expire_are_announced(me: Program) -> None:
    """Within 14 days."""
    me("rate", BOB.did, "4", "--expires", "20d", "-q")
    assert "expiring" not in [alert["code"] for alert in me("status", "--json").data["alerts"]]
    me("rate", CAROL.did, "4", "--expires", "3d", "-q")
    assert "expiring" in [alert["code"] for alert in me("status", "--json").data["alerts"]]


def test_metrics_are_prometheus_text(knows_bob: Program) -> None:
    """Each metric has a help, a type and one number; also in an empty home."""
    knows_bob("rate", "bob", "4", "-q")
    text = knows_bob("status", "--metrics").out
    found = dict(line.split(" ") for line in text.splitlines() if not line.startswith("#"))
    assert found["trust_records"] == "1"
    assert found["trust_peers"] == "1"
    assert found["trust_last_sync_seconds"] == "0"
    for name, value in found.items():
        assert re.fullmatch(r"\d+", value)
        assert f"# TYPE {name} gauge\n" in text
        assert f"# HELP {name} " in text
    assert "trust_records 0\n" in knows_bob("status", "--metrics", home=knows_bob.home.parent / "none").out


def test_a_key_that_is_not_there_beside_others_is_no_empty_home(me: Program) -> None:
    """What was chosen does not exist: it says so, and how to choose one that does."""
    me("config", "set", "identity", "nokey", "-q")
    ran = me("status")
    assert ran.exit == 0
    assert "nokey: no such key" in ran.out
    assert "trust id use default" in ran.out + ran.err
    assert "keygen" not in ran.out + ran.err
    assert me("status", "--json").data["alerts"][0]["code"] == "no_such_key"


def test_every_key_of_the_document_is_described(me: Program) -> None:
    """`trust help json` names them all, and the command whose answer is no document."""
    page = me("help", "json").out
    described = page[page.index("trust.status/1") : page.index("trust.topology/1")]
    assert [key for key in me("status", "--json").data if not re.search(rf"\b{key}\b", described)] == []
    assert re.search(r"^export\b", page, re.MULTILINE)
