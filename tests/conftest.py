"""What all tests share: a home of their own, the program as a function, the material beside a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow", action="store_true", help="run the long versions: thousands of fault points, soak"
    )


@pytest.fixture
def slow(request: pytest.FixtureRequest) -> bool:
    """Whether the long versions were asked for."""
    return bool(request.config.getoption("--slow"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of vectors and data beside the checkout; a fresh clone has none."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared beside this checkout: vectors and data are not part of the project")
    return SHARED


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the person who runs the tests is read or written."""
    for name in [name for name in os.environ if name.startswith(("TRUST_", "XDG_"))]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "PYTHONSTARTUP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("TRUST_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def _no_world_stays_open() -> Iterator[None]:
    yield
    builder = sys.modules.get("tests.network_of_raters")
    if builder is not None:
        builder.close_worlds()


class Ran(NamedTuple):
    """What one run of the program did."""

    exit: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def data(self) -> Any:
        """The `data` of a document that says ok."""
        document = self.document
        assert "data" in document, document
        return document["data"]


class Program:
    """`trust` as a function: in this process, or (`process`) as a real one."""

    def __init__(
        self, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.home = home
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str, stdin: bytes | None = None, home: Path | None = None) -> Ran:
        """Run in this process; stdin is closed unless given."""
        import io

        from trustcli.cli import main

        self._capsys.readouterr()
        reader = None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
        self._monkeypatch.setattr(sys, "stdin", reader)
        self._monkeypatch.setenv("TRUST_HOME", str(home or self.home))
        try:
            code = main(list(words))
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def process(self, *words: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> Ran:
        """Run as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "trustcli", *words],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            env={**os.environ, "TRUST_HOME": str(self.home), **(env or {})},
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def trust(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program, in an empty home."""
    return Program(tmp_path / "home", capsys, monkeypatch)
