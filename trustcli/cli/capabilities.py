"""`trust capabilities`."""

from __future__ import annotations

from trustcli import __version__
from trustcli.cli.commands import COMMANDS
from trustcli.cli.declare import GLOBALS, REQUIRED, Param, Reply, params_of, title_of
from trustcli.cli.quick import load
from trustcli.errors import REFUSALS, exit_table
from trustcli.models import MODELS
from trustcli.records.kinds import KINDS
from trustcli.view import BECAUSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session


def capabilities(session: Session) -> Reply:
    """Describe this program for programs: commands, options, exit codes, models, reasons."""
    commands = {name: load(name) for name in COMMANDS}
    data: dict[str, Any] = {
        "version": __version__,
        "commands": [
            {
                "name": name,
                "summary": title_of(run),
                "parameters": [_param(key, param) for key, param in params_of(run).items()],
            }
            for name, run in commands.items()
        ],
        "options": [_param(key, param) for key, param in GLOBALS.items()],
        "exit_codes": [
            {"code": code, "name": name, "meaning": meaning} for code, name, meaning in exit_table()
        ],
        "models": MODELS,
        "record_kinds": list(KINDS),
        "refusals": REFUSALS,
        "ignored_because": BECAUSE,
    }
    return Reply("capabilities", data=data, rows=[(name, title_of(run)) for name, run in commands.items()])


def _param(key: str, param: Param) -> dict[str, Any]:
    return {
        "name": key.strip("_"),
        "flags": list(param.flags),
        "type": "flag" if param.kind is bool else param.kind.__name__,
        "metavar": param.metavar or None,
        "required": param.default is REQUIRED and not param.many,
        "many": param.many,
        "choices": list(param.choices),
        "default": None if param.default is REQUIRED else param.default,
        "help": param.help,
    }
