"""README.md is run: every command in it, in order, in one throw-away home, and its output compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
_FENCE = re.compile(r"^```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "\x1e"
_VARYING = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"did:key:z6Mk\w+"), "did:key:KEY"),
    (re.compile(r"z6Mk\w*…\w+"), "KEY"),
    (re.compile(r"\b[a-z]+(-[a-z]+){7}\b"), "WORDS"),
    (re.compile(r"\brecord [0-9a-f]{8}\b"), "record RECORD"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "RECORD"),
    (re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+Z)?"), "TIME"),
    (re.compile(r"\S*/keys/"), "keys/"),
    (re.compile(r"\d+ KiB"), "SIZE"),
    (re.compile(r"\bhead [0-9a-f]{8}\b"), "head HEAD"),
    (re.compile(r"\d+ s ago|\bnow$"), "AGO"),
    (re.compile(r"[ \t]+"), " "),
)


class Step(NamedTuple):
    """One command of the README and the output shown below it; None where none is shown."""

    command: str
    shown: str | None


def steps() -> list[Step]:
    """Return the commands of all blocks, in order, without those that set up."""
    found: list[Step] = []
    for kind, text in _FENCE.findall(README):
        if kind == "sh":
            found += [] if text.startswith("make ") else [Step(text, None)]
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append(Step(command, shown))
    return found


def stable(text: str) -> str:
    """Return text with what differs from run to run replaced, and spaces joined."""
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The output of each step, all run by one shell, as a terminal would show it."""
    place = tmp_path_factory.mktemp("readme")
    program = place / "bin"
    program.mkdir()
    (program / "trust").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m trustcli "$@"\n')
    (program / "trust").chmod(0o755)
    script = "".join(f"{{ {step.command.strip()}\n}} 2>&1; printf '{_MARK}'\n" for step in steps())
    done = subprocess.run(
        ["sh", "-u"],
        input=script.encode(),
        capture_output=True,
        cwd=place,
        env={
            "PATH": f"{program}:{os.pathsep.join(os.get_exec_path())}",
            "HOME": str(place),
            "TRUST_HOME": str(place / "home"),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "FORCE_COLOR": "1",
            "TERM": "xterm",
            "COLUMNS": "100",
        },
        timeout=120,
        check=False,
    )
    assert done.stderr == b""
    return done.stdout.decode().split(_MARK)[:-1]


def test_there_is_something_to_run() -> None:
    """The README has commands, and the main ones are among them."""
    commands = " ".join(step.command for step in steps())
    for word in (
        "keygen",
        "rate",
        "check",
        "why",
        "import",
        "export",
        "bridge csv",
        "graph",
        "status",
        "sync",
        "serve",
        "init",
    ):
        assert f"trust {word}" in commands


@pytest.mark.parametrize("number", range(len(steps())))
def test_the_readme_shows_what_happens(ran: list[str], number: int) -> None:
    """What the README shows below a command is what the command prints."""
    step = steps()[number]
    if step.shown is None:
        assert "error" not in ran[number]
    else:
        assert stable(ran[number]) == stable(step.shown)


def test_set_up_is_two_targets_of_the_makefile() -> None:
    """The commands that set up are targets of the Makefile."""
    wanted = re.findall(r"^make (\S+)$", README, re.MULTILINE)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert wanted == ["demo", "test"]
    assert set(wanted) <= set(targets)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    """Files that the README links to are there."""
    assert (ROOT / link).exists()


def test_the_help_topics_named_are_there() -> None:
    """`trust help TOPIC` in the README names a topic or command that has a page."""
    from trustcli.cli import topics

    assert set(re.findall(r"`trust help (\w[\w-]*)`", README)) <= set(topics.TOPICS)


def test_the_threat_model_names_tests_that_are_there() -> None:
    """Each test file that the threat model points to exists, and every row points to one or says why not."""
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", page))
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
    rows = [line for line in page.splitlines() if re.match(r"\| ([ABCD]\d|[a-z])", line)]
    shown = re.compile("`tests/|`.ci/run`|stated limit")
    assert [row for row in rows if not shown.search(row)] == []
    numbers = {int(number) for row in rows for number in re.findall(r"\bC(\d+)", row.split("|")[1])}
    assert numbers == set(range(1, 36))
    assert len(rows) > 80
