"""Help pages: what `trust COMMAND --help` prints."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from generators.command import (
    ANYWHERE,
    FIRST,
    TAGLINE,
    VERSION,
    everything,
    is_list,
    items,
    label,
    sections,
    verdicts,
)
from trustcli.cli.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generators.command import Command
    from trustcli.cli.declare import Param

WIDTH = 84
_GENERAL = "Options of every command:"
_WIDEST = 26  # a longer label has a line of its own


def pages() -> dict[str, str]:
    """Return every help page by its file name."""
    found = {"trust.txt": _main()}
    for command in everything():
        found[f"{command.file}.txt"] = _group(command) if command.subs else _command(command)
    return found


def _main() -> str:
    topics = ", ".join(TOPICS)
    blocks = [
        _wrap(TAGLINE),
        "Usage: trust [options] COMMAND [arguments]",
        "Try first:\n" + "\n".join(f"  {example}" for example in FIRST),
        *(f"{title}:\n{_table(_overview(commands), 14)}" for title, commands in sections().items()),
        "Options, before or after the command:\n" + _options((*ANYWHERE, VERSION)),
        f"One command:  trust COMMAND --help\n{_hang('A topic:      trust help TOPIC: ' + topics, 14)}",
    ]
    return _joined(blocks)


def _overview(commands: list[Command]) -> list[tuple[str, str]]:
    rows = []
    for command in commands:
        rows.append((command.name, command.short))
        if command.subs:
            rows.append(("", ", ".join(sub.name.split()[1] for sub in command.subs)))
    return rows


def _group(group: Command) -> str:
    width = max(len(sub.name) for sub in group.subs) + 2
    rows = [(sub.name, sub.short) for sub in group.subs]
    return _joined([
        f"Usage: trust {group.usage}",
        _wrap(group.summary),
        "Commands:\n" + _table(rows, width),
        f"One command: trust {group.name} COMMAND --help",
        f"{_GENERAL} trust --help",
    ])  # fmt: skip


def _command(command: Command) -> str:
    blocks = [f"Usage: trust {command.usage}", _wrap(command.summary), *map(_block, command.text)]
    if command.examples:
        blocks.append("Examples:\n" + "\n".join(f"  {line}" for line in command.examples))
    if command.places:
        rows = [(label(param), param.help) for param in command.places.values()]
        blocks.append("Arguments:\n" + _table(rows, _column(rows)))
    if command.options:
        blocks.append("Options:\n" + _options(command.options.values()))
    if command.exits:
        rows = [(str(code), meaning) for code, meaning in verdicts(command)]
        blocks.append("Exit status (all: trust help exit-codes):\n" + _table(rows, 3))
    blocks.append(f"{_GENERAL} trust --help")
    return _joined(blocks)


def _block(block: str) -> str:
    rows = items(block) if is_list(block) else []
    return _table(rows, _column(rows)) if rows else _wrap(block)


def _options(params: Iterable[Param]) -> str:
    rows = []
    for param in params:
        text = label(param)
        rows.append((text if text[1] != "-" else f"    {text}", param.help))
    return _table(rows, _column(rows))


def _column(rows: list[tuple[str, str]]) -> int:
    return max((len(text) for text, _ in rows if len(text) <= _WIDEST), default=_WIDEST) + 2


def _table(rows: list[tuple[str, str]], width: int) -> str:
    """Return two columns, the second one wrapped; a cell too wide for the first has its own line."""
    lines = []
    for left, right in rows:
        start = f"  {left:<{width}}"
        if len(left) >= width:
            lines.append(start)
            start = " " * (width + 2)
        lines.append(_hang(start + right, width + 2))
    return "\n".join(lines)


def _hang(text: str, indent: int) -> str:
    """Wrap a line whose first `indent` columns stay as they are."""
    head, rest = text[:indent], text[indent:]
    wrapped = textwrap.wrap(rest, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
    return (head + f"\n{' ' * indent}".join(wrapped)).rstrip()


def _wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(blocks) + "\n"
