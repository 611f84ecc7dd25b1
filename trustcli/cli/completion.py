"""`trust completion`, and what it completes with."""

from __future__ import annotations

import os

from trustcli.cli.declare import Reply, argument, flag
from trustcli.errors import NotFound, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session

SHELLS = {"bash": "trust.bash", "zsh": "_trust", "fish": "trust.fish"}


def completion(
    session: Session,
    *,
    shell: str | None = argument("[SHELL]", "bash, zsh or fish", default=None),
    names: bool = flag("--names", help="print known names, one a line: what the scripts complete with"),
) -> Reply:
    """Print the completion script of a shell.

    Examples:
      eval "$(trust completion bash)"
      trust completion fish > ~/.config/fish/completions/trust.fish
    """
    if names:
        from trustcli.node.naming import NameBook  # noqa: PLC0415

        book = NameBook(session.node)
        found = sorted({*book.own, *book.peers})
        return Reply("completion", data={"names": found}, rows=[(name,) for name in found])
    if shell not in SHELLS:
        raise UsageError("which shell?", hint="trust completion bash|zsh|fish")
    path = _find(SHELLS[shell])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return Reply("completion", data={"shell": shell, "script": text} if session.json else {}, text=[text])


def _find(name: str) -> str:
    """Return the generated script: packed beside this module, or in the source tree."""
    here = os.path.dirname(__file__)
    for place in (os.path.join(here, "completions"), os.path.join(here, "..", "..", "completions")):
        path = os.path.join(place, name)
        if os.path.exists(path):
            return path
    raise NotFound(f"{name} was not installed", hint="reinstall trustcli")
