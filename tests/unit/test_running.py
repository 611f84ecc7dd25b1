"""One daemon a home: who looks whether there is one is in nobody's way."""

from __future__ import annotations

import fcntl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from trustcli.config import places
from trustcli.errors import Busy
from trustcli.node.running import Hold, Running, running
from trustcli.node.serving import is_here

if TYPE_CHECKING:
    from pathlib import Path


def test_a_reader_of_the_lock_is_waited_for_and_another_daemon_is_not(tmp_path: Path) -> None:
    """`trust status` in the moment of a start does not end the start."""
    here = places({}, str(tmp_path))
    with Hold(here) as hold:
        hold.note(Running(1, None, 0))
        with pytest.raises(Busy), Hold(here):
            pass
    with open(f"{here.state}/serve.lock", "rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)

        def let_go() -> None:
            time.sleep(0.05)
            fcntl.flock(file, fcntl.LOCK_UN)

        reader = threading.Thread(target=let_go)
        reader.start()
        with Hold(here) as hold:
            hold.note(Running(2, None, 0))
            found = running(here)
        reader.join()
    assert found is not None
    assert found.pid == 2


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
        ("LOCALHOST", True), ("127.evil.example", False), ("localhost.evil.example", False),
        ("::1.example", False), ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("foo", False),
    ],
)  # fmt: skip
def test_only_an_address_of_this_machine_needs_no_public(host: str, here: bool) -> None:
    """A name that begins like one is anybody's."""
    assert is_here(host) is here
