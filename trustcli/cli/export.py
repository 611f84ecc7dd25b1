"""`trust export`."""

from __future__ import annotations

import errno
import os

from trustcli import durable
from trustcli.cli.declare import Reply, check_category, flag, option
from trustcli.errors import DiskError, UsageError, WouldOverwrite
from trustcli.node import moving
from trustcli.node.naming import NameBook, one_person
from trustcli.safe import word
from trustcli.timing import past

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trustcli.cli.session import Session


_READABLE = 0o666  # less the umask: what is exported is for others


def export(
    session: Session,
    *,
    output: str | None = option(
        "--output",
        "-o",
        help="write to FILE (never overwritten); default stdout",
        metavar="FILE",
        complete="files",
    ),
    since: str | None = option("--since", help="only records made since TIME", metavar="TIME"),
    subject: str | None = option("--subject", help="only ratings of NAME", metavar="NAME", complete="names"),
    by: str | None = option(
        "--by", help="only records of NAME, under earlier keys too", metavar="NAME", complete="names"
    ),
    category: str | None = option("--category", "-c", help="only ratings in this category", metavar="C"),
    kind: str | None = option("--kind", help="only this kind", metavar="KIND"),
    include_private: bool = flag(
        "--include-private", help="your private ratings too: for a machine of your own"
    ),
    dry_run: bool = flag("--dry-run", "-n", help="say what would be exported"),
) -> Reply:
    """Write records as a bundle that others can import and verify, by mail, stick or web.

    Names, weights, blocks and drafts never leave; private ratings only when you ask for it.

    Examples:
      trust export -o ratings.ndjson
      trust export --by me --since 7d | ssh host trust import -
    """
    check_category(category)
    node = session.node
    book = NameBook(node)
    if include_private and not session.options["yes"]:
        raise UsageError(
            "a bundle with private ratings is for your own machines only", hint="say so with --yes"
        )
    wanted = moving.Filter(
        None if since is None else past(since, node.clock()),
        None if subject is None else book.get(subject).id,
        None if by is None else one_person(node, book.get(by).id),
        category,
        kind,
    )
    lines = moving.export(node, wanted, include_private=include_private)
    target = None if output == "-" else output
    if dry_run or target:
        manifest = next(lines)
        import json  # noqa: PLC0415

        data = json.loads(manifest)
        if dry_run:
            return Reply("export", data=data, rows=[("would export", f"{data['records']} records")])
        assert target
        size = written(target, _joined(manifest, lines))
        row = ("exported", f"{data['records']} records", target)
        return Reply(
            "export",
            data={**data, "file": target, "bytes": size},
            rows=[row],
            next=f"trust import {word(target)}",
        )
    return Reply("export", text=(line.decode() + "\n" for line in lines), is_json=True)


def check_new(path: str) -> None:
    """Refuse a path at which no new file can be made.

    Raises:
        UsageError, WouldOverwrite, DiskError.
    """
    folder, name = os.path.split(path)
    folder = os.path.join(folder or ".", "")  # with a slash at its end it is a folder, or none
    if not name:
        raise UsageError(f"{path!r} names no file", hint="give a new file a name")
    if os.path.lexists(path):
        raise WouldOverwrite(f"{path} exists already")
    try:
        os.stat(folder)
    except OSError as problem:
        raise _unwritable(path, problem) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def written(path: str, pieces: Iterator[bytes]) -> int:
    """Write a new file, all of it or none; return its size in bytes.

    Raises:
        WouldOverwrite, DiskError.
    """
    try:
        return durable.write_new(path, pieces, _READABLE)
    except FileExistsError:
        raise WouldOverwrite(f"{path} exists already") from None
    except OSError as problem:
        raise _unwritable(path, problem) from problem


def _unwritable(path: str, problem: OSError) -> DiskError:
    """Return what is wrong, with a hint that fits: a folder that is missing is no fault of the disk."""
    folder = os.path.dirname(path)
    hints = {
        errno.ENOENT: f"make the folder first: mkdir -p {word(folder)}",
        errno.ENOTDIR: f"{folder} is no folder: choose one",
        errno.EACCES: "choose a folder in which you may write",
    }
    return DiskError(f"{path}: {problem.strerror}", hint=hints.get(problem.errno or 0, ""))


def _joined(first: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    yield first + b"\n"
    for line in lines:
        yield line + b"\n"
