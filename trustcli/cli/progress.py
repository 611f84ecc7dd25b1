"""A progress bar on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)


class Bar:
    """One bar on stderr, there from `start` to `end`."""

    def __init__(self, what: str) -> None:
        self._console = Console(stderr=True)
        self._shown = False
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task(what, total=None)

    def start(self) -> None:
        """Show it."""
        self._progress.start()
        self._shown = True

    def show(self, done: int, total: int | None) -> None:
        """Show how far it is."""
        self._progress.update(self._task, completed=done, total=total)

    def end(self) -> None:
        """Take the bar away and give the terminal its cursor back."""
        if self._shown:  # what Ctrl-C cut short as it began cannot be stopped
            self._progress.stop()
        self._console.show_cursor()
