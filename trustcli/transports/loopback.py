"""Ports of this machine, and telling systemd how we are."""

from __future__ import annotations

import os
import socket


def free_ports(count: int) -> list[int]:
    """Return TCP ports of 127.0.0.1 that nobody listens on now."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def notify(state: str, place: str) -> None:
    """Tell the service manager `READY=1` or `STOPPING=1` (sd_notify(3)); nothing where it does not listen.

    Args:
        place: what NOTIFY_SOCKET says; empty where nobody asks.
    """
    if not place.startswith(("/", "@")):
        return
    address = "\0" + place[1:] if place.startswith("@") else os.fspath(place)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as one:
        try:
            one.sendto(state.encode(), address)
        except OSError:
            pass  # the manager went away; it will notice us by our process
