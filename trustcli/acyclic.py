"""Work on trees: what refers to nothing that refers back to it is let go of without a search for cycles."""

from __future__ import annotations

import gc


class Pause:
    """From its making to its `end` the interpreter does not look for cycles: it would find none.

    The search visits everything there is again and again. Pauses may lie within each other.
    """

    def __init__(self) -> None:
        self._found = gc.isenabled()
        gc.disable()

    def end(self) -> None:
        """Let the interpreter look again, if it did before."""
        if self._found:
            gc.enable()
