"""Start-up is a feature: what the everyday commands do not load."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cli.people import BOB
from tests.conftest import Program

_HEAVY = {
    "rich",
    "httpx",
    "sqlite_utils",
    "numpy",
    "scipy",
    "pydantic",
    "asyncio",
    "importlib.metadata",
    "msgspec",
    "typer",
    "click",
    "hypothesis",
    "uvicorn",
}
_SCRIPT = """
import sys
from trustcli.cli import main
code = main(sys.argv[1:])
print(*sorted(sys.modules), sep="\\n", file=sys.stderr)
sys.exit(code)
"""


def _loaded(trust: Program, *words: str) -> tuple[int, set[str]]:
    """Run the real command, piped; return its exit code and the modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TRUST_HOME": str(trust.home)},
    )
    return done.returncode, set(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("rate", "bob", "4"), 0),
        (("rate", "bob", "4", "--category", "reliability", "--json"), 0),
        (("rate", "stranger", "4"), 0),
        (("check", "bob", "--min", "4"), 1),
        (("check", "bob", "--json"), 1),
        (("status",), 0),
        (("status", "--json"), 0),
        (("score", "bob"), 0),
        (("why", "bob"), 0),
        (("log",), 0),
        (("--help",), 0),
        (("-h",), 0),
        (("rate", "--help"), 0),
        (("--version",), 0),
        (("completion", "--names"), 0),
        (("completion", "bash"), 0),
        (("score", "nobody-here"), 66),
        (("rate", "bob", "9"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_everyday_commands_load_nothing_heavy(knows_bob: Program, words: tuple[str, ...], code: int) -> None:
    """Neither a drawing, a network, a number nor a command-line library, nor what those bring along."""
    knows_bob("rate", "bob", "3", "-q")
    done, loaded = _loaded(knows_bob, *words)
    assert done == code
    assert loaded & _HEAVY == set()
    assert "trustcli.cli" in loaded


def test_help_and_version_open_no_ledger_and_no_key(knows_bob: Program) -> None:
    """They answer before anything is read."""
    for words in (("--help",), ("--version",), ("rate", "--help")):
        _, loaded = _loaded(knows_bob, *words)
        assert loaded & {"sqlite3", "nacl", "json", "trustcli.node"} == set()


def test_the_list_would_be_seen(knows_bob: Program) -> None:
    """The control: a model over the whole ledger loads numpy, a wrong line loads Typer."""
    knows_bob("rate", BOB.did, "4", "-q")
    assert "numpy" in _loaded(knows_bob, "score", "--model", "eigentrust")[1]
    assert "typer" in _loaded(knows_bob, "nothing")[1]
