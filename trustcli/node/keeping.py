"""What a light node keeps of what it is given: its subjects, and whoever its judgement of them rests on.

It asks for just that, so this is only about what it did not ask for: a peer cannot fill its disk.
"""

from __future__ import annotations

from trustcli.records.roles import LIGHT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trustcli.ledger import Ledger
    from trustcli.node import Node
    from trustcli.records.envelope import Record

    Keeps = Callable[[Sequence[Record]], list[Record]]
    """Returns those of some records that a node keeps."""


def keeps(node: Node, ledger: Ledger) -> Keeps | None:
    """Return what a light node keeps by, None for other roles: they keep everything."""
    if node.settings.role != LIGHT:
        return None
    names = {*node.settings.subjects, *node.keys.dids().values()}
    return lambda records: _mine(records, names, ledger)


def _mine(records: Sequence[Record], names: set[str], ledger: Ledger) -> list[Record]:
    """Return the records whose subject, or author, matters; in any order, one may be why another does."""
    known = names | ledger.known_names({name for record in records for name in _about(record)})
    kept = [record for record in records if record.kind == "announce"]  # else nobody could be dialled
    left = [record for record in records if record.kind != "announce"]
    while found := [record for record in left if not known.isdisjoint(_about(record))]:
        kept += found
        known |= {record.author for record in found}
        left = [record for record in left if known.isdisjoint(_about(record))]
        if not left:
            break
    return kept


def _about(record: Record) -> set[str]:
    """Return the names for whose sake a record is kept: whom it rates, or who speaks of itself."""
    subject = record.body.get("subject")
    return {subject} if isinstance(subject, str) else {record.author}
