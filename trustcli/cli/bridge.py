"""`trust bridge csv`."""

from __future__ import annotations

import codecs

from trustcli.cli.declare import Reply, argument, flag, option
from trustcli.errors import BadInput, of_parts
from trustcli.node import bridging
from trustcli.records.rating import OVERALL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trustcli.cli.session import Session


def csv(
    session: Session,
    *,
    file: str = argument("FILE", "a CSV file; - for stdin", complete="files"),
    system: str | None = option(
        "--system", help="the outside system: its rater 35 becomes SYSTEM:35", metavar="SYSTEM"
    ),
    map_: str = option(
        "--map",
        help="columns by number (from 0) or header: rater=0,subject=1,value=2,time=3",
        default="rater=0,subject=1,value=2,time=3",
        metavar="MAP",
    ),
    scale: str = option(
        "--scale",
        help="lowest and highest value there; mapped to 1..5 stars",
        default="1..5",
        metavar="LOW..HIGH",
    ),
    category: str = option("--category", "-c", help="category of the ratings", default=OVERALL, metavar="C"),
    dry_run: bool = flag("--dry-run", "-n", help="sign nothing, store nothing"),
) -> Reply:
    """Bring the ratings of an outside system in, as records signed by this key.

    They name the outside rater and subject, and count only as far as somebody trusts this key as a
    bridge. Bring the same file twice: nothing is added. A row without a time says what holds now: it
    adds nothing while the newest rating brought says the same, and of several the last counts.

    Examples:
      trust bridge csv soc-sign-bitcoinotc.csv --system otc --scale=-10..10
      trust bridge csv reviews.csv --system shop --map rater=user,subject=seller,value=stars
    """
    how = bridging.mapping(system or "", map_, scale, category)
    found = bridging.bridge(
        session.node, _lines(session, file), how, dry_run=dry_run, progress=session.progress("signing")
    )
    bad = len(found.refused)
    return Reply(
        "bridge-csv",
        data={
            **found._asdict(),
            "refused": [one._asdict() for one in found.refused],
            "system": system,
            "dry_run": dry_run,
        },
        rows=[("bridged", f"{found.added} new", f"{found.known} known", f"{bad} refused")]
        + [("refused", f"line {one.line}", one.code, one.message) for one in found.refused],
        exit=of_parts(found.added + found.known, bad),
        notes=("dry run: nothing was stored",) if dry_run else (),
        next=f"trust score --from {system}:…",
    )


def _lines(session: Session, path: str) -> Iterator[str]:
    try:
        yield from codecs.iterdecode(session.open(path), "utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8", hint="iconv -t UTF-8") from None
