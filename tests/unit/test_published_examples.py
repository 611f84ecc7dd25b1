"""Worked examples that papers and programs print, node by node."""

from __future__ import annotations

import numpy as np
import pytest

from trustcli.models import fairness, rev2
from trustcli.models.arrays import Ratings, ratings
from trustcli.models.eigentrust import eigentrust

# EigenTrust: the test of the Rust version of go-eigentrust (alice, bob, and peers 2 to 6)

PEERS = [(0, 1, 11.31571), (2, 3, 269916.08616), (4, 5, 3173339.366896588), (6, 5, 46589750.00759474)]


@pytest.mark.parametrize(
    ("pretrusted", "expected"),
    [
        (np.full(7, 1 / 7), [1 / 9, 1 / 6, 1 / 9, 1 / 6, 1 / 9, 2 / 9, 1 / 9]),
        (np.eye(7)[0], [2 / 3, 1 / 3, 0, 0, 0, 0, 0]),
    ],
)
def test_eigentrust_of_seven_peers(pretrusted: np.ndarray, expected: list[float]) -> None:
    """All pre-trusted alike, or alice alone, a = 0.5: it prints .2222222 for 5 and .6666667 for alice."""
    rater, subject, trust = np.array(PEERS).T
    found = eigentrust(rater.astype(int), subject.astype(int), trust, pretrusted, restart=0.5)
    assert found == pytest.approx(expected, abs=1e-9)


# Fairness-goodness: Kumar et al. 2016, Figure 2

FIGURE_2 = "ab.5 ac1 cb.7 bc1 be1 eb.7 bd1 db-1 ed1 ce1 ec1 cg-1 gc-1 eg-1 cf-1 ef-1 fe-1"
FAIRNESS = {"a": 0.86, "b": 0.85, "c": 0.96, "d": 0.34, "e": 0.88, "f": 0.26, "g": 0.20}
GOODNESS = {"a": 0.77, "b": 0.33, "c": 0.60, "d": 0.87, "e": 0.48, "f": -0.87, "g": -0.87}


def figure_2(back: str) -> Ratings:
    """Return the network of Figure 2, with the rating of a by b."""
    words = [*FIGURE_2.split(), f"ba{back}"]
    rows = [("abcdefg".index(word[0]), "abcdefg".index(word[1]), float(word[2:])) for word in words]
    rater, subject, value = zip(*rows, strict=True)
    return ratings(rater, subject, value)


def test_kumars_figure_has_two_misprints() -> None:
    """With b → a at 0.9 all of its 14 numbers come out but f(c), .86 for .96; with 0.1 as printed, fewer."""
    printed = [*FAIRNESS.values(), *GOODNESS.values()]
    right = {}
    for back in (".9", ".1"):
        solved = fairness.solve(figure_2(back))
        numbers = [*solved.fairness, *solved.goodness]
        right[back] = [round(number, 2) == one for number, one in zip(numbers, printed, strict=True)]
    assert right[".9"] == [True, True, False, *[True] * 11]
    assert sum(right[".1"]) < 9
    assert fairness.solve(figure_2(".9")).fairness[2] == pytest.approx(0.86, abs=0.005)


# REV2: Kumar et al. 2018, Example 4.1 (Figure 3): five alike, and F who disagrees with them

EXAMPLE_4_1 = {
    0: ((1, 1, 1), (1, 1)),
    1: ((0.67, 0.25, -0.67), (0.92, 0.62)),
    2: ((0.67, 0.28, -0.67), (0.89, 0.43)),
    5: ((0.67, 0.31, -0.67), (0.86, 0.24)),
    9: ((0.68, 0.32, -0.68), (0.86, 0.22)),
}


@pytest.mark.parametrize("rounds", EXAMPLE_4_1)
def test_rev2s_running_example(rounds: int) -> None:
    """Goodness of three products, fairness of the five and of F, after so many rounds.

    Within half a unit of the last digit but for F after 2 rounds (.4249 for .43), P1 and P3 after 9 (.6746
    for .68), and F after 5 (.251 for .24, a unit off): printed from rounded intermediate values, it seems.
    """
    said = [(one, two, said) for one in range(5) for two, said in ((6, 1.0), (7, 0.5), (8, -1.0))]
    said += [(5, 6, -1.0), (5, 7, -1.0), (5, 8, 1.0)]
    user, product, value = zip(*said, strict=True)
    solved = rev2.solve(ratings(user, product, value), rounds=rounds)
    good, fair = EXAMPLE_4_1[rounds]
    assert solved.goodness[6:9] == pytest.approx(good, abs=0.0055)
    assert solved.fairness[[0, 5]] == pytest.approx(fair, abs=0.0115 if rounds == 5 else 0.0055)
    assert np.ptp(solved.fairness[:5]) < 1e-12
