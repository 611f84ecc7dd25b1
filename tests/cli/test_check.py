"""`trust check`: the gate. 0 yes, 1 no, 3 not enough evidence, 64 and above trouble."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.people import BOB, CAROL, DAN, DAY, EVE, bundle, documents, now
from tests.conftest import Program


@pytest.fixture
def gate(me: Program) -> Program:
    """Dan: 4 from bob and 4.5 from carol today. Eve: 1 and 5, 100 days old. Both raters are trusted."""
    for name, person in (("bob", BOB), ("carol", CAROL), ("dan", DAN), ("eve", EVE)):
        me("peer", "add", name, person.did, "-q")
    me("rate", "bob", "5", "-q")
    me("rate", "carol", "5", "-q")
    old = now() - 100 * DAY
    me("import", "-", "-q", stdin=bundle(
        BOB.rates(DAN.did, 40), CAROL.rates(DAN.did, 45),
        BOB.rates(EVE.did, 10, created=old), CAROL.rates(EVE.did, 50, created=old),
    ))  # fmt: skip
    return me


@pytest.mark.parametrize(
    ("words", "code", "verdict", "rules"),
    [
        (("dan",), 0, "pass", []),
        (("dan", "--min", "4"), 0, "pass", []),
        (("dan", "--min", "4.9"), 1, "fail", ["min"]),
        (("dan", "--raters", "2"), 0, "pass", []),
        (("dan", "--raters", "3"), 3, "unknown", ["raters"]),
        (("dan", "--max-age", "1d"), 0, "pass", []),
        (("eve", "--min", "1", "--max-age", "90d"), 3, "unknown", ["max_age_days"]),
        (("eve", "--min", "1", "--max-age", "120d"), 0, "pass", []),
        (("eve", "--min", "1", "--max-spread", "3.9"), 1, "fail", ["max_spread"]),
        (("eve", "--min", "1", "--max-spread", "4"), 0, "pass", []),
        (("dan", "-c", "honesty"), 3, "unknown", ["raters"]),
        (("agent:nobody",), 3, "unknown", ["raters"]),
        (("agent:nobody", "--unknown", "allow"), 0, "pass", ["raters"]),
        (("agent:nobody", "--unknown", "deny"), 1, "fail", ["raters"]),
        (("agent:nobody", "--unknown", "review"), 3, "unknown", ["raters"]),
        (("eve", "--min", "4.9", "--raters", "9"), 3, "unknown", ["raters", "min"]),
        (("dan", "--from", "bob"), 0, "pass", []),
        (("dan", "--hops", "1"), 3, "unknown", ["raters"]),
        (("dan", "--as-of", "2d"), 3, "unknown", ["raters"]),
        (("dan", "--model", "stars", "--min", "4.3"), 1, "fail", ["min"]),
    ],
)
def test_the_verdict_is_the_exit_code(
    gate: Program, words: tuple[str, ...], code: int, verdict: str, rules: list[str]
) -> None:
    """Rule by rule; the same code with and without --json; the document says why."""
    ran = gate("check", *words, "--json")
    data = ran.data
    assert (ran.exit, data["exit"], data["verdict"], [one["rule"] for one in data["failed"]]) == (
        code, code, verdict, rules,
    )  # fmt: skip
    plain = gate("check", *words)
    assert (plain.exit, plain.out.split("\t")[0]) == (code, verdict)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("zzz-nobody",), 66),
        (("dan", "--min", "9"), 2),
        (("dan", "--min", "-1"), 2),
        (("dan", "--min", "nan"), 2),
        (("dan", "--min", ""), 2),
        (("dan", "--max-age", "soon"), 2),
        (("dan", "--max-age", ""), 2),
        (("dan", "--max-spread", "5"), 2),
        (("dan", "--raters", "-1"), 2),
        (("dan", "--raters", "1.5"), 2),
        (("dan", "--model", "none"), 2),
        (("dan", "--model", "eigentrust", "--min", "6"), 2),
        (("dan", "--unknown", "maybe"), 2),
        (("dan", "--as-of", ""), 2),
        (("dan", "-c", ""), 2),
        (("dan", "--policy", "none"), 66),
        (("dan", "--from", ""), 66),
    ],
)
def test_trouble_is_never_a_verdict(gate: Program, words: tuple[str, ...], code: int) -> None:
    """A mistyped gate does not pass and does not fail: it is an error, also with --json."""
    assert [gate("check", *words).exit, gate("check", *words, "--json").exit] == [code, code]


def test_an_empty_policy_name_does_not_open_the_gate(gate: Program) -> None:
    """`--policy "$UNSET"` in a script must not fall back to the default rules."""
    assert gate("check", "dan", "--policy", "").exit in (2, 66)


def _policy(trust: Program, text: str, name: str = "delegate") -> Path:
    path = trust.home / "policies" / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_policy_by_name_and_by_file(gate: Program) -> None:
    """The same rules; options win over them."""
    path = _policy(gate, 'min = 4.9\nraters = 2\nunknown = "deny"\n')
    for name in ("delegate", str(path)):
        assert gate("check", "dan", "--policy", name).exit == 1
        assert gate("check", "agent:nobody", "--policy", name).exit == 1
        assert gate("check", "dan", "--policy", name, "--min", "4").exit == 0
    shown = gate("check", "dan", "--policy", "delegate", "--json").data["policy"]
    assert (shown["min"], shown["raters"], shown["unknown"]) == (4.9, 2, "deny")


@pytest.mark.parametrize(
    "text",
    [
        "min = 9",
        "min = '4'",
        "min = true",
        "rubbish = 1",
        "raters = 1.5",
        "unknown = 'maybe'",
        "model = 'x'",
        "= =",
        "human_only = 1",
        "category = ''",
        "category = 'Reliability'",
        "max_age_days = -1",
        "\x00",
    ],
)
def test_a_policy_that_is_wrong_is_78(gate: Program, text: str) -> None:
    """A gate never guesses."""
    _policy(gate, text)
    ran = gate("check", "dan", "--policy", "delegate")
    assert ran.exit == 78
    assert "hint:" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("check", "dan"),
        ("score",),
        ("why", "dan"),
        ("log",),
        ("export",),
        ("revoke", "dan"),
        ("graph",),
        ("model", "compare", "dan"),
    ],
)
@pytest.mark.parametrize("category", ["Relia bility", "Honesty", "x" * 33, ""])
def test_an_impossible_category_is_refused(gate: Program, words: tuple[str, ...], category: str) -> None:
    """2, with the option and the rule: `unknown` would open a gate that allows it."""
    ran = gate(*words, "-c", category)
    assert (ran.exit, "--category" in ran.err, "1 to 32 of a-z" in ran.err) == (2, True, True)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "/", "."])
def test_a_policy_is_toml_or_nothing(gate: Program, name: str) -> None:
    """A path to something else is refused."""
    assert gate("check", "dan", "--policy", name).exit in (66, 78)


def test_several_subjects_give_a_document_each_and_the_worst_code(gate: Program) -> None:
    """1 before 3 before 0."""
    ran = gate("check", "dan", "agent:nobody", "--json")
    assert (ran.exit, [one["data"]["verdict"] for one in documents(ran.out)]) == (3, ["pass", "unknown"])
    ran = gate("check", "agent:nobody", "eve", "dan", "--max-spread", "1")
    assert (ran.exit, [line.split("\t")[0] for line in ran.out.splitlines()]) == (
        1,
        ["unknown", "fail", "pass"],
    )
    assert gate("check", "dan", "dan").exit == 0


def test_subjects_from_stdin(gate: Program) -> None:
    """One a line; always a stream, also for one; none is a usage error."""
    ran = gate("check", "-", "--json", stdin=f"dan\n\n{EVE.did}\n".encode())
    assert [one["data"]["name"] for one in documents(ran.out)] == ["dan", "eve"]
    assert len(documents(gate("check", "-", "--json", stdin=b"dan").out)) == 1
    assert gate("check", "-", stdin=b"\n").exit == 2
    assert gate("check", "-").exit == 2
    assert gate("check", "-", stdin=b"zzz-nobody\n").exit == 66
    assert gate("check", "-", stdin=b"\xff\n").exit == 65


def test_explain_lists_the_rules_that_failed(gate: Program) -> None:
    """What was wanted and what was there."""
    cells = gate("check", "dan", "--min", "5", "--raters", "9", "--explain").out.rstrip("\n").split("\t")
    assert "raters: want 9, got 2" in cells
    assert any(cell.startswith("min: want 5, got 4.") for cell in cells)


def test_a_gate_in_a_script_is_fail_closed(gate: Program) -> None:
    """`check && deploy`: with no ledger, no key and no name nothing is ever 0."""
    nowhere = gate.home.parent / "nowhere"
    for words in (("check", "bob"), ("check", BOB.did), ("check", BOB.did, "--unknown", "allow")):
        assert gate(*words, home=nowhere).exit == 66
    assert not nowhere.exists()


@pytest.mark.parametrize("model", ["eigentrust", "graperank"])
def test_a_share_is_not_held_against_stars(gate: Program, model: str) -> None:
    """Without a minimum for it there is no verdict but a usage error; with one, four digits of the share."""
    refused = gate("check", "dan", "--model", model)
    assert (refused.exit, refused.out) == (2, "")
    assert f"{model} gives shares, not stars" in refused.err
    assert "--min" in refused.err
    ran = gate("check", "dan", "--model", model, "--min", "0.001")
    (row,) = gate("score", "dan", "--model", model, "--json").data["rows"]
    assert (ran.exit, ran.out.split("\t")[2]) == (0, f"{row['score']:.4f}")
    assert gate("check", "dan", "--model", model, "--min", "3.5").exit == 1
    gate("config", "set", "model", model)
    assert gate("check", "dan").exit == 2
    assert gate("check", "dan", "--model", "beta").exit == 0


def test_a_policy_for_shares_says_its_own_minimum(gate: Program) -> None:
    """That of a policy counts where it is for the model: it names it, or no other is asked for."""
    directory = gate.home / "policies"
    directory.mkdir()
    for name, text in (
        ("shares", 'min = 0.001\nmodel = "eigentrust"\n'),
        ("plain", "min = 0.001\n"),
        ("stars", "min = 4\n"),
        ("none", 'model = "eigentrust"\n'),
    ):
        (directory / f"{name}.toml").write_text(text, encoding="utf-8")
    assert gate("check", "dan", "--policy", "shares").exit == 0
    assert gate("check", "dan", "--policy", "shares", "--model", "eigentrust").exit == 0
    assert gate("check", "dan", "--policy", "shares", "--model", "graperank").exit == 2
    assert gate("check", "dan", "--policy", "stars", "--model", "eigentrust").exit == 2
    assert gate("check", "dan", "--policy", "none").exit == 2
    assert gate("check", "dan", "--policy", "none", "--min", "0.001").exit == 0
    gate("config", "set", "model", "eigentrust")
    assert gate("check", "dan", "--policy", "plain").exit == 0
