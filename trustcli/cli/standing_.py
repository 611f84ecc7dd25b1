"""`trust standing`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, option
from trustcli.node import standing as use
from trustcli.node.naming import NameBook
from trustcli.standing import DEFAULT, RULESETS
from trustcli.timing import past, rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.node.standing import Placed

HEAD = ("SUBJECT", "STANDING", "SHARE", "SEEN", "LAST")


def standing(
    session: Session,
    *,
    subjects: list[str] = argument(
        "[SUBJECT...]", "whom; default: everybody observed", many=True, complete="names"
    ),
    rules: str | None = option(
        "--rules",
        help=f"how observations count: {', '.join(RULESETS)}; default {DEFAULT}",
        choices=tuple(RULESETS),
        metavar="NAME",
    ),
    as_of: str | None = option("--as-of", help="as it was then: 2026-11-20, 90d, now-1h", metavar="TIME"),
) -> Reply:
    """Show where others stand with you, by your own observations alone. Private to this machine.

    From 0 to 10,000. It rises slowly with what goes well, falls fast with what does not, and fades in
    silence. No record by anybody else changes it, but evidence that proves itself.

    Examples:
      trust standing
      trust standing bob --rules strict
    """
    node = session.node
    placed = use.standings(node, rules=rules, as_of=None if as_of is None else past(as_of, node.clock()))
    if subjects:
        book = NameBook(node)
        wanted = {book.get(name).id for name in subjects}
        placed = [one for one in placed if one.subject.id in wanted]
    return Reply(
        "standing",
        data={"rules": rules or DEFAULT, "purpose": RULESETS[rules or DEFAULT].purpose, "rows": [data(one) for one in placed]},
        head=HEAD,
        rows=[cells(one, node.clock()) for one in placed],
        next="" if placed else "trust observe NAME ok",
    )  # fmt: skip


def data(placed: Placed) -> dict[str, Any]:
    """Return a standing as JSON."""
    return {
        "subject": placed.subject.id,
        "name": placed.subject.name,
        "standing": placed.value,
        "share": round(placed.share, 6),
        "seen": placed.seen,
        "last": rfc3339(placed.last),
        "banned_until": rfc3339(placed.banned_until) if placed.banned_until else None,
    }


def cells(placed: Placed, now: int) -> tuple[str, ...]:
    """Return a standing as a row."""
    last, until = rfc3339(placed.last), placed.banned_until
    value = f"{placed.value} until {rfc3339(until)[:10]}" if until > now else str(placed.value)
    return placed.subject.label, value, f"{placed.share:.1%}", str(placed.seen), last
