"""A model that another installed package brings, in a real process, in every command that takes a model."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Program, Ran

MODULE = '''\
"""Flat: everybody is good.

Assumes: nothing. Fails when: somebody is not.
"""

import numpy as np

from trustcli.models.arrays import ArrayModel, Fitted


class Flat(Fitted):
    def predict(self, raters, subjects):
        return np.full(len(raters), 0.5)

    def parts(self, rater, subject):
        return [("optimism", 0.5)]


class Model(ArrayModel):
    name = "flat"

    def fit(self, known):
        return Flat(known)


ARRAY = Model()
'''


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory as an installer leaves it: the module, and the metadata of its distribution."""
    site = tmp_path / "site"
    info = site / "flat_trust-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "flat_trust.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: flat-trust\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[trustcli.models]\nflat = flat_trust\n")
    (info / "RECORD").write_text("flat_trust.py,,\nflat_trust-1.0.dist-info/METADATA,,\n")
    return site


def test_it_is_a_model_like_any_other(trust: Program, site: Path, tmp_path: Path) -> None:
    """Listed, explained, evaluated, asked for scores and reasons, and set as the one to use."""
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))

    def run(*words: str) -> Ran:
        return trust.process(*words, env={"PYTHONPATH": path})

    listed = {one["name"]: one for one in run("model", "ls", "--json").data["models"]}
    assert listed["flat"] == {
        "name": "flat",
        "title": "from flat_trust",
        "score": True,
        "evaluate": True,
        "default": False,
    }
    assert "Fails when: somebody is not" in run("model", "show", "flat").out

    data = tmp_path / "ratings.csv"
    data.write_text("".join(f"u{n},u{n + 1},{1 + n % 5},{1_600_000_000 + n * 86_400}\n" for n in range(40)))
    for protocol in ("loo", "prequential"):
        rows = run("evaluate", str(data), "--protocol", protocol, "--model", "flat", "--json").data["rows"]
        assert [row["model"] for row in rows] == ["mean", "beta", "bias", "flat"]
        assert rows[-1]["rmse"] is not None

    trust("keygen")
    trust("rate", "bob", "1", "-q")
    assert run("score", "bob", "--model", "flat", "--json").data["rows"][0]["score"] == 4.0
    assert ["part", "optimism", "+1.00"] in [
        line.split("\t") for line in run("why", "bob", "--model", "flat").out.splitlines()
    ]
    assert run("check", "bob", "--min", "4", "--model", "flat").exit == 0
    assert run("config", "set", "model", "flat").exit == 0
    assert run("score", "bob", "--json").data["model"] == "flat"
    market = run("simulate", "market", "--peers", "6", "--rounds", "8", "--shares", "0", "--model", "flat")
    assert market.exit == 0
    assert "flat" in market.out


def test_without_its_package_it_is_no_model(trust: Program) -> None:
    """Gone with its distribution: a usage error that lists those there are."""
    ran = trust.process("score", "--model", "flat", "--json")
    assert ran.exit == 2
    assert json.loads(ran.out)["error"]["code"] == "unknown_model"
