"""Figures of networks on all rows: against scikit-learn's, by hand, and where they do not exist."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error

from sparsest.results.skill import (
    LOST_SKILL,
    Reference,
    Skill,
    said_of_lost_skill,
    side_by_side,
    skill_on_classes,
    skill_on_numbers,
)

LABELS = Reference.LABELS


def test_figures_of_numbers_are_scikit_learns():
    rng = np.random.default_rng(0)
    labels, values = rng.normal(size=50), rng.normal(size=50)
    found = skill_on_numbers(values, labels, LABELS)
    assert found.r2 == pytest.approx(r2_score(labels, values))
    assert found.rmse == pytest.approx(root_mean_squared_error(labels, values))
    assert found.largest_error == np.abs(labels - values).max()
    assert (found.accuracy, found.log_loss) == (None, None)


def test_figures_of_classes_are_scikit_learns():
    rng = np.random.default_rng(1)
    sides, logits = np.where(rng.random(60) < 0.4, 1.0, -1.0), 3 * rng.normal(size=60)
    found = skill_on_classes(logits, sides, LABELS)
    assert found.accuracy == pytest.approx(accuracy_score(sides > 0, logits > 0))
    assert found.log_loss == pytest.approx(log_loss(sides > 0, 1 / (1 + np.exp(-logits))))
    # far out, where a probability rounds to 0 or 1, the loss is the distance
    assert skill_on_classes(np.array([-800.0]), np.array([1.0]), LABELS).log_loss == 800.0


def test_there_is_no_r2_where_all_labels_are_equal():
    found = skill_on_numbers(np.array([1.0, 2.0]), np.array([1.0, 1.0]), LABELS)
    assert found.r2 is None
    assert found.figures[-1] == ("R2", "undefined")
    assert said_of_lost_skill(found, found) == ""


def test_skill_is_lost_beyond_the_named_share_and_not_before():
    given = Skill(LABELS, largest_error=0.5, rmse=0.1, r2=0.75)
    for fall, is_lost in ((0.0, False), (LOST_SKILL / 2, False), (2 * LOST_SKILL, True), (-0.2, False)):
        said = said_of_lost_skill(given, dataclasses.replace(given, r2=0.75 - fall))
        assert bool(said) == is_lost
    assert said == ""
    said = said_of_lost_skill(Skill(LABELS, accuracy=1.0), Skill(LABELS, accuracy=0.5))
    assert said == "skill is lost: the accuracy falls from 1 to 0.5 with fewer parts"


def test_networks_stand_side_by_side():
    # errors 1 and -1 on labels 0 and 2: RMSE 1, and 1 - 2 / 2 = 0
    one = skill_on_numbers(np.array([1.0, 1.0]), np.array([0.0, 2.0]), LABELS)
    perfect = skill_on_numbers(np.array([0.0, 2.0]), np.array([0.0, 2.0]), LABELS)
    assert side_by_side([("given", perfect), ("sparser", one)]) == [
        ["", "given", "sparser"],
        ["largest error", "0", "1"],
        ["RMSE", "0", "1"],
        ["R2", "1", "0"],
    ]
