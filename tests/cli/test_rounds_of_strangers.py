"""Rounds against what strangers, thieves and other networks sign: it is stored, and changes nothing."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.people import BOB, CAROL, DAN, DAY, EVE, Person, bundle, now
from trustcli.cli.session import now as clock
from trustcli.config import Settings, places
from trustcli.ledger import Ledger
from trustcli.node import Node
from trustcli.node.statements import statements
from trustcli.records import crypto
from trustcli.records.envelope import Record
from trustcli.rounds import evidence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Program
    from trustcli.records.canonical import Json

DEEPEST = 11  # levels of `ext` with which two statements still fit into one record


def nested(levels: int) -> dict[str, Json]:
    """Return an object with objects within, so many levels in all."""
    found: dict[str, Json] = {}
    for _ in range(levels - 1):
        found = {"a": found}
    return found


def proposal(who: Person, text: str, net: str = "main", created: int | None = None, **more: Any) -> Record:
    """Return a proposal for round 0."""
    body: dict[str, Json] = {"round": 0, "text": text, "score": 5_000, **more}
    return Record.seal(
        net=net, kind="proposal", author=who.did, created=created or now(), body=body,
        sign=crypto.signer(who.seed),
    )  # fmt: skip


def proof(net: str = "main", created: int | None = None, of: Person = BOB) -> bytes:
    """Return evidence, by somebody else, that one person made two proposals."""
    pair = (proposal(of, "a", net, created), proposal(of, "b", net, created))
    return EVE.says("evidence", None, **evidence.body(pair))


def take(me: Program, folder: Path, *lines: bytes, exits: int = 0) -> None:
    """Import lines."""
    file = folder / "lines.ndjson"
    file.write_bytes(bundle(*lines))
    ran = me("import", str(file))
    assert ran.exit == exits, ran


def played(me: Program) -> Any:
    """Play round 0 alone; return how it was closed."""
    assert me("round", "open", "0").exit == 0
    for _ in range(11):
        assert me("round", "step", "0").exit == 0
    ran = me("round", "close", "0", "--json")
    assert ran.exit in (0, 4), ran
    return ran.data


def standing(me: Program) -> dict[str, Any]:
    """Return the rows of the table, by name."""
    return {row["name"]: row for row in me("standing", "--json").data["rows"]}


def weighed(folder: Path, number: int) -> dict[str, int]:
    """Return the table that a round was opened with."""
    ledger = Ledger.open(str(folder / "ledger.db"))
    try:
        state = ledger.rounds.get(number)
    finally:
        ledger.close()
    assert state is not None
    table: dict[str, int] = state["table"]
    return table


@pytest.fixture
def saw_bob(knows_bob: Program) -> Program:
    """The program in a home that knows bob, and has seen something of him."""
    assert knows_bob("observe", "bob", "ok", "--weight", "50").exit == 0
    return knows_bob


def test_whatever_is_taken_in_fits_into_evidence(saw_bob: Program, tmp_path: Path) -> None:
    """A statement nested too deep for two of it in a record is refused; the deepest can be reported."""
    with pytest.raises(Exception, match="nested deeper"):
        proposal(BOB, "a", ext=nested(DEEPEST + 1))
    take(saw_bob, tmp_path, *(proposal(BOB, text, ext=nested(DEEPEST)).line for text in "ab"))
    assert played(saw_bob)["stage"] == "closed"
    assert len(saw_bob("log", "--kind", "evidence", "--json").data["records"]) == 1
    assert standing(saw_bob)["bob"]["banned_until"]


def test_contradictions_of_strangers_are_not_repeated(saw_bob: Program, tmp_path: Path) -> None:
    """Nobody signs anything about them, and they come into no table; if one is observed later, they count."""
    take(saw_bob, tmp_path, *(proposal(who, text).line for who in (CAROL, DAN) for text in "ab"))
    played(saw_bob)
    assert saw_bob("log", "--kind", "evidence", "--json").data["records"] == []
    take(saw_bob, tmp_path, proof(of=CAROL))
    assert standing(saw_bob).keys() == {"bob"}
    assert saw_bob("observe", CAROL.did, "ok").exit == 0
    banned = {row["subject"]: row["banned_until"] for row in saw_bob("standing", "--json").data["rows"]}
    assert banned[CAROL.did]
    assert not banned[BOB.did]


def test_evidence_of_another_network_proves_nothing_here(saw_bob: Program, tmp_path: Path) -> None:
    """Round 0 of a test network is not round 0 of this one: refused by its code, and nobody is banned."""
    file = tmp_path / "foreign.ndjson"
    with pytest.raises(Exception, match="another network"):
        proof("testnet")
    file.write_bytes(bundle(proof()))
    assert saw_bob("import", str(file)).exit == 0
    assert standing(saw_bob)["bob"]["banned_until"]


def test_what_a_thief_signs_after_the_end_of_a_key_is_no_proof(saw_bob: Program, tmp_path: Path) -> None:
    """A key given up as compromised contradicts itself: its successor stands as before."""
    value = standing(saw_bob)["bob"]["standing"]
    keys = [
        BOB.says("key", now() - 3 * DAY, action="rotate", successor=DAN.did),
        DAN.says("key", now() - 3 * DAY, action="accept", predecessor=BOB.did),
        BOB.says("key", now() - 2 * DAY, action="compromised", since=now() - 2 * DAY),
    ]
    take(saw_bob, tmp_path, *keys, proof())
    (row,) = saw_bob("standing", "--json").data["rows"]
    assert (row["subject"], row["standing"], row["banned_until"]) == (DAN.did, value, None)
    take(saw_bob, tmp_path, proof(created=now() - 3 * DAY))
    (row,) = saw_bob("standing", "--json").data["rows"]
    assert row["banned_until"], "what it signed before its end is its owner's"


def test_who_is_blocked_stays_so_under_its_next_key(saw_bob: Program, tmp_path: Path) -> None:
    """Rotating does not bring its weight back; what is shown is what rounds weigh by."""
    assert saw_bob("observe", CAROL.did, "ok", "--weight", "50").exit == 0
    assert saw_bob("observe", "https://pkg.example", "ok", "--weight", "60").exit == 0
    assert saw_bob("peer", "block", "bob").exit == 0
    take(
        saw_bob,
        tmp_path,
        BOB.says("key", action="rotate", successor=DAN.did),
        DAN.says("key", action="accept", predecessor=BOB.did),
    )
    assert saw_bob("round", "open", "0").exit == 0
    assert weighed(saw_bob.home, 0).keys() == {CAROL.did}
    shares = {row["subject"]: row["share"] for row in saw_bob("standing", "--json").data["rows"]}
    assert shares == {DAN.did: 0.0, CAROL.did: 1.0, "https://pkg.example": 0.0}


def test_who_closes_without_having_announced_announces(saw_bob: Program) -> None:
    """Ten steps and a close: others hear the winner of this node too."""
    assert saw_bob("propose", "-m", "lunch").exit == 0
    assert saw_bob("round", "open").exit == 0
    for _ in range(10):
        saw_bob("round", "step")
    closed = saw_bob("round", "close", "--json")
    assert closed.exit == 4
    announced = saw_bob("log", "--kind", "winner", "--json").data["records"]
    assert [row["body"]["proposal"] for row in announced] == [closed.data["winner"]]


def test_a_round_is_spoken_in_with_one_key(saw_bob: Program) -> None:
    """--as with another key than it was opened with is refused, not ignored."""
    assert saw_bob("keygen", "other").exit == 0
    assert saw_bob("round", "open", "0").exit == 0
    for word in ("step", "close"):
        ran = saw_bob("--as", "nobody", "round", word)
        assert ran.exit in (2, 66), ran
    ran = saw_bob("--as", "other", "round", "step", "--json")
    assert ran.exit == 2
    assert "another key than other" in ran.document["error"]["message"]


def test_words_that_are_no_proposal_and_numbers_that_are_no_round(me: Program) -> None:
    """Each is one line about what was typed, with the exit code of a slip."""
    for number in ("-1", "-5"):
        for word in ("open", "show", "audit", "step"):
            ran = me("round", word, "--", number)
            assert (ran.exit, f"there is no round {number}" in ran.err) == (2, True), ran
        for ran in (me("proposal", "ls", "--round", number), me("propose", "-m", "x", "--round", number)):
            assert (ran.exit, f"there is no round {number}" in ran.err) == (2, True), ran
    ran = me("propose", "-m", "")
    assert (ran.exit, "the text is empty" in ran.err) == (2, True), ran
    ran = me("propose", "-m", "x" * 4_001)
    assert (ran.exit, "at most 4000 characters, not 4001" in ran.err) == (2, True), ran
    ran = me("propose")
    assert (ran.exit, "there are no ratings to propose yet" in ran.err) == (66, True), ran


def test_what_strangers_write_beside_a_proposal_is_not_kept_in_memory(
    saw_bob: Program, tmp_path: Path
) -> None:
    """Of a record of a round only what it says is: of 3 MB by a hundred strangers next to nothing."""
    people = [Person(number) for number in range(30, 130)]
    take(saw_bob, tmp_path, *(proposal(one, "x", ext={"a": "y" * 29_000}).line for one in people))
    node = Node(places({}, str(saw_bob.home)), Settings(), clock=clock)
    try:
        assert len(statements(node, 0)) == 100
        tracemalloc.start()
        kept = statements(node, 0)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    finally:
        node.close()
    assert len(kept) == 100
    assert held < 500_000
