"""`sync` between homes: many peers at once, one writer, and everything that can go wrong on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.homes import Away, Direct, Home, ratings
from tests.network_of_raters import NOW, rating, sealed
from trustcli.config import Settings
from trustcli.errors import Busy, NotFound, PeerFault, Unreachable, UsageError
from trustcli.node import Node, intake, lines
from trustcli.node.comparing import compare
from trustcli.node.contacts import contacts, over_http
from trustcli.node.intake import Intake
from trustcli.node.lines import Contact
from trustcli.node.only_one import OnlyOne
from trustcli.sync.exchange import Offer, Page, Reconcile
from trustcli.transports.http import HttpPeer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trustcli.sync.exchange import Answer, Request

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Any]:
    """Return what makes homes by the name of their owner, and close them in the end."""
    made: list[Home] = []

    def make(owner: str, **settings: Any) -> Home:
        made.append(Home(tmp_path, owner, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def forged(line: bytes) -> bytes:
    """Return a record with a signature that is not its author's."""
    return line[:-10] + (b"AAAAAAA" if line[-10:-3] != b"AAAAAAA" else b"BBBBBBB") + line[-3:]


# With one peer


def test_two_homes_become_equal(home: Any) -> None:
    """Both ways in one sync; a second one asks nothing once the peer has stated its head."""
    alice, bob = home("alice"), home("bob")
    alice.hear(*ratings(120, 1))
    bob.hear(*ratings(80, 2))
    outcome = alice.sync(bob).peers[0].outcome
    assert (outcome.new, outcome.given, outcome.equal) == (80, 120, True)
    assert alice.ids() == bob.ids()
    bob.requests()
    alice.sync(bob)
    assert bob.requests() == []


def test_the_steady_case_is_two_questions(home: Any) -> None:
    """A feed from the cursor and an offer, whoever began the day before."""
    alice, bob = home("alice"), home("bob")
    alice.hear(*ratings(50))
    alice.sync(bob)
    bob.sync(alice)
    alice.rate("carol")
    bob.rate("dora")
    bob.requests()
    outcome = alice.sync(bob).peers[0].outcome
    assert bob.requests() == ["Feed", "Offer"]
    assert (outcome.new, outcome.known, outcome.given) == (1, 0, 1)
    assert alice.ids() == bob.ids()


def test_marks_are_kept(home: Any) -> None:
    """Cursors, times and failures are remembered by the peer's URL."""
    alice, bob = home("alice"), home("bob")
    bob.hear(*ratings(30))
    alice.sync(bob)
    mark = alice.node.ledger.network_notes.marks()[bob.url]
    assert (mark.pulled, mark.pushed, mark.checked) == (30, 30, NOW)
    assert (mark.tried, mark.succeeded, mark.failures) == (NOW, NOW, 0)
    alice.now += 5
    alice.sync(bob, connect=Away)
    failed = alice.node.ledger.network_notes.marks()[bob.url]
    assert failed == mark._replace(tried=NOW + 5, failures=1)


def test_one_way(home: Any) -> None:
    """--pull offers nothing and --push fetches nothing."""
    alice, bob = home("alice"), home("bob")
    alice.rate("carol")
    bob.rate("dora")
    alice.sync(bob, push=False)
    assert (len(alice.ids()), len(bob.ids())) == (2, 1)
    bob.rate("erin")
    alice.sync(bob, pull=False)
    assert (len(alice.ids()), len(bob.ids())) == (2, 3)


def test_a_dry_run_changes_nothing(home: Any) -> None:
    """It fetches and verifies; it stores, offers and remembers nothing, and counts what it would."""
    alice, bob = home("alice"), home("bob")
    alice.hear(*ratings(40, 1))
    bob.hear(*ratings(60, 2))
    before = alice.ids(), bob.ids()
    outcome = alice.sync(bob, dry_run=True).peers[0].outcome
    assert (outcome.new, outcome.given) == (60, 40)
    assert (alice.ids(), bob.ids()) == before
    assert "Offer" not in bob.requests()
    assert alice.node.ledger.network_notes.marks() == {}


def test_a_full_check_is_made_when_asked_for(home: Any) -> None:
    """--full compares although nothing seems to differ."""
    alice, bob = home("alice"), home("bob")
    bob.hear(*ratings(30))
    alice.sync(bob)
    bob.requests()
    alice.sync(bob, full=True)
    assert bob.requests() == ["Reconcile"]


def test_without_a_key_one_only_pulls(home: Any) -> None:
    """A home without keys fetches, and offers nothing."""
    alice, bob = home("alice"), home("bob")
    os.unlink(alice.node.keys.path("alice"))
    alice.rate("carol")
    bob.rate("dora")
    outcome = alice.sync(bob).peers[0].outcome
    assert (outcome.new, outcome.given) == (1, 0)


def test_progress_is_told(home: Any) -> None:
    """Records done and to do; at the end they are the same."""
    alice, bob = home("alice"), home("bob")
    bob.hear(*ratings(90))
    bob.page = 30
    told: list[tuple[int, int | None]] = []
    alice.sync(bob, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (90, 90)
    assert all(total is None or done <= total for done, total in told)


# With many


def test_what_one_has_reaches_the_others_in_the_same_sync(home: Any) -> None:
    """Everybody is pulled from before anything is pushed."""
    alice, others = home("alice"), [home(name) for name in ("bob", "carol", "dora")]
    for other in others:
        other.rate("agent:x")
    alice.sync(*others)
    assert all(other.ids() == alice.ids() for other in others)
    assert len(alice.ids()) == 3


def test_peers_share_the_work_of_a_first_sync(home: Any) -> None:
    """Each record is verified and counted once, although every peer sends all of them."""
    alice, bob, carol = home("alice"), home("bob"), home("carol")
    bob.hear(*ratings(400))
    carol.hear(*ratings(400))
    bob.page = carol.page = 50
    one, other = (peer.outcome for peer in alice.sync(bob, carol).peers)
    assert one.new + other.new == 400
    assert one.known + other.known <= 400
    assert one.equal
    assert other.equal


def test_who_fails_fails_alone(home: Any) -> None:
    """An unreachable peer, and one that breaks the protocol, do not keep the others from syncing."""
    alice, bob, carol, dora = home("alice"), home("bob"), home("carol"), home("dora")
    carol.rate("agent:x")
    dora.rate("agent:y")
    dora.answer = lambda _, answer: answer._replace(head=answer.head._replace(ledger="other"))
    homes = {one.url: one for one in (bob, carol, dora)}

    def connect(contact: Contact) -> Any:
        return Away(contact) if contact.name == "bob" else Direct(homes[contact.url])

    report = alice.sync(bob, carol, dora, connect=connect)
    kinds = [type(peer.problem) for peer in report.peers]
    assert kinds == [Unreachable, type(None), PeerFault]
    assert alice.ids() == carol.ids()


def test_a_light_node_is_not_flooded(home: Any) -> None:
    """What a light peer has is fetched; nothing is offered to it, and its ledger is not compared."""
    alice, bob = home("alice"), home("bob")
    alice.hear(*ratings(30, 1))
    bob.rate("agent:x")
    bob.roles = ("light",)
    alice.sync(bob)
    assert len(bob.ids()) == 1
    assert bob.ids() < alice.ids()


# What peers do wrong


def test_an_interrupted_feed_is_gone_on_with(home: Any) -> None:
    """The line breaks on the fourth page: three are kept, and the next sync begins behind them."""
    alice, bob = home("alice"), home("bob")
    bob.hear(*ratings(100))
    bob.page = 20

    def breaks(request: Request, answer: Answer) -> Answer:
        if len(bob.asked) > 3:
            raise Unreachable("the connection broke")
        return answer

    bob.answer = breaks
    report = alice.sync(bob)
    assert isinstance(report.peers[0].problem, Unreachable)
    kept = alice.node.ledger.network_notes.marks()[bob.url].pulled
    assert kept == len(alice.ids()) == 60
    bob.answer = lambda _, answer: answer
    bob.requests()
    report = alice.sync(bob)
    assert alice.ids() == bob.ids()
    assert bob.requests().count("Feed") <= 4


def test_a_peer_that_gets_nowhere(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer comes in time, and still there are hardly any records: the others need not wait for it."""
    monkeypatch.setattr(lines, "PATIENCE", 0.02)
    alice, bob = home("alice"), home("bob")
    bob.hear(*ratings(100))
    bob.page = 5

    def slowly(_: Request, answer: Answer) -> Answer:
        time.sleep(0.5)
        return answer

    bob.answer = slowly
    report = alice.sync(bob)
    assert isinstance(report.peers[0].problem, Unreachable)
    assert len(bob.asked) < 5


def test_bad_and_doubled_lines(home: Any) -> None:
    """Forged lines are listed by id and code, garbage without crashing, doubled ones count once."""
    alice, bob = home("alice"), home("bob")
    found = ratings(30)
    bob.hear(*found)

    def lie(_: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Page) or len(answer.lines) < 30:
            return answer
        lines = [*answer.lines[:27], answer.lines[0], forged(answer.lines[28]), b"{]" * 60]
        return answer._replace(lines=tuple(lines))

    bob.answer = lie
    outcome = alice.sync(bob, push=False).peers[0].outcome
    assert (outcome.new, outcome.known) == (29, 1)  # the comparison brought what the page left out
    assert [one.code for one in outcome.refused] == ["bad_signature", "not_json"]
    assert outcome.refused[0].id == found[28].digest


def test_records_of_another_network(home: Any) -> None:
    """A peer that mixes networks is cut, and none of its records stays."""
    alice, bob = home("alice"), home("bob")
    bob.hear(*ratings(5))
    strange = tuple(
        sealed("x", "rating", {"subject": "a:b", "value": 30, "category": "c"}, NOW + n, net="other").line
        for n in range(5)
    )
    bob.answer = lambda _, answer: answer._replace(lines=strange) if isinstance(answer, Page) else answer
    report = alice.sync(bob)
    assert isinstance(report.peers[0].problem, PeerFault)
    assert [one.code for one in report.peers[0].outcome.refused] == ["wrong_network"] * 5
    assert alice.ids() == set()


def test_a_cursor_of_another_ledger(home: Any, tmp_path: Path) -> None:
    """Behind the same URL stands another ledger: nothing is missed, nothing is offered for naught."""
    alice, bob = home("alice"), home("bob")
    alice.hear(*ratings(60, 1))
    bob.hear(*ratings(60, 2))
    alice.sync(bob)
    new = Home(tmp_path / "again", "bob")
    new.hear(*ratings(70, 3))
    outcome = alice.sync(new).peers[0].outcome
    assert (outcome.new, outcome.given) == (70, 120)
    assert alice.ids() == new.ids()
    new.close()


def test_a_peer_that_declines(home: Any) -> None:
    """A record that the peer refuses is listed with its code, and pulling went well."""
    alice, bob = home("alice"), home("bob")
    mine = alice.rate("agent:x", at=NOW + 800_000)
    alice.now = NOW + 800_000
    bob.now = NOW - 800_000
    outcome = alice.sync(bob).peers[0].outcome
    assert [(one.id, one.code) for one in outcome.declined] == [(mine.digest, "too_new")]


def test_a_peer_that_only_serves(home: Any) -> None:
    """A read-only peer is pulled from; that it takes nothing is said, and is no failure."""
    alice, bob = home("alice"), home("bob")
    alice.rate("agent:x")
    bob.rate("agent:y")

    def refuse(request: Request, answer: Answer) -> Answer:
        if isinstance(request, Offer):
            raise PeerFault("it takes no records", code="read_only")
        return answer

    bob.answer = refuse
    (peer,) = alice.sync(bob).peers
    assert (peer.problem, peer.takes_nothing, peer.outcome.new) == (None, True, 1)
    assert alice.node.ledger.network_notes.marks()[bob.url].failures == 0


def test_a_forger_cannot_keep_a_record_out(home: Any) -> None:
    """A line that is being verified for one peer is verified again for another when it turns out forged."""
    alice = home("alice")
    good = [record.line for record in ratings(40)]
    with Intake(alice.node.ledger, lambda: NOW, lambda: None) as taking:
        bad = taking.begin([forged(line) for line in good])
        honest = taking.begin(good)
        twice = taking.begin(good)
        assert {result.code for result in bad()} == {"bad_signature"}
        assert {result.code for result in honest()} == {"new"}
        assert {result.code for result in twice()} == {"known"}
    assert len(alice.ids()) == 40


def test_a_forger_cannot_make_a_record_come_twice(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verified again after a forgery, and under way for a third peer at the same time, it is stored once."""
    monkeypatch.setattr(intake, "COMMIT", 10)
    alice = home("alice")
    good = [record.line for record in ratings(40)]
    with Intake(alice.node.ledger, lambda: NOW, lambda: None) as taking:
        for take in [taking.begin([forged(line) for line in good]), taking.begin(good), taking.begin(good)]:
            take()
    assert alice.node.ledger.head().records == 40
    assert alice.node.ledger.integrity() == []


def test_a_forged_double_on_the_same_page(home: Any) -> None:
    """A record that comes good and forged on one page, in any order, is taken."""
    alice = home("alice")
    one, other = (record.line for record in ratings(2))
    with Intake(alice.node.ledger, lambda: NOW, lambda: None) as taking:
        taking.begin([one, forged(one), forged(other), other])()
    assert len(alice.ids()) == 2


def test_each_line_of_a_page_has_its_code(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored, staged, under way, twice on the page, forged, damaged and new, all of them on one page."""
    monkeypatch.setattr(intake, "COMMIT", 10)
    alice = home("alice")
    good = [record.line for record in ratings(20)]
    with Intake(alice.node.ledger, lambda: NOW, lambda: None) as taking:
        taking.begin(good[:10])()  # as many as are stored at once
        taking.begin(good[10:12])()
        under_way = taking.begin([good[12], forged(good[13])])
        page = [good[3], good[10], good[12], good[13], good[14], good[14], forged(good[15]), b"{]", good[16]]
        take = taking.begin(page)
        assert [result.code for result in under_way()] == ["new", "bad_signature"]
        codes = [result.code for result in take()]
    assert codes == [
        "known", "known", "known", "new", "new", "known", "bad_signature", "not_json", "new"
    ]  # fmt: skip
    assert alice.node.ledger.head().records == 16
    assert alice.node.ledger.integrity() == []


def test_an_empty_ledger_is_not_asked(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows nothing; as soon as it holds a record, whoever stored it, every page is looked up."""
    alice = home("alice")
    asked: list[int] = []
    ledger = alice.node.ledger
    known = ledger.known

    def count(ids: Sequence[bytes]) -> set[bytes]:
        found: set[bytes] = known(ids)
        asked.append(len(ids))
        return found

    monkeypatch.setattr(ledger, "known", count)
    found = ratings(6)
    with Intake(ledger, lambda: NOW, lambda: None) as taking:
        taking.begin([record.line for record in found[:3]])()
        assert asked == []
        taking.flush()
        assert [one.code for one in taking.begin([record.line for record in found[2:]])()][:2] == [
            "known",
            "new",
        ]
        assert asked == [4]


def test_another_process_may_add_meanwhile(
    home: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that somebody else stores while we sync are not stored twice."""
    monkeypatch.setattr(intake, "COMMIT", 10)
    alice = home("alice")
    again = Home(tmp_path, "alice")
    found = ratings(60)
    with Intake(alice.node.ledger, lambda: NOW, lambda: None) as taking:
        takes = []
        for start in range(0, 60, 6):
            takes.append(taking.begin([record.line for record in found[start : start + 6]]))
            again.hear(found[start + 3], found[(start + 20) % 60])
        for take in takes:
            take()
    assert alice.ids() == {record.id for record in found}
    assert alice.node.ledger.head().records == 60
    assert alice.node.ledger.integrity() == []
    again.close()


def test_another_process_adds_between_two_commits(
    home: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that is under way when another process stores it is looked up again before it is stored."""
    monkeypatch.setattr(intake, "COMMIT", 10)
    alice = home("alice")
    again = Home(tmp_path, "alice")
    found = ratings(24)
    pages = [[record.line for record in found[start : start + 6]] for start in (0, 6, 12, 18)]
    with Intake(alice.node.ledger, lambda: NOW, lambda: None) as taking:
        takes = [taking.begin(page) for page in pages[:2]]
        honest = taking._crew.begin

        def late(lines: Sequence[bytes], ids: Sequence[bytes]) -> Any:
            again.hear(found[14])  # after the page was looked up, before the next commit
            return honest(lines, ids)

        taking._crew.begin = late  # type: ignore[method-assign]
        takes += [taking.begin(pages[2]), taking.begin(pages[3])]
        for take in takes:
            take()
    assert alice.ids() == {record.id for record in found}
    assert alice.node.ledger.integrity() == []
    again.close()


# Locks and crashes


def test_two_syncs_at_once(home: Any) -> None:
    """The second is Busy at once, or waits for the first if told to."""
    alice, bob = home("alice"), home("bob")
    bob.rate("agent:x")
    held = OnlyOne(os.path.join(alice.node.places.state, "sync.lock"), "sync")
    with held, pytest.raises(Busy, match="another sync"):
        alice.sync(bob)
    held.__enter__()
    timer = threading.Timer(0.2, held.__exit__)
    timer.start()
    alice.sync(bob, lock_wait=10)
    timer.join()
    assert alice.ids() == bob.ids()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """Nothing has to be cleaned up after kill -9."""
    path = tmp_path / "sync.lock"
    code = (
        "import sys, time; from trustcli.node.only_one import OnlyOne\n"
        f"with OnlyOne({str(path)!r}, 'sync'): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Busy), OnlyOne(str(path), "sync"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with OnlyOne(str(path), "sync"):
        pass
    holder.stdout.close()


_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.network.homes import Home
from trustcli.node import intake, lines
intake.COMMIT = 40
alice, bob = Home(Path(sys.argv[1]), "alice"), Home(Path(sys.argv[1]), "bob")
bob.page = 30
def answer(request, answer):
    if len(bob.asked) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
bob.answer = answer
alice.sync(bob)
"""


def test_killed_and_run_again(home: Any, tmp_path: Path) -> None:
    """Killed at any question, a sync is run again: what was stored is whole, and the rest comes."""
    bob = home("bob")
    bob.hear(*ratings(300))
    for question in (1, 2, 5, 9):
        words = [sys.executable, "-c", _KILLED, str(tmp_path), str(question)]
        done = subprocess.run(words, cwd=ROOT, check=False, capture_output=True)
        assert done.returncode == -signal.SIGKILL, done.stderr
    alice = home("alice")
    stored = len(alice.ids())
    pulled = alice.node.ledger.network_notes.marks()[bob.url].pulled
    assert 40 <= pulled <= stored < 300
    assert alice.node.ledger.integrity() == []
    alice.sync(bob)
    assert alice.ids() == bob.ids()


# Whom to ask, and what is said


def test_nothing_private_is_said(home: Any) -> None:
    """Neither petnames nor weights nor private ratings nor drafts are in anything that is sent."""
    from trustcli.ledger.private import Peer

    alice, bob = home("alice"), home("bob")
    hidden = rating("alice", "agent:hidden", 1, reason="a secret reason")
    private = alice.node.ledger.private
    private.add_rating(hidden.author, NOW, NOW, hidden.body, hidden.line)
    private.save(Peer("old-rogue", "agent:old", 0.123, True, "steals", NOW))
    alice.rate("agent:x")
    alice.sync(bob, full=True)
    alice.sync(bob, subjects=("agent:x",))
    said = repr(bob.asked)
    assert "Offer" in said
    for secret in ("old-rogue", "0.123", "steals", "secret reason", hidden.id, repr(hidden.digest)[2:-1]):
        assert secret not in said


def test_whom_to_ask(home: Any) -> None:
    """Names and URLs given; without words everybody with a URL and the seeds, but nobody blocked."""
    from trustcli.ledger.private import Peer

    alice = home("alice", seeds=("https://seed.example",))
    notes, private = alice.node.ledger.network_notes, alice.node.ledger.private
    private.save(Peer("bob", rating("bob", "a:b", 3).author, None, False, None, NOW))
    private.save(Peer("carol", None, None, True, None, NOW))
    notes.add_url("https://bob.example", "bob")
    notes.add_url("https://bob.example:8443", "bob")
    notes.add_url("https://carol.example", "carol")
    bob = rating("bob", "a:b", 3).author
    assert contacts(alice.node) == [
        Contact("bob", "https://bob.example", bob),
        Contact("bob", "https://bob.example:8443", bob),
        Contact("https://seed.example", "https://seed.example"),
    ]
    assert contacts(alice.node, ["https://new.example/", "https://bob.example"]) == [
        Contact("https://new.example", "https://new.example"),
        Contact("bob", "https://bob.example", bob),
    ]
    assert [contact.url for contact in contacts(alice.node, ["bob"])] == [
        "https://bob.example",
        "https://bob.example:8443",
    ]
    assert [contact.url for contact in contacts(alice.node, ["carol"])] == ["https://carol.example"]


def test_nobody_to_ask(home: Any) -> None:
    """No peers at all, a name without a URL and a word that is no URL are said plainly."""
    alice = home("alice")
    with pytest.raises(NotFound, match="nobody to sync with"):
        contacts(alice.node)
    with pytest.raises(NotFound):
        contacts(alice.node, ["bob"])
    with pytest.raises(UsageError):
        contacts(alice.node, ["ftp://bob.example"])


def test_compare(home: Any) -> None:
    """Equal is said after one round trip; what differs by its ids, on either side; nothing is moved."""
    alice, bob = home("alice"), home("bob")
    alice.hear(*ratings(500))
    bob.hear(*ratings(500))
    contact = Contact("bob", bob.url)
    same = compare(alice.node, contact, connect=lambda _: Direct(bob))
    assert (same.equal, same.round_trips) == (True, 1)
    assert same.size <= 400
    mine, theirs = alice.rate("agent:mine"), bob.rate("agent:theirs")
    found = compare(alice.node, contact, connect=lambda _: Direct(bob))
    assert (found.equal, found.here, found.there) == (False, [mine.id], [theirs.id])
    assert set(map(type, bob.asked)) == {Reconcile}
    assert len(alice.ids()) == len(bob.ids()) == 501


def test_a_ledger_keeps_its_network_whatever_the_settings_say_by_now(tmp_path: Path) -> None:
    """Who is asked is asked for the network of the ledger; else a good peer would get the blame."""
    home = Home(tmp_path, "ann")
    node = Node(home.node.places, Settings(network="other"), clock=home.node.clock, identity="ann")
    peer = over_http(node)(Contact("bob", "http://127.0.0.1:9"))
    assert isinstance(peer, HttpPeer)
    assert peer._network == "main"
    node.close()
    home.close()
