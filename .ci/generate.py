"""Write everything that is made from the command tree, or (--check) say what is stale.

    .ci/generate.py [--check] [--root DIR]

Help pages (trustcli/cli/help), manual pages (man), completion scripts (completions) and the table of
exit codes (docs/exit-codes.md). They are committed; CI runs --check, which prints each file that is
stale, missing or left over, and exits 1. The same declarations give the same bytes, on any day.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from generators import bash, docs, fish, roff, text, zsh  # noqa: E402  they need the path above

HELP = "trustcli/cli/help"
OWN = (f"{HELP}/*", "man/*", "completions/*", "docs/exit-codes.md")
"""Where nothing lies but what is made here."""


def outputs() -> dict[str, str]:
    """Return the text of every generated file by its path below the root."""
    return {
        **{f"{HELP}/{name}": page for name, page in text.pages().items()},
        **{f"man/{name}": page for name, page in roff.pages().items()},
        "completions/trust.bash": bash.script(),
        "completions/_trust": zsh.script(),
        "completions/trust.fish": fish.script(),
        "docs/exit-codes.md": docs.exit_codes(),
    }


def stale(root: Path) -> list[str]:
    """Return the paths of files that differ, are missing, or should not be there."""
    wanted = {path: page.encode() for path, page in outputs().items()}
    there = {str(path.relative_to(root)): path.read_bytes() for path in present(root)}
    return sorted(path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))


def present(root: Path) -> list[Path]:
    """Return the files where generated ones lie."""
    return [path for pattern in OWN for path in root.glob(pattern) if path.is_file()]


def write(root: Path) -> None:
    """Write every file that is stale, and remove those left over."""
    wanted = outputs()
    for path in stale(root):
        file = root / path
        if path in wanted:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(wanted[path].encode())
        else:
            file.unlink()
        print(path)


def main(argv: list[str] | None = None) -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="the directory to write below")
    given = parser.parse_args(argv)
    if not given.check:
        write(given.root)
        return 0
    found = stale(given.root)
    for path in found:
        print(f"stale: {path}")
    if found:
        print("run .ci/generate.py", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
