"""What the declarations say about a command or a group, ready to be written as help, manual or completion."""

from __future__ import annotations

import inspect
import re
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from trustcli import errors
from trustcli.cli.commands import COMMANDS, GROUPS, SECTIONS
from trustcli.cli.completion import SHELLS
from trustcli.cli.declare import GLOBALS, REQUIRED, Param, flag, params_of
from trustcli.cli.quick import load
from trustcli.cli.topics import TOPICS
from trustcli.config import Settings
from trustcli.errors import VERDICTS
from trustcli.models import MODELS
from trustcli.records.kinds import KINDS
from trustcli.records.rating import OVERALL
from trustcli.records.update import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import CodeType

    from trustcli.cli.declare import Run

TAGLINE = inspect.getdoc(sys.modules["trustcli"]) or ""
FIRST = ("trust keygen", "trust rate bob 4 --category reliability", "trust status")
HELP = flag("--help", "-h", help="show a page like this one")
VERSION = flag("--version", help="print the version")
ANYWHERE = (*GLOBALS.values(), HELP)
"""Options of every command."""

_VERDICTS = {
    "NO": errors.NO,
    "UNKNOWN": errors.UNKNOWN,
    "PARTIAL": errors.PARTIAL,
    "of_parts": errors.PARTIAL,
}
_TOP = tuple(dict.fromkeys(name.partition(" ")[0] for name in COMMANDS))
_WORDS = {
    "topic": (*TOPICS, *_TOP),
    "shell": tuple(SHELLS),
    "key": Settings._fields,
    "kind": tuple(KINDS),
    "model": tuple(MODELS),
    "category": (OVERALL, "reliability", "performance", "honesty"),
    "event": EVENTS,
}
"""Words known beforehand of parameters that take others too: offered by completion, not enforced."""


class Value(NamedTuple):
    """What a value can be completed with: `words`, or `from_`: `names`, `files` or nothing."""

    words: tuple[str, ...] = ()
    from_: str = ""


class Command(NamedTuple):
    """One command, or a group with `subs`.

    Attributes:
        text: paragraphs on one line each, and lists as they are written.
        exits: the verdicts it can answer besides 0.
    """

    name: str
    summary: str
    text: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    params: Mapping[str, Param] = MappingProxyType({})
    exits: tuple[int, ...] = ()
    subs: tuple[Command, ...] = ()

    @property
    def file(self) -> str:
        """Return the name of its page."""
        return "-".join(["trust", *self.name.split()])

    @property
    def places(self) -> dict[str, Param]:
        """Return the positional parameters."""
        return {key: param for key, param in self.params.items() if not param.flags}

    @property
    def options(self) -> dict[str, Param]:
        """Return its own options."""
        return {key: param for key, param in self.params.items() if param.flags}

    @property
    def usage(self) -> str:
        """Return how it is called, without `trust`."""
        if self.subs:
            return f"{self.name} COMMAND [options]"
        needed = [
            f"{param.flags[0]} {param.metavar}"
            for param in self.options.values()
            if param.default is REQUIRED
        ]
        places = [param.metavar for param in self.places.values()]
        return " ".join([self.name, *["[options]"][: bool(self.options)], *needed, *places])

    @property
    def short(self) -> str:
        """Return the first sentence of its summary, without the full stop."""
        return self.summary.partition(". ")[0].rstrip(".")


def sections() -> dict[str, list[Command]]:
    """Return all top-level commands and groups by section, in the order of help."""
    return {title: [find(name) for name in names] for title, names in SECTIONS.items()}


def everything() -> Iterator[Command]:
    """Yield every command and group; a group before its commands."""
    for commands in sections().values():
        for command in commands:
            yield command
            yield from command.subs


def find(name: str) -> Command:
    """Return a command or group by its name."""
    if name in GROUPS:
        subs = tuple(find(full) for full in COMMANDS if full.startswith(f"{name} "))
        return Command(name, GROUPS[name], subs=subs)
    run = load(name)
    summary, *blocks = (inspect.getdoc(run) or "").split("\n\n")
    examples = [block for block in blocks if block.startswith("Examples:")]
    return Command(
        name,
        " ".join(summary.split()),
        tuple(_block(block) for block in blocks if block not in examples),
        tuple(line.strip() for block in examples for line in block.splitlines()[1:]),
        params_of(run),
        _exits(run),
    )


def label(param: Param) -> str:
    """Return an option as `-c, --category C`, an argument as its metavar."""
    if not param.flags:
        return param.metavar.strip("[]").removesuffix("...")
    flags = ", ".join(sorted(param.flags, key=len))
    return f"{flags} {param.metavar}" if takes_value(param) else flags


def verdicts(command: Command) -> list[tuple[int, str]]:
    """Return the verdicts a command can answer, 0 first, in words that fit any of them."""
    gate = errors.NO in command.exits
    rows = [(code, VERDICTS[code][1]) for code in (errors.OK, *command.exits)]
    return [(code, text if gate and code == errors.OK else re.split("[:;]", text)[0]) for code, text in rows]


def exit_codes() -> list[tuple[int, str, str]]:
    """Return the rows of the table of exit codes, all in the same case."""
    rows = []
    for code, name, meaning in errors.exit_table():
        rows.append((code, name, "; ".join(part[:1].lower() + part[1:] for part in meaning.split("; "))))
    return rows


def takes_value(param: Param) -> bool:
    """Say whether an option is followed by a value."""
    return param.kind is not bool


def value_of(key: str, param: Param) -> Value:
    """Return what the value of a parameter is completed with."""
    return Value(param.choices or _WORDS.get(key, ()), param.complete)


def items(block: str) -> list[tuple[str, str]]:
    """Read rows as `tag  meaning`, on one line each or the meaning indented below; else nothing."""
    rows = block.splitlines()
    if len(rows) > 1 and all(row.startswith("      ") == bool(number % 2) for number, row in enumerate(rows)):
        return [(tag.strip(), meaning.strip()) for tag, meaning in zip(rows[::2], rows[1::2], strict=True)]
    cells = [re.split(r"\s{2,}", row.strip(), maxsplit=1) for row in rows]
    if all(len(cell) == 2 for cell in cells):
        return [(cell[0], cell[1]) for cell in cells]
    return []


def is_list(block: str) -> bool:
    """Say whether a block of a description is a list, row by row as written: it is indented."""
    return block.startswith(" ")


def _block(block: str) -> str:
    return block if is_list(block) else " ".join(block.split())


def _exits(run: Run) -> tuple[int, ...]:
    """Return the verdicts that a command's code names, or functions of its module that it calls."""
    names: set[str] = set()
    seen: set[CodeType] = set()
    todo = [run.__code__]
    while todo:
        code = todo.pop()
        if code in seen:
            continue
        seen.add(code)
        names.update(code.co_names)
        todo += [inner for inner in code.co_consts if inspect.iscode(inner)]
        called = [run.__globals__.get(name) for name in code.co_names]
        todo += [
            one.__code__ for one in called if inspect.isfunction(one) and one.__module__ == run.__module__
        ]
    return tuple(number for name, number in _VERDICTS.items() if name in names and name in run.__globals__)
