"""An ensemble of trials on bags, with out-of-bag probabilities that are given instead of trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.modelling.fit import Fit
from fnnctl.records.trials import Job, Trial
from fnnctl.tasks.post_training import NO_POST_TRAINING, PostTraining
from fnnctl.tasks.task import PartScores
from fnnctl.trials.bagged_ensemble import prediction_cost, select_on_bags
from fnnctl.trials.bags import SCORES
from fnnctl.trials.ensemble import TrainedTrial, TrialEnsemble
from fnnctl.trials.results import trial_result
from fnnctl.trials.schemes.bags import SCHEME
from fnnctl.trials.weights import train_single_trial
from tests.modelling.prepared import Prepared, prepare
from tests.runs.bagging import written

ALONE = -(math.log(0.9) + math.log(0.5)) / 2
"""The log loss with a probability of 0.9 for the true class of half the rows, and of 0.5 for the others."""


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """A table of two classes, whose 72 rows outside the test part are out of three bags of 24."""
    sections = {"model": {"ensemble": {"members": 3}}, "training": {"epochs": 1}}
    return prepare(written(tmp_path, "two", sections), ["model.calibration=none"])


def bag_of(prepared: Prepared) -> np.ndarray:
    """(72,) the number of the bag that each row is out of."""
    rows = prepared.fit.split(prepared.data).validation
    bags = np.empty(len(rows), np.intp)
    for number, bag in enumerate(prepared.fit.bags(prepared.data)):
        bags[np.searchsorted(rows, bag.validation)] = number
    assert np.bincount(bags).tolist() == [24, 24, 24]
    return bags


def trial(prepared: Prepared, number: int, truths: np.ndarray, fit: Fit | None = None) -> TrainedTrial:
    """A trial that gives the true class of each row out of bag this probability, (72,)."""
    fit = fit or prepared.fit
    measured, _ = train_single_trial(
        prepared.data, fit, SCHEME, metric="log_loss", epochs=1, poll=lambda done: False
    )
    assert measured.weights is not None
    targets = prepared.data.targets[fit.split(prepared.data).validation]
    of_second = np.where(targets == 1, truths, 1 - truths)
    outputs = measured.weights[SCORES].shape[2]
    scores = np.log(np.stack([1 - of_second, of_second], axis=1))
    scores = scores[:, 1:] - scores[:, :1] if outputs == 1 else scores
    weights = {**measured.weights, SCORES: scores[None].astype(np.float32)}
    loss = float(-np.log(truths).mean())
    result = trial_result(
        Job(Trial(number, {}), 0, 0, 1), [(replace(measured, objective=loss), None)], "log_loss"
    )
    return TrainedTrial(result, fit, weights)


def selected(
    prepared: Prepared,
    trials: Sequence[TrainedTrial],
    *,
    size: int,
    post_training: PostTraining = NO_POST_TRAINING,
) -> TrialEnsemble:
    ensemble = select_on_bags(
        prepared.data, trials, post_training, metric="log_loss", size=size, default=prepared.fit
    )
    assert ensemble is not None
    return ensemble


def loss(scores: PartScores | None) -> float:
    assert scores is not None
    return scores.loss


def test_two_trials_that_are_good_on_other_rows(prepared: Prepared) -> None:
    """Each row has the mean of 0.9 and 0.5 from both."""
    bags, is_even = bag_of(prepared), np.empty(72, np.bool_)
    for bag in range(3):  # half of each bag, so that two bags select what all three do
        is_even[bags == bag] = np.arange(24) % 2 == 0
    first, second = np.where(is_even, 0.9, 0.5), np.where(is_even, 0.5, 0.9)
    trials = [trial(prepared, number, truths) for number, truths in enumerate([first, second])]
    ensemble = selected(prepared, trials, size=6)
    assert [(member.result.trial, count) for member, count in ensemble.members] == [(0, 1), (1, 1)]
    assert ensemble.selection.ranks[0] == pytest.approx((ALONE,))
    assert ensemble.objective == pytest.approx(-math.log(0.7), rel=1e-6)
    assert ensemble.best_alone == pytest.approx(ALONE)
    assert ensemble.gains == pytest.approx({0: ALONE + math.log(0.7), 1: ALONE + math.log(0.7)})
    assert loss(ensemble.nested) == pytest.approx(loss(ensemble.out_of_bag))


def test_the_honest_score_is_that_of_what_the_other_bags_select(prepared: Prepared) -> None:
    """In one round. The first trial is the best, but for the bag that it owes this to: by the others, the
    second one is.
    """
    bags = bag_of(prepared)
    trials = [
        trial(prepared, number, np.array(truths)[bags])
        for number, truths in enumerate([(0.9, 0.6, 0.6), (0.3, 0.7, 0.7)])
    ]
    ensemble = selected(prepared, trials, size=1)
    assert [member.result.trial for member, _ in ensemble.members] == [0]
    assert loss(ensemble.out_of_bag) == pytest.approx(-(math.log(0.9) + 2 * math.log(0.6)) / 3, rel=1e-6)
    assert loss(ensemble.nested) == pytest.approx(-(math.log(0.3) + 2 * math.log(0.6)) / 3, rel=1e-6)


def test_a_trial_that_is_clearly_worse_is_left_out(prepared: Prepared) -> None:
    """Two parts of the first trial and one of the second would have a loss of 0.46, the first alone has 0.48.

    The second alone has 0.60 more, and three standard errors of that difference are 0.53.
    """
    is_even = np.arange(72) % 2 == 0
    first, second = np.where(is_even, 0.95, 0.4), np.where(is_even, 0.116, 0.984)
    assert -np.log((2 * first + second) / 3).mean() < -np.log(first).mean()
    trials = [trial(prepared, 0, first), trial(prepared, 1, second)]
    assert [member.result.trial for member, _ in selected(prepared, trials, size=6).members] == [0]


def test_a_prediction_is_not_too_slow(prepared: Prepared, tmp_path: Path) -> None:
    """Of 42 parameters per unit of three members and 327 others: 6 units have 579, and 130 have 5787."""
    fits = [
        prepare(tmp_path / "x.yaml", ["model.calibration=none", f"model.hidden=[{units}]"]).fit
        for units in (130, 131)
    ]
    assert prediction_cost(fits[0]) <= 10 * prediction_cost(prepared.fit) < prediction_cost(fits[1])
    cheap = trial(prepared, 1, np.full(72, 0.8))
    for fit, numbers in zip(fits, ([0], [1]), strict=True):
        best = trial(prepared, 0, np.full(72, 0.9), fit)
        members = selected(prepared, [best, cheap], size=2).members
        assert [member.result.trial for member, _ in members] == numbers
    assert [member.result.trial for member, _ in selected(prepared, [best], size=2).members] == [0]


def test_the_ensemble_is_calibrated_by_the_rows_out_of_bag(prepared: Prepared) -> None:
    """Of three quarters right at 0.9 the best probability is 3/4, so the temperature is log 9 / log 3."""
    is_right = np.arange(72) % 4 != 0
    truths = np.where(is_right, 0.9, 0.1)
    ensemble = selected(
        prepared, [trial(prepared, 0, truths)], size=2, post_training=PostTraining("temperature")
    )
    assert ensemble.calibrated.decoder.temperature == pytest.approx(2.0, rel=1e-3)
    assert loss(ensemble.out_of_bag) == pytest.approx(
        -0.75 * math.log(0.75) - 0.25 * math.log(0.25), rel=1e-5
    )


def test_trials_whose_scores_overflow_are_left_out(prepared: Prepared) -> None:
    good = trial(prepared, 0, np.full(72, 0.9))
    broken = replace(good, weights={**good.weights, SCORES: np.full_like(good.weights[SCORES], np.inf)})
    assert selected(prepared, [broken, good], size=2).candidates == (good,)
    none = select_on_bags(
        prepared.data, [broken], NO_POST_TRAINING, metric="log_loss", size=2, default=prepared.fit
    )
    assert none is None
