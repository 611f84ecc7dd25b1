"""The one place where an answer becomes bytes: rows or drawing, JSON, or nothing."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

from trustcli.errors import DiskError
from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TextIO

    from trustcli.cli.declare import Reply
    from trustcli.cli.session import Session
    from trustcli.errors import TrustError


def show(session: Session, reply: Reply) -> int:
    """Print a reply as the session wants it; return the exit code.

    Raises:
        DiskError: standard output takes no more.
    """
    out = sys.stdout
    if out is None:  # closed: the exit code is all there is
        return _drain(reply)
    if reply.text is not None and not session.is_terminal(out):
        _encode(out, "utf-8")  # a bundle, a picture, a script: its bytes do not hang on the locale
    for piece in _pieces(session, reply, out):
        _put(out, piece, flush=reply.stream is not None)
    _put(out, "", flush=True)
    _talk(session, reply)
    return _drain(reply)


def lose_nothing() -> None:
    r"""Let standard output write what its encoding has no bytes for as \u escapes, as standard error does."""
    _encode(sys.stdout, None)


def _encode(out: TextIO | None, encoding: str | None) -> None:
    if isinstance(out, TextIOWrapper):
        out.reconfigure(
            encoding=encoding, errors="backslashreplace" if out.errors == "strict" else out.errors
        )


def say(text: str) -> None:
    """Print a text as it is, on standard output.

    Raises:
        DiskError: it takes no more.
    """
    if sys.stdout is not None:
        _put(sys.stdout, text, flush=True)


def fail(session: Session | None, problem: TrustError, *, as_json: bool) -> int:
    """Report an error: one line, a hint, the exit code; one document with --json."""
    message, hint = safe(str(problem)), safe(problem.hint)
    if as_json and sys.stdout is not None:
        document = {
            "schema": "trust.error/1",
            "ok": False,
            "error": {
                "code": problem.code,
                "exit": problem.exit,
                "message": message,
                "hint": hint or None,
                "retryable": problem.retryable,
                **({"parts": list(problem.parts)} if problem.parts else {}),
            },
        }
        try:
            _put(sys.stdout, _dump(document) + "\n", flush=True)
            return problem.exit
        except DiskError:
            pass  # then as text
    parts = [f"       {safe(part['message'])}" for part in problem.parts]
    _aside([f"error: {message}", *parts, *([f"hint:  {hint}"] if hint else [])])
    return problem.exit


def columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows of safe text as lines with their columns aligned."""
    widths: list[int] = []
    for row in rows:
        for index, cell in enumerate(row[:-1]):
            if index == len(widths):
                widths.append(0)
            widths[index] = max(widths[index], _width(cell))
    return [
        "  ".join(
            [cell + " " * (widths[index] - _width(cell)) for index, cell in enumerate(row[:-1])]
            + list(row[-1:])
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  only for text that is not plain

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _line(row: tuple[str, ...]) -> str:
    return "\t".join([safe(cell) for cell in row])


def _pieces(session: Session, reply: Reply, out: TextIO) -> Iterable[str]:
    """Return what is printed of a reply."""
    if session.json and not reply.is_json:
        return _documents(reply)
    if reply.stream is not None:
        return (_line(row) + "\n" for _, row in reply.stream)
    if reply.text is not None:
        return reply.text
    if reply.draw and session.draws:
        return [_drawn(reply.draw, session)]
    return _rows(reply, session, out)


def _rows(reply: Reply, session: Session, out: TextIO) -> Iterator[str]:
    if not session.is_terminal(out):
        return (_line(row) + "\n" for row in reply.rows)
    head = [reply.head] if reply.head and reply.rows else []
    rows = [tuple(safe(cell) for cell in row) for row in (*head, *reply.rows)]
    return (line + "\n" for line in columns(rows))


def _drawn(draw: Callable[[Any], None], session: Session) -> str:
    from rich.console import Console  # noqa: PLC0415  drawing is for terminals only

    terminal = session.is_terminal(sys.stdout)
    console = Console(highlight=False, emoji=False, markup=False, force_terminal=terminal)
    with console.capture() as drawn:
        draw(console)
    return drawn.get()


def _documents(reply: Reply) -> Iterator[str]:
    if reply.stream is not None:
        for data, _ in reply.stream:
            yield _dump({**_document(reply, data), "ok": data.get("ok", True)}) + "\n"
        return
    data = reply.data
    if reply.text is not None and not data:
        data = {"text": "".join(reply.text)}
    yield _dump(_document(reply, data)) + "\n"


def _document(reply: Reply, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": f"trust.{reply.schema}/1",
        "ok": reply.exit != 4,
        "data": data,
        "warnings": list(reply.warnings),
    }


def _dump(document: object) -> str:
    import json  # noqa: PLC0415  only where JSON is asked for

    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def _talk(session: Session, reply: Reply) -> None:
    if session.quiet:
        return
    talk = [f"warning: {warning['message']}" for warning in reply.warnings]
    if not session.json:
        talk += [f"note:    {note}" for note in reply.notes]
        if reply.next:
            talk.append(f"next:    {reply.next}")
    _aside([safe(line) for line in talk])


def _drain(reply: Reply) -> int:
    return reply.outcome() if reply.outcome else reply.exit


def _put(out: TextIO, text: str, *, flush: bool) -> None:
    """Write to standard output: a full disk there is no fault of this program.

    Raises:
        DiskError: it takes no more. BrokenPipeError: its reader is gone.
    """
    try:
        out.write(text)
        if flush:
            out.flush()
    except BrokenPipeError:
        raise
    except OSError as problem:
        _let_go(1)
        sys.stdout = None
        raise DiskError(
            f"standard output: {problem.strerror}",
            hint="the answer is cut short: free space where it goes, or send it elsewhere",
            code="output",
        ) from problem


def _aside(lines: list[str]) -> None:
    """Write lines to standard error. Where that takes no more, the exit code still says what happened."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.writelines(line + "\n" for line in lines)
        sys.stderr.flush()
    except BrokenPipeError:
        raise
    except OSError:
        _let_go(2)


def reader_is_gone() -> int:
    """The reader of our output closed it (`| head`): say nothing more, leave with 141 as a shell shows it."""
    _let_go(1)
    _let_go(2)
    return 141


def _let_go(descriptor: int) -> None:
    """Send what is still to be written nowhere, or Python would try again, and complain, when it ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)
