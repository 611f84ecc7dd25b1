"""Tables for docs/."""

from __future__ import annotations

from generators.command import everything
from generators.command import exit_codes as all_codes
from trustcli.errors import SIGNALS, VERDICTS


def exit_codes() -> str:
    """Return docs/exit-codes.md."""
    rows = [f"| {code} | {_codes(name)} | {meaning} |" for code, name, meaning in all_codes()]
    answers = [
        f"| `trust {command.name}` | {', '.join(str(code) for code in (0, *command.exits))} |"
        for command in everything()
        if command.exits
    ]
    return "\n".join([
        "# Exit codes",
        "",
        "<!-- Made by .ci/generate.py from trustcli/errors.py: do not edit. -->",
        "",
        "The code is the same with and without `--json`. Verdicts (0, 1, 3, 4) never share a number with",
        "trouble, so a script can tell “no” from “could not ask”. 75 may be tried again.",
        "",
        "| Exit | Name | Meaning |",
        "| ---: | --- | --- |",
        *rows,
        "",
        "Names `in this type` are what `error.code` says with `--json`, where it says nothing more specific:",
        "a refused record has one of the codes that `trust capabilities --json` lists as `refusals`.",
        "",
        "## Commands that answer with a verdict",
        "",
        "| Command | Verdicts |",
        "| --- | --- |",
        *answers,
        "",
        "```sh",
        "trust check bob --min 4",
        "case $? in 0) go ;; 1) stop ;; 3) ask ;; *) page ;; esac",
        "```",
        "",
    ])  # fmt: skip


def _codes(names: str) -> str:
    verdicts = {name for name, _ in (*VERDICTS.values(), *SIGNALS.values())}
    return ", ".join(name if name in verdicts else f"`{name}`" for name in names.split(", "))
