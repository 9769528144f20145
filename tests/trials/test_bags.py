"""A trial on bags is measured out of bag, and what is kept of it is all that its training gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.metrics.stored import flat_metrics
from fnnctl.stacks.work import TrainedStack, train_fits
from fnnctl.training.trainer import Outcome
from fnnctl.trials.bags import SCORES, SHARES, TEMPERATURE, BagsMeasure, rebuilt_stack
from fnnctl.trials.measures import FitObjective
from tests.modelling.prepared import Prepared, prepare
from tests.runs.bagging import MANY_CLASSES, written

TWINS = {"model": {"ensemble": {"members": 3, "plain_twins": True}}, "training": {"epochs": 4}}


def trained(tmp_path: Path, changes: Sequence[str] = ()) -> tuple[Prepared, TrainedStack]:
    prepared = prepare(written(tmp_path, "many", MANY_CLASSES, TWINS), changes)
    return prepared, train_fits(prepared.data, [prepared.fit], epochs=4, diagnose=True)


def measured(stack: TrainedStack, *, metric: str = "log_loss", largest: int = 4) -> FitObjective:
    (result,) = BagsMeasure(metric, largest)(stack)
    return result


@pytest.mark.parametrize("metric", ["log_loss", "accuracy"])
def test_each_row_is_scored_by_the_networks_that_were_not_trained_on_it(tmp_path: Path, metric: str) -> None:
    """One member and its twin; their scores are weighted and calibrated as those of all rows are."""
    prepared, stack = trained(tmp_path)
    data, fit, result = prepared.data, prepared.fit, measured(stack, metric=metric)
    assert result.weights is not None
    rows = fit.split(data).validation
    assert result.weights[SCORES].shape == (2, len(rows), 3)
    of_kinds = np.full_like(result.weights[SCORES], np.nan)
    predictor = stack.predictor(0, *stack.final_weights(0))
    for number, bag in enumerate(fit.bags(data)):
        assert not set(bag.train) & set(bag.validation)
        for kind, part in enumerate(predictor.parts):
            scorer = part.scorer.member_scorers()[number]
            alone = replace(predictor, parts=(replace(part, scorer=scorer),))
            scores = np.concatenate([batch.copy() for batch in alone.pool_scores(stack.pool, bag.validation)])
            of_kinds[kind, np.searchsorted(rows, bag.validation)] = scores
    assert (of_kinds == result.weights[SCORES]).all()
    shares, temperature = result.weights[SHARES].tolist(), float(result.weights[TEMPERATURE])
    mean = data.task.combine(list(of_kinds), predictor.decoder, shares)
    part_scores = data.score(rows, [mean], replace(predictor.decoder, temperature=temperature))
    assert result.objective == pytest.approx(flat_metrics(part_scores.metrics())[metric], rel=1e-9)


def test_what_is_kept_gives_the_stack_again(tmp_path: Path) -> None:
    prepared, stack = trained(tmp_path)
    result = measured(stack)
    assert result.weights is not None
    again = rebuilt_stack(prepared.data, prepared.fit, result.weights)
    for weights, before in zip(again.final_weights(0), stack.final_weights(0), strict=True):
        assert weights.tobytes() == before.tobytes()
    assert again.trained_fit(0).history == stack.trained_fit(0).history
    ends = [(member.outcome, member.epochs, member.best_epoch) for member in again.trained]
    assert ends == [(member.outcome, member.epochs, member.best_epoch) for member in stack.trained]
    assert measured(again).objective == result.objective


@pytest.mark.parametrize(
    ("epochs", "largest", "outcome", "is_kept"),
    [(4, 4, Outcome.COMPLETED, True), (4, 9, Outcome.STOPPED_EARLY, True), (9, 9, Outcome.COMPLETED, False)],
    ids=["the largest budget", "epochs of its own", "a rung"],
)
def test_a_trial_is_kept_when_it_ends(
    tmp_path: Path, epochs: int, largest: int, outcome: Outcome, is_kept: bool
) -> None:
    """After four epochs; it ends early, for the search, if it has fewer than the largest budget."""
    changes = [f"training.epochs={epochs}", "training.early_stopping=null"]
    _, stack = trained(tmp_path, changes)
    result = measured(stack, largest=largest)
    assert (result.outcome, result.epochs) == (outcome, 4)
    assert (result.weights is not None) is is_kept
    assert result.objective is not None


def test_scores_that_overflow_are_a_divergence(tmp_path: Path) -> None:
    _, stack = trained(tmp_path)
    members = [
        replace(member, parameters=np.full_like(member.parameters, np.finfo(np.float32).max))
        for member in stack.trained
    ]
    with np.errstate(all="ignore"):
        result = measured(replace(stack, trained=members))
    assert (result.outcome, result.objective, result.weights) == (Outcome.DIVERGED, None, None)
