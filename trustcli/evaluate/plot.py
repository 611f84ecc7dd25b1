"""The table as a picture: one line a model, its error and its AUC as bars from a common left edge."""

from __future__ import annotations

from trustcli.pictures.markup import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trustcli.evaluate.table import Row

_LINE, _LABEL, _BAR, _GAP, _TOP = 30, 130, 260, 90, 84  # pixels
_BLUE, _GREEN, _INK, _PALE = "#0072b2", "#009e73", "#1c2430", "#e6eaf0"
_ERROR, _AUC = "RMSE: shorter is better", "AUC of blame, from 0.5: longer is better"


def draw(rows: Sequence[Row], title: str) -> str:
    """Return the table as SVG."""
    height = _TOP + _LINE * len(rows) + 20
    width = _LABEL + 2 * (_BAR + _GAP) + 20
    worst = max([row.rmse or 0.0 for row in rows], default=0.0) or 1.0
    right = _LABEL + _BAR + _GAP
    body = [
        f'<text x="20" y="32" font-size="17" font-weight="600">{escaped(title)}</text>',
        f'<text x="{_LABEL}" y="64" fill="{_BLUE}">{_ERROR}</text>',
        f'<text x="{right}" y="64" fill="{_GREEN}">{_AUC}</text>',
    ]
    for number, row in enumerate(rows):
        y = _TOP + _LINE * number
        body.append(f'<text x="20" y="{y + 14}">{escaped(row.model)}</text>')
        body.append(_bar(_LABEL, y, row.rmse, (row.rmse or 0.0) / worst, _BLUE))
        body.append(_bar(right, y, row.auc, 2 * (row.auc or 0.5) - 1, _GREEN))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="system-ui, sans-serif" font-size="13" fill="{_INK}" role="img">'
        f"<title>{escaped(title)}</title>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(body)}</svg>\n'
    )


def _bar(x: int, y: int, figure: float | None, share: float, colour: str) -> str:
    """Return a bar of `share` 0..1 of the room, with its figure; a dash where there is none."""
    length = _BAR * min(max(share, 0.0), 1.0)
    text = "–" if figure is None else f"{figure:.4f}"
    return (
        f'<rect x="{x}" y="{y}" width="{_BAR}" height="18" rx="3" fill="{_PALE}"/>'
        f'<rect x="{x}" y="{y}" width="{length:.1f}" height="18" rx="3" fill="{colour}"/>'
        f'<text x="{x + _BAR + 8}" y="{y + 14}">{text}</text>'
    )
