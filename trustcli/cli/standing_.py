"""`trust standing`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, option
from trustcli.node import standing as use
from trustcli.node.naming import NameBook
from trustcli.standing import RULESETS
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
        help=f"how observations count: {', '.join(RULESETS)}; if left out: as the setting standing_rules says",
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
    moment = node.clock() if as_of is None else past(as_of, node.clock())
    applied = use.ruleset(rules or node.settings.standing_rules)
    placed = use.standings(node, rules=applied.name, as_of=moment)
    if subjects:
        book = NameBook(node)
        wanted = {book.get(name).id for name in subjects}
        placed = [one for one in placed if one.subject.id in wanted]
    return Reply(
        "standing",
        data={"rules": applied.name, "purpose": applied.purpose, "rows": [data(one) for one in placed]},
        head=HEAD,
        rows=[cells(one, moment) for one in placed],
        next="" if placed else "trust observe NAME ok",
    )


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


def cells(placed: Placed, moment: int) -> tuple[str, ...]:
    """Return a standing as a row; a ban is shown where it holds at the moment asked about."""
    last, until = rfc3339(placed.last), placed.banned_until
    value = f"{placed.value} until {rfc3339(until)[:10]}" if until > moment else str(placed.value)
    return placed.subject.label, value, f"{placed.share:.1%}", str(placed.seen), last
