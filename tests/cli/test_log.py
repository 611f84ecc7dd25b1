"""`trust log`: records, the newest last; and as they arrive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.cli.people import BOB, CAROL, DAN, DAY, bundle, now
from tests.conftest import Program


@pytest.fixture
def full(knows_bob: Program) -> Program:
    """A ledger with ratings of three raters, a revocation and a key record."""
    knows_bob("rate", "bob", "4", "-c", "honesty", "-m", "first", "-q")
    knows_bob("rate", CAROL.did, "3", "-q")
    old = BOB.rates(DAN.did, 20, "honesty", created=now() - 40 * DAY)
    knows_bob("import", "-", "-q", stdin=bundle(old, CAROL.rates(DAN.did, 50)))
    knows_bob("revoke", CAROL.did, "-q")
    return knows_bob


def _listed(trust: Program, *words: str) -> list[tuple[str, Any]]:
    return [(one["kind"], one["body"].get("value")) for one in trust("log", *words, "--json").data["records"]]


def test_records_come_in_the_order_of_arrival(full: Program) -> None:
    """The newest last, all kinds."""
    assert _listed(full) == [
        ("rating", 40),
        ("rating", 30),
        ("rating", 20),
        ("rating", 50),
        ("revocation", None),
    ]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("bob",), [("rating", 40)]),
        ((DAN.did,), [("rating", 20), ("rating", 50)]),
        ((DAN.did, "--kind", "rating", "--by", "bob"), [("rating", 20)]),
        (("--by", "me"), [("rating", 40), ("rating", 30), ("revocation", None)]),
        (("--by", "bob"), [("rating", 20)]),
        (("--kind", "revocation"), [("revocation", None)]),
        (("--category", "honesty"), [("rating", 40), ("rating", 20)]),
        (("--since", "30d", "-c", "honesty"), [("rating", 40)]),
        (("--until", "30d"), [("rating", 20)]),
        (("--since", "60d", "--until", "now-10d"), [("rating", 20)]),
        (("--limit", "2"), [("rating", 50), ("revocation", None)]),
        (("--limit", "1", "--by", "bob"), [("rating", 20)]),
        (("--kind", "nothing"), []),
    ],
)
def test_filters(full: Program, words: tuple[str, ...], wanted: list[tuple[str, Any]]) -> None:
    """By subject, author, time, category, kind and number, together."""
    assert _listed(full, *words) == wanted


def test_the_limit_is_50_unless_told(me: Program) -> None:
    """0 is all."""
    lines = b"".join(b'{"subject":"agent:%d","stars":4}\n' % number for number in range(60))
    me("rate", "--batch", "-", "-q", stdin=lines)
    assert [len(_listed(me, *words)) for words in ((), ("--limit", "0"), ("--limit", "7"))] == [50, 60, 7]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nobody",), 66),
        (("--by", "nobody"), 66),
        (("--since", "soon"), 2),
        (("--since", ""), 2),
        (("--limit", "x"), 2),
        (("--limit", "-1"), 2),
        (("--follow", "--until", "now"), 2),
    ],
)
def test_wrong_filters_are_refused(full: Program, words: tuple[str, ...], code: int) -> None:
    """Never silently ignored."""
    assert full("log", *words).exit == code


def test_rows_are_one_line_with_tabs(full: Program) -> None:
    """Time, kind, by, about, stars, category, record, reason."""
    first = full("log", "bob").out.split("\t")
    assert first[1:6] == ["rating", "me", "bob", "4.0", "honesty"]
    assert first[7] == "first\n"


def test_log_without_a_ledger_is_66(trust: Program) -> None:
    """With the way to one as the hint."""
    ran = trust("log")
    assert ran.exit == 66
    assert "hint:" in ran.err


def _hear_interrupts() -> None:
    """A shell lets what it runs in the background ignore SIGINT; a person at a terminal does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_follow_shows_what_another_process_writes_until_stopped(full: Program, json: tuple[str, ...]) -> None:
    """A rating made by another process appears; Ctrl-C ends it with 130 and no traceback."""
    with subprocess.Popen(
        [sys.executable, "-m", "trustcli", "log", "--follow", "--limit", "1", *json],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TRUST_HOME": str(full.home)},
        preexec_fn=_hear_interrupts,  # noqa: PLW1509  this process has one thread
    ) as following:  # fmt: skip
        assert following.stdout is not None
        assert "revocation" in following.stdout.readline()
        assert full.process("rate", "bob", "2", "--reason", "seen-live").exit == 0
        assert "seen-live" in following.stdout.readline()
        following.send_signal(signal.SIGINT)
        rest, err = following.communicate(timeout=20)
    assert (following.returncode, rest, err) == (130, "", "")


def test_sigterm_ends_it_as_a_signal(full: Program) -> None:
    """A shell shows 143."""
    with subprocess.Popen(
        [sys.executable, "-m", "trustcli", "log", "--follow"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TRUST_HOME": str(full.home)},
    ) as following:  # fmt: skip
        assert following.stdout is not None
        following.stdout.readline()
        following.terminate()
        _, err = following.communicate(timeout=20)
    assert following.returncode in (143, -signal.SIGTERM)
    assert err == ""
