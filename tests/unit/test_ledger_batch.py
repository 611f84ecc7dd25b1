"""Batches: records that are stored by columns are the records that were stored one by one."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.network_of_raters import NOW, rating, revocation, rotation, sealed
from trustcli.errors import DiskError
from trustcli.ledger import Ledger
from trustcli.ledger.batch import Batch
from trustcli.ledger.filling import fill
from trustcli.ledger.projection import stage
from trustcli.node.crew import Crew
from trustcli.records import crypto
from trustcli.records.envelope import BEGIN, END

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from trustcli.records.envelope import Record

PLAIN = 1_100  # so many that statements of many rows are used, and one row is over


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    with closing(Ledger.create(str(tmp_path / "ledger.db"))) as made:
        yield made


@pytest.fixture(scope="module")
def plain() -> list[Record]:
    """Return plain ratings by some people of many subjects."""
    return [
        rating(f"p{number % 7}", f"agent:{number % 300}", 1 + number % 40 / 10, at=NOW + number)
        for number in range(PLAIN)
    ]


@pytest.fixture(scope="module")
def mixed(plain: list[Record]) -> list[Record]:
    """Return plain ratings with records of every other sort among them."""
    others = [
        rating("ann", "agent:x", 4, reason="slow, but sure", expires=NOW + 9),
        rating("ann", "agent:ü", 3),
        rating("ann", "otc:2", 2, source="otc:1"),
        rating("bob", "agent:x", 4, machine=True),
        revocation("p1", plain[1]),
        *rotation("ann", "anna"),
        sealed("bob", "greeting", {"hello": "world"}),
    ]
    found = list(plain)
    for place, other in enumerate(others):
        found.insert(place * 97, other)
    return found


def batch_of(records: Sequence[Record], apart: Sequence[int] = ()) -> Batch:
    """Return records as an import reads them from their lines, but for some that are set apart."""
    batch = Batch()
    lines = [record.line for record in records]
    first = 0
    for ids, found in Crew("main", 1).begin(lines, crypto.record_ids([line[BEGIN:END] for line in lines]))():
        assert not found.refused
        batch.add(ids, found, [place - first for place in apart])
        first += len(ids)
    return batch


def tables(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of all that is kept of records, names spelled out."""
    rated = (
        "SELECT s.name, w.text, r.name, created, seq, value, expires, author IS NULL, machine FROM ratings"
        " JOIN nodes s ON s.id = subject JOIN words w ON w.id = category JOIN nodes r ON r.id = rater"
    )
    queries = {
        "records": "SELECT seq, id_hi, id_lo, n.name, w.text, created, received, body, sig FROM records r"
        " JOIN nodes n ON n.id = r.author JOIN words w ON w.id = r.kind ORDER BY seq",
        "ratings": f"{rated} ORDER BY seq",
        "nodes": "SELECT name, records FROM nodes ORDER BY name",
        "revocations": "SELECT id_hi, id_lo, seq, created FROM revocations ORDER BY seq",
        "keys": "SELECT seq, action, at, created FROM keys ORDER BY seq",
    }
    return {name: ledger._db.execute(query).fetchall() for name, query in queries.items()}


def test_columns_store_what_rows_store(ledger: Ledger, tmp_path: Path, mixed: list[Record]) -> None:
    """A batch read from lines and records appended one by one make the same ledger, in the same order."""
    batch = batch_of(mixed)
    assert len(batch.others) == 8
    assert sum(len(chunk.places) for chunk in batch.chunks) == PLAIN
    assert ledger.append_batch(batch, NOW, new_at=ledger.head()) == [True] * len(mixed)
    with closing(Ledger.create(str(tmp_path / "other.db"))) as other:
        other.append(mixed, NOW)
        assert tables(ledger) == tables(other)
        assert ledger.head() == other.head()
    assert [entry.id for entry in ledger.entries()] == [record.id for record in mixed]
    assert ledger.integrity() == []


def test_a_batch_is_what_was_put_into_it(mixed: list[Record]) -> None:
    """One by one, the records of a batch are those that were staged; what is set apart leaves no gap."""
    assert batch_of(mixed).staged() == [stage(record) for record in mixed]
    apart = [0, 1, 500, len(mixed) - 1]
    rest = [record for place, record in enumerate(mixed) if place not in apart]
    batch = batch_of(mixed, apart)
    assert batch.count == len(rest)
    assert batch.staged() == [stage(record) for record in rest]
    assert batch.digests() == [record.digest for record in rest]


def test_what_is_there_is_not_stored_again(ledger: Ledger, mixed: list[Record]) -> None:
    """Records that are known, or come twice in a batch, are told from new ones when they are looked up."""
    ledger.append([mixed[3], mixed[0]], NOW)
    answers = ledger.append_batch(batch_of([*mixed, mixed[5]]), NOW)
    assert answers == [place not in (0, 3) for place in range(len(mixed))] + [False]
    assert ledger.head().records == len(mixed)
    assert ledger.integrity() == []


def test_a_wrong_promise_stores_nothing(ledger: Ledger, plain: list[Record]) -> None:
    """Where records are said to be new and are not, the file itself refuses the whole batch."""
    ledger.append(plain[700:701], NOW)
    before = tables(ledger)
    with pytest.raises(DiskError, match="UNIQUE"):
        ledger.append_batch(batch_of(plain), NOW, new_at=ledger.head())
    assert tables(ledger) == before
    assert all(ledger.append_batch(batch_of(plain[:700]), NOW, new_at=ledger.head()))
    assert ledger.integrity() == []


def test_a_signature_has_64_bytes(ledger: Ledger, plain: list[Record]) -> None:
    """Whether the table looks at it or not."""
    short = [stage(record)._replace(sig=bytes(63)) for record in plain]
    for some in (short, short[:1]):
        with pytest.raises(ValueError, match="64 bytes"):
            ledger.append_staged(some, NOW)
    assert ledger.head().records == 0


@pytest.mark.parametrize("count", [0, 1, 29, 30, 999, 1_000, 1_019, 1_020, 1_021])
def test_fill_stores_every_row(ledger: Ledger, count: int) -> None:
    """However the rows fall into statements."""
    rows = [(f"word {number}",) for number in range(count)]
    fill(ledger._db, "words", "NULL,?", count, iter(rows))
    assert ledger._db.execute("SELECT text FROM words ORDER BY id").fetchall() == rows
    assert ledger._db.execute("PRAGMA ignore_check_constraints").fetchone() == (0,)


def test_names_are_learned_together(ledger: Ledger) -> None:
    """Known, new, and more than one query holds; after a rollback they have no number."""
    nodes, names = ledger._nodes, {f"agent:{number}" for number in range(1_200)}
    ledger._db.execute("BEGIN")
    nodes.learn({"agent:7", "agent:8"})
    nodes.keep()
    nodes.clear()
    nodes.learn(names)
    stored = dict(ledger._db.execute("SELECT name, id FROM nodes"))
    assert {name: nodes[name] for name in names} == stored
    assert sorted(stored.values()) == list(range(1, 1_201))
    ledger._db.execute("ROLLBACK")
    nodes.forget()
    assert names.isdisjoint(nodes)


def test_many_new_names(ledger: Ledger, tmp_path: Path) -> None:
    """Names that are new by the thousand get the rows that each would get; authors the smallest numbers."""
    found = [rating(f"p{number % 7}", f"agent:{number}", 4, at=NOW + number) for number in range(PLAIN)]
    assert all(ledger.append_batch(batch_of(found), NOW))
    with closing(Ledger.create(str(tmp_path / "other.db"))) as other:
        other.append(found, NOW)
        assert tables(ledger) == tables(other)
    (largest,) = ledger._db.execute("SELECT max(author) FROM records").fetchone()
    assert largest == 7
    assert ledger.integrity() == []


def test_a_batch_keeps_a_text_once(plain: list[Record]) -> None:
    """What waits to be stored names its people, subjects and categories by numbers."""
    batch = batch_of(plain)
    assert [*batch.authors.values()] == [*range(7)]
    assert len(batch.subjects) == 300
    assert {type(one) for chunk in batch.chunks for one in chunk.subjects} == {int}


def test_making_a_ledger_does_not_load_numpy(tmp_path: Path) -> None:
    """Although sqlite-utils would; and afterwards whoever needs it can load it."""
    code = (
        "import sys; from trustcli.ledger import Ledger\n"
        f"Ledger.create({str(tmp_path / 'ledger.db')!r}).close()\n"
        "assert 'sqlite_utils' in sys.modules and 'numpy' not in sys.modules\n"
        "import numpy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_thread_may_load_numpy_meanwhile() -> None:
    """What one thread spares itself is there for all others at the same moment."""
    code = (
        "import threading, sys; from trustcli.ledger.schema import _Without\n"
        "def load():\n"
        "    import numpy\n"
        "with _Without('numpy'):\n"
        "    try: load()\n"
        "    except ImportError: pass\n"
        "    else: sys.exit('loaded')\n"
        "    thread = threading.Thread(target=load); thread.start(); thread.join()\n"
        "    assert 'numpy' in sys.modules\n"
        "assert not [one for one in sys.meta_path if isinstance(one, _Without)]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
