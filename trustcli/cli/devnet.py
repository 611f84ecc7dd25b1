"""`trust devnet`."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager

from trustcli.cli.declare import Reply, at_least, option
from trustcli.cli.drawing import check_target
from trustcli.cli.export import written
from trustcli.cli.network import ago
from trustcli.cli.topology import map_of
from trustcli.errors import NO, OK, UsageError, WouldOverwrite
from trustcli.node.network import survey
from trustcli.pictures import network as pictures
from trustcli.timing import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Self

    from trustcli.cli.session import Session
    from trustcli.node import Clock
    from trustcli.node.devnet import Devnet, NodeState

_MOST = 32  # node processes of one machine
_EVERY = 10.0  # seconds of a round
_PATIENCE = 30.0  # seconds for all nodes to agree
_HEAD = ("NODE", "STATUS", "REPUTATION", "RECORDS", "HEAD", "LAST HEARD", "PEERS", "URL")


def devnet(
    session: Session,
    *,
    nodes: int = option("--nodes", help="how many nodes", kind=int, default=4, metavar="N"),
    for_: str | None = option(
        "--for", help="keep them running so long once they agree; default: stop at once", metavar="TIME"
    ),
    rounds: int = option(
        "--rounds", help="let them decide so many rounds, one every 10 s", kind=int, default=0, metavar="N"
    ),
    picture: str | None = option(
        "--picture",
        help="draw the network as the first node sees it to FILE (.svg, .html, .dot, …)",
        metavar="FILE",
        complete="files",
    ),
    keep: str | None = option(
        "--keep",
        help="make the homes in a new directory DIR and leave them there",
        metavar="DIR",
        complete="files",
    ),
) -> Reply:
    """Start real node processes on this machine, let them rate one another, and watch them agree.

    Each node has a home of its own and listens on a free port of 127.0.0.1; the first is the seed of
    the others. Exit 1 when they do not agree within 30 seconds.

    Examples:
      trust devnet --nodes 4
      trust devnet --nodes 7 --for 10m --keep net
      trust devnet --nodes 5 --rounds 3
    """  # fmt: skip
    if not 2 <= nodes <= _MOST:
        raise UsageError(f"--nodes is 2 to {_MOST}, not {nodes}")
    at_least(0, rounds=rounds)
    if picture and picture.rpartition(".")[2] not in pictures.FORMATS:
        raise UsageError(
            f"no format for {picture}", hint=f"end it with one of: {', '.join(pictures.FORMATS)}"
        )
    if picture and not (keep and _is_in(picture, keep)):  # which is made below
        check_target(picture)
    stay = 0.0 if for_ is None else duration(for_) / 1000
    if keep is None:
        from tempfile import TemporaryDirectory  # noqa: PLC0415

        with _ended_in_order(), TemporaryDirectory(prefix="trust-devnet-") as folder:
            return _run(session, folder, nodes, stay, rounds, picture)
    try:
        os.makedirs(keep, mode=0o700)
    except FileExistsError:
        raise WouldOverwrite(f"{keep} exists already") from None
    with _ended_in_order():
        return _run(session, os.path.abspath(keep), nodes, stay, rounds, picture)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Stop the nodes and tidy up when told to end, or when the terminal closes; not where that is ignored."""

    def end(number: int, _: object) -> None:
        for other in before:
            signal.signal(other, signal.SIG_IGN)  # once is enough: what is under way now must not be cut
        raise SystemExit(128 + number)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, action in before.items():
        if action != signal.SIG_IGN:  # nohup
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _is_in(path: str, folder: str) -> bool:
    return os.path.dirname(os.path.abspath(path)) == os.path.abspath(folder)


def _run(session: Session, folder: str, count: int, stay: float, rounds: int, picture: str | None) -> Reply:
    from trustcli.node.devnet import Devnet  # noqa: PLC0415  this command alone starts processes

    every = _EVERY if rounds else 0.0
    with Devnet(folder, count, session.clock, round_every=every) as net, _Screen(session) as screen:
        screen.say(f"{count} nodes made, each with a key and a home of its own")
        net.start()
        screen.say(f"{count} processes up, each knows the first")
        made = net.rate()
        screen.say(f"{made} ratings signed beside the running daemons, {count - 1} by each node")
        took = net.watch(made + count, _PATIENCE, lambda states: screen.show(_rows(net, states)))
        if took is not None:
            screen.say(f"all {count} hold the same {made + count} records after {took:.1f} s")
            net.rest(stay, lambda states: screen.show(_rows(net, states)))
        decided = _decide(net, screen, rounds, session.clock) if rounds else []
        states = net.states()
        rows = _rows(net, states)
        if picture:
            _picture(net, picture)
            screen.say(f"drawn: {picture}")
        links = {node.name: net.outlooks()[node.did].links for node in net.nodes}
    return Reply(
        "devnet",
        data={
            "nodes": [state._asdict() for state in states],
            "ratings": made,
            "agreed": took is not None,
            "seconds": None if took is None else round(took, 3),
            "rounds": decided,
            "links": {name: list(others) for name, others in links.items()},
            "folder": folder,
        },
        head=_HEAD,
        rows=[
            *rows,
            *(("links", name, *others) for name, others in links.items()),
            *map(_round_row, decided),
        ],
        draw=lambda console: _draw(console, rows, links, decided),
        exit=NO if took is None or any(not one["unanimous"] for one in decided) else OK,
    )


def _picture(net: Devnet, path: str) -> None:
    """Draw the network as the first node sees it, while it is there."""
    node = net.open(net.nodes[0])
    try:
        text = pictures.draw(path.rpartition(".")[2], map_of(node, survey(node)))
    finally:
        node.close()
    written(path, iter([text.encode()]))


def _decide(net: Devnet, screen: _Screen, rounds: int, clock: Clock) -> list[dict[str, Any]]:
    """Wait until all have decided so many rounds with a winner; return each with what the nodes hold.

    All rate all again once a round, so that there is something to propose in the next.
    """
    screen.say(f"rounds every {_EVERY:g} s: proposals, ten scorings, a winner; the first begins in a moment")
    found: list[dict[str, Any]] = []
    begun, rated = clock(), 0

    def look(states: list[NodeState]) -> None:
        held = {node.name: net.decided(node) for node in net.nodes}
        common = sorted(set.intersection(*(set(one) for one in held.values())))
        found[:] = [
            {
                "round": number,
                "winners": {name: one[number] for name, one in held.items()},
                "unanimous": len({one[number] for one in held.values()}) == 1,
            }
            for number in common
            if any(one[number] for one in held.values())
        ][:rounds]
        nonlocal rated
        if clock() - begun >= (rated + 1) * _EVERY * 1000:
            rated += 1
            net.rate()
        screen.show(_rows(net, states))

    net.rest(_EVERY * (rounds + 3), look, lambda: len(found) >= rounds)
    bad = {number for node in net.nodes for number in net.audit(node)}
    for one in found:
        one["audit"] = one["round"] not in bad
    return found


def _round_row(one: dict[str, Any]) -> tuple[str, ...]:
    winners = sorted({winner[:16] or "-" for winner in one["winners"].values()})
    state = "unanimous" if one["unanimous"] else "split"
    return ("round", str(one["round"]), state, "audits pass" if one["audit"] else "an audit fails", *winners)


def _rows(net: Devnet, states: list[NodeState]) -> list[tuple[str, ...]]:
    """Return one row a node; reputation and hearing as the first node sees them (the first: the second)."""
    found = net.outlooks()
    now = net.clock()
    return [
        (
            state.name,
            "ACTIVE" if state.head else "INACTIVE",
            "-" if found[state.did].reputation is None else f"{found[state.did].reputation:.0f}/100",
            "-" if state.records is None else str(state.records),
            (state.head or "-")[:8],
            ago(found[state.did].heard, now),
            str(len(found[state.did].links)),
            state.url,
        )
        for state in states
    ]


class _Screen:
    """The table, live, on a terminal; elsewhere only what is said, on stderr."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._live: Any = None

    def __enter__(self) -> Self:
        if self._session.draws:
            from rich.live import Live  # noqa: PLC0415

            self._live = Live(transient=True, refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> None:
        """Say one line."""
        if self._live is not None:
            self._live.console.print(text)
        elif not self._session.quiet and sys.stderr is not None:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def show(self, rows: list[tuple[str, ...]]) -> None:
        """Show the table as it is now."""
        if self._live is not None:
            self._live.update(_table(rows))


def _table(rows: list[tuple[str, ...]]) -> Any:
    from rich.table import Table  # noqa: PLC0415

    table = Table(*_HEAD, box=None, pad_edge=False, header_style="dim")
    for row in rows:
        table.add_row(*row, style="" if row[1] == "ACTIVE" else "red")
    return table


def _draw(
    console: Any,
    rows: list[tuple[str, ...]],
    links: Mapping[str, tuple[str, ...]],
    decided: list[dict[str, Any]],
) -> None:
    """Draw the table and, below it, who is linked to whom and what was decided."""
    from rich.table import Table  # noqa: PLC0415

    console.print(_table(rows))
    grid = Table(
        "", *links, box=None, pad_edge=False, header_style="dim", title="links", title_justify="left"
    )
    for name, others in links.items():
        grid.add_row(name, *("·" if other == name else "●" if other in others else "" for other in links))
    console.print()
    console.print(grid)
    for one in decided:
        console.print("  ".join(_round_row(one)))
