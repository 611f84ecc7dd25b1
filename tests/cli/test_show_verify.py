"""`trust show` and `trust verify`: a record as it was signed, and whether it still is."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.people import BOB, CAROL, bundle
from tests.conftest import Program
from trustcli.records.envelope import Record


@pytest.fixture
def rated(knows_bob: Program) -> tuple[Program, str]:
    """A ledger with one record, and its id."""
    record = knows_bob("rate", "bob", "4", "-m", "good", "--json").data["record"]
    return knows_bob, record.removeprefix("sha256:")


def _damage(trust: Program) -> None:
    """Turn one bit of the stored signature, behind the back of the triggers that guard it."""
    with sqlite3.connect(trust.home / "ledger.db") as db:
        guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            db.execute(f"DROP TRIGGER {name}")
        sig = bytearray(db.execute("SELECT sig FROM records").fetchone()[0])
        sig[3] ^= 1
        db.execute("UPDATE records SET sig = ?", (bytes(sig),))
        for _, sql in guards:
            db.execute(sql)
    db.close()


@pytest.mark.parametrize("cut", [64, 12, 8])
def test_show_takes_an_id_or_its_beginning(rated: tuple[Program, str], cut: int) -> None:
    """Eight digits or more, with or without `sha256:`."""
    trust, record = rated
    assert trust("show", record[:cut], "--json").data["record"] == f"sha256:{record}"
    assert trust("show", f"sha256:{record[:cut]}", "--json").data["signature"] == "good"


@pytest.mark.parametrize(
    ("word", "code"), [("0" * 64, 66), ("00000000", 66), ("abc", 2), ("zzzzzzzzz", 2), ("", 2), ("g" * 64, 2)]
)
def test_show_of_what_is_no_record(rated: tuple[Program, str], word: str, code: int) -> None:
    """Nothing there is 66; too short or no hex is a usage error or nothing there, never 0."""
    trust, _ = rated
    assert trust("show", word).exit in {code, 66}


def test_show_raw_is_the_line_others_verify(rated: tuple[Program, str]) -> None:
    """Byte for byte what an export holds, and it parses to the same id."""
    trust, record = rated
    raw = trust("show", record, "--raw").out
    assert Record.parse(raw.encode().rstrip(b"\n"), net="main").id == record
    assert raw in trust("export").out
    assert trust("show", record, "--raw", "--json").data["text"] == raw
    assert trust("show", record, "--json").data["line"] == raw.rstrip("\n")


def test_verify_the_whole_ledger(rated: tuple[Program, str]) -> None:
    """Good: 0 and the number of records. One flipped bit: 1, and which record."""
    trust, record = rated
    assert trust("verify", "--json").data == {"records": 1, "bad": 0, "wrong": []}
    _damage(trust)
    ran = trust("verify", "--json")
    assert (ran.exit, ran.data["bad"], ran.data["wrong"][0]["code"]) == (1, 1, "bad_signature")
    assert trust("verify").exit == 1
    assert trust("verify", record[:8]).exit == 1
    assert trust("show", record).exit == 1
    assert trust("show", record, "--raw").exit == 1


def test_verify_one_record(rated: tuple[Program, str]) -> None:
    """By its id; 66 where there is none."""
    trust, record = rated
    assert trust("verify", record[:8]).exit == 0
    assert trust("verify", "0" * 64).exit == 66


def test_verify_a_file_stores_nothing(rated: tuple[Program, str], tmp_path: Path) -> None:
    """Good lines 0; a bad one 1, with its number and a code."""
    trust, _ = rated
    good, bad = BOB.rates(CAROL.did, 40), BOB.rates(CAROL.did, 30).replace(b'"value":30', b'"value":50')
    file = tmp_path / "lines"
    file.write_bytes(bundle(good))
    assert trust("verify", str(file)).exit == 0
    file.write_bytes(bundle(good, bad))
    ran = trust("verify", str(file), "--json")
    assert (ran.exit, ran.data["records"], [(one["line"], one["code"]) for one in ran.data["wrong"]]) == (
        1, 1, [(2, "bad_signature")],
    )  # fmt: skip
    assert trust("status", "--json").data["ledger"]["records"] == 1


def test_verify_stdin(rated: tuple[Program, str]) -> None:
    """A pipe is a file; needs no key and no ledger."""
    trust, record = rated
    line = trust("show", record, "--raw").out.encode()
    elsewhere = trust.home.parent / "elsewhere"
    assert trust("verify", "-", stdin=line).exit == 0
    assert trust("verify", "-", stdin=line, home=elsewhere).exit == 0
    assert not elsewhere.exists()
    assert trust("verify", "-", stdin=line.replace(b"good", b"evil")).exit == 1
    assert trust("verify", "-").exit == 2


def test_show_prints_unknown_kinds_too(me: Program) -> None:
    """A kind of a later version is kept and shown as it is."""
    line = BOB.says("novelty", thing=["a", 1])
    assert me("import", "-", "--json", stdin=bundle(line)).data["added"] == 1
    (record,) = me("log", "--json").data["records"]
    ran = me("show", record["record"])
    assert ran.exit == 0
    assert json.loads(me("show", record["record"], "--json").out)["data"]["body"] == {"thing": ["a", 1]}


def test_a_file_that_is_not_there_is_said_to_be_none(rated: tuple[Program, str]) -> None:
    """What cannot be the id of a record was to be a file."""
    ran = rated[0]("verify", "typo.ndjson")
    assert (ran.exit, ran.err.splitlines()[0]) == (66, "error: no file typo.ndjson")
