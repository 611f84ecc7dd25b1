"""Metrics, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from trustcli.evaluate import metrics


def test_errors_and_correlation_by_hand() -> None:
    """Two predictions, wrong by 0.3 and 0.4; and a straight line correlates entirely."""
    predicted, said = np.array([0.5, 0.1]), np.array([0.2, 0.5])
    assert metrics.rmse(predicted, said) == pytest.approx(np.sqrt(0.125), abs=1e-12)
    assert metrics.mae(predicted, said) == pytest.approx(0.35, abs=1e-12)
    assert metrics.pcc(np.array([0.1, 0.2, 0.3]), np.array([1.0, 3.0, 5.0])) == pytest.approx(1, abs=1e-12)


def test_auc_is_the_share_of_pairs_in_order() -> None:
    """With ties, and compared with counting every pair."""
    dice = np.random.default_rng(3)
    score = np.round(dice.normal(size=200), 1)
    positive = dice.random(200) < 0.2 + 0.1 * (score > 0)
    pairs = [(a > b) + (a == b) / 2 for a in score[positive] for b in score[~positive]]
    assert metrics.auc(score, positive) == pytest.approx(float(np.mean(pairs)), abs=1e-12)
    assert metrics.auc(score, np.zeros(200, dtype=np.bool_)) is None


def test_what_hardly_differs_correlates_with_nothing() -> None:
    """Leaving one out of a mean gives −1 by construction: that is no figure."""
    said = np.random.default_rng(4).normal(size=1000)
    predicted = (said.sum() - said) / 999
    assert np.corrcoef(predicted, said)[0, 1] == pytest.approx(-1)
    assert metrics.pcc(predicted, said) is None
    assert metrics.auc_of_blame(predicted, said) is None
    assert metrics.pcc(said, np.ones(1000)) is None
    assert metrics.pcc(np.full(1000, 0.3), said) is None
    assert metrics.pcc(said * 1e-9, said) == pytest.approx(1)


def test_blame_is_what_is_below_zero() -> None:
    """Low predictions of negative ratings are right: AUC 1; the other way round 0."""
    said = np.array([-0.5, 0.5, 0.2])
    assert metrics.auc_of_blame(np.array([-1.0, 0.4, 0.3]), said) == 1.0
    assert metrics.auc_of_blame(np.array([1.0, 0.4, 0.3]), said) == 0.0


def test_rank_correlation_by_hand() -> None:
    """Any rising curve correlates entirely; of 1 2 2 4 and 1 3 2 4, ties at 2.5, it is 3 / √10."""
    assert metrics.spearman(np.array([0.1, 0.2, 9.0]), np.array([-1.0, 0.0, 0.1])) == pytest.approx(1)
    found = metrics.spearman(np.array([1.0, 2.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0]))
    assert found == pytest.approx(3 / np.sqrt(10), abs=1e-12)
    assert metrics.spearman(np.ones(3), np.arange(3.0)) is None
