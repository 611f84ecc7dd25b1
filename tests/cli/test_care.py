"""`trust config`, `doctor` and `ledger`: settings, health, and the file everything is in."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.cli.people import BOB
from tests.conftest import Program
from trustcli.config import Settings


def test_config_set_get_unset(trust: Program) -> None:
    """A value is kept in the file, shown with its origin, and its default comes back."""
    assert trust("config", "get", "hops").out == "3\n"
    assert trust("config", "set", "hops", "2").exit == 0
    data = trust("config", "get", "hops", "--json").data
    path = trust("config", "path").out.rstrip("\n")
    assert data == {"key": "hops", "value": 2, "origin": path}
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert trust("config", "unset", "hops").exit == 0
    assert trust("config", "get", "hops", "--json").data["origin"] == "default"


def test_config_ls_lists_every_setting(trust: Program) -> None:
    """With its meaning, or with --origin where the value comes from."""
    trust("config", "set", "model", "stars", "-q")
    rows = [line.split("\t") for line in trust("config", "ls", "--origin").out.splitlines()]
    assert [row[0] for row in rows] == list(Settings._fields)
    assert [row[2] for row in rows if row[0] == "model"] == [trust("config", "path").out.rstrip("\n")]
    assert {row[2] for row in rows if row[0] != "model"} == {"default"}
    assert [one["key"] for one in trust("config", "ls", "--json").data["settings"]] == list(Settings._fields)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nothing", "1"),
        ("hops", "0"),
        ("hops", "7"),
        ("hops", "x"),
        ("model", "none"),
        ("half_life_days", "nan"),
        ("half_life_days", "0"),
        ("require_known", "maybe"),
        ("lock_wait", "-1"),
        ("identity", ""),
        ("identity", "a\x1b"),
        ("network", "x" * 65),
    ],
)
def test_a_wrong_setting_is_refused(trust: Program, key: str, value: str) -> None:
    """2, and the file is not touched."""
    assert trust("config", "set", "--", key, value).exit == 2
    assert not Path(trust("config", "path").out.rstrip("\n")).exists()


@pytest.mark.parametrize("text", ["hops = 99", "rubbish = 1", "= =", "\xff", "hops = '3'"])
def test_a_damaged_settings_file_is_78_everywhere(me: Program, text: str) -> None:
    """Never a default in place of what cannot be read; help still works."""
    (me.home / "config.toml").write_text(text, encoding="latin-1")
    for words in (("status",), ("check", "bob"), ("config", "ls"), ("rate", "bob", "4")):
        ran = me(*words)
        assert (ran.exit, "hint:" in ran.err) == (78, True)
    assert me("help", "files").exit == 0


def test_settings_take_effect(me: Program) -> None:
    """The model of `config set model` is the one that answers; an option wins."""
    me("rate", BOB.did, "4", "-q")
    me("config", "set", "model", "stars", "-q")
    assert me("score", BOB.did, "--json").data["model"] == "stars"
    assert me("score", BOB.did, "--model", "beta", "--json").data["model"] == "beta"


def test_doctor_is_content_with_a_fresh_home(me: Program) -> None:
    """Every finding has a state, a name and a text; none is bad."""
    ran = me("doctor", "--json")
    findings = {one["name"]: one for one in ran.data["findings"]}
    assert ran.exit == 0
    assert {"python", "sqlite", "ed25519", "home", "disk", "keys", "ledger", "clock", "command"} <= set(
        findings
    )
    assert {one["state"] for one in findings.values()} <= {"ok", "info", "warn"}
    assert "journal mode" in findings["sqlite"]["what"]
    assert me("doctor", home=me.home.parent / "none").exit == 0


def test_doctor_finds_what_is_wrong(me: Program) -> None:
    """A key file and a home that others may use: 1, with the command that mends it."""
    (me.home / "keys" / "default.key").chmod(0o644)
    me.home.chmod(0o777)
    ran = me("doctor")
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert ran.exit == 1
    assert {row[1] for row in rows if row[0] == "bad"} >= {"home", "keys"}
    assert all("chmod" in row[3] for row in rows if row[0] == "bad")


def test_doctor_names_a_trust_of_p11_kit(
    me: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program of the same name on the PATH is a warning with the way out."""
    other = tmp_path / "bin" / "trust"
    other.parent.mkdir()
    other.write_bytes(b"\x7fELF p11-kit")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    findings = {one["name"]: one for one in me("doctor", "--json").data["findings"]}
    assert findings["command"]["state"] == "warn"
    assert "trustcli" in findings["command"]["hint"]


def test_ledger_path_and_check(me: Program) -> None:
    """Where it is, and whether it is sound; a damaged one is 1 or 74, never 0."""
    path = Path(me("ledger", "path").out.rstrip("\n"))
    assert path == me.home / "ledger.db"
    me("rate", BOB.did, "4", "-q")
    assert me("ledger", "check", "--json").data == {"problems": []}
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = b"\x55" * (len(data) - len(data) // 2)
    path.write_bytes(data)
    assert me("ledger", "check").exit in (1, 74)
    assert me("verify").exit in (1, 74)


def test_ledger_check_finds_a_changed_projection(me: Program) -> None:
    """The tables scores are computed from must be what the records say."""
    me("rate", BOB.did, "4", "-q")
    with sqlite3.connect(me.home / "ledger.db") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE ratings SET value = 10")
    db.close()
    ran = me("ledger", "check")
    assert (ran.exit, ran.out.startswith("bad\t")) == (1, True)
    assert me("verify").exit == 1


def test_ledger_backup_is_a_ledger_and_never_overwrites(me: Program, tmp_path: Path) -> None:
    """The copy opens in another home with the same records; a file that is there stays."""
    me("rate", BOB.did, "4", "-q")
    there = tmp_path / "there"
    there.mkdir(mode=0o700)
    copy = there / "ledger.db"
    data = me("ledger", "backup", str(copy), "--json").data
    assert (data["records"], copy.stat().st_mode & 0o777) == (1, 0o600)
    assert me("verify", "--json", home=there).data == {"records": 1, "bad": 0, "wrong": []}
    assert me("ledger", "backup", str(copy)).exit == 73
    assert me("ledger", "backup", "-").exit == 2
    assert me("ledger", "backup", str(tmp_path / "no" / "where")).exit == 74


def test_ledger_compact_deletes_what_was_withdrawn(me: Program) -> None:
    """The text of a draft that was undone is gone from the file, the records stay."""
    me("rate", BOB.did, "4", "-q")
    me("rate", "zoe", "2", "-m", "regretted-words", "-q")
    me("undo", "-q")
    data = me("ledger", "compact", "--json").data
    assert data["bytes_after"] <= data["bytes_before"]
    assert b"regretted-words" not in (me.home / "ledger.db").read_bytes()
    assert me("verify", "--json").data["records"] == 1


def test_ledger_migrate_has_nothing_to_do(me: Program) -> None:
    """With and without --dry-run."""
    for words in ((), ("--dry-run",)):
        data = me("ledger", "migrate", *words, "--json").data
        assert data["schema"] == data["wanted"]


def test_a_ledger_of_a_newer_program_is_78(me: Program) -> None:
    """Never a guess, and the file is not touched."""
    path = me.home / "ledger.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    before = path.read_bytes()
    ran = me("status")
    assert (ran.exit, path.read_bytes() == before) == (78, True)


def test_a_foreign_sqlite_file_is_not_taken_for_a_ledger(trust: Program) -> None:
    """Somebody else's database in the ledger's place is an error and stays as it is."""
    trust.home.mkdir(mode=0o700)
    path = trust.home / "ledger.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    before = path.read_bytes()
    assert trust("status").exit in (74, 78)
    assert trust("keygen").exit in (74, 78)
    assert path.read_bytes() == before


@pytest.mark.parametrize("words", [("path",), ("backup", "x"), ("check",), ("compact",), ("migrate",)])
def test_care_of_no_ledger_is_66(trust: Program, words: tuple[str, ...]) -> None:
    """But its path can be asked for; nothing is made."""
    assert trust("ledger", *words).exit == (0 if words == ("path",) else 66)
    assert not trust.home.exists()


def test_a_ledger_that_another_process_writes_is_75(me: Program) -> None:
    """After --lock-wait, and it may be tried again."""
    other = sqlite3.connect(me.home / "ledger.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    ran = me("rate", BOB.did, "4", "--lock-wait", "0.1", "--json")
    other.execute("ROLLBACK")
    other.close()
    assert (ran.exit, ran.document["error"]["retryable"]) == (75, True)
    assert me("rate", BOB.did, "4").exit == 0
