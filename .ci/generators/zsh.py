"""Completion for zsh, by _arguments."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from generators.command import GLOBALS, HELP, VERSION, everything, label, sections, takes_value, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generators.command import Command, Value
    from trustcli.cli.declare import Param

_HEAD = """\
#compdef trust trustcli
# zsh completion of trust and trustcli. Made by .ci/generate.py: do not edit.

_trust_names() {
  local -a found
  found=(${(f)"$(command $service $_trust_home completion --names 2>/dev/null </dev/null)"})
  compadd -a found
}

"""
_TAIL = """\
_trust() {
  local curcontext="$curcontext" state line
  local -A opt_args
  local -a _trust_home
  local -i at=${words[(I)--home]}
  (( at && at < CURRENT )) && _trust_home=(--home "${${(Q)words[at+1]}/#\\~\\//$HOME/}")
  _trust_main
}

if [[ $funcstack[1] == _trust ]]; then
  _trust "$@"
else
  compdef _trust trust trustcli
fi
"""


def script() -> str:
    """Return completions/_trust."""
    top = [command for commands in sections().values() for command in commands]
    functions = [_globals(), _group("main", top, [_option("", VERSION)])]
    for command in everything():
        name = command.file.removeprefix("trust-")
        functions.append(_group(name, command.subs, []) if command.subs else _function(name, _specs(command)))
    return _HEAD + "\n".join(functions) + "\n" + _TAIL


def _globals() -> str:
    specs = [_option(key, param) for key, param in {**GLOBALS, "help": HELP}.items()]
    return "typeset -ga _trust_options=(\n" + "".join(f"  {spec}\n" for spec in specs) + ")\n"


def _function(name: str, specs: list[str]) -> str:
    lines = " \\\n    ".join(["_arguments -s -S $_trust_options", *specs])
    return f"_trust_{name}() {{\n  {lines}\n}}\n"


def _group(name: str, subs: Iterable[Command], specs: list[str]) -> str:
    rows = "".join(f"    {_quoted(_row(sub))}\n" for sub in subs)
    calls = "".join(
        f"      {sub.name.split()[-1]}) _trust_{sub.file.removeprefix('trust-')} ;;\n" for sub in subs
    )
    specs = [*specs, "'1: :->command'", "'*:: :->rest'"]
    arguments = " \\\n    ".join(["_arguments -C -s -S $_trust_options", *specs])
    return (
        f"_trust_{name}() {{\n  local state line\n  local -a commands=(\n{rows}  )\n  {arguments} && return\n"
        f"  case $state in\n    command) _describe -t commands command commands ;;\n"
        f"    rest) case $line[1] in\n{calls}    esac ;;\n  esac\n}}\n"
    )


def _row(sub: Command) -> str:
    return f"{sub.name.split()[-1]}:{sub.short.replace(':', chr(92) + ':')}"


def _specs(command: Command) -> list[str]:
    specs = [_option(key, param) for key, param in command.options.items()]
    for place, (key, param) in enumerate(command.places.items(), 1):
        at = "*" if param.many else f"{place}:" if "[" in param.metavar else str(place)
        specs.append(_quoted(f"{at}:{_colons(label(param))}:{_action(value_of(key, param))}"))
    return specs


def _option(key: str, param: Param) -> str:
    """Return the spec of an option: `(-c --category)'{-c,--category=}'[help]:C:action`."""
    names = sorted(param.flags, key=len)
    others = "*" if param.many else f"({' '.join(names)})" if len(names) > 1 else ""
    help_ = param.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    rest = f"[{help_}]"
    if takes_value(param):
        rest += f":{_colons(param.metavar)}:{_action(value_of(key, param))}"
    spelled = [f"{name}=" if takes_value(param) and name.startswith("--") else name for name in names]
    spelled = [f"{name}+" if takes_value(param) and not name.startswith("--") else name for name in spelled]
    if len(spelled) == 1:
        return _quoted(others + spelled[0] + rest)
    return f"{_quoted(others)}{{{','.join(spelled)}}}{_quoted(rest)}"


def _action(value: Value) -> str:
    if value.words:
        return f"({' '.join(value.words)})"
    return {"names": "_trust_names", "files": "_files", "": " "}[value.from_]


def _colons(text: str) -> str:
    return text.replace(":", "\\:")


def _quoted(text: str) -> str:
    return shlex.quote(text)
