"""Text inside XML and HTML."""

from __future__ import annotations

from trustcli.safe import safe

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def escaped(text: str) -> str:
    """Return `text` made harmless, fit for element content and for a quoted attribute.

    `safe` has removed what XML 1.0 §2.2 forbids: control characters, surrogates, U+FFFE and U+FFFF.
    """
    return safe(text).translate(_ENTITIES)
