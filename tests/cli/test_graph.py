"""`trust graph`: who rates whom around a viewpoint, in formats other programs read."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.people import BOB, CAROL, DAN, bundle
from tests.conftest import Program
from trustcli.pictures import FORMATS


@pytest.fixture
def web(me: Program) -> Program:
    """Me → bob 5 → carol 4 → dan 3."""
    me("peer", "add", "bob", BOB.did, "-q")
    me("rate", "bob", "5", "-q")
    me("import", "-", "-q", stdin=bundle(BOB.rates(CAROL.did, 40), CAROL.rates(DAN.did, 30)))
    return me


@pytest.mark.parametrize("form", list(FORMATS))
def test_every_format_draws(web: Program, form: str) -> None:
    """To stdout, to a document, and to a file; the same picture."""
    ran = web("graph", "--format", form)
    assert (ran.exit, "bob" in ran.out) == (0, True)
    document = web("graph", "--format", form, "--json").data
    assert (document["format"], document["nodes"], document["edges"]) == (form, 3, 2)
    assert len(document["text"].splitlines()) == len(ran.out.splitlines())


def test_formats_are_what_they_say(web: Program) -> None:
    """JSON parses, GraphML and SVG are XML, HTML needs no network."""
    assert len(json.loads(web("graph", "--format", "json").out)) > 0
    ET.fromstring(web("graph", "--format", "graphml").out)
    ET.fromstring(web("graph", "--format", "svg").out)
    page = web("graph", "--format", "html").out
    assert page.startswith("<!")
    assert not any(word in page for word in ('src="http', "src='http", "@import", "<link", "url(http"))
    assert web("graph").out.startswith("digraph")


def test_the_output_is_never_overwritten(web: Program, tmp_path: Path) -> None:
    """The name's ending chooses the format; a second run is 73 and the file stays."""
    path = tmp_path / "trust.svg"
    data = web("graph", "-o", str(path), "--json").data
    assert (data["format"], data["file"], data["bytes"]) == ("svg", str(path), path.stat().st_size)
    path.write_text("mine", encoding="utf-8")
    assert web("graph", "-o", str(path)).exit == 73
    assert path.read_text(encoding="utf-8") == "mine"
    assert web("graph", "-o", str(tmp_path / "no" / "where.svg")).exit == 74
    assert web("graph", "-o", "-").out.startswith("digraph")


def test_depth_and_viewpoint(web: Program) -> None:
    """Each step takes one more rating; other eyes see another graph."""
    nodes = [web("graph", "--depth", depth, "--json").data["nodes"] for depth in ("1", "2", "3")]
    assert nodes == [2, 3, 4]
    assert web("graph", "--from", "bob", "--depth", "1", "--json").data["nodes"] == 2
    assert web("graph", "-c", "honesty", "--json").data["edges"] == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--depth", "0"), 2),
        (("--depth", "7"), 2),
        (("--format", "png"), 2),
        (("--from", "zzz-nobody"), 66),
        (("x",), 2),
    ],
)
def test_wrong_words_are_refused(web: Program, words: tuple[str, ...], code: int) -> None:
    """Never guessed."""
    assert web("graph", *words).exit == code
