"""How a command declares itself, once: a function whose keyword defaults are its parameters.

    def check(session, *, subjects=argument("SUBJECT", "who", many=True), least=option("--min", …)): …

From this one declaration come the quick parser (cli/quick.py), the Typer tree with its help, errors and
completion (cli/tree.py), the man pages, and `trust capabilities`.
"""

from __future__ import annotations

from trustcli.errors import UsageError
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any


REQUIRED = object()


class Param(NamedTuple):
    """One parameter. `flags` is empty for a positional one; `kind` is str, int, float or bool (a flag)."""

    flags: tuple[str, ...]
    kind: type
    default: object
    help: str
    metavar: str = ""
    many: bool = False
    choices: tuple[str, ...] = ()
    complete: str = ""  # what it is completed with: `names`, `files`, or nothing


class Reply(NamedTuple):
    """What a command answers: data for programs, rows for people and pipes.

    Attributes:
        schema: the document is `trust.<schema>/1`.
        rows: cells of text, one line each; columns on a terminal, tabs in a pipe.
        head: titles of the columns, shown on a terminal only.
        text: instead of rows, text as it is (already safe), piece by piece.
        is_json: the text is JSON lines already, printed the same with --json.
        stream: instead of all of it, (data, row) pairs as they come; NDJSON with --json.
        draw: shows the answer on a terminal that can do more than lines.
        notes, next: talk, on stderr.
    """

    schema: str
    data: dict[str, Any] = {}  # noqa: RUF012  never changed, like all of a reply
    rows: Sequence[tuple[str, ...]] = ()
    head: tuple[str, ...] = ()
    exit: int = 0
    text: Iterable[str] | None = None
    is_json: bool = False
    stream: Iterator[tuple[dict[str, Any], tuple[str, ...]]] | None = None
    outcome: Callable[[], int] | None = None
    draw: Callable[[Any], None] | None = None
    notes: tuple[str, ...] = ()
    next: str = ""
    warnings: Sequence[dict[str, str]] = ()


if TYPE_CHECKING:
    Run = Callable[..., Reply]


def argument(
    metavar: str,
    help_: str,
    *,
    kind: type = str,
    default: object = REQUIRED,
    many: bool = False,
    complete: str = "",
) -> Any:
    """Declare a positional parameter; `many` takes all that are left, none included."""
    return Param((), kind, default, help_, metavar, many, (), complete)


def option(
    *flags: str,
    help: str,
    kind: type = str,
    default: object = None,
    metavar: str = "",
    many: bool = False,
    choices: tuple[str, ...] = (),
    complete: str = "",
) -> Any:
    """Declare an option with a value; `many` collects repeated ones in a list."""
    name = metavar or ("|".join(choices) if choices else flags[0].lstrip("-").upper().replace("-", "_"))
    return Param(flags, kind, default, help, name, many, choices, complete)


def flag(*flags: str, help: str) -> Any:
    """Declare a switch, off by default."""
    return Param(flags, bool, False, help)


def params_of(run: Run) -> dict[str, Param]:
    """Return the parameters of a command by name, in order."""
    return dict(run.__kwdefaults__ or {})


def title_of(run: Run) -> str:
    """Return the first sentence of a command's docstring."""
    return (run.__doc__ or "").strip().splitlines()[0]


def at_least(least: int, **counts: int | None) -> None:
    """Refuse a count below `least`.

    Raises:
        UsageError.
    """
    for name, count in counts.items():
        if count is not None and count < least:
            raise UsageError(
                f"--{name} is at least {least}, not {count}", hint=f"leave --{name} out, or raise it"
            )


def check_category(category: str | None) -> None:
    """Refuse a category that no rating can have: a slip, to which the answer would always be nothing.

    Raises:
        UsageError.
    """
    from trustcli.records.fields import is_category  # noqa: PLC0415  only where a category is given

    if category is not None and not is_category(category):
        raise UsageError(f"--category: {category!r} is none", hint="a category is 1 to 32 of a-z, 0-9 and -")


def refuse_idle(run: Run, when: str, instead: str, **given: object) -> None:
    """Refuse options of a command that differ from their defaults where they would change nothing.

    Args:
        when: `with --mode poc`.
        instead: what else to do than leave the option out: `leave out --mode poc`.

    Raises:
        UsageError.
    """
    params = params_of(run)
    for key, value in given.items():
        if value not in (params[key].default, []):
            flag = params[key].flags[0]
            raise UsageError(f"{flag} does nothing {when}", hint=f"leave out {flag}, or {instead}")


GLOBALS: dict[str, Param] = {
    "home": option(
        "--home", help="use everything under DIR: one directory, one node", metavar="DIR", complete="files"
    ),
    "as_": option("--as", help="use the key called NAME", metavar="NAME", complete="names"),
    "json": flag("--json", help="print one JSON document, also on error"),
    "quiet": flag("--quiet", "-q", help="no talk on stderr"),
    "verbose": flag("--verbose", "-v", help="more talk; the traceback of a bug"),
    "no_color": flag("--no-color", help="no colour, no drawing"),
    "no_input": flag("--no-input", help="never ask anything"),
    "yes": flag("--yes", "-y", help="answer yes to questions"),
    "lock_wait": option(
        "--lock-wait", help="seconds to wait for another process that writes", kind=float, metavar="S"
    ),
    "passphrase_file": option(
        "--passphrase-file", help="read the key's passphrase from FILE", metavar="FILE", complete="files"
    ),
    "passphrase_fd": option("--passphrase-fd", help="read it from file descriptor N", kind=int, metavar="N"),
    "passphrase_command": option(
        "--passphrase-command", help="read it from the output of COMMAND", metavar="COMMAND"
    ),
}
"""Options of every command, before or after its name."""
