"""`trust rate --batch`: NDJSON in, NDJSON out, one transaction a batch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.people import BOB, CAROL, documents
from tests.conftest import Program


def _lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_a_batch_is_rated_line_by_line(knows_bob: Program) -> None:
    """Every field is taken; each line in gives a line out with its record."""
    lines = _lines(
        {"subject": "bob", "stars": 4},
        {
            "subject": CAROL.did,
            "stars": 4.5,
            "category": "honesty",
            "reason": "kept her word",
            "evidence": ["https://a.example"],
            "task": "T",
            "expires": 4070908800000,
            "agent": "gpt",
            "guided": True,
        },
        {"subject": "agent:x", "stars": "3.5"},
    )
    ran = knows_bob("rate", "--batch", "-", "--json", stdin=lines)
    found = documents(ran.out)
    assert (ran.exit, [one["data"]["line"] for one in found], {one["schema"] for one in found}) == (
        0, [1, 2, 3], {"trust.rate/1"},
    )  # fmt: skip
    records = knows_bob("log", "--json").data["records"]
    assert [one["data"]["record"] for one in found] == [record["record"] for record in records]
    assert records[1]["body"] == {
        "subject": CAROL.did, "value": 45, "category": "honesty", "reason": "kept her word", "task": "T",
        "evidence": ["https://a.example"], "expires": 4070908800000, "via": {"agent": "gpt", "guided": True},
    }  # fmt: skip


_BAD: list[tuple[bytes, str]] = [
    (b"not json", "not_json"),
    (b"[]", "bad_body"),
    (b"{}", "bad_body"),
    (b'{"subject":"bob"}', "bad_body"),
    (b'{"subject":"nobody","stars":4}', "unknown_name"),
    (b'{"subject":"waiting","stars":4}', "not_found"),
    (b'{"subject":"me","stars":4}', "self_rating"),
    (b'{"subject":"bob","stars":9}', "score_range"),
    (b'{"subject":"bob","stars":true}', "bad_body"),
    (b'{"subject":"bob","stars":NaN}', "bad_stars"),
    (b'{"subject":"bob","stars":4.55}', "bad_stars"),
    (b'{"subject":"bob","stars":4,"rubbish":1}', "unknown_field"),
    (b'{"subject":"bob","stars":4,"expires":"soon"}', "bad_body"),
    (b'{"subject":"bob","stars":4,"expires":true}', "bad_body"),
    (b'{"subject":"bob","stars":4,"evidence":[1]}', "bad_body"),
    (b'{"subject":"bob","stars":4,"reason":"\\u0000"}', "bad_text"),
    (b'{"subject":"bob","stars":4,"reason":"\\ud800"}', "bad_text"),
    (b'{"subject":"bob","stars":4,"private":true}', "usage"),
    (b'{"subject":null,"stars":4}', "bad_body"),
    (b"\xff\xfe", "not_json"),
    (b"[" * 50_000, "not_json"),
    (b'{"subject":"' + b"x" * 70_000 + b'","stars":4}', "too_big"),
]


@pytest.mark.parametrize(("line", "code"), _BAD)
def test_a_bad_line_stops_no_good_one(knows_bob: Program, line: bytes, code: str) -> None:
    """Exit 4; the bad line says its number and a code, the lines around it are kept."""
    knows_bob("rate", "waiting", "4", "-q")
    good = _lines({"subject": "bob", "stars": 4})
    ran = knows_bob(
        "rate",
        "--batch",
        "-",
        "--json",
        stdin=good + line + b"\n" + _lines({"subject": CAROL.did, "stars": 2}),
    )
    found = [one["data"] for one in documents(ran.out)]
    assert (ran.exit, [one["ok"] for one in found]) == (4, [True, False, True])
    assert (found[1]["line"], found[1]["code"]) == (2, code)
    assert len(knows_bob("log", "--json").data["records"]) == 2


def test_the_document_of_a_refused_line_is_not_ok(me: Program) -> None:
    """`ok` of the document itself says so too: a program need not know the schema to see it."""
    found = documents(me("rate", "--batch", "-", "--json", stdin=b"rubbish\n").out)
    assert [one["ok"] for one in found] == [False]


def test_a_batch_without_json_prints_tabs(knows_bob: Program) -> None:
    """Line number, ok or code, record or message; the exit code is the same."""
    ran = knows_bob("rate", "--batch", "-", stdin=_lines({"subject": "bob", "stars": 4}) + b"rubbish\n")
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert (ran.exit, [row[:2] for row in rows]) == (4, [["1", "ok"], ["2", "not_json"]])


def test_empty_lines_and_an_empty_batch_are_fine(me: Program) -> None:
    """Nothing in, nothing out, 0; numbers count all lines."""
    assert me("rate", "--batch", "-", stdin=b"") == (0, "", "")
    ran = me("rate", "--batch", "-", "--json", stdin=b"\n\n" + _lines({"subject": BOB.did, "stars": 4}))
    assert [one["data"]["line"] for one in documents(ran.out)] == [3]


def test_of_two_lines_about_one_subject_the_later_counts(me: Program) -> None:
    """Also within one millisecond."""
    me(
        "rate",
        "--batch",
        "-",
        "-q",
        stdin=_lines(*({"subject": BOB.did, "stars": n} for n in (1, 2, 3, 5, 4))),
    )
    assert me("score", BOB.did, "--json").data["rows"][0]["score"] == 4.0


def test_a_batch_from_a_file(me: Program, tmp_path: Path) -> None:
    """A file's name, and 66 where there is none."""
    file = tmp_path / "batch"
    file.write_bytes(_lines({"subject": BOB.did, "stars": 4}))
    assert me("rate", "--batch", str(file)).exit == 0
    assert me("rate", "--batch", str(tmp_path / "none")).exit == 66


def test_one_batch_is_one_arrival(me: Program) -> None:
    """All lines of a batch carry the same time of receipt: they were one transaction."""
    me(
        "rate",
        "--batch",
        "-",
        "-q",
        stdin=_lines(*({"subject": f"agent:{n}", "stars": 4} for n in range(300))),
    )
    received = {record["received"] for record in me("log", "--json", "--limit", "0").data["records"]}
    assert len(received) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("-c", "honesty"),
        ("-m", "why"),
        ("--evidence", "https://a.example"),
        ("--task", "T"),
        ("--expires", "90d"),
        ("--private",),
        ("--via-agent", "gpt"),
        ("--human-guided",),
        ("--new",),
        ("--strict",),
    ],
)
def test_options_of_one_rating_are_refused_with_a_batch(me: Program, options: tuple[str, ...]) -> None:
    """A batch says all of it in its lines: what would change nothing is 2, and nothing is signed."""
    ran = me("rate", "--batch", "-", *options, stdin=_lines({"subject": "agent:x", "stars": 4}))
    assert (ran.exit, "does nothing with --batch" in ran.err) == (2, True)
    assert me("log", "--json").data["records"] == []


def test_a_batch_without_a_good_line_is_65(me: Program) -> None:
    """As with import: 4 says that some of it was taken."""
    assert me("rate", "--batch", "-", stdin=b"rubbish\n{}\n").exit == 65
