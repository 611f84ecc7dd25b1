"""The command line. One file per command; `commands.py` is the table of contents.

The only door to typer and rich. `main` is the only place where an error becomes an exit code.
"""

from __future__ import annotations

import sys

from trustcli import __version__
from trustcli.cli import output, quick
from trustcli.cli.commands import TAKEN
from trustcli.cli.session import Session, wants_json
from trustcli.errors import BUG, TrustError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.declare import Run

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run one command line; return the exit code."""
    output.lose_nothing()
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except BrokenPipeError:  # met by an answer, or by the report of an error
        return output.reader_is_gone()


def _run(words: list[str]) -> int:
    session: Session | None = None
    try:
        if _shown(words):
            return 0
        run, values, settings = _parse(words)
        session = Session(settings)
        try:
            reply = run(session, **values)
        finally:
            session.end_progress()
        return output.show(session, reply)
    except TrustError as problem:
        return output.fail(session, problem, as_json=wants_json(session, words))
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        return 130
    except Exception as problem:  # noqa: BLE001  a bug: say so in one line, with the way to more
        return _bug(problem, session, words)
    finally:
        if session is not None:
            session.close()


def _shown(words: list[str]) -> bool:
    """Show the version or a prepared help page without loading Typer; say whether that was it."""
    if words == ["--version"]:
        output.say(f"trustcli {__version__}\n")
        return True
    if words and words[-1] not in ("--help", "-h"):
        return False
    from trustcli.cli import pages  # noqa: PLC0415

    text = pages.find(words[:-1])
    if text is None:
        return False
    output.say(text)
    return True


def _parse(words: list[str]) -> tuple[Run, dict[str, Any], dict[str, Any]]:
    if not all(_is_text(word) for word in words):
        raise UsageError("the command line is not UTF-8", hint="rename the file, or use stdin: -")
    if words and words[0] in TAKEN:
        raise UsageError(
            f"this is trustcli; {words[0]!r} is a verb of p11-kit's tool of the same name",
            hint="run /usr/bin/trust for certificates, and trustcli for this program",
            code="p11_kit",
        )
    try:
        return quick.parse(words)
    except quick.Unclear:
        from trustcli.cli import tree  # noqa: PLC0415  five times the cost of Python's own start

        return tree.parse(words)


def _is_text(word: str) -> bool:
    """Say whether the bytes of a word were UTF-8; others reach us as lone surrogates."""
    return word.isascii() or not any("\ud800" <= char <= "\udfff" for char in word)


def _bug(problem: Exception, session: Session | None, words: list[str]) -> int:
    verbose = session.verbose if session else "-v" in words
    if verbose:
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    found = TrustError(
        f"a fault of this program: {type(problem).__name__}: {problem}",
        hint="please report it, with what -v prints: nothing acknowledged was lost",
    )
    output.fail(session, found, as_json=wants_json(session, words))
    return BUG
