"""The head of an HTTP/1.1 request as raw bytes: is it whole, and can two parsers read it in two ways?

RFC 9112 lets a server be lenient where senders were sloppy, and each leniency is a place where a proxy
and a server may disagree on where a request ends (request smuggling). So nothing is lenient here; what
passes goes on to a full parser.
"""

from __future__ import annotations

from trustcli.value import NamedTuple

WAIT, GOOD, BAD, LARGE = "wait", "good", "bad_request", "headers"
"""More bytes are needed; pass it on; refuse it with this code."""

_END = b"\r\n\r\n"
_VERSIONS = (b"HTTP/1.1", b"HTTP/1.0")
_TARGET = frozenset(range(0x21, 0x7F)) - frozenset(b'"<>\\^`{|}#')
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\r\n") + b"\x7f"
_MAX_LENGTH = 15  # digits of a Content-Length


class Sizes(NamedTuple):
    """How many bytes and headers a head may have."""

    header_bytes: int
    headers: int


def judge(data: bytes, sizes: Sizes) -> str:
    """Return WAIT, GOOD, or the code of the error, for the bytes of a connection between two requests."""
    end = data.find(_END)
    head = data if end < 0 else data[:end]
    if len(head) > sizes.header_bytes or head.count(b"\n") > sizes.headers:
        return LARGE
    if _is_ambiguous(head[:-1] if end < 0 and head.endswith(b"\r") else head):
        return BAD
    if end < 0:
        return WAIT
    first, *lines = head.split(b"\r\n")
    return GOOD if _is_request_line(first) and _is_framed_once(first, lines) else BAD


def _is_ambiguous(head: bytes) -> bool:
    """Look for line ends of half a kind, control characters, folded lines (RFC 9112 §5.2), an empty line."""
    whole = head.count(b"\r\n")
    return (
        head.count(b"\n") != whole
        or head.count(b"\r") != whole
        or len(head.translate(None, _CONTROLS)) != len(head)
        or b"\r\n " in head
        or b"\r\n\t" in head
        or head.startswith(b"\r\n")
    )


def _is_request_line(line: bytes) -> bool:
    words = line.split(b" ")
    return (
        len(words) == 3
        and words[0].isalpha()
        and words[1].startswith(b"/")
        and _TARGET.issuperset(words[1])
        and words[2] in _VERSIONS
    )


def _is_framed_once(first: bytes, lines: list[bytes]) -> bool:
    """Say whether the length of the body is stated at most once, in one way (RFC 9112 §6.1, §6.3)."""
    named = [
        (name.lower(), value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in lines)
    ]
    lengths = [value for name, value in named if name == b"content-length"]
    codings = [value for name, value in named if name == b"transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        return False
    if codings:
        return codings == [b"chunked"] and first.endswith(b"1.1")
    return all(length.isdigit() and len(length) <= _MAX_LENGTH for length in lengths)
