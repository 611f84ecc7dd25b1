"""`trust evaluate`."""

from __future__ import annotations

import codecs
import os

from trustcli.cli.declare import Reply, argument, at_least, flag, option, refuse_idle
from trustcli.cli.drawing import check_target, with_picture
from trustcli.cli.shown import exact
from trustcli.errors import BadInput, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from trustcli.cli.session import Session
    from trustcli.evaluate.dataset import Dataset
    from trustcli.evaluate.table import Labels, Row

RANK = "rank"  # models/arrays.py, which loads numpy
_PROTOCOLS = ("loo", "prequential", "fraud")
_FIGURES = ("rmse", "pcc", "spearman", "mae", "auc", "cold")
_HEAD = ("MODEL", *(name.upper() for name in _FIGURES), "ASKED", "SECONDS")


def evaluate(
    session: Session,
    *,
    dataset: str = argument("DATASET", "a CSV file of ratings; - for stdin", complete="files"),
    protocol: str | None = option(
        "--protocol",
        help="loo: each rating from all others; prequential: from earlier ones (default where there are"
        " times); fraud: labelled nodes",
        choices=_PROTOCOLS,
        metavar="loo|prequential|fraud",
    ),
    model: list[str] = option(
        "--model", help="models: a,b,c or all, the default (trust model ls)", many=True, metavar="M"
    ),
    map_: str = option(
        "--map",
        help="columns by number (from 0) or header: rater=0,subject=1,value=2,time=3; without time there"
        " is no order",
        default="rater=0,subject=1,value=2,time=3",
        metavar="MAP",
    ),
    scale: str = option(
        "--scale", help="lowest and highest value there", default="1..5", metavar="LOW..HIGH"
    ),
    labels: str | None = option(
        "--labels",
        help="for fraud: a CSV of node,label; -1 fraud, 1 benign",
        metavar="FILE",
        complete="files",
    ),
    from_: str | None = option(
        "--from",
        help="for fraud: the node whose view it is, with models that have the eyes of one",
        metavar="NODE",
    ),
    sample: int | None = option(
        "--sample",
        help="ask every model for the same N ratings, evenly spread; default: all, 500 where each takes a"
        " fit or a view of its own",
        kind=int,
        metavar="N",
    ),
    no_self: bool = flag("--no-self", help="leave out nodes that rate themselves; published tables do not"),
    plot: str | None = option(
        "--plot",
        help="draw the table as SVG to FILE (never overwritten), - for stdout",
        metavar="FILE",
        complete="files",
    ),
) -> Reply:
    """Hold trust models against ratings that really happened: error, correlation, AUC, time.

    No model sees the rating that it predicts. The mean, beta and shrunk bias are always in the table:
    what does not beat them is not worth its trouble. Values are mapped to -1..1. Where a model knows
    nothing a mean stands in; models that say an order only have no RMSE and MAE.

    Examples:
      trust evaluate soc-sign-bitcoinotc.csv --scale=-10..10
      trust evaluate otc.csv --scale=-10..10 --protocol loo --model fairness,hybrid
      trust evaluate wsn-RFAnet.csv --map rater=0,subject=1,value=2 --scale=-1..1
      trust evaluate otc.csv --scale=-10..10 --protocol fraud --labels frauds.csv --from 35
    """
    from trustcli.evaluate import table  # noqa: PLC0415  numpy is for those who ask

    check_target(plot)
    at_least(1, sample=1 if sample is None else sample)
    if protocol == table.FRAUD:
        refuse_idle(evaluate, "with --protocol fraud", "choose another protocol", sample=sample)
    else:
        idle: dict[str, object] = {"labels": labels, "from_": from_}
        refuse_idle(evaluate, "without --protocol fraud", "add --protocol fraud", **idle)
    names = table.names(model)
    data = _dataset(session, dataset, map_, scale, selves=not no_self)
    chosen = protocol or (table.PREQUENTIAL if data.timed else table.LOO)
    terms = table.Terms(chosen, sample)
    if chosen == table.FRAUD:
        known = _labels(session, labels, data) if labels else None
        terms = terms._replace(labels=known, eyes=_eyes(from_, data))
    progress = session.progress("evaluating")
    rows: list[Row] = []
    for row in table.rows(data, terms, names, _seconds):
        rows.append(row)
        if progress:
            progress(len(rows), len(names))
    title = f"{os.path.basename(dataset)}, {chosen}: {table.PROTOCOLS[chosen]}"
    title += f", as seen by {from_} where a model has the eyes of one" if terms.eyes is not None else ""
    reply = Reply(
        "evaluate",
        data={"dataset": _facts(dataset, data), "protocol": chosen, "rows": [_data(row) for row in rows]},
        head=_HEAD,
        rows=[_cells(row) for row in rows],
        notes=_notes(rows, data, title, chosen),
    )
    return with_picture(reply, "plot", plot, lambda: _draw(rows, title))


def _dataset(session: Session, path: str, columns: str, scale: str, *, selves: bool) -> Dataset:
    from trustcli.evaluate import dataset  # noqa: PLC0415

    return dataset.read(_lines(session, path), dataset.layout(columns, scale), selves=selves)


def _labels(session: Session, path: str, data: Dataset) -> Labels:
    import numpy as np  # noqa: PLC0415

    from trustcli.evaluate import dataset  # noqa: PLC0415

    nodes, frauds = dataset.read_labels(_lines(session, path), data.names)
    return np.array(nodes, dtype=np.int64), np.array(frauds, dtype=np.bool_)


def _eyes(name: str | None, data: Dataset) -> int | None:
    if name is None:
        return None
    if name not in data.names:
        raise UsageError(f"--from: no node {name!r} in the data", hint="a rater's name there")
    return data.names.index(name)


def _lines(session: Session, path: str) -> Iterator[str]:
    try:
        yield from codecs.iterdecode(session.open(path), "utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8", hint="iconv -t UTF-8") from None


def _seconds() -> float:
    from trustcli.cli.session import now  # noqa: PLC0415  the one clock

    return now() / 1000


def _facts(path: str, data: Dataset) -> dict[str, Any]:
    return {
        "file": path,
        "ratings": len(data.ratings.value),
        "nodes": data.ratings.nodes,
        "selves": data.selves,
        "repeated": data.repeated,
    }


def _data(row: Row) -> dict[str, Any]:
    return {
        **row._asdict(),
        **{name: exact(getattr(row, name)) for name in (*_FIGURES, "seconds")},
    }


def _draw(rows: list[Row], title: str) -> str:
    from trustcli.evaluate import plot  # noqa: PLC0415

    return plot.draw(rows, title)


def _cells(row: Row) -> tuple[str, ...]:
    found = [getattr(row, name) for name in _FIGURES]
    figures = ["-" if figure is None else f"{figure:.4f}" for figure in found]
    return (row.model, *figures, str(row.asked), f"{row.seconds:.1f}")


def _notes(rows: list[Row], data: Dataset, title: str, chosen: str) -> tuple[str, ...]:
    """Return what a reader must know to read the table rightly."""
    most = max(row.asked for row in rows)
    if chosen == "fraud":
        silent = [row.model for row in rows if row.auc is None and row.unknown == row.asked]
        about = {"these have the eyes of one, or know nobody: --from NODE says whose": silent}
    else:
        ranks = [row.model for row in rows if row.unit == RANK]
        few = [f"{row.model} {row.asked}" for row in rows if row.asked < most]
        unsure = [f"{row.model} {row.unknown / row.asked:.0%}" for row in rows if row.unknown]
        about = {
            "an order and no ratings, so no RMSE and MAE": ranks,
            "asked for so many, evenly spread, as each answer takes a fit or a view": few,
            "knew nothing of so many, where a mean stands in": unsure,
        }
    notes = [title, *(f"{what}: {', '.join(models)}" for what, models in about.items() if models)]
    if data.header is not None:
        notes.append(f"line 1 was taken for a header: its value {data.header[:40]!r} is no number")
    if data.repeated:
        notes.append(f"{data.repeated} ratings were replaced by later ones of the same pair")
    return tuple(notes)
