"""Help pages, made from the command tree beforehand: `--help` costs a file, not a parser."""

from __future__ import annotations

import os

_HERE = os.path.join(os.path.dirname(__file__), "help")


def find(words: list[str]) -> str | None:
    """Return the help page of a command given by its words, None where there is none."""
    if not all(word.isascii() and word.isalpha() for word in words):
        return None
    path = os.path.join(_HERE, "-".join(["trust", *words]) + ".txt")
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None
