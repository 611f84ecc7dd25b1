"""Parse a command line without loading Typer, where it is plain.

Typer takes five times as long to load as Python to start. This parser reads the same declarations and
either understands the whole line, exactly as Typer would (a property test compares them), or steps
aside: help, errors, suggestions and completion are Typer's. See docs/adr/0005-start-up.md.
"""

from __future__ import annotations

from importlib import import_module

from trustcli.cli.commands import COMMANDS, GROUPS
from trustcli.cli.declare import GLOBALS, REQUIRED, params_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from trustcli.cli.declare import Param, Run


class Unclear(Exception):
    """This line is for Typer."""


def parse(argv: Sequence[str]) -> tuple[Run, dict[str, Any], dict[str, Any]]:
    """Return (command, its values, values of the global options).

    Raises:
        Unclear: the line is wrong, asks for help, or uses a spelling left to Typer.
    """
    words = list(argv)
    settings: dict[str, Any] = {}
    name = _command(words, settings)
    run = load(name)
    params = params_of(run)
    values: dict[str, Any] = {}
    places: list[str] = []
    flags = {flag: key for key, param in {**GLOBALS, **params}.items() for flag in param.flags}
    while words:
        word = words.pop(0)
        if word == "--":
            places += words
            break
        if word.startswith("-") and word != "-":
            _option(word, words, flags, {**GLOBALS, **params}, settings, values)
        else:
            places.append(word)
    _positional(params, places, values)
    return run, {**_defaults(params), **values}, {**_defaults(GLOBALS), **settings}


def load(name: str) -> Run:
    """Return the function of a command."""
    module, _, function = COMMANDS[name].partition(":")
    run: Run = getattr(import_module(f"trustcli.cli.{module}"), function)
    return run


def _command(words: list[str], settings: dict[str, Any]) -> str:
    """Take the command's name, and the global options in front of it, off the words."""
    flags = {flag: key for key, param in GLOBALS.items() for flag in param.flags}
    while words and words[0].startswith("-"):
        _option(words.pop(0), words, flags, GLOBALS, settings, {})
    name = words.pop(0) if words else ""
    if name in GROUPS and words:
        name = f"{name} {words.pop(0)}"
    if name not in COMMANDS:
        raise Unclear
    return name


def _option(
    word: str,
    words: list[str],
    flags: dict[str, str],
    params: dict[str, Param],
    settings: dict[str, Any],
    values: dict[str, Any],
) -> None:
    spelled, equals, text = word.partition("=") if word.startswith("--") else (word, "", "")
    key = flags.get(spelled)
    if key is None:
        raise Unclear
    param = params[key]
    into = settings if key in GLOBALS else values
    if param.kind is bool:
        if equals:
            raise Unclear
        into[key] = True
        return
    if not equals:
        if not words or (words[0].startswith("-") and words[0] != "-"):
            raise Unclear  # Typer decides whether that is a value
        text = words.pop(0)
    value = _value(param, text)
    if param.many:
        into.setdefault(key, []).append(value)
    else:
        into[key] = value


def _value(param: Param, text: str) -> object:
    if param.choices and text not in param.choices:
        raise Unclear
    if param.kind is str:
        return text
    try:
        if not text.isascii() or "_" in text or text != text.strip():
            raise Unclear
        value = param.kind(text)
    except ValueError:
        raise Unclear from None
    if param.kind is int and _is_too_large(value):
        raise Unclear
    return value


def _is_too_large(value: int) -> bool:
    """Say whether no record and no table holds an integer: Typer says so in words."""
    from trustcli.records.canonical import MAX_INTEGER  # noqa: PLC0415

    return abs(value) > MAX_INTEGER


def _positional(params: dict[str, Param], places: list[str], values: dict[str, Any]) -> None:
    for key, param in params.items():
        if param.flags:
            continue
        if param.many:
            values[key] = [_value(param, text) for text in places]
            places = []
        elif places:
            values[key] = _value(param, places.pop(0))
        elif param.default is REQUIRED:
            raise Unclear
    if places:
        raise Unclear


def _defaults(params: dict[str, Param]) -> dict[str, Any]:
    return {key: ([] if param.many else param.default) for key, param in params.items()}
