"""With a person at a terminal: questions, drawings, and the answers typed."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.people import BOB, CAROL
from tests.conftest import Program

_PATIENCE = 20  # seconds until a question must have come


class Screen:
    """A process on a pseudo-terminal: what it shows, and a keyboard."""

    def __init__(self, home: Path, *words: str, **env: str) -> None:
        self._side, theirs = pty.openpty()
        self.shown = ""
        environment = {**os.environ, "TRUST_HOME": str(home), "TERM": "xterm", "COLUMNS": "100", **env}
        ours = signal.signal(
            signal.SIGINT, signal.default_int_handler
        )  # ignored where we run in the background
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trustcli", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
            close_fds=True,
        )
        signal.signal(signal.SIGINT, ours)
        os.close(theirs)

    def answer(self, question: str, typed: str) -> None:
        """Wait for a question and type an answer."""
        self.wait_for(question)
        os.write(self._side, typed.encode())

    def wait_for(self, text: str) -> None:
        """Wait until a text is shown, once more where it was before."""
        before = self.shown.count(text)
        end = time.monotonic() + _PATIENCE
        while self.shown.count(text) <= before and time.monotonic() < end and self._read():
            pass
        assert text in self.shown, self.shown

    def end(self) -> int:
        """Read to the end, which must come; return the exit code."""
        end = time.monotonic() + _PATIENCE
        while self._read():
            if time.monotonic() > end:
                self._process.kill()
                raise TimeoutError(self.shown)
        os.close(self._side)
        return self._process.wait(_PATIENCE)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def _read(self) -> bool:
        if not select.select([self._side], [], [], _PATIENCE)[0]:
            raise TimeoutError(self.shown)
        try:
            data = os.read(self._side, 65_536)
        except OSError:  # the other side is closed
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


def test_keygen_asks_for_a_passphrase_twice(tmp_path: Path) -> None:
    """The key is encrypted then, and the passphrase is never shown."""
    screen = Screen(tmp_path / "home", "keygen")
    screen.answer("passphrase (empty for none): ", "correct horse\n")
    screen.answer("once more: ", "correct horse\n")
    assert screen.end() == 0
    assert "encrypted" in screen.shown
    assert "not encrypted" not in screen.shown
    assert "correct horse" not in screen.shown
    signing = Screen(tmp_path / "home", "rate", BOB.did, "4")
    signing.answer("passphrase: ", "correct horse\n")
    assert signing.end() == 0


def test_keygen_takes_an_empty_passphrase_for_none(tmp_path: Path) -> None:
    """Asked once; the key is not encrypted, and it says so."""
    screen = Screen(tmp_path / "home", "keygen")
    screen.answer("passphrase (empty for none): ", "\n")
    assert (screen.end(), "not encrypted" in screen.shown, "once more" in screen.shown) == (0, True, False)


def test_two_different_passphrases_write_nothing(tmp_path: Path) -> None:
    """2, and no key."""
    screen = Screen(tmp_path / "home", "keygen")
    screen.answer("passphrase (empty for none): ", "one\n")
    screen.answer("once more: ", "two\n")
    assert screen.end() == 2
    assert not list(tmp_path.rglob("*.key"))


def test_ctrl_c_at_a_question_is_130_and_writes_nothing(tmp_path: Path) -> None:
    """No traceback either."""
    screen = Screen(tmp_path / "home", "keygen")
    screen.answer("passphrase (empty for none): ", "")
    screen.interrupt()
    assert (screen.end(), "Traceback" in screen.shown) == (130, False)
    assert not list(tmp_path.rglob("*.key"))


@pytest.mark.parametrize("words", [("--no-passphrase",), ("--no-input",)])
def test_nothing_is_asked_when_told_not_to(tmp_path: Path, words: tuple[str, ...]) -> None:
    """--no-passphrase and --no-input on a terminal; TRUST_NO_INPUT too."""
    screen = Screen(tmp_path / "home", "keygen", *words)
    assert (screen.end(), "passphrase (" in screen.shown) == (0, False)
    other = Screen(tmp_path / "other", "keygen", TRUST_NO_INPUT="1")
    assert (other.end(), "passphrase (" in other.shown) == (0, False)


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 2), ("\n", 2), ("\x04", 2)])
def test_retire_asks_first(me: Program, typed: str, code: int) -> None:
    """Only y goes on; Enter is no."""
    screen = Screen(me.home, "id", "retire")
    screen.answer("[y/N]", typed)
    assert screen.end() == code
    assert len(me("log", "--json").data["records"]) == (1 if code == 0 else 0)


@pytest.fixture
def rated(knows_bob: Program) -> Program:
    """Two ratings to draw."""
    knows_bob("rate", "bob", "4", "-q")
    knows_bob("rate", CAROL.did, "1.5", "-q")
    return knows_bob


def test_score_draws_its_spread(rated: Program) -> None:
    """A scale with a point on it, colours, and as seen by whom."""
    screen = Screen(rated.home, "score")
    assert screen.end() == 0
    assert "●" in screen.shown
    assert "bob" in screen.shown
    assert "as seen by me" in screen.shown
    assert "\x1b[" in screen.shown


def test_why_draws_a_tree(rated: Program) -> None:
    """The chain and its weight."""
    screen = Screen(rated.home, "why", "bob")
    assert (screen.end(), "★★★★☆" in screen.shown, "weight" in screen.shown) == (0, True, True)


@pytest.mark.parametrize("off", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_no_drawing(rated: Program, off: dict[str, str]) -> None:
    """NO_COLOR, TERM=dumb and --no-color: plain columns without an escape."""
    screen = Screen(rated.home, "score", **off)
    assert screen.end() == 0
    assert "\x1b" not in screen.shown
    other = Screen(rated.home, "score", "--no-color")
    assert (other.end(), "\x1b" in other.shown) == (0, False)


def test_columns_on_a_terminal_have_a_head(rated: Program) -> None:
    """Where a pipe gets tabs a person gets columns, and nothing is cut on a narrow terminal."""
    screen = Screen(rated.home, "peer", "ls", COLUMNS="40")
    assert screen.end() == 0
    assert re.search(r"NAME +ID +WEIGHT", screen.shown)
    assert "\t" not in screen.shown
    assert BOB.did in screen.shown


def test_json_on_a_terminal_is_json(rated: Program) -> None:
    """--json draws nothing."""
    screen = Screen(rated.home, "score", "bob", "--json")
    assert screen.end() == 0
    assert screen.shown.startswith('{"schema":"trust.score/1"')
    assert "\x1b" not in screen.shown


_HIDDEN, _BACK = "\x1b[?25l", "\x1b[?25h"


def _cursor_is_back(shown: str) -> bool:
    return _HIDDEN in shown and shown.rindex(_HIDDEN) < shown.rindex(_BACK)


@pytest.mark.parametrize("words", [("import",), ("verify",), ("bridge", "csv", "--system", "otc")])
@pytest.mark.parametrize("data", [b"", b"1,2,5\n", b'{"bundle":"trustcli/bundle/v1","records":9}\n'])
def test_the_cursor_is_back_whatever_the_work_came_to(
    me: Program, tmp_path: Path, words: tuple[str, ...], data: bytes
) -> None:
    """The bar of progress goes away before the answer, also where nobody said how much there was to do."""
    file = tmp_path / "file"
    file.write_bytes(data)
    screen = Screen(me.home, *words, str(file))
    screen.end()
    assert _cursor_is_back(screen.shown)
    assert re.search(r"bridged|imported|verified|error:", screen.shown[screen.shown.rindex(_BACK) :])


def test_the_cursor_is_back_after_ctrl_c(me: Program, tmp_path: Path) -> None:
    """130, however long the import would have gone on."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    screen = Screen(me.home, "import", str(pipe))
    with pipe.open("wb"):  # the import has begun when this is open
        screen.wait_for(_HIDDEN)
        screen.interrupt()
        assert screen.end() == 130, screen.shown
    assert _cursor_is_back(screen.shown)


def test_a_narrow_terminal_shows_a_long_subject_in_a_few_lines(me: Program) -> None:
    """The scale gives way to it, and no column is two cells wide."""
    subject = "https://agents.example/a/very/long/address/of/some/agent"
    me("rate", subject, "4", "-q")
    screen = Screen(me.home, "-q", "score", COLUMNS="40")
    assert screen.end() == 0
    lines = re.sub(r"\x1b\[[0-9;?]*[a-z]", "", screen.shown).splitlines()
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 40
    assert "".join(line[:11].strip() for line in lines[1:-1]) == subject
