"""`trust rate`: 1 to 5 stars, in one category, signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.people import BOB, DAY, now
from tests.conftest import Program, Ran
from trustcli.timing import past


def _body(trust: Program) -> dict[str, object]:
    body: dict[str, object] = trust("log", "--json").data["records"][-1]["body"]
    return body


def test_a_rating_is_a_signed_record(knows_bob: Program) -> None:
    """The answer names the record, and the record says what was said."""
    rated = knows_bob("rate", "bob", "4", "--category", "reliability", "--json").data
    assert {
        key: rated[key] for key in ("kind", "subject", "subject_name", "category", "value", "decimals")
    } == {
        "kind": "rating",
        "subject": BOB.did,
        "subject_name": "bob",
        "category": "reliability",
        "value": 40,
        "decimals": 1,
    }
    assert (rated["expires"], rated["reason"], rated["evidence"], rated["via"]) == (None, None, [], None)
    assert (rated["private"], rated["bound"], rated["state"]) == (False, True, "signed")
    shown = knows_bob("show", rated["record"], "--json").data
    assert shown["body"] == {"subject": BOB.did, "value": 40, "category": "reliability"}
    assert shown["signature"] == "good"


@pytest.mark.parametrize(
    ("stars", "value"),
    [("1", 10), ("5", 50), ("5.0", 50), ("4.5", 45), ("3.", 30), ("2.10", 21), ("★★★★☆", 40), ("★", 10)],
)
def test_stars_are_kept_in_tenths(me: Program, stars: str, value: int) -> None:
    """Whole stars, one decimal, or drawn."""
    assert me("rate", BOB.did, stars, "--json").data["value"] == value


@pytest.mark.parametrize(
    "stars",
    ["0", "0.9", "5.1", "6", "99", "4.55", "-4", "four", "4,5", "", "nan", "1e0", "٤", "4.5.1", " 4", "0x4"],
)
def test_what_is_no_number_of_stars_is_refused(me: Program, stars: str) -> None:
    """Out of range, two decimals, other notations: 2, and nothing is stored."""
    assert me("rate", "--", BOB.did, stars).exit == 2
    assert me("log", "--json").data["records"] == []


def test_all_options_are_in_the_record(me: Program) -> None:
    """Reason, evidence, task, expiry and who made it."""
    ran = me(
        "rate",
        BOB.did,
        "2.5",
        "-c",
        "honesty",
        "-m",
        "made up a result",
        "--evidence",
        "https://a.example/1",
        "--evidence",
        "urn:x:2",
        "--task",
        "T-17",
        "--expires",
        "2099-01-01",
        "--via-agent",
        "gpt",
        "--human-guided",
        "--json",
    )
    assert ran.exit == 0
    assert _body(me) == {
        "subject": BOB.did, "value": 25, "category": "honesty", "reason": "made up a result",
        "evidence": ["https://a.example/1", "urn:x:2"], "task": "T-17", "expires": past("2099-01-01", 0),
        "via": {"agent": "gpt", "guided": True},
    }  # fmt: skip
    assert ran.data["expires"] == "2099-01-01T00:00:00Z"
    assert ran.data["via"] == {"agent": "gpt", "guided": True}


def test_the_reason_comes_from_a_file_or_stdin(me: Program, tmp_path: Path) -> None:
    """@FILE and -; the newline at the end is not part of it."""
    file = tmp_path / "why.txt"
    file.write_text("slow, but right\n", encoding="utf-8")
    assert me("rate", BOB.did, "4", "-m", f"@{file}", "--json").data["reason"] == "slow, but right"
    assert (
        me("rate", BOB.did, "4", "-m", "-", "--json", stdin="gründlich\n".encode()).data["reason"]
        == "gründlich"
    )


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        (("-m", "@/no/such/file"), None, 66),
        (("-m", "@/"), None, 65),
        (("-m", "-"), None, 2),
        (("-m", "-"), b"\xff\xfe", 65),
        (("-m", "-"), b"x" * 70_000, 65),
        (("-m", "x" * 501), None, 65),
        (("-m", ""), None, 2),
        (("-m", "two\nlines"), None, 65),
        (("-m", "e\u0301"), None, 65),
        (("-c", "Not Good"), None, 2),
        (("-c", "x" * 33), None, 2),
        (("-c", ""), None, 2),
        (("--evidence", "no uri"), None, 65),
        (("--task", ""), None, 65),
        (("--task", "x" * 129), None, 65),
        (("--expires", "rubbish"), None, 2),
        (("--expires", ""), None, 2),
        (("--expires", "2020-01-01"), None, 2),
        (("--expires", "now"), None, 2),
        (("--expires", "0d"), None, 2),
        (("--expires", "now-1h"), None, 2),
        (("--human-guided",), None, 2),
        (("--via-agent", ""), None, 65),
        (("--batch", "x"), None, 2),
        (("--no-such-option",), None, 2),
    ],
)
def test_what_cannot_be_signed_is_refused(
    me: Program, words: tuple[str, ...], stdin: bytes | None, code: int
) -> None:
    """With the code of its kind; nothing is stored."""
    ran = me("rate", BOB.did, "4", *words, stdin=stdin)
    assert ran.exit == code, ran
    assert me("log", "--json").data["records"] == []


@pytest.mark.parametrize("words", [(), ("bob",), ("a", "4", "c")])
def test_rate_needs_whom_and_how_many(me: Program, words: tuple[str, ...]) -> None:
    """2, with an example as the hint."""
    ran = me("rate", *words)
    assert ran.exit == 2
    assert "hint:" in ran.err


def test_nobody_rates_themselves(me: Program) -> None:
    """By name, by key, as another own key's holder: 65 with the code self_rating."""
    did = me("id", "show", "--json").data["did"]
    for word in ("me", "default", did):
        ran = me("rate", word, "5", "--json")
        assert (ran.exit, ran.document["error"]["code"]) == (65, "self_rating")


def test_rating_without_a_key_says_what_to_do(trust: Program) -> None:
    """66 and `trust keygen`."""
    ran = trust("rate", "bob", "4")
    assert ran.exit == 66
    assert "trust keygen" in ran.err
    assert not trust.home.exists()


def test_a_later_rating_replaces_the_earlier(me: Program) -> None:
    """One voice in one category: the last word counts, the first is `superseded`."""
    me("rate", BOB.did, "1", "-q")
    me("rate", BOB.did, "5", "-q")
    why = me("why", BOB.did, "--json").data
    assert (why["score"], [one["because"] for one in why["ignored"]]) == (5.0, ["superseded"])


def test_expires_counts_on_from_now(me: Program) -> None:
    """90d is ninety days ahead."""
    me("rate", BOB.did, "4", "--expires", "90d", "-q")
    expires = _body(me)["expires"]
    assert isinstance(expires, int)
    assert abs(expires - (now() + 90 * DAY)) < 60_000


def test_a_private_rating_never_waits_to_be_released(me: Program) -> None:
    """A name without a key is 66: its drafts are signed for everybody once it has one."""
    for _ in range(2):  # unknown, then known without a key
        ran = me("rate", "zoe", "1", "--private", "-m", "between us")
        assert (ran.exit, "trust peer add zoe" in ran.err) == (66, True)
        me("rate", "zoe", "4", "-c", "honesty", "-q")
    me("peer", "add", "zoe", "agent:zoe", "-q")
    assert "between us" not in me("export").out


def test_a_private_rating_counts_for_me_and_never_leaves(knows_bob: Program) -> None:
    """Signed, in my scores, in no export."""
    rated = knows_bob("rate", "bob", "2", "--private", "-m", "between us", "--json").data
    assert (rated["private"], rated["state"]) == (True, "private")
    assert knows_bob("score", "bob", "--json").data["rows"][0]["score"] == 2.0
    assert knows_bob("why", "bob", "--json").data["terms"][0]["records"] == ["private"]
    assert "between us" not in knows_bob("export").out
    assert knows_bob("log", "--json").data["records"] == []
    assert knows_bob("status", "--json").data["ledger"]["private"] == 1


def test_machine_made_ratings_are_marked_and_can_be_left_out(me: Program) -> None:
    """--via-agent alone is a machine's word; guided by a person it stays with --human-only."""
    me("rate", BOB.did, "4", "--via-agent", "gpt", "-q")
    assert me("check", BOB.did).exit == 0
    assert me("check", BOB.did, "--human-only").exit == 3
    me("rate", BOB.did, "4", "--via-agent", "gpt", "--human-guided", "-q")
    assert me("check", BOB.did, "--human-only").exit == 0


def _talk(ran: Ran) -> str:
    return ran.err


def test_quiet_says_nothing_and_data_goes_to_stdout(knows_bob: Program) -> None:
    """Talk is on stderr and -q turns it off; the row on stdout stays."""
    assert _talk(knows_bob("rate", "bob", "4")) != ""
    ran = knows_bob("rate", "bob", "4", "-q")
    assert (ran.err, ran.out.split("\t")[:4]) == ("", ["rated", "bob", "★★★★☆", "4.0"])
