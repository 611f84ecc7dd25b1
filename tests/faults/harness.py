"""Runs a program under one fault of the disk or the power supply, by means of shim.c."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import trustcli

HERE = Path(__file__).parent
INGEST = str(HERE / "ingest.py")
MARK = "FAULT"  # the line shim.c writes to stdout when a call first fails
KILLED = -9


class Fault(NamedTuple):
    """What happens (`mode`, see shim.c) at which I/O call (`at`, from 1)."""

    mode: str
    at: int = 0
    seed: int = 0


class Run(NamedTuple):
    """How the program fared.

    `code` is its exit code, or minus the signal that ended it; `calls` counts its I/O calls;
    `acknowledged` holds the ids on its stdout, `late` those of them printed after a call had failed.
    """

    code: int
    acknowledged: list[str]
    late: list[str]
    injected: bool
    calls: int
    stderr: str


def has_compiler() -> bool:
    """Say whether `compile_shim` can work here: Linux with a C compiler."""
    return sys.platform == "linux" and shutil.which("cc") is not None


def compile_shim(directory: Path) -> Path:
    """Compile shim.c into `directory` and return the library's path."""
    library = directory / "shim.so"
    command = ["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", str(library)]
    subprocess.run([*command, str(HERE / "shim.c"), "-ldl"], check=True)
    return library


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment for a child that is to import the same trustcli."""
    root = str(Path(trustcli.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": root, **more}


def run(shim: Path, directory: Path, fault: Fault, arguments: Sequence[str]) -> Run:
    """Run `python arguments…` with `fault` on the files below `directory`, which must exist.

    Its neighbours `<directory>.report*` are the shim's own.
    """
    directory = directory.resolve()
    report = directory.with_name(directory.name + ".report")
    report.unlink(missing_ok=True)
    settings = environment(
        LD_PRELOAD=str(shim), FAULT_MODE=fault.mode, FAULT_AT=str(fault.at), FAULT_SEED=str(fault.seed),
        FAULT_DIR=str(directory), FAULT_REPORT=str(report),
    )  # fmt: skip
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=False)
    calls, injected = (int(word) for word in report.read_text().split())
    before, _, after = done.stdout.partition(MARK + "\n")
    return Run(done.returncode, _ids(before + after), _ids(after), injected > 0, calls, done.stderr)


def _ids(output: str) -> list[str]:
    """Return the complete lines; a line cut short by the end of the program says nothing."""
    return [line.rstrip("\n") for line in output.splitlines(keepends=True) if line.endswith("\n")]


def spread(calls: int, count: int, offset: int = 0) -> list[int]:
    """Return `count` call numbers (fewer if there are fewer calls) evenly over 1…calls."""
    count = min(count, calls)
    return [1 + (index * calls + offset) // count % calls for index in range(count)]
