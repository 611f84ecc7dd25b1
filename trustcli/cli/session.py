"""One run of the program: its streams, its environment, its clock, and the node it works on.

The only place that reads the environment and the clock.
"""

from __future__ import annotations

import os
import sys
import time

from trustcli import config
from trustcli.errors import BadInput, KeyProblem, UsageError, no_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, TextIO

    from trustcli.cli.progress import Bar
    from trustcli.node import Clock, Node, Passphrase, Progress

_MAX_PASSPHRASE = 4_096  # bytes
_MAX_TEXT = 65_536  # bytes of a text read from a file or stdin


class Session:
    """What a command needs of the world."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        environment = os.environ
        self.json: bool = options["json"] or environment.get("TRUST_JSON") == "1"
        self.quiet: bool = options["quiet"]
        self.verbose: bool = options["verbose"]
        self.no_input: bool = options["no_input"] or bool(environment.get("TRUST_NO_INPUT"))
        self.plain = bool(
            options["no_color"] or environment.get("NO_COLOR") or environment.get("TERM") == "dumb"
        )
        self._force = bool(environment.get("FORCE_COLOR")) and not self.plain
        self.places = config.places(environment, options["home"])
        self._node: Node | None = None
        self._opened: list[BinaryIO] = []
        self._bars: list[Bar] = []

    @property
    def node(self) -> Node:
        """The node, built when first asked for."""
        if self._node is None:
            from trustcli.node import Node  # noqa: PLC0415  `config path` and help need none

            settings, _ = config.load(self.places)
            self._node = Node(
                self.places,
                settings,
                clock=now,
                passphrase=self.passphrase(),
                identity=self.options["as_"],
                lock_wait=self._lock_wait(),
            )
        return self._node

    def close(self) -> None:
        """Close what the run opened."""
        for file in self._opened:
            file.close()
        if self._node is not None:
            self._node.close()

    @property
    def clock(self) -> Clock:
        """The clock of this run: gives Unix ms."""
        return now

    @property
    def service_manager(self) -> str:
        """Where systemd listens for how a service is doing; empty without it."""
        return os.environ.get("NOTIFY_SOCKET", "")

    @property
    def user(self) -> str:
        """The account that runs this."""
        import pwd  # noqa: PLC0415  for one command

        return pwd.getpwuid(os.getuid()).pw_name

    @property
    def draws(self) -> bool:
        """Whether answers may be drawn: somebody looks at stdout and wants more than lines."""
        return not self.json and not self.plain and self.is_terminal(sys.stdout)

    def is_terminal(self, stream: TextIO | None) -> bool:
        """Say whether a person looks at the stream."""
        return self._force or (stream is not None and stream.isatty())

    @property
    def can_ask(self) -> bool:
        """Whether there is somebody at a terminal who may be asked."""
        return not self.no_input and sys.stdin is not None and sys.stdin.isatty()

    def passphrase(self, prefix: str = "passphrase", question: str = "passphrase: ") -> Passphrase | None:
        """Return how to get a passphrase: from a file, a descriptor, a command, or by asking."""
        options, environment = self.options, os.environ
        file = options.get(f"{prefix}_file")
        descriptor = options.get(f"{prefix}_fd")
        command = options.get(f"{prefix}_command")
        if prefix == "passphrase" and not (file or command or descriptor is not None):
            file = environment.get("TRUST_PASSPHRASE_FILE")
            command = environment.get("TRUST_PASSPHRASE_COMMAND")
            descriptor = _descriptor(environment.get("TRUST_PASSPHRASE_FD", ""))
        if file:
            return lambda: _first_line(_read_file(file))
        if descriptor is not None:
            return lambda: _first_line(_read_descriptor(descriptor))
        if command:
            return lambda: _first_line(_run(command))
        if self.can_ask:
            return lambda: ask_secret(question)
        return None

    def text(self, given: str | None) -> str | None:
        """Return a text given as itself, as @FILE, or as - for stdin.

        Raises:
            NotFound, BadInput.
        """
        if given == "-":
            data = self.stdin().read(_MAX_TEXT + 1)
        elif given is not None and given.startswith("@"):
            data = _read_file(given[1:])
        else:
            return given
        if len(data) > _MAX_TEXT:
            raise BadInput(f"the text is longer than {_MAX_TEXT} bytes")
        try:
            return data.decode().rstrip("\n")
        except UnicodeDecodeError:
            raise BadInput("the text is not UTF-8") from None

    def line(self, given: str | None) -> str | None:
        """Return what `text` does, where it is for a record: those hold one line, and never an empty one.

        Raises:
            UsageError, NotFound, BadInput.
        """
        text = self.text(given)
        if text == "":
            raise UsageError("the text is empty", hint="leave the option out")
        if text and "\n" in text:
            raise BadInput(f"the text has {len(text.splitlines())} lines", hint="say it in one line")
        return text

    def stdin(self) -> BinaryIO:
        """Return standard input.

        Raises:
            UsageError: it is closed.
        """
        if sys.stdin is None:
            raise UsageError("standard input is closed", hint="name a file instead of -")
        return sys.stdin.buffer

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading, or - for stdin.

        Raises:
            NotFound, BadInput.
        """
        if path == "-":
            return self.stdin()
        try:
            self._opened.append(open(path, "rb"))  # noqa: SIM115  close() closes it
        except FileNotFoundError:
            raise no_file(path) from None
        except OSError as problem:
            raise BadInput(f"{path}: {problem.strerror}") from problem
        return self._opened[-1]

    def progress(self, what: str) -> Progress | None:
        """Return a progress display for long work, None where nobody would see it.

        It stays until `end_progress`, however the work ends.
        """
        if self.quiet or self.json or self.plain or sys.stderr is None or not sys.stderr.isatty():
            return None
        from trustcli.cli.progress import Bar  # noqa: PLC0415

        bar = Bar(what)
        self._bars.append(bar)  # first: Ctrl-C may come as soon as the cursor is hidden
        bar.start()
        return bar.show

    def end_progress(self) -> None:
        """Take away what shows progress: what is said next stands alone, and the cursor is back."""
        while self._bars:
            self._bars.pop().end()

    def _lock_wait(self) -> float | None:
        wait = self.options["lock_wait"]
        text = os.environ.get("TRUST_LOCK_WAIT")
        if wait is None and text:
            try:
                wait = float(text)
            except ValueError:
                raise UsageError(f"TRUST_LOCK_WAIT cannot be {text!r}", hint="seconds, such as 10") from None
        if wait is not None and not 0 <= wait <= 86_400:
            raise UsageError(f"cannot wait {wait} seconds", hint="--lock-wait 10")
        return None if wait is None else float(wait)


def wants_json(session: Session | None, words: list[str]) -> bool:
    """Say whether an error is to be a JSON document; the line may not even have been understood."""
    if session is not None:
        return session.json
    before = words[: words.index("--")] if "--" in words else words
    return "--json" in before or os.environ.get("TRUST_JSON") == "1"


def now() -> int:
    """The one clock: Unix ms."""
    return time.time_ns() // 1_000_000


def ask_secret(question: str) -> bytes:
    """Ask for a secret on the terminal, without showing it.

    Raises:
        KeyProblem: the terminal went away.
    """
    from getpass import getpass  # noqa: PLC0415

    try:
        return getpass(question, stream=sys.stderr).encode()
    except (EOFError, OSError):
        raise KeyProblem("no passphrase was given", hint="--passphrase-file FILE") from None


def _first_line(data: bytes) -> bytes:
    line = data.split(b"\n", 1)[0].rstrip(b"\r")
    if not line:
        raise KeyProblem("the passphrase is empty", hint="check --passphrase-file, -fd or -command")
    return line


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_TEXT + 1)
    except FileNotFoundError:
        raise no_file(path) from None
    except OSError as problem:
        raise BadInput(f"{path}: {problem.strerror}") from problem


def _descriptor(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(
            f"TRUST_PASSPHRASE_FD cannot be {text[:40]!r}", hint="the number of an open file, such as 3"
        )
    return int(text) if text else None


def _read_descriptor(number: int) -> bytes:
    try:
        return os.read(number, _MAX_PASSPHRASE)
    except OSError as problem:
        raise KeyProblem(f"file descriptor {number}: {problem.strerror}") from problem
    except OverflowError:
        raise KeyProblem(f"file descriptor {number}: no system counts that far") from None


def _run(command: str) -> bytes:
    import shlex  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    try:
        done = subprocess.run(  # noqa: S603  the user named the command
            shlex.split(command), stdout=subprocess.PIPE, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, ValueError, subprocess.CalledProcessError) as problem:
        raise KeyProblem(f"the passphrase command failed: {problem}") from None
    return done.stdout
