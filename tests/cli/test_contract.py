"""What holds for every command: documents, exit codes, errors, help, and plain output."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.people import BOB, CAROL, LASTING, bundle
from tests.conftest import Program, Ran
from trustcli.cli.commands import COMMANDS, TAKEN
from trustcli.cli.declare import REQUIRED, params_of, title_of
from trustcli.cli.quick import load
from trustcli.errors import TrustError, exit_table

_CODES = {code for code, _, _ in exit_table()}
_STREAMS = {"export"}  # NDJSON by nature


@pytest.fixture
def home(knows_bob: Program) -> Program:
    """A home with something in it."""
    knows_bob("rate", "bob", "4", "-q")
    knows_bob("rate", "zoe", "4", "-q")
    knows_bob("import", "-", "-q", stdin=bundle(BOB.rates(CAROL.did, 30)))
    return knows_bob


def _required(name: str) -> list[str]:
    """Return something for each parameter that must be given."""
    values = {"shell": "bash"}
    return [
        values.get(key, "x")
        for key, param in params_of(load(name)).items()
        if not param.flags and (param.default is REQUIRED or param.many or key in values)
    ]


def _wrongs(name: str) -> list[list[str]]:
    """Return command lines of a command that are wrong, or about things that are not there."""
    words = name.split()
    lines = [[*words, "--no-such-option"], [*words, *"abcdef"], [*words, "--json=1"]]
    return lines if name.split(maxsplit=1)[0] in LASTING else [*lines, [*words, *_required(name)]]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_json_is_exactly_one_document_also_on_error(
    home: Program, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same exit code with and without; the error document says its own exit code."""
    monkeypatch.chdir(tmp_path)
    for wrong in _wrongs(name):
        ran = home(*wrong, "--json")
        Path("x").unlink(missing_ok=True)
        plain = home(*wrong)
        Path("x").unlink(missing_ok=True)
        assert "Traceback" not in plain.err + ran.err
        assert (ran.exit in _CODES, ran.exit != 70) == (True, True), (wrong, ran)
        if name in _STREAMS and ran.exit == 0:
            continue
        document = ran.document
        assert re.fullmatch(r"trust\.[a-z-]+/1", document["schema"])
        if document["schema"] == "trust.error/1":
            assert (plain.exit, plain.out) == (ran.exit, ""), wrong
            assert sorted(document) == ["error", "ok", "schema"]
            assert sorted(document["error"]) == ["code", "exit", "hint", "message", "retryable"]
            assert (document["ok"], document["error"]["exit"]) == (False, ran.exit)
            _is_one_line_and_a_hint(plain)
        else:
            assert sorted(document) == ["data", "ok", "schema", "warnings"]


def _is_one_line_and_a_hint(ran: Ran) -> None:
    lines = ran.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "hint"], ran.err
    assert len(lines[1].split(":", 1)[1].strip()) > 3


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_a_summary_and_help_for_every_parameter(name: str) -> None:
    """One sentence that fits a line; each parameter explained."""
    run = load(name)
    title = title_of(run)
    assert title.endswith(".")
    assert len(title) <= 110
    assert all(param.help and param.help[0] != " " for param in params_of(run).values())


_ERRORS: list[tuple[tuple[str, ...], int, str]] = [
    (("rate", "bob", "9"), 2, "9 stars: from 1 to 5"),
    (("rate", "me", "4"), 65, "an author cannot rate itself"),
    (("verify", "/"), 65, "/: Is a directory"),
    (("score", "nobody"), 66, "no peer named 'nobody'"),
    (("keygen",), 73, "is there already"),
    (("export", "-o", "/no/where"), 74, "/no/where: No such file or directory"),
    (
        ("rate", "bob", "4", "--passphrase-command", "false", "--as", "locked"),
        77,
        "the passphrase command failed",
    ),
    (("check", "bob", "--policy", "wrong"), 78, "no rule 'zap'"),
]


@pytest.mark.parametrize(("words", "code", "text"), _ERRORS)
def test_each_class_of_errors_says_what_is_wrong(
    home: Program, words: tuple[str, ...], code: int, text: str
) -> None:
    """One line, one hint, the code of its class; nothing on stdout."""
    if "locked" in words:
        home("keygen", "locked", "--passphrase-command", "echo x", "-q")
    (home.home / "policies").mkdir()
    (home.home / "policies" / "wrong.toml").write_text("zap = 1", encoding="utf-8")
    ran = home(*words)
    assert (ran.exit, ran.out) == (code, "")
    assert text in ran.err.splitlines()[0]
    _is_one_line_and_a_hint(ran)


def test_every_class_of_errors_is_met_above_or_elsewhere() -> None:
    """75 needs a second process: test_care.py. 69 and 76 need a peer: tests/network."""
    met = {code for _, code, _ in _ERRORS}
    assert {kind.exit for kind in TrustError.__subclasses__()} == met | {69, 75, 76}


@pytest.mark.parametrize("verb", TAKEN)
def test_verbs_of_p11_kit_are_never_ours(trust: Program, verb: str) -> None:
    """2 with an explanation, so that a script which meant the other `trust` is told."""
    for words in ((verb,), (verb, "--filter=ca-anchors"), (verb, "x", "--json")):
        ran = trust(*words)
        assert ran.exit == 2
        assert "p11-kit" in ran.out + ran.err
    assert not any(name.split()[0] == verb for name in COMMANDS)


def test_flags_may_stand_before_or_after_the_verb(home: Program) -> None:
    """Global options anywhere, `--` ends them."""
    for words in (("--json", "score", "bob"), ("score", "--json", "bob"), ("score", "bob", "--json")):
        assert home(*words).data["rows"][0]["score"] == 4.0
    assert home("--json", "peer", "ls").data == home("peer", "ls", "--json").data
    assert home("score", "--", "--json").exit == 66
    there = str(home.home.parent / "there")
    assert home("--home", there, "keygen", "-q").exit == 0
    assert home("id", "ls", "--home", there).out != home("id", "ls").out


def test_trust_json_in_the_environment(home: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents for everything, errors too; any other value than 1 does nothing."""
    monkeypatch.setenv("TRUST_JSON", "1")
    assert home("score", "bob").data["rows"][0]["score"] == 4.0
    for wrong in (("score", "nobody"), ("rate", "bob"), ("nothing",), ("score", "--nothing"), ("list",)):
        ran = home(*wrong)
        assert (ran.document["schema"], ran.err) == ("trust.error/1", "")
    assert home("export").exit == 0
    monkeypatch.setenv("TRUST_JSON", "0")
    assert home("score", "bob").out.startswith("bob\t")


_READING: list[tuple[str, ...]] = [
    ("status",),
    ("score",),
    ("score", "bob"),
    ("check", "bob"),
    ("why", "bob"),
    ("log",),
    ("id", "ls"),
    ("id", "show"),
    ("peer", "ls"),
    ("peer", "show", "bob"),
    ("verify",),
    ("doctor",),
    ("config", "ls"),
    ("capabilities",),
]
_BOX = re.compile("[\u2500-\u259f\x1b]")


@pytest.mark.parametrize("words", _READING, ids=" ".join)
def test_piped_output_is_plain_and_nothing_is_cut(
    home: Program, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Tabs, no box, no escape; a terminal of 40 columns changes nothing."""
    wide = home(*words).out
    monkeypatch.setenv("COLUMNS", "40")
    narrow = home(*words).out
    monkeypatch.setenv("NO_COLOR", "1")
    bare = home(*words).out
    assert not _BOX.search(wide)
    assert "…" not in re.sub(r"z6Mk\S{1,3}…\S+", "", wide)
    if words[0] not in ("status", "doctor", "why"):
        assert wide == narrow == bare
    assert all("\t" in line for line in wide.splitlines())


def test_json_has_no_talk_and_warnings_go_to_stderr(home: Program) -> None:
    """With --json stderr holds no hint and no note; -q silences warnings too."""
    assert home("rate", "bob", "4", "--json").err == ""
    warned = home("peer", "add", "b\u043eb", CAROL.did, "--json")
    assert (len(warned.document["warnings"]), warned.err.count("\n")) == (1, 1)
    assert home("peer", "add", "b\u043eb", CAROL.did, "--json", "-q").err == ""


def _no_constant(name: str) -> None:
    pytest.fail(f"{name} is no JSON")


def test_documents_hold_only_finite_numbers_and_utc_times(home: Program) -> None:
    """No NaN; every time ends with Z; ids are whole."""
    for words in _READING:
        ran = home(*words, "--json")
        json.loads(ran.out, parse_constant=_no_constant)
        for moment in re.findall(r'"\d{4}-\d\d-\d\dT[^"]*"', ran.out):
            assert re.fullmatch(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"', moment)
        assert not re.search(r'"sha256:[0-9a-f]{1,63}"', ran.out)


def _piped(words: list[str], home: Any, lines: int) -> tuple[int, str]:
    """Run with a reader that goes away after some lines; return (exit code, stderr)."""
    with subprocess.Popen(
        [sys.executable, "-m", "trustcli", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, "TRUST_HOME": str(home)}, bufsize=0,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(lines):
            process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
    return process.returncode, err


@pytest.mark.parametrize("words", [["log", "--limit", "0"], ["export"], ["log", "--limit", "0", "--json"]])
def test_a_reader_that_goes_away_is_141_without_a_word(home: Program, words: list[str]) -> None:
    """`trust log | head -1`: no traceback, no complaint."""
    rows = b"".join(
        b'{"subject":"agent:%d","stars":4,"reason":"%s"}\n' % (n, b"x" * 400) for n in range(2000)
    )
    home("rate", "--batch", "-", "-q", stdin=rows)
    assert _piped(words, home.home, 0 if "--json" in words else 1) == (141, "")


def _into(device: str, words: list[str], home: Path, **env: str) -> tuple[int, str]:
    """Return the exit code and stderr of a process whose output goes to a device."""
    with open(device, "wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", "trustcli", *words], stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.PIPE, env={**os.environ, "TRUST_HOME": str(home), **env}, check=False,
        )  # fmt: skip
    return done.returncode, done.stderr.decode()


needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
_LONG = [["model", "ls"], ["standing"], ["simulate", "example"], ["evaluate", "few.csv", "--model", "mean"]]
_LONG += [["capabilities", "--json"], ["score", "bob", "--json"], ["export"], ["help"]]
_LONG += [["--version"], ["--help"], ["-q", "score", "--help"]]


@needs_full
@pytest.mark.parametrize("words", _LONG, ids=" ".join)
def test_a_full_output_device_is_a_disk_error(
    home: Program, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """74 and one line, whether it shows at once or when all is flushed; never a fault of the program."""
    monkeypatch.chdir(tmp_path)
    Path("few.csv").write_text("a,b,4,1\nb,c,5,2\nc,a,3,3\n", encoding="utf-8")
    for env in ({}, {"FORCE_COLOR": "1"}):
        code, err = _into("/dev/full", words, home.home, **env)
        assert (code, "standard output: No space left on device" in err) == (74, True), err
        _is_one_line_and_a_hint(Ran(code, "", err))


@needs_full
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_an_error_keeps_its_code_where_it_cannot_be_told(home: Program, flags: list[str]) -> None:
    """A full device under the report of an error: as text, where that goes, and never 1, which says no."""
    code, err = _into("/dev/full", ["score", "nobody", *flags], home.home)
    assert (code, err.splitlines()[0]) == (66, "error: no peer named 'nobody'")
    with open("/dev/full", "wb") as full:
        words = [sys.executable, "-m", "trustcli", "score", "nobody", *flags]
        assert subprocess.run(words, stdout=full, stderr=full, check=False).returncode == 66
    assert _piped(["score", "nobody", "--json"], home.home, 0) == (141, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_never_fails_for_want_of_an_encoding(home: Program, encoding: str) -> None:
    """What the locale has no bytes for is an escape; a bundle or picture is UTF-8."""
    env = {"PYTHONIOENCODING": encoding}
    assert home.process("peer", "add", "花子", "agent:花子", env=env).exit == 0
    rated = home.process("rate", "花子", "4", "-m", "être Ω 😀", env=env)
    assert (rated.exit, r"\u2605" in rated.out) == (0, True)
    words: list[tuple[str, ...]] = [("log",), ("score",), ("why", "花子"), ("status",), ("help", "policy")]
    for line in [*words, ("log", "--json"), ("score", "--help"), ("score", "花", "--json")]:
        done = _speaking(encoding, line, home)
        assert done.returncode in (0, 66), done
    for line in (("export",), ("graph", "--format", "dot"), ("show", _last(home), "--raw")):
        done = _speaking(encoding, line, home)
        assert (done.returncode, "花子" in done.stdout.decode()) == (0, True)


def _speaking(encoding: str, words: tuple[str, ...], home: Program) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "TRUST_HOME": str(home.home), "PYTHONIOENCODING": encoding}
    line = [sys.executable, "-m", "trustcli", *words]
    return subprocess.run(line, capture_output=True, env=env, check=False)


def _last(home: Program) -> str:
    return str(home("log", "--json").data["records"][-1]["record"])
