"""The Typer app, built from the declarations: help, usage errors, suggestions, completion."""

from __future__ import annotations

import inspect
import io
from contextlib import redirect_stdout
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from trustcli import __version__
from trustcli.cli import output, pages
from trustcli.cli.commands import COMMANDS, GROUPS
from trustcli.cli.declare import GLOBALS, REQUIRED, Param, params_of
from trustcli.cli.quick import load
from trustcli.errors import UsageError
from trustcli.records.canonical import MAX_INTEGER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.declare import Run

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_CLICK_ERROR: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class Command(TyperCommand):
    """A command that shows the prepared page as its help."""

    def get_help(self, ctx: Any) -> str:
        """Return the page of this command."""
        return _page(ctx) or super().get_help(ctx)


class Group(TyperGroup):
    """A group that shows the prepared page as its help."""

    def get_help(self, ctx: Any) -> str:
        """Return the page of this group."""
        return _page(ctx) or super().get_help(ctx)


def _page(context: Any) -> str:
    return (pages.find(context.command_path.split()[1:]) or "").rstrip("\n")


class Chosen(Exception):
    """Typer understood the line: the command, its values and those of the global options."""

    def __init__(self, run: Run, values: dict[str, Any], settings: dict[str, Any]) -> None:
        super().__init__()
        self.found = run, values, settings


def build() -> Any:
    """Return the command tree, walkable by `.commands` and `.params`."""
    app = _app("trust", "Signed trust between people, servers and AI agents, without a server in the middle.")
    groups = {name: _app(name, text) for name, text in GROUPS.items()}
    for name, group in groups.items():
        app.add_typer(group, name=name)
    for name in COMMANDS:
        first, _, rest = name.partition(" ")
        run = load(name)
        place = groups[first] if rest else app
        place.command(rest or first, cls=Command, context_settings=_SETTINGS, help=inspect.getdoc(run))(
            _callback(run)
        )
    app.callback(invoke_without_command=True)(_root())
    return get_command(app)


def parse(argv: list[str]) -> tuple[Run, dict[str, Any], dict[str, Any]]:
    """Return (command, values, settings) as `quick.parse`; print help and leave where that is asked.

    Raises:
        UsageError: the line is wrong. SystemExit: help or version was shown.
    """
    tree, said = build(), io.StringIO()
    try:
        with redirect_stdout(said):
            code = tree.main(args=argv, prog_name="trust", standalone_mode=False)
    except Chosen as chosen:
        return chosen.found
    except _CLICK_ERROR as problem:
        context = getattr(problem, "ctx", None)
        path = context.command_path if context else "trust"
        message = problem.format_message()
        raise UsageError(message.rstrip("."), hint=f"{path} --help") from None
    output.say(said.getvalue())
    raise SystemExit(code or 0)


def _app(name: str, help_: str) -> typer.Typer:
    return typer.Typer(
        name=name,
        help=help_,
        cls=Group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=False,
        context_settings=_SETTINGS,
    )


def _callback(run: Run) -> Any:
    params = params_of(run)

    def chosen(**given: Any) -> None:
        context = given.pop("context")
        above = context.find_root().obj or {}
        settings = {key: given.pop(key) for key in GLOBALS}
        merged = {key: above.get(key) if _unset(value) else value for key, value in settings.items()}
        raise Chosen(run, {key: _plain(params[key], given[key]) for key in params}, _filled(merged))

    return _signed(chosen, {**params, **GLOBALS})


def _root() -> Any:
    def root(**given: Any) -> None:
        context = given.pop("context")
        if given.pop("version"):
            typer.echo(f"trustcli {__version__}")
            raise typer.Exit
        context.obj = given
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())
            raise typer.Exit

    version = Param(("--version",), bool, False, "print the version")
    return _signed(root, {**GLOBALS, "version": version})


def _signed(function: Any, params: dict[str, Param]) -> Any:
    """Give a function the signature that Typer reads."""
    found = [inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    for key, param in params.items():
        kind: Any = list[param.kind] if param.many else param.kind  # type: ignore[name-defined]
        if param.kind is not bool and param.default is not REQUIRED and not param.many:
            kind = kind | None
        found.append(
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=_typer(param), annotation=kind)
        )
    function.__signature__ = inspect.Signature(found)
    function.__annotations__ = {param.name: param.annotation for param in found}
    return function


def _typer(param: Param) -> Any:
    default = ... if param.default is REQUIRED and not param.many else param.default
    if param.many:
        default = []
    shown: dict[str, Any] = {"help": param.help, "show_default": False}
    if param.metavar:
        shown["metavar"] = param.metavar
    if not param.flags:
        return typer.Argument(default, callback=_checker(param), **shown)
    return typer.Option(default, *param.flags, callback=_checker(param), **shown)


def _checker(param: Param) -> Any:
    """Return what refuses values that are no choice, or integers that no record and no table holds."""
    if not param.choices and param.kind is not int:
        return None

    def check(value: Any) -> Any:
        for one in value if isinstance(value, list) else [value]:
            if param.choices and one is not None and one not in param.choices:
                raise typer.BadParameter(f"{one!r} is not one of {', '.join(param.choices)}")
            if param.kind is int and one is not None and abs(one) > MAX_INTEGER:
                raise typer.BadParameter(f"{one} is out of range")
        return value

    return check


def _plain(param: Param, value: Any) -> Any:
    return list(value or []) if param.many else value


def _unset(value: Any) -> bool:
    return value is None or value is False


def _filled(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: param.default if settings[key] is None else settings[key] for key, param in GLOBALS.items()}
