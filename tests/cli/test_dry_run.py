"""`--dry-run`: says what would happen and stores nothing anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.people import BOB, CAROL, bundle, held
from tests.conftest import Program
from trustcli.cli.commands import COMMANDS
from trustcli.cli.declare import params_of
from trustcli.cli.quick import load

_CASES: dict[str, tuple[tuple[str, ...], bytes | None]] = {
    "rate": (("rate", "bob", "4", "-m", "x"), None),
    "rate a stranger": (("rate", "stranger", "4"), None),
    "rate in private": (("rate", "bob", "4", "--private"), None),
    "rate by batch": (("rate", "--batch", "-"), b'{"subject":"bob","stars":2}\nrubbish\n'),
    "revoke": (("revoke", "bob"), None),
    "revoke a draft": (("revoke", "waiting"), None),
    "undo": (("undo",), None),
    "report": (("report", "agent:x", "registration", "500"), None),
    "export": (("export",), None),
    "import": (("import", "-"), bundle(BOB.rates(CAROL.did, 40), b"rubbish")),
    "bridge csv": (("bridge", "csv", "-", "--system", "otc"), b"1,2,3,1289241911\n"),
    "ledger migrate": (("ledger", "migrate"), None),
}


@pytest.fixture
def full(knows_bob: Program) -> Program:
    """A home with a rating, a draft and a peer."""
    knows_bob("rate", "bob", "3", "-q")
    knows_bob("rate", "waiting", "3", "-q")
    return knows_bob


def test_every_command_that_has_it_is_tried() -> None:
    """A new command with --dry-run must be added here."""
    having = {name for name in COMMANDS if "dry_run" in params_of(load(name))}
    assert having <= {*_CASES, "sync"}  # which needs a peer: tests/cli/test_sync.py


@pytest.mark.parametrize("case", list(_CASES))
@pytest.mark.parametrize("flag", ["--dry-run", "-n"])
def test_a_dry_run_stores_nothing(full: Program, tmp_path: Path, case: str, flag: str) -> None:
    """The home is the same before and after, byte by byte; the run itself then exits the same."""
    words, stdin = _CASES[case]
    before = held(tmp_path)
    dry = full(*words, flag, stdin=stdin)
    assert held(tmp_path) == before
    wet = full(*words, stdin=stdin)
    assert dry.exit == wet.exit
    if case not in ("export", "ledger migrate"):
        assert held(tmp_path) != before, "the control: without --dry-run something is stored"


@pytest.mark.parametrize("case", list(_CASES))
def test_a_dry_run_makes_nothing_in_an_empty_home(trust: Program, tmp_path: Path, case: str) -> None:
    """Whatever it says, there is no file afterwards."""
    words, stdin = _CASES[case]
    assert trust(*words, "--dry-run", stdin=stdin).exit in (0, 4, 65, 66)
    assert held(tmp_path) == {}


def test_a_dry_run_says_the_same_as_the_run(full: Program) -> None:
    """The document has the same fields and says dry_run."""
    dry = full("rate", "bob", "4", "--dry-run", "--json").data
    wet = full("rate", "bob", "4", "--json").data
    assert (dry["dry_run"], wet["dry_run"], list(dry)) == (True, False, list(wet))
    assert dry["value"] == wet["value"]
    assert "dry run" in full("rate", "bob", "4", "-n").err


def test_a_dry_run_of_an_export_writes_no_file(full: Program, tmp_path: Path) -> None:
    """Only the number of records is said."""
    ran = full("export", "-o", str(tmp_path / "x"), "--dry-run", "--json")
    assert (ran.exit, ran.data["records"]) == (0, 1)
    assert not (tmp_path / "x").exists()
