"""How stars, times and scores are shown, everywhere the same."""

from __future__ import annotations

from trustcli.safe import word
from trustcli.timing import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from trustcli.models.answer import Score
    from trustcli.node.asking import Asked, Scored
    from trustcli.node.naming import NameBook, Subject

PRECISION = 6  # decimals of scores in JSON: beyond them the last bits of a library would show


def stars(value: float) -> str:
    """Return five stars, rounded half up: ★★★★☆ for 4.4, ★★★★★ for 4.5."""
    full = int(value + 0.5)
    return "★" * full + "☆" * (5 - full)


def raters(count: int) -> str:
    """Return how many raters, in words: `1 rater`, `3 raters`."""
    return f"{count} rater{'s' * (count != 1)}"


def number(value: float | None, unit: str = "stars") -> str:
    """Return a score as people read it, - for unknown."""
    if value is None:
        return "-"
    return f"{tenth(value):.1f}" if unit == "stars" else f"{value:.4f}"


def part(one: dict[str, Any], unit: str) -> str:
    """Return what a factor adds, with its sign, in the unit of the model."""
    return f"{one[unit]:+.2f}" if unit == "stars" else f"{one[unit]:+.4f}"


def tenth(value: float) -> float:
    """Round half up to one decimal, as TrustNet does: 4.125 reads 4.1, 4.15 reads 4.2."""
    return int(value * 10 + 0.5 + 1e-9) / 10


def moment(value: object) -> str | None:
    """Return Unix ms as RFC 3339, None for nothing."""
    return rfc3339(value) if isinstance(value, int) else None


def exact(value: float | None) -> float | None:
    """Return a number of a model for JSON."""
    return None if value is None else round(value, PRECISION) + 0.0


def score_data(scored: Scored, asked: Asked, unit: str) -> dict[str, Any]:
    """Return one score as JSON."""
    score = scored.score
    return {
        "subject": scored.subject.id if scored.subject.bound else None,
        "name": scored.subject.name,
        "category": asked.category,
        "state": "unknown" if score.value is None else "known",
        "score": exact(score.value),
        "unit": unit,
        "reputation": exact(reputation(score, unit)),
        "expected": exact(score.expected),
        "deviation": exact(score.deviation),
        "low": exact(score.low),
        "high": exact(score.high),
        "raters_direct": score.direct,
        "raters_reached": score.raters,
        "for": score.praise,
        "against": score.blame,
        "newest": moment(score.newest),
    }


def reputation(score: Score, unit: str) -> float | None:
    """Return TrustNet's 0..100 for a score in stars."""
    return None if score.value is None or unit != "stars" else (score.value - 1) * 25


def asked_data(asked: Asked, book: NameBook) -> dict[str, Any]:
    """Return how a question was put as JSON: every score says as seen by whom, as of when, by what model."""
    return {
        "viewpoint": asked.viewpoint,
        "viewpoint_name": book.name(asked.viewpoint),
        "model": asked.model,
        "category": asked.category,
        "as_of": rfc3339(asked.as_of),
        "basis": "created" if asked.history else "received",
    }


def asked_notes(asked: Asked, subjects: Iterable[Subject] = ()) -> tuple[str, ...]:
    """Return what a reader must know to read a score rightly."""
    notes = ["this ledger is younger than that: the records' own times decide"] if asked.history else []
    if asked.kept is not None:
        notes += [
            f"{subject.label} is no subject of this light node: trust sync --subject {word(subject.word)}"
            for subject in subjects
            if subject.id not in asked.kept
        ]
    return tuple(notes)
