"""Pictures: every format, with hostile text, large graphs, and any order of input."""

from __future__ import annotations

import csv
import json
import random
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest

from trustcli.errors import UsageError
from trustcli.pictures import FORMATS, Edge, Graph, Node, draw, layout
from trustcli.pictures.colours import STEPS, UNKNOWN, colour
from trustcli.pictures.graph import MAX_LABEL, name_of, nearest, ordered, short, spelled
from trustcli.pictures.page import MAX_ROWS
from trustcli.pictures.svg import MAX_DRAWN
from trustcli.pictures.width import fitted, width_of

_VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "hostile_text.json"
_OWN = [
    "\x1b[2J",
    "a\nb",
    "\u202egnp.exe",
    "\ud83d",
    "\ufffe\uffff",
    '"><script>alert(1)</script>',
    "]]>",
    "--><!--",
    "&#27;&lt;",
    "\\",
    '\\"',
    "\\N\\G\\n",
    '"]; evil -> x; "',
    "%%{init: {'themeCSS':'*{}'}}%%",
    'x"] --> y\nclick y "javascript:alert(1)"',
    "style x:y#z;",
    ":::evil",
    "`**md**`",
    "end",
    "*/ } body { x",
    "</style><style>",
    "</title><b>",
    "=1+1",
    "\t=1+1",
    "＝1+1",
    "-2",
    "+3",
    "@A1",
    "",
]
_FORBIDDEN = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))} - {"\n"}
_FORBIDDEN |= {*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x61C))}
_FORBIDDEN |= {"\u2028", "\u2029", "\u200b", "\ufeff", "\U000e0041"}
_GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
_SVG = "{http://www.w3.org/2000/svg}"


def _hostile() -> list[str]:
    if not _VECTORS.exists():
        return _OWN
    return _OWN + [row["text"] for row in json.loads(_VECTORS.read_text())["vectors"]]


def _three(text: str) -> Graph:
    """A graph that has `text` wherever text of others can stand; its order is that of the ids' heads."""
    nodes = [
        Node("agent:a" + text, text, None, True),
        Node("agent:b" + text, text + text, 4.2, False),
        Node("agent:c" + text, "plain", 1.0, False),
    ]
    edges = [
        Edge(nodes[0].id, nodes[1].id, 4.0, text, 1.0, False),
        Edge(nodes[1].id, nodes[0].id, 4.0, text, 0.5, True),
        Edge(nodes[1].id, nodes[2].id, 1.5, "a" + text, 0.5, False),
        Edge(nodes[1].id, nodes[2].id, 2.5, "b" + text, 0.5, False),
    ]
    return Graph(text, text, nodes, edges)


def _ring(count: int, *, chords: int = 0) -> Graph:
    """`count` nodes in a ring of ratings, the first the viewpoint, and some chords."""
    ids = [f"agent:{number:05d}" for number in range(count)]
    nodes = [Node(each, f"node {at}", 1 + at % 5, at == 0) for at, each in enumerate(ids)]
    ends = [(at, (at + 1) % count) for at in range(count)]
    ends += [(at * 7 % count, (at * 13 + 5) % count) for at in range(chords)]
    edges = [
        Edge(ids[a], ids[b], 1 + at % 9 / 2, f"kind{at % 3}", at % 10 / 10, at % 7 == 0)
        for at, (a, b) in enumerate(ends)
        if a != b
    ]
    return Graph("Ring", "as of then", nodes, edges)


def _shuffled(graph: Graph) -> Graph:
    dice = random.Random(3)
    return graph._replace(
        nodes=dice.sample(graph.nodes, len(graph.nodes)), edges=dice.sample(graph.edges, len(graph.edges))
    )


class _Outline(HTMLParser):
    """Tags and names of attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.outline: list[tuple[str, ...]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outline.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.outline.append(("/", tag))

    def handle_comment(self, data: str) -> None:
        self.outline.append(("comment", data))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _xml_outline(document: str) -> list[tuple[str, ...]]:
    return [(each.tag, *each.attrib) for each in ET.fromstring(document).iter()]


def _texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{_SVG}text")]


@pytest.mark.skipif(not _VECTORS.exists(), reason="the shared vectors are not beside the project")
def test_the_shared_vectors_are_among_the_hostile_texts() -> None:
    """Where the shared vectors are, they are tried, not only our own."""
    assert len(_hostile()) > len(_OWN)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", _hostile(), ids=ascii)
def test_no_text_puts_a_control_or_direction_character_into_a_format(name: str, text: str) -> None:
    """Whatever a label, an id or a category holds, the output has no character that fools a reader."""
    output = draw(name, _three(text))
    assert _FORBIDDEN & set(output) == set()
    assert output.encode().decode() == output


@pytest.mark.parametrize("name", ["svg", "graphml"])
@pytest.mark.parametrize("text", _hostile(), ids=ascii)
def test_no_text_changes_the_structure_of_xml(name: str, text: str) -> None:
    """A hostile label gives the same elements with the same attributes as a plain one."""
    assert _xml_outline(draw(name, _three(text))) == _xml_outline(draw(name, _three("plain")))


@pytest.mark.parametrize("text", _hostile(), ids=ascii)
def test_no_text_changes_the_structure_of_the_page(text: str) -> None:
    """A hostile label gives the same tags with the same attributes as a plain one."""
    assert _Outline(draw("html", _three(text))).outline == _Outline(draw("html", _three("plain"))).outline


@pytest.mark.parametrize("text", _hostile(), ids=ascii)
def test_dot_keeps_one_statement_a_line(text: str) -> None:
    """Every line is the head, the end, or a statement whose strings are closed."""
    lines = draw("dot", _three(text)).splitlines()
    outside = [_outside_strings(line) for line in lines]
    assert outside == [_outside_strings(line) for line in draw("dot", _three("plain")).splitlines()]


def _outside_strings(line: str) -> str:
    """The line with every DOT string emptied; in one, a backslash takes the next character along."""
    left, inside, at = [], False, 0
    while at < len(line):
        if inside and line[at] == "\\":
            at += 1
        elif line[at] == '"':
            inside = not inside
            left.append('"')
        elif not inside:
            left.append(line[at])
        at += 1
    return "".join(left)


@pytest.mark.parametrize("text", _hostile(), ids=ascii)
def test_mermaid_keeps_one_statement_a_line(text: str) -> None:
    """Between the quotes stand only letters, digits, a few marks and codes; the rest never changes."""
    lines = draw("mermaid", _three(text)).splitlines()
    plain = draw("mermaid", _three("plain")).splitlines()
    assert [line.split('"')[::2] for line in lines[3:]] == [line.split('"')[::2] for line in plain[3:]]
    quoted = "".join(part for line in lines[3:] for part in line.split('"')[1::2])
    assert set(quoted) & set("\"'`[]{}()<>|%:;\\&=*$") <= {";"}
    assert lines[:4] == ["---", lines[1], "---", "flowchart LR"]
    assert set(lines[1].removeprefix("title: ")) & set("%{}<>#&'`") == set()


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_every_hostile_graph() -> None:
    """Graphviz reads each file and its own SVG of it is well-formed, with no node too many."""
    for text in _hostile():
        source = draw("dot", _three(text)).encode()
        done = subprocess.run(["dot", "-Tsvg"], input=source, capture_output=True, check=True)
        groups = [each.get("class") for each in ET.fromstring(done.stdout).iter(f"{_SVG}g")]
        assert (groups.count("node"), groups.count("edge")) == (3, 4)


@pytest.mark.parametrize("text", _hostile(), ids=ascii)
def test_csv_has_no_formula_and_one_line_a_rating(text: str) -> None:
    """No cell starts with what a spreadsheet computes, and every record is one line."""
    output = draw("csv", _three(text))
    rows = list(csv.reader(StringIO(output)))
    assert (len(output.splitlines()), {len(row) for row in rows}) == (5, {8})
    assert [cell for row in rows for cell in row if cell[:1] and cell[0] in "=+-@\t\r＝＋－＠"] == []


def test_csv_marks_a_formula_with_an_apostrophe() -> None:
    """A label that is a formula is kept, with the sign that makes it text."""
    rows = list(csv.DictReader(StringIO(draw("csv", _three("=A1")))))
    assert (rows[0]["source_label"], rows[0]["source"]) == ("'=A1", "agent:a=A1")


def test_csv_lists_the_ratings() -> None:
    """A header, then source, target and their labels, category, stars, weight and whether it is private."""
    assert draw("csv", _three("x")).splitlines()[:2] == [
        "source,source_label,target,target_label,category,stars,weight,private",
        "agent:ax,x,agent:bx,xx,x,4,1,false",
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_the_order_of_the_input_does_not_matter(name: str) -> None:
    """Shuffled nodes and edges give the same bytes."""
    graph = _ring(30, chords=40)
    assert draw(name, _shuffled(graph)) == draw(name, graph)


@pytest.mark.parametrize("name", FORMATS)
def test_the_hash_seed_does_not_matter(name: str) -> None:
    """Two processes with different string hashes write the same bytes."""
    code = (
        "import sys; from trustcli.pictures import *\n"
        "ids = [f'agent:{n}' for n in range(40)]\n"
        "nodes = [Node(i, i, 3.0, i == 'agent:0') for i in ids]\n"
        "edges = [Edge(ids[n], ids[n * 7 % 40], 3.0, 'x', 0.5, False) for n in range(40)]\n"
        "sys.stdout.buffer.write(draw(sys.argv[1], Graph('t', 's', nodes, edges)).encode())"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, name], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("nodes", [[], [Node("agent:x", "ann", None, True)]], ids=["none", "one"])
def test_small_graphs_are_drawn(name: str, nodes: list[Node]) -> None:
    """A graph of nobody and one of a single node are complete files that end in one newline."""
    output = draw(name, Graph("T", "as of then", nodes, []))
    assert output.endswith("\n")
    assert not output.endswith("\n\n")
    if name in ("svg", "graphml"):
        ET.fromstring(output)


def test_an_unknown_format_is_refused_with_the_list() -> None:
    """The hint names the formats there are."""
    with pytest.raises(UsageError, match="no format 'png'") as refused:
        draw("png", _three("x"))
    assert refused.value.hint == "one of: csv, dot, graphml, html, json, mermaid, svg"


def test_importing_the_package_loads_no_format() -> None:
    """Formats and their libraries are loaded only when asked for."""
    code = "import sys, trustcli.pictures; print([m for m in sys.modules if m in sys.argv[1:]])"
    modules = [*FORMATS.values(), "trustcli.pictures.layout", "csv", "json", "typing", "re"]
    command = [sys.executable, "-S", "-c", code, *modules]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"


def test_json_is_one_ascii_object() -> None:
    """Viewpoint, nodes and edges, ids exact, unknown scores null."""
    output = draw("json", _three("é"))
    document = json.loads(output)
    assert output.isascii()
    assert document["viewpoint"] == "agent:aé"
    assert document["nodes"][0] == {"id": "agent:aé", "label": "é", "score": None}
    assert document["edges"][0] == {
        "source": "agent:aé",
        "target": "agent:bé",
        "stars": 4.0,
        "category": "é",
        "weight": 1.0,
        "private": False,
    }


def test_graphml_declares_every_key_it_uses() -> None:
    """Each `data` names a key declared for its kind of element, and edges end at nodes."""
    root = ET.fromstring(draw("graphml", _three("x")))
    declared = {(key.get("for"), key.get("id")) for key in root.iter(f"{_GRAPHML}key")}
    drawn = root.find(f"{_GRAPHML}graph")
    assert drawn is not None
    parts = [("graph", drawn)] + [(part.tag.removeprefix(_GRAPHML), part) for part in drawn]
    used = {(kind, data.get("key")) for kind, part in parts for data in part.findall(f"{_GRAPHML}data")}
    ids = {node.get("id") for node in drawn.findall(f"{_GRAPHML}node")}
    ends = {edge.get(end) for edge in drawn.findall(f"{_GRAPHML}edge") for end in ("source", "target")}
    assert used == declared
    assert ends == ids == {"agent:ax", "agent:bx", "agent:cx"}


def test_graphml_has_no_score_where_it_is_unknown() -> None:
    """An unknown score is absent, not zero."""
    root = ET.fromstring(draw("graphml", _three("x")))
    scores = [
        [data.text for data in node if data.get("key") == "score"] for node in root.iter(f"{_GRAPHML}node")
    ]
    assert scores == [[], ["4.2"], ["1"]]


def test_ids_that_look_alike_stay_two_nodes() -> None:
    """Of two ids that are the same once made harmless, the changed one is marked, in any order."""
    nodes = [Node("a\u200b", "", None, False), Node("a\\u200b", "", None, False)]
    expected = {"a\\u200b": "a\\u200b", "a\u200b": "a\\u200b~"}
    assert spelled(Graph("", "", nodes, [])) == spelled(Graph("", "", nodes[::-1], [])) == expected


def test_ends_without_a_node_become_nodes() -> None:
    """An edge to somebody who is not listed is drawn, with an unknown score."""
    graph = Graph("", "", [Node("a", "ann", 3.0, True)], [Edge("a", "b", 3.0, "x", 1.0, False)])
    assert ordered(graph).nodes == [Node("a", "ann", 3.0, True), Node("b", "b", None, False)]


def test_nodes_are_cut_by_distance_then_neighbours_then_id() -> None:
    """The viewpoint comes first, then who is near it, the busier first, strangers last."""
    ends = [("v", "b"), ("v", "a"), ("c", "b"), ("b", "d"), ("y", "z")]
    edges = [Edge(source, target, 3.0, "x", 1.0, False) for source, target in ends]
    nodes = [Node(each, each, None, each == "v") for each in "abcdvyz"]
    assert [node.id for node in nearest(Graph("", "", nodes, edges), 6).nodes] == list("vbacdy")


def test_a_large_graph_is_cut_and_says_so() -> None:
    """Of more than 300 nodes 300 are drawn, with the ratings among them, and the legend has the numbers."""
    root = ET.fromstring(draw("svg", _ring(1_200)))
    discs = [each for each in root.iter(f"{_SVG}g") if each.get("class") == "node"]
    assert len(discs) == MAX_DRAWN
    assert {"300 of 1,200 nodes drawn", "299 of 1,200 ratings drawn"} <= set(_texts(root))


def test_the_picture_loads_and_runs_nothing() -> None:
    """No script, no handler, no link, no address but the names of XML."""
    for name in ("svg", "html"):
        output = draw(name, _ring(12, chords=12)).replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert [
            each for each in ("<script", "://", "href", "@import", " on", "url(h") if each in output
        ] == []


def test_the_legend_explains_the_signs_and_names_the_viewpoint() -> None:
    """Title, time, viewpoint, counts and the meaning of widths and dashes are in the picture."""
    shown = set(_texts(ET.fromstring(draw("svg", _ring(12)))))
    expected = {"Ring", "as of then", "node 0", "12 nodes", "12 ratings", "dashed", "score unknown"}
    assert expected <= shown


def test_tooltips_have_what_labels_leave_out() -> None:
    """A label is cut to 24 characters; the tooltip has all of it, the id and the score."""
    node = Node("did:key:z6MkLong", "n" * 40, 3.25, False)
    root = ET.fromstring(draw("svg", Graph("", "", [node], [])))
    disc = next(each for each in root.iter(f"{_SVG}g") if each.get("class") == "node")
    assert (
        disc.findtext(f"{_SVG}title") == f"{'n' * 40}\ndid:key:z6MkLong\n3.2 stars, 0 ratings received here"
    )
    assert short(node.label) in _texts(root)
    assert len(short(node.label)) == MAX_LABEL


def test_a_blank_label_is_replaced_by_the_id() -> None:
    """Nobody goes without a name in a picture."""
    assert name_of(Node("agent:x", " ", None, False)) == "agent:x"
    assert 'n0["agent#58;x"]' in draw("mermaid", Graph("", "", [Node("agent:x", "", None, False)], []))


def test_lines_show_weight_privacy_and_stars() -> None:
    """Width grows with the weight of the rater, private ratings are dashed, colour follows the stars."""
    edges = [Edge("a", "b", 5.0, "x", 0.1, False), Edge("b", "a", 1.0, "x", 0.9, True)]
    root = ET.fromstring(draw("svg", Graph("", "", [], edges)))
    group = next(each for each in root.iter(f"{_SVG}g") if each.get("class") == "edges")
    weak, strong = group.findall(f"{_SVG}path")
    assert float(weak.attrib["stroke-width"]) < float(strong.attrib["stroke-width"])
    assert [weak.get("stroke-dasharray"), strong.get("stroke-dasharray")] == ["none", "7 5"]
    assert [weak.get("stroke"), strong.get("stroke")] == [colour(5.0), colour(1.0)]


def test_every_rating_between_the_same_two_has_its_own_line() -> None:
    """Both directions, several categories and a rating of oneself never share a path."""
    ends = [("a", "b", "x"), ("a", "b", "y"), ("b", "a", "x"), ("a", "a", "x"), ("a", "a", "y")]
    edges = [Edge(source, target, 3.0, category, 1.0, False) for source, target, category in ends]
    root = ET.fromstring(draw("svg", Graph("", "", [], edges)))
    group = next(each for each in root.iter(f"{_SVG}g") if each.get("class") == "edges")
    assert len({path.get("d") for path in group.findall(f"{_SVG}path")}) == len(ends)


def test_the_page_forbids_everything_but_its_style() -> None:
    """The charset comes first and the policy lets nothing be loaded or run."""
    page = draw("html", _three("x"))
    policy = "content=\"default-src 'none'; style-src 'unsafe-inline'\""
    assert page.index('<meta charset="utf-8">') < page.index(policy) < page.index("<title>")


def test_the_table_lists_the_first_ratings_and_says_how_many_there_are() -> None:
    """At most 500 rows; the caption has both numbers."""
    page = _Outline(draw("html", _ring(600)))
    assert page.outline.count(("tr",)) == MAX_ROWS + 1
    assert "The first 500 of 600 ratings, by rater" in page.text


def test_boxes_are_pushed_apart_until_none_overlap() -> None:
    """Forty boxes heaped on a small place end clear of one another."""
    heap = [complex(at % 7, at // 7) for at in range(40)]
    sizes = [(60.0 + at % 3 * 40, 50.0) for at in range(40)]
    clear = layout.separate(heap, sizes)
    overlaps = [
        (a, b)
        for a in range(40)
        for b in range(a)
        if abs(clear[a].real - clear[b].real) < (sizes[a][0] + sizes[b][0]) / 2 - 0.1
        and abs(clear[a].imag - clear[b].imag) < (sizes[a][1] + sizes[b][1]) / 2 - 0.1
    ]
    assert overlaps == []


def test_no_two_discs_with_labels_overlap_in_a_crowd() -> None:
    """In 200 nodes with 1,000 ratings every disc and label has its own place."""
    root = ET.fromstring(draw("svg", _ring(200, chords=800)))
    discs = [each for each in root.iter(f"{_SVG}g") if each.get("class") == "node"]
    places = []
    for disc in discs:
        circle, label = disc.findall(f"{_SVG}circle")[-1], disc.findall(f"{_SVG}text")[-1]
        half = max(float(circle.attrib["r"]), width_of(label.text or "", 12) / 2)
        top, bottom = sorted((float(circle.attrib["cy"]), float(label.attrib["y"])))
        places.append((float(circle.attrib["cx"]), half, top, bottom))
    assert [
        (a, b)
        for at, a in enumerate(places)
        for b in places[:at]
        if abs(a[0] - b[0]) < a[1] + b[1] and a[2] < b[3] and b[2] < a[3]
    ] == []


def test_linked_nodes_lie_nearer_than_others() -> None:
    """In a ring of forty, neighbours are on average less than half as far apart as any two."""
    links = [(min(at, (at + 1) % 40), max(at, (at + 1) % 40)) for at in range(40)]
    places = layout.spread(40, links)
    pairs = [(a, b) for a in range(40) for b in range(a)]
    apart = {pair: layout.abs_of(places[pair[0]] - places[pair[1]]) for pair in pairs}
    linked = sum(apart[b, a] for a, b in links) / len(links)
    assert places[0] == 0
    assert linked * 2 < sum(apart.values()) / len(apart)


def test_the_scale_runs_from_vermilion_over_amber_to_green() -> None:
    """Ends and middle are the colours named, the unknown is grey, and what is out of range is an end."""
    assert [colour(stars) for stars in (0.0, 1.0, 3.0, 5.0, 9.0, None)] == [
        "#d55e00",
        "#d55e00",
        "#e8b31a",
        "#009e73",
        "#009e73",
        UNKNOWN,
    ]
    assert len({colour(stars) for stars in STEPS}) == len(STEPS)


def test_text_is_fitted_by_width() -> None:
    """What fits is kept; what is cut ends in … and is no wider than the room."""
    assert fitted("short", 10, 100) == "short"
    cut = fitted("東京" * 30, 10, 100)
    assert cut.endswith("…")
    assert 80 < width_of(cut, 10) <= 100
