"""Everything that is made from the command tree: complete, fresh, and understood by what reads it."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from trustcli.cli import pages
from trustcli.cli.commands import COMMANDS, GROUPS, TAKEN
from trustcli.cli.declare import GLOBALS, params_of
from trustcli.cli.quick import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Program

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = ROOT / ".ci" / "generate.py"
if not GENERATOR.exists():
    pytest.skip("no .ci here: this is not a checkout", allow_module_level=True)
TOP = sorted({name.partition(" ")[0] for name in COMMANDS})


@pytest.fixture(scope="module")
def generate() -> Any:
    """The generator as a module."""
    sys.path.insert(0, str(GENERATOR.parent))
    try:
        return importlib.import_module("generate")
    finally:
        sys.path.remove(str(GENERATOR.parent))


@pytest.fixture(scope="module")
def made(generate: Any) -> dict[str, str]:
    """The text of every generated file by path."""
    found: dict[str, str] = generate.outputs()
    return found


@pytest.fixture
def copy(generate: Any, tmp_path: Path) -> Path:
    """A directory with the generated files, all fresh."""
    root = tmp_path / "copy"
    generate.write(root)
    return root


def installed(program: str) -> str:
    """Return the path of a program; skip the test where it is missing."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def ran(*words: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a program that has 60 seconds."""
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_what_is_committed_is_fresh() -> None:
    """`generate.py --check` finds nothing to do in the checkout, and no file left over."""
    done = ran(sys.executable, GENERATOR, "--check")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "path", ["trustcli/cli/help/trust-rate.txt", "man/trustcli.1", "completions/_trust", "docs/exit-codes.md"]
)
@pytest.mark.parametrize("change", [lambda path: path.write_text("x\n"), lambda path: path.unlink()])
def test_a_changed_or_missing_page_is_stale(
    generate: Any, copy: Path, path: str, change: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """--check names the file and exits 1; writing repairs it."""
    change(copy / path)
    capsys.readouterr()
    assert generate.main(["--check", "--root", str(copy)]) == 1
    assert capsys.readouterr().out == f"stale: {path}\n"
    assert generate.main(["--root", str(copy)]) == 0
    assert generate.main(["--check", "--root", str(copy)]) == 0


@pytest.mark.parametrize(
    "path", ["trustcli/cli/help/trust-gone.txt", "man/trust-gone.1", "completions/old.bash"]
)
def test_a_page_of_no_command_is_stale(generate: Any, copy: Path, path: str) -> None:
    """A page left over from a removed command is found, and removed."""
    (copy / path).write_text("x\n")
    assert generate.stale(copy) == [path]
    generate.write(copy)
    assert not (copy / path).exists()


def test_every_command_and_group_has_a_help_page(trust: Program) -> None:
    """`--help`, `-h` and `trust help` print the very page of each command and group."""
    for name in [*COMMANDS, *GROUPS]:
        words = name.split()
        page = pages.find(words)
        assert page, name
        assert trust(*words, "--help") == trust(*words, "-h") == trust("help", *words) == (0, page, "")


def test_help_is_the_same_page_wherever_it_is_asked_for(trust: Program) -> None:
    """Lines that only Typer understands show the prepared page, too, not one of Typer's own."""
    page = pages.find(["rate"])
    assert trust("--json", "rate", "--help") == trust("rate", "bob", "--help") == (0, page, "")
    assert trust("--quiet", "--help").out == pages.find([])


def test_a_group_alone_is_a_usage_error_of_two_lines(trust: Program) -> None:
    """`trust id` says that a command is missing and where to look; it does not print a page as an error."""
    ran_ = trust("id")
    assert (ran_.exit, ran_.out, ran_.err.count("\n")) == (2, "", 2)
    assert "\\x0a" not in ran_.err


def test_help_loads_no_parser(trust: Program) -> None:
    """A help page costs a file: Typer is not loaded for it."""
    code = (
        "import sys; from trustcli.cli import main; main(['rate','--help']); sys.exit('typer' in sys.modules)"
    )
    assert ran(sys.executable, "-c", code).returncode == 0


def test_every_option_and_argument_is_on_its_page() -> None:
    """Nothing that a declaration has is missing on the page: flags, metavars, help."""
    for name in COMMANDS:
        page = pages.find(name.split())
        assert page is not None
        flat = " ".join(page.split())
        for param in params_of(load(name)).values():
            for flag in param.flags:
                assert re.search(rf"^ .*{re.escape(flag)}\b", page, re.MULTILINE), (name, flag)
            assert param.metavar.strip("[].") in page, (name, param.metavar)
            assert " ".join(param.help.split()) in flat, (name, param.help)
    main = pages.find([]) or ""
    assert [
        flag for param in GLOBALS.values() for flag in param.flags if not re.search(rf"{flag}\b", main)
    ] == []


def test_the_pages_know_what_typer_knows() -> None:
    """The commands and options of the Typer tree are those of the pages: neither has one more."""
    from trustcli.cli import tree

    general = {flag for param in GLOBALS.values() for flag in param.flags} | {"--help", "-h"}
    found: dict[str, set[str]] = {}
    for name, command in tree.build().commands.items():
        subs = getattr(command, "commands", None)
        leaves = {name: command} if subs is None else {f"{name} {sub}": one for sub, one in subs.items()}
        for words, leaf in leaves.items():
            flags = {flag for param in leaf.params for flag in param.opts if flag.startswith("-")}
            found[words] = flags - general
    assert found == {name: options_on(pages.find(name.split()) or "") for name in COMMANDS}


def options_on(page: str) -> set[str]:
    """Return the flags listed under Options."""
    listed = page.partition("\nOptions:\n")[2].partition("\n\n")[0]
    lines = re.findall(r"^  (?:(-\w), |    )(--[\w-]+)", listed, re.MULTILINE)
    return {flag for line in lines for flag in line if flag}


def test_the_main_page_shows_every_command_with_its_summary(made: dict[str, str]) -> None:
    """`trust --help` lists all commands, and the sub-commands of groups."""
    main = made["trustcli/cli/help/trust.txt"]
    for name in TOP:
        assert re.search(rf"^  {name} +\S", main, re.MULTILINE), name
    for name in COMMANDS:
        assert re.search(rf"\b{name.split()[-1]}\b", main), name


def test_every_command_has_a_manual_page(made: dict[str, str]) -> None:
    """One page per command or group, with a NAME that `whatis` understands; sub-commands in their group's."""
    names = {path.removeprefix("man/") for path in made if path.startswith("man/")}
    topics = {f"trust-{topic}.7" for topic in ("exit-codes", "json", "policy", "models", "node")}
    assert names == {"trustcli.1", *(f"trust-{name}.1" for name in TOP), *topics}
    for name in COMMANDS:
        first, _, sub = name.partition(" ")
        page = made[f"man/trust-{first}.1"]
        assert f"trust\\-{first} \\- " in page
        assert not sub or f'.SS "trust {name}' in page
        for param in params_of(load(name)).values():
            assert all(flag.replace("-", "\\-") in page for flag in param.flags), (name, param.flags)


def test_manual_pages_and_completions_are_installed(made: dict[str, str]) -> None:
    """The wheel puts each manual page where man looks for its section, and the scripts beside the program."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        wheel = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]
    found = {}
    for path in made:
        for source, place in wheel["shared-data"].items():
            if path == source or path.startswith(f"{source}/"):
                found[path] = place + path.removeprefix(source)
    pages_ = [path for path in made if path.startswith("man/")]
    wanted = {path: f"share/man/man{path[-1]}/{path.removeprefix('man/')}" for path in pages_}
    assert {path: found.get(path) for path in pages_} == wanted
    assert wheel.get("force-include", {}).get("completions") == "trustcli/cli/completions"


def test_the_main_manual_has_its_sections(made: dict[str, str]) -> None:
    """The sections that man-pages(7) expects, in its order."""
    found = re.findall(r"^\.SH (.+)$", made["man/trustcli.1"], re.MULTILINE)
    wanted = "NAME,SYNOPSIS,DESCRIPTION,COMMANDS,OPTIONS,EXIT STATUS,ENVIRONMENT,FILES,EXAMPLES,SEE ALSO"
    assert found == wanted.split(",")


def test_manual_pages_have_no_date(made: dict[str, str]) -> None:
    """The same declarations give the same pages on any day: they are dated by the version."""
    from trustcli import __version__

    for path, page in made.items():
        if path.startswith("man/"):
            title = next(line for line in page.splitlines() if line.startswith(".TH"))
            assert f'"version {__version__}"' in title
            assert not re.search(r"\b20\d\d\b", title)


def test_manual_pages_render_without_warnings(made: dict[str, str]) -> None:
    """Groff has nothing to say about any page."""
    groff = installed("groff")
    files = [ROOT / path for path in made if path.startswith("man/")]
    for file in files:
        done = ran(groff, "-man", "-Tutf8", "-ww", file)
        assert (done.returncode, done.stderr) == (0, ""), file


def test_a_rendered_manual_page_says_what_was_declared() -> None:
    """Escaping loses nothing: hyphens, quotes, backslashes and other letters come out as they went in."""
    groff = installed("groff")
    done = ran(groff, "-man", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=500n", ROOT / "man" / "trust-rate.1")
    flat = " ".join(done.stdout.split())
    for param in params_of(load("rate")).values():
        assert " ".join(param.help.split()) in flat
    assert 'trust rate agent:cursor-agent 2.5 -c honesty -m "made up a test result" --task T-17' in flat


def test_roff_escapes_what_it_would_read_as_markup(generate: Any) -> None:
    """No text can become a macro, a font change or another character."""
    escaped = importlib.import_module("generators.roff").escaped
    assert escaped(".so /etc/passwd") == r"\&.so /etc/passwd"
    assert escaped(r"'a\fB") == r"\(aqa\efB"
    assert escaped("--no-x ★") == r"\-\-no\-x \[u2605]"


def test_generated_files_are_plain_text(made: dict[str, str]) -> None:
    """UTF-8 with no control characters but line feeds, no trailing blanks, one line feed at the end."""
    for path, text in made.items():
        odd = {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")}
        assert odd <= {"\n"}, path
        assert [line for line in text.splitlines() if line != line.rstrip()] == [], path
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path


def test_help_pages_fit_a_narrow_window(made: dict[str, str]) -> None:
    """Nothing is wider than 88 columns."""
    wide = [
        (path, line)
        for path, text in made.items()
        if path.startswith("trustcli/cli/help/")
        for line in text.splitlines()
        if len(line) > 88
    ]
    assert wide == []


COMPLETED = {
    "trust ke": ["keygen"],
    "trust id r": ["rotate", "retire"],
    "trust --json --lock-wait 3 id r": ["rotate", "retire"],
    "trust rate bob 4 --cat": ["--category"],
    "trust rate bob 4 --no-c": ["--no-color"],
    "trust rate b": ["bob"],
    "trust rate bob ": [],
    "trust check a b c b": ["bob"],
    "trust --home /nonexistent why b": [],
    "trust check --unknown d": ["deny"],
    "trust check --unknown = d": ["deny"],
    "trust completion f": ["fish"],
    "trust help exi": ["exit-codes"],
    "trust import file-to-": ["file-to-import"],
    "trust export -o file-to-": ["file-to-import"],
    "trust rate did : key : b": [],
    "trust -- -": [],
    "trustcli ledger c": ["check", "compact"],
    "trust rate id r": [],
    "trust score --model meri": ["meritrank"],
    "trust rate bob 4 -c hon": ["honesty"],
    "trust report bob rei": ["reinstatement"],
}
"""Command lines, split as bash does, and what they are completed with."""


def with_bob(trust: Program, tmp_path: Path) -> dict[str, str]:
    """Return an environment where bob is known and `trust` is this program, counting how often it is run."""
    trust("keygen")
    trust("rate", "bob", "4")
    (tmp_path / "file-to-import").touch()
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in ("trust", "trustcli"):
        script = directory / name
        script.write_text(
            f'#!/bin/sh\necho run >> "{tmp_path}/runs"\nexec "{sys.executable}" -m trustcli "$@"\n'
        )
        script.chmod(0o755)
    inherited = dict(os.environ)
    path = f"{directory}:{inherited['PATH']}"
    return {**inherited, "PATH": path, "TRUST_HOME": str(trust.home), "PYTHONPATH": str(ROOT)}


def test_bash_completes_commands_options_choices_names_and_files(trust: Program, tmp_path: Path) -> None:
    """The script works in a bare bash; the program is run for names only."""
    bash = installed("bash")
    env = with_bob(trust, tmp_path)
    lines = [f"source '{ROOT}/completions/trust.bash'"]
    for line in COMPLETED:
        words = [*line.split(), ""] if line.endswith(" ") else line.split()
        quoted = " ".join(f"'{word}'" for word in words)
        lines.append(
            f'COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _trustcli; echo "${{COMPREPLY[*]}}"'
        )
    done = subprocess.run(
        [bash, "--norc", "--noprofile", "-c", "\n".join(lines)],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert dict(zip(COMPLETED, map(str.split, done.stdout.splitlines()), strict=True)) == COMPLETED
    assert (tmp_path / "runs").read_text().count("run") == 3


def test_bash_quotes_names(tmp_path: Path) -> None:
    """A name with characters that the shell would act on is offered quoted, and never run."""
    bash = installed("bash")
    program = tmp_path / "trust"
    program.write_text("#!/bin/sh\nprintf '%s\\n' 'xy;$(touch ran)' 'x*'\n")
    program.chmod(0o755)
    code = (
        f"source '{ROOT}/completions/trust.bash'; COMP_WORDS=(./trust rate x); COMP_CWORD=2; _trustcli; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = ran(bash, "--norc", "-c", code, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("xy\\;\\$\\(touch\\ ran\\)\nx\\*\n", "")
    assert not (tmp_path / "ran").exists()


def test_fish_completes_like_bash(trust: Program, tmp_path: Path) -> None:
    """Fish is offered the same words."""
    fish = installed("fish")
    env = with_bob(trust, tmp_path)
    wanted = {line: words for line, words in COMPLETED.items() if " = " not in line and " : " not in line}
    lines = [f"source '{ROOT}/completions/trust.fish'"]
    lines += [
        f"complete -C '{line}' | string replace -r '\\t.*' '' | string join ' '; echo ." for line in wanted
    ]
    done = subprocess.run(
        [fish, "--no-config", "-c", "\n".join(lines)],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    found = [block.split() for block in done.stdout.split(".\n")[:-1]]
    assert done.stderr == ""
    assert {line: sorted(words) for line, words in zip(wanted, found, strict=True)} == {
        line: sorted(words) for line, words in wanted.items()
    }


@pytest.mark.parametrize(
    ("shell", "script"), [("bash", "trust.bash"), ("zsh", "_trust"), ("fish", "trust.fish")]
)
def test_completion_scripts_are_valid(shell: str, script: str) -> None:
    """Each shell reads its script without complaint."""
    done = ran(installed(shell), "-n", ROOT / "completions" / script)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_bash_script_passes_shellcheck() -> None:
    """Shellcheck has nothing to say."""
    done = ran(installed("shellcheck"), ROOT / "completions" / "trust.bash")
    assert (done.returncode, done.stdout) == (0, "")


def test_completion_covers_every_command_and_option(made: dict[str, str]) -> None:
    """Every sub-command and every long option is in each of the three scripts; p11-kit's verbs in none."""
    for path in ("completions/trust.bash", "completions/_trust", "completions/trust.fish"):
        script = made[path]
        for name in COMMANDS:
            assert re.search(rf"\b{name.split()[-1]}\b", script), (path, name)
            for param in params_of(load(name)).values():
                flags = [flag for flag in param.flags if flag.startswith("--")]
                spelled = [f"-l {flag[2:]} " if path.endswith("fish") else flag for flag in flags]
                assert all(flag in script for flag in spelled), (path, name, flags)
        words = re.findall(r"subs='([^']*)'", script)[:1] if path.endswith("bash") else []
        assert not set(" ".join(words).split()) & set(TAKEN)


def test_the_program_prints_its_completion_scripts(trust: Program, made: dict[str, str]) -> None:
    """`trust completion SHELL` prints the very file."""
    for shell, file in (("bash", "trust.bash"), ("zsh", "_trust"), ("fish", "trust.fish")):
        assert trust("completion", shell) == (0, made[f"completions/{file}"], "")


def test_the_documented_exit_codes_are_those_of_the_program(trust: Program, made: dict[str, str]) -> None:
    """docs/exit-codes.md has a row for every code that `trust capabilities` names, and no other."""
    codes = {row["code"] for row in trust("capabilities", "--json").data["exit_codes"]}
    rows = re.findall(r"^\| (\d+) \|", made["docs/exit-codes.md"], re.MULTILINE)
    assert {int(code) for code in rows} == codes
    assert len(rows) == len(codes)


@pytest.mark.parametrize(
    ("name", "exits"),
    [("check", (1, 3)), ("score", (3,)), ("verify", (1,)), ("rate", (4,)), ("import", (4,)), ("peer add", ()),
     ("ledger check", (1,)), ("ledger path", ())],
)  # fmt: skip
def test_pages_name_the_verdicts_of_a_command(generate: Any, name: str, exits: tuple[int, ...]) -> None:
    """The verdicts on a page are those its code can answer."""
    assert importlib.import_module("generators.command").find(name).exits == exits


def test_the_json_of_a_help_page_holds_the_page(trust: Program) -> None:
    """`trust help rate --json` is the page as one document."""
    assert json.loads(trust("help", "rate", "--json").out)["data"]["text"] == pages.find(["rate"])
