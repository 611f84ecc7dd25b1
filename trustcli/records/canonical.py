"""The one byte string that encodes a value: RFC 8785 (JCS), restricted.

Restricted to objects with ASCII keys, arrays, text, booleans and integers within ±(2⁵³−1). With
these, JCS is what the standard library writes with sorted keys and no white space; nothing of
RFC 8785 §3.2.2.3 (floating point) is ever reached.
"""

from __future__ import annotations

import json

from trustcli.errors import RecordRefused

MAX_BYTES = 65_536  # of one record; the event limit of the largest comparable networks
MAX_DEPTH = 16  # nesting; no kind needs more than 4
MAX_INTEGER = 2**53 - 1  # what every JSON library holds exactly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, TypeAlias

    Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool"

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REFUSED_CATEGORIES = frozenset(("Cc", "Cs", "Zl", "Zp"))
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def encode(value: Json) -> bytes:
    """Return the canonical bytes of `value`.

    Raises:
        RecordRefused: `not_integer`, `bad_text`, `too_deep`, `bad_body` (a type JSON lacks here),
            `too_big`.
    """
    check(value)
    data = _encode(value).encode()
    if len(data) > MAX_BYTES:
        raise RecordRefused("too_big", f"{len(data)} bytes")
    return data


def decode(data: bytes) -> Json:
    """Return the value of which `data` is the canonical encoding.

    Size, encoding and nesting are checked before anything is parsed, so hostile bytes cost at most
    one pass over them.

    Raises:
        RecordRefused: `too_big`, `bad_encoding`, `too_deep`, `not_json`, `not_integer`,
            `bad_text`, `not_canonical`.
    """
    value = decode_loose(data)
    check(value)
    if _encode(value).encode() != data:
        raise RecordRefused("not_canonical")
    return value


def decode_loose(data: bytes) -> Json:
    """Parse JSON with the same limits as `decode`, whatever its layout.

    Raises:
        RecordRefused: `too_big`, `bad_encoding`, `too_deep`, `not_json`, `not_integer`.
    """
    if len(data) > MAX_BYTES:
        raise RecordRefused("too_big", f"{len(data)} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise RecordRefused("bad_encoding") from None
    _check_depth(data)
    try:
        value: Json = json.loads(text, parse_float=_no_float, parse_constant=_no_constant)
    except json.JSONDecodeError as problem:
        raise RecordRefused("not_json", problem.msg) from None
    except ValueError:  # more digits than int() takes
        raise RecordRefused("not_integer") from None
    return value


def check(value: Json, depth: int = 1) -> None:
    """Refuse anything outside the restricted data model, wherever it is nested.

    Raises:
        RecordRefused: `not_integer`, `bad_text`, `too_deep`, `bad_body`.
    """
    kind = type(value)
    if kind is str:
        check_text(value)  # type: ignore[arg-type]  # type() narrows nothing
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
            raise RecordRefused("not_integer")
    elif kind is dict or kind is list:
        _check_nested(value, depth)
    elif kind is float:
        raise RecordRefused("not_integer")
    elif kind is not bool:
        raise RecordRefused("bad_body", f"{kind.__name__} has no place in a record")


def _check_nested(value: Json, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RecordRefused("too_deep")
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str or not key.isascii():
                raise RecordRefused("bad_text", "keys are ASCII")
            check_text(key)
        members = list(value.values())
    else:
        members = list(value) if isinstance(value, list) else []
    for member in members:
        check(member, depth + 1)


def check_text(text: str) -> None:
    """Refuse text that is not NFC or holds control, surrogate, separator or bidi characters.

    NFC by the tables of Unicode 3.2, the one version that every Python carries beside its own: what
    one node takes, all take, whatever composes in the Unicode of next year.

    Raises:
        RecordRefused: `bad_text`.
    """
    if text.isascii() and text.isprintable():
        return
    import unicodedata  # noqa: PLC0415  only for text that is not plain

    for char in text:
        if char in _BIDI or unicodedata.category(char) in _REFUSED_CATEGORIES:
            raise RecordRefused("bad_text", f"U+{ord(char):04X}")
    if not unicodedata.ucd_3_2_0.is_normalized("NFC", text):
        raise RecordRefused("bad_text", "not NFC")


def _check_depth(data: bytes) -> None:  # noqa: C901  a scanner is clearest in one piece
    if data.count(b"{") + data.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    in_text = escaped = False
    for byte in data:
        if in_text:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_text = False
        elif byte == 0x22:
            in_text = True
        elif byte in b"{[":
            depth += 1
            if depth > MAX_DEPTH:
                raise RecordRefused("too_deep")
        elif byte in b"}]":
            depth -= 1


def _no_float(_digits: str) -> NoReturn:
    raise RecordRefused("not_integer")


def _no_constant(name: str) -> NoReturn:
    raise RecordRefused("not_json", name)
