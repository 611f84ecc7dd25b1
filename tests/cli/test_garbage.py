"""Garbage on the command line: always an exit code of the table, never 70, never a traceback."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.people import BOB, CAROL, LASTING, bundle
from tests.conftest import Program
from trustcli.cli import main
from trustcli.cli.commands import COMMANDS
from trustcli.cli.declare import GLOBALS, params_of
from trustcli.cli.quick import load
from trustcli.errors import exit_table

_BRIEF = [name for name in COMMANDS if name.split()[0] not in LASTING]
_CODES = {code for code, _, _ in exit_table()}
_KEPT_OUT = {"--follow", "-f", "--passphrase-command", "--new-passphrase-command", "--passphrase-fd",
             "--new-passphrase-fd", "--home"}  # fmt: skip
"""What would run for ever, run a program, read a descriptor of the test, or write elsewhere."""

_FLAGS = sorted(
    {
        flag
        for name in _BRIEF
        for param in (*params_of(load(name)).values(), *GLOBALS.values())
        for flag in param.flags
    }
    - _KEPT_OUT
)
_KNOWN = [
    "bob",
    "me",
    BOB.did,
    BOB.did[:-1],
    "otc:1",
    "4",
    "4.5",
    "-1",
    "-",
    "@bundle",
    "bundle",
    "0" * 64,
    "01234567",
    "z6Mk",
    "sha256:00000000",
    "2013-01-01",
    "90d",
    "now",
    "99999y",
    "9" * 40,
    "nan",
    "1e999",
    "default",
    "hops",
    "",
    "rater=0,subject=1,value=2",
    "-10..10",
    ".",
    "\udcff",
    "a\udcff:b",
    "agent:\udcff",
]
_RANDOM = st.text(st.characters(exclude_characters="/~\0", exclude_categories=["Cs"]), max_size=12).filter(
    lambda text: not (text.startswith("-") and "f" in text)
)
_WORD = st.one_of(st.sampled_from(_FLAGS), st.sampled_from(_KNOWN), _RANDOM)
_LINE = st.tuples(st.sampled_from(_BRIEF), st.lists(_WORD, max_size=6)).map(
    lambda drawn: [*drawn[0].split(), *drawn[1]]
)
_ANYTHING = st.lists(
    st.one_of(_WORD, st.sampled_from([word for name in _BRIEF for word in name.split()])), max_size=6
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a key, a peer, a rating, a draft and received records; copied for every line."""
    home = tmp_path_factory.mktemp("template") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUST_HOME", str(home))
        for words in (
            ["keygen"],
            ["peer", "add", "bob", BOB.did],
            ["rate", "bob", "4"],
            ["rate", "zoe", "3"],
        ):
            assert _run(words)[0] == 0
        (home.parent / "bundle").write_bytes(bundle(BOB.rates(CAROL.did, 40), b"rubbish"))
    return home.parent


def _run(words: list[str]) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"bob\nrubbish\n")))
        try:
            code = main(words)
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return code, out.getvalue() + err.getvalue()


def _try(words: list[str], template: Path) -> None:
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        shutil.copytree(template, place, dirs_exist_ok=True)
        patch.chdir(place)
        patch.setenv("TRUST_HOME", os.path.join(place, "home"))
        code, said = _run(words)
    assert code in _CODES, (words, code)
    assert code != 70, (words, said)
    assert "Traceback" not in said


@settings(max_examples=200, deadline=None, derandomize=True)
@given(words=_LINE)
def test_a_command_with_garbage_never_fails_by_itself(words: list[str], template: Path) -> None:
    """Flags of other commands, names, numbers, broken text."""
    _try(words, template)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(words=_ANYTHING)
def test_garbage_without_a_command_never_fails_by_itself(words: list[str], template: Path) -> None:
    """Whatever the words and their order."""
    _try(words, template)


@pytest.mark.parametrize("word", ["\udcff", "agent:\udcff", "a\udc80b", "\u202e", "\x1b[2J", "a\nb", "a\tb"])
def test_text_that_is_no_text_in_every_place(template: Path, word: str) -> None:
    """A byte that is no UTF-8 arrives as a surrogate: refused or not found, in every place."""
    for name in _BRIEF:
        params = params_of(load(name))
        places = [word for param in params.values() if not param.flags]
        _try([*name.split(), *places], template)
        for param in params.values():
            if param.flags and param.kind is str and not _KEPT_OUT & set(param.flags):
                others = ["bob" if key == "subject" else "4" for key, one in params.items() if not one.flags]
                _try([*name.split(), param.flags[0], word, *others], template)


def test_it_would_be_seen(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a command with a fault exits 70 and the test above fails."""
    monkeypatch.setattr("trustcli.cli.status.caring.alerts", lambda node: 1 // 0)
    with pytest.raises(AssertionError):
        _try(["status"], template)


def test_a_fault_is_one_line_and_its_traceback_only_with_v(
    me: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """70, a line to report, a document with --json."""
    monkeypatch.setattr("trustcli.cli.status.caring.alerts", lambda node: 1 // 0)
    ran = me("status")
    assert (ran.exit, ran.out, len(ran.err.splitlines())) == (70, "", 2)
    assert "Traceback" in me("status", "-v").err
    assert me("status", "--json").document["error"]["code"] == "bug"
