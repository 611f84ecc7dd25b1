"""`trust observe`."""

from __future__ import annotations

from trustcli.cli.declare import Reply, argument, option
from trustcli.cli.standing_ import HEAD, cells, data
from trustcli.node import standing
from trustcli.safe import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def observe(
    session: Session,
    *,
    subject: str = argument("SUBJECT", "whom: a name, key or URI", complete="names"),
    what: str = argument("ok|fail|SCORE", "how it went: ok, fail, or 0 to 10000"),
    weight: int = option(
        "--weight", help="count it so many times, 1 to 100", kind=int, default=1, metavar="N"
    ),
    note: str | None = option("--note", help="why; for yourself", metavar="TEXT"),
) -> Reply:
    """Note what you have seen of somebody yourself. It never leaves this machine.

    Observations make the private table by which rounds weigh what others say; ratings, signed and
    for everybody, are another thing: `trust rate`.

    Examples:
      trust observe bob ok
      trust observe bob fail --weight 3 --note "late again"
      trust observe bob 7500
    """
    placed = standing.observe(session.node, subject, what, weight=weight, note=note)
    return Reply(
        "observe",
        data=data(placed),
        head=HEAD,
        rows=[cells(placed, session.node.clock())],
        next=f"trust standing {word(placed.subject.word)}",
    )
