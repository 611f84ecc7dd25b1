"""`trust evaluate` and `trust model`, as typed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from trustcli.models import MODELS
from trustcli.models.arrays import ARRAYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Program

COLUMNS = ["model", "unit", "rmse", "pcc", "spearman", "mae", "auc", "cold", "asked", "unknown", "seconds"]


@pytest.fixture
def stars(tmp_path: Path) -> str:
    """A file of 200 ratings of 1 to 5 stars, a day apart."""
    dice = np.random.default_rng(2)
    good = dice.integers(1, 6, 20)
    pairs = dice.permutation([(one, other) for one in range(20) for other in range(20) if one != other])[:200]
    lines = [
        f"u{rater},u{subject},{np.clip(good[subject] + dice.integers(-1, 2), 1, 5)},{1.6e9 + 86_400 * n}"
        for n, (rater, subject) in enumerate(pairs)
    ]
    path = tmp_path / "stars.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_a_table_of_all(trust: Program, stars: str) -> None:
    """Every model has a row with every figure, in the order of the list; default is the order of time."""
    data = trust("evaluate", stars, "--json").data
    assert (data["protocol"], data["dataset"]["ratings"], data["dataset"]["nodes"]) == (
        "prequential",
        200,
        20,
    )
    assert [row["model"] for row in data["rows"]] == list(ARRAYS)
    assert all(list(row) == COLUMNS for row in data["rows"])
    assert all(row["asked"] == 180 and row["seconds"] >= 0 for row in data["rows"])
    assert all(
        (row["rmse"] is None) == (row["mae"] is None) == (row["unit"] == "rank") for row in data["rows"]
    )
    assert all(row["auc"] is not None and row["spearman"] is not None for row in data["rows"])
    by_name = {row["model"]: row for row in data["rows"]}
    assert by_name["bias"]["rmse"] < by_name["mean"]["rmse"]
    assert by_name["hybrid"]["auc"] > 0.7


def test_ratings_of_oneself_are_no_leak(trust: Program, tmp_path: Path) -> None:
    """A table of every short cut comes out where nodes rate themselves, and where nobody else is rated."""
    rows = [(one, other) for one in range(6) for other in range(6) if one == other or (one + other) % 3]
    path = tmp_path / "selves.csv"
    for pairs in (rows, [(one, other) for one, other in rows if one == other]):
        path.write_text("".join(f"{one},{other},{1 + (one + 2 * other) % 5}\n" for one, other in pairs))
        asked = ("evaluate", str(path), "--map", "rater=0,subject=1,value=2", "--model", "all", "--json")
        ran = trust(*asked)
        assert ran.exit == 0, ran.err
        assert [row["model"] for row in ran.data["rows"]] == list(ARRAYS)
        assert ran.data["dataset"]["selves"] == 6


def test_a_line_taken_for_a_header_is_a_note(trust: Program, tmp_path: Path) -> None:
    """A value that is no number in line 1 is not dropped in silence; the rows are the same without it."""
    path = tmp_path / "few.csv"
    asked = ("evaluate", str(path), "--map", "rater=0,subject=1,value=2", "--model", "mean")
    path.write_text("b,c,5\nc,a,3\nb,a,4\n")
    plain = trust(*asked)
    path.write_text("a,b,nan\nb,c,5\nc,a,3\nb,a,4\n")
    ran = trust(*asked)
    assert "line 1 was taken for a header: its value 'nan'" in ran.err
    assert "header" not in plain.err
    assert [row.split("\t")[:-1] for row in ran.out.splitlines()] == [
        row.split("\t")[:-1] for row in plain.out.splitlines()
    ]


@pytest.mark.parametrize("words", [("evaluate",), ("simulate", "market", "--trace")], ids=" ".join)
def test_a_file_that_is_not_there_is_looked_for_by_its_path(trust: Program, words: tuple[str, ...]) -> None:
    """66, and no hint at peers or the log."""
    ran = trust(*words, "none.csv")
    assert (ran.exit, ran.err.splitlines()[0]) == (66, "error: no file none.csv")
    assert "check the path" in ran.err.splitlines()[1]
    assert "trust" not in ran.err.splitlines()[1]


def test_three_rows_are_always_there(trust: Program, stars: str) -> None:
    """Mean, beta and shrunk bias stand beside what was asked for, once each."""
    for asked in (("--model", "fairness,rev2"), ("--model", "fairness", "--model", "rev2,bias")):
        rows = trust("evaluate", stars, "--protocol", "loo", *asked, "--json").data["rows"]
        assert [row["model"] for row in rows] == ["mean", "beta", "bias", "fairness", "rev2"]


def test_lines_for_pipes(trust: Program, stars: str) -> None:
    """In a pipe a row is a line with tabs, figures with four digits, and - for none."""
    ran = trust("evaluate", stars, "--protocol", "loo", "--model", "bias")
    lines = [line.split("\t") for line in ran.out.splitlines()]
    assert [line[0] for line in lines] == ["mean", "beta", "bias"]
    assert lines[0][2] == "-"
    assert all(len(line) == 9 and len(line[1]) == 6 for line in lines)
    assert "each rating from all others" in ran.err


def test_a_sample(trust: Program, stars: str) -> None:
    """Every model is asked for the same few; what has no error, or knew nothing, is said."""
    asked = ("evaluate", stars, "--protocol", "loo", "--model", "tidaltrust,advogato", "--sample", "40")
    rows = trust(*asked, "--json").data["rows"]
    assert {row["asked"] for row in rows} == {40}
    assert [rows[0][name] for name in ("model", "pcc", "spearman", "auc")] == ["mean", None, None, None]
    talk = trust(*asked).err
    assert "no ratings, so no RMSE and MAE: advogato" in talk
    assert "sample" not in talk
    assert trust("evaluate", stars, "--sample", "0").exit == 2


def test_whose_view_it_is(trust: Program, stars: str, tmp_path: Path) -> None:
    """For frauds, models with the eyes of one say whose are wanted, or look through those named."""
    labels = tmp_path / "labels.csv"
    labels.write_text("u1,-1\nu2,1\nu3,-1\nu4,1\n")
    asked = ("evaluate", stars, "--protocol", "fraud", "--labels", str(labels), "--model", "tidaltrust")
    blind = {row["model"]: row["auc"] for row in trust(*asked, "--json").data["rows"]}
    seeing = {row["model"]: row["auc"] for row in trust(*asked, "--from", "u7", "--json").data["rows"]}
    assert blind["tidaltrust"] is None
    assert seeing["tidaltrust"] is not None
    assert seeing["bias"] == blind["bias"]
    assert "--from NODE says whose: tidaltrust" in trust(*asked).err
    assert trust(*asked, "--from", "nobody").exit == 2


def test_frauds_need_labels(trust: Program, stars: str, tmp_path: Path) -> None:
    """Without labels it is a usage error; with them AUC alone has a figure."""
    assert trust("evaluate", stars, "--protocol", "fraud").exit == 2
    labels = tmp_path / "labels.csv"
    labels.write_text("node,label\nu1,-1\nu2,1\nu3,-1\nu4,1\nnobody,1\n")
    data = trust("evaluate", stars, "--protocol", "fraud", "--labels", str(labels), "--json").data
    assert {row["asked"] for row in data["rows"]} == {4}
    assert all(row["rmse"] is None for row in data["rows"])
    assert {row["model"]: row for row in data["rows"]}["goodness"]["auc"] is not None


def test_options_for_another_protocol_are_refused(trust: Program, stars: str, tmp_path: Path) -> None:
    """Both options are named, and nothing is read."""
    for protocol in ((), ("--protocol", "loo")):
        for option in (("--from", "u7"), ("--labels", str(tmp_path / "none.csv"))):
            ran = trust("evaluate", stars, *protocol, *option)
            assert (ran.exit, option[0] in ran.err, "--protocol fraud" in ran.err) == (2, True, True)
    ran = trust("evaluate", stars, "--protocol", "fraud", "--labels", stars, "--sample", "9")
    assert (ran.exit, "--sample" in ran.err, "--protocol fraud" in ran.err) == (2, True, True)


def test_order_of_time_needs_times(trust: Program, stars: str) -> None:
    """Without a column of time, leave-one-out is the default and order of time a usage error."""
    without = ("--map", "rater=0,subject=1,value=2", "--model", "bias")
    assert trust("evaluate", stars, *without, "--json").data["protocol"] == "loo"
    assert trust("evaluate", stars, *without, "--protocol", "prequential").exit == 2


def test_the_flags_are_those_of_the_bridge(trust: Program, tmp_path: Path) -> None:
    """One file, one --map and one --scale, by header or number: what comes in is what is evaluated."""
    trust("keygen")
    path = tmp_path / "shop.csv"
    path.write_text(
        "when,who,whom,marks\n" + "".join(f"{1.6e9 + n},u{n},u{n + 1},{n % 11}\n" for n in range(30))
    )
    for number, columns in enumerate(
        ("rater=who,subject=whom,value=marks,time=when", "rater=1,subject=2,value=3,time=0")
    ):
        how = ("--map", columns, "--scale=0..10")
        assert (
            trust("evaluate", str(path), *how, "--model", "bias", "--json").data["dataset"]["ratings"] == 30
        )
        bridged = trust("bridge", "csv", str(path), "--system", f"shop{number}", *how, "--json").data
        assert bridged["added"] == 30
    for wrong in (("--map", "rater=0"), ("--map", "rater=0,subject=1,value=nowhere"), ("--scale", "5..1")):
        assert trust("evaluate", str(path), *wrong).exit == 2
        assert trust("bridge", "csv", str(path), "--system", "x", *wrong).exit == 2


def test_the_plot(trust: Program, stars: str, tmp_path: Path) -> None:
    """The plot is well-formed SVG with a line a model, and is never written over another file."""
    path = tmp_path / "table.svg"
    data = trust("evaluate", stars, "--model", "bias", "--plot", str(path), "--json").data
    assert data["bytes"] == path.stat().st_size
    text = "".join(ET.fromstring(path.read_text()).itertext())
    assert all(name in text for name in ("mean", "beta", "bias", "stars.csv"))
    assert trust("evaluate", stars, "--model", "bias", "--plot", str(path)).exit == 73


def test_what_cannot_be_evaluated(trust: Program, stars: str, tmp_path: Path) -> None:
    """No such model, no such file, values off the scale, bytes that are no text: the usual exits."""
    assert trust("evaluate", stars, "--model", "alchemy").exit == 2
    assert trust("evaluate", str(tmp_path / "none.csv")).exit == 66
    assert trust("evaluate", stars, "--scale", "0..1").exit == 65
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    assert trust("evaluate", str(tmp_path / "binary.csv")).exit == 65


def test_same_input_same_bytes(trust: Program, stars: str) -> None:
    """Two runs, the second on the rows in another order, print the same figures."""
    found = []
    for text in (stars, f"{stars}.other"):
        rows = (
            trust("evaluate", text, "--sample", "40", "--json").data["rows"]
            if text == stars
            else _reversed(trust, stars)
        )
        found.append([{**row, "seconds": 0} for row in rows])
    assert found[0] == found[1]


def _reversed(trust: Program, path: str) -> list[dict[str, object]]:
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    text = "".join(reversed(lines)).encode()
    rows: list[dict[str, object]] = trust("evaluate", "-", "--sample", "40", "--json", stdin=text).data[
        "rows"
    ]
    return rows


def test_the_list_of_models(trust: Program) -> None:
    """Every model is listed once, with what it is for."""
    listed = {one["name"]: one for one in trust("model", "ls", "--json").data["models"]}
    assert set(listed) == {*MODELS, *ARRAYS}
    assert (listed["hybrid"]["score"], listed["hybrid"]["evaluate"]) == (True, True)
    assert (listed["mean"]["score"], listed["goodness"]["evaluate"]) == (False, True)


def test_a_model_explained(trust: Program) -> None:
    """Its equation, its source and its limits; no such model is a usage error."""
    for name in dict.fromkeys((*MODELS, *ARRAYS)):
        text = trust("model", "show", name).out
        assert "ails when" in text, name
    assert "Jøsang" in trust("model", "show", "beta", "--json").data["text"]
    assert trust("model", "show", "alchemy").exit == 2


def test_models_side_by_side(trust: Program) -> None:
    """One row a subject, one score a model; what a model does not know is unknown."""
    trust("keygen")
    trust("rate", "bob", "4")
    data = trust("model", "compare", "bob", "--model", "beta,hybrid", "--model", "stars", "--json").data
    assert data["model"] == ["beta", "hybrid", "stars"]
    assert data["rows"][0]["scores"]["beta"] == 4.0
    assert data["rows"][0]["scores"]["hybrid"] == pytest.approx(4, abs=0.1)
    assert trust("model", "compare", "--json").data["rows"][0]["scores"].keys() == {"beta", "hybrid", "stars"}
