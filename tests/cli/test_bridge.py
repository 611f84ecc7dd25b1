"""`trust bridge csv`: ratings of an outside system, signed by this key, naming the outside rater."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Program

_OTC = b"6,2,4,1289241911.72836\n6,5,2,1289241941.5\n1,15,-10,1289243140\n13,16,10,1289245277\n"
_SHOP = b"\xef\xbb\xbfuser, seller,stars,when,kind,note\n"
_SHOP += b"ann,zed,5,1600000000,speed,fine\nbob,zed,3,1600000100,,\n"


def _csv(trust: Program, data: bytes, *words: str) -> tuple[int, dict[str, object]]:
    ran = trust("bridge", "csv", "-", *words, "--json", stdin=data)
    assert trust("bridge", "csv", "-", *words, "--dry-run", stdin=data).exit in (ran.exit, 0)
    return ran.exit, ran.data


def test_columns_by_number_and_a_scale(me: Program) -> None:
    """-10..10 becomes 1 to 5 stars; the time is the outside rating's."""
    code, data = _csv(me, _OTC, "--system", "otc", "--scale=-10..10")
    assert (code, data["added"], data["known"], data["refused"]) == (0, 4, 0, [])
    bodies = [record["body"] for record in me("log", "--json").data["records"]]
    assert [(one["rater"], one["subject"], one["value"]) for one in bodies] == [
        ("otc:6", "otc:2", 38),
        ("otc:6", "otc:5", 34),
        ("otc:1", "otc:15", 10),
        ("otc:13", "otc:16", 50),
    ]
    assert me("log", "--json").data["records"][0]["created"].startswith("2010-11-08T18:45:11.728")


def test_columns_by_header(me: Program, tmp_path: Path) -> None:
    """Header names, a byte order mark, categories and reasons."""
    file = tmp_path / "shop.csv"
    file.write_bytes(_SHOP)
    names = "rater=user,subject=seller,value=stars,time=when,category=kind,reason=note"
    assert me("bridge", "csv", str(file), "--system", "shop", "--map", names).exit == 0
    bodies = [record["body"] for record in me("log", "--json").data["records"]]
    assert bodies[0] == {
        "rater": "shop:ann", "subject": "shop:zed", "value": 50, "category": "speed", "reason": "fine",
    }  # fmt: skip
    assert bodies[1]["category"] == "overall"


def test_the_same_file_twice_adds_nothing(me: Program) -> None:
    """Equal rows make equal records."""
    _csv(me, _OTC, "--system", "otc", "--scale=-10..10")
    code, data = _csv(me, _OTC, "--system", "otc", "--scale=-10..10")
    assert (code, data["added"], data["known"]) == (0, 0, 4)


def test_rows_without_a_time_add_only_what_changed(me: Program) -> None:
    """They say what holds now: the last of several rows counts, and is new only if it differs."""
    words = ("--system", "shop", "--map", "rater=user,subject=seller,value=stars,reason=note")
    shop = b"user,seller,stars,note\nann,zed,5,fine\nbob,zed,3,\nbob,zed,4,\n"
    assert _csv(me, shop, *words)[1]["added"] == 2
    for _ in range(2):
        code, data = _csv(me, shop, *words)
        assert (code, data["rows"], data["added"], data["known"]) == (0, 3, 0, 3)
    changed = shop.replace(b"ann,zed,5,fine", b"ann,zed,5,well").replace(b"bob,zed,4", b"bob,zed,2")
    assert [_csv(me, changed, *words)[1]["added"] for _ in range(2)] == [2, 0]
    assert _csv(me, shop, *words)[1]["added"] == 2
    newest = [record["body"] for record in me("log", "--json").data["records"]][-2:]
    assert [(one["value"], one.get("reason")) for one in newest] == [(50, "fine"), (40, None)]


def test_bad_rows_do_not_stop_good_ones(me: Program) -> None:
    """4, with line numbers and codes; 65 when none is good."""
    rows = b"1,2,5,1289241911\n1,2\n1,2,x,1\n1,2,99,1289241911\n1,1,3,1289241911\n"
    rows += b"3,4,1,1289241911\n,5,3,1289241911\n1,2,3,soon\n"
    code, data = _csv(me, rows, "--system", "otc")
    refused = data["refused"]
    assert isinstance(refused, list)
    assert (code, data["added"], [one["line"] for one in refused]) == (4, 2, [2, 3, 4, 5, 7, 8])
    assert [one["code"] for one in refused][1:4] == ["not_a_number", "score_range", "self_rating"]
    assert _csv(me, b"rubbish\n", "--system", "otc")[0] == 65


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("--system", ""), 2),
        (("--system", "did"), 2),
        (("--system", "https"), 2),
        (("--system", "OTC"), 2),
        (("--system", "o:c"), 2),
        (("--system", "otc", "--scale", "5"), 2),
        (("--system", "otc", "--scale", "5..1"), 2),
        (("--system", "otc", "--scale", "1..nan"), 2),
        (("--system", "otc", "--map", "rater=0"), 2),
        (("--system", "otc", "--map", "rater=0,subject=1,value=2,zap=3"), 2),
        (("--system", "otc", "--map", "rater=a,subject=b,value=c"), 2),
        (("--system", "otc", "--category", "Not Good"), 65),
    ],
)
def test_a_wrong_mapping_is_refused(me: Program, words: tuple[str, ...], code: int) -> None:
    """Before anything is signed."""
    assert me("bridge", "csv", "-", *words, stdin=_OTC).exit == code
    assert me("log", "--json").data["records"] == []


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b'"unclosed,1,2\n', b"\x00\x00\n", b'1,2,"3', b"a" * 200_000], ids=repr
)
def test_what_is_no_csv_is_refused(me: Program, data: bytes) -> None:
    """65 whatever it is, never a fault of the program."""
    assert me("bridge", "csv", "-", "--system", "otc", stdin=data).exit == 65


def test_no_file_no_key_no_stdin(me: Program) -> None:
    """66, 66 and 2."""
    assert me("bridge", "csv", "/no/such/file", "--system", "otc").exit == 66
    assert me("bridge", "csv", "-", "--system", "otc", stdin=_OTC, home=me.home.parent / "none").exit == 66
    assert me("bridge", "csv", "-", "--system", "otc").exit == 2


def test_bridged_ratings_count_only_as_far_as_the_bridge_is_trusted(me: Program) -> None:
    """For me they do, seen from an outside identity too; for a stranger they do not."""
    _csv(me, _OTC, "--system", "otc", "--scale=-10..10")
    seen = ("otc:2", "--from", "otc:6", "--as-of", "2010-12-01")
    assert me("score", *seen, "--json").data["rows"][0]["score"] == 3.8
    there = me.home.parent / "there"
    me("keygen", "-q", home=there)
    me("import", "-", "-q", stdin=me("export").out.encode(), home=there)
    ran = me("why", *seen, "--json", home=there)
    assert (ran.exit, [one["because"] for one in ran.data["ignored"]]) == (3, ["untrusted_bridge"])
    did = me("id", "show", "--json").data["did"]
    me("peer", "add", "bridge", did, "--weight", "1", "-q", home=there)
    assert me("score", *seen, home=there).exit == 0


def test_very_old_ratings_are_not_blamed_on_trust(me: Program) -> None:
    """Unknown because all of it has faded: `why` says that, and not that nobody is trusted."""
    _csv(me, _OTC, "--system", "otc", "--scale=-10..10")
    data = me("why", "otc:2", "--from", "otc:6", "--json").data
    assert data["terms"] or [one["because"] for one in data["ignored"]] == ["faded"]
