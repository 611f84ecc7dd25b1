"""Reading the vector families beside the checkout, when they are there."""

from __future__ import annotations

import json
import os
from typing import Any

from tests.conftest import SHARED

FOLDER = os.path.join(str(SHARED), "vectors")


def load(name: str, default: Any) -> Any:
    """Return the JSON of a vector file, or `default` (no rows: the test is skipped) where it is missing."""
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        return default
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read(name: str) -> bytes:
    """Return the bytes of a vector file."""
    with open(os.path.join(FOLDER, name), "rb") as file:
        return file.read()


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a family that keeps them under `vectors`."""
    found: list[dict[str, Any]] = load(name, {"vectors": []})["vectors"]
    return found
