"""Manual pages, in the man(7) macros that groff and mandoc share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generators.command import ANYWHERE, FIRST, TAGLINE, VERSION, exit_codes, items, label, sections, verdicts
from trustcli import __version__
from trustcli.cli.topics import TOPICS, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generators.command import Command
    from trustcli.cli.declare import Param

TOPIC_PAGES = {
    "exit-codes": "exit codes of trust",
    "json": "the JSON that trust prints",
    "policy": "rules of trust check",
    "models": "how trust computes scores",
    "node": "how to run a node of trust",
}
_ABOUT = (
    "People, servers and AI agents rate one another. Ratings are signed, kept in a ledger that is one file "
    "on this machine, exchanged without any server in the middle, and turned into scores as seen by you, "
    "with reasons. A script asks `trust check bob --min 4` and acts on the exit status."
)
_NAMES = (
    "The program is installed as `trust` and as `trustcli`: p11-kit has a tool called `trust`, too. Where "
    "that one comes first on the PATH, write `trustcli`."
)
_ORDER = "These may stand before or after the command."
_SPECIAL = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}


def pages() -> dict[str, str]:
    """Return every manual page by its file name."""
    found = {"trustcli.1": _main()}
    for commands in sections().values():
        for command in commands:
            found[f"{command.file}.1"] = _command(command)
    for topic, title in TOPIC_PAGES.items():
        found[f"trust-{topic}.7"] = _topic(topic, title)
    return found


def escaped(text: str) -> str:
    """Return text such that roff prints it as it is, hyphens as they are typed, on any device."""
    found = "".join(
        _SPECIAL.get(char) or (char if char.isascii() else f"\\[u{ord(char):04X}]") for char in text
    )
    return rf"\&{found}" if found.startswith(".") else found


def _main() -> str:
    top = [command for commands in sections().values() for command in commands]
    examples = [line for command in top for line in command.examples[:1]]
    lines = [
        *_head("trustcli", 1, TAGLINE.rstrip("."), also="trust"),
        *_section("SYNOPSIS", [*_call(r"\fBtrust\fR [options] \fICOMMAND\fR [arguments]")]),
        *_section("DESCRIPTION", [*_paragraph(_ABOUT), *_paragraph(_NAMES)]),
        *_section("COMMANDS", [line for title in sections() for line in _overview(title)]),
        *_section("OPTIONS", [*_paragraph(_ORDER), *_options((*ANYWHERE, VERSION))]),
        *_section("EXIT STATUS", _exit_codes()),
        *_section("ENVIRONMENT", _laid_out(_body("environment"))),
        *_section("FILES", _laid_out(_body("files"), ".SS")),
        *_section("EXAMPLES", _literal(dict.fromkeys((*FIRST, *examples)))),
        *_see([f"{command.file}(1)" for command in top] + [f"trust-{topic}(7)" for topic in TOPIC_PAGES]),
    ]  # fmt: skip
    return _page(lines)


def _command(command: Command) -> str:
    lines = [*_head(command.file, 1, command.short)]
    usages = [_usage(one) for one in command.subs or (command,)]
    lines += _section("SYNOPSIS", [line for usage in usages for line in _call(usage)])
    if command.subs:
        lines += _section("DESCRIPTION", _paragraph(command.summary))
        lines += _section("COMMANDS", [line for sub in command.subs for line in _sub(sub)])
    else:
        lines += _section("DESCRIPTION", _described(command))
        if command.options:
            lines += _section("OPTIONS", _options(command.options.values()))
    if command.exits:
        lines += _section("EXIT STATUS", _verdicts(command))
    if command.examples:
        lines += _section("EXAMPLES", _literal(command.examples))
    return _page(lines + _see(["trustcli(1) for the options of every command", "trust-exit-codes(7)"]))


def _sub(sub: Command) -> list[str]:
    lines = [f".SS {_quoted('trust ' + sub.usage)}", *_described(sub), *_options(sub.options.values())]
    if sub.exits:
        lines += [".PP", "Exit status:", *_verdicts(sub)]
    if sub.examples:
        lines += [".PP", "Examples:", *_literal(sub.examples)]
    return lines


def _topic(topic: str, title: str) -> str:
    lines = _exit_codes() if topic == "exit-codes" else []
    body = _body(topic)
    if lines:
        body = body.partition("\n\n")[2]  # the table is there already
    also = ["trustcli(1)", *(f"trust-{other}(7)" for other in TOPIC_PAGES if other != topic)]
    return _page(
        [
            *_head(f"trust-{topic}", 7, title),
            *_section("DESCRIPTION", [*lines, *_laid_out(body)]),
            *_see(also),
        ]
    )


def _head(name: str, section: int, title: str, also: str = "") -> list[str]:
    names = ", ".join(escaped(one) for one in (name, also) if one)
    return [
        r".\" Made by .ci/generate.py from the declarations of the commands: do not edit.",
        f'.TH {escaped(name.upper())} {section} "version {__version__}" trustcli "trustcli manual"',
        ".SH NAME",
        f"{names} \\- {escaped(title[:1].lower() + title[1:])}",
    ]


def _section(title: str, lines: list[str]) -> list[str]:
    return [f".SH {title}", *lines]


def _usage(command: Command) -> str:
    words = f"trust {command.name}"
    return f"\\fB{escaped(words)}\\fR{escaped(f'trust {command.usage}'.removeprefix(words))}"


def _call(line: str) -> list[str]:
    return [".HP", ".nh", line, ".hy"]


def _overview(title: str) -> list[str]:
    lines = [f".SS {escaped(title)}"]
    for command in sections()[title]:
        for one in command.subs or (command,):
            lines += _item(f"trust {one.name}", one.short + ".")
    return lines


def _described(command: Command) -> list[str]:
    lines = [line for block in (command.summary, *command.text) for line in _laid_out(block)]
    for param in command.places.values():
        lines += _item(label(param), param.help)
    return lines


def _options(params: Iterable[Param]) -> list[str]:
    return [line for param in params for line in _item(label(param), param.help)]


def _exit_codes() -> list[str]:
    return [line for code, name, meaning in exit_codes() for line in _item(str(code), f"{meaning} ({name})")]


def _verdicts(command: Command) -> list[str]:
    return [line for code, meaning in verdicts(command) for line in _item(str(code), meaning)]


def _item(tag: str, meaning: str) -> list[str]:
    return [".TP", f"\\fB{escaped(tag)}\\fR", _inline(meaning)]


def _paragraph(text: str) -> list[str]:
    return [".PP", _inline(text)]


def _inline(text: str) -> str:
    """Return a paragraph with `code` in bold."""
    parts = text.split("`")
    return "".join(f"\\fB{escaped(part)}\\fR" if odd % 2 else escaped(part) for odd, part in enumerate(parts))


def _literal(lines: Iterable[str]) -> list[str]:
    return [".PP", ".RS 4", ".nf", *(escaped(line) for line in lines), ".fi", ".RE"]


def _see(pages: list[str]) -> list[str]:
    found = []
    for page in pages:
        name, _, rest = page.partition("(")
        found.append(f"\\fB{escaped(name)}\\fR({escaped(rest)}")
    return [".SH SEE ALSO", ",\n".join(found)]


def _body(topic: str) -> str:
    return TOPICS[topic]().partition("\n\n")[2].rstrip("\n") if topic in TOPICS else text(topic)


def _laid_out(body: str, heading: str = ".SS") -> list[str]:
    """Turn the blocks of a topic into headings, paragraphs, lists and literal text."""
    lines: list[str] = []
    for block in body.split("\n\n"):
        rows = block.splitlines()
        if block.isupper() and len(rows) == 1:
            lines.append(f"{heading} {escaped(block)}")
        elif not block.startswith(" "):
            lines += _paragraph(" ".join(block.split()))
        elif found := items(block):
            lines += [line for tag, meaning in found for line in _item(tag, meaning)]
        else:
            lines += _literal(row[2:] for row in rows)
    return lines


def _quoted(text: str) -> str:
    return f'"{escaped(text)}"'


def _page(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
