"""`trust peer …`: names of one's own for keys and URIs. They never leave this machine."""

from __future__ import annotations

import pytest

from tests.cli.people import BOB, CAROL, DAN
from tests.conftest import Program
from trustcli.records.fingerprint import words


def test_add_binds_a_name_to_a_key_or_uri(me: Program) -> None:
    """A did:key, its bare multibase form, and any URI; twice is fine."""
    assert me("peer", "add", "bob", BOB.did, "--json").data["subject"] == BOB.did
    assert me("peer", "add", "bob", BOB.did).exit == 0
    assert (
        me("peer", "add", "carol", CAROL.did.removeprefix("did:key:"), "--json").data["subject"] == CAROL.did
    )
    assert (
        me("peer", "add", "helper", "agent:cursor-agent", "--weight", "0.3", "--json").data["weight"] == 0.3
    )
    assert [line.split("\t") for line in me("peer", "ls").out.splitlines()] == [
        ["bob", BOB.did, "-", "known"],
        ["carol", CAROL.did, "-", "known"],
        ["helper", "agent:cursor-agent", "0.3", "known"],
    ]


@pytest.mark.parametrize(
    ("name", "target", "code"),
    [
        ("bob", "nothing", 2),
        ("bob", "did:key:z6MkWrong", 65),
        ("bob", BOB.did[:-1] + ("a" if BOB.did[-1] != "a" else "b"), 65),
        ("bob", "HTTP://x", 65),
        ("me", BOB.did, 2),
        ("", BOB.did, 2),
        ("a b", BOB.did, 2),
        ("a:b", BOB.did, 2),
        ("-x", BOB.did, 2),
        ("@x", BOB.did, 2),
        ("x" * 65, BOB.did, 2),
        ("default", BOB.did, 73),
    ],
)
def test_add_refuses_what_cannot_be_bound(me: Program, name: str, target: str, code: int) -> None:
    """Names that could be mistaken, and targets that are neither key nor URI."""
    assert me("peer", "add", "--", name, target).exit == code
    assert me("peer", "ls").out == ""


def test_a_name_bound_to_one_key_is_never_bound_to_another(knows_bob: Program) -> None:
    """73 for the name and for a second name of the same key: a binding is changed by hand, in two steps."""
    assert knows_bob("peer", "add", "bob", CAROL.did).exit == 73
    assert knows_bob("peer", "add", "robert", BOB.did).exit == 73
    assert knows_bob("peer", "show", "bob", "--json").data["subject"] == BOB.did


@pytest.mark.parametrize("weight", ["-0.1", "1.1", "nan", "inf", "x"])
def test_a_weight_is_between_0_and_1(me: Program, weight: str) -> None:
    """Anything else is a usage error and nothing is bound."""
    assert me("peer", "add", "bob", BOB.did, f"--weight={weight}").exit == 2
    assert me("peer", "ls").out == ""


def test_show_gives_the_words_to_compare_by_voice(knows_bob: Program) -> None:
    """The same eight words everywhere; by name or by key."""
    rows = dict(line.split("\t", 1) for line in knows_bob("peer", "show", "bob").out.splitlines())
    assert rows["words"] == words(BOB.did)
    assert knows_bob("peer", "show", BOB.did, "--json").data["name"] == "bob"
    assert knows_bob("peer", "show", "nobody").exit == 66


def test_rename_takes_ratings_along(me: Program) -> None:
    """Drafts follow the new name and are released by it; a taken or unknown name is refused."""
    me("rate", "bob", "4", "-q")
    assert me("peer", "rename", "bob", "robert").exit == 0
    assert me("score", "bob").exit == 66
    assert me("peer", "add", "robert", BOB.did, "--json").data["released"] == 1
    me("peer", "add", "carol", CAROL.did, "-q")
    assert me("peer", "rename", "robert", "carol").exit == 73
    assert me("peer", "rename", "nobody", "x").exit == 66
    assert me("peer", "rename", "carol", "me").exit == 2


def test_rm_forgets_the_name_and_keeps_the_ratings(knows_bob: Program) -> None:
    """The record stays and shows the key in short form."""
    knows_bob("rate", "bob", "4", "-q")
    assert knows_bob("peer", "rm", "bob").exit == 0
    assert knows_bob("peer", "ls").out == ""
    assert knows_bob("score", BOB.did, "--json").data["rows"][0]["score"] == 4.0
    assert knows_bob("peer", "rm", "bob").exit == 66


def test_rm_never_leaves_a_rating_for_the_next_of_that_name(me: Program) -> None:
    """73 while drafts wait under the name; taken back first, nobody else gets them."""
    me("rate", "dave", "1", "-m", "cheated me", "-q")
    ran = me("peer", "rm", "dave")
    assert (ran.exit, "1 rating waits" in ran.err, "trust revoke dave" in ran.err) == (73, True, True)
    assert me("revoke", "dave").exit == 0
    assert me("peer", "rm", "dave").exit == 0
    assert me("peer", "add", "dave", "agent:other-dave", "--json").data["released"] == 0
    assert me("log").out == ""


def test_block_silences_and_unblock_listens_again(knows_bob: Program) -> None:
    """What a blocked rater says does not count, and `why` says so; only here, without a record."""
    knows_bob("rate", "bob", "5", "-q")
    knows_bob("import", "-", "-q", stdin=BOB.rates(CAROL.did, 40) + b"\n")
    assert knows_bob("score", CAROL.did).exit == 0
    assert knows_bob("peer", "block", "bob", "--reason", "lied", "--json").data["blocked"] is True
    why = knows_bob("why", CAROL.did, "--json")
    assert (why.exit, [one["because"] for one in why.data["ignored"]]) == (3, ["blocked"])
    assert "blocked" in knows_bob("peer", "ls").out
    assert ("reason", "lied") in [
        tuple(line.split("\t")) for line in knows_bob("peer", "show", "bob").out.splitlines()
    ]
    assert "lied" not in knows_bob("export").out
    assert knows_bob("peer", "unblock", "bob").exit == 0
    assert knows_bob("score", CAROL.did).exit == 0


def test_block_takes_a_key_without_a_name_and_never_oneself(me: Program) -> None:
    """A stranger's key can be blocked at once; me cannot."""
    blocked = me("peer", "block", DAN.did, "--json").data
    assert (blocked["blocked"], blocked["subject"]) == (True, DAN.did)
    assert me("peer", "block", "me").exit == 2
    assert me("peer", "block", "nobody").exit == 66


def test_a_look_alike_of_two_scripts_is_warned_about(me: Program) -> None:
    """A Cyrillic letter in a Latin name is taken, with a warning on stderr and in the document."""
    ran = me("peer", "add", "b\u043eb", BOB.did, "--json")
    assert [warning["code"] for warning in ran.document["warnings"]] == ["mixed_script"]
    assert me("peer", "add", "carol", CAROL.did, "--json").document["warnings"] == []


def test_a_near_miss_is_refused_with_a_suggestion(knows_bob: Program) -> None:
    """A slip must not split a reputation in two: 66 and the name that was meant; --new insists."""
    ran = knows_bob("rate", "bpb", "4")
    assert ran.exit == 66
    assert "did you mean 'bob'?" in ran.err
    assert "--new" in ran.err
    assert knows_bob("rate", "bpb", "4", "--new").exit == 0
    assert knows_bob("rate", "Bob", "4").exit == 66


@pytest.mark.parametrize("slip", ["alcie", "alic", "alicee", "alixe", "ALICE"])
def test_slips_of_longer_names_are_seen(me: Program, slip: str) -> None:
    """One or two edits, a swap of neighbours, and case."""
    me("peer", "add", "alice", BOB.did, "-q")
    assert me("rate", slip, "4").exit == 66


def test_an_unknown_name_is_a_placeholder_unless_strict(me: Program) -> None:
    """By default kept; --strict or require_known makes it 66 and keeps nothing."""
    assert me("rate", "zoe", "4", "--strict").exit == 66
    assert me("peer", "ls").out == ""
    assert me("rate", "zoe", "4").exit == 0
    assert me("peer", "ls").out.split("\t") == ["zoe", "-", "-", "waiting for a key\n"]
    assert me("rate", "zoe", "4", "--strict").exit == 66
    me("config", "set", "require_known", "true", "-q")
    assert me("rate", "xavier", "4").exit == 66
    assert me("rate", BOB.did, "4").exit == 0


def test_names_never_leave(knows_bob: Program) -> None:
    """Neither the bundle nor a record holds a petname, a weight or a draft."""
    knows_bob("rate", "bob", "4", "-q")
    knows_bob("rate", "waiting-one", "4", "-q")
    out = knows_bob("export").out
    assert "bob" not in out
    assert "waiting-one" not in out
