"""`trust simulate market`."""

from __future__ import annotations

import codecs
import os

from trustcli.cli.declare import Reply, at_least, option, refuse_idle
from trustcli.cli.drawing import check_target, with_picture
from trustcli.cli.shown import exact
from trustcli.errors import BadInput, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.simulate.lines import Panel
    from trustcli.simulate.market import Plan, Row

_SHARES = "0,10,20,30,40,50,60,70"
_MODELS = "stars,beta,bias,eigentrust,rev2,hybrid"
_HEAD = (
    "BEHAVIOUR",
    "SHARE",
    "MODEL",
    "GOOD",
    "CEILING",
    "OF CEILING",
    "INFORMED",
    "ALONE",
    "BY LOT",
    "GAIN",
    "SECONDS",
)


def market(
    session: Session,
    *,
    behaviour: list[str] = option(
        "--behaviour",
        help="what attackers do: purely (default), feedback, provider, disguised, sybil, camouflage, traitor,"
        " whitewash, clique, slander; a,b or all",
        many=True,
        metavar="NAME",
    ),
    model: list[str] = option(
        "--model",
        help=f"models: a,b,c or all, assemblies among them; default {_MODELS}",
        many=True,
        metavar="M",
    ),
    shares: str = option(
        "--shares", help=f"percent of peers that attack; default {_SHARES}", default=_SHARES, metavar="P,P"
    ),
    peers: int = option("--peers", help="how many peers; default 25", kind=int, default=25, metavar="N"),
    rounds: int = option(
        "--rounds", help="services each peer asks for; default 400", kind=int, default=400, metavar="R"
    ),
    offers: int = option(
        "--offers", help="providers each request can choose from; default 4", kind=int, default=4, metavar="K"
    ),
    warm_up: int = option(
        "--warm-up", help="first rounds that do not count; default 0", kind=int, default=0, metavar="R"
    ),
    pre_trusted: int = option(
        "--pre-trusted",
        help="honest peers that everybody trusts from the start; default 5",
        kind=int,
        default=5,
        metavar="N",
    ),
    seed: int = option(
        "--seed", help="the same seed gives the same run; default 1", kind=int, default=1, metavar="S"
    ),
    seeds: int = option(
        "--seeds", help="run so many markets, from --seed on", kind=int, default=1, metavar="N"
    ),
    trace: str | None = option(
        "--trace",
        help="replay a QTM trace instead: its users, files and requests",
        metavar="FILE",
        complete="files",
    ),
    output: str | None = option(
        "--output",
        help="draw the curves as SVG to FILE (never overwritten), - for stdout",
        metavar="FILE",
        complete="files",
    ),
) -> Reply:
    """Let attackers into a market, and show which trust model still finds good service.

    GOOD is the share of good services among those that honest peers received; CEILING what an oracle
    achieves, INFORMED what one can learn who is told who lies, ALONE what each peer does by its own
    dealings, BY LOT what blind choice does. GAIN is what attackers took of honest business, over what
    blind choice would give them: below 1 they are kept off. Sizes are those of the QTM simulator
    (25 users, 10,000 transactions, 4 sources each, 5 pre-trusted). A market is harsher when it is short.

    Examples:
      trust simulate market --behaviour slander --model beta,hybrid
      trust simulate market --behaviour all --shares 0,30,50 --output market.svg
      trust simulate market --peers 40 --rounds 40 --warm-up 5 --pre-trusted 0
      trust simulate market --trace trace_0.trace --json
    """
    check_target(output)
    at_least(2, peers=peers)
    at_least(1, rounds=rounds, offers=offers, seeds=seeds)
    at_least(0, warm_up=warm_up, pre_trusted=pre_trusted)
    if trace is not None:  # it says all this
        refuse_idle(
            market, "with --trace", "leave out --trace", behaviour=behaviour, shares=shares, peers=peers,
            rounds=rounds, offers=offers, warm_up=warm_up, pre_trusted=pre_trusted, seeds=seeds,
        )  # fmt: skip
    models = _models(model)
    from trustcli.simulate.market import Plan  # noqa: PLC0415  numpy is for those who ask

    plan = Plan(peers, rounds, offers, seed, seeds, warm_up, pre_trusted)
    if trace is not None:
        rows, about = list(_replayed(session, trace, models, seed)), os.path.basename(trace)
    else:
        if warm_up >= rounds:
            raise UsageError(
                f"--warm-up leaves nothing of {rounds} rounds", hint="lower it, or raise --rounds"
            )
        rows = _measured(session, plan, _behaviours(behaviour), models, _parts(shares, peers))
        about = f"{peers} peers, {rounds} rounds, seed {seed}"
    data: dict[str, Any] = {
        **plan._asdict(), "trace": trace, "rows": [_data(row) for row in rows], "output": None,
    }  # fmt: skip
    reply = Reply("simulate-market", data=data, head=_HEAD, rows=[_cells(row) for row in rows])
    return with_picture(reply, "output", output, lambda: _draw(rows, about))


def _models(given: list[str]) -> list[str]:
    from trustcli.models.arrays import ARRAYS  # noqa: PLC0415
    from trustcli.simulate.choosing import ASSEMBLIES, chooser  # noqa: PLC0415

    words = [word for text in given or [_MODELS] for word in text.split(",") if word]
    names = list(
        dict.fromkeys(name for word in words for name in ((*ARRAYS, ASSEMBLIES) if word == "all" else [word]))
    )
    if not names:
        raise UsageError("--model names no model", hint=f"--model {_MODELS}")
    for name in names:
        chooser(name)  # or there is none
    return names


def _behaviours(given: list[str]) -> list[str]:
    from trustcli.simulate.behaviours import BEHAVIOURS  # noqa: PLC0415

    words = [word for text in given or ["purely"] for word in text.split(",") if word]
    names = list(dict.fromkeys(name for word in words for name in (BEHAVIOURS if word == "all" else [word])))
    for name in names or [""]:
        if name not in BEHAVIOURS:
            raise UsageError(f"no behaviour {name!r}", hint=f"one of: all, {', '.join(BEHAVIOURS)}")
    return names


def _parts(text: str, peers: int) -> list[float]:
    """Return shares 0..0.95 of a list of percents, each of which leaves somebody honest."""
    try:
        percents = [float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(
            f"--shares is a list of percents, not {text!r}", hint=f"--shares {_SHARES}"
        ) from None
    if not all(0 <= percent <= 95 for percent in percents):
        raise UsageError("--shares are 0 to 95 percent: somebody must be honest", hint=f"--shares {_SHARES}")
    shares = [percent / 100 for percent in dict.fromkeys(percents)]
    for share in shares:
        if round(share * peers) >= peers:
            raise UsageError(
                f"{share:.0%} of {peers} peers is all of them: somebody must be honest",
                hint="a smaller share, or more --peers",
            )
    return shares


def _measured(
    session: Session, plan: Plan, names: list[str], models: list[str], shares: list[float]
) -> list[Row]:
    from trustcli.simulate.market import measure  # noqa: PLC0415

    progress = session.progress("trading")
    rows: list[Row] = []
    for row in measure(plan, names, models, shares, _seconds):
        rows.append(row)
        if progress:
            progress(len(rows), len(names) * len(models) * len(shares))
    return rows


def _replayed(session: Session, path: str, models: list[str], seed: int) -> Iterator[Row]:
    from trustcli.simulate import replay  # noqa: PLC0415

    try:
        found = replay.read(codecs.iterdecode(session.open(path), "utf-8"))
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8", hint="a QTM trace is plain text") from None
    yield from replay.measure(found, models, seed, _seconds)


def _seconds() -> float:
    from trustcli.cli.session import now  # noqa: PLC0415  the one clock

    return now() / 1000


def _data(row: Row) -> dict[str, Any]:
    figures = ("effectiveness", "ceiling", "informed", "alone", "floor", "of_ceiling", "gain", "seconds")
    return {**row._asdict(), **{name: exact(getattr(row, name)) for name in figures}}


def _cells(row: Row) -> tuple[str, ...]:
    shares = (row.effectiveness, row.ceiling, row.of_ceiling, row.informed, row.alone, row.floor)
    gain = "-" if row.gain is None else f"{row.gain:.2f}"
    cells = [f"{share:.1%}" for share in shares]
    return (row.behaviour, f"{row.share:.0%}", row.model, *cells, gain, f"{row.seconds:.1f}")


def _draw(rows: Sequence[Row], about: str) -> str:
    from trustcli.simulate import lines  # noqa: PLC0415

    panels = [
        _panel([row for row in rows if row.behaviour == name])
        for name in dict.fromkeys(row.behaviour for row in rows)
    ]
    return lines.draw(f"Good service by share of attackers: {about}", panels)


def _panel(rows: Sequence[Row]) -> Panel:
    from trustcli.simulate.behaviours import BEHAVIOURS  # noqa: PLC0415
    from trustcli.simulate.lines import Curve, Panel  # noqa: PLC0415

    first = [row for row in rows if row.model == rows[0].model]
    curves = [
        Curve(model, [(row.share, row.effectiveness) for row in rows if row.model == model])
        for model in dict.fromkeys(row.model for row in rows)
    ]
    curves += [
        Curve(name, [(row.share, getattr(row, column)) for row in first], bound=True)
        for name, column in (
            ("ceiling", "ceiling"),
            ("knowing liars", "informed"),
            ("alone", "alone"),
            ("by lot", "floor"),
        )
    ]
    known = BEHAVIOURS.get(rows[0].behaviour)
    return Panel(
        known.title if known else rows[0].behaviour,
        "share of peers that attack",
        "good services to honest peers",
        curves,
        [(row.share, f"{row.share:.0%}") for row in first],
    )
