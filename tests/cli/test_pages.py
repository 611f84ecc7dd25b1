"""`trust completion`, `capabilities` and `help`: the program describes itself."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.cli.people import BOB
from tests.conftest import Program
from trustcli import __version__
from trustcli.cli import topics
from trustcli.cli.commands import COMMANDS, GROUPS
from trustcli.errors import REFUSALS, exit_table
from trustcli.models import MODELS
from trustcli.view import BECAUSE


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_the_shell_takes(trust: Program, shell: str) -> None:
    """Every command is in it; the shell, where there is one, finds no error."""
    ran = trust("completion", shell)
    assert ran.exit == 0
    assert all(word in ran.out for name in COMMANDS for word in name.split())
    assert trust("completion", shell, "--json").data["script"] == ran.out
    program = shutil.which(shell)
    if program:
        done = subprocess.run([program, "-n"], input=ran.out, text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_completion_of_names(me: Program) -> None:
    """Petnames and own keys, one a line; nothing in an empty home, and nothing is made."""
    me("peer", "add", "bob", BOB.did, "-q")
    me("keygen", "work", "-q")
    assert me("completion", "--names").out == "bob\ndefault\nwork\n"
    nowhere = me.home.parent / "nowhere"
    assert me("completion", "--names", home=nowhere) == (0, "", "")
    assert not nowhere.exists()


@pytest.mark.parametrize("words", [(), ("powershell",), ("bash", "zsh")])
def test_completion_needs_a_shell_it_knows(trust: Program, words: tuple[str, ...]) -> None:
    """2."""
    assert trust("completion", *words).exit == 2


def test_capabilities_are_complete(trust: Program) -> None:
    """Every command with its parameters, every exit code, model, refusal and reason."""
    data = trust("capabilities", "--json").data
    assert data["version"] == __version__
    assert [one["name"] for one in data["commands"]] == list(COMMANDS)
    assert [one["code"] for one in data["exit_codes"]] == [code for code, _, _ in exit_table()]
    assert (data["models"], data["refusals"], data["ignored_because"]) == (MODELS, REFUSALS, BECAUSE)
    rate = next(one for one in data["commands"] if one["name"] == "rate")
    assert {flag for one in rate["parameters"] for flag in one["flags"]} >= {
        "--batch",
        "--dry-run",
        "-n",
        "-m",
    }
    assert all(one["help"] for command in data["commands"] for one in command["parameters"])
    assert len(trust("capabilities").out.splitlines()) == len(COMMANDS)


@pytest.mark.parametrize("topic", list(topics.TOPICS))
def test_help_topics(trust: Program, topic: str) -> None:
    """Each has a page; needs no home."""
    ran = trust("help", topic)
    assert (ran.exit, len(ran.out.splitlines()) > 3) == (0, True)
    assert trust("help", topic, "--json").data == {"topic": topic, "text": ran.out}


def test_the_exit_code_page_is_made_from_the_code(trust: Program) -> None:
    """Every code of the table is on it."""
    lines = trust("help", "exit-codes").out.splitlines()
    for code, name, _ in exit_table():
        assert any(line.split()[:1] == [str(code)] and name.split(",")[0] in line for line in lines), code


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_of_every_command(trust: Program, name: str) -> None:
    """`trust help X` and `trust X --help` say the same."""
    page = trust("help", *name.split())
    assert page.exit == 0
    assert trust(*name.split(), "--help").out == page.out
    assert "Usage: trust " + name in page.out


def test_help_of_groups_and_all(trust: Program) -> None:
    """`trust`, `trust --help` and `trust help` list every command; a group lists its own."""
    for words in ((), ("--help",), ("-h",), ("help",)):
        ran = trust(*words)
        assert ran.exit == 0
        assert all(name.split()[0] in ran.out for name in COMMANDS), words
    for group in GROUPS:
        out = trust(group, "--help").out
        assert all(name.split()[1] in out for name in COMMANDS if name.startswith(f"{group} "))


def test_an_unknown_topic_is_2(trust: Program) -> None:
    """With the list of topics."""
    ran = trust("help", "nothing")
    assert (ran.exit, "exit-codes" in ran.err) == (2, True)


def test_the_version(trust: Program) -> None:
    """On stdout, 0."""
    assert trust("--version") == (0, f"trustcli {__version__}\n", "")
