"""What the other side is told when it is refused: a code, and a text that is always one of ours."""

from __future__ import annotations

import http
import json

from trustcli.transports.routes import ERRORS


def error_body(code: str, message: str = "") -> bytes:
    """Return the body of an error: its code, and a text that is always one of ours."""
    error = {"code": code, "message": message or ERRORS[code][1]}
    return json.dumps({"error": error}, separators=(",", ":")).encode() + b"\n"


def whole(code: str) -> bytes:
    """Return a whole response, for those who get no further than the connection."""
    status = ERRORS[code][0]
    body = error_body(code)
    head = (
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        "cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
        "content-security-policy: default-src 'none'\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
