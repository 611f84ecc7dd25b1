"""A page of HTML around a picture. No script, nothing loaded."""

from __future__ import annotations

from trustcli.pictures.markup import escaped

_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--soft:#5b6675;--rule:#dde2e8}
@media(prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e8edf3;--soft:#9aa7b6;--rule:#2b333d}}
body{margin:0 auto;max-width:90rem;padding:2rem 1.5rem 4rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}
h1{font-size:1.6rem;line-height:1.2;margin:0}
p,caption{color:var(--soft);margin:.3rem 0 1rem}
figure{margin:0 0 2rem}
figure svg{display:block;width:100%;height:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--rule)}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
td{overflow-wrap:anywhere}
code{display:block;color:var(--soft);font-size:.75rem}
"""


def page(title: str, subtitle: str, picture: str, head: str, rows: str, caption: str = "") -> str:
    """Return a complete page: heading, picture (SVG), and a table of `head` (cells) and `rows`.

    Title and subtitle are plain text; the others are markup.
    """
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escaped(title)}</h1>
<p>{escaped(subtitle)}</p>
<figure>
{picture}</figure>
<table>
{caption}<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</main>
</body>
</html>
"""
