"""Bytes as text, in one spelling each: UTF-8 of a bounded length, base64 and base64url (RFC 4648)."""

from __future__ import annotations

import binascii

from trustcli.errors import BadInput

MAX_TEXT = 16_384  # bytes of a pasted key; an OpenSSH key with a long comment stays far below
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")  # the other alphabet and padding are nobody's


def utf8(data: bytes) -> str:
    """Return the text of at most MAX_TEXT bytes.

    Raises:
        BadInput: they are more, or not UTF-8.
    """
    if len(data) > MAX_TEXT:
        raise BadInput("too long for a key")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadInput("a key is text, and this is not UTF-8") from None


def base64(data: bytes) -> str:
    """Return padded base64 on one line (RFC 4648 §4)."""
    return binascii.b2a_base64(data, newline=False).decode()


def from_base64(text: bytes) -> bytes:
    """Return the bytes of padded base64, in its one spelling (RFC 4648 §3.5: no stray last bits).

    Raises:
        BadInput: anything else.
    """
    try:
        raw = binascii.a2b_base64(text)
    except binascii.Error:
        raise BadInput("not base64") from None
    if binascii.b2a_base64(raw, newline=False) != text:
        raise BadInput("not base64")
    return raw


def base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 4648 §5)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Return the bytes of base64url without padding, in its one spelling.

    Raises:
        BadInput: anything else.
    """
    padded = text.encode("ascii", "replace").translate(_FROM_URL) + b"=" * (-len(text) % 4)
    return from_base64(padded)
