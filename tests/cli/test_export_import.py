"""`trust export` and `trust import`: records carried in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.people import BOB, CAROL, DAN, DAY, bundle, now
from tests.conftest import Program


@pytest.fixture
def full(knows_bob: Program) -> Program:
    """Own ratings in two categories, a private one, a draft, and an old one of bob's."""
    knows_bob("rate", "bob", "4", "-c", "honesty", "-q")
    knows_bob("rate", CAROL.did, "3", "-q")
    knows_bob("rate", DAN.did, "1", "--private", "-m", "secret", "-q")
    knows_bob("rate", "waiting", "5", "-q")
    knows_bob("import", "-", "-q", stdin=bundle(BOB.rates(DAN.did, 20, created=now() - 40 * DAY)))
    return knows_bob


def _exported(trust: Program, *words: str) -> list[dict[str, object]]:
    ran = trust("export", *words)
    assert ran.exit == 0, ran
    return [json.loads(line)["record"]["body"] for line in ran.out.splitlines()[1:]]


def test_a_bundle_goes_round(full: Program, tmp_path: Path) -> None:
    """What one ledger exports another imports: same bytes, same fingerprint; twice adds nothing."""
    file, there = tmp_path / "out.ndjson", tmp_path / "there"
    data = full("export", "-o", str(file), "--json").data
    assert (data["records"], data["bytes"]) == (3, file.stat().st_size)
    taken = full("import", str(file), "--json", home=there).data
    assert (taken["added"], taken["known"], taken["refused"], taken["lines"]) == (3, 0, [], 4)
    again = full("import", str(file), "--json", home=there)
    assert (again.exit, again.data["added"], again.data["known"]) == (0, 0, 3)
    assert (
        full("export", home=there).out.splitlines()[1:] == file.read_text(encoding="utf-8").splitlines()[1:]
    )
    mine, theirs = (
        full("status", "--json", home=home).data["ledger"]["fingerprint"] for home in (None, there)
    )
    assert mine == theirs


def test_the_manifest_says_what_follows(full: Program) -> None:
    """First line: format, network, number, fingerprint and digest."""
    first = json.loads(full("export").out.splitlines()[0])
    assert (first["bundle"], first["net"], first["records"]) == ("trustcli/bundle/v1", "main", 3)
    assert first["digest"].startswith("sha256:")
    assert len(first["fingerprint"]) == 64


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ((), [40, 30, 20]),
        (("--by", "me"), [40, 30]),
        (("--by", "bob"), [20]),
        (("--subject", "bob"), [40]),
        (("--subject", DAN.did), [20]),
        (("--since", "30d"), [40, 30]),
        (("--category", "honesty"), [40]),
        (("--kind", "revocation"), []),
        (("--by", "me", "--category", "overall"), [30]),
    ],
)
def test_filters(full: Program, words: tuple[str, ...], values: list[int]) -> None:
    """Together, and the manifest counts what is there."""
    assert [body["value"] for body in _exported(full, *words)] == values
    assert json.loads(full("export", *words).out.splitlines()[0])["records"] == len(values)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--by", "zzz-nobody"), 66),
        (("--subject", "zzz-nobody"), 66),
        (("--since", "soon"), 2),
        (("--since", ""), 2),
        (("-o", "/no/where/x"), 74),
    ],
)
def test_wrong_filters_export_nothing(full: Program, words: tuple[str, ...], code: int) -> None:
    """An error, never more than was asked for."""
    ran = full("export", *words)
    assert (ran.exit, ran.out) == (code, "")


def test_export_never_overwrites(full: Program, tmp_path: Path) -> None:
    """73, and the file stays as it was."""
    file = tmp_path / "mine"
    file.write_text("mine", encoding="utf-8")
    assert full("export", "-o", str(file)).exit == 73
    assert file.read_text(encoding="utf-8") == "mine"


def test_export_with_json_is_the_same_bundle(full: Program) -> None:
    """A bundle is NDJSON already: with --json and with TRUST_JSON it is the same lines, exit 0."""
    assert full("export", "--json") == full("export")


def test_private_ratings_leave_only_when_asked_twice(full: Program, tmp_path: Path) -> None:
    """--include-private needs --yes; taken in again by the same key they stay private."""
    assert "secret" not in full("export").out
    ran = full("export", "--include-private")
    assert (ran.exit, ran.out) == (2, "")
    out = full("export", "--include-private", "--yes").out
    assert "secret" in out
    there = tmp_path / "there"
    key = full("id", "export", "--secret").out.encode()
    full("id", "import", "-", "-q", stdin=key, home=there)
    assert full("import", "-", "--json", stdin=out.encode(), home=there).data["added"] == 4
    assert full("status", "--json", home=there).data["ledger"]["private"] == 1
    assert "secret" not in full("export", home=there).out
    assert full("import", "-", "--json", stdin=out.encode(), home=there).data["known"] == 4


def test_private_lines_of_others_are_refused(full: Program, tmp_path: Path) -> None:
    """A private rating belongs to its author's own ledger."""
    out = full("export", "--include-private", "--yes").out.encode()
    there = tmp_path / "there"
    full("keygen", "-q", home=there)
    ran = full("import", "-", "--json", stdin=out, home=there)
    assert (ran.exit, ran.data["added"], [one["line"] for one in ran.data["refused"]]) == (4, 3, [5])
    assert full("status", "--json", home=there).data["ledger"]["private"] == 0


def test_import_needs_no_key(full: Program, tmp_path: Path) -> None:
    """Records of others can be kept before there is a key of one's own."""
    out = full("export").out.encode()
    assert full("import", "-", stdin=out, home=tmp_path / "there").exit == 0


@pytest.mark.parametrize(("path", "code"), [("/no/such/file", 66), ("/", 65), ("", 66)])
def test_import_of_what_is_no_file(full: Program, path: str, code: int) -> None:
    """A missing file is 66, a directory 65."""
    assert full("import", path).exit == code
    assert full("import", "-").exit == 2


def test_a_foreign_sqlite_file_is_not_opened(full: Program) -> None:
    """Import takes NDJSON only: a ledger file is refused line by line."""
    data = (full.home / "ledger.db").read_bytes()
    assert full("import", "-", stdin=data).exit == 65
