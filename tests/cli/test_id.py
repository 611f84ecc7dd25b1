"""`trust id …`: own keys shown, exported, protected, rotated and retired."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.cli.people import BOB, CAROL
from tests.conftest import Program
from trustcli.key_forms import parse_public, parse_seed


def test_ls_marks_the_key_in_use(me: Program) -> None:
    """All keys, one a line, a star at the one that signs; `use` moves the star."""
    me("keygen", "work")
    assert [line.split("\t")[:2] for line in me("id", "ls").out.splitlines()] == [
        ["*", "default"],
        ["-", "work"],
    ]
    assert me("id", "use", "work").exit == 0
    assert [line.split("\t")[:2] for line in me("id", "ls").out.splitlines()] == [
        ["-", "default"],
        ["*", "work"],
    ]
    assert me("rate", BOB.did, "4", "--json").exit == 0
    assert me("log", "--json").data["records"][0]["author"] == me("id", "show", "work", "--json").data["did"]


def test_ls_of_an_empty_home_says_what_to_do(trust: Program) -> None:
    """No keys is no error, and keygen is the next command."""
    ran = trust("id", "ls")
    assert (ran.exit, ran.out) == (0, "")
    assert "trust keygen" in ran.err


def test_show_gives_id_words_path_and_date(me: Program) -> None:
    """The words are those keygen showed, so that two people can compare them by voice."""
    rows = dict(line.split("\t", 1) for line in me("id", "show").out.splitlines())
    assert list(rows) == ["name", "id", "words", "key", "created", "passphrase", "in use"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", rows["created"])
    assert (rows["passphrase"], rows["in use"]) == ("no", "yes")


@pytest.mark.parametrize("words", [("show", "none"), ("use", "none"), ("export", "none"), ("passwd", "none")])
def test_a_key_that_is_not_there_is_66(me: Program, words: tuple[str, ...]) -> None:
    """And it changes nothing."""
    assert me("id", *words).exit == 66
    assert me("config", "get", "identity").out == "default\n"


@pytest.mark.parametrize("form", ["did", "multibase", "jwk", "openssh", "hex"])
def test_export_of_the_public_key_in_every_form(me: Program, form: str) -> None:
    """Each form reads back as the same key, and holds no secret."""
    did = me("id", "show", "--json").data["did"]
    ran = me("id", "export", "--format", form)
    assert ran.exit == 0
    assert parse_public(ran.out.strip()) == did
    assert me("id", "export", "--format", form, "--json").data["text"] == ran.out


@pytest.mark.parametrize("form", ["multibase", "jwk", "openssh", "seed-hex"])
def test_export_of_the_secret_key_goes_round(me: Program, tmp_path: Path, form: str) -> None:
    """What --secret prints, `id import` takes: the same key in another home."""
    did = me("id", "show", "--json").data["did"]
    text = me("id", "export", "--secret", "--format", form).out
    assert parse_seed(text.encode())
    there = me("id", "import", "-", "moved", "--json", stdin=text.encode(), home=tmp_path / "there")
    assert (there.exit, there.data["did"], there.data["name"]) == (0, did, "moved")


def test_export_prints_no_secret_unasked(me: Program) -> None:
    """Secret forms without --secret, and public forms with it, are usage errors."""
    assert me("id", "export", "--format", "seed-hex").exit == 2
    assert me("id", "export", "--secret", "--format", "did").exit == 2
    assert me("id", "export", "--format", "pem").exit == 2
    assert me("id", "export").out.startswith("did:key:")


def test_import_refuses_garbage_and_never_overwrites(me: Program, tmp_path: Path) -> None:
    """65 for what is no key, 73 for a name that is taken, 66 for no file."""
    good = tmp_path / "good"
    good.write_text(BOB.seed.hex(), encoding="utf-8")
    assert me("id", "import", str(good)).exit == 73
    assert me("id", "import", str(good), "bob-key").exit == 0
    assert me("id", "import", "-", "x", stdin=b"\x00\xff").exit == 65
    assert me("id", "import", "-", "x", stdin=b"").exit == 65
    assert me("id", "import", str(tmp_path / "none"), "x").exit == 66
    assert me("id", "import", str(tmp_path), "x").exit == 65


def test_passwd_sets_changes_and_removes_a_passphrase(me: Program, tmp_path: Path) -> None:
    """The key itself stays the same; the old passphrase no longer opens it."""
    did = me("id", "show", "--json").data["did"]
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("first\n", encoding="utf-8")
    two.write_text("second\n", encoding="utf-8")
    assert me("id", "passwd").exit == 2
    assert me("id", "passwd", "--new-passphrase-file", str(one)).exit == 0
    assert me("id", "passwd", "--new-passphrase-file", str(two)).exit == 77
    changed = me(
        "id", "passwd", "--passphrase-file", str(one), "--new-passphrase-file", str(two), "--json"
    ).data
    assert (changed["encrypted"], changed["did"]) == (True, did)
    assert me("id", "passwd", "--no-passphrase", "--passphrase-file", str(one)).exit == 77
    removed = me("id", "passwd", "--no-passphrase", "--passphrase-file", str(two), "--json").data
    assert (removed["encrypted"], removed["did"]) == (False, did)


def test_a_passphrase_and_none_exclude_each_other(me: Program, tmp_path: Path) -> None:
    """2 where both are for the key that is written; one that opens the old key is no contradiction."""
    one, seed = tmp_path / "one", tmp_path / "seed"
    one.write_text("first\n", encoding="utf-8")
    seed.write_text(BOB.seed.hex(), encoding="utf-8")
    given = ("--no-passphrase", "--passphrase-file", str(one))
    for words in (("id", "import", str(seed), "bob-key"), ("id", "rotate")):
        ran = me(*words, *given)
        assert (ran.exit, "exclude each other" in ran.err) == (2, True)
    assert me("id", "passwd", "--no-passphrase", "--new-passphrase-file", str(one)).exit == 2
    assert [line.split("\t")[1] for line in me("id", "ls").out.splitlines()] == ["default"]
    me("id", "passwd", "--new-passphrase-file", str(one), "-q")
    assert me("id", "rotate", *given, "--json").data["new"]["encrypted"] is False


def test_rotate_keeps_what_the_old_key_earned(me: Program, tmp_path: Path) -> None:
    """Two steps: nothing changes before --confirm; after it both keys are one rater, and one subject."""
    old = me("id", "show", "--json").data["did"]
    me("rate", BOB.did, "4", "-q")
    assert me("id", "rotate", "--confirm").exit == 66
    first = me("id", "rotate", "--json").data
    assert (first["confirmed"], first["new"]["name"]) == (False, "default-2")
    assert me("config", "get", "identity").out == "default\n"
    assert me("id", "rotate", "--json").data["new"]["did"] == first["new"]["did"]
    second = me("id", "rotate", "--confirm", "--json").data
    assert (second["confirmed"], second["old"]["did"]) == (True, old)
    assert me("config", "get", "identity").out == "default-2\n"
    score = me("score", BOB.did, "--json").data["rows"][0]
    assert (score["score"], score["raters_reached"]) == (4.0, 1)
    me("rate", BOB.did, "2", "-q")
    score = me("score", BOB.did, "--json").data["rows"][0]
    assert (score["score"], score["raters_reached"]) == (2.0, 1)
    kinds = [record["body"].get("action") for record in me("log", "--json", "--kind", "key").data["records"]]
    assert kinds == ["rotate", "accept"]


def test_own_ratings_can_be_taken_back_after_a_rotation(me: Program) -> None:
    """What the earlier key said is still mine to take back."""
    me("rate", BOB.did, "4", "-q")
    me("id", "rotate", "-q")
    me("id", "rotate", "--confirm", "-q")
    ran = me("revoke", BOB.did)
    if ran.exit != 0:
        assert "--as default" in ran.err
        assert me("--as", "default", "revoke", BOB.did).exit == 0
    assert me("score", BOB.did).exit == 3


def test_what_an_earlier_key_said_is_by_the_same_person(me: Program, tmp_path: Path) -> None:
    """`--by` means a person, not a key: for oneself and, after an import, for the others."""
    old = me("id", "show", "--json").data["did"]
    me("rate", "agent:x", "4", "-q")
    me("rate", "agent:y", "3", "-q")
    me("id", "rotate", "-q")
    assert [one["kind"] for one in me("log", "--by", "me", "--json").data["records"]] == ["rating"] * 2 + [
        "key"
    ]
    me("id", "rotate", "--confirm", "-q")
    me("rate", "agent:z", "2", "-q")
    everything = [one["record"] for one in me("log", "--json").data["records"]]
    there = tmp_path / "there"
    me("keygen", "-q", home=there)
    me("import", "-", "-q", stdin=me("export").out.encode(), home=there)
    me("peer", "add", "ann", old, "-q", home=there)
    for by, home in (("me", None), ("default", None), ("ann", there)):
        listed = me("log", "--by", by, "--json", home=home).data["records"]
        assert [one["record"] for one in listed] == everything
        assert len(me("export", "--by", by, home=home).out.splitlines()) == 1 + len(everything)


def test_retire_needs_a_yes(me: Program) -> None:
    """Without a terminal and without --yes nothing happens; with it a record says so, for good."""
    assert me("id", "retire").exit == 2
    assert me("log", "--json").data["records"] == []
    ended = me("id", "retire", "--yes", "--reason", "a new machine", "--json").data
    assert ended["state"] == "retired"
    (record,) = me("log", "--json").data["records"]
    assert record["body"] == {"action": "retire", "reason": "a new machine"}


def test_retire_compromised_says_since_when(me: Program) -> None:
    """A key in other hands: what it signed from then on does not count, a future moment is refused."""
    me("rate", BOB.did, "4", "-q")
    assert me("id", "retire", "--yes", "--compromised-since", "2099-01-01").exit == 2
    assert me("id", "retire", "--yes", "--compromised-since", "rubbish").exit == 2
    assert me("id", "retire", "--yes", "--compromised-since", "1h", "--json").data["state"] == "compromised"
    why = me("why", BOB.did, "--json")
    assert why.exit == 3
    assert [one["because"] for one in why.data["ignored"]] == ["compromised"]


@pytest.mark.parametrize(
    "words",
    [
        ("rate", BOB.did, "5"),
        ("rate", BOB.did, "5", "--private"),
        ("rate", BOB.did, "5", "--dry-run"),
        ("rate", "zoe", "5"),
        ("rate", "--batch", "-"),
        ("revoke", BOB.did),
        ("undo",),
        ("report", BOB.did, "registration", "500"),
        ("propose", "--message", "x", "--round", "0"),
        ("id", "rotate"),
        ("id", "retire", "--yes"),
    ],
)
def test_a_key_that_has_ended_signs_nothing_more(me: Program, words: tuple[str, ...]) -> None:
    """77 and a way on, and nothing is kept: what it signs now would count for nobody."""
    me("rate", BOB.did, "4", "-q")
    assert me("id", "retire", "--yes").exit == 0
    before = [me(*look).out for look in (("log", "--json"), ("peer", "ls"))]
    ran = me(*words, stdin=b'{"subject":"agent:x","stars":4}')
    assert (ran.exit, "retired on" in ran.err, "trust keygen NAME" in ran.err) == (77, True, True)
    assert [me(*look).out for look in (("log", "--json"), ("peer", "ls"))] == before


def test_the_end_of_the_key_in_use_is_shown(me: Program) -> None:
    """In status, doctor, id ls and id show; a daemon's announcement is still renewed."""
    assert me("id", "retire", "--yes", "--json").data["ended"].startswith("retired on 2")
    assert "key_ended" in [alert["code"] for alert in me("status", "--json").data["alerts"]]
    assert me("status", "--check").exit == 1
    assert "key default was retired on" in me("doctor").out
    assert "retired on" in me("id", "ls").out
    assert "retired on" in me("id", "show").out
    assert me("init", "--owner", "alice", "-q").exit == 0
    me("keygen", "work", "-q")
    me("id", "use", "work", "-q")
    assert "key_ended" not in [alert["code"] for alert in me("status", "--json").data["alerts"]]
    assert me("rate", BOB.did, "4").exit == 0


def test_the_successor_of_a_retired_key_is_the_way_on(me: Program) -> None:
    """Of a key that was rotated; the earlier one signs nothing, nor takes back."""
    me("rate", BOB.did, "4", "-q")
    me("id", "rotate", "-q")
    me("id", "rotate", "--confirm", "-q")
    me("--as", "default", "id", "retire", "--yes", "-q")
    assert "trust id use default-2" in me("--as", "default", "rate", BOB.did, "3").err
    ran = me("revoke", BOB.did)
    assert (ran.exit, "rate anew" in ran.err) == (77, True)
    assert me("rate", BOB.did, "2").exit == 0
    assert me("score", BOB.did, "--json").data["rows"][0]["score"] == 2.0


def test_a_retired_key_may_be_found_compromised_earlier(me: Program) -> None:
    """That moves its end back; later than its end it adds nothing and is 77."""
    assert me("id", "retire", "--yes", "-q").exit == 0
    assert me("id", "retire", "--yes", "--compromised-since", "now").exit == 77
    assert me("id", "retire", "--yes", "--compromised-since", "1h").exit == 0
    assert "compromised on" in me("id", "ls").out


def test_a_draft_of_a_key_that_has_ended_waits_on(me: Program) -> None:
    """One from before the end is released; one from after it would count for nobody."""
    me("rate", "zoe", "4", "-q")
    me("id", "retire", "--yes", "-q")
    assert me("peer", "add", "zoe", "agent:zoe", "--json").data["released"] == 1
    me("keygen", "work", "-q")
    me("--as", "work", "rate", "yan", "4", "-q")
    me("--as", "work", "id", "retire", "--yes", "--compromised-since", "1h", "-q")
    assert me("peer", "add", "yan", "agent:yan", "--json").data["released"] == 0


def test_a_key_is_shown_and_exported_without_a_readable_ledger(me: Program) -> None:
    """A key file is whole though the ledger is not."""
    (me.home / "ledger.db").write_bytes(b"rubbish" * 4096)
    assert (me("id", "ls").exit, me("id", "export", "--secret").exit) == (0, 0)


def test_a_key_file_that_others_may_read_is_not_used(me: Program) -> None:
    """Mode 0644 is 77, with the command that mends it."""
    path = me.home / "keys" / "default.key"
    path.chmod(0o644)
    ran = me("rate", BOB.did, "4")
    assert ran.exit == 77
    assert "chmod" in ran.err


def test_as_signs_with_another_key(me: Program) -> None:
    """--as NAME before or after the verb; a name without a key is 66."""
    work = json.loads(me("keygen", "work", "--json").out)["data"]["did"]
    me("--as", "work", "rate", BOB.did, "4", "-q")
    me("rate", CAROL.did, "4", "--as", "work", "-q")
    assert {record["author"] for record in me("log", "--json").data["records"]} == {work}
    assert me("rate", BOB.did, "4", "--as", "nobody").exit == 66


@pytest.mark.parametrize("bad", ["other", "default"])
def test_one_bad_file_does_not_hide_the_good_keys(me: Program, bad: str) -> None:
    """A pipe or damage among the keys: the others are listed and used, and it says what is wrong."""
    me("keygen", "work", "-q")
    path = me.home / "keys" / f"{bad}.key"
    path.unlink(missing_ok=True)
    if bad == "other":
        os.mkfifo(path)
    else:
        path.write_text("damaged", encoding="utf-8")
        path.chmod(0o600)
    good = {"default", "work"} - {bad}
    listed = me("id", "ls", "--json").document
    assert {key["name"] for key in listed["data"]["keys"]} == good
    assert {str(path) in one["message"] for one in listed["warnings"]} == {True}
    ran = me("id", "ls")
    assert (ran.exit, "warning:" in ran.err, str(path) in ran.err) == (0, True, True)
    shown = me("status", "--json")
    assert shown.exit == 0
    assert str(path) in shown.out
    assert me("doctor").exit == 1
    assert me("--as", "work", "rate", BOB.did, "4").exit == 0
    assert me("--as", bad, "rate", BOB.did, "4").exit == 77
    assert me("--as", bad, "score", "--from", "me").exit == 77
