"""Pictures of simulated rounds as SVG: how many agreed how often, and agreement against scorings."""

from __future__ import annotations

from collections import Counter

from trustcli.pictures.markup import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT, _LEFT, _TOP, _FOOT = 720, 300, 56, 56, 48
_STYLE = (
    "<style>.r{--paper:#fff;--ink:#1c2430;--soft:#5b6675;--bar:#2f6fb2;color-scheme:light dark}"
    "@media(prefers-color-scheme:dark){.r{--paper:#12161c;--ink:#e8edf3;--soft:#9aa7b6;--bar:#6ea8e0}}"
    ".r .paper{fill:var(--paper)}.r .ink{fill:var(--ink)}.r .soft{fill:var(--soft)}.r .bar{fill:var(--bar)}"
    ".r .line{stroke:var(--bar)}.r .rule{stroke:var(--soft)}</style>"
)


def draw(
    title: str, nodes: int, largest: Sequence[int], curve: Sequence[tuple[int, float, float]] = ()
) -> str:
    """Return one SVG document.

    Args:
        largest: the size of the largest group, by round.
        curve: (scorings, mean share agreeing by scoring alone, and after the final synchronisation).
    """
    parts = [_bars(nodes, largest)]
    height = _TOP + _HEIGHT + _FOOT
    if curve:
        parts.append(f'<g transform="translate(0 {height})">{_curve(curve)}</g>')
        height *= 2
    total = _WIDTH + _LEFT + 24
    return (
        f'<svg class="r" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height}" role="img"'
        f' font-family="system-ui, sans-serif" font-size="13"><title>{escaped(title)}</title>{_STYLE}'
        f'<rect class="paper" width="{total}" height="{height}" fill="#fff"/>'
        f'<text class="ink" x="{_LEFT}" y="30" font-size="16" fill="#1c2430">{escaped(title)}</text>'
        f"{''.join(parts)}</svg>\n"
    )


def _bars(nodes: int, largest: Sequence[int]) -> str:
    counts = Counter(largest)
    most = max(counts.values(), default=1)
    first = min(counts, default=0)
    slots = max(1, nodes - first + 1)
    wide = _WIDTH / slots
    parts = []
    for size, count in sorted(counts.items()):
        high = _HEIGHT * count / most
        x = _LEFT + (size - first) * wide
        parts.append(
            f'<rect class="bar" x="{x + wide * 0.1:.1f}" y="{_TOP + _HEIGHT - high:.1f}"'
            f' width="{wide * 0.8:.1f}" height="{high:.1f}" fill="#2f6fb2">'
            f"<title>{size} of {nodes} nodes: {count} rounds</title></rect>"
            + _text(x + wide / 2, _TOP + _HEIGHT - high - 6, str(count))
            + _text(x + wide / 2, _TOP + _HEIGHT + 18, str(size))
        )
    return "".join(parts) + _axis("nodes that agreed", "rounds")


def _curve(curve: Sequence[tuple[int, float, float]]) -> str:
    highest = max(scorings for scorings, _, _ in curve)
    parts = []
    for column, dashes in ((1, "5 4"), (2, "none")):
        points = " ".join(
            f"{_LEFT + _WIDTH * row[0] / highest:.1f},{_TOP + _HEIGHT * (1 - row[column]):.1f}"
            for row in curve
        )
        parts.append(
            f'<polyline class="line" points="{points}" fill="none" stroke="#2f6fb2" stroke-width="2"'
            f' stroke-dasharray="{dashes}"/>'
        )
    parts += [
        _text(_LEFT + _WIDTH * scorings / highest, _TOP + _HEIGHT + 18, str(scorings))
        for scorings, _, _ in curve
    ]
    return "".join(parts) + _axis(
        "scorings a proposal (dashed: scoring alone; solid: with final synchronisation)", "share that agrees"
    )


def _axis(below: str, beside: str) -> str:
    bottom = _TOP + _HEIGHT
    return (
        f'<path class="rule" d="M{_LEFT} {bottom}h{_WIDTH}" stroke="#5b6675"/>'
        f'<text class="soft" x="{_LEFT + _WIDTH / 2}" y="{bottom + 38}" text-anchor="middle"'
        f' fill="#5b6675">{escaped(below)}</text>'
        f'<text class="soft" x="{_LEFT}" y="{_TOP - 8}" fill="#5b6675">{escaped(beside)}</text>'
    )


def _text(x: float, y: float, text: str) -> str:
    return f'<text class="ink" x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="#1c2430">{text}</text>'
