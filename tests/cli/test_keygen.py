"""`trust keygen`: a key in one file that only its owner can read, never overwritten."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.cli.people import BOB
from tests.conftest import Program
from trustcli.key_forms import secret_text


def test_keygen_makes_a_key_that_only_its_owner_can_read(trust: Program) -> None:
    """The file is 0600 in a 0700 directory, and the JSON says what the file says."""
    made = trust("keygen", "--json").data
    assert made["did"].startswith("did:key:z6Mk")
    assert len(made["words"].split("-")) == 8
    assert (made["name"], made["encrypted"], made["current"]) == ("default", False, True)
    assert os.stat(made["path"]).st_mode & 0o777 == 0o600
    assert os.stat(trust.home / "keys").st_mode & 0o777 == 0o700
    assert f"# id: {made['did']}" in Path(made["path"]).read_text(encoding="utf-8")


def test_keygen_never_overwrites(me: Program) -> None:
    """A second keygen of the same name is refused with 73 and the file stays as it was."""
    path = me.home / "keys" / "default.key"
    before = path.read_bytes()
    ran = me("keygen")
    assert (ran.exit, path.read_bytes() == before) == (73, True)
    assert "error: " in ran.err
    assert me("keygen", "--import", str(path)).exit == 73
    assert path.read_bytes() == before


def test_keygen_takes_a_name(me: Program) -> None:
    """A named key stands beside the first and is used with --as."""
    assert me("keygen", "work").exit == 0
    assert [key["name"] for key in me("id", "ls", "--json").data["keys"]] == ["default", "work"]
    assert me("id", "show", "--as", "work", "--json").data["name"] == "work"


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", "-x y", "A B", "a" * 65, "x\ny", "Work"])
def test_keygen_refuses_names_that_are_no_file_names(trust: Program, name: str) -> None:
    """Nothing but a plain name ever becomes part of a path."""
    ran = trust("keygen", "--", name)
    assert ran.exit == 2
    assert not trust.home.exists() or not list(trust.home.rglob("*.key"))


@pytest.mark.parametrize("form", ["seed-hex", "multibase", "jwk", "openssh"])
def test_keygen_imports_every_form(trust: Program, tmp_path: Path, form: str) -> None:
    """The key of a file is taken in place of a new one."""
    file = tmp_path / "key"
    file.write_text(secret_text(BOB.seed, form), encoding="utf-8")
    assert trust("keygen", "--import", str(file), "--json").data["did"] == BOB.did


def test_keygen_refuses_a_file_that_is_no_key(trust: Program, tmp_path: Path) -> None:
    """Garbage is bad data (65), a missing file 66; nothing is written."""
    file = tmp_path / "key"
    file.write_text("no key at all", encoding="utf-8")
    assert trust("keygen", "--import", str(file)).exit == 65
    assert trust("keygen", "--import", str(tmp_path / "none")).exit == 66
    assert trust("id", "ls", "--json").data["keys"] == []


def test_the_passphrase_comes_from_a_file_a_descriptor_or_a_command(trust: Program, tmp_path: Path) -> None:
    """Whatever way it came, the same passphrase opens the key; the wrong one and none are 77."""
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n", encoding="utf-8")
    wrong = tmp_path / "wrong"
    wrong.write_text("battery\n", encoding="utf-8")
    assert trust("keygen", "--passphrase-file", str(secret), "--json").data["encrypted"] is True
    rate = ("rate", BOB.did, "4", "-q")
    with open(secret, "rb") as opened:
        assert trust(*rate, "--passphrase-fd", str(opened.fileno())).exit == 0
    print_it = f"{sys.executable} -c \"print('correct horse')\""
    assert trust(*rate, "--passphrase-command", print_it).exit == 0
    assert trust(*rate, "--passphrase-file", str(wrong)).exit == 77
    assert trust(*rate).exit == 77
    assert trust(*rate, "--no-input").exit == 77


def test_the_passphrase_comes_from_the_environment(
    trust: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRUST_PASSPHRASE_FILE does what the option does, and the option wins."""
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n", encoding="utf-8")
    monkeypatch.setenv("TRUST_PASSPHRASE_FILE", str(secret))
    assert trust("keygen", "--json").data["encrypted"] is True
    assert trust("rate", BOB.did, "4").exit == 0
    assert trust("rate", BOB.did, "4", "--passphrase-file", str(tmp_path / "none")).exit == 66
    assert trust("keygen", "open", "--no-passphrase", "--json").data["encrypted"] is False
    monkeypatch.delenv("TRUST_PASSPHRASE_FILE")
    for wrong in ("abc", "²", "-1", "9" * 5_000):
        monkeypatch.setenv("TRUST_PASSPHRASE_FD", wrong)
        ran = trust("keygen", "none")
        assert (ran.exit, "TRUST_PASSPHRASE_FD" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--passphrase-command", "false"), 77),
        (("--passphrase-command", "/no/such/program"), 77),
        (("--passphrase-command", "'"), 77),
        (("--passphrase-command", "true"), 77),
        (("--passphrase-fd", "999"), 77),
        (("--passphrase-fd", "9007199254740991"), 77),
        (("--passphrase-fd", "x"), 2),
        (("--no-passphrase", "--passphrase-fd", "0"), 2),
        (("--no-passphrase", "--passphrase-command", "echo secret"), 2),
        (("--no-passphrase", "--passphrase-file", "/no/such/file"), 2),
        (("--passphrase-file", "/no/such/file"), 66),
    ],
)
def test_a_passphrase_that_cannot_be_had_leaves_no_key(
    trust: Program, words: tuple[str, ...], code: int
) -> None:
    """A failing source is an error; no unencrypted key is written instead."""
    ran = trust("keygen", *words)
    assert ran.exit == code
    assert not list(trust.home.rglob("*.key"))


def test_an_empty_ledger_is_no_ledger_and_no_key_is_made_beside_it(trust: Program) -> None:
    """74, and what was lost is not denied; once the file is gone the same command works."""
    trust.home.mkdir()
    ledger = trust.home / "ledger.db"
    ledger.touch()
    for words in (("keygen", "--no-passphrase"), ("status",), ("import", "-")):
        ran = trust(*words, stdin=b"")
        assert (ran.exit, "is empty" in ran.err, "nothing acknowledged" in ran.err) == (74, True, False)
    assert not list(trust.home.rglob("*.key"))
    ledger.unlink()
    assert trust("keygen", "--no-passphrase").exit == 0
