"""The quick parser and Typer read the same declarations: where the quick one answers, it answers as Typer."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trustcli.cli import quick, tree
from trustcli.cli.commands import COMMANDS
from trustcli.cli.declare import GLOBALS, Param, params_of
from trustcli.errors import UsageError

_TEXT = st.one_of(
    st.sampled_from(
        [
            "bob",
            "4",
            "4.5",
            "-",
            "-1",
            "--",
            "",
            "x=y",
            "=",
            "1e3",
            "0x1",
            "1_0",
            " 4",
            "٤",
            "nan",
            "inf",
            "+1",
        ]
    ),
    st.sampled_from(
        ["beta", "dot", "review", "jwk", "-n", "-q", "--json", "-x", "--yes=1", "a b", "é", "00", "1.", ".5"]
    ),
)


def _value(param: Param) -> st.SearchStrategy[str]:
    if param.choices:
        return st.one_of(st.sampled_from(param.choices), _TEXT)
    if param.kind is int:
        return st.one_of(st.integers(-5, 99).map(str), _TEXT)
    if param.kind is float:
        return st.one_of(st.floats(0, 9).map(str), _TEXT)
    return _TEXT


@st.composite
def _words(draw: st.DrawFn, params: dict[str, Param]) -> list[str]:
    """Draw one parameter as it may be typed: `--flag value`, `--flag=value`, a switch, or a word."""
    param = draw(st.sampled_from(list(params.values())))
    if not param.flags:
        return [draw(_value(param))]
    flag = draw(st.sampled_from(param.flags))
    if param.kind is bool:
        return [flag]
    value = draw(_value(param))
    return [f"{flag}={value}"] if flag.startswith("--") and draw(st.booleans()) else [flag, value]


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """Draw a command line: some global options, a command, its parameters in any order, some rubbish."""
    name = draw(st.sampled_from(list(COMMANDS)))
    params = {**params_of(quick.load(name)), **GLOBALS}
    before = [word for part in draw(st.lists(_words(GLOBALS), max_size=1)) for word in part]
    places = [draw(_value(p)) for p in params.values() if not p.flags]
    parts = draw(st.lists(_words(params), max_size=4))
    after = draw(st.permutations([[place] for place in places] + parts))
    return before + name.split() + [word for part in after for word in part]


def _same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)  # nan is nan here, and 1 is not 1.0


def test_what_the_quick_parser_accepts_typer_reads_the_same() -> None:
    """Same command, same values, same global options; else it steps aside. A good part is compared."""
    accepted, all_ = [], []

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(lines())
    def compare(words: list[str]) -> None:
        all_.append(words)
        try:
            run, values, settings_ = quick.parse(words)
        except quick.Unclear:
            return
        accepted.append(words)
        try:
            other = tree.parse(words)
        except UsageError as problem:
            raise AssertionError(f"{words}: Typer says {problem}") from None
        assert other[0] is run
        assert _same(dict(sorted(values.items())), dict(sorted(other[1].items())))
        assert _same(dict(sorted(settings_.items())), dict(sorted(other[2].items())))

    compare()
    assert len(accepted) > len(all_) / 10
