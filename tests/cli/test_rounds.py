"""Rounds by hand: three nodes that exchange bundles settle on one block, and each audit passes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from trustcli.cli.session import now
from trustcli.errors import Busy
from trustcli.ledger import Ledger
from trustcli.ledger.rounds import Noted, Rounds
from trustcli.node.rating import seal
from trustcli.rounds.audit import first_difference
from trustcli.rounds.lots import lot
from trustcli.standing import AGAIN, DAY, OK, RULESETS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.conftest import Program

NAMES = ("ann", "bob", "cy")


class Village:
    """Three nodes, each with a home, who know each other and carry bundles about."""

    def __init__(self, trust: Program, folder: Path, names: Sequence[str] = NAMES) -> None:
        self.names = names
        self.trust = trust
        self.folder = folder
        self.ids: dict[str, str] = {}
        for name in self.names:
            assert trust("keygen", home=folder / name).exit == 0
            self.ids[name] = self.run(name, "id", "show")["did"]
        for name in self.names:
            for other in self.names:
                if other != name:
                    self.run(name, "peer", "add", other, self.ids[other])
                    self.run(name, "observe", other, "ok", "--weight", "30")

    def run(self, name: str, *words: str, exits: tuple[int, ...] = (0,)) -> Any:
        """Run a command at a node; return its data."""
        ran = self.trust(*words, "--json", home=self.folder / name)
        assert ran.exit in exits, (name, words, ran)
        return ran.document.get("data") or ran.document.get("error")

    def exchange(self) -> None:
        """Everybody gets everything from everybody."""
        for name in self.names:
            path = self.folder / f"{name}.ndjson"
            path.unlink(missing_ok=True)
            self.run(name, "export", "-o", str(path))
        for name in self.names:
            for other in self.names:
                if other != name:
                    self.run(name, "import", str(self.folder / f"{other}.ndjson"), exits=(0, 4))


@pytest.fixture
def village(trust: Program, tmp_path: Path) -> Village:
    """Three nodes that know each other."""
    return Village(trust, tmp_path)


def play(village: Village, number: int) -> list[Any]:
    """Open, score, announce, settle and close a round at every node."""
    for name in NAMES:
        village.run(name, "round", "open", str(number))
    village.exchange()
    for _ in range(10):
        for name in NAMES:
            village.run(name, "round", "step")
    village.exchange()
    for _ in range(2):
        for name in NAMES:
            village.run(name, "round", "step")
        village.exchange()
    return [village.run(name, "round", "close") for name in NAMES]


def test_three_nodes_settle_on_one_block_and_audit_it(village: Village) -> None:
    """Same winner, same block, final at all three; the audit of each finds nothing."""
    for name in NAMES:
        village.run(name, "rate", "agent:helper", "4")
        village.run(name, "propose", "--batch", "--round", "0")
    first = play(village, 0)
    assert len({stage["winner"] for stage in first}) == 1
    assert all(stage["final"] for stage in first)
    assert len({stage["block"]["hash"] for stage in first}) == 1
    assert all(len(stage["block"]["votes"]) == 3 for stage in first)
    for name in NAMES:
        assert village.run(name, "round", "audit", "0")["ok"]
    village.run("ann", "rate", "agent:other", "3")
    village.run("ann", "propose")
    second = play(village, 1)
    assert len({stage["block"]["hash"] for stage in second}) == 1
    assert first[0]["block"]["hash"] == second[0]["block"]["previous"]
    assert (first[0]["block"]["height"], second[0]["block"]["height"]) == (0, 1)


def test_what_has_no_key_has_no_weight_in_a_round(village: Village) -> None:
    """A URI can be observed, and cannot announce: it neither weighs in a round nor lifts its bar."""
    village.run("ann", "observe", "https://pkg.example", "ok", "--weight", "100")
    assert village.run("ann", "standing")["rows"][0]["subject"] == "https://pkg.example"
    for name in NAMES:
        village.run(name, "propose", "-m", f"by {name}", "--round", "0")
    closed = play(village, 0)[0]
    assert (closed["final"], closed["support"]) == (True, closed["whole"])


def test_who_proposes_twice_loses_round_and_standing(village: Village) -> None:
    """Two machines with one key propose in one round: nobody takes it, everybody has the proof."""
    village.run("bob", "propose", "-m", "this", "--round", "0")
    village.run("cy", "propose", "-m", "another thing", "--round", "0")
    refused = village.run("bob", "propose", "-m", "that", "--round", "0", exits=(2,))
    assert refused["code"] == "double_proposal"
    twin = village.folder / "twin"
    (twin / "keys").mkdir(parents=True)
    for file in (village.folder / "bob" / "keys").iterdir():
        (twin / "keys" / file.name).write_bytes(file.read_bytes())
        (twin / "keys" / file.name).chmod(0o600)
    assert village.trust("propose", "-m", "that", "--round", "0", home=twin).exit == 0
    path = village.folder / "twin.ndjson"
    assert village.trust("export", "-o", str(path), home=twin).exit == 0
    village.run("ann", "import", str(path))
    stages = play(village, 0)
    winners = {stage["winner"] for stage in stages}
    assert len(winners) == 1
    assert village.run("ann", "proposal", "show", winners.pop())["body"]["text"] == "another thing"
    standings = {row["name"]: row for row in village.run("ann", "standing")["rows"]}
    assert standings["bob"]["standing"] == 0
    assert standings["bob"]["banned_until"]
    kinds = [row["kind"] for row in village.run("ann", "log", "--kind", "evidence")["records"]]
    assert kinds
    for name in NAMES:
        assert village.run(name, "round", "audit", "0")["ok"], name


def test_rounds_are_refused_in_the_wrong_order(village: Village) -> None:
    """Nothing to step, nothing to close, open twice, closed too early: each says what to do."""
    village.run("ann", "round", "step", exits=(66,))
    village.run("ann", "round", "audit", "3", exits=(66,))
    village.run("ann", "round", "open", "3")
    village.run("ann", "round", "open", "3", exits=(2,))
    village.run("ann", "round", "close", "3", exits=(2,))
    assert [one["stage"] for one in village.run("ann", "round", "status")["rounds"]] == ["open"]


def test_observations_are_checked_and_stay_here(village: Village) -> None:
    """No nonsense is noted, nobody observes itself, and no bundle has any of it."""
    for words in (
        ("bob", "well"),
        ("bob", "10001"),
        ("bob", "-1"),
        ("me", "ok"),
        ("bob", "ok", "--weight", "0"),
    ):
        village.run("ann", "observe", *words, exits=(2,))
    village.run("ann", "observe", "bob", "fail", "--note", "a secret word")
    village.exchange()
    for name in NAMES:
        text = (village.folder / f"{name}.ndjson").read_text(encoding="utf-8")
        assert "secret word" not in text
        assert all(
            json.loads(line)["record"]["kind"] != "observation"
            for line in text.splitlines()
            if '"record"' in line
        )


def test_scores_by_hand_are_checked(village: Village) -> None:
    """Above 10,000 and for one's own proposal: refused with their codes, before anything is signed."""
    village.run("ann", "propose", "-m", "hello", "--round", "0")
    id_ = village.run("ann", "proposal", "ls", "--round", "0")["proposals"][0]["id"]
    assert village.run("ann", "proposal", "score", id_, "5", exits=(2,))["code"] == "own_proposal"
    village.exchange()
    assert village.run("bob", "proposal", "score", id_, "10001", exits=(2,))["code"] == "score_range"
    assert village.run("bob", "proposal", "score", id_, "9")["body"]["value"] == 9


def test_who_was_not_there_draws_the_same_lots(village: Village) -> None:
    """Lots hang on a winner two rounds back; a node that missed it takes it from what others announced."""
    village.run("ann", "propose", "-m", "hello", "--round", "0")
    for name in ("ann", "bob"):
        village.run(name, "round", "open", "0")
    village.exchange()
    for _ in range(11):
        for name in ("ann", "bob"):
            village.run(name, "round", "step")
    village.exchange()
    for name in ("ann", "bob"):
        village.run(name, "round", "close", exits=(4,))  # a third of the weight is silent
    for name in NAMES:
        village.run(name, "round", "open", "2")
    found = set()
    for name in NAMES:
        ledger = Ledger.open(str(village.folder / name / "ledger.db"))
        state = ledger.rounds.get(2)
        ledger.close()
        assert state is not None
        found.add(state["before"])
    assert found == {village.ids["ann"]}


def test_numbers_that_nothing_holds_are_refused(trust: Program) -> None:
    """A round beyond 2⁵³−1 is a slip of the keys, not a fault of the program; nor is one that is not here."""
    assert trust("keygen").exit == 0
    for words in (
        ("round", "open"), ("round", "show"), ("round", "step"), ("round", "close"), ("round", "audit"),
        ("proposal", "ls", "--round"), ("propose", "-m", "x", "--round"), ("round", "status", "--last"),
    ):  # fmt: skip
        assert trust(*words, "9007199254740992").exit == 2, words
        assert trust(*words, "99999999999999999999").exit == 2, words
    for word in ("show", "step", "close", "audit"):
        assert trust("round", word, "9007199254740991").exit == 66, word


def test_who_pushes_against_the_lots_is_noted_and_who_follows_them_is_not(
    trust: Program, tmp_path: Path
) -> None:
    """A node that gives the top level to what is later by lot loses standing at the others; they do not."""
    village = Village(trust, tmp_path, (*NAMES, "dan"))
    before = standings(village, "ann")
    pushed(village, 0, "dan")
    after = standings(village, "ann")
    assert after.pop("dan") == before["dan"] * 8 // 10
    assert after == {name: before[name] for name in ("bob", "cy")}
    assert village.run("ann", "round", "audit", "0")["ok"]


def test_who_pushes_two_rounds_running_is_out_of_the_table_for_a_while(
    trust: Program, tmp_path: Path
) -> None:
    """Nothing is left, until a date that is shown; the others stand as before, and who paused keeps some."""
    village = Village(trust, tmp_path, (*NAMES, "dan"))
    before = standings(village, "ann")
    pushed(village, 3, "dan")
    pushed(village, 1, "dan")
    assert standings(village, "ann")["dan"] == before["dan"] * 8 // 10 * 8 // 10
    pushed(village, 0, "dan")
    rows = {row["name"]: row for row in village.run("ann", "standing")["rows"]}
    assert (rows["dan"]["standing"], rows["bob"]["standing"]) == (0, before["bob"])
    assert rows["dan"]["banned_until"]
    assert not rows["bob"]["banned_until"]
    shown = village.trust("standing", home=village.folder / "ann").out
    assert f"0 until {rows['dan']['banned_until'][:10]}" in shown


def test_a_ban_is_shown_where_it_holds_at_the_moment_asked_about(trust: Program, tmp_path: Path) -> None:
    """Now, while it lasts; not of a moment before what was seen, and not of one after its end."""
    village = Village(trust, tmp_path)
    ledger = Ledger.open(str(tmp_path / "ann" / "ledger.db"))
    try:
        seen = [Noted(village.ids["bob"], AGAIN, now() - DAY, 0, 1, "round 1")]
        ledger.rounds.observe([Noted(village.ids["bob"], OK, now() - 3 * DAY, 0, 30, None), *seen])
    finally:
        ledger.close()

    def value(*as_of: str) -> str:
        out = trust("standing", "bob", *as_of, home=tmp_path / "ann").out
        return out.split("\t")[1]

    assert value().startswith("0 until ")
    assert value("--as-of", "now+5d").startswith("0 until ")
    assert "until" not in value("--as-of", "now+7d")
    assert value("--as-of", "2d").isdigit()
    assert value("--as-of", "2d") != "0"


def test_standing_names_the_rules_it_went_by(village: Village) -> None:
    """Those of the setting, or those asked for; rows and names are of the same."""
    plain = village.run("ann", "standing", "bob")
    assert (plain["rules"], plain["purpose"]) == ("default", RULESETS["default"].purpose)
    village.run("ann", "config", "set", "standing_rules", "strict")
    strict = village.run("ann", "standing", "bob")
    assert (strict["rules"], strict["purpose"]) == ("strict", RULESETS["strict"].purpose)
    assert strict["rows"][0]["standing"] < plain["rows"][0]["standing"]
    again = village.run("ann", "standing", "bob", "--rules", "default")
    assert (again["rules"], again["rows"][0]["standing"]) == ("default", plain["rows"][0]["standing"])


def pushed(village: Village, number: int, pusher: str) -> None:
    """Play a round at all but one node, which gives the top level to what comes last by lot."""
    others = sorted(set(village.names) - {pusher}, key=lambda name: lot(number, "", village.ids[name]))
    for name in others:
        village.run(name, "propose", "-m", f"by {name}", "--round", str(number))
        village.run(name, "round", "open", str(number))
    village.exchange()
    listed = village.run(pusher, "proposal", "ls", "--round", str(number))["proposals"]
    ids = {row["proposer"]: row["id"] for row in listed}
    village.run(pusher, "proposal", "score", ids[village.ids[others[-1]]], "10000")
    for _ in range(10):
        for name in others:
            village.run(name, "round", "step", str(number))
    village.exchange()
    for name in others:
        village.run(name, "round", "step", str(number))
    village.exchange()
    for name in others:
        closed = village.run(name, "round", "close", str(number), exits=(0, 4))
        assert closed["winner"] == ids[village.ids[others[0]]]


def standings(village: Village, name: str) -> dict[str, int]:
    """Return where the others stand at a node, by name."""
    return {row["name"]: row["standing"] for row in village.run(name, "standing")["rows"]}


@pytest.fixture
def closed(village: Village) -> Village:
    """Three nodes that have closed round 0."""
    for name in NAMES:
        village.run(name, "propose", "-m", f"by {name}", "--round", "0")
    play(village, 0)
    return village


def change(village: Village, name: str, table: str, column: str, change: Callable[[Any], Any]) -> None:
    """Change a value of the newest row of a table behind the program's back."""
    path = village.run(name, "ledger", "path")["path"]
    db = sqlite3.connect(path)
    for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {trigger}")
    row, value = db.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid DESC").fetchone()
    db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (change(value), row))
    db.commit()
    db.close()


@pytest.mark.parametrize(("was", "is_"), [(b'"turn":0', b'"turn":1'), (b'"turn":0', b'"turn";0')])
def test_an_audit_names_the_byte_of_a_record_that_was_changed(
    closed: Village, was: bytes, is_: bytes
) -> None:
    """One byte of a stored announcement is another, readable still or not: which, and what it was."""
    change(closed, "ann", "records", "body", lambda body: body.replace(was, is_))
    found = closed.run("ann", "round", "audit", "0", exits=(1,))["finding"]
    assert found["what"].startswith("record, byte ")
    at = first_difference(was, is_)
    assert (found["stored"], found["computed"]) == (is_[at : at + 1].hex(), was[at : at + 1].hex())


def test_an_audit_names_a_vote_that_nobody_gave(closed: Village) -> None:
    """A voter put into what is stored of a decision."""
    change(
        closed,
        "ann",
        "private_rounds",
        "state",
        lambda state: state.replace('"votes": [', '"votes": ["did:key:zFake", '),
    )
    found = closed.run("ann", "round", "audit", "0", exits=(1,))["finding"]
    assert (found["where"], found["what"].split(",")[0]) == ("decision", "votes")


def test_what_is_stored_of_a_round_and_damaged_is_named(closed: Village) -> None:
    """Cut short, or without what belongs there: each command says so, and so does the check of the ledger."""
    for cut in (lambda state: state[:-5], lambda state: state.replace('"table"', '"tafel"')):
        change(closed, "ann", "private_rounds", "state", cut)
        for words in (
            ("round", "audit", "0"),
            ("round", "show", "0"),
            ("round", "status"),
            ("propose", "-m", "x"),
        ):
            assert closed.run("ann", *words, exits=(74,))["message"].endswith(
                "what is stored of round 0 is damaged"
            )
        wrong = closed.run("ann", "ledger", "check", exits=(1,))
        assert "what is stored of round 0 is damaged" in json.dumps(wrong)


def test_a_closed_round_is_closed_to_whatever_one_has_to_say(closed: Village) -> None:
    """Opening, proposing and scoring by hand are refused, and nothing is signed."""
    before = closed.run("ann", "log", "--limit", "500")["records"]
    other = next(
        row
        for row in closed.run("ann", "proposal", "ls", "--round", "0")["proposals"]
        if row["proposer"] != closed.ids["ann"]
    )
    for words in (
        ("round", "open", "0"),
        ("propose", "-m", "x", "--round", "0"),
        ("proposal", "score", other["id"], "1"),
    ):
        refused = closed.run("ann", *words, exits=(2,))
        assert (refused["code"], refused["message"]) == ("closed", "round 0 is closed"), words
    assert closed.run("ann", "log", "--limit", "500")["records"] == before


def at_once(home: Path, *commands: Sequence[str]) -> list[int]:
    """Run commands of one home at the same time; return how each ended."""
    environment = {**os.environ, "TRUST_HOME": str(home)}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "trustcli", *words],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for words in commands
    ]
    return sorted(process.wait() for process in running)


def test_of_proposals_made_at_once_one_is_signed(village: Village) -> None:
    """Two processes of one node that propose at once would be evidence against it."""
    ended = at_once(
        village.folder / "ann", *(("propose", "-m", f"x{index}", "--round", "0") for index in range(4))
    )
    assert ended == [0, 2, 2, 2]
    assert len(village.run("ann", "proposal", "ls", "--round", "0")["proposals"]) == 1


def test_nobody_proposes_while_another_process_is_about_to(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking whether one has proposed and signing, a second one is told to wait."""
    refused = []

    def seal_late(*words: Any) -> Any:
        monkeypatch.setattr("trustcli.node.statements.seal", seal)
        refused.append(
            village.run("ann", "propose", "-m", "second", "--round", "0", "--lock-wait", "0", exits=(75,))
        )
        return seal(*words)

    monkeypatch.setattr("trustcli.node.statements.seal", seal_late)
    village.run("ann", "propose", "-m", "first", "--round", "0")
    assert [one["code"] for one in refused] == ["busy"]
    (only,) = village.run("ann", "proposal", "ls", "--round", "0")["proposals"]
    assert only["body"]["text"] == "first"


def test_steps_and_closings_made_at_once_count_once_each(village: Village) -> None:
    """Twelve steps at once are ten scorings and two more; of closings one succeeds."""
    for name in NAMES:
        village.run(name, "round", "open", "0")
    home = village.folder / "ann"
    assert at_once(home, *[("round", "step", "0")] * 6) == [0] * 6
    assert village.run("ann", "round", "show", "0")["done"] == 6
    for _ in range(4):
        village.run("ann", "round", "step", "0")
    assert at_once(home, *[("round", "close", "0")] * 3) in ([0, 2, 2], [2, 2, 4])


def test_a_text_of_several_lines_is_refused_with_what_to_do(village: Village) -> None:
    """From a file as from anywhere."""
    path = village.folder / "agenda.txt"
    path.write_text("one line\n")
    village.run("ann", "propose", "-m", f"@{path}", "--round", "0")
    path.write_text("one\ntwo\n")
    refused = village.run("ann", "propose", "-m", f"@{path}", "--round", "1", exits=(65,))
    assert (refused["message"], refused["hint"]) == ("the text has 2 lines", "say it in one line")


def opened(village: Village, name: str) -> Ledger:
    """Return the ledger of a node."""
    return Ledger.open(village.run(name, "ledger", "path")["path"])


def said(village: Village, name: str, kind: str) -> list[dict[str, Any]]:
    """Return the bodies of a node's own statements of a kind."""
    with closing(opened(village, name)) as ledger:
        return [one.body for one in ledger.by_author(village.ids[name]) if one.kind == kind]


def test_scores_by_hand_and_by_step_contradict_nobody(village: Village) -> None:
    """However often one scores by hand before a round scores: never two values of one step."""
    for name in NAMES:
        village.run(name, "propose", "-m", f"by {name}", "--round", "0")
    village.exchange()
    village.run("ann", "round", "open", "0")
    (first, *_) = sorted(set(NAMES) - {"ann"}, key=lambda name: lot(0, "", village.ids[name]))
    listed = village.run("ann", "proposal", "ls", "--round", "0")["proposals"]
    id_ = next(row["id"] for row in listed if row["proposer"] == village.ids[first])
    for value in ("100", "200", "300", "400"):
        village.run("ann", "proposal", "score", id_, value)
    for _ in range(5):
        village.run("ann", "round", "step", "0")
    village.run("ann", "proposal", "score", id_, "500")
    for _ in range(5):
        village.run("ann", "round", "step", "0")
    steps = [body["step"] for body in said(village, "ann", "score") if body["proposal"] == id_]
    assert len(steps) >= 6
    assert len(set(steps)) == len(steps)


def test_who_was_stopped_after_announcing_announces_no_second_time(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A winner was signed and not noted: the next step goes on from what was signed."""
    village.run("ann", "propose", "-m", "this", "--round", "0")
    village.exchange()
    village.run("bob", "round", "open", "0")
    for _ in range(10):
        village.run("bob", "round", "step", "0")
    with monkeypatch.context() as stopped:

        def fail(*_: object) -> None:
            raise Busy("held")

        stopped.setattr(Rounds, "save", fail)
        village.run("bob", "round", "step", "0", exits=(75,))
    village.run("bob", "round", "step", "0")
    assert [body["turn"] for body in said(village, "bob", "winner")] == [0]


def test_a_key_that_ended_has_no_weight_and_joined_keys_are_one(village: Village) -> None:
    """Retired: out of the table that rounds weigh by. Rotated: what was seen of the old is the new one's."""

    def weighed(name: str) -> dict[str, int]:
        number = str(len(village.run(name, "round", "status")["rounds"]))
        village.run(name, "round", "open", number)
        with closing(opened(village, name)) as ledger:
            state = ledger.rounds.get(int(number))
        assert state is not None
        return dict(state["table"])

    before = weighed("ann")
    assert set(before) == {village.ids["bob"], village.ids["cy"]}
    village.run("bob", "id", "retire", "--compromised-since", "now-1m", "--yes")
    village.run("cy", "id", "rotate", "--no-passphrase")
    village.run("cy", "id", "rotate", "--confirm")
    village.exchange()
    new = village.run("cy", "id", "show")["did"]
    assert new != village.ids["cy"]
    assert weighed("ann") == {new: before[village.ids["cy"]]}


def test_no_round_comes_after_the_last(village: Village) -> None:
    """A number that no record can hold is never opened."""
    village.run("ann", "round", "open", "9007199254740991")
    refused = village.run("ann", "round", "open", exits=(2,))
    assert refused["message"].startswith("there is no round after")
