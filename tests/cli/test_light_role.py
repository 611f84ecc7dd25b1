"""What a light node says to questions that only a full one can answer."""

from __future__ import annotations

import pytest

from tests.conftest import Program


@pytest.fixture
def light(trust: Program) -> Program:
    """A light node that keeps one subject."""
    trust("keygen", "-q")
    trust("rate", "agent:x", "4", "-q")
    trust("rate", "agent:y", "4", "-q")
    trust("config", "set", "role", "light")
    trust("config", "set", "subjects", "agent:x")
    return trust


def test_its_subjects_are_judged_without_a_word(light: Program) -> None:
    """Models that look backwards answer; nothing is noted."""
    for model in ("beta", "stars"):
        ran = light("check", "agent:x", "--min", "3", "--model", model)
        assert (ran.exit, ran.err) == (0, "")


def test_others_are_judged_with_a_note(light: Program) -> None:
    """The answer is what is here, and the note says that this may not be all."""
    for words in (("check", "agent:y", "--min", "3"), ("score", "agent:y"), ("why", "agent:y")):
        assert "trust sync --subject agent:y" in light(*words).err


@pytest.mark.parametrize(
    "words",
    [
        ("score",),
        ("score", "--top", "3"),
        ("score", "agent:x", "--model", "eigentrust"),
        ("check", "agent:x", "--min", "3", "--hops", "6"),
    ],
)
def test_what_needs_all_records_is_refused(light: Program, words: tuple[str, ...]) -> None:
    """2 and what to do, rather than an answer that a full node would not give."""
    ran = light(*words)
    assert (ran.exit, ran.out) == (2, "")
    light("config", "set", "role", "full")
    assert light(*words).exit in (0, 1, 3)
