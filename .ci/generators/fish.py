"""Completion for fish 3.0 and later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generators.command import ANYWHERE, GLOBALS, HELP, VERSION, everything, sections, takes_value, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generators.command import Command, Value
    from trustcli.cli.declare import Param

_FUNCTIONS = """\
# fish completion of trust and trustcli. Made by .ci/generate.py: do not edit.

# Print the command on the line, the number of arguments after it, and the value of --home.
function __trust_line
    set -l command
    set -l place 0
    set -l home
    set -l option
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test -n "$option"
            test "$option" = --home; and set home $word
            set option
        else if string match -qr -- '^--home=' $word
            set home (string replace -- --home= '' $word)
        else if string match -q -- '-?*' $word
            contains -- $word @TAKES@; and set option $word
        else if test -z "$command"; or contains -- "$command" @GROUPS@
            set command (string trim -- "$command $word")
        else
            set place (math $place + 1)
        end
    end
    printf '%s\\n' "$command" $place "$home"
end

# __trust_at COMMAND [PLACE]: whether the word to complete belongs to the command, at that place.
function __trust_at
    set -l line (__trust_line)
    test "$line[1]" = "$argv[1]"; or return 1
    test (count $argv) -lt 2; or test "$line[2]" = "$argv[2]"
end

function __trust_names
    set -l line (__trust_line)
    set -l words (commandline -opc)
    if test -n "$line[3]"
        command $words[1] --home (string replace -r '^~/' "$HOME/" -- $line[3]) completion --names 2>/dev/null
    else
        command $words[1] completion --names 2>/dev/null
    end
end

complete -c trust -e
complete -c trust -f
complete -c trustcli -w trust
"""


def script() -> str:
    """Return completions/trust.fish."""
    groups = [command for command in everything() if command.subs]
    top = [command for commands in sections().values() for command in commands]
    lines = [_option("", key, param) for key, param in {**GLOBALS, "help": HELP}.items()]
    lines += [_option("__trust_at ''", "version", VERSION), *_subs("", top)]
    for command in everything():
        lines += _subs(command.name, command.subs) if command.subs else _command(command)
    params = [*ANYWHERE, *(param for command in everything() for param in command.options.values())]
    takes = dict.fromkeys(flag for param in params if takes_value(param) for flag in param.flags)
    functions = _FUNCTIONS.replace("@TAKES@", " ".join(takes))
    functions = functions.replace("@GROUPS@", " ".join(group.name for group in groups))
    return functions + "\n" + "\n".join(lines) + "\n"


def _subs(name: str, subs: Iterable[Command]) -> list[str]:
    at = _quoted(f"__trust_at {_quoted(name)}")
    return [f"complete -c trust -n {at} -a {sub.name.split()[-1]} -d {_quoted(sub.short)}" for sub in subs]


def _command(command: Command) -> list[str]:
    at = f"__trust_at {_quoted(command.name)}"
    lines = [_option(at, key, param) for key, param in command.options.items()]
    for place, (key, param) in enumerate(command.places.items()):
        if offer := _offer(value_of(key, param)):
            where = at if param.many else f"{at} {place}"
            lines.append(f"complete -c trust -n {_quoted(where)} {offer}")
    return lines


def _option(at: str, key: str, param: Param) -> str:
    parts = ["complete -c trust"]
    if at:
        parts.append(f"-n {_quoted(at)}")
    parts += [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in param.flags]
    if takes_value(param):
        offer = _offer(value_of(key, param))
        parts.append(f"-r {offer}" if offer else "-x")
    parts.append(f"-d {_quoted(param.help)}")
    return " ".join(parts)


def _offer(value: Value) -> str:
    if value.words:
        return f"-f -a {_quoted(' '.join(value.words))}"
    return {"names": "-f -a '(__trust_names)'", "files": "-F", "": ""}[value.from_]


def _quoted(text: str) -> str:
    """Return text in single quotes, by fish's rules."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
