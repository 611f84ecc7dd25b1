"""The three commands of the card, as a user types them on the first day."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.people import BOB, CAROL
from tests.conftest import Program
from trustcli.cli.commands import COMMANDS, GROUPS

_TRUST = f"{shlex.quote(sys.executable)} -m trustcli"
_CARD = (
    "trust keygen",
    "trust rate bob 4 --category reliability",
    "trust status",
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a suggested command writes is not left in the checkout."""
    monkeypatch.chdir(tmp_path)


def _shell(script: str, home: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Run a script in which `trust` is this program; standard input is closed, not empty."""
    whole = f'trust() {{ {_TRUST} "$@"; }}\nexec <&-\n{script}'
    return subprocess.run(
        [*before, "sh", "-c", whole],
        capture_output=True,
        text=True,
        env={**os.environ, "TRUST_HOME": str(home)},
        timeout=60,
        check=False,
    )


def _no_network() -> list[str]:
    """Return the words that run a command without a network, none where that is not permitted."""
    unshare = shutil.which("unshare")
    for words in ([unshare, "-n"], [unshare, "-rn"]) if unshare else ():
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return [str(word) for word in words]
    return []


def test_the_three_commands_of_the_card_work_in_an_empty_home(tmp_path: Path) -> None:
    """Verbatim, real processes, standard input closed."""
    done = _shell(" && ".join(_CARD), tmp_path / "home")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    rows = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert rows == ["id", "words", "key", "rated", "me", "ledger", "peers", "alert"]
    assert "1 rating (1 waiting for a key)" in done.stdout


def test_the_three_commands_of_the_card_need_no_network(tmp_path: Path) -> None:
    """In a network namespace without any interface they do the same."""
    alone = _no_network()
    if not alone:
        pytest.skip("unshare -n is not permitted here")
    done = _shell(" && ".join(_CARD), tmp_path / "home", *alone)
    assert done.returncode == 0, done.stderr


def test_the_three_commands_work_in_xdg_directories(tmp_path: Path) -> None:
    """Without TRUST_HOME everything goes below the XDG directories, named trustcli."""
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    environment.pop("TRUST_HOME", None)
    for line in _CARD:
        done = subprocess.run(
            [sys.executable, "-m", "trustcli", *shlex.split(line)[1:]],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    data = tmp_path / ".local/share/trustcli"
    assert sorted(os.listdir(data)) == ["keys", "ledger.db"]
    assert (data / "keys/default.key").stat().st_mode & 0o777 == 0o600
    assert (data / "keys").stat().st_mode & 0o777 == 0o700


def test_streams_that_are_closed_do_no_harm(tmp_path: Path) -> None:
    """With stdin, stdout and stderr closed the exit code is still right."""
    home = tmp_path / "home"
    assert _shell("trust keygen >&- 2>&-", home).returncode == 0
    assert _shell("trust status >&-", home).returncode == 0
    assert _shell("trust score nobody >&- 2>&-", home).returncode == 66


def test_a_placeholder_is_signed_when_its_name_is_bound(me: Program) -> None:
    """`rate bob`, then `peer add bob`: the rating that waited is a record now, with the time it was made."""
    kept = me("rate", "bob", "4", "--category", "reliability", "--json").data
    assert (kept["record"], kept["bound"], kept["state"]) == (None, False, "waiting")
    added = me("peer", "add", "bob", BOB.did, "--json").data
    assert added["released"] == 1
    (record,) = me("log", "--json").data["records"]
    assert (record["body"]["subject"], record["body"]["value"]) == (BOB.did, 40)
    assert record["created"] == kept["created"]
    assert me("status", "--json").data["ledger"]["waiting"] == 0


def test_every_state_change_names_a_next_command_that_exists(me: Program, tmp_path: Path) -> None:
    """What stands behind `next:` begins with `trust` and a command of ours that understands it."""
    steps: list[tuple[str, ...]] = [
        ("keygen", "work"),
        ("rate", "bob", "4"),
        ("peer", "add", "bob", BOB.did),
        ("rate", "bob", "4.5", "-c", "honesty"),
        ("rate", "agent:$(reboot);x", "4"),
        ("rate", CAROL.did, "4"),
        ("rate", "bob", "2", "--private"),
        ("revoke", "bob", "-c", "honesty"),
        ("rate", "bob", "3"),
        ("undo",),
        ("export", "-o", str(tmp_path / "out.ndjson")),
        ("import", str(tmp_path / "out.ndjson")),
        ("id", "rotate"),
        ("id", "rotate", "--confirm"),
        ("id", "retire", "--yes"),
    ]
    for step in steps:
        ran = me(*step)
        assert ran.exit == 0, (step, ran.err)
        (hint,) = re.findall(r"^next: +(.*)$", ran.err, re.MULTILINE)
        _is_command(me, hint)


def _is_command(trust: Program, hint: str) -> None:
    words = shlex.split(hint[hint.index("trust ") :])[1:]
    name = " ".join(words[:2]) if words[0] in GROUPS else words[0]
    assert name in COMMANDS, hint
    filled = [BOB.did if word in ("did:key:z6Mk…", "did:key:…") else word for word in words]
    filled = ["name" if word == "NAME" else word for word in filled]
    assert not any("…" in word for word in filled), hint
    assert trust(*filled, "--yes", home=trust.home.parent / "elsewhere").exit not in (2, 65, 70), hint


def test_a_hint_of_an_error_that_is_a_command_exists(trust: Program) -> None:
    """A hint that starts with `trust` is a command line that parses."""
    for words in (("rate", "bob", "4"), ("status", "--check"), ("score",), ("show", "01234567"), ("undo",)):
        ran = trust(*words)
        for hint in re.findall(r"^hint: +(trust .*)$", ran.err, re.MULTILINE):
            first = hint.split(",")[0].split()
            name = " ".join(first[1:3]) if first[1] in GROUPS else first[1]
            assert name in COMMANDS, hint
