"""`trust help`."""

from __future__ import annotations

from trustcli.cli import pages, topics
from trustcli.cli.declare import Reply, argument
from trustcli.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trustcli.cli.session import Session


def help_(
    session: Session,
    *,
    topic: list[str] = argument("[TOPIC|COMMAND...]", f"{', '.join(topics.TOPICS)}, or a command", many=True),
) -> Reply:
    """Show the page of a command or topic."""
    if len(topic) == 1 and topic[0] in topics.TOPICS:
        text: str | None = topics.text(topic[0])
    else:
        text = pages.find(topic)
    if text is None:
        raise UsageError(f"no topic {' '.join(topic)!r}", hint=f"topics: {', '.join(topics.TOPICS)}")
    return Reply("help", data={"topic": " ".join(topic), "text": text}, text=[text])
