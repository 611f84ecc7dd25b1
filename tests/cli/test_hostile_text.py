"""Hostile text in every place of every command and picture: no control byte, one line a record, no crash."""

from __future__ import annotations

import json
import os
import re
import shlex
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.cli.people import BOB, CAROL, bundle
from tests.conftest import SHARED, Program, Ran
from trustcli.errors import RecordRefused
from trustcli.pictures import FORMATS

_FILE = SHARED / "vectors" / "hostile_text.json"
_ROWS = json.loads(_FILE.read_text(encoding="utf-8"))["vectors"] if _FILE.exists() else []
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BAD = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{_BIDI}\ud800-\udfff]")
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_QUOTED = re.compile(r"""'[^']*'|"'"|\\'""")
_TALK = ("error: ", "hint: ", "note: ", "next: ", "warning: ")
_READING: list[tuple[str, ...]] = [
    ("status",),
    ("status", "--metrics"),
    ("score",),
    ("score", "--model", "stars"),
    ("log",),
    ("peer", "ls"),
    ("id", "ls"),
    ("export",),
    ("completion", "--names"),
    ("config", "ls"),
    ("doctor",),
    ("verify",),
    ("graph",),
    *(("graph", "--format", form) for form in FORMATS),
]

pytestmark = pytest.mark.skipif(
    not _ROWS, reason="no ../shared beside this checkout: the vectors are not here"
)
each_row = pytest.mark.parametrize("text", [row["text"] for row in _ROWS], ids=[row["why"] for row in _ROWS])


def _look(ran: Ran, words: object) -> None:
    """Find what must not be there."""
    assert ran.exit != 70, (words, ran.err)
    for said in (ran.out, ran.err):
        found = _BAD.search(said)
        assert not found, (words, found)
    for line in ran.err.splitlines():
        assert line.startswith(_TALK), (words, line)


def _try(trust: Program, *words: str, stdin: bytes | None = None) -> Ran:
    """Run, and look at what is said."""
    ran = trust(*words, stdin=stdin)
    _look(ran, words)
    return ran


def _read_all(trust: Program) -> None:
    """Run what shows something, with and without --json."""
    for words in _READING:
        _try(trust, *words)
        for line in _try(trust, "--json", *words).out.splitlines():
            json.loads(line)


def _typed(text: str) -> bool:
    """Say whether a shell can pass the text as an argument."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


@each_row
def test_as_an_argument(
    knows_bob: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Names, subjects, reasons, categories, tasks, files, settings: refused or shown harmless."""
    if not _typed(text):
        pytest.skip("no argument can hold it")
    monkeypatch.chdir(tmp_path)
    uri = f"agent:{text}"
    lines: list[tuple[str, ...]] = [
        ("rate", "--new", "--", text, "4"),
        ("rate", "--", uri, "4"),
        ("rate", "bob", "--", text),
        ("rate", f"--reason={text}", "bob", "4"),
        ("rate", f"--category={text}", "bob", "4"),
        ("rate", f"--task={text}", "bob", "4"),
        ("rate", f"--batch={text}"),
        ("rate", f"--evidence=https://x/{text}", "bob", "4"),
        ("rate", f"--via-agent={text}", "bob", "4"),
        ("rate", f"--expires={text}", "bob", "4"),
        ("rate", f"--as={text}", "bob", "4"),
        ("peer", "add", "--", text, CAROL.did),
        ("peer", "add", "--", "carol", text),
        ("peer", "add", "--", "uri", uri),
        ("peer", "show", "--", text),
        ("peer", "rename", "--", "bob", text),
        ("peer", "rm", "--", text),
        ("peer", "block", f"--reason={text}", "bob"),
        ("peer", "show", "bob"),
        ("peer", "unblock", "bob"),
        ("keygen", "--", text),
        ("id", "show", "--", text),
        ("id", "import", "--", text),
        ("id", "export", f"--format={text}"),
        ("score", "--", text),
        ("score", "--", uri),
        ("score", f"--from={text}"),
        ("score", f"--as-of={text}"),
        ("check", "--", uri),
        ("check", f"--policy={text}", "bob"),
        ("check", f"--unknown={text}", "bob"),
        ("why", "--", uri),
        ("log", "--", uri),
        ("log", f"--kind={text}"),
        ("show", "--", text),
        ("verify", "--", text),
        ("revoke", "--", text),
        ("revoke", f"--reason={text}", "bob"),
        ("import", "--", text),
        ("bridge", "csv", f"--system={text}", "--", text),
        ("bridge", "csv", f"--system=x{text}", "-"),
        ("config", "set", "--", "network", text),
        ("config", "get", "--", text),
        ("help", "--", text),
        ("completion", "--", text),
        ("ledger", "backup", "--", text),
        ("graph", f"--output={text}"),
        ("--", text),
        ("id", "retire", "--yes", f"--reason={text}"),
    ]
    for number, words in enumerate(lines):
        _try(knows_bob, *(("--json",) if number % 4 == 0 and words[0] != "--" else ()), *words)
    _read_all(knows_bob)


@each_row
def test_from_a_file_or_stdin(knows_bob: Program, text: str) -> None:
    """Batches, CSV cells, bundles, subjects, policies and settings."""
    data = text.encode("utf-8", "surrogatepass")
    knows_bob("rate", "bob", "5", "-q")
    for field in ("subject", "category", "reason", "task", "agent", "stars", "zap"):
        row = json.dumps({"subject": "bob", "stars": 4, field: text}).encode()
        assert _try(knows_bob, "rate", "--batch", "-", stdin=row).out.count("\n") == 1
    cell = b'"' + data.replace(b'"', b'""') + b'"'
    for row in (cell + b",b,4", b"a," + cell + b",4", b"a,b," + cell, b"a,b,4,1289241911,c," + cell):
        how = (
            "rater=0,subject=1,value=2,reason=5"
            if row.endswith(b"c," + cell)
            else "rater=0,subject=1,value=2"
        )
        _try(knows_bob, "bridge", "csv", "-", "--system", "otc", "--map", how, stdin=row)
    _try(
        knows_bob,
        "bridge",
        "csv",
        "-",
        "--system",
        "otc",
        "--map",
        "rater=a,subject=b,value=c",
        stdin=cell + b",b,c\n",
    )
    _try(knows_bob, "check", "-", stdin=b"bob\n" + data)
    _try(knows_bob, "import", "-", stdin=data)
    _try(knows_bob, "verify", "-", stdin=data)
    _try(knows_bob, "id", "import", "-", "x", stdin=data)
    policy = knows_bob.home / "policies" / "p.toml"
    policy.parent.mkdir()
    for toml in (
        data,
        b"min = '" + data + b"'",
        b'"' + data + b'" = 1',
        json.dumps(text).join(("category = ", "")).encode(),
    ):
        policy.write_bytes(toml)
        _try(knows_bob, "check", "bob", "--policy", "p")
    _read_all(knows_bob)
    (knows_bob.home / "config.toml").write_bytes(json.dumps(text).join(("identity = ", "")).encode())
    _try(knows_bob, "status")


@each_row
def test_in_records_of_others(knows_bob: Program, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A record either cannot hold the text, or is stored unchanged and shown harmless on one line."""
    knows_bob("rate", "bob", "5", "-q")
    text = unicodedata.normalize("NFC", text)
    lines: list[bytes] = []
    bodies: list[dict[str, Any]] = [
        {"subject": f"agent:{text}"},
        {"reason": text[:500]},
        {"task": text[:128]},
        {"evidence": [f"https://{text}"]},
        {"via": {"agent": text[:64], "guided": True}},
        {"ext": {"x": text}},
        {"rater": f"otc:{text}"},
    ]
    for body in bodies:
        try:
            lines.append(
                BOB.says(**{"subject": f"agent:s{len(lines)}", "value": 40, "category": "overall", **body})
            )
        except RecordRefused:
            continue
    for kind in ("novelty", text[:32]):
        try:
            lines.append(BOB.says(kind, thing=text))
        except RecordRefused:
            continue
    ran = knows_bob("import", "-", "--json", stdin=bundle(*lines, b""))
    assert ran.data["added"] == len(lines)
    plain = _try(knows_bob, "log")
    assert len(plain.out.splitlines()) == len(lines) + 1
    assert all(row.count("\t") == 7 for row in plain.out.splitlines())
    exported = knows_bob("export").out.encode().split(b"\n")
    assert set(lines) <= set(exported)
    records = [one["record"] for one in knows_bob("log", "--json").data["records"]]
    _read_all(knows_bob)
    for record in records:
        _try(knows_bob, "show", record)
    for one in knows_bob("score", "--json").data["rows"]:
        if "\n" not in one["subject"]:
            _try(knows_bob, "why", "--", one["subject"])
    monkeypatch.setenv("FORCE_COLOR", "1")
    for words in (("score",), ("log",), ("peer", "ls"), ("why", "bob")):
        ran = knows_bob(*words)
        _look(Ran(ran.exit, _STYLE.sub("", ran.out), ran.err), words)


def test_the_looking_would_find_it(knows_bob: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without `safe` a file name reaches the terminal as it is."""
    _try(knows_bob, "import", "\x1b[2J")
    monkeypatch.setattr("trustcli.cli.output.safe", str)
    with pytest.raises(AssertionError):
        _try(knows_bob, "import", "\x1b[2J")


@pytest.mark.parametrize(
    "subject",
    [
        "agent:$(id)`id`",
        "agent:x;true",
        "agent:'q'",
        "agent:a&b|c>d",
        "agent:*?[x]",
        "agent:~",
        "agent:-n",
        "agent:#x",
    ],
)
def test_a_next_command_is_one_word_safe(me: Program, subject: str) -> None:
    """What stands behind `next:` can be pasted into a shell: text of others is one quoted word in it."""
    me("peer", "add", "bob", BOB.did, "-q")
    me("rate", "bob", "5", "-q")
    me("import", "-", "-q", stdin=bundle(BOB.rates(subject, 40)))
    said = []
    for words in (
        ("score", subject), ("check", subject, "--min", "5"), ("rate", subject, "4"), ("score", "--top", "2"),
        ("revoke", subject), ("peer", "show", subject), ("peer", "add", "it", subject),
    ):  # fmt: skip
        said += re.findall(r"^(?:next|hint): +(trust .*)$", me(*words).err, re.MULTILINE)
    assert said
    for hint in said:
        if ", " not in hint:
            assert re.fullmatch(r"[\w@%+=:,./ -]*", _QUOTED.sub("", hint), re.ASCII), hint
            assert subject in shlex.split(hint) or subject not in hint
