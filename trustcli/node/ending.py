"""The end of own keys: what a key signs once it is retired or compromised counts for nobody."""

from __future__ import annotations

from trustcli.errors import KeyProblem
from trustcli.records.key import RETIRE
from trustcli.succession import Succession
from trustcli.timing import rfc3339
from trustcli.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.node import Node

_ALWAYS = 2**62  # an own key has ended whatever this clock says of the record that ends it


class End(NamedTuple):
    """From when on (Unix ms) a key's word does not count, and how it came: `retired` or `compromised`."""

    at: int
    how: str

    def __str__(self) -> str:
        return f"{self.how} on {rfc3339(self.at)}"


def end_of(node: Node, key: str) -> End | None:
    """Return when and how a key ended, None for one that goes on."""
    reader = node.ledger.reader()
    number = reader.node(key) if reader.has_keys else None
    found = None if number is None else Succession(reader, _ALWAYS).end_of(number)
    return None if found is None else End(found[0], "retired" if found[1] == RETIRE else "compromised")


def has_ended(node: Node, key: str, at: int) -> bool:
    """Say whether what a key signs with the date `at` is past its end."""
    end = end_of(node, key)
    return end is not None and at >= end.at


def refuse_ended(node: Node, key: str, at: int) -> None:
    """Refuse to sign with the date `at` past the end of an own key.

    Raises:
        KeyProblem: it would count for nobody.
    """
    end = end_of(node, key)
    if end is not None and at >= end.at:
        raise KeyProblem(
            f"{node.name_of(key)!r} was {end}: what it signs since does not count",
            hint=way_on(node, key),
            code="key_ended",
        )


def way_on(node: Node, key: str) -> str:
    """Return what to do instead of signing with an own key that has ended."""
    if key != node.me:
        return "rate anew: what the key in use says later replaces it"
    reader = node.ledger.reader()
    heir = reader.name(Succession(reader, _ALWAYS).current(reader.number(key)))
    names = [name for name, own in node.keys.dids().items() if own == heir != key]
    return f"trust id use {names[0]}" if names else "trust keygen NAME, then trust id use NAME"
