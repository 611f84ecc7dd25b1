"""Completion for bash 3.2 and later, without the bash-completion package."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from generators.command import ANYWHERE, GLOBALS, VERSION, everything, sections, takes_value, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generators.command import Command, Value
    from trustcli.cli.declare import Param

_HEAD = """\
# bash completion of trust and trustcli. Made by .ci/generate.py: do not edit.
# shellcheck shell=bash

# What may follow a command: sub-commands, options, and those of them that take a value.
_trustcli_command() {
    subs='' flags='' takes=''
    case $1 in
"""
_VALUES = """\
    esac
}

# What the value of an option, or the argument at a place, is completed with.
_trustcli_value() {
    kind='' offered=''
    case $1 in
"""
_BODY = """\
    esac
}

# Offer the lines of standard input that begin with the word.
_trustcli_offer() {
    local line
    while IFS= read -r line; do
        [[ $line == "$word"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done
}

_trustcli() {
    local word='' command='' option='' place=0 plain='' joined='' home='' i
    local subs flags takes kind offered
    local -a node=()
    COMPREPLY=()
    _trustcli_command ''
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == = ]]; then
            continue # bash splits --home=DIR in three
        elif [[ $word == :* ]]; then
            joined=1 # and did:key:z6Mk at its colons
        elif [[ -n $joined ]]; then
            joined=''
        elif [[ -n $option ]]; then
            [[ $option == --home ]] && home=$word
            option=''
        elif [[ -z $plain && $word == -- ]]; then
            plain=1
        elif [[ -z $plain && $word == -?* ]]; then
            [[ " $takes " == *" $word "* ]] && option=$word
        elif [[ " $subs " == *" $word "* ]]; then
            command="${command:+$command }$word"
            _trustcli_command "$command"
        else
            place=$((place + 1))
        fi
    done
    word=${COMP_WORDS[COMP_CWORD]}
    [[ $word == = ]] && word=''
    [[ -n $joined || $word == :* ]] && return
    if [[ -n $option ]]; then
        _trustcli_value "$command $option"
    elif [[ -z $plain && $word == -* ]]; then
        offered=$flags
    elif [[ -n $subs ]]; then
        offered=$subs
    else
        _trustcli_value "$command $place"
    fi
    case $kind in
        files)
            compopt -o filenames 2>/dev/null
            while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -f -- "$word")
            ;;
        names)
            [[ -n $home ]] && node=(--home "${home/#\\~\\//$HOME/}")
            node+=(completion --names)
            _trustcli_offer < <("${COMP_WORDS[0]}" "${node[@]}" 2>/dev/null </dev/null)
            ;;
    esac
    # shellcheck disable=SC2086  # words of our own, none with a blank or a pattern
    [[ -n $offered ]] && _trustcli_offer < <(printf '%s\\n' $offered)
}

complete -F _trustcli trust trustcli
"""


def script() -> str:
    """Return completions/trust.bash."""
    top = [command for commands in sections().values() for command in commands]
    lines = [_arm("''", _command(top, (*ANYWHERE, VERSION)))]
    lines += [
        _arm(shlex.quote(one.name), _command(one.subs, (*one.options.values(), *ANYWHERE)))
        for one in everything()
    ]
    values = [
        _arm(f"*' {name}'", text) for key, param in GLOBALS.items() for name, text in _values(key, param)
    ]
    for command in everything():
        values += [_arm(pattern, text) for pattern, text in _completed(command)]
    return _HEAD + "".join(lines) + _VALUES + "".join(values) + _BODY


def _arm(pattern: str, text: str) -> str:
    return f"        {pattern}) {text} ;;\n"


def _command(subs: Iterable[Command], options: tuple[Param, ...]) -> str:
    names = " ".join(sub.name.split()[-1] for sub in subs)
    flags = " ".join(max(param.flags, key=len) for param in options)
    takes = " ".join(flag for param in options if takes_value(param) for flag in param.flags)
    parts = {"subs": names, "flags": flags, "takes": takes}
    return " ".join(f"{name}={shlex.quote(words)}" for name, words in parts.items() if words)


def _completed(command: Command) -> Iterator[tuple[str, str]]:
    for key, param in command.options.items():
        for name, text in _values(key, param):
            yield shlex.quote(f"{command.name} {name}"), text
    for place, (key, param) in enumerate(command.places.items()):
        if text := _value(value_of(key, param)):
            name = shlex.quote(f"{command.name} {place}")
            yield (f"{shlex.quote(command.name + ' ')}[0-9]*" if param.many else name), text


def _values(key: str, param: Param) -> Iterator[tuple[str, str]]:
    text = _value(value_of(key, param)) if takes_value(param) else ""
    if text:
        yield from ((flag, text) for flag in param.flags)


def _value(value: Value) -> str:
    if value.words:
        return f"offered={shlex.quote(' '.join(value.words))}"
    return f"kind={value.from_}" if value.from_ else ""
