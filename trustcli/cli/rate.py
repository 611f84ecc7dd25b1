"""`trust rate`."""

from __future__ import annotations

from trustcli.cli import shown
from trustcli.cli.declare import Reply, argument, check_category, flag, option, refuse_idle
from trustcli.errors import UsageError, of_parts
from trustcli.node import rating
from trustcli.node.rating import Draft
from trustcli.records.rating import OVERALL
from trustcli.safe import word
from trustcli.timing import future, rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trustcli.cli.session import Session
    from trustcli.node.rating import Rated


def rate(
    session: Session,
    *,
    subject: str | None = argument(
        "[SUBJECT]", "whom: a name, a key or any URI", default=None, complete="names"
    ),
    stars: str | None = argument("[STARS]", "1 to 5, one decimal", default=None),
    category: str = option(
        "--category",
        "-c",
        help="what about: reliability, performance, honesty or any word of yours",
        default=OVERALL,
        metavar="C",
    ),
    reason: str | None = option(
        "--reason", "-m", help="why, for all to read: TEXT, @FILE or - for stdin", metavar="TEXT"
    ),
    evidence: list[str] = option(
        "--evidence", help="a URI that shows it; may be repeated", many=True, metavar="URI"
    ),
    task: str | None = option("--task", help="the task it is about", metavar="ID"),
    expires: str | None = option("--expires", help="stop counting then: 90d, 2027-01-01", metavar="TIME"),
    private: bool = flag("--private", help="keep it on this machine: signed, counted for you, never sent"),
    via_agent: str | None = option("--via-agent", help="a machine made this rating: which", metavar="MODEL"),
    human_guided: bool = flag("--human-guided", help="with --via-agent: a person steered it"),
    new: bool = flag("--new", help="take an unknown name although it is near a known one"),
    strict: bool = flag("--strict", help="refuse names that no key is bound to (66)"),
    dry_run: bool = flag("--dry-run", "-n", help="show what would be signed, store nothing"),
    batch: str | None = option(
        "--batch",
        help='rate from NDJSON, {"subject":…,"stars":4,…} a line; - for stdin',
        metavar="FILE",
        complete="files",
    ),
) -> Reply:
    """Say what you think of somebody: 1 to 5 stars, in one category.

    A later rating of the same subject and category replaces the earlier one. The network is never
    touched. A name that no key is bound to yet is kept here and signed when `trust peer add` binds it.

    Examples:
      trust rate bob 4 --category reliability
      trust rate agent:cursor-agent 2.5 -c honesty -m "made up a test result" --task T-17
      generate-ratings | trust rate --batch -
    """
    node = session.node
    if batch:
        if subject or stars:
            raise UsageError("--batch takes its subjects from the file")
        refuse_idle(
            rate, "with --batch", "rate one at a time", category=category, reason=reason,
            evidence=evidence, task=task, expires=expires, private=private, via_agent=via_agent,
            human_guided=human_guided, new=new, strict=strict,
        )  # fmt: skip
        return _batch(session, batch, dry_run)
    if not subject or not stars:
        raise UsageError("whom, and how many stars?", hint="trust rate bob 4 --category reliability")
    if human_guided and not via_agent:
        raise UsageError("--human-guided goes with --via-agent MODEL")
    check_category(category)
    draft = Draft(
        subject,
        stars,
        category,
        session.line(reason),
        evidence,
        task,
        None if expires is None else _ahead(expires, node.clock()),
        via_agent,
        human_guided,
        private,
    )
    return _reply(rating.rate(node, draft, new=new, strict=strict, dry_run=dry_run), dry_run)


def _ahead(expires: str, now: int) -> int:
    moment = future(expires, now)
    if moment <= now:
        raise UsageError(
            f"--expires {expires}: that is over, so the rating would never count", hint="--expires 90d"
        )
    return moment


def _reply(rated: Rated, dry_run: bool) -> Reply:
    value = rated.body["value"]
    assert isinstance(value, int)
    name, category = rated.subject.label, str(rated.body["category"])
    state = "waiting" if rated.record is None else "private" if rated.private else "signed"
    data = {
        "record": f"sha256:{rated.record}" if rated.record else None,
        "kind": "rating",
        "rater": rated.rater,
        "subject": rated.subject.id if rated.subject.bound else None,
        "subject_name": rated.subject.name,
        "category": category,
        "value": value,
        "decimals": 1,
        "created": rfc3339(rated.created),
        "expires": shown.moment(rated.body.get("expires")),
        "reason": rated.body.get("reason"),
        "evidence": rated.body.get("evidence", []),
        "task": rated.body.get("task"),
        "via": rated.body.get("via"),
        "private": rated.private,
        "bound": rated.subject.bound,
        "state": state,
        "dry_run": dry_run,
    }
    record = f"record {rated.record[:8]}" if rated.record else "no record yet"
    notes = []
    if dry_run:
        notes.append("dry run: nothing was stored")
    if not rated.subject.bound:
        notes.append(f"{name} has no key yet: kept on this machine, not sent")
    quoted = word(rated.subject.word)
    step = f"trust why {quoted}" if rated.subject.bound else f"trust peer add {quoted} did:key:z6Mk…"
    cells = ("rated", name, shown.stars(value / 10), f"{value / 10:.1f}", category, record)
    return Reply("rate", data=data, rows=[cells], notes=tuple(notes), next=step)


def _batch(session: Session, path: str, dry_run: bool) -> Reply:
    count = {True: 0, False: 0}

    def results() -> Iterator[tuple[dict[str, object], tuple[str, ...]]]:
        with session.open(path) as file:
            for result in rating.rate_batch(session.node, _lines(file), dry_run=dry_run):
                count[bool(result["ok"])] += 1
                yield result, _cells(result)

    return Reply("rate", stream=results(), outcome=lambda: of_parts(count[True], count[False]))


def _lines(file: object) -> Iterator[bytes]:
    limit = rating.MAX_INPUT + 2
    while line := file.readline(limit):  # type: ignore[attr-defined]  # a binary file
        yield line
        while not line.endswith(b"\n") and len(line) == limit:
            line = file.readline(limit)  # type: ignore[attr-defined]  # the rest of a line too long


def _cells(result: dict[str, object]) -> tuple[str, ...]:
    if result["ok"]:
        return (str(result["line"]), "ok", str(result["record"]))
    return (str(result["line"]), str(result["code"]), str(result["message"]))
