"""Text from others, made harmless for one line of a terminal, a log or a page.

Signed text may still hold what fools a reader: zero-width characters, look-alike spaces, unassigned
code points. Names of outside systems and file contents may hold anything at all. Everything shown
passes through `safe` once, at the place where it becomes output.
"""

from __future__ import annotations

_JOINERS = "\u200c\u200d"  # Persian and Indic spelling, emoji sequences
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")
_MAX_MARKS = 4  # stacked combining marks that one character of real text may carry


def safe(text: str) -> str:
    r"""Return `text` on one line, with every unprintable character spelled out as an escape.

    Printable means what `str.isprintable` says, plus the two joiners. Control characters, line
    separators, bidi controls, surrogates, private-use and unassigned characters become `\xNN`,
    `\uNNNN` or `\UNNNNNNNN`; of a pile of combining marks the first four stay. Idempotent on
    its own output, except that it never doubles a backslash.
    """
    if text.isascii() and text.isprintable():
        return text
    import unicodedata  # noqa: PLC0415  only for text that is not plain

    shown = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > _MAX_MARKS:
            continue
        shown.append(char if char.isprintable() or char in _JOINERS else _escape(char))
    return "".join(shown)


def word(text: str) -> str:
    """Return `text` as one word of a shell command line, quoted where a shell would read more into it.

    Every suggested command is built with it: a subject from the wire may be `agent:x;rm -rf`.
    """
    if text and _PLAIN.issuperset(text):
        return text
    return "'" + safe(text).replace("'", "'\\''") + "'"


def shown(value: object) -> str:
    """Return a value of a settings file for an error message, however long it is."""
    try:
        return safe(repr(value)[:80])
    except ValueError:  # an integer of more digits than Python prints
        return "that number"


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
