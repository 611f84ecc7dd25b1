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
    """One bar on stderr, gone when the work is."""

    def __init__(self, what: str) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task(what, total=None)
        self._progress.start()

    def show(self, done: int, total: int | None) -> None:
        """Show how far it is; the bar goes away when all is done."""
        self._progress.update(self._task, completed=done, total=total)
        if total is not None and done >= total:
            self._progress.stop()
