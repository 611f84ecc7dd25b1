"""The one place where an answer becomes bytes: rows or drawing, JSON, or nothing."""

from __future__ import annotations

import os
import sys

from trustcli.safe import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

    from trustcli.cli.declare import Reply
    from trustcli.cli.session import Session
    from trustcli.errors import TrustError


def show(session: Session, reply: Reply) -> int:
    """Print a reply as the session wants it; return the exit code."""
    out = sys.stdout
    if out is None:  # closed: the exit code is all there is
        return _drain(reply)
    if session.json and not reply.is_json:
        _json(reply, out)
    elif reply.stream is not None:
        for _, row in reply.stream:
            out.write(_line(row) + "\n")
            out.flush()
    elif reply.text is not None:
        for piece in reply.text:
            out.write(piece)
    elif reply.draw and session.draws:
        _draw(reply, session)
    else:
        _rows(reply, out, session)
    out.flush()
    _talk(session, reply)
    return _drain(reply)


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
            },
        }
        sys.stdout.write(_dump(document) + "\n")
        sys.stdout.flush()
    elif sys.stderr is not None:
        sys.stderr.write(f"error: {message}\n" + (f"hint:  {hint}\n" if hint else ""))
        sys.stderr.flush()
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


def _rows(reply: Reply, out: TextIO, session: Session) -> None:
    if not session.is_terminal(out):
        out.writelines(_line(row) + "\n" for row in reply.rows)
        return
    head = [reply.head] if reply.head and reply.rows else []
    rows = [tuple(safe(cell) for cell in row) for row in (*head, *reply.rows)]
    out.writelines(line + "\n" for line in columns(rows))


def _draw(reply: Reply, session: Session) -> None:
    from rich.console import Console  # noqa: PLC0415  drawing is for terminals only

    assert reply.draw is not None
    reply.draw(
        Console(highlight=False, emoji=False, markup=False, force_terminal=session.is_terminal(sys.stdout))
    )


def _json(reply: Reply, out: TextIO) -> None:
    if reply.stream is not None:
        for data, _ in reply.stream:
            ok = data.get("ok", True)
            out.write(_dump({**_document(reply, data), "ok": ok}) + "\n")
            out.flush()
        return
    data = reply.data
    if reply.text is not None and not data:
        data = {"text": "".join(reply.text)}
    out.write(_dump(_document(reply, data)) + "\n")


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
    if session.quiet or sys.stderr is None:
        return
    talk = [f"warning: {warning['message']}" for warning in reply.warnings]
    if not session.json:
        talk += [f"note:    {note}" for note in reply.notes]
        if reply.next:
            talk.append(f"next:    {reply.next}")
    sys.stderr.writelines(safe(line) + "\n" for line in talk)


def _drain(reply: Reply) -> int:
    return reply.outcome() if reply.outcome else reply.exit


def reader_is_gone() -> int:
    """The reader of our output closed it (`| head`): say nothing more, leave with 141 as a shell shows it."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    return 141
