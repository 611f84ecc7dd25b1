"""`trust simulate`: tables as the source's, the same twice, and documents for programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trustcli import config
from trustcli.node.running import running
from trustcli.simulate.attacks import ATTACKS

if TYPE_CHECKING:
    from tests.conftest import Program


def test_rounds_prints_groups_mean_min_and_unanimous(trust: Program) -> None:
    """A row a round, then the summary; data has mean, min, unanimous and the groups of each round."""
    ran = trust("simulate", "rounds", "--nodes", "12", "--neighbours", "6", "--rounds", "2", "--json")
    assert ran.exit == 0
    assert {"mean", "min", "unanimous", "rounds"} <= set(ran.data)
    assert 0 <= ran.data["unanimous"] <= 1
    assert [sum(one["groups"]) for one in ran.data["rounds"]] == [12, 12]
    lines = trust(
        "simulate", "rounds", "--nodes", "12", "--neighbours", "6", "--rounds", "2"
    ).out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [
        "0",
        "1",
        "mean",
        "by scoring alone",
        "min",
        "unanimous",
    ]


def test_the_same_seed_prints_the_same(trust: Program) -> None:
    """A run can be repeated, byte for byte, and needs neither key nor ledger."""
    words = ("simulate", "rounds", "--nodes", "12", "--rounds", "2", "--loss", "0.2", "--json")
    assert trust(*words).out == trust(*words).out != trust(*words, "--seed", "2").out
    assert not trust.home.exists()


def test_poc_mode_reproduces_the_source(trust: Program) -> None:
    """The published model lands in its interval, and tells its groups."""
    ran = trust(
        "simulate", "rounds", "--mode", "poc", "--density", "4", "--rounds", "1", "--seeds", "10", "--json"
    )
    assert ran.data["scorings"] == 20
    assert 24 <= ran.data["mean"] <= 29


def test_svg_is_drawn_once_and_never_overwritten(trust: Program, tmp_path: Path) -> None:
    """The histogram and the curve are one well-formed file."""
    path = tmp_path / "rounds.svg"
    words = ("simulate", "rounds", "--nodes", "9", "--rounds", "2", "--curve", "--svg", str(path))
    assert trust(*words).exit == 0
    assert ET.parse(path).getroot().tag.endswith("svg")
    assert trust(*words).exit == 73


@pytest.mark.parametrize(
    "words",
    [
        ("simulate", "rounds", "--rounds", "1", "--svg"),
        (
            "simulate",
            "market",
            "--peers",
            "4",
            "--rounds",
            "2",
            "--model",
            "beta",
            "--shares",
            "0",
            "--output",
        ),
        ("simulate", "flood", "--observers", "2", "--output"),
        ("evaluate", "ratings.csv", "--model", "bias", "--plot"),
    ],
)
def test_a_picture_goes_to_stdout_or_to_a_folder_that_is_there(
    trust: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """- is standard output, never a file of that name; what cannot be written is refused before the run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ratings.csv").write_text("".join(f"u{n},u{n + 1},{n % 5 + 1},{n}\n" for n in range(20)))
    ran = trust(*words, "-")
    assert (ran.exit, ET.fromstring(ran.out).tag) == (0, "{http://www.w3.org/2000/svg}svg")
    assert ET.fromstring(trust(*words, "-", "--json").data["text"]).tag.endswith("svg")
    assert [path.name for path in tmp_path.iterdir()] == ["ratings.csv"]

    def running(*_: object) -> None:
        raise AssertionError("it ran")

    for module, name in (
        ("simulate.runs", "run"), ("simulate.market", "measure"), ("simulate.flood", "run"),
        ("evaluate.dataset", "read"),
    ):  # fmt: skip
        monkeypatch.setattr(f"trustcli.{module}.{name}", running)
    for target, code, said in (
        ("no such/x.svg", 74, "mkdir -p 'no such'"), ("ratings.csv/x.svg", 74, "ratings.csv is no folder"),
        ("ratings.csv", 73, "exists already"), ("", 2, "no file"),
        ("x/", 2, "no file"),
    ):  # fmt: skip
        ran = trust(*words, target)
        assert (ran.exit, said in ran.err) == (code, True), ran


def test_the_picture_of_a_devnet_has_a_place_before_processes_start(trust: Program, tmp_path: Path) -> None:
    """A folder that is not there is refused and nothing made; the folder that will be made is taken."""
    keep = tmp_path / "net"
    words = ("devnet", "--nodes", "2", "--keep", str(keep), "--picture")
    assert trust(*words, str(tmp_path / "none" / "x.svg")).exit == 74
    assert not keep.exists()
    assert trust(*words, str(keep / "x.svg")).exit == 0
    assert ET.parse(keep / "x.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_devnet_takes_its_nodes_along_however_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    """Told to end it removes its folder, too; killed outright it cannot, but the nodes end."""
    net = subprocess.Popen(
        [sys.executable, "-m", "trustcli", "devnet", "--nodes", "2", "--for", "10m"],
        env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 30

    def serving() -> list[int]:
        homes = [config.places({}, str(home)) for home in tmp_path.glob("trust-devnet-*/node-*")]
        return [found.pid for home in homes if (found := running(home))]

    while not (pids := serving())[1:] or 0 in pids:
        assert time.monotonic() < until
        time.sleep(0.05)
    net.send_signal(number)
    assert net.wait(20) == (-number if number == signal.SIGKILL else 128 + number)
    while any(map(_lives, pids)):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert number == signal.SIGKILL or not list(tmp_path.iterdir())


def _lives(pid: int) -> bool:
    """Say whether a process runs: neither gone nor dead and not yet fetched by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_help_lists_every_attack_with_its_title(trust: Program) -> None:
    """In order, each on a row of its own, as the lab has them."""
    page = trust("simulate", "attack", "--help").out
    shown = " ".join(page.split())
    assert " ".join(f"{name} {attack.title}" for name, attack in ATTACKS.items()) in shown
    assert [
        line.split()[0] for line in page.splitlines() if line.split()[:1] and line.split()[0] in ATTACKS
    ] == [*ATTACKS]


def test_attack_says_what_it_captures_and_costs(trust: Program) -> None:
    """Each row has shares between 0 and 1, and a cost in observed interactions."""
    ran = trust("simulate", "attack", "bias", "--nodes", "12", "--rounds", "2", "--share", "0.5", "--json")
    row = ran.data["attacks"][0]["rows"][0]
    assert 0 <= row["captured"] <= 1
    assert row["interactions"] > 0
    assert trust("simulate", "attack", "nonsense").exit == 2
    assert trust("simulate", "attack", "bias", "--share", "2").exit == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("attack", "bias", "--share", "1"), ("30 of 30 nodes", "at most 29")),
        (("attack", "bias", "--share", "0.2", "--share", "0.99"), ("--share 0.99 is 30 of 30", "at most 29")),
        (("attack", "all", "--nodes", "3", "--share", "0.9"), ("3 of 3 nodes", "at most 2")),
        (("secrecy", "--nodes", "4", "--share", "0.9"), ("4 of 4 nodes", "at most 3")),
    ],
)
def test_at_least_one_node_is_honest(trust: Program, words: tuple[str, ...], said: tuple[str, ...]) -> None:
    """A share that is all nodes is a usage error that counts them; the share it suggests is taken."""
    ran = trust("simulate", *words, "--rounds", "1")
    assert ran.exit == 2
    assert all(part in ran.err for part in said)
    most = ran.err.rsplit("--share ", 1)[1].strip()
    plain = ["bias" if word == "all" else word for word in words[: words.index("--share")]]
    assert trust("simulate", *plain, "--rounds", "1", "--share", most).exit == 0


def test_what_was_not_seen_is_not_measured(trust: Program) -> None:
    """An observer without a score knows nothing: that is no correlation of 0; liars are no market."""
    words = (
        "simulate",
        "secrecy",
        "--nodes",
        "6",
        "--rounds",
        "10",
        "--share",
        "0.4",
        "--opinion",
        "weighted",
    )
    found = trust(*words, "--json").data["attacks"]["linear"]
    assert (found["weights"], found["membership"], found["rows"]) == (None, None, 0)
    ran = trust(*words)
    assert "linear\t-\t-\t0" in ran.out
    ran = trust("simulate", "market", "--peers", "10", "--shares", "95", "--model", "stars")
    assert (ran.exit, "all of them" in ran.err) == (2, True)


def test_all_of_a_table_may_attack_its_owner(trust: Program) -> None:
    """In an eclipse the share is of one table, whose owner is honest."""
    ran = trust("simulate", "attack", "eclipse", "--nodes", "6", "--rounds", "1", "--share", "1", "--json")
    assert ran.data["attacks"][0]["rows"][0]["share"] == 1


def test_the_share_shown_is_that_of_the_nodes_that_attacked(trust: Program) -> None:
    """Less than a node is one node: of 30 that is 3.3 %, however little was asked for."""
    words = ("simulate", "attack", "bias", "--rounds", "1", "--share", "0.001", "--share", "0.2")
    assert [row["share"] for row in trust(*words, "--json").data["attacks"][0]["rows"]] == [0.033333, 0.2]
    assert [line.split("\t")[1] for line in trust(*words).out.splitlines()] == ["3.3%", "20.0%"]


def test_example_is_the_papers(trust: Program) -> None:
    """771.3 as a fraction, with the note on 777.3."""
    ran = trust("simulate", "example", "--json")
    assert (ran.data["numerator"], ran.data["denominator"]) == (11_128_550, 14_428)
    ran = trust("simulate", "example")
    assert "771.3" in ran.out
    assert "777.3" in ran.err


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (("--mode", "poc", "--loss", "0.3"), ("--loss", "--mode poc")),
        (("--mode", "poc", "--churn", "0.3"), ("--churn", "--mode poc")),
        (("--mode", "poc", "--opinion", "weighted"), ("--opinion", "--mode poc")),
        (("--mode", "poc", "--vouchers", "0"), ("--vouchers", "--mode poc")),
        (("--until-quiet",), ("--until-quiet", "--mode poc")),
        (("--mode", "poc", "--until-quiet", "--scorings", "5"), ("--scorings", "--until-quiet")),
        (("--mode", "poc", "--until-quiet", "--curve"), ("--curve", "--until-quiet")),
        (("--density", "5", "--neighbours", "8"), ("--neighbours", "--density")),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    trust: Program, words: tuple[str, ...], options: tuple[str, str]
) -> None:
    """Both are named; without the first of them, or with what it goes with, the command runs."""
    ran = trust("simulate", "rounds", "--rounds", "1", *words)
    assert (ran.exit, all(option in ran.err for option in options)) == (2, True), ran


def test_density_is_half_of_the_neighbours(trust: Program) -> None:
    """In both modes; none at all is refused by its own name."""
    for mode in ("ours", "poc"):
        words = ("simulate", "rounds", "--mode", mode, "--rounds", "1", "--nodes", "12", "--json")
        dense, known = trust(*words, "--density", "3"), trust(*words, "--neighbours", "6")
        assert (dense.data, dense.data["neighbours"]) == (known.data, 6)
        assert trust(*words).data == trust(*words, "--density", "4").data
    assert "--density is at least 1" in trust("simulate", "rounds", "--density", "0").err


def test_each_round_says_of_which_network_it_is(trust: Program) -> None:
    """Its seed, in a column and a field; with that seed alone the same rounds come out."""
    words = ("simulate", "rounds", "--nodes", "12", "--rounds", "2")
    both = trust(*words, "--seed", "7", "--seeds", "2", "--json").data["rounds"]
    assert [one["seed"] for one in both] == [7, 7, 8, 8]
    alone = trust(*words, "--seed", "8", "--json").data["rounds"]
    assert [one["groups"] for one in both[2:]] == [one["groups"] for one in alone]
    assert [one["winner"] for one in both[2:]] == [one["winner"] for one in alone]
    lines = trust(*words, "--seed", "7", "--seeds", "2").out.splitlines()
    assert [line.split("\t")[3:] for line in lines] == [["7"], ["7"], ["8"], ["8"], [], [], [], []]


def test_nonsense_is_refused(trust: Program) -> None:
    """Shares above 0.9 and networks of one node are usage errors."""
    for words in (("--loss", "1"), ("--nodes", "1"), ("--scorings", "0"), ("--rounds", "0")):
        assert trust("simulate", "rounds", *words).exit == 2, words
