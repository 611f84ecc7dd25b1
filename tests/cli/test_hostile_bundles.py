"""Damaged, truncated and hostile bundles: line numbers, stable codes, the good lines kept."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.cli.people import BOB, CAROL, DAN, DAY, bundle, now
from tests.conftest import Program
from trustcli.errors import REFUSALS

_GOOD = (BOB.rates(CAROL.did, 40), CAROL.rates(DAN.did, 30), DAN.rates(BOB.did, 20))


def _take(trust: Program, data: bytes) -> tuple[int, int, list[tuple[int, str]]]:
    """Import; return (exit, records added, refusals)."""
    ran = trust("import", "-", "--json", stdin=data)
    plain = trust("import", "-", stdin=data)
    assert plain.exit == ran.exit
    return ran.exit, ran.data["added"], [(one["line"], one["code"]) for one in ran.data["refused"]]


def _changed(line: bytes, old: bytes, new: bytes) -> bytes:
    assert old in line
    return line.replace(old, new, 1)


_HOSTILE: list[tuple[bytes, str]] = [
    (b"rubbish", "not_json"),
    (b"{", "not_json"),
    (b"[]", "bad_envelope"),
    (b"{}", "bad_envelope"),
    (b'{"record":{},"sig":""}', "bad_signature"),
    (_changed(_GOOD[0], b'"value":40', b'"value":50'), "bad_signature"),
    (_changed(_GOOD[0], b'"value":40', b'"value":40.0'), "not_integer"),
    (_changed(_GOOD[0], b'"value":40', b'"value":99'), "score_range"),
    (_changed(_GOOD[0], b'"net":"main"', b'"net":"test"'), "wrong_network"),
    (_changed(_GOOD[0], b'"v":1', b'"v":2'), "unsupported_version"),
    (_changed(_GOOD[0], b'"v":1', b'"v":1,"w":1'), "unknown_field"),
    (_changed(_GOOD[0], b'"value":40', b'"value":40,"zap":1'), "unknown_field"),
    (_changed(_GOOD[0], b'{"record":', b'{ "record":'), "not_canonical"),
    (_changed(_GOOD[0], BOB.did.encode(), b"did:key:z6MkWrong"), "bad_key"),
    (BOB.rates(CAROL.did, 40, created=now() + DAY), "too_new"),
    (b"\xff" * 100, "bad_encoding"),
    (b'{"record":' + b"[" * 1000 + b"]" * 1000 + b',"sig":"x"}', "too_deep"),
    (_changed(_GOOD[0], b'"v":1', b'"v":1,"v":1'), "not_canonical"),
    (b"x" * 70_000, "too_big"),
    (b'{"private":true,"record":{},"sig":""}', "bad_signature"),
    (b'{"private":true,' + CAROL.rates(DAN.did, 30)[1:], "bad_envelope"),
]


@pytest.mark.parametrize(("line", "code"), _HOSTILE)
def test_a_bad_line_is_refused_with_its_number_and_code(me: Program, line: bytes, code: str) -> None:
    """Exit 4; the lines around it are kept. The code is one of the documented ones."""
    exit_, added, refused = _take(me, bundle(_GOOD[0], line, _GOOD[1]))
    assert (exit_, added, [number for number, _ in refused]) == (4, 2, [2])
    assert refused[0][1] == code
    assert code in REFUSALS


def test_all_bad_is_65(me: Program) -> None:
    """Nothing good in it: bad data, and nothing is stored."""
    assert _take(me, b"a\nb\nc\n") == (65, 0, [(1, "not_json"), (2, "not_json"), (3, "not_json")])
    assert me("status", "--json").data["ledger"]["records"] == 0


def test_gzip_bytes_are_refused(me: Program) -> None:
    """A compressed bundle is not unpacked behind one's back: 65."""
    exit_, added, refused = _take(me, gzip.compress(bundle(*_GOOD), mtime=0))
    assert (exit_, added) == (65, 0)
    assert refused


def test_crlf_and_a_missing_last_newline_are_fine(me: Program) -> None:
    """A bundle that went by mail."""
    exit_, added, refused = _take(me, b"\r\n".join(_GOOD))
    assert (exit_, added, refused) == (0, 3, [])


def test_an_endless_line_does_not_eat_memory(me: Program) -> None:
    """20 MB without a newline between two good lines: one refusal, both kept."""
    exit_, added, refused = _take(me, _GOOD[0] + b"\n" + b'{"record":' + b"9" * 20_000_000 + b"\n" + _GOOD[1])
    assert (exit_, added, refused) == (4, 2, [(2, "too_big")])


def test_a_file_of_blank_lines_is_no_error(me: Program) -> None:
    """Nothing in it, nothing refused."""
    assert _take(me, b"\n\n\n") == (0, 0, [])


@pytest.mark.parametrize("command", ["import", "verify"])
def test_an_empty_stream_is_no_success(me: Program, command: str) -> None:
    """What was to send a bundle failed: 65. An export of nothing has a manifest, and is fine."""
    ran = me(command, "-", stdin=b"")
    assert (ran.exit, "nothing came" in ran.err, "hint:" in ran.err) == (65, True, True)
    assert me(command, "-", stdin=me("export").out.encode()).exit == 0


def test_bundles_one_after_the_other_are_taken(me: Program, exported: list[bytes]) -> None:
    """`cat a b c`: each is checked against its own manifest."""
    other = me.home.parent / "other"
    me("import", "-", "-q", stdin=bundle(DAN.rates(BOB.did, 20)), home=other)
    more = me("export", home=other).out.encode().splitlines()
    assert _take(me, bundle(*exported, *more, *exported)) == (0, 4, [])
    assert me("verify", "-", stdin=bundle(*exported, *more)).exit == 0
    cut = bundle(*exported[:-1], *more, more[0].replace(b"main", b"mine"), more[1][:-9])
    ran = me("import", "-", "--json", stdin=cut)
    found = [(one["line"], one["code"]) for one in ran.data["refused"]]
    assert (ran.exit, min(found)) == (4, (3, "truncated"))
    assert {line for line, _ in found} == {3, 7}
    _, _, refused = _take(me, bundle(*exported, b'{"bundle":"other"}', *more))
    assert refused == [(5, "unsupported_version")]


@pytest.fixture
def exported(me: Program) -> list[bytes]:
    """The lines of a bundle with a manifest, as another ledger exported them."""
    there = me.home.parent / "there"
    me("import", "-", "-q", stdin=bundle(*_GOOD), home=there)
    return me("export", home=there).out.encode().splitlines()


def test_a_truncated_bundle_says_so(me: Program, exported: list[bytes]) -> None:
    """The good lines are kept; a cut line has its number."""
    exit_, added, refused = _take(me, bundle(*exported[:-1]))
    assert (exit_, added, refused) == (4, 2, [(3, "truncated")])
    whole = bundle(*exported)
    exit_, _, refused = _take(me, whole[:-40])
    assert (exit_, refused[0][0]) == (4, 4)


def test_a_wrong_manifest_says_so(me: Program, exported: list[bytes]) -> None:
    """Another digest, another order, other fields, another format: refused, the records kept."""
    first = json.loads(exported[0])
    cases = {
        "bad_digest": {**first, "digest": "sha256:" + "0" * 64},
        "truncated": {**first, "records": 9},
        "bad_envelope": {**first, "extra": 1},
        "unsupported_version": {**first, "bundle": "trustcli/bundle/v9"},
    }
    for code, manifest in cases.items():
        line = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
        exit_, _, refused = _take(me, bundle(line, *exported[1:]))
        assert (exit_, [one[1] for one in refused]) == (4, [code])
    exit_, _, refused = _take(me, bundle(exported[0], *exported[:0:-1]))
    assert (exit_, [code for _, code in refused]) == (4, ["bad_digest"])
    assert me("status", "--json").data["ledger"]["records"] == 3


def test_a_manifest_of_another_network_brings_nothing(me: Program, exported: list[bytes]) -> None:
    """Test networks do not leak into real ones."""
    me("config", "set", "network", "test", "-q")
    home = me.home.parent / "test-home"
    me("config", "set", "network", "test", "-q", home=home)
    ran = me("import", "-", "--json", stdin=bundle(*exported), home=home)
    assert (ran.exit, {one["code"] for one in ran.data["refused"]}) == (65, {"wrong_network"})


def test_a_repeated_line_counts_once(me: Program) -> None:
    """The same record twice in one file."""
    ran = me("import", "-", "--json", stdin=bundle(_GOOD[0], _GOOD[0], _GOOD[0]))
    assert (ran.exit, ran.data["added"], ran.data["known"]) == (0, 1, 2)


def test_a_record_dated_a_little_ahead_is_held_not_counted(me: Program) -> None:
    """Five to fifteen minutes ahead: kept, and counted when its time has come."""
    me("rate", BOB.did, "5", "-q")
    exit_, added, _ = _take(me, bundle(BOB.rates(CAROL.did, 40, created=now() + 600_000)))
    assert (exit_, added) == (0, 1)
    assert me("score", CAROL.did).exit == 3
