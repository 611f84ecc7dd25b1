"""`trust revoke` and `trust undo`: taking back what was said."""

from __future__ import annotations

import pytest

from tests.cli.people import BOB, CAROL, DAN, bundle
from tests.conftest import Program


def _how(trust: Program, *words: str) -> list[tuple[str, str]]:
    return [(one["how"], one["category"]) for one in trust(*words, "--json").data["taken_back"]]


def test_revoke_by_record(knows_bob: Program) -> None:
    """Whole id or its beginning; the score is unknown again, and `why` says revoked."""
    record = knows_bob("rate", "bob", "4", "--json").data["record"]
    data = knows_bob("revoke", record[:20], "-m", "my mistake", "--json").data
    assert [one["record"] for one in data["taken_back"]] == [record]
    assert knows_bob("score", "bob").exit == 3
    assert [one["because"] for one in knows_bob("why", "bob", "--json").data["ignored"]] == ["revoked"]
    last = knows_bob("log", "--json").data["records"][-1]
    assert last["body"] == {"record": record.removeprefix("sha256:"), "reason": "my mistake"}


def test_a_record_is_revoked_once(knows_bob: Program) -> None:
    """66 the second time, by record as by subject, and `show` says since when; no second record is signed."""
    record = knows_bob("rate", "bob", "4", "--json").data["record"]
    assert knows_bob("show", record, "--json").data["revoked"] is None
    assert "4.0 stars" in knows_bob("show", record).out
    assert knows_bob("revoke", record).exit == 0
    ran = knows_bob("revoke", record)
    assert (ran.exit, "taken back already" in ran.err) == (66, True)
    assert len(knows_bob("log", "--json").data["records"]) == 2
    assert knows_bob("show", record, "--json").data["revoked"].startswith("20")
    assert "revoked\t20" in knows_bob("show", record).out


def test_a_private_rating_is_found_by_its_record(knows_bob: Program) -> None:
    """`rate` named the record: show and verify know it, revoke withdraws it, and then it is gone."""
    record = knows_bob("rate", "bob", "4", "--private", "--json").data["record"]
    shown = knows_bob("show", record[:20], "--json").data
    assert (shown["record"], shown["private"], shown["signature"]) == (record, True, "good")
    assert "never leaves this machine" in knows_bob("show", record).out
    assert knows_bob("verify", record).exit == 0
    assert _how(knows_bob, "revoke", record, "--dry-run") == [("withdrawn", "overall")]
    assert _how(knows_bob, "revoke", record) == [("withdrawn", "overall")]
    assert [knows_bob(verb, record).exit for verb in ("show", "verify", "revoke")] == [66, 66, 66]
    assert knows_bob("log", "--json").data["records"] == []


def test_revoke_by_subject_takes_all_or_one_category(knows_bob: Program) -> None:
    """With --category only that one; a second time there is nothing left."""
    for category in ("honesty", "reliability", "performance"):
        knows_bob("rate", "bob", "4", "-c", category, "-q")
    assert _how(knows_bob, "revoke", "bob", "-c", "honesty") == [("revoked", "honesty")]
    assert sorted(_how(knows_bob, "revoke", "bob")) == [
        ("revoked", "performance"),
        ("revoked", "reliability"),
    ]
    assert knows_bob("revoke", "bob").exit == 66


def test_what_was_replaced_does_not_come_back(knows_bob: Program) -> None:
    """Revoking by subject takes the superseded ones too."""
    knows_bob("rate", "bob", "1", "-q")
    knows_bob("rate", "bob", "5", "-q")
    knows_bob("revoke", "bob", "-q")
    assert knows_bob("score", "bob").exit == 3


def test_drafts_and_private_ratings_are_withdrawn(knows_bob: Program) -> None:
    """They never left this machine, so no record is needed."""
    knows_bob("rate", "zoe", "4", "-q")
    knows_bob("rate", "bob", "4", "--private", "-q")
    assert _how(knows_bob, "revoke", "zoe") == [("withdrawn", "overall")]
    assert _how(knows_bob, "revoke", "bob") == [("withdrawn", "overall")]
    assert knows_bob("log", "--json").data["records"] == []
    status = knows_bob("status", "--json").data["ledger"]
    assert (status["waiting"], status["private"]) == (0, 0)


@pytest.mark.parametrize("word", ["zzz-nobody", "0" * 64, "01234567", "agent:never-rated"])
def test_revoke_of_nothing_is_66(knows_bob: Program, word: str) -> None:
    """No record, no name, no rating."""
    assert knows_bob("revoke", word).exit == 66


def test_only_the_author_can_take_back(knows_bob: Program) -> None:
    """Somebody else's record is a usage error with a hint; a revocation is not revoked."""
    line = BOB.rates(CAROL.did, 40)
    knows_bob("import", "-", "-q", stdin=bundle(line))
    record = knows_bob("log", "--json").data["records"][0]["record"]
    ran = knows_bob("revoke", record)
    assert (ran.exit, "block" in ran.err) == (2, True)
    mine = knows_bob("rate", DAN.did, "4", "--json").data["record"]
    knows_bob("revoke", mine, "-q")
    last = knows_bob("log", "--json").data["records"][-1]
    assert (last["kind"], knows_bob("revoke", last["record"]).exit) == ("revocation", 2)


def test_undo_withdraws_a_draft(me: Program) -> None:
    """It never left: nothing is signed."""
    me("rate", "zoe", "4", "-q")
    assert _how(me, "undo") == [("withdrawn", "overall")]
    assert me("undo").exit == 66


def test_undo_withdraws_a_private_rating(knows_bob: Program) -> None:
    """And the score is as before."""
    knows_bob("rate", "bob", "4", "-q")
    knows_bob("rate", "bob", "1", "--private", "-q")
    assert _how(knows_bob, "undo") == [("withdrawn", "overall")]
    assert knows_bob("score", "bob", "--json").data["rows"][0]["score"] == 4.0


def test_undo_revokes_a_public_rating(knows_bob: Program) -> None:
    """A record may have been copied already: it is revoked, not deleted. Undo goes back one by one."""
    knows_bob("rate", "bob", "4", "-q")
    knows_bob("rate", CAROL.did, "2", "-c", "honesty", "-q")
    assert _how(knows_bob, "undo") == [("revoked", "honesty")]
    assert _how(knows_bob, "undo") == [("revoked", "overall")]
    assert knows_bob("undo").exit == 66
    assert len(knows_bob("log", "--json").data["records"]) == 4


def test_undo_brings_the_earlier_rating_back(knows_bob: Program) -> None:
    """Taking back the last word lets the one before it count."""
    knows_bob("rate", "bob", "2", "-q")
    knows_bob("rate", "bob", "5", "-q")
    knows_bob("undo", "-q")
    assert knows_bob("score", "bob", "--json").data["rows"][0]["score"] == 2.0


def test_undo_leaves_records_of_others_alone(knows_bob: Program) -> None:
    """What came by import is not mine to undo."""
    knows_bob("rate", "bob", "4", "-q")
    knows_bob("import", "-", "-q", stdin=bundle(BOB.rates(CAROL.did, 40)))
    assert knows_bob("undo", "--json").data["taken_back"][0]["subject"] == BOB.did
    assert knows_bob("undo").exit == 66
