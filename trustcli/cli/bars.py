"""Scores and reasons drawn on a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from trustcli.cli import shown
from trustcli.node.asking import Inquiry, Scored
from trustcli.safe import safe
from trustcli.timing import day

_SUBJECT = 11  # least cells of a subject: on the narrowest terminal a URI is a few lines
_ENOUGH = 66  # cells of a terminal on which the scale fits beside it
_WIDTH = 21  # cells of the scale from 1 to 5: one for each fifth of a star


def scores(console: Console, inquiry: Inquiry, found: list[Scored]) -> None:
    """Draw one line a subject: its score as a point on its range, and who is for and against."""
    asked = inquiry.asked
    stars = inquiry.model.unit == "stars"
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("subject", overflow="fold", min_width=_SUBJECT)
    table.add_column("score", justify="right")
    scale = console.width >= _ENOUGH
    if scale:
        table.add_column("1    2    3    4    5" if stars else "share", no_wrap=True)
    table.add_column("raters", justify="right")
    table.add_column("for", justify="right", style="green")
    table.add_column("against", justify="right", style="red")
    largest = max((scored.score.value or 0 for scored in found), default=1) or 1
    for scored in found:
        score = scored.score
        drawn = _range(scored) if stars else _bar((score.value or 0) / largest)
        table.add_row(
            Text(safe(scored.subject.label)),
            Text(shown.number(score.value, inquiry.model.unit), style="bold"),
            *([drawn] if scale else []),
            str(score.raters),
            str(score.praise),
            str(score.blame),
        )
    console.print(table)
    seen = inquiry.book.label(asked.viewpoint)
    about = f" · {asked.category}" if asked.category else ""
    console.print(
        Text(f"as seen by {safe(seen)} · {day(asked.as_of)} · model {asked.model}{about}", style="dim")
    )


def reasons(console: Console, data: dict[str, Any], title: str) -> None:
    """Draw the chains that lead to a score, heaviest first, and what was left out."""
    tree = Tree(Text(title, style="bold"))
    for term in data["terms"]:
        chain = " → ".join(safe(name) for name in term["path"])
        line = Text(f"{chain}  ")
        line.append(f"{shown.stars(term['value'])} {term['value']:.1f}", style=_colour(term["value"]))
        line.append(f"  weight {term['weight']:.2f} {'▇' * max(1, round(term['share'] * 10))}", style="dim")
        line.append(f"  {term['age_days']:.0f} d", style="dim")
        tree.add(line)
    unit = data["unit"]
    if data["parts"]:
        base = " to three stars" if unit == "stars" else ""
        sums = tree.add(Text(f"what each factor adds{base}", style="dim"))
        for one in data["parts"]:
            style = _colour(3 + one[unit]) if unit == "stars" else "green" if one[unit] >= 0 else "red"
            sums.add(Text(f"{shown.part(one, unit)}  {safe(one['factor'])}", style=style))
    if data["facts"] or (data["parts"] and data["deviation"] is not None):
        also = tree.add(Text("what else decided", style="dim"))
        for one in data["facts"]:
            also.add(Text(f"{one['value']:.4g}  {safe(one['name'])}", style="dim"))
        if data["deviation"] is not None:
            also.add(Text(f"± {data['deviation']:.2f}  deviation of {data['expected']:.1f}", style="dim"))
    counts = data["ignored_because"]
    if counts:
        left = tree.add(Text("left out", style="dim"))
        for because, count in counts.items():
            left.add(Text(f"{count} {because}", style="dim"))
    console.print(tree)


def _range(scored: Scored) -> Text:
    score = scored.score
    line = Text("·" * _WIDTH, style="dim")
    if score.value is None or score.low is None or score.high is None:
        return Text("unknown".ljust(_WIDTH), style="dim")
    low, point, high = (_cell(value) for value in (score.low, score.value, score.high))
    line = Text("·" * low, style="dim")
    line.append("─" * (high - low + 1), style=_colour(score.value))
    line.append("·" * (_WIDTH - high - 1), style="dim")
    text = line.plain[:point] + "●" + line.plain[point + 1 :]
    drawn = Text(text, style="dim")
    drawn.stylize(_colour(score.value), low, high + 1)
    drawn.stylize(f"bold {_colour(score.value)}", point, point + 1)
    return drawn


def _bar(share: float) -> Text:
    return Text("█" * max(1, round(share * _WIDTH)), style="cyan")


def _cell(stars: float) -> int:
    return round((stars - 1) / 4 * (_WIDTH - 1))


def _colour(stars: float) -> str:
    return "green" if stars >= 3.5 else "yellow" if stars >= 2.5 else "red"
