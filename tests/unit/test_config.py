"""Settings: where they are, which one counts, and what is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trustcli import config
from trustcli.config import MEANING, Places, Settings, change, load, places
from trustcli.errors import ConfigError, DiskError, NotFound, UsageError

if TYPE_CHECKING:
    from tests.conftest import Program


@pytest.fixture
def where(tmp_path: Path) -> Places:
    """A home of our own."""
    return places({}, str(tmp_path / "home"))


def write(where: Places, text: str) -> None:
    """Write the settings file."""
    os.makedirs(where.config, exist_ok=True)
    Path(where.settings).write_text(text)


# Places


def test_one_directory_is_one_node() -> None:
    """TRUST_HOME holds everything; --home wins over it; a tilde is somebody's home."""
    assert places({"TRUST_HOME": "/t"}) == Places("/t", "/t", "/t")
    assert places({"TRUST_HOME": "/t"}, "/u") == Places("/u", "/u", "/u")
    assert places({}, "~/x").data == os.path.expanduser("~/x")
    assert places({"TRUST_HOME": "rel"}).data == os.path.abspath("rel")
    assert places({"TRUST_HOME": ""}) == places({})


def test_xdg() -> None:
    """Without TRUST_HOME the XDG base directories count; a relative one is ignored, as the standard says."""
    plain = places({"HOME": "/h"})
    assert plain == Places("/h/.config/trustcli", "/h/.local/share/trustcli", "/h/.local/state/trustcli")
    given = {"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "relative"}
    assert places(given) == Places("/c/trustcli", "/d/trustcli", "/h/.local/state/trustcli")
    assert places({"TRUST_HOME": "/t", **given}) == Places("/t", "/t", "/t")


def test_files(where: Places) -> None:
    """Settings, keys, ledger and policies have their places."""
    found = Places("/c", "/d", "/s")
    assert (found.settings, found.keys, found.ledger, found.policy("gate")) == (
        "/c/config.toml", "/d/keys", "/d/ledger.db", "/c/policies/gate.toml",
    )  # fmt: skip


# Reading


def test_defaults(where: Places) -> None:
    """Without a file every setting has its default and says so."""
    settings, origin = load(where)
    assert settings == Settings()
    assert origin == dict.fromkeys(Settings._fields, "default")
    assert set(MEANING) == set(Settings._fields)


def test_the_file_counts_and_is_named(where: Places) -> None:
    """What the file says counts, and its origin is the file; the rest stays default."""
    write(where, 'hops = 2\nmodel = "stars"\nhalf_life_days = 30\nrequire_known = true\n')
    settings, origin = load(where)
    assert settings == Settings(hops=2, model="stars", half_life_days=30, require_known=True)
    assert [name for name in Settings._fields if origin[name] == where.settings] == [
        "model", "hops", "half_life_days", "require_known",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["hops", "hops =", "= 3", "[", "hops = 3\nhops = 4", "\x00", 'identity = "a\nb"', "hops = 2026-02-30",
     "x = " + "[" * 20_000, "hops = " + "9" * 5_000, "#" * 70_000, "hops = 0x" + "f" * 5_000],
)  # fmt: skip
def test_garbage_is_no_settings_file(where: Places, text: str) -> None:
    """What is no TOML, or far too long, is exit 78 and names the file."""
    write(where, text)
    with pytest.raises(ConfigError, match=r"config\.toml") as refused:
        load(where)
    assert refused.value.exit == 78
    assert "\n" not in str(refused.value)


def test_bytes_that_are_no_text(where: Places) -> None:
    """A file that is not UTF-8 is refused in the same way, and so is a directory in its place."""
    write(where, "")
    Path(where.settings).write_bytes(b"identity = '\xff'")
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load(where)
    Path(where.settings).unlink()
    os.mkdir(where.settings)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load(where)


BAD = [
    "hop = 3", "hops = 0", "hops = 7", "hops = 3.0", 'hops = "3"', "hops = true", "half_life_days = 0",
    "half_life_days = -1", "half_life_days = nan", "half_life_days = inf", "half_life_days = 1e9",
    'model = "best"',
    "model = 1", 'model = ["beta"]', 'identity = ""', "identity = 3", 'network = "a\\nb"', 'network = ""',
    f'network = "{"n" * 65}"', "require_known = 1", 'require_known = "yes"', "lock_wait = -1",
    "lock_wait = 3601", "round_every = 9.9", "round_every = -1",
    'endpoints = ["ftp://x"]', 'seeds = ["foo", "https://x.example"]', 'subjects = ["not a uri"]',
    "endpoints = [1]", "[hops]\nx = 1", "hops = [3]", "network = 2026-11-20", "identity = {}",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_a_wrong_value_is_refused(where: Places, text: str) -> None:
    """An unknown key or a value out of its range is exit 78 and names file and key; nothing is guessed."""
    write(where, text)
    with pytest.raises(ConfigError, match=r"config\.toml") as refused:
        load(where)
    assert text.strip("[").split(" ")[0].split("]")[0] in str(refused.value)


# Changing


def test_change_and_unset(where: Places) -> None:
    """A setting is kept for the next run, beside the others, and unset returns to the default."""
    assert change(where, "hops", "4").hops == 4
    assert change(where, "half_life_days", "30").half_life_days == 30.0
    assert change(where, "require_known", "TRUE").require_known is True
    assert change(where, "network", "test net").network == "test net"
    assert load(where)[0] == Settings(hops=4, half_life_days=30.0, require_known=True, network="test net")
    assert change(where, "hops", None).hops == Settings().hops
    assert change(where, "hops", None).hops == Settings().hops
    assert load(where)[1]["hops"] == "default"
    assert stat.S_IMODE(os.stat(where.settings).st_mode) == 0o600
    assert os.listdir(where.config) == ["config.toml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("hop", "3"), ("hops", "0"), ("hops", "3.5"), ("hops", "x"), ("hops", ""), ("hops", "9" * 5_000),
     ("half_life_days", "nan"), ("half_life_days", "inf"), ("require_known", "yes"), ("require_known", "1"),
     ("model", "best"), ("identity", ""), ("network", "a\x1b[31mb"), ("lock_wait", "1h"), ("endpoints", "ftp://x"),
     ("seeds", "foo bar"), ("subjects", "not a uri")],
)  # fmt: skip
def test_a_wrong_change_changes_nothing(where: Places, name: str, text: str) -> None:
    """What cannot be set is a usage error, and the file stays what it was."""
    change(where, "hops", "4")
    before = Path(where.settings).read_bytes()
    with pytest.raises(UsageError):
        change(where, name, text)
    assert Path(where.settings).read_bytes() == before


def test_a_damaged_file_is_not_overwritten(where: Places) -> None:
    """A change refuses to replace a file that it cannot read."""
    write(where, "hops = ")
    with pytest.raises(ConfigError):
        change(where, "hops", "4")
    assert Path(where.settings).read_text() == "hops = "


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """Where the directory cannot be made the error is that of the disk and names the file."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError, match=r"config\.toml"):
        change(places({}, str(tmp_path / "file")), "hops", "4")


def test_no_policy(where: Places) -> None:
    """A policy that is not there is not found, by name or by path."""
    for name in ("gate", "./gate.toml", "/no/such/gate.toml"):
        with pytest.raises(NotFound) as missing:
            config.load_policy(where, name)
        assert missing.value.code == "no_policy"


# Precedence: option over environment over file over default


def test_precedence_of_the_lock_wait(trust: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """--lock-wait wins over TRUST_LOCK_WAIT, that over the settings file, that over the default."""
    from trustcli.cli.session import Session

    options = {"json": False, "quiet": False, "verbose": False, "no_input": True, "no_color": True,
    "as_": None,
               "home": None, "lock_wait": None, "passphrase_file": None, "passphrase_fd": None,
               "passphrase_command": None}  # fmt: skip

    def wait(**more: object) -> float:
        return Session({**options, **more}).node.lock_wait

    assert wait() == Settings().lock_wait
    trust("config", "set", "lock_wait", "7")
    assert wait() == 7
    monkeypatch.setenv("TRUST_LOCK_WAIT", "8.5")
    assert wait() == 8.5
    assert wait(lock_wait=9.0) == 9
    monkeypatch.setenv("TRUST_LOCK_WAIT", "soon")
    with pytest.raises(UsageError, match="TRUST_LOCK_WAIT"):
        wait()


def test_precedence_of_the_model(trust: Program) -> None:
    """--model wins over the setting, the setting over the default."""
    trust("keygen")
    trust("rate", "agent:x", "4")
    assert trust("score", "agent:x", "--json").data["model"] == "beta"
    trust("config", "set", "model", "stars")
    assert trust("score", "agent:x", "--json").data["model"] == "stars"
    assert trust("score", "agent:x", "--json", "--model", "eigentrust").data["model"] == "eigentrust"


def test_precedence_of_the_home(trust: Program, tmp_path: Path) -> None:
    """--home wins over TRUST_HOME."""
    trust("keygen")
    other = str(tmp_path / "other")
    assert trust("--home", other, "ledger", "path").out.strip() == f"{other}/ledger.db"
    assert trust("ledger", "path").out.strip() == str(trust.home / "ledger.db")


def test_named_choices_are_those_that_exist() -> None:
    """The meaning of a setting names each value it can have, and no other value is taken."""
    from trustcli.rounds.rules import FINALITY
    from trustcli.standing import RULESETS

    for name, values in (("standing_rules", RULESETS), ("finality", FINALITY)):
        assert all(value in MEANING[name] for value in values)
        assert all(config._fits(name, value) for value in values)
        assert not config._fits(name, "another")


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [("listen", "junk", "none"), ("listen", "host:99999", "[::1]:7717"), ("bridge_scale", "a..b", "-10..10"),
     ("bridge_map", "zzz", "rater=user,subject=seller,value=stars"), ("bridge_system", "A b", "otc")],
)  # fmt: skip
def test_what_nothing_could_use_is_refused_when_it_is_set(
    trust: Program, name: str, bad: str, good: str
) -> None:
    """Not when it is used, by a daemon at night; the file stays as it was."""
    ran = trust("config", "set", name, bad)
    assert (ran.exit, f"{name} cannot be {bad!r}" in ran.err, "hint:" in ran.err) == (2, True, True)
    assert not Path(trust.home / "config.toml").exists()
    assert trust("config", "set", name, "--", good).exit == 0
    assert trust("config", "unset", name).exit == 0


def test_a_ledger_keeps_its_network(trust: Program) -> None:
    """A network set later is not that of the records here, and it is said."""
    assert "ledger" not in trust("config", "set", "network", "other").err
    trust("config", "unset", "network", "-q")
    trust("keygen", "-q")
    ran = trust("config", "set", "network", "other")
    assert (ran.exit, "note:" in ran.err, "of network main" in ran.err) == (0, True, True)
    assert trust("config", "set", "network", "main").err == ""
